"""Invisible characters are removed from names, SKUs and option values (decision 20).

They are removed before the comparison and before the write.

The list is Unicode's Default_Ignorable_Code_Point, control characters, the blank Braille cell, and
what pasted pictures leave. Some of them have a meaning next to certain characters and stay there:
joiners and selectors inside an emoji, joiners in scripts that need them, direction marks in
right-to-left text.
"""

import re
import unicodedata

_JOINER, _NON_JOINER, _BLANK = "\u200d", "\u200c", "\u2800"
_IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff\ufffc"
)
"""Unicode's DerivedCoreProperties, the interlinear annotations, which no browser shows, and the
placeholder of a lost picture.
"""
_CONTROLS = r"\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff"
_UNSEEN = re.compile(f"[{_IGNORABLE}{_CONTROLS}{_BLANK}]")
_DIRECTIONS = re.compile("[\u034f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Direction marks, and the joiner of points in Hebrew: they have a use in right-to-left text only.
"""
_JOINED_SCRIPT = re.compile(
    # Arabic, Syriac, N'Ko, Mandaic; Devanagari to Sinhala; Myanmar; Khmer; Mongolian; Balinese,
    # Javanese, Phags-pa.
    "[\u0620-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u17b3\u17b6-\u17ff\u1800-\u180a\u1810-\u18af\u1b00-\u1b7f"
    "\ua840-\ua87f\ua980-\ua9ff\uaa60-\uaa7f\ufb50-\ufdff\ufe70-\ufefc\U00010d00-\U00010d3f\U00011000-\U00011fff"
    "\U0001e900-\U0001e95f]"
)
_EMOJI = re.compile(
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff"
    "\u3030\u303d\u3297\u3299\u20e3\U0001f000-\U0001faff]"
)
_TAKES_SELECTORS = re.compile(
    # Ideographs, kana and letters with standardised variants: CJK, Mongolian, Myanmar,
    # Phags-pa.
    "[\u1000-\u109f\u1800-\u180a\u1810-\u18af\u2200-\u22ff\u2a00-\u2aff\u3000-\u30ff\u3400-\u9fff\ua840-\ua87f"
    "\uaa60-\uaa7f\uf900-\ufaff\U00020000-\U0003ffff]"
)
_FLAG, _CANCEL = "\U0001f3f4", "\U000e007f"
_KEYCAP, _KEYS = "\u20e3", frozenset("0123456789#*")


def visible(text: str) -> str:
    """The text without invisible characters. A blank Braille cell among letters is a space."""
    if _UNSEEN.search(text) is None:
        return text
    is_braille = any("\u2801" <= character <= "\u28ff" for character in text)
    runs_left = any(_runs_left(character) for character in text)
    kept: list[str] = []
    for place, character in enumerate(text):
        if character == _BLANK:
            kept.append(_BLANK if is_braille else " ")
            continue
        following = text[place + 1 : place + 2]
        if _UNSEEN.match(character) is None or _has_meaning(
            character, kept, following, runs_left=runs_left
        ):
            kept.append(character)
    return "".join(kept)


def _runs_left(character: str) -> bool:
    return unicodedata.bidirectional(character) in {"R", "AL"} and _UNSEEN.match(character) is None


def _has_meaning(character: str, kept: list[str], following: str, *, runs_left: bool) -> bool:
    """Whether an invisible character changes what is seen, between `kept` and `following`."""
    before = kept[-1] if kept else ""
    if _DIRECTIONS.match(character):
        return runs_left
    if character == _JOINER:
        within_emoji = _ends_emoji(kept) and _EMOJI.match(following) is not None
        return within_emoji or _JOINED_SCRIPT.match(before) is not None
    if character == _NON_JOINER:
        return (
            _JOINED_SCRIPT.match(before) is not None and _JOINED_SCRIPT.match(following) is not None
        )
    if "\u180b" <= character <= "\u180f":
        return _TAKES_SELECTORS.match(before) is not None and "\u1800" <= before <= "\u18af"
    if "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef":
        return _takes_selector(character, before, following)
    return _is_tag(character) and (before == _FLAG or (_is_tag(before) and before != _CANCEL))


def _ends_emoji(kept: list[str]) -> bool:
    before = "".join(kept[-2:])
    return _EMOJI.match(before[-1:].replace("\ufe0f", before[:1])) is not None


def _takes_selector(selector: str, before: str, following: str) -> bool:
    if selector in "\ufe0e\ufe0f" and (
        _EMOJI.match(before) or (before in _KEYS and following == _KEYCAP)
    ):
        return True
    return _TAKES_SELECTORS.match(before) is not None


def _is_tag(character: str) -> bool:
    return "\U000e0020" <= character <= _CANCEL
