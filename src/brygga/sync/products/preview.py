"""The plan: what the next sync would do with each product, computed from the database alone. No
platform is called and nothing is written.

`gather` reads. `previewed` decides with the functions that the sync itself uses, in the order in
which the sync creates products. A clash that is foreseen here gets the same suffix there.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from brygga.core import assignment, planning
from brygga.core.claims import Claims, Holder
from brygga.core.mapping import Mapped, desired
from brygga.core.model import Connection, Origin, Product, Stage
from brygga.core.report import Code, Line
from brygga.core.terms import terms_of
from brygga.database import bindings, duplicates, kept_bindings, library, plan_inputs, waiting_work
from brygga.database.bindings import Binding, State
from brygga.database.duplicates import Choice, Pair
from brygga.database.engine import Tx
from brygga.database.library import Entry
from brygga.database.plan_inputs import Claim
from brygga.database.work_items import Kind


class Action(StrEnum):
    CREATE = "create"
    LINK = "link"
    """The merchant matched it with a product of the store: it is written to from then on (P11)."""
    UPDATE = "update"
    NOTHING = "nothing"
    DELETE = "delete"
    UNLINK = "unlink"
    LEAVE_OUT = "leave out"


NOT_CHOSEN = "not_chosen"
UNASSIGNED = "unassigned"
SKIPPED = "skipped"
DELETED = "deleted_in_zettle"
FOUND_AGAIN = "found_again"
"""Why a product is left out or leaves, beside the codes of refusals."""


PORTION = 250
"""Products that one statement reads."""


@dataclass(frozen=True, slots=True)
class Note:
    """What is cut, left out, renamed or worth a check: a line that the sync log would have."""

    code: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """The store's own product that is, or may be, the same."""

    product_id: int
    name: str
    reason: str = ""
    certainty: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """`reason` says why a product is left out or leaves. `supposed`: nobody has chosen it yet, and
    this is what choosing it would do.
    """

    uuid: str
    name: str
    action: Action
    reason: str = ""
    notes: tuple[Note, ...] = ()
    target: Target | None = None
    """The product that it is linked with."""
    likely: tuple[Target, ...] = ()
    choice: Choice = Choice.OPEN
    supposed: bool = False
    words: str = ""
    """The text that a search uses."""

    @property
    def undecided(self) -> bool:
        """The product may already be in the store and would be created a second time, and the
        merchant has not confirmed that.
        """
        return bool(self.likely) and self.choice is Choice.OPEN and self.action is Action.CREATE


@dataclass(frozen=True, slots=True)
class PlanInputs:
    """All inputs of the plan."""

    connection: Connection
    entries: Mapping[str, Entry]
    bound: Mapping[str, Binding]
    pairs: Sequence[Pair]
    claims: Sequence[Claim]
    kept: Collection[str] = ()
    """Products that this store kept from an earlier connection: they become ours again (D4)."""


async def preview(tx: Tx, connection: Connection, *, suppose: bool = False) -> Sequence[Step]:
    """A step for every product that Zettle has or that we have in the store, by name."""
    return previewed(await gather(tx, connection), suppose=suppose)


async def gather(tx: Tx, connection: Connection) -> PlanInputs:
    """Reads in portions: between two of them, other tasks of the process can run."""
    ids = await bindings.known(tx, connection.id)
    uuids = list(dict.fromkeys([*await library.etags(tx, connection.id), *ids]))
    entries: dict[str, Entry] = {}
    bound: dict[str, Binding] = {}
    for place in range(0, len(uuids), PORTION):
        entries |= await library.get_many(tx, connection.id, uuids[place : place + PORTION])
    for place in range(0, len(ids), PORTION):
        bound |= await bindings.get_many(tx, connection.id, ids[place : place + PORTION])
    before_taking_back = connection.stage is not Stage.RUNNING or await waiting_work.waits(
        tx, connection.id, Kind.SETUP, ""
    )
    kept = await kept_bindings.kept_here(tx, connection.id) if before_taking_back else {}
    return PlanInputs(
        connection,
        entries,
        bound,
        await duplicates.all_of(tx, connection.id),
        await plan_inputs.claims(tx, connection.id),
        kept.keys() - bound.keys(),
    )


Mapper = Callable[[Product], Mapped]


def previewed(
    inputs: PlanInputs, *, suppose: bool = False, mapper: Mapper | None = None
) -> tuple[Step, ...]:
    """`suppose`: as if every product without a decision were chosen. Those steps say so."""
    terms = terms_of(inputs.connection)
    return _Drawing(inputs, suppose, mapper or (lambda product: desired(product, terms))).steps()


@dataclass(slots=True)
class _Drawing:
    """One plan in progress: products in the order of the sync, with names, SKUs and URLs assigned
    as the sync assigns them.
    """

    inputs: PlanInputs
    suppose: bool
    mapped: Mapper
    claims: Claims = field(default_factory=Claims)
    pairs: dict[str, list[Pair]] = field(default_factory=dict)
    links: dict[str, Pair] = field(default_factory=dict)

    def steps(self) -> tuple[Step, ...]:
        self._pair()
        self._claim()
        # A placeholder without a name is a product of our own form that Zettle does not have yet.
        known = {
            uuid: entry
            for uuid, entry in self.inputs.entries.items()
            if entry.etag or entry.unreadable
        }
        found = [self._named(known[uuid], self._step(known[uuid])) for uuid in sorted(known)]
        return tuple(sorted(found, key=lambda one: (library.sort_key(one.name), one.uuid)))

    def _named(self, entry: Entry, step: Step) -> Step:
        words = (
            library.searched(entry.product) if entry.product is not None else entry.name.casefold()
        )
        return replace(
            step, words="\n".join([words, *(target.name.casefold() for target in step.likely)])
        )

    def _pair(self) -> None:
        taken = {binding.synced.product_id for binding in self.inputs.bound.values()}
        for pair in self.inputs.pairs:
            if pair.product_uuid in self.inputs.bound:
                continue
            self.pairs.setdefault(pair.product_uuid, []).append(pair)
        # Two Zettle products cannot share one product of the store: the first match stands, as in
        # the sync.
        for uuid in sorted(self.pairs):
            chosen = next((pair for pair in self.pairs[uuid] if pair.choice is Choice.LINK), None)
            if chosen is not None and chosen.product_id not in taken:
                taken.add(chosen.product_id)
                self.links[uuid] = chosen

    def _claim(self) -> None:
        owners = {pair.product_id: uuid for uuid, pair in self.links.items()}
        for claim in self.inputs.claims:
            key = owners.get(claim.product_id, f"shop {claim.product_id}")
            self.claims.add(Holder(key, claim.name, claim.product_id), [(claim.field, claim.value)])
        for uuid, binding in self.inputs.bound.items():
            entry = self.inputs.entries.get(uuid)
            mapped = self.mapped(entry.product).product if entry and entry.product else None
            if mapped is not None and binding.state is State.BOUND:
                self.claims.taken(mapped)

    def _step(self, entry: Entry) -> Step:
        """The step of one product.

        | belongs in the store | readable and within the limits | in the store | step |
        |---|---|---|---|
        | no | any | yes | delete what we created, unlink what was linked |
        | no | any | no | leave out |
        | yes | no | any | leave out: the product in the store stays as it is |
        | yes | yes | no | create, or link; leave out while the refused version is the latest |
        | yes | yes | yes | update when Zettle's version is not the synced one, else nothing |
        """
        uuid, binding = entry.product_uuid, self.inputs.bound.get(entry.product_uuid)
        if uuid in self.inputs.kept and entry.product is not None and entry.removed_at is None:
            return Step(
                uuid,
                entry.name,
                Action.UPDATE,
                FOUND_AGAIN,
                _notes(self.mapped(entry.product).lines),
            )
        if binding is not None and binding.state is State.TO_DELETE:
            return self._leaving(entry, binding)
        supposed = (
            self.suppose
            and entry.assigned is None
            and not self.inputs.connection.choices.whole_library
        )
        belongs = assignment.belongs(
            exists=entry.removed_at is None,
            decided=True if supposed else entry.assigned,
            whole_library=self.inputs.connection.choices.whole_library,
            known_at_setup=True,
        )
        if not belongs:
            return self._leaving(entry, binding)
        if entry.product is None:
            return Step(uuid, entry.name, Action.LEAVE_OUT, entry.unreadable, supposed=supposed)
        return self._staying(entry, entry.product, binding, supposed=supposed)

    def _leaving(self, entry: Entry, binding: Binding | None) -> Step:
        uuid = entry.product_uuid
        skipped = any(pair.choice is Choice.SKIP for pair in self.pairs.get(uuid, ()))
        reason = SKIPPED if skipped else NOT_CHOSEN if entry.assigned is None else UNASSIGNED
        reason = DELETED if entry.removed_at is not None else reason
        if binding is None:
            likely, choice = self._likely(uuid), self._choice(uuid)
            return Step(uuid, entry.name, Action.LEAVE_OUT, reason, likely=likely, choice=choice)
        created = binding.synced.origin is Origin.CREATED
        return Step(uuid, entry.name, Action.DELETE if created else Action.UNLINK, reason)

    def _staying(
        self, entry: Entry, product: Product, binding: Binding | None, *, supposed: bool
    ) -> Step:
        uuid, name = entry.product_uuid, entry.name
        if binding is not None and not planning.is_changed(
            binding.synced, product.etag, force=False
        ):
            return Step(uuid, name, Action.NOTHING)
        mapped = self.mapped(product)
        likely, choice = self._likely(uuid), self._choice(uuid)
        refusal = mapped.refusal.code.value if mapped.refusal is not None else entry.failure
        if refusal:
            params = dict(mapped.refusal.params) if mapped.refusal is not None else {}
            notes = (Note(refusal, params),)
            return Step(
                uuid,
                name,
                Action.LEAVE_OUT,
                refusal,
                notes,
                likely=likely,
                choice=choice,
                supposed=supposed,
            )
        if binding is not None:
            return Step(uuid, name, Action.UPDATE, notes=_notes(mapped.lines))
        link = self.links.get(uuid)
        return Step(
            uuid,
            name,
            Action.CREATE if link is None else Action.LINK,
            notes=_notes(mapped.lines) + self._clashes(mapped),
            target=None if link is None else _target(link),
            likely=likely,
            choice=choice,
            supposed=supposed,
        )

    def _clashes(self, mapped: Mapped) -> tuple[Note, ...]:
        assert mapped.product is not None
        _, found = self.claims.taken(mapped.product)
        return tuple(
            Note(
                Code.CLASH.value,
                {
                    "name": mapped.product.name,
                    "field": clash.field,
                    "value": clash.value,
                    "written": clash.written,
                    "other": clash.holder.name,
                    "other_id": str(clash.holder.product_id or ""),
                },
            )
            for clash in found
        )

    def _likely(self, uuid: str) -> tuple[Target, ...]:
        return tuple(_target(pair) for pair in self.pairs.get(uuid, ()))

    def _choice(self, uuid: str) -> Choice:
        made = [pair.choice for pair in self.pairs.get(uuid, ()) if pair.choice is not Choice.OPEN]
        return Choice.LINK if Choice.LINK in made else made[0] if made else Choice.OPEN


def _target(pair: Pair) -> Target:
    return Target(pair.product_id, pair.shop_name, pair.reason, pair.certainty)


def _notes(lines: Iterable[Line]) -> tuple[Note, ...]:
    """Each kind of line once per field, for any number of variants."""
    found = {
        (line.code, line.params.get("field", "")): Note(line.code.value, dict(line.params))
        for line in lines
    }
    return tuple(found.values())
