"""WeCom's errcodes. Source: developer.work.weixin.qq.com/document/path/90313"""

from bot.platforms.answers import Meaning, table

BUSY = table(
    retry=(-1, 6000, 45035, 41063),
    token=(40014, 42001),
    limit=(45009, 45036),
    crowded=(45033,),
    operator=(
        40001, 40013, 40056, 301002, 41055, 48001, 48002, 48006, 48011, 50001, 50002, 50003, 60011, 60020, 60021,
        60030, 60031, 93000, 93001, 93004, 93008, 301042, 301052, 301053, 301058, 301059, 301111, 301116, 701008,
    ),
)  # fmt: skip
NO_CONTACTS = 84061
"""What the lists of contacts answer for staff who have none: as good as an empty list."""
CONTACT_LISTS = ("externalcontact/list", "externalcontact/batch/get_by_user")
RETRY_IN_WINDOW = 41096
"""Another app is welcoming this contact right now: not proof that it arrived, so worth a try inside the window."""


def meaning(endpoint: str, errcode: int) -> Meaning:
    """What to do about an errcode; one that no table lists will not go away by itself."""
    if errcode == 0:
        return Meaning.OK
    if errcode == RETRY_IN_WINDOW and endpoint == "externalcontact/send_welcome_msg":
        return Meaning.RETRY
    if errcode == NO_CONTACTS and endpoint in CONTACT_LISTS:
        return Meaning.OK
    if errcode == 40001 and endpoint != "gettoken":
        return Meaning.TOKEN
    return BUSY.get(errcode, Meaning.FINAL)
