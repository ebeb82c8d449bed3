"""A fortnight that the demo's community has behind it, so that reports have something to tell."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.community import behaviour, contacts, groups, messages
from bot.model.events import MessageReceived
from bot.model.ids import ChatId, ExternalUserId, UserId
from bot.storage.work import Work

DAYS = 14
LINES = (
    "这周的豆子很香",
    "周末有烘焙课吗？",
    "已经收到啦，谢谢",
    "请问几点开门？",
    "上次的拿铁不错",
    "小朋友也能参加吗？",
)


def live_through(work: Work, chat_id: ChatId, people: Sequence[ExternalUserId], staff: UserId) -> None:
    """Let contacts have talked in a group, more on some days than on others, and a staff member have answered."""
    groups.ensure(work, chat_id)
    for day in range(1, DAYS + 1):
        morning = (work.now - timedelta(days=day)).replace(hour=2, minute=0, second=0, microsecond=0)
        for number in range(4 + day * 5 % 9):
            asked_at = morning + timedelta(minutes=47 * number)
            _ask(work, chat_id, people[number % len(people)], LINES[(day + number) % len(LINES)], asked_at)
            _answer(work, chat_id, staff, asked_at + timedelta(minutes=3 + day % 5))


def _ask(work: Work, chat_id: ChatId, who: ExternalUserId, text: str, at: datetime) -> None:
    contact_id = contacts.id_of(contacts.ensure(work, who))
    key = f"sample:{chat_id}:{at.isoformat()}"
    said = MessageReceived(at=at, channel="archive", message_id=key, text=text, external_user_id=who, chat_id=chat_id)
    messages.keep(work, said, contact_id)
    behaviour.record(work, contact_id, "spoke_in_group", at=at, key=key, chat_id=chat_id)


def _answer(work: Work, chat_id: ChatId, staff: UserId, at: datetime) -> None:
    message_id = f"sample:{chat_id}:{at.isoformat()}"
    said = MessageReceived(
        at=at, channel="archive", message_id=message_id, text="在的，我来看看", user_id=staff, chat_id=chat_id
    )
    messages.keep(work, said, None)
