"""The kinds of vectors of chapter 01: wire.json and rules.json."""

from judge import accepted, octets_of, refused_as, same
from signal_fields import read_flat, read_text, write_text
from signal_rules import violations
from signal_wire import decode


def check_forms(fields, out):
    """A message in all its forms. All are read; only the text is also written."""
    read = accepted("fields", read_flat, fields)
    on_the_wire, bits = accepted("hex", decode, octets_of(out["hex"]))
    same("hex", on_the_wire, read)
    same("bits", bits, out["bits"])
    same("serialized", accepted("serialized", read_text, out["serialized"]), read)
    return read


def message(vector):
    read = check_forms(vector["in"]["fields"], vector["out"])
    same("serialized", write_text(read), vector["out"]["serialized"])
    same("members of out", sorted(vector["out"]), ["bits", "hex", "serialized"])


def wire(vector):
    refused_as(vector, decode, octets_of(vector["in"]["hex"]))


def fields(vector):
    refused_as(vector, read_flat, vector["in"]["fields"])


def serialized(vector):
    refused_as(vector, read_text, vector["in"]["serialized"])


def rules(vector):
    read = accepted("fields", read_flat, vector["in"]["fields"])
    same("out", {"violations": violations(read)}, vector["out"])


# Kind: its check, the results it knows, and the members that determine one another.
KINDS = {
    "message": (message, ("valid",), ("in", "out")),
    "wire": (wire, ("invalid",), ("error",)),
    "fields": (fields, ("invalid",), ("error",)),
    "serialized": (serialized, ("invalid",), ("error",)),
    "rules": (rules, ("valid",), ("out",)),
}
