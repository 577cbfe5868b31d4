"""All tests, of the service and of the sandbox: the traffic of the whole run is held against the
platforms' OpenAPI files.
"""

import gc
from collections.abc import Generator

import pytest

pytest_plugins = ("sandbox_tests.specs.plugin",)

gc.disable()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported and collected stays to the end. To look through it again and again for what
    may go would take a third of the time of collecting, and seconds more while tests run.
    """
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
