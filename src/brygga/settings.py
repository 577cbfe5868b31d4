"""What an operator sets, read once from the environment.

A wrong or missing setting is one line that names it, and all of them are reported at once. Each
may stand in a file instead, whose path is in the setting of the same name with `_FILE`: so a vault
hands over secrets that no environment shows.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256
from importlib.util import find_spec
from ipaddress import ip_network
from pathlib import Path
from typing import Final, TypeVar, cast
from urllib.parse import SplitResult, urlsplit

from brygga import traces
from brygga.core.stock import Timing

T = TypeVar("T")

PREFIX: Final = "BRYGGA_"
_SECRET_LENGTH: Final = 32
_TOKEN_LENGTH: Final = 16
_LONGEST_READ_LAG_S: Final = 120
_LONGEST_KEPT_DAYS: Final = 3650
_LONGEST_WEBHOOKS_DAYS: Final = 30
_LONGEST_FILE: Final = 64_000


class SettingsWrong(Exception):
    """`problems` are whole lines for an operator, each naming its setting. They contain no value of
    a secret.
    """

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Hosts:
    """One base URL per host, without a slash at the end, so that a test server can replace each."""

    zettle_oauth: str = "https://oauth.zettle.com"
    zettle_products: str = "https://products.izettle.com"
    zettle_inventory: str = "https://inventory.izettle.com"
    zettle_pusher: str = "https://pusher.izettle.com"
    zettle_purchase: str = "https://purchase.izettle.com"
    zettle_secure: str = "https://secure.izettle.com"
    zettle_image: str = "https://image.izettle.com"
    bigcommerce_api: str = "https://api.bigcommerce.com"
    bigcommerce_login: str = "https://login.bigcommerce.com"


class Security(StrEnum):
    """How the way to the mail server is encrypted."""

    STARTTLS = "starttls"
    TLS = "tls"
    OFF = "off"
    """Only for a server on this machine, or in tests."""


@dataclass(frozen=True, slots=True)
class Smtp:
    """The mail server. `sender` is the address that mail comes from."""

    host: str
    sender: str
    port: int = 587
    security: Security = Security.STARTTLS
    username: str = ""
    password: str = field(repr=False, default="")


class AlertHooks(StrEnum):
    """Where merchants may have alerts sent by webhook."""

    PUBLIC = "public"
    """To public addresses, by https."""
    LOCAL = "local"
    """Anywhere, also by http: for development."""
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole configuration. Printing it does not show secrets."""

    public_url: str
    """The address where merchants and platforms reach us, without a slash at the end."""
    data_dir: Path
    secret_keys: tuple[str, ...] = field(repr=False)
    """The first encrypts, all decrypt."""
    zettle_client_id: str
    zettle_client_secret: str = field(repr=False)
    bigcommerce_client_id: str
    bigcommerce_client_secret: str = field(repr=False)
    contact_email: str
    database_url: str | None = field(repr=False, default=None)
    """None: the embedded PostgreSQL in `data_dir`."""
    database_direct_url: str | None = field(repr=False, default=None)
    """PostgreSQL's own address, where `database_url` is a pooler in transaction mode."""
    hosts: Hosts = Hosts()
    metrics_token: str = field(repr=False, default="")
    """The token that a monitor has to send to read /metrics. "": nobody reads it, or only this
    machine (`metrics_local`).
    """
    metrics_local: bool = False
    """Without a token, this machine may read /metrics."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses and networks of the proxies in front of us. Only they are trusted to name
    a client.
    """
    rate_limits: bool = True
    """False where a proxy limits requests itself."""
    hsts_subdomains: bool = False
    """Browsers are told to ask for names below our host by https only, too."""
    stock: Timing = Timing()  # noqa: RUF009 - it is frozen
    erase_after: timedelta = timedelta(days=365)
    """How long after a merchant left everything of theirs is erased."""
    keep_webhooks: timedelta = timedelta(days=3)
    """How long webhooks are kept for `brygga replay`. Zero: none is."""
    smtp: Smtp | None = None
    """None: no mail is sent."""
    alert_hooks: AlertHooks = AlertHooks.PUBLIC
    statements_kept: timedelta = timedelta(days=365)
    """How long a nightly statement is kept."""
    traces: bool = False
    """Whether traces are sent by OpenTelemetry, to where its own settings say."""
    operator: tuple[str, ...] = field(repr=False, default=())
    """The hashes of the secrets that open the operator's pages and API. (): there are none."""
    operator_reads: tuple[str, ...] = field(repr=False, default=())
    """The hashes of those that may only read."""

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")


def read(environment: Mapping[str, str]) -> Settings:
    """Raises `SettingsWrong` with a line for every setting that is missing or invalid."""
    reader = _Reader(environment)
    defaults = Hosts()
    settings = Settings(
        public_url=reader.required(
            "PUBLIC_URL", _url, "the address at which merchants and platforms reach us"
        ),
        database_url=reader.optional("DATABASE_URL", _database, None),
        database_direct_url=reader.optional("DATABASE_DIRECT_URL", _database, None),
        data_dir=Path(reader.optional("DATA_DIR", str, ".data") or ".data"),
        secret_keys=reader.required(
            "SECRET_KEYS", _secrets, f"one or more secrets of {_SECRET_LENGTH} characters or more"
        ),
        zettle_client_id=reader.required(
            "ZETTLE_CLIENT_ID", str, "of the app registered with Zettle"
        ),
        zettle_client_secret=reader.required(
            "ZETTLE_CLIENT_SECRET", str, "of the app registered with Zettle"
        ),
        bigcommerce_client_id=reader.required(
            "BIGCOMMERCE_CLIENT_ID", str, "of the app registered with BigCommerce"
        ),
        bigcommerce_client_secret=reader.required(
            "BIGCOMMERCE_CLIENT_SECRET", str, "of the app registered with BigCommerce"
        ),
        contact_email=reader.required(
            "CONTACT_EMAIL", _email, "where Zettle and merchants can write to"
        ),
        metrics_token=reader.optional("METRICS_TOKEN", _token, ""),
        metrics_local=reader.optional("METRICS", _metrics, default=False),
        trusted_proxies=reader.optional("TRUSTED_PROXIES", _networks, ()),
        rate_limits=reader.optional("RATE_LIMITS", _switch, default=True),
        hsts_subdomains=reader.optional("HSTS", _hsts, default=False),
        stock=Timing(
            read_lag_s=reader.optional("STOCK_READ_LAG", _read_lag, Timing().read_lag_s),
            is_whole=reader.optional("STOCK_CALLS", _calls, default=True),
        ),
        erase_after=reader.optional("ERASE_AFTER_DAYS", _days, timedelta(days=365)),
        keep_webhooks=reader.optional("KEEP_WEBHOOKS_DAYS", _days_or_none, timedelta(days=3)),
        smtp=_smtp(reader),
        alert_hooks=reader.optional("ALERT_WEBHOOKS", _alert_hooks, AlertHooks.PUBLIC),
        statements_kept=reader.optional("STATEMENTS_KEPT_DAYS", _days, timedelta(days=365)),
        traces=reader.optional("TRACES", _traces, default=False),
        operator=reader.optional("OPERATOR_SECRETS_FILE", _secrets_file, ()),
        operator_reads=reader.optional("OPERATOR_READERS_FILE", _secrets_file, ()),
        hosts=Hosts(
            **{
                name: reader.optional(f"{name.upper()}_URL", _url, getattr(defaults, name))
                for name in Hosts.__dataclass_fields__
            }
        ),
    )
    if settings.database_direct_url and not reader.environment.get(f"{PREFIX}DATABASE_URL"):
        reader.problems.append(
            f"{PREFIX}DATABASE_DIRECT_URL needs {PREFIX}DATABASE_URL, the pooler's address"
        )
    if {*(settings.operator or ())} & {*(settings.operator_reads or ())}:
        reader.problems.append(
            f"{PREFIX}OPERATOR_READERS_FILE has a secret of {PREFIX}OPERATOR_SECRETS_FILE: "
            "it would do more than read"
        )
    if reader.problems:
        raise SettingsWrong(tuple(reader.problems))

    return settings


def mail_server(environment: Mapping[str, str]) -> Smtp | None:
    """Only the mail server of the environment. None where no host is set, or a setting is wrong."""
    reader = _Reader(environment)
    found = _smtp(reader)
    return None if reader.problems else found


class _Reader:
    """Reads each setting and collects what is wrong, so that an operator can correct everything at
    once.

    None replaces a wrong setting. `read` raises before anybody uses it.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.problems: list[str] = []

    def required(self, name: str, parse: "Callable[[str], T]", meaning: str) -> T:
        before, text = len(self.problems), self.text(name)
        if not text:
            if len(self.problems) == before:
                self.problems.append(f"{PREFIX}{name} is missing: {meaning}")
            return cast("T", None)
        return self._parsed(name, text, parse)

    def optional(self, name: str, parse: "Callable[[str], T]", default: T) -> T:
        text = self.text(name)
        return self._parsed(name, text, parse) if text else default

    def text(self, name: str) -> str:
        """The setting, or what the file holds whose path is in the setting with `_FILE`. "" where
        neither is set, and where the file cannot be read, which is a problem.
        """
        given = self.environment.get(PREFIX + name, "").strip()
        path = self.environment.get(f"{PREFIX}{name}_FILE", "").strip()
        if not path:
            return given
        if given:
            self._once(f"{PREFIX}{name} and {PREFIX}{name}_FILE are both set: only one may be")
            return given
        try:
            with Path(path).open(encoding="utf-8") as file:
                found = file.read(_LONGEST_FILE).strip()
        except (OSError, ValueError):
            self._once(f"{PREFIX}{name}_FILE is wrong: {path} cannot be read")
            return ""
        if not found:
            self._once(f"{PREFIX}{name}_FILE is wrong: {path} is empty")
        return found

    def _once(self, problem: str) -> None:
        """A setting that others rest on is read more than once."""
        if problem not in self.problems:
            self.problems.append(problem)

    def _parsed(self, name: str, text: str, parse: "Callable[[str], T]") -> T:
        try:
            return parse(text)
        except ValueError as wrong:
            self.problems.append(f"{PREFIX}{name} is wrong: {wrong}")
            return cast("T", None)


def _smtp(reader: _Reader) -> Smtp | None:
    """None where no host is set. Another setting without the host is a problem: it would be in
    vain.
    """
    host = reader.optional("SMTP_HOST", _host, "")
    security = reader.optional("SMTP_SECURITY", _security, Security.STARTTLS)
    port = 465 if security is Security.TLS else 587
    found = Smtp(
        host=host,
        sender=reader.optional("SMTP_FROM", _email, reader.optional("CONTACT_EMAIL", str, "")),
        port=reader.optional("SMTP_PORT", _port, port),
        security=security,
        username=reader.optional("SMTP_USERNAME", str, ""),
        password=reader.optional("SMTP_PASSWORD", str, ""),
    )
    if host and bool(found.username) != bool(found.password):
        reader.problems.append(f"{PREFIX}SMTP_USERNAME and {PREFIX}SMTP_PASSWORD belong together")
    if host and found.username and security is Security.OFF:
        reader.problems.append(
            f"{PREFIX}SMTP_SECURITY is off: a password is never sent without encryption"
        )
    names = ("SMTP_FROM", "SMTP_PORT", "SMTP_SECURITY", "SMTP_USERNAME", "SMTP_PASSWORD")
    for name in names:
        if not host and reader.text(name):
            reader.problems.append(
                f"{PREFIX}{name} is set and {PREFIX}SMTP_HOST is not: no mail would be sent"
            )
    return found if host else None


def _parts(text: str, example: str) -> SplitResult:
    """The parts of an address. An invalid address is refused without showing its value, which may
    contain a password.
    """
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise ValueError(
            f"expected an address like {example}, and a port is a number up to 65535"
        ) from None
    return parts


def _url(text: str) -> str:
    parts = _parts(text, "https://example.com")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("expected an address like https://example.com")
    if parts.query or parts.fragment or parts.username:
        raise ValueError("expected a plain address, without user, query or fragment")
    return text.rstrip("/")


_SEVERAL = re.compile(r"^(?P<before>\w+://(?:[^@/]*@)?)(?P<hosts>[^@/?]*,[^@/?]*)(?P<after>/.*)$")


def _database(text: str) -> str:
    """Several hosts, as libpq names them, become parameters, which both our drivers read. Of them
    the one that takes writes is used.
    """
    if found := _SEVERAL.match(text):
        text = _several(found)
    parts = _parts(text, "postgresql://user:password@host/name")
    if parts.scheme not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise ValueError("expected postgresql://user:password@host/name")
    if not parts.path.strip("/"):
        raise ValueError("it names no database; expected postgresql://user:password@host/name")
    return text.replace("postgres://", "postgresql://", 1).replace(
        "postgresql+psycopg://", "postgresql://", 1
    )


def _several(found: "re.Match[str]") -> str:
    places = [urlsplit(f"//{one}") for one in found["hosts"].split(",")]
    hosts = ",".join(one.hostname or "" for one in places)
    try:
        ports = ",".join(str(one.port or 5432) for one in places)
    except ValueError:
        raise ValueError("a port is a number up to 65535") from None
    after = found["after"] + ("&" if "?" in found["after"] else "?")
    wish = "" if "target_session_attrs=" in after else "&target_session_attrs=read-write"
    return f"{found['before']}{after}host={hosts}&port={ports}{wish}"


def _secrets(text: str) -> tuple[str, ...]:
    keys = tuple(key.strip() for key in text.split(",") if key.strip())
    if not keys or any(len(key) < _SECRET_LENGTH for key in keys):
        raise ValueError(
            f"each secret needs {_SECRET_LENGTH} characters or more; separate several by commas"
        )
    if len(set(keys)) != len(keys):
        raise ValueError("the same secret stands there twice")
    return keys


def _traces(text: str) -> bool:
    if text not in {"otlp", "off"}:
        raise ValueError("expected otlp or off")
    if text == "otlp" and find_spec("opentelemetry") is None:
        raise ValueError(traces.MISSING)
    return text == "otlp"


def _secrets_file(text: str) -> tuple[str, ...]:
    """The SHA-256 of each secret of a file, in hexadecimal. A line is a secret, or "sha256:" and
    its hash. Empty lines and those that begin with # are left out.
    """
    try:
        lines = Path(text).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeError) as wrong:
        raise ValueError(f"the file cannot be read: {type(wrong).__name__}") from None
    found = tuple(
        _hash_of(line.strip()) for line in lines if line.strip() and line.strip()[0] != "#"
    )
    if not found:
        raise ValueError("the file holds no secret; `brygga operator new-secret` makes one")
    return found


def _hash_of(line: str) -> str:
    kind, colon, digest = line.partition(":")
    if kind == "sha256" and colon:
        if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
            raise ValueError("a line after sha256: needs 64 hexadecimal digits")
        return digest
    if len(line) < _SECRET_LENGTH or not line.isascii() or len(line.split()) != 1:
        raise ValueError(
            f"each secret needs {_SECRET_LENGTH} characters or more, without spaces or letters "
            "beyond ASCII"
        )
    return sha256(line.encode()).hexdigest()


def _token(text: str) -> str:
    if (
        len(text) < _TOKEN_LENGTH
        or not text.isascii()
        or any(character.isspace() for character in text)
    ):
        raise ValueError(
            f"it needs {_TOKEN_LENGTH} characters or more, without spaces or letters beyond ASCII"
        )
    return text


def _metrics(text: str) -> bool:
    if text not in ("token", "local"):
        raise ValueError("expected token or local")
    return text == "local"


def _networks(text: str) -> tuple[str, ...]:
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    for part in found:
        try:
            ip_network(part)
        except ValueError:
            raise ValueError(
                "expected addresses or networks like 10.0.0.0/8, separated by commas"
            ) from None
    return found


def _switch(text: str) -> bool:
    if text not in ("on", "off"):
        raise ValueError("expected on or off")
    return text == "on"


def _hsts(text: str) -> bool:
    if text not in ("host", "subdomains"):
        raise ValueError("expected host or subdomains")
    return text == "subdomains"


def _read_lag(text: str) -> float:
    if not text.isdecimal() or not 1 <= int(text) <= _LONGEST_READ_LAG_S:
        raise ValueError(f"expected whole seconds from 1 to {_LONGEST_READ_LAG_S}")
    return float(text)


def _days(text: str) -> timedelta:
    if not text.isdecimal() or not 1 <= int(text) <= _LONGEST_KEPT_DAYS:
        raise ValueError(f"expected whole days from 1 to {_LONGEST_KEPT_DAYS}")
    return timedelta(days=int(text))


def _days_or_none(text: str) -> timedelta:
    if text == "0":
        return timedelta(0)
    if not text.isdecimal() or not 1 <= int(text) <= _LONGEST_WEBHOOKS_DAYS:
        raise ValueError(f"expected whole days from 0 to {_LONGEST_WEBHOOKS_DAYS}")
    return timedelta(days=int(text))


def _calls(text: str) -> bool:
    if text not in ("whole", "in_part"):
        raise ValueError("expected whole or in_part")
    return text == "whole"


def _host(text: str) -> str:
    if not text.isascii() or any(one in text for one in "/:@ "):
        raise ValueError("expected the name of a host, like smtp.example.com")
    return text


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65_535:
        raise ValueError("expected a number from 1 to 65535")
    return int(text)


def _security(text: str) -> Security:
    try:
        return Security(text)
    except ValueError:
        raise ValueError("expected starttls, tls or off") from None


def _alert_hooks(text: str) -> AlertHooks:
    try:
        return AlertHooks(text)
    except ValueError:
        raise ValueError("expected public, local or off") from None


def _email(text: str) -> str:
    name, at, host = text.partition("@")
    if not (name and at and "." in host) or " " in text:
        raise ValueError("expected an address like help@example.com")
    return text
