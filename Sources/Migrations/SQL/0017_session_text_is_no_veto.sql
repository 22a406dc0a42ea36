-- As in 0015, but that a text which cannot be made keeps no session from ending:
-- the service reads such a session from the other tables. A function can only be
-- replaced whole, and 0015 is never edited.
CREATE OR REPLACE FUNCTION sessions_leave_text() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
BEGIN
    INSERT INTO session_texts (session_id, json)
    SELECT new.id, made.json FROM (SELECT session_text(new.id) AS json) AS made WHERE made.json IS NOT NULL;
    RETURN NULL;
EXCEPTION
    WHEN data_exception OR integrity_constraint_violation OR program_limit_exceeded THEN
        RAISE WARNING 'session % has no text: %', new.id, sqlerrm;
        RETURN NULL;
END
$$;
