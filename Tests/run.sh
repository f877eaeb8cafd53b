#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs all tests, from a fresh clone: installs what they need, builds, tests, and says what ran.
#
#   Tests/run.sh           everything but the updaters
#   Tests/run.sh --all     everything: as root, with 45 MB of packages that it does not install
#   Tests/run.sh --quick   the Swift tests, and the system tests that wait for no real time-out
#   Tests/run.sh STEP...   only these steps

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=Tests/Tools/prepare.sh
. Tests/Tools/prepare.sh

# The steps in their order: a name, which is that of a function below, and its budget in seconds.
# A step knows nothing of the others, so a new one is a line here and a function.
# (Tests/mutate.sh takes as long as one likes, and is run by hand; so does Tests/fuzz.sh.)
STEPS=(
    "packages 300"
    "environment 300"
    "libraries 600"
    "build 1200"
    "swift_tests 900"
    "system_tests 1200"
    "programs 1200"
    "idle 1200"
    "systemd 1200"
    "demo 120"
    "attacks 1200"
    "permit 900"
    "exploration 600"
    "simulation 600"
    "instructions 300"
    "fuzz 600"
)
# The updaters themselves: RAUC, SWUpdate, apt and Podman wait for a component. Needs root.
ALL_STEPS=("updaters 600")
# Only by name: a machine that others use, too, is no place to measure, and the others need a build
# of their own.
MORE_STEPS=("client 900" "offline 2400" "arm64 3600" "benchmark 600" "whole_exploration 3600"
    "attacks_among_known 1200" "address_sanitizer 1500" "thread_sanitizer 1800")
QUICK_STEPS=("packages 300" "environment 300" "build 1200" "swift_tests 600" "system_tests 900")

packages() {
    need_swift
    install_packages libsystemd-dev python3 python3-venv gcc libc6-dev binutils valgrind \
        dbus-daemon
    # Their completions are tested: 8 MB, 38 MB unpacked.
    { command -v zsh && command -v fish; } >/dev/null || unpack_packages .build/shells zsh fish
}

environment() { make_venv; }

# What is made here is not made again by the whole build.
libraries() { Tests/libraries.sh; }

# In a package of its own, with all that it fetches.
client() { Tests/libraries.sh client; }

# From the source archive, without a network, and in another directory.
offline() { Tests/offline.sh; }

# The package for arm64, and the demo with its programs, which are emulated.
arm64() {
    install_packages binutils debhelper dpkg-dev python3
    Packaging/build-arm64.sh
    Samples/demo.sh .build/arm64/run
}

# Judged by its exit code: it says "Build complete!" also where an import is not declared.
build() { swift build --build-tests --explicit-target-dependency-import-check error; }

# Without a backtrace of every error that is thrown, which costs more than what throws it.
swift_tests() { SWT_SWIFT_ERROR_BACKTRACING_ENABLED=0 swift test --skip-build; }

# The built daemon and command, from outside: Tests/System. Most tests wait, so more run at a time
# than there are processors.
system_tests() {
    local only="not systemd and not updaters and not attacks and not permit"
    [ -z "${QUICK:-}" ] || only="$only and not slow"
    pytest -n $((2 * $(nproc) + 1)) --dist worksteal -m "$only"
}

# What later steps need beside the whole build, made two at a time: an optimizing build is mostly
# one compiler that waits for another.
programs() {
    install_packages libsystemd-dev binutils
    printf '%s\n' shipped_programs other_programs |
        xargs -P 2 -I{} bash Tests/run.sh --inside {}
}

shipped_programs() {
    local product
    Packaging/build-release.sh
    for product in sample-component explore-negotiation simulate-broker \
        count-negotiation; do
        Packaging/build-release.sh --product "$product"
    done
}

other_programs() {
    Permit/Packaging/build-release.sh
    build_permit
    Tests/fuzz.sh --build
}

# What is shipped is linked otherwise than the whole build, where NoDispatchMonitor has no effect.
idle() {
    Packaging/build-release.sh
    BUILT=$(Packaging/build-release.sh --product sample-component) pytest -k test_idle
}

# Hostile users against the daemon as it is shipped. Needs root, which becomes those users.
attacks() { play_attacks "attacks and not systemd and not among_known"; }

# Each attack once more, where only the known may subscribe.
attacks_among_known() { play_attacks among_known; }

play_attacks() {
    local programs
    programs=$(Packaging/build-release.sh)
    BUILT=$programs pytest -m "$1" -rs --attack-report .build/attacks.txt
    cat .build/attacks.txt
}

# The Debian package, and what it installs, in a container with a real systemd.
systemd() {
    local package permit
    install_packages libsystemd-dev binutils debhelper dpkg-dev lintian mandoc \
        systemd-container dbus libpam-systemd squashfs-tools
    Tests/Systemd/boot-systemd.sh --check ||
        say "What needs a real systemd is skipped: it cannot be booted here" >&2
    package=$(Packaging/build-deb.sh)
    permit=$(Permit/Packaging/build-deb.sh)
    export REPRIEVE_PACKAGE=$package REPRIEVE_PERMIT_PACKAGE=$permit
    pytest -n $((2 * $(nproc))) --dist loadfile -m "systemd and not attacks" -rs
    pytest -m "systemd and attacks" -rs
}

# A package of its own, for libcurl. The etcd is unpacked, not installed.
permit() {
    unpack_packages .build/etcd etcd-server
    install_packages openssl libcurl4
    build_permit
    SWT_SWIFT_ERROR_BACKTRACING_ENABLED=0 Permit/build.sh test --skip-build
    "$(Permit/build.sh build --show-bin-path)/simulate-fleet" .build 200
    [ -x "$(swift build --show-bin-path)/reprieve" ] || swift build
    pytest -m permit -n 2 -rs
}

build_permit() {
    Permit/build.sh build --build-tests --explicit-target-dependency-import-check error
}

pytest() {
    REPRIEVE_BUILD=${BUILT:-$(swift build --show-bin-path)} PYTHONDONTWRITEBYTECODE=1 \
        "$VENV/bin/pytest" -q "$@" Tests/System
}

# None of their packages is installed: a test sees them on the device that it makes (device.sh).
updaters() {
    unpack_packages .build/updaters rauc swupdate libubootenv-tool unattended-upgrades podman crun \
        squashfs-tools cpio prometheus
    pytest -n 2 --dist loadfile -m updaters -rs
}

# The README's picture has to be of what it prints.
demo() {
    mkdir -p .build
    Samples/demo.sh | tee .build/demo.txt
    Tests/Tools/demo-picture.py --check Samples/demo.svg <.build/demo.txt
}

# Every interleaving of small worlds, as far as the nearest states go.
exploration() { explore --states=8000; }

# To the end of each.
whole_exploration() { explore; }

explore() {
    "$(Packaging/build-release.sh --product explore-negotiation)/explore-negotiation" "$@"
}

# Histories from dice, which fall the same way each time.
simulation() { "$(Packaging/build-release.sh --product simulate-broker)/simulate-broker" 20000; }

# What one fixed negotiation costs, counted and so the same on a busy machine.
instructions() { Tests/instruction-count.sh; }

# 30 s for each target, two at a time. `crowds` compares times, and is run by hand.
fuzz() { Tests/fuzz.sh 30 frames payloads peers files texts plans; }

# What XCTest allocates is not freed at the exit of a test's process. Swift's own report of a crash
# and a sanitizer's wait for each other.
address_sanitizer() {
    ASAN_OPTIONS=detect_leaks=0 SWIFT_BACKTRACE=enable=no \
        swift test --sanitize=address --scratch-path .build-asan
}

# The targets that have a second thread, one after the other: the sanitizer takes many times as
# long, and beside all other tests a reply would come after its limit.
thread_sanitizer() {
    local target
    export TSAN_OPTIONS=suppressions=$PWD/Tests/Tools/thread-sanitizer.supp
    export SWIFT_BACKTRACE=enable=no
    swift build --build-tests --sanitize=thread --scratch-path .build-tsan
    for target in ReprieveTransport Reprieve ReprieveCoordinator ReprieveShutdown ReprieveTesting \
        ReprieveCommand Systemd; do
        swift test --skip-build --sanitize=thread --scratch-path .build-tsan \
            --filter "^${target}Tests\."
    done
}

# Fails where the daemon is grossly too slow or too large.
benchmark() { Tests/benchmark.sh --quick; }

# The lines by which the runners themselves sum up, out of what a step printed.
summary() {
    local swift='^.? ?Test run with [0-9]+ test' pytest='^[0-9]+ (passed|failed).* in [0-9.]+s'
    grep -E "$swift|$pytest|: [0-9]+ executions," "$1" || true
}

run_step() {
    local name=$1 budget=$2 code=0 log=.build/steps/$1.log
    say "$name"
    mkdir -p .build/steps
    timeout --kill-after=10 "$budget" bash Tests/run.sh --inside "$name" </dev/null 2>&1 |
        tee "$log" || code=${PIPESTATUS[0]}
    [ "$code" -ne 0 ] || return 0
    if [ "$code" -eq 124 ] || [ "$code" -eq 137 ]; then
        say "$name took more than $budget s, which is its budget" >&2
    else
        say "$name failed (exit code $code)" >&2
    fi
    return 1
}

if [ "${1:-}" = --inside ]; then
    "$2"
    exit
fi
if [ "${1:-}" = --quick ]; then
    export QUICK=1
    STEPS=("${QUICK_STEPS[@]}")
    shift
elif [ "${1:-}" = --all ]; then
    shift
    [ $# -gt 0 ] || STEPS+=("${ALL_STEPS[@]}")
fi

[ $# -eq 0 ] || STEPS+=("${ALL_STEPS[@]}" "${MORE_STEPS[@]}")
chosen=()
for step in "${STEPS[@]}"; do
    read -r name _ <<<"$step"
    case " ${*:-$name} " in *" $name "*) chosen+=("$step") ;; esac
done
if [ ${#chosen[@]} -eq 0 ]; then
    echo "There is no step $*. The steps: ${STEPS[*]% *}" >&2
    exit 64
fi

started=$SECONDS times=
for step in "${chosen[@]}"; do
    read -r name budget <<<"$step"
    begun=$SECONDS
    run_step "$name" "$budget"
    times+=" $name $((SECONDS - begun)),"
done
say "All steps passed in $((SECONDS - started)) s:${times%,}"
for step in "${chosen[@]}"; do
    read -r name _ <<<"$step"
    summary ".build/steps/$name.log"
done
