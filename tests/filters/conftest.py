"""The same town for tests of filters."""

from tests.sops.conftest import town

__all__ = ["town"]
