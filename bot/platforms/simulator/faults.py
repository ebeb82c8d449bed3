"""Things that go wrong on purpose, by endpoint and for a number of times."""

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Fault:
    """`cut` drops the connection before the call acts, `after` once it has acted."""

    kind: Literal["fail", "hang", "http", "garbage", "cut", "after"]
    errcode: int = 0
    status: int = 200
    seconds: float = 0.0


class Faults:
    """What the next calls of an endpoint will meet, first planned first met; `*` stands for every endpoint."""

    def __init__(self) -> None:
        self._planned: defaultdict[str, deque[Fault]] = defaultdict(deque)

    def fail(self, endpoint: str, errcode: int, times: int = 1) -> None:
        """Answer this errcode and do nothing."""
        self._plan(endpoint, Fault("fail", errcode=errcode), times)

    def hang(self, endpoint: str, seconds: float, times: int = 1) -> None:
        """Wait this long on the simulator's clock, then act and answer as usual."""
        self._plan(endpoint, Fault("hang", seconds=seconds), times)

    def http(self, endpoint: str, status: int, times: int = 1) -> None:
        """Answer this HTTP status with a page instead of JSON, and do nothing."""
        self._plan(endpoint, Fault("http", status=status), times)

    def garbage(self, endpoint: str, times: int = 1) -> None:
        """Act, then answer 200 with something that is not JSON."""
        self._plan(endpoint, Fault("garbage"), times)

    def cut(self, endpoint: str, times: int = 1) -> None:
        """Drop the connection without acting."""
        self._plan(endpoint, Fault("cut"), times)

    def after(self, endpoint: str, times: int = 1) -> None:
        """Act, then drop the connection without an answer."""
        self._plan(endpoint, Fault("after"), times)

    def clear(self) -> None:
        self._planned.clear()

    def take(self, endpoint: str) -> Fault | None:
        """The fault that this call meets; it is then used up."""
        for name in (endpoint, "*"):
            if self._planned.get(name):
                return self._planned[name].popleft()
        return None

    def planned(self) -> dict[str, int]:
        return {endpoint: len(faults) for endpoint, faults in self._planned.items() if faults}

    def _plan(self, endpoint: str, fault: Fault, times: int) -> None:
        self._planned[endpoint].extend([fault] * times)
