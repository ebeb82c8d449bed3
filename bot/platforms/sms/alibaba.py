"""Alibaba Cloud's SendSms, signed with ACS3-HMAC-SHA256. Source: help.aliyun.com, 短信服务 SendSms, V3 signature"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

import orjson

from bot.errors import PlatformError
from bot.platforms.sms.message import FINAL, RECIPIENT, RETRY, Request, ShortMessage

HOST = "dysmsapi.aliyuncs.com"
ACTION, VERSION = "SendSms", "2017-05-25"
BUSY = ("isp.SYSTEM_ERROR", "Throttling.User", "isv.BUSINESS_LIMIT_CONTROL")
UNSUBSCRIBED = ("isv.BLACK_KEY_CONTROL_LIMIT", "isv.MOBILE_NUMBER_ILLEGAL")


def request(message: ShortMessage, id: str, secret: str, nonce: str, now: datetime) -> Request:
    """One message to one number; everything stands in the query."""
    query = {
        "PhoneNumbers": message.phone,
        "SignName": message.signature,
        "TemplateCode": message.template,
        "TemplateParam": orjson.dumps(dict(message.values)).decode(),
    }
    headers = signed_headers(query, id, secret, nonce, now.strftime("%Y-%m-%dT%H:%M:%SZ"))
    return Request(f"https://{HOST}/?{_spelled(query)}", headers, b"")


def signed_headers(query: Mapping[str, str], id: str, secret: str, nonce: str, date: str) -> dict[str, str]:
    headers = {
        "host": HOST,
        "x-acs-action": ACTION,
        "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
        "x-acs-date": date,
        "x-acs-signature-nonce": nonce,
        "x-acs-version": VERSION,
    }
    named = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    canonical = "\n".join(["POST", "/", _spelled(query), lines, named, headers["x-acs-content-sha256"]])
    signed = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).hexdigest()
    return {**headers, "Authorization": f"ACS3-HMAC-SHA256 Credential={id},SignedHeaders={named},Signature={signature}"}


def accepted(answer: Mapping[str, Any]) -> dict[str, Any]:
    code = str(answer.get("Code"))
    if code != "OK":
        errcode = RETRY if code in BUSY else RECIPIENT if code in UNSUBSCRIBED else FINAL
        raise PlatformError("sms/send", errcode, code)
    return {"serial": answer.get("BizId")}


def _spelled(query: Mapping[str, str]) -> str:
    return "&".join(f"{quote(name, safe='~')}={quote(query[name], safe='~')}" for name in sorted(query))
