"""What became of a write that was never answered.

Neither platform has an idempotency key, and BigCommerce cannot look a transaction up (bigcommerce facts 5.2, 9); Zettle hands our
identifier back in its event (zettle facts 3.5). So a write is settled from what can be seen, and never repeated blindly.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from brygga.core.stock.accounts import Account, account
from brygga.core.stock.ledger import FEW, TICK, Flight, Ledger, Level, Look, Side, Timing
from brygga.core.stock.moves import Hint, landed, may_tell, observed, refused
from brygga.core.stock.sharing import reset_refused, reset_undone


class Verdict(StrEnum):
    WAITING = "waiting"
    LANDED = "landed"
    NOT_LANDED = "not_landed"
    ASSUMED_LANDED = "assumed_landed"
    """Nobody can know. Taken as landed, because that promises the lower number; the merchant is asked to check."""
    ASSUMED_LOST = "assumed_lost"
    """Nobody can know. Taken as not landed, because that promises the lower number; the merchant is asked to check."""

    @property
    def is_doubtful(self) -> bool:
        return self in (Verdict.ASSUMED_LANDED, Verdict.ASSUMED_LOST)


@dataclass(frozen=True, slots=True)
class Settled:
    """The ledger after an attempt to settle; `change` is what the shelf was found to have moved by itself."""

    ledger: Ledger
    verdict: Verdict
    change: int = 0


def settle_at(flight: Flight, timing: Timing) -> datetime:
    """The earliest moment at which a look can say something: the request is dead by then, and reads have caught up."""
    ripe = _ripe(flight, timing)
    return ripe if flight.first is None else max(ripe, flight.first.begun + timing.gap)


def has_caught_up(flight: Flight, look: Look, timing: Timing) -> bool:
    """Whether hooks and reads have had their time by a look, so that what leads to its level is evidence."""
    return look.begun >= _ripe(flight, timing) + timing.gap


def settle(  # noqa: PLR0917 - one answer per kind of evidence
    ledger: Ledger, side: Side, look: Look, echoed: datetime | None, timing: Timing, peers: Sequence[Account] = ()
) -> Settled:
    """Decides an open flight, or says that it must wait.

    | what is seen | verdict |
    |---|---|
    | an echo with our identifier came at `echoed` (Zettle) | landed |
    | what was told of leads to this level, and one hook of BigCommerce's can be this write (`accounts`) | landed |
    | one can be, made long after it left, or somebody else's of the same size | waiting, until patience is over |
    | it leads to it without this write, once reads have caught up | not landed; after patience where a rise may only be silent |
    | it does not lead to it, or only with this write untold | waiting, until patience is over |
    | then, and a part of the same call is told of, or untold in the same way | landed |
    | then, and the level is as after it and after all else that was told of, and it is of more than a few units | landed |
    | its hooks carry no values, and it told of an edit just when we wrote, as our writes make it do | landed |
    | two looks agree, and what was told of leads to their level without this write alone | not landed |
    | two looks agree on the level before the write, and none showed another since the write can no longer happen | not landed |
    | events do reach us, but none tells of the write, and the level is not as after it | not landed: a fall soon, a rise after patience |
    | as after a fall, but another movement was told of, which explains it, and nothing tells of the write | not landed, after patience |
    | two looks agree on an absolute level, or on what was told of since it | landed: whoever set it, that is the level |
    | two looks agree on another, and nothing that was told of leads there from a level that was set | not landed |
    | patience is over | the lower promise, and the merchant is asked to check |
    | anything else | waiting |

    The level alone never proves a landing: a sale or an edit of the same size looks the same.
    The looks are a lag apart, and begin when the write can no longer happen and reads have caught up. A late echo corrects the verdict
    (`moves.corrected`). `peers` is what is known of the others that rode in the same call.
    """
    flight = ledger[side].flight
    assert flight is not None, "nothing was in flight"
    if echoed is not None:
        return _booked(landed(ledger, side, echoed), side, look, timing, Verdict.LANDED)
    found = story = evidence(ledger, side, look, timing)
    if found is not None and found.untold and _is_prompt(flight, look, timing):
        flight = replace(flight, shown=True)
        ledger = ledger.put(side, replace(ledger[side], flight=flight))
    if found is not None:
        # Two looks settle a level that was set; what was told can only say so sooner.
        found = None if flight.is_absolute and not found.told else found.beside(peers)
    if found is not None and (done := _accounted(ledger, side, look, timing, found)) is not None:
        return done
    patient = _is_patient(flight, look, timing)
    certain = found is not None and (_peers_say_so(found, peers) or (found.untold and abs(flight.quantity) > FEW))
    if patient and found is not None and not found.explains and certain:
        return _booked(landed(ledger, side, flight.sent, _dead(flight, timing)), side, look, timing, Verdict.LANDED)
    unexplained = found is not None and patient and not found.explains and not found.late
    if (found is None or unexplained) and (flight.tells or flight.maybes):
        done = _told(ledger, side, look, timing, found)
        if done is not None:
            return done if found is None else _left_open(done, flight)
    if not isinstance(look.level, int) or look.begun < _ripe(flight, timing):
        return Settled(ledger, Verdict.WAITING)
    return _looked(ledger, side, look, timing, found, story)


def _looked(  # noqa: PLR0917 - the looks, and the evidence that they are weighed with
    ledger: Ledger, side: Side, look: Look, timing: Timing, found: Account | None, story: Account | None
) -> Settled:
    """What looks alone decide, or that nothing does yet. `story` is the evidence, `found` what of it counts."""
    seen = _booked(ledger, side, look, timing, Verdict.WAITING)
    flight = seen.ledger[side].flight
    assert flight is not None
    patient, verdict = _is_patient(flight, look, timing), Verdict.WAITING
    if patient and found is not None and (found.late or found.untold):
        verdict = _lower(flight)
    elif flight.is_absolute and story is not None and (set_ := _set(flight, look, timing, story)) is not None:
        verdict = set_
    elif found is None or (found.explains and not found.late and not _is_early(flight, found, look, timing)) or patient:
        verdict = _verdict(seen.ledger, side, look, timing, denied=found is not None and found.denies)
    if verdict is Verdict.WAITING:
        return Settled(_remember(seen.ledger, side, flight, look), Verdict.WAITING, seen.change)
    ordered = _ordered(ledger, timing) if flight.is_absolute and verdict is Verdict.NOT_LANDED else 0
    closed = _booked(_closed(seen.ledger, side, verdict, look.level, timing, ordered), side, look, timing, verdict)
    return replace(closed, change=closed.change + seen.change + ordered)


def _is_early(flight: Flight, found: Account, look: Look, timing: Timing) -> bool:
    """A level that was set just as we wrote closes any account. Likelier it is ours, and others' hooks are still on their way."""
    return not found.told and flight.tells > 0 and not _is_patient(flight, look, timing)


def evidence(ledger: Ledger, side: Side, look: Look, timing: Timing) -> Account | None:
    """What the platform told of a shelf whose write got no answer; None where that is nothing that can be reckoned with."""
    shelf = ledger[side]
    return None if shelf.flight is None else account(side, shelf.flight, shelf.tale, look, timing)


def _peers_say_so(found: Account, peers: Sequence[Account]) -> bool:
    """A part of the same call was told of; or several, this one too, show a level that only the untold call explains."""
    return any(peer.told or (found.untold and peer.untold) for peer in peers)


def _is_prompt(flight: Flight, look: Look, timing: Timing) -> bool:
    """The level has moved while the write can still take effect, so that it has hardly had time to be somebody else's."""
    return not flight.is_absolute and look.level != flight.base and look.begun <= flight.sent + timing.grace


def _accounted(ledger: Ledger, side: Side, look: Look, timing: Timing, found: Account) -> Settled | None:
    """Where the hooks lead to the level that was read. None where they say too little."""
    flight = ledger[side].flight
    assert flight is not None
    caught_up = has_caught_up(flight, look, timing)
    if found.told and (caught_up or not found.without):
        return _booked(
            landed(ledger, side, flight.told or flight.sent, _dead(flight, timing)), side, look, timing, Verdict.LANDED
        )
    if not caught_up or found.told or found.late or not found.without:
        return None
    heard = flight.tells + flight.maybes + flight.others > 0 and not _is_early(flight, found, look, timing)
    if heard and (flight.quantity < 0 or not found.silent):
        return _booked(
            _closed(ledger, side, Verdict.NOT_LANDED, look.level, timing), side, look, timing, Verdict.NOT_LANDED
        )
    return None


def _told(ledger: Ledger, side: Side, look: Look, timing: Timing, found: Account | None) -> Settled | None:
    """BigCommerce told of an edit that can be this write. It is, unless that leaves a change of which nobody told.

    | it told of | the level is | verdict |
    |---|---|---|
    | an edit just after the write left, or before it was given up | as after the write | landed |
    | several just after it left, or one by just this write (`linked`) | anything | landed |
    | one just after it left, and of other movements since or shortly before | anything else, once reads have caught up | landed |
    | one just after it left, and of nothing else | anything else, once reads have caught up | not landed: it was somebody else's |
    | none so early, and a fall | anything else, once reads have caught up | not landed |

    None where it says nothing. Where hooks carry values (`found`) and none of them can be this write, only a rise is taken for landed.
    """
    flight = ledger[side].flight
    assert flight is not None
    if not isinstance(look.level, int):
        return Settled(ledger, Verdict.WAITING)
    linked = found is not None and found.linked
    fits = found is None or linked or _rises(flight)
    caught_up = has_caught_up(flight, look, timing)
    certain = linked or look.level == _expected(ledger, side, flight)[1] or (fits and flight.tells > 1)
    if certain or (caught_up and fits and flight.tells and _moved_otherwise(side, flight, timing)):
        at = flight.told or flight.sent
        return _booked(landed(ledger, side, at, _dead(flight, timing)), side, look, timing, Verdict.LANDED)
    if not caught_up:
        return Settled(ledger, Verdict.WAITING)
    if not flight.tells and flight.quantity > 0:
        return None
    return _booked(
        _closed(ledger, side, Verdict.NOT_LANDED, look.level, timing), side, look, timing, Verdict.NOT_LANDED
    )


def _left_open(done: Settled, flight: Flight) -> Settled:
    """Times alone have decided, though hooks say where the level was and something is not told of yet. Where that is the lower promise
    anyway, it stays in doubt for a while: what comes late may say otherwise (`reconsidered`)."""
    if done.verdict is Verdict.LANDED and _rises(flight):
        return replace(done, verdict=Verdict.ASSUMED_LANDED)
    if done.verdict is Verdict.NOT_LANDED and not _rises(flight):
        return replace(done, verdict=Verdict.ASSUMED_LOST)
    return done


def _moved_otherwise(side: Side, flight: Flight, timing: Timing) -> bool:
    """The platform told of other movements that the level may contain beside this write."""
    just_before = flight.hinted is not None and flight.hinted >= flight.sent - timing.unseen(side)
    return flight.others + flight.maybes > 0 or just_before


def retold(flight: Flight, late: Iterable[Hint]) -> Flight:
    """A write that was given up, with what hooks told of since."""
    told = (*flight.tale, *(hint.tells for hint in late))
    return replace(flight, tale=tuple(sorted(told, key=lambda one: one.at)))


def is_told_late(flight: Flight, late: Iterable[Hint], timing: Timing) -> bool:
    """Whether late hooks tell that it had landed: they complete a chain to the level by which it was given up, and it is a link of it."""
    found = None
    if flight.closing is not None:
        found = account(Side.SHOP, flight, flight.tale, flight.closing, timing)
    if found is not None:
        return found.told
    return any(hint.edited is not None and may_tell(flight, hint.edited, timing) for hint in late)


def reconsidered(
    ledger: Ledger, side: Side, flight: Flight, timing: Timing, *, over: bool, peers: Sequence[Flight] = ()
) -> bool | None:
    """Whether a doubted write had landed, by all that was told since; None while that says nothing. `over`: no more is waited for.

    Hooks come at least once, and have had their time: then a story without this write is the true one, if there is one, and else the one in
    which its own hook alone was lost. Where no hook came at all since it left, a level alone proves nothing, unless it was seen to move
    just then, here or in another part of the same call (`peers`): that somebody did the same in those seconds is not believed.
    """
    heard = ledger[side].heard
    found = _doubted(side, flight, timing)
    if found is None or (found.late and not found.told):
        return None
    if found.told or found.denies:
        return found.told
    if over and not found.explains and any(_is_shown(side, one, timing) for one in (flight, *peers)):
        return True
    if over and heard is not None and heard >= flight.sent:
        # Where the level stands where it stood, two lost hooks are as likely as one: then the lower number, and a question.
        moved = flight.closing is not None and flight.closing.level != flight.base
        if found.without or (found.silent and (moved or _rises(flight))):
            return not found.without
    # Nothing that was told since leads anywhere: then it is as times alone had it, which is what was promised (`_left_open`).
    return _rises(flight) if over and not found.explains and flight.tells + flight.maybes > 0 else None


def _doubted(side: Side, flight: Flight, timing: Timing) -> Account | None:
    return None if flight.closing is None else account(side, flight, flight.tale, flight.closing, timing)


def _is_shown(side: Side, flight: Flight, timing: Timing) -> bool:
    """It was seen just then, and nothing that was told of since explains that without it."""
    found = _doubted(side, flight, timing)
    return flight.shown and found is not None and not found.explains


def absent(ledger: Ledger, look: Look, timing: Timing) -> Ledger:
    """The shop answered a look and left the variant out: its shelf sleeps, as after a refusal (`missing`), until it is seen or born again.

    A young one may be missing in a read that trails, and a write that may still be on its way is waited for. One that was on its way to
    a variant that is gone has come to nothing.
    """
    shelf = ledger.shop
    if shelf.touched is not None and look.begun < shelf.touched + timing.lag(Side.SHOP):
        return ledger
    if shelf.flight is not None:
        if look.begun < _ripe(shelf.flight, timing):
            return ledger
        ledger = reset_refused(ledger) if shelf.flight.is_absolute else refused(ledger, Side.SHOP)
    return ledger.put(Side.SHOP, replace(ledger.shop, asleep=True))


def _dead(flight: Flight, timing: Timing) -> datetime:
    """From then on it can no longer take effect."""
    return flight.lost if flight.lost is not None else flight.sent + timing.grace


def _ripe(flight: Flight, timing: Timing) -> datetime:
    return _dead(flight, timing) + timing.gap


def _booked(ledger: Ledger, side: Side, look: Look, timing: Timing, verdict: Verdict) -> Settled:
    """What the look shows beyond the flight counts at once.

    A look that began before an echo came may or may not contain the write; then `observed` leaves it to the next one.
    """
    step = observed(ledger, side, look, timing)
    return Settled(step.ledger, verdict, step.change)


def _set(flight: Flight, look: Look, timing: Timing, story: Account) -> Verdict | None:
    """What became of an absolute level, by the stories that lead to a level on which two looks agree. None where they do not say."""
    if not _agree(flight, look, timing):
        return None
    if story.told or story.silent:
        return Verdict.LANDED
    return None if story.late else Verdict.NOT_LANDED


def _ordered(ledger: Ledger, timing: Timing) -> int:
    """What was bought in the shop since its absolute level was promised, or since tracking was switched on."""
    shelf, flight = ledger.shop, ledger.shop.flight
    assert flight is not None
    start = timing.clock(Side.SHOP, flight).theirs(flight.sent) if shelf.fresh is None else shelf.fresh.since
    since = [one for one in shelf.tale if one.by_order and one.is_signed and not one.again and one.at + TICK > start]
    return sum(one.value or 0 for one in since)


def _agree(flight: Flight, look: Look, timing: Timing) -> bool:
    first = flight.first
    return first is not None and first.level == look.level and look.begun - first.begun >= timing.gap


def _verdict(ledger: Ledger, side: Side, look: Look, timing: Timing, *, denied: bool) -> Verdict:
    shelf = ledger[side]
    flight = shelf.flight
    assert flight is not None
    assert isinstance(look.level, int)
    before, after = _expected(ledger, side, flight)
    agree = _agree(flight, look, timing)
    rise = _rises(flight)
    moved = shelf.heard is not None and shelf.heard >= flight.sent
    # A rise that landed and was sold again shows the old level too; then the sales were heard of, and the rules below decide.
    still = flight.is_absolute or (shelf.known == flight.base and not flight.strayed and not (rise and moved))
    if flight.is_absolute and agree and look.level == after:
        return Verdict.LANDED
    if agree and (denied or (look.level == before and still)):
        return Verdict.NOT_LANDED
    patient = _is_patient(flight, look, timing)
    heard_of_others = (
        _would_have_heard(ledger, side, flight, look, timing) and look.level != after and (patient or not rise)
    )
    explained = patient and not rise and not flight.is_absolute and _moved_otherwise(side, flight, timing)
    if (heard_of_others or explained) and not flight.shown:
        return Verdict.NOT_LANDED
    return _lower(flight) if patient else Verdict.WAITING


def _lower(flight: Flight) -> Verdict:
    """Promising the lower number: a rise counts as written (so it is not written again), a fall as not written."""
    return Verdict.ASSUMED_LANDED if _rises(flight) else Verdict.ASSUMED_LOST


def _rises(flight: Flight) -> bool:
    return flight.quantity > (flight.base or 0 if flight.is_absolute else 0)


def _is_patient(flight: Flight, look: Look, timing: Timing) -> bool:
    """Settling has gone on for so long that nothing more is waited for."""
    return flight.since is not None and look.begun - flight.since >= timing.patience


def _would_have_heard(ledger: Ledger, side: Side, flight: Flight, look: Look, timing: Timing) -> bool:
    """Other hints came since, a while ago; so had the write landed, its own would have come too, and could have been told apart."""
    heard = ledger[side].heard
    if flight.is_absolute or heard is None or heard < flight.sent or (side is Side.SHOP and flight.is_crowded):
        return False
    return look.begun >= max(heard, _ripe(flight, timing)) + timing.gap


def _expected(ledger: Ledger, side: Side, flight: Flight) -> tuple[int, int]:
    """The level that shows if the write did not land, and if it did."""
    known = ledger[side].known
    if flight.is_absolute:
        return flight.base or 0, flight.quantity
    assert isinstance(known, int)
    return known, known + flight.quantity


def _remember(ledger: Ledger, side: Side, flight: Flight, look: Look) -> Ledger:
    keep = flight.first is not None and flight.first.level == look.level
    strayed = flight.strayed or look.level != _expected(ledger, side, flight)[0]
    kept = replace(flight, first=flight.first if keep else look, strayed=strayed, since=flight.since or look.begun)
    return ledger.put(side, replace(ledger[side], flight=kept))


def _closed(  # noqa: PLR0917 - what was found, and what goes with it
    ledger: Ledger, side: Side, verdict: Verdict, level: Level, timing: Timing, ordered: int = 0
) -> Ledger:
    flight = ledger[side].flight
    assert flight is not None
    if verdict in (Verdict.LANDED, Verdict.ASSUMED_LANDED):
        return landed(ledger, side, flight.sent, _dead(flight, timing))
    if not flight.is_absolute:
        return refused(ledger, side)
    return reset_undone(ledger, level, ordered) if isinstance(level, int) else reset_refused(ledger)
