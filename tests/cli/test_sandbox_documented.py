"""Every command in the sandbox's documents: what is typed at its addresses is asked of a running
one, in the pages' order, and every other is understood.
"""

import re
import shlex
from argparse import ArgumentParser
from collections.abc import Iterator
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import httpx2
import pytest

from brygga_sandbox.__main__ import COMMANDS, arguments
from brygga_sandbox.clock import MovableClock
from brygga_sandbox.sandbox import Plan
from brygga_sandbox.server import SandboxServer
from tests.cli.test_documented_commands import lines_of

SANDBOX = Path(__file__).parents[2] / "packages" / "sandbox"
PAGES = (SANDBOX / "README.md", *sorted((SANDBOX / "docs").glob("*.md")))
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.M | re.S)
FORM = {"content-type": "application/x-www-form-urlencoded"}
"""What curl says of `-d`, whatever it holds."""


def curls() -> Iterator[list[str]]:
    """The words after each `curl`, in the pages' order."""
    for page in PAGES:
        for block in BLOCK.findall(page.read_text(encoding="utf-8")):
            words = shlex.split(block, comments=True)
            places = [place for place, word in enumerate(words) if word == "curl"]
            for begin, end in pairwise([*places, len(words)]):
                yield words[begin + 1 : end]


def request_of(words: list[str], folder: Path) -> tuple[httpx2.Request, Path | None]:
    """What curl would send, and the file that it would write."""
    method, url, headers, body, out = "", "", dict[str, str](), b"", None
    rest = iter(words)
    for word in rest:
        match word:
            case "-X":
                method = next(rest)
            case "-H":
                name, _, value = next(rest).partition(": ")
                headers[name] = value
            case "-d" | "--data-binary":
                text = next(rest)
                body = (folder / text[1:]).read_bytes() if text[0] == "@" else text.encode()
                headers = {**FORM, **headers}
            case "-o":
                out = folder / next(rest)
            case "-s":
                pass
            case _:
                assert not url, words
                url = word
    method = method or ("POST" if body else "GET")
    return httpx2.Request(method, url, headers=headers, content=body), out


async def test_each_request_of_the_documents_is_answered(tmp_path: Path) -> None:
    # The pages say that a second store is opened with `--merchants 2`.
    server = SandboxServer(Plan(merchants=2, drawings=False), MovableClock())
    sandbox = await server.start()
    there = {
        "localhost:8710": sandbox.plan.zettle_url,
        "localhost:8711": sandbox.plan.bigcommerce_url,
        "$TILL": sandbox.zettle_tokens().access,
        "$SHOP": sandbox.store_token(),
    }
    asked, wrong = 0, []
    try:
        async with httpx2.AsyncClient(timeout=30) as http:
            for words in curls():
                for shown, real in there.items():
                    words = [word.replace(shown, real) for word in words]  # noqa: PLW2901
                request, out = request_of(words, tmp_path)
                answer = await http.send(request)
                asked += 1
                if not answer.is_success:
                    wrong.append((words, answer.status_code, answer.text[:200]))
                if out is not None:
                    out.write_bytes(answer.content)
    finally:
        await server.stop()

    assert asked > 10
    assert [] == wrong


LINES = sorted(
    {
        line
        for page in PAGES
        for line in lines_of(page.read_text(encoding="utf-8"))
        if line.startswith("brygga-sandbox")
    }
)


@pytest.mark.parametrize("line", LINES)
def test_each_command_of_the_documents_is_understood(line: str) -> None:
    _, *words = shlex.split(line)
    if words[:1] and words[0] in COMMANDS:
        module = import_module(COMMANDS[words[0]])
        parser = ArgumentParser(line)
        module.add(parser)
        parser.parse_args(words[1:])
    elif words == ["--help"]:
        with pytest.raises(SystemExit) as ended:
            arguments(words)
        assert ended.value.code == 0
    else:
        arguments(words)
