"""The welcome of a new contact, and the library of group welcomes.

Source: developer.work.weixin.qq.com/document/path/92137, 92366
"""

from datetime import timedelta

from .attachments import read_content
from .endpoint import Answer, Call, limit_text, wecom
from .errors import Refused

CODE_LIFE = timedelta(seconds=20)


@wecom.post("externalcontact/send_welcome_msg")
def send_welcome_msg(call: Call) -> Answer:
    """Works once and for 20 s (41050); no second welcome (41051), none without
    consent to the archive (41053)."""
    platform = call.platform
    if not (wanted := call.text("welcome_code")):
        raise Refused(41049)
    code = platform.corp.welcome_codes.get(wanted)
    if code is None or platform.now() >= code.issued_at + CODE_LIFE:
        raise Refused(41050)
    if code.used:
        raise Refused(41051)
    if not platform.corp.contacts[code.external_userid].archive_consent:
        raise Refused(41053)
    messages = read_content(call)
    code.used = True
    for kind, content in messages:
        platform.show(code.external_userid, f"staff:{code.userid}", code.userid, kind, content)
    return {}


@wecom.post("externalcontact/group_welcome_template/add")
def template_add(call: Call) -> Answer:
    templates = call.platform.corp.welcome_templates
    if len(templates) >= 100:
        raise Refused(41055)
    template_id = call.platform.ids.text(30, "msg")
    templates[template_id] = _content(call)
    return {"template_id": template_id}


@wecom.post("externalcontact/group_welcome_template/edit")
def template_edit(call: Call) -> Answer:
    _known(call).update(_content(call))
    return {}


@wecom.post("externalcontact/group_welcome_template/get")
def template_get(call: Call) -> Answer:
    return dict(_known(call))


@wecom.post("externalcontact/group_welcome_template/del")
def template_del(call: Call) -> Answer:
    _known(call)
    del call.platform.corp.welcome_templates[call.text("template_id")]
    return {}


def _known(call: Call) -> dict[str, object]:
    found = call.platform.corp.welcome_templates.get(call.text("template_id"))
    if found is None:
        raise Refused(40058, "invalid template_id")
    return found


def _content(call: Call) -> dict[str, object]:
    """A text and at most one attachment, the first of image, link, miniprogram, file, video."""
    limit_text(str(call.mapping("text").get("content", "")), 3000)
    attachment = next((name for name in ("image", "link", "miniprogram", "file", "video") if name in call.body), None)
    if not call.mapping("text") and attachment is None:
        raise Refused(40063)
    return {name: call.body[name] for name in ("text", attachment) if name and name in call.body}
