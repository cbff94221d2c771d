#!/bin/bash
# The system rows of the scoreboard, one after another, in a room of their own:
# namespaces in which no route leads out, and which take all mounts, processes
# and networks with them when they end. Without root the rows that need it read
# "not run". SHORT=1 does a few rounds of each.
#
#   build/system.sh                         all rows
#   build/system.sh plant TAG ROW PACKAGE WORDS   with a planted bug, which must be
#                                           found, and said to be with these words
set -euo pipefail
cd "$(dirname "$0")/.."

tags=system
run='^TestSystem'
packages=(./backend/database ./backend/node ./backend/sandbox ./backend/anchat/service)
board=()
flags=()
[ -n "${SHORT:-}" ] && flags+=(-short)
if [ "${1:-}" = plant ]; then
	tags="system,$2"
	run="^TestSystem$3_"
	packages=("$4")
	board=(-planted "$2" -because "$5")
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/scoreboard" ./build/scoreboard
for p in "${packages[@]}"; do
	go test -c -tags "$tags" -o "$work/$(basename "$p").test" "$p"
done

room=()
if [ "$(id -u)" = 0 ] && unshare --net --mount --pid --fork true 2>/dev/null; then
	room=(unshare --net --mount --pid --fork --mount-proc --kill-child sh -c
		'ip link set lo up; mkdir -p /run/netns; mount -t tmpfs none /run/netns; exec "$@"' sh)
fi

# Compiled first, run afterwards: the room has no way to fetch anything.
rows() {
	for p in "${packages[@]}"; do
		binary="$work/$(basename "$p").test"
		[ -f "$binary" ] || continue # no test of it has these tags
		(cd "$p" && "${room[@]}" "$binary" -test.v=test2json -test.run "$run" -test.timeout 30m "${flags[@]/#-short/-test.short}" 2>&1 || true) |
			go tool test2json -t -p "$p"
	done
}
rows | "$work/scoreboard" "${board[@]}"
