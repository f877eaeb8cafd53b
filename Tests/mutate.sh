#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Breaks a target on purpose and reports which check notices: Tests/mutate.sh [COPY]
exec python3 "$(dirname "$0")/mutate.py" "$@"
