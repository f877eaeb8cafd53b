#!/bin/sh
# SPDX-License-Identifier: Apache-2.0

# Writes Packaging/symbol-order anew: the functions that the daemon runs at its start, then those
# that a few gates run. The linker puts them side by side, so that few pages of the program are
# resident. Names that are not in the program any more do no harm; a list that is out of date only
# saves less. Needs valgrind.

set -eu
cd "$(dirname "$0")/../.."
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

# With the names of functions, which the shipped program has not.
programs=$(Packaging/build-release.sh --product reprieved -Xlinker --strip-debug)
cp "$programs/reprieved" "$place"
${CC:-cc} -std=gnu17 -D_GNU_SOURCE -O2 -Wno-unused-result -o "$place/round" \
    Tests/Benchmarks/round.c

cd "$place"
SWIFT_DETERMINISTIC_HASHING=1 valgrind --tool=callgrind --demangle=no --compress-strings=no \
    --callgrind-out-file=calls ./reprieved --runtime-directory "$place/run" \
    --state-directory "$place/state" 2>valgrind.log &
daemon=$!
trap 'kill $daemon 2>/dev/null || :; rm -rf "$place"' EXIT
for _ in $(seq 100); do
    [ ! -S run/control.socket ] || break
    sleep 0.1
done
timeout 10 callgrind_control --dump $daemon >/dev/null
timeout 60 ./round reprieved "$place/run" 3 3 $daemon >/dev/null
timeout 10 callgrind_control --dump $daemon >/dev/null
kill $daemon
wait $daemon
cd - >/dev/null

{
    echo "# Functions in the order in which the linker puts them: Tests/Benchmarks/symbol-order.sh"
    # A function that calls itself has a number behind its name.
    awk '/^ob=/ { ours = /\/reprieved$/ }
         /^fn=/ && ours { name = substr($0, 4); sub(/\x27[0-9]+$/, "", name)
                          if (!seen[name]++) print name }' "$place/calls.1" "$place/calls.2"
} >Packaging/symbol-order
wc -l Packaging/symbol-order
# The list is no input that a build would look at.
rm "$programs/reprieved"
