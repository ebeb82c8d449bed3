"""Group hygiene, from the message to the measure."""

from datetime import timedelta
from typing import Any

import pytest

from bot.community import tagging
from bot.model.events import MemberLeft, MessageReceived
from bot.model.tables import AuditRow, Behaviour, ContactTag, CustomerGroup, HygieneCase, Staff, StaffTask
from tests.community.people import BOSS, GROUP, HAO, LIN, MEI, ZHOU, Community

BAD = "姐妹们加薇❤ abc12345 返利群"


def case(community: Community) -> HygieneCase:
    [found] = community.rows(HygieneCase)
    return found


def left(community: Community, *, removed: bool, ago: timedelta = timedelta()) -> MemberLeft:
    return MemberLeft(at=community.clock.now() - ago, chat_id=GROUP, contact_id=MEI, scene=1 if removed else 0)


def test_a_blocked_word_is_one_case_and_one_card_to_owner_and_manager(community: Community) -> None:
    community.say(BAD)
    found = case(community)
    assert (found.state, found.chat_id, found.contact_id) == ("open", GROUP, MEI)
    assert found.rules == ["advert", "contact"]
    assert "加薇❤" in [found.quote[start:end] for start, end in found.spans]
    [sent] = community.cards()
    assert sent["touser"] == "zhou|lin"
    card = sent["template_card"]
    assert "Mei" in card["main_title"]["title"]
    assert "广告引流" in card["main_title"]["desc"]
    assert "【加薇❤】" in card["quote_area"]["quote_text"]
    assert [button["key"] for button in card["button_list"]] == ["warn", "remove", "block", "ignore"]


def test_a_link_that_is_not_listed_breaks_the_rule(community: Community) -> None:
    community.say("快看 https://taobao-deals.cn/x")
    assert case(community).rules == ["link"]
    assert community.cards()[0]["template_card"]["main_title"]["desc"] == "未登记的链接"


def test_the_same_message_told_twice_is_one_case(community: Community) -> None:
    community.say(BAD, message_id="same")
    community.say(BAD, message_id="same")
    assert case(community).quote == BAD
    assert len(community.cards()) == 1


def test_who_repeats_it_while_the_card_waits_adds_to_the_case(community: Community) -> None:
    community.say("快进返利群")
    community.say("https://evil.cn/a 看这里")
    found = case(community)
    assert found.rules == ["advert", "link"]
    assert [found.quote[start:end] for start, end in found.spans] == ["返利群", "https://evil.cn/a"]
    assert len(community.cards()) == 1
    community.pass_time(11)
    community.say("返利群还有位置")
    assert len(community.rows(HygieneCase)) == 2
    assert len(community.cards()) == 2


def test_two_contacts_in_the_same_second_are_two_cases(community: Community) -> None:
    community.say(BAD, MEI)
    community.say(BAD, HAO)
    assert {found.contact_id for found in community.rows(HygieneCase)} == {MEI, HAO}
    tasks = [sent["template_card"]["task_id"] for sent in community.cards()]
    assert len(set(tasks)) == 2


def test_an_owner_who_is_the_manager_gets_one_card(community: Community) -> None:
    community.settings.roles.manager[:] = ["Zhou"]
    community.say(BAD)
    assert community.cards()[0]["touser"] == "zhou"


def test_an_owner_who_left_is_replaced(community: Community) -> None:
    def leave(work: Any) -> None:
        work.session.get(Staff, "zhou").status = 5

    community.work(leave)
    community.say(BAD)
    assert community.cards()[0]["touser"] == "lin"


def test_staff_trusted_contacts_and_people_outside_groups_are_not_judged(community: Community) -> None:
    community.work(lambda work: tagging.add_tags(work, MEI, ["群规/信任"], source="staff", rule="command"))
    community.say(BAD)
    community.say(BAD, HAO, chat_id=None, to=ZHOU)
    community.handle(
        MessageReceived(
            at=community.clock.now(), channel="archive", message_id="s1", text=BAD, user_id=ZHOU, chat_id=GROUP
        )
    )
    assert community.rows(HygieneCase) == []


def test_an_expired_trust_is_none(community: Community) -> None:
    expires_at = community.clock.now() + timedelta(minutes=5)
    community.work(
        lambda work: tagging.add_tags(work, MEI, ["群规/信任"], source="staff", rule="x", expires_at=expires_at)
    )
    community.pass_time(6)
    community.say(BAD)
    assert case(community).state == "open"


def test_shadow_mode_writes_down_and_tells_nobody(community: Community) -> None:
    rules = community.rules.hygiene.model_copy(update={"shadow": True})
    community.rules = type(community.rules)(hygiene=rules)
    community.say(BAD)
    assert case(community).state == "shadow"
    assert community.cards() == []


def test_a_message_of_ten_kilobytes_is_quoted_around_the_hit(community: Community) -> None:
    community.say("很长" * 5000 + "返利群" + "😀" * 3000)
    found = case(community)
    assert len(found.quote) <= 2000
    [(start, end)] = found.spans
    assert found.quote[start:end] == "返利群"
    assert "【返利群】" in community.cards()[0]["template_card"]["quote_area"]["quote_text"]


def test_half_an_emoji_in_a_message_harms_nobody(community: Community) -> None:
    community.say("返利群 \ud83d 快来👨‍👩‍👧")
    assert case(community).quote.startswith("返利群 \ufffd")


def test_a_group_nobody_knows_goes_to_the_manager(community: Community) -> None:
    def forget(work: Any) -> None:
        work.session.delete(work.session.get(CustomerGroup, GROUP))

    community.work(forget)
    community.say(BAD)
    assert community.cards()[0]["touser"] == "lin"


def test_the_first_press_decides_and_changes_the_card_for_everyone(community: Community) -> None:
    community.say(BAD)
    card = community.cards()[0]
    community.press(card, "ignore", ZHOU, "code-1")
    found = case(community)
    assert (found.state, found.measure, found.decided_by) == ("ignored", "ignore", "zhou")
    [update] = community.updates()
    assert update["response_code"] == "code-1"
    assert update["userids"] == ["zhou", "lin"]
    assert "Zhou" in update["template_card"]["replace_text"]
    assert [row.action for row in community.rows(AuditRow)] == ["hygiene.ignore"]


def test_the_second_presser_is_told_how_it_was_decided(community: Community) -> None:
    community.say(BAD)
    card = community.cards()[0]
    community.press(card, "ignore", ZHOU, "code-1")
    community.press(card, "block", LIN, "code-2")
    assert case(community).state == "ignored"
    assert community.texts() == [("lin", "Zhou let it pass")]
    assert [update["response_code"] for update in community.updates()] == ["code-1", "code-2"]
    assert len(community.rows(AuditRow)) == 1


def test_a_press_by_somebody_who_did_not_get_the_card_changes_nothing(community: Community) -> None:
    community.say(BAD)
    community.press(community.cards()[0], "ignore", BOSS)
    assert case(community).state == "open"
    assert community.texts()[0][0] == "boss"


@pytest.mark.parametrize("button", ["", "kick", "claim"])
def test_an_unknown_button_is_harmless(community: Community, button: str) -> None:
    community.say(BAD)
    community.press(community.cards()[0], button, ZHOU)
    assert case(community).state == "open"
    assert len(community.texts()) == 1


def test_a_warning_is_asked_of_the_owner_and_remembered(community: Community) -> None:
    community.say(BAD)
    community.press(community.cards()[0], "warn", LIN)
    assert case(community).state == "warned"
    [(to, text)] = community.texts()
    assert to == "zhou"
    assert "Mei" in text
    assert "warned" in [row.name for row in community.rows(Behaviour)]


def test_a_removal_is_a_task_until_the_member_has_gone(community: Community) -> None:
    community.say(BAD)
    community.press(community.cards()[0], "remove", LIN)
    assert case(community).state == "removal_asked"
    [task] = community.rows(StaffTask)
    assert (task.user_id, task.state, task.chat_id) == ("zhou", "open", GROUP)
    assert community.cards()[1]["touser"] == "zhou"
    community.handle(left(community, removed=True))
    [task] = community.rows(StaffTask)
    assert task.state == "done"
    assert (case(community).state, case(community).decided_by) == ("removed", "lin")


def test_who_leaves_unasked_closes_the_task_but_was_not_removed(community: Community) -> None:
    community.say(BAD)
    community.press(community.cards()[0], "remove", LIN)
    community.handle(left(community, removed=False))
    assert community.rows(StaffTask)[0].state == "done"
    assert case(community).state == "removal_asked"


def test_a_departure_from_before_the_case_says_nothing(community: Community) -> None:
    community.say(BAD)
    community.press(community.cards()[0], "remove", LIN)
    community.handle(left(community, removed=True, ago=timedelta(minutes=1)))
    assert community.rows(StaffTask)[0].state == "open"


def test_an_owner_who_removes_the_member_at_once_has_decided(community: Community) -> None:
    community.say(BAD)
    [row] = community.calls("message/send")
    community.finish(row, {"msgid": "1", "response_code": "sent-code"})
    community.handle(left(community, removed=True))
    assert case(community).state == "removed"
    assert community.updates()[0]["response_code"] == "sent-code"


def test_the_blocklist_is_a_tag_and_a_task(community: Community) -> None:
    community.say(BAD)
    community.press(community.cards()[0], "block", ZHOU)
    [tag] = community.rows(ContactTag)
    assert (tag.name, tag.source, tag.rule) == ("群规/黑名单", "staff", "hygiene:advert+contact")
    assert len(community.rows(StaffTask)) == 1


def test_each_behaviour_counts_once(community: Community) -> None:
    community.say("看 https://evil.cn 怎么买？", message_id="one")
    names = sorted(row.name for row in community.rows(Behaviour))
    assert names == ["asked_question", "keyword_hit", "rule_broken", "sent_link", "spoke_in_group"]
    community.say("看 https://evil.cn 怎么买？", message_id="one")
    assert len(community.rows(Behaviour)) == len(names)
