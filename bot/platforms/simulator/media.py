"""Temporary media and pictures.

Source: developer.work.weixin.qq.com/document/path/90253, 90256, 90254
"""

import hashlib

from .attachments import MEDIA_LIFE
from .corp import Media
from .endpoint import Answer, Call, File, wecom
from .errors import Refused

_LARGEST = {"image": 10 * 2**20, "voice": 2 * 2**20, "video": 10 * 2**20, "file": 20 * 2**20}


@wecom.post("media/upload")
def media_upload(call: Call) -> Answer:
    media = keep(call, call.query.get("type", ""), None)
    return {"type": media.kind, "media_id": media.media_id, "created_at": str(call.platform.now_s())}


@wecom.post("media/uploadimg")
def media_uploadimg(call: Call) -> Answer:
    content = _content(call)
    if len(content) > 2 * 2**20:
        raise Refused(45001, "picture too big")
    return {"url": f"https://wework.qpic.cn/wwpic/{hashlib.sha256(content).hexdigest()[:24]}/0"}


@wecom.get("media/get")
def media_get(call: Call) -> Answer:
    media = call.platform.corp.media.get(call.query.get("media_id", ""))
    if media is None or media.created_at + MEDIA_LIFE <= call.platform.now():
        raise Refused(40007)
    return File(media.content, media.filename)


def keep(call: Call, kind: str, webhook_key: str | None) -> Media:
    """Store an upload for three days; more than 5 bytes, and no more than its kind allows."""
    if kind not in _LARGEST:
        raise Refused(40004, "invalid media type")
    content = _content(call)
    if len(content) > _LARGEST[kind]:
        raise Refused(40009 if kind == "image" else 45001, "media too big")
    filename = call.upload.filename if call.upload is not None else "media"
    media = Media(call.platform.ids.text(80), kind, filename, content, call.platform.now(), webhook_key)
    call.platform.corp.media[media.media_id] = media
    return media


def _content(call: Call) -> bytes:
    if call.upload is None or len(call.upload.content) <= 5:
        raise Refused(44001, "empty media data")
    return call.upload.content
