"""Sends one mail by SMTP. Encrypted, unless an operator has switched that off."""

import asyncio
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from brygga.settings import Security, Smtp
from brygga.wire.outward import NotDelivered

TIMEOUT_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Mail:
    """`message_id` is the same whenever the mail is sent again, so that a mail program shows it
    once.
    """

    to: str
    subject: str
    text: str
    message_id: str
    at: datetime
    language: str


@dataclass(frozen=True, slots=True)
class Mailer:
    """`context` makes the TLS context; tests trust a certificate of their own."""

    smtp: Smtp
    context: Callable[[], ssl.SSLContext] = ssl.create_default_context

    async def send(self, mail: Mail) -> None:
        """Returns when the server has taken the mail. Raises `NotDelivered`."""
        await self._try(lambda server: self._hand_over(server, mail))

    async def check(self) -> None:
        """Connects, encrypts and signs in, and sends nothing. Raises `NotDelivered`."""
        await self._try(lambda server: server.noop())

    async def _try(self, use: Callable[[smtplib.SMTP], object]) -> None:
        try:
            async with asyncio.timeout(TIMEOUT_S * 3):
                await asyncio.to_thread(self._with_server, use)
        except smtplib.SMTPRecipientsRefused as refused:
            codes = [code for code, _ in refused.recipients.values()]
            raise NotDelivered("refused", final=all(code >= 500 for code in codes)) from None
        except smtplib.SMTPAuthenticationError:
            raise NotDelivered("sign_in_refused") from None
        except smtplib.SMTPResponseException as answered:
            raise NotDelivered(f"answer_{answered.smtp_code}") from None
        except (smtplib.SMTPException, OSError, TimeoutError) as error:
            raise NotDelivered(type(error).__name__) from None

    def _with_server(self, use: Callable[[smtplib.SMTP], object]) -> None:
        """Blocks: it runs in a thread of its own."""
        smtp = self.smtp
        if smtp.security is Security.TLS:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                smtp.host, smtp.port, timeout=TIMEOUT_S, context=self.context()
            )
        else:
            server = smtplib.SMTP(smtp.host, smtp.port, timeout=TIMEOUT_S)
        with server:
            if smtp.security is Security.STARTTLS:
                server.starttls(context=self.context())
            if smtp.username:
                server.login(smtp.username, smtp.password)
            use(server)

    def _hand_over(self, server: smtplib.SMTP, mail: Mail) -> None:
        server.sendmail(self.smtp.sender, [mail.to], built(mail, self.smtp.sender))


def built(mail: Mail, sender: str) -> bytes:
    """The mail as bytes. A header cannot be broken out of: the library refuses line breaks."""
    message = EmailMessage(policy=SMTP)
    message["From"] = Address("Brygga", addr_spec=sender)
    message["To"] = Address(addr_spec=mail.to)
    message["Subject"] = " ".join(mail.subject.split())
    message["Date"] = format_datetime(mail.at)
    message["Message-ID"] = mail.message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text, charset="utf-8", cte="quoted-printable")
    # After the text: `set_content` takes away what speaks of the content.
    message["Content-Language"] = mail.language
    return message.as_bytes()
