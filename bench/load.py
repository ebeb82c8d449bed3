"""Load for a server on loopback: many keep-alive connections, each with one request under way."""

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """What one run measured: answers a second, and how long they took."""

    answers_per_s: float
    p50_ms: float
    p99_ms: float
    refused: int


def pin(core: int) -> None:
    """Keep this process on one core, where the machine has several."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[core % len(cores)]})


async def run(host: str, port: int, requests: Sequence[bytes], connections: int) -> Load:
    """Send every request once, `connections` at a time."""
    waiting = iter(requests)
    taken_ms: list[float] = []
    refused = 0

    async def one_connection() -> None:
        nonlocal refused
        reader, writer = await asyncio.open_connection(host, port)
        for request in waiting:
            began = time.perf_counter()
            writer.write(request)
            status, length = await _head(reader)
            if length:
                await reader.readexactly(length)
            taken_ms.append((time.perf_counter() - began) * 1000)
            refused += status != 200
        writer.close()

    began = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for _connection in range(connections):
            tasks.create_task(one_connection())
    elapsed_s = time.perf_counter() - began
    taken_ms.sort()
    p50, p99 = (taken_ms[int(len(taken_ms) * part)] for part in (0.50, 0.99))
    return Load(len(taken_ms) / elapsed_s, p50, p99, refused)


async def _head(reader: asyncio.StreamReader) -> tuple[int, int]:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    _before, found, after = head.partition(b"content-length:")
    return int(head[9:12]), int(after.split(b"\r\n", 1)[0]) if found else 0


def post(path: str, body: bytes) -> bytes:
    """A POST as bytes on the wire."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body
