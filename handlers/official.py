"""The official account: followers come, go, scan, press the menu and write; each becomes a contact like any other."""

from bot.community import behaviour, contacts, followers, tagging
from bot.model.calls import Call
from bot.model.events import CallFinished, MessageReceived, OfficialEvent
from bot.model.tables import Follower
from bot.platforms.official import kinds
from bot.runtime.context import Context
from bot.runtime.router import Router

router = Router("official")
PROFILE = "user/info"
BEHAVIOURS = {
    "subscribe": "official_followed",
    "unsubscribe": "official_unfollowed",
    "scan": "qr_scanned",
    "click": "menu_clicked",
    "view": "menu_clicked",
}


@router.on(OfficialEvent, where=lambda event: event.name in BEHAVIOURS)
def acted(event: OfficialEvent, ctx: Context) -> None:
    """Write down what a follower did. Told late it still counts, but changes nothing that is newer."""
    follower = _follower(event, ctx)
    name, contact_id = BEHAVIOURS[event.name], followers.contact_of(follower)
    key = f"{name}:{event.open_id}:{int(event.at.timestamp())}:{event.event_key}"
    about = {"key": event.event_key} if event.event_key else {}
    behaviour.record(ctx.work, contact_id, name, at=event.at, key=key, properties=about)


@router.on(OfficialEvent, where=lambda event: event.name == "subscribe")
def subscribed(event: OfficialEvent, ctx: Context) -> None:
    follower = _follower(event, ctx)
    if not followers.follow(follower, event.at, event.event_key):
        return
    _tag(event, ctx, follower)
    _fetch_profile(ctx, follower)


@router.on(OfficialEvent, where=lambda event: event.name == "scan")
def scanned(event: OfficialEvent, ctx: Context) -> None:
    """A follower scanned a code: nobody new, but the scene says what brought them."""
    _tag(event, ctx, _follower(event, ctx))


@router.on(OfficialEvent, where=lambda event: event.name == "unsubscribe")
def unsubscribed(event: OfficialEvent, ctx: Context) -> None:
    followers.unfollow(ctx.work, _follower(event, ctx), event.at)


@router.on(MessageReceived, where=lambda event: event.channel == "official")
def wrote(event: MessageReceived, ctx: Context) -> None:
    """Know the writer before anyone looks at the words."""
    follower = _follower(event, ctx)
    followers.wrote(follower, event.at)
    contact_id = followers.contact_of(follower)
    behaviour.record(ctx.work, contact_id, "official_message", at=event.at, key=f"official_message:{event.message_id}")
    if contacts.get(ctx.session, contact_id).profiled_at is None:
        _fetch_profile(ctx, follower)


@router.on(CallFinished, where=lambda event: event.endpoint == PROFILE and event.outcome == "sent")
def profiled(event: CallFinished, ctx: Context) -> None:
    """The unionid tells whether we know this person from WeCom or from another account."""
    followers.learn(ctx.work, str(event.note.get("app_id", "")), event.answer)


def _follower(event: OfficialEvent | MessageReceived, ctx: Context) -> Follower:
    assert event.open_id is not None
    return followers.ensure(ctx.work, _app_id(ctx), event.open_id, event.at)


def _tag(event: OfficialEvent, ctx: Context, follower: Follower) -> None:
    tags = followers.tags_of(ctx.rules, event.event_key, is_new=event.name == "subscribe")
    if tags:
        rule = f"scene:{event.event_key}" if event.event_key else "subscribe"
        tagging.add_tags(ctx.work, followers.contact_of(follower), tags, source="live_code", rule=rule)


def _fetch_profile(ctx: Context, follower: Follower) -> None:
    """Ask who this is, once for each time they came, where the account's kind may."""
    official = ctx.settings.official
    if official is None or not kinds.may_call(official.kind, PROFILE):
        return
    ctx.work.plan(
        Call(
            PROFILE,
            {"openid": follower.open_id, "lang": "zh_CN"},
            platform="official",
            key=f"official:{PROFILE}:{follower.open_id}:{int(follower.changed_at.timestamp())}",
            follow=True,
            note={"app_id": follower.app_id},
        )
    )


def _app_id(ctx: Context) -> str:
    return ctx.settings.official.app_id if ctx.settings.official else ""
