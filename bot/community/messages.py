"""Messages as they are kept, and what sending one shows about its writer."""

from collections.abc import Iterator

from bot.community.behaviour import BY_KIND
from bot.community.cards import sound
from bot.community.rules import Reading
from bot.model.events import MessageReceived
from bot.model.ids import ContactId
from bot.storage.queries import behaviour as rows
from bot.storage.work import Work

NAMES = ("小二", "小助手", "机器人", "bot", "Xiaoer")
"""By which names people call the bot."""
QUESTION = ("?", "？", "吗", "呢", "怎么", "多少", "请问")


def keep(work: Work, message: MessageReceived, contact_id: ContactId | None) -> bool:
    """Keep a message; False when it was kept before."""
    row = {
        "message_id": message.message_id,
        "channel": message.channel,
        "chat_id": message.chat_id,
        "contact_id": contact_id,
        "user_id": message.user_id,
        "kind": message.message_kind,
        "text": sound(message.text),
        "sent_at": message.at,
    }
    return rows.add_message(work.session, row)


def forget_words(work: Work, message_id: str) -> None:
    """Take the words out of a kept message."""
    message = rows.message(work.session, message_id)
    if message is not None:
        message.text, message.kind = "", "revoked"


def behaviours(message: MessageReceived, reading: Reading) -> Iterator[str]:
    """The behaviours that a contact's message is, each once."""
    if message.chat_id:
        yield "spoke_in_group"
    elif message.to:
        yield "spoke_to_staff"
    if any(f"@{name}" in message.text for name in NAMES):
        yield "mentioned_bot"
    if reading.has_link or message.message_kind == "link":
        yield "sent_link"
    elif message.message_kind in BY_KIND:
        yield BY_KIND[message.message_kind]
    if reading.tags or reading.intents:
        yield "keyword_hit"
    if any(sign in message.text for sign in QUESTION):
        yield "asked_question"
