"""Items, envelopes, statements, frames and parcels (chapters 02 to 06): reading, and what binds them."""

import hashlib
import hmac
from typing import NamedTuple

from octets import Wrong, account_id, h, need, number, verifies

ITEM_MAX, ITEMS_MAX, ENVELOPE_MAX, FRAME_MAX, COUNT_MAX = 4096, 32, 16384, 255, 1024
OPEN_HEADER, SIGNATURE = 16, 64
SEALED_OVERHEADS = {1: 20, 2: 21, 3: 52, 4: 117}  # by class
STATEMENT, BLINDING_SALT = 159, 32
REFERENCE_OCTETS = [0, 8, 32, 0]
KNOWN_FORMS = {(0x01, 0): (3,), (0x01, 1): (0, 1, 2), (0x04, 0): (0, 1, 2), **{(family, 0): (0,) for family in (0x10, 0x11, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19)}}
NET_0_KEY = h("chappe-net-0/1")


class Item(NamedTuple):
    family: int
    revision: int
    form: int
    reference: bytes
    body: bytes


def item(head, content):
    family, revision, form = head[0], head[1] >> 2, head[1] & 3
    need(family != 0, "item: reserved family")
    need(form in KNOWN_FORMS.get((family, revision), (form,)), "item: form does not go with its family")
    need(len(content) + 2 <= ITEM_MAX, "item: too long")
    size = REFERENCE_OCTETS[form]
    need(len(content) >= size, "item: truncated reference")
    return Item(family, revision, form, content[:size], content[size:])


def lone_item(octets):
    need(len(octets) >= 2, "item: truncated")
    return item(octets[:2], octets[2:])


def length(octets, at):
    value = 0
    for i in range(4):
        need(at + i < len(octets), "length: truncated")
        octet = octets[at + i]
        value |= (octet & 0x7F) << 7 * i
        if octet < 0x80:
            need(octet or not i, "length: not in its shortest form")
            return value, at + i + 1
    raise Wrong("length: too long")


def several_items(octets):
    items, at = [], 0
    while at < len(octets):
        need(at + 2 <= len(octets), "item: truncated")
        size, begin = length(octets, at + 2)
        need(begin + size <= len(octets), "item: truncated")
        items.append(item(octets[at : at + 2], octets[begin : begin + size]))
        at = begin + size
    need(2 <= len(items) <= ITEMS_MAX, "envelope: number of items")
    return items


class Envelope(NamedTuple):
    octets: bytes
    sealed: bool
    parity: int
    several: bool
    room: int = 0  # of sealed ones: octets of the items
    device: int = 0  # from here on of open ones
    epoch: int = 0
    account: bytes = b""
    counter: int = 0
    items: tuple = ()


def envelope(octets):
    need(1 <= len(octets) <= ENVELOPE_MAX, "envelope: size")
    version, kind, parity, flags = octets[0] >> 6, octets[0] >> 3 & 7, octets[0] >> 2 & 1, octets[0] & 3
    need(version == 0 and kind in (0, *SEALED_OVERHEADS) and flags < 2, "envelope: unknown version, class or flag")
    if kind in SEALED_OVERHEADS:
        need(len(octets) >= SEALED_OVERHEADS[kind], "envelope: truncated")
        need(kind < 3 or parity == 0, "envelope: a first flight of another parity")
        return Envelope(octets, True, parity, bool(flags), room=len(octets) - SEALED_OVERHEADS[kind])
    need(len(octets) >= OPEN_HEADER + SIGNATURE, "envelope: truncated")
    epoch, counter = number(octets[2:4]), number(octets[12:16])
    inside = octets[OPEN_HEADER:-SIGNATURE]
    items = several_items(inside) if flags else [lone_item(inside)]
    need(epoch & 1 == parity, "envelope: parity is not that of the epoch")
    need(counter + len(items) <= 2**32, "envelope: counter out of range")
    return Envelope(octets, False, parity, bool(flags), 0, octets[1], epoch, octets[4:12], counter, tuple(items))


def open_verifies(one, author, realm):
    signed = b"chappe-open/1" + realm + one.octets[:-SIGNATURE]
    return verifies(author.key(one.device), signed, one.octets[-SIGNATURE:])


def place(account, message):
    """Account, device and epoch, as they enter a salt or chain."""
    return account + bytes([message.device]) + message.epoch.to_bytes(2, "big")


def open_salt(account, message):
    return h("chappe-salt/1", place(account, message), message.counter.to_bytes(4, "big"))[:16]


def open_chain(realm, account, message):
    return h("chappe-chain/1", realm, place(account, message))[:8]


class Statement(NamedTuple):
    octets: bytes
    account: bytes
    device: int
    chain: bytes
    first: int
    count: int
    root: bytes


def statement(octets):
    need(len(octets) == STATEMENT and octets[0] == 1, "statement: version or size")
    first, count = number(octets[18:22]), number(octets[22:24])
    need(1 <= count <= COUNT_MAX and first + count <= 2**32, "statement: first or count out of range")
    return Statement(octets, octets[1:9], octets[9], octets[10:18], first, count, octets[24:56])


def evidence(octets):
    """The statement and the blinding salt behind it, if any."""
    need(len(octets) in (STATEMENT, STATEMENT + BLINDING_SALT), "evidence: size")
    return statement(octets[:STATEMENT]), octets[STATEMENT:]


def statement_verifies(one, author, realm):
    signed = b"chappe-statement/1" + realm + one.octets[:-SIGNATURE]
    right = one.account == account_id(author.account)
    return right and verifies(author.key(one.device), signed, one.octets[-SIGNATURE:])


class Frame(NamedTuple):
    net: int
    kind: int
    envelope: bytes  # none in an acknowledgement
    genuine: bool  # the MIC, as far as the net is 0


def mic(key, realm, frame):
    masked = bytearray(frame[:-4])
    masked[1] &= 0x0D  # hops left and relayed
    masked[8] = 0  # previous
    return hmac.new(key, b"chappe-frame/1" + realm + masked, hashlib.sha256).digest()[:4]


def frame(octets, realm):
    need(13 <= len(octets) <= FRAME_MAX, "frame: size")
    version, kind = octets[0] >> 6, octets[0] >> 3 & 7
    need(version == 0 and not octets[0] & 1 and not octets[1] & 1, "frame: version, extension or reserved bit")
    need(kind in (0, 1, 4), "frame: unknown type")
    inside = octets[12 if kind == 0 else 9 : -4]
    if kind == 4:
        need(not octets[1] and not inside, "frame: acknowledgement with more")
    else:
        need(inside, "frame: no envelope")
    return Frame(octets[2], kind, inside, mic(NET_0_KEY, realm, octets) == octets[-4:])


def parcel(octets):
    """The envelope in it."""
    need(len(octets) >= 1 and octets[0] >> 4 == 0, "parcel: unknown version")
    need(not octets[0] & 1, "parcel: reserved bit")
    need(1 <= len(octets) - 22 <= ENVELOPE_MAX, "parcel: size")
    return octets[22:]


def message_id(account, salt, canonical):
    return h("chappe-id/1", account, salt, canonical)
