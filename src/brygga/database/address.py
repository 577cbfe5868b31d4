"""The database's address, as each of our drivers reads it."""

from typing import Final

import sqlalchemy as sa


def sqlalchemy_url(url: str) -> sa.URL:
    """The same address with the driver that we use. Raises ValueError on anything but
    PostgreSQL.
    """
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise ValueError(
            "not a database address; expected postgresql://user:password@host/name"
        ) from None
    if parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise ValueError(
            f"{parsed.drivername} is not supported; expected postgresql://user:password@host/name"
        )

    return parsed.set(drivername="postgresql+psycopg")


NOTICING: Final = {
    "connect_timeout": "10",
    "keepalives": "1",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
"""How we notice within half a minute that the server's host has vanished. Without it, what waits
for an answer waits for hours.
"""


def noticing(url: str) -> str:
    """The address as libpq reads it, with `NOTICING` where it does not say otherwise itself."""
    parsed = sqlalchemy_url(url)
    return libpq_url(parsed.update_query_dict({**NOTICING, **parsed.query}))


def libpq_url(url: sa.URL) -> str:
    """The address as libpq reads it. SQLAlchemy writes spaces as +, which libpq takes as it is."""
    written = url.set(drivername="postgresql").render_as_string(hide_password=False)
    place, mark, query = written.partition("?")
    return place + mark + query.replace("+", "%20")
