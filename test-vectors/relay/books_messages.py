"""Vectors of single messages: each form at its least, its greatest and as usual, and each way not to be read."""

from book import to_json
from conventions import seed, u8, u16, u32, u40
from formats import PRECEDENCES, mailbox, write_head, write_invitation
from material import DELEGATION, EXERCISE, EXPIRY, LIVE, PARCEL, READER_KEY, RELAY_KEY, STRANGER_KEY, TOPIC, Relay, reads
from messages import (
    ACKNOWLEDGED, ANSWER, BODY_MAX, CREDIT, DELIVERY, END, FETCH, FORWARD, HEARD, HELLO, LANE, LISTEN, LIVE as LIVE_TYPE,
    PUBLISH, REFUSED, STOP, SUBSCRIBE, UNKNOWN, message, read_client_message, read_relay_message, write_number,
)  # fmt: skip

U64 = b"\xff" * 8
GREATEST = 2**63 - 1
LONGEST = PARCEL[:22] + bytes(16_384)
MAILBOX_AT = b"\0" + mailbox(READER_KEY)
TOPIC_AT = b"\1" + TOPIC
NUMBERS = [1, 127, 128, 16_383, 16_384, 2**56 - 1, 2**56, GREATEST]
# Octets that are no [number]: comment, octets, kind of the refusal.
BAD_NUMBERS = [
    ("0", b"\0", "out_of_range"), ("1 in two octets", b"\x81\0", "not_canonical"),
    ("0 in two octets", b"\x80\0", "not_canonical"), ("the greatest in nine, padded", b"\xff" * 8 + b"\0", "not_canonical"),
    ("ten octets", b"\x80" * 9 + b"\1", "too_long"),
]  # fmt: skip


def length_field(octets):
    return write_number(len(octets)) + octets


def hello(role=0, realm=LIVE, versions=b"\2", certificate=b"", invitation=b"", count=None):
    count = len(versions) if count is None else count
    return message(HELLO, u8(role), realm, u8(count), versions, length_field(certificate), length_field(invitation))


class Messages:
    """A book of one side's messages."""

    def __init__(self, name, reader):
        self.book, self.kind = Relay(name, "messages", {name: reads(reader)}), name

    def good(self, comment, octets, /, **expected):
        out = self.book.valid(self.kind, comment, dict(octets=octets))
        for field, value in to_json(expected).items():
            assert out[field] == value, (comment, field, out[field])

    def bad(self, comment, octets, error, field):
        self.book.invalid(self.kind, error, field, comment, dict(octets=octets))

    def cut(self, name, kind, fields):
        """Bodies that end before and inside each field; `fields` are names and octets."""
        before = b""
        for field, octets in fields:
            self.bad(f"{name} ends before its {field}", message(kind, before), "truncated", field)
            if len(octets) > 1:
                self.bad(f"{name} ends in its {field}", message(kind, before + octets[:-1]), "truncated", field)
            before += octets

    def numbers(self, name, kind, behind, /, field="number", before=b"", **expected):
        for number in NUMBERS:
            octets = message(kind, before, write_number(number), behind)
            self.good(f"{name}, {field} {number}", octets, **{field: str(number)}, **expected)
        for comment, octets, error in BAD_NUMBERS:
            self.bad(f"{name}, {field}: {comment}", message(kind, before, octets, behind), error, field)
        self.bad(f"{name} ends in its {field}", message(kind, before, b"\x81"), "truncated", field)

    def parcel(self, name, kind, before=b""):
        self.good(f"{name} of an unknown version, kept as it is", message(kind, before, b"\x10\x20\x30"), known_version=False)
        self.good(f"{name} of an unknown version, nothing but octet 0", message(kind, before, b"\xf0"), known_version=False)
        self.bad(f"{name} without a parcel", message(kind, before), "truncated", "version")
        self.bad(f"{name} that ends in the address", message(kind, before, PARCEL[:16]), "truncated", "address")
        self.bad(f"{name} that ends in the expiry", message(kind, before, PARCEL[:21]), "truncated", "expiry")
        self.bad(f"{name} without an envelope", message(kind, before, PARCEL[:22]), "too_short", "envelope")
        self.bad(f"{name} with the reserved bit", message(kind, before, u8(PARCEL[0] | 1), PARCEL[1:]), "reserved", "reserved")
        self.bad(f"{name} with an envelope too long", message(kind, before, LONGEST, b"\0"), "too_long", "envelope")

    def frame(self, ordinary):
        """What is looked at of any message."""
        self.bad("nothing", b"", "truncated", "type")
        self.bad("a type alone", ordinary[:1], "truncated", "length")
        self.bad("a length that goes on", ordinary[:1] + b"\x80", "truncated", "length")
        self.bad("a length in two octets that fits in one", ordinary[:1] + u8(ordinary[1] | 128) + b"\0" + ordinary[2:], "not_canonical", "length")
        self.bad("a length of five octets", ordinary[:1] + b"\x80\x80\x80\x80\1", "too_long", "length")
        self.bad("a length above the greatest, before its body has come", ordinary[:1] + write_number(BODY_MAX + 1), "too_long", "length")
        self.bad("the greatest length there is", ordinary[:1] + b"\xff\xff\xff\x7f", "too_long", "length")
        self.bad("ends in the body", ordinary[:-1], "truncated", "body")
        self.bad("the body has not begun", ordinary[:2], "truncated", "body")
        self.bad("an octet behind the message", ordinary + b"\0", "trailing", "end")


def hellos(m):
    invitation = write_invitation(seed("relay invitation key"), LIVE, bytes(8), EXPIRY, 5)
    m.good("hello", hello(), message="hello", role="client", versions=[2])
    m.good("hello in an exercise", hello(realm=EXERCISE))
    m.good("hello of a relay", hello(role=1), role="relay")
    m.good("hello with eight versions", hello(versions=bytes(range(1, 9))))
    m.good("hello with unknown versions only", hello(versions=b"\0\xff"))
    m.good("hello with an invitation", hello(invitation=invitation), invitation=invitation)
    m.good("hello with a certificate, which is not read here", hello(certificate=b"c" * 262), certificate=b"c" * 262)
    m.good("hello with both", hello(certificate=b"c" * 262, invitation=invitation), invitation=invitation)
    most = BODY_MAX - 1 - 5 - 1 - 1 - 3 - 1
    m.good("the longest hello", hello(certificate=bytes(most)))
    m.bad("hello of nobody", hello(role=2), "unknown_code", "role")
    m.bad("hello in no mode", hello(realm=b"\2\0\0\0\1"), "unknown_code", "realm")
    m.bad("hello without a version", hello(versions=b""), "out_of_range", "count")
    m.bad("hello with nine versions", hello(versions=bytes(range(1, 10))), "out_of_range", "count")
    m.bad("hello, versions descending", hello(versions=b"\2\1"), "not_canonical", "versions")
    m.bad("hello, a version twice", hello(versions=b"\2\2"), "not_canonical", "versions")
    m.cut("hello", HELLO, [
        ("role", b"\0"), ("realm", LIVE), ("count", b"\2"), ("versions", b"\1\2"), ("certificate", b"\3abc"),
        ("invitation", b"\3abc"),
    ])  # fmt: skip
    start = b"\0" + LIVE + b"\1\2"
    m.bad("hello, the certificate's length padded", message(HELLO, start, b"\x80\0\0"), "not_canonical", "certificate")
    m.bad("hello, the certificate's length too long", message(HELLO, start, b"\x80\x80\x80\x80\1"), "too_long", "certificate")
    m.bad("hello, the invitation's length padded", message(HELLO, start, b"\0\x80\0"), "not_canonical", "invitation")
    m.bad("hello, an octet more", message(HELLO, start, b"\0\0\0"), "trailing", "end")


def parcels(m):
    for n, precedence in enumerate(PRECEDENCES):
        m.good(f"lane of {precedence}", message(LANE, u8(n)), message="lane", precedence=precedence)
    for n in (4, 255):
        m.bad(f"lane of precedence {n}", message(LANE, u8(n)), "out_of_range", "precedence")
    m.cut("lane", LANE, [("precedence", b"\0")])
    m.bad("lane, an octet more", message(LANE, b"\0\0"), "trailing", "end")

    m.good("publish", message(PUBLISH, PARCEL), message="publish", parcel=PARCEL, known_version=True)
    m.good("publish of the shortest parcel", message(PUBLISH, PARCEL[:22], b"\0"), message="publish")
    m.good("publish of the longest parcel", message(PUBLISH, LONGEST), message="publish")
    m.parcel("publish", PUBLISH)

    keys = [RELAY_KEY, STRANGER_KEY, READER_KEY]
    for n in range(4):
        octets = message(FORWARD, b"\3", u8(n), b"".join(keys[:n]), PARCEL)
        m.good(f"forward to {n} homes", octets, message="forward", hops=3, keys=keys[:n], parcel=PARCEL)
    m.good("forward with one hop left", message(FORWARD, b"\1\1", RELAY_KEY, PARCEL), hops=1)
    m.good("forward with eight hops left", message(FORWARD, b"\x08\1", RELAY_KEY, PARCEL), hops=8)
    m.good("forward of the longest parcel to three", message(FORWARD, b"\x08\3", *keys, LONGEST), message="forward")
    m.good("forward to a key that is none, only compared", message(FORWARD, b"\1\1", b"\xff" * 32, PARCEL), keys=[b"\xff" * 32])
    m.good("forward to one home twice", message(FORWARD, b"\1\2", RELAY_KEY * 2, PARCEL), keys=[RELAY_KEY] * 2)
    for hops in (0, 9, 255):
        m.bad(f"forward with {hops} hops left", message(FORWARD, u8(hops), b"\1", RELAY_KEY, PARCEL), "out_of_range", "hops")
    for n in (4, 255):
        m.bad(f"forward to {n} homes", message(FORWARD, b"\1", u8(n), RELAY_KEY * 4, PARCEL), "out_of_range", "count")
    m.cut("forward", FORWARD, [("hops", b"\1"), ("count", b"\2"), ("keys", RELAY_KEY * 2)])
    m.parcel("forward", FORWARD, b"\1\1" + RELAY_KEY)

    m.good("live", message(LIVE_TYPE, PARCEL), message="live", parcel=PARCEL)
    m.good("live of the longest parcel", message(LIVE_TYPE, LONGEST), message="live")
    m.parcel("live", LIVE_TYPE)


def reads_of(m):
    """Fetch, subscribe and listen."""
    for name, kind, before, last, size, low, high in (
        ("fetch", FETCH, u64(7), "limit", 2, u16(1), u16(256)),
        ("subscribe", SUBSCRIBE, u64(7), "credit", 4, u32(0), u32(2**32 - 1)),
        ("listen", LISTEN, b"", "datagrams", 1, b"\0", b"\1"),
    ):
        m.good(f"{name} of a topic", message(kind, TOPIC_AT, before, high), message=name, kind="topic", address=TOPIC)
        m.good(f"{name} of a mailbox", message(kind, MAILBOX_AT, before, low), message=name, kind="mailbox")
        m.good(f"{name} with a delegation", message(kind, MAILBOX_AT, before, low, DELEGATION), delegation=DELEGATION)
        m.good(f"{name} with a delegation that is none, not read here", message(kind, MAILBOX_AT, before, low, b"\xff"))
        m.bad(f"{name} of neither", message(kind, b"\2", TOPIC, before, low), "unknown_code", "kind")
        fields = [("kind", b"\1"), ("address", TOPIC), *([("cursor", before)] if before else []), (last, low)]
        m.cut(name, kind, fields)
        room = BODY_MAX - 17 - len(before) - size
        m.good(f"the longest {name}", message(kind, TOPIC_AT, before, low, bytes(room)), message=name)
        if before:
            m.good(f"{name} from the first cursor", message(kind, TOPIC_AT, bytes(8), low), cursor="0")
            m.good(f"{name} from the greatest cursor", message(kind, TOPIC_AT, U64, low), cursor=str(2**64 - 1))
    for limit in (0, 257, 65_535):
        m.good(f"fetch with limit {limit}, which is refused and not malformed", message(FETCH, TOPIC_AT, u64(0), u16(limit)), limit=limit)
    m.bad("listen, datagrams neither yes nor no", message(LISTEN, TOPIC_AT, b"\2"), "unknown_code", "datagrams")


def u64(value):
    return value.to_bytes(8, "big")


def client_messages():
    m = Messages("client_message", read_client_message)
    m.frame(message(PUBLISH, PARCEL))
    hellos(m)
    parcels(m)
    reads_of(m)
    m.numbers("credit", CREDIT, u32(65_536), message="credit", octets=65_536)
    m.good("credit of nothing", message(CREDIT, b"\1", u32(0)), octets=0)
    m.good("the greatest credit", message(CREDIT, b"\1", u32(2**32 - 1)), octets=2**32 - 1)
    m.cut("credit", CREDIT, [("number", b"\1"), ("octets", u32(1))])
    m.bad("credit, an octet more", message(CREDIT, b"\1", u32(1), b"\0"), "trailing", "end")
    m.numbers("stop", STOP, b"", message="stop")
    m.bad("an empty stop", message(STOP), "truncated", "number")
    m.bad("stop, an octet more", message(STOP, b"\1\0"), "trailing", "end")
    m.good("type 00 is unknown like others", message(0), message="unknown", type=0)
    m.good("an unknown type", message(0x0B, b"future"), message="unknown", type=11)
    m.good("the last type of a client, without a body", message(0x7F), type=127)
    m.good("an unknown type with the longest body", message(0x40, bytes(BODY_MAX)), type=64)
    m.bad("a relay's type", message(ACKNOWLEDGED, b"\1"), "unexpected", "type")
    m.bad("an unknown type of a relay", message(0xFF, b"future"), "unexpected", "type")
    return m.book


def relay_messages():
    m = Messages("relay_message", read_relay_message)
    m.frame(message(ANSWER, b"\2", b"log name"))
    m.good("hello answer", message(ANSWER, b"\2", b"log name"), message="hello_answer", version=2, log=b"log name")
    m.good("hello answer, all zero", message(ANSWER, bytes(9)), version=0)
    m.good("hello answer, the greatest", message(ANSWER, b"\xff" * 9), version=255)
    m.cut("hello answer", ANSWER, [("version", b"\2"), ("log", bytes(8))])
    m.bad("hello answer, an octet more", message(ANSWER, bytes(10)), "trailing", "end")

    m.numbers("acknowledged", ACKNOWLEDGED, b"", message="acknowledged")
    m.bad("an empty acknowledgement", message(ACKNOWLEDGED), "truncated", "number")
    m.bad("acknowledged, an octet more", message(ACKNOWLEDGED, b"\1\1"), "trailing", "end")

    m.numbers("refused", REFUSED, b"\2", message="refused", reason=2)
    for reason in (*range(1, 16), 0, 16, 255):
        m.good(f"refused for reason {reason:02X}", message(REFUSED, b"\7", u8(reason)), reason=reason)
    m.cut("refused", REFUSED, [("number", b"\7"), ("reason", b"\1")])
    m.bad("refused, an octet more", message(REFUSED, b"\7\1\1"), "trailing", "end")

    head, expiry = write_head("topic", "FLASH"), u40(EXPIRY)
    for name, kind, before in (("delivery", DELIVERY, b"\3\1"), ("heard", HEARD, b"\3")):
        for where in ("mailbox", "topic"):
            for precedence in PRECEDENCES:
                octets = message(kind, before, write_head(where, precedence), expiry, b"envelope")
                m.good(f"{name}, {precedence} for a {where}", octets, message=name, kind=where, precedence=precedence)
        m.good(f"the shortest {name}", message(kind, before, head, bytes(5), b"\0"), expiry="0")
        greatest = write_number(GREATEST) * (len(before))
        m.good(f"the longest {name}", message(kind, greatest, head, b"\xff" * 5, bytes(16_384)), message=name)
        m.bad(f"{name} of an unknown version", message(kind, before, b"\x10", expiry, b"x"), "unknown_version", "version")
        m.bad(f"{name} with the reserved bit", message(kind, before, u8(head[0] | 1), expiry, b"x"), "reserved", "reserved")
        m.bad(f"{name} without an envelope", message(kind, before, head, expiry), "too_short", "envelope")
        m.bad(f"{name} with an envelope too long", message(kind, before, head, expiry, bytes(16_385)), "too_long", "envelope")
        fields = [("number", b"\3"), *([("step", b"\1")] if kind == DELIVERY else []), ("head", head), ("expiry", expiry)]
        m.cut(name, kind, fields)
    m.numbers("delivery", DELIVERY, b"\1" + head + expiry + b"x", message="delivery")
    m.numbers("delivery", DELIVERY, head + expiry + b"x", field="step", before=b"\3", message="delivery")
    m.numbers("heard", HEARD, head + expiry + b"x", message="heard")

    m.numbers("end", END, u64(17) + b"\0", message="end", cursor="17", more=False)
    m.good("end, more is left", message(END, b"\1", u64(17), b"\1"), more=True)
    m.good("end at the first cursor", message(END, b"\1", bytes(8), b"\0"), cursor="0")
    m.good("end at the greatest cursor", message(END, b"\1", U64, b"\0"), cursor=str(2**64 - 1))
    m.bad("end, neither more nor not", message(END, b"\1", u64(17), b"\2"), "unknown_code", "more")
    m.cut("end", END, [("number", b"\1"), ("cursor", u64(17)), ("more", b"\0")])
    m.bad("end, an octet more", message(END, b"\1", u64(17), b"\0\0"), "trailing", "end")

    for kind in (0, 11, 127, 255):
        m.good(f"unknown message of type {kind:02X}", message(UNKNOWN, u8(kind)), message="unknown_message", type=kind)
    m.cut("unknown message", UNKNOWN, [("type", b"\0")])
    m.bad("unknown message, an octet more", message(UNKNOWN, bytes(2)), "trailing", "end")
    m.good("type 80 is unknown", message(0x80), message="unknown", type=128)
    m.good("an unknown type", message(0x88, b"future"), message="unknown", type=136)
    m.good("an unknown type with the longest body", message(0xFF, bytes(BODY_MAX)), type=255)
    m.bad("a client's type", message(PUBLISH, PARCEL), "unexpected", "type")
    m.bad("an unknown type of a client", message(0x7F, b"future"), "unexpected", "type")
    return m.book
