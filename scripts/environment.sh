# Sourced by ./run and ./test: needs Python 3.11 or later with pip, and nothing else.

# Where it is set, every process compiles all that it imports anew: seconds for each command.
unset PYTHONDONTWRITEBYTECODE

find_python() {
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    echo "Brygga needs Python 3.11 or later, and found none on PATH." >&2
    exit 1
}

pip_quietly() {
    "$python" -m pip --quiet --disable-pip-version-check "$@"
}

# uv is fast, but does not read pip's configuration: where only pip knows the certificates or the index, pip does it.
fill() {
    VIRTUAL_ENV="$PWD/.venv" .tools/bin/uv pip install --quiet "$@" && return
    echo "uv cannot; pip tries, with its own configuration. This takes longer ..." >&2
    pip_quietly --python .venv/bin/python install "$@"
}

# What running needs; with `prepare tests`, what testing needs too; with `prepare docs`, what the site needs.
# Each part is remade only when what it is made of changes.
prepare() {
    prepare_running
    [ "${1:-}" != tests ] || prepare_tests
    [ "${1:-}" != docs ] || prepare_docs
}

prepare_running() {
    fingerprint=$(cksum requirements.lock pyproject.toml packages/sandbox/pyproject.toml | cksum)
    if [ -x .venv/bin/brygga ] && [ "$(cat .venv/.prepared 2>/dev/null)" = "$fingerprint" ]; then
        return
    fi
    find_tools
    echo "Making the environment in .venv ..." >&2
    .tools/bin/uv venv --quiet --clear --no-project --python "$(command -v "$python")" .venv
    fill --require-hashes -r requirements.lock
    fill --no-deps --no-build-isolation --editable packages/sandbox --editable .
    .venv/bin/python scripts/translations.py compile
    echo "$fingerprint" >.venv/.prepared
}

# Adds to the environment. When what running needs changes, it is made anew without this part.
prepare_tests() {
    fingerprint=$(cksum requirements-test.lock | cksum)
    if [ "$(cat .venv/.prepared-tests 2>/dev/null)" = "$fingerprint" ]; then
        return
    fi
    find_tools
    echo "Adding what the tests need ..." >&2
    fill --require-hashes -r requirements-test.lock
    echo "$fingerprint" >.venv/.prepared-tests
}

# Adds to the environment, as the tests do. Shared packages have the same versions in all lock files.
prepare_docs() {
    fingerprint=$(cksum requirements-docs.lock | cksum)
    if [ "$(cat .venv/.prepared-docs 2>/dev/null)" = "$fingerprint" ]; then
        return
    fi
    find_tools
    echo "Adding what the site needs ..." >&2
    fill --require-hashes -r requirements-docs.lock
    echo "$fingerprint" >.venv/.prepared-docs
}

find_tools() {
    python=$(find_python)
    if [ ! -x .tools/bin/uv ]; then
        echo "Fetching uv into .tools ..." >&2
        pip_quietly install --target .tools uv
    fi
}
