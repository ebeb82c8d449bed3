"""The demo's scripted stories, played with the real bot behind them: each sees what it waits for, twice."""

import asyncio
from datetime import timedelta
from pathlib import Path

from bot.platforms.simulator.stories import STORIES, Story
from tests.world import World
from tests.world import world as a_world

SILENCE = "did not react"


async def play(world: World, name: str) -> list[str]:
    """Play a story on the story's clock, and return what it told."""
    story = asyncio.create_task(Story(world.wecom, name, timedelta(milliseconds=300)).play())
    for _moment in range(2_000):
        if story.done():
            break
        await world.advance(timedelta(milliseconds=300))
    await story
    return [line["en"] for line in world.wecom.narration]


async def test_every_story_can_be_watched_twice_in_any_order(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        for name in [*STORIES, *reversed(STORIES)]:
            told = await play(world, name)
            assert told[-1] == "The end.", (name, told)
            assert not any(SILENCE in line for line in told), (name, told)
