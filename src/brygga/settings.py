"""What an operator sets, read once from the environment.

A wrong or missing setting is one line that names it, and all of them are reported at once. Each
may stand in a file instead, whose path is in the setting of the same name with `_FILE`: so a vault
hands over secrets that no environment shows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar, cast

from brygga import setting_texts as texts
from brygga.core.stock import Timing

T = TypeVar("T")

PREFIX: Final = "BRYGGA_"
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
    database_connections: int = 5
    """How many connections the pool of one process opens at most."""
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
    settings = Settings(
        public_url=reader.required(
            "PUBLIC_URL", texts.url, "the address at which merchants and platforms reach us"
        ),
        database_url=reader.optional("DATABASE_URL", texts.database, None),
        database_direct_url=reader.optional("DATABASE_DIRECT_URL", texts.database, None),
        database_connections=reader.optional("DATABASE_CONNECTIONS", texts.connections, 5),
        data_dir=Path(reader.optional("DATA_DIR", str, ".data") or ".data"),
        secret_keys=reader.required(
            "SECRET_KEYS",
            texts.secrets,
            f"one or more secrets of {texts.SECRET_LENGTH} characters or more",
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
            "CONTACT_EMAIL", texts.email, "where Zettle and merchants can write to"
        ),
        metrics_token=reader.optional("METRICS_TOKEN", texts.token, ""),
        metrics_local=reader.optional("METRICS", texts.metrics, default=False),
        trusted_proxies=reader.optional("TRUSTED_PROXIES", texts.networks, ()),
        rate_limits=reader.optional("RATE_LIMITS", texts.switch, default=True),
        hsts_subdomains=reader.optional("HSTS", texts.hsts, default=False),
        stock=Timing(
            read_lag_s=reader.optional("STOCK_READ_LAG", texts.read_lag, Timing().read_lag_s),
            is_whole=reader.optional("STOCK_CALLS", texts.calls, default=True),
        ),
        erase_after=reader.optional("ERASE_AFTER_DAYS", texts.days, timedelta(days=365)),
        keep_webhooks=reader.optional("KEEP_WEBHOOKS_DAYS", texts.days_or_none, timedelta(days=3)),
        smtp=_smtp(reader),
        alert_hooks=reader.optional("ALERT_WEBHOOKS", _alert_hooks, AlertHooks.PUBLIC),
        statements_kept=reader.optional("STATEMENTS_KEPT_DAYS", texts.days, timedelta(days=365)),
        traces=reader.optional("TRACES", texts.traces, default=False),
        operator=reader.optional("OPERATOR_SECRETS_FILE", texts.secrets_file, ()),
        operator_reads=reader.optional("OPERATOR_READERS_FILE", texts.secrets_file, ()),
        hosts=_hosts(reader),
    )
    _check_together(settings, reader)
    if reader.problems:
        raise SettingsWrong(tuple(reader.problems))

    return settings


def _hosts(reader: "_Reader") -> Hosts:
    defaults = Hosts()
    return Hosts(
        **{
            name: reader.optional(f"{name.upper()}_URL", texts.url, getattr(defaults, name))
            for name in Hosts.__dataclass_fields__
        }
    )


def _check_together(settings: Settings, reader: "_Reader") -> None:
    """Adds a problem for settings that are right alone and wrong beside each other."""
    if settings.database_direct_url and not reader.environment.get(f"{PREFIX}DATABASE_URL"):
        reader.problems.append(
            f"{PREFIX}DATABASE_DIRECT_URL needs {PREFIX}DATABASE_URL, the pooler's address"
        )
    if {*(settings.operator or ())} & {*(settings.operator_reads or ())}:
        reader.problems.append(
            f"{PREFIX}OPERATOR_READERS_FILE has a secret of {PREFIX}OPERATOR_SECRETS_FILE: "
            "it would do more than read"
        )


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
    host = reader.optional("SMTP_HOST", texts.host, "")
    security = reader.optional("SMTP_SECURITY", _security, Security.STARTTLS)
    port = 465 if security is Security.TLS else 587
    found = Smtp(
        host=host,
        sender=reader.optional("SMTP_FROM", texts.email, reader.optional("CONTACT_EMAIL", str, "")),
        port=reader.optional("SMTP_PORT", texts.port, port),
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
