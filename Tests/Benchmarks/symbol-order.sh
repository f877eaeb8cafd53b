#!/bin/sh
# SPDX-License-Identifier: Apache-2.0

# Writes Packaging/symbol-order anew: the functions that the daemon runs at its start, then those
# that a few gates run; and Packaging/symbol-order-command: those that the command runs, a gate
# first. The linker puts them side by side, so that few pages of the program are resident. Names
# that are not in the program any more do no harm; a list that is out of date only saves less. Needs
# valgrind.

set -eu
cd "$(dirname "$0")/../.."
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

# With the names of functions, which the shipped programs have not.
for product in reprieved reprieve; do
    programs=$(Packaging/build-release.sh --product $product -Xlinker --strip-debug)
    cp "$programs/$product" "$place"
done
${CC:-cc} -std=gnu17 -D_GNU_SOURCE -O2 -Wno-unused-result -o "$place/round" \
    Tests/Benchmarks/round.c

# functions PROGRAM PROFILE...
functions() {
    program=$1
    shift
    echo "# Functions in the order in which the linker puts them: Tests/Benchmarks/symbol-order.sh"
    # A function that calls itself has a number behind its name.
    awk -v program="/$program\$" '
        /^ob=/ { ours = $0 ~ program }
        /^fn=/ && ours { name = substr($0, 4); sub(/\x27[0-9]+$/, "", name)
                         if (!seen[name]++) print name }' "$@"
}

top=$PWD
cd "$place"
export SWIFT_DETERMINISTIC_HASHING=1
profile="valgrind --tool=callgrind --demangle=no --compress-strings=no"
$profile --callgrind-out-file=calls \
    ./reprieved --runtime-directory "$place/run" --state-directory "$place/state" 2>log &
daemon=$!
trap 'kill $daemon 2>/dev/null || :; rm -rf "$place"' EXIT
for _ in $(seq 100); do
    [ ! -S run/control.socket ] || break
    sleep 0.1
done
timeout 10 callgrind_control --dump $daemon >/dev/null
timeout 60 ./round reprieved "$place/run" 3 3 $daemon >/dev/null
timeout 10 callgrind_control --dump $daemon >/dev/null
control=$place/run/control.socket
$profile --callgrind-out-file=gate \
    ./reprieve gate --quiet --control-socket "$control" -- true 2>log
$profile --callgrind-out-file=hold \
    ./reprieve hold --component-socket "$place/run/ipc.socket" --component a.Hold --why flashing \
    -- ./reprieve gate --quiet --control-socket "$control" -- true 2>log
$profile --callgrind-out-file=status ./reprieve status --control-socket "$control" >log 2>&1
kill $daemon
wait $daemon
cd "$top"

functions reprieved "$place/calls.1" "$place/calls.2" >Packaging/symbol-order
functions reprieve "$place/gate" "$place/hold" "$place/status" >Packaging/symbol-order-command
wc -l Packaging/symbol-order Packaging/symbol-order-command
# A build does not see that a list is another one.
rm "$programs/reprieved" "$programs/reprieve"
