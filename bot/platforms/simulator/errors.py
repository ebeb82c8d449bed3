"""Error codes and their texts; clients must go by the code, so each text ends in a tail that changes.

Source: developer.work.weixin.qq.com/document/path/90313
"""

WECOM = {
    -1: "system busy",
    40001: "invalid credential",
    40003: "invalid userid",
    40007: "invalid media_id",
    40008: "invalid message type",
    40013: "invalid corpid",
    40014: "invalid access_token",
    40032: "invalid userid list size",
    40035: "invalid parameter",
    40050: "chatid not exist",
    40056: "invalid agentid",
    40058: "invalid Request Parameter",
    40063: "some parameters are empty",
    40066: "invalid url",
    40068: "invalid tagid",
    40071: "tag name duplicated",
    40096: "invalid external userid",
    40126: "too many tags",
    40128: "customer transferred too often",
    40129: "transfer in progress",
    40130: "handover and takeover are the same",
    40131: "not a follow user",
    40144: "too many tags of one customer",
    41001: "access_token missing",
    41002: "corpid missing",
    41004: "secret missing",
    41041: "too many users in contact way",
    41044: "invalid contact way config id",
    41047: "invalid mass send msgid",
    41048: "no customer to send to",
    41049: "welcome code missing",
    41050: "welcome code invalid or expired",
    41051: "conversation already started",
    41053: "archive consent missing",
    41055: "too many group welcome templates",
    41058: "not the creator of the template",
    41063: "mass send is dispatching",
    41064: "too many attachments",
    41065: "invalid attachment",
    41091: "too many groups in join way",
    41093: "mass send cancelled",
    41094: "too many reminders of one mass send",
    41096: "another app is sending the welcome",
    42001: "access_token expired",
    42014: "invalid task_id",
    42015: "task_id of another app",
    42016: "task_id not exist",
    42017: "invalid button key",
    42018: "duplicated button key",
    42019: "invalid button text",
    42020: "invalid button list size",
    42021: "invalid card_type",
    42022: "main_title missing",
    42023: "card_action missing",
    42024: "invalid option list size",
    42025: "url or appid missing",
    42026: "invalid list size",
    42052: "recall window expired",
    45002: "content size out of limit",
    45009: "api freq out of limit",
    45033: "api concurrent out of limit",
    48002: "api forbidden",
    60011: "no privilege to access/modify contact/party/agent",
    60020: "not allow to access from your ip",
    60111: "userid not found",
    60123: "invalid party id",
    60140: "invalid response code",
    81013: "user & party & tag all invalid",
    82001: "user & party & tag all empty",
    84061: "not external contact",
    86008: "chat was not created by this app",
    86215: "chatid exists",
    93000: "invalid webhook url, hint: the key is wrong or the bot was removed from the group",
    93017: "empty content",
    93018: "image too big",
    95001: "too many messages after one customer message",
    95002: "48 hours passed since the last customer message",
    95018: "session state does not allow sending",
    301052: "archive expired",
    301053: "archive not enabled",
}

OFFICIAL = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40008: "invalid message type",
    40013: "invalid appid",
    40014: "invalid access_token",
    40016: "invalid button size",
    40018: "invalid button name size",
    40032: "invalid openid list size",
    40037: "invalid template_id",
    40053: "invalid action info",
    40066: "invalid url",
    40125: "invalid appsecret",
    40130: "invalid openid list size, at least two openid",
    40164: "invalid ip, not in whitelist",
    40201: "callback url not set",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    42001: "access_token expired",
    43002: "require POST method",
    43004: "require subscribe",
    43101: "user refuse to accept the msg",
    44002: "empty post data",
    45008: "article size out of limit",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    45015: "response out of time limit or subscription is canceled",
    45047: "out of response count limit",
    45056: "too many tag now, no need to add new",
    45058: "can't modify sys tag",
    45059: "can not tagging one user too much",
    45157: "invalid tag name",
    45158: "tag name too long",
    45159: "invalid tag id",
    46003: "menu no exist",
    47001: "data format error",
    47003: "argument invalid!",
    48001: "api unauthorized",
    48002: "user block receive message",
    50005: "user is unsubscribed",
}


class Refused(Exception):
    """The platform answers with an errcode; `extra` are fields that the answer carries beside it."""

    def __init__(self, errcode: int, detail: str = "", **extra: object) -> None:
        super().__init__(f"{errcode} {detail}".rstrip())
        self.errcode, self.detail, self.extra = errcode, detail, extra


def wecom_text(errcode: int, detail: str, now_s: int, noise: str, remote: str) -> str:
    """The errmsg as WeCom words it, hint and all."""
    said = detail or WECOM.get(errcode, "unknown error")
    return (
        f"{said}, hint: [{now_s}{noise}], from ip: {remote}, "
        f"more info at https://open.work.weixin.qq.com/devtool/query?e={errcode}"
    )


def official_text(errcode: int, detail: str, rid: str) -> str:
    """The errmsg as the official account words it, with the request id."""
    return f"{detail or OFFICIAL.get(errcode, 'unknown error')} rid: {rid}"
