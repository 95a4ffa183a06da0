"""Messages of spec/06-relay.md: a reader and a writer for each side."""

from conventions import Refused, refuse_unless, u8, u40
from formats import KINDS, Reader, read_envelope, read_head, read_parcel, write_head

BODY_MAX = 16_896
HELLO, LANE, PUBLISH, FORWARD, FETCH, SUBSCRIBE, LISTEN, CREDIT, STOP, LIVE = range(1, 11)
ANSWER, ACKNOWLEDGED, REFUSED, DELIVERY, END, UNKNOWN, HEARD = range(0x81, 0x88)


def write_number(value):
    """A length's form, of any size."""
    out = b""
    while value > 127:
        out, value = out + u8(value & 127 | 128), value >> 7
    return out + u8(value)


def read_number(r, field, most, least=1):
    value = 0
    for place in range(most):
        octet = r.u(1, field)
        value |= (octet & 127) << 7 * place
        if octet < 128:
            refuse_unless(octet or not place, "not_canonical", field)
            refuse_unless(value >= least, "out_of_range", field)
            return value
    raise Refused("too_long", field)


def message(kind, *body):
    body = b"".join(body)
    return u8(kind) + write_number(len(body)) + body


def split(octets):
    """Type and body of one message that fills the octets."""
    r = Reader(octets)
    kind, length = r.u(1, "type"), read_number(r, "length", 4, 0)
    refuse_unless(length <= BODY_MAX, "too_long", "length")
    body = r.take(length, "body")
    r.end()
    return kind, body


def code(r, names, field):
    found = r.u(1, field)
    refuse_unless(found < len(names), "unknown_code", field)
    return names[found]


def between(r, octets, least, most, field):
    found = r.u(octets, field)
    refuse_unless(least <= found <= most, "out_of_range", field)
    return found


def with_length(r, field):
    return r.take(read_number(r, field, 4, 0), field)


def parcel(r):
    """The octets; of an unknown version they are kept as they are."""
    octets, known = r.octets[r.at :], True
    try:
        read_parcel(r)
    except Refused as refusal:
        if refusal.kind != "unknown_version":
            raise
        known = False
    r.rest()
    return dict(parcel=octets, known_version=known)


def hello(r):
    role = code(r, ["client", "relay"], "role")
    mode = u8(["live", "exercise"].index(code(r, ["live", "exercise"], "realm")))
    realm = mode + r.take(4, "realm")
    versions = list(r.take(between(r, 1, 1, 8, "count"), "versions"))
    refuse_unless(versions == sorted(set(versions)), "not_canonical", "versions")
    certificate = with_length(r, "certificate")
    return dict(
        role=role, realm=realm, versions=versions, certificate=certificate, invitation=with_length(r, "invitation")
    )


def address(r):
    kind = code(r, KINDS, "kind")
    return dict(kind=kind, address=r.take(16, "address"))


def forward(r):
    hops, count = between(r, 1, 1, 8, "hops"), between(r, 1, 0, 3, "count")
    return dict(hops=hops, keys=[r.take(32, "keys") for _ in range(count)]) | parcel(r)


def fetch(r):
    where, cursor, limit = address(r), r.u(8, "cursor"), r.u(2, "limit")
    return where | dict(cursor=str(cursor), limit=limit, delegation=r.rest())


def subscribe(r):
    where, cursor, credit = address(r), r.u(8, "cursor"), r.u(4, "credit")
    return where | dict(cursor=str(cursor), credit=credit, delegation=r.rest())


def listen(r):
    where, datagrams = address(r), code(r, [False, True], "datagrams")
    return where | dict(datagrams=datagrams, delegation=r.rest())


def given_out(r):
    head, expiry = read_head(r, "head"), str(r.u(5, "expiry"))
    return head | dict(expiry=expiry, envelope=read_envelope(r))


def named(r, field="number"):
    return {field: str(read_number(r, field, 9))}


CLIENT = {
    HELLO: ("hello", hello),
    LANE: ("lane", lambda r: dict(precedence=["ROUTINE", "PRIORITY", "IMMEDIATE", "FLASH"][between(r, 1, 0, 3, "precedence")])),
    PUBLISH: ("publish", parcel),
    FORWARD: ("forward", forward),
    FETCH: ("fetch", fetch),
    SUBSCRIBE: ("subscribe", subscribe),
    LISTEN: ("listen", listen),
    CREDIT: ("credit", lambda r: named(r) | dict(octets=r.u(4, "octets"))),
    STOP: ("stop", named),
    LIVE: ("live", parcel),
}
RELAY = {
    ANSWER: ("hello_answer", lambda r: dict(version=r.u(1, "version"), log=r.take(8, "log"))),
    ACKNOWLEDGED: ("acknowledged", named),
    REFUSED: ("refused", lambda r: named(r) | dict(reason=r.u(1, "reason"))),
    DELIVERY: ("delivery", lambda r: named(r) | named(r, "step") | given_out(r)),
    END: ("end", lambda r: named(r) | dict(cursor=str(r.u(8, "cursor")), more=code(r, [False, True], "more"))),
    UNKNOWN: ("unknown_message", lambda r: dict(type=r.u(1, "type"))),
    HEARD: ("heard", lambda r: named(r) | given_out(r)),
}


def read_body(kind, body, known):
    r = Reader(body)
    if kind not in known:
        return dict(message="unknown", type=kind, body=r.rest())
    name, read = known[kind]
    out = dict(message=name) | read(r)
    r.end()
    return out


def read_client_message(octets):
    kind, body = split(octets)
    refuse_unless(kind < 0x80, "unexpected", "type")
    return read_body(kind, body, CLIENT)


def read_relay_message(octets):
    kind, body = split(octets)
    refuse_unless(kind >= 0x80, "unexpected", "type")
    return read_body(kind, body, RELAY)


def delivery(n, step, kind, precedence, expiry, envelope):
    return message(DELIVERY, write_number(n), write_number(step), write_head(kind, precedence), u40(expiry), envelope)


def heard(n, kind, precedence, expiry, envelope):
    return message(HEARD, write_number(n), write_head(kind, precedence), u40(expiry), envelope)
