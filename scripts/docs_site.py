"""The documents as a site, with search: `./site build`, `./site serve`.

The pages are those of the repository. Two are made here: the configuration, from the settings that
the service reads and the README's table of them, and the page of error codes, from the guide's
messages. Links between pages are rewritten; one that leads nowhere ends the build.
"""

import argparse
import logging
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from brygga import settings

ROOT = Path(__file__).parents[1]
STAGE = ROOT / ".site"
NAV: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Run it",
        (
            ("Get started", "docs/start.md"),
            ("Go live", "docs/go-live.md"),
            ("Configuration", "configuration.md"),
            ("Operating", "docs/operating.md"),
            ("Upgrade and restore", "upgrade.md"),
            ("Scaling", "docs/scaling.md"),
            ("Performance", "docs/performance.md"),
            ("Security", "docs/security.md"),
            ("Report a hole", "SECURITY.md"),
            ("The operator's API", "docs/api.md"),
            ("Staying connected", "docs/staying-connected.md"),
            ("Troubleshooting", "troubleshooting.md"),
            ("Changelog", "CHANGELOG.md"),
        ),
    ),
    ("Merchant's guide", (("Guide", "docs/guide/README.md"),)),
    (
        "Sandbox",
        (
            ("The sandbox", "packages/sandbox/README.md"),
            ("Addresses and options", "packages/sandbox/docs/sandbox.md"),
            ("With pytest", "packages/sandbox/docs/pytest.md"),
            ("Parity", "packages/sandbox/docs/parity.md"),
            ("Ask a real account", "packages/sandbox/docs/certify.md"),
            ("Its changelog", "packages/sandbox/CHANGELOG.md"),
        ),
    ),
    (
        "For contributors",
        (
            ("All documents", "docs/README.md"),
            ("Contributing", "CONTRIBUTING.md"),
            ("The promises", "docs/rules.md"),
            ("Design", "docs/design.md"),
            ("How the packages talk", "docs/rooms.md"),
            ("Glossary", "docs/glossary.md"),
            ("A newcomer's questions", "docs/newcomer-questions.md"),
            ("Open questions", "docs/open-questions.md"),
            ("Simulation", "docs/simulation.md"),
            ("Zettle", "docs/platforms/zettle.md"),
            ("BigCommerce", "docs/platforms/bigcommerce.md"),
            ("Decisions", "docs/decisions/README.md"),
        ),
    ),
)
LANGUAGES = ("da", "de", "en", "fi", "nb", "sv")
FOLDERS = (*(f"docs/guide/{language}" for language in LANGUAGES), "docs/decisions")
"""Every page of these is on the site, also where the navigation does not name it."""
OF_UPGRADE = ("Upgrade", "Back up", "Restore", "Change the address", "Change keys")
"""Sections of operating.md that are a page of their own here."""
OPERATING, UPGRADE = "docs/operating.md", "upgrade.md"
MESSAGES = "docs/guide/en/08-messages.md"
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^()\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.M | re.S)


class Broken(Exception):
    """Why the site cannot be built, in one line."""


# ---- The configuration ---------------------------------------------------------------------------


class _Asked(dict[str, str]):
    """An environment with all that must be set, which remembers what was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
        if name not in self.names:
            self.names.append(name)
        return default


def setting_names() -> list[str]:
    """Every setting that the service reads, in its order. Each may also be in a file, which is
    said once for all.
    """
    asked = _Asked()
    try:
        settings.read(asked)
    except settings.SettingsWrong:
        in_files = {f"{name}_FILE" for name in asked.names}
        return [name for name in asked.names if name not in in_files]
    raise AssertionError("nothing is set, so something is missing")


def required_names() -> set[str]:
    try:
        settings.read({})
    except settings.SettingsWrong as wrong:
        return {line.split()[0] for line in wrong.problems}
    raise AssertionError("nothing is set, so something is missing")


def meanings(readme: str) -> Mapping[str, str]:
    """What the README's table says of each setting. A row may be about several."""
    found: dict[str, str] = {}
    for names, meaning in re.findall(r"^\| (`BRYGGA_[^|]*) \| (.*) \|$", readme, re.M):
        for name in re.findall(r"BRYGGA_[A-Z_]+", names):
            found[name] = meaning
    return found


OF_CONFIGURATION = (
    "Everything is set in the environment. A wrong or missing setting ends the start with one line "
    "that names it, all of them at once; `brygga doctor` says more. This page is made from the "
    "settings that the service reads.\n\nAny of them can come from a file: "
    "`BRYGGA_SECRET_KEYS_FILE` names one that holds `BRYGGA_SECRET_KEYS`, and so for each."
)
OF_HOSTS = (
    "Each host has a base address, so that a test server can stand in for it. Leave them alone in "
    "production."
)


def configuration() -> str:
    """Raises `Broken` for a setting without words, and for words without a setting."""
    names, needed = setting_names(), required_names()
    said = dict(meanings((ROOT / "README.md").read_text(encoding="utf-8")))
    hosts = dict(_hosts())
    if missing := [name for name in names if name not in said and name not in hosts]:
        raise Broken(f"README.md says nothing of {', '.join(missing)}")
    if idle := sorted(said.keys() - set(names)):
        raise Broken(f"README.md explains {', '.join(idle)}, which nothing reads")
    rows = [
        f"| `{name}` | {'yes' if name in needed else ''} | {said[name]} |"
        for name in names
        if name not in hosts
    ]
    bases = [f"| `{name}` | `{base}` |" for name, base in hosts.items()]
    return "\n".join(
        [
            "# Configuration",
            "",
            OF_CONFIGURATION,
            "",
            "| setting | must be set | meaning |",
            "|---|---|---|",
            *rows,
            "",
            "## Addresses of the platforms",
            "",
            OF_HOSTS,
            "",
            "| setting | unless set |",
            "|---|---|",
            *bases,
            "",
        ]
    )


def _hosts() -> Iterator[tuple[str, str]]:
    known = settings.Hosts()
    for name in settings.Hosts.__dataclass_fields__:
        yield f"{settings.PREFIX}{name.upper()}_URL", getattr(known, name)


# ---- Troubleshooting -----------------------------------------------------------------------------

BEFORE = """# Troubleshooting

## A command or the service does not start

Each mistake of the configuration is one line that names the setting. `brygga doctor` finds more,
and says for each finding how to mend it: addresses, certificate, database, rights, clock, disk,
mail, credentials, webhooks, work that stands still. `--json` is for tools.

## A merchant asks why

| the merchant says | look at |
|---|---|
| a code or a sentence of the pages | the list below, by its words |
| a support id | `brygga log --support-id ID` |
| "this number is wrong" | the page "Why is this 7?" of the variant, `brygga log N` |
| "nothing happens" | `brygga status N`: paused, waiting, or a platform that does not answer |

"""


def troubleshooting(messages: str) -> str:
    """The guide's messages with their codes, below what an operator does first."""
    body = messages.partition("\n")[2].replace("](../", "](docs/guide/")
    named = re.sub(
        r'<a id="([a-z0-9_.-]+)"></a>\n### (.*)', r'<a id="\1"></a>\n### \2\n\n`\1`', body
    )
    return BEFORE + named.replace("\n## ", "\n## Codes: ")


# ---- The stage -----------------------------------------------------------------------------------


def sources() -> dict[str, str]:
    """Each page of the site by its path in the repository, as it stands there."""
    named = [path for _, pages in NAV for _, path in pages]
    inside = [
        str(page.relative_to(ROOT)) for folder in FOLDERS for page in (ROOT / folder).glob("*.md")
    ]
    found = {
        path: (ROOT / path).read_text(encoding="utf-8")
        for path in ["README.md", *named, *sorted(inside)]
        if (ROOT / path).is_file()
    }
    found["configuration.md"] = configuration()
    found["troubleshooting.md"] = troubleshooting((ROOT / MESSAGES).read_text(encoding="utf-8"))
    found[OPERATING], found[UPGRADE] = divided(found[OPERATING])
    return found


def divided(operating: str) -> tuple[str, str]:
    """Operating without the sections of the upgrade page, and that page."""
    head, *sections = re.split(r"^(?=## )", operating, flags=re.M)
    moved = {
        title: one for one in sections for title in OF_UPGRADE if one.startswith(f"## {title}\n")
    }
    if lacking := [title for title in OF_UPGRADE if title not in moved]:
        raise Broken(f"{OPERATING} has no section {', '.join(lacking)}")
    rest = [one for one in sections if one not in moved.values()]
    page = "# Upgrade and restore\n\n" + "".join(moved[title] for title in OF_UPGRADE)
    return head + "".join(rest), page.replace("](", "](docs/").replace("](docs/#", "](#")


def slug(title: str) -> str:
    """As the site makes it of a heading."""
    words = re.sub(r"[^\w\- ]", "", re.sub(r"`|\[|\]\([^)]*\)", "", title).casefold())
    return words.strip().replace(" ", "-")


MOVED = {slug(title) for title in OF_UPGRADE}


def rewritten(path: str, text: str, pages: Mapping[str, str]) -> str:
    """The page with links to pages of the site; what is only in the repository loses its link.
    Raises `Broken` for a link to a file that does not exist.
    """

    def link(match: re.Match[str]) -> str:
        picture, words, target = match.groups()
        if re.match(r"[a-z]+:|#|/", target):
            own = target.removeprefix("#")
            moves = path == OPERATING and own in MOVED and target.startswith("#")
            return f"[{words}]({_to(path, UPGRADE)}#{own})" if moves else match[0]
        file, _, anchor = target.partition("#")
        there = os.path.normpath(os.path.join(os.path.dirname(path), file))  # noqa: PTH118, PTH120
        if f"{there}/README.md" in pages:
            there = f"{there}/README.md"
        if there == OPERATING and anchor in MOVED:
            there = UPGRADE
        if there in pages:
            return f"[{words}]({_to(path, there)}{'#' + anchor if anchor else ''})"
        if not (ROOT / there).exists():
            raise Broken(f"{path}: {target} does not exist")
        return f"![{words}]({_to(path, there)})" if picture else words

    kept: list[str] = []
    bare = FENCE.sub(lambda found: kept.append(found[0]) or f"\0{len(kept) - 1}\0", text)
    made = LINK.sub(link, bare)
    return re.sub(r"\0(\d+)\0", lambda found: kept[int(found[1])], made)


def _to(path: str, target: str) -> str:
    target = "index.md" if target == "README.md" else target
    return os.path.relpath(target, os.path.dirname(path) or ".")  # noqa: PTH120


def staged(into: Path) -> None:
    """Writes every page and picture, and the configuration of MkDocs."""
    shutil.rmtree(into, ignore_errors=True)
    pages = sources()
    for path, text in pages.items():
        file = into / "pages" / ("index.md" if path == "README.md" else path)
        file.parent.mkdir(parents=True, exist_ok=True)
        made = rewritten(path, text, pages)
        file.write_text(made, encoding="utf-8")
        for picture in re.findall(r"!\[[^\]]*\]\(([^()\s]+\.(?:png|svg|jpg|webp))\)", made):
            source = (ROOT / path).parent / picture
            shutil.copy(source, _made(file.parent / picture))
    (into / "mkdocs.yml").write_text(mkdocs_config(), encoding="utf-8")


def _made(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


OPTIONS = """site_name: Brygga
docs_dir: pages
site_dir: html
use_directory_urls: false
strict: true
plugins: [search]
theme:
  name: material
  language: en
  font: false
  features: [navigation.tabs, navigation.top, search.suggest, search.highlight, toc.follow]
  palette:
    - {media: "(prefers-color-scheme: light)", scheme: default}
    - {media: "(prefers-color-scheme: dark)", scheme: slate}
validation:
  omitted_files: ignore
  not_found: warn
  absolute_links: ignore
  unrecognized_links: warn
  anchors: warn
markdown_extensions:
  - tables
  - pymdownx.superfences
  - pymdownx.highlight
  - toc:
      permalink: true
      slugify: !!python/object/apply:pymdownx.slugs.slugify {kwds: {case: lower}}
"""
"""Fonts are the reader's own, so that no page asks another host."""


def mkdocs_config() -> str:
    lines = [OPTIONS, "nav:", "  - Brygga: index.md"]
    for title, pages in NAV:
        lines.append(f'  - "{title}":')
        lines += [f'    - "{name}": {path}' for name, path in pages]
    return "\n".join(lines) + "\n"


def build(into: Path = STAGE) -> Path:
    """Raises `Broken`, and what MkDocs raises: with `strict` a warning ends the build."""
    from mkdocs.commands import build as command  # noqa: PLC0415 - of the group "docs"
    from mkdocs.config import load_config  # noqa: PLC0415

    staged(into)
    command.build(load_config(str(into / "mkdocs.yml")))
    return into / "html"


def serve(port: int) -> None:
    from functools import partial  # noqa: PLC0415
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer  # noqa: PLC0415

    folder = build()
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        sys.stdout.write(f"http://127.0.0.1:{port}\n")
        sys.stdout.flush()
        server.serve_forever()


def main() -> int:
    parser = argparse.ArgumentParser(description="The documents as a site.")
    parser.add_argument("command", choices=["build", "serve"])
    parser.add_argument("--port", type=int, default=8790, help="of serve, 8790 unless told")
    asked = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        if asked.command == "serve":
            serve(asked.port)
        else:
            sys.stdout.write(f"{build()}\n")
    except Broken as broken:
        sys.stderr.write(f"{broken}\n")
        return 1
    except OSError as wrong:
        sys.stderr.write(f"port {asked.port}: {wrong.strerror}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
