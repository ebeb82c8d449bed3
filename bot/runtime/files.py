"""Puts media ids where the body of a call names files, uploading each file once for as long as it is kept there."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlmodel import Session

from bot.errors import BadInput
from bot.model.tables import MediaRow
from bot.runtime.attempts import Platform
from bot.storage.queries import media
from bot.storage.work import Store

KEPT = timedelta(days=3) - timedelta(hours=3)
"""A platform keeps a file for three days. Source: developer.work.weixin.qq.com/document/path/90253"""

Draw = Callable[[str], Awaitable[bytes]]
"""Makes a file from its name: pictures that are drawn on demand."""


class Files:
    """Finds files in the media folder, or has them drawn: `report:week` goes to the source named `report`."""

    def __init__(self, store: Store, folder: Path, sources: Mapping[str, Draw]) -> None:
        self._store, self._folder, self._sources = store, folder.resolve(), sources

    async def resolve(self, platform: Platform, body: dict[str, Any]) -> dict[str, Any]:
        """The body with every upload's placeholder replaced by its media id."""
        resolved = await self._resolve(platform, body)
        assert isinstance(resolved, dict)
        return resolved

    async def _resolve(self, platform: Platform, value: object) -> object:
        if isinstance(value, list):
            return [await self._resolve(platform, item) for item in value]
        if not isinstance(value, dict):
            return value
        if "$upload" in value:
            return await self._media_id(platform, str(value["$upload"]), str(value["media"]))
        return {name: await self._resolve(platform, item) for name, item in value.items()}

    async def _media_id(self, platform: Platform, path: str, kind: str) -> str:
        content = await self.read(path)
        digest = hashlib.sha256(kind.encode() + content).hexdigest()
        now = self._store.clock.now()
        known = await self._store.read(lambda session: media.find(session, digest))
        if known is not None and known.expires_at > now:
            return known.media_id
        media_id = await platform.upload(kind, _name(path, kind), content)
        row = MediaRow(digest=digest, media_id=media_id, expires_at=now + KEPT)
        await self._store.work(lambda work: _keep(work.session, row))
        return media_id

    async def read(self, path: str) -> bytes:
        """The file's content; raises `BadInput` when there is no such file."""
        source, separator, name = path.partition(":")
        if separator and source in self._sources:
            return await self._sources[source](name)
        file = (self._folder / path).resolve()
        if not file.is_relative_to(self._folder) or not file.is_file():
            raise BadInput(f"there is no file {path} in the media folder")
        return await asyncio.to_thread(file.read_bytes)


def _keep(session: Session, row: MediaRow) -> None:
    media.keep(session, row)


def _name(path: str, kind: str) -> str:
    return Path(path).name if "." in path else f"{path.replace(':', '-')}.{'png' if kind == 'image' else 'bin'}"
