# SPDX-License-Identifier: Apache-2.0
"""Attacks by unprivileged local users, each a function with a sentence on what it tries."""

# Each of them defines attacks.
from attacks import (  # noqa: F401
    connections,
    frames,
    kept,
    negotiation,
    processes,
    sockets,
    upstream,
)
from attacks.attack import ATTACKS

__all__ = ["ATTACKS"]
