#!/bin/bash
# Plants one bug after the other and expects the rows to find it. A test that
# stays green with a bug in the code is worth nothing.
set -uo pipefail
cd "$(dirname "$0")/.."
export SHORT=1
missed=0
while read -r tag row package words; do
	[ -z "$tag" ] && continue
	build/system.sh plant "$tag" "$row" "$package" "$words" || missed=$((missed + 1))
done <<'END'
plant_stale_read         A9  ./backend/sandbox   NOT linearizable
plant_no_idempotency     A3  ./backend/sandbox   [1-9][0-9]* happened twice
plant_ack_before_commit  A4  ./backend/database  rows of [0-9]* were acknowledged and are gone
plant_ack_before_commit  A1  ./backend/sandbox   [1-9][0-9]* lost|NOT linearizable
plant_no_snapshot_sync   A5  ./backend/database  damaged|are gone
END
echo "$missed planted bugs were not found"
exit $((missed > 0))
