"""What the operator of the local platform may set; every field has a sample value."""

from dataclasses import dataclass
from typing import Literal

OfficialKind = Literal["subscription", "service"]
OfficialMode = Literal["safe", "compat", "plain"]


@dataclass(frozen=True, slots=True)
class SimulatorConfig:
    """One corp with one self-built app, one official account and one conversation archive.

    `deliveries` counts every attempt of a callback, the first one included; whether WeCom makes three or four is
    not settled (developer.work.weixin.qq.com/document/path/90930), so it is a setting.
    `monthly_mass_sends` is how many mass sends one target gets in a month; None means the days of that month.
    `calls_at_once` is how many calls of one endpoint may be under way together (45033 beyond); None means any number.
    """

    corp_id: str = "ww0123456789abcdef"
    agent_id: int = 1000002
    app_secret: str = "app-secret-of-the-local-platform-00000000000"  # noqa: S105 - a sample
    token: str = "simTok3n"  # noqa: S105 - a sample
    aes_key: str = "simulatorKey0123456789ABCDEFGHIJKLMNOPQRSTU"
    contact_secret: str = "contact-secret-of-the-local-platform-0000000"  # noqa: S105 - a sample
    archive_secret: str = "archive-secret-of-the-local-platform-0000000"  # noqa: S105 - a sample
    archive_agent_id: int = 2000004
    archive_public_key: str | None = None
    official_id: str = "gh_0123456789ab"
    official_app_id: str = "wx00000000000000aa"
    official_secret: str = "official-secret-of-the-local-platform-000000"  # noqa: S105 - a sample
    official_token: str = "simtoken01"  # noqa: S105 - a sample
    official_aes_key: str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
    official_kind: OfficialKind = "service"
    official_verified: bool = True
    official_mode: OfficialMode = "safe"
    aibot_id: str = "aibGQDdXIHxHgAAAAQAAvaGXqvBkBuNP"
    aibot_token: str = "simAiBot01"  # noqa: S105 - a sample
    aibot_aes_key: str = "simulatorAiBot0123456789ABCDEFGHIJKLMNOPQRS"
    miniprogram_app_id: str = "wx00000000000000bb"
    miniprogram_secret: str = "miniprogram-secret-of-the-local-platform-000"  # noqa: S105 - a sample
    deliveries: int = 3
    callback_timeout_s: float = 5.0
    retry_after_s: float = 5.0
    monthly_mass_sends: int | None = None
    calls_at_once: int | None = None
    group_size_limit: int = 500
    trusted_ips: frozenset[str] | None = None
