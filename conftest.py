"""All tests, of the service and of the sandbox: the traffic of the whole run is held against the
platforms' OpenAPI files.
"""

pytest_plugins = ("sandbox_tests.specs.plugin",)
