"""How the AI bot answers: by the code of a message, once, within an hour.

Source: developer.work.weixin.qq.com/document/path/101138
"""

from datetime import timedelta

from .corp import Line
from .endpoint import Answer, Call, limit_text, wecom
from .errors import Refused

CODE_LIFE = timedelta(hours=1)


@wecom.post("aibot/response", free=True)
def aibot_response(call: Call) -> Answer:
    platform, code = call.platform, call.query.get("response_code", "")
    where, asked_at = platform.response_urls.get(code, ("", platform.now()))
    if not where or platform.now() - asked_at > CODE_LIFE:
        raise Refused(60140)
    group, kind = platform.corp.groups.get(where), call.text("msgtype")
    content = call.mapping(kind) if kind in ("markdown", "template_card") else {}
    if not content or (kind == "template_card" and group):
        raise Refused(40008)
    if kind == "markdown":
        limit_text(str(content.get("content", "")), 20_480)
    del platform.response_urls[code]
    if group:
        group.lines.append(Line(platform.now(), "aibot", kind, content))
    else:
        platform.show(where, "aibot", "aibot", kind, content)
    return {}
