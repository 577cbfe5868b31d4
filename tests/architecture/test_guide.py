"""The merchants' guide walks through every rule, and has every message, answer and picture."""

import re
from pathlib import Path

import pytest
from tests.architecture.test_docs import RULES

from brygga.core.report import Code
from brygga.web.codes import PLACES, chapters, known, page_of
from brygga.web.i18n import Language, words
from brygga.web.log_kinds import CODES
from brygga.web.pages.help import QUESTIONS

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guide"
EVERY: tuple[Language, ...] = ("sv", "en", "nb", "da", "fi", "de")


def anchors(page: Path) -> set[str]:
    return set(re.findall(r'<a id="([\w-]+)">', page.read_text()))


@pytest.mark.parametrize("language", EVERY)
def test_the_guide_has_every_message_and_every_answer(language: Language) -> None:
    """Where this fails, run `scripts/guide.py write`. `scripts/guide.py check` compares the words
    too.
    """
    questions = {key for keys in QUESTIONS.values() for key in keys}

    assert set(known()) == anchors(GUIDE / language / "08-messages.md")
    assert questions == anchors(GUIDE / language / "09-questions.md")


@pytest.mark.parametrize("language", EVERY)
def test_every_picture_of_the_guide_is_there(language: Language) -> None:
    shown = [
        page.parent / name
        for page in sorted((GUIDE / language).glob("*.md"))
        for name in re.findall(r"!\[[^]]+\]\(([^)]+)\)", page.read_text())
    ]

    assert 10 < len(shown)
    assert [] == [str(one) for one in shown if not one.exists()]


@pytest.mark.parametrize("language", EVERY)
def test_the_guide_walks_through_every_rule(language: Language) -> None:
    texts = " ".join(path.read_text() for path in (GUIDE / language).glob("*.md"))
    named = {
        rule for part in texts.split("<!-- ")[1:] for rule in part.partition(" -->")[0].split()
    }

    assert set(RULES) == named


@pytest.mark.parametrize("language", EVERY)
def test_every_section_about_a_rule_has_words(language: Language) -> None:
    """A rule that is named and not explained would count as explained."""
    for path in (GUIDE / language).glob("0[1-7]*.md"):
        for section in path.read_text().split("\n## ")[1:]:
            assert len(section) > 80, (path.name, section[:40])


def test_every_code_is_in_one_chapter() -> None:
    listed = [code for chapter in chapters() for code in chapter.codes]

    assert len(listed) == len(set(listed))
    assert {code.value for code in Code} <= known()
    assert {code for codes in CODES.values() for code in codes} == set(Code)


@pytest.mark.parametrize("language", EVERY)
def test_every_code_has_sentence_cause_fix_and_button(language: Language) -> None:
    speech = words(language)
    for code in sorted(known()):
        page = page_of(speech, code)

        assert all((page.sentence, page.cause, page.action)), code
        assert "%(" not in f"{page.sentence}{page.cause}{page.action}", code
        assert not any(odd in page.sentence for odd in (".:", ": .", ":.", "..")), code
        assert speech.has(f"code.button.{page.button}"), code
        assert page.link.startswith(PLACES[page.button]), code
