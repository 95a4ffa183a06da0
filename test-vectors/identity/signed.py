"""Vectors of what a certified device signs: open envelopes (03), statements and proofs (04)."""

import card as c
import chappe
import devices
import edwards
import endorsement as e
from book import Book
from conventions import EXERCISE, LIVE, LIVE_2, flip, seed
from identity_kinds import KINDS
from people import ALICE, BOARD, BOB, OTHER_SIGNING, SIGNING, SMALL, certificate, certificate_fields, endorsed, revocation, succession

TEXT = chappe.Item(0x71, 0, 0, b"", b"hello")
REFERRING = chappe.Item(0x71, 0, 2, seed("a referenced message"), b"whole")
KNOWN = {"realm": LIVE, "accounts": [], "certificates": [certificate()], "revocations": [], "successions": []}
AGAIN = seed("alice phone signing again")
SECOND = certificate(issue=1, signing_key=e.account_key(AGAIN))


def an_envelope(signing=SIGNING, account=ALICE.account, realm=LIVE, device=1, epoch=4, counter=9, items=(TEXT,)):
    return devices.write_open(account, signing, realm, device, epoch, counter, list(items))


def open_envelopes():
    b = Book("identity", "open_envelope", "03-envelope", KINDS)
    given = {
        "account": ALICE.account, "signing_seed": SIGNING, "realm": LIVE, "device": 1, "epoch": 0, "counter": 0,
        "items": [vars(TEXT)],
    }  # fmt: skip
    write = lambda comment, **other: b.valid("device_open_write", comment, given | other)
    write("by device 1")
    write("several items", items=[vars(TEXT), vars(REFERRING)], counter=7)
    write("device 255, last epoch, last counter", device=255, epoch=65535, counter=2**32 - 1)
    write("of an account of 2 of 3", account=BOARD.account)
    write("in the exercise realm", realm=EXERCISE)
    read = lambda comment, outcome, envelope, **other: b.valid(
        "device_open_read", comment, KNOWN | {"envelope": envelope} | other, "10-identity.md", outcome=outcome
    )
    good = an_envelope()
    read("by a certified device", "verified", good)
    board = endorsed("certificate", certificate_fields(BOARD.account), BOARD)
    read("of an account of 2 of 3", "verified", an_envelope(account=BOARD.account), certificates=[board])
    read("two devices are known", "verified", good, certificates=[certificate(device=2, signing_key=e.account_key(OTHER_SIGNING)), certificate()])
    read("the higher issue holds", "verified", an_envelope(AGAIN), certificates=[certificate(), SECOND])
    read("the issue before it is revoked", "verified", an_envelope(AGAIN), certificates=[certificate(), SECOND], revocations=[revocation()])
    read("another device is revoked", "verified", good, revocations=[revocation(device=2)])
    read("device 0 signs with the root, known from a certificate", "verified", an_envelope(ALICE.seeds[0], device=0))
    read("device 0, the account alone known", "verified", an_envelope(ALICE.seeds[0], device=0), certificates=[], accounts=[ALICE.account])
    read("what the issue before signed", "verified", good, certificates=[certificate(), SECOND])
    read("what the issue before signed, known in the other order", "verified", good, certificates=[SECOND, certificate()])
    read("device 0 once a succession is known", "unverified", an_envelope(ALICE.seeds[0], device=0), successions=[succession()])
    read("a device once a succession is known", "verified", good, successions=[succession()])
    read("device 0 of an account of 2 of 3 has no key", "unverified", an_envelope(account=BOARD.account, device=0), certificates=[board])
    read("nothing known", "unverified", good, certificates=[])
    read("only the account known", "unverified", good, certificates=[], accounts=[ALICE.account])
    read("another device of the account known", "unverified", an_envelope(device=2))
    read("another account known", "unverified", good, certificates=[endorsed("certificate", certificate_fields(BOB.account), BOB)])
    refused_envelopes(b, good)
    return b


def refused_envelopes(b, good):
    def refuse(error, field, comment, envelope, **other):
        b.invalid("device_open_read", error, field, comment, KNOWN | {"envelope": envelope} | other, "10-identity.md")

    refuse("revoked", "device", "revoked", good, revocations=[revocation()])
    refuse("revoked", "device", "revoked with a higher issue", good, revocations=[revocation(issue=9)])
    refuse("revoked", "device", "revoked, and the signature is bad: the device comes first", flip(good, len(good) - 1), revocations=[revocation()])
    malformed = an_envelope(items=[chappe.Item(0x15, 0, 2, bytes(32), b"")])
    refuse("inconsistent", "form", "revoked, and an item of a bad form: the form comes first", malformed, revocations=[revocation()])
    bad = lambda comment, envelope, **other: refuse("bad_signature", "signature", comment, envelope, **other)
    bad("signed by the root", an_envelope(ALICE.seeds[0]))
    bad("signed by another device's key", an_envelope(OTHER_SIGNING))
    bad("signed under an issue two before", good, certificates=[certificate(), SECOND, certificate(issue=2, signing_key=e.account_key(OTHER_SIGNING))])
    bad("device 0, signed by device 1", an_envelope(device=0))
    bad("wrong network", an_envelope(realm=LIVE_2))
    bad("body changed", flip(good, 20))
    weak = certificate(signing_key=SMALL[0])
    unsigned = good[:-64]
    lax = edwards.craft(SMALL[0], 0, b"chappe-open/1" + LIVE + unsigned, lambda k: k == 0)
    refuse("weak_key", "signing_key", "signing key of small order; a lax verifier takes the signature", unsigned + lax, certificates=[weak])


# ---- statements --------------------------------------------------------------------------------

CHAIN = chappe.open_chain_id(LIVE, ALICE.account, 1, 0)
IDS = [seed(f"message {n}") for n in range(1024)]


def statement_fields(count=3, first=0, device=1, **other):
    return {
        "account": ALICE.account, "signing_seed": SIGNING, "realm": LIVE, "device": device, "chain_id": CHAIN,
        "first": first, "count": count, "root": chappe.merkle_root(IDS[:count]), "previous": bytes(32),
        "earliest": "1800000000", "width": 60,
    } | other  # fmt: skip


def a_statement(version=1, **other):
    f = statement_fields(**other)
    unsigned = chappe.unsigned_statement(
        f["account"], f["device"], f["chain_id"], f["first"], f["count"], f["root"], f["previous"],
        int(f["earliest"]), f["width"], version,
    )  # fmt: skip
    return chappe.sign_statement(f["signing_seed"], f["realm"], unsigned)


def statements():
    b = Book("identity", "statement", "04-statement", KINDS)
    b.valid("device_statement_write", "by device 1, over an open chain", statement_fields())
    sealed = statement_fields(chain_id=seed("a sealed chain", 8), device=200)
    b.valid("device_statement_write", "by device 200, over eight random octets", sealed)
    good = a_statement()
    read = lambda comment, octets, **other: b.valid("device_statement_read", comment, KNOWN | {"statement": octets} | other)
    read("by a certified device", good)
    read("the higher issue holds", a_statement(signing_seed=AGAIN), certificates=[certificate(), SECOND])
    read("signed under the issue before", good, certificates=[certificate(), SECOND])
    read("device 0 signs with the root", a_statement(device=0, signing_seed=ALICE.seeds[0]))

    def refuse(error, field, comment, octets, **other):
        b.invalid("device_statement_read", error, field, comment, KNOWN | {"statement": octets} | other)

    refuse("unknown_account", "account_id", "nothing known", good, certificates=[])
    refuse("unknown_account", "device", "only the account known", good, certificates=[], accounts=[ALICE.account])
    refuse("unknown_account", "device", "another device of the account known", a_statement(device=2))
    refuse("unknown_account", "device", "a root of 2 of 3 is no device 0", a_statement(account=BOARD.account, device=0),
           certificates=[endorsed("certificate", certificate_fields(BOARD.account), BOARD)])  # fmt: skip
    refuse("unknown_account", "device", "device 0 once a succession is known", a_statement(device=0, signing_seed=ALICE.seeds[0]), successions=[succession()])
    refuse("revoked", "device", "revoked", good, revocations=[revocation()])
    refuse("revoked", "device", "revoked, and the signature is bad: the device comes first", flip(good, 158), revocations=[revocation()])
    refuse("out_of_range", "count", "revoked, and a count of 0: the count comes first", a_statement(count=1)[:22] + bytes(2) + good[24:], revocations=[revocation()])
    bad = lambda comment, octets, **other: refuse("bad_signature", "signature", comment, octets, **other)
    bad("signed by the root", a_statement(signing_seed=ALICE.seeds[0]))
    bad("signed under an issue two before", good, certificates=[certificate(), SECOND, certificate(issue=2, signing_key=e.account_key(OTHER_SIGNING))])
    bad("wrong mode", a_statement(realm=EXERCISE))
    bad("root changed", flip(good, 24))
    return b


# ---- proofs ------------------------------------------------------------------------------------


def a_proof(place, count=7, first=100, **other):
    path = c.audit_path(place, IDS[:count])
    return a_statement(count=count, first=first, **other) + chappe.u32(first + place) + b"".join(path)


def proofs():
    b = Book("identity", "proof", "04-statement", KINDS)
    for count, place in [(1, 0), (2, 0), (2, 1), (7, 0), (7, 3), (7, 5), (7, 6), (8, 7), (9, 8), (1024, 1000)]:
        statement = a_statement(count=count, first=100)
        given = {"statement": statement, "ids": IDS[:count], "counter": 100 + place}
        out = b.valid("proof_write", f"message {place} of {count}", given, "04-statement.md#proof-of-one-message")
        read = KNOWN | {"proof": out["proof"], "id": IDS[place]}
        b.valid("proof_read", f"message {place} of {count}", read, "04-statement.md#proof-of-one-message")
    last = 2**32 - 7
    b.valid("proof_read", "the last counter there is", KNOWN | {"proof": a_proof(6, first=last), "id": IDS[6]})
    refused_proofs(b)
    return b


def refused_proofs(b):
    good = a_proof(3)

    def refuse(error, field, comment, proof, message=IDS[3], **other):
        given = KNOWN | {"proof": proof, "id": message} | other
        b.invalid("proof_read", error, field, comment, given, "04-statement.md#proof-of-one-message")

    refuse("truncated", "proof", "nothing", b"")
    refuse("truncated", "proof", "the statement alone", good[:159])
    refuse("truncated", "proof", "ends inside of the counter", good[:162])
    refuse("out_of_range", "counter", "the counter before the range", good[:159] + chappe.u32(99) + good[163:])
    refuse("out_of_range", "counter", "the counter behind the range", good[:159] + chappe.u32(107) + good[163:])
    refuse("out_of_range", "count", "a statement over no message", a_statement(count=1, first=100)[:22] + bytes(2) + good[24:])
    refuse("truncated", "path", "no path", good[:163])
    refuse("truncated", "path", "last octet of the path missing", good[:-1])
    refuse("truncated", "path", "one step too few", good[:-32])
    refuse("trailing", "path", "one octet too many", good + b"\x00")
    refuse("trailing", "path", "one step too many", good + bytes(32))
    refuse("trailing", "path", "the last of seven has a shorter path", good[:159] + chappe.u32(106) + good[163:], IDS[6])
    refuse("bad_inclusion", "path", "another message", good, IDS[4])
    refuse("bad_inclusion", "path", "another place", good[:159] + chappe.u32(102) + good[163:])
    for n in range(3):
        refuse("bad_inclusion", "path", f"step {n} of the path changed", flip(good, 163 + 32 * n))
    turned = good[:163] + good[195:227] + good[163:195] + good[227:]
    refuse("bad_inclusion", "path", "two steps the wrong way round", turned)
    refuse("bad_signature", "signature", "the statement's signature changed", flip(good, 158))
    refuse("bad_signature", "signature", "signed by another key", a_proof(3, signing_seed=OTHER_SIGNING))
    refuse("unknown_account", "account_id", "nothing known", good, certificates=[])
    refuse("revoked", "device", "the device is revoked", good, revocations=[revocation()])


# ---- requests and ids --------------------------------------------------------------------------

ASKING = "04-statement.md#asking-for-what-is-missing"
PLACE = {"account_id": chappe.account_id(ALICE.account), "chain_id": CHAIN}


def u16(n):
    return n.to_bytes(2, "big")


def in_octets(kind, *parts):
    return (b"" if kind is None else bytes([kind])) + PLACE["account_id"] + CHAIN + b"".join(parts)


def requests():
    b = Book("identity", "request", "04-statement", KINDS)

    def take(comment, body, **fields):
        b.valid("request_write", comment, fields, ASKING, body=body)
        b.valid("request_read", comment, {"body": body}, ASKING, **fields)

    def refuse(error, field, comment, body):
        b.invalid("request_read", error, field, comment, {"body": body}, ASKING)

    for first, count in [(0, 1), (7, 3), (4096, 64), (2**32 - 1, 1), (2**32 - 64, 64)]:
        octets = in_octets(0, chappe.u32(first), u16(count))
        take(f"the ids of {count} from {first} on", octets, what="ids", **PLACE, first=first, count=count)
    for counter in (0, 2**32 - 1):
        octets = in_octets(1, chappe.u32(counter))
        take(f"a proof of the message with counter {counter}", octets, what="proof", **PLACE, counter=counter)
    take("a proof of the message with this id", b"\x02" + IDS[3], what="proof_of_id", id=IDS[3])
    refuse("truncated", "kind", "nothing", b"")
    refuse("unknown_code", "kind", "a kind there is not", b"\x03" + bytes(32))
    good = in_octets(0, chappe.u32(7), u16(3))
    for size, field in [(1, "account"), (8, "account"), (9, "chain"), (16, "chain"), (17, "counter"), (20, "counter"), (21, "count"), (22, "count")]:
        refuse("truncated", field, f"{size} octets of a request for ids", good[:size])
    refuse("trailing", "request", "one octet too many for ids", good + b"\x00")
    refuse("truncated", "counter", "a proof without the whole counter", in_octets(1, bytes(3)))
    refuse("trailing", "request", "one octet too many for a proof", in_octets(1, bytes(5)))
    refuse("truncated", "id", "half an id", b"\x02" + IDS[3][:31])
    refuse("trailing", "request", "one octet too many for an id", b"\x02" + IDS[3] + b"\x00")
    for first, count, comment in [(0, 0, "no message"), (0, 65, "one message too many"), (2**32 - 1, 2, "past the last counter"), (0, 65535, "as many as can be written")]:
        refuse("out_of_range", "count", comment, in_octets(0, chappe.u32(first), u16(count)))
    refuse("trailing", "request", "no message, and an octet too many: the size comes first", in_octets(0, bytes(6), b"\x00"))
    return b


def ids():
    b = Book("identity", "ids", "04-statement", KINDS)

    def take(comment, body, **fields):
        b.valid("ids_write", comment, fields, ASKING, body=body)
        b.valid("ids_read", comment, {"body": body}, ASKING, **fields)

    def refuse(error, field, comment, body):
        b.invalid("ids_read", error, field, comment, {"body": body}, ASKING)

    for first, count in [(0, 1), (7, 3), (100, 64), (2**32 - 1, 1), (2**32 - 64, 64)]:
        octets = in_octets(None, chappe.u32(first), *IDS[:count])
        take(f"{count} from {first} on", octets, **PLACE, first=first, ids=IDS[:count])
    good = in_octets(None, chappe.u32(7), *IDS[:2])
    for size, field in [(0, "account"), (7, "account"), (15, "chain"), (19, "counter"), (20, "ids"), (51, "ids"), (53, "ids"), (83, "ids")]:
        refuse("truncated", field, f"{size} octets", good[:size])
    refuse("truncated", "ids", "two ids and an octet", good + b"\x00")
    refuse("out_of_range", "ids", "one id too many", in_octets(None, chappe.u32(0), *IDS[:65]))
    refuse("out_of_range", "ids", "past the last counter", in_octets(None, chappe.u32(2**32 - 1), *IDS[:2]))
    return b


def books():
    return [open_envelopes(), statements(), proofs(), requests(), ids()]
