"""The plan before the first sync: for every product what will become of it and why, and the choices that are the merchant's (P8, P11)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect

from brygga.core.model import Stage
from brygga.store import duplicates
from brygga.store.duplicates import Choice
from brygga.sync.outlook import Action, Note, Step
from brygga.web.i18n import Words
from brygga.web.lines import reason, spoken
from brygga.web.pages.duplicates import LINK, choose, found, links_of
from brygga.web.paging import Paging, page_number, query_of
from brygga.web.visit import Form, Merchant

SIZE: Final = 50
HERE: Final = "/apps/bigcommerce/plan"
SHOWN: Final[Mapping[str, Callable[[Step], bool]]] = {
    "": lambda step: True,
    "create": lambda step: step.action is Action.CREATE,
    "link": lambda step: step.action is Action.LINK,
    "update": lambda step: step.action is Action.UPDATE,
    "leave": lambda step: step.action in {Action.LEAVE_OUT, Action.DELETE, Action.UNLINK},
    "nothing": lambda step: step.action is Action.NOTHING,
    "likely": lambda step: bool(step.likely),
    "undecided": lambda step: step.undecided,
    "warnings": lambda step: bool(step.notes),
}
"""The filters of the page; each counts its products."""
ALWAYS: Final = frozenset({"", "create", "link", "leave"})
"""Filters that are shown although they would find nothing."""


@dataclass(frozen=True, slots=True)
class CountView:
    key: str
    count: int


@dataclass(frozen=True, slots=True)
class TargetView:
    value: str
    name: str
    product_id: int
    why: str
    certain: bool


@dataclass(frozen=True, slots=True)
class PlanRow:
    uuid: str
    name: str
    action: str
    supposed: bool
    why: str = ""
    target: str = ""
    notes: tuple[str, ...] = ()
    likely: tuple[TargetView, ...] = ()
    choice: str = ""
    undecided: bool = False


@dataclass(frozen=True, slots=True)
class PlanView:
    rows: tuple[PlanRow, ...]
    counts: tuple[CountView, ...]
    page: Paging
    query: str = ""
    shown: str = ""
    page_query: str = ""
    whole_library: bool = True
    running: bool = False
    known: bool = True
    choosing: bool = False
    """Whether any product that search and filter leave has a likely duplicate."""


@get(HERE)
async def show(merchant: Merchant, q: str = "", show: str = "", page: str = "1") -> Response[str] | Redirect:
    connection = merchant.own
    if connection.shop is None or connection.stage not in {Stage.PRODUCTS_CHOSEN, Stage.RUNNING}:
        return merchant.go("/apps/bigcommerce")
    async with merchant.deps.database.read() as tx:
        state = await found(tx, connection)
    steps = await merchant.deps.plans.of(merchant.deps.database, connection)
    wanted = narrowed(steps, q, show)
    paging = Paging(page_number(page), SIZE, len(wanted))
    cut = wanted[(paging.number - 1) * SIZE : paging.number * SIZE]
    view = PlanView(
        rows=tuple(row_view(merchant.words, step) for step in cut),
        counts=tuple(CountView(key, count) for key, count in counted(steps).items() if count or key in ALWAYS),
        page=paging,
        query=q,
        shown=show if show in SHOWN else "",
        page_query=query_of(q=q, show=show),
        whole_library=connection.choices.whole_library,
        running=merchant.running,
        known=state.known,
        choosing=any(step.likely for step in wanted),
    )
    return merchant.page("plan.html", view, section="apps")


def counted(steps: Sequence[Step]) -> dict[str, int]:
    return {key: sum(map(fits, steps)) for key, fits in SHOWN.items()}


def narrowed(steps: Sequence[Step], query: str, shown: str) -> list[Step]:
    """What search and filter leave; nonsense filters nothing."""
    fits, words = SHOWN.get(shown, SHOWN[""]), query.casefold().split()
    return [step for step in steps if fits(step) and all(word in step.words for word in words)]


def row_view(words: Words, step: Step) -> PlanRow:
    target = step.target
    return PlanRow(
        uuid=step.uuid,
        name=step.name,
        action=step.action.name.lower(),
        supposed=step.supposed,
        why=_why(words, step.reason),
        target=f"{target.name} (#{target.product_id})" if target else "",
        # A refusal is said once, as the reason.
        notes=tuple(_told(words, note) for note in step.notes if note.code != step.reason),
        likely=tuple(
            TargetView(
                f"{LINK}{one.product_id}",
                one.name,
                one.product_id,
                words.fill(f"match.{one.reason}", {}),
                one.certainty == "certain",
            )
            for one in step.likely
        ),
        choice=_chosen(step),
        undecided=step.undecided,
    )


def _chosen(step: Step) -> str:
    return f"{LINK}{step.target.product_id}" if step.target else step.choice.value


def _why(words: Words, code: str) -> str:
    key = f"plan.reason.{code}"
    return words.fill(key, {}) if words.has(key) else reason(words, code)


def _told(words: Words, note: Note) -> str:
    return spoken(words, note.code, note.params)[0]


# ---- Choosing --------------------------------------------------------------------------------------------------------


@post(HERE)
async def decide(merchant: Merchant, form: Form) -> Redirect:
    """Every row's choice is kept, or one for all that search and filter leave."""
    query, shown, page = form.one("q"), form.one("show"), form.one("page")
    back = query_of(q=query, show=shown, page=page if page != "1" else "")
    back = f"{HERE}?{back}" if back else HERE
    connection = merchant.own
    if connection.shop is None or connection.stage not in {Stage.PRODUCTS_CHOSEN, Stage.RUNNING}:
        return merchant.go("/apps/bigcommerce")
    wishes: Mapping[str, str] = form.starting("choice-")
    unsure, everything = 0, form.one("all")
    steps = await merchant.deps.plans.of(merchant.deps.database, connection) if everything else ()
    chosen = [step.uuid for step in narrowed(steps, query, shown) if step.likely]
    async with merchant.deps.database.transaction() as tx:
        if everything in {"link", "certain"}:
            pairs = await duplicates.all_of(tx, connection.id)
            wishes, unsure = links_of(pairs, chosen, certain=everything == "certain")
        elif everything in {Choice.KEEP_BOTH.value, Choice.SKIP.value}:
            wishes = dict.fromkeys(chosen, everything)
        done = await choose(merchant, tx, wishes)
    n = merchant.words.number(done.changed)
    if done.taken or unsure:
        return merchant.go(back, "plan_unsure", "warn", n=n, left=merchant.words.number(done.taken + unsure))
    return merchant.go(back, "plan_saved", n=n) if done.changed else merchant.go(back, "unchanged", "warn")
