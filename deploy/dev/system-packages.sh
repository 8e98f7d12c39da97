#!/bin/sh
# Installs the Debian packages that the tests need, and starts none of their services.
# Run it as often as you like: it does nothing when everything is there. The demo needs none of it.
#
#   deploy/dev/system-packages.sh           install what is missing (root, or sudo asks)
#   deploy/dev/system-packages.sh --check   only say what is missing; exit 1 if anything is
set -eu

PACKAGES="
mosquitto
pcscd vsmartcard-vpcd libpcsclite-dev
gcc pkg-config python3-venv python3-dev
postgresql
curl jq
iproute2 util-linux mount e2fsprogs systemd
chromium chromium-driver fonts-ipafont-gothic
gcc-arm-none-eabi qemu-system-arm
clang libclang-rt-14-dev
exim4 exim4-base exim4-daemon-light libemail-mime-perl
"
# The units that Debian would enable; the tests start servers of their own.
UNITS="mosquitto.service pcscd.service pcscd.socket postgresql.service exim4.service
exim4-base.timer"
POLICY=/usr/sbin/policy-rc.d

say() { printf 'system-packages: %s\n' "$*" >&2; }

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "this is no Debian system; install what these packages hold:" $PACKAGES
    exit 1
fi

installed=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' 2>/dev/null | sed -n 's/^ii //p')
missing=
for package in $PACKAGES; do
    printf '%s\n' "$installed" | grep -qx "$package" || missing="$missing $package"
done

if [ -z "$missing" ]; then
    exit 0
fi
if [ "${1:-}" = --check ]; then
    say "missing:$missing"
    exit 1
fi

if [ "$(id -u)" -eq 0 ]; then
    as_root=
elif command -v sudo >/dev/null; then
    as_root=sudo
else
    say "root is needed for: apt-get install$missing"
    exit 1
fi

# Debian asks this program before it starts a service: 101 means no. One that is there already
# stays as it is.
if [ ! -e "$POLICY" ]; then
    trap '$as_root rm -f "$POLICY"' EXIT
    trap 'exit 1' HUP INT TERM
    printf '#!/bin/sh\nexit 101\n' | $as_root tee "$POLICY" >/dev/null
    $as_root chmod 755 "$POLICY"
fi

say "installing:$missing"
install() {
    # shellcheck disable=SC2086 # a list of words
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        $missing >&2
}
$as_root apt-get update -q >&2 || say "the package lists could not be renewed; trying those at hand"
if ! install; then
    say "could not install:$missing (are Debian's main archives configured and reachable?)"
    exit 1
fi

# Nor at the next boot, for what this run has brought. A machine's own services stay as they are.
for unit in $UNITS; do
    case " $missing " in
        *" ${unit%.*} "*)
            if command -v systemctl >/dev/null; then
                $as_root systemctl disable -q "$unit" 2>/dev/null || say "$unit is not enabled"
            fi
            ;;
    esac
done
say "done"
