"""What every part of the local platform shares: the clock, the state, the phones, the log."""

from datetime import datetime

from bot.clock import Clock

from .bell import Bell
from .config import SimulatorConfig
from .corp import Contact, Corp, Group, Shown, Staff
from .deliver import Courier
from .faults import Faults
from .ids import IdSource
from .limits import Limits
from .mass import MassSend
from .official import OfficialAccount
from .records import RecordedCall, RecordedCallback
from .sent import SentMessage
from .tasks import Nursery
from .tokens import Tokens
from .vault import Vault


class Platform:
    """The machinery behind the endpoints and behind what people do."""

    def __init__(self, clock: Clock, config: SimulatorConfig, seed: int) -> None:
        self.clock, self.config, self.ids = clock, config, IdSource(seed)
        self.corp, self.official = Corp(), OfficialAccount()
        self.tokens, self.official_tokens = Tokens(self.ids), Tokens(self.ids)
        self.faults, self.limits, self.bell, self.tasks = Faults(), Limits(), Bell(), Nursery()
        self.mass_sends: dict[str, MassSend] = {}
        self.moments: dict[str, dict[str, object]] = {}
        self.sent: dict[str, SentMessage] = {}
        self.task_ids: set[str] = set()
        self.response_urls: dict[str, tuple[str, datetime]] = {}
        self.response_codes: dict[str, tuple[str, str, datetime]] = {}
        self.transfers: dict[tuple[str, str], tuple[str, datetime]] = {}
        self.kf_messages: list[dict[str, object]] = []
        self.vault = Vault(config.archive_public_key)
        self.courier = Courier(config, clock, self.ids, self.tasks, self.note_callback)
        self.recorded_calls: list[RecordedCall] = []
        self.recorded_callbacks: list[RecordedCallback] = []
        self.narration: list[dict[str, str]] = []
        self._entries = 0

    def now(self) -> datetime:
        return self.clock.now()

    def now_s(self) -> int:
        return int(self.now().timestamp())

    def next_entry(self) -> int:
        """The place of a log line among calls and callbacks alike."""
        self._entries += 1
        return self._entries

    def note_call(
        self, endpoint: str, body: dict[str, object], answer: dict[str, object] | None, query: dict[str, str]
    ) -> None:
        call = RecordedCall(self.now(), endpoint, body, answer, query, self.next_entry())
        self.recorded_calls.append(call)
        self.bell.ring()

    def note_callback(self, receiver: str, what: str, plain: str, attempt: int, status: int | None, how: str) -> None:
        number = self.next_entry()
        self.recorded_callbacks.append(
            RecordedCallback(self.now(), receiver, what, plain, attempt, status, how, number)
        )
        self.bell.ring()

    def calls(self, endpoint: str) -> list[RecordedCall]:
        """Calls of one endpoint in order, refused ones included; those of the account begin with `official/`."""
        return [call for call in self.recorded_calls if call.endpoint == endpoint]

    def callbacks(self, what: str | None = None) -> list[RecordedCallback]:
        """Attempts at delivering callbacks, of one kind when `what` names it."""
        return [one for one in self.recorded_callbacks if what is None or one.what == what]

    def show(self, to: str, chat: str, sender: str, kind: str, content: dict[str, object]) -> Shown:
        """Put something on a phone; `to` is a userid, an external_userid or an openid."""
        shown = Shown(self.now(), to, chat, sender, kind, content, self.ids.text(16), self.next_entry())
        self.corp.phones.setdefault(to, []).append(shown)
        self.bell.ring()
        return shown

    def staff_of(self, who: str | Staff) -> Staff:
        found = who if isinstance(who, Staff) else self.corp.find_staff(who)
        if found is None:
            raise KeyError(f"there is no staff member {who}")
        return found

    def contact_of(self, who: str | Contact) -> Contact:
        found = who if isinstance(who, Contact) else self.corp.find_contact(who)
        if found is None:
            raise KeyError(f"there is no contact {who}")
        return found

    def group_of(self, group: str | Group) -> Group:
        found = group if isinstance(group, Group) else self.corp.find_group(group)
        if found is None:
            raise KeyError(f"there is no group {group}")
        return found

    def name_of(self, member_id: str) -> str:
        """How people see somebody: the name behind a userid, an external_userid, an openid or a webhook."""
        if staff := self.corp.find_staff(member_id):
            return staff.name
        if follower := self.official.followers.get(member_id):
            known = self.corp.find_contact(follower.key)
            return known.name if known else follower.key
        contact = self.corp.contacts.get(member_id)
        return contact.name if contact else member_id
