"""Chat commands in the app conversation: who writes `/report week` gets one answer, however often it is delivered."""

from difflib import get_close_matches

from bot import i18n
from bot.community import roles
from bot.community.notices import answer_by_code
from bot.community.paragraphs import pieces
from bot.community.reports.sending import picture_call
from bot.community.roles import Role
from bot.errors import BadCommand, BadInput, NotFound
from bot.i18n import _
from bot.model.calls import Call
from bot.model.events import MessageReceived, StaffWrote
from bot.model.ids import UserId, staff_key
from bot.runtime.context import Context
from bot.runtime.router import Router
from bot.storage.ledger import outbox
from bot.storage.queries import audit, staff
from handlers.commands.command import Ask, Command, Reply, Verb, registry
from handlers.commands.parse import Line, is_command, parse

router = Router("commands")

MOST_BYTES = 2048
"""The most that one text takes. Source: developer.work.weixin.qq.com/document/path/90236"""
MOST_PIECES = 4


@router.on(StaffWrote)
def answer(event: StaffWrote, ctx: Context) -> None:
    """Do what a line asks for and answer it; a line without a slash gets a hint, once a day."""
    if outbox.find(ctx.session, _answer_key(event, 0)) is not None:
        return
    before, language = i18n.current(), _language(ctx, event.user_id)
    i18n.use(language)
    try:
        _answer(Ask(ctx, event, roles.roles_of(ctx.session, ctx.settings, event.user_id), language))
    finally:
        i18n.use(before)


@router.on(MessageReceived, where=lambda event: event.channel == "aibot" and not event.chat_id)
def answer_at_bot(event: MessageReceived, ctx: Context) -> None:
    """A command written to the AI bot, alone: in a group everybody would read the answer."""
    if event.user_id is not None and is_command(event.text):
        code = str(event.content.get("response_code") or "")
        wrote = StaffWrote(
            at=event.at, user_id=event.user_id, message_id=event.message_id, text=event.text, response_code=code
        )
        answer(wrote, ctx)


def _answer(ask: Ask) -> None:
    try:
        line = parse(ask.event.text)
        if line is None:
            _hint(ask)
            return
        _say(ask, _carry_out(ask, line))
    except BadCommand as error:
        _say(ask, str(error))


def _carry_out(ask: Ask, line: Line) -> str | Reply:
    """Raises `BadCommand` for what is not understood; a refusal changes nothing."""
    command = registry().get(line.name)
    if command is None:
        raise BadCommand(_unknown(ask, line.name))
    verb, skip = command.choose(line)
    if verb.role not in ask.roles:
        _write_down(ask, command, verb, line, "refused")
        raise BadCommand(_refusal(ask, verb.role))
    try:
        with ask.session.begin_nested():
            reply = verb.carry_out(ask, line, skip)
    except BadInput as error:
        _write_down(ask, command, verb, line, "not understood")
        raise BadCommand(str(error)) from error
    except NotFound as error:
        _write_down(ask, command, verb, line, "not found")
        raise BadCommand(_("There is no {kind} {key}.").format(kind=_(error.kind), key=error.key)) from error
    _write_down(ask, command, verb, line, "done")
    return reply


def _unknown(ask: Ask, name: str) -> str:
    names = [known for known, command in registry().items() if command.role in ask.roles]
    close = get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return _("I do not know /{name}. Did you mean /{close}? /help shows everything.").format(
            name=name, close=close[0]
        )
    return _("I do not know /{name}. /help shows what I can do.").format(name=name)


def _refusal(ask: Ask, role: Role) -> str:
    if not ask.roles:
        return _("I do not know you yet: the directory does not name you as active staff.")
    return _("That is for {role} only.").format(role=role_name(role))


def role_name(role: Role) -> str:
    names = {
        Role.STAFF: _("staff"),
        Role.OWNER: _("group owners"),
        Role.LEADER: _("department leaders"),
        Role.MANAGER: _("community managers"),
        Role.ADMIN: _("administrators"),
    }
    return names[role]


def _hint(ask: Ask) -> None:
    day = ask.ctx.now.astimezone(ask.ctx.settings.zone).date()
    text = _("I listen to commands, such as /help. Only you and I see this conversation.")
    ask.work.plan(_text(ask, text, key=f"hint:{ask.user_id}:{day}"))


def _say(ask: Ask, reply: str | Reply) -> None:
    text = reply.text if isinstance(reply, Reply) else reply
    for call in _words(ask, text):
        ask.work.plan(call)
    if isinstance(reply, Reply):
        key = f"answer:{ask.event.message_id}:picture"
        ask.work.plan(picture_call(ask.user_id, reply.picture, key=key))


def _words(ask: Ask, text: str) -> list[Call]:
    """The text in as many messages as it takes; the AI bot has one answer, and room in it."""
    if code := ask.event.response_code:
        return [answer_by_code(code, text, user_id=ask.user_id, at=ask.event.at, key=_answer_key(ask.event, 0))]
    parts = pieces(text, MOST_BYTES) or ["…"]
    return [_text(ask, piece, key=_answer_key(ask.event, n)) for n, piece in enumerate(parts[:MOST_PIECES])]


def _text(ask: Ask, text: str, key: str) -> Call:
    body = {"touser": ask.user_id, "msgtype": "text", "text": {"content": text}}
    return Call("message/send", body, key=key, subject=staff_key(ask.user_id))


def _answer_key(event: StaffWrote, n: int) -> str:
    return f"answer:{event.message_id}:{n}"


def _write_down(ask: Ask, command: Command, verb: Verb, line: Line, outcome: str) -> None:
    name = command.names[0] if verb is command else f"{command.names[0]} {verb.names[0]}"
    audit.write(
        ask.session,
        at=ask.ctx.now,
        actor=ask.user_id,
        action=f"command.{name}",
        target=" ".join(word.text for word in line.words)[:200],
        detail={"outcome": outcome},
        trace_id=ask.work.trace_id,
    )


def _language(ctx: Context, user_id: UserId) -> str:
    known = staff.by_ids(ctx.session, [user_id]).get(user_id.lower())
    return (known.language if known else None) or ctx.settings.language
