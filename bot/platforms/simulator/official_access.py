"""Tokens of the official account, its addresses, and what kind of account may call what.

Source: developers.weixin.qq.com/doc/service (api_getstableaccesstoken, api_callbackcheck)
"""

from collections.abc import Callable
from datetime import timedelta

from .endpoint import Answer, Call, Handler, official
from .errors import Refused

_RENEW_BEFORE = timedelta(minutes=5)


def verified(handler: Handler) -> Handler:
    """Only for verified accounts, of either kind; else 48001."""
    return _needs(handler, lambda call: call.platform.config.official_verified)


def verified_service(handler: Handler) -> Handler:
    """Only for verified service accounts; else 48001."""
    return _needs(
        handler,
        lambda call: call.platform.config.official_verified and call.platform.config.official_kind == "service",
    )


def _needs(handler: Handler, allowed: Callable[[Call], bool]) -> Handler:
    def guarded(call: Call) -> Answer:
        if not allowed(call):
            raise Refused(48001)
        return handler(call)

    return guarded


@official.get("token", free=True)
def token(call: Call) -> Answer:
    """A new token each time; the one before stays usable for a while."""
    _check_secret(call, call.query.get("grant_type"), call.query.get("appid"), call.query.get("secret"))
    issued = call.platform.official_tokens.issue("official", call.platform.now(), renew=True)
    return {"access_token": issued.text, "expires_in": 7200}


@official.post("stable_token", free=True)
def stable_token(call: Call) -> Answer:
    """The same token until five minutes before its end; `force_refresh` kills it at once. Mini-programs have one."""
    account = _check_secret(call, call.text("grant_type"), call.text("appid"), call.text("secret"))
    scope = "miniprogram" if account == call.platform.config.miniprogram_app_id else "official stable"
    tokens, now = call.platform.official_tokens, call.platform.now()
    current = tokens.current(scope)
    forced = call.flag("force_refresh")
    if forced:
        tokens.invalidate(scope)
    ending = current is not None and current.expires_at - now <= _RENEW_BEFORE
    issued = tokens.issue(scope, now, renew=forced or ending)
    return {"access_token": issued.text, "expires_in": int((issued.expires_at - now).total_seconds())}


@official.get("getcallbackip")
def getcallbackip(call: Call) -> Answer:
    return {"ip_list": ["127.0.0.1"]}


@official.get("get_api_domain_ip")
def get_api_domain_ip(call: Call) -> Answer:
    return {"ip_list": ["127.0.0.1"]}


@official.post("callback/check")
def callback_check(call: Call) -> Answer:
    if call.platform.courier.urls["official"] is None:
        raise Refused(40201)
    return {
        "dns": [{"ip": "127.0.0.1", "real_operator": "UNICOM"}],
        "ping": [{"ip": "127.0.0.1", "from_operator": "UNICOM", "package_loss": "0%", "time": "0.079ms"}],
    }


def _check_secret(call: Call, grant_type: str | None, app_id: str | None, secret: str | None) -> str:
    """The account that asks."""
    if grant_type != "client_credential":
        raise Refused(40002)
    if not app_id:
        raise Refused(41002)
    if not secret:
        raise Refused(41004)
    config = call.platform.config
    secrets = {
        config.official_app_id: config.official_secret,
        config.miniprogram_app_id: config.miniprogram_secret,
    }
    if app_id not in secrets:
        raise Refused(40013)
    if secret != secrets[app_id]:
        raise Refused(40001)
    return app_id
