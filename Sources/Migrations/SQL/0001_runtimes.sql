CREATE TABLE runtimes (
    id           uuid        NOT NULL,
    host         text        NOT NULL,
    boot_id      text        NOT NULL,
    pid          integer     NOT NULL,
    start_ticks  bigint      NOT NULL,
    entered_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    heartbeat_at timestamptz NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT runtimes_pkey PRIMARY KEY (id),
    CONSTRAINT runtimes_host_length CHECK (octet_length(host) BETWEEN 1 AND 1024),
    CONSTRAINT runtimes_boot_id_length CHECK (octet_length(boot_id) <= 256),
    CONSTRAINT runtimes_pid_is_positive CHECK (pid > 0),
    CONSTRAINT runtimes_start_ticks_is_positive CHECK (start_ticks >= 0)
);

COMMENT ON TABLE runtimes IS
    'The processes that hold sessions. A row is there from a process''s start until its end or until another process buried it; it cannot go while a session refers to it.';
COMMENT ON COLUMN runtimes.boot_id IS
    'The boot of the machine (/proc/sys/kernel/random/boot_id): with pid and start_ticks it tells, on the same host, whether the process still lives.';
COMMENT ON COLUMN runtimes.start_ticks IS
    'When the process started, in clock ticks since boot: a pid that was given out again has other ticks.';
COMMENT ON COLUMN runtimes.heartbeat_at IS
    'By this database''s clock, so that the machines'' clocks need not agree.';
