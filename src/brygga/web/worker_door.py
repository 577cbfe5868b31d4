"""What a worker answers on a port of its own: whether it lives and can work, and its figures."""

from litestar import Litestar, Response, get
from litestar.datastructures import State

from brygga.web import errors, health, metrics
from brygga.web.arguments import explicit
from brygga.web.session import AnyRequest
from brygga.web.visit import NotThere


@get("/metrics", skip_session=True, exclude_from_csrf=True)
async def own_figures(request: AnyRequest, state: State) -> Response[bytes]:
    """The figures of this process alone: a web process shows those of the database."""
    refused = metrics.refusal(request, state.deps.settings)
    return refused or metrics.exposed(state.deps.figures.exposed())


def worker_door(shared: State, ready: health.Ready) -> Litestar:
    """`shared` is the state of the pages of this process, which are not served."""
    routes = (health.health, health.alive, health.ready, own_figures)
    return Litestar(
        [*map(explicit, routes)],
        exception_handlers={NotThere: errors.nothing, Exception: errors.plain_fault},
        state=State({**shared.dict(), "ready": ready}),
        openapi_config=None,
        logging_config=None,
        debug=False,
    )
