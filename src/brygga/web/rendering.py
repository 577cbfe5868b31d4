"""A template and a view make a page. Nothing here knows a request, so every page can be rendered
from values alone.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any, Final

import jinja2
from jinja2.bccache import Bucket
from markupsafe import Markup, escape

from brygga.core.stock import LIMITS
from brygga.web import assets
from brygga.web.i18n import NAMES, Language, Said, words
from brygga.web.standing import NOTHING, Standing

HERE: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Notice:
    """What just happened, shown once on the next page. `code` is a key of `notice.*` in
    `locale/`.
    """

    code: str
    tone: str = "good"
    params: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """The parts that every page has around its content."""

    language: Language
    nonce: str = ""
    csrf: str = ""
    path: str = "/"
    section: str = ""
    """apps, library or help: the active entry of the menu."""
    merchant: str = ""
    """The Zettle account's name; "" when nobody is signed in."""
    notice: Notice | None = None
    standing: Standing = NOTHING
    """Shown above every page of the merchant: what is paused, not answering, ending or over."""
    contact_email: str = ""
    public_url: str = ""
    operator: str = ""
    """The role of the operator who is signed in, "" on merchants' pages."""


class Compiled(jinja2.BytecodeCache):
    """The compiled templates of this process. All languages share them: a word is looked up when a
    page is drawn.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._kept[bucket.key, bucket.checksum] = bucket.code


_compiled: Final = Compiled()


@cache
def environment(language: Language) -> jinja2.Environment:
    """The templates in one language. Every value is escaped, and an unknown name is an error."""
    speech = words(language)
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        bytecode_cache=_compiled,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.install_gettext_callables(speech.text, speech.texts, newstyle=True)  # type: ignore[attr-defined]
    made.filters.update(
        number=speech.number,
        decimal=lambda text: speech.number(Decimal(text)),
        money=speech.money,
        when=_when(language),
        day=speech.day,
        clock=speech.clock,
    )
    highest = {side.value: limits.highest for side, limits in LIMITS.items()}
    made.globals.update(
        fill=_fill(language),
        has_text=speech.has,
        highest=highest,
        asset=assets.asset,
        languages=NAMES,
    )
    return made


def prepare() -> None:
    """Compiles every template, which takes a processor about a second. Without it the first page of
    each kind, in each language, keeps all others waiting for a tenth of a second.
    """
    for language in NAMES:
        made = environment(language)
        for template in made.list_templates(extensions=["html"]):
            made.get_template(template)


def render(template: str, frame: Frame, view: Any = None) -> str:
    return environment(frame.language).get_template(template).render(frame=frame, view=view)


def _fill(language: Language) -> Any:
    speech, when = words(language), _when(language)

    def fill(key: str, params: Any = ()) -> str | Markup:
        """A parameter that is a time is shown as every time on the pages: in the reader's time
        zone. One that is a sentence is filled first.
        """
        values = dict(params)
        later = {name: one for name, one in values.items() if isinstance(one, datetime | Said)}
        if not later:
            return speech.fill(key, values)
        said = str(escape(speech.fill(key, {**values, **{name: _spot(name) for name in later}})))
        for name, one in later.items():
            if isinstance(one, Said):
                made = escape(fill(one.key, one.params + one.times))
            else:
                made = when(one, recent=name == "clock")
            said = said.replace(_spot(name), made)
        return Markup(said)  # noqa: S704 - escaped above; what is put in is our own element

    return fill


def _spot(name: str) -> str:
    return f"\x00{name}\x00"


def _when(language: Language) -> Any:
    speech = words(language)

    def when(moment: datetime | None, *, exact: bool = False, recent: bool = False) -> Markup:
        """`exact` shows seconds too. `recent` leaves the date out where it is today's, once the
        page's script has rewritten the time.
        """
        if moment is None:
            return Markup("–")
        stamp = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        said = escape(speech.moment(moment, exact=exact))
        style = "recent" if recent else "medium" if exact else "short"
        return Markup('<time datetime="{}" data-when="{}">{}</time>').format(stamp, style, said)

    return when
