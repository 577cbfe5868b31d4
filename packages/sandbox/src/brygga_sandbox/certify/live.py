"""A real test account and store: found in the environment, asked at a limited rate, and left
unchanged.
"""

import asyncio
import random
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2

from brygga_sandbox.certify.asking import Certificate, certify
from brygga_sandbox.certify.bench import Bench, Place
from brygga_sandbox.certify.journal import Journal
from brygga_sandbox.certify.rehearsal import EVERYTHING

PREFIX = "BRYGGA_CERTIFY_"
ASSERTION = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Keys:
    """The credentials of both platforms. Empty for a platform that is not asked."""

    store_hash: str = ""
    store_token: str = ""
    zettle_client_id: str = ""
    zettle_api_key: str = ""
    zettle_token: str = ""
    picture_url: str = ""
    bigcommerce_api_url: str = "https://api.bigcommerce.com"
    zettle_oauth_url: str = "https://oauth.zettle.com"
    zettle_products_url: str = "https://products.izettle.com"
    zettle_inventory_url: str = "https://inventory.izettle.com"
    zettle_secure_url: str = "https://secure.izettle.com"

    @property
    def shop(self) -> bool:
        return bool(self.store_hash and self.store_token)

    @property
    def till(self) -> bool:
        return bool(self.zettle_token or (self.zettle_client_id and self.zettle_api_key))


def keys_of(environment: Mapping[str, str]) -> Keys:
    """The values of BRYGGA_CERTIFY_*. Raises ValueError, naming the variable, for half of a pair or
    an unknown variable.
    """
    names = {PREFIX + name.upper(): name for name in Keys.__dataclass_fields__}
    given = {
        name: value for name, value in environment.items() if name.startswith(PREFIX) and value
    }
    if unknown := sorted(set(given) - set(names)):
        raise ValueError(f"{unknown[0]} is not known; there are {', '.join(names)}")
    keys = Keys(**{names[name]: value.rstrip("/") for name, value in given.items()})
    if bool(keys.store_hash) != bool(keys.store_token):
        raise ValueError(f"{PREFIX}STORE_HASH and {PREFIX}STORE_TOKEN go together")
    if bool(keys.zettle_client_id) != bool(keys.zettle_api_key):
        raise ValueError(f"{PREFIX}ZETTLE_CLIENT_ID and {PREFIX}ZETTLE_API_KEY go together")
    return keys


async def place_of(keys: Keys, http: httpx2.AsyncClient) -> Place:
    """The addresses and tokens. Signs in at Zettle with the API key (zettle facts 1.3). Raises
    httpx2.HTTPError when that is refused.
    """
    place = Place(
        products=keys.zettle_products_url,
        inventory=keys.zettle_inventory_url,
        secure=keys.zettle_secure_url,
        picture=keys.picture_url,
    )
    if keys.shop:
        shop = f"{keys.bigcommerce_api_url}/stores/{keys.store_hash}"
        place = replace(place, shop=shop, shop_token=keys.store_token)
    if not keys.till:
        return place
    token = keys.zettle_token
    if not token:
        form = {
            "grant_type": ASSERTION,
            "client_id": keys.zettle_client_id,
            "assertion": keys.zettle_api_key,
        }
        answer = await http.post(f"{keys.zettle_oauth_url}/token", data=form)
        token = str(taken(answer, "the API key").json()["access_token"])
    who = await http.get(
        f"{keys.zettle_oauth_url}/users/self", headers={"Authorization": f"Bearer {token}"}
    )
    account = str(
        taken(who, "the token (is READ:USERINFO among its scopes?)").json()["organizationUuid"]
    )
    return replace(place, zettle_token=token, zettle_account=account)


def taken(answer: httpx2.Response, what: str) -> httpx2.Response:
    """The answer. For a refusal it raises ValueError with what was refused and the message."""
    if answer.status_code >= 400:
        raise ValueError(
            f"{answer.url.host} refused {what}: {answer.status_code} {answer.text[:200]}".strip()
        )
    return answer


async def check_rights(place: Place, http: httpx2.AsyncClient) -> None:
    """Check whether the credentials have the rights that the questions require. Nothing is created.
    Raises ValueError for the first missing right.

    The writing calls are empty: a client with the right gets a validation error.
    """
    shop = {"X-Auth-Token": place.shop_token, "Accept": "application/json"}
    till = {"Authorization": f"Bearer {place.zettle_token}"}
    calls = [
        (place.shop_token, "GET", f"{place.shop}/v2/store", shop, "information (read)"),
        (place.shop_token, "POST", f"{place.shop}/v3/catalog/products", shop, "products (modify)"),
        (
            place.shop_token,
            "PUT",
            f"{place.shop}/v3/inventory/adjustments/absolute",
            shop,
            "inventory (modify)",
        ),
        (place.shop_token, "GET", f"{place.shop}/v3/inventory/locations", shop, "locations (read)"),
        (
            place.zettle_token,
            "GET",
            f"{place.products}/organizations/self/products/v2/count",
            till,
            "READ:PRODUCT",
        ),
        (
            place.zettle_token,
            "POST",
            f"{place.products}/organizations/self/products",
            till,
            "WRITE:PRODUCT",
        ),
    ]
    for token, method, url, headers, right in calls:
        if token:
            answer = await http.request(
                method, url, headers=headers, json={} if method != "GET" else None
            )
            if answer.status_code in {401, 403}:
                taken(answer, f"the token: the right {right} is needed")


async def certify_live(keys: Keys, journal: Path) -> Certificate:
    """Ask all questions at a real account. Requests follow one another, and a 429 is waited for."""
    async with httpx2.AsyncClient(timeout=TIMEOUT_S) as http:
        place = await place_of(keys, http)
        await check_rights(place, http)
        # A run's names must be unique, so this random generator is not the sandbox's.
        bench = Bench(
            place, http, random.Random(secrets.randbits(128)), asyncio.sleep, Journal(journal)
        )
        asked = " and ".join(
            words
            for there, words in (
                (keys.shop, f"store {keys.store_hash}"),
                (keys.till, f"Zettle account {place.zettle_account}"),
            )
            if there
        )
        return await certify(bench, asked, EVERYTHING)
