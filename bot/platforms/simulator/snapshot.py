"""Everything the page draws, as JSON values."""

from typing import TYPE_CHECKING

from . import ids
from .corp import Contact, Group, Line, Shown
from .mass import MassSend
from .records import RecordedCall, RecordedCallback
from .staff_phone import messages_in

if TYPE_CHECKING:
    from .simulator import Simulator

_LOG_LENGTH, _CHAT_LENGTH = 150, 120
_QUIET = ("gettoken", "official/token", "official/stable_token")


def take(simulator: "Simulator") -> dict[str, object]:
    """The state of the community as the people in it see it, and the log of the wire."""
    corp = simulator.corp
    return {
        "version": simulator.bell.rings,
        "now": simulator.now().isoformat(),
        "connected": simulator.courier.urls,
        "contacts": [_contact(simulator, contact) for contact in corp.contacts.values()],
        "staff": [
            {"userid": staff.userid, "name": staff.name, "position": staff.position} for staff in corp.staff.values()
        ],
        "groups": [_group(simulator, group) for group in corp.groups.values() if not group.dismissed],
        "ways": [
            {"config_id": way.config_id, "state": way.state, "remark": way.remark, "staff": way.staff}
            for way in corp.contact_ways.values()
        ],
        "scenes": [scene.text for scene in simulator.official.scenes.values()],
        "menu": simulator.official.menu or {"button": []},
        "phones": {
            who: [_shown(simulator, one) for one in shown[-_CHAT_LENGTH:]] for who, shown in corp.phones.items()
        },
        "mass_sends": [_mass_send(simulator, one) for one in simulator.mass_sends.values()],
        "narration": simulator.narration[-30:],
        "faults": simulator.faults.planned(),
        "log": _log(simulator),
    }


def _contact(simulator: "Simulator", contact: Contact) -> dict[str, object]:
    follower = simulator.official.followers.get(ids.openid(contact.key))
    return {
        "key": contact.key,
        "id": contact.external_userid,
        "name": contact.name,
        "openid": ids.openid(contact.key),
        "follows": bool(follower and follower.subscribed),
        "relations": {
            relation.userid: relation.relation for relation in simulator.corp.relations_with(contact.external_userid)
        },
        "tags": simulator.tags_of(contact),
    }


def _group(simulator: "Simulator", group: Group) -> dict[str, object]:
    return {
        "chat_id": group.chat_id,
        "name": group.name,
        "kind": group.kind,
        "owner": group.owner,
        "members": [{"id": member.id, "name": simulator.name_of(member.id)} for member in group.members],
        "lines": [_line(simulator, line) for line in group.lines[-_CHAT_LENGTH:]],
    }


def _line(simulator: "Simulator", line: Line) -> dict[str, object]:
    return {
        "at": line.at.isoformat(),
        "sender": line.sender,
        "name": simulator.name_of(line.sender),
        "kind": line.kind,
        "content": line.content,
    }


def _shown(simulator: "Simulator", shown: Shown) -> dict[str, object]:
    return {
        "at": shown.at.isoformat(),
        "id": shown.id,
        "chat": shown.chat,
        "sender": shown.sender,
        "name": simulator.name_of(shown.sender),
        "kind": shown.kind,
        "content": shown.content,
    }


def _mass_send(simulator: "Simulator", mass_send: MassSend) -> dict[str, object]:
    return {
        "msgid": mass_send.msgid,
        "kind": mass_send.kind,
        "at": mass_send.created_at.isoformat(),
        "cancelled": mass_send.cancelled,
        "reminded": len(mass_send.reminded_at),
        "messages": [{"kind": kind, "content": content} for kind, content in messages_in(mass_send.content)],
        "parts": [
            {
                "userid": part.userid,
                "sent": part.sent_at is not None,
                "ignored": part.ignored,
                "targets": [_target_name(simulator, target) for target in part.targets],
            }
            for part in mass_send.parts.values()
        ],
    }


def _target_name(simulator: "Simulator", target: str) -> str:
    group = simulator.corp.groups.get(target)
    return group.name if group else simulator.name_of(target)


def _log(simulator: "Simulator") -> list[dict[str, object]]:
    """Calls and callbacks in one order, newest last; the page never sees tokens or secrets."""
    calls = [_call(one) for one in simulator.recorded_calls[-_LOG_LENGTH:] if one.endpoint not in _QUIET]
    callbacks = [_callback(one) for one in simulator.recorded_callbacks[-_LOG_LENGTH:]]
    return sorted(calls + callbacks, key=lambda entry: int(str(entry["number"])))[-_LOG_LENGTH:]


def _call(call: RecordedCall) -> dict[str, object]:
    body = {name: value for name, value in call.body.items() if "secret" not in name}
    return {
        "number": call.number,
        "at": call.at.isoformat(),
        "way": "call",
        "what": call.endpoint,
        "result": "—" if call.errcode is None else str(call.errcode),
        "good": call.errcode == 0,
        "detail": body,
    }


def _callback(callback: RecordedCallback) -> dict[str, object]:
    status = "" if callback.status is None else f" {callback.status}"
    return {
        "number": callback.number,
        "at": callback.at.isoformat(),
        "way": "callback",
        "what": f"{callback.receiver} {callback.what}",
        "result": f"{callback.outcome}{status}" + (f" ×{callback.attempt}" if callback.attempt > 1 else ""),
        "good": callback.outcome == "answered",
        "detail": callback.plain,
    }
