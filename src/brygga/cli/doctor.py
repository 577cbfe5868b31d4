"""`brygga doctor`: what works in this installation, what is wrong, and how to fix it.

It changes nothing and calls no merchant's account.
"""

import argparse
import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

import httpx2

from brygga.bigcommerce import oauth as shop_oauth
from brygga.cli import logs, process
from brygga.cli.process import Runtime
from brygga.core.failures import Failure, NeedsMerchant
from brygga.core.model import Connection, Stage
from brygga.database import (
    connections,
    deliveries,
    migrating,
    resealing,
    subscriptions,
    tokens,
    work_items,
)
from brygga.database.deliveries import Deliveries, Outcome
from brygga.database.engine import DatabaseGone
from brygga.database.sealing import SealBroken
from brygga.database.tokens import Platform
from brygga.database.work_items import Parked
from brygga.settings import Hosts, Settings
from brygga.system import SystemClock
from brygga.web.deps import (
    SHOP_CALLBACK,
    SHOP_LOAD,
    SHOP_REMOVE_USER,
    SHOP_UNINSTALL,
    ZETTLE_CALLBACK,
)
from brygga.wire import Wire, open_client, time_of
from brygga.wiring import Platforms
from brygga.zettle import oauth as zettle_oauth

SKEW_S = 60.0
"""Signatures carry times: a clock that is further off refuses genuine messages."""
TIMEOUT_S = 10.0
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


class Verdict(StrEnum):
    WELL = "well"
    LOOK = "look"
    """May be right; a person should check."""
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """`mend` says what to do, "" when all is well."""

    verdict: Verdict
    what: str
    mend: str = ""


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(asked: argparse.Namespace) -> int:
    """0: nothing is wrong; 1: something is. Wrong settings are reported line by line, before any
    other check.
    """
    logs.configure()
    return process.run(lambda runtime: _doctor(asked, runtime))


async def _doctor(asked: argparse.Namespace, runtime: Runtime) -> int:
    async with open_client() as http:
        found = [
            *addresses(runtime.settings),
            *doors(runtime.settings),
            *await database(runtime),
            *await hosts(runtime.settings, http),
        ]
        found += await credentials(runtime.settings, http)
        found.append(await answers(runtime.settings, http))
    print(json.dumps([asdict(one) for one in found], indent=2) if asked.json else reported(found))
    return int(any(one.verdict is Verdict.WRONG for one in found))


def reported(found: Iterable[Finding]) -> str:
    lines = []
    for one in found:
        lines.append(f"{one.verdict.value:<6} {one.what}")
        lines += [f"{'':<6} -> {one.mend}"] if one.mend else []
    return "\n".join(lines)


# ---- Addresses -----------------------------------------------------------------------------------


def addresses(settings: Settings) -> list[Finding]:
    """The addresses at which the platforms find us, to compare with those registered there."""
    parts = urlsplit(settings.public_url)
    found = [
        Finding(
            Verdict.LOOK,
            f"Zettle's app must name this redirect address: {settings.public_url}{ZETTLE_CALLBACK}",
        ),
        *(
            Finding(
                Verdict.LOOK,
                f"BigCommerce's app must name this {kind} callback: {settings.public_url}{path}",
            )
            for kind, path in (
                ("auth", SHOP_CALLBACK),
                ("load", SHOP_LOAD),
                ("uninstall", SHOP_UNINSTALL),
                ("remove user", SHOP_REMOVE_USER),
            )
        ),
        Finding(
            Verdict.LOOK, f"BigCommerce's app must have these scopes: {' '.join(shop_oauth.SCOPES)}"
        ),
    ]
    if parts.hostname in LOCAL:
        mend = "set BRYGGA_PUBLIC_URL to the address that merchants and platforms reach"
        found.append(Finding(Verdict.WRONG, f"{settings.public_url} is this machine only", mend))
    elif not settings.is_https:
        mend = (
            "put a proxy with a certificate before Brygga and set BRYGGA_PUBLIC_URL to its "
            "https address"
        )
        found.append(
            Finding(
                Verdict.WRONG,
                f"{settings.public_url} is not https: BigCommerce refuses such callbacks",
                mend,
            )
        )
    return found


def doors(settings: Settings) -> list[Finding]:
    """What an operator decided about who may ask what."""
    found = []
    if not settings.metrics_token:
        mend = (
            "set BRYGGA_METRICS_TOKEN and give it to your monitor; BRYGGA_METRICS=local opens /"
            "metrics to this machine"
        )
        who = "this machine without a token" if settings.metrics_local else "nobody"
        found.append(Finding(Verdict.LOOK, f"/metrics is open to {who}", mend))
    if not settings.trusted_proxies:
        mend = (
            "name your proxies in BRYGGA_TRUSTED_PROXIES: until then all visitors behind one "
            "count as one source"
        )
        found.append(Finding(Verdict.LOOK, "no proxy is believed when it names a client", mend))
    if not settings.rate_limits:
        found.append(
            Finding(Verdict.LOOK, "rate limits are off", "see that your proxy limits requests")
        )
    return found


async def answers(settings: Settings, http: httpx2.AsyncClient) -> Finding:
    """Whether our own pages answer at the public address."""
    url = f"{settings.public_url}/health"
    try:
        answer = await http.get(url, timeout=TIMEOUT_S)
    except httpx2.HTTPError as error:
        return Finding(
            Verdict.LOOK,
            f"{url} does not answer ({type(error).__name__})",
            "start `brygga serve`, and check the proxy",
        )
    if answer.status_code == 200:
        return Finding(Verdict.WELL, f"{url} answers")
    return Finding(
        Verdict.LOOK,
        f"{url} answers {answer.status_code}",
        "another program may answer there; check the proxy",
    )


# ---- The database --------------------------------------------------------------------------------


async def database(runtime: Runtime) -> list[Finding]:
    kind = "embedded PostgreSQL" if runtime.server else "PostgreSQL"
    opened = runtime.database()
    try:
        at, newest = await migrating.current(opened), migrating.newest()
        if at != newest:
            what = f"the database is at {at or 'nothing'}, this version needs {newest}"
            return [
                Finding(
                    Verdict.WRONG,
                    what,
                    "run `brygga migrate`, or start serve or worker, which do it",
                )
            ]
        async with opened.read() as tx:
            active = await connections.active(tx)
            overdue = await work_items.pending(tx)
            scopes = {
                one.id: await tokens.get(tx, one.id, Platform.BIGCOMMERCE)
                for one in active
                if one.shop
            }
            old = await resealing.outdated(tx)
            received = await deliveries.of_last_day(tx, SystemClock().now())
            elsewhere = await subscriptions.elsewhere(tx, runtime.settings.public_url)
            failing = {one.id: await work_items.parked(tx, one.id) for one in active}
    except DatabaseGone as gone:
        return [Finding(Verdict.WRONG, str(gone), "start it, or mend BRYGGA_DATABASE_URL")]
    except SealBroken:
        mend = "BRYGGA_SECRET_KEYS must still hold the key that the tokens were encrypted with"
        return [Finding(Verdict.WRONG, "a merchant's token cannot be opened", mend)]
    finally:
        await opened.close()
    found = [
        Finding(
            Verdict.WELL,
            f"{kind} at {newest}: {len(active)} connections, {overdue} work items wait",
        )
    ]
    if old:
        mend = (
            "once every process has the new key, run `brygga migrate`, and only then take the "
            "older key away"
        )
        found.append(
            Finding(
                Verdict.LOOK, f"{old} secrets are encrypted with an older key than the first", mend
            )
        )
    for connection in active:
        token = scopes.get(connection.id)
        found += _access(connection, frozenset(token.scopes.split()) if token else frozenset())
        found += _failed(connection, failing[connection.id])
    return [*found, *webhooks(received, elsewhere)]


def _failed(connection: Connection, failing: Sequence[Parked]) -> list[Finding]:
    """Work of a merchant that fails by a bug of ours."""
    if not failing:
        return []
    kinds = ", ".join(sorted({one.kind.value for one in failing}))
    since = failing[0].failing_since.isoformat(timespec="seconds")
    what = (
        f"connection {connection.id}: {len(failing)} failed by a fault of ours since {since} "
        f"({kinds})"
    )
    mend = (
        f"`brygga log --support-id {failing[0].support_id}` shows where: tell us, or take a newer "
        "version, which tries"
        f" by itself; `brygga retry {connection.id}` tries now"
    )
    return [Finding(Verdict.WRONG, what, mend)]


def _access(connection: Connection, granted: frozenset[str]) -> list[Finding]:
    """Problems of a merchant's connection that keep it from working."""
    found = []
    if connection.paused and connection.stage is not Stage.LEAVING:
        mend = "the merchant reads on the integration page what to do"
        found.append(
            Finding(
                Verdict.LOOK, f"connection {connection.id} is paused: {connection.paused}", mend
            )
        )
    missing = shop_oauth.Grant("", "", granted).missing_scopes if granted else frozenset()
    if missing:
        mend = "add them to the app at BigCommerce and let the merchant approve it again"
        found.append(
            Finding(
                Verdict.WRONG,
                f"connection {connection.id} lacks scopes: {' '.join(sorted(missing))}",
                mend,
            )
        )
    return found


def webhooks(received: Sequence[Deliveries], elsewhere: Sequence[int]) -> list[Finding]:
    """The platforms' messages of the last 24 hours that do not reach us, or not as they should."""
    found = []
    for number in elsewhere:
        mend = (
            "start a worker with this BRYGGA_PUBLIC_URL: it moves them at once, unless the "
            "connection is paused"
        )
        found.append(
            Finding(
                Verdict.WRONG, f"connection {number}: its webhooks point to another address", mend
            )
        )
    for one in received:
        name = f"connection {one.connection_id}, {one.platform.value}"
        if one.failed:
            what = (
                f"{name}: {one.of(Outcome.REFUSED)} webhooks refused, {one.of(Outcome.ASTRAY)} at "
                "a wrong address, "
                f"{one.accepted} accepted"
            )
            mend = (
                f"run `brygga sync {one.connection_id} --webhooks`, which makes them anew; if it "
                "comes back, see that all "
                "processes have the same settings and the same database, and that no proxy changes "
                "bodies or headers"
            )
            found.append(Finding(Verdict.WRONG if one.is_alarming else Verdict.LOOK, what, mend))
        if unverified := one.of(Outcome.UNVERIFIED):
            what = (
                f"{name}: {unverified} webhooks bear our secret, and a signature that does not "
                "verify"
            )
            mend = (
                "they are accepted; compare BRYGGA_BIGCOMMERCE_CLIENT_SECRET with the app, and "
                "this machine's clock"
            )
            found.append(Finding(Verdict.LOOK, what, mend))
        if ended := one.of(Outcome.ENDED):
            what = (
                f"{name}: the platform had switched off or deleted {ended} webhooks; they are "
                "renewed"
            )
            mend = (
                "see that the public address is reached from outside and answers within ten "
                "seconds, also at night"
            )
            found.append(Finding(Verdict.LOOK, what, mend))
    return found


# ---- The platforms -------------------------------------------------------------------------------


async def hosts(settings: Settings, http: httpx2.AsyncClient) -> list[Finding]:
    """Every host answers, and all of them agree with our clock."""
    urls = {field.name: str(getattr(settings.hosts, field.name)) for field in fields(Hosts)}
    answered = await asyncio.gather(*(_date(http, url) for url in urls.values()))
    found, skews = [], []
    for (name, url), (problem, skew) in zip(urls.items(), answered, strict=True):
        if problem:
            mend = f"is it right? set BRYGGA_{name.upper()}_URL, or let this machine out to it"
            found.append(Finding(Verdict.WRONG, f"{url} is out of reach: {problem}", mend))
        else:
            found.append(Finding(Verdict.WELL, f"{url} answers"))
        skews += [skew] if skew is not None else []
    return [*found, _clock(skews)]


async def _date(http: httpx2.AsyncClient, url: str) -> tuple[str, float | None]:
    """The problem, or "", and by how many seconds our clock is ahead."""
    try:
        answer = await http.get(url, timeout=TIMEOUT_S)
    except httpx2.HTTPError as error:
        return type(error).__name__, None
    return "", skew_s(answer.headers, SystemClock().now())


def skew_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds by which our clock is ahead of an answer's Date, which is whole seconds; None without
    one.
    """
    reported = time_of(headers.get("date", ""))
    return None if reported is None else (now - reported).total_seconds()


def _clock(skews: list[float]) -> Finding:
    if not skews:
        return Finding(
            Verdict.LOOK,
            "no host said what time it is",
            "compare this machine's clock with another",
        )
    middle = sorted(skews)[len(skews) // 2]
    if abs(middle) > SKEW_S:
        way = "ahead" if middle > 0 else "behind"
        what = f"this machine's clock is {abs(middle):.0f} s {way}"
        return Finding(
            Verdict.WRONG,
            what,
            "let it follow a time server: genuine webhooks and sign-ins are refused else",
        )
    return Finding(Verdict.WELL, "this machine's clock agrees with theirs")


async def credentials(settings: Settings, http: httpx2.AsyncClient) -> list[Finding]:
    """Zettle shows whether it knows our app when an invalid token is refreshed; BigCommerce shows
    it only at an install.
    """
    clock = SystemClock()
    app = Platforms(settings, Wire(http, clock), clock).zettle_app
    installs = Finding(
        Verdict.LOOK,
        "BigCommerce's credentials are there; only an install proves that they are right",
    )
    try:
        await zettle_oauth.refresh(Wire(http, clock), app, "doctor")
    except NeedsMerchant:
        return [Finding(Verdict.WELL, "Zettle knows the app's credentials"), installs]
    except Failure as failure:
        mend = (
            "compare BRYGGA_ZETTLE_CLIENT_ID and _SECRET with the app at Zettle's developer portal"
        )
        if "invalid_client" in failure.detail:
            return [
                Finding(Verdict.WRONG, "Zettle does not know the app's credentials", mend),
                installs,
            ]
        what = f"Zettle's sign-in gave no verdict on the app's credentials ({failure.detail})"
        return [Finding(Verdict.LOOK, what, mend), installs]
    return [
        Finding(
            Verdict.LOOK,
            "Zettle took a token that cannot be right",
            "is BRYGGA_ZETTLE_OAUTH_URL Zettle?",
        ),
        installs,
    ]
