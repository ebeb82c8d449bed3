"""Customer service, join ways, moments, group welcomes, and people talking one to one."""

from datetime import timedelta

from bot.platforms.simulator import CUSTOMER_GROUP, chat_id, external_userid

from .stage import Stage


async def test_customer_service_takes_five_answers_to_one_question(stage: Stage) -> None:
    await stage.simulator.write_kf("hao", "在吗")
    await stage.simulator.settle()
    [event] = stage.bot.events
    assert event["Event"] == "kf_msg_or_event"
    answer = await stage.wecom("kf/sync_msg", {"token": event["Token"], "open_kfid": event["OpenKfId"]})
    assert [message["text"]["content"] for message in answer["msg_list"]] == ["在吗"]
    reply = {"touser": external_userid("hao"), "open_kfid": event["OpenKfId"], "msgtype": "text"}
    reply["text"] = {"content": "在"}
    codes = [(await stage.wecom("kf/send_msg", reply))["errcode"] for _ in range(6)]
    assert codes == [0] * 5 + [95001]
    after = await stage.wecom("kf/sync_msg", {"cursor": answer["next_cursor"]})
    assert after["msg_list"] == []
    assert (await stage.wecom("kf/send_msg", {**reply, "touser": external_userid("mei")}))["errcode"] == 95018
    await stage.simulator.write_kf("hao", "还在吗")
    stage.clock.advance(timedelta(hours=49))
    await stage.token()
    assert (await stage.wecom("kf/send_msg", reply))["errcode"] == 95002


async def test_join_ways(stage: Stage) -> None:
    body = {"scene": 2, "state": "door", "chat_id_list": [chat_id(CUSTOMER_GROUP)]}
    config_id = (await stage.wecom("externalcontact/groupchat/add_join_way", body))["config_id"]
    asked = {"config_id": config_id}
    way = (await stage.wecom("externalcontact/groupchat/get_join_way", asked))["join_way"]
    assert (way["state"], bool(way["qr_code"])) == ("door", True)
    many = {**body, "chat_id_list": ["wr"] * 6}
    assert (await stage.wecom("externalcontact/groupchat/add_join_way", many))["errcode"] == 41091
    await stage.simulator.join(CUSTOMER_GROUP, "mei", state="door")
    group = await stage.wecom("externalcontact/groupchat/get", {"chat_id": chat_id(CUSTOMER_GROUP)})
    assert group["group_chat"]["member_list"][-1]["state"] == "door"
    assert (await stage.wecom("externalcontact/groupchat/del_join_way", asked))["errcode"] == 0
    assert (await stage.wecom("externalcontact/groupchat/get_join_way", asked))["errcode"] == 41044


async def test_moments(stage: Stage) -> None:
    made = await stage.wecom("externalcontact/add_moment_task", {"text": {"content": "新品"}})
    done = await stage.wecom("externalcontact/get_moment_task_result", jobid=made["jobid"])
    moment = {"moment_id": done["result"]["moment_id"]}
    assert (await stage.wecom("externalcontact/cancel_moment_task", moment))["errcode"] == 0


async def test_group_welcomes(stage: Stage) -> None:
    path = "externalcontact/group_welcome_template"
    made = await stage.wecom(f"{path}/add", {"text": {"content": "欢迎 %NICKNAME%"}})
    asked = {"template_id": made["template_id"]}
    assert (await stage.wecom(f"{path}/get", asked))["text"]["content"] == "欢迎 %NICKNAME%"
    assert (await stage.wecom(f"{path}/edit", {**asked, "text": {"content": "你好"}}))["errcode"] == 0
    assert (await stage.wecom(f"{path}/del", asked))["errcode"] == 0
    assert (await stage.wecom(f"{path}/get", asked))["errcode"] == 40058


async def test_two_people_who_talk_need_no_welcome(stage: Stage) -> None:
    scan = await stage.simulator.scan("spring", by="mei")
    await stage.simulator.say("mei", "你好", to="zhou")
    body = {"welcome_code": scan.welcome_code, "text": {"content": "x"}}
    assert (await stage.wecom("externalcontact/send_welcome_msg", body))["errcode"] == 41051
    assert [one.sender for one in stage.simulator.inbox_of("zhou")] == [external_userid("mei")]


async def test_tags_that_people_make_are_announced(stage: Stage) -> None:
    tag_id = await stage.simulator.create_tag("意向", "未知")
    await stage.simulator.settle()
    await stage.simulator.remove_tag(tag_id)
    await stage.simulator.settle()
    made, removed = stage.bot.events
    assert (made["Event"], made["ChangeType"], made["TagType"], made["Id"]) == (
        "change_external_tag", "create", "tag", tag_id,
    )  # fmt: skip
    assert removed["ChangeType"] == "delete"


async def test_internal_groups_raise_no_callback(stage: Stage) -> None:
    await stage.simulator.leave("社群运营内部群", "zhou")
    await stage.simulator.settle()
    assert stage.bot.events == []


async def test_entering_the_app(stage: Stage) -> None:
    await stage.simulator.enter("lin")
    await stage.simulator.settle()
    assert [event["Event"] for event in stage.bot.events] == ["enter_agent"]
