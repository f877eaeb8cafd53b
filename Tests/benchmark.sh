#!/bin/sh
# SPDX-License-Identifier: Apache-2.0

# What a gate round costs, against the least that a broker can do in C and against dbus-broker.
#
#     Tests/benchmark.sh            all of it, some minutes; with dbus-broker if it is installed
#     Tests/benchmark.sh --quick    under a minute after the build; fails where reprieved is grossly
#                                   too slow or too large
#
# For dbus-broker: apt-get install dbus-broker, and run as root.

set -eu
cd "$(dirname "$0")/.."
programs=.build/benchmarks
mkdir -p "$programs"

strip -o "$programs/reprieved" "$(Packaging/build-release.sh --product reprieved)/reprieved"

compile() {
    ${CC:-cc} -std=gnu17 -D_GNU_SOURCE -O2 -Wall -Wextra -Wno-unused-result \
        -o "$programs/$1" "Tests/Benchmarks/$1.c" ${2:-}
}
compile epoll-broker
compile event-loop -lsystemd
compile round
rm -f "$programs/dbus-round"
if command -v dbus-broker-launch >/dev/null && [ "$(id -u)" = 0 ]; then
    compile dbus-round
else
    echo "dbus-broker is not installed, or this is not root: measuring without it" >&2
fi

exec python3 Tests/Benchmarks/benchmark.py "$@" "$programs"
