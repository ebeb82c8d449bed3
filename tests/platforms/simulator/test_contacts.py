"""Tokens, contacts, tags, welcomes: shapes and error codes."""

from datetime import timedelta

import pytest

from bot.platforms.simulator import SimulatorConfig, external_userid, tag_id, unionid

from .conftest import MakeStage
from .stage import Stage

SPRING_TAG, HIGH = tag_id("渠道", "春季"), tag_id("意向", "高")


async def test_a_token_stays_the_same_while_it_is_valid(stage: Stage) -> None:
    first = await stage.token()
    stage.clock.advance(timedelta(seconds=7199))
    second = await stage.token()
    assert first["access_token"] == second["access_token"]
    assert second["expires_in"] == 1
    stage.clock.advance(timedelta(seconds=1))
    old = await stage.wecom("getcallbackip")
    assert old["errcode"] == 42001
    assert (await stage.token())["access_token"] != first["access_token"]


async def test_token_refusals(stage: Stage) -> None:
    assert (await stage.token("wrong"))["errcode"] == 40001
    answer = await stage.raw("GET", "/wecom/cgi-bin/user/get", None, {"userid": "zhou"})
    assert answer["errcode"] == 41001
    await stage.token()
    stage.simulator.tokens.invalidate()
    answer = await stage.wecom("user/get", userid="zhou")
    assert answer["errcode"] == 40014
    assert "devtool/query?e=40014" in answer["errmsg"]


async def test_the_archive_secret_opens_no_contact(stage: Stage) -> None:
    await stage.token(stage.simulator.config.archive_secret)
    assert (await stage.wecom("user/get", userid="zhou"))["errcode"] == 48002


async def test_list_id_needs_the_contacts_secret(stage: Stage) -> None:
    assert (await stage.wecom("user/list_id", {}))["errcode"] == 48002
    await stage.token(stage.simulator.config.contact_secret)
    answer = await stage.wecom("user/list_id", {"limit": 2})
    assert answer["dept_user"] == [{"userid": "boss", "department": 2}, {"userid": "lin", "department": 3}]
    rest = await stage.wecom("user/list_id", {"limit": 2, "cursor": answer["next_cursor"]})
    assert (rest["dept_user"], rest["next_cursor"]) == ([{"userid": "zhou", "department": 3}], "")


async def test_an_untrusted_address_is_refused(make_stage: MakeStage) -> None:
    stage = await make_stage(SimulatorConfig(trusted_ips=frozenset({"10.0.0.1"})))
    assert (await stage.token())["errcode"] == 60020


async def test_the_manager_chain_can_be_read(stage: Stage) -> None:
    zhou = await stage.wecom("user/get", userid="ZHOU")
    assert (zhou["direct_leader"], zhou["main_department"]) == (["lin"], 3)
    departments = (await stage.wecom("department/list"))["department"]
    assert [(one["id"], one["parentid"], one["department_leader"]) for one in departments] == [
        (1, 0, ["boss"]),
        (2, 1, ["boss"]),
        (3, 2, ["lin"]),
    ]
    assert (await stage.wecom("user/get", userid="nobody"))["errcode"] == 60111
    assert (await stage.wecom("department/get", id="9"))["errcode"] == 60123


async def test_staff_without_contacts_are_84061(stage: Stage) -> None:
    assert (await stage.wecom("externalcontact/list", userid="lin"))["errcode"] == 84061
    hao = external_userid("hao")
    assert (await stage.wecom("externalcontact/list", userid="zhou"))["external_userid"] == [hao]


async def test_a_contact_with_its_tags_and_unionid(stage: Stage) -> None:
    hao = external_userid("hao")
    marked = {"userid": "zhou", "external_userid": hao, "add_tag": [HIGH, HIGH]}
    assert (await stage.wecom("externalcontact/mark_tag", marked))["errcode"] == 0
    answer = await stage.wecom("externalcontact/get", external_userid=hao)
    assert answer["external_contact"]["unionid"] == unionid("hao")
    [follow] = answer["follow_user"]
    assert (follow["state"], [tag["tag_name"] for tag in follow["tags"]]) == ("store-shanghai", ["高"])
    assert stage.simulator.tags_of("hao") == ["意向/高"]
    await stage.simulator.settle()
    assert stage.bot.events == []  # what the API changes raises no callback
    batch = await stage.wecom("externalcontact/batch/get_by_user", {"userid_list": ["zhou"]})
    assert batch["external_contact_list"][0]["follow_info"]["tag_id"] == [HIGH]


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"external_userid": external_userid("mei"), "add_tag": [HIGH]}, 84061),
        ({"external_userid": external_userid("hao"), "add_tag": ["etnothing"]}, 40068),
        ({"external_userid": external_userid("hao")}, 40063),
        ({"external_userid": external_userid("hao"), "add_tag": "not a list"}, 40035),
    ],
)
async def test_mark_tag_refusals(stage: Stage, body: dict[str, object], errcode: int) -> None:
    answer = await stage.wecom("externalcontact/mark_tag", {"userid": "zhou", **body})
    assert answer["errcode"] == errcode


async def test_a_half_added_contact_can_be_welcomed_but_not_tagged(stage: Stage) -> None:
    scan = await stage.simulator.scan("spring", by="mei", half=True)
    body = {"userid": "zhou", "external_userid": scan.external_userid, "add_tag": [SPRING_TAG]}
    assert (await stage.wecom("externalcontact/mark_tag", body))["errcode"] == 84061
    welcome = {"welcome_code": scan.welcome_code, "text": {"content": "你好"}}
    assert (await stage.wecom("externalcontact/send_welcome_msg", welcome))["errcode"] == 0
    await stage.simulator.accept("zhou", "mei")
    await stage.simulator.settle()
    half, full = stage.bot.events
    assert (half["ChangeType"], full["ChangeType"]) == ("add_half_external_contact", "add_external_contact")
    assert "WelcomeCode" not in full
    assert (await stage.wecom("externalcontact/mark_tag", body))["errcode"] == 0
    assert [one.content for one in stage.simulator.inbox_of("mei")] == [{"content": "你好"}]


async def test_a_welcome_code_works_once_and_for_twenty_seconds(stage: Stage) -> None:
    welcome = {"text": {"content": "你好"}}
    scan = await stage.simulator.scan("spring", by="mei")
    assert (await stage.wecom("externalcontact/send_welcome_msg", welcome))["errcode"] == 41049
    welcome["welcome_code"] = scan.welcome_code  # type: ignore[assignment]
    stage.simulator.faults.fail("externalcontact/send_welcome_msg", 41096)
    codes = [(await stage.wecom("externalcontact/send_welcome_msg", welcome))["errcode"] for _ in range(3)]
    assert codes == [41096, 0, 41051]
    late = await stage.simulator.scan("spring", by="new")
    stage.clock.advance(timedelta(seconds=20))
    answer = await stage.wecom(
        "externalcontact/send_welcome_msg", {"welcome_code": late.welcome_code, "text": {"content": "x"}}
    )
    assert answer["errcode"] == 41050
    assert [call.errcode for call in stage.simulator.calls("externalcontact/send_welcome_msg")] == [
        41049, 41096, 0, 41051, 41050,
    ]  # fmt: skip


async def test_a_welcome_needs_consent_when_the_contact_refused_the_archive(stage: Stage) -> None:
    stage.simulator.contact_of("mei").archive_consent = False
    scan = await stage.simulator.scan("spring", by="mei")
    body = {"welcome_code": scan.welcome_code, "text": {"content": "x"}}
    assert (await stage.wecom("externalcontact/send_welcome_msg", body))["errcode"] == 41053


@pytest.mark.parametrize(
    ("content", "errcode"),
    [
        ({}, 40063),
        ({"text": {"content": "好" * 1400}}, 45002),
        ({"attachments": [{"msgtype": "link", "link": {"title": "a", "url": "u"}}] * 10}, 41064),
        ({"attachments": [{"msgtype": "song"}]}, 41065),
        ({"attachments": [{"msgtype": "image", "image": {"media_id": "none"}}]}, 40007),
    ],
)
async def test_welcome_content_is_checked(stage: Stage, content: dict[str, object], errcode: int) -> None:
    scan = await stage.simulator.scan("spring", by="mei")
    body = {"welcome_code": scan.welcome_code, **content}
    assert (await stage.wecom("externalcontact/send_welcome_msg", body))["errcode"] == errcode


async def test_who_left_and_who_was_removed(stage: Stage) -> None:
    hao = external_userid("hao")
    await stage.simulator.unfollow("hao", "zhou")
    assert (await stage.wecom("externalcontact/get", external_userid=hao))["errcode"] == 0
    await stage.simulator.settle()
    await stage.simulator.remove_contact("zhou", "hao", transferred=True)
    assert (await stage.wecom("externalcontact/get", external_userid=hao))["errcode"] == 84061
    await stage.simulator.settle()
    assert [event["ChangeType"] for event in stage.bot.events] == ["del_follow_user", "del_external_contact"]
    assert stage.bot.events[1]["Source"] == "DELETE_BY_TRANSFER"


async def test_corp_tags_are_made_renamed_and_deleted(stage: Stage) -> None:
    made = await stage.wecom(
        "externalcontact/add_corp_tag", {"group_name": "新组", "tag": [{"name": "甲"}, {"name": "甲"}, {"name": "乙"}]}
    )
    first, second = made["tag_group"]["tag"]
    again = {"group_name": "新组", "tag": [{"name": "甲"}]}
    assert (await stage.wecom("externalcontact/add_corp_tag", again))["errcode"] == 40071
    rename = {"id": first["id"], "name": "乙"}
    assert (await stage.wecom("externalcontact/edit_corp_tag", rename))["errcode"] == 40071
    gone = {"tag_id": [first["id"], second["id"]]}
    assert (await stage.wecom("externalcontact/del_corp_tag", gone))["errcode"] == 0
    assert (await stage.wecom("externalcontact/del_corp_tag", gone))["errcode"] == 40068
    groups = (await stage.wecom("externalcontact/get_corp_tag_list", {}))["tag_group"]
    assert "新组" not in [group["group_name"] for group in groups]


async def test_remarks(stage: Stage) -> None:
    who = {"userid": "zhou", "external_userid": external_userid("hao")}
    assert (await stage.wecom("externalcontact/remark", who))["errcode"] == 40063
    assert (await stage.wecom("externalcontact/remark", {**who, "remark": "x" * 21}))["errcode"] == 40058
    assert (await stage.wecom("externalcontact/remark", {**who, "remark_mobiles": ["13800000000"]}))["errcode"] == 0
    follow = (await stage.wecom("externalcontact/get", external_userid=who["external_userid"]))["follow_user"][0]
    assert follow["remark_mobiles"] == ["13800000000"]


async def test_live_codes_by_api(stage: Stage) -> None:
    body = {"type": 1, "scene": 2, "state": "autumn", "user": ["lin"]}
    made = await stage.wecom("externalcontact/add_contact_way", body)
    assert made["qr_code"]
    scan = await stage.simulator.scan(made["config_id"], by="mei")
    assert (scan.userid, scan.state) == ("lin", "autumn")
    assert (await stage.wecom("externalcontact/get_contact_way", {"config_id": "none"}))["errcode"] == 41044
    too_many = {**body, "type": 2, "user": ["lin"] * 101}
    assert (await stage.wecom("externalcontact/add_contact_way", too_many))["errcode"] == 41041


async def test_transfers_end_after_a_day(stage: Stage) -> None:
    pair = {"handover_userid": "zhou", "takeover_userid": "lin"}
    body = {**pair, "external_userid": [external_userid("hao"), external_userid("mei")]}
    answer = await stage.wecom("externalcontact/transfer_customer", body)
    assert [one["errcode"] for one in answer["customer"]] == [0, 40131]
    stage.clock.advance(timedelta(hours=23))
    await stage.token()
    assert (await stage.wecom("externalcontact/transfer_result", pair))["customer"][0]["status"] == 2
    stage.clock.advance(timedelta(hours=1))
    await stage.token()
    assert (await stage.wecom("externalcontact/transfer_result", pair))["customer"][0]["status"] == 1
    await stage.simulator.settle()
    changes = {(event["ChangeType"], event["UserID"]) for event in stage.bot.events}
    assert changes == {("del_external_contact", "zhou"), ("add_external_contact", "lin")}


async def test_a_follower_is_found_by_unionid(stage: Stage) -> None:
    body = {"unionid": unionid("hao"), "openid": "o"}
    answer = await stage.wecom("idconvert/unionid_to_external_userid", body)
    assert answer["external_userid"] == external_userid("hao")
    body = {"unionid": unionid("stranger"), "openid": "o"}
    assert (await stage.wecom("idconvert/unionid_to_external_userid", body))["pending_id"]
