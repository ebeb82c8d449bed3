"""What an errcode means to the one who reads it: in a sentence where we know it, and always what the bot makes of it.

Sources: developer.work.weixin.qq.com/document/path/90313 and
developers.weixin.qq.com/doc/offiaccount/Getting_Started/Global_Return_Code.html
"""

from collections.abc import Mapping

from bot.i18n import Sentence, _
from bot.model.tables import OutboxRow
from bot.platforms.answers import Meaning
from bot.platforms.official import errors as official
from bot.platforms.official.codes import name_of
from bot.platforms.wecom import errors as wecom

BAD_SECRET = 40001
"""Of a token: another may be good. Of the fetching of tokens, and of a call that has come to nothing: the secret."""
OF_OFFICIAL = ("official", "miniprogram")
WECOM: Mapping[int, Sentence] = {
    -1: "WeCom was busy",
    6000: "somebody changed the same thing at the same moment",
    40001: "the secret or the token is not valid",
    40003: "there is no such staff member",
    40007: "the media id is not valid",
    40014: "the access token is not valid",
    40050: "there is no such group",
    40056: "the agent id is not this app's",
    40058: "a parameter is missing or not as documented",
    40096: "the contact is not known to this staff member",
    41048: "nobody is left to send to",
    41050: "the welcome code is used up or older than 20 seconds",
    41051: "the chat has begun, or somebody else has sent a welcome",
    41053: "the contact has not consented to the archive",
    41063: "the mass send is still being handed out",
    41094: "this mass send has been reminded of too often",
    41096: "another app is sending a welcome right now",
    42001: "the access token has expired",
    42014: "the card can no longer be changed",
    45002: "the text is too long",
    45009: "too many calls to this endpoint",
    45033: "too many calls at the same time",
    45035: "another call about the same pair was under way",
    48002: "the app may not call this endpoint",
    50002: "the staff member is outside the app's visible range",
    60011: "the app has no right to do this",
    60020: "this machine's address is not among the app's trusted IPs",
    60111: "there is no such staff member",
    81013: "none of the recipients can be reached",
    84061: "the contact is no friend of this staff member",
    85002: "the text contains words that WeCom forbids",
    93000: "the webhook's key is not valid, or the webhook was removed",
}

OFFICIAL: Mapping[int, Sentence] = {
    -1: "WeChat was busy",
    40001: "the secret or the token is not valid",
    40003: "there is no such follower",
    40130: "a mass send takes two followers at the least",
    40164: "this machine's address is not on the account's IP list",
    42001: "the access token has expired",
    43004: "the person does not follow the account",
    43019: "the person is on the account's blacklist",
    43101: "the person has not agreed to such a notice, or has had it",
    45009: "the day's calls to this endpoint are used up",
    45015: "the person has not written within 48 hours",
    45047: "the messages that may follow what the person wrote are used up",
    45065: "this was submitted before",
    48001: "the account may not call this endpoint",
    48002: "the person has switched messages off",
}

MEANINGS: Mapping[Meaning, Sentence] = {
    Meaning.OK: "counts as done",
    Meaning.RETRY: "worth another try",
    Meaning.TOKEN: "worth another try with a new token",
    Meaning.LIMIT: "the endpoint rests for a while",
    Meaning.CROWDED: "the endpoint pauses for a moment",
    Meaning.UNKNOWN: "perhaps it acted, so it is not repeated",
    Meaning.FINAL: "trying again cannot help",
    Meaning.RECIPIENT: "nothing reaches this person until they act",
    Meaning.OPERATOR: "settings or rights at the platform have to be changed by a person",
}


def sentence(call: OutboxRow) -> str:
    """What the errcode of a call says; empty when there is none, or none that anybody has named."""
    if not call.errcode:
        return ""
    if call.platform in OF_OFFICIAL:
        return _(OFFICIAL[call.errcode]) if call.errcode in OFFICIAL else name_of(call.errcode)
    return _(WECOM[call.errcode]) if call.errcode in WECOM else ""


def verdict(call: OutboxRow) -> str:
    """What the bot makes of it; empty for a call without an errcode."""
    return _(MEANINGS[_meaning(call, call.errcode)]) if call.errcode else ""


def needs_a_person(call: OutboxRow) -> bool:
    """Whether nothing will go well before somebody has changed settings or rights at the platform."""
    if not call.errcode:
        return False
    return call.errcode == BAD_SECRET or _meaning(call, call.errcode) is Meaning.OPERATOR


def _meaning(call: OutboxRow, errcode: int) -> Meaning:
    if call.platform in OF_OFFICIAL:
        return official.meaning(call.endpoint, errcode)
    return wecom.meaning(call.endpoint, errcode)
