# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# The version, and the date of the source in seconds. To be sourced from the top of the repository.

VERSION=$(sed -n 's/.*productVersion = "\(.*\)"/\1/p' Sources/ReprieveProtocol/ProductVersion.swift)
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
    if [ -e .git ]; then
        SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
    else
        SOURCE_DATE_EPOCH=$(stat --format=%Y Package.swift)
    fi
fi
export VERSION SOURCE_DATE_EPOCH
