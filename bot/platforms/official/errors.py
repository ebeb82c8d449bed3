"""The official account's errcodes.

Source: developers.weixin.qq.com/doc/offiaccount/Getting_Started/Global_Return_Code.html
"""

from bot.platforms.answers import Meaning, table
from bot.platforms.official.endpoints import BLIND_SENDS

BUSY = -1
MEANINGS = table(
    ok=(0, 45065),  # clientmsgid exist: the job was submitted before
    retry=(
        BUSY, 42010, 45061, 45066, 45102, 45169, 46007, 268487001, 268487002, 268488001, 9500001, 9500002,
    ),
    token=(40001, 40014, 42001),
    limit=(45009, 45011, 45028, 45040),
    recipient=(43004, 43019, 43101, 43117, 45015, 45047, 48002, 50002, 50005),
    operator=(
        40013, 40125, 40164, 40243, 40249, 43116, 45087, 45501, 48001, 48003, 48004, 48008, 50001, 61004, 61007,
        89501, 89503, 89504, 89505, 89506, 89507,
    ),
)  # fmt: skip


def meaning(endpoint: str, errcode: int) -> Meaning:
    """What to do about an errcode; one that no table lists will not go away by itself."""
    if endpoint == "stable_token" and errcode == 40001:
        return Meaning.OPERATOR  # here it says that the secret is wrong
    if errcode == BUSY and endpoint in BLIND_SENDS:
        return Meaning.UNKNOWN  # here "busy" does not prove that nobody got the message
    return MEANINGS.get(errcode, Meaning.FINAL)
