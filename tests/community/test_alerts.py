"""What becomes of cards: sent, not delivered, decided on the way, pressed by mistake."""

from typing import Any

from bot.community import alerts, notices, tasks
from bot.community.cards import Button, Card
from bot.model.events import CardPressed
from bot.model.ids import UserId
from bot.model.tables import Alert, Staff, StaffTask
from bot.settings import RoleSettings
from bot.storage.work import Work
from tests.community.people import BOSS, LIN, MEI, ZHOU, Community


def loss(community: Community, *to: str) -> None:
    community.work(lambda work: alerts.alert_staff(work, kind="loss", reason="gone", to=to, contact_id=MEI))


def alert(community: Community) -> Alert:
    return community.rows(Alert)[0]


def test_the_code_of_the_sending_is_kept(community: Community) -> None:
    loss(community, "user:zhou")
    [row] = community.calls("message/send")
    assert row.dedupe_key == f"alert:{alert(community).task_id}"
    community.finish(row, {"errcode": 0, "response_code": "sent-code"})
    assert alert(community).response_code == "sent-code"


def test_a_card_decided_on_its_way_is_brought_up_to_date_when_it_arrives(community: Community) -> None:
    loss(community, "user:zhou", "user:lin")
    [row] = community.calls("message/send")
    community.press(community.cards()[0], "done", ZHOU, "pressed")
    community.finish(row, {"errcode": 0, "response_code": "sent-code"})
    assert [update["response_code"] for update in community.updates()] == ["pressed", "sent-code"]


def test_a_card_that_reaches_nobody_goes_to_the_managers_then_the_admins(community: Community) -> None:
    community.settings.roles = RoleSettings(manager=["lin"], admin=["boss"])
    loss(community, "user:zhou")
    [row] = community.calls("message/send")
    community.finish(row, errcode=81013)
    first, second = community.cards()
    assert second["touser"] == "lin"
    assert second["template_card"]["task_id"] != first["template_card"]["task_id"]
    community.finish(community.calls("message/send")[1], {"invaliduser": "LIN", "response_code": "x"})
    assert community.cards()[2]["touser"] == "boss"
    community.finish(community.calls("message/send")[2], errcode=81013)
    assert len(community.cards()) == 3


def test_one_who_is_reached_is_enough(community: Community) -> None:
    loss(community, "user:zhou", "user:boss")
    community.finish(community.calls("message/send")[0], {"invaliduser": "zhou", "response_code": "x"})
    assert len(community.cards()) == 1


def test_a_card_that_is_refused_is_said_in_plain_words(community: Community) -> None:
    loss(community, "user:zhou")
    community.finish(community.calls("message/send")[0], errcode=42019)
    assert community.texts() == [("zhou", "Mei has left us\ngone")]


def test_a_stale_card_is_harmless(community: Community) -> None:
    event = CardPressed(at=community.clock.now(), user_id=ZHOU, task_id="never-sent", button="claim")
    community.handle(event)
    assert community.texts() == [("zhou", "This card can no longer be answered.")]


def test_cards_about_other_things_are_left_to_their_handlers(community: Community) -> None:
    card = Card(title="Post?", buttons=(Button("Yes", "yes"),))

    def ask(work: Work) -> None:
        alerts.send_card(work, card, about="post", about_id=7, users=[LIN])

    community.work(ask)
    sent = community.cards()[0]
    community.press(sent, "yes", LIN)
    assert community.texts() == []
    found: Any = community.work(lambda work: alerts.about(work.session, sent["template_card"]["task_id"]))
    assert (found.about, found.about_id) == ("post", 7)


def test_a_thousand_and_one_recipients_are_two_messages(community: Community) -> None:
    users = [UserId(f"u{number}") for number in range(1001)]

    def send(work: Work) -> int:
        return len(
            alerts.send_card(work, Card(title="x", buttons=(Button("y", "y"),)), about="x", about_id=1, users=users)
        )

    assert community.work(send) == 2
    assert [len(sent["touser"].split("|")) for sent in community.cards()] == [1000, 1]


def test_a_task_is_a_card_and_its_button_ends_it(community: Community) -> None:
    community.work(lambda work: tasks.create_task(work, user_id=ZHOU, text="Call Mei", contact_id=MEI))
    card = community.cards()[0]
    assert card["touser"] == "zhou"
    assert card["template_card"]["sub_title_text"] == "Call Mei"
    community.press(card, "done", ZHOU)
    community.press(card, "done", ZHOU, "again")
    [task] = community.rows(StaffTask)
    assert (task.state, task.done_at) == ("done", community.clock.now())
    assert community.texts() == [("zhou", "Done")]


def test_a_task_for_somebody_who_left_goes_to_their_manager(community: Community) -> None:
    def leave(work: Work) -> None:
        staff = work.session.get(Staff, "zhou")
        assert staff is not None
        staff.status = 5

    community.work(leave)
    task = community.work(lambda work: tasks.create_task(work, user_id=ZHOU, text="Call Mei"))
    assert task.user_id == LIN


def test_a_notice_reaches_each_person_once_and_is_cut_to_its_bytes(community: Community) -> None:
    community.work(lambda work: notices.message_staff(work, [ZHOU, UserId("ZHOU"), BOSS], "好" * 3000))
    [(to, text)] = community.texts()
    assert to.lower() == "zhou|boss"
    assert len(text.encode()) <= 2048
    community.work(lambda work: notices.message_staff(work, [], "nobody"))
    assert len(community.texts()) == 1
