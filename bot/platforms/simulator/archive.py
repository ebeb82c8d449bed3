"""The conversation archive: what staff and contacts say goes in, the bot's puller takes it out.

The cipher is described in `vault.py`; the records are those of developer.work.weixin.qq.com/document/path/91774.
"""

from datetime import timedelta

from . import xml
from .deliver import Letter
from .endpoint import Answer, Call, archive
from .errors import Refused
from .platform import Platform
from .vault import NOTIFY_EVERY


def keep_message(
    platform: Platform, sender: str, to: list[str], room_id: str, kind: str, content: dict[str, object],
    action: str = "send",
) -> str:  # fmt: skip
    """Archive one message and give its msgid; `msgtime` is in milliseconds."""
    outside = any(name in platform.corp.contacts for name in (sender, *to))
    msgid = f"{platform.ids.number()}_{int(platform.now().timestamp() * 1000)}" + ("_external" if outside else "")
    platform.vault.add(
        platform.now(),
        {
            "msgid": msgid,
            "action": action,
            "from": sender,
            "tolist": to,
            "roomid": room_id,
            "msgtime": int(platform.now().timestamp() * 1000),
            "msgtype": kind,
            kind: content,
        },
    )
    notify(platform)
    return msgid


def notify(platform: Platform) -> None:
    """Send msgaudit_notify, at most once in 15 s: what comes in between is announced at the end of them."""
    vault, now = platform.vault, platform.now()
    if vault.notified_at is None or now >= vault.notified_at + NOTIFY_EVERY:
        _send_notice(platform)
    elif not vault.notify_planned:
        vault.notify_planned = True
        platform.tasks.start(_notify_later(platform, vault.notified_at + NOTIFY_EVERY - now), name="msgaudit_notify")


async def _notify_later(platform: Platform, pause: timedelta) -> None:
    await platform.clock.sleep(pause)
    platform.vault.notify_planned = False
    _send_notice(platform)


def _send_notice(platform: Platform) -> None:
    platform.vault.notified_at = platform.now()
    plain = xml.render(
        {
            "ToUserName": platform.config.corp_id,
            "FromUserName": "sys",
            "CreateTime": platform.now_s(),
            "MsgType": "event",
            "AgentID": platform.config.archive_agent_id,
            "Event": "msgaudit_notify",
        }
    )
    platform.courier.post(Letter("wecom", "msgaudit_notify", plain, agent_id=platform.config.archive_agent_id))


@archive.post("getchatdata", free=True)
def getchatdata(call: Call) -> Answer:
    """`{secret, seq, limit}` in, records after seq out: the HTTP stand-in of the vendor's library."""
    if call.text("secret") != call.platform.config.archive_secret:
        raise Refused(40001)
    seq, limit = call.number("seq", 0, 0, 2**63), call.number("limit", 100, 1, 1000)
    return {"chatdata": call.platform.vault.read(seq, limit, call.platform.now(), call.platform.ids)}
