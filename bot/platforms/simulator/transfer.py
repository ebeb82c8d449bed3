"""Handing contacts over to another staff member; it is done after a day.

Source: developer.work.weixin.qq.com/document/path/92125, 94088
"""

from datetime import timedelta
from typing import Any

from . import callbacks
from .corp import Relation
from .endpoint import Answer, Call, wecom
from .errors import Refused
from .platform import Platform

COMPLETES_AFTER = timedelta(hours=24)


@wecom.post("externalcontact/transfer_customer")
def transfer_customer(call: Call) -> Answer:
    giver, taker = _pair(call)
    wanted = call.texts("external_userid")
    if not wanted or len(wanted) > 100:
        raise Refused(40032 if wanted else 40063)
    return {"customer": [{"external_userid": one, "errcode": _start(call, giver, taker, one)} for one in wanted]}


@wecom.post("externalcontact/transfer_result")
def transfer_result(call: Call) -> Answer:
    giver, taker = _pair(call)
    rows: list[dict[str, Any]] = []
    for (userid, external_userid), (to, started_at) in call.platform.transfers.items():
        if (userid, to) != (giver, taker):
            continue
        done_at = started_at + COMPLETES_AFTER
        done = call.platform.now() >= done_at
        rows.append(
            {
                "external_userid": external_userid,
                "status": 1 if done else 2,
                "takeover_time": int(done_at.timestamp()) if done else 0,
            }
        )
    page, cursor = call.page(rows, 1000)
    return {"customer": page, "next_cursor": cursor}


def _pair(call: Call) -> tuple[str, str]:
    corp = call.platform.corp
    giver = corp.known_staff(call.text("handover_userid")).userid
    taker = corp.known_staff(call.text("takeover_userid")).userid
    if giver == taker:
        raise Refused(40130)
    return giver, taker


def _start(call: Call, giver: str, taker: str, external_userid: str) -> int:
    """0 when the hand-over has begun, else why not."""
    if external_userid not in call.platform.corp.contacts:
        return 40096
    relation = call.platform.corp.find_relation(giver, external_userid)
    if relation is None or relation.relation != "friend":
        return 40131
    if (giver, external_userid) in call.platform.transfers:
        return 40129
    platform = call.platform
    platform.transfers[(giver, external_userid)] = (taker, platform.now())
    platform.tasks.start(_complete(platform, giver, taker, external_userid), name="transfer")
    return 0


async def _complete(platform: Platform, giver: str, taker: str, external_userid: str) -> None:
    """After a day the contact changes hands, which does raise callbacks although the API began it."""
    await platform.clock.sleep(COMPLETES_AFTER)
    old = platform.corp.relations[(giver.lower(), external_userid)]
    old.relation = "removed"
    new = Relation(taker, external_userid, platform.now(), state=old.state, add_way=202, tags=list(old.tags))
    platform.corp.relations[(taker.lower(), external_userid)] = new
    callbacks.external_contact(platform, "del_external_contact", giver, external_userid, Source="DELETE_BY_TRANSFER")
    callbacks.external_contact(platform, "add_external_contact", taker, external_userid)
