"""Everything that can go wrong, by what the one who catches it does next.

BotError
├── SettingsError      a setting is missing or malformed: say which, exit 2
├── BadInput           what came from outside is wrong: refuse it, change nothing
│   ├── BadSignature   … it is not from whom it says: 403
│   ├── BadCallback    … it cannot be read: 400
│   └── BadCommand     … a chat command or an argument of ours: one line that shows the right form
├── NotFound           `get` found nothing
└── PlatformError      a platform refused a call, or could not be reached
    └── Unreachable    … and perhaps it acted, perhaps not
"""


class BotError(Exception):
    """The root: whatever this project raises on purpose."""


class SettingsError(BotError):
    """A setting is missing or malformed; the message names the variable and what to do."""


class BadInput(BotError):
    """What came from outside is wrong; the message may be shown to the sender."""


class BadSignature(BadInput):
    """The signature, or the receiver that the envelope names, is not ours."""


class BadCallback(BadInput):
    """A body that is not what its platform documents."""


class BadCommand(BadInput):
    """A chat command that cannot be carried out as written."""


class NotFound(BotError):
    """There is no such row; `message` says so in the reader's language, where somebody reads it."""

    def __init__(self, kind: str, key: object, message: str = "") -> None:
        super().__init__(message or f"there is no {kind} {key}")
        self.kind, self.key = kind, key


class PlatformError(BotError):
    """A platform refused a call, or gave no answer."""

    def __init__(self, endpoint: str, errcode: int, reason: str = "") -> None:
        super().__init__(f"{endpoint} answered errcode {errcode} {reason}".rstrip())
        self.endpoint, self.errcode, self.reason = endpoint, errcode, reason


class Unreachable(PlatformError):
    """No usable answer came back. `arrived` is False when the request cannot have reached the platform."""

    def __init__(self, endpoint: str, reason: str, *, arrived: bool = True) -> None:
        super().__init__(endpoint, 0, reason)
        self.arrived = arrived
