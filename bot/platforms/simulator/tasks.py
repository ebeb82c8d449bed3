"""The parent of every background task: knows what is under way, and cancels the rest at the end."""

import asyncio
from collections.abc import Coroutine


class Nursery:
    """Tasks that nobody awaits one by one; a task that waits on the clock does not count as under way."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.closing = asyncio.Event()

    def start(self, work: Coroutine[object, object, None], name: str) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def begin(self) -> None:
        self._under_way += 1
        self._idle.clear()

    def end(self) -> None:
        self._under_way -= 1
        if self._under_way == 0:
            self._idle.set()

    async def settle(self) -> None:
        """Return when nothing is under way, tasks that a moved clock has just woken included."""
        while True:
            for _ in range(5):
                await asyncio.sleep(0)
            if self._under_way == 0:
                return
            await self._idle.wait()

    async def close(self) -> None:
        self.closing.set()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
