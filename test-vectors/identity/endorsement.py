"""Roots, accounts and endorsements (chapter 10), written from the chapter alone. For test vectors only."""

import functools
import pathlib
import struct
import sys

VECTORS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(VECTORS), str(VECTORS / "codec")]
import chappe  # noqa: E402
from chappe import account_id  # noqa: E402, F401
from conventions import Refused, h, number, refuse_unless, u8, u16, u32, u40  # noqa: E402, F401

# The same few keys and signatures come again and again.
account_key, check_key, sign, verifies = (
    functools.cache(f) for f in (chappe.account_key, chappe.check_key, chappe.sign, chappe.verifies)
)
KEYS_MAX = 16
NEVER = 2**40 - 1
WORLD = [-9_000_000, -18_000_000, 9_000_000, 18_000_000]
KINDS = ["certificate", "revocation", "succession"]
CONTEXTS = {"certificate": "chappe-device/1", "revocation": "chappe-revocation/1", "succession": "chappe-succession/1"}
SIZES = {"certificate": 163, "revocation": 36, "succession": 65}


# ---- root --------------------------------------------------------------------------------------


def write_root(threshold, keys):
    return u8(threshold) + u8(len(keys)) + b"".join(keys)


def account_of(root):
    return root[2:] if root[:2] == b"\x01\x01" else h("chappe-root/1", root)


def read_root(octets):
    """The root at the start of the octets, its form looked at."""
    refuse_unless(len(octets) >= 2, "truncated", "root")
    threshold, count = octets[0], octets[1]
    refuse_unless(1 <= count <= KEYS_MAX, "out_of_range", "keys")
    refuse_unless(1 <= threshold <= count, "out_of_range", "threshold")
    root = octets[: 2 + 32 * count]
    refuse_unless(len(root) == 2 + 32 * count, "truncated", "root")
    keys = keys_of(root)
    refuse_unless(all(a < b for a, b in zip(keys, keys[1:])), "not_canonical", "keys")
    return root


def keys_of(root):
    return [root[at : at + 32] for at in range(2, len(root), 32)]


# ---- content -----------------------------------------------------------------------------------


def write_content(what, fields):
    """Any values, also those no reader takes."""
    head = u8(fields.get("version", 1)) + fields["account"]
    if what == "succession":
        return head + fields["successor"]
    head += u8(fields["device"]) + u16(fields["issue"])
    if what == "revocation":
        return head
    return (
        head + fields["signing_key"] + fields["identity_key"] + fields["transport_key"]
        + u40(fields["not_before"]) + u40(fields["expiry"]) + u32(fields["permissions"]) + u8(fields["precedence"])
        + struct.pack(">4i", *fields["area"])
    )  # fmt: skip


def read_content(what, octets):
    """Version, size, form."""
    refuse_unless(octets, "truncated", what)
    refuse_unless(octets[0] == 1, "unknown_version", "version")
    refuse_unless(len(octets) >= SIZES[what], "truncated", what)
    fields = {"account": octets[1:33]}
    if what == "succession":
        return fields | {"successor": octets[33:65]}
    refuse_unless(octets[33] != 0, "reserved", "device")
    fields |= {"device": octets[33], "issue": number(octets[34:36])}
    return fields if what == "revocation" else fields | read_certificate_rest(octets)


def read_certificate_rest(octets):
    not_before, expiry = number(octets[132:137]), number(octets[137:142])
    area = struct.unpack(">4i", octets[147:163])
    south, west, north, east = area
    refuse_unless(not_before <= expiry, "out_of_range", "not_before")
    refuse_unless(octets[146] <= 3, "out_of_range", "precedence")
    holds = -9_000_000 <= south <= north <= 9_000_000 and abs(west) <= 18_000_000 and abs(east) <= 18_000_000
    refuse_unless(holds, "out_of_range", "area")
    return {
        "signing_key": octets[36:68], "identity_key": octets[68:100], "transport_key": octets[100:132],
        "not_before": not_before, "expiry": expiry, "permissions": number(octets[142:146]),
        "precedence": octets[146], "area": list(area),
    }  # fmt: skip


# ---- endorsement -------------------------------------------------------------------------------


class Root:
    """A root with its seeds; the keys are put in order."""

    def __init__(self, threshold, seeds):
        self.threshold = threshold
        self.seeds = sorted(seeds, key=account_key)
        self.octets = write_root(threshold, [account_key(s) for s in self.seeds])
        self.account = account_of(self.octets)

    def signatures(self, what, realm, signed, places):
        return b"".join(u8(place) + sign(self.seeds[place], CONTEXTS[what], realm, signed) for place in places)

    def endorse(self, what, realm, content, places=None):
        signed = content + self.octets
        return signed + self.signatures(what, realm, signed, range(self.threshold) if places is None else places)


def split(what, octets):
    """Content, root and signatures, whatever they hold; what is behind the last signature stays with it."""
    root = read_root(octets[SIZES[what] :])
    at = SIZES[what] + len(root)
    return octets[: SIZES[what]], root, octets[at:]


def size_of(what, octets):
    """How many octets of these belong to the endorsement; needs a well-formed content and root."""
    content, root, _ = split(what, octets)
    return len(content) + len(root) + 65 * root[0]


def read_endorsement(what, octets, realm, successors=()):
    """The order of chapter 10: content, root, places, account, keys, signatures. `successors` are (account, account)."""
    fields = read_content(what, octets)
    content, root, rest = split(what, octets)
    signatures = read_places(what, root, rest)
    check_account(what, fields["account"], root, successors)
    keys = keys_of(root)
    for key in keys:
        check_key(key, "keys")
    message = CONTEXTS[what].encode() + realm + content + root
    for place, signature in signatures:
        refuse_unless(verifies(keys[place], message, signature), "bad_signature", "signature")
    return fields | {"root": root, "places": [place for place, _ in signatures]}


def read_places(what, root, rest):
    threshold, count = root[0], root[1]
    refuse_unless(len(rest) >= 65 * threshold, "truncated", "signatures")
    refuse_unless(len(rest) == 65 * threshold, "trailing", what)
    signatures = [(rest[at], rest[at + 1 : at + 65]) for at in range(0, len(rest), 65)]
    places = [place for place, _ in signatures]
    refuse_unless(all(place < count for place in places), "out_of_range", "place")
    refuse_unless(all(a < b for a, b in zip(places, places[1:])), "not_canonical", "place")
    return signatures


def check_account(what, account, root, successors):
    """Its own root, or after a succession its successor's; a revocation under the root before it counts, too."""
    named = {dict(successors).get(account, account)} | ({account} if what == "revocation" else set())
    refuse_unless(account_of(root) in named, "unknown_account", "root")
