"""Posts: spoken at once in internal groups, asked of owners in customer groups, and followed to the end."""

from typing import Any

import pytest

from bot.community import mass_sends, mass_tasks, posts
from bot.community.paragraphs import pieces
from bot.model.calls import Upload
from bot.model.events import CallFinished, StaffWrote
from bot.model.ids import CallId, ChatId, UserId
from bot.model.tables import CustomerGroup, MassSend, OutboxRow, Post, Suppression, TimerRow
from bot.storage.work import Work
from handlers import commands
from handlers import posts as handlers
from tests.community.people import GROUP, Community

VIP, TRAFFIC, TEAM, OFFICE = ChatId("wrVIP"), ChatId("wrTRAFFIC"), ChatId("webhook:team"), ChatId("office")
CREATE, TASK, RESULT = mass_tasks.CREATE, mass_sends.TASK, mass_sends.RESULT


@pytest.fixture
def groups(community: Community) -> Community:
    """Zhou owns two customer groups, Lin one; two internal groups."""
    community.router.include(handlers.router)
    community.router.include(commands.router)
    community.add(
        CustomerGroup(chat_id=TRAFFIC, name="Traffic", owner="zhou"),
        CustomerGroup(chat_id=VIP, name="VIP", owner="lin"),
        CustomerGroup(chat_id=TEAM, name="team", kind="webhook"),
        CustomerGroup(chat_id=OFFICE, name="office", kind="appchat"),
    )
    return community


def post_now(here: Community, *chat_ids: ChatId, key: str = "k", text: str = "Hello", **more: Any) -> int:
    def do(work: Work) -> int:
        attachments = more.get("attachments", [])
        author = more.get("author", "lin")
        post = posts.post_to_groups(work, key=key, author=author, text=text, attachments=attachments, chat_ids=chat_ids)
        assert post.id is not None
        return post.id

    return here.work(do)


def the_mass_send(here: Community) -> MassSend:
    [mass] = here.rows(MassSend)
    return mass


def the_post(here: Community) -> Post:
    [post] = here.rows(Post)
    return post


def last(here: Community, endpoint: str) -> OutboxRow:
    return here.calls(endpoint)[-1]


def created(here: Community, msg_id: str = "msg1") -> None:
    """WeCom has taken the task."""
    here.finish(last(here, CREATE), {"msgid": msg_id, "fail_list": []})


def unconfirmed(here: Community, user: str = "zhou") -> None:
    here.finish(last(here, TASK), {"task_list": [{"userid": user, "status": 0}]})


def confirmed(here: Community, user: str = "zhou") -> None:
    at = int(here.clock.now().timestamp())
    here.finish(last(here, TASK), {"task_list": [{"userid": user, "status": 2, "send_time": at}]})


# ── by the kind of group ───────────────────────────────────────────────────────────────────────────────────────────


def test_each_kind_of_group_is_reached_by_its_own_road(groups: Community) -> None:
    post_now(groups, TEAM, OFFICE, GROUP, TRAFFIC, VIP)
    [webhook] = groups.calls("webhook/send")
    assert webhook.body == {"key": "webhook:team", "msgtype": "text", "text": {"content": "Hello"}}
    [appchat] = groups.calls("appchat/send")
    assert appchat.body == {"chatid": "office", "msgtype": "text", "text": {"content": "Hello"}}
    by_zhou, by_lin = groups.calls(CREATE)
    assert by_zhou.body == {
        "chat_type": "group",
        "sender": "zhou",
        "chat_id_list": [GROUP, TRAFFIC],
        "text": {"content": "Hello"},
    }
    assert by_lin.body["chat_id_list"] == [VIP]
    assert by_zhou.follow
    assert by_lin.follow


def test_the_same_post_twice_is_one(groups: Community) -> None:
    post_now(groups, TEAM, GROUP)
    post_now(groups, TEAM, GROUP)
    assert len(groups.calls("webhook/send")) == len(groups.calls(CREATE)) == len(groups.rows(Post)) == 1


def test_groups_that_come_one_by_one_join_one_task_of_their_owner(groups: Community) -> None:
    for chat_id in (GROUP, TRAFFIC, VIP, GROUP):
        post_now(groups, chat_id, key="group/day:2026-03-02:send")
    by_zhou, by_lin = groups.calls(CREATE)
    assert by_zhou.body["chat_id_list"] == [GROUP, TRAFFIC]
    assert by_lin.body["chat_id_list"] == [VIP]
    assert by_zhou.ready_at - by_zhou.planned_at == mass_tasks.GATHER
    assert [mass.chat_ids for mass in groups.rows(MassSend)] == [[GROUP, TRAFFIC], [VIP]]
    assert the_post(groups).chat_ids == [GROUP, TRAFFIC, VIP]


def test_several_groups_in_one_transaction_join_one_task(groups: Community) -> None:
    def fire(work: Work) -> None:
        for chat_id in (GROUP, TRAFFIC):
            posts.post_to_groups(work, key="k", author="sop:x", text="Hi", attachments=[], chat_ids=[chat_id])

    groups.work(fire)
    [call] = groups.calls(CREATE)
    assert call.body["chat_id_list"] == [GROUP, TRAFFIC]


def test_a_group_that_comes_after_the_task_has_left_gets_a_task_of_its_own(groups: Community) -> None:
    post_now(groups, GROUP)
    groups.work(lambda work: setattr(work.session.get(OutboxRow, last(groups, CREATE).id), "state", "sending"))
    post_now(groups, TRAFFIC)
    first, second = groups.calls(CREATE)
    assert (first.body["chat_id_list"], second.body["chat_id_list"]) == ([GROUP], [TRAFFIC])
    assert [mass.dedupe_key for mass in groups.rows(MassSend)] == ["k:zhou", "k:zhou:2"]


def end(here: Community, endpoint: str, outcome: str = "sent", errcode: int = 0) -> None:
    """The calls of an endpoint have ended, in the ledger too."""
    for row in here.calls(endpoint):
        here.work(lambda work, row=row: setattr(work.session.get(OutboxRow, row.id), "state", outcome))  # type: ignore[misc]
        here.finish(row, errcode=errcode)


def test_a_post_to_internal_groups_is_on_its_way_until_its_messages_have_left(groups: Community) -> None:
    assert "on its way" in write(groups, "/post team,office now Hello")
    assert the_post(groups).state == "prepared"
    end(groups, "webhook/send")
    assert the_post(groups).state == "prepared"
    assert groups.texts()[1:] == []
    end(groups, "appchat/send", "failed", 86008)
    assert the_post(groups).state == "done"
    assert [told for _to, told in groups.texts()[1:]] == [
        "“Hello” did not reach office: WeCom answered 86008.",
        "Post 1 is out: 1 groups have it, 1 could not be reached, 0 were over their cap.",
    ]
    post_now(groups, TEAM, GROUP, key="command:again")
    assert groups.rows(Post)[-1].state == "prepared"


def test_more_groups_join_a_post_that_was_done(groups: Community) -> None:
    post_now(groups, TEAM)
    end(groups, "webhook/send")
    assert the_post(groups).state == "done"
    post_now(groups, TEAM, GROUP)
    assert the_post(groups).state == "prepared"
    assert len(groups.calls("webhook/send")) == 1


def test_groups_that_are_gone_or_have_no_owner_are_left_out(groups: Community) -> None:
    groups.add(CustomerGroup(chat_id="wrORPHAN", name="Orphan"))
    groups.add(CustomerGroup(chat_id="wrGONE", name="Gone", owner="zhou", dismissed_at=groups.clock.now()))
    post_now(groups, ChatId("wrORPHAN"), ChatId("wrGONE"), ChatId("wrUNKNOWN"))
    assert groups.calls(CREATE) == []
    assert the_post(groups).state == "done"


def test_a_long_text_reaches_an_internal_group_in_pieces_and_an_owner_whole(groups: Community) -> None:
    text = "\n".join(f"第{n}行 " + "字" * 200 for n in range(6))
    post_now(groups, TEAM, GROUP, text=text)
    said = [row.body["text"]["content"] for row in groups.calls("webhook/send")]
    assert len(said) == 2
    assert "\n".join(said) == text
    assert all(len(piece.encode()) <= 2048 for piece in said)
    assert last(groups, CREATE).body["text"]["content"] == text


def test_attachments_go_where_they_can(groups: Community) -> None:
    image = {"msgtype": "image", "image": {"media_id": Upload(path="a.png").placeholder()}}
    link = {"msgtype": "link", "link": {"title": "Spring", "url": "https://example.com", "desc": "new"}}
    post_now(groups, TEAM, OFFICE, GROUP, attachments=[image, link])
    assert last(groups, CREATE).body["attachments"] == [image, link]
    assert [row.body["msgtype"] for row in groups.calls("webhook/send")] == ["text", "news"]
    assert [row.body["msgtype"] for row in groups.calls("appchat/send")] == ["text", "image", "news"]


def test_more_groups_than_a_task_takes_make_several_tasks(groups: Community) -> None:
    many = [ChatId(f"wr{number:05}") for number in range(mass_tasks.MOST_GROUPS + 2)]
    groups.add(*(CustomerGroup(chat_id=chat_id, owner="zhou") for chat_id in many))
    post_now(groups, *many[:-1])
    post_now(groups, many[-1])
    parts = [call.body["chat_id_list"] for call in groups.calls(CREATE)]
    assert [len(part) for part in parts] == [mass_tasks.MOST_GROUPS, 2]
    assert [*parts[0], *parts[1]] == many
    for number, (call, mass) in enumerate(zip(groups.calls(CREATE), groups.rows(MassSend), strict=True)):
        groups.finish(call, {"msgid": f"msg{number}"})
        groups.work(lambda work, mass=mass: setattr(work.session.get(MassSend, mass.id), "state", "sent"))  # type: ignore[misc]
    groups.pass_time(30)
    for call, part in zip(groups.calls(RESULT), parts, strict=True):
        groups.finish(call, {"send_list": [{"chat_id": chat_id, "status": 1} for chat_id in part]})
    assert groups.texts()[-1][1].startswith("Post 1 is out: 2002 groups have it, 0 could not be reached")


def test_a_group_whose_cap_is_full_is_left_out_and_the_author_hears_of_it(groups: Community) -> None:
    for number in range(32):  # March has 31 days
        post_now(groups, GROUP, *([VIP] if number == 31 else []), key=f"k{number}", text=f"Hello {number}")
    assert len(groups.calls(CREATE, sender="zhou")) == 31
    assert len(groups.calls(CREATE, sender="lin")) == 1
    assert groups.texts() == [
        ("lin", "“Hello 31” does not go to Spring: WeCom takes no more mass sends there for now.")
    ]
    [held] = groups.rows(Suppression)
    assert (held.sop, held.subject, held.rule) == ("post:32", f"group:{GROUP}", "mass send cap")
    groups.work(lambda work: posts.cancel(work, posts.get(work, 5)))
    post_now(groups, GROUP, key="instead")
    assert len(groups.calls(CREATE, sender="zhou")) == 32


def test_what_staff_sent_by_themselves_is_learnt_from_the_result(groups: Community) -> None:
    post_now(groups, GROUP)
    created(groups)
    groups.pass_time(30)
    confirmed(groups)
    groups.finish(last(groups, RESULT), {"send_list": [{"chat_id": GROUP, "status": 3}]})
    post_now(groups, GROUP, TRAFFIC, key="again")
    assert last(groups, CREATE).body["chat_id_list"] == [TRAFFIC]
    groups.pass_time(30 * 24 * 60)
    post_now(groups, GROUP, key="in April")
    assert last(groups, CREATE).body["chat_id_list"] == [GROUP]


# ── the tap ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_owner_who_confirms_is_left_alone_and_the_author_hears_the_result(groups: Community) -> None:
    post_now(groups, GROUP, TRAFFIC)
    created(groups)
    assert the_mass_send(groups).state == "waiting"
    groups.pass_time(30)
    confirmed(groups)
    assert the_mass_send(groups).state == "sent"
    groups.finish(
        last(groups, RESULT), {"send_list": [{"chat_id": GROUP, "status": 1}, {"chat_id": TRAFFIC, "status": 3}]}
    )
    assert the_mass_send(groups).results == {"sent": 1, "failed": 0, "over_cap": 1}
    assert the_post(groups).state == "done"
    assert groups.texts() == [
        ("lin", "Post 1 is out: 1 groups have it, 0 could not be reached, 1 were over their cap.")
    ]


def test_a_silent_owner_is_reminded_then_the_managers_hear_of_it(groups: Community) -> None:
    post_now(groups, GROUP, author="boss")
    created(groups)
    groups.pass_time(29)
    assert groups.calls(TASK) == []
    groups.pass_time(1)
    unconfirmed(groups)
    [remind] = groups.calls(mass_sends.REMIND)
    assert remind.body == {"msgid": "msg1"}
    assert groups.texts() == [("zhou", "1 groups wait for you to confirm a mass send: “Hello”")]
    groups.pass_time(90)
    unconfirmed(groups)
    assert the_mass_send(groups).state == "escalated"
    assert groups.texts()[-1] == ("lin|boss", "Zhou has not confirmed a mass send to 1 groups: “Hello”")
    groups.pass_time(120)
    confirmed(groups)
    assert the_mass_send(groups).state == "sent"


def test_there_are_never_more_than_three_reminders_and_the_looking_ends(groups: Community) -> None:
    post_now(groups, GROUP)
    created(groups)
    looked = 0
    for _day in range(20):
        groups.pass_time(24 * 60)
        if len(groups.calls(TASK)) > looked:
            looked = len(groups.calls(TASK))
            unconfirmed(groups)
    assert looked == mass_sends.LAST_ROUND
    assert len(groups.calls(mass_sends.REMIND)) <= 3
    assert the_mass_send(groups).state == "escalated"


def test_a_task_that_is_being_dispatched_is_looked_at_again_a_minute_later(groups: Community) -> None:
    post_now(groups, GROUP)
    created(groups)
    groups.pass_time(30)
    groups.finish(last(groups, TASK), errcode=41063)
    assert len(groups.calls(TASK)) == 1
    groups.pass_time(1)
    assert len(groups.calls(TASK)) == 2
    confirmed(groups)
    assert the_mass_send(groups).state == "sent"


def test_a_late_word_that_it_waits_does_not_undo_that_it_was_sent(groups: Community) -> None:
    post_now(groups, GROUP)
    created(groups)
    groups.pass_time(30)
    looked = last(groups, TASK)
    confirmed(groups)
    groups.finish(looked, {"task_list": [{"userid": "zhou", "status": 0}]})
    assert the_mass_send(groups).state == "sent"
    assert groups.calls(mass_sends.REMIND) == []


def test_results_told_twice_are_counted_once_over_all_pages(groups: Community) -> None:
    post_now(groups, GROUP, TRAFFIC)
    created(groups)
    groups.pass_time(30)
    confirmed(groups)
    first = last(groups, RESULT)
    page = {"send_list": [{"chat_id": GROUP, "status": 1}], "next_cursor": "c"}
    groups.finish(first, page)
    groups.finish(first, page)
    assert len(groups.calls(RESULT)) == 2
    second = last(groups, RESULT)
    assert second.body["cursor"] == "c"
    for _time in range(2):
        groups.finish(second, {"send_list": [{"chat_id": TRAFFIC, "status": 2}]})
    assert the_mass_send(groups).results == {"sent": 1, "failed": 1, "over_cap": 0}
    assert len(groups.texts()) == 1


def test_results_that_cannot_be_read_are_asked_for_again(groups: Community) -> None:
    post_now(groups, GROUP)
    created(groups)
    groups.pass_time(30)
    confirmed(groups)
    groups.finish(last(groups, RESULT), errcode=41063)
    groups.pass_time(1)
    groups.finish(last(groups, RESULT), {"send_list": [{"chat_id": GROUP, "status": 1}]})
    assert the_mass_send(groups).results["sent"] == 1


def test_the_author_hears_that_a_task_was_refused(groups: Community) -> None:
    post_now(groups, GROUP)
    groups.finish(last(groups, CREATE), errcode=41048)
    assert the_mass_send(groups).state == "failed"
    assert the_post(groups).state == "done"
    told = "Zhou could not be asked to send your post: WeCom finds nobody to send it to."
    assert groups.texts() == [("lin", told)]
    created(groups)  # a person has sent the call again, and this time it was taken
    assert the_mass_send(groups).state == "waiting"


def test_a_call_without_an_answer_is_never_repeated_and_the_author_is_asked_to_look(groups: Community) -> None:
    post_now(groups, GROUP, author="sop:group/day")
    row = last(groups, CREATE)
    groups.handle(
        CallFinished(
            at=groups.clock.now(), call_id=CallId(9), endpoint=CREATE, outcome="unknown", note=row.note, body=row.body
        )
    )
    [(to, told)] = groups.texts()
    assert to == "lin", "an SOP wrote it, so the managers are told"
    assert "look in WeCom before you post again" in told


def test_the_author_hears_of_an_internal_group_that_was_not_reached(groups: Community) -> None:
    post_now(groups, TEAM)
    row = last(groups, "webhook/send")
    groups.handle(
        CallFinished(
            at=groups.clock.now(),
            call_id=CallId(1),
            endpoint=row.endpoint,
            outcome="failed",
            errcode=93000,
            note=row.note,
            subject=row.subject,
        )
    )
    assert groups.texts() == [("lin", "“Hello” did not reach team: WeCom answered 93000.")]


# ── at a time, confirmed, cancelled ────────────────────────────────────────────────────────────────────────────────


def write(here: Community, text: str, by: str = "lin", message_id: str = "") -> str:
    before = len(here.texts())
    known = message_id or f"{len(here.rows(OutboxRow))}:{text}"
    here.handle(StaffWrote(at=here.clock.now(), user_id=UserId(by), message_id=known, text=text))
    return "\n".join(told for to, told in here.texts()[before:] if to == by)


def test_a_scheduled_post_waits_for_its_time_and_goes_once(groups: Community) -> None:
    answer = write(groups, "/post team,Spring at 20:00 Tonight at eight", message_id="7")
    assert answer.startswith("Post 1 to 2 groups · due 2026-03-02 20:00: “Tonight at eight”")
    assert "1 group owners will be asked" in answer
    write(groups, "/post team,Spring at 20:00 Tonight at eight", message_id="7")
    assert groups.calls("webhook/send") == []
    groups.pass_time(10 * 60)
    assert len(groups.calls("webhook/send")) == 1
    assert len(groups.calls(CREATE)) == 1
    [timer] = [row for row in groups.rows(TimerRow) if row.name == posts.DUE]
    assert timer.state == "fired"
    groups.work(lambda work: posts.fall_due(work, posts.get(work, 1)))
    assert len(groups.calls("webhook/send")) == 1


def test_a_post_keeps_its_line_breaks_and_loses_its_quotes(groups: Community) -> None:
    write(groups, "/群发 team 现在 第一行\n\n  第二行 “好”")
    assert last(groups, "webhook/send").body["text"]["content"] == "第一行\n\n  第二行 “好”"
    write(groups, "/post team now “quoted words”")
    assert last(groups, "webhook/send").body["text"]["content"] == "quoted words"
    write(groups, "/post TEAM，office 明天 9:30 早上好")
    assert the_last_post(groups).chat_ids == [TEAM, OFFICE]
    assert f"{the_last_post(groups).due_at:%m-%d %H:%M}" == "03-03 01:30"


def the_last_post(here: Community) -> Post:
    return here.rows(Post)[-1]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("/post team Hello", "Something is missing. Write: /post GROUP[,GROUP]|all at 20:00 TEXT"),
        ("/post team now", "Something is missing. Write: /post GROUP[,GROUP]|all at 20:00 TEXT"),
        ("/post team", "Something is missing. Write: /post GROUP[,GROUP]|all at 20:00 TEXT"),
        ("/post", "Something is missing. Write: /post GROUP[,GROUP]|all at 20:00 TEXT"),
        ("/post nowhere now Hi", "There is no group “nowhere” that you may post to. /groups shows yours."),
        ("/post , now Hi", "There is no group that you may post to."),
        ("/post team 9:00 Hi", "2026-03-02 09:00 has passed."),
        ("/post team now " + "字" * 1400, "The text is too long: at most 4000 bytes."),
        ("/post cancel 9", "There is no post 9."),
        ("/post status x", "“x” does not fit. Write: /post status ID"),
        ("/post i now Hi", "“i” fits several: Spring (wrGROUP), Traffic (wrTRAFFIC), VIP (wrVIP), office (office)."),
    ],
)
def test_a_wrong_post_is_one_line_and_changes_nothing(groups: Community, line: str, answer: str) -> None:
    assert write(groups, line) == answer
    assert groups.rows(Post) == []


def test_an_owner_posts_to_their_own_groups_only(groups: Community) -> None:
    assert write(groups, "/post VIP now Hi", by="zhou").startswith("There is no group “VIP”")
    write(groups, "/post all now Hi", by="zhou")
    assert sorted(the_post(groups).chat_ids) == [GROUP, TRAFFIC]
    assert write(groups, "/post team now Hi", by="boss") == "That is for group owners only."
    write(groups, "/post team now Hi", by="lin")
    assert write(groups, "/post status 2", by="zhou") == "There is no post 2."


def test_a_large_post_goes_only_after_a_tap_by_whoever_wrote_it(groups: Community) -> None:
    answer = write(groups, "/post all now Hi")
    assert answer.startswith("Post 1 reaches 5 groups. Please confirm it on the card")
    [card] = groups.cards()
    assert card["touser"] == "lin"
    groups.press(card, "confirm", UserId("zhou"))
    assert the_post(groups).state == "draft"
    for _tap in range(2):
        groups.press(card, "confirm", UserId("lin"))
    assert the_post(groups).state == "prepared"
    assert len(groups.calls(CREATE)) == 2
    assert len(groups.calls("webhook/send")) == 1


def test_a_large_post_can_be_left(groups: Community) -> None:
    write(groups, "/post all at 20:00 Hi")
    [card] = groups.cards()
    groups.press(card, "cancel", UserId("lin"))
    assert the_post(groups).state == "cancelled"
    assert write(groups, "/post confirm 1") == "Post 1 cannot be confirmed: it is cancelled."
    groups.pass_time(24 * 60)
    assert groups.calls(CREATE) == []


def test_a_large_post_can_be_confirmed_by_command_until_its_time_has_passed(groups: Community) -> None:
    write(groups, "/post all at 20:00 Hi")
    assert "due 2026-03-02 20:00" in write(groups, "/post confirm 1")
    write(groups, "/post all at 20:00 Hi again")
    groups.pass_time(11 * 60)
    assert write(groups, "/post confirm 2") == "Post 2 cannot be confirmed: it is waiting for your confirmation."


def test_a_scheduled_post_is_cancelled_with_its_timer(groups: Community) -> None:
    write(groups, "/post team at 20:00 Hi")
    assert "cancelled" in write(groups, "/post cancel 1")
    assert write(groups, "/post cancel 1") == "Post 1 cannot be cancelled: it is cancelled."
    groups.pass_time(24 * 60)
    assert groups.calls("webhook/send") == []
    assert write(groups, "/post list") == "No post is waiting."


def test_cancelling_stops_what_has_not_left_and_what_nobody_has_confirmed(groups: Community) -> None:
    write(groups, "/post Spring now Hi")
    write(groups, "/post cancel 1")
    assert last(groups, CREATE).state == "cancelled"
    assert the_mass_send(groups).state == "cancelled"

    write(groups, "/post VIP now Hi")
    created(groups, "msg2")
    write(groups, "/post cancel 2")
    [call] = groups.calls(mass_sends.CANCEL)
    assert call.body == {"msgid": "msg2"}
    groups.finish(call)
    assert groups.rows(MassSend)[-1].state == "cancelled"


def test_a_task_whose_post_was_cancelled_while_it_was_on_its_way_is_called_off(groups: Community) -> None:
    write(groups, "/post Spring now Hi")
    groups.work(lambda work: setattr(work.session.get(OutboxRow, last(groups, CREATE).id), "state", "sending"))
    write(groups, "/post cancel 1")
    created(groups)
    assert len(groups.calls(mass_sends.CANCEL)) == 1
    groups.finish(last(groups, mass_sends.CANCEL), errcode=41093)
    assert the_mass_send(groups).state == "cancelled"


def test_status_names_every_owner(groups: Community) -> None:
    write(groups, "/post Spring,VIP now Hi")
    assert "zhou · about to be asked" in write(groups, "/post status 1")
    groups.finish(groups.calls(CREATE)[0], {"msgid": "m1"})
    groups.pass_time(30)
    confirmed(groups)
    groups.finish(last(groups, RESULT), {"send_list": [{"chat_id": GROUP, "status": 1}]})
    told = write(groups, "/post status #1")
    assert "on its way" in told
    assert "zhou · has sent it · 1 sent, 0 failed, 0 over the cap" in told


# ── pieces ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_text_is_parted_between_lines_and_never_inside_a_character() -> None:
    assert pieces("a\nb", 10) == ["a\nb"]
    assert pieces("aaaa\nbbbb", 5) == ["aaaa", "bbbb"]
    assert pieces("花" * 5, 7) == ["花花", "花花", "花"]
    assert pieces("  \n ", 10) == []
    assert "".join(pieces("🌸花x" * 99, 10)) == "🌸花x" * 99
