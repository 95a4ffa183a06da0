"""Writes the vectors of this folder.

Python 3.11 or newer, standard library only.

    python3 generate.py            writes the files beside this one
    python3 generate.py --check    writes nothing, fails when a file would change

Everything is derived from fixed names, so the output is the same on every run. Each vector states
what it expects; the implementation in chappe.py must answer exactly that, or nothing is written.
An id is never given to another vector: new vectors take new numbers, dropped ones leave a gap.
"""

import hashlib
import json
import pathlib
import sys

import chappe as c
import ed25519
import edwards
from kinds import answer, to_json

HERE = pathlib.Path(__file__).parent


# ---- fixed material ----------------------------------------------------------------------------


def seed(name, n=32):
    """n octets (at most 32) that belong to a name."""
    return hashlib.sha256(b"chappe-vectors/1 " + name.encode()).digest()[:n]


class Owner:
    """An account whose root is one key."""

    def __init__(self, name):
        self.account_seed = seed(f"{name} account")

    def account(self):
        return c.account_key(self.account_seed)


LIVE = c.write_realm("live", 1)
LIVE_2 = c.write_realm("live", 2)
EXERCISE = c.write_realm("exercise", 1)
EXERCISE_2A = c.write_realm("exercise", 0x2A)
A, B, STRANGER = Owner("alice"), Owner("bob"), Owner("carol")
REFERENCE = seed("a referenced message")
ZEROS = bytes(32)


def item(family=0x71, revision=0, form=0, reference=b"", body=b"hello"):
    return c.Item(family, revision, form, reference, body)


PLAIN = item()
SHORT_REFERENCE = item(form=1, reference=REFERENCE[:8], body=b"short")
WHOLE_REFERENCE = item(form=2, reference=REFERENCE, body=b"whole")
INNER_REFERENCE = item(form=3, body=b"inner")
EMPTY = item(body=b"")


def item_json(i):
    return to_json(vars(i))


def flip(octets, at, bit=1):
    out = bytearray(octets)
    out[at] ^= bit
    return bytes(out)


# ---- one file of vectors -----------------------------------------------------------------------


class Book:
    def __init__(self, name, chapter):
        self.name, self.chapter, self.vectors = name, chapter, []

    def add(self, n, kind, comment, given, expected_result, spec=None):
        given = to_json(given)
        result, found = answer(kind, given)
        vector = {
            "id": f"{self.name.replace('_', '-')}-{n:03}",
            "comment": comment,
            "spec": spec or f"{self.chapter}.md",
            "kind": kind,
            "in": given,
            "result": result,
        }
        vector["out" if result == "valid" else "error"] = found
        assert result == expected_result, vector
        assert all(v["id"] != vector["id"] for v in self.vectors), vector["id"]
        self.vectors.append(vector)
        return found

    def valid(self, n, kind, comment, given, spec=None, **expected):
        out = self.add(n, kind, comment, given, "valid", spec)
        for name, value in to_json(expected).items():
            assert out[name] == value, (self.name, n, name, out)
        return out

    def invalid(self, n, kind, error, field, comment, given, spec=None):
        out = self.add(n, kind, comment, given, "invalid", spec)
        assert out == {"kind": error, "field": field}, (self.name, n, out)

    def text(self):
        whole = {
            "schema": "chappe-vectors/1",
            "chapter": self.chapter,
            "vectors": sorted(self.vectors, key=lambda v: v["id"]),
        }
        return json.dumps(whole, indent=2, sort_keys=True, ensure_ascii=True) + "\n"


# ---- length ------------------------------------------------------------------------------------


def lengths():
    b = Book("length", "00-conventions")
    good = [0, 1, 127, 128, 300, 16383, 16384, 2**21 - 1, 2**21, 2**28 - 1]
    for n, value in enumerate(good, 1):
        octets = c.write_length(value)
        b.valid(n, "length", f"{len(octets)} octet(s)", {"octets": octets}, value=value)
    bad = [
        (11, "not_canonical", "zero in two octets", "8000"),
        (12, "not_canonical", "127 in two octets", "ff00"),
        (13, "not_canonical", "128 in three octets", "808100"),
        (14, "not_canonical", "2^20 in four octets would fit in three", "80808000"),
        (15, "too_long", "five octets: 2^28", "8080808001"),
        (16, "too_long", "five octets, all bits set", "ffffffff0f"),
        (17, "truncated", "nothing there", ""),
        (18, "truncated", "one octet that promises another", "80"),
        (19, "truncated", "three octets that promise another", "ffffff"),
    ]
    for n, error, comment, octets in bad:
        b.invalid(n, "length", error, "length", comment, {"octets": octets})
    return b


# ---- realm -------------------------------------------------------------------------------------


def realms():
    b = Book("realm", "00-conventions")
    good = [
        ("0000000000", "live/00000000"),
        ("0000000001", "live/00000001"),
        ("010000002a", "exercise/0000002a"),
        ("01ffffffff", "exercise/ffffffff"),
        ("00deadbeef", "live/deadbeef"),
    ]
    for n, (octets, text) in enumerate(good, 1):
        b.valid(n, "realm", "octets to text", {"octets": octets}, text=text)
        b.valid(n + 5, "realm_text", "text to octets", {"text": text}, octets=octets)
    b.invalid(11, "realm", "unknown_code", "mode", "mode 2", {"octets": "0200000001"})
    b.invalid(12, "realm", "unknown_code", "mode", "mode 255", {"octets": "ff00000001"})
    b.invalid(13, "realm", "truncated", "realm", "four octets", {"octets": "00000000"})
    b.invalid(14, "realm", "trailing", "realm", "six octets", {"octets": "000000000100"})
    bad = [
        (15, "bad_literal", "mode", "capital letter in the mode", "Live/00000001"),
        (16, "bad_literal", "mode", "unknown mode", "test/00000001"),
        (17, "bad_literal", "mode", "no stroke", "live00000001"),
        (18, "truncated", "network", "seven digits", "live/0000001"),
        (19, "trailing", "network", "nine digits", "live/000000001"),
        (20, "bad_digit", "network", "capital hex digit", "exercise/0000002A"),
        (21, "bad_digit", "network", "not a hex digit", "exercise/0000002g"),
        (22, "bad_digit", "network", "space behind seven digits", "live/0000001 "),
    ]
    for n, error, field, comment, text in bad:
        b.invalid(n, "realm_text", error, field, comment, {"text": text})
    return b


# ---- account and the signature predicate -------------------------------------------------------


SIGNED = {"context": "chappe-open/1", "realm": LIVE, "content": b"a signed content"}
MESSAGE = SIGNED["context"].encode() + LIVE + SIGNED["content"]
TORSION = edwards.torsion_point()
SCALAR = edwards.secret_scalar(A.account_seed)


def mixed_key():
    """The key of A plus a point of order 8."""
    return edwards.encode(edwards.add(edwards.multiply(SCALAR, edwards.BASE), TORSION))


def plus_order(signature):
    s = int.from_bytes(signature[32:], "little") + edwards.L
    return signature[:32] + s.to_bytes(32, "little")


def small_order_r(key, r_octets, message):
    """R of small order with the s that fits R = neutral."""
    k = edwards.challenge(r_octets, key, message)
    return r_octets + (k * SCALAR % edwards.L).to_bytes(32, "little")


def accounts():
    b = Book("account", "00-conventions")
    for n, p in enumerate([A, B, STRANGER], 1):
        b.valid(n, "account", "key and id from a seed", {"account_seed": p.account_seed})
    b.valid(4, "account", "seed of zeros", {"account_seed": ZEROS})
    signatures(b)
    weak_keys(b)
    return b


def signatures(b):
    key = A.account()
    good = c.sign(A.account_seed, SIGNED["context"], LIVE, SIGNED["content"])
    case = SIGNED | {"account_key": key, "signature": good}
    b.valid(5, "signature", "context, realm, content", case)
    refuse = lambda n, comment, **other: b.invalid(n, "signature", "bad_signature", "signature", comment, case | other)
    refuse(6, "another context", context="chappe-card/1")
    refuse(7, "another network", realm=LIVE_2)
    refuse(8, "another mode", realm=EXERCISE)
    refuse(9, "another content", content=flip(SIGNED["content"], 0))
    refuse(10, "another key", account_key=B.account())
    refuse(11, "R changed", signature=flip(good, 0))
    refuse(12, "s changed", signature=flip(good, 32))
    refuse(13, "s raised by the group order: same value, not canonical", signature=plus_order(good))
    neutral = small_order_r(key, edwards.encode(edwards.NEUTRAL), MESSAGE)
    assert edwards.verify_cofactored(key, MESSAGE, neutral)
    refuse(14, "R is the neutral point; the equation holds without the order check", signature=neutral)
    order8 = small_order_r(key, edwards.encode(TORSION), MESSAGE)
    assert edwards.verify_cofactored(key, MESSAGE, order8)
    refuse(15, "R has order 8; only the equation with the cofactor holds", signature=order8)
    mixed_signatures(b, case)


def mixed_signatures(b, case):
    """A key with a torsion part is not of small order; some of its signatures are good, others not."""
    key = mixed_key()
    lax = edwards.craft(key, SCALAR, MESSAGE, lambda k: k % 8 != 0)
    fine = edwards.craft(key, SCALAR, MESSAGE, lambda k: k % 8 == 0)
    assert edwards.verify_cofactored(key, MESSAGE, lax)
    case = case | {"account_key": key}
    b.invalid(
        16, "signature", "bad_signature", "signature",
        "key with a torsion part; only the equation with the cofactor holds", case | {"signature": lax},
    )  # fmt: skip
    b.valid(
        17, "signature", "key with a torsion part; the equation without the cofactor holds", case | {"signature": fine}
    )


def weak_keys(b):
    """All eight points of small order, each with a signature a lax verifier takes."""
    for n in range(8):
        key = edwards.encode(edwards.multiply(n, TORSION))
        signature = edwards.craft(key, 0, MESSAGE, lambda k: k == 0)
        assert edwards.verify_cofactored(key, MESSAGE, signature)
        case = SIGNED | {"account_key": key, "signature": signature}
        b.invalid(18 + n, "signature", "weak_key", "account_key", "key of small order; a lax verifier takes it", case)
    no_keys(b)


def no_keys(b):
    """Octets RFC 8032 5.1.3 does not decode. Reducing y or dropping the sign of zero would give a key of small order."""
    p, sign = edwards.P, 2**255
    cases = [
        (26, "y = p + 1: 1 written a second way", p + 1), (27, "y = p: 0 written a second way", p),
        (28, "y = 1, the sign of x = 0 set", 1 + sign), (29, "y = p - 1, the sign of x = 0 set", p - 1 + sign),
        (30, "y = p + 1 and the sign of x = 0 set", p + 1 + sign), (31, "y = p + 3, not of small order", p + 3),
    ]  # fmt: skip
    for n, comment, number in cases:
        key = number.to_bytes(32, "little")
        signature = edwards.craft(key, 0, MESSAGE, lambda k: k == 0)
        case = SIGNED | {"account_key": key, "signature": signature}
        b.invalid(n, "signature", "bad_signature", "signature", f"no key: {comment}", case)
    case = SIGNED | {"account_key": no_point(), "signature": c.sign(A.account_seed, SIGNED["context"], LIVE, SIGNED["content"])}
    b.invalid(32, "signature", "bad_signature", "signature", "no key: no point of the curve", case)


# ---- items -------------------------------------------------------------------------------------


def lone(i):
    return {"several": False, "octets": i.write()}


def several(parts):
    return {"several": True, "octets": b"".join(i.write(several=True) for i in parts)}


def items():
    b = Book("item", "02-item")
    good_lone_items(b)
    good_several_items(b)
    bad_lone_items(b)
    bad_several_items(b)
    known_families(b)
    return b


def known_families(b):
    """Each known family and revision has one form; the body is not looked into."""
    b.valid(47, "items", "family 01 revision 0 with form 3", lone(item(0x01, form=3)))
    b.valid(48, "items", "family 11 revision 0 with form 0", lone(item(0x11)))
    newer = item(0x10, body=some_statement(version=2))
    b.valid(49, "items", "family 10 revision 0: a statement of an unknown version is kept whole", lone(newer))
    b.valid(50, "items", "family 10 revision 0: an unknown version of any size", lone(item(0x10, body=b"\x02")))
    for n, (family, what) in enumerate([(0x13, "card"), (0x14, "endorsement"), (0x15, "ratchet"), (0x16, "message proof")]):
        b.valid(56 + n, "items", f"{what}, family {family:02x} revision 0 with form 0", lone(item(family)))
        refused = lone(item(family, form=2, reference=REFERENCE))
        b.invalid(60 + n, "items", "inconsistent", "form", f"{what} with form 2", refused)
    for n, (family, what) in enumerate([(0x17, "message request"), (0x18, "message ids")]):
        b.valid(65 + n, "items", f"{what}, family {family:02x} revision 0 with form 0", lone(item(family)))
        refused = lone(item(family, form=2, reference=REFERENCE))
        b.invalid(67 + n, "items", "inconsistent", "form", f"{what} with form 2", refused)
    b.valid(64, "items", "unknown revision 1 of the ratchet family is kept", lone(item(0x15, revision=1, form=2, reference=REFERENCE)))
    short = {"form": 1, "reference": REFERENCE[:8]}
    cases = [
        (51, "signal revision 0 with form 1", item(0x01, **short)),
        (52, "signal revision 0 with form 2", item(0x01, form=2, reference=REFERENCE)),
        (53, "statement revision 0 with form 1", item(0x10, **short)),
        (54, "lease revision 0 with form 3", item(0x11, form=3)),
    ]
    for n, comment, i in cases:
        b.invalid(n, "items", "inconsistent", "form", comment, lone(i))
    b.invalid(55, "items", "inconsistent", "form", "lease with form 2 in second place", several([PLAIN, item(0x11, form=2, reference=REFERENCE)]))


def good_lone_items(b):
    cases = [
        (1, "form 0, no reference", PLAIN),
        (2, "form 1, eight octets of an id", SHORT_REFERENCE),
        (3, "form 2, a whole id", WHOLE_REFERENCE),
        (4, "form 3, the reference is inside the body", INNER_REFERENCE),
        (5, "no body", EMPTY),
        (6, "form 1 and no body", item(form=1, reference=REFERENCE[:8], body=b"")),
        (7, "form 2 and no body", item(form=2, reference=REFERENCE, body=b"")),
        (8, "text, family 04, is known", item(family=0x04)),
        (9, "family 7f is kept", item(family=0x7F)),
        (10, "family 80 is kept: octet 1 is read as in any unknown family", item(family=0x80)),
        (11, "family ff is kept", item(family=0xFF)),
        (12, "unknown revision 63 of an experimental family is kept", item(revision=63)),
        (13, "unknown revision 2 of the signal family is kept", item(family=0x01, revision=2)),
        (14, "the packed form, revision 1 of the signal family, is known", item(family=0x01, revision=1)),
        (15, "unknown revision 1 of the statement family is kept, whatever its size", item(family=0x10, revision=1)),
        (
            16,
            "an unknown revision may use a form the known one does not",
            item(family=0x10, revision=1, form=2, reference=REFERENCE),
        ),
        (17, "4,096 octets, the most there may be", item(body=b"\x55" * 4094)),
        (18, "4,096 octets with a whole reference", item(form=2, reference=REFERENCE, body=b"\x55" * 4062)),
    ]
    for n, comment, i in cases:
        b.valid(n, "items", comment, lone(i))
    statement = some_statement()
    b.valid(19, "items", "family 10 revision 0: a statement", lone(item(0x10, body=statement)))
    b.valid(
        20,
        "items",
        "family 10 revision 0: a statement and its blinding salt",
        lone(item(0x10, body=statement + seed("salt"))),
    )


def good_several_items(b):
    b.valid(21, "items", "two items", several([PLAIN, PLAIN]))
    b.valid(22, "items", "every form in a row", several([PLAIN, SHORT_REFERENCE, WHOLE_REFERENCE, INNER_REFERENCE]))
    b.valid(23, "items", "items without a body: lengths 0, 8, 32, 0", several([
        EMPTY, item(form=1, reference=REFERENCE[:8], body=b""),
        item(form=2, reference=REFERENCE, body=b""), item(form=3, body=b""),
    ]))  # fmt: skip
    b.valid(24, "items", "an unknown family between two others", several([PLAIN, item(family=0x05), INNER_REFERENCE]))
    b.valid(25, "items", "length of two octets", several([item(body=b"\x55" * 128), PLAIN]))
    b.valid(26, "items", "thirty-two items", several([item(body=bytes([n])) for n in range(32)]))
    b.valid(27, "items", "an item of 4,096 octets, its length not counted", several([PLAIN, item(body=b"\x55" * 4094)]))


def bad_lone_items(b):
    def refuse(n, error, field, comment, octets):
        b.invalid(n, "items", error, field, comment, {"several": False, "octets": octets})

    refuse(28, "reserved", "family", "family 00", item(family=0).write())
    refuse(29, "truncated", "family", "no item at all", b"")
    refuse(30, "truncated", "revision", "only a family", b"\x71")
    refuse(31, "truncated", "reference", "form 1 and seven octets", SHORT_REFERENCE.write()[:9])
    refuse(32, "truncated", "reference", "form 2 and 31 octets", WHOLE_REFERENCE.write()[:33])
    refuse(33, "too_long", "item", "4,097 octets", item(body=b"\x55" * 4095).write())
    refuse(34, "inconsistent", "form", "signal revision 0 with form 0", item(family=0x01).write())
    refuse(
        35,
        "inconsistent",
        "form",
        "statement revision 0 with form 3",
        item(0x10, form=3, body=some_statement()).write(),
    )


def bad_several_items(b):
    two = several([PLAIN, PLAIN])["octets"]

    def refuse(n, error, field, comment, octets):
        b.invalid(n, "items", error, field, comment, {"several": True, "octets": octets})

    refuse(36, "not_canonical", "flags", "a lone item written as one of several", PLAIN.write(several=True))
    refuse(37, "reserved", "family", "family 00 in second place", several([PLAIN, item(family=0)])["octets"])
    refuse(38, "truncated", "family", "no item at all", b"")
    refuse(39, "truncated", "revision", "one octet behind the last item", two + b"\x71")
    refuse(40, "truncated", "length", "ends before the length", PLAIN.write(several=True) + b"\x71\x00")
    refuse(41, "truncated", "item", "last octet missing", two[:-1])
    refuse(
        42,
        "truncated",
        "reference",
        "length 7 where form 1 needs 8",
        PLAIN.write(several=True) + b"\x71\x01\x07" + REFERENCE[:7],
    )
    refuse(43, "not_canonical", "length", "padded length", b"\x71\x00\x85\x00hello" + PLAIN.write(several=True))
    refuse(
        44, "too_long", "length", "length of five octets", PLAIN.write(several=True) + bytes.fromhex("71008080808001")
    )
    refuse(45, "too_long", "item", "an item of 4,097 octets", several([PLAIN, item(body=b"\x55" * 4095)])["octets"])
    refuse(46, "too_long", "items", "thirty-three items", several([item(body=bytes([n])) for n in range(33)])["octets"])


# ---- message ids -------------------------------------------------------------------------------


def message_ids():
    b = Book("message_id", "02-item")
    key, salt = A.account(), seed("a salt", 16)
    case = {"account_key": key, "salt": salt, "item": item_json(PLAIN)}
    b.valid(1, "message_id", "form 0", case)
    b.valid(2, "message_id", "form 2", case | {"item": item_json(WHOLE_REFERENCE)})
    b.valid(3, "message_id", "form 3", case | {"item": item_json(INNER_REFERENCE)})
    b.valid(4, "message_id", "no body", case | {"item": item_json(EMPTY)})
    short = case | {"item": item_json(SHORT_REFERENCE)}
    b.valid(5, "message_id", "form 1, unresolved: no id yet", short, id=None)
    resolved = b.valid(
        6,
        "message_id",
        "form 1, resolved: form 2 and the whole reference stand in the item",
        short | {"resolved": REFERENCE},
    )
    same = item(form=2, reference=REFERENCE, body=SHORT_REFERENCE.body)
    b.valid(
        7,
        "message_id",
        "sent with form 2 from the start: same id as 006",
        case | {"item": item_json(same)},
        id=resolved["id"],
    )
    b.valid(8, "message_id", "unknown family has an id too", case | {"item": item_json(item(family=0x05))})
    b.valid(9, "message_id", "unknown revision has an id too", case | {"item": item_json(item(revision=63))})
    b.valid(10, "message_id", "another account, another id", case | {"account_key": B.account()})
    b.valid(11, "message_id", "another salt, another id", case | {"salt": bytes(16)})
    resolving(b)
    salts(b)
    return b


def resolving(b):
    twin = REFERENCE[:8] + seed("the rest of a twin", 24)
    other = seed("another id")
    given = lambda *ids: {"prefix": REFERENCE[:8], "known_ids": ids}
    b.valid(12, "resolve", "one known id begins so", given(other, REFERENCE), state="resolved", id=REFERENCE)
    b.valid(13, "resolve", "none begins so", given(other), state="pending")
    b.valid(14, "resolve", "nothing known", given(), state="pending")
    b.invalid(
        15,
        "resolve",
        "inconsistent",
        "reference",
        "two begin so: refused, never guessed",
        given(REFERENCE, other, twin),
    )


def salts(b):
    key, s = A.account(), seed("a sealed secret")
    cases = [(16, 0, 0, 0), (17, 0, 1, 0), (18, 0, 0, 1), (19, 1, 0, 0), (20, 255, 65535, 2**32 - 1)]
    for n, device, epoch, counter in cases:
        given = {"account_key": key, "device": device, "epoch": epoch, "counter": counter}
        b.valid(n, "open_salt", "salt of an item in an open envelope", given, "03-envelope.md")
    for n, counter in [(24, 0), (25, 1), (26, 2**20 - 1)]:
        b.valid(
            n, "sealed_salt", "salt of an item in a sealed envelope", {"s": s, "counter": counter}, "03-envelope.md"
        )


# ---- open envelopes ----------------------------------------------------------------------------


def written(parts, realm=LIVE, device=0, epoch=0, counter=0):
    return {
        "account_seed": A.account_seed, "realm": realm, "device": device, "epoch": epoch,
        "counter": counter, "items": [item_json(i) for i in parts],
    }  # fmt: skip


def full_envelope(size):
    """An open envelope of exactly `size` octets: four items, the last one fills up."""
    room = size - 80 - 3 * 4098
    parts = [item(body=b"\x55" * 4094)] * 3 + [item(body=b"\x55" * (room - 4))]
    return c.write_open(A.account_seed, LIVE, 0, 0, 0, parts)


def open_envelopes():
    b = Book("open_envelope", "03-envelope")
    written_open(b)
    read_open_good(b)
    read_open_newer(b)
    read_open_changed(b)
    read_open_malformed(b)
    return b


def written_open(b):
    mixed = [PLAIN, SHORT_REFERENCE, WHOLE_REFERENCE, INNER_REFERENCE]
    many = [item(body=bytes([n])) for n in range(32)]
    cases = [
        (1, "one item", written([PLAIN])),
        (2, "odd epoch sets the parity bit", written([PLAIN], epoch=1)),
        (3, "even epoch leaves it clear", written([PLAIN], epoch=2)),
        (4, "exercise realm: same octets but for the signature", written([PLAIN], EXERCISE)),
        (5, "another network", written([PLAIN], EXERCISE_2A)),
        (6, "several items take consecutive counters", written(mixed, counter=7)),
        (7, "thirty-two items", written(many, epoch=3, counter=1000)),
        (8, "last epoch, last counter", written([PLAIN], epoch=65535, counter=2**32 - 1)),
        (9, "the last two counters", written([PLAIN, PLAIN], counter=2**32 - 2)),
        (10, "unresolved reference: no id", written([SHORT_REFERENCE])),
        (11, "a body of nothing", written([EMPTY])),
        (12, "a statement as an item", written([item(0x10, body=some_statement())])),
    ]
    for n, comment, given in cases:
        out = b.valid(n, "open_write", comment, given)
        given = to_json(given)
        kind, back = answer(
            "open_read", {"realm": given["realm"], "accounts": [out["account_key"]], "envelope": out["envelope"]}
        )
        assert kind == "valid" and back["outcome"] == "verified" and back["messages"] == out["messages"]


OPEN_READ = {"realm": LIVE, "accounts": [A.account()]}


def signed_open(parts=(PLAIN,), octets=None, device=0, epoch=4, counter=9, **header):
    """Rightly signed, but with any header and any octets where the items stand."""
    octets = c.write_items(list(parts)) if octets is None else octets
    head = c.open_header(A.account(), device, epoch, counter, list(parts), **header)
    return c.sign_open(A.account_seed, LIVE, head + octets)


def read_open_good(b):
    envelope = signed_open()
    b.valid(20, "open_read", "verified", OPEN_READ | {"envelope": envelope}, outcome="verified")
    known = [STRANGER.account(), B.account(), A.account()]
    b.valid(
        21,
        "open_read",
        "the account is found by its id",
        OPEN_READ | {"envelope": envelope, "accounts": known},
        outcome="verified",
    )
    b.valid(
        22,
        "open_read",
        "unknown account: shown as an unverified claim",
        OPEN_READ | {"envelope": envelope, "accounts": [B.account()]},
        outcome="unverified",
    )
    b.valid(
        23, "open_read", "no account known", OPEN_READ | {"envelope": envelope, "accounts": []}, outcome="unverified"
    )
    b.valid(
        24,
        "open_read",
        "device 1: as signed by an unknown key",
        OPEN_READ | {"envelope": signed_open(device=1)},
        outcome="unverified",
    )
    b.valid(
        25,
        "open_read",
        "account id changed: nobody we know",
        OPEN_READ | {"envelope": flip(envelope, 4)},
        outcome="unverified",
    )
    b.valid(
        26,
        "open_read",
        "16,384 octets, the most there may be",
        OPEN_READ | {"envelope": full_envelope(16384)},
        outcome="verified",
    )


def read_open_newer(b):
    cases = [(30 + v - 1, f"version {v}", {"version": v}) for v in (1, 2, 3)]
    cases += [(31 + k, f"class {k}", {"klass": k}) for k in (5, 6, 7)]
    cases += [(39, "flag bit 1", {"flags": 2}), (40, "both flags", {"flags": 3})]
    for n, comment, header in cases:
        b.valid(
            n,
            "open_read",
            f"{comment}: kept, opened not at all",
            OPEN_READ | {"envelope": signed_open(**header)},
            outcome="needs_newer",
        )
    b.valid(
        41,
        "open_read",
        "version 1 with nothing behind octet 0",
        OPEN_READ | {"envelope": b"\x40"},
        outcome="needs_newer",
    )


def read_open_changed(b):
    envelope = signed_open([WHOLE_REFERENCE])

    def refuse(n, comment, changed, **other):
        b.invalid(n, "open_read", "bad_signature", "signature", comment, OPEN_READ | {"envelope": changed} | other)

    refuse(50, "wrong network", envelope, realm=LIVE_2)
    refuse(51, "wrong mode", envelope, realm=EXERCISE)
    refuse(52, "epoch changed, its parity kept", flip(envelope, 3, 2))
    refuse(53, "counter changed", flip(envelope, 15))
    refuse(54, "family changed", flip(envelope, 16, 2))
    refuse(55, "revision changed", flip(envelope, 17, 4))
    refuse(56, "reference changed", flip(envelope, 18))
    refuse(57, "body changed", flip(envelope, 50))
    refuse(58, "R changed", flip(envelope, len(envelope) - 64))
    refuse(59, "s changed", flip(envelope, len(envelope) - 32))
    refuse(60, "s raised by the group order", envelope[:-64] + plus_order(envelope[-64:]))
    refuse(61, "last octet missing: another 64 octets are taken for the signature", envelope[:-1])
    refuse(62, "one octet too many", envelope + b"\x00")
    card = c.sign(A.account_seed, "chappe-card/1", LIVE, envelope[:-64])
    refuse(63, "signed under another context", envelope[:-64] + card)
    bare = envelope[:-64] + c.sign(A.account_seed, "chappe-open/1", b"", envelope[:-64])
    refuse(64, "signed without a realm", bare)


def read_open_malformed(b):
    """All of these are rightly signed."""

    def refuse(n, error, field, comment, envelope):
        b.invalid(n, "open_read", error, field, comment, OPEN_READ | {"envelope": envelope})

    refuse(70, "inconsistent", "epoch", "odd epoch, parity bit clear", signed_open(epoch=5, parity=0))
    refuse(71, "inconsistent", "epoch", "even epoch, parity bit set", signed_open(epoch=4, parity=1))
    refuse(
        72,
        "not_canonical",
        "flags",
        "a lone item with the flag for several",
        signed_open(octets=PLAIN.write(several=True), flags=1),
    )
    refuse(73, "truncated", "family", "no item", signed_open(octets=b""))
    refuse(74, "truncated", "revision", "half an item", signed_open(octets=b"\x71"))
    refuse(75, "reserved", "family", "family 00", signed_open(octets=item(family=0).write()))
    refuse(76, "too_long", "item", "an item of 4,097 octets", signed_open([item(body=b"\x55" * 4095)]))
    refuse(77, "too_long", "items", "thirty-three items", signed_open([item(body=bytes([n])) for n in range(33)]))
    refuse(
        78,
        "out_of_range",
        "counter",
        "the second item would have counter 2^32",
        signed_open([PLAIN, PLAIN], counter=2**32 - 1),
    )
    refuse(79, "too_long", "envelope", "16,385 octets", full_envelope(16385))
    refuse(80, "truncated", "envelope", "79 octets", signed_open(octets=b"")[:79])
    refuse(81, "truncated", "envelope", "only octet 0", b"\x00")
    refuse(82, "truncated", "envelope", "nothing", b"")


# ---- statements --------------------------------------------------------------------------------


def no_point():
    """The smallest y that belongs to no point."""
    octets = (n.to_bytes(32, "little") for n in range(2, 99))
    return next(o for o in octets if edwards.decode(o) is None)


CHAIN = c.open_chain_id(LIVE, A.account(), 0, 0)
IDS = [seed(f"message {n}") for n in range(9)]
ROOT = c.merkle_root(IDS[:3])


def unsigned_statement(
    chain=CHAIN, device=0, first=0, count=3, root=ROOT, previous=ZEROS, earliest=1_800_000_000, width=60, version=1
):
    return c.unsigned_statement(A.account(), device, chain, first, count, root, previous, earliest, width, version)


def some_statement(**fields):
    return c.sign_statement(A.account_seed, LIVE, unsigned_statement(**fields))


def statement_in(**fields):
    base = {
        "account_seed": A.account_seed, "realm": LIVE, "device": 0, "chain_id": CHAIN, "first": 0,
        "count": 3, "root": ROOT, "previous": ZEROS, "earliest": "1800000000", "width": 60,
    }  # fmt: skip
    return base | fields


def statements():
    b = Book("statement", "04-statement")
    written_statements(b)
    read_statements(b)
    changed_statements(b)
    roots(b)
    chains(b)
    blinding(b)
    return b


def written_statements(b):
    first = b.valid(1, "statement_write", "the first of a chain", statement_in())
    follows = statement_in(first=3, count=6, root=c.merkle_root(IDS[3:]), previous=first["hash"])
    b.valid(2, "statement_write", "the next one names the hash of 001", follows)
    b.valid(3, "statement_write", "in the exercise realm", statement_in(realm=EXERCISE))
    b.valid(4, "statement_write", "one message", statement_in(count=1, root=c.merkle_root(IDS[:1])))
    b.valid(5, "statement_write", "1,024 messages", statement_in(count=1024))
    b.valid(6, "statement_write", "no clock", statement_in(earliest="0", width=65535))
    b.valid(7, "statement_write", "no upper bound known", statement_in(width=65535))
    b.valid(8, "statement_write", "the greatest time a u40 holds", statement_in(earliest=str(2**40 - 1), width=0))
    b.valid(9, "statement_write", "first + count is 2^32", statement_in(first=2**32 - 3))


STATEMENT_READ = {"realm": LIVE, "accounts": [A.account()]}


def read_statements(b):
    good = some_statement()
    b.valid(20, "statement_read", "verified", STATEMENT_READ | {"statement": good}, outcome="verified")
    b.valid(21, "statement_read", "1,024 messages", STATEMENT_READ | {"statement": some_statement(count=1024)})
    b.valid(
        22, "statement_read", "first + count is 2^32", STATEMENT_READ | {"statement": some_statement(first=2**32 - 3)}
    )
    for n, version in [(23, 2), (24, 0)]:
        newer = some_statement(version=version)
        b.valid(
            n,
            "statement_read",
            f"version {version}: kept, its messages count as not yet signed",
            STATEMENT_READ | {"statement": newer},
            outcome="needs_newer",
        )

    def refuse(n, error, field, comment, octets, **other):
        b.invalid(n, "statement_read", error, field, comment, STATEMENT_READ | {"statement": octets} | other)

    refuse(25, "out_of_range", "count", "count 0", some_statement(count=0))
    refuse(26, "out_of_range", "count", "count 1,025", some_statement(count=1025))
    refuse(27, "out_of_range", "first", "first + count is 2^32 + 1", some_statement(first=2**32 - 2))
    refuse(28, "truncated", "statement", "last octet missing", good[:-1])
    refuse(29, "truncated", "statement", "only the version", good[:1])
    refuse(30, "truncated", "statement", "nothing", b"")
    refuse(31, "trailing", "statement", "one octet too many", good + b"\x00")
    refuse(32, "unknown_account", "account_id", "the account is not known", good, accounts=[B.account()])
    refuse(33, "unknown_account", "account_id", "account id changed", flip(good, 1))
    refuse(34, "unknown_account", "device", "device 1: as signed by an unknown key", some_statement(device=1))
    for n, size, octets in [(35, "one octet", b"\x02"), (36, "300 octets", b"\x02" * 300)]:
        comment = f"version 2 in {size}: the version is looked at before the size"
        b.valid(n, "statement_read", comment, STATEMENT_READ | {"statement": octets}, outcome="needs_newer")
    contradictions(b)


def contradictions(b):
    good = some_statement(first=3, count=3)
    other = c.merkle_root(IDS[3:6])
    cases = [
        (100, False, "the same octets again: nothing new", good),
        (101, True, "the same range, another root", some_statement(first=3, count=3, root=other)),
        (102, True, "the same range and root, another time", some_statement(first=3, count=3, width=61)),
        (103, True, "one counter in common, at the end", some_statement(first=5, count=2, root=other)),
        (104, True, "one counter in common, at the start", some_statement(first=1, root=other)),
        (105, True, "inside", some_statement(first=4, count=1)),
        (106, False, "the counters right behind", some_statement(first=6)),
        (107, False, "the counters right before", some_statement(first=0)),
        (108, False, "another chain", some_statement(chain=c.open_chain_id(LIVE, A.account(), 0, 1), first=3, root=other)),
    ]
    for n, evidence, comment, octets in cases:
        b.valid(n, "contradiction", comment, {"one": good, "other": octets}, evidence=evidence)
    last, whole = some_statement(first=2**32 - 3), some_statement(first=2**32 - 4, count=4)
    b.valid(109, "contradiction", "at the last counter", {"one": last, "other": whole}, evidence=True)


def changed_statements(b):
    good = some_statement()

    def refuse(n, comment, octets, realm=LIVE):
        b.invalid(
            n,
            "statement_read",
            "bad_signature",
            "signature",
            comment,
            STATEMENT_READ | {"statement": octets, "realm": realm},
        )

    changes = [
        (40, "chain id", 10), (41, "first", 21), (42, "count", 23), (43, "root", 24), (44, "previous", 56),
        (45, "earliest", 92), (46, "width", 94), (47, "R", 95), (48, "s", 127),
    ]  # fmt: skip
    for n, what, at in changes:
        refuse(n, f"{what} changed", flip(good, at, 4))
    refuse(49, "wrong network", good, LIVE_2)
    refuse(50, "wrong mode", good, EXERCISE)
    refuse(51, "s raised by the group order", good[:95] + plus_order(good[95:]))
    refuse(52, "signed under another context", good[:95] + c.sign(A.account_seed, "chappe-open/1", LIVE, good[:95]))
    neutral = small_order_r(A.account(), edwards.encode(edwards.NEUTRAL), b"chappe-statement/1" + LIVE + good[:95])
    refuse(53, "R of small order; a lax verifier takes it", good[:95] + neutral)


def roots(b):
    for count in range(1, 10):
        b.valid(60 + count, "root", f"root over {count} id(s)", {"ids": IDS[:count]})
    b.valid(70, "root", "the order counts: 062 turned round", {"ids": [IDS[1], IDS[0]]})


def chains(b):
    key = A.account()
    cases = [(80, LIVE, 0, 0), (81, LIVE, 0, 1), (82, LIVE, 1, 0), (83, EXERCISE, 0, 0), (84, EXERCISE_2A, 255, 65535)]
    for n, realm, device, epoch in cases:
        b.valid(
            n, "chain_open", "chain id, open", {"realm": realm, "account_key": key, "device": device, "epoch": epoch}
        )


def blinding(b):
    good, salt = some_statement(), seed("blinding salt")
    b.valid(90, "blind", "commitment", {"blinding_salt": salt, "statement": good})
    b.valid(91, "blind", "another salt, another commitment", {"blinding_salt": ZEROS, "statement": good})
    b.valid(92, "evidence_body", "159 octets: logged whole", {"body": good})
    b.valid(93, "evidence_body", "191 octets: logged blinded", {"body": good + salt})

    def refuse(n, error, field, comment, body):
        b.invalid(n, "evidence_body", error, field, comment, {"body": body})

    refuse(94, "truncated", "statement", "158 octets", good[:-1])
    refuse(95, "truncated", "blinding_salt", "160 octets", good + salt[:1])
    refuse(96, "truncated", "blinding_salt", "190 octets", good + salt[:-1])
    refuse(97, "trailing", "blinding_salt", "192 octets", good + salt + b"\x00")
    refuse(98, "truncated", "statement", "nothing", b"")


# ---- labels ------------------------------------------------------------------------------------


def labels():
    b = Book("label", "05-radio")
    key = seed("alice label", 16)
    cases = [
        (1, "a day", key, LIVE, 20833), (2, "the day after", key, LIVE, 20834), (3, "another network", key, LIVE_2, 20833),
        (4, "another mode", key, EXERCISE, 20833), (5, "another key", seed("bob label", 16), LIVE, 20833),
        (6, "day 0", key, LIVE, 0), (7, "the last day a u32 holds", key, LIVE, 2**32 - 1),
    ]  # fmt: skip
    for n, comment, label_key, realm, epoch in cases:
        b.valid(n, "label", comment, {"label_key": label_key, "realm": realm, "epoch": epoch})
    times = [(10, 0, 0), (11, 86399, 0), (12, 86400, 1), (13, 1_800_000_000, 20833), (14, 2**40 - 1, 12725829)]
    for n, seconds, epoch in times:
        b.valid(
            n,
            "label_at",
            "epoch and label from a clock",
            {"label_key": key, "realm": LIVE, "seconds": str(seconds)},
            epoch=epoch,
        )
    return b


# ---- padding -----------------------------------------------------------------------------------

OVERHEADS = [(1, 20), (2, 21), (3, 52), (4, 117)]  # of the sealed classes


def padding(body=b"", **other):
    return item(0x19, body=body, **other)


def paddings():
    b = Book("padding", "02-item")
    good_paddings(b)
    bad_paddings(b)
    opened_paddings(b)
    padded_sizes(b)
    return b


def good_paddings(b):
    good = [
        ("padding without a body behind an item", [PLAIN, padding()]), ("a body of zeros", [PLAIN, padding(bytes(5))]),
        ("a length of two octets", [PLAIN, padding(bytes(128))]), ("4,096 octets", [PLAIN, padding(bytes(4094))]),
        ("two padding items", [PLAIN, padding(bytes(3)), padding()]),
        ("behind two items, the second of an unknown family", [PLAIN, item(0x05), padding(bytes(7))]),
        ("the thirty-second item", [item(body=bytes([n])) for n in range(31)] + [padding()]),
        ("an unknown revision of its family is an unknown item: not zeros, not last", [item(0x19, revision=1), PLAIN]),
    ]  # fmt: skip
    for n, (comment, parts) in enumerate(good, 1):
        b.valid(n, "items", comment, several(parts))
    b.valid(9, "items", "an unknown revision alone", lone(item(0x19, revision=1)))


def bad_paddings(b):
    ones = bytes(3) + b"\1" + bytes(3)
    bad = [
        ("bad_padding", "body", "an octet that is not zero", [PLAIN, padding(ones)]),
        ("bad_padding", "body", "the last octet is not zero", [PLAIN, padding(bytes(200) + b"\x80")]),
        ("bad_padding", "body", "in the second of two", [PLAIN, padding(bytes(3)), padding(b"\1")]),
        ("unexpected", "family", "an item behind padding", [PLAIN, padding(bytes(3)), PLAIN]),
        ("unexpected", "family", "an unknown family behind padding", [PLAIN, padding(bytes(3)), item(0x05)]),
        ("unexpected", "family", "an unknown revision of padding behind padding", [PLAIN, padding(), item(0x19, revision=1)]),
        ("unexpected", "family", "padding first", [padding(bytes(3)), PLAIN]),
        ("unexpected", "family", "nothing but padding, twice", [padding(), padding()]),
        ("inconsistent", "form", "padding with form 3", [PLAIN, padding(bytes(3), form=3)]),
        ("inconsistent", "form", "padding with a reference", [PLAIN, padding(bytes(3), form=2, reference=ZEROS)]),
        ("too_long", "item", "4,097 octets", [PLAIN, padding(bytes(4095))]),
        ("too_long", "items", "the thirty-third item", [item(body=bytes([n])) for n in range(32)] + [padding()]),
    ]  # fmt: skip
    for n, (error, field, comment, parts) in enumerate(bad, 10):
        b.invalid(n, "items", error, field, comment, several(parts))
    b.invalid(22, "items", "unexpected", "family", "padding alone", lone(padding(bytes(3))))
    b.invalid(23, "items", "truncated", "item", "cut", several([PLAIN, padding(bytes(9))]) | {
        "octets": several([PLAIN, padding(bytes(9))])["octets"][:-1]})  # fmt: skip


def opened_paddings(b):
    """Padding takes no counter, has no salt and no id; that no sender pads an open envelope is no matter to a reader."""
    last, key = 2**32 - 1, A.account()
    for n, counter in ((30, 7), (31, last)):
        octets = c.write_open(A.account_seed, LIVE, 0, 0, counter, [PLAIN, padding(bytes(5)), padding()])
        out = b.valid(n, "open_read", f"an item and padding from counter {counter} on", {"envelope": octets, "realm": LIVE, "accounts": [key]})
        assert len(out["messages"]) == 1 and len(out["items"]) == 3
    octets = c.write_open(A.account_seed, LIVE, 0, 0, last, [PLAIN, PLAIN, padding()])
    given = {"envelope": octets, "realm": LIVE, "accounts": [key]}
    b.invalid(32, "open_read", "out_of_range", "counter", "the second item has no counter left", given)


def padded_sizes(b):
    """How long a sealed envelope is made (chapter 03)."""

    def make(n, comment, parts, overhead, size, *padding_octets):
        given = {"items": [item_json(one) for one in parts], "overhead": overhead}
        expected = {"size": size, "padding": list(padding_octets)}
        out = b.valid(n, "padded", comment, given, "03-envelope.md#length", **expected)
        read = c.read_items(bytes.fromhex(out["octets"]), len(parts) + len(padding_octets) > 1)
        assert c.messages_of(read) == parts

    def body(octets):
        """An item of so many octets, its length not counted."""
        return item(body=b"\x55" * (octets - 2))

    for n, (kind, overhead) in enumerate(OVERHEADS, 40):
        make(n, f"class {kind}: as long as a step without padding", [body(239 - overhead)], overhead, 239)
    make(44, "the shortest item: 64 octets", [body(2)], 20, 64, 41)
    make(45, "a lone item, its length counted: 3 octets are missing", [body(64 - 20 - 4)], 20, 64, 3)
    make(46, "2 octets are missing: the next step", [body(64 - 20 - 3)], 20, 128, 66)
    make(47, "1 octet is missing: the next step", [body(64 - 20 - 2)], 20, 128, 65)
    make(48, "a step with its length, one less without: the next step", [body(64 - 20 - 1)], 20, 128, 64)
    make(49, "two items as long as a step: no padding", [body(20), body(22)], 20, 64)
    make(50, "130 octets are missing: a length of one octet", [body(512 - 20 - 130 - 2)], 20, 512, 130)
    make(51, "131 octets are missing: two", [body(512 - 20 - 131 - 2)], 20, 512, 65, 66)
    make(52, "132 octets are missing: a length of two octets", [body(512 - 20 - 132 - 2)], 20, 512, 132)
    make(53, "133 octets are missing", [body(512 - 20 - 133 - 2)], 20, 512, 133)
    three = [body(2000), body(2000), body(2000)]
    make(54, "to 8,192", three, 52, 8192, 2134)
    make(56, "more than one padding item holds", [body(4000), body(4000), body(200)], 20, 16384, 4079, 4079)
    make(57, "the most that can be missing", [body(4083), body(4083)], 20, 16384, 4097, 4097)
    make(58, "3 octets are missing to the greatest step", [body(4096)] * 3 + [body(16384 - 20 - 3 - 3 * 4098 - 2)], 20, 16384, 3)
    make(59, "2 octets are missing to the greatest step: none", [body(4096)] * 3 + [body(16384 - 20 - 2 - 3 * 4098 - 2)], 20, 16382)
    make(60, "the longest envelope there is", [body(4096)] * 3 + [body(16384 - 20 - 3 * 4098 - 2)], 20, 16384)
    many = [item(body=bytes([n])) for n in range(31)]
    make(61, "the thirty-second item is padding", many, 20, 239, 95)
    make(62, "thirty-two items: none", [item(body=bytes([n])) for n in range(32)], 20, 148)
    make(63, "thirty-one items and 131 octets missing: no room for two, so none", many[:30] + [body(512 - 131 - 20 - 120 - 2)], 20, 381)
    make(64, "exactly 4,098 octets missing", [body(4096), body(4096), body(16384 - 4098 - 20 - 2 * 4098 - 2)], 20, 16384, 4098)
    make(65, "4,099 octets missing", [body(4096), body(4096), body(16384 - 4099 - 20 - 2 * 4098 - 2)], 20, 16384, 2049, 2050)


# ---- all ---------------------------------------------------------------------------------------


def check_own_tools():
    """What is spelled out by hand gives known answers, and the two readings of a signature agree."""
    ed25519.check_known_answer()
    key, signature = A.account(), c.sign(A.account_seed, "chappe-open/1", LIVE, b"x")
    message = b"chappe-open/1" + LIVE + b"x"
    for s in (signature, plus_order(signature), flip(signature, 0)):
        assert edwards.verify_strict(key, message, s) == c.verifies(key, message, s) == (s == signature)


def books():
    makers = [lengths, realms, accounts, items, message_ids, open_envelopes, statements, labels, paddings]
    return [make() for make in makers]


def main():
    check_own_tools()
    changed = []
    for b in books():
        path = HERE / f"{b.name}.json"
        if "--check" in sys.argv:
            if not path.exists() or path.read_text("ascii") != b.text():
                changed.append(path.name)
        else:
            path.write_text(b.text(), "ascii", newline="\n")
        bad = sum(v["result"] == "invalid" for v in b.vectors)
        print(f"{path.name}: {len(b.vectors)} vectors, {bad} of them invalid")
    if changed:
        sys.exit("these files would change: " + ", ".join(changed))


if __name__ == "__main__":
    main()
