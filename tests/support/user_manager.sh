#!/bin/bash
# A real `systemd --user` without systemd as the machine's first process, in a mount namespace of its own:
#   user_manager.sh HOME COMMAND…   runs the command in its session; HOME and its run folder exist.
# LoadCredential's file system must propagate within the namespace, and sd_booted() looks for /run/systemd/system.
# It gets a control group of its own too: two managers in one group end each other's services.
set -eu
if [ "${INSIDE:-}" != yes ]; then
    INSIDE=yes exec unshare -m --propagation private "$0" "$@"
fi
unset INSIDE
mount --make-rshared /
mount -t tmpfs tmpfs /run/systemd
mkdir /run/systemd/system
groups=()
enter() { # HIERARCHY OUR-GROUP-IN-IT
    [ -w "$1$2/cgroup.procs" ] && mkdir "$1$2/tests-$$" 2>/dev/null || return 0
    groups+=("$1$2")
    echo $$ >"$1$2/tests-$$/cgroup.procs" || true
}
enter /sys/fs/cgroup "$(sed -n 's/^0:://p' /proc/self/cgroup)"
enter /sys/fs/cgroup/unified "$(sed -n 's/^0:://p' /proc/self/cgroup)"
enter /sys/fs/cgroup/systemd "$(sed -n 's/^[0-9]*:name=systemd://p' /proc/self/cgroup)"
leave() {
    kill $manager
    wait $manager || true
    for group in "${groups[@]}"; do
        echo $$ >"$group/cgroup.procs" || true
        find "$group/tests-$$" -depth -type d -exec rmdir {} \; 2>/dev/null || true
    done
}
export HOME=$1 XDG_RUNTIME_DIR=$1/run SYSTEMD_LOG_TARGET=console
shift
/usr/lib/systemd/systemd --user >"$HOME/systemd.log" 2>&1 &
manager=$!
trap leave EXIT
for _ in $(seq 200); do [ -S "$XDG_RUNTIME_DIR/systemd/private" ] && break; sleep .05; done
export DBUS_SESSION_BUS_ADDRESS=unix:path=$XDG_RUNTIME_DIR/bus
"$@"
