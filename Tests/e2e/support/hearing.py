"""Whether the agent really hears somebody. A track that is published is heard once the room server forwards it and the
agent's jitter buffer has begun, which on a busy machine is more than a second later; silence comes until then."""

from __future__ import annotations

from peers import Peer
from support.answers import done, until
from support.audio_reader import StreamReader
from support.listener import LOUD_RMS, loudness
from support.turns import cancel, free_floor, get_turn, start

SAID_MS = 100


async def hears_in_turns(http, session: dict, *peers: Peer) -> None:
    """Something of what each of them says has come through: each takes a turn, and takes it back once that is so."""
    for peer in peers:
        await until(lambda: _hears_in_a_turn(http, session, peer), f"the sound of {peer.identity}")


async def _hears_in_a_turn(http, session: dict, peer: Peer) -> bool:
    turn = (await start(peer)).result

    async def look() -> dict | None:
        found = await get_turn(http, session["id"], turn["turn_id"])
        return found if found["speech_ms"] >= SAID_MS or found["status"] == "ended" else None

    found = await until(look, f"some words of {peer.identity}")
    # It may be past its limit by now; then another is taken.
    await cancel(peer, turn)
    await free_floor(http, session["id"])
    return found["speech_ms"] >= SAID_MS


async def is_silent_in_turns(http, session: dict, peer: Peer) -> None:
    """What it said before it fell silent is through: it takes turns, and takes them back, until nothing is in one."""

    async def look() -> bool:
        turn = (await start(peer)).result

        async def heard() -> dict | None:
            found = await get_turn(http, session["id"], turn["turn_id"])
            return found if found["audio_ms"] >= 2 * SAID_MS else None

        found = await until(heard, f"a turn of {peer.identity}")
        assert (await cancel(peer, turn)).ok
        return found["speech_ms"] == 0

    await until(look, f"silence of {peer.identity}")


async def hears_openly(http, session: dict, *identities: str) -> None:
    """The same in open mode: a reader gets something loud of each."""
    for identity in identities:
        reader = await StreamReader(http, session["id"], participant=identity, format="pcm").open()

        async def is_loud() -> bool:
            return loudness(reader.samples()[-reader.rate // 10:]) >= LOUD_RMS

        await until(is_loud, f"the sound of {identity}")
        await reader.close()

    async def nobody_reads() -> bool:
        return not done(await http.get(f"/v1/sessions/{session['id']}/audio-input"))["readers"]

    await until(nobody_reads, "no reader")
