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

# uv is fast, but does not read pip's configuration: where only pip knows the certificates or the
# index, pip does it.
fill() {
    VIRTUAL_ENV="$PWD/.venv" .tools/bin/uv pip install --quiet "$@" && return
    echo "uv cannot; pip tries, with its own configuration. This takes longer ..." >&2
    pip_quietly --python .venv/bin/python install "$@"
}

# What running needs; with `prepare tests`, `prepare docs` or `prepare linters`, what these need
# too. Each part is made again only when what it is made of changes.
prepare() {
    if running_is_there && { [ "$#" -eq 0 ] || part_is_there "$1"; }; then
        return
    fi
    take_turn
    prepare_running
    [ "$#" -eq 0 ] || prepare_part "$1"
    end_turn
}

# Two starts at once do not make the environment twice: the second waits. A turn of ten minutes is
# that of a process which was killed.
take_turn() {
    mkdir -p .tools
    told=
    until mkdir .tools/.making 2>/dev/null; do
        [ -n "$told" ] || echo "Another start makes the environment. Waiting ..." >&2
        told=yes
        [ -z "$(find .tools/.making -prune -mmin +10 2>/dev/null)" ] || end_turn
        sleep 1
    done
    trap end_turn EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
}

end_turn() {
    rmdir .tools/.making 2>/dev/null || true
    trap - EXIT INT TERM HUP
}

running_is_there() {
    fingerprint=$(cksum requirements.lock pyproject.toml packages/sandbox/pyproject.toml | cksum)
    [ -x .venv/bin/brygga ] && [ "$(cat .venv/.prepared 2>/dev/null)" = "$fingerprint" ]
}

part_is_there() {
    fingerprint=$(cksum "$(lock_of "$1")" | cksum)
    [ "$(cat ".venv/.prepared-$1" 2>/dev/null)" = "$fingerprint" ]
}

lock_of() {
    case "$1" in
    tests) echo requirements-test.lock ;;
    *) echo "requirements-$1.lock" ;;
    esac
}

prepare_running() {
    if running_is_there; then
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
prepare_part() {
    if part_is_there "$1"; then
        return
    fi
    find_tools
    echo "Adding what the $1 need ..." >&2
    fill --require-hashes -r "$(lock_of "$1")"
    echo "$fingerprint" >".venv/.prepared-$1"
}

find_tools() {
    python=$(find_python)
    if [ ! -x .tools/bin/uv ]; then
        echo "Fetching uv into .tools ..." >&2
        pip_quietly install --target .tools uv
    fi
}
