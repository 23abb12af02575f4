#!/bin/sh
# Starts workerd and leaves its process id, which Miniflare does not tell, for the watchdog of watchdog.ts.
[ -z "$HOOKWAY_RUNTIME_PID" ] || echo $$ >"$HOOKWAY_RUNTIME_PID"
exec "$HOOKWAY_RUNTIME" "$@"
