# Sourced by ./test: finds a Chromium for the browser tests, and installs Debian's where that is
# possible.

find_chromium() {
    for name in "${BRYGGA_CHROMIUM:-}" chromium chromium-browser google-chrome; do
        if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1; then
            BRYGGA_CHROMIUM=$(command -v "$name")
            export BRYGGA_CHROMIUM
            return
        fi
    done
    if [ "$(id -u)" = 0 ] && [ -f /etc/debian_version ]; then
        echo "Installing Chromium for the browser tests ..." >&2
        if apt-get update -q >/dev/null 2>&1 &&
            DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
                chromium >/dev/null 2>&1; then
            BRYGGA_CHROMIUM=$(command -v chromium)
            export BRYGGA_CHROMIUM
            return
        fi
    fi
    echo "No Chromium found: the browser tests are skipped." \
        "Install chromium, or set BRYGGA_CHROMIUM to one." >&2
}
