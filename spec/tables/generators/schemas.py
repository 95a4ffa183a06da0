"""JSON Schemas (draft 2020-12) in spec/schema: signals in both shapes, texts, the bodies made of
octets, and the test vectors' own files.

They say what is well-formed (chapter 01), not what is right: a reserved code passes.
Keywords stay within what validate.py knows.
"""

import json

from . import signal_schemas
from .signal_schemas import TEXT_OCTETS_MAX, having

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def generate(tables):
    files = {
        "signal-flat": signal_schemas.flat(tables),
        "signal-nested": signal_schemas.nested(tables),
        "text": text(),
        "vectors": vectors(),
    }
    for family in tables.families["family"]:
        for revision in family.get("revision", []):
            if "format" in revision:
                later = f"-{revision['revision']}" if revision["revision"] else ""
                files[family["name"].replace(" ", "-") + later] = body(tables, family, revision)
    return {f"spec/schema/{name}.json": dump(name, schema) for name, schema in files.items()}


def dump(name, schema):
    head = {"$schema": DRAFT, "$id": f"chappe:{name}",
            "$comment": "Generated from spec/tables by spec/tables/generate.py; change it there."}
    return json.dumps(head | schema, indent=2, ensure_ascii=False) + "\n"


# Other families


def text():
    return {"title": "A text (family 04): at most 2,000 octets of UTF-8",
            "type": "string", "maxLength": TEXT_OCTETS_MAX}


def body(tables, family, revision):
    """A format's fields. What only frames them (version, count of a list) may be left out."""
    layout = tables.format(revision["format"])
    return {"title": f"{layout['title']} (family {family['code']}, revision "
                     f"{revision['revision']}; spec/{layout['section']})"} | fields(tables, layout)


def fields(tables, layout):
    counts = {field.get("count") for field in layout["field"]}
    optional = {field["name"] for field in layout["field"]
                if field["name"] == "version" or field["name"] in counts or field.get("optional")}
    return {"type": "object",
            "properties": {field["name"]: value(tables, layout, field)
                           for field in layout["field"]},
            "required": [field["name"] for field in layout["field"]
                         if field["name"] not in optional],
            "additionalProperties": False}


def value(tables, layout, field):
    said = {"description": field["says"]} if "says" in field else {}
    kind = field.get("kind", "uint")
    if "format" in field:
        whole = {"type": "string", "pattern": hexadecimal(field["octets"])}
        return said | {"anyOf": [whole, fields(tables, tables.format(field["format"]))]}
    if kind == "list":
        count = next(each for each in layout["field"] if each["name"] == field["count"])
        least, most = count["range"]
        return said | {"type": "array", "minItems": least, "maxItems": most,
                       "items": {"type": "string", "pattern": hexadecimal(field["each"])}}
    if kind == "octets":
        size = field.get("octets")
        return said | {"type": "string",
                       "pattern": hexadecimal(size) if size else "^([0-9a-f]{2})*$"}
    size = field.get("bits") or 8 * field["octets"]
    if size > 32:
        # Wider integers are decimal strings (test-vectors/README.md).
        return said | {"type": "string", "pattern": "^(0|[1-9][0-9]*)$"}
    low, high = field.get("range", (0, (1 << size) - 1))
    return said | {"type": "integer", "minimum": low, "maximum": high}


def hexadecimal(octets):
    return f"^[0-9a-f]{{{2 * octets}}}$"


# Test vectors


def vectors():
    vector = {
        "type": "object",
        "properties": {
            "id": {"type": "string", "minLength": 1},
            "comment": {"type": "string"},
            "spec": {"type": "string", "pattern": "^[0-9]{2}-[a-z-]+\\.md"},
            "kind": {"type": "string", "pattern": "^[a-z0-9_]+$"},
            "in": {"type": "object"},
            "result": {"enum": ["valid", "invalid"]},
            "out": {"type": "object"},
            "error": {
                "type": "object",
                "properties": {"kind": {"type": "string", "pattern": "^[a-z_]+$"},
                               "field": {"type": "string"},
                               "offset": {"type": "integer", "minimum": 0}},
                "required": ["kind"],
            },
        },
        "required": ["id", "comment", "spec", "kind", "in", "result"],
        "additionalProperties": False,
        "if": having({"result": {"const": "invalid"}}),
        "then": {"required": ["error"], "properties": {"out": False}},
        # A valid vector that asks nothing but to be accepted has no `out`.
        "else": {"properties": {"error": False}},
    }
    return {
        "title": "A file of test vectors, chappe-vectors/1 (test-vectors/README.md)",
        "type": "object",
        "properties": {"schema": {"const": "chappe-vectors/1"}, "chapter": {"type": "string"},
                       "count": {"type": "integer", "minimum": 0},
                       "vectors": {"type": "array", "minItems": 1, "items": vector}},
        "required": ["schema", "chapter", "vectors"],
    }
