"""The questions can be put to the sandbox, tell every reading from the others, and leave nothing
behind.
"""

import argparse
import asyncio
import json
import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from brygga_sandbox import bigcommerce, zettle
from brygga_sandbox.certify import Bench, Journal, as_json, as_markdown, certify, rehearse
from brygga_sandbox.certify.live import Keys, check_rights, keys_of, place_of
from brygga_sandbox.certify.rehearsal import EVERYTHING, place_in
from brygga_sandbox.certify.report import agrees
from brygga_sandbox.clock import ManualClock
from brygga_sandbox.commands import certify as command
from brygga_sandbox.sandbox import OTHER_TOOL, Plan, Sandbox
from brygga_sandbox.server import SandboxServer

MORE: list[tuple[str, str, Any]] = [
    ("shop", "images_on_put", "ignore"), ("shop", "items_of_whole", "absent"),
    ("shop", "omitted_values", "remove"), ("till", "nulls", "absent"),
]  # fmt: skip
"""Third readings; test_contract flips every switch once."""


async def test_the_sandbox_is_certified() -> None:
    """Every rule holds, every answer is the switch in force, and both platforms are as they
    were.
    """
    certificate, sandbox = await rehearse()
    values = command.switches()
    wrong = [
        one.question.key
        for one in certificate.answers
        if one.verdict == "settled"
        and not agrees(one.reading, values[one.question.side][one.question.switch])
    ]

    assert certificate.good
    assert wrong == []
    assert [one.question.key for one in certificate.answers if one.verdict == "unclear"] == [
        "products_list_pages"
    ]
    assert sandbox.shop().state()["products"] == []
    assert len(sandbox.merchant.organization.products) == 3
    await sandbox.stop()


@pytest.mark.parametrize(("side", "switch", "value"), MORE, ids=str)
async def test_a_third_reading_is_a_third_answer(side: str, switch: str, value: Any) -> None:
    shop, till = bigcommerce.Switches(), zettle.Switches()
    shop, till = (
        (replace(shop, **{switch: value}), till)
        if side == "shop"
        else (shop, replace(till, **{switch: value}))
    )
    certificate, sandbox = await rehearse(shop, till, frozenset({switch}))
    await sandbox.stop()

    assert agrees(certificate.reading(switch), value)
    assert certificate.left_behind == []


async def test_a_broken_rule_is_told_with_its_evidence() -> None:
    """A store whose quota headers are missing: the certificate is not good, and says which request
    shows it.
    """
    sandbox = Sandbox(Plan(products=0, drawings=False), ManualClock())
    sandbox.bigcommerce.faults.add("429", path="*/v2/time", next=100)
    async with httpx2.AsyncClient(transport=sandbox.transport()) as http:
        bench = Bench(place_in(sandbox), http, random.Random(1), ManualClock().advance)
        certificate = await certify(
            bench, "x", [one for one in EVERYTHING if one.key == "quota_headers"]
        )
    await sandbox.stop()

    assert not certificate.good
    assert [one.verdict for one in certificate.answers] == ["broken"]
    assert "GET /api/stores/l1ndsk1/v2/time -> 429" in certificate.answers[0].evidence[0]


@pytest.mark.parametrize("at", [3, 10, 40, 120, 200])
async def test_an_interrupted_run_cleans_up(at: int, tmp_path: Path) -> None:
    """Cancelled in the middle of a request: all that was made is gone, and nothing else is."""
    clock = ManualClock()
    sandbox = Sandbox(Plan(products=3, drawings=False), clock)
    await sandbox.furnish()
    before = (sandbox.shop().state()["products"], set(sandbox.merchant.organization.products))
    path = tmp_path / "unfinished.json"
    task: asyncio.Task[Any] | None = None

    async def cut(request: httpx2.Request) -> None:
        nonlocal at
        at -= 1
        if at == 0 and task is not None:
            task.cancel()

    async with httpx2.AsyncClient(
        transport=sandbox.transport(), event_hooks={"request": [cut]}
    ) as http:
        bench = Bench(place_in(sandbox), http, random.Random(1), clock.advance, Journal(path))
        task = asyncio.ensure_future(certify(bench, "x", EVERYTHING))
        with pytest.raises(asyncio.CancelledError):
            await task

    assert sandbox.shop().state()["products"] == before[0]
    assert set(sandbox.merchant.organization.products) == before[1]
    assert not path.exists()
    await sandbox.stop()


async def test_a_killed_runs_leftovers_are_removed_by_the_next(tmp_path: Path) -> None:
    """Also a product whose creation was never answered: it is known by its name, which only that
    run used.
    """
    clock, path = ManualClock(), tmp_path / "unfinished.json"
    sandbox = Sandbox(Plan(products=0, drawings=False), clock)
    async with httpx2.AsyncClient(transport=sandbox.transport()) as http:
        killed = Bench(place_in(sandbox), http, random.Random(1), clock.advance, Journal(path))
        await killed.product()
        await killed.till_product()
        sandbox.bigcommerce.faults.add(
            "cut_after", method="POST", path="*/catalog/products", next=1
        )
        with pytest.raises(httpx2.RemoteProtocolError):
            await killed.product()
        own = await sandbox.shop().add_product(
            name="Brygga certify is my own name", type="physical", weight=1, price=1
        )
        assert len(sandbox.shop().state()["products"]) == 3

        later = Bench(place_in(sandbox), http, random.Random(2), clock.advance, Journal(path))
        left = await later.clean_up()

    assert left == []
    assert [one["id"] for one in sandbox.shop().state()["products"]] == [own.id]
    assert not sandbox.merchant.organization.products
    assert not path.exists()
    await sandbox.stop()


async def test_what_cannot_be_removed_is_named_and_kept_in_the_journal(tmp_path: Path) -> None:
    clock, path = ManualClock(), tmp_path / "unfinished.json"
    sandbox = Sandbox(Plan(products=0, drawings=False), clock)
    sandbox.bigcommerce.faults.add("5xx_before", method="DELETE", path="*", next=100)
    async with httpx2.AsyncClient(transport=sandbox.transport()) as http:
        bench = Bench(place_in(sandbox), http, random.Random(1), clock.advance, Journal(path))
        certificate = await certify(
            bench, "x", [one for one in EVERYTHING if one.key == "product_created"]
        )
    await sandbox.stop()

    assert not certificate.good
    assert certificate.left_behind[0].startswith("shop product ")
    assert [row["kind"] for row in json.loads(path.read_text())] == ["shop product"]


async def test_a_side_without_a_token_is_not_asked() -> None:
    sandbox = Sandbox(Plan(products=0, drawings=False), ManualClock())
    async with httpx2.AsyncClient(transport=sandbox.transport()) as http:
        place = replace(place_in(sandbox), zettle_token="")
        bench = Bench(place, http, random.Random(1), ManualClock().advance)
        certificate = await certify(
            bench, "x", [one for one in EVERYTHING if one.key in {"bad_token", "malformed"}]
        )
    await sandbox.stop()

    assert [one.question.key for one in certificate.answers] == ["malformed"]


async def test_reports_hold_no_token() -> None:
    certificate, sandbox = await rehearse(
        keys=frozenset({"quota_headers", "bad_token", "unauthorized_body"})
    )
    text = as_markdown(certificate, command.switches()) + json.dumps(
        as_json(certificate, command.switches())
    )
    secrets = (sandbox.store_token(), sandbox.zettle_tokens().access)
    await sandbox.stop()

    assert [secret for secret in secrets if secret in text] == []
    assert "| `unauthorized_body` |" in text


def test_the_command_rehearses_without_credentials(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert command.run(argparse.Namespace(out=tmp_path / "out", json=True)) == 0

    printed = json.loads(capsys.readouterr().out)
    assert printed["against"] == "the sandbox"
    assert printed["good"] is True
    assert json.loads((tmp_path / "out" / "certificate.json").read_text()) == printed
    assert (
        (tmp_path / "out" / "certificate.md").read_text().startswith("# Certificate: the sandbox")
    )


async def test_the_command_asks_a_live_store_over_sockets(tmp_path: Path) -> None:
    """With credentials in the environment; a store of one's own at an address of one's own stands
    in for the real one.
    """
    server = SandboxServer(Plan(products=0, drawings=False), ManualClock())
    sandbox = await server.start()
    sandbox.shop().set_settings(quota=10_000)
    keys = keys_of(
        {
            "BRYGGA_CERTIFY_STORE_HASH": sandbox.merchant.store_hash,
            "BRYGGA_CERTIFY_STORE_TOKEN": sandbox.store_token(),
            "BRYGGA_CERTIFY_BIGCOMMERCE_API_URL": f"{sandbox.plan.bigcommerce_url}/api",
            "BRYGGA_CERTIFY_ZETTLE_TOKEN": sandbox.zettle_tokens().access,
            "BRYGGA_CERTIFY_ZETTLE_OAUTH_URL": f"{sandbox.plan.zettle_url}/oauth",
            "BRYGGA_CERTIFY_ZETTLE_PRODUCTS_URL": f"{sandbox.plan.zettle_url}/products",
            "BRYGGA_CERTIFY_ZETTLE_INVENTORY_URL": f"{sandbox.plan.zettle_url}/inventory",
            "BRYGGA_CERTIFY_ZETTLE_SECURE_URL": f"{sandbox.plan.zettle_url}/secure",
        }
    )
    monkeyed = [one for one in EVERYTHING if one.key in {"product_created", "till_product_created"}]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("brygga_sandbox.certify.live.EVERYTHING", monkeyed)
        certificate = await command._certify(keys, tmp_path / "unfinished.json")
    await server.stop()

    assert certificate.good
    assert [one.verdict for one in certificate.answers] == ["holds", "holds"]
    assert (
        certificate.against
        == f"store l1ndsk1 and Zettle account {sandbox.merchant.organization.uuid}"
    )


async def test_a_token_that_dies_midway_answers_nothing() -> None:
    """A 401 or a 503 is about us or the platform's health: no reading, no broken rule, and what
    cannot be removed is named.
    """
    for die in ("token", "health"):
        sandbox = Sandbox(Plan(products=0, drawings=False), ManualClock())
        async with httpx2.AsyncClient(transport=sandbox.transport()) as http:
            bench = Bench(place_in(sandbox), http, random.Random(1), ManualClock().advance)
            made = await bench.product()
            if die == "token":
                await sandbox.bigcommerce.uninstall(
                    sandbox.merchant.store_hash, OTHER_TOOL.bigcommerce_client_id
                )
                sandbox.till().remove_app(OTHER_TOOL.zettle_client_id)
            else:
                for platform in (sandbox.bigcommerce, sandbox.zettle):
                    platform.faults.add("5xx_before", path="*", next=10_000, params={"status": 503})
            certificate = await certify(bench, "x", EVERYTHING)
        await sandbox.stop()

        reported = [
            one
            for one in certificate.answers
            if one.verdict in {"settled", "broken", "holds", "seen"}
        ]
        own = {
            "unauthorized_body",
            "bad_token",
            "refusal_bodies",
            "organization_page_refused",
            "old_inventory",
        }
        assert [one.question.key for one in reported if one.question.key not in own] == []
        # What was asked for and not refused as such may have been made: it stays in the journal for
        # the next run.
        assert f"shop product {made['id']}" in certificate.left_behind


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (
            {"store_token": "no-such-token"},
            "refused the token: the right information (read) is needed: 401",
        ),
        (
            {"store_token": "reader"},
            "refused the token: the right products (modify) is needed: 403",
        ),
        ({"zettle_api_key": "a.b.c"}, "refused the API key: 400"),
        (
            {"zettle_token": "no-such-token"},
            "refused the token (is READ:USERINFO among its scopes?): 401",
        ),
        (
            {"zettle_scopes": "READ:PRODUCT READ:USERINFO"},
            "refused the token: the right WRITE:PRODUCT is needed: 403",
        ),
    ],
    ids=lambda one: next(iter(one)) if isinstance(one, dict) else "",
)
async def test_credentials_that_may_too_little_are_told_before_anything_is_made(
    keys: dict[str, str], words: str
) -> None:
    sandbox = Sandbox(Plan(products=0, drawings=False), ManualClock())
    scopes = keys.get("zettle_scopes", "READ:PRODUCT WRITE:PRODUCT READ:USERINFO").split()
    async with httpx2.AsyncClient(transport=sandbox.transport()) as http:
        made = await http.post(
            f"{sandbox.plan.zettle_url}/sandbox/api-keys", json={"scopes": scopes}
        )
        host, key = sandbox.plan.zettle_url, made.json()
        all_keys = {
            "store_hash": sandbox.merchant.store_hash, "store_token": sandbox.store_token(),
            "bigcommerce_api_url": (f"{sandbox.plan.bigcommerce_url}/"
"api"), "zettle_client_id": key["client_id"],
            "zettle_api_key": key["api_key"], "zettle_oauth_url": f"{host}/oauth",
            "zettle_products_url": f"{host}/products",
            "zettle_inventory_url": f"{host}/inventory", "zettle_secure_url": f"{host}/secure",
        }  # fmt: skip
        all_keys |= {name: value for name, value in keys.items() if name != "zettle_scopes"}
        if all_keys["store_token"] == "reader":
            rights = ["store_v2_products_read_only", "store_v2_information_read_only"]
            client = OTHER_TOOL.bigcommerce_client_id
            all_keys["store_token"] = sandbox.bigcommerce.issue_token(
                sandbox.merchant.store_hash, client, rights
            )
        with pytest.raises(ValueError, match=re.escape(words)):
            await check_rights(await place_of(Keys(**all_keys), http), http)
    state = sandbox.shop().state()["products"], sandbox.merchant.organization.products
    await sandbox.stop()

    assert state == ([], {})


async def test_good_credentials_have_every_right() -> None:
    sandbox = Sandbox(Plan(products=0, drawings=False), ManualClock())
    async with httpx2.AsyncClient(transport=sandbox.transport()) as http:
        await check_rights(place_in(sandbox), http)
    await sandbox.stop()


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"BRYGGA_CERTIFY_STORE_HASH": "abc"}, "BRYGGA_CERTIFY_STORE_TOKEN"),
        ({"BRYGGA_CERTIFY_ZETTLE_API_KEY": "abc"}, "BRYGGA_CERTIFY_ZETTLE_CLIENT_ID"),
        ({"BRYGGA_CERTIFY_SHOP": "abc"}, "BRYGGA_CERTIFY_SHOP is not known"),
    ],
    ids=str,
)
def test_wrong_credentials_are_one_clear_line(environment: dict[str, str], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        keys_of(environment)
