# SPDX-License-Identifier: Apache-2.0
"""Attacks on the nucleus beside the broker, and on the connections to it."""

from attacks.connections import flood
from protocol import CONNECT, message


def show(number):
    """CONNECT with a token that is neither a name nor one of the broker's."""
    payload = {"authToken": f"bm90IGEgdG9rZW4{number % 10_000:04d}="}
    return message(CONNECT, payload=payload, version="0.1.0")


flood("foreign_tokens", "Shows tokens that only the nucleus could know, which denies them.", show,
      connections=60)  # fmt: skip
