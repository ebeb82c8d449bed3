"""/post: posts for groups, now or later; a large one wants a second tap."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import Field

from bot.community import deliveries, mass_sends, posts
from bot.community.cards import Button, Card, clip
from bot.errors import BadCommand
from bot.i18n import Sentence, _
from bot.model.ids import ChatId
from bot.model.tables import CustomerGroup, MassSend, Post
from bot.storage.queries import groups as group_rows
from bot.storage.queries import posts as rows
from handlers.commands.command import Ask, command
from handlers.commands.parse import Arguments, Nothing, Rest, fold
from handlers.commands.when import Moment, parse_moment

FORM: Sentence = "/post GROUP[,GROUP]|all at 20:00 TEXT"
MOST_UNCONFIRMED = 3
"""A post that reaches more groups than this goes out only after a tap on its card."""
ALL = frozenset({"all", "全部", "所有", "所有群", "全部群"})
_COMMAS = str.maketrans("，、；;", ",,,,")


class Draft(Arguments):
    groups: str
    rest: Rest


class Which(Arguments):
    id: Annotated[int, Field(ge=1, lt=2**31)]


@command("post", "群发", role="owner", form=FORM)
def post(ask: Ask, words: Draft) -> str:
    """Post to groups, now or at a time"""
    groups = _groups(ask, words.groups)
    moment, text = _moment_and_text(ask, words.rest)
    is_large = len(groups) > MOST_UNCONFIRMED
    made = posts.plan_post(
        ask.work,
        key=f"command:{ask.event.message_id}",
        author=ask.user_id,
        text=text,
        attachments=[],
        chat_ids=[ChatId(group.chat_id) for group in groups],
        due_at=moment.at,
        confirmed=not is_large,
    )
    if not is_large:
        return _answer(ask, made, groups)
    _ask_to_confirm(ask, made, len(groups))
    sentence = _("Post {id} reaches {count} groups. Please confirm it on the card, or write /post confirm {id}.")
    return sentence.format(id=made.id, count=len(groups))


@post.verb("list", "列表", form="/post list")
def list_(ask: Ask, words: Nothing) -> str:
    """The posts that are not over"""
    found = rows.unfinished(ask.session, None if ask.is_manager else ask.user_id)
    return "\n".join(_line(ask, one) for one in found) or _("No post is waiting.")


@post.verb("status", "状态", form="/post status ID")
def status(ask: Ask, words: Which) -> str:
    """How far a post is, owner by owner"""
    one = _own(ask, words.id)
    return "\n".join([_line(ask, one), *(_progress(mass) for mass in posts.mass_sends_of(ask.work, one))])


@post.verb("confirm", "确认", form="/post confirm ID")
def confirm(ask: Ask, words: Which) -> str:
    """Let a large post go ahead"""
    one = _own(ask, words.id)
    if not posts.confirm(ask.work, one):
        raise BadCommand(_("Post {id} cannot be confirmed: it is {state}.").format(id=one.id, state=_state(ask, one)))
    deliveries.refresh(ask.work, posts.ABOUT, words.id, text=_("Confirmed"))
    return _line(ask, one)


@post.verb("cancel", "取消", form="/post cancel ID")
def cancel(ask: Ask, words: Which) -> str:
    """Stop what of a post is not out yet"""
    one = _own(ask, words.id)
    if not posts.cancel(ask.work, one):
        raise BadCommand(_("Post {id} cannot be cancelled: it is {state}.").format(id=one.id, state=_state(ask, one)))
    deliveries.refresh(ask.work, posts.ABOUT, words.id, text=_("Cancelled"))
    return _line(ask, one)


def _own(ask: Ask, post_id: int) -> Post:
    one = posts.get(ask.work, post_id)
    if not ask.is_manager and one.author.lower() != ask.user_id.lower():
        raise BadCommand(_("There is no {kind} {key}.").format(kind=_("post"), key=post_id))
    return one


# ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _groups(ask: Ask, said: str) -> list[CustomerGroup]:
    """The groups that are meant, among those whom the asker may post to. Raises `BadCommand` for an unknown one."""
    mine = group_rows.standing(ask.session) if ask.is_manager else rows.owned_groups(ask.session, ask.user_id)
    if fold(said) in ALL:
        meant = list(mine)
    else:
        names = [name.strip() for name in said.translate(_COMMAS).split(",") if name.strip()]
        meant = [_group(mine, name) for name in names]
    if not meant:
        raise BadCommand(_("There is no group that you may post to."))
    return list({group.chat_id: group for group in meant}.values())


def _group(mine: Sequence[CustomerGroup], name: str) -> CustomerGroup:
    exact = [group for group in mine if name in (group.chat_id, group.name)]
    found = exact or [group for group in mine if fold(name) in fold(group.name)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise BadCommand(_("There is no group “{name}” that you may post to. /groups shows yours.").format(name=name))
    names = _(", ").join(f"{group.name} ({group.chat_id})" for group in found[:5])
    raise BadCommand(_("“{word}” fits several: {names}.").format(word=name, names=names))


def _moment_and_text(ask: Ask, rest: str) -> tuple[Moment, str]:
    words = rest.split(maxsplit=3)
    moment = parse_moment(words, ask.ctx.now, ask.ctx.settings.zone)
    text = rest.split(maxsplit=moment.words)[moment.words :] if moment else []
    if moment is None or not text:
        raise BadCommand(_("Something is missing. Write: {form}").format(form=_(FORM)))
    said = _unquoted(text[0].strip())
    if len(said.encode()) > posts.MASS_SEND_BYTES:
        raise BadCommand(_("The text is too long: at most {count} bytes.").format(count=posts.MASS_SEND_BYTES))
    return moment, said


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 2 and text[0] in '"“' and text[-1] in '"”' and '"' not in text[1:-1] else text


# ── telling ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _answer(ask: Ask, one: Post, groups: Sequence[CustomerGroup]) -> str:
    owners = {group.owner for group in groups if group.kind == "customer" and group.owner}
    sentences = [_line(ask, one)]
    if owners:
        sentences.append(_("{count} group owners will be asked to confirm it with a tap.").format(count=len(owners)))
    if ownerless := [group for group in groups if group.kind == "customer" and not group.owner]:
        sentences.append(_("{count} groups have no known owner and are left out.").format(count=len(ownerless)))
    return "\n".join(sentences)


def _line(ask: Ask, one: Post) -> str:
    sentence = _("Post {id} to {count} groups · {state}: “{text}”")
    return sentence.format(id=one.id, count=len(one.chat_ids), state=_state(ask, one), text=clip(one.text, 30))


def _state(ask: Ask, one: Post) -> str:
    if one.state == "scheduled" and one.due_at:
        return _("due {moment}").format(moment=_moment(ask, one.due_at))
    states = {
        "draft": _("waiting for your confirmation"),
        "scheduled": _("due now"),
        "prepared": _("on its way"),
        "done": _("done"),
        "cancelled": _("cancelled"),
    }
    return states.get(one.state, one.state)


def _moment(ask: Ask, at: datetime) -> str:
    return f"{at.astimezone(ask.ctx.settings.zone):%Y-%m-%d %H:%M}"


def _progress(mass: MassSend) -> str:
    states = {
        "planned": _("about to be asked"),
        "waiting": _("has not confirmed yet"),
        "escalated": _("has not confirmed, and the managers know"),
        "sent": _("has sent it"),
        "failed": _("could not be asked"),
        "cancelled": _("was called off"),
    }
    line = f"{mass.sender} · {states.get(mass.state, mass.state)}"
    if not mass_sends.is_over(mass) or mass.state != "sent":
        return line
    results = _("{sent} sent, {failed} failed, {over_cap} over the cap").format(**mass.results)
    return f"{line} · {results}"


def _ask_to_confirm(ask: Ask, one: Post, count: int) -> None:
    assert one.id is not None
    when = _moment(ask, one.due_at) if one.due_at else _("now")
    card = Card(
        title=_("Post to {count} groups?").format(count=count),
        desc=when,
        quote=one.text,
        buttons=(Button(_("Confirm"), "confirm", 2), Button(_("Cancel"), "cancel", 4)),
    )
    deliveries.send_card(ask.work, card, about=posts.ABOUT, about_id=one.id, users=[ask.user_id])
