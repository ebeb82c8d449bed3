"""Staff who write to the AI bot, alone or in an internal group where they mention it.

Source: developer.work.weixin.qq.com/document/path/100719
"""

import json
from datetime import datetime

from .corp import Group, Line, Staff
from .deliver import Letter
from .platform import Platform

BOT_NAME = "小二"


class AiBotDesk(Platform):
    """The bot has no other name than `BOT_NAME`."""

    async def ask_aibot(self, staff: str | Staff, text: str, group: str | Group | None = None) -> datetime:
        """Write to the bot; the message brings a response code that works once, for an hour."""
        who, room = self.staff_of(staff), self.group_of(group) if group else None
        words = f"@{BOT_NAME} {text}" if room else text
        code = self.ids.text(40)
        self.response_urls[code] = (room.chat_id if room else who.userid, self.now())
        message: dict[str, object] = {
            "msgid": self.ids.text(32, "CAIQ"),
            "aibotid": self.config.aibot_id,
            "chattype": "group" if room else "single",
            "from": {"userid": who.userid},
            "response_url": f"https://qyapi.weixin.qq.com/cgi-bin/aibot/response?response_code={code}",
            "msgtype": "text",
            "text": {"content": words},
        }
        if room:
            message["chatid"] = room.chat_id
            room.lines.append(Line(self.now(), who.userid, "text", {"content": words}))
        else:
            self.show(who.userid, "aibot", who.userid, "text", {"content": words})
        self.courier.post(Letter("aibot", "text", json.dumps(message, ensure_ascii=False)))
        return self.now()
