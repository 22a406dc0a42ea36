"""RPC between participants: v2 as the SDK does by itself, v1 where a peer has no client protocol."""

import asyncio

import pytest
from livekit import rtc

from peers import WAIT_SECONDS

Code = rtc.RpcError.ErrorCode


@pytest.fixture(params=["v2", "v1"])
async def pair(request, server, join):
    """Two active participants, `alice` and `bob`."""
    if request.param == "v1":
        await server.faults(rpc_v1_only=True)
    alice, bob = await join(server, "alice"), await join(server, "bob", kind="agent")
    await alice.sees_active("bob")
    await bob.sees_active("alice")
    return alice, bob


async def call(peer, destination, method, payload="", timeout=None):
    return await asyncio.wait_for(
        peer.me.perform_rpc(destination_identity=destination, method=method, payload=payload,
                            response_timeout=timeout), 20)


async def test_rpc_answersBothWays(pair):
    for caller, answerer in (pair, pair[::-1]):
        async def whoami(data):
            return f"{data.caller_identity}:{data.payload}"
        answerer.me.register_rpc_method("whoami", whoami)
        assert await call(caller, answerer.identity, "whoami", "grüße") == f"{caller.identity}:grüße"


async def test_rpc_manyAtOnceKeepTheirAnswers(pair):
    alice, bob = pair

    async def double(data):
        return str(2 * int(data.payload))
    bob.me.register_rpc_method("double", double)
    answers = await asyncio.gather(*(call(alice, "bob", "double", str(n)) for n in range(50)))
    assert answers == [str(2 * n) for n in range(50)]


async def test_rpc_unknownMethodIs1400(pair):
    with pytest.raises(rtc.RpcError) as error:
        await call(pair[0], "bob", "nothing")
    assert error.value.code == Code.UNSUPPORTED_METHOD == 1400


async def test_rpc_errorOfTheMethodKeepsCodeMessageAndData(pair):
    alice, bob = pair

    async def fail(data):
        raise rtc.RpcError(409, "stale epoch", '{"epoch":7}')
    bob.me.register_rpc_method("fail", fail)
    with pytest.raises(rtc.RpcError) as error:
        await call(alice, "bob", "fail")
    assert (error.value.code, error.value.message, error.value.data) == (409, "stale epoch", '{"epoch":7}')


async def test_rpc_exceptionOfTheMethodIs1500(pair):
    alice, bob = pair

    async def broken(data):
        raise ValueError("inside")
    bob.me.register_rpc_method("broken", broken)
    with pytest.raises(rtc.RpcError) as error:
        await call(alice, "bob", "broken")
    assert error.value.code == Code.APPLICATION_ERROR == 1500


async def test_rpc_slowMethodIs1502(pair):
    alice, bob = pair

    async def slow(data):
        await asyncio.sleep(5)
        return ""
    bob.me.register_rpc_method("slow", slow)
    with pytest.raises(rtc.RpcError) as error:
        await call(alice, "bob", "slow", timeout=1)
    assert error.value.code == Code.RESPONSE_TIMEOUT == 1502


async def test_rpc_answerDroppedOnPurposeIs1502ForThatParticipantOnly(pair, server):
    alice, bob = pair

    async def echo(data):
        return data.payload
    alice.me.register_rpc_method("echo", echo)
    bob.me.register_rpc_method("echo", echo)
    await server.faults(drop_rpc_responses=["bob"])
    with pytest.raises(rtc.RpcError) as error:
        await call(alice, "bob", "echo", "x", timeout=1)
    assert error.value.code == Code.RESPONSE_TIMEOUT
    assert await call(bob, "alice", "echo", "y") == "y"
    await server.faults(drop_rpc_responses=False)
    assert await call(alice, "bob", "echo", "z") == "z"


async def test_rpc_answersOfClientsDroppedOnPurpose_leavesTheAgentsAnswers(pair, server):
    client, agent = pair

    async def echo(data):
        return data.payload
    client.me.register_rpc_method("echo", echo)
    agent.me.register_rpc_method("echo", echo)
    await server.faults(drop_rpc_responses="@clients")
    assert await call(client, "bob", "echo", "x") == "x"
    with pytest.raises(rtc.RpcError) as error:
        await call(agent, "alice", "echo", "y", timeout=1)
    assert error.value.code == Code.RESPONSE_TIMEOUT


async def test_rpc_recipientThatLeavesIs1503(pair):
    alice, bob = pair
    started = asyncio.Event()

    async def endless(data):
        started.set()
        await asyncio.sleep(30)
        return ""
    bob.me.register_rpc_method("endless", endless)
    waiting = asyncio.ensure_future(call(alice, "bob", "endless"))
    await asyncio.wait_for(started.wait(), WAIT_SECONDS)
    bob.do(bob.room.disconnect())
    with pytest.raises(rtc.RpcError) as error:
        await waiting
    assert error.value.code == Code.RECIPIENT_DISCONNECTED == 1503


async def test_rpc_absentRecipientAndDroppedAckAre1501(server, join):
    await server.faults(drop_rpc_acks=True, drop_rpc_responses=True)
    alice, bob = await join(server, "alice"), await join(server, "bob")
    await alice.sees_active("bob")

    async def echo(data):
        return data.payload
    bob.me.register_rpc_method("echo", echo)
    calls = (call(alice, "nobody", "echo", timeout=10), call(alice, "bob", "echo", timeout=10))
    for error in await asyncio.gather(*calls, return_exceptions=True):
        assert isinstance(error, rtc.RpcError) and error.code == Code.CONNECTION_TIMEOUT == 1501


async def test_rpcV1_tooLargePayloadsAre1402And1504(server, join):
    await server.faults(rpc_v1_only=True)
    alice, bob = await join(server, "alice"), await join(server, "bob")
    await alice.sees_active("bob")

    async def large(data):
        return "x" * 20_000
    bob.me.register_rpc_method("large", large)
    with pytest.raises(rtc.RpcError) as error:
        await call(alice, "bob", "large", "y" * 20_000)
    assert error.value.code == Code.REQUEST_PAYLOAD_TOO_LARGE == 1402
    with pytest.raises(rtc.RpcError) as error:
        await call(alice, "bob", "large")
    assert error.value.code == Code.RESPONSE_PAYLOAD_TOO_LARGE == 1504


async def test_rpcV2_largePayloadsGoThrough(server, join):
    alice, bob = await join(server, "alice"), await join(server, "bob")
    await alice.sees_active("bob")

    async def echo(data):
        return data.payload
    bob.me.register_rpc_method("echo", echo)
    payload = "".join(chr(0x4E00 + n % 20_000) for n in range(60_000))
    assert await call(alice, "bob", "echo", payload) == payload
