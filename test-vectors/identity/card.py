"""The card, its two texts, the words, proofs, and what a certificate permits (chapters 04 and 10)."""

import base64

import edwards
import endorsement as e
from chappe import STATEMENT, check_signature, merkle_root, read_statement
from conventions import Refused, h, number, refuse_unless, sha256, u8, u40
from endorsement import sign

CONTEXT = "chappe-card/3"
FORMER_CONTEXT = "chappe-card/2"
FIXED = 32 + 5 + 16
HOMES_MAX = 3
PREFIX, QR_PREFIX = "chappe-card:", "CHAPPE-CARD:"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def write_card(certificate, prekey, prekey_expiry, label_key, homes, signing_seed, realm):
    """Homes are pairs of a relay's key and its network address in UTF-8."""
    unsigned = certificate + prekey + u40(prekey_expiry) + label_key + write_homes(homes)
    return unsigned + sign(signing_seed, CONTEXT, realm, unsigned)


def write_homes(homes):
    return u8(len(homes)) + b"".join(key + u8(len(address)) + address for key, address in homes)


def read_card(octets, realm, successors=()):
    """The certificate, then the size of the rest, then the device's signature."""
    e.read_content("certificate", octets)
    size = e.size_of("certificate", octets)
    certificate, rest = octets[:size], octets[size:]
    fields = e.read_endorsement("certificate", certificate, realm, successors)
    refuse_unless(len(rest) >= FIXED, "truncated", "card")
    homes, end = read_homes(octets, size + FIXED)
    refuse_unless(len(octets) >= end + 64, "truncated", "signature", end)
    refuse_unless(len(octets) == end + 64, "trailing", "end", end + 64)
    check_signature(fields["signing_key"], CONTEXT, realm, octets[:-64], octets[-64:], "signing_key")
    return {
        "certificate": certificate, "prekey": rest[:32], "prekey_expiry": number(rest[32:37]), "label_key": rest[37:53],
        "homes": [{"key": key, "network_address": address} for key, address in homes],
    }  # fmt: skip


def write_former_card(certificate, prekey, prekey_expiry, label_key, signing_seed, realm):
    """The form before this one: nothing where the home relays are now."""
    unsigned = certificate + prekey + u40(prekey_expiry) + label_key
    return unsigned + sign(signing_seed, FORMER_CONTEXT, realm, unsigned)


def is_former(octets, realm):
    """Whether a card that was refused has the form before, and is its device's."""
    try:
        fields = e.read_content("certificate", octets)
        refuse_unless(len(octets) == e.size_of("certificate", octets) + FIXED + 64, "truncated", "card")
        check_signature(fields["signing_key"], FORMER_CONTEXT, realm, octets[:-64], octets[-64:], "signing_key")
    except Refused:
        return False
    return True


def is_key(octets):
    """Chapter 00: a point, and not one of small order."""
    point = edwards.decode(octets)
    return point is not None and not edwards.is_small_order(point)


def read_homes(octets, at):
    """In order, each key before its address; the homes and where they end."""
    refuse_unless(len(octets) > at, "truncated", "homes", at)
    refuse_unless(octets[at] <= HOMES_MAX, "out_of_range", "homes", at)
    homes, count, at = [], octets[at], at + 1
    for _ in range(count):
        key = octets[at : at + 32]
        refuse_unless(len(key) == 32, "truncated", "home_key", at)
        refuse_unless(is_key(key), "out_of_range", "home_key", at)
        refuse_unless(key not in [known for known, _ in homes], "not_canonical", "home_key", at)
        at += 32
        refuse_unless(len(octets) > at, "truncated", "network_address", at)
        refuse_unless(octets[at] > 0, "too_short", "network_address", at)
        size, at = octets[at], at + 1
        refuse_unless(len(octets) >= at + size, "truncated", "network_address", at)
        try:
            homes.append((key, octets[at : at + size].decode("utf-8")))
        except UnicodeDecodeError as error:
            raise Refused("bad_character", "network_address", at + error.start) from None
        at += size
    return homes, at


# ---- texts -------------------------------------------------------------------------------------


def card_text(octets):
    return PREFIX + base64.urlsafe_b64encode(octets).decode("ascii").rstrip("=")


def card_octets(text):
    """Prefix, alphabet, spare bits: in this order."""
    refuse_unless(text.startswith(PREFIX), "bad_literal", "prefix")
    digits = text[len(PREFIX) :]
    refuse_unless(all(c in ALPHABET for c in digits), "bad_character", "card")
    refuse_unless(len(digits) % 4 != 1, "truncated", "card")
    bits = 0
    for c in digits:
        bits = bits << 6 | ALPHABET.index(c)
    spare = 6 * len(digits) % 8
    refuse_unless(bits & (1 << spare) - 1 == 0, "not_canonical", "card")
    return (bits >> spare).to_bytes(6 * len(digits) // 8, "big")


def qr_text(octets):
    """RFC 9285: two octets are three digits, the least significant first; a lone one is two."""
    out = []
    for at in range(0, len(octets), 2):
        pair = octets[at : at + 2]
        n = number(pair)
        out += [BASE45[n % 45], BASE45[n // 45 % 45], BASE45[n // 2025]][: len(pair) + 1]
    return QR_PREFIX + "".join(out)


def qr_octets(text):
    """Prefix, alphabet, number of digits, values."""
    refuse_unless(text.startswith(QR_PREFIX), "bad_literal", "prefix")
    digits = text[len(QR_PREFIX) :]
    refuse_unless(all(c in BASE45 for c in digits), "bad_character", "card")
    refuse_unless(len(digits) % 3 != 1, "truncated", "card")
    out = b""
    for at in range(0, len(digits), 3):
        group = digits[at : at + 3]
        n = sum(BASE45.index(c) * 45**i for i, c in enumerate(group))
        size = len(group) - 1
        refuse_unless(n < 256**size, "not_canonical", "card")
        out += n.to_bytes(size, "big")
    return out


# ---- words -------------------------------------------------------------------------------------


def words(realm, account):
    """h_65536 and its seven numbers."""
    found = h("chappe-words/1", realm, account)
    for _ in range(65536):
        found = sha256(found + account)
    bits = number(found) >> 186
    return found, [bits >> 10 * n & 1023 for n in range(6, -1, -1)]


# ---- what a certificate permits ----------------------------------------------------------------

TYPES = [*(f"signal {code}" for code in "AKTPESDIMQRF"), "text", "telemetry", "alert", "lease", "identity", "challenge",
         "record", "grant", "request", "value", "ballot", "process"]  # fmt: skip
FREE = {"statement", "card", "endorsement", "ratchet", "message proof"}


def not_permitted(certificate, message):
    """The reasons, in the order the chapter names them."""
    return [
        name
        for name, holds in (
            ("type", type_permitted(certificate, message["type"])),
            ("precedence", message["precedence"] <= certificate["precedence"]),
            ("area", all(inside(certificate["area"], place) for place in message["places"])),
            ("time", time_permitted(certificate, message["time"])),
        )
        if not holds
    ]


def type_permitted(certificate, name):
    return name in FREE or bool(certificate["permissions"] >> TYPES.index(name) & 1)


def inside(area, place):
    south, west, north, east = area
    latitude, longitude = place
    across = west <= longitude <= east if west <= east else longitude >= west or longitude <= east
    return south <= latitude <= north and across


def time_permitted(certificate, time):
    """Not permitted only when the author's interval lies wholly outside; no time is no reason."""
    if time is None:
        return True
    earliest, width = int(time["earliest"]), time["width"]
    ended = width != 65535 and earliest + width < int(certificate["not_before"])
    expiry = int(certificate["expiry"])
    return not ended and (expiry == e.NEVER or earliest <= expiry)


# ---- proof of one message ----------------------------------------------------------------------


def audit_path(place, leaves):
    """RFC 6962 section 2.1.1."""
    if len(leaves) == 1:
        return []
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if place < split:
        return [*audit_path(place, leaves[:split]), merkle_root(leaves[split:])]
    return [*audit_path(place - split, leaves[split:]), merkle_root(leaves[:split])]


def path_sides(place, count):
    """For each octet string of the path, from the leaf up: whether it stands to the left."""
    if count == 1:
        return []
    split = 1
    while split * 2 < count:
        split *= 2
    if place < split:
        return [*path_sides(place, split), False]
    return [*path_sides(place - split, count - split), True]


def read_proof(octets, realm, find, message_id):
    """The statement's form, the counter, the path's length, where it leads, then who signed."""
    refuse_unless(octets, "truncated", "proof")
    if octets[0] != 1:
        raise Refused("unknown_version", "version")
    refuse_unless(len(octets) >= STATEMENT + 4, "truncated", "proof")
    statement, counter, path = octets[:STATEMENT], number(octets[STATEMENT : STATEMENT + 4]), octets[STATEMENT + 4 :]
    first, count = number(statement[18:22]), number(statement[22:24])
    check_range(first, count)
    refuse_unless(first <= counter < first + count, "out_of_range", "counter")
    sides = path_sides(counter - first, count)
    refuse_unless(len(path) >= 32 * len(sides), "truncated", "path")
    refuse_unless(len(path) == 32 * len(sides), "trailing", "path")
    found = sha256(b"\x00" + message_id)
    for n, left in enumerate(sides):
        sibling = path[32 * n : 32 * n + 32]
        found = sha256(b"\x01" + (sibling + found if left else found + sibling))
    refuse_unless(found == statement[24:56], "bad_inclusion", "path")
    read_statement(statement, realm, find)
    return {"counter": counter, "chain_id": statement[10:18]}


def check_range(first, count):
    refuse_unless(1 <= count <= 1024, "out_of_range", "count")
    refuse_unless(first + count <= 2**32, "out_of_range", "first")
