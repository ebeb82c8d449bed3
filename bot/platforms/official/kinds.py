"""What each kind of official account can be asked to do.

An account that is not verified can only answer inside the callback. Only a verified service account has template
messages, subscription notices, mass sends to a list and scene codes.

Source: developers.weixin.qq.com/doc/subscription and /doc/service (capability tables)
"""

from typing import Literal

Kind = Literal["subscription", "verified_subscription", "service", "verified_service"]
Capability = Literal[
    "customer_message",
    "user",
    "remark",
    "tag",
    "menu",
    "mass_send",
    "mass_send_to_list",
    "template",
    "subscription_notice",
    "one_time_subscription",
    "scene_code",
    "short_key",
    "publish",
    "statistics",
]

VERIFIED: tuple[Kind, ...] = ("verified_subscription", "verified_service")
VERIFIED_SERVICE: tuple[Kind, ...] = ("verified_service",)

WHO_CAN: dict[Capability, tuple[Kind, ...]] = {
    "customer_message": VERIFIED,
    "user": VERIFIED,
    "remark": VERIFIED_SERVICE,
    "tag": VERIFIED,
    "menu": VERIFIED,
    "mass_send": VERIFIED,
    "mass_send_to_list": VERIFIED_SERVICE,
    "template": VERIFIED_SERVICE,
    "subscription_notice": VERIFIED_SERVICE,
    "one_time_subscription": VERIFIED,
    "scene_code": VERIFIED_SERVICE,
    "short_key": VERIFIED_SERVICE,
    "publish": VERIFIED,
    "statistics": VERIFIED,
}

ENDPOINTS: dict[str, Capability] = {
    "message/custom/": "customer_message",
    "customservice/": "customer_message",
    "/customservice/": "customer_message",
    "user/": "user",
    "user/info/updateremark": "remark",
    "tags/": "tag",
    "user/tag/": "tag",
    "menu/": "menu",
    "message/mass/": "mass_send",
    "message/mass/send": "mass_send_to_list",
    "template/": "template",
    "message/template/send": "template",
    "message/template/subscribe": "one_time_subscription",
    "message/subscribe/": "subscription_notice",
    "/wxaapi/newtmpl/": "subscription_notice",
    "qrcode/": "scene_code",
    "shorten/": "short_key",
    "freepublish/": "publish",
    "/datacube/": "statistics",
}
"""Endpoints, and with a slash at the end all below; the longest that fits decides."""


def capability(endpoint: str) -> Capability | None:
    """What an endpoint needs; None for those that every account may call, such as tokens and drafts."""
    fitting = [known for known in ENDPOINTS if known == endpoint or (known[-1] == "/" and endpoint.startswith(known))]
    return ENDPOINTS[max(fitting, key=len)] if fitting else None


def can(kind: Kind, wanted: Capability) -> bool:
    return kind in WHO_CAN[wanted]


def may_call(kind: Kind, endpoint: str) -> bool:
    """Whether the platform would let an account of this kind call the endpoint; if not it answers 48001."""
    needed = capability(endpoint)
    return needed is None or can(kind, needed)
