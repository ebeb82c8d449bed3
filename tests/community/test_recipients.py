"""Who is told: each person once, and never nobody."""

from datetime import timedelta

import pytest

from bot.community import recipients
from bot.errors import BadInput
from bot.model.ids import ContactId, UserId
from bot.model.tables import Department, Staff
from bot.settings import RoleSettings
from tests.community.people import BOSS, GROUP, HAO, LIN, MEI, START, ZHOU, Community, follow


def resolve(
    community: Community, *to: str, contact: ContactId | None = None, user: UserId | None = None, in_group: bool = False
) -> list[UserId]:
    return community.work(
        lambda work: recipients.resolve(
            work.session, to, contact_id=contact, user_id=user, chat_id=GROUP if in_group else None, now=work.now
        )
    )


def change(community: Community, user_id: UserId, **values: object) -> None:
    def do(work: object) -> None:
        staff = work.session.get(Staff, user_id)  # type: ignore[attr-defined]
        for name, value in values.items():
            setattr(staff, name, value)

    community.work(do)


def test_the_event_staff_and_every_manager_up_the_tree(community: Community) -> None:
    assert resolve(community, "event_staff", "event_staff_managers", user=ZHOU) == [ZHOU, LIN, BOSS]


def test_the_staff_of_a_group_message_are_its_owner_and_the_first_follower(community: Community) -> None:
    community.add(follow(MEI, LIN, days=30))
    assert resolve(community, "event_staff", contact=MEI, in_group=True) == [ZHOU, LIN]
    assert resolve(community, "event_staff", contact=HAO, in_group=True) == [ZHOU]


def test_followers_come_first_added_first_and_without_those_who_removed_the_contact(community: Community) -> None:
    community.add(follow(MEI, LIN, days=30), follow(MEI, BOSS, "removed", days=90))
    assert resolve(community, "all_followers", contact=MEI) == [LIN, ZHOU]
    assert resolve(community, "first_follower", contact=MEI) == [LIN]


def test_named_people_roles_and_departments(community: Community) -> None:
    assert resolve(community, "user:ZHOU", "user:zhou", "role:manager") == ["ZHOU", LIN]
    assert resolve(community, "department:2") == [LIN, ZHOU]
    assert resolve(community, "department:1") == [BOSS, LIN, ZHOU]


def test_a_cycle_of_departments_ends(bare: Community) -> None:
    bare.add(
        Department(id=2, name="a", parent_id=3, leaders=["lin"]),
        Department(id=3, name="b", parent_id=2, leaders=["boss", "zhou"]),
        Staff(user_id="zhou", departments=[2], main_department=2),
    )
    assert resolve(bare, "event_staff_managers", user=ZHOU) == [LIN, BOSS]
    assert resolve(bare, "department:3") == [ZHOU]


def test_a_vacancy_passes_to_the_department_above(community: Community) -> None:
    def vacate(work: object) -> None:
        work.session.get(Department, 2).leaders = []  # type: ignore[attr-defined]

    community.work(vacate)
    assert resolve(community, "event_staff_managers", user=ZHOU) == [BOSS]


def test_a_leader_who_left_is_no_manager_and_nobody_manages_themselves(community: Community) -> None:
    change(community, LIN, status=5)
    assert resolve(community, "event_staff_managers", user=ZHOU) == [BOSS]
    assert community.work(lambda work: recipients.managers_of(work.session, BOSS)) == []


def test_direct_leaders_come_before_the_department(community: Community) -> None:
    change(community, ZHOU, direct_leaders=["boss"])
    assert resolve(community, "event_staff_managers", user=ZHOU) == [BOSS, LIN]


def test_muted_and_departed_staff_are_passed_over(community: Community) -> None:
    change(community, ZHOU, muted_until=START + timedelta(hours=1))
    assert resolve(community, "event_staff", "event_staff_managers", user=ZHOU) == [LIN, BOSS]
    community.pass_time(61)
    assert ZHOU in resolve(community, "event_staff", user=ZHOU)
    change(community, ZHOU, status=2)
    assert resolve(community, "event_staff", user=ZHOU) == [LIN]  # the community manager stands in


def test_never_nobody(community: Community) -> None:
    assert resolve(community, "event_staff") == [LIN]
    assert resolve(community, "role:unheard_of") == [LIN]
    change(community, LIN, muted_until=START + timedelta(days=1))
    assert resolve(community, "group_owner") == [LIN]  # rather the muted than nobody
    community.settings.roles = RoleSettings(manager=["lin"], admin=["boss"])
    assert resolve(community, "group_owner") == [BOSS]


def test_staff_unknown_to_the_directory_may_still_be_told(bare: Community) -> None:
    assert resolve(bare, "user:stranger") == ["stranger"]
    assert resolve(bare, "event_staff_managers", user=UserId("stranger")) == [LIN]


@pytest.mark.parametrize("rule", ["", "managers", "role:", "department:shop", "event_staff "])
def test_what_is_no_rule_is_refused(community: Community, rule: str) -> None:
    assert not recipients.is_rule(rule)
    with pytest.raises(BadInput):
        resolve(community, rule)
