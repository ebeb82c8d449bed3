"""Posts for groups: now or at a time, by command or by SOP.

An internal group is spoken to at once. In a customer group only its owner may speak, so the owner gets a task to tap.
Source: developer.work.weixin.qq.com/document/path/99110, 90248, 92135
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot import log
from bot.community import mass_sends, mass_tasks, notices, recipients
from bot.community.cards import clip
from bot.community.paragraphs import pieces
from bot.errors import NotFound
from bot.i18n import gettext as _
from bot.model.calls import Call
from bot.model.events import CallFinished
from bot.model.ids import ChatId, UserId, group_key
from bot.model.tables import CustomerGroup, MassSend, Post
from bot.storage.ledger import outbox
from bot.storage.ledger.timers import Timer
from bot.storage.queries import posts as rows
from bot.storage.queries import staff
from bot.storage.work import Work

logger = log.get(__name__)

DUE = "post.due"
"""The name of the timer on which a scheduled post goes out."""

ABOUT = "post"
"""What the card of a draft is about."""

MOST_BYTES = 2048
"""The most that one text of the webhook or of appchat takes."""
MASS_SEND_BYTES = 4000
MOST_NAMES = 5
STILL_OPEN = {"planned", "sending"}
_BY_MEDIA_ID = ("image", "voice", "video", "file")


def post_to_groups(
    work: Work,
    *,
    key: str,
    author: str,
    text: str,
    attachments: list[dict[str, Any]],
    chat_ids: Sequence[ChatId],
) -> Post:
    """Post now. More groups under the same key join the post; a group that has it does not get it again."""
    post, fresh = _written(work, key, author, text, attachments, chat_ids, "prepared")
    if fresh and post.state in ("prepared", "done"):
        rows.move(work.session, post, ["done"], "prepared")
        _send(work, post, fresh)
    return post


def plan_post(
    work: Work,
    *,
    key: str,
    author: str,
    text: str,
    attachments: list[dict[str, Any]],
    chat_ids: Sequence[ChatId],
    due_at: datetime | None,
    confirmed: bool = True,
) -> Post:
    """Write a post down for `due_at` (None is now); an unconfirmed one stays a draft until `confirm`."""
    post, fresh = _written(work, key, author, text, attachments, chat_ids, "draft")
    if fresh:
        post.due_at = due_at
        if confirmed:
            confirm(work, post)
    return post


def _written(
    work: Work,
    key: str,
    author: str,
    text: str,
    attachments: list[dict[str, Any]],
    chat_ids: Sequence[ChatId],
    state: str,
) -> tuple[Post, list[ChatId]]:
    """The post under this key, and which of the groups are new to it."""
    wanted = list(dict.fromkeys(chat_ids))
    post = rows.by_key(work.session, key)
    if post is not None:
        fresh = [chat_id for chat_id in wanted if chat_id not in post.chat_ids]
        post.chat_ids = [*post.chat_ids, *fresh]
        return post, fresh
    post = Post(dedupe_key=key, author=author, text=text, attachments=attachments, state=state, created_at=work.now)
    post.chat_ids = list(wanted)
    work.session.add(post)
    work.session.flush()
    return post, wanted


def get(work: Work, post_id: int) -> Post:
    """The post; raises `NotFound`."""
    post = rows.by_id(work.session, post_id)
    if post is None:
        raise NotFound("post", post_id)
    return post


def confirm(work: Work, post: Post) -> bool:
    """Let a draft go ahead, now or at its time; False when it is no draft any more, or its time has passed."""
    if post.due_at is None:
        return rows.move(work.session, post, ["draft"], "scheduled") and fall_due(work, post)
    if post.due_at < work.now or not rows.move(work.session, post, ["draft"], "scheduled"):
        return False
    timer = Timer(DUE, _timer_key(post), post.due_at, f"post:{post.id}", {"post": post.id})
    return work.set_timer(timer)


def fall_due(work: Work, post: Post) -> bool:
    """Send a scheduled post; False when that has been done, or it was cancelled."""
    if not rows.move(work.session, post, ["scheduled"], "prepared"):
        return False
    _send(work, post, [ChatId(chat_id) for chat_id in post.chat_ids])
    return True


def cancel(work: Work, post: Post) -> bool:
    """Stop whatever of a post is not out; False when it is over, or was cancelled before.

    What internal groups have received stays, and so does what an owner has confirmed.
    """
    if not rows.move(work.session, post, rows.UNFINISHED, "cancelled"):
        return False
    work.cancel_timer(_timer_key(post))
    for chat_id in post.chat_ids:
        for key in _part_keys(post, chat_id):
            outbox.cancel(work.session, key, work.now, "the post was cancelled")
    for mass in mass_sends_of(work, post):
        mass_sends.cancel(work, mass)
    return True


def mass_sends_of(work: Work, post: Post) -> Sequence[MassSend]:
    assert post.id is not None
    return rows.mass_sends(work.session, post.id)


def conclude(work: Work, post_id: int) -> None:
    """Close a post of which every message and every mass send is over, and tell its author what came of it."""
    post = rows.by_id(work.session, post_id)
    if post is None or post.state != "prepared":
        return
    sends, spoken = mass_sends_of(work, post), _spoken(work, post)
    is_over = all(map(mass_sends.is_over, sends)) and not any(states & STILL_OPEN for states in spoken.values())
    if not is_over or not rows.move(work.session, post, ["prepared"], "done"):
        return
    sent = [mass for mass in sends if mass.state == "sent"]
    if (sent or spoken) and post.author.lower() in {user.lower() for user in mass_sends.authors(work, post)}:
        _tell_result(work, post, sent, spoken)


def _spoken(work: Work, post: Post) -> dict[str, set[str]]:
    """How far what is said in each internal group is, by the states of its calls."""
    keys = {key: chat_id for chat_id in post.chat_ids for key in _part_keys(post, chat_id)}
    found: dict[str, set[str]] = {}
    for key, state in outbox.states_of(work.session, list(keys)):
        found.setdefault(keys[key], set()).add(state)
    return found


def _tell_result(work: Work, post: Post, sent: Sequence[MassSend], spoken: Mapping[str, set[str]]) -> None:
    heard = sum(states == {"sent"} for states in spoken.values())
    to = [UserId(post.author)]
    sentence = _(
        "Post {id} is out: {sent} groups have it, {failed} could not be reached, {over_cap} were over their cap.",
        recipients.language_of(work.session, to),
    )
    counts = {name: sum(mass.results.get(name, 0) for mass in sent) for name in ("sent", "failed", "over_cap")}
    counts |= {"sent": counts["sent"] + heard, "failed": counts["failed"] + len(spoken) - heard}
    notices.message_staff(work, to, sentence.format(id=post.id, **counts))


def _tell_of_full(work: Work, post: Post, full: Sequence[ChatId]) -> None:
    """Tell a person whose post does not reach all; what an SOP could not post is in the suppression ledger."""
    if not staff.by_ids(work.session, [post.author]):
        return
    to = [UserId(post.author)]
    sentence = _(
        "“{text}” does not go to {groups}: WeCom takes no more mass sends there for now.",
        recipients.language_of(work.session, to),
    )
    names = [group.name or group.chat_id for group in rows.groups(work.session, full)]
    shown = ", ".join(names[:MOST_NAMES]) + (" …" if len(names) > MOST_NAMES else "")
    notices.message_staff(work, to, sentence.format(text=clip(post.text, 20), groups=shown))


# ── by the kind of group ───────────────────────────────────────────────────────────────────────────────────────────


def _send(work: Work, post: Post, chat_ids: Sequence[ChatId]) -> None:
    owners: dict[str, list[ChatId]] = {}
    for group in rows.groups(work.session, chat_ids):
        if group.kind == "customer":
            owners.setdefault(group.owner or "", []).append(ChatId(group.chat_id))
        else:
            _speak(work, post, group)
    if ownerless := owners.pop("", []):
        logger.warning("groups without an owner get no post", post=post.id, groups=len(ownerless))
    full = [one for owner, owned in owners.items() for one in mass_tasks.prepare(work, post, UserId(owner), owned)]
    if full:
        _tell_of_full(work, post, full)
    assert post.id is not None
    conclude(work, post.id)


def _speak(work: Work, post: Post, group: CustomerGroup) -> None:
    """Say it in an internal group: the text in as many pieces as it takes, then what is attached."""
    said = [{"msgtype": "text", "text": {"content": piece}} for piece in pieces(post.text, MOST_BYTES)]
    said += [message for one in post.attachments if (message := _attached(one, group.kind))]
    for n, message in enumerate(said):
        endpoint, address = _address(group)
        call = Call(
            endpoint,
            {**address, **message},
            key=_part_key(post, group.chat_id, n),
            subject=group_key(ChatId(group.chat_id)),
            follow=True,
            note={"post": post.id},
        )
        work.plan(call)


def _address(group: CustomerGroup) -> tuple[str, dict[str, str]]:
    """A webhook is named by its group; the key that belongs to it is a secret of the adapter."""
    if group.kind == "webhook":
        return "webhook/send", {"key": group.chat_id}
    return "appchat/send", {"chatid": group.chat_id}


def _attached(attachment: dict[str, Any], kind: str) -> dict[str, Any] | None:
    """An attachment of a mass send as a message of its own; None for what an internal group cannot show.

    A webhook wants pictures and files by a road of its own, so it gets links only.
    """
    name = str(attachment.get("msgtype", ""))
    told = attachment.get(name) or {}
    if name == "link":
        article = {"title": told.get("title"), "url": told.get("url"), "description": told.get("desc")}
        article["picurl"] = told.get("picurl")
        return {"msgtype": "news", "news": {"articles": [{key: value for key, value in article.items() if value}]}}
    if name in _BY_MEDIA_ID and kind == "appchat" and "media_id" in told:
        return {"msgtype": name, name: {"media_id": told["media_id"]}}
    logger.info("an attachment is left out for an internal group", msgtype=name, kind=kind)
    return None


def spoken(work: Work, post: Post, event: CallFinished) -> None:
    """Something has been said in an internal group, or has not: then its author is told why."""
    if event.outcome != "sent":
        _tell_not_spoken(work, post, event)
    conclude(work, post.id or 0)


def _tell_not_spoken(work: Work, post: Post, event: CallFinished) -> None:
    to = mass_sends.authors(work, post)
    language = recipients.language_of(work.session, to)
    group = next(iter(rows.groups(work.session, [_chat_id(event)])), None)
    sentence = _("“{text}” did not reach {group}: {reason}.", language)
    name = (group.name if group else "") or _("an internal group", language)
    told = sentence.format(text=clip(post.text, 20), group=name, reason=mass_sends.reason(event, language))
    notices.message_staff(work, to, told)


def _chat_id(event: CallFinished) -> ChatId:
    return ChatId(event.subject.removeprefix(group_key(ChatId(""))))


def _part_keys(post: Post, chat_id: str) -> list[str]:
    """The keys of all that may be said in an internal group."""
    return [_part_key(post, chat_id, n) for n in range(len(pieces(post.text, MOST_BYTES)) + len(post.attachments))]


def _part_key(post: Post, chat_id: str, n: int) -> str:
    return f"post:{post.id}:{chat_id}:{n}"


def _timer_key(post: Post) -> str:
    return f"post:{post.id}:due"
