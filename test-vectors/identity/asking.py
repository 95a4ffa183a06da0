"""Requests for what is missing, and lists of ids (chapter 04, "Asking for what is missing")."""

from conventions import Refused

AT_ONCE = 64


def take(octets, at, size, field):
    if len(octets) < at + size:
        raise Refused("truncated", field)
    return octets[at : at + size]


def place(octets, at):
    found = {
        "account_id": take(octets, at, 8, "account"), "chain_id": take(octets, at + 8, 8, "chain"),
        "counter": int.from_bytes(take(octets, at + 16, 4, "counter"), "big"),
    }  # fmt: skip
    return found, at + 20


def are_counters(first, count):
    return 1 <= count <= AT_ONCE and first + count <= 2**32


def ends(octets, at):
    if len(octets) > at:
        raise Refused("trailing", "request")


def read_request(octets):
    kind = take(octets, 0, 1, "kind")[0]
    if kind == 2:
        found = take(octets, 1, 32, "id")
        ends(octets, 33)
        return {"what": "proof_of_id", "id": found}
    if kind > 2:
        raise Refused("unknown_code", "kind")
    found, at = place(octets, 1)
    counter = found.pop("counter")
    if kind == 1:
        ends(octets, at)
        return {"what": "proof"} | found | {"counter": counter}
    count = int.from_bytes(take(octets, at, 2, "count"), "big")
    ends(octets, at + 2)
    if not are_counters(counter, count):
        raise Refused("out_of_range", "count")
    return {"what": "ids"} | found | {"first": counter, "count": count}


def read_ids(octets):
    found, at = place(octets, 0)
    first, rest = found.pop("counter"), octets[at:]
    if not rest or len(rest) % 32:
        raise Refused("truncated", "ids")
    ids = [rest[n : n + 32] for n in range(0, len(rest), 32)]
    if not are_counters(first, len(ids)):
        raise Refused("out_of_range", "ids")
    return found | {"first": first, "ids": ids}
