"""Likely duplicates: products that are in both systems before the first sync (P11).

*Certain* is an equal SKU or barcode. *Likely* is a name that is equal except for case, spaces,
accents, signs, the order of its words, or small typos. Names that differ in a number, a size, a
colour or another distinguishing word are different products, even if they look alike.

With ten thousand names on each side, not every pair is compared. Names within two typos of each
other share at least one of their rarest letter triples, so only such pairs are compared.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from brygga.core.model import ObservedProduct, Product
from brygga.core.text import barcode, code_key, one_line

__all__ = ["Certainty", "Equals", "Pair", "Reason", "alike", "likely", "normal_name"]


class Certainty(StrEnum):
    CERTAIN = "certain"
    LIKELY = "likely"


class Reason(StrEnum):
    SKU = "sku"
    BARCODE = "barcode"
    SAME_NAME = "same_name"
    SIMILAR_NAME = "similar_name"

    @property
    def certainty(self) -> Certainty:
        return Certainty.CERTAIN if self in {Reason.SKU, Reason.BARCODE} else Certainty.LIKELY


@dataclass(frozen=True, slots=True)
class Pair:
    """A Zettle product and a BigCommerce product that may be the same, and the strongest reason for
    it.
    """

    zettle_uuid: str
    product_id: int
    reason: Reason

    @property
    def certainty(self) -> Certainty:
        return self.reason.certainty


def likely(products: Sequence[Product], shop: Sequence[ObservedProduct]) -> tuple[Pair, ...]:
    """Every pair that may be the same product, each once, in the order of the Zettle products, the
    strongest reason first.

    A product that is in a certain pair is not in a likely pair.
    """
    found: dict[tuple[str, int], Reason] = {}
    for reason, ours, theirs in (
        (
            Reason.SKU,
            {p.uuid: _skus(p) for p in products},
            {o.product_id: _shop_skus(o) for o in shop},
        ),
        (
            Reason.BARCODE,
            {p.uuid: _barcodes(p) for p in products},
            {o.product_id: _shop_barcodes(o) for o in shop},
        ),
    ):
        for pair in _sharing(ours, theirs):
            found.setdefault(pair, reason)
    sure = {uuid for uuid, _ in found}, {product_id for _, product_id in found}
    names = [(p.uuid, p.name) for p in products if p.uuid not in sure[0]]
    shop_names = [(o.product_id, o.name) for o in shop if o.product_id not in sure[1]]
    found |= _by_name(names, shop_names)
    place = {product.uuid: number for number, product in enumerate(products)}
    rank = {reason: number for number, reason in enumerate(Reason)}
    pairs = [Pair(uuid, product_id, reason) for (uuid, product_id), reason in found.items()]
    return tuple(
        sorted(
            pairs, key=lambda pair: (place[pair.zettle_uuid], rank[pair.reason], pair.product_id)
        )
    )


class Equals:
    """Finds products with an equal SKU, barcode or name, one portion of the store at a time. The
    first pairs of a long search: names that are only similar need the whole store (`likely`).
    """

    def __init__(self, products: Iterable[Product]) -> None:
        self._of: defaultdict[tuple[Reason, str], list[str]] = defaultdict(list)
        for product in products:
            for reason, codes in (
                (Reason.SKU, _skus(product)),
                (Reason.BARCODE, _barcodes(product)),
                (Reason.SAME_NAME, _name_keys(product.name)),
            ):
                for code in codes:
                    self._of[reason, code].append(product.uuid)

    def pairs(self, shop: Iterable[ObservedProduct]) -> Sequence[Pair]:
        """Each pair once, with its strongest reason."""
        found: dict[tuple[str, int], Reason] = {}
        for other in shop:
            for reason, codes in (
                (Reason.SKU, _shop_skus(other)),
                (Reason.BARCODE, _shop_barcodes(other)),
                (Reason.SAME_NAME, _name_keys(other.name)),
            ):
                for uuid in (one for code in codes for one in self._of.get((reason, code), ())):
                    found.setdefault((uuid, other.product_id), reason)
        return [Pair(uuid, product_id, reason) for (uuid, product_id), reason in found.items()]


# ---- SKU and barcode -----------------------------------------------------------------------------


def _skus(product: Product) -> set[str]:
    return {sku for variant in product.variants if (sku := code_key(variant.sku))}


def _shop_skus(product: ObservedProduct) -> set[str]:
    every = [product.sku, *(variant.sku for variant in product.variants)]
    return {sku for text in every if (sku := code_key(text))}


def _barcodes(product: Product) -> set[str]:
    return {code for variant in product.variants if (code := _barcode(variant.barcode))}


def _shop_barcodes(product: ObservedProduct) -> set[str]:
    every = [
        product.upc,
        product.gtin,
        *(code for variant in product.variants for code in (variant.upc, variant.gtin)),
    ]
    return {code for text in every if (code := _barcode(text))}


def _barcode(text: str) -> str:
    """A trade number without its leading zeros, which are only padding (a UPC is a GTIN-14 with
    two). "" for a short code of the merchant's own, which proves nothing.
    """
    digits = barcode(text)
    return digits.lstrip("0") if digits.isdigit() and len(digits.lstrip("0")) >= 7 else ""


def _sharing(
    ours: Mapping[str, set[str]], theirs: Mapping[int, set[str]]
) -> Iterable[tuple[str, int]]:
    index: defaultdict[str, list[int]] = defaultdict(list)
    for product_id, codes in theirs.items():
        for code in codes:
            index[code].append(product_id)
    for uuid, codes in ours.items():
        for code in sorted(codes):
            for product_id in index.get(code, ()):
                yield uuid, product_id


# ---- Names ---------------------------------------------------------------------------------------


def normal_name(name: str) -> str:
    """The name in lower case, without accents and signs, with one space between words and between a
    number and its unit.
    """
    plain = unicodedata.normalize(
        "NFKD",
        _without_joiners(one_line(name))
        .casefold()
        .replace("ß", "ss")
        .replace("ø", "o")
        .replace("æ", "ae"),
    )
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    letters = re.sub(r"(?<=\d)[.,](?=\d)", "point", letters)
    spaced = re.sub(r"(?<=\d)(?=[a-z])(?!point)|(?<=[a-z])(?<!point)(?=\d)", " ", letters)
    return " ".join(re.findall(r"[^\W_]+", spaced))


def _without_joiners(name: str) -> str:
    """The name without joiners and selectors. They have a meaning in an emoji, but not in the words
    of a name.
    """
    return re.sub("[\u200c\u200d\ufe00-\ufe0f]", "", name)


def alike(one: str, other: str) -> Reason | None:
    """Why two names may mean the same product: the same words in any order, the same letters, or
    small typos. None when they do not.
    """
    first, second = normal_name(one), normal_name(other)
    if not first or not second:
        return None
    if _key(first) == _key(second):
        return Reason.SAME_NAME
    return Reason.SIMILAR_NAME if _similar(first, second) else None


def _key(normal: str) -> str:
    return " ".join(sorted(normal.split()))


def _name_keys(name: str) -> set[str]:
    normal = normal_name(name)
    return {_key(normal)} if normal else set()


_TELLING_WORDS = (
    "xs s m l xl xxl xxxl small medium large liten mellan stor barn dam herr vuxen kids women men "
    "left right vanster hoger "
    "rod rott roda bla blatt gron gront gul gult svart vit vitt gra gratt brun brunt rosa lila "
    "beige orange turkos silver guld koppar "
    "red blue green yellow black white grey gray brown pink purple gold ljus mork ljust morkt "
    "light dark "
    "med utan with without och and eller or ny new tjock tunn ek bok bjork furu ull bomull lin "
    "vanilj choklad jordgubb hallon blabar citron lime lakrits salt sot"
)
_TELLING = frozenset(_TELLING_WORDS.split())
"""Words that distinguish products: sizes, colours, sides, materials, tastes."""
_COLOUR_ENDINGS = (
    "rod",
    "bla",
    "gron",
    "gul",
    "svart",
    "vit",
    "gra",
    "brun",
    "rosa",
    "lila",
    "red",
    "blue",
    "green",
    "black",
    "white",
)


def _similar(first: str, second: str) -> bool:
    """Whether two names differ only by typos. Typos count in long words only. Every short word,
    number and distinguishing word must be equal.
    """
    ours, theirs = Counter(first.split()), Counter(second.split())
    left, right = sorted((ours - theirs).elements()), sorted((theirs - ours).elements())
    if any(_fixed(word) for word in (*left, *right)):
        return _joined_alike(first, second, left, right)
    if len(left) == len(right) <= 2:
        return _pairs_of_typos(left, right)
    return _joined_alike(first, second, left, right)


def _joined_alike(first: str, second: str, left: Sequence[str], right: Sequence[str]) -> bool:
    """Whether only the spaces between words differ: "kaffe mugg" and "kaffemugg"."""
    return len(left) != len(right) and first.replace(" ", "") == second.replace(" ", "")


def _fixed(word: str) -> bool:
    return len(word) < 4 or word in _TELLING or any(c.isdigit() for c in word)


def _fixed_words(name: str) -> tuple[str, ...]:
    return tuple(sorted(filter(_fixed, name.split())))


def _pairs_of_typos(left: Sequence[str], right: Sequence[str]) -> bool:
    if len(left) == 1:
        return _typo(left[0], right[0])
    straight = _typo(left[0], right[0], 1) and _typo(left[1], right[1], 1)
    return straight or (_typo(left[0], right[1], 1) and _typo(left[1], right[0], 1))


def _typo(one: str, other: str, most: int = 2) -> bool:
    """Whether two words differ by typos: one in a word of at least four letters, two in one of ten.

    In a short word the first letter is rarely wrong, so it must be equal. In a word of four letters
    a changed letter makes another word: only an extra, a missing or a swapped letter counts there.
    """
    shorter = min(len(one), len(other))
    if _colour(one) != _colour(other) or (shorter < 6 and one[0] != other[0]):
        return False
    if len(one) == len(other) == 4 and sorted(one) != sorted(other):
        return False
    limit = min(2 if shorter >= 10 else 1, most)
    return distance(one, other, limit) <= limit


def _colour(word: str) -> str:
    """The colour at the end of a compound word: "mellangrå" is not "mellanblå"."""
    return next((ending for ending in _COLOUR_ENDINGS if word.endswith(ending)), "")


def distance(one: str, other: str, limit: int) -> int:
    """The number of typos between two words (an extra, a missing or a wrong letter, or two
    swapped). More than `limit` is `limit + 1`.
    """
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if last and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return min(row[-1], limit + 1)


# ---- Finding candidates among many ---------------------------------------------------------------


def _by_name(
    ours: Sequence[tuple[str, str]], theirs: Sequence[tuple[int, str]]
) -> dict[tuple[str, int], Reason]:
    """Pairs with the same name, and pairs with a similar name unless both already have a product
    with the same name.
    """
    by_name, shop = _grouped(ours), _grouped(theirs)
    same: defaultdict[str, list[str]] = defaultdict(list)
    joined: defaultdict[str, set[str]] = defaultdict(set)
    for other in shop:
        same[_key(other)].append(other)
        joined[other.replace(" ", "")].add(other)
    found: dict[tuple[str, int], Reason] = {}
    for name, uuids in by_name.items():
        found |= {
            (u, id_): Reason.SAME_NAME
            for u in uuids
            for other in same.get(_key(name), ())
            for id_ in shop[other]
        }
    namesakes = {_key(name) for name in by_name} & same.keys()
    for name, candidates in _candidates(list(by_name), list(shop)):
        open_ = [
            o
            for o in candidates | joined.get(name.replace(" ", ""), set())
            if not {_key(name), _key(o)} <= namesakes
        ]
        similar = [other for other in open_ if _similar(name, other)]
        found |= {
            (u, id_): Reason.SIMILAR_NAME
            for u in by_name[name]
            for other in similar
            for id_ in shop[other]
        }
    return found


Id = TypeVar("Id")


def _grouped(named: Sequence[tuple[Id, str]]) -> dict[str, list[Id]]:
    groups: defaultdict[str, list[Id]] = defaultdict(list)
    for id_, name in named:
        if normal := normal_name(name):
            groups[normal].append(id_)
    return dict(groups)


_SLIPS = 2
"""The most typos between similar names: two in one long word, or one in each of two words."""
_SPOILT = 4
"""A typo changes at most four triples of a word: two swapped letters are in four triples."""


def _candidates(ours: Sequence[str], theirs: Sequence[str]) -> Iterable[tuple[str, set[str]]]:
    """For each of our names, the names on the other side with the same fixed words and one of its
    rarest letter triples.

    Triples are counted per word, with its edges, because words may change their order. If two names
    are within the allowed typos, each has at most eight triples that the other lacks. So at least
    one of the nine rarest is shared.
    """
    grams = {name: _grams(name) for name in {*ours, *theirs}}
    counts = Counter(gram for found in grams.values() for gram in found)
    index: defaultdict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for name in theirs:
        fixed = _fixed_words(name)
        for gram in _rarest(grams[name], counts):
            index[gram, fixed].append(name)
    for name in ours:
        fixed = _fixed_words(name)
        own = grams[name]
        shared = {other for gram in _rarest(own, counts) for other in index.get((gram, fixed), ())}
        yield (
            name,
            {
                other
                for other in shared
                if len(own & grams[other]) + _SPOILT * _SLIPS >= max(len(own), len(grams[other]))
            },
        )


def _grams(name: str) -> frozenset[str]:
    edged = [f"^{word}$" for word in name.split()]
    return frozenset(word[place : place + 3] for word in edged for place in range(len(word) - 2))


def _rarest(grams: frozenset[str], counts: Counter[str]) -> list[str]:
    return sorted(grams, key=lambda gram: (counts[gram], gram))[: _SLIPS * _SPOILT + 1]
