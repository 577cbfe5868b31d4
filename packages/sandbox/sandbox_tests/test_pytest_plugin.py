"""The fixtures, in test runs of their own."""

import argparse
import re
from pathlib import Path

import pytest

from brygga_sandbox.commands import replay

PACKAGE = Path(__file__).parents[1]
pytest_plugins = ["pytester"]


def examples(page: str) -> list[str]:
    """The Python that stands in a page."""
    return re.findall(r"```python\n(.*?)```", (PACKAGE / page).read_text(), re.DOTALL)


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A test run with no plugin but this one, found by its entry point."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeini("[pytest]\naddopts = -p brygga-sandbox --strict-markers")
    return pytester


def test_the_first_test_of_the_readme_passes_in_ten_lines(run: pytest.Pytester) -> None:
    (first,) = examples("README.md")
    run.makepyfile(first)

    run.runpytest_inprocess().assert_outcomes(passed=1)
    assert len([line for line in first.splitlines() if line]) <= 10


def test_every_example_of_the_guide_passes(run: pytest.Pytester) -> None:
    run.makepyfile(**{f"test_{at}": text for at, text in enumerate(examples("docs/pytest.md"))})

    run.runpytest_subprocess().assert_outcomes(passed=4)


def test_each_test_starts_as_the_first_one_did(run: pytest.Pytester) -> None:
    run.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("time", [1, 2])
        def test_alone(sandbox, time):
            store, account = sandbox.bigcommerce, sandbox.zettle
            assert store.requests() == {} and account.stock("KER-004") == 18
            store.add_product(name="Mug", sku="M-1", price=9, weight=1)
            store.fault("429")
            account.sell("KER-004")
            account.switch(retry_after=True)
            sandbox.advance(10_000)
        """
    )

    run.runpytest_inprocess().assert_outcomes(passed=2)


def test_options_come_from_the_conftest_and_the_marker(run: pytest.Pytester) -> None:
    run.makeconftest(
        """
        import pytest

        @pytest.fixture(scope="session")
        def sandbox_options():
            return {"products": 3, "zettle_currency": "EUR"}
        """
    )
    run.makepyfile(
        """
        import pytest

        def test_of_the_conftest(zettle_account):
            assert len(zettle_account.products()) == 3

        @pytest.mark.sandbox(products=1)
        def test_of_the_marker(zettle_account):
            (product,) = zettle_account.products()
            assert product["variants"][0]["price"]["currencyId"] == "EUR"

        @pytest.mark.sandbox(clock="running")
        def test_of_a_clock_that_runs(sandbox):
            import time
            before = sandbox.now()
            time.sleep(0.01)
            assert sandbox.now() > before
        """
    )

    run.runpytest_inprocess().assert_outcomes(passed=3)


def test_what_is_refused_is_told(run: pytest.Pytester) -> None:
    run.makepyfile(
        """
        def test_of_a_sku_that_is_not_there(zettle_account):
            zettle_account.sell("NO-SUCH")
        """
    )
    result = run.runpytest_inprocess()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*Refused: POST /sandbox/sell: 404*NO-SUCH*"])


def test_a_tests_session_is_recorded_and_plays(run: pytest.Pytester, tmp_path: Path) -> None:
    run.makepyfile(test_one=examples("README.md")[0])
    run.runpytest_inprocess(f"--sandbox-record={tmp_path}").assert_outcomes(passed=1)
    (file,) = tmp_path.iterdir()

    assert file.name == "test_one.py_test_an_order_in_the_shop_lowers_the_stock.jsonl"
    assert replay.run(argparse.Namespace(file=file)) == 0


def test_a_run_that_asks_for_none_opens_none(run: pytest.Pytester) -> None:
    """And loads nothing of the sandbox but the plugin."""
    run.makepyfile(
        """
        import sys

        def test_of_something_else():
            loaded = {name for name in sys.modules if name.startswith("brygga_sandbox")}
            assert loaded == {"brygga_sandbox", "brygga_sandbox.pytest_plugin"}
        """
    )

    run.runpytest_subprocess().assert_outcomes(passed=1)
