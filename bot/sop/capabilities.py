"""What the configured adapters can do; an action's `needs` is one of these."""

from bot.settings import Settings

CUSTOM_MESSAGE_KINDS = ("verified_subscription", "verified_service")
TRIGGERS = {"official.event": "official"}
"""Events that only one adapter brings."""


def capabilities_of(settings: Settings) -> frozenset[str] | None:
    """None where no platform is set yet: then nothing is known, and everything is taken to be possible."""
    if settings.wecom is None and settings.official is None and not settings.demo:
        return None
    able = {"wecom"} if settings.wecom or settings.demo else set()
    if settings.official or settings.demo:
        able.add("official")
    if settings.demo or (settings.official and settings.official.kind in CUSTOM_MESSAGE_KINDS):
        able.add("official.custom_message")
    if settings.demo or (settings.official and settings.official.kind == "verified_service"):
        able |= {"official.template", "official.mass"}
    others = {"sms": settings.sms, "mail": settings.mail, "miniprogram": settings.miniprogram, "hooks": settings.hooks}
    return frozenset(able | {name for name, found in others.items() if found})


def signature_of(settings: Settings) -> str:
    """What stands before every short message; empty where none can be sent."""
    return settings.sms.signature if settings.sms else ""
