"""What a line looks like: its JSON, the fields of its kind, and their values as Python has them."""

import json

from octets import Wrong, hexadecimal, need

LIMIT = 2**53
OPEN = "open"  # the recipient of an envelope that is for all


def text(value, accounts):
    surrogate = isinstance(value, str) and any("\ud800" <= c <= "\udfff" for c in value)
    need(isinstance(value, str) and not surrogate, "not a text")
    return value


def name(value, accounts):
    need(isinstance(value, str) and value in accounts, "not an account of the public keys")
    return value


def recipient(value, accounts):
    return value if value == OPEN else name(value, accounts)


def flag(value, accounts):
    need(isinstance(value, bool), "neither true nor false")
    return value


def below(limit):
    def read(value, accounts):
        need(type(value) is int and 0 <= value < limit, f"not a number below {limit}")
        return value

    return read


def octets(length=None):
    return lambda value, accounts: hexadecimal(value, length)


def hashes(value, accounts):
    need(isinstance(value, list), "not a list")
    return [hexadecimal(one, 32) for one in value]


def anything(value, accounts):
    return value


def one_of(*values):
    def read(value, accounts):
        need(isinstance(value, str) and value in values, "none of " + ", ".join(values))
        return value

    return read


EVERY = {"line": text, "n": below(LIMIT), "at_ms": below(LIMIT)}
FIELDS = {
    "head": {"format": one_of("chappe-transcript/1"), "realm": text},
    "envelope": {"by": name, "to": recipient, "octets": octets()},
    "frame": {
        "net": below(256), "octets": octets(), "time_on_air_ns": below(LIMIT), "state": one_of("sent"),
    },
    "parcel": {"by": name, "octets": octets(), "id": octets(32)},
    "message": {
        "at": name, "author": name, "sealed": flag, "device": below(2**8), "epoch": below(2**16),
        "counter": below(2**32), "chain": octets(8), "salt": octets(16), "item": octets(),
        "id": octets(32), "envelope": octets(32), "signal": anything,
    },
    "statement": {"at": name, "author": name, "evidence": octets(), "ids": hashes},
    "receipt": {"at": name, "author": name, "evidence": octets(), "receipt": text},
    "refusal": {
        "at": name, "what": one_of("frame", "envelope"), "kind": one_of("bad_mic", "unknown_hint", "revoked"),
        "octets": octets(),
    },
    "revocation": {"at": name, "octets": octets()},
    "restart": {"role": one_of("relay"), "acknowledged": hashes, "fetched": hashes},
    "decision": {"by": name, "decision": one_of("GO", "WITHDRAWN"), "because": hashes},
    "seal": {"lines": below(LIMIT), "sha256": octets(32), "signature": octets(64)},
}  # fmt: skip


class Line(dict):
    """A line; its fields are read as attributes."""

    __getattr__ = dict.__getitem__


def once(pairs):
    found = dict(pairs)
    need(len(found) == len(pairs), "a field twice")
    return found


def refuse(what):
    raise Wrong(f"{what} is no number of a transcript")


def whole(digits):
    need(digits != "-0" and len(digits) <= 20, f"{digits[:20]} is no number of a transcript")
    return int(digits)


def parse(raw):
    """One JSON object, no key twice, whole numbers only."""
    try:
        found = json.loads(
            raw.decode("utf-8"), object_pairs_hook=once, parse_int=whole, parse_float=refuse, parse_constant=refuse
        )
    except (ValueError, RecursionError):
        raise Wrong("not JSON in UTF-8") from None
    need(isinstance(found, dict), "not an object")
    return found


def value(found, field, read, accounts):
    try:
        return read(found[field], accounts)
    except Wrong as wrong:
        raise Wrong(f"field {field}: {wrong}") from None


def read_line(raw, accounts):
    found = parse(raw)
    kind = found.get("line")
    need(isinstance(kind, str) and kind in FIELDS, "unknown kind of line")
    rows = EVERY | FIELDS[kind]
    need(set(found) == set(rows), "fields: " + ", ".join(sorted(set(found) ^ set(rows))))
    need(list(found) == ["n", "at_ms", "line", *FIELDS[kind]], "fields in another order")
    compact = json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    need(compact == raw, "not in the one form")
    return Line({field: value(found, field, read, accounts) for field, read in rows.items()})
