"""A second implementation of chapters 00, 02, 03, 04 and the label of 05, written from the text alone.

It exists to make and check vectors. It holds no state, guards no secret and is not for use.
Needs Python 3.11 or newer and the package `cryptography` with AES-GCM-SIV.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

import edwards

ITEM_MAX = 4096
ITEMS_MAX = 32
ENVELOPE_MAX = 16384
OPEN_HEADER = 16
SIGNATURE = 64
SEALED_HEADER = 36
SEALED_PREFIX = 7
TAG = 16
CARD = 209
CARD_TEXT = "chappe-card:"
STATEMENT = 159
BLINDING_SALT = 32
COUNT_MAX = 1024

CLASS_OPEN, CLASS_FIRST_FLIGHT = 0, 3
FLAG_SEVERAL = 1
REFERENCE_OCTETS = {0: 0, 1: 8, 2: 32, 3: 0}
# (family, revision): the reference forms that go with it
KNOWN = {(0x01, 0): {3}, (0x01, 1): {0, 1, 2}, (0x04, 0): {0, 1, 2}, (0x10, 0): {0}, (0x11, 0): {0}}


class Refused(Exception):
    def __init__(self, kind, field):
        super().__init__(f"{kind} ({field})")
        self.kind, self.field = kind, field


class NeedsNewer(Exception):
    """Not an error: kept whole, opened not at all."""


# ---- hashes, keys ------------------------------------------------------------------------------


def u8(n):
    return n.to_bytes(1, "big")


def u16(n):
    return n.to_bytes(2, "big")


def u32(n):
    return n.to_bytes(4, "big")


def u40(n):
    return n.to_bytes(5, "big")


def number(octets):
    return int.from_bytes(octets, "big")


def h(label, *parts):
    return hashlib.sha256(label.encode("ascii") + b"".join(parts)).digest()


def mac(key, *parts):
    return hmac.new(key, b"".join(parts), hashlib.sha256).digest()


def kdf(secret, label, *parts, n):
    """HKDF-SHA256 with an empty salt, spelled out."""
    info = label.encode("ascii") + b"".join(parts)
    pseudorandom_key = mac(b"", secret)
    out, block, i = b"", b"", 1
    while len(out) < n:
        block = mac(pseudorandom_key, block, info, u8(i))
        out, i = out + block, i + 1
    return out[:n]


def account_key(seed):
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def account_id(key):
    return h("chappe-account/1", key)[:8]


def exchange_key(secret):
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def x25519(secret, public, field):
    try:
        return X25519PrivateKey.from_private_bytes(secret).exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:  # the library refuses the all-zero result
        raise Refused("weak_key", field) from None


def sign(seed, context, realm, content):
    return Ed25519PrivateKey.from_private_bytes(seed).sign(context.encode("ascii") + realm + content)


def check_signature(key, context, realm, content, signature, key_field="account_key"):
    point = edwards.decode(key)
    if point is not None and edwards.is_small_order(point):
        raise Refused("weak_key", key_field)
    if not edwards.verify_strict(key, context.encode("ascii") + realm + content, signature):
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
    return item_from(family, octet, octets[2:])


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
        items.append(item_from(family, octet, octets[at : at + length]))
        at += length
    if len(items) == 1:
        raise Refused("not_canonical", "flags")
    return items


def read_items(octets, several):
    return read_several(octets) if several else [read_lone(octets)]


def write_items(items):
    return b"".join(item.write(several=len(items) > 1) for item in items)


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
    return mac(s, b"chappe-salt/1", u32(counter))[:16]


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
    if version != 0 or klass not in (CLASS_OPEN, CLASS_FIRST_FLIGHT) or flags & 2:
        raise NeedsNewer
    return klass, parity, bool(flags & FLAG_SEVERAL)


def check_counters(counter, items):
    if counter + len(items) > 2**32:
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


def read_open(envelope, realm, accounts):
    """Form first, then the account, then the signature."""
    _, parity, several = read_first_octet(envelope)
    if len(envelope) < OPEN_HEADER + SIGNATURE:
        raise Refused("truncated", "envelope")
    device, epoch = envelope[1], number(envelope[2:4])
    who, counter = envelope[4:12], number(envelope[12:16])
    if epoch & 1 != parity:
        raise Refused("inconsistent", "epoch")
    items = read_items(envelope[OPEN_HEADER:-SIGNATURE], several)
    check_counters(counter, items)
    key = next((k for k in accounts if account_id(k) == who), None)
    if key is None or device != 0:
        return Opened("unverified", who, device, epoch, counter, items, [])
    check_signature(key, "chappe-open/1", realm, envelope[:-SIGNATURE], envelope[-SIGNATURE:])
    salts = [open_salt(key, device, epoch, counter + i) for i in range(len(items))]
    return Opened("verified", key, device, epoch, counter, items, salts)


@dataclass
class Party:
    """One side with its secrets."""

    account_seed: bytes
    identity_secret: bytes
    prekey_secret: bytes

    def account(self):
        return account_key(self.account_seed)

    def identity(self):
        return exchange_key(self.identity_secret)

    def prekey(self):
        return exchange_key(self.prekey_secret)


def hint_key(d1, realm, account_a, account_b):
    return kdf(d1, "chappe-hint/1", realm, account_a, account_b, n=32)


def hint(key, e):
    return mac(key, e)[:3]


def seal_keys(d1, d2, d3, realm, account_a, account_b, ik_a, ik_b, pk_b, e):
    """K, N and S."""
    parts = (realm, account_a, account_b, ik_a, ik_b, pk_b, e)
    out = kdf(d1 + d2 + d3, "chappe-seal/1", *parts, n=76)
    return out[:32], out[32:44], out[44:]


def sealed_aad(realm, header):
    return b"chappe-sealed/1" + realm + header


def seal_plaintext(sender, recipient, realm, ephemeral_secret, octet, plaintext, sent_as=None):
    """Seal any octets; returns every step by name. `sent_as` are other octets of the same ephemeral key."""
    e = exchange_key(ephemeral_secret) if sent_as is None else sent_as
    d1 = x25519(sender.identity_secret, recipient.prekey(), "prekey")
    d2 = x25519(ephemeral_secret, recipient.identity(), "identity_key")
    d3 = x25519(ephemeral_secret, recipient.prekey(), "prekey")
    accounts = sender.account(), recipient.account()
    hk = hint_key(d1, realm, *accounts)
    k, n, s = seal_keys(d1, d2, d3, realm, *accounts, sender.identity(), recipient.identity(), recipient.prekey(), e)
    header = octet + hint(hk, e) + e
    aad = sealed_aad(realm, header)
    envelope = header + AESGCMSIV(k).encrypt(n, plaintext, aad)
    return {
        "d1": d1, "d2": d2, "d3": d3, "hint_key": hk, "hint": hint(hk, e), "ephemeral_key": e,
        "k": k, "n": n, "s": s, "aad": aad, "plaintext": plaintext, "envelope": envelope,
    }  # fmt: skip


def sealed_plaintext(device, epoch, counter, items):
    return u8(device) + u16(epoch) + u32(counter) + write_items(items)


def write_sealed(sender, recipient, realm, ephemeral_secret, device, epoch, counter, items):
    octet = first_octet(0, CLASS_FIRST_FLIGHT, epoch, flags_of(items))
    plaintext = sealed_plaintext(device, epoch, counter, items)
    return seal_plaintext(sender, recipient, realm, ephemeral_secret, octet, plaintext)


def contacts_that_fit(envelope, realm, me, contacts):
    """Contacts whose hint is this one, with their D1. A contact with a weak identity key fits never."""
    for account, identity in contacts:
        try:
            d1 = x25519(me.prekey_secret, identity, "identity_key")
        except Refused:
            continue
        if hint(hint_key(d1, realm, account, me.account()), envelope[4:36]) == envelope[1:4]:
            yield account, identity, d1


def try_contact(envelope, realm, me, account, identity, d1):
    """Plaintext and S, or None when the tag is wrong."""
    e = envelope[4:36]
    d2 = x25519(me.identity_secret, e, "ephemeral_key")
    d3 = x25519(me.prekey_secret, e, "ephemeral_key")
    k, n, s = seal_keys(d1, d2, d3, realm, account, me.account(), identity, me.identity(), me.prekey(), e)
    try:
        return AESGCMSIV(k).decrypt(n, envelope[36:], sealed_aad(realm, envelope[:36])), s
    except InvalidTag:
        return None


def read_sealed_plaintext(plaintext, s, parity, several, account):
    device, epoch, counter = plaintext[0], number(plaintext[1:3]), number(plaintext[3:7])
    if epoch & 1 != parity:
        raise Refused("inconsistent", "epoch")
    items = read_items(plaintext[SEALED_PREFIX:], several)
    check_counters(counter, items)
    if device != 0:
        raise Refused("unknown_account", "device")
    salts = [sealed_salt(s, counter + i) for i in range(len(items))]
    return Opened("opened", account, device, epoch, counter, items, salts)


def read_sealed(envelope, realm, me, contacts, seen=()):
    """Size, hint, keys, tag, replay, form, device: in this order."""
    _, parity, several = read_first_octet(envelope)
    if len(envelope) < SEALED_HEADER + SEALED_PREFIX + TAG:
        raise Refused("truncated", "envelope")
    any_fits = False
    for account, identity, d1 in contacts_that_fit(envelope, realm, me, contacts):
        any_fits = True
        found = try_contact(envelope, realm, me, account, identity, d1)
        if found is None:
            continue
        if envelope[4:36] in seen:
            raise Refused("replay", "ephemeral_key")
        return read_sealed_plaintext(*found, parity, several, account)
    raise Refused("bad_tag", "tag") if any_fits else Refused("unknown_hint", "hint")


# ---- cards -------------------------------------------------------------------------------------

CARD_FIELDS = [
    ("account_key", 1, 33),
    ("identity_key", 33, 65),
    ("prekey", 65, 97),
    ("transport_key", 97, 129),
    ("label_key", 129, 145),
]


def sign_card(seed, realm, unsigned):
    return unsigned + sign(seed, "chappe-card/1", realm, unsigned)


def unsigned_card(account, identity, prekey, transport, label_key, version=1):
    return u8(version) + account + identity + prekey + transport + label_key


def read_card(octets, realm):
    if not octets:
        raise Refused("truncated", "card")
    if octets[0] != 1:
        raise Refused("unknown_version", "version")
    if len(octets) < CARD:
        raise Refused("truncated", "card")
    if len(octets) > CARD:
        raise Refused("trailing", "card")
    fields = {name: octets[a:b] for name, a, b in CARD_FIELDS}
    check_signature(fields["account_key"], "chappe-card/1", realm, octets[:145], octets[145:])
    return fields


def card_text(octets):
    return CARD_TEXT + base64.urlsafe_b64encode(octets).decode("ascii").rstrip("=")


ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def card_octets(text):
    """Back from text. Spare bits behind the last octet must be zero."""
    if not text.startswith(CARD_TEXT):
        raise Refused("bad_literal", "prefix")
    bits, held, out = 0, 0, bytearray()
    for character in text[len(CARD_TEXT) :]:
        if character not in ALPHABET:
            raise Refused("bad_character", "card")
        bits, held = bits << 6 | ALPHABET.index(character), held + 6
        if held >= 8:
            held -= 8
            out.append(bits >> held)
            bits &= (1 << held) - 1
    if held == 6:
        raise Refused("truncated", "card")
    if bits:
        raise Refused("not_canonical", "card")
    return bytes(out)


# ---- statements --------------------------------------------------------------------------------


def merkle_root(leaves):
    """RFC 6962 §2.1."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + merkle_root(leaves[:split]) + merkle_root(leaves[split:])).digest()


def open_chain_id(realm, key, device, epoch):
    return h("chappe-chain/1", realm, key, u8(device), u16(epoch))[:8]


def sealed_chain_id(secret, peer_identity, realm, account_a, account_b, device, epoch):
    shared = x25519(secret, peer_identity, "identity_key")
    return kdf(shared, "chappe-chain/1", realm, account_a, account_b, u8(device), u16(epoch), n=8)


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


def read_statement(octets, realm, accounts):
    """Form first, then the account, then the signature."""
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
    key = next((k for k in accounts if account_id(k) == fields["account_id"]), None)
    if key is None or fields["device"] != 0:
        raise Refused("unknown_account", "account_id" if key is None else "device")
    check_signature(key, "chappe-statement/1", realm, octets[:95], octets[95:])
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
