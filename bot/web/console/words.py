"""What the ledgers' short words mean to the one who reads the console. English here is the msgid."""

from collections.abc import Mapping

from bot.i18n import Sentence, _
from bot.sop.held_back import RULES
from bot.sop.lifecycle import NAMES as STAGES

__all__ = ["RULES", "STAGES"]

KINDS: Mapping[str, Sentence] = {
    "contact.added": "Contact added",
    "contact.half_added": "Contact added, not confirmed yet",
    "contact.lost": "Contact deleted the staff member",
    "contact.removed": "Staff member deleted the contact",
    "contact.edited": "Contact's profile edited",
    "contact.archive_consented": "Consented to the archive",
    "contact.transfer_failed": "Transfer failed",
    "group.changed": "Group changed",
    "group.members_changed": "Group members changed",
    "member.joined": "Joined the group",
    "member.left": "Left the group",
    "tag.changed": "Corp tags changed",
    "message.received": "Message",
    "message.revoked": "Message taken back",
    "staff.wrote": "Staff wrote to the bot",
    "staff.app_event": "Staff used the app",
    "card.pressed": "Card button pressed",
    "archive.notified": "New archive messages announced",
    "official.event": "Official account event",
    "kf.notified": "New customer service messages announced",
    "metric.crossed": "A figure crossed its line",
    "track.event": "Reported behaviour",
    "unknown": "Unknown callback",
    "call.finished": "Call finished",
    "timer.due": "Timer came due",
    "date": "Scheduled time came",
    "lead.qualified": "Lead qualified",
}

SOURCES: Mapping[str, Sentence] = {
    "wecom": "WeCom callback",
    "official": "Official account callback",
    "archive": "Conversation archive",
    "track": "Reported by HTTP",
    "timer": "Timer",
    "xiaoer": "Recorded by the bot itself",
}

STATES: Mapping[str, Sentence] = {
    "new": "waiting",
    "done": "done",
    "buried": "given up",
    "planned": "waiting",
    "sending": "on its way",
    "sent": "sent",
    "failed": "failed",
    "unknown": "outcome unknown",
    "expired": "too late",
    "cancelled": "cancelled",
    "dropped": "let go by a person",
    "running": "running",
    "waiting": "waiting",
    "exited": "left early",
    "fired": "fired",
    "open": "open",
    "claimed": "claimed",
    "ignored": "ignored",
    "warned": "warned",
    "removal_asked": "removal asked for",
    "blocked": "blocklisted",
    "half": "not confirmed yet",
    "active": "following",
    "lost": "deleted by the contact",
    "removed": "deleted by the staff member",
    "in_force": "in force",
    "paused": "paused",
    "broken": "file is broken",
}

OUTCOMES: Mapping[str, Sentence] = {
    **STATES,
    "planned": "planned",
    "done": "done",
    "then": "the conditions hold",
    "else": "the conditions do not hold",
    "default": "none of the cases fits",
    "passed": "went on",
    "reached": "reached",
    "timeout": "waited in vain",
    "suppressed": "held back by a rule",
}

LANES: Mapping[str, Sentence] = {"instant": "instant", "normal": "normal", "bulk": "bulk"}

FIELDS: Mapping[str, Sentence] = {
    "at": "Happened at",
    "user_id": "Staff member",
    "external_user_id": "Contact",
    "contact_id": "Contact",
    "open_id": "Follower",
    "union_id": "Union id",
    "chat_id": "Group",
    "to": "Written to",
    "state": "Live code",
    "welcome_code": "Welcome code",
    "response_code": "Response code",
    "channel": "Channel",
    "message_id": "Message id",
    "message_kind": "Kind of message",
    "text": "Text",
    "content": "Content",
    "name": "Name",
    "event_key": "Event key",
    "wire_name": "Name at the platform",
    "event_id": "Event id",
    "properties": "Properties",
    "change": "Change",
    "members": "Members",
    "scene": "Scene",
    "last_version": "Version before",
    "version": "Version now",
    "task_id": "Card",
    "button": "Button",
    "selected": "Selected",
    "source": "Source",
    "fields": "Fields",
    "about": "About",
    "subject": "Subject",
    "sop": "SOP",
    "lead": "Lead",
    "reason": "Reason",
    "endpoint": "Endpoint",
    "outcome": "Outcome",
    "errcode": "Error code",
}

PLATFORMS: Mapping[str, Sentence] = {
    "wecom": "WeCom",
    "official": "official account",
    "archive": "conversation archive",
}

ACTS: Mapping[str, Sentence] = {
    "subscribe": "followed the account",
    "unsubscribe": "left the account",
    "scan": "scanned a code",
    "click": "pressed a menu key",
    "view": "opened a menu link",
    "template_finished": "template message finished",
    "mass_finished": "mass send finished",
    "subscription_accepted": "agreed to a notice",
    "subscription_refused": "refused a notice",
    "subscription_finished": "notice finished",
}

WEEKDAYS: tuple[Sentence, ...] = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

LEADS: Mapping[str, Sentence] = {
    "opportunity": "opportunity",
    "loss": "contact lost",
    "risk": "risk of loss",
    "order": "order placed",
}

SOURCES_OF_TAGS: Mapping[str, Sentence] = {
    "rule": "keyword rule",
    "sop": "SOP",
    "live_code": "live code",
    "staff": "staff member",
    "platform": "WeCom",
    "command": "chat command",
}


def said(words: Mapping[str, str], key: str) -> str:
    """The reader's word for `key`; the key itself when there is none."""
    return _(words[key]) if key in words else key


def tone(state: str) -> str:
    """good, bad, wait or plain: the colour and the sign of a state."""
    if state in ("done", "sent", "fired", "active", "in_force", "claimed"):
        return "good"
    if state in ("buried", "failed", "unknown", "broken", "lost"):
        return "bad"
    if state in ("new", "planned", "sending", "running", "waiting", "open", "half", "paused"):
        return "wait"
    return "plain"
