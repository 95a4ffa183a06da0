"""The kinds of vectors of chapter 01: wire.json, rules.json, notation.json and thread.json."""

from judge import accepted, octets_of, refused_as, same
from signal_notation import read, references, write
from signal_fields import read_flat, read_text, write_text
from signal_rules import violations
from signal_states import threads
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


def notation(vector):
    text = vector["in"]["text"]
    if vector["result"] == "invalid":
        return refused_as(vector, read, text)
    messages, out = accepted("text", read, text), vector["out"]
    same("canonical", write(messages), out["canonical"])
    same("messages", messages, out["messages"])
    same("references", references(messages), out["references"])
    same("canonical, read again", accepted("canonical", read, out["canonical"]), messages)


def thread(vector):
    """The order in which messages arrive changes nothing, nor does a repetition."""
    given, now = vector["in"]["messages"], vector["in"]["now"]
    fields = [accepted("fields", read_flat, one["fields"]) for one in given]
    given = [one | {"fields": read} for one, read in zip(given, fields)]
    same("out", threads(given, now), vector["out"])
    same("out, the other way round", threads([*reversed(given), *given], now), vector["out"])


# Kind: its check, the results it knows, and the members that determine one another.
KINDS = {
    "message": (message, ("valid",), ("in", "out")),
    "wire": (wire, ("invalid",), ("error",)),
    "fields": (fields, ("invalid",), ("error",)),
    "serialized": (serialized, ("invalid",), ("error",)),
    "notation": (notation, ("valid", "invalid"), ("out", "error")),
    "thread": (thread, ("valid",), ("out",)),
    "rules": (rules, ("valid",), ("out",)),
}
