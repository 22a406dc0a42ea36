"""A session from its making to its end, as the people in the room and the backend see it."""

import asyncio
import re

import pytest
from livekit import api, rtc

from peers import Peer
from server_process import KEY, SECRET
from support.answers import BUILT_IN, done, pages, problem, put_state, session_with, until
from support.processes import descriptors
from support.service import environment

SESSION_ID = re.compile(r"ses_[0-7][0-9A-HJKMNP-TV-Z]{25}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
AGENT = rtc.ParticipantKind.PARTICIPANT_KIND_AGENT


async def test_create_showsTheWholeSession(http, room):
    wanted = {
        "room": room, "agent": {"identity": "ava", "name": "Ava", "metadata": "m", "attributes": {"tier": "gold"}},
        "rpc_methods": [{"name": "b", "handler": {"type": "echo"}}, {"name": "a", "handler": {"type": "echo"}}],
        "turn_policy": {"notify_on": ["idle", "listening"], "pre_roll_ms": 250},
        "labels": {"tenant": "acme"}, "metadata": {"case": 42, "deep": [{"x": None}]},
        "max_duration_s": 600, "empty_timeout_s": 0,
    }
    answer = await http.post("/v1/sessions", json=wanted)
    made = done(answer, 201)
    assert SESSION_ID.fullmatch(made["id"]) and answer.headers["location"] == f"/v1/sessions/{made['id']}"
    assert (made["room"], made["status"], made["agent_state"]) == (room, "active", "listening")
    assert made["agent"]["sid"].startswith("PA_") and made["room_sid"].startswith("RM_")
    assert {"identity": "ava", "name": "Ava", "metadata": "m"}.items() <= made["agent"].items()
    assert made["agent"]["attributes"]["tier"] == "gold"
    assert made["rpc_methods"] == ["a", "b", *BUILT_IN] and made["participants"] == []
    assert (made["labels"], made["metadata"]) == (wanted["labels"], wanted["metadata"])
    assert made["turn_policy"]["notify_on"] == ["idle", "listening"] and made["turn_policy"]["pre_roll_ms"] == 250
    assert made["turn_policy"]["notification"] == {
        "method": "your_turn_to_speak", "payload": "", "response_timeout_ms": 5000}
    assert (made["max_duration_s"], made["empty_timeout_s"]) == (600, 0)
    assert (made["turn"], made["floor"]) == (None, {"holder": None, "queue": [], "offered_to": None})
    assert (made["ended_at"], made["end_reason"], made["end_detail"]) == (None, None, None)
    for name in ("created_at", "activated_at", "agent_state_since"):
        assert TIME.fullmatch(made[name]), name
    assert made["created_at"] <= made["activated_at"] <= made["agent_state_since"]
    assert done(await http.get(answer.headers["location"])) == made
    done(await http.delete(f"/v1/sessions/{made['id']}"))


async def test_create_withOnlyARoomTakesTheDefaults(session):
    assert session["agent"]["identity"] == "agent" and session["agent"]["name"] == ""
    assert (session["labels"], session["metadata"], session["rpc_methods"]) == ({}, {}, BUILT_IN)
    assert (session["max_duration_s"], session["empty_timeout_s"]) == (3600, 60)
    assert session["turn_policy"]["mode"] == "manual" and session["turn_policy"]["notify_on"] == ["listening"]


async def test_create_letsTheRoomSeeAnAgentWithItsAttributes(room_server, join, room, make_session):
    alice = await join(room_server, "alice")
    made = await make_session(agent={"identity": "ava", "name": "Ava", "metadata": "m", "attributes": {"tier": "gold"}})
    agent = await alice.sees_active("ava")
    assert (agent.kind, agent.name, agent.metadata, agent.sid) == (AGENT, "Ava", "m", made["agent"]["sid"])
    await alice.until(lambda: agent.attributes.get("lk.agent.state") == "listening")
    assert agent.attributes == {
        "tier": "gold", "lk.agent.state": "listening", "lk.agent.name": "Ava", "lk.agent_name": "Ava",
        # Nobody is heard who has no turn.
        "turngate.gate": "[]"}


async def test_create_hasEveryMethodRegisteredBeforeAnybodyMeetsTheAgent(room_server, join, room, make_session):
    alice = await join(room_server, "alice")
    methods = [{"name": f"m{number}", "handler": {"type": "static", "response": str(number)}} for number in range(20)]
    making = asyncio.create_task(make_session(rpc_methods=methods))
    # The first moment at which the agent can be called at all.
    await alice.sees_active("agent")
    answers = await asyncio.gather(*(
        alice.me.perform_rpc(destination_identity="agent", method=f"m{number}", payload="") for number in range(20)))
    assert answers == [str(number) for number in range(20)]
    await making


async def test_create_opensNoMoreSocketsForTheTenthSessionThanForTheFirst(cluster, own_room_server, serve):
    # All rooms share the core's list of networks; told of it again, a session may gather again, at every join of another.
    service = await serve(environment(cluster.new_database(), own_room_server))
    async with service.client() as http:
        counts = [descriptors(service.pid)]
        for number in range(11):
            done(await http.post("/v1/sessions", json={"room": f"sockets-{number}"}), 201)
            counts.append(descriptors(service.pid))
        # The first brings up what all share. Two more: connections to the database, which come and go.
        first, others = counts[1] - counts[0], (counts[11] - counts[1]) / 10
        assert others <= first + 2, counts


async def test_create_withoutWaitingAnswersAtOnceAndBecomesActive(http, room):
    answer = await http.post("/v1/sessions", params={"wait_ms": 0}, json={"room": room})
    made = done(answer, 202)
    assert (made["status"], made["agent_state"], made["activated_at"]) == ("connecting", "initializing", None)
    assert made["agent"]["sid"] is None and made["room_sid"] is None
    assert answer.headers["location"] == f"/v1/sessions/{made['id']}"
    active = await session_with(http, made["id"], "active")
    assert active["agent"]["sid"].startswith("PA_")
    done(await http.delete(f"/v1/sessions/{made['id']}"))


async def test_create_withUnicodeEverywhereKeepsIt(http, room_server, join, room, make_session):
    label, name = "zażółć 🐢", "Åsa 林"
    made = await make_session(agent={"identity": "ägent-林", "name": name}, labels={"k": label}, metadata={"ключ": "🎈"})
    assert (made["agent"]["name"], made["labels"], made["metadata"]) == (name, {"k": label}, {"ключ": "🎈"})
    alice = await join(room_server, "alice")
    assert (await alice.sees_active("ägent-林")).name == name
    found = done(await http.get("/v1/sessions", params={"label.k": label}))["data"]
    assert [one["id"] for one in found] == [made["id"]]


async def test_list_isNewestFirstAndWalkedByCursors(http, other_room):
    ids = []
    for number in range(10):
        body = {"room": f"{other_room}-list", "agent": {"identity": f"a{number}"}}
        ids.append(done(await http.post("/v1/sessions", params={"wait_ms": 0}, json=body), 202)["id"])
    walked = await pages(http, "/v1/sessions", {"room": f"{other_room}-list", "limit": 3})
    assert [len(page) for page in walked] == [3, 3, 3, 1]
    assert [one["id"] for page in walked for one in page] == ids[::-1]
    assert ids == sorted(ids)
    exact = await pages(http, "/v1/sessions", {"room": f"{other_room}-list", "limit": 5})
    assert [one["id"] for page in exact for one in page] == ids[::-1]
    for identifier in ids:
        done(await http.delete(f"/v1/sessions/{identifier}"))


async def test_list_filtersByStatusRoomAndLabels(http, room, other_room, make_session):
    first = await make_session(labels={"tenant": "acme", "tier": "gold"})
    second = await make_session(agent={"identity": "second"}, labels={"tenant": "acme"})
    third = await make_session(room=other_room, labels={"tenant": "other", "tier": "gold"})
    done(await http.delete(f"/v1/sessions/{second['id']}"))

    async def found(parameters) -> set[str]:
        mine = {first["id"], second["id"], third["id"]}
        listed = done(await http.get("/v1/sessions", params=parameters))["data"]
        return mine & {one["id"] for one in listed}

    assert await found({"room": room}) == {first["id"], second["id"]}
    assert await found({"room": room, "status": "active"}) == {first["id"]}
    assert await found([("status", "active"), ("status", "ended"), ("room", room)]) == {first["id"], second["id"]}
    assert await found({"label.tenant": "acme"}) == {first["id"], second["id"]}
    assert await found({"label.tenant": "acme", "label.tier": "gold"}) == {first["id"]}
    assert await found({"label.tier": "gold", "room": other_room}) == {third["id"]}
    assert await found({"label.nobody": "has this"}) == set()


async def test_get_showsTheParticipants(http, room_server, join, room, session):
    alice = await join(room_server, "alice", name="Alice")
    bot = await join(room_server, "bot", kind="agent")
    await alice.sees_active("bot")
    await bot.sees_active("alice")

    async def look():
        shown = {one["identity"]: one for one in done(await http.get(f"/v1/sessions/{session['id']}"))["participants"]}
        active = {name for name, one in shown.items() if one["state"] == "active"}
        return shown if active == {"alice", "bot"} else None

    shown = await until(look, "both participants")
    assert (shown["alice"]["kind"], shown["alice"]["name"], shown["alice"]["audio"]) == ("standard", "Alice", None)
    assert shown["alice"]["sid"] == alice.me.sid and shown["bot"]["kind"] == "agent"


async def test_patch_mergesThePolicyAndReplacesLabelsAndMetadata(http, make_session):
    made = await make_session(labels={"a": "1"}, metadata={"x": 1}, turn_policy={"pre_roll_ms": 100})
    path = f"/v1/sessions/{made['id']}"
    changed = done(await http.patch(path, json={"turn_policy": {"notification": {"payload": "go"}, "max_turn_ms": 2000}}))
    assert changed["turn_policy"]["notification"] == {
        "method": "your_turn_to_speak", "payload": "go", "response_timeout_ms": 5000}
    assert (changed["turn_policy"]["pre_roll_ms"], changed["turn_policy"]["max_turn_ms"]) == (100, 2000)
    assert (changed["labels"], changed["metadata"]) == ({"a": "1"}, {"x": 1})
    changed = done(await http.patch(path, json={"labels": {"b": "2"}, "metadata": {"y": [1]}}))
    assert (changed["labels"], changed["metadata"]) == ({"b": "2"}, {"y": [1]})
    assert done(await http.get(path)) == changed
    assert done(await http.patch(path, json={})) == changed
    listed = done(await http.get("/v1/sessions", params={"label.b": "2"}))["data"]
    assert made["id"] in [one["id"] for one in listed]


async def test_patch_ofTheGateListsLeavesEachStateInOneOnly(http, session):
    path = f"/v1/sessions/{session['id']}"
    changed = done(await http.patch(path, json={"turn_policy": {"open_audio_on": ["listening", "speaking"]}}))
    assert changed["turn_policy"]["open_audio_on"] == ["listening", "speaking"]
    assert changed["turn_policy"]["close_audio_on"] == ["thinking"]
    # Where a caller puts it into both, the gate is closed.
    both = {"turn_policy": {"open_audio_on": ["idle", "thinking"], "close_audio_on": ["idle"]}}
    changed = done(await http.patch(path, json=both))
    assert (changed["turn_policy"]["open_audio_on"], changed["turn_policy"]["close_audio_on"]) == (["thinking"], ["idle"])


async def test_delete_twiceGivesTheSameAnswerAndTheAgentLeaves(http, room_server, join, room):
    alice = await join(room_server, "alice")
    made = done(await http.post("/v1/sessions", json={"room": room}), 201)
    await alice.sees_active("agent")
    ended = done(await http.delete(f"/v1/sessions/{made['id']}"))
    assert (ended["status"], ended["end_reason"]) == ("ended", "deleted")
    assert ended["ended_at"] >= ended["activated_at"] and ended["participants"] == []
    await alice.event("participant_disconnected", lambda who: who.identity == "agent")
    assert done(await http.delete(f"/v1/sessions/{made['id']}")) == ended
    assert done(await http.get(f"/v1/sessions/{made['id']}")) == ended


async def test_delete_freesTheIdentity(http, room):
    for _ in range(3):
        made = done(await http.post("/v1/sessions", json={"room": room}), 201)
        done(await http.delete(f"/v1/sessions/{made['id']}"))


async def test_delete_ofOneThatIsStillConnectingEndsIt(http, room):
    made = done(await http.post("/v1/sessions", params={"wait_ms": 0}, json={"room": room}), 202)
    assert (await http.delete(f"/v1/sessions/{made['id']}")).status_code in (200, 202)
    ended = await session_with(http, made["id"], "ended")
    assert ended["end_reason"] == "deleted"


async def test_participantToken_letsABrowserJoin(http, room, session):
    body = {"identity": "carol", "name": "Carol", "ttl_s": 60, "attributes": {"seat": "3"}}
    made = done(await http.post(f"/v1/sessions/{session['id']}/participant-tokens", json=body), 201)
    assert made["room"] == room and made["url"].startswith("ws://") and TIME.fullmatch(made["expires_at"])
    carol = Peer("carol")
    try:
        await asyncio.wait_for(carol.room.connect(made["url"], made["token"]), 30)
        assert (carol.me.identity, carol.me.name, carol.me.attributes) == ("carol", "Carol", {"seat": "3"})
        assert (await carol.sees_active("agent")).kind == AGENT
    finally:
        await carol.leave()


async def test_participantToken_carriesItsGrantsAndNoMore(http, room, session):
    body = {"identity": "dave", "can_publish": False, "can_subscribe": True, "ttl_s": 60}
    made = done(await http.post(f"/v1/sessions/{session['id']}/participant-tokens", json=body), 201)
    claims = api.TokenVerifier(KEY, SECRET).verify(made["token"])
    assert (claims.identity, claims.video.room, claims.video.room_join) == ("dave", room, True)
    assert claims.video.can_publish is False and claims.video.can_subscribe is not False
    assert not claims.video.room_admin and not claims.video.room_create and not claims.video.room_list
    assert claims.kind in ("", "standard")


async def test_maxDuration_endsTheSession(http, room_server, join, room, make_session):
    alice = await join(room_server, "alice")
    made = await make_session(max_duration_s=1)
    ended = await session_with(http, made["id"], "ended")
    assert ended["end_reason"] == "max_duration"
    await alice.event("participant_disconnected", lambda who: who.identity == "agent")


async def test_emptyTimeout_endsASessionThatNobodyIsWith(http, make_session):
    made = await make_session(empty_timeout_s=1)
    assert (await session_with(http, made["id"], "ended"))["end_reason"] == "room_empty"


async def test_emptyTimeout_countsFromTheLastParticipantsLeaving(http, room_server, join, room, make_session):
    alice, bob = await join(room_server, "alice"), await join(room_server, "bob")
    made = await make_session(empty_timeout_s=1)
    await alice.sees_active("agent")
    await alice.leave()
    # Bob stays on well beyond the timeout's start: alice's leaving alone ends nothing.
    await bob.event("participant_disconnected", lambda who: who.identity == "alice")
    assert done(await http.get(f"/v1/sessions/{made['id']}"))["status"] == "active"
    await bob.leave()
    assert (await session_with(http, made["id"], "ended"))["end_reason"] == "room_empty"


async def test_emptyTimeout_doesNotCountAgentsAsCompany(http, room_server, join, room, make_session):
    bot = await join(room_server, "bot", kind="agent")
    made = await make_session(empty_timeout_s=1)
    assert (await session_with(http, made["id"], "ended"))["end_reason"] == "room_empty"
    await bot.event("participant_disconnected", lambda who: who.identity == "agent")


async def test_participantThatLeaves_doesNotEndTheSession(http, room_server, join, room, make_session):
    made = await make_session(rpc_methods=[{"name": "echo", "handler": {"type": "echo"}}])
    alice, bob = await join(room_server, "alice"), await join(room_server, "bob")
    await alice.sees_active("agent")
    await bob.sees_active("agent")
    await alice.leave()
    await bob.event("participant_disconnected", lambda who: who.identity == "alice")
    assert await bob.me.perform_rpc(destination_identity="agent", method="echo", payload="still here") == "still here"
    assert (await put_state(http, made["id"], "thinking"))["new_state"] == "thinking"
    assert done(await http.get(f"/v1/sessions/{made['id']}"))["status"] == "active"


async def test_roomDeletedAtTheServer_endsTheSession(http, room_service, room, make_session):
    made = await make_session()
    await room_service.delete_room(api.DeleteRoomRequest(room=room))
    assert (await session_with(http, made["id"], "ended", "failed"))["end_reason"] == "room_deleted"


async def test_agentRemovedByTheServer_endsTheSession(http, room_service, room, make_session):
    made = await make_session()
    await room_service.remove_participant(api.RoomParticipantIdentity(room=room, identity="agent"))
    ended = await session_with(http, made["id"], "ended", "failed")
    assert (ended["status"], ended["end_reason"]) == ("ended", "participant_removed")


async def test_anotherWithTheAgentsIdentity_failsTheSession(http, room_server, join, room, make_session):
    made = await make_session()
    await join(room_server, "agent")
    failed = await session_with(http, made["id"], "ended", "failed")
    assert (failed["status"], failed["end_reason"]) == ("failed", "duplicate_identity")


@pytest.mark.parametrize("identity", ["agent"])
async def test_participantToken_forTheAgentsIdentityIsRefused(http, session, identity):
    answer = await http.post(f"/v1/sessions/{session['id']}/participant-tokens", json={"identity": identity})
    assert problem(answer, 409, "identity-taken")["conflicting_session"] == session["id"]


ODD = 'a "quote" \\ \n\t\x01\x1f\x7f é😀\u2028 </script>'


@pytest.mark.parametrize(("changes", "in_writing"), [
    ({}, True),
    ({"agent": {"identity": "ava", "name": "Ava é", "metadata": ODD, "attributes": {"b": ODD, "a": "", "aa": "1", "B": "2"}},
      "labels": {"z.y": "é", "a-b": "1", "a": "2", "A_b": "3"}, "metadata": {"b": [1.50, None, {"x": 1e3}], "a": " ü "},
      "rpc_methods": [{"name": name, "handler": {"type": "echo"}} for name in ("z", "B", "a.b", "a")],
      "turn_policy": {"mode": "open", "notify_on": [], "open_audio_on": ["idle", "speaking"], "close_audio_on": ["thinking"],
                      "notification": {"method": "m", "payload": ODD}, "allow_interruptions": False, "closed_gate": "pause"},
      "max_duration_s": 0, "empty_timeout_s": 7}, True),
    # JSON has two spellings of these, and the service has the other one.
    ({"agent": {"identity": "ava", "metadata": "\b\f"}}, False),
], ids=["plain", "odd", "two spellings"])
async def test_over_isShownAsBefore_whetherItWasLeftInWritingOrNot(http, room, make_session, cluster, changes, in_writing):
    made = await make_session(**changes)
    done(await http.delete(f"/v1/sessions/{made['id']}"))
    shown = await http.get(f"/v1/sessions/{made['id']}")
    assert done(shown)["status"] == "ended"
    written = cluster.sql(f"SELECT count(*) FROM session_texts WHERE turngate_id('ses', session_id) = '{made['id']}'")
    assert written == ("1" if in_writing else "0")
    # Lists are made by the service out of the columns.
    listed = await http.get("/v1/sessions", params={"room": room})
    assert shown.content in listed.content
