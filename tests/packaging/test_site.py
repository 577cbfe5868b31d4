"""The site of the documents: complete, and without a link that leads nowhere."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from brygga.settings import PREFIX

ROOT = Path(__file__).parents[2]
NO_SETTINGS = {"BRYGGA_"}
"""The prefix alone."""


@pytest.fixture(scope="module")
def site() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_site", ROOT / "scripts" / "docs_site.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["docs_site"] = module
    spec.loader.exec_module(module)
    return module


def test_the_configuration_page_has_every_setting_that_is_read(site: ModuleType) -> None:
    page = site.configuration()
    named = set(re.findall(r"^\| `(BRYGGA_[A-Z_]+)`", page, re.M))
    written = set()
    for file in (ROOT / "src" / "brygga").rglob("*.py"):
        written |= set(re.findall(r"\bBRYGGA_[A-Z_]*\b", file.read_text(encoding="utf-8")))

    assert named == set(site.setting_names())
    assert written - NO_SETTINGS <= named
    assert f"| `{PREFIX}SECRET_KEYS` | yes |" in page
    assert f"| `{PREFIX}DATA_DIR` |  |" in page


def test_a_setting_without_words_ends_the_build(
    site: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site, "setting_names", lambda: ["BRYGGA_NEW"])

    with pytest.raises(site.Broken, match="BRYGGA_NEW"):
        site.configuration()


def test_every_code_of_the_guide_is_on_the_troubleshooting_page(site: ModuleType) -> None:
    guide = (ROOT / site.MESSAGES).read_text(encoding="utf-8")
    codes = re.findall(r'<a id="([^"]+)"></a>', guide)
    page = site.troubleshooting(guide)

    assert len(codes) > 50
    assert [] == [code for code in codes if f"`{code}`" not in page]


def test_no_link_of_a_page_leads_to_a_file_that_is_not_there(
    site: ModuleType, tmp_path: Path
) -> None:
    site.staged(tmp_path / "site")

    with pytest.raises(site.Broken, match="does not exist"):
        site.rewritten("docs/start.md", "[x](nowhere.md)", site.sources())


def test_the_guide_is_there_in_every_language(site: ModuleType) -> None:
    """Every page of it, and the way from its front page to each language."""
    pages = site.sources()
    guide = {str(page.relative_to(ROOT)) for page in (ROOT / "docs" / "guide").rglob("*.md")}
    front = site.rewritten("docs/guide/README.md", pages["docs/guide/README.md"], pages)

    assert len(guide) > 60
    assert guide <= pages.keys()
    assert 6 == len(set(re.findall(r"\]\((\w\w)/README\.md\)", front)))


def test_what_is_only_in_the_repository_loses_its_link(site: ModuleType) -> None:
    pages = site.sources()

    assert "see LICENSE" == site.rewritten("README.md", "see [LICENSE](LICENSE)", pages)
    assert "[R](../upgrade.md#restore)" == site.rewritten(
        "docs/scaling.md", "[R](operating.md#restore)", pages
    )
    assert "```\n[x](nowhere.md)\n```" == site.rewritten(
        "README.md", "```\n[x](nowhere.md)\n```", pages
    )


@pytest.mark.skipif(importlib.util.find_spec("mkdocs") is None, reason="./site build adds MkDocs")
def test_the_site_builds_strictly_and_asks_no_other_host(tmp_path: Path) -> None:
    """A warning of MkDocs, such as an anchor that is missing, ends the build."""
    command = "import sys; import docs_site; from pathlib import Path; "
    command += "docs_site.build(Path(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", command, str(tmp_path / "site")],
        cwd=ROOT / "scripts",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    html = tmp_path / "site" / "html"
    pages = "".join(file.read_text(encoding="utf-8") for file in html.rglob("*.html"))

    assert 0 == done.returncode, done.stderr
    assert (html / "search" / "search_index.json").stat().st_size > 100_000
    loaded = re.findall(r"<(?:script|img|iframe)[^>]*\bsrc=\"?(https?:[^\" >]+)", pages)
    loaded += re.findall(r"<link[^>]*rel=\"?stylesheet[^>]*href=\"?(https?:[^\" >]+)", pages)
    assert [] == loaded
