"""Scripted scenes for the page: people act, and the story waits to see what the bot makes of it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from .cast import CUSTOMER_GROUP, SPRING, STORE
from .corp import Shown

if TYPE_CHECKING:
    from .simulator import Simulator

COMMANDS = ("/help", "/who 梅", "/lead", "/report week")
POST = f"/post {CUSTOMER_GROUP} now 明早十点到店，口红第二支半价"
PATIENCE = ("消息经会话存档取回，最多等 15 秒。", "Messages come by the archive, which tells of them every 15 s.")
_POLL = timedelta(milliseconds=250)


class Story:
    """One playing of one scene; `pace` is the pause between lines, `contact` whose phone there is most to see on."""

    def __init__(self, simulator: "Simulator", name: str, pace: timedelta) -> None:
        self.simulator, self.name, self.pace = simulator, name, pace
        self.contact = ""

    async def play(self) -> None:
        self.simulator.narration.clear()
        await STORIES[self.name](self)
        await self.tell("剧终。", "The end.")

    async def tell(self, zh: str, en: str) -> None:
        self.simulator.narration.append({"story": self.name, "contact": self.contact, "zh": zh, "en": en})
        self.simulator.bell.ring()
        await self.simulator.clock.sleep(self.pace)

    async def wait(self, seen: Callable[[], bool], zh: str, en: str, seconds: float = 25) -> bool:
        """Look until something is seen, then say so; say that it did not come when time is up."""
        for _ in range(int(seconds / _POLL.total_seconds())):
            if seen():
                await self.tell(zh, en)
                return True
            await self.simulator.clock.sleep(min(_POLL, self.pace))
        await self.tell("（机器人没有反应）", "(The bot did not react.)")
        return False

    def cards(self, *staff: str) -> list[tuple[str, Shown]]:
        return [(userid, card) for userid in staff for card in self.simulator.cards_of(userid)]

    def new_cards(self, before: int, *staff: str) -> Callable[[], bool]:
        return lambda: len(self.cards(*staff)) > before

    async def press_first(self, *staff: str) -> None:
        """The first button of the newest card that can still be pressed, by the first of the staff who holds one."""
        for userid, card in sorted(self.cards(*staff), key=lambda held: (staff.index(held[0]), -held[1].number)):
            content = card.content.get("card")
            buttons = content.get("button_list", []) if isinstance(content, dict) else []
            if buttons and not card.content.get("replaced"):
                name, text = self.simulator.name_of(userid), buttons[0]["text"]
                await self.simulator.press(userid, card, str(buttons[0]["key"]))
                await self.tell(f"{name}点了「{text}」。", f"{userid.capitalize()} presses “{text}”.")
                return


async def welcome(story: Story) -> None:
    simulator = story.simulator
    who, name = _stranger(story, "mei")
    await story.tell(f"{name}在海报上扫了春季活码。", f"{name} scans the spring live code on a poster.")
    scan = await simulator.scan(SPRING, who)
    seen = await story.wait(
        lambda: bool(simulator.inbox_of(who)), f"欢迎语到了{name}的手机。", f"The welcome is on {name}'s phone."
    )
    if seen:
        seconds = (simulator.inbox_of(who)[0].at - scan.at).total_seconds()
        await story.tell(f"用时 {seconds:.1f} 秒（上限 20 秒）。", f"It took {seconds:.1f} s of the 20 allowed.")
    await story.wait(lambda: bool(simulator.tags_of(who)), "渠道标签已打上。", "The channel's tags are on.", 8)


async def hygiene(story: Story) -> None:
    simulator, before = story.simulator, len(story.cards("zhou", "lin"))
    await _gather(story)
    await story.tell("浩在福利群里发广告。", "Hao posts an advertisement in the group.")
    await simulator.say("hao", "加V信 xiaopu888 低价代购，点 http://cheap.example/x 领红包", CUSTOMER_GROUP)
    await story.tell(PATIENCE[0], PATIENCE[1])
    story_cards = story.new_cards(before, "zhou", "lin")
    if await story.wait(story_cards, "群主和社群经理收到卡片。", "The owner and the manager get a card.", 40):
        await story.press_first("zhou", "lin")


async def tagging(story: Story) -> None:
    simulator, before = story.simulator, len(story.cards("zhou", "lin"))
    who, name = _stranger(story, "mei")
    await _arrive(story, who, name)
    await simulator.join(CUSTOMER_GROUP, who)
    marked = len(simulator.calls("externalcontact/mark_tag"))
    await story.tell(f"{name}在群里问价。", f"{name} asks for a price in the group.")
    await simulator.say(who, "这支口红有优惠吗？多少钱", CUSTOMER_GROUP)
    await story.tell(PATIENCE[0], PATIENCE[1])
    await story.wait(
        lambda: len(simulator.calls("externalcontact/mark_tag")) > marked,
        f"机器人给{name}打上了标签。", f"The bot has tagged {name}.", 40,
    )  # fmt: skip
    await simulator.say(who, "怎么买？现在能发货吗", CUSTOMER_GROUP)
    if await story.wait(story.new_cards(before, "zhou", "lin"), "线索提醒来了。", "A lead alert arrives.", 40):
        await story.press_first("zhou", "lin")


async def loss(story: Story) -> None:
    simulator, before = story.simulator, len(story.cards("zhou", "lin", "boss"))
    who, name = _stranger(story, "hao")
    await _arrive(story, who, name)
    await story.tell(f"{name}删除了周。", f"{name} deletes Zhou.")
    await simulator.unfollow(who, "zhou")
    await story.wait(story.new_cards(before, "zhou", "lin", "boss"), "流失提醒来了。", "A loss alert arrives.")


async def group_post(story: Story) -> None:
    simulator = story.simulator
    before = len(simulator.mass_sends)
    await story.tell("林经理用一条命令准备群发。", "Lin prepares a group post by a command.")
    await simulator.tell("lin", POST)
    if not await story.wait(
        lambda: len(simulator.mass_sends) > before,
        "群主周收到待确认的群发。", "Zhou, the owner, has a mass send to confirm.",
    ):  # fmt: skip
        return
    await simulator.confirm("zhou")
    await story.tell("周点了发送，群里看到了。", "Zhou taps send, and the group sees it.")


async def official(story: Story) -> None:
    simulator = story.simulator
    await story.tell("梅扫海报关注公众号。", "Mei follows the official account by a poster.")
    await simulator.follow("mei", SPRING)
    await story.tell("梅发「营业时间」。", "Mei writes “opening hours”.")
    await simulator.write("mei", "营业时间")
    await story.tell("梅点菜单「本周福利」。", "Mei taps “offers” in the menu.")
    await simulator.click("mei", "offers")


async def commands(story: Story) -> None:
    for text in COMMANDS:
        before = len(story.simulator.inbox_of("lin"))
        await story.tell(f"林经理：{text}", f"Lin: {text}")
        await story.simulator.tell("lin", text)
        await story.wait(_answered(story, before), "机器人回答了。", "The bot answers.", 15)


def _answered(story: Story, before: int) -> Callable[[], bool]:
    return lambda: any(one.sender == "app" for one in story.simulator.inbox_of("lin")[before:])


def _stranger(story: Story, name: str) -> tuple[str, str]:
    """Somebody whom the bot does not know yet: Mei or Hao the first time, a namesake after that."""
    simulator = story.simulator
    contact = simulator.contact_of(name)
    if any(external == contact.external_userid for _userid, external in simulator.corp.relations):
        plays = sum(one.key.startswith(f"{name}-") for one in simulator.corp.contacts.values()) + 2
        contact = simulator.add_contact(f"{name}-{plays}", f"{contact.name}{plays}")
    story.contact = contact.key
    return contact.key, contact.name


async def _arrive(story: Story, who: str, name: str) -> None:
    """Let somebody add Zhou, and wait for the welcome."""
    await story.simulator.scan(STORE, who)
    greeted = story.simulator.inbox_of
    await story.wait(lambda: bool(greeted(who)), f"{name}在门店加了周。", f"{name} has added Zhou in the shop.")


async def _gather(story: Story) -> None:
    """Bring Mei and Hao into the group, as the scenes expect."""
    group = story.simulator.group_of(CUSTOMER_GROUP)
    for name in ("mei", "hao"):
        await story.simulator.befriend("zhou", name, STORE)
        if group.find(story.simulator.contact_of(name).external_userid) is None:
            await story.simulator.join(group, name)


STORIES: dict[str, Callable[[Story], Awaitable[None]]] = {
    "welcome": welcome,
    "hygiene": hygiene,
    "tagging": tagging,
    "loss": loss,
    "group_post": group_post,
    "official": official,
    "commands": commands,
}
