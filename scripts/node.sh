# Sourced by ./test: finds Node for the clients of other makers and for axe-core, and installs
# Debian's where that is possible. Then fetches these packages, once. Where either cannot be had,
# one line says so and their tests are skipped.

find_node() {
    if ! command -v node >/dev/null 2>&1 || ! command -v npm >/dev/null 2>&1; then
        if [ "$(id -u)" = 0 ] && [ -f /etc/debian_version ]; then
            echo "Installing Node for the clients of other makers ..." >&2
            apt-get update -q >/dev/null 2>&1 &&
                DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
                    nodejs npm >/dev/null 2>&1
        fi
    fi
    if ! command -v node >/dev/null 2>&1 || ! command -v npm >/dev/null 2>&1; then
        echo "No Node found: the clients in Node and axe-core are skipped." \
            "Install nodejs and npm to try them." >&2
        return
    fi
    fetch_node_packages tests/foreign/node "the clients in Node"
    fetch_node_packages tests/web/node "the rules of axe-core"
}

fetch_node_packages() {
    fingerprint=$(cksum "$1/package-lock.json" | cksum)
    if [ "$(cat "$1/node_modules/.fetched" 2>/dev/null)" = "$fingerprint" ]; then
        return
    fi
    echo "Fetching $2 ..." >&2
    if npm ci --prefix "$1" --ignore-scripts --no-audit --no-fund --silent \
        --fetch-retries=0 --fetch-timeout=20000 >/dev/null 2>&1; then
        echo "$fingerprint" >"$1/node_modules/.fetched"
    else
        echo "npm reaches no index: $2 are skipped." >&2
    fi
}
