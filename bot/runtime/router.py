"""Which handlers an event goes to."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.model.events import Event
from bot.runtime.context import Context

E = TypeVar("E", bound=Event)
Handler = Callable[[E, Context], None]
Where = Callable[[E], bool]


@dataclass(frozen=True)
class Route:
    """One handler and what it asks of an event. `name` is `<router>.<function>`, as the console shows it."""

    event_type: type[Event]
    name: str
    handler: Handler[Any]
    where: Where[Any] | None


class Router:
    """The handlers of one capability; a root router includes the others and is the table of contents.

    A handler is a plain function that runs inside the event's transaction: it changes tables, plans calls, sets timers
    and records events through its `Context`, and speaks to no platform. All handlers of an event run, in the order in
    which they were included; when one raises, nothing of the event is kept and it is tried again.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._routes: list[Route] = []

    def on(self, event_type: type[E], where: Where[E] | None = None) -> Callable[[Handler[E]], Handler[E]]:
        """Send events of a type to the decorated handler, those for which `where` holds."""

        def add(handler: Handler[E]) -> Handler[E]:
            self._routes.append(Route(event_type, f"{self.name}.{handler.__name__}", handler, where))
            return handler

        return add

    def include(self, router: "Router") -> None:
        self._routes.extend(router._routes)

    def routes(self, event: Event) -> Iterator[Route]:
        for route in self._routes:
            if isinstance(event, route.event_type) and (route.where is None or route.where(event)):
                yield route
