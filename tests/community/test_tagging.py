"""Keyword tags: each marked once, with its reason, and what WeCom would not take."""

from datetime import timedelta
from typing import Any

from bot.community import tagging
from bot.model.ids import ContactId
from bot.model.tables import ContactTag, ExternalContact
from bot.storage.work import Work
from tests.community.people import BOSS, LIN, MEI, START, Community, follow

LIP, PRICE, LOCAL = "兴趣/口红", "价格敏感/是", "兴趣/成分"


def tags(community: Community) -> dict[str, ContactTag]:
    return {tag.name: tag for tag in community.rows(ContactTag)}


def marks(community: Community) -> list[dict[str, Any]]:
    return [row.body for row in community.calls("externalcontact/mark_tag")]


def add(community: Community, *names: str, **how: Any) -> None:
    def do(work: Work) -> None:
        tagging.add_tags(work, MEI, names, **({"source": "sop", "rule": "contact/welcome"} | how))

    community.work(do)


def test_a_message_tags_its_writer_with_source_rule_and_words(community: Community) -> None:
    community.say("这个唇釉太贵了")
    found = tags(community)
    assert (found[LIP].source, found[LIP].rule, found[LIP].evidence) == ("rule", "tagging:lipstick", "唇釉")
    assert found[LIP].expires_at == START + timedelta(days=180)
    [mark] = marks(community)
    assert mark == {"userid": "zhou", "external_userid": "wmMEI", "add_tag": ["etPRICE", "etLIP"]}
    assert community.calls("externalcontact/mark_tag")[0].subject == "pair:zhou:wmMEI"


def test_a_tag_they_carry_is_not_marked_again(community: Community) -> None:
    community.say("口红")
    community.say("口红口红")
    assert len(marks(community)) == 1


def test_one_call_for_each_staff_member_who_follows(community: Community) -> None:
    community.add(follow(MEI, LIN), follow(MEI, BOSS, "half"))
    community.say("口红")
    assert {mark["userid"] for mark in marks(community)} == {"zhou", "lin"}


def test_a_message_to_one_staff_member_marks_that_pair(community: Community) -> None:
    community.add(follow(MEI, LIN))
    community.say("口红", chat_id=None, to=LIN)
    assert [mark["userid"] for mark in marks(community)] == ["lin"]


def test_a_name_that_is_no_corp_tag_stays_local(community: Community) -> None:
    community.say("有什么成分")
    assert LOCAL in tags(community)
    assert marks(community) == []


def test_a_contact_nobody_follows_is_tagged_locally(bare: Community) -> None:
    bare.say("口红")
    assert LIP in tags(bare)
    assert marks(bare) == []


def test_a_contact_without_a_wecom_id_is_tagged_locally(community: Community) -> None:
    community.add(ExternalContact(id=3, first_seen_at=START))
    community.work(lambda work: tagging.add_tags(work, ContactId(3), [LIP], source="rule", rule="x"))
    assert marks(community) == []


def test_the_same_name_twice_in_one_call_is_one_tag(community: Community) -> None:
    add(community, LIP, LIP, PRICE)
    [mark] = marks(community)
    assert sorted(mark["add_tag"]) == ["etLIP", "etPRICE"]


def test_removing_marks_only_what_they_carry_and_adding_again_revives(community: Community) -> None:
    add(community, LIP)
    community.work(lambda work: tagging.remove_tags(work, MEI, [LIP, PRICE], rule="command"))
    assert tags(community)[LIP].removed_at == START
    assert marks(community)[1] == {"userid": "zhou", "external_userid": "wmMEI", "remove_tag": ["etLIP"]}
    community.work(lambda work: tagging.remove_tags(work, MEI, [LIP], rule="command"))
    assert len(marks(community)) == 2
    add(community, LIP, source="staff", rule="command")
    assert (tags(community)[LIP].removed_at, tags(community)[LIP].source) == (None, "staff")
    assert len(marks(community)) == 3


def test_a_tag_that_has_run_out_is_put_on_anew(community: Community) -> None:
    add(community, LIP, expires_at=START + timedelta(days=1))
    add(community, LIP, expires_at=START + timedelta(days=2))
    assert tags(community)[LIP].expires_at == START + timedelta(days=2)
    assert len(marks(community)) == 1
    community.pass_time(3 * 24 * 60)
    add(community, LIP)
    assert tags(community)[LIP].expires_at is None
    assert len(marks(community)) == 2


def test_what_wecom_refuses_is_noted_in_the_ledger(community: Community) -> None:
    add(community, LIP, evidence="唇釉")
    [row] = community.calls("externalcontact/mark_tag")
    community.finish(row, errcode=84061)
    assert tags(community)[LIP].evidence == "唇釉 [zhou: errcode 84061]"
    assert tags(community)[LIP].removed_at is None


def test_a_finished_mark_of_somebody_else_is_none_of_ours(community: Community) -> None:
    add(community, LIP)
    [row] = community.calls("externalcontact/mark_tag")
    row.note = {}
    community.finish(row, errcode=84061)
    assert tags(community)[LIP].evidence == ""
