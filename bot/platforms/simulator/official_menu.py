"""The menu and the scene codes of the official account.

Source: developers.weixin.qq.com/doc/service (menu, qrcode)
"""

from datetime import timedelta
from typing import Any

from .endpoint import Answer, Call, official
from .errors import Refused
from .official import Scene
from .official_access import verified, verified_service


@official.post("menu/create")
@verified
def menu_create(call: Call) -> Answer:
    buttons = call.items("button")
    if not 1 <= len(buttons) <= 3:
        raise Refused(40016)
    for button in buttons:
        _check_button(button, 16)
    call.platform.official.menu = {"button": buttons}
    return {}


@official.get("menu/get")
@verified
def menu_get(call: Call) -> Answer:
    if call.platform.official.menu is None:
        raise Refused(46003)
    return {"menu": call.platform.official.menu}


@official.get("menu/delete")
@verified
def menu_delete(call: Call) -> Answer:
    call.platform.official.menu = None
    return {}


@official.get("get_current_selfmenu_info")
def selfmenu_info(call: Call) -> Answer:
    menu = call.platform.official.menu
    return {"is_menu_open": int(menu is not None), "selfmenu_info": menu or {"button": []}}


@official.post("qrcode/create")
@verified_service
def qrcode_create(call: Call) -> Answer:
    """A code with a scene: temporary for up to 30 days, or permanent."""
    action, scene = call.text("action_name"), call.mapping("action_info").get("scene", {})
    temporary = action in ("QR_SCENE", "QR_STR_SCENE")
    if not temporary and action not in ("QR_LIMIT_SCENE", "QR_LIMIT_STR_SCENE"):
        raise Refused(40053)
    value = scene.get("scene_str" if "STR" in action else "scene_id")
    if not value or ("STR" in action and not 1 <= len(str(value)) <= 64):
        raise Refused(40053)
    seconds = call.number("expire_seconds", 60, 1, 2_592_000)
    until = call.platform.now() + timedelta(seconds=seconds) if temporary else None
    made = Scene(call.platform.ids.text(86, "gQ"), str(value), 0 if "STR" in action else int(value), until)
    call.platform.official.scenes[made.ticket] = made
    answer: dict[str, Any] = {"ticket": made.ticket, "url": f"http://weixin.qq.com/q/{made.ticket[2:24]}"}
    return {**answer, "expire_seconds": seconds} if temporary else answer


def _check_button(button: Any, longest_bytes: int) -> None:
    if not isinstance(button, dict) or not button.get("name"):
        raise Refused(40018)
    if len(str(button["name"]).encode()) > longest_bytes:
        raise Refused(40018)
    below = button.get("sub_button", [])
    if len(below) > 5:
        raise Refused(40023, "invalid sub button size")
    for one in below:
        _check_button(one, 60)
    if below:
        return
    needed = {"view": "url", "miniprogram": "url", "media_id": "media_id", "view_limited": "media_id"}
    if not button.get(needed.get(str(button.get("type")), "key")):
        raise Refused(40019, "invalid button key size")
