"""Who does what: contacts scan, write, come and leave; staff accept, command, press, confirm."""

from collections.abc import Awaitable, Callable

from bot.platforms.simulator import CUSTOMER_GROUP, INTERNAL_GROUP, Simulator, external_userid
from bot.platforms.simulator.corp import Contact, Group
from tests.runtime.simulation.fate import Fate

STAFF = ("zhou", "lin")
NAMES = ("mei", "hao", "mei2", "hao2")
WORDS = (
    "多少钱", "怎么买", "我要退款", "看看", "加我微信 vx12345678 返利", "口红有货吗", "好的谢谢", "链接发我",
    "13800138000 可以打这个", "想订一套",
)  # fmt: skip
COMMANDS = (
    "/status",
    "/help",
    "/groups",
    "/lead",
    "/who 梅",
    "/tag add 梅 兴趣/咖啡",
    "/tag remove 梅 兴趣/咖啡",
    "/why 梅",
)
MENU = ("offers", "join", "contact")
FLOOD = 26
"""More posts than a webhook takes in a minute."""


class People:
    """The people of one run."""

    def __init__(self, simulator: Simulator, fate: Fate) -> None:
        self._town, self._fate = simulator, fate
        self._said = 0
        self.parted: set[tuple[str, str]] = set()
        self._acts: tuple[tuple[int, Callable[[], Awaitable[object]]], ...] = (
            (8, self._scan),
            (2, self._accept),
            (2, self._part),
            (1, self._remove),
            (6, self._speak),
            (4, self._join),
            (3, self._leave),
            (1, self._rename),
            (4, self._command),
            (2, self._post),
            (4, self._press),
            (2, self._confirm),
            (2, self._follow),
            (3, self._act_at_account),
            (1, self._edit),
            (1, self._spoil_tokens),
        )

    def settle_in(self) -> None:
        for name in NAMES[2:]:
            self._town.add_contact(name)

    async def act(self) -> None:
        """One person does one thing, if it can be done just now."""
        weights = [weight for weight, _act in self._acts]
        [(_weight, act)] = self._fate.random.choices(self._acts, weights)
        try:
            await act()
        except (KeyError, ValueError, PermissionError):
            return  # nobody to accept, no card to press, not in the group

    async def flood(self) -> None:
        """A manager posts more at once than a group takes in a minute."""
        for _ in range(FLOOD):
            await self._post()

    def _contact(self) -> Contact:
        return self._town.contact_of(external_userid(self._fate.choose(NAMES)))

    def _group(self) -> Group:
        return self._town.group_of(CUSTOMER_GROUP)

    async def _scan(self) -> None:
        state = self._fate.choose(("spring", "store-shanghai"))
        half = self._fate.random.random() < 0.2
        await self._town.scan(state, self._contact(), half=half)

    async def _accept(self) -> None:
        half = [one for one in self._town.corp.relations.values() if one.relation == "half"]
        if half:
            one = self._fate.choose(half)
            await self._town.accept(one.userid, one.external_userid)

    async def _part(self) -> None:
        friends = [one for one in self._town.corp.relations.values() if one.relation == "friend"]
        if friends:
            one = self._fate.choose(friends)
            self.parted.add((one.userid, one.external_userid))
            await self._town.unfollow(one.external_userid, one.userid)

    async def _remove(self) -> None:
        friends = [one for one in self._town.corp.relations.values() if one.relation == "friend"]
        if friends:
            one = self._fate.choose(friends)
            self.parted.add((one.userid, one.external_userid))
            await self._town.remove_contact(one.userid, one.external_userid)

    async def _edit(self) -> None:
        friends = [one for one in self._town.corp.relations.values() if one.relation == "friend"]
        if friends:
            one = self._fate.choose(friends)
            await self._town.edit_contact(one.userid, one.external_userid, remark="老客")

    async def _speak(self) -> None:
        words = self._fate.choose(WORDS)
        if self._fate.random.random() < 0.6:
            await self._town.say(self._contact(), words, CUSTOMER_GROUP)
        else:
            await self._town.say(self._contact(), words, to=self._fate.choose(STAFF))

    async def _join(self) -> None:
        contact = self._contact()
        if self._group().find(contact.external_userid) is None:
            await self._town.join(CUSTOMER_GROUP, contact)

    async def _leave(self) -> None:
        contact = self._contact()
        if self._group().find(contact.external_userid) is None:
            return
        if self._fate.random.random() < 0.3:
            await self._town.kick(CUSTOMER_GROUP, contact, by="zhou")
        else:
            await self._town.leave(CUSTOMER_GROUP, contact)

    async def _rename(self) -> None:
        self._said += 1
        if self._fate.random.random() < 0.5:
            await self._town.change_notice(CUSTOMER_GROUP, f"公告{self._said}")
        else:
            await self._town.change_owner(CUSTOMER_GROUP, self._fate.choose(STAFF))

    async def _command(self) -> None:
        await self._town.tell(self._fate.choose(("lin", "lin", "zhou")), self._fate.choose(COMMANDS))

    async def _post(self) -> None:
        """Each post says something of its own, so that twice can be told from two."""
        self._said += 1
        group = self._fate.choose((INTERNAL_GROUP, INTERNAL_GROUP, CUSTOMER_GROUP))
        when = self._fate.choose(("now", "now", "at 10:20"))
        await self._town.tell("lin", f"/post {group} {when} 福利第{self._said}条")

    async def _press(self) -> None:
        who = self._fate.choose(("lin", "zhou", "boss"))
        card = self._fate.choose(self._town.cards_of(who) or [None])
        if card is None:
            return
        shown = card.content["card"]
        assert isinstance(shown, dict)
        buttons = shown.get("button_list") or []
        if buttons:
            await self._town.press(who, card, str(self._fate.choose(buttons)["key"]))

    async def _confirm(self) -> None:
        await self._town.confirm(self._fate.choose(STAFF))

    async def _follow(self) -> None:
        await self._town.follow(self._fate.choose(NAMES), self._fate.choose((None, "spring")))

    async def _act_at_account(self) -> None:
        who = self._fate.choose(NAMES)
        match self._fate.random.randrange(3):
            case 0:
                await self._town.write(who, self._fate.choose(WORDS))
            case 1:
                await self._town.click(who, self._fate.choose(MENU))
            case _:
                await self._town.unfollow_official(who)

    async def _spoil_tokens(self) -> None:
        self._town.tokens.invalidate()
        self._town.official_tokens.invalidate()
