"""Tencent Cloud's SendSms, signed with TC3-HMAC-SHA256. Source: cloud.tencent.com/document/api/382/55981"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from bot.errors import PlatformError
from bot.platforms.sms.message import FINAL, RECIPIENT, RETRY, Request, ShortMessage

HOST = "sms.tencentcloudapi.com"
CONTENT_TYPE = "application/json; charset=utf-8"
BUSY = ("InternalError.Timeout", "InternalError.SendAndRecvFail", "RequestLimitExceeded")
UNSUBSCRIBED = "FailedOperation.PhoneNumberInBlacklist"


def request(message: ShortMessage, id: str, secret: str, app_id: str, now: datetime) -> Request:
    """One message to one number."""
    body = {
        "PhoneNumberSet": [message.international],
        "SmsSdkAppId": app_id,
        "TemplateId": message.template,
        "SignName": message.signature,
        "TemplateParamSet": list(message.values.values()),
    }
    content = orjson.dumps(body)
    timestamp = int(now.timestamp())
    headers = {
        "Authorization": authorization(id, secret, timestamp, content),
        "Content-Type": CONTENT_TYPE,
        "Host": HOST,
        "X-TC-Action": "SendSms",
        "X-TC-Version": "2021-01-11",
        "X-TC-Timestamp": str(timestamp),
        "X-TC-Region": "ap-guangzhou",
    }
    return Request(f"https://{HOST}/", headers, content)


def authorization(id: str, secret: str, timestamp: int, content: bytes) -> str:
    day = datetime.fromtimestamp(timestamp, tz=UTC).strftime("%Y-%m-%d")
    scope = f"{day}/sms/tc3_request"
    canonical = "\n".join(
        ["POST", "/", "", f"content-type:{CONTENT_TYPE}\nhost:{HOST}\n", "content-type;host", _sha256(content)]
    )
    signed = "\n".join(["TC3-HMAC-SHA256", str(timestamp), scope, _sha256(canonical.encode())])
    key = f"TC3{secret}".encode()
    for part in (day, "sms", "tc3_request"):
        key = _hmac(key, part)
    return (
        f"TC3-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders=content-type;host, "
        f"Signature={_hmac(key, signed).hex()}"
    )


def accepted(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of the one number; a whole call that went well may still hold one that did not."""
    told = answer.get("Response") or {}
    if error := told.get("Error"):
        raise PlatformError("sms/send", _errcode(str(error.get("Code"))), str(error.get("Code")))
    [status] = told.get("SendStatusSet") or [{}]
    if status.get("Code") != "Ok":
        raise PlatformError("sms/send", _errcode(str(status.get("Code"))), str(status.get("Code")))
    return {"serial": status.get("SerialNo"), "fee": status.get("Fee")}


def _errcode(code: str) -> int:
    if code in BUSY:
        return RETRY
    return RECIPIENT if code == UNSUBSCRIBED else FINAL


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
