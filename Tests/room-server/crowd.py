"""`python crowd.py URL TOKEN…`: joins once per token, says `in`, and stays until it is killed.

A process of its own, because the SDK passes every event to every room of its process.
"""

import asyncio
import sys

from livekit import rtc


async def main(url: str, tokens: list[str]) -> None:
    rooms = [rtc.Room() for _ in tokens]
    await asyncio.gather(*(room.connect(url, token) for room, token in zip(rooms, tokens)))
    print("in", flush=True)
    await asyncio.Event().wait()


asyncio.run(main(sys.argv[1], sys.argv[2:]))
