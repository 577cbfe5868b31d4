"""Every code has a sentence, a cause and what to do, in both languages; every page's sentence has
its Swedish.
"""

import subprocess
import sys
from enum import StrEnum
from itertools import product
from pathlib import Path

import pytest

from brygga.bigcommerce.codes import Code as ShopCode
from brygga.core.connecting import PriceRefusal
from brygga.core.guards import Effect
from brygga.core.matching import Reason
from brygga.core.report import Code as LogCode
from brygga.database.library_pages import State
from brygga.database.plan_inputs import Change
from brygga.sync.products.linking import Obstacle
from brygga.web.i18n import LANGUAGES, Language, preferred, words
from brygga.web.lines import spoken
from brygga.web.pages.addform import CODES
from brygga.web.pages.help import QUESTIONS, view
from brygga.zettle.codes import Code as TillCode

ROOT = Path(__file__).parents[2]
FAILURES: list[tuple[str, StrEnum]] = [
    ("failure", code) for kind in (ShopCode, TillCode) for code in kind
]
LINES: list[tuple[str, StrEnum]] = [("log", code) for code in LogCode]


@pytest.mark.parametrize(("language", "coded"), list(product(LANGUAGES, FAILURES + LINES)))
def test_every_code_has_a_sentence_a_cause_and_what_to_do(
    language: Language, coded: tuple[str, StrEnum]
) -> None:
    prefix, code = coded
    wanted = [f"{prefix}.{code.value}{part}" for part in ("", ".cause", ".action")]

    assert [] == [key for key in wanted if not words(language).has(key)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_name_that_pages_put_into_words_has_one(language: Language) -> None:
    keys = [
        *(f"state.{state.value}" for state in State),
        *(f"price_refusal.{refusal.value}" for refusal in PriceRefusal),
        *(f"question.{effect.value}" for effect in Effect),
        *(f"effect.{effect.value}" for effect in Effect),
        *(f"match.{reason.value}" for reason in Reason),
        *(f"newproduct.{code}" for code in CODES),
        *(f"change.{change.value}" for change in Change),
        *(f"obstacle.{obstacle.value}" for obstacle in Obstacle),
    ]

    assert [] == [key for key in keys if not words(language).has(key)]


def test_no_sentence_of_a_page_lacks_its_swedish() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "translations.py"), "check"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ("", 0) == (done.stderr, done.returncode)


def test_a_parameter_that_is_a_code_is_put_into_words() -> None:
    sentence, _, _ = spoken(
        words("sv"), "product_refused", {"name": "Kanna", "reason": "sku_taken"}
    )

    assert "Kanna kunde inte synkas: En annan produkt i butiken har samma SKU." == sentence


@pytest.mark.parametrize(
    ("variant", "sentence"),
    [
        ("", "Brosch Mås: lagret ändrades i Zettle med −1, nu 4."),
        ("Röd", "Brosch Mås Röd: lagret ändrades i Zettle med −1, nu 4."),
    ],
)
def test_a_product_without_variants_leaves_no_gap_in_its_line(variant: str, sentence: str) -> None:
    params = {"name": "Brosch Mås", "variant_name": variant, "change": "-1", "number": "4"}

    assert sentence == spoken(words("sv"), "stock_till_moved", params)[0]


def test_a_parameter_that_nobody_gave_is_no_error() -> None:
    assert (
        words("sv")
        .fill("log.product_refused", {"name": "100 % ull"})
        .startswith("100 % ull kunde inte synkas")
    )


def test_an_unknown_code_is_said_and_not_an_error() -> None:
    sentence, _, action = spoken(words("en"), "from_the_future", {})

    assert "from_the_future" in sentence
    assert action


@pytest.mark.parametrize(
    ("wish", "language"),
    [
        ("", "sv"),
        ("sv-SE,sv;q=0.9,en;q=0.8", "sv"),
        ("nb", "nb"),
        ("no-NO,no;q=0.9", "nb"),
        ("nn,en;q=0.5", "nb"),
        ("da-DK", "da"),
        ("fi-FI,sv;q=0.5", "fi"),
        ("en-GB", "en"),
        ("de-AT,en;q=0.5", "de"),
        ("et,de;q=0.5", "de"),
        ("et", "en"),
        ("en;q=x,sv", "sv"),
    ],
)
def test_the_browser_s_wish_chooses_the_language(wish: str, language: str) -> None:
    assert language == preferred(wish)


@pytest.mark.rule("E2")
@pytest.mark.parametrize("language", LANGUAGES)
def test_help_answers_every_question(language: Language) -> None:
    speech = words(language)
    keys = [
        f"help.{key}.{part}"
        for keys in QUESTIONS.values()
        for key in keys
        for part in ("question", "answer")
    ]

    assert [] == [key for key in keys if not speech.has(key)]


@pytest.mark.rule("E2")
def test_help_is_found_by_its_words_whatever_the_accents() -> None:
    found = [key for group in view(words("sv"), "AVGIFT kop").groups for key in group.answers]

    assert ["fees"] == found
