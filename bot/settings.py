"""Settings, from `XIAOER_*` variables or `xiaoer.toml`; what is missing is named in one line."""

import secrets
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

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
    if len(key.get_secret_value()) != 43:
        raise ValueError("must be the 43 characters of the EncodingAESKey")
    return key


class ArchiveSettings(BaseModel, extra="forbid"):
    """The conversation archive: `secret` signs `POST /archive`; `pull_base` is where records are pulled from."""

    secret: SecretStr | None = None
    pull_base: str | None = None
    pull_secret: SecretStr | None = None
    private_key: Path | None = None


class TrackSettings(BaseModel, extra="forbid"):
    secret: SecretStr | None = None


class ConsoleSettings(BaseModel, extra="forbid"):
    """The console. Without a password it is shut; `open` is for the demo, and only on a loopback address."""

    password: SecretStr | None = None
    open: bool = False


class RoleSettings(BaseModel, extra="forbid"):
    """Who may do what: user ids by role, beside those whom the rules of a group name."""

    manager: list[str] = Field(default_factory=list)
    admin: list[str] = Field(default_factory=list)


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", toml_file="xiaoer.toml", extra="ignore"
    )

    listen: str = "127.0.0.1:8080"
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
    remind_after_minutes: int = Field(default=30, ge=1)
    escalate_after_minutes: int = Field(default=120, ge=1)
    roles: RoleSettings = RoleSettings()
    webhooks: dict[str, SecretStr] = Field(default_factory=dict)
    wecom: WeComSettings | None = None
    official: OfficialSettings | None = None
    archive: ArchiveSettings = ArchiveSettings()
    track: TrackSettings = TrackSettings()
    console: ConsoleSettings = ConsoleSettings()
    demo: bool = False

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("is not the name of a time zone, such as Asia/Shanghai") from error
        return name

    @field_validator("listen")
    @classmethod
    def _host_and_port(cls, listen: str) -> str:
        host, _, port = listen.rpartition(":")
        if not host or not port.isdigit() or not 0 <= int(port) < 65536:
            raise ValueError("must be HOST:PORT, such as 127.0.0.1:8080")
        return listen

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def host(self) -> str:
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.listen.rpartition(":")[2])

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
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + "__".join(str(part).upper() for part in first["loc"])
        reason = "is not set" if first["type"] == "missing" else first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"{name} {reason}") from error


def new_key() -> str:
    """A key for `XIAOER_DATA_KEY`: 32 random bytes in hex."""
    return secrets.token_hex(32)
