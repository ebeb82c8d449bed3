"""The account of the facts sheet, and envelopes made for it by wechatpy, which knows nothing of ours."""

from datetime import UTC, datetime

from pydantic import SecretStr
from wechatpy.crypto import WeChatCrypto

from bot.platforms.envelope import sign
from bot.settings import OfficialSettings

TOKEN = "simtoken01"
APP_ID = "wx00000000000000aa"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
TIMESTAMP = "1700000000"
NONCE = "123456789"
NOW = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)

GET_SIGNATURE = "8c46f221b8db3f8c36f753f29e206cee000f9b3d"
SEALED_SUCCESS = "Q3stYC6hdFzMh9T8HCvyDDog3QQ9Qq4JV+RT9hf51q/RwYy5qhAl8gKwRPyZM4iR16niXRorH98wviM8E4/wuw=="
SUCCESS_SIGNATURE = "a7703a81065298829afe7ff630a9857ca3e73381"
INCOMING = (
    "<xml><ToUserName><![CDATA[gh_sim]]></ToUserName><FromUserName><![CDATA[oSIM1]]></FromUserName>"
    "<CreateTime>1700000000</CreateTime><MsgType><![CDATA[text]]></MsgType>"
    "<Content><![CDATA[你好]]></Content><MsgId>1</MsgId></xml>"
)
INCOMING_SIGNATURE = "5cec758a7d9513e9003cbb1a563f61acfa22a099"


def account(mode: str = "safe", **changed: object) -> OfficialSettings:
    given = {"app_id": APP_ID, "secret": SecretStr("s"), "token": SecretStr(TOKEN), "aes_key": SecretStr(AES_KEY)}
    return OfficialSettings.model_validate({**given, "mode": mode, **changed})


def crypto(app_id: str = APP_ID) -> WeChatCrypto:
    return WeChatCrypto(TOKEN, AES_KEY, app_id)


def plain_query() -> dict[str, str]:
    return {"signature": sign(TOKEN, TIMESTAMP, NONCE), "timestamp": TIMESTAMP, "nonce": NONCE}


def sealed(message: str, app_id: str = APP_ID) -> tuple[dict[str, str], bytes]:
    """The query and body of a callback in safe mode."""
    body = crypto(app_id).encrypt_message(message, NONCE, TIMESTAMP)
    envelope = body.split("<Encrypt><![CDATA[")[1].split("]]>")[0]
    query = {"encrypt_type": "aes", "msg_signature": sign(TOKEN, TIMESTAMP, NONCE, envelope)} | plain_query()
    return (
        query,
        f"<xml><ToUserName><![CDATA[gh_sim]]></ToUserName><Encrypt><![CDATA[{envelope}]]></Encrypt></xml>".encode(),
    )


def callback(**fields: str) -> str:
    """A callback's XML: `callback(MsgType="event", Event="subscribe")`."""
    common = {"ToUserName": "gh_sim", "FromUserName": "oSIM1", "CreateTime": TIMESTAMP}
    inside = "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in {**common, **fields}.items())
    return f"<xml>{inside}</xml>"
