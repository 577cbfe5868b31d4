"""A statement of SQLAlchemy's becomes SQL for psycopg, once: what is compiled is kept."""

from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.util import LRUCache

Values = Mapping[str, Any]
MOST_TEXTS = 2_000
"""More texts than this are not kept: only a few of ours are put together when they are asked."""


class Compiler:
    """Statement -> SQL and its values."""

    def __init__(self) -> None:
        self.dialect: Any = PGDialect_psycopg()  # type: ignore[no-untyped-call]
        self.texts: dict[str, str] = {}
        self.cache: Any = LRUCache(500)
        self.ready: WeakKeyDictionary[Any, dict[tuple[str, ...], str]] = WeakKeyDictionary()
        """Those that hold no value of their own: they are built once, and known by themselves and
        the names of their values, which say what columns an INSERT has.
        """

    def __call__(self, statement: Any, values: Values | None) -> tuple[str, Values]:
        if isinstance(statement, sa.TextClause):
            return self._text(statement), values or {}
        texts = self.ready.get(statement)
        if values and texts and (ready := texts.get(tuple(values))) is not None:
            return ready, values
        compiled, extracted = self._compiled(statement, values or {}, many=False)
        is_ready = (
            values
            and all(bind.required for bind in compiled.binds.values())
            and not compiled._bind_processors
        )
        if is_ready:
            self.ready.setdefault(statement, {})[tuple(values or ())] = compiled.string
        return self._filled(compiled, extracted, values or {})

    def many(self, statement: Any, rows: Sequence[Values]) -> tuple[str, Sequence[Values]]:
        """The same for a statement that is run once for each of these rows, which have the same
        names.
        """
        if isinstance(statement, sa.TextClause):
            return self._text(statement), rows
        compiled, extracted = self._compiled(statement, rows[0], many=True)
        filled = [self._filled(compiled, extracted, row) for row in rows]
        return filled[0][0], [values for _, values in filled]

    def _text(self, statement: sa.TextClause) -> str:
        known = self.texts.get(statement.text)
        if known is None:
            if len(self.texts) >= MOST_TEXTS:
                self.texts.clear()
            known = self.texts[statement.text] = str(statement.compile(dialect=self.dialect))
        return known

    def _compiled(self, statement: Any, values: Values, *, many: bool) -> tuple[Any, Any]:
        compiled, extracted, *_ = statement._compile_w_cache(
            self.dialect,
            compiled_cache=self.cache,
            column_keys=sorted(values),
            for_executemany=many,
        )
        return compiled, extracted

    def _filled(self, compiled: Any, extracted: Any, values: Values) -> tuple[str, Values]:
        params = compiled.construct_params(values, extracted_parameters=extracted)
        text, processors = compiled.string, compiled._bind_processors
        if (
            compiled._render_postcompile
            or compiled.post_compile_params
            or compiled.literal_execute_params
        ):
            state = compiled._process_parameters_for_postcompile(params)
            text, params = state.statement, {**params, **state.additional_parameters}
            processors = {**processors, **state.processors}
        return text, {
            name: processors[name](v) if name in processors else v for name, v in params.items()
        }
