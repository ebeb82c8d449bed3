"""Mail over SMTP. The library waits while it speaks, so each mail has a thread of its own."""

import asyncio
import smtplib
import socket
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from bot.clock import Clock
from bot.errors import PlatformError, Unreachable
from bot.platforms.answers import Meaning
from bot.settings import MailSettings

TIMEOUT_S = 15.0
FOR_A_WHILE = range(400, 500)
UNKNOWN_MAILBOX = (550, 551, 553)


class Mail:
    """Sends by the mail server of the settings; the endpoint is `mail/send`."""

    def __init__(self, settings: MailSettings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock

    async def call(self, endpoint: str, body: dict[str, Any]) -> dict[str, Any]:
        """`{to, subject, text, key}`; raises `PlatformError` with the server's code when it says no."""
        message = self._message(body)
        try:
            await asyncio.to_thread(self._send, message)
        except smtplib.SMTPRecipientsRefused as error:
            [(code, _why)] = error.recipients.values()
            raise PlatformError(endpoint, code, "the server refused the recipient") from error
        except smtplib.SMTPResponseException as error:
            raise PlatformError(endpoint, error.smtp_code, "the server refused the mail") from error
        except (ConnectionRefusedError, socket.gaierror) as error:
            raise Unreachable(endpoint, "no connection", arrived=False) from error
        except (OSError, smtplib.SMTPException) as error:
            raise Unreachable(endpoint, type(error).__name__) from error
        return {"id": message["Message-ID"]}

    def _message(self, body: dict[str, Any]) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._settings.sender, body["to"], body["subject"]
        message["Date"] = format_datetime(self._clock.now())
        message["Message-ID"] = f"<{body['key']}@{self._settings.sender.rpartition('@')[2]}>"
        message.set_content(body["text"])
        return message

    def _send(self, message: EmailMessage) -> None:
        settings = self._settings
        connect = smtplib.SMTP_SSL if settings.security == "tls" else smtplib.SMTP
        with connect(settings.host, settings.port, timeout=TIMEOUT_S) as server:
            if settings.security == "starttls":
                server.starttls()
            if settings.user:
                server.login(settings.user, settings.password.get_secret_value())
            server.send_message(message)

    async def upload(self, media: str, filename: str, content: bytes) -> str:
        raise PlatformError("upload", 0, "a mail takes no files")

    def meaning(self, endpoint: str, errcode: int) -> Meaning:
        if errcode in FOR_A_WHILE:
            return Meaning.RETRY
        return Meaning.RECIPIENT if errcode in UNKNOWN_MAILBOX else Meaning.FINAL

    def is_repeatable(self, endpoint: str) -> bool:
        """A server knows no repetition, though mail programs do, by the message's id."""
        return False
