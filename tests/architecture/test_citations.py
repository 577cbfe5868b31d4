"""Whoever cites a platform's facts, as "zettle facts 3.5", finds that section in docs/platforms."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "platforms"
PLATFORMS = ("zettle", "bigcommerce")
PLACES = ("src", "packages", "tests", "docs", "scripts", "bench")
KINDS = {".py", ".md", ".html", ".css", ".js", ".sh"}

SECTION = r"\d+(?:\.\d+)?"
BREAK = r"\s+(?:#\s+|\"\s+\")?"
"""Between two words, also where a docstring, a comment or a text goes on in the next line."""
CITATION = re.compile(
    rf"\b(zettle|bigcommerce){BREAK}facts{BREAK}({SECTION}(?:(?:,| to| and){BREAK}{SECTION})*)"
)
INCOMPLETE = re.compile(
    rf"facts,?{BREAK}\d.*|(?:zettle|bigcommerce)'?s?{BREAK}facts\b.*", re.IGNORECASE
)
"""What is left of a citation that names no platform, no section, or writes the platform in another
way.
"""


def _sections(platform: str) -> set[str]:
    text = (PAGES / f"{platform}.md").read_text(encoding="utf-8")
    return set(re.findall(rf"^##+ ({SECTION}) ", text, re.MULTILINE))


KNOWN = {platform: _sections(platform) for platform in PLATFORMS}


def _texts() -> Iterator[tuple[Path, str]]:
    """Every file that may cite, but for this one, which makes citations up."""
    for place in PLACES:
        for path in sorted((ROOT / place).rglob("*")):
            if path.suffix in KINDS and path != Path(__file__):
                yield path.relative_to(ROOT), path.read_text(encoding="utf-8")


TEXTS = dict(_texts())


def _cited(text: str) -> list[tuple[str, str]]:
    """The platform and the section of every citation; a list of sections is as many, a range is its
    two ends.
    """
    return [
        (platform, section)
        for platform, sections in CITATION.findall(text)
        for section in re.findall(SECTION, sections)
    ]


def _missing(text: str, known: Mapping[str, set[str]] = KNOWN) -> list[str]:
    return [
        f"{platform} facts {section}"
        for platform, section in _cited(text)
        if section not in known[platform]
    ]


def _incomplete(text: str) -> list[str]:
    return INCOMPLETE.findall(CITATION.sub("", text))


def test_every_section_that_is_cited_is_there() -> None:
    assert {path: _missing(text) for path, text in TEXTS.items() if _missing(text)} == {}


def test_every_citation_names_its_platform_and_its_section() -> None:
    assert {path: _incomplete(text) for path, text in TEXTS.items() if _incomplete(text)} == {}


def test_the_search_finds_hundreds_of_citations() -> None:
    found = [cited for text in TEXTS.values() for cited in _cited(text)]

    assert len(found) > 300
    assert {platform for platform, _ in found} == set(PLATFORMS)


def test_the_check_would_catch_a_section_that_is_not_there() -> None:
    made_up = (
        "A rule (zettle facts 3.5, 99.1), a range (bigcommerce\n    # facts 5.2 to 5.99), "
        "two (zettle facts 9 and 10)."
    )

    assert _missing(made_up) == ["zettle facts 99.1", "bigcommerce facts 5.99", "zettle facts 9"]


@pytest.mark.parametrize(
    "cited", ["(facts 6.2)", "(BigCommerce facts 6.2)", "(facts, 6.2)", "(zettle facts)"]
)
def test_the_check_would_catch_a_citation_that_is_not_complete(cited: str) -> None:
    assert _cited(cited) == []
    assert len(_incomplete(cited)) == 1


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_switch_stands_with_a_section_that_is_there(platform: str) -> None:
    """The names of switches stand with sections of their platform's page alone, as `4.5: …` or
    `name (4.5): …`.
    """
    text = TEXTS[Path("packages/sandbox/src/brygga_sandbox") / platform / "switches.py"]
    lines = re.findall(rf'^    (?:"""|\w+ \()({SECTION}(?:, {SECTION})*)\)?: ', text, re.MULTILINE)
    named = {section for line in lines for section in re.split(r",\s+", line)}

    assert len(lines) > 40
    assert named <= KNOWN[platform]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_open_question_that_a_page_names_is_asked(platform: str) -> None:
    asked = set(
        re.findall(r"^\| ([ZB]\d+) \|", TEXTS[Path("docs/open-questions.md")], re.MULTILINE)
    )
    named = set(re.findall(r"\b[ZB]\d+\b", TEXTS[Path("docs/platforms") / f"{platform}.md"]))

    assert len(named) > 30
    assert named <= asked
