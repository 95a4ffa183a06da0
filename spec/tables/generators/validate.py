"""JSON Schema as far as our schemas go, so that testing them needs nothing to be installed.

A keyword that is not known here is an error, never ignored.
"""

import re

TYPES = {"object": dict, "array": list, "string": str, "integer": int}
SAID_ONLY = {"$schema", "$id", "$comment", "$defs", "title", "description"}


def problems(schema, value, root=None, at="$"):
    """Everything that keeps `value` from being valid, as texts; empty if it is."""
    root = schema if root is None else root
    if schema is True:
        return []
    if schema is False:
        return [f"{at}: nothing may stand here"]
    unknown = set(schema) - SAID_ONLY - set(KEYWORDS) - {"then", "else"}
    if unknown:
        raise ValueError(f"keywords not known: {sorted(unknown)}")
    found = []
    for keyword, rule in schema.items():
        if keyword in KEYWORDS:
            found += KEYWORDS[keyword](rule, value, schema, root, at)
    return found


def fits(schema, value, root):
    return not problems(schema, value, root)


def check(holds, says):
    """A keyword that is one condition."""
    return lambda rule, value, schema, root, at: (
        [] if holds(rule, value) else [f"{at}: {says} {rule!r}"])


def is_type(name, value):
    return isinstance(value, TYPES[name]) and not isinstance(value, bool)


def only(kind, holds):
    """The condition is for values of that type; others pass (as the draft has it)."""
    return lambda rule, value: not isinstance(value, kind) or holds(rule, value)


def properties(rule, value, schema, root, at):
    if not isinstance(value, dict):
        return []
    return [problem for name, inner in rule.items() if name in value
            for problem in problems(inner, value[name], root, f"{at}.{name}")]


def additional(rule, value, schema, root, at):
    if not isinstance(value, dict):
        return []
    return [problem for name in value if name not in schema.get("properties", {})
            for problem in problems(rule, value[name], root, f"{at}.{name}")]


def property_names(rule, value, schema, root, at):
    if not isinstance(value, dict):
        return []
    return [problem for name in value for problem in problems(rule, name, root, f"{at} key {name}")]


def items(rule, value, schema, root, at):
    if not isinstance(value, list):
        return []
    return [problem for index, item in enumerate(value)
            for problem in problems(rule, item, root, f"{at}[{index}]")]


def reference(rule, value, schema, root, at):
    target = root
    for step in rule.removeprefix("#/").split("/"):
        target = target[step]
    return problems(target, value, root, at)


def all_of(rule, value, schema, root, at):
    return [problem for inner in rule for problem in problems(inner, value, root, at)]


def any_of(rule, value, schema, root, at):
    return [] if any(fits(inner, value, root) for inner in rule) else [f"{at}: fits no alternative"]


def if_then(rule, value, schema, root, at):
    branch = schema.get("then" if fits(rule, value, root) else "else", True)
    return problems(branch, value, root, at)


def matches(rule, value):
    # `$` is the very end in JSON Schema, in Python also the place before a last line feed.
    return re.search(re.sub(r"\$$", r"\\Z", rule), value) is not None


KEYWORDS = {
    "type": check(is_type, "is no"),
    "const": check(lambda rule, value: value == rule, "is not"),
    "enum": check(lambda rule, value: value in rule, "is none of"),
    "pattern": check(only(str, matches), "does not match"),
    "minLength": check(only(str, lambda rule, value: len(value) >= rule), "is shorter than"),
    "maxLength": check(only(str, lambda rule, value: len(value) <= rule), "is longer than"),
    "minimum": check(only(int, lambda rule, value: value >= rule), "is below"),
    "maximum": check(only(int, lambda rule, value: value <= rule), "is above"),
    "minItems": check(only(list, lambda rule, value: len(value) >= rule), "has fewer than"),
    "maxItems": check(only(list, lambda rule, value: len(value) <= rule), "has more than"),
    "required": check(
        only(dict, lambda rule, value: set(rule) <= set(value)), "does not have all of"),
    "dependentRequired": check(
        only(dict, lambda rule, value: all(set(needs) <= set(value)
                                           for name, needs in rule.items() if name in value)),
        "does not have what goes together:"),
    "properties": properties,
    "additionalProperties": additional,
    "propertyNames": property_names,
    "items": items,
    "$ref": reference,
    "allOf": all_of,
    "anyOf": any_of,
    "if": if_then,
}
