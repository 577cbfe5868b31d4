"""The sources of a page's arguments, declared once for all pages, so that their signatures use
plain values.

`web.visit` makes `visit`, `merchant` and `form`. A name in the page's path is read from the path.
`request` and `state` are the framework's. Everything else is a query parameter.
"""

import re
from typing import Annotated, Any, Final, get_type_hints

from litestar.di import Dependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import PathParameter, QueryParameter

MADE: Final = frozenset({"visit", "merchant", "operator", "form"})
THE_FRAMEWORKS: Final = frozenset({"request", "state", "return"})
_IN_PATH: Final = re.compile(r"{(\w+):")


def explicit(page: HTTPRouteHandler) -> HTTPRouteHandler:
    """The same page, with its arguments declared as the framework requires. Inferring them is
    deprecated there.
    """
    in_path = {name for path in page.paths for name in _IN_PATH.findall(path)}
    function: Any = page.fn
    hints = get_type_hints(function, include_extras=True)
    function.__annotations__ = {name: _marked(name, hint, in_path) for name, hint in hints.items()}
    return page


def _marked(name: str, hint: Any, in_path: set[str]) -> Any:
    if name in THE_FRAMEWORKS or hasattr(hint, "__metadata__"):
        return hint
    if name in MADE:
        return Annotated[hint, Dependency(kind="named")]
    return Annotated[hint, PathParameter() if name in in_path else QueryParameter()]
