"""Load for a server on loopback: many keep-alive connections, each with one request under way.

A protocol of a few lines instead of streams: what sends the load should have time to spare when the server has none.
"""

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Load:
    """What one run measured: answers a second, how long they took, and the processor time that each cost the server."""

    answers_per_s: float
    p50_ms: float
    p99_ms: float
    refused: int
    cpu_us: float = 0.0


def pin(core: int) -> None:
    """Keep this process on one core, where the machine has several."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[core % len(cores)]})


async def run(host: str, port: int, requests: Sequence[bytes], connections: int, server: Sequence[int] = ()) -> Load:
    """Send every request once, `connections` at a time; `server` are the processes that answer."""
    loop = asyncio.get_running_loop()
    waiting, taken_ms, statuses = iter(requests), list[float](), list[int]()
    spent_s = _cpu_s(server)
    began = time.perf_counter()
    clients = [_Client(waiting, taken_ms, statuses, loop.create_future()) for _connection in range(connections)]
    for client in clients:
        await loop.create_connection(lambda client=client: client, host, port)  # type: ignore[misc]
    await asyncio.gather(*(client.done for client in clients))
    elapsed_s = time.perf_counter() - began
    spent_s = _cpu_s(server) - spent_s
    taken_ms.sort()
    p50, p99 = (taken_ms[int(len(taken_ms) * part)] for part in (0.50, 0.99))
    refused = sum(status != 200 for status in statuses)
    return Load(len(taken_ms) / elapsed_s, p50, p99, refused, spent_s / len(taken_ms) * 1e6)


class _Client(asyncio.Protocol):
    """A connection that sends the next request when an answer has come."""

    def __init__(
        self, waiting: Iterator[bytes], taken_ms: list[float], statuses: list[int], done: asyncio.Future[None]
    ) -> None:
        self._waiting, self._taken_ms, self._statuses, self.done = waiting, taken_ms, statuses, done
        self._buffer, self._began = b"", 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def _send(self) -> None:
        request = next(self._waiting, None)
        if request is None:
            self._transport.close()
            return
        self._began = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, ended, body = self._buffer.partition(b"\r\n\r\n")
        if not ended or len(body) < _length(head):
            return
        self._taken_ms.append((time.perf_counter() - self._began) * 1000)
        self._statuses.append(int(head[9:12]))
        self._buffer = b""
        self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error) if error else self.done.set_result(None)


def _length(head: bytes) -> int:
    _before, found, after = head.lower().partition(b"content-length:")
    return int(after.split(b"\r\n", 1)[0]) if found else 0


def _cpu_s(processes: Sequence[int]) -> float:
    """The processor time that these processes have had, in seconds."""
    ticks = os.sysconf("SC_CLK_TCK")
    fields = [Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split() for process in processes]
    return sum(int(user) + int(system) for *_before, user, system in (one[:13] for one in fields)) / ticks


def post(path: str, body: bytes) -> bytes:
    """A POST as bytes on the wire."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body
