"""`brygga demo`: everything on this machine, with addresses to open in a browser."""

import argparse
import asyncio
import json
import logging
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from brygga.cli import arguments, demo_stack, logs, merchant, process
from brygga.cli.browser import BrowserClient
from brygga.cli.demo_stack import DemoStack, Wish


def add(parser: argparse.ArgumentParser) -> None:
    sandbox(parser)
    parser.add_argument(
        "--connected",
        action="store_true",
        help="start with set-up finished: whole library, prices on",
    )
    parser.add_argument(
        "--ready-file",
        type=_new_file,
        metavar="F",
        help="write addresses and tokens to F once everything answers",
    )


def _new_file(text: str) -> Path:
    """Checks that a file can be written there, before a minute of work."""
    path = Path(text)
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise argparse.ArgumentTypeError(f"no file can be written at {text!r}")
    return path


def sandbox(parser: argparse.ArgumentParser) -> None:
    """The arguments that describe the sandbox."""
    parser.add_argument(
        "--port-base",
        type=arguments.port_base,
        default=demo_stack.PORT_BASE,
        metavar="P",
        help="first of three ports (0: any)",
    )
    goods = parser.add_mutually_exclusive_group()
    goods.add_argument("--empty", action="store_true", help="an empty Zettle library")
    goods.add_argument(
        "--products",
        type=arguments.between(0, 50_000),
        metavar="N",
        help="N generated products in place of the demo library",
    )
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same sandbox")


def wish_of(asked: argparse.Namespace) -> Wish:
    return Wish(
        port_base=asked.port_base, products=0 if asked.empty else asked.products, seed=asked.seed
    )


def furnished(asked: argparse.Namespace) -> bool:
    """A merchant who clicks through set-up meets likely duplicates; a script that starts after it
    meets none.
    """
    return asked.products is None and not asked.empty and not asked.connected


def run(asked: argparse.Namespace) -> int:
    logs.configure(logging.WARNING)
    return demo_stack.alone(lambda database_url: _demo(asked, database_url))


async def _demo(asked: argparse.Namespace, database_url: str) -> int:
    async with demo_stack.open_stack(
        replace(wish_of(asked), furnished=furnished(asked)), database_url
    ) as home:
        for number in process.endings():
            asyncio.get_running_loop().add_signal_handler(number, home.stop.set)
        if asked.connected:
            async with demo_stack.browser_client() as http:
                await merchant.connect(BrowserClient(http), home.url)
        if asked.ready_file:
            write(asked.ready_file, facts(home))
        print(welcome(home, connected=asked.connected), flush=True)
        await home.stop.wait()
    return 0


def facts(home: DemoStack) -> dict[str, Any]:
    """What a script needs to act as the merchant's other tools. The tokens are of other API
    clients, not ours.
    """
    plan, sandbox = home.sandbox.plan, home.sandbox
    zettle, shop = plan.zettle_url, plan.bigcommerce_url
    hosts = ("oauth", "products", "inventory", "pusher", "purchase", "secure")
    return {
        "app": home.url,
        "zettle": {
            **{host: f"{zettle}/{host}" for host in hosts},
            "control": f"{zettle}/sandbox",
            "organization_uuid": sandbox.merchant.organization.uuid,
            "access_token": sandbox.zettle_tokens().access,
        },
        "bigcommerce": {
            "api": f"{shop}/api",
            "login": f"{shop}/login",
            "control": f"{shop}/sandbox",
            "store_hash": sandbox.merchant.store_hash,
            "access_token": sandbox.store_token(),
        },
    }


def write(path: Path, value: dict[str, Any]) -> None:
    """Writes the file whole or not at all: a reader that waits for it never reads half of it."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.part")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
    draft.replace(path)


def welcome(home: DemoStack, *, connected: bool) -> str:
    plan = home.sandbox.plan
    first = (
        "Set-up is finished: the whole library is being synced."
        if connected
        else "Sign in with Zettle there and connect the store."
    )
    return f"""
  Brygga         {home.url}          {first}
  Zettle till    {plan.zettle_url}/till     Sell, refund, edit products and stock.
  BigCommerce    {plan.bigcommerce_url}/manage   The store's control panel.
                 {plan.bigcommerce_url}/shop     The shop, to order in.

  Both platforms are sandboxes on this machine. Ctrl-C ends everything; nothing is kept.
"""
