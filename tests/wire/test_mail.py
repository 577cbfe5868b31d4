"""Mail by SMTP: what is sent, that a password never travels in the clear, and what a refusal means.

The server is one of the test's own, on this machine.
"""

import asyncio
import email
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.policy import default
from pathlib import Path
from typing import cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from brygga.settings import Security, Smtp
from brygga.wire.mail import Mail, Mailer, built
from brygga.wire.outward import NotDelivered
from tests.conftest import NOON

MAIL = Mail("anna@example.com", "Åtkomsten är borta", "Öppna sidan.\n", "<1@x>", NOON, "sv")


@dataclass
class Server:
    """Answers as `answers` says, 250 to everything else. With a context it offers STARTTLS."""

    answers: Mapping[str, str] = field(default_factory=dict)
    context: ssl.SSLContext | None = None
    port: int = 0
    received: list[str] = field(default_factory=list)
    mails: list[str] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail\r\n")
        while line := await reader.readline():
            said = line.decode().strip()
            self.received.append(said)
            verb = said.split(" ")[0].upper()
            if verb == "STARTTLS":
                writer.write(b"220 go ahead\r\n")
                await writer.drain()
                await writer.start_tls(cast("ssl.SSLContext", self.context))
                continue
            writer.write(f"{self._answer(verb)}\r\n".encode())
            if verb == "DATA" and "DATA" not in self.answers:
                self.mails.append((await reader.readuntil(b"\r\n.\r\n")).decode())
                writer.write(b"250 taken\r\n")
            if verb == "QUIT":
                break
        writer.close()

    def _answer(self, verb: str) -> str:
        if verb == "EHLO":
            offers = ["STARTTLS"] if self.context else []
            return "\r\n".join(["250-mail", *(f"250-{one}" for one in offers), "250 AUTH PLAIN"])
        usual = {"DATA": "354 write", "QUIT": "221 bye", "AUTH": "235 welcome"}
        return self.answers.get(verb, usual.get(verb, "250 well"))


@asynccontextmanager
async def served(server: Server) -> AsyncIterator[Smtp]:
    opened = await asyncio.start_server(server.talk, "127.0.0.1", 0)
    port = opened.sockets[0].getsockname()[1]
    try:
        yield Smtp("127.0.0.1", "brygga@example.com", port, Security.OFF)
    finally:
        opened.close()


async def test_a_mail_arrives_as_it_was_written() -> None:
    server = Server()
    async with served(server) as smtp:
        await Mailer(smtp).send(MAIL)

    (sent,) = server.mails
    read = email.message_from_string(sent, policy=default)
    assert ("Åtkomsten är borta", "Öppna sidan.") == (
        read["subject"],
        read.get_content().rstrip(".\r\n") + ".",
    )
    assert ("<1@x>", "auto-generated", "sv") == (
        read["message-id"],
        read["auto-submitted"],
        read["content-language"],
    )


async def test_a_check_signs_in_and_sends_nothing() -> None:
    server = Server()
    async with served(server) as smtp:
        await Mailer(smtp).check()

    assert ["NOOP", "QUIT"] == [line.split(" ")[0].upper() for line in server.received]
    assert [] == server.mails


@pytest.mark.parametrize(
    ("answers", "why", "final"),
    [
        ({"RCPT": "550 nobody of that name"}, "refused", True),
        ({"RCPT": "451 come back later"}, "refused", False),
        ({"MAIL": "554 not you"}, "answer_554", False),
        ({"DATA": "451 not now"}, "answer_451", False),
    ],
)
async def test_a_refusal_says_whether_another_try_may_help(
    answers: Mapping[str, str], why: str, *, final: bool
) -> None:
    async with served(Server(answers)) as smtp:
        with pytest.raises(NotDelivered) as failed:
            await Mailer(smtp).send(MAIL)

    assert (why, final) == (failed.value.why, failed.value.final)


async def test_a_server_that_is_not_there_is_tried_again() -> None:
    async with served(Server()) as smtp:
        gone = smtp

    with pytest.raises(NotDelivered) as failed:
        await Mailer(gone).send(MAIL)
    assert ("ConnectionRefusedError", False) == (failed.value.why, failed.value.final)


async def test_without_encryption_neither_password_nor_mail_is_sent() -> None:
    """A server, or somebody on the way, that does not offer STARTTLS."""
    server = Server()
    async with served(server) as smtp:
        strict = replace(smtp, security=Security.STARTTLS, username="me", password="hush")
        with pytest.raises(NotDelivered):
            await Mailer(strict).send(MAIL)

    assert not any(line.upper().startswith(("AUTH", "MAIL")) for line in server.received)


async def test_the_password_goes_encrypted_and_to_the_named_server_only(tmp_path: Path) -> None:
    context = certified(tmp_path)
    trusted = ssl.create_default_context(cafile=tmp_path / "cert.pem")
    ours = Server(context=context)
    async with served(ours) as smtp:
        strict = replace(
            smtp, host="localhost", security=Security.STARTTLS, username="me", password="hush"
        )
        await Mailer(strict, lambda: trusted).send(MAIL)
        with pytest.raises(NotDelivered) as stranger:
            await Mailer(strict).send(MAIL)

    verbs = [line.split(" ")[0].upper() for line in ours.received]
    assert ["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"] == verbs[:7]
    assert (1, 1, "SSLCertVerificationError") == (
        len(ours.mails),
        verbs.count("AUTH"),
        stranger.value.why,
    )


def certified(folder: Path) -> ssl.SSLContext:
    """A certificate for localhost that only this test trusts: its file is cert.pem."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    cert = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, open_key = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, open_key)
    )
    (folder / "cert.pem").write_bytes(cert.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def test_a_subject_cannot_smuggle_a_header() -> None:
    made = built(replace(MAIL, subject="Hej\r\nBcc: spy@example.com"), "brygga@example.com")
    read = email.message_from_bytes(made, policy=default)

    assert (None, "Hej Bcc: spy@example.com") == (read["bcc"], read["subject"])


def test_settings_do_not_show_the_password() -> None:
    assert "hush" not in repr(Smtp("h", "a@b.c", username="me", password="hush"))
