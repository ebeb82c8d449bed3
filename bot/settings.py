"""Settings, from `XIAOER_*` variables or `xiaoer.toml`; what is missing is named in one line."""

import re
import tomllib
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings import (
    SettingsError as UnreadableSetting,
)

from bot.errors import SettingsError

HOUSE = Path(__file__).resolve().parent.parent
"""The folder that holds `bot/`, `sops/` and `locale/`."""

PREFIX = "XIAOER_"


def _host_only(base: str) -> str:
    """People write the API's address with and without its path; the endpoints bring their own."""
    return base.rstrip("/").removesuffix("/cgi-bin")


class WeComSettings(BaseModel, extra="forbid"):
    """The self-built app. `token` and `aes_key` are those of its message receiver (接收消息)."""

    corp_id: str
    agent_id: int
    secret: SecretStr
    token: SecretStr
    aes_key: SecretStr
    contact_secret: SecretStr | None = None
    api_base: str = "https://qyapi.weixin.qq.com"

    _base = field_validator("api_base")(_host_only)

    @field_validator("aes_key")
    @classmethod
    def _length(cls, key: SecretStr) -> SecretStr:
        return _aes_key(key)


class OfficialSettings(BaseModel, extra="forbid"):
    """The official account. `kind` decides what it can be asked to do."""

    app_id: str
    secret: SecretStr
    token: SecretStr
    aes_key: SecretStr | None = None
    kind: Literal["subscription", "verified_subscription", "service", "verified_service"] = "verified_service"
    mode: Literal["safe", "compat", "plain"] = "safe"
    api_base: str = "https://api.weixin.qq.com"

    _base = field_validator("api_base")(_host_only)

    @field_validator("aes_key")
    @classmethod
    def _length(cls, key: SecretStr | None) -> SecretStr | None:
        return None if key is None else _aes_key(key)


def _aes_key(key: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[A-Za-z0-9+/]{43}", key.get_secret_value()):
        raise ValueError("must be the 43 letters and digits of the EncodingAESKey")
    return key


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise ValueError(f"names no folder: {path}")
    return path


class ArchiveSettings(BaseModel, extra="forbid"):
    """The conversation archive: `secret` signs `POST /archive`; `pull_base` is where records are pulled from."""

    secret: SecretStr | None = None
    pull_base: str | None = None
    pull_secret: SecretStr | None = None
    private_key: Path | None = None

    @field_validator("private_key")
    @classmethod
    def _readable(cls, path: Path | None) -> Path | None:
        if path is not None and not path.is_file():
            raise ValueError(f"names no file: {path}")
        return path


class AiBotSettings(BaseModel, extra="forbid"):
    """The AI bot (智能机器人) in API mode: `token` and `aes_key` are those of its message receiver."""

    token: SecretStr
    aes_key: SecretStr

    @field_validator("aes_key")
    @classmethod
    def _length(cls, key: SecretStr) -> SecretStr:
        return _aes_key(key)


class TrackSettings(BaseModel, extra="forbid"):
    secret: SecretStr | None = None


class ConsoleSettings(BaseModel, extra="forbid"):
    """The console. Without a password it is shut; `open` is for the demo, and only on a loopback address."""

    password: SecretStr | None = None
    open: bool = False


class HookSettings(BaseModel, extra="forbid"):
    """Somebody else's server that SOPs may tell things; `secret` signs what it is told."""

    url: str = Field(pattern=r"^https?://")
    secret: SecretStr


class SmsSettings(BaseModel, extra="forbid"):
    """Short messages. `log` writes to the log that one would have been sent, without number and text.

    `key_id` and `key_secret` are those of the provider's API; `app_id` is Tencent Cloud's SmsSdkAppId. `api_base`
    stands in for the provider's own address.
    """

    provider: Literal["log", "tencent", "alibaba"] = "log"
    key_id: str = ""
    key_secret: SecretStr = SecretStr("")
    app_id: str = ""
    signature: str
    api_base: str = Field(default="", pattern=r"^(https?://.+)?$")


class MailSettings(BaseModel, extra="forbid"):
    """A mail server that takes our mails. `security` is how the connection is protected."""

    host: str
    port: int = 465
    security: Literal["tls", "starttls", "none"] = "tls"
    user: str = ""
    password: SecretStr = SecretStr("")
    sender: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")


class MiniProgramSettings(BaseModel, extra="forbid"):
    """The mini-program whose subscribers SOPs may notify."""

    app_id: str
    secret: SecretStr
    api_base: str = "https://api.weixin.qq.com"

    _base = field_validator("api_base")(_host_only)

    def as_account(self) -> OfficialSettings:
        """Its API speaks like an official account's; nothing is received, so there is no token to check by."""
        return OfficialSettings(app_id=self.app_id, secret=self.secret, token=SecretStr(""), api_base=self.api_base)


class CapSettings(BaseModel, extra="forbid"):
    """At most `count` messages to one contact in `per_hours`."""

    count: int = Field(ge=1)
    per_hours: float = Field(default=24, gt=0)


class ReachSettings(BaseModel, extra="forbid"):
    """When and how often SOPs may write to a contact unasked.

    `caps` go by channel (mass, official, sms …), or `all`. With `needs_consent` silence is no consent.
    `mass_cap` is what WeCom's console allows: as many mass sends as the month has days, seven a week, or one a day.
    """

    quiet_from: str = Field(default="22:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    quiet_until: str = Field(default="08:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    caps: dict[str, CapSettings] = Field(default_factory=dict)
    same_content_hours: float = Field(default=24, ge=0)
    needs_consent: bool = False
    mass_cap: Literal["month", "week", "day"] = "month"


class KeepSettings(BaseModel, extra="forbid"):
    """How many days things stay in the database. What goes is written to `folder` first, but never what people wrote.

    `inbox_days`: events and timers that are over. `traces_days`: calls, and what SOPs did and did not do.
    `messages_days`: what contacts wrote. `audit_days`: who did what.
    """

    inbox_days: int = Field(default=30, ge=7, le=3650)
    traces_days: int = Field(default=90, ge=7, le=3650)
    messages_days: int = Field(default=180, ge=1, le=3650)
    audit_days: int = Field(default=730, ge=30, le=3650)
    folder: Path = Path("var/archive")


class RoleSettings(BaseModel, extra="forbid"):
    """Who may do what: user ids by role, beside those whom the rules of a group name."""

    manager: list[str] = Field(default_factory=list)
    admin: list[str] = Field(default_factory=list)


def host_and_port(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", toml_file="xiaoer.toml", extra="ignore"
    )

    listen: str = "127.0.0.1:8080"
    health_listen: str = ""
    database_url: str = "sqlite:///var/xiaoer.db"
    redis_url: str = ""
    sops: Path = HOUSE / "sops"
    media: Path = HOUSE / "sops" / "media"
    timezone: str = "Asia/Shanghai"
    language: Literal["zh_CN", "en"] = "zh_CN"
    public_url: str = ""
    data_key: SecretStr | None = None
    lead_line: int = Field(default=60, ge=1)
    claim_within_minutes: int = Field(default=30, ge=1)
    most_waiting: int = Field(default=200_000, ge=1)
    remind_after_minutes: int = Field(default=30, ge=1)
    escalate_after_minutes: int = Field(default=120, ge=1)
    roles: RoleSettings = RoleSettings()
    webhooks: dict[str, SecretStr] = Field(default_factory=dict)
    wecom: WeComSettings | None = None
    official: OfficialSettings | None = None
    aibot: AiBotSettings | None = None
    archive: ArchiveSettings = ArchiveSettings()
    track: TrackSettings = TrackSettings()
    console: ConsoleSettings = ConsoleSettings()
    keep: KeepSettings = KeepSettings()
    reach: ReachSettings = ReachSettings()
    hooks: dict[str, HookSettings] = Field(default_factory=dict)
    sms: SmsSettings | None = None
    mail: MailSettings | None = None
    miniprogram: MiniProgramSettings | None = None
    demo: bool = False

    @field_validator("database_url")
    @classmethod
    def _sqlite_or_postgresql(cls, url: str) -> str:
        if not url.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
            raise ValueError("must be sqlite:///… or postgresql://user:password@host/database")
        return url

    @field_validator("redis_url")
    @classmethod
    def _redis_beside_postgresql(cls, url: str, info: ValidationInfo) -> str:
        if url and not url.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must be redis://host:6379/0")
        if url and str(info.data.get("database_url", "")).startswith("sqlite"):
            raise ValueError("needs XIAOER_DATABASE_URL=postgresql://…: SQLite is for one process")
        return url

    _sops_folder = field_validator("sops")(_folder)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("is not the name of a time zone, such as Asia/Shanghai") from error
        return name

    @field_validator("listen", "health_listen")
    @classmethod
    def _host_and_port(cls, listen: str, info: ValidationInfo) -> str:
        if not listen and info.field_name == "health_listen":
            return listen
        host, _, port = listen.rpartition(":")
        if not host or not port.isdigit() or not 0 <= int(port) < 65536:
            raise ValueError("must be HOST:PORT, such as 127.0.0.1:8080")
        return listen

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def host(self) -> str:
        return host_and_port(self.listen)[0]

    @property
    def port(self) -> int:
        return host_and_port(self.listen)[1]

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], *sources: PydanticBaseSettingsSource, **named: PydanticBaseSettingsSource
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = TomlConfigSettingsSource(settings_cls)
        return (named["init_settings"], named["env_settings"], file)


def load(**given: object) -> Settings:
    """Read the settings; raises `SettingsError` with one line that names what is wrong."""
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except UnreadableSetting as error:
        field = re.search(r'"(\w+)"', str(error))
        raise SettingsError(f'{PREFIX}{field[1].upper() if field else ""} must be JSON, such as ["lin"]') from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"xiaoer.toml cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + "__".join(str(part).upper() for part in first["loc"])
        reason = "is not set" if first["type"] == "missing" else first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"{name} {reason}") from error
