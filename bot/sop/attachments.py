"""What can hang on a message: `attach: [{image: spring.png}, {link: {…}}, {miniprogram: {…}}, {file: price.pdf}]`.

Source: developer.work.weixin.qq.com/document/path/92135 (shapes shared by welcome messages and mass sends)
"""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from bot.i18n import _
from bot.model.calls import Upload
from bot.sop.template import cut

MOST = 9
TITLE_BYTES, DESCRIPTION_BYTES, MINIPROGRAM_TITLE_BYTES = 128, 512, 64
_ENDINGS = {"image": (".png", ".jpg", ".jpeg"), "video": (".mp4",)}


def _inside(path: str) -> str:
    if not path or path.startswith("/") or ".." in PurePosixPath(path).parts or "\\" in path:
        reason = _("{path} is not the name of a file in the media folder").format(path=path)
        raise PydanticCustomError("media", "{reason}", {"reason": reason})
    return path


def _address(url: str) -> str:
    if not url.startswith(("https://", "http://")) or any(mark in url for mark in " \n\t"):
        reason = _("{url} is not an address such as https://example.com").format(url=url)
        raise PydanticCustomError("address", "{reason}", {"reason": reason})
    return url


MediaFile = Annotated[str, AfterValidator(_inside)]
Address = Annotated[str, AfterValidator(_address)]


class Link(BaseModel, extra="forbid"):
    title: str = Field(min_length=1)
    url: Address
    desc: str = ""
    picurl: Address | None = None


class MiniProgram(BaseModel, extra="forbid"):
    """`appid` has to be linked with the corp; `pic` is the cover, a file in the media folder."""

    title: str = Field(min_length=1)
    appid: str
    page: str
    pic: MediaFile


class Attachment(BaseModel, extra="forbid"):
    """Exactly one of these."""

    image: MediaFile | None = None
    video: MediaFile | None = None
    file: MediaFile | None = None
    link: Link | None = None
    miniprogram: MiniProgram | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> "Attachment":
        given = self.model_fields_set
        if len(given) != 1 or getattr(self, next(iter(given))) is None:
            reason = _("an attachment is one of: {kinds}").format(kinds=", ".join(type(self).model_fields))
            raise PydanticCustomError("attachment", "{reason}", {"reason": reason})
        for media, endings in _ENDINGS.items():
            path = getattr(self, media)
            if path is not None and not path.lower().endswith(endings):
                reason = _("a {media} ends in one of: {endings}").format(media=media, endings=", ".join(endings))
                raise PydanticCustomError("attachment", "{reason}", {"reason": reason})
        return self

    @property
    def files(self) -> Iterator[str]:
        """The files it needs from the media folder."""
        yield from (path for path in (self.image, self.video, self.file) if path)
        if self.miniprogram:
            yield self.miniprogram.pic


Attachments = Annotated[list[Attachment], Field(max_length=MOST)]


def render_attachments(attachments: Sequence[Attachment]) -> list[dict[str, Any]]:
    """In the platform's shapes, with `Upload` placeholders where media ids go."""
    return [_rendered(one) for one in attachments]


def _rendered(one: Attachment) -> dict[str, Any]:
    match one:
        case Attachment(image=str() as path):
            return _media("image", path)
        case Attachment(video=str() as path):
            return _media("video", path)
        case Attachment(file=str() as path):
            return _media("file", path)
        case Attachment(link=Link() as link):
            return {"msgtype": "link", "link": _link(link)}
        case Attachment(miniprogram=MiniProgram() as program):
            return {"msgtype": "miniprogram", "miniprogram": _miniprogram(program)}
    raise AssertionError("an attachment is always one thing")


def _media(media: Literal["image", "video", "file"], path: str) -> dict[str, Any]:
    return {"msgtype": media, media: {"media_id": Upload(path=path, media=media).placeholder()}}


def _link(link: Link) -> dict[str, str]:
    shape = {"title": cut(link.title, TITLE_BYTES), "url": link.url}
    if link.desc:
        shape["desc"] = cut(link.desc, DESCRIPTION_BYTES)
    return shape | ({"picurl": link.picurl} if link.picurl else {})


def _miniprogram(program: MiniProgram) -> dict[str, Any]:
    return {
        "title": cut(program.title, MINIPROGRAM_TITLE_BYTES),
        "appid": program.appid,
        "page": program.page,
        "pic_media_id": Upload(path=program.pic, media="image").placeholder(),
    }
