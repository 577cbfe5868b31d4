# Sourced by ./test: finds a Chromium for the browser tests, and installs Debian's where that is
# possible. Its headless shell comes first: the same browser without windows of its own, which takes
# a third of the CPU time.

find_chromium() {
    for name in "${BRYGGA_CHROMIUM:-}" chromium-headless-shell chromium chromium-browser \
        google-chrome; do
        if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1; then
            BRYGGA_CHROMIUM=$(command -v "$name")
            export BRYGGA_CHROMIUM
            return
        fi
    done
    if [ "$(id -u)" = 0 ] && [ -f /etc/debian_version ]; then
        echo "Installing Chromium for the browser tests ..." >&2
        apt-get update -q >/dev/null 2>&1 || true
        for name in chromium-headless-shell chromium; do
            if DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
                "$name" >/dev/null 2>&1; then
                BRYGGA_CHROMIUM=$(command -v "$name")
                export BRYGGA_CHROMIUM
                return
            fi
        done
    fi
    echo "No Chromium found: the browser tests are skipped." \
        "Install chromium-headless-shell or chromium, or set BRYGGA_CHROMIUM to one." >&2
}
