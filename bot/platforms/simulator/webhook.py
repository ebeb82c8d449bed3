"""A webhook of an internal group: no token, a key, twenty messages a minute.

Source: developer.work.weixin.qq.com/document/path/99110
"""

from .app_content import read_webhook_content
from .corp import Line, Webhook
from .endpoint import Answer, Call, wecom
from .errors import Refused
from .media import keep


@wecom.post("webhook/send", free=True)
def webhook_send(call: Call) -> Answer:
    webhook = _known(call)
    if not call.platform.limits.webhook.take(webhook.key, call.platform.now()):
        raise Refused(45009)
    kind, content = read_webhook_content(call, webhook.key)
    group = call.platform.corp.groups[webhook.chat_id]
    group.lines.append(Line(call.platform.now(), "webhook", kind, content))
    return {}


@wecom.post("webhook/upload_media", free=True)
def webhook_upload_media(call: Call) -> Answer:
    """The media_id works with this webhook only."""
    webhook = _known(call)
    kind = call.query.get("type", "")
    if kind not in ("file", "voice"):
        raise Refused(40004, "invalid media type")
    media = keep(call, kind, webhook.key)
    return {"type": kind, "media_id": media.media_id, "created_at": str(call.platform.now_s())}


def _known(call: Call) -> Webhook:
    webhook = call.platform.corp.webhooks.get(call.query.get("key", ""))
    if webhook is None or webhook.removed:
        raise Refused(93000)
    return webhook
