"""The test vectors against the JSON Schemas: what is valid fits, what is not well-formed does not.

    test_schemas.py [-v]

Python 3.11, standard library only; the schemas are read as they stand in spec/schema.
"""

import json
import sys

from generators.signal_schemas import names
from generators.source import ROOT, Tables
from generators.validate import problems

SCHEMAS = {path.stem: json.loads(path.read_text())
           for path in (ROOT / "spec/schema").glob("*.json")}
TABLES = Tables()


def vectors(path):
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    return json.loads(path.read_text())["vectors"]


def signals():
    """Flat fields of every signal in the vectors, and whether they make a message."""
    for vector in vectors(ROOT / "test-vectors/whiteflag/wire.json"):
        if vector["kind"] in ("message", "fields"):
            yield vector["id"], vector["in"]["fields"], vector.get("error")
    for vector in vectors(ROOT / "test-vectors/whiteflag/rules.json"):
        yield vector["id"], vector["in"]["fields"], None
    for path in sorted((ROOT / "test-vectors/packed").glob("*.json")):
        for vector in vectors(path):
            if vector["kind"] == "packed" and vector["result"] == "valid":
                yield vector["id"], vector["in"]["fields"], None


def nest(flat):
    """The nested shape of flat fields, whatever they are."""
    left = dict(flat)
    take = lambda group: {name: left.pop(name) for name in names(TABLES.group(group))
                          if name in left}
    header, test = take("header"), take("test")
    requests = take("request_objects")
    body = left
    if requests:
        numbers = sorted({name[len("ObjectType"):].removesuffix("Quant") for name in requests})
        body = body | {"requestObjects": [
            {shown: requests[given] for shown, given in
             (("ObjectType", f"ObjectType{n}"), ("ObjectTypeQuant", f"ObjectType{n}Quant"))
             if given in requests} for n in numbers]}
    if test or header.get("MessageCode") == "T":
        body = test | {"PseudoMessageBody": body}
    return {"MessageHeader": header, "MessageBody": body}


def statements():
    for vector in vectors(ROOT / "test-vectors/codec/statement.json"):
        if vector["kind"] == "statement_read" and vector["result"] == "valid":
            given, octets = vector["out"], vector["in"]["statement"]
            if given.get("outcome") != "needs_newer":
                known = SCHEMAS["statement"]["properties"]["statement"]["anyOf"][1]["properties"]
                fields = {name: given[name] for name in given if name in known}
                yield vector["id"], {"statement": fields | {"signature": octets[-128:]}}
        if vector["kind"] == "evidence_body" and vector["result"] == "valid":
            salt = vector["out"]["blinding_salt"]
            yield vector["id"], {"statement": vector["out"]["statement"]} | (
                {"salt": salt} if salt else {})


def cases():
    """(what, schema, value, whether it must fit)"""
    for name, fields, error in signals():
        yield name, "signal-flat", fields, error is None
        # The nested shape cannot hold everything that is wrong with flat fields.
        if error is None or error["kind"] not in ("unexpected", "missing"):
            yield name, "signal-nested", nest(fields), error is None
    for vector in vectors(ROOT / "test-vectors/whiteflag/open.jsonl"):
        fields = vector["inputs"].get("fields") if vector["kind"] == "encode" else None
        if fields:
            yield vector["id"], "signal-flat", fields, True
            yield vector["id"], "signal-nested", nest(fields), True
    for name, value in statements():
        yield name, "statement", value, True
    for vector in vectors(ROOT / "test-vectors/relay/lease.json"):
        if vector["result"] == "valid":
            yield vector["id"], "lease", vector["out"], True
    for path in sorted((ROOT / "test-vectors").glob("*/*.json")):
        if path.parent.name == "primitives":
            continue  # the standards' own values, in a shape of their own
        document = json.loads(path.read_text())
        if "vectors" in document:
            yield path.parent.name + "/" + path.name, "vectors", document, True
    yield "text", "text", "Σ῾Αφροδίτης 🏳", True
    yield "text too long", "text", "x" * 2001, False
    yield "text that is none", "text", 7, False
    empty = {"delegation": "00" * 134, "first_epoch": 1, "labels": []}
    yield "lease without labels", "lease", empty, False
    yield "statement cut", "statement", {"statement": "00" * 158}, False
    vector = {"id": "a", "comment": "", "spec": "00-conventions.md", "kind": "x", "in": {}}
    document = {"schema": "chappe-vectors/1", "chapter": "00", "vectors": [vector]}
    yield "vector without result", "vectors", document, False


def main():
    counted, wrong = {}, 0
    for what, schema, value, fits in cases():
        found = problems(SCHEMAS[schema], value)
        counted[schema] = counted.get(schema, 0) + 1
        if bool(found) == fits:
            wrong += 1
            print(f"schemas: {what} against {schema}: {found[:3] if fits else 'fits, must not'}")
    for schema in SCHEMAS:
        if not counted.get(schema):
            wrong += 1
            print(f"schemas: nothing was checked against {schema}")
    print(f"schemas: {sum(counted.values())} values, {wrong} wrong "
          f"({', '.join(f'{schema} {count}' for schema, count in sorted(counted.items()))})")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
