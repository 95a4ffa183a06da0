"""The formats of spec/06-relay.md that are no messages: addresses, rotation, parcel, delegation, lease, invitation.

Plain Python, for making vectors; never use it with a real secret.
"""

import base64
import hashlib
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import ed25519  # noqa: E402
from conventions import Refused, h, mac, number, refuse_unless, sha256, u8, u16, u32, u40  # noqa: E402

PRECEDENCES = ["ROUTINE", "PRIORITY", "IMMEDIATE", "FLASH"]
KINDS = ["mailbox", "topic"]
DAY = 86_400
ADDRESS_EPOCH = 7 * DAY
LIFE_MAX = 30 * DAY
ENVELOPE_MAX = 16_384
NETWORK_ADDRESS_MAX = 255
STEPS = [64, 128, 239] + [2**n for n in range(9, 15)]


class Reader:
    """Octets from the front, with the name of the field for the refusal."""

    def __init__(self, octets):
        self.octets, self.at = octets, 0

    def take(self, count, field):
        refuse_unless(self.at + count <= len(self.octets), "truncated", field)
        self.at += count
        return self.octets[self.at - count : self.at]

    def u(self, octets, field):
        return number(self.take(octets, field))

    def rest(self):
        found, self.at = self.octets[self.at :], len(self.octets)
        return found

    def end(self):
        refuse_unless(self.at == len(self.octets), "trailing", "end")


def whole(read):
    """A reader of octets that are one thing and nothing behind it."""

    def reader(octets):
        r = Reader(octets)
        out = read(r)
        r.end()
        return out

    return reader


# ---- keys and addresses ------------------------------------------------------------------------


def _point(key):
    return ed25519._decompress(key)


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


def is_key(octets):
    return octets not in WEAK and _point(octets) is not None


def mailbox(key):
    return h("chappe-mailbox/1", key)[:16]


def topic(realm, name):
    return h("chappe-topic/1", realm, name.encode())[:16]


def address_epoch(seconds):
    return seconds // ADDRESS_EPOCH


def blinding(realm, key, epoch):
    digest = hashlib.sha512(b"chappe-rotation/1" + realm + key + u32(epoch)).digest()
    return int.from_bytes(digest, "little") % ed25519.L


def rotated_key(realm, key, epoch):
    """A' from A alone."""
    refuse_unless(is_key(key), "out_of_range", "key")
    return ed25519._compress(ed25519._multiply(blinding(realm, key, epoch), _point(key)))


class Rotated:
    """A' with its secrets, from the seed of A."""

    def __init__(self, seed, realm, epoch):
        secret, prefix = ed25519._expand(seed)
        self.transport_key = ed25519.public(seed)
        self.h = blinding(realm, self.transport_key, epoch)
        self.scalar = self.h * secret % ed25519.L
        self.prefix = hashlib.sha512(b"chappe-rotation-nonce/1" + realm + prefix + u32(epoch)).digest()[:32]
        self.key = rotated_key(realm, self.transport_key, epoch)
        self.address = mailbox(self.key)

    def sign(self, message):
        """RFC 8032 section 5.1.6 with another scalar and prefix."""
        r = ed25519._digest(self.prefix, message) % ed25519.L
        point = ed25519._compress(ed25519._multiply(r, ed25519.BASE))
        s = (r + ed25519._digest(point, self.key, message) * self.scalar) % ed25519.L
        return point + s.to_bytes(32, "little")


# ---- parcel ------------------------------------------------------------------------------------


def read_head(r, field="version"):
    head = r.u(1, field)
    refuse_unless(head >> 4 == 0, "unknown_version", "version")
    refuse_unless(head & 1 == 0, "reserved", "reserved")
    return dict(kind=KINDS[head >> 3 & 1], precedence=PRECEDENCES[head >> 1 & 3])


def write_head(kind, precedence):
    return u8(KINDS.index(kind) << 3 | PRECEDENCES.index(precedence) << 1)


def read_envelope(r):
    envelope = r.rest()
    refuse_unless(envelope, "too_short", "envelope")
    refuse_unless(len(envelope) <= ENVELOPE_MAX, "too_long", "envelope")
    return envelope


def read_parcel(r):
    head = read_head(r)
    address, expiry = r.take(16, "address"), r.u(5, "expiry")
    return head | dict(address=address, expiry=str(expiry), envelope=read_envelope(r))


def write_parcel(p):
    return write_head(p["kind"], p["precedence"]) + p["address"] + u40(int(p["expiry"])) + p["envelope"]


def parcel_answer(octets):
    out = whole(read_parcel)(octets)
    assert write_parcel(out) == octets
    return out | dict(id=sha256(out["envelope"]))


# ---- delegation and lease ----------------------------------------------------------------------


def read_delegation(r):
    refuse_unless(r.u(1, "version") == 1, "unknown_version", "version")
    keys = []
    for name in ("mailbox", "reader"):
        keys.append(r.take(32, name))
        refuse_unless(is_key(keys[-1]), "out_of_range", name)
    expiry = r.u(5, "expiry")
    return dict(mailbox=keys[0], reader=keys[1], expiry=str(expiry), signature=r.take(64, "signature"))


def write_delegation(key, sign, realm, reader, expiry):
    content = u8(1) + key + reader + u40(expiry)
    return content + sign(b"chappe-delegation/1" + realm + content)


def delegation_holds(octets, realm):
    signed = b"chappe-delegation/1" + realm + octets[:70]
    return octets[70:102] not in WEAK and ed25519.verify(octets[1:33], signed, octets[70:])


def delegation_answer(octets):
    out = whole(read_delegation)(octets)
    return {name: out[name] for name in ("mailbox", "reader", "expiry")} | dict(address=mailbox(out["mailbox"]))


def read_lease(r):
    start = r.at
    read_delegation(r)
    delegation = r.octets[start : r.at]
    first, count = r.u(4, "first_epoch"), r.u(1, "count")
    refuse_unless(1 <= count <= 32, "out_of_range", "count")
    refuse_unless(first + count <= 1 << 32, "out_of_range", "first_epoch")
    labels = []
    for _ in range(count):
        labels.append(r.take(3, "label"))
        refuse_unless(any(labels[-1]), "out_of_range", "label")
    return dict(delegation=delegation, first_epoch=first, labels=labels)


def write_lease(lease):
    return lease["delegation"] + u32(lease["first_epoch"]) + u8(len(lease["labels"])) + b"".join(lease["labels"])


# ---- invitation --------------------------------------------------------------------------------

INVITATION = 32
TEXT = "chappe-invitation:"


def write_invitation(key, realm, invitation, expiry, keys):
    content = u8(1) + invitation + u40(expiry) + u16(keys)
    return content + mac(key, b"chappe-invitation/1", realm, content)[:16]


def read_invitation(r):
    refuse_unless(r.u(1, "version") == 1, "unknown_version", "version")
    found, expiry, keys = r.take(8, "number"), r.u(5, "expiry"), r.u(2, "keys")
    refuse_unless(keys, "out_of_range", "keys")
    r.take(16, "mac")
    return dict(number=found, expiry=str(expiry), keys=keys)


def write_invitation_text(relay, invitation, network_address):
    octets = relay + invitation + network_address.encode()
    return TEXT + base64.urlsafe_b64encode(octets).decode().rstrip("=")


ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def read_base64(text, field):
    """RFC 4648 section 5 without padding, looked at as chapter 10 says."""
    refuse_unless(set(text) <= set(ALPHABET), "bad_character", field)
    refuse_unless(len(text) % 4 != 1, "truncated", field)
    octets = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    refuse_unless(base64.urlsafe_b64encode(octets).decode().rstrip("=") == text, "not_canonical", field)
    return octets


def read_invitation_text(text):
    refuse_unless(text.startswith(TEXT), "bad_literal", "prefix")
    r = Reader(read_base64(text[len(TEXT) :], "text"))
    relay = r.take(32, "relay")
    refuse_unless(is_key(relay), "out_of_range", "relay")
    start = r.at
    out = read_invitation(r)
    invitation, rest = r.octets[start : r.at], r.rest()
    refuse_unless(rest, "too_short", "network_address")
    refuse_unless(len(rest) <= NETWORK_ADDRESS_MAX, "too_long", "network_address")
    try:
        network_address = rest.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("bad_character", "network_address") from None
    return dict(relay=relay, invitation=invitation, network_address=network_address) | out


def padded_size(length):
    refuse_unless(length <= STEPS[-1], "too_long", "envelope")
    return next(step for step in STEPS if step >= length)
