#!/usr/bin/env bash
# Starts a node with the page's bridge and Vite's server in front of it, so that
# a change in frontend/src shows at once. Both end together. DEBROS_DEV_DATA
# names a data folder to keep; without it the node gets one that is thrown away.
set -euo pipefail
cd "$(dirname "$0")/.."
debros=build/bin/debros-headless
data=${DEBROS_DEV_DATA:-}
throwaway=
[ -n "$data" ] || throwaway=$(mktemp -d)
data=${data:-$throwaway}
cleanup() {
	kill "${node:-}" "${vite:-}" 2>/dev/null || true
	wait 2>/dev/null || true
	[ -z "$throwaway" ] || rm -rf "$throwaway"
}
trap cleanup EXIT
"$debros" node start --ui --ui-addr 127.0.0.1:0 --data-dir "$data" \
	--listen /ip4/127.0.0.1/tcp/0 --gateway-addr 127.0.0.1:0 --mdns=false &
node=$!
"$debros" node wait --data-dir "$data" --timeout 30s
link=$("$debros" ui --data-dir "$data" -o raw)
export DEBROS_UI=${link%%/login*}
npm --prefix frontend run dev &
vite=$!
echo "Open this once: http://127.0.0.1:5173${link#"$DEBROS_UI"}"
wait -n "$node" "$vite"
