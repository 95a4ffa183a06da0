"""A second implementation of chapters 00, 02, 03 (the open class), 04 and the label of 05, made from the text alone.

It exists to make and check vectors. It holds no state, guards no secret and is not for use.
Python 3.11 or newer, standard library only.
"""

import pathlib
import sys
from dataclasses import dataclass

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import ed25519  # noqa: E402
import edwards  # noqa: E402
from conventions import Refused, h, mac, number, sha256, u8, u16, u32, u40  # noqa: E402

ITEM_MAX = 4096
ITEMS_MAX = 32
ENVELOPE_MAX = 16384
OPEN_HEADER = 16
SIGNATURE = 64
STATEMENT = 159
BLINDING_SALT = 32
COUNT_MAX = 1024

CLASS_OPEN = 0
FLAG_SEVERAL = 1
REFERENCE_OCTETS = {0: 0, 1: 8, 2: 32, 3: 0}
# (family, revision): the reference forms that go with it
KNOWN = {(0x01, 0): {3}, (0x01, 1): {0, 1, 2}, (0x04, 0): {0, 1, 2}, **{(family, 0): {0} for family in (0x10, 0x11, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19)}}
PADDING = (0x19, 0)
STEPS = [64, 128, 239] + [2**n for n in range(9, 15)]


class NeedsNewer(Exception):
    """Not an error: kept whole, opened not at all."""


# ---- hashes, keys ------------------------------------------------------------------------------


def account_key(seed):
    return ed25519.public(seed)


def account_id(key):
    return h("chappe-account/1", key)[:8]


def sign(seed, context, realm, content):
    return ed25519.sign(seed, context.encode("ascii") + realm + content)


def verifies(key, message, signature):
    """The strict predicate of chapter 00."""
    r = edwards.decode(signature[:32])
    return r is not None and not edwards.is_small_order(r) and ed25519.verify(key, message, signature)


def check_key(key, field):
    """The look at a key that comes before any signature under it."""
    point = edwards.decode(key)
    if point is None:
        raise Refused("bad_signature", "signature")
    if edwards.is_small_order(point):
        raise Refused("weak_key", field)


def check_any(keys, context, realm, content, signature, key_field):
    """One of these keys; the refusal is that of the first, which is the one that holds."""
    refusals = []
    for key in keys:
        try:
            return check_signature(key, context, realm, content, signature, key_field)
        except Refused as refusal:
            refusals.append(refusal)
    raise refusals[0]


def check_signature(key, context, realm, content, signature, key_field="account_key"):
    check_key(key, key_field)
    if not verifies(key, context.encode("ascii") + realm + content, signature):
        raise Refused("bad_signature", "signature")


# ---- length, realm -----------------------------------------------------------------------------


def write_length(n):
    if n >= 2**28:
        raise Refused("too_long", "length")
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def read_length(octets, at=0):
    """The value and the place behind it."""
    value = 0
    for i in range(4):
        if at + i >= len(octets):
            raise Refused("truncated", "length")
        octet = octets[at + i]
        value |= (octet & 0x7F) << 7 * i
        if octet < 0x80:
            if octet == 0 and i > 0:
                raise Refused("not_canonical", "length")
            return value, at + i + 1
    raise Refused("too_long", "length")


MODES = ["live", "exercise"]


def write_realm(mode, network):
    return u8(MODES.index(mode)) + u32(network)


def read_realm(octets):
    """Mode and network."""
    if len(octets) < 5:
        raise Refused("truncated", "realm")
    if len(octets) > 5:
        raise Refused("trailing", "realm")
    if octets[0] >= len(MODES):
        raise Refused("unknown_code", "mode")
    return MODES[octets[0]], number(octets[1:])


def realm_text(octets):
    mode, network = read_realm(octets)
    return f"{mode}/{network:08x}"


def read_realm_text(text):
    for mode in MODES:
        if text.startswith(mode + "/"):
            digits = text[len(mode) + 1 :]
            break
    else:
        raise Refused("bad_literal", "mode")
    if any(c not in "0123456789abcdef" for c in digits):
        raise Refused("bad_digit", "network")
    if len(digits) < 8:
        raise Refused("truncated", "network")
    if len(digits) > 8:
        raise Refused("trailing", "network")
    return write_realm(mode, int(digits, 16))


# ---- items, ids --------------------------------------------------------------------------------


@dataclass
class Item:
    family: int
    revision: int
    form: int
    reference: bytes
    body: bytes

    def head(self):
        return u8(self.family) + u8(self.revision << 2 | self.form)

    def write(self, several=False):
        content = self.reference + self.body
        return self.head() + (write_length(len(content)) if several else b"") + content

    def needs_newer(self):
        return (self.family, self.revision) not in KNOWN

    def is_padding(self):
        return (self.family, self.revision) == PADDING

    def canonical(self, resolved=None):
        """The octets under the id; None while a transport form is unresolved."""
        if self.form != 1:
            return self.write()
        if resolved is None:
            return None
        return Item(self.family, self.revision, 2, resolved, self.body).write()


def item_from(family, octet, content):
    revision, form = octet >> 2, octet & 3
    if family == 0:
        raise Refused("reserved", "family")
    if form not in KNOWN.get((family, revision), {form}):
        raise Refused("inconsistent", "form")
    size = REFERENCE_OCTETS[form]
    if len(content) < size:
        raise Refused("truncated", "reference")
    return Item(family, revision, form, content[:size], content[size:])


def check_padding(item, before):
    """Behind all other items, and zeros."""
    if item.is_padding() and not before or before and before[-1].is_padding() and not item.is_padding():
        raise Refused("unexpected", "family")
    if item.is_padding() and any(item.body):
        raise Refused("bad_padding", "body")
    return item


def messages_of(items):
    return [item for item in items if not item.is_padding()]


def read_head(octets, at):
    if at >= len(octets):
        raise Refused("truncated", "family")
    if at + 1 >= len(octets):
        raise Refused("truncated", "revision")
    return octets[at], octets[at + 1]


def read_lone(octets):
    family, octet = read_head(octets, 0)
    if len(octets) > ITEM_MAX:
        raise Refused("too_long", "item")
    return check_padding(item_from(family, octet, octets[2:]), [])


def read_several(octets):
    items, at = [], 0
    while at < len(octets) or not items:
        if len(items) == ITEMS_MAX:
            raise Refused("too_long", "items")
        family, octet = read_head(octets, at)
        length, at = read_length(octets, at + 2)
        if length + 2 > ITEM_MAX:
            raise Refused("too_long", "item")
        if at + length > len(octets):
            raise Refused("truncated", "item")
        items.append(check_padding(item_from(family, octet, octets[at : at + length]), items))
        at += length
    if len(items) == 1:
        raise Refused("not_canonical", "flags")
    return items


def read_items(octets, several):
    return read_several(octets) if several else [read_lone(octets)]


def write_items(items):
    return b"".join(item.write(several=len(items) > 1) for item in items)


def padding_of(octets):
    """The padding items that take so many octets, 3 or more."""
    if octets == 131 or octets > 4098:
        return padding_of(octets // 2) + padding_of(octets - octets // 2)
    return [Item(*PADDING, 0, b"", bytes(octets - (3 if octets < 131 else 4)))]


def padded(items, overhead):
    """The items with the padding that a sender adds to an envelope with this overhead."""
    if overhead + len(write_items(items)) in STEPS:
        return items
    n = overhead + sum(len(item.write(several=True)) for item in items)
    step = next((step for step in STEPS if step >= n + 3), None)
    more = padding_of(step - n) if step else []
    return items + more if len(items) + len(more) <= ITEMS_MAX else items


def message_id(key, salt, canonical):
    return h("chappe-id/1", key, salt, canonical)


def resolve(prefix, known_ids):
    """The one known id that begins so; None when there is none yet."""
    fitting = sorted({i for i in known_ids if i[:8] == prefix})
    if len(fitting) > 1:
        raise Refused("inconsistent", "reference")
    return fitting[0] if fitting else None


def open_salt(key, device, epoch, counter):
    return h("chappe-salt/1", key, u8(device), u16(epoch), u32(counter))[:16]


def sealed_salt(s, counter):
    return mac(s, b"chappe-item-salt/1", u32(counter))[:16]


# ---- envelopes ---------------------------------------------------------------------------------


def first_octet(version, klass, epoch, flags):
    return u8(version << 6 | klass << 3 | (epoch & 1) << 2 | flags)


def read_first_octet(envelope):
    """Class, parity, several. Raises NeedsNewer for what this reader does not know."""
    if len(envelope) > ENVELOPE_MAX:
        raise Refused("too_long", "envelope")
    if not envelope:
        raise Refused("truncated", "envelope")
    octet = envelope[0]
    version, klass, parity, flags = octet >> 6, octet >> 3 & 7, octet >> 2 & 1, octet & 3
    if version != 0 or klass not in range(5) or flags & 2:
        raise NeedsNewer
    return klass, parity, bool(flags & FLAG_SEVERAL)


def check_counters(counter, items):
    if counter + len(messages_of(items)) > 2**32:
        raise Refused("out_of_range", "counter")


def flags_of(items):
    return FLAG_SEVERAL if len(items) > 1 else 0


@dataclass
class Opened:
    outcome: str
    account: bytes  # id when unverified, key otherwise
    device: int
    epoch: int
    counter: int
    items: list
    salts: list


def open_header(key, device, epoch, counter, items, version=0, klass=CLASS_OPEN, flags=None, parity=None):
    flags = flags_of(items) if flags is None else flags
    parity = epoch if parity is None else parity
    return first_octet(version, klass, parity, flags) + u8(device) + u16(epoch) + account_id(key) + u32(counter)


def sign_open(seed, realm, unsigned):
    return unsigned + sign(seed, "chappe-open/1", realm, unsigned)


def write_open(seed, realm, device, epoch, counter, items):
    header = open_header(account_key(seed), device, epoch, counter, items)
    return sign_open(seed, realm, header + write_items(items))


def roots(accounts):
    """Device 0 of accounts whose root is one key: finds account and signing keys, or says what is not known."""

    def find(who, device):
        account = next((a for a in accounts if account_id(a) == who), None)
        if account is None or device != 0:
            raise Refused("unknown_account", "account_id" if account is None else "device")
        return account, [account]

    return find


def read_open(envelope, realm, find):
    """Form first, then account and device, then the signature."""
    klass, parity, several = read_first_octet(envelope)
    assert klass == CLASS_OPEN
    if len(envelope) < OPEN_HEADER + SIGNATURE:
        raise Refused("truncated", "envelope")
    device, epoch = envelope[1], number(envelope[2:4])
    who, counter = envelope[4:12], number(envelope[12:16])
    if epoch & 1 != parity:
        raise Refused("inconsistent", "epoch")
    items = read_items(envelope[OPEN_HEADER:-SIGNATURE], several)
    check_counters(counter, items)
    try:
        account, keys = find(who, device)
    except Refused as refusal:
        if refusal.kind != "unknown_account":
            raise
        return Opened("unverified", who, device, epoch, counter, items, [])
    field = "account_key" if device == 0 else "signing_key"
    check_any(keys, "chappe-open/1", realm, envelope[:-SIGNATURE], envelope[-SIGNATURE:], field)
    salts = [open_salt(account, device, epoch, counter + i) for i in range(len(messages_of(items)))]
    return Opened("verified", account, device, epoch, counter, items, salts)


# ---- statements --------------------------------------------------------------------------------


def merkle_root(leaves):
    """RFC 6962 §2.1."""
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0])
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + merkle_root(leaves[:split]) + merkle_root(leaves[split:]))


def open_chain_id(realm, key, device, epoch):
    return h("chappe-chain/1", realm, key, u8(device), u16(epoch))[:8]


def unsigned_statement(key, device, chain, first, count, root, previous, earliest, width, version=1):
    return (
        u8(version) + account_id(key) + u8(device) + chain + u32(first) + u16(count)
        + root + previous + u40(earliest) + u16(width)
    )  # fmt: skip


def sign_statement(seed, realm, unsigned):
    return unsigned + sign(seed, "chappe-statement/1", realm, unsigned)


def statement_hash(octets):
    return h("chappe-statement-hash/1", octets)


def commitment(salt, statement):
    return h("chappe-blind/1", salt, statement)


def read_statement(octets, realm, find):
    """Version, size, count and first, account and device, signature: in this order."""
    if not octets:
        raise Refused("truncated", "statement")
    if octets[0] != 1:
        raise NeedsNewer
    if len(octets) < STATEMENT:
        raise Refused("truncated", "statement")
    if len(octets) > STATEMENT:
        raise Refused("trailing", "statement")
    fields = {
        "account_id": octets[1:9],
        "device": octets[9],
        "chain_id": octets[10:18],
        "first": number(octets[18:22]),
        "count": number(octets[22:24]),
        "root": octets[24:56],
        "previous": octets[56:88],
        "earliest": number(octets[88:93]),
        "width": number(octets[93:95]),
    }
    if not 1 <= fields["count"] <= COUNT_MAX:
        raise Refused("out_of_range", "count")
    if fields["first"] + fields["count"] > 2**32:
        raise Refused("out_of_range", "first")
    _, keys = find(fields["account_id"], fields["device"])
    field = "account_key" if fields["device"] == 0 else "signing_key"
    check_any(keys, "chappe-statement/1", realm, octets[:95], octets[95:], field)
    return fields


def is_evidence(one, other):
    """Two verified statements of one chain over one counter, unless they are the same octets."""
    if one[1:9] != other[1:9] or one[10:18] != other[10:18] or one == other:
        return False
    first, second = number(one[18:22]), number(other[18:22])
    return first < second + number(other[22:24]) and second < first + number(one[22:24])


def read_evidence_body(body):
    """Statement and blinding salt; the salt is None when the statement stands alone."""
    if len(body) == STATEMENT:
        return body, None
    if len(body) < STATEMENT:
        raise Refused("truncated", "statement")
    if len(body) < STATEMENT + BLINDING_SALT:
        raise Refused("truncated", "blinding_salt")
    if len(body) > STATEMENT + BLINDING_SALT:
        raise Refused("trailing", "blinding_salt")
    return body[:STATEMENT], body[STATEMENT:]


# ---- label -------------------------------------------------------------------------------------


def label(label_key, realm, epoch):
    return mac(label_key, b"chappe-label/1", realm, u32(epoch))[:3]


def label_epoch(seconds):
    return seconds // 86400
