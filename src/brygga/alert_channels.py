"""How an alert reaches a merchant: as a mail, or as a signed webhook.

What is told, and when, is decided in `core.alerts` and `sync.worker.alerting`; the words are
`web.letters`.
"""

from dataclasses import dataclass

from brygga.core.model import Connection
from brygga.database.alert_messages import Message
from brygga.database.alert_settings import AlertSettings
from brygga.seams import Clock
from brygga.web import letters
from brygga.wire.mail import Mail, Mailer
from brygga.wire.outward import Outward


@dataclass(frozen=True, slots=True)
class ByMail:
    """Sends an alert as a mail."""

    mailer: Mailer
    public_url: str

    async def __call__(
        self, message: Message, settings: AlertSettings, connection: Connection
    ) -> None:
        said = letters.speech(settings, connection)
        made = letters.letter(said, message, connection, self.public_url)
        mail = Mail(
            to=settings.email,
            subject=letters.subject(said, made, connection),
            text=letters.text(said, made, message.kind, self.public_url),
            message_id=letters.mail_id(message, self.public_url),
            at=message.created_at,
            language=said.language,
        )
        await self.mailer.send(mail)


@dataclass(frozen=True, slots=True)
class ByWebhook:
    """Sends an alert as a signed webhook."""

    outward: Outward
    clock: Clock
    public_url: str

    async def __call__(
        self, message: Message, settings: AlertSettings, connection: Connection
    ) -> None:
        said = letters.speech(settings, connection)
        made = letters.letter(said, message, connection, self.public_url)
        content = letters.body(message, made, connection)
        signed = letters.headers(message, content, settings.secrets, self.clock.now())
        await self.outward.post(settings.hook_url, signed, content)
