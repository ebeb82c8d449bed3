"""Customer groups, mass sends and the conversation archive."""

import base64
import hashlib
from datetime import timedelta
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.platforms.simulator import CUSTOMER_GROUP, INTERNAL_GROUP, chat_id, external_userid

from .stage import Stage

POST = {"chat_type": "group", "sender": "zhou", "text": {"content": "今晚八点"}}


async def test_member_changes_carry_a_chain_of_versions(stage: Stage) -> None:
    await stage.simulator.join(CUSTOMER_GROUP, "mei")
    await stage.simulator.settle()
    await stage.simulator.kick(CUSTOMER_GROUP, "mei", by="zhou")
    await stage.simulator.settle()
    joined, kicked = stage.bot.events
    assert (joined["Event"], joined["ChangeType"], joined["UpdateDetail"]) == (
        "change_external_chat", "update", "add_member",
    )  # fmt: skip
    assert joined["MemChangeList"]["Item"] == external_userid("mei")
    assert (joined["JoinScene"], kicked["QuitScene"]) == ("3", "1")
    assert kicked["LastMemVer"] == joined["CurMemVer"]
    group = await stage.wecom("externalcontact/groupchat/get", {"chat_id": chat_id(CUSTOMER_GROUP), "need_name": 1})
    assert group["group_chat"]["member_version"] == kicked["CurMemVer"]
    assert [member["name"] for member in group["group_chat"]["member_list"]] == ["周", "林经理", "浩"]
    with pytest.raises(PermissionError):
        await stage.simulator.kick(CUSTOMER_GROUP, "hao", by="lin")


async def test_group_look_ups(stage: Stage) -> None:
    assert (await stage.wecom("externalcontact/groupchat/list", {}))["errcode"] == 40058
    listed = await stage.wecom("externalcontact/groupchat/list", {"limit": 10})
    assert listed["group_chat_list"] == [{"chat_id": chat_id(CUSTOMER_GROUP), "status": 0}]
    internal = {"chat_id": chat_id(INTERNAL_GROUP)}
    assert (await stage.wecom("externalcontact/groupchat/get", internal))["errcode"] == 90501
    assert (await stage.wecom("externalcontact/groupchat/get", {"chat_id": "wrnone"}))["errcode"] == 40050
    await stage.simulator.dismiss(CUSTOMER_GROUP)
    gone = {"chat_id": chat_id(CUSTOMER_GROUP)}
    assert (await stage.wecom("externalcontact/groupchat/get", gone))["errcode"] == 49008


async def test_nothing_reaches_a_group_before_its_owner_confirms(stage: Stage) -> None:
    made = await stage.wecom("externalcontact/add_msg_template", POST)
    asked = {"msgid": made["msgid"]}
    assert (await stage.wecom("externalcontact/get_groupmsg_task", asked))["errcode"] == 41063
    stage.clock.advance(timedelta(seconds=5))
    task = (await stage.wecom("externalcontact/get_groupmsg_task", asked))["task_list"]
    assert task == [{"userid": "zhou", "status": 0}]
    assert stage.simulator.messages_of(CUSTOMER_GROUP) == []
    reminded = [(await stage.wecom("externalcontact/remind_groupmsg_send", asked))["errcode"] for _ in range(4)]
    assert reminded == [0, 0, 0, 41094]
    await stage.simulator.confirm("zhou", made["msgid"])
    [line] = stage.simulator.messages_of(CUSTOMER_GROUP)
    assert (line.sender, line.content) == ("zhou", {"content": "今晚八点"})
    rows = (await stage.wecom("externalcontact/get_groupmsg_send_result", {**asked, "userid": "zhou"}))["send_list"]
    assert [(row["chat_id"], row["status"]) for row in rows] == [(chat_id(CUSTOMER_GROUP), 1)]
    span = {"chat_type": "group", "start_time": 0, "end_time": 100}
    assert (await stage.wecom("externalcontact/get_groupmsg_list_v2", span))["group_msg_list"] == []


async def test_mass_send_refusals(stage: Stage) -> None:
    nobody = {**POST, "sender": "lin"}
    assert (await stage.wecom("externalcontact/add_msg_template", nobody))["errcode"] == 41048
    strangers = {"chat_type": "single", "external_userid": [external_userid("mei")], "text": {"content": "x"}}
    answer = await stage.wecom("externalcontact/add_msg_template", strangers)
    assert (answer["errcode"], answer["fail_list"]) == (41048, [external_userid("mei")])
    assert (await stage.wecom("externalcontact/remind_groupmsg_send", {"msgid": "x"}))["errcode"] == 41047
    made = await stage.wecom("externalcontact/add_msg_template", POST)
    asked = {"msgid": made["msgid"]}
    cancelled = [(await stage.wecom("externalcontact/cancel_groupmsg_send", asked))["errcode"] for _ in range(2)]
    assert cancelled == [0, 41093]
    assert stage.simulator.mass_sends_of("zhou") == []


async def test_a_single_mass_send_reaches_friends_only(stage: Stage) -> None:
    body = {"chat_type": "single", "sender": "zhou", "text": {"content": "x"}}
    made = await stage.wecom("externalcontact/add_msg_template", body)
    await stage.simulator.unfollow("hao", "zhou")
    await stage.simulator.confirm("zhou")
    stage.clock.advance(timedelta(seconds=5))
    asked = {"msgid": made["msgid"], "userid": "zhou"}
    [row] = (await stage.wecom("externalcontact/get_groupmsg_send_result", asked))["send_list"]
    assert row["status"] == 2
    assert stage.simulator.inbox_of("hao") == []


async def test_the_monthly_cap_of_a_group(stage: Stage) -> None:
    for _ in range(32):
        await stage.wecom("externalcontact/add_msg_template", POST)
        part = await stage.simulator.confirm("zhou")
    assert part.targets == {chat_id(CUSTOMER_GROUP): 3}
    assert len(stage.simulator.messages_of(CUSTOMER_GROUP)) == 31


@pytest.fixture(scope="module")
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: rsa.RSAPrivateKey) -> str:
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, kind).decode()


async def pull(stage: Stage, seq: int = 0, limit: int = 100) -> dict[str, Any]:
    body = {"secret": stage.simulator.config.archive_secret, "seq": seq, "limit": limit}
    return await stage.raw("POST", "/archive/getchatdata", body, {})


def open_record(key: rsa.RSAPrivateKey, record: dict[str, Any]) -> dict[str, Any]:
    random_key = key.decrypt(base64.b64decode(record["encrypt_random_key"]), padding.PKCS1v15())
    sealed = base64.b64decode(record["encrypt_chat_msg"])
    plain = AESGCM(hashlib.sha256(random_key).digest()).decrypt(sealed[:12], sealed[12:], None)
    found: dict[str, Any] = orjson.loads(plain)
    return found


async def test_what_is_said_in_a_group_can_be_pulled_and_opened(stage: Stage, private_key: rsa.RSAPrivateKey) -> None:
    assert (await pull(stage))["errcode"] == 301053
    assert stage.simulator.register_archive_key(pem(private_key)) == 1
    said = await stage.simulator.say("hao", "咖啡多少钱", CUSTOMER_GROUP)
    await stage.simulator.settle()
    [notice] = stage.bot.events
    assert (notice["Event"], notice["AgentID"]) == ("msgaudit_notify", "2000004")
    answer = await pull(stage)
    [record] = answer["chatdata"]
    assert (answer["errcode"], record["seq"], record["publickey_ver"]) == (0, 1, 1)
    message = open_record(private_key, record)
    assert message == {
        "msgid": said.msgid,
        "action": "send",
        "from": external_userid("hao"),
        "tolist": ["zhou", "lin"],
        "roomid": chat_id(CUSTOMER_GROUP),
        "msgtime": int(said.at.timestamp() * 1000),
        "msgtype": "text",
        "text": {"content": "咖啡多少钱"},
    }
    assert said.msgid.endswith("_external")
    assert (await pull(stage, seq=1))["chatdata"] == []
    assert (await pull(stage, limit=1001))["errcode"] == 40035


async def test_a_second_key_opens_only_what_comes_after_it(stage: Stage, private_key: rsa.RSAPrivateKey) -> None:
    stage.simulator.register_archive_key(pem(private_key))
    await stage.simulator.say("hao", "before", CUSTOMER_GROUP)
    newer = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert stage.simulator.register_archive_key(pem(newer)) == 2
    await stage.simulator.say("hao", "after", CUSTOMER_GROUP)
    first, second = (await pull(stage))["chatdata"]
    assert open_record(private_key, first)["text"]["content"] == "before"
    assert open_record(newer, second)["text"]["content"] == "after"


async def test_notices_come_at_most_every_fifteen_seconds(stage: Stage) -> None:
    for text in "abc":
        await stage.simulator.say("hao", text, CUSTOMER_GROUP)
    await stage.simulator.settle()
    assert len(stage.bot.events) == 1
    stage.clock.advance(timedelta(seconds=14))
    await stage.simulator.settle()
    assert len(stage.bot.events) == 1
    stage.clock.advance(timedelta(seconds=1))
    await stage.simulator.settle()
    assert len(stage.bot.events) == 2
    stage.clock.advance(timedelta(minutes=5))
    await stage.simulator.settle()
    assert len(stage.bot.events) == 2


async def test_records_go_after_five_days_and_without_consent_there_are_none(
    stage: Stage, private_key: rsa.RSAPrivateKey
) -> None:
    stage.simulator.register_archive_key(pem(private_key))
    said = await stage.simulator.say("hao", "old", CUSTOMER_GROUP)
    stage.clock.advance(timedelta(days=5))
    stage.simulator.contact_of("hao").archive_consent = False
    await stage.simulator.say("hao", "private", CUSTOMER_GROUP)
    await stage.simulator.recall(said)
    await stage.simulator.say("zhou", "在吗", to="hao")
    [record] = (await pull(stage))["chatdata"]
    recall = open_record(private_key, record)
    assert (recall["action"], recall["revoke"]) == ("recall", {"pre_msgid": said.msgid})


async def test_a_wrong_archive_secret(stage: Stage) -> None:
    body = {"secret": "wrong", "seq": 0, "limit": 1}
    assert (await stage.raw("POST", "/archive/getchatdata", body, {}))["errcode"] == 40001
