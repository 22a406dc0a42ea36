"""A participant with LiveKit's official Python SDK, driven by JSON lines.

In:  {"id": 1, "do": "connect", ...}      Out: {"id": 1, "ok": "..."} or
{"id": 1, "code": 0, "message": "...", "data": null}. What happens in the room
comes as {"event": "...", ...}.
"""
import asyncio, json, sys

from livekit import rtc

room = None  # made inside the event loop, to which it is tied
track = None


def tell(**line):
    print(json.dumps(line), flush=True)


def listen():
    on = room.on
    on("participant_attributes_changed", lambda changed, p: tell(event="attributes", who=p.identity, text=json.dumps(changed)))
    on("data_received", lambda packet: tell(
        event="data", who=packet.participant.identity if packet.participant else "", topic=packet.topic or "",
        text=packet.data.hex()))
    on("disconnected", lambda reason: tell(event="disconnected", text=rtc.DisconnectReason.Name(reason)))
    room.register_text_stream_handler("t", lambda reader, who: asyncio.ensure_future(read(reader, who)))


async def read(reader, who):
    text = await reader.read_all()
    tell(event="text", who=who, topic=reader.info.topic, text=text, attributes=reader.info.attributes)


async def handle_rpc(call: rtc.RpcInvocationData) -> str:
    tell(event="call", who=call.caller_identity, text=call.payload, seconds=call.response_timeout)
    if call.payload == "fail":
        raise rtc.RpcError(7, "no", "because")
    return call.payload.upper()


async def do(line):
    global track
    what, me = line["do"], room.local_participant if room.isconnected() else None
    if what == "connect":
        await room.connect(line["url"], line["token"])
    elif what == "register":
        me.register_rpc_method(line["method"], handle_rpc)
    elif what == "call":
        return await me.perform_rpc(
            destination_identity=line["to"], method=line["method"], payload=line["text"], response_timeout=10)
    elif what == "attributes":
        await me.set_attributes(json.loads(line["text"]))
    elif what == "data":
        await me.publish_data(bytes.fromhex(line["text"]), reliable=True, topic="t")
    elif what == "text":
        await me.send_text(line["text"], topic="t", attributes={"k": "v"})
    elif what == "bytes":
        writer = await me.stream_bytes("file", topic="files")
        await writer.write(b"x" * 100_000)
        await writer.aclose()
    elif what == "publish":
        track = rtc.LocalAudioTrack.create_audio_track("mic", rtc.AudioSource(48000, 1))
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        return (await me.publish_track(track, options)).sid
    elif what == "mute":
        track.mute()
    elif what == "unmute":
        track.unmute()
    elif what == "unpublish":
        await me.unpublish_track(line["text"])
    elif what == "leave":
        await room.disconnect()
    else:
        raise ValueError(what)
    return ""


async def answer(line):
    try:
        tell(id=line["id"], ok=await do(line))
    except rtc.RpcError as error:
        tell(id=line["id"], code=error.code, message=error.message, data=error.data)
    except Exception as error:
        tell(id=line["id"], code=0, message=repr(error), data=None)


async def main():
    global room
    room = rtc.Room()
    listen()
    reader = asyncio.StreamReader(limit=1 << 24)
    await asyncio.get_event_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    tell(event="ready")
    while line := await reader.readline():
        asyncio.ensure_future(answer(json.loads(line)))


asyncio.run(main())
