"""Servers for those tests here that run over PostgreSQL and Redis too."""

from tests.contracts.conftest import postgres_server, postgres_url, redis, redis_server

__all__ = ["postgres_server", "postgres_url", "redis", "redis_server"]
