#!/bin/bash
# Builds what the network benchmark compares with, out of the module cache, into
# the folder given: rqlited and etcd as their authors ship them, and a small
# program that drives etcd through its own client. What cannot be built is
# skipped with a note.
#
# Both modules hold replace directives, with which "go install" refuses them:
# so they are copied, and etcd's, which name folders of its repository, dropped.
set -uo pipefail
into=$(mkdir -p "$1" && cd "$1" && pwd)
cd "$(dirname "$0")"
rqlite=github.com/rqlite/rqlite/v8@v8.43.4
etcd=go.etcd.io/etcd/server/v3@v3.5.21
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fetch() { # module, folder
	local dir
	dir=$(cd "$work" && go mod download -json "$1" | sed -n 's/^\t"Dir": "\(.*\)",*$/\1/p') || return
	[ -n "$dir" ] && cp -r "$dir" "$2" && chmod -R u+w "$2"
}

if [ ! -x "$into/rqlited" ]; then
	fetch $rqlite "$work/rqlite" && (cd "$work/rqlite" && CGO_ENABLED=1 go build -o "$into/rqlited" ./cmd/rqlited) ||
		echo "note: rqlited could not be built and is left out"
fi
if [ ! -x "$into/etcd" ]; then
	fetch $etcd "$work/etcd" && (
		cd "$work/etcd"
		grep -o 'go.etcd.io/etcd/[^ ]* => ' go.mod | sed 's/ => //' | while read -r m; do go mod edit -dropreplace="$m"; done
		CGO_ENABLED=0 GOFLAGS='-mod=mod -buildvcs=false' go build -o "$into/etcd" .
	) || echo "note: etcd could not be built; one of the PATH is used if there is one"
fi
[ -x "$into/etcdbench" ] || CGO_ENABLED=0 go build -o "$into/etcdbench" . || echo "note: etcd's client could not be built; etcd is left out"
