"""Writes the vectors of chapter 06 beside itself; with --check only says whether they would change.

Plain Python, nothing to install. The formats are written here once more from spec/06-relay.md; each
vector states what it expects, and the readers below must answer exactly that or nothing is written.
"""

import hashlib
import json
import pathlib
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import ed25519  # noqa: E402

LIVE, LIVE_2, EXERCISE = (bytes.fromhex(x) for x in ("0000000001", "0000000002", "010000002a"))
PRECEDENCES = ["ROUTINE", "PRIORITY", "IMMEDIATE", "FLASH"]
NEUTRAL = bytes([1]) + bytes(31)  # a key of small order


class Refused(Exception):
    def __init__(self, kind, field):
        super().__init__(f"{kind} in {field}")
        self.kind, self.field = kind, field


def seed(name):
    return hashlib.sha256(b"chappe-vectors/1 relay " + name.encode()).digest()


OWNER, READER, STRANGER = seed("owner"), seed("reader"), seed("stranger")
OWNER_KEY, READER_KEY, STRANGER_KEY = (ed25519.public(x) for x in (OWNER, READER, STRANGER))


def u(value, octets):
    return value.to_bytes(octets, "big")


def h(label, *parts):
    return hashlib.sha256(label.encode() + b"".join(parts)).digest()


def mailbox(key):
    return h("chappe-mailbox/1", key)[:16]


def topic(realm, name):
    return h("chappe-topic/1", realm, name.encode())[:16]


# ---- reading -----------------------------------------------------------------------------------


class Reader:
    def __init__(self, octets):
        self.octets, self.at = octets, 0

    def take(self, count, field):
        if self.at + count > len(self.octets):
            raise Refused("truncated", field)
        self.at += count
        return self.octets[self.at - count : self.at]

    def u(self, octets, field):
        return int.from_bytes(self.take(octets, field), "big")

    def rest(self):
        return self.take(len(self.octets) - self.at, "rest")

    def end(self):
        if self.at != len(self.octets):
            raise Refused("trailing", "end")


def is_key(octets):
    return ed25519._decompress(octets) is not None and octets not in WEAK


# The eight points of small order as RFC 8032 writes them; canonical encodings only.
WEAK = {
    bytes.fromhex(x)
    for x in (
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    )
}


def read_parcel(r):
    head = r.u(1, "version")
    if head >> 4:
        raise Refused("unknown_version", "version")
    if head & 1:
        raise Refused("reserved", "reserved")
    address = r.take(16, "address")
    expiry = r.u(5, "expiry")
    envelope = r.rest()
    if not envelope:
        raise Refused("too_short", "envelope")
    if len(envelope) > 16384:
        raise Refused("too_long", "envelope")
    kind = "topic" if head >> 3 & 1 else "mailbox"
    return dict(
        kind=kind,
        precedence=PRECEDENCES[head >> 1 & 3],
        address=address,
        expiry=str(expiry),
        envelope=envelope,
    )


def write_parcel(p):
    head = (p["kind"] == "topic") << 3 | PRECEDENCES.index(p["precedence"]) << 1
    return bytes([head]) + p["address"] + u(int(p["expiry"]), 5) + p["envelope"]


def read_delegation(r):
    if r.u(1, "version") != 1:
        raise Refused("unknown_version", "version")
    keys = []
    for name in ("mailbox", "reader"):
        key = r.take(32, name)
        if not is_key(key):
            raise Refused("out_of_range", name)
        keys.append(key)
    expiry = r.u(5, "expiry")
    signature = r.take(64, "signature")
    return dict(mailbox=keys[0], reader=keys[1], expiry=str(expiry), signature=signature)


def write_delegation(secret, realm, reader, expiry):
    content = b"\x01" + ed25519.public(secret) + reader + u(expiry, 5)
    return content + ed25519.sign(secret, b"chappe-delegation/1" + realm + content)


def delegation_holds(octets, realm):
    signed = b"chappe-delegation/1" + realm + octets[:70]
    return octets[70:102] not in WEAK and ed25519.verify(octets[1:33], signed, octets[70:])


def read_lease(r):
    start = r.at
    read_delegation(r)
    delegation = r.octets[start : r.at]
    first = r.u(4, "first_epoch")
    count = r.u(1, "count")
    if not 1 <= count <= 32:
        raise Refused("out_of_range", "count")
    if first + count > 1 << 32:
        raise Refused("out_of_range", "first_epoch")
    labels = []
    for _ in range(count):
        label = r.take(3, "label")
        if label == bytes(3):
            raise Refused("out_of_range", "label")
        labels.append(label)
    return dict(delegation=delegation, first_epoch=first, labels=labels)


def write_lease(lease):
    count = u(len(lease["labels"]), 1)
    return lease["delegation"] + u(lease["first_epoch"], 4) + count + b"".join(lease["labels"])


def write_length(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def read_length(r, field):
    value = 0
    for place in range(4):
        octet = r.u(1, field)
        value |= (octet & 127) << 7 * place
        if octet < 128:
            if place and not octet:
                raise Refused("not_canonical", field)
            return value
    raise Refused("too_long", field)


def message(kind, *body):
    body = b"".join(body)
    return bytes([kind]) + write_length(len(body)) + body


def read_body(octets):
    r = Reader(octets)
    kind = r.u(1, "type")
    length = read_length(r, "length")
    if length > 16896:
        raise Refused("too_long", "length")
    body = Reader(r.take(length, "body"))
    r.end()
    return kind, body


def read_address(r):
    kind = r.u(1, "kind")
    if kind > 1:
        raise Refused("unknown_code", "kind")
    return dict(kind=["mailbox", "topic"][kind], address=r.take(16, "address"))


def read_client_message(octets):
    kind, r = read_body(octets)
    if kind >= 0x80:
        raise Refused("unexpected", "type")
    if kind == 1:
        role = r.u(1, "role")
        if role:
            raise Refused("reserved" if role == 1 else "unknown_code", "role")
        mode = r.u(1, "realm")
        if mode > 1:
            raise Refused("unknown_code", "realm")
        realm = u(mode, 1) + r.take(4, "realm")
        count = r.u(1, "count")
        if not 1 <= count <= 8:
            raise Refused("out_of_range", "count")
        versions = []
        for _ in range(count):
            versions.append(r.u(1, "versions"))
            if versions[-2:] != sorted(set(versions[-2:])):
                raise Refused("not_canonical", "versions")
        out = dict(message="hello", realm=realm, versions=versions)
    elif kind == 2:
        out = dict(message="publish", number=str(r.u(8, "number")))
        at = r.at
        try:
            read_parcel(r)
        except Refused as refused:
            if refused.kind != "unknown_version":
                raise
            out["message"] = "publish_of_unknown_version"
        out["parcel"], r.at = r.octets[at:], len(r.octets)
    elif kind in (3, 4):
        out = dict(message="fetch" if kind == 3 else "subscribe", number=str(r.u(8, "number")))
        out |= read_address(r)
        out["cursor"] = str(r.u(8, "cursor"))
        if kind == 3:
            out["limit"] = r.u(2, "limit")
        out["delegation"] = r.rest()
    elif kind == 5:
        out = dict(message="unsubscribe", number=str(r.u(8, "number")))
    else:
        out = dict(message="unknown", type=kind, body=r.rest())
    r.end()
    return out


def read_relay_message(octets):
    kind, r = read_body(octets)
    if kind < 0x80:
        raise Refused("unexpected", "type")
    if kind == 0x81:
        out = dict(message="hello_answer", version=r.u(1, "version"), log=str(r.u(8, "log")))
    elif kind == 0x82:
        out = dict(message="acknowledged", number=str(r.u(8, "number")))
    elif kind == 0x83:
        out = dict(message="refused", number=str(r.u(8, "number")), reason=r.u(1, "reason"))
    elif kind == 0x84:
        out = dict(message="parcel", number=str(r.u(8, "number")), cursor=str(r.u(8, "cursor")))
        at = r.at
        read_parcel(r)
        out["parcel"] = r.octets[at:]
    elif kind == 0x85:
        out = dict(message="end", number=str(r.u(8, "number")), cursor=str(r.u(8, "cursor")))
        more = r.u(1, "more")
        if more > 1:
            raise Refused("unknown_code", "more")
        out["more"] = more == 1
    elif kind == 0x86:
        out = dict(message="unknown_message", type=r.u(1, "type"))
    else:
        out = dict(message="unknown", type=kind, body=r.rest())
    r.end()
    return out


def access(given):
    """The reason's name, or the time at which the grant ends (none: null)."""
    if given["kind"] == "topic" or mailbox(given["reader"]) == given["address"]:
        return dict(until=None)
    if not given["delegation"]:
        return "not_your_mailbox"
    try:
        r = Reader(given["delegation"])
        delegation = read_delegation(r)
        r.end()
    except Refused:
        return "bad_delegation"
    if mailbox(delegation["mailbox"]) != given["address"]:
        return "bad_delegation"
    if delegation["reader"] != given["reader"]:
        return "bad_delegation"
    if not delegation_holds(given["delegation"], given["realm"]):
        return "bad_delegation"
    if int(given["now"]) >= int(delegation["expiry"]):
        return "delegation_expired"
    return dict(until=delegation["expiry"])


def whole(read):
    def reader(octets):
        r = Reader(octets)
        out = read(r)
        r.end()
        return out

    return reader


def parcel_answer(octets):
    out = whole(read_parcel)(octets)
    assert write_parcel(out) == octets
    return out | dict(id=hashlib.sha256(out["envelope"]).digest())


def delegation_answer(octets):
    out = whole(read_delegation)(octets)
    return {name: out[name] for name in ("mailbox", "reader", "expiry")} | dict(
        address=mailbox(out["mailbox"])
    )


# ---- a file of vectors -------------------------------------------------------------------------


def plain(value):
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return value


class Book:
    def __init__(self, name):
        self.name, self.vectors = name, []

    def put(self, kind, section, comment, given, out=None, error=None):
        number = len(self.vectors) + 1
        vector = dict(
            id=f"{self.name}-{number:03}",
            comment=comment,
            spec=f"06-relay.md#{section}",
            kind=kind,
        )
        vector["in"] = plain(given)
        if error:
            vector |= dict(result="invalid", error=dict(zip(("kind", "field"), error)))
        else:
            vector |= dict(result="valid", out=plain(out))
        self.vectors.append(vector)

    def read(self, kind, section, reader, comment, octets, error=None):
        """A vector that reads octets; the reader above must agree with what is expected."""
        try:
            out, refused = reader(octets), None
        except Refused as caught:
            out, refused = None, (caught.kind, caught.field)
        assert refused == error, (comment, refused, error)
        self.put(kind, section, comment, dict(octets=octets), out, error)

    def text(self):
        book = dict(schema="chappe-vectors/1", chapter="06-relay", vectors=self.vectors)
        return json.dumps(book, indent=1, ensure_ascii=True) + "\n"


# ---- the vectors -------------------------------------------------------------------------------

TOPIC = topic(LIVE, "field")
MAILBOX = mailbox(OWNER_KEY)
EXPIRY = 1_800_000_000
DAY = 86_400
PARCEL = write_parcel(
    dict(kind="topic", precedence="FLASH", address=TOPIC, expiry=EXPIRY, envelope=b"\x00envelope")
)
DELEGATION = write_delegation(OWNER, LIVE, READER_KEY, EXPIRY)


def addresses():
    b = Book("address")
    for name, key in (("owner", OWNER_KEY), ("reader", READER_KEY)):
        b.put("mailbox", "addresses", f"the mailbox of {name}", dict(key=key), dict(address=mailbox(key)))
    for realm, name in (
        (LIVE, "field"),
        (LIVE_2, "field"),
        (EXERCISE, "field"),
        (LIVE, ""),
        (LIVE, "тревога"),
        (LIVE, "Field"),
    ):
        out = dict(address=topic(realm, name))
        b.put("topic", "addresses", f"the topic {name!a}", dict(realm=realm, name=name), out)
    return b


def parcels():
    b = Book("parcel")

    def read(comment, octets, error=None):
        b.read("parcel", "parcel", parcel_answer, comment, octets, error)

    for kind in ("mailbox", "topic"):
        for precedence in PRECEDENCES:
            p = dict(kind=kind, precedence=precedence, address=TOPIC, expiry=EXPIRY, envelope=b"\x01\x02")
            read(f"{precedence} for a {kind}", write_parcel(p))
    read("the shortest envelope", PARCEL[:22] + b"\xff")
    read("the longest envelope", PARCEL[:22] + bytes(16384))
    read("expiry 0: it parses, no relay takes it", PARCEL[:17] + bytes(5) + b"x")
    read("the latest expiry", PARCEL[:17] + b"\xff" * 5 + b"x")
    read("nothing", b"", ("truncated", "version"))
    for version in (1, 15):
        octets = bytes([version << 4]) + PARCEL[1:]
        read(f"version {version}", octets, ("unknown_version", "version"))
    read("an unknown version is noticed before anything else", b"\x11", ("unknown_version", "version"))
    read("the reserved bit", bytes([PARCEL[0] | 1]) + PARCEL[1:], ("reserved", "reserved"))
    read("ends in the address", PARCEL[:16], ("truncated", "address"))
    read("ends in the expiry", PARCEL[:21], ("truncated", "expiry"))
    read("no envelope", PARCEL[:22], ("too_short", "envelope"))
    read("an envelope too long", PARCEL[:22] + bytes(16385), ("too_long", "envelope"))
    return b


def delegations():
    b = Book("delegation")
    for realm in (LIVE, EXERCISE):
        for expiry in (0, EXPIRY, 2**40 - 1):
            given = dict(seed=OWNER, realm=realm, reader=READER_KEY, expiry=str(expiry))
            octets = write_delegation(OWNER, realm, READER_KEY, expiry)
            b.put("delegation_write", "delegation", "signed by the owner", given, dict(octets=octets))

    def read(comment, octets, error=None):
        b.read("delegation", "delegation", delegation_answer, comment, octets, error)

    read("a delegation", DELEGATION)
    read("the signature is not looked at when reading", DELEGATION[:70] + bytes(64))
    read("nothing", b"", ("truncated", "version"))
    for version in (0, 2, 255):
        read(f"version {version}", u(version, 1) + DELEGATION[1:], ("unknown_version", "version"))
    for at, field in ((32, "mailbox"), (64, "reader"), (69, "expiry"), (133, "signature")):
        read(f"ends in the {field}", DELEGATION[:at], ("truncated", field))
    read("an octet more", DELEGATION + b"\0", ("trailing", "end"))
    for weak in sorted(WEAK):
        octets = DELEGATION[:33] + weak + DELEGATION[65:]
        read("a reader's key of small order", octets, ("out_of_range", "reader"))
    octets = DELEGATION[:1] + NEUTRAL + DELEGATION[33:]
    read("a mailbox's key of small order", octets, ("out_of_range", "mailbox"))
    octets = DELEGATION[:33] + b"\xff" * 32 + DELEGATION[65:]
    read("a reader's key with y not below p", octets, ("out_of_range", "reader"))
    no_point = next(u(n, 1) + bytes(31) for n in range(2, 99) if not is_key(u(n, 1) + bytes(31)))
    octets = DELEGATION[:33] + no_point + DELEGATION[65:]
    read("a reader's key that is no point", octets, ("out_of_range", "reader"))

    def verify(comment, octets, realm, error=None):
        assert delegation_holds(octets, realm) == (error is None), comment
        given = dict(octets=octets, realm=realm)
        b.put("delegation_verify", "delegation", comment, given, dict(verified=True), error)

    bad = ("bad_signature", "signature")
    verify("in its realm", DELEGATION, LIVE)
    verify("in another network", DELEGATION, LIVE_2, bad)
    verify("in an exercise", DELEGATION, EXERCISE, bad)
    for at in (69, 70, 133):
        changed = bytearray(DELEGATION)
        changed[at] ^= 1
        verify(f"octet {at} changed", bytes(changed), LIVE, bad)
    signed_by_another = DELEGATION[:70] + ed25519.sign(
        STRANGER, b"chappe-delegation/1" + LIVE + DELEGATION[:70]
    )
    verify("signed by another", signed_by_another, LIVE, bad)
    no_context = DELEGATION[:70] + ed25519.sign(OWNER, DELEGATION[:70])
    verify("signed without context", no_context, LIVE, bad)
    message_signed = b"chappe-delegation/1" + LIVE + DELEGATION[:70]
    crafted = DELEGATION[:70] + ed25519.sign_with_neutral_r(OWNER, message_signed)
    verify("R of small order: only the strict predicate refuses it", crafted, LIVE, bad)
    s = int.from_bytes(DELEGATION[102:], "little") + ed25519.L
    verify("s not reduced", DELEGATION[:102] + s.to_bytes(32, "little"), LIVE, bad)
    return b


def leases():
    b = Book("lease")

    def lease(first=20_000, labels=(b"\x01\x02\x03",)):
        return write_lease(dict(delegation=DELEGATION, first_epoch=first, labels=list(labels)))

    def read(comment, octets, error=None):
        b.read("lease", "lease", whole(read_lease), comment, octets, error)

    many = [u(n, 3) for n in range(1, 33)]
    read("one label", lease())
    read("three labels", lease(labels=many[:3]))
    read("as many labels as there may be", lease(labels=many))
    read("the same label twice: two epochs may share one", lease(labels=[many[0]] * 2))
    read("from epoch 0", lease(first=0))
    read("the last epoch there is", lease(first=2**32 - 1))
    read("up to the last epoch there is", lease(first=2**32 - 32, labels=many))
    read("no label", lease(labels=[]), ("out_of_range", "count"))
    read("a label too many", lease(labels=many + many[:1]), ("out_of_range", "count"))
    read("beyond the last epoch", lease(first=2**32 - 31, labels=many), ("out_of_range", "first_epoch"))
    read("a label of the field", lease(labels=[many[0], bytes(3)]), ("out_of_range", "label"))
    read("ends in a label", lease(labels=many[:2])[:-1], ("truncated", "label"))
    read("an octet more", lease() + b"\0", ("trailing", "end"))
    read("ends before the count", lease()[:138], ("truncated", "count"))
    read("ends in the first epoch", lease()[:137], ("truncated", "first_epoch"))
    read("a delegation of another version", b"\x02" + lease()[1:], ("unknown_version", "version"))
    read("ends in the delegation", lease()[:100], ("truncated", "signature"))
    return b


def client_messages():
    b = Book("client_message")

    def read(comment, octets, error=None):
        b.read("client_message", "messages", read_client_message, comment, octets, error)

    for realm in (LIVE, EXERCISE):
        read("hello", message(1, b"\0", realm, b"\x01\x01"))
    read("hello with eight versions", message(1, b"\0", LIVE, b"\x08", bytes(range(1, 9))))
    read("hello with unknown versions only", message(1, b"\0", LIVE, b"\x02\x00\xff"))
    read("hello of a relay", message(1, b"\x01", LIVE, b"\x01\x01"), ("reserved", "role"))
    read("hello of nobody", message(1, b"\x02", LIVE, b"\x01\x01"), ("unknown_code", "role"))
    read("hello in no mode", message(1, b"\0\x02\0\0\0\x01\x01\x01"), ("unknown_code", "realm"))
    read("hello without a version", message(1, b"\0", LIVE, b"\0"), ("out_of_range", "count"))
    nine = message(1, b"\0", LIVE, b"\x09", bytes(range(1, 10)))
    read("hello with nine versions", nine, ("out_of_range", "count"))
    read("hello, versions descending", message(1, b"\0", LIVE, b"\2\2\1"), ("not_canonical", "versions"))
    read("hello, a version twice", message(1, b"\0", LIVE, b"\2\1\1"), ("not_canonical", "versions"))
    read("hello, a version missing", message(1, b"\0", LIVE, b"\2\1"), ("truncated", "versions"))
    read("hello, a version more", message(1, b"\0", LIVE, b"\1\1\2"), ("trailing", "end"))
    read("hello, ends in the realm", message(1, b"\0", LIVE[:4]), ("truncated", "realm"))
    read("an empty hello", message(1), ("truncated", "role"))

    read("publish", message(2, u(1, 8), PARCEL))
    read("publish with the greatest number", message(2, b"\xff" * 8, PARCEL))
    read("publish of the longest parcel", message(2, u(7, 8), PARCEL[:22], bytes(16384)))
    unknown = message(2, u(3, 8), b"\x10\x20\x30")
    read("a parcel of an unknown version is kept as it is", unknown)
    read("publish without a parcel", message(2, u(1, 8)), ("truncated", "version"))
    read("publish of a parcel without envelope", message(2, u(1, 8), PARCEL[:22]), ("too_short", "envelope"))
    reserved = message(2, u(1, 8), bytes([PARCEL[0] | 1]), PARCEL[1:])
    read("publish of a parcel with the reserved bit", reserved, ("reserved", "reserved"))
    read("publish without a whole number", message(2, bytes(7)), ("truncated", "number"))
    long = message(2, u(1, 8), PARCEL[:22], bytes(16385))
    read("publish of an envelope too long", long, ("too_long", "envelope"))

    place = b"\x01" + TOPIC + u(9, 8)
    mine = b"\x00" + MAILBOX + u(0, 8)
    read("fetch from a topic", message(3, u(1, 8), place, u(256, 2)))
    read("fetch from a mailbox", message(3, u(1, 8), mine, u(1, 2)))
    read("fetch with a delegation", message(3, u(1, 8), mine, u(1, 2), DELEGATION))
    other = message(3, u(1, 8), mine, u(1, 2), b"\x09\x09")
    read("a delegation is not looked at while reading", other)
    read("a limit is not judged while reading", message(3, u(1, 8), mine, u(0, 2)))
    read("fetch of no kind", message(3, u(1, 8), b"\x02", TOPIC, u(9, 8), u(1, 2)), ("unknown_code", "kind"))
    for at, field in ((7, "number"), (8, "kind"), (24, "address"), (32, "cursor"), (34, "limit")):
        octets = message(3, (u(1, 8) + place + u(1, 2))[:at])
        read(f"fetch ends in the {field}", octets, ("truncated", field))
    read("subscribe to a topic", message(4, u(2, 8), place))
    read("subscribe with a delegation", message(4, u(2, 8), mine, DELEGATION))
    read("subscribe ends in the cursor", message(4, u(2, 8), place[:-1]), ("truncated", "cursor"))
    read("unsubscribe", message(5, u(2, 8)))
    read("unsubscribe with more", message(5, u(2, 8), b"\0"), ("trailing", "end"))

    read("an unknown type", message(0x7F, b"future"))
    read("an unknown type without a body", message(6))
    read("an unknown type with the longest body", message(0x40, bytes(16896)))
    read("type 00 is unknown like any other", message(0, b"x"))
    read("a relay's type", message(0x82, u(1, 8)), ("unexpected", "type"))
    read("an unknown type of a relay", message(0xFF), ("unexpected", "type"))
    read("a body too long", message(0x40, bytes(16897)), ("too_long", "length"))
    read("nothing", b"", ("truncated", "type"))
    read("no length", b"\x05", ("truncated", "length"))
    read("a padded length", b"\x05\x88\x00" + u(2, 8), ("not_canonical", "length"))
    read("a length of five octets", b"\x05\xff\xff\xff\xff\x01", ("too_long", "length"))
    read("ends in the body", message(5, u(2, 8))[:-1], ("truncated", "body"))
    read("an octet behind the body", message(5, u(2, 8)) + b"\0", ("trailing", "end"))
    return b


def relay_messages():
    b = Book("relay_message")

    def read(comment, octets, error=None):
        b.read("relay_message", "messages", read_relay_message, comment, octets, error)

    read("hello answer", message(0x81, b"\x01", u(0x0123456789ABCDEF, 8)))
    read("hello answer of another version", message(0x81, b"\x02", bytes(8)))
    read("hello answer cut short", message(0x81, b"\x01", bytes(7)), ("truncated", "log"))
    read("an empty hello answer", message(0x81), ("truncated", "version"))
    read("acknowledged", message(0x82, u(1000, 8)))
    read("acknowledged with more", message(0x82, u(1000, 8), b"\0"), ("trailing", "end"))
    read("acknowledged cut short", message(0x82, bytes(3)), ("truncated", "number"))
    for reason in (0, 1, 9, 10, 11, 255):
        read(f"refused for reason {reason}", message(0x83, u(5, 8), u(reason, 1)))
    read("refused without a reason", message(0x83, u(5, 8)), ("truncated", "reason"))
    read("a parcel", message(0x84, u(4, 8), u(17, 8), PARCEL))
    read("the longest parcel", message(0x84, u(4, 8), u(17, 8), PARCEL[:22], bytes(16384)))
    unknown = message(0x84, u(4, 8), u(17, 8), b"\x10", PARCEL[1:])
    read("a parcel of an unknown version", unknown, ("unknown_version", "version"))
    read("a parcel cut short", message(0x84, u(4, 8), u(17, 8), PARCEL[:9]), ("truncated", "address"))
    read("a parcel without a cursor", message(0x84, u(4, 8), u(17, 7)), ("truncated", "cursor"))
    read("the end of a fetch", message(0x85, u(4, 8), u(17, 8), b"\0"))
    read("the end of a fetch with more to come", message(0x85, u(4, 8), u(17, 8), b"\1"))
    read("an end that is neither", message(0x85, u(4, 8), u(17, 8), b"\2"), ("unknown_code", "more"))
    read("an end without more", message(0x85, u(4, 8), u(17, 8)), ("truncated", "more"))
    read("unknown message", message(0x86, b"\x55"))
    read("unknown message without its type", message(0x86), ("truncated", "type"))
    read("an unknown type", message(0x90, b"future"))
    read("an unknown type without a body", message(0xFF))
    read("a client's type", message(0x02, u(1, 8), PARCEL), ("unexpected", "type"))
    read("an unknown type of a client", message(0x7F, b"future"), ("unexpected", "type"))
    return b


def accesses():
    b = Book("access")

    def put(comment, reader, kind, address, delegation, now, expected, realm=LIVE):
        given = dict(
            reader=reader, kind=kind, address=address, delegation=delegation, realm=realm, now=str(now)
        )
        answer = access(given)
        assert answer == expected, (comment, answer)
        if isinstance(expected, str):
            b.put("access", "delegation", comment, given, error=(expected,))
        else:
            b.put("access", "delegation", comment, given, expected)

    free = dict(until=None)
    granted = dict(until=str(EXPIRY))
    put("a topic, anyone", STRANGER_KEY, "topic", TOPIC, b"", EXPIRY, free)
    put("a topic with a delegation nobody needs", STRANGER_KEY, "topic", TOPIC, b"\xff", EXPIRY, free)
    put("the octets of a mailbox as a topic", STRANGER_KEY, "topic", MAILBOX, b"", EXPIRY, free)
    put("the owner", OWNER_KEY, "mailbox", MAILBOX, b"", EXPIRY, free)
    put("the owner with a delegation nobody needs", OWNER_KEY, "mailbox", MAILBOX, b"\xff", 0, free)
    put("a stranger", STRANGER_KEY, "mailbox", MAILBOX, b"", 0, "not_your_mailbox")
    put("the octets of a topic as a mailbox", OWNER_KEY, "mailbox", TOPIC, b"", 0, "not_your_mailbox")
    put("a delegated reader", READER_KEY, "mailbox", MAILBOX, DELEGATION, EXPIRY - 1, granted)
    put("at the expiry", READER_KEY, "mailbox", MAILBOX, DELEGATION, EXPIRY, "delegation_expired")
    put("long after it", READER_KEY, "mailbox", MAILBOX, DELEGATION, 2**40, "delegation_expired")
    bad = "bad_delegation"
    put("another reader", STRANGER_KEY, "mailbox", MAILBOX, DELEGATION, 0, bad)
    put("another mailbox", READER_KEY, "mailbox", mailbox(STRANGER_KEY), DELEGATION, 0, bad)
    put("another realm", READER_KEY, "mailbox", MAILBOX, DELEGATION, 0, bad, EXERCISE)
    put("cut short", READER_KEY, "mailbox", MAILBOX, DELEGATION[:-1], 0, bad)
    put("an octet more", READER_KEY, "mailbox", MAILBOX, DELEGATION + b"\0", 0, bad)
    put("of another version", READER_KEY, "mailbox", MAILBOX, b"\2" + DELEGATION[1:], 0, bad)
    forged = DELEGATION[:70] + ed25519.sign(READER, b"chappe-delegation/1" + LIVE + DELEGATION[:70])
    put("signed by its reader", READER_KEY, "mailbox", MAILBOX, forged, 0, bad)
    own = write_delegation(STRANGER, LIVE, READER_KEY, EXPIRY)
    put("for the signer's own mailbox", READER_KEY, "mailbox", MAILBOX, own, 0, bad)
    return b


def duplicates():
    b = Book("duplicate")

    def put(comment, *steps):
        """Each step: now, expiry, the answer, and what differs from the common parcel."""
        stored, publishes, expected = {}, [], []
        for now, expiry, answer, *other in steps:
            fields = dict(kind="topic", precedence="ROUTINE", address=TOPIC, envelope=b"\x55signal")
            fields |= dict(expiry=str(expiry)) | (other[0] if other else {})
            octets = write_parcel(fields)
            known = stored.setdefault((fields["kind"], fields["address"], fields["envelope"]), [])
            if expiry <= now:
                found = "expired"
            elif expiry - now > 30 * DAY:
                found = "expiry_too_far"
            elif any(one > now and (one - now) * 2 >= expiry - now for one in known):
                found = "duplicate"
            else:
                found = "new"
                known.append(expiry)
            assert found == answer, (comment, now, expiry, found)
            publishes.append(dict(now=str(now), parcel=octets))
            expected.append(answer)
        b.put("duplicate", "parcel", comment, dict(publishes=publishes), dict(answers=expected))

    t, week = EXPIRY, 7 * DAY
    new, duplicate = "new", "duplicate"
    put("the same again", (t, t + week, new), (t, t + week, duplicate))
    put("the same life, 10 seconds later", (t, t + week, new), (t + 10, t + 10 + week, duplicate))
    put("a second to live keeps nothing out", (t, t + 1, new), (t, t + week, new), (t, t + week, duplicate))
    put("exactly half as long", (t, t + 100, new), (t, t + 200, duplicate))
    put("a second less than half", (t, t + 100, new), (t, t + 201, new))
    put("half is what is left now", (t, t + 100, new), (t + 50, t + 150, duplicate), (t + 51, t + 152, new))
    put("a shorter life", (t, t + week, new), (t, t + 1, duplicate))
    put("the longest copy decides", (t, t + 10, new), (t, t + 30, new), (t, t + 60, duplicate), (t, t + 61, new))
    put("a duplicate prolongs nothing", (t, t + 10, new), (t, t + 20, duplicate), (t, t + 40, new))
    put("at its expiry a copy is gone", (t, t + 10, new), (t + 10, t + 11, new))
    put("a second before it is not", (t, t + 10, new), (t + 9, t + 11, duplicate), (t + 9, t + 12, new))
    put("another precedence", (t, t + week, new), (t, t + week, duplicate, dict(precedence="FLASH")))
    put("another address", (t, t + week, new), (t, t + week, new, dict(address=MAILBOX)))
    put("another kind of address", (t, t + week, new), (t, t + week, new, dict(kind="mailbox")))
    put("another envelope", (t, t + week, new), (t, t + week, new, dict(envelope=b"\x55other")))
    put("a refused one is not stored", (t, t, "expired"), (t, t + 30 * DAY + 1, "expiry_too_far"), (t, t + 1, new))
    lives = [2**bits - 1 for bits in range(1, 22)]
    put(
        "21 copies and no more in 30 days",
        *((t, t + life, new) for life in lives),
        (t, t + 30 * DAY, duplicate),
    )
    return b


def main():
    ed25519.check_known_answer()
    books = [addresses(), parcels(), delegations(), leases()]
    books += [client_messages(), relay_messages(), accesses(), duplicates()]
    changed = []
    for book in books:
        path = HERE / f"{book.name}.json"
        if not path.exists() or path.read_text() != book.text():
            changed.append(path.name)
            if "--check" not in sys.argv:
                path.write_text(book.text())
    print(sum(len(book.vectors) for book in books), "vectors")
    if changed and "--check" in sys.argv:
        sys.exit("would change: " + ", ".join(changed))


main()
