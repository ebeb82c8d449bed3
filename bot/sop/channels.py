"""By which channel a call reaches people, and how many of them: what rehearsals add up."""

from bot.model.calls import Call

CHANNELS = {
    "externalcontact/send_welcome_msg": "welcome",
    "webhook/send": "webhook",
    "appchat/send": "appchat",
    "message/send": "staff",
    "kf/send_msg": "kf",
    "message/custom/send": "official",
    "message/template/send": "official",
    "message/mass/send": "official",
    "message/subscribe/bizsend": "official",
    "message/subscribe/send": "miniprogram",
    "externalcontact/add_moment_task": "moment",
    "sms/send": "sms",
    "mail/send": "mail",
}
MASS_SEND = "externalcontact/add_msg_template"


def channel_of(call: Call) -> str:
    """The channel; empty for a call that tells nobody anything."""
    if call.endpoint == MASS_SEND:
        return "mass_send_groups" if call.body.get("chat_type") == "group" else "mass_send"
    return CHANNELS.get(call.endpoint, "")


def reached(call: Call) -> list[str]:
    """Whom it reaches: contacts, groups or staff by their platform ids."""
    body = call.body
    match channel_of(call):
        case "mass_send":
            return [str(one) for one in body.get("external_userid", [])]
        case "mass_send_groups":
            return [str(one) for one in body.get("chat_id_list", [])]
        case "staff":
            return str(body.get("touser", "")).split("|")
        case "webhook":
            return [str(body.get("key", ""))]
        case "appchat":
            return [str(body.get("chatid", ""))]
        case "":
            return []
        case _:
            return [str(body.get("touser") or call.subject)]
