"""The platforms' hosts, the clock that they show, and whether they know our apps."""

import asyncio
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Final

import httpx2

from brygga.cli.checkup.addresses import TIMEOUT_S, reason
from brygga.cli.checkup.findings import Finding, look, well, wrong
from brygga.core.failures import Failure, NeedsMerchant
from brygga.settings import Hosts, Settings
from brygga.signing_in import Platforms
from brygga.system import SystemClock
from brygga.wire import Wire, time_of
from brygga.zettle import oauth as zettle_oauth

SKEW_S: Final = 60.0
"""Signatures carry times: a clock that is further off refuses genuine messages."""

INSTALLS: Final = "BigCommerce's credentials are there; only an install proves that they are right"


async def hosts(settings: Settings, http: httpx2.AsyncClient) -> list[Finding]:
    """Every host answers, and all of them agree with our clock."""
    urls = {field.name: str(getattr(settings.hosts, field.name)) for field in fields(Hosts)}
    answered = await asyncio.gather(*(_date(http, url) for url in urls.values()))
    found, skews = [], []
    for (name, url), (problem, skew) in zip(urls.items(), answered, strict=True):
        if problem:
            mend = f"is it right? set BRYGGA_{name.upper()}_URL, or let this machine out to it"
            found.append(wrong(f"{url} is out of reach: {problem}", mend))
        else:
            found.append(well(f"{url} answers"))
        skews += [skew] if skew is not None else []
    return [*found, clock(skews)]


async def _date(http: httpx2.AsyncClient, url: str) -> tuple[str, float | None]:
    """The problem, or "", and by how many seconds our clock is ahead."""
    try:
        answer = await http.get(url, timeout=TIMEOUT_S)
    except httpx2.HTTPError as error:
        return reason(error), None
    return "", skew_s(answer.headers, SystemClock().now())


def skew_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds by which our clock is ahead of an answer's Date, which is whole seconds; None without
    one.
    """
    reported = time_of(headers.get("date", ""))
    return None if reported is None else (now - reported).total_seconds()


def clock(skews: list[float]) -> Finding:
    """What the middle of these seconds, by which our clock is ahead, says about it."""
    if not skews:
        return look("no host said what time it is", "compare this machine's clock with another")
    middle = sorted(skews)[len(skews) // 2]
    if abs(middle) > SKEW_S:
        way = "ahead" if middle > 0 else "behind"
        return wrong(
            f"this machine's clock is {abs(middle):.0f} s {way}",
            "let it follow a time server: genuine webhooks and sign-ins are refused else",
        )
    return well("this machine's clock agrees with theirs")


async def credentials(settings: Settings, http: httpx2.AsyncClient) -> list[Finding]:
    """Zettle shows whether it knows our app when an invalid token is refreshed; BigCommerce shows
    it only at an install.
    """
    now = SystemClock()
    app = Platforms(settings, Wire(http, now), now).zettle_app
    installs = look(
        "BigCommerce's credentials are there; only an install proves that they are right"
    )
    try:
        await zettle_oauth.refresh(Wire(http, now), app, "doctor")
    except NeedsMerchant:
        return [well("Zettle knows the app's credentials"), installs]
    except Failure as failure:
        return [_unknown(failure), installs]
    what = "Zettle took a token that cannot be right"
    return [look(what, "is BRYGGA_ZETTLE_OAUTH_URL Zettle?"), installs]


def _unknown(failure: Failure) -> Finding:
    mend = "compare BRYGGA_ZETTLE_CLIENT_ID and _SECRET with the app at Zettle's developer portal"
    if "invalid_client" in failure.detail:
        return wrong("Zettle does not know the app's credentials", mend)
    what = f"Zettle's sign-in gave no verdict on the app's credentials ({failure.detail})"
    return look(what, mend)
