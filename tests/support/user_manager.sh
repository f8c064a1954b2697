#!/bin/bash
# A real `systemd --user` without systemd as the machine's first process, in a mount namespace of its own:
#   user_manager.sh HOME COMMAND…   runs the command in its session; HOME and its run folder exist.
# LoadCredential's file system must propagate within the namespace, and sd_booted() looks for /run/systemd/system.
set -eu
if [ "${INSIDE:-}" != yes ]; then
    INSIDE=yes exec unshare -m --propagation private "$0" "$@"
fi
unset INSIDE
mount --make-rshared /
mount -t tmpfs tmpfs /run/systemd
mkdir /run/systemd/system
export HOME=$1 XDG_RUNTIME_DIR=$1/run SYSTEMD_LOG_TARGET=console
shift
/usr/lib/systemd/systemd --user >"$HOME/systemd.log" 2>&1 &
manager=$!
trap 'kill $manager; wait $manager || true' EXIT
for _ in $(seq 200); do [ -S "$XDG_RUNTIME_DIR/systemd/private" ] && break; sleep .05; done
export DBUS_SESSION_BUS_ADDRESS=unix:path=$XDG_RUNTIME_DIR/bus
"$@"
