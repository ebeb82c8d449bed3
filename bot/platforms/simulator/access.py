"""Tokens, the platform's addresses and what the app may see of itself.

Source: developer.work.weixin.qq.com/document/path/91039, 92520, 92521, 90227
"""

from .endpoint import Answer, Call, wecom
from .errors import Refused


@wecom.get("gettoken", free=True)
def gettoken(call: Call) -> Answer:
    """The same token while it is valid; a wrong secret is 40001 and final."""
    config = call.platform.config
    if not (corp_id := call.query.get("corpid")):
        raise Refused(41002)
    if not (secret := call.query.get("corpsecret")):
        raise Refused(41004)
    if corp_id != config.corp_id:
        raise Refused(40013)
    scopes = {config.app_secret: "app", config.contact_secret: "contact", config.archive_secret: "archive"}
    if secret not in scopes:
        raise Refused(40001)
    now = call.platform.now()
    token = call.platform.tokens.issue(scopes[secret], now)
    return {"access_token": token.text, "expires_in": int((token.expires_at - now).total_seconds())}


@wecom.get("getcallbackip", "app", "contact", "archive")
def getcallbackip(call: Call) -> Answer:
    return {"ip_list": ["127.0.0.1"]}


@wecom.get("get_api_domain_ip", "app", "contact", "archive")
def get_api_domain_ip(call: Call) -> Answer:
    return {"ip_list": ["127.0.0.1"]}


@wecom.get("agent/get")
def agent_get(call: Call) -> Answer:
    config, corp = call.platform.config, call.platform.corp
    if call.query.get("agentid") != str(config.agent_id):
        raise Refused(40056)
    return {
        "agentid": config.agent_id,
        "name": "小二",
        "square_logo_url": "",
        "description": "",
        "allow_userinfos": {"user": [{"userid": staff.userid} for staff in corp.staff.values()]},
        "allow_partys": {"partyid": [1]},
        "allow_tags": {"tagid": []},
        "close": 0,
        "redirect_domain": "",
        "report_location_flag": 0,
        "isreportenter": 1,
        "home_url": "",
    }


@wecom.post("idconvert/unionid_to_external_userid")
def unionid_to_external_userid(call: Call) -> Answer:
    """The contact behind an official account's follower; a pending id when nobody in the corp has added them."""
    wanted = call.text("unionid")
    if not wanted or not call.text("openid"):
        raise Refused(40063)
    for contact in call.platform.corp.contacts.values():
        if contact.unionid == wanted and any(
            relation.relation != "half" for relation in call.platform.corp.relations_with(contact.external_userid)
        ):
            return {"external_userid": contact.external_userid}
    return {"external_userid": "", "pending_id": "pending" + call.platform.ids.text(24)}
