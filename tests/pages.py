"""One web application for many tests, each with a state of its own.

To register every route takes longer than most tests of a page. What an application knows of a
process is its state and its session store (`web.app.state_of`); both are new for each test.
"""

from collections import defaultdict

from litestar import Litestar
from litestar.datastructures import State

from brygga.web.app import build_app, state_of
from brygga.web.deps import WebDeps

_free: "defaultdict[tuple[str, bool, bool, bool], list[Litestar]]" = defaultdict(list)
"""Those that no test uses, by the settings that are built in."""


def lend(deps: WebDeps) -> Litestar:
    """As `build_app` gives it. It is the caller's until it is given back."""
    free = _free[_built_in(deps)]
    if not free:
        return build_app(deps)
    app = free.pop()
    app.state = state_of(deps)
    for streams in (app.state.receiving.zettle, app.state.receiving.bigcommerce):
        streams.linger_s = 0  # a test's clock may stand still
    app.stores.register("sessions", deps.sessions, allow_override=True)
    return app


def give_back(app: Litestar) -> None:
    _free[_built_in(app.state.deps)].append(app)
    app.state = State()


def _built_in(deps: WebDeps) -> tuple[str, bool, bool, bool]:
    settings = deps.settings
    proxies = bool(settings.trusted_proxies)
    return settings.csrf_secret, settings.secure, proxies, settings.has_operator
