"""The same town for tests of components."""

from tests.sops.conftest import town

__all__ = ["town"]
