"""The octets of chapter 06: fields that read and write themselves, and the messages made of them."""

from refusal import Refused

URGENCY = ("ROUTINE", "PRIORITY", "IMMEDIATE", "FLASH")
PLACE = ("mailbox", "topic")
LONGEST_BODY = 16896
LONGEST_ENVELOPE = 16384


def refuse_if(wrong, kind, field):
    if wrong:
        raise Refused(kind, field, 0)


class Cursor:
    """What is left to read."""

    def __init__(self, octets):
        self.left = octets

    def cut(self, n, field):
        refuse_if(len(self.left) < n, "truncated", field)
        found, self.left = self.left[:n], self.left[n:]
        return found

    def all(self):
        return self.cut(len(self.left), "")

    def done(self):
        refuse_if(self.left, "trailing", "end")


def groups(cursor, field, at_most):
    """A number of at most so many groups of seven bits, the least first, in its shortest form."""
    value = shift = 0
    while True:
        refuse_if(shift == 7 * at_most, "too_long", field)
        octet = cursor.cut(1, field)[0]
        value += (octet % 128) << shift
        if octet < 128:
            refuse_if(octet == 0 and shift > 0, "not_canonical", field)
            return value
        shift += 7


def in_groups(value):
    out = []
    while not out or value:
        value, low = divmod(value, 128)
        out.append(low)
    return bytes([one + 128 for one in out[:-1]] + out[-1:])


# ---- fields: a name, a reader from a cursor, a writer of the member of a vector ------------------


def whole(name, size, low=0, high=None, as_text=False):
    def read(cursor):
        value = int.from_bytes(cursor.cut(size, name), "big")
        refuse_if(value < low or high is not None and value > high, "out_of_range", name)
        return str(value) if as_text else value

    return name, read, lambda value: int(value).to_bytes(size, "big")


def counted(name):
    """A [number] or [step]: below 2^63 and not 0."""

    def read(cursor):
        value = groups(cursor, name, 9)
        refuse_if(value == 0, "out_of_range", name)
        return str(value)

    return name, read, lambda value: in_groups(int(value))


def one_of(name, *meanings):
    def read(cursor):
        value = cursor.cut(1, name)[0]
        refuse_if(value >= len(meanings), "unknown_code", name)
        return meanings[value]

    return name, read, lambda value: bytes([meanings.index(value)])


def octets(name, size):
    return name, lambda cursor: cursor.cut(size, name).hex(), bytes.fromhex


def behind_length(name):
    def read(cursor):
        return cursor.cut(groups(cursor, name, 4), name).hex()

    return name, read, lambda value: in_groups(len(value) // 2) + bytes.fromhex(value)


def rest(name):
    return name, lambda cursor: cursor.all().hex(), bytes.fromhex


def read_realm(cursor):
    mode = cursor.cut(1, "realm")
    refuse_if(mode[0] > 1, "unknown_code", "realm")
    return (mode + cursor.cut(4, "realm")).hex()


def read_versions(cursor):
    count = cursor.cut(1, "count")[0]
    refuse_if(not 1 <= count <= 8, "out_of_range", "count")
    found = list(cursor.cut(count, "versions"))
    refuse_if(any(a >= b for a, b in zip(found, found[1:])), "not_canonical", "versions")
    return found


def read_homes(cursor):
    count = cursor.cut(1, "count")[0]
    refuse_if(count > 3, "out_of_range", "count")
    return [cursor.cut(32, "keys").hex() for _ in range(count)]


def read_precedence(cursor):
    value = cursor.cut(1, "precedence")[0]
    refuse_if(value > 3, "out_of_range", "precedence")
    return URGENCY[value]


def look_at_head(octet):
    refuse_if(octet > 15, "unknown_version", "version")
    refuse_if(octet % 2, "reserved", "reserved")
    return PLACE[octet // 8], URGENCY[octet // 2 % 4]


def read_envelope(cursor):
    found = cursor.all()
    refuse_if(not found, "too_short", "envelope")
    refuse_if(len(found) > LONGEST_ENVELOPE, "too_long", "envelope")
    return found.hex()


def read_parcel(cursor):
    kind, urgency = look_at_head(cursor.cut(1, "version")[0])
    address, expiry = cursor.cut(16, "address"), cursor.cut(5, "expiry")
    return {
        "kind": kind, "precedence": urgency, "address": address.hex(), "expiry": str(int.from_bytes(expiry, "big")),
        "envelope": read_envelope(cursor),
    }  # fmt: skip


def read_carried(cursor):
    """A parcel in a message: the octets, and whether they are of a version that is known."""
    found, known = cursor.left, True
    try:
        read_parcel(cursor)
    except Refused as refused:
        if refused.kind != "unknown_version":
            raise
        known = False
    cursor.left = b""
    return {"parcel": found.hex(), "known_version": known}


def read_given(cursor):
    kind, urgency = look_at_head(cursor.cut(1, "head")[0])
    expiry = int.from_bytes(cursor.cut(5, "expiry"), "big")
    return {"kind": kind, "precedence": urgency, "expiry": str(expiry), "envelope": read_envelope(cursor)}


def write_given(out):
    head = PLACE.index(out["kind"]) * 8 + URGENCY.index(out["precedence"]) * 2
    return bytes([head]) + int(out["expiry"]).to_bytes(5, "big") + bytes.fromhex(out["envelope"])


# A name of None: the reader gives several members, the writer takes them all.
CARRIED = (None, read_carried, lambda out: bytes.fromhex(out["parcel"]))
GIVEN = (None, read_given, write_given)
ADDRESS = (one_of("kind", *PLACE), octets("address", 16))
NUMBER, CURSOR = counted("number"), whole("cursor", 8, as_text=True)
CLIENT = {
    1: ("hello", one_of("role", "client", "relay"), ("realm", read_realm, bytes.fromhex),
        ("versions", read_versions, lambda found: bytes([len(found), *found])), behind_length("certificate"),
        behind_length("invitation")),
    2: ("lane", ("precedence", read_precedence, lambda value: bytes([URGENCY.index(value)]))),
    3: ("publish", CARRIED),
    4: ("forward", whole("hops", 1, 1, 8),
        ("keys", read_homes, lambda keys: bytes([len(keys)]) + bytes.fromhex("".join(keys))), CARRIED),
    5: ("fetch", *ADDRESS, CURSOR, whole("limit", 2), rest("delegation")),
    6: ("subscribe", *ADDRESS, CURSOR, whole("credit", 4), rest("delegation")),
    7: ("listen", *ADDRESS, one_of("datagrams", False, True), rest("delegation")),
    8: ("credit", NUMBER, whole("octets", 4)),
    9: ("stop", NUMBER),
    10: ("live", CARRIED),
}  # fmt: skip
RELAY = {
    0x81: ("hello_answer", whole("version", 1), octets("log", 8)),
    0x82: ("acknowledged", NUMBER),
    0x83: ("refused", NUMBER, whole("reason", 1)),
    0x84: ("delivery", NUMBER, counted("step"), GIVEN),
    0x85: ("end", NUMBER, CURSOR, one_of("more", False, True)),
    0x86: ("unknown_message", whole("type", 1)),
    0x87: ("heard", NUMBER, GIVEN),
}
SIDES = {"client": CLIENT, "relay": RELAY}


# ---- messages ----------------------------------------------------------------------------------


def cut_message(cursor):
    """Type and body of the next message."""
    kind = cursor.cut(1, "type")[0]
    length = groups(cursor, "length", 4)
    refuse_if(length > LONGEST_BODY, "too_long", "length")
    return kind, cursor.cut(length, "body")


def of_side(kind):
    return "relay" if kind & 0x80 else "client"


def read_body(kind, body):
    side, cursor, out = SIDES[of_side(kind)], Cursor(body), {}
    if kind not in side:
        return {"message": "unknown", "type": kind, "body": body.hex()}
    name, *fields = side[kind]
    for field, read, _ in fields:
        found = read(cursor)
        out |= found if field is None else {field: found}
    cursor.done()
    return {"message": name, **out}


def read_message(octets, side):
    cursor = Cursor(octets)
    kind, body = cut_message(cursor)
    cursor.done()
    refuse_if(of_side(kind) != side, "unexpected", "type")
    return read_body(kind, body)


def write_message(out, side):
    if out["message"] == "unknown":
        kind, body = out["type"], bytes.fromhex(out["body"])
    else:
        kind, (_, *fields) = next((kind, one) for kind, one in SIDES[side].items() if one[0] == out["message"])
        body = b"".join(write(out if name is None else out[name]) for name, _, write in fields)
    return bytes([kind]) + in_groups(len(body)) + body
