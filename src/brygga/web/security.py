"""What a browser is asked to forbid: foreign scripts, framing by other sites, guessing of content
types.
"""

from typing import Final
from urllib.parse import urlsplit

from litestar.types import Message, Scope

from brygga.web.deps import SHOP_CALLBACK, SHOP_LOAD, WebDeps
from brygga.web.tracing import STATE as REQUEST_ID

FRAMED: Final = frozenset({SHOP_LOAD, SHOP_CALLBACK})
"""The pages that BigCommerce shows inside its control panel (bigcommerce facts 1.7). No other page
may be framed.
"""
NOSNIFF: Final = (b"x-content-type-options", b"nosniff")
FILE_HEADERS: Final = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    NOSNIFF,
)
"""Of a style sheet, a script or an icon: opened by itself, it may do nothing. What only a page can
use is left out."""
PANEL: Final = "https://*.mybigcommerce.com"
BIGCOMMERCE: Final = "bigcommerce.com"
ONWARD: Final = (f"https://*.{BIGCOMMERCE}", PANEL)
"""BigCommerce's own hosts: an install that begins at its sign-in may be redirected to the store's
panel (bigcommerce facts 1.3, 1.7).
"""
ZETTLE: Final = "zettle.com"
SIGN_IN: Final = (f"https://*.{ZETTLE}", "https://*.izettle.com", "https://*.paypal.com")
"""The hosts of Zettle and of its owner: the sign-in at oauth.zettle.com may redirect to any of
them.
"""


def origin(url: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def form_targets(install_url: str, authorize_url: str) -> tuple[str, ...]:
    """The targets that our forms may lead to: ourselves, and the two platforms that Connect leads
    to.

    Browsers apply this to every redirect that follows a form, not only to its first address.
    """
    to_store = ONWARD if _is_at(install_url, BIGCOMMERCE) else ()
    to_till = SIGN_IN if _is_at(authorize_url, ZETTLE) else ()
    return ("'self'", origin(install_url), origin(authorize_url), *to_store, *to_till)


def _is_at(url: str, domain: str) -> bool:
    return (urlsplit(url).hostname or "").endswith(f".{domain}")


def policy(path: str, nonce: str, targets: tuple[str, ...]) -> str:
    """The content security policy of a page: only our own files, scripts only with this answer's
    nonce, forms only to `targets`.
    """
    ancestors = PANEL if path in FRAMED else "'none'"
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'nonce-{nonce}'" if nonce else "script-src 'none'",
            "style-src 'self'",
            "img-src 'self' https: http: data:",
            "connect-src 'self'",
            f"form-action {' '.join(targets)}",
            "base-uri 'none'",
            f"frame-ancestors {ancestors}",
        ]
    )


async def add_headers(message: Message, scope: Scope) -> None:
    """Adds the security headers to every answer, failures included."""
    if message["type"] != "http.response.start":
        return
    path = scope["path"].rstrip("/") or "/"
    deps: WebDeps = scope["litestar_app"].state.deps
    headers = [*(FILE_HEADERS if path.startswith("/static/") else _of_page(path, scope))]
    if deps.settings.secure:
        below = b"; includeSubDomains" if deps.settings.hsts_subdomains else b""
        headers.append((b"strict-transport-security", b"max-age=31536000" + below))
    message["headers"] = [*message["headers"], *headers]


def _of_page(path: str, scope: Scope) -> list[tuple[bytes, bytes]]:
    nonce = str(scope.get("state", {}).get("nonce", ""))
    headers = [
        (
            b"content-security-policy",
            policy(path, nonce, scope["litestar_app"].state.form_targets).encode(),
        ),
        NOSNIFF,
        (b"referrer-policy", b"same-origin"),
        (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=()"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cache-control", b"no-store"),
    ]
    if traced := scope.get("state", {}).get(REQUEST_ID):
        headers.append((b"x-request-id", str(traced).encode()))
    if path not in FRAMED:
        headers.append((b"x-frame-options", b"DENY"))
    return headers
