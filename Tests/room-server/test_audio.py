"""Audio goes from a microphone to every ear, and stops where it should."""

import asyncio

from livekit import rtc
from livekit.rtc._ffi_client import FfiClient
from livekit.rtc._proto import ffi_pb2

from peers import Ear, Peer, Tone, WAIT_SECONDS


async def ear_of(peer: Peer, sid: str | None = None, since: int = 0) -> Ear:
    track, _, _ = await peer.event("track_subscribed", lambda t, *_: sid in (None, t.sid), since=since)
    return Ear(track)


async def test_tone_isHeardAtItsFrequency(server, join):
    alice, bob = await join(server, "alice"), await join(server, "bob")
    tone = await Tone(alice, 440).publish()
    ear = await ear_of(bob, tone.publication.sid)
    assert await ear.hears(440)
    await asyncio.wait_for(tone.publication.wait_for_subscription(), WAIT_SECONDS)
    _, publication, participant = await bob.event("track_subscribed")
    assert participant.identity == "alice" and publication.source == rtc.TrackSource.SOURCE_MICROPHONE
    assert publication.name == "microphone" and not publication.muted
    await ear.close()


async def test_tone_isHeardByWhoeverComesLater(server, join):
    alice = await join(server, "alice")
    await Tone(alice, 600).publish()
    for name in ("bob", "carol"):
        ear = await ear_of(await join(server, name))
        assert await ear.hears(600)
        await ear.close()


async def test_twoTones_goBothWaysAndToAThird(server, join):
    alice, bob, carol = [await join(server, name) for name in ("alice", "bob", "carol")]
    high, low = await Tone(alice, 900).publish(), await Tone(bob, 300).publish()
    for peer, tone, frequency in ((bob, high, 900), (alice, low, 300), (carol, high, 900), (carol, low, 300)):
        ear = await ear_of(peer, tone.publication.sid)
        assert await ear.hears(frequency)
        await ear.close()


async def test_sixTones_areHeardByOneListener(server, join):
    """More tracks than the three sections of a first offer."""
    listener = await join(server, "listener")
    speakers = [await join(server, f"speaker-{n}", options={"auto_subscribe": False}) for n in range(6)]
    tones = [await Tone(peer, 300 + 200 * n).publish() for n, peer in enumerate(speakers)]
    for number, tone in enumerate(tones):
        ear = await ear_of(listener, tone.publication.sid)
        assert await ear.hears(300 + 200 * number)
        await ear.close()


async def test_mute_isToldAndSilentAndUndone(server, join):
    alice, bob = await join(server, "alice"), await join(server, "bob")
    tone = await Tone(alice, 500).publish()
    ear = await ear_of(bob)
    assert await ear.hears(500)
    tone.track.mute()
    participant, publication = await bob.event("track_muted")
    assert (participant.identity, publication.sid) == ("alice", tone.publication.sid)
    assert await ear.hears_silence()
    tone.track.unmute()
    await bob.event("track_unmuted")
    assert await ear.hears(500)
    await ear.close()


async def test_unsubscribe_endsTheTrackAndSubscribeBringsItBack(server, join):
    alice, bob = await join(server, "alice"), await join(server, "bob")
    await Tone(alice, 700).publish()
    _, publication, _ = await bob.event("track_subscribed")
    publication.set_subscribed(False)
    await bob.event("track_unsubscribed")
    mark = bob.mark()
    publication.set_subscribed(True)
    ear = await ear_of(bob, publication.sid, since=mark)
    assert await ear.hears(700)
    await ear.close()


async def test_withoutAutoSubscribe_aTrackComesWhenAsked(server, join):
    alice = await join(server, "alice")
    bob = await join(server, "bob", options={"auto_subscribe": False})
    await bob.sees_active("alice")
    tone = await Tone(alice, 800).publish()
    publication, _ = await bob.event("track_published")
    assert publication.sid == tone.publication.sid
    assert not [name for name, _ in bob.events if name == "track_subscribed"]
    publication.set_subscribed(True)
    ear = await ear_of(bob)
    assert await ear.hears(800)
    await ear.close()


async def test_switchedOffAtTheServer_isSilentAndComesBack(server, join):
    alice, bob = await join(server, "alice"), await join(server, "bob")
    await Tone(alice, 650).publish()
    track, publication, _ = await bob.event("track_subscribed")
    ear = Ear(track)
    assert await ear.hears(650)
    for enabled in (False, True):
        request = ffi_pb2.FfiRequest()
        request.enable_remote_track_publication.track_publication_handle = publication._ffi_handle.handle
        request.enable_remote_track_publication.enabled = enabled
        FfiClient.instance.request(request)
        assert await (ear.hears(650) if enabled else ear.hears_silence())
    await ear.close()


async def test_unpublish_isToldAndANewTrackIsHeard(server, join):
    alice, bob = await join(server, "alice"), await join(server, "bob")
    for frequency in (400, 550, 750):
        mark = bob.mark()
        tone = await Tone(alice, frequency).publish()
        ear = await ear_of(bob, tone.publication.sid, since=mark)
        assert await ear.hears(frequency)
        await ear.close()
        await asyncio.wait_for(alice.me.unpublish_track(tone.publication.sid), WAIT_SECONDS)
        publication, _ = await bob.event("track_unpublished", since=mark)
        assert publication.sid == tone.publication.sid
    assert not bob.room.remote_participants["alice"].track_publications


async def test_manyTracksOneAfterAnother_areHeardOnSectionsUsedAgain(server, join, room):
    """More tracks than a listener gets fresh sections for."""
    alice, bob = await join(server, "alice"), await join(server, "bob")
    for number in range(16):
        mark, frequency = bob.mark(), 300 + 50 * number
        tone = await Tone(alice, frequency).publish()
        ear = await ear_of(bob, tone.publication.sid, since=mark)
        assert await ear.hears(frequency)
        await ear.close()
        await asyncio.wait_for(alice.me.unpublish_track(tone.publication.sid), WAIT_SECONDS)
        await bob.event("track_unpublished", since=mark)
    # Twelve for audio, three for video that every client offers, one for data.
    assert (await server.stats())["sections"][f"{room}/bob"] <= 16


async def test_speakers_areToldWhileTheySpeak(server, join):
    alice, bob = await join(server, "alice"), await join(server, "bob")
    tone = await Tone(alice, 440).publish()
    (speaking,) = await bob.event("active_speakers_changed", lambda speakers: bool(speakers))
    assert [p.identity for p in speaking] == ["alice"]
    mark = bob.mark()
    tone.track.mute()
    await bob.event("active_speakers_changed", lambda speakers: not speakers, since=mark)


async def test_rights_withoutSubscribeNothingIsHeard(server, join):
    alice, deaf = await join(server, "alice"), await join(server, "deaf", can_subscribe=False)
    bob = await join(server, "bob")
    await Tone(alice, 440).publish()
    await bob.event("track_subscribed")
    await deaf.event("track_published")
    assert not [name for name, _ in deaf.events if name == "track_subscribed"]
