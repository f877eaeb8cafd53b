#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares StrictJSON with Python's json, made as strict, on texts that nobody thought of.

    Tests/Tools/json-differential.py [seed] [texts]

Makes texts from a seed, valid and damaged, notes what Python reads in them, and has the test
`Python reads the same` read them too. Exits with that test's result.
"""

import decimal
import json
import os
import random
import subprocess
import sys
import tempfile

SPACE = ["", "", "", " ", "\n", "\t\r "]
SCALARS = ["a", "é", "世", "\U0001f331", "\x7f", "\u2028", "/", "0", "\ufffe"]
ESCAPES = ['\\"', "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t"]
ESCAPES += ["\\u0000", "\\u0041", "\\u00e9", "\\ud83c\\udf31", "\\uD800", "\\udc00", "\\uffff"]
PIECES = ['"', "\\", "{", "}", "[", "]", ",", ":", "-", "+", ".", "e", "E", "0", "1", "9", "\0"]
PIECES += ["NaN", "Infinity", "true", "nul", " ", "\n", "\x0b", "\xa0", "\ufeff", "\\u", "\ud800"]
LIMITS = {"depth": 16, "members": 256, "elements": 4096}


class Refused(ValueError):
    pass


class Number(str):
    """A number that is no integer of 64 bits, as it was spelt."""


def number(spelling):
    value = decimal.Decimal(spelling)
    if value == value.to_integral_value() and -(2**63) <= value < 2**63:
        return int(value)
    return Number(spelling)


def refuse(word):
    raise Refused(word)


def unique(members):
    if len({name for name, _ in members}) < len(members):
        raise Refused("a name twice")
    return dict(members)


def check(value, depth):
    """What Python takes and StrictJSON does not."""
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, (list, dict)):
        members = isinstance(value, dict)
        if depth == LIMITS["depth"] or len(value) > LIMITS["members" if members else "elements"]:
            raise Refused("a limit")
        for item in value:
            check(item, depth + 1)
            if members:
                check(value[item], depth + 1)


def written(value):
    """The value as StrictJSON writes it."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(written(n) + ":" + written(v) for n, v in value.items()) + "}"
    # Python leaves DEL alone, escapes control characters as StrictJSON does.
    return json.dumps(value, ensure_ascii=False)


def verdict(data):
    try:
        value = json.loads(
            data.decode(),
            parse_float=number,
            parse_int=number,
            parse_constant=refuse,
            object_pairs_hook=unique,
        )
        check(value, 0)
    except (ValueError, RecursionError):
        return None
    return written(value).encode()


def text(dice):
    pieces = dice.choices(SCALARS * 3 + ESCAPES, k=dice.randrange(8))
    return '"' + "".join(pieces) + '"'


def digits(dice, most):
    return "".join(dice.choices("0123456789", k=dice.randint(1, most)))


def numeral(dice):
    whole = dice.choice(["0", "1", "9223372036854775807", "9223372036854775808", digits(dice, 21)])
    fraction = dice.choice(["", "", ".0", "." + digits(dice, 20)])
    exponent = dice.choice(["", "", "e", "E+", "e-"])
    return dice.choice(["", "-"]) + whole + fraction + (exponent and exponent + digits(dice, 2))


def valid(dice, depth):
    kind = dice.randrange(8 if depth else 5)
    if kind < 5:
        return (text(dice), numeral(dice), "null", "true", "false")[kind]
    space = lambda: dice.choice(SPACE)
    items = [valid(dice, depth - 1) for _ in range(dice.randrange(5))]
    if kind < 7:
        items = [space() + text(dice) + space() + ":" + space() + item for item in items]
    opening, closing = "{}" if kind < 7 else "[]"
    return opening + ",".join(space() + item + space() for item in items) + space() + closing


def damaged(dice, data):
    data = bytearray(data)
    for _ in range(dice.randint(1, 3)):
        start = dice.randint(0, len(data))
        piece = dice.choice(PIECES).encode("utf-8", "surrogatepass")
        piece = dice.choice([piece, b"", bytes([dice.randrange(256)])])
        data[start : start + dice.randrange(3)] = piece
    return bytes(data)


def sample(dice):
    data = valid(dice, dice.randrange(6)).encode()
    if dice.randrange(200) == 0:
        depth = dice.randint(14, 18)
        data = b"[" * depth + b"]" * depth
    return damaged(dice, data) if dice.randrange(3) else data


def main():
    seed, count = (int(word) for word in (sys.argv[1:] + ["1", "20000"][len(sys.argv) - 1 :]))
    dice = random.Random(seed)
    decimal.getcontext().prec = 200
    taken = 0
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as cases:
        for _ in range(count):
            data = sample(dice)
            try:
                value = verdict(data)
            except decimal.InvalidOperation:
                continue  # An exponent that StrictJSON reads, beyond those of Python's decimal.
            taken += value is not None
            cases.write(data.hex() + (" -" if value is None else " " + value.hex()) + "\n")
        cases.flush()
        print(f"seed {seed}: Python takes {taken} of {count} texts", flush=True)
        os.environ["REPRIEVE_JSON_CASES"] = cases.name
        test = ["swift", "test", "--filter", "StrictJSONTests.*Python"]
        return subprocess.run(test, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
