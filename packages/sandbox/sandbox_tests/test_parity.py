"""The parity table is that of the code."""

import json
import os
import re
from dataclasses import fields
from pathlib import Path

import pytest

from brygga_sandbox import bigcommerce, zettle
from brygga_sandbox.parity import DATA, SECTIONS, SENT, operations, table
from sandbox_tests.parity_data import FOLDER, documented

PAGE = Path(__file__).parents[1] / "docs" / "parity.md"
SOURCE = Path(__file__).parents[3] / "docs" / "platforms" / "zettle.md"
STALE = """the table is out of date. Write it anew:
    cd packages/sandbox && BRYGGA_SPECS=... python -m sandbox_tests.parity_data
    brygga-sandbox parity --out docs/parity.md"""


async def test_the_table_is_up_to_date() -> None:
    assert await table() == PAGE.read_text(encoding="utf-8"), STALE


def test_every_operation_and_every_switch_is_in_it() -> None:
    page, data = PAGE.read_text(encoding="utf-8"), json.loads(DATA.read_text(encoding="utf-8"))
    rows = re.findall(r"^\| `([A-Z]+ \S+)` \|", page, re.MULTILINE)
    known = {
        f"{one.method} {one.path.removeprefix('/api/stores/{store_hash}')}" for one in operations()
    }
    switches = {
        f"{side}.{one.name}"
        for side, kind in (("zettle", zettle.Switches), ("bigcommerce", bigcommerce.Switches))
        for one in fields(kind)
    }
    named = {name for names in data["switches"].values() for name in names}

    assert sorted(rows) == sorted(known)
    assert switches == named, STALE
    assert [name for name in switches if f"`{name.partition('.')[2]}` (" not in page] == []
    assert set(data["switches"]) - {one.name for one in operations()} == {SENT}


def test_sections_of_prose_are_there() -> None:
    text = SOURCE.read_text(encoding="utf-8")

    assert [
        one for one in SECTIONS.values() if not re.search(rf"^#+ {re.escape(one)}[. ]", text, re.M)
    ] == []


@pytest.mark.specs
def test_what_is_documented_is_what_the_files_describe() -> None:
    folder = os.environ.get(FOLDER)
    if not folder:
        pytest.skip(f"{FOLDER} does not say where the OpenAPI files are")

    assert documented(Path(folder)) == json.loads(DATA.read_text(encoding="utf-8"))["documented"]
