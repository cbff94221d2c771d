#!/usr/bin/env bash
# Installs the system packages that a make target needs, or says which are
# missing. Usage: build/setup.sh run|test|headless|system
set -euo pipefail

purpose=${1:-run}

fail() {
	printf 'setup: %s\n' "$*" >&2
	exit 1
}

command -v go >/dev/null || fail 'Go is missing; install Go 1.26 or newer (https://go.dev/dl) and put it on the PATH'
if [ "$purpose" != headless ]; then
	command -v node >/dev/null && command -v npm >/dev/null || fail 'Node.js with npm is missing; install Node 20.19 or newer'
	node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
		fail "Node.js $(node --version) is too old; install Node 20.19 or newer"
fi

# Each line: a test that passes when the thing is there, then its package.
missing=()
need() {
	local package=$1
	shift
	"$@" >/dev/null 2>&1 || missing+=("$package")
}
static_libc() { [ -e "$(cc -print-file-name=libc.a 2>/dev/null)" ]; }
library() { pkg-config --exists "$1"; }

need gcc command -v cc
need libc6-dev static_libc
if [ "$purpose" = run ] || [ "$purpose" = test ]; then
	need pkg-config command -v pkg-config
	need libgtk-3-dev library gtk+-3.0
	need libwebkit2gtk-4.1-dev library webkit2gtk-4.1
fi
if [ "$purpose" = test ]; then
	need chromium command -v chromium
	need xvfb command -v Xvfb
	need xauth command -v xauth
	need xdotool command -v xdotool
	need openbox command -v openbox
	need dbus-daemon command -v dbus-daemon
fi
if [ "$purpose" = system ]; then
	need nftables command -v nft
	need iproute2 command -v ip
	need e2fsprogs command -v mkfs.ext4
fi
[ ${#missing[@]} -gt 0 ] || exit 0

command -v apt-get >/dev/null ||
	fail "these are missing (names of Debian's packages): ${missing[*]}; install what your system calls them, then try again"
if [ "$(id -u)" -eq 0 ]; then
	run=(env DEBIAN_FRONTEND=noninteractive)
elif sudo -n true 2>/dev/null; then
	run=(sudo env DEBIAN_FRONTEND=noninteractive)
else
	fail "these packages are missing; install them, then try again:
  sudo apt-get install ${missing[*]}
(a node without a window needs less: make build-headless)"
fi
printf 'setup: installing %s\n' "${missing[*]}"
"${run[@]}" apt-get update -qq
"${run[@]}" apt-get install -y -qq "${missing[@]}" >/dev/null
