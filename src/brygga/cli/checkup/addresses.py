"""Where merchants and platforms find us, and what an operator decided about who may ask what."""

import socket
import ssl
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

import httpx2

from brygga.bigcommerce import oauth as shop_oauth
from brygga.cli.checkup.findings import Finding, look, well, wrong
from brygga.settings import Settings
from brygga.web.deps import (
    SHOP_CALLBACK,
    SHOP_LOAD,
    SHOP_REMOVE_USER,
    SHOP_UNINSTALL,
    ZETTLE_CALLBACK,
)
from brygga.wiring import installation

TIMEOUT_S: Final = 10.0
LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
HTTPS_PORT: Final = 443


def addresses(settings: Settings) -> list[Finding]:
    """The addresses at which the platforms find us, to compare with those registered there."""
    url = settings.public_url
    callbacks = {
        "auth": SHOP_CALLBACK,
        "load": SHOP_LOAD,
        "uninstall": SHOP_UNINSTALL,
        "remove user": SHOP_REMOVE_USER,
    }
    return [
        look(f"Zettle's app must name this redirect address: {url}{ZETTLE_CALLBACK}"),
        *(
            look(f"BigCommerce's app must name this {kind} callback: {url}{path}")
            for kind, path in callbacks.items()
        ),
        look(f"BigCommerce's app must have these scopes: {' '.join(shop_oauth.SCOPES)}"),
        *_fitness(settings),
    ]


def _fitness(settings: Settings) -> Iterator[Finding]:
    """Whether merchants and platforms can use the public address at all."""
    parts = urlsplit(settings.public_url)
    if parts.hostname in LOCAL:
        mend = "set BRYGGA_PUBLIC_URL to the address that merchants and platforms reach"
        yield wrong(f"{settings.public_url} is this machine only", mend)
    elif not settings.is_https:
        mend = (
            "put a proxy with a certificate before Brygga and set BRYGGA_PUBLIC_URL to its "
            "https address"
        )
        yield wrong(f"{settings.public_url} is not https: BigCommerce refuses such callbacks", mend)
    elif parts.port not in (None, HTTPS_PORT):
        mend = "let the proxy answer on port 443 and take the port out of BRYGGA_PUBLIC_URL"
        yield wrong(
            f"{settings.public_url} names a port: BigCommerce sends webhooks to 443 only",
            mend,
        )


def doors(settings: Settings) -> list[Finding]:
    """What an operator decided about who may ask what."""
    found = []
    if not settings.metrics_token:
        mend = (
            "set BRYGGA_METRICS_TOKEN and give it to your monitor; BRYGGA_METRICS=local opens "
            "/metrics to this machine"
        )
        who = "this machine without a token" if settings.metrics_local else "nobody"
        found.append(look(f"/metrics is open to {who}", mend))
    if not settings.trusted_proxies:
        mend = (
            "name your proxies in BRYGGA_TRUSTED_PROXIES: until then all visitors behind one "
            "count as one source"
        )
        found.append(look("no proxy is believed when it names a client", mend))
    if not settings.rate_limits:
        found.append(look("rate limits are off", "see that your proxy limits requests"))
    return found


async def answers(settings: Settings, http: httpx2.AsyncClient) -> Finding:
    """Whether this very installation answers at the public address."""
    url = f"{settings.public_url}/healthz"
    try:
        answer = await http.get(url, timeout=TIMEOUT_S)
    except httpx2.HTTPError as error:
        return wrong(f"{url} does not answer: {reason(error)}", _mend(error))
    if answer.status_code != 200:
        mend = "start `brygga serve`, and see that the proxy passes every path on to it"
        return wrong(f"{url} answers {answer.status_code}", mend)
    try:
        named = answer.json().get("installation", "")
    except (ValueError, AttributeError):
        named = ""
    if not named:
        mend = "another program answers there: check the proxy, and BRYGGA_PUBLIC_URL"
        return wrong(f"{url} answers, but not as Brygga", mend)
    if named != installation(settings):
        mend = (
            "give all processes the same BRYGGA_SECRET_KEYS and restart them, or mend the address"
        )
        return wrong(f"{url} is a Brygga with other secret keys, or another installation", mend)
    return well(f"{url} answers")


def reason(error: BaseException) -> str:
    """Why a host could not be asked, in words."""
    cause = next(_causes(error), None)
    match cause:
        case socket.gaierror():
            return "its name is unknown (DNS)"
        case ssl.SSLCertVerificationError():
            return f"its certificate is not valid ({cause.verify_message})"
        case ssl.SSLError():
            return "it speaks no TLS there"
        case ConnectionRefusedError():
            return "nothing listens on that port"
        case TimeoutError():
            return f"no answer within {TIMEOUT_S:.0f} s"
    return type(error).__name__


def _mend(error: BaseException) -> str:
    match next(_causes(error), None):
        case socket.gaierror():
            return "give the name an address in DNS, or mend BRYGGA_PUBLIC_URL"
        case ssl.SSLError():
            return "give the proxy a public authority's certificate for this name, with its chain"
        case ConnectionRefusedError():
            return "start `brygga serve` and the proxy before it; open the port in the firewall"
    return "start `brygga serve`, and check the proxy and the firewall"


MEANT: Final = (socket.gaierror, ssl.SSLError, ConnectionRefusedError, TimeoutError)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The causes that have a meaning of their own, the outermost first."""
    while error is not None:
        if isinstance(error, httpx2.TimeoutException):
            yield TimeoutError()
        elif isinstance(error, MEANT):
            yield error
        inner: BaseException | None = error.__cause__ or error.__context__
        if inner is None and isinstance(error, BaseExceptionGroup):
            inner = error.exceptions[0]
        error = inner
