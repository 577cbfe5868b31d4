"""Writes anew what the parity table is made of: `python -m sandbox_tests.parity_data`.

Where an operation is documented comes from the platforms' OpenAPI files (BRYGGA_SPECS). Which
switches an operation goes by is seen while the tests of both platforms run: a switch that is looked
at while an operation is answered is one of its own.
"""

import json
import os
import re
import sys
from collections import defaultdict
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest

from brygga_sandbox import bigcommerce, zettle
from brygga_sandbox.http import Handler, Request, Response, Router
from brygga_sandbox.outbox import Outbox
from brygga_sandbox.parity import DATA, SENT, name_of, operations
from sandbox_tests.specs.operations import Operations

HERE = Path(__file__).parent
TESTS = ("bigcommerce", "zettle", "certify", "test_pages_shop.py")
FOLDER = "BRYGGA_SPECS"
SIDES: dict[str, Any] = {"bigcommerce": bigcommerce.Switches, "zettle": zettle.Switches}


def documented(folder: Path) -> dict[str, str]:
    """Operation -> the OpenAPI file that describes it."""
    found, files = {}, Operations(folder)
    for operation in operations():
        path = re.sub(r"\{\w+\}", "1", operation.path.replace("/api/stores/{store_hash}", ""))
        described = (files.at(path) or {}).get(operation.method)
        if described:
            found[operation.name] = described.file
    return found


class Reads:
    """Sees which switch is looked at on behalf of what."""

    def __init__(self) -> None:
        self.found: dict[str, set[str]] = defaultdict(set)
        self.answering: ContextVar[str] = ContextVar("answering", default="")

    def watch(self) -> None:
        for side, kind in SIDES.items():
            self.watch_switches(side, kind)
        answered, deliver, now = Router.answered, Outbox.deliver, self.answering

        async def reported(router: Router, handler: Handler, request: Request) -> Response:
            mark = now.set(name_of(request.method, request.template))
            try:
                return await answered(router, handler, request)
            finally:
                now.reset(mark)

        async def sent(outbox: Outbox, *values: Any) -> None:
            now.set(SENT)
            await deliver(outbox, *values)

        patched: list[tuple[Any, str, Any]] = [
            (Router, "answered", reported),
            (Outbox, "deliver", sent),
        ]
        for owner, name, instead in patched:
            setattr(owner, name, instead)

    def watch_switches(self, side: str, kind: Any) -> None:
        names, look = set(kind.__dataclass_fields__), kind.__getattribute__

        def seen(switches: Any, name: str) -> Any:
            if name in names:
                self.found[self.answering.get()].add(f"{side}.{name}")
            return look(switches, name)

        kind.__getattribute__ = seen

    def switches(self) -> dict[str, list[str]]:
        """Operation -> switches; what no operation looks at is about what is sent."""
        known = {operation.name for operation in operations()}
        kept = {name: sorted(reads) for name, reads in self.found.items() if name in known}
        read = {one for reads in kept.values() for one in reads}
        every = {
            f"{side}.{name}" for side, kind in SIDES.items() for name in kind.__dataclass_fields__
        }
        kept[SENT] = sorted((every - read) | self.found[SENT])
        return dict(sorted(kept.items()))


def main() -> int:
    """1 where a test fails: then nothing is written."""
    reads = Reads()
    reads.watch()
    where = [str(HERE / name) for name in TESTS]
    if pytest.main(["-q", "-p", "no:cacheprovider", *where]):
        return 1
    data = {
        "documented": documented(Path(os.environ[FOLDER])),
        "switches": reads.switches(),
    }
    DATA.write_text(json.dumps(data, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
