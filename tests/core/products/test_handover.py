"""Who writes what in which pass when values change hands (decision 19)."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from brygga.core import clashes
from brygga.core.claims import Claims, Holder, folded
from brygga.core.handover import Slot, Turn, Wish, turns

NAME = Slot("name")


def named(key: str, now: str, wanted: str) -> Wish:
    return Wish(Holder(key, wanted), NAME, now, wanted)


def played(*wishes: Wish, claims: Claims | None = None) -> dict[str, Turn]:
    return {key: slots[NAME] for key, slots in turns(wishes, claims or Claims()).items()}


def both(turn: Turn) -> tuple[str, str]:
    return turn.first, turn.last


def test_a_free_value_is_taken_at_once() -> None:
    assert ("B", "B") == both(played(named("1", "A", "B"))["1"])


def test_what_is_freed_goes_before_what_takes_it() -> None:
    found = played(named("1", "A", "B"), named("2", "B", "C"))

    assert [("A", "B"), ("C", "C")] == [both(found[key]) for key in "12"]


def test_a_swap_goes_by_way_of_suffixed_forms() -> None:
    found = played(named("1", "A", "B"), named("2", "B", "A"))

    meanwhile = [clashes.distinct_name("B", "1"), clashes.distinct_name("A", "2")]
    assert list(zip(meanwhile, ["B", "A"], strict=True)) == [both(found[key]) for key in "12"]
    assert {None} == {turn.clash for turn in found.values()}


def test_who_has_a_value_and_wants_it_keeps_it() -> None:
    found = played(named("1", "A", "B"), named("2", "B", "B"))

    clash = found["1"].clash
    assert clash is not None
    assert ("2", clashes.distinct_name("B", "1"), ("B", "B")) == (
        clash.holder.key,
        found["1"].last,
        both(found["2"]),
    )


def test_a_suffix_stays_while_its_holder_stands_and_goes_with_it() -> None:
    suffixed, claims = clashes.distinct_name("B", "1"), Claims()
    claims.add(Holder("", "B", 7), [("name", "B")])

    stays, goes = (
        played(named("1", suffixed, "B"), claims=claims)["1"],
        played(named("1", suffixed, "B"))["1"],
    )

    assert ((suffixed, suffixed), ("B", "B")) == (both(stays), both(goes))


@dataclass
class Store:
    """A store that refuses a call in which anything is equal to what another product has before the
    call (bigcommerce facts 3.4).
    """

    held: dict[str, str]
    calls: int = 0
    names: list[str] = field(default_factory=list)

    def write(self, changes: dict[str, str]) -> None:
        for key, value in changes.items():
            others = {folded("name", held) for other, held in self.held.items() if other != key}
            assert folded("name", value) not in others, f"{value} is taken"
        assert len(set(changes.values())) == len(changes)
        self.held |= changes
        self.calls += bool(changes)


@given(
    st.permutations(list("ABCDEFG")),
    st.lists(st.sampled_from("ABCDEFGHIJ"), min_size=7, max_size=7),
)
def test_two_passes_are_enough_and_nothing_is_ever_refused(
    now: list[str], wanted: list[str]
) -> None:
    """Rows, rings and values that several want: each ends with what it wants, or names who has
    it.
    """
    keys = [str(number) for number in range(7)]
    found = played(*(named(key, *pair) for key, *pair in zip(keys, now, wanted, strict=True)))
    store = Store(dict(zip(keys, now, strict=True)))

    store.write({key: turn.first for key, turn in found.items() if turn.first != turn.now})
    store.write({key: turn.last for key, turn in found.items() if turn.last != turn.first})

    assert store.held == {key: turn.last for key, turn in found.items()}
    for key, want in zip(keys, wanted, strict=True):
        clash = found[key].clash
        assert (store.held[key] == want) is (clash is None)
        assert clash is None or store.held[clash.holder.key] == want
    assert store.calls <= 2
