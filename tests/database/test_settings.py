"""A wrong or missing setting is one clear line that names it."""

from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.ext.asyncio import create_async_engine

from brygga import settings
from brygga.cli.process import Runtime
from brygga.database.address import libpq_url, sqlalchemy_url
from brygga.settings import SettingsWrong

RW = "read-write"
GOOD = {
    "BRYGGA_PUBLIC_URL": "https://brygga.example/",
    "BRYGGA_SECRET_KEYS": f"{'n' * 32}, {'o' * 40}",
    "BRYGGA_ZETTLE_CLIENT_ID": "zid",
    "BRYGGA_ZETTLE_CLIENT_SECRET": "zsecret",
    "BRYGGA_BIGCOMMERCE_CLIENT_ID": "bid",
    "BRYGGA_BIGCOMMERCE_CLIENT_SECRET": "bsecret",
    "BRYGGA_CONTACT_EMAIL": "hej@brygga.example",
}


def test_good_settings_are_read_with_their_defaults() -> None:
    found = settings.read({**GOOD, "BRYGGA_ZETTLE_PUSHER_URL": "http://127.0.0.1:9/pusher/"})

    assert ("https://brygga.example", None, Path(".data")) == (
        found.public_url,
        found.database_url,
        found.data_dir,
    )
    assert ("n" * 32, "o" * 40) == found.secret_keys
    assert ("http://127.0.0.1:9/pusher", "https://oauth.zettle.com") == (
        found.hosts.zettle_pusher,
        found.hosts.zettle_oauth,
    )


def test_everything_that_is_missing_is_told_at_once() -> None:
    with pytest.raises(SettingsWrong) as wrong:
        settings.read({})

    assert list(GOOD) == [
        problem.split(" ")[0]
        for problem in sorted(wrong.value.problems, key=lambda p: list(GOOD).index(p.split(" ")[0]))
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BRYGGA_PUBLIC_URL", "brygga.example"),
        ("BRYGGA_PUBLIC_URL", "https://brygga.example/?a=1"),
        ("BRYGGA_PUBLIC_URL", "https://brygga.example:https"),
        ("BRYGGA_PUBLIC_URL", "https://[::1"),
        ("BRYGGA_SECRET_KEYS", "short"),
        ("BRYGGA_SECRET_KEYS", f"{'n' * 32},{'n' * 32}"),
        ("BRYGGA_CONTACT_EMAIL", "nobody"),
        ("BRYGGA_DATABASE_URL", "mysql://user@host/name"),
        ("BRYGGA_DATABASE_URL", "postgresql://user@host"),
        ("BRYGGA_DATABASE_URL", "postgresql://user:hush@host:port/name"),
        ("BRYGGA_DATABASE_URL", "postgresql://user:hush@host:99999/name"),
        ("BRYGGA_DATABASE_URL", "postgresql://user:hush@host:1,host:99999/name"),
        ("BRYGGA_ZETTLE_OAUTH_URL", "http://host:99999"),
        ("BRYGGA_BIGCOMMERCE_API_URL", "ftp://x"),
        ("BRYGGA_METRICS_TOKEN", "short"),
        ("BRYGGA_STOCK_READ_LAG", "-5"),
        ("BRYGGA_STOCK_READ_LAG", "121"),
        ("BRYGGA_STOCK_READ_LAG", "ten"),
        ("BRYGGA_STOCK_CALLS", "partly"),
        ("BRYGGA_METRICS_TOKEN", "long enough, with spaces"),
    ],
)
def test_a_wrong_one_is_named_in_one_line_without_its_value(name: str, value: str) -> None:
    with pytest.raises(SettingsWrong) as wrong:
        settings.read({**GOOD, name: value})

    (problem,) = wrong.value.problems
    assert problem.startswith(f"{name} is wrong: ")
    assert "\n" not in problem
    assert value not in problem


def test_what_is_not_documented_about_stock_is_set_by_the_operator() -> None:
    found = settings.read(
        {**GOOD, "BRYGGA_STOCK_READ_LAG": "25", "BRYGGA_STOCK_CALLS": "in_part"}
    ).stock

    assert (25.0, False) == (found.read_lag_s, found.is_whole)
    assert (10.0, True) == (
        settings.read(GOOD).stock.read_lag_s,
        settings.read(GOOD).stock.is_whole,
    )


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    shown = repr(
        settings.read(
            {
                **GOOD,
                "BRYGGA_DATABASE_URL": "postgres://u:hush@h/n",
                "BRYGGA_METRICS_TOKEN": "m" * 16,
            }
        )
    )

    assert not [
        secret for secret in ("zsecret", "bsecret", "n" * 32, "m" * 16, "hush") if secret in shown
    ]


@pytest.mark.parametrize(
    ("written", "hosts", "ports", "wish"),
    [
        ("postgres://u:p@a:1,b/n", "a,b", "1,5432", RW),
        ("postgresql://u@[2001:db8::1]:6,b:7/n?sslmode=require", "2001:db8::1,b", "6,7", RW),
        ("postgresql://a,b/n?target_session_attrs=primary", "a,b", "5432,5432", "primary"),
    ],
)
def test_both_drivers_read_several_hosts(written: str, hosts: str, ports: str, wish: str) -> None:
    """A standby that takes over: whichever takes writes is used."""
    found = settings.read({**GOOD, "BRYGGA_DATABASE_URL": written}).database_url
    assert found is not None
    url = sqlalchemy_url(found)
    engine = create_async_engine(url).dialect
    queues = conninfo_to_dict(libpq_url(url))

    for read in (engine.create_connect_args(url)[1], queues):
        assert (hosts, ports, wish) == (read["host"], read["port"], read["target_session_attrs"])
        assert "n" == read["dbname"]


def test_proxies_are_addresses_and_networks() -> None:
    found = settings.read(
        {**GOOD, "BRYGGA_TRUSTED_PROXIES": "10.0.0.0/8, 2001:db8::1", "BRYGGA_RATE_LIMITS": "off"}
    )

    assert (("10.0.0.0/8", "2001:db8::1"), False) == (found.trusted_proxies, found.rate_limits)


@pytest.mark.parametrize("written", ["2", "100"])
def test_the_pool_may_have_other_bounds(written: str) -> None:
    url = {"BRYGGA_DATABASE_URL": "postgresql://b:p@db/n"}
    found = settings.read({**GOOD, **url, "BRYGGA_DATABASE_CONNECTIONS": written})

    assert int(written) == Runtime(found).database().pool.most
    assert 5 == Runtime(settings.read({**GOOD, **url})).database().pool.most


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRUSTED_PROXIES", "proxy.example"),
        ("RATE_LIMITS", "no"),
        ("DATABASE_CONNECTIONS", "1"),
        ("DATABASE_CONNECTIONS", "101"),
        ("DATABASE_CONNECTIONS", "five"),
    ],
)
def test_a_value_out_of_its_bounds_is_refused(name: str, value: str) -> None:
    with pytest.raises(SettingsWrong) as wrong:
        settings.read({**GOOD, f"BRYGGA_{name}": value})

    assert [f"BRYGGA_{name}"] == [problem.split(" ")[0] for problem in wrong.value.problems]


def test_a_setting_comes_from_the_file_that_a_vault_writes(tmp_path: Path) -> None:
    vault = tmp_path / "keys"
    vault.write_text("k" * 40 + "\n")
    rest = {name: value for name, value in GOOD.items() if name != "BRYGGA_SECRET_KEYS"}

    found = settings.read({**rest, "BRYGGA_SECRET_KEYS_FILE": str(vault)})

    assert ("k" * 40,) == found.secret_keys


@pytest.mark.parametrize(
    ("content", "given", "problem"),
    [
        (None, {}, "{name}_FILE is wrong: {path} cannot be read"),
        (b"\xff", {}, "{name}_FILE is wrong: {path} cannot be read"),
        (b" \n", {}, "{name}_FILE is wrong: {path} is empty"),
        (
            b"hush",
            {"BRYGGA_ZETTLE_CLIENT_SECRET": "other"},
            "{name} and {name}_FILE are both set: only one may be",
        ),
    ],
)
def test_a_file_that_gives_no_setting_is_named_in_one_line(
    tmp_path: Path, content: bytes | None, given: dict[str, str], problem: str
) -> None:
    vault = tmp_path / "secret"
    if content is not None:
        vault.write_bytes(content)
    rest = {name: value for name, value in GOOD.items() if name != "BRYGGA_ZETTLE_CLIENT_SECRET"}
    with pytest.raises(SettingsWrong) as wrong:
        settings.read({**rest, **given, "BRYGGA_ZETTLE_CLIENT_SECRET_FILE": str(vault)})

    assert (problem.format(path=vault, name="BRYGGA_ZETTLE_CLIENT_SECRET"),) == wrong.value.problems
