"""Customer moments: a task that staff publish by hand.

Source: developer.work.weixin.qq.com/document/path/95094
"""

from .endpoint import Answer, Call, wecom
from .errors import Refused


@wecom.post("externalcontact/add_moment_task")
def add_moment_task(call: Call) -> Answer:
    if len(str(call.mapping("text").get("content", ""))) > 2000:
        raise Refused(45002)
    if not call.mapping("text") and not call.items("attachments"):
        raise Refused(40063)
    job_id, moment_id = call.platform.ids.text(32), "mom" + call.platform.ids.text(29)
    call.platform.moments[job_id] = {"moment_id": moment_id, "content": dict(call.body), "at": call.platform.now_s()}
    return {"jobid": job_id}


@wecom.get("externalcontact/get_moment_task_result")
def get_moment_task_result(call: Call) -> Answer:
    moment = call.platform.moments.get(call.query.get("jobid", ""))
    if moment is None:
        raise Refused(40058, "invalid jobid")
    return {
        "status": 3,
        "type": "add_moment_task",
        "result": {"errcode": 0, "errmsg": "ok", "moment_id": moment["moment_id"]},
    }


@wecom.post("externalcontact/cancel_moment_task")
def cancel_moment_task(call: Call) -> Answer:
    wanted = call.text("moment_id")
    if not any(moment["moment_id"] == wanted for moment in call.platform.moments.values()):
        raise Refused(40058, "invalid moment_id")
    return {}
