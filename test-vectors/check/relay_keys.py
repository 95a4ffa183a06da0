"""Keys of chapter 06: rotation by the curve's affine law, mailboxes, delegations, invitations."""

import base64
import hashlib
import re

import library as p
from refusal import Refused
from relay_wire import Cursor, refuse_if

D = -121665 * pow(121666, -1, p.P) % p.P
HALF = pow(2, (p.P - 1) // 4, p.P)  # a root of -1


def add(one, other):
    (x, y), (u, v) = one, other
    k = D * x * u * y * v % p.P
    return (x * v + u * y) * pow(1 + k, -1, p.P) % p.P, (y * v + x * u) * pow(1 - k, -1, p.P) % p.P


def times(n, point):
    out = (0, 1)
    for bit in bin(n)[2:]:
        out = add(out, out)
        if bit == "1":
            out = add(out, point)
    return out


def point_of(key):
    y = int.from_bytes(key, "little") % 2**255
    square = (y * y - 1) * pow(D * y * y + 1, -1, p.P) % p.P
    x = pow(square, (p.P + 3) // 8, p.P)
    x = x if x * x % p.P == square else x * HALF % p.P
    return (p.P - x if x % 2 != key[31] >> 7 else x), y


def octets_of(point):
    return (point[1] + (point[0] % 2 << 255)).to_bytes(32, "little")


BASE = point_of((4 * pow(5, -1, p.P) % p.P).to_bytes(32, "little"))


def sha512(*parts):
    return hashlib.sha512(b"".join(parts)).digest()


def little(octets):
    return int.from_bytes(octets, "little")


def check_key(key, field):
    refuse_if(p.state_of(key) != "good", "out_of_range", field)


def mailbox(key):
    return hashlib.sha256(b"chappe-mailbox/1" + key).digest()[:16]


# ---- rotation ----------------------------------------------------------------------------------


def factor(realm, key, epoch):
    return little(sha512(b"chappe-rotation/1", realm, key, epoch.to_bytes(4, "big"))) % p.ORDER


def rotated_key(realm, key, epoch):
    check_key(key, "key")
    return octets_of(times(factor(realm, key, epoch), point_of(key)))


def rotate(seed, realm, epoch, message):
    """All of a rotated key, and its signature."""
    expanded = sha512(seed)
    a = little(expanded[:32]) & 2**254 - 8 | 2**254
    key = p.signing_key(seed)
    h = factor(realm, key, epoch)
    scalar, public = h * a % p.ORDER, rotated_key(realm, key, epoch)
    if octets_of(times(scalar, BASE)) != public:
        raise AssertionError("a' is not the secret of A'")
    prefix = sha512(b"chappe-rotation-nonce/1", realm, expanded[32:], epoch.to_bytes(4, "big"))[:32]
    r = little(sha512(prefix, message)) % p.ORDER
    commitment = octets_of(times(r, BASE))
    s = (r + little(sha512(commitment, public, message)) * scalar) % p.ORDER
    signature = commitment + s.to_bytes(32, "little")
    if not p.verifies(public, message, signature):
        raise AssertionError("the signature does not verify")
    return {
        "transport_key": key.hex(), "h": h.to_bytes(32, "little").hex(), "key": public.hex(),
        "scalar": scalar.to_bytes(32, "little").hex(), "prefix": prefix.hex(), "address": mailbox(public).hex(),
        "signature": signature.hex(),
    }  # fmt: skip


# ---- delegation and lease ----------------------------------------------------------------------


def read_delegation(cursor):
    refuse_if(cursor.cut(1, "version") != b"\1", "unknown_version", "version")
    owner = cursor.cut(32, "mailbox")
    check_key(owner, "mailbox")
    reader = cursor.cut(32, "reader")
    check_key(reader, "reader")
    expiry = int.from_bytes(cursor.cut(5, "expiry"), "big")
    cursor.cut(64, "signature")
    return owner, reader, expiry


def whole_delegation(octets):
    cursor = Cursor(octets)
    found = read_delegation(cursor)
    cursor.done()
    return found


def signed(realm, octets):
    return b"chappe-delegation/1" + realm + octets[:70]


def delegation_verifies(octets, realm):
    return p.verifies(octets[1:33], signed(realm, octets), octets[70:])


def read_lease(octets):
    cursor = Cursor(octets)
    read_delegation(cursor)
    first, count = int.from_bytes(cursor.cut(4, "first_epoch"), "big"), cursor.cut(1, "count")[0]
    refuse_if(count not in range(1, 33), "out_of_range", "count")
    refuse_if(first + count > 2**32, "out_of_range", "first_epoch")
    labels = []
    while len(labels) < count:
        label = cursor.cut(3, "label")
        refuse_if(label == bytes(3), "out_of_range", "label")
        labels.append(label.hex())
    cursor.done()
    return {"delegation": octets[:134].hex(), "first_epoch": first, "labels": labels}


# ---- invitation --------------------------------------------------------------------------------


def read_invitation(cursor):
    refuse_if(cursor.cut(1, "version") != b"\1", "unknown_version", "version")
    number, expiry = cursor.cut(8, "number"), int.from_bytes(cursor.cut(5, "expiry"), "big")
    keys = int.from_bytes(cursor.cut(2, "keys"), "big")
    refuse_if(keys == 0, "out_of_range", "keys")
    cursor.cut(16, "mac")
    return {"number": number.hex(), "expiry": str(expiry), "keys": keys}


def whole_invitation(octets):
    cursor = Cursor(octets)
    found = read_invitation(cursor)
    cursor.done()
    return found


def invitation_tag(key, realm, octets):
    return p.mac(key, b"chappe-invitation/1" + realm + octets[:16])[:16]


def invitation_text(text):
    found = re.fullmatch("chappe-invitation:(.*)", text, re.DOTALL)
    refuse_if(not found, "bad_literal", "prefix")
    digits = found[1]
    refuse_if(re.search("[^A-Za-z0-9_-]", digits), "bad_character", "text")
    refuse_if(len(digits) % 4 == 1, "truncated", "text")
    octets = base64.b64decode(digits + "=" * (-len(digits) % 4), b"-_")
    refuse_if(base64.b64encode(octets, b"-_").decode().strip("=") != digits, "not_canonical", "text")
    cursor = Cursor(octets)
    relay = cursor.cut(32, "relay")
    check_key(relay, "relay")
    fields = read_invitation(cursor)
    refuse_if(not cursor.left, "too_short", "network_address")
    refuse_if(len(cursor.left) > 255, "too_long", "network_address")
    try:
        address = cursor.left.decode()
    except UnicodeDecodeError:
        raise Refused("bad_character", "network_address", 0) from None
    return {"relay": relay.hex(), "invitation": octets[32:64].hex(), "network_address": address} | fields
