#!/usr/bin/env bash
# Starts a node with the page's bridge and Vite's server in front of it, so that
# a change in frontend/src shows at once. Both end together.
set -euo pipefail
cd "$(dirname "$0")/.."
data=${DEBROS_DEV_DATA:-$(mktemp -d)}
cleanup() {
	kill "${node:-}" "${vite:-}" 2>/dev/null || true
	wait 2>/dev/null || true
}
trap cleanup EXIT
build/bin/debros-headless node start --ui --ui-addr 127.0.0.1:0 --data-dir "$data" \
	--listen /ip4/127.0.0.1/tcp/0 --gateway-addr 127.0.0.1:0 --mdns=false &
node=$!
build/bin/debros-headless node wait --data-dir "$data" --timeout 30s
DEBROS_UI=$(sed -n 's/.*"ui": *"\([^"]*\)".*/\1/p' "$data/run.json") npm --prefix frontend run dev &
vite=$!
wait -n "$node" "$vite"
