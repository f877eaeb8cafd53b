#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Boots a real systemd, with journal, D-Bus and logind, in a throw-away container over an overlay of
# this machine's own files, and runs one script in it. Nothing but OUT changes on this machine.
#
#   boot-systemd.sh [--copy=SOURCE:PLACE]... [--prepare=COMMAND]... [--boots=N] [--timeout=SECONDS]
#                   OUT SCRIPT
#   boot-systemd.sh --check      only says whether it could
#
#   --copy       before the boot, copies a file or folder to a place inside
#   --prepare    before the boot, runs a shell command here, with ROOT=the top of the tree inside
#   --boots      boots again after a reboot, N times in all (1); what is on the disk stays
#   --timeout    how long all of it may take (120)
#
# Inside, SCRIPT runs as root in rig-test.service, after multi-user.target. Shutdown does not stop
# it: it can watch until systemd kills what is left. When it ends, the machine is powered off,
# unless it is going down already. OUT/rig is /rig inside; RIG_BOOT is 1, 2, ...; the only network
# is lo.
#
# Leaves in OUT: stdout and stderr (of SCRIPT), console.log, journal.txt, journal (for
# journalctl -D), rig.log (what went wrong out here), and summary (key=value: when each boot began,
# and its end, which is poweroff, reboot or timeout).
# Exits with SCRIPT's code; 0 if it ran until the machine went down, 124 after the time-out, 125 if
# the container could not be set up.
#
# Needs root, and the packages systemd-container, dbus and libpam-systemd.

set -u -o pipefail
program=${0##*/}
die() {
    echo "$program: $*" >&2
    exit 125
}

note() { echo "$1" >>"$OUT/summary"; }

# Inside, as process 1 of a PID namespace: when it ends, the kernel ends all that it started.

# nspawn keeps its state in /run. What it finds at /sys/fs/cgroup is pure version 2, whatever this
# machine has: it then touches no other hierarchy.
make_namespace() {
    mount --make-rprivate / &&
        mount -t tmpfs -o mode=755,size=75% rig-run /run &&
        mount -t cgroup2 rig-cgroup /sys/fs/cgroup
}

make_tree() {
    local layers=lowerdir=/,upperdir=/run/rig/upper,workdir=/run/rig/work
    mkdir -p /run/rig/upper /run/rig/work "$ROOT" &&
        mount -t overlay rig-root -o "$layers" "$ROOT"
}

# An identity of its own; and nothing is enabled or generated but what the caller wants. An empty
# machine-id would mean a first boot, which enables everything.
forget_this_machine() {
    local generator etc=$ROOT/etc
    rm -rf "$etc/systemd/system" "$etc/systemd/system-generators" "$ROOT/var/log/journal"
    rm -f "$etc/fstab" "$etc/machine-id" "$etc/hostname" "$ROOT/var/lib/dbus/machine-id" \
        "$ROOT/usr/sbin/policy-rc.d"
    mkdir -p "$etc/systemd/system" "$etc/systemd/system-generators" "$ROOT/var/log/journal" \
        "$ROOT/rig"
    tr -d - </proc/sys/kernel/random/uuid >"$etc/machine-id"
    echo rig >"$etc/hostname"
    for generator in "$ROOT"/lib/systemd/system-generators/*; do
        ln -s /dev/null "$etc/systemd/system-generators/${generator##*/}"
    done
}

make_units() {
    local unit units=$ROOT/etc/systemd/system
    cat >"$units/rig.target" <<-'END'
	[Unit]
	Requires=multi-user.target
	Wants=dbus.service systemd-logind.service rig-test.service
	After=multi-user.target
	AllowIsolate=yes
	END
    cat >"$units/rig-test.service" <<-'END'
	[Unit]
	DefaultDependencies=no
	After=multi-user.target dbus.service systemd-logind.service
	[Service]
	Type=exec
	Environment=HOME=/root
	EnvironmentFile=/rig/.environment
	ExecStart=/bin/bash /rig/.run
	StandardOutput=append:/rig/.stdout
	StandardError=append:/rig/.stderr
	TimeoutStopSec=infinity
	END
    # Shutdown is not to take the shared folder away while the script still runs.
    mkdir "$units/rig.mount.d" "$ROOT/etc/systemd/journald.conf.d"
    printf '[Unit]\nDefaultDependencies=no\n' >"$units/rig.mount.d/keep.conf"
    for unit in console-getty.service getty@tty1.service systemd-update-utmp-runlevel.service; do
        ln -s /dev/null "$units/$unit"
    done
    printf '[Journal]\nStorage=persistent\nRateLimitIntervalSec=0\nSyncIntervalSec=1s\n' \
        >"$ROOT/etc/systemd/journald.conf.d/rig.conf"
}

copy_and_prepare() {
    local one
    for one in "${copies[@]}"; do
        mkdir -p "$(dirname "$ROOT/${one#*:}")" && cp -a "${one%%:*}" "$ROOT/${one#*:}" || return
    done
    for one in "${commands[@]}"; do (eval "$one") || return; done
}

# Boots once, and sets `end`. A reboot ends nspawn with 133 because of --keep-unit.
boot() {
    local left=$((deadline - SECONDS))
    rm -f "$OUT/rig/.exit"
    echo "RIG_BOOT=$1" >"$OUT/rig/.environment"
    note "boot$1_started=$EPOCHREALTIME"
    SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 timeout -k 5 $((left > 0 ? left : 1)) \
        systemd-nspawn --quiet --directory="$ROOT" --machine=rig --register=no --keep-unit \
        --private-network --link-journal=no --resolv-conf=off --timezone=off \
        --console=read-only --bind="$OUT/rig:/rig" --boot \
        systemd.unit=rig.target systemd.show_status=1 systemd.log_color=0 \
        </dev/null >>"$OUT/console.log" 2>&1
    case $? in
        0) end=poweroff ;;
        133) end=reboot ;;
        124 | 137) end=timeout ;;
        *) end=failed ;;
    esac
    note "boot$1_end=$end"
    note "boot$1_ended=$EPOCHREALTIME"
}

inside() {
    local number
    export ROOT=/run/rig/tree
    deadline=$((SECONDS + timeout))
    exec 2>>"$OUT/rig.log"
    make_namespace && make_tree && forget_this_machine && make_units && copy_and_prepare ||
        return 125
    for ((number = 1; number <= boots; number++)); do
        boot "$number"
        [ "$end" = reboot ] || break
    done
    note "end=$end"
    cp -a "$ROOT/var/log/journal/." "$OUT/journal/"
}

check() {
    local tool
    [ "$(id -u)" -eq 0 ] || die "only root can boot a systemd in a container"
    for tool in systemd-nspawn dbus-daemon unshare setpriv; do
        command -v $tool >/dev/null || die "there is no $tool"
    done
    [ -n "$cgroups" ] || die "no cgroup2 is mounted"
    { mkdir "$cgroup" && rmdir "$cgroup"; } || die "no cgroup can be made"
    unshare --mount --pid --fork bash "$0" --try || die "nothing can be mounted here"
}

case ${1:-} in
    --inside)
        # shellcheck source=/dev/null
        . "$2"
        inside
        exit
        ;;
    --try)
        ROOT=/run/rig/tree
        make_namespace && make_tree
        exit
        ;;
esac

# A cgroup of its own: what is in it at the end is ended by membership, never by name.
cgroups=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
own=$cgroups$(sed -n 's/^0:://p' /proc/self/cgroup)
cgroup=${own%/}/rig-boot.$$
check
[ "${1:-}" != --check ] || exit 0

copies=() commands=() boots=1 timeout=120
while [ $# -gt 2 ]; do
    case $1 in
        --copy=*) copies+=("${1#*=}") ;;
        --prepare=*) commands+=("${1#*=}") ;;
        --boots=*) boots=${1#*=} ;;
        --timeout=*) timeout=${1#*=} ;;
        *) die "unknown option $1" ;;
    esac
    shift
done
[ $# -eq 2 ] || die "say where the results go, and which script to run"
mkdir -p "$1/rig" "$1/journal" || die "cannot write to $1"
OUT=$(cd "$1" && pwd)
: >"$OUT/summary"
install -m 755 "$2" "$OUT/rig/.script" || die "cannot copy $2"

cat >"$OUT/rig/.run" <<'END'
/rig/.script
code=$?
echo $code >/rig/.exit
login1=org.freedesktop.login1
[ "$(systemctl is-system-running)" != stopping ] || exit $code
case $(busctl get-property $login1 /org/freedesktop/login1 $login1.Manager PreparingForShutdown) in
    "b true") exit $code ;;
esac
systemctl start --no-block --job-mode=replace-irreversibly poweroff.target
exit $code
END

# What runs left that were killed.
for left in "${own%/}"/rig-boot.*; do
    [ ! -d "$left" ] || kill -0 "${left##*.}" 2>/dev/null ||
        find "$left" -depth -type d -exec rmdir {} + 2>/dev/null
done
child='' settings=$(mktemp) || die "no temporary file"
declare -p program OUT copies commands boots timeout >"$settings"

clean_up() {
    trap - EXIT
    if [ -n "$child" ]; then
        kill -KILL "$child" 2>/dev/null
        wait "$child" 2>/dev/null
    fi
    echo 1 >"$cgroup/cgroup.kill" 2>/dev/null
    for _ in {1..50}; do
        find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null
        [ -d "$cgroup" ] || break
        sleep 0.1
    done
    rm -f "$settings"
}
trap clean_up EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
trap 'exit 129' HUP
mkdir "$cgroup" || die "cannot make $cgroup"
note "cgroup=$cgroup"

# Were this shell killed, all below it dies as well.
(
    echo "$BASHPID" >"$cgroup/cgroup.procs" || exit 125
    exec setpriv --pdeathsig KILL timeout -k 5 $((timeout + 30)) \
        setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child=KILL --mount-proc \
        bash "$(readlink -f "$0")" --inside "$settings"
) &
child=$!
wait $child
code=$?
child=

for name in stdout stderr; do
    [ ! -e "$OUT/rig/.$name" ] || mv -f "$OUT/rig/.$name" "$OUT/$name"
done
journalctl -q --no-pager -D "$OUT/journal" -o short-unix >"$OUT/journal.txt" 2>>"$OUT/rig.log"
[ $code -eq 0 ] || die "the container could not be set up: $(cat "$OUT/rig.log")"
end=$(sed -n 's/^end=//p' "$OUT/summary")
[ "$end" != timeout ] || exit 124
[ "$end" != failed ] || [ -e "$OUT/rig/.exit" ] || exit 125
[ ! -e "$OUT/rig/.exit" ] || exit "$(cat "$OUT/rig/.exit")"
