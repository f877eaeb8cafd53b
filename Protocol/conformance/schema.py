# SPDX-License-Identifier: Apache-2.0
"""As much of JSON Schema (2020-12) as ../schemas use, so that the kit needs nothing else.

The tests of Reprieve hold it to the package `jsonschema`.
"""

import json
import pathlib
import re

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "schemas"
NO_PAYLOADS = ("Common", "DeploymentPlan")
_loaded = {}


def names():
    """The schemas of payloads, by the names of their files."""
    return sorted(path.stem for path in FOLDER.glob("*.json") if path.stem not in NO_PAYLOADS)


def load(name):
    if name not in _loaded:
        _loaded[name] = json.loads((FOLDER / (name + ".json")).read_text())
    return _loaded[name]


def name_for(model):
    """The schema for a `service-model-type`; None if there is none."""
    name = model.split("#")[-1]
    if name.endswith("Error"):
        return "Error"
    return name if (FOLDER / (name + ".json")).is_file() else None


def complaint(name, value):
    """What is wrong with a value, and where; None if it fits the schema of that name."""
    return next(_complaints(value, load(name), name, "the payload"), None)


def _complaints(value, schema, document, place):
    for keyword, argument in schema.items():
        if keyword in _IGNORED:
            continue
        if keyword == "$ref":
            target, where = _resolve(argument, document)
            yield from _complaints(value, target, where, place)
        elif keyword == "properties":
            for member, inner in argument.items():
                if isinstance(value, dict) and member in value:
                    yield from _complaints(value[member], inner, document, member)
        elif keyword == "items":
            for index, element in enumerate(value if isinstance(value, list) else []):
                yield from _complaints(element, argument, document, f"{place}[{index}]")
        elif keyword == "oneOf":
            fitting = [not any(_complaints(value, one, document, place)) for one in argument]
            if fitting.count(True) != 1:
                yield f"{place} fits {fitting.count(True)} of the alternatives, which is not 1"
        elif keyword == "required":
            for member in argument:
                if isinstance(value, dict) and member not in value:
                    yield f"{place} has no {member}"
        elif not _KEYWORDS[keyword](value, argument):
            yield f"{place} is {json.dumps(value)[:80]}, against {keyword} {argument}"


def _resolve(reference, document):
    file, _, pointer = reference.partition("#")
    document = pathlib.PurePath(file).stem or document
    target = load(document)
    for step in pointer.split("/")[1:]:
        target = target[step]
    return target, document


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_integer(value):
    return _is_number(value) and (isinstance(value, int) or value.is_integer())


_TYPES = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": _is_integer,
}
_IGNORED = {"$schema", "$id", "$defs", "title", "description", "examples"}
# What does not speak of a value's type lets it pass.
_KEYWORDS = {
    "type": lambda value, name: _TYPES[name](value),
    "enum": lambda value, words: value in words,
    "minimum": lambda value, bound: not _is_number(value) or value >= bound,
    "maximum": lambda value, bound: not _is_number(value) or value <= bound,
    "minLength": lambda value, bound: not isinstance(value, str) or len(value) >= bound,
    "maxLength": lambda value, bound: not isinstance(value, str) or len(value) <= bound,
    "pattern": lambda value, text: not isinstance(value, str) or bool(re.search(text, value)),
    "maxItems": lambda value, bound: not isinstance(value, list) or len(value) <= bound,
}
