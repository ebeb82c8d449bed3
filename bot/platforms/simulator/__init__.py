"""A small WeCom, official account and conversation archive on loopback; a stranger to its siblings."""

from .cast import CUSTOMER_GROUP, INTERNAL_GROUP, WEBHOOK_KEY
from .config import SimulatorConfig
from .ids import chat_id, external_userid, openid, tag_id, unionid
from .records import RecordedCall, RecordedCallback
from .simulator import Simulator

__all__ = [
    "CUSTOMER_GROUP",
    "INTERNAL_GROUP",
    "WEBHOOK_KEY",
    "RecordedCall",
    "RecordedCallback",
    "Simulator",
    "SimulatorConfig",
    "chat_id",
    "external_userid",
    "openid",
    "tag_id",
    "unionid",
]
