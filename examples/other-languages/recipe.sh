#!/bin/sh
# The whole recipe with curl: wait until it is ready, make a world, use it, throw it away.
#   ORIGIN=http://127.0.0.1:8000 sh recipe.sh
set -eu
ORIGIN=${ORIGIN:-http://127.0.0.1:8000}
CONTROL=$ORIGIN/_sandbox/v1

until curl -sf "$ORIGIN/ready" >/dev/null; do sleep 0.1; done

WORLD=$(curl -sf -X POST "$CONTROL/worlds" -H 'content-type: application/json' -d '{"scenario": "late-payer"}' |
    sed 's/.*"name":"\([^"]*\)".*/\1/')

curl -sf -X POST "$CONTROL/worlds/$WORLD/commands/record_payment" -H 'content-type: application/json' \
    -d '{"customer": 3, "bill": 1}' >/dev/null
curl -sf -X POST "$CONTROL/worlds/$WORLD/commands/advance_clock" -H 'content-type: application/json' \
    -d '{"days": 30}' >/dev/null

curl -sf -H 'x-api-key: counterfoil-key' \
    "$ORIGIN/w/$WORLD/flexprice/v1/customers/cust_00000003/invoices/summary"
echo

curl -sf -X DELETE "$CONTROL/worlds/$WORLD" >/dev/null
