"""People who write to WeChat customer service.

Source: developer.work.weixin.qq.com/document/path/94670
"""

from datetime import datetime

from . import xml
from .corp import Contact
from .deliver import Letter
from .platform import Platform

SAMPLE_ACCOUNT = "wkAJ2GCAAAZSfhHCt7IFSvLKtMPxyJTw"


class KfDesk(Platform):
    """One account is enough; `sync_msg` gives what came in."""

    async def write_kf(self, contact: str | Contact, text: str, account: str = SAMPLE_ACCOUNT) -> datetime:
        """Write to customer service: kf_msg_or_event, which holds no words."""
        person = self.contact_of(contact)
        message: dict[str, object] = {
            "msgid": self.ids.text(32),
            "open_kfid": account,
            "external_userid": person.external_userid,
            "send_time": self.now_s(),
            "origin": 3,
            "msgtype": "text",
            "text": {"content": text},
        }
        self.kf_messages.append(message)
        self.show(person.external_userid, f"kf:{account}", person.external_userid, "text", {"content": text})
        plain = xml.render(
            {
                "ToUserName": self.config.corp_id,
                "CreateTime": self.now_s(),
                "MsgType": "event",
                "Event": "kf_msg_or_event",
                "Token": self.ids.text(40, "ENC"),
                "OpenKfId": account,
            }
        )
        self.courier.post(Letter("wecom", "kf_msg_or_event", plain))
        return self.now()
