"""Vectors of roots and endorsements."""

import edwards
import endorsement as e
from conventions import EXERCISE, LIVE, LIVE_2, flip, seed
from endorsement import sign
from people import (
    ALICE, BOARD, BOB, NEXT, SMALL, book, certificate, certificate_fields, endorsed, no_point, revocation,
    revocation_fields, succession, succession_fields,
)  # fmt: skip

FIELDS = {"certificate": certificate_fields, "revocation": revocation_fields, "succession": succession_fields}
ALL_SIXTEEN = [seed(f"member {n}") for n in range(16)]


def roots():
    b = book("root")
    keys = e.keys_of(BOARD.octets)
    b.valid("root", "one key: the account is the key itself", {"root": ALICE.octets}, account=ALICE.octets[2:])
    for threshold in (1, 2, 3):
        b.valid("root", f"{threshold} of 3", {"root": e.write_root(threshold, keys)})
    sixteen = e.Root(9, ALL_SIXTEEN)
    b.valid("root", "9 of 16, the most there may be", {"root": sixteen.octets})
    b.valid("root", "16 of 16", {"root": bytes([16]) + sixteen.octets[1:]})

    def refuse(error, field, comment, octets):
        b.invalid("root", error, field, comment, {"root": octets})

    refuse("out_of_range", "threshold", "0 of 1", b"\x00" + ALICE.octets[1:])
    refuse("out_of_range", "threshold", "0 of 3", e.write_root(0, keys))
    refuse("out_of_range", "threshold", "2 of 1", b"\x02" + ALICE.octets[1:])
    refuse("out_of_range", "threshold", "4 of 3", e.write_root(4, keys))
    seventeen = sorted(e.account_key(seed(f"member {n}")) for n in range(17))
    refuse("out_of_range", "keys", "1 of 17", e.write_root(1, seventeen))
    refuse("not_canonical", "keys", "two keys the wrong way round", e.write_root(2, [keys[1], keys[0], keys[2]]))
    refuse("not_canonical", "keys", "one key twice", e.write_root(2, [keys[0], keys[0], keys[2]]))
    refuse("truncated", "root", "nothing", b"")
    refuse("truncated", "root", "only the threshold", b"\x01")
    refuse("truncated", "root", "last octet missing", BOARD.octets[:-1])
    refuse("trailing", "root", "one octet too many", BOARD.octets + b"\x00")
    for n, key in enumerate(SMALL):
        refuse("weak_key", "keys", f"key of small order, {n} times a point of order 8", e.write_root(1, [key]))
    refuse("bad_signature", "signature", "key that is no point of the curve", e.write_root(1, [no_point()]))
    above = (edwards.P + 3).to_bytes(32, "little")
    refuse("bad_signature", "signature", "key whose y is not below p", e.write_root(1, [above]))
    two = sorted([SMALL[0], keys[0]])
    refuse("weak_key", "keys", "one of two keys of small order", e.write_root(1, two))
    return b


def write_in(what, fields, seeds, threshold=1, places=(0,), realm=LIVE):
    times = {k: str(v) if k in ("not_before", "expiry") else v for k, v in fields.items()}
    return {"what": what, "realm": realm, "content": times, "seeds": seeds, "threshold": threshold, "places": list(places)}


def read_in(what, octets, realm=LIVE, successors=()):
    return {"what": what, "realm": realm, "successors": successors, "octets": octets}


def endorsements(what):
    b = book(what)
    written(b, what)
    read_good(b, what)
    content_refused(b, what)
    root_refused(b, what)
    signatures_refused(b, what)
    items(b, what)
    return b


def written(b, what):
    fields = FIELDS[what]
    size = {"certificate": 262, "revocation": 135, "succession": 164}[what]
    out = b.valid("endorsement_write", "by a root of one key", write_in(what, fields(), ALICE.seeds))
    assert len(out["octets"]) == 2 * size
    b.valid("endorsement_write", "in the exercise realm: other signature", write_in(what, fields(), ALICE.seeds, realm=EXERCISE))
    for places in ((0, 1), (0, 2), (1, 2)):
        given = write_in(what, fields(BOARD.account), BOARD.seeds, 2, places)
        b.valid("endorsement_write", f"2 of 3, by the keys {places[0]} and {places[1]}", given)
    nine = e.Root(9, ALL_SIXTEEN)
    b.valid("endorsement_write", "9 of 16", write_in(what, fields(nine.account), nine.seeds, 9, range(0, 9)))
    if what != "certificate":
        return
    for comment, other in [
        ("device 255, issue 65,535", {"device": 255, "issue": 65535}),
        ("nothing permitted, nowhere but one place, at one second", {
            "permissions": 0, "precedence": 0, "expiry": 1_800_000_000, "area": [4_885_837, 229_448, 4_885_837, 229_448]}),
        ("area across the antimeridian", {"area": [-5_000_000, 17_000_000, -3_000_000, -17_000_000]}),
        ("all bits of the permissions, known or not", {"permissions": 2**32 - 1}),
    ]:  # fmt: skip
        b.valid("endorsement_write", comment, write_in(what, fields(**other), ALICE.seeds))


def read_good(b, what):
    fields = FIELDS[what]
    b.valid("endorsement_read", "by a root of one key", read_in(what, endorsed(what, fields())))
    b.valid("endorsement_read", "by 2 of 3", read_in(what, endorsed(what, fields(BOARD.account), BOARD)))
    by_last = endorsed(what, fields(BOARD.account), BOARD, places=[1, 2])
    b.valid("endorsement_read", "by the last two of 3", read_in(what, by_last))
    exercise = endorsed(what, fields(), realm=EXERCISE)
    b.valid("endorsement_read", "in the exercise realm", read_in(what, exercise, EXERCISE))
    followed = [{"account": ALICE.account, "successor": NEXT.account}]
    b.valid("endorsement_read", "by the successor's root", read_in(what, endorsed(what, fields(), NEXT), successors=followed))
    board = [{"account": ALICE.account, "successor": BOARD.account}]
    by_board = endorsed(what, fields(), BOARD)
    b.valid("endorsement_read", "by a successor of several keys", read_in(what, by_board, successors=board))
    if what == "revocation":
        comment = "by the root that was succeeded: made beforehand, it counts for what that root certified"
        b.valid("endorsement_read", comment, read_in(what, endorsed(what, fields()), successors=followed))
    other = [{"account": BOB.account, "successor": NEXT.account}]
    b.valid("endorsement_read", "another account has a successor", read_in(what, endorsed(what, fields()), successors=other))
    if what == "certificate":
        weak = fields(signing_key=SMALL[0], identity_key=bytes(32), transport_key=SMALL[1])
        comment = "keys of small order inside: looked at when something is signed or agreed with them"
        b.valid("endorsement_read", comment, read_in(what, endorsed(what, weak)))
        one = {"not_before": 0, "expiry": 0}
        b.valid("endorsement_read", "not before and expiry the same", read_in(what, endorsed(what, fields(**one))))


def content_refused(b, what):
    fields, good = FIELDS[what], endorsed(what, FIELDS[what]())

    def refuse(error, field, comment, octets):
        b.invalid("endorsement_read", error, field, comment, read_in(what, octets))

    for version in (0, 2):
        newer = endorsed(what, fields() | {"version": version})
        refuse("unknown_version", "version", f"version {version}, rightly signed", newer)
    refuse("unknown_version", "version", "version 2 and nothing behind it: the version comes before the size", b"\x02")
    refuse("truncated", what, "nothing", b"")
    refuse("truncated", what, "only the version", b"\x01")
    refuse("truncated", what, "content without its last octet", good[: e.SIZES[what] - 1])
    if what == "succession":
        return
    refuse("reserved", "device", "device 0, rightly signed", endorsed(what, fields(device=0)))
    if what == "revocation":
        return
    world = e.WORLD
    for field, comment, other in [
        ("not_before", "expiry a second before not before", {"expiry": 1_799_999_999}),
        ("precedence", "precedence 4", {"precedence": 4}),
        ("area", "south above north", {"area": [1, 0, 0, 0]}),
        ("area", "south below -90 degrees", {"area": [-9_000_001, *world[1:]]}),
        ("area", "north above 90 degrees", {"area": [0, 0, 9_000_001, 0]}),
        ("area", "west below -180 degrees", {"area": [0, -18_000_001, 0, 0]}),
        ("area", "west above 180 degrees", {"area": [0, 18_000_001, 0, 0]}),
        ("area", "east above 180 degrees", {"area": [0, 0, 0, 18_000_001]}),
        ("area", "east below -180 degrees", {"area": [0, 0, 0, -18_000_001]}),
        ("area", "west is the least number of 32 bits", {"area": [0, -(2**31), 0, 0]}),
    ]:
        refuse("out_of_range", field, comment, endorsed(what, fields(**other)))


def root_refused(b, what):
    fields = FIELDS[what]
    good, board = endorsed(what, fields()), endorsed(what, fields(BOARD.account), BOARD)
    at = e.SIZES[what]

    def refuse(error, field, comment, octets):
        b.invalid("endorsement_read", error, field, comment, read_in(what, octets))

    refuse("truncated", "root", "content alone", good[:at])
    refuse("truncated", "root", "ends inside of the keys", board[: at + 60])
    refuse("out_of_range", "threshold", "0 of 1", good[:at] + b"\x00\x01" + good[at + 2 :])
    refuse("out_of_range", "threshold", "2 of 1", good[:at] + b"\x02\x01" + good[at + 2 :])
    seventeen = good[:at] + b"\x01\x11" + b"".join(sorted(seed(f"key {n}") for n in range(17))) + good[at + 34 :]
    refuse("out_of_range", "keys", "1 of 17", seventeen)
    keys = e.keys_of(BOARD.octets)
    turned = e.write_root(2, [keys[1], keys[0], keys[2]])
    content = e.write_content(what, fields(e.account_of(turned)))
    refuse("not_canonical", "keys", "keys the wrong way round", content + turned + board[at + 98 :])
    refuse("truncated", "signatures", "no signature", good[: at + 34])
    refuse("truncated", "signatures", "one of two signatures", board[:-65])
    refuse("truncated", "signatures", "last octet missing", good[:-1])
    refuse("trailing", what, "one octet too many", good + b"\x00")
    refuse("trailing", what, "three signatures where two are asked for", endorsed(what, fields(BOARD.account), BOARD, places=[0, 1, 2]))
    last = len(board) - 65
    refuse("out_of_range", "place", "place 3 of 3 keys", board[:last] + b"\x03" + board[last + 1 :])
    refuse("out_of_range", "place", "place 1 of one key", good[:-65] + b"\x01" + good[-64:])
    refuse("not_canonical", "place", "the same key twice", endorsed(what, fields(BOARD.account), BOARD, places=[1, 1]))
    refuse("not_canonical", "place", "places the wrong way round", endorsed(what, fields(BOARD.account), BOARD, places=[2, 0]))


def signatures_refused(b, what):
    fields, at = FIELDS[what], e.SIZES[what]
    good = endorsed(what, fields())

    def refuse(error, field, comment, octets, **other):
        b.invalid("endorsement_read", error, field, comment, read_in(what, octets, **other))

    refuse("unknown_account", "root", "another root, rightly signed", endorsed(what, fields(), BOB))
    refuse("unknown_account", "root", "a root of one of three keys", endorsed(what, fields(BOARD.account), e.Root(1, BOARD.seeds)))
    followed = [{"account": ALICE.account, "successor": NEXT.account}]
    comment = "the account's own root, after it was followed by another"
    if what != "revocation":
        refuse("unknown_account", "root", comment, good, successors=followed)
    refuse("unknown_account", "root", "the successor's root, but the succession is not known", endorsed(what, fields(), NEXT))
    weak_root = e.write_root(1, [SMALL[0]])
    content = e.write_content(what, fields(e.account_of(weak_root)))
    message = e.CONTEXTS[what].encode() + LIVE + content + weak_root
    lax = b"\x00" + edwards.craft(SMALL[0], 0, message, lambda k: k == 0)
    refuse("weak_key", "keys", "root key of small order; a lax verifier takes the signature", content + weak_root + lax)
    none = e.write_root(1, [no_point()])
    content = e.write_content(what, fields(e.account_of(none)))
    refuse("bad_signature", "signature", "root key that is no point", content + none + good[-65:])
    bad = lambda comment, octets, **other: refuse("bad_signature", "signature", comment, octets, **other)
    bad("wrong network", good, realm=LIVE_2)
    bad("wrong mode", good, realm=EXERCISE)
    bad("an octet of the content changed", flip(good, 36 if what == "certificate" else at - 1))
    bad("R changed", flip(good, len(good) - 64))
    bad("s changed", flip(good, len(good) - 32))
    s = int.from_bytes(good[-32:], "little") + edwards.L
    bad("s raised by the group order", good[:-32] + s.to_bytes(32, "little"))
    signed = good[:-65]
    for other in ("chappe-device/1", "chappe-revocation/1", "chappe-succession/1", "chappe-card/3"):
        if other != e.CONTEXTS[what]:
            bad(f"signed under {other}", signed + b"\x00" + sign(ALICE.seeds[0], other, LIVE, signed))
    bad("signed without the root", signed + b"\x00" + sign(ALICE.seeds[0], e.CONTEXTS[what], LIVE, signed[:at]))
    board = endorsed(what, fields(BOARD.account), BOARD, places=[0, 1])
    bad("the second of two signatures is another key's", board[:-65] + b"\x02" + board[-64:])
    bad("the first of two signatures changed", flip(board, len(board) - 70))
    orders(refuse, what, good, board)


def orders(refuse, what, good, board):
    """Two things wrong: the chapter says which is looked at first."""
    fields, at = FIELDS[what], e.SIZES[what]
    if what != "succession":
        both = endorsed(what, fields(device=0))[:at] + b"\x00" + good[at + 1 :]
        refuse("reserved", "device", "device 0 and a threshold of 0: the content comes before the root", both)
    root_first = good[:at] + b"\x00\x01" + good[at + 2 : -65] + b"\x05" + good[-64:]
    refuse("out_of_range", "threshold", "threshold 0 and place 5: the root comes before the places", root_first)
    stranger = endorsed(what, fields(), BOB)
    places_first = stranger[:-65] + b"\x05" + stranger[-64:]
    refuse("out_of_range", "place", "place 5 and another root: the places come before the account", places_first)
    weak = e.write_root(1, [SMALL[0]])
    refuse("unknown_account", "root", "another root, of small order: the account comes before the keys", good[:at] + weak + good[-65:])
    keys = sorted([SMALL[0], *e.keys_of(BOARD.octets)[:2]])
    mixed = e.write_root(1, keys)
    content = e.write_content(what, fields(e.account_of(mixed)))
    place = bytes([keys.index(SMALL[0]) ^ 1])
    refuse("weak_key", "keys", "a weak key beside the one that signs badly: keys come before signatures", content + mixed + place + good[-64:])


def items(b, what):
    kind = e.KINDS.index(what)
    good = endorsed(what, FIELDS[what]())
    b.valid("endorsement_item", "body of an item of family 14", {"realm": LIVE, "body": bytes([kind]) + good})
    if what != "certificate":
        return

    def refuse(error, field, comment, body):
        b.invalid("endorsement_item", error, field, comment, {"realm": LIVE, "body": body})

    refuse("truncated", "kind", "no octet", b"")
    refuse("unknown_code", "kind", "kind 3", b"\x03" + good)
    refuse("truncated", "certificate", "only the kind", b"\x00")
    as_revocation = "a certificate under kind 1: behind 36 octets there is no root"
    octets = bytes([1]) + good
    try:
        e.read_endorsement("revocation", good, LIVE)
    except e.Refused as refusal:
        refuse(refusal.kind, refusal.field, as_revocation, octets)


AGAIN = e.account_key(seed("alice phone signing again"))


def histories():
    """What a reader makes of an account's endorsements, in the order in which it meets them."""
    b = book("account")
    first, second, third = certificate(), certificate(issue=1, signing_key=AGAIN), certificate(issue=2)
    twin = certificate(signing_key=e.account_key(seed("a twin")))
    by_next = lambda what, **more: endorsed(what, FIELDS[what](**more), NEXT)

    def meet(comment, answers, *given, **expected):
        given = [{"what": what_of(octets), "octets": octets} for octets in given]
        case = {"realm": LIVE, "account": ALICE.account, "device": 1, "endorsements": given}
        expected = {"root": ALICE.account, "evidence": False} | expected
        b.valid("account", comment, case, answers=answers.split(), **expected)

    taken = "taken"
    meet("nothing", "", holds=None, verifies=[])
    meet("one certificate", taken, first, holds=0, before=None, verifies=[0])
    meet("the same once more is nothing new", "taken known", first, first, holds=0)
    meet("the higher issue holds, and the one before it still verifies", "taken taken", first, second, holds=1, before=0, verifies=[1, 0])
    meet("the higher issue known first", "taken taken", second, first, holds=0, before=1)
    meet("three issues: the lowest verifies no more", "taken taken taken", first, second, third, holds=2, verifies=[2, 1])
    meet("another device of the account", taken, certificate(device=2), holds=None)
    meet("two of the same issue: the one known first holds, both are evidence", "taken evidence", first, twin, holds=0, verifies=[0], evidence=True)
    meet("two of a lower issue", "taken evidence taken", first, twin, second, holds=2, verifies=[2, 0], evidence=True)
    board = certificate(BOARD)
    by_others = endorsed("certificate", certificate_fields(BOARD.account), BOARD, places=[1, 2])
    case = {"realm": LIVE, "account": BOARD.account, "device": 1,
            "endorsements": [{"what": "certificate", "octets": octets} for octets in (board, by_others)]}  # fmt: skip
    b.valid("account", "the same content under the same root, signed by others: nothing new", case, answers=["taken", "known"], evidence=False)
    meet("certified by another root", "unknown_account", endorsed("certificate", certificate_fields(), BOB), holds=None)
    meet("revoked", "taken taken", first, revocation(), holds=0, verifies=[])
    meet("revoked before it was certified", "taken taken", revocation(), first, holds=1, verifies=[])
    meet("revoked with all issues before it", "taken taken taken", first, second, revocation(issue=7), verifies=[])
    meet("a higher issue is a new device; what the revoked one signed verifies no more", "taken taken taken", first, second, revocation(), holds=1, verifies=[1])
    meet("another device is revoked", "taken taken", first, revocation(device=2), verifies=[0])
    meet("revoked by another root", "taken unknown_account", first, endorsed("revocation", revocation_fields(), BOB), verifies=[0])
    followed = {"root": NEXT.account}
    meet("a succession", taken, succession(), **followed)
    meet("a succession twice", "taken known", succession(), succession(), **followed)
    meet("a certificate known before the succession stays", "taken taken", first, succession(), holds=0, verifies=[0], **followed)
    meet("and is nothing new when it comes again", "taken taken known", first, succession(), first, holds=0, **followed)
    meet("a certificate of the old root after the succession", "taken unknown_account", succession(), first, holds=None, **followed)
    meet("the successor certifies", "taken taken", succession(), by_next("certificate"), holds=1, **followed)
    meet("the successor's certificate holds before one of a higher issue under the old root", "taken taken taken",
         certificate(issue=65535), succession(), by_next("certificate"), holds=2, before=0, verifies=[2, 0], **followed)  # fmt: skip
    meet("a revocation under the old root ends what that root certified", "taken taken taken taken",
         first, succession(), by_next("certificate"), revocation(issue=65535), holds=2, verifies=[2], **followed)  # fmt: skip
    meet("a revocation by the successor ends what it certified, and what was certified before", "taken taken taken taken",
         certificate(issue=9), succession(), by_next("certificate"), by_next("revocation"), holds=2, verifies=[], **followed)  # fmt: skip
    meet("two successors under one root: neither is followed, the device stays", "taken taken evidence",
         first, succession(), succession(successor=BOARD.account), root=None, evidence=True, holds=0, verifies=[0])  # fmt: skip
    meet("after that nothing more is certified", "taken evidence unknown_account unknown_account",
         succession(), succession(successor=BOARD.account), by_next("certificate"), certificate(issue=3), root=None, evidence=True, holds=None)  # fmt: skip
    meet("after that a device can be revoked", "taken taken evidence taken",
         first, succession(), succession(successor=BOARD.account), revocation(), root=None, evidence=True, verifies=[])  # fmt: skip
    on = endorsed("succession", succession_fields(successor=BOARD.account), NEXT)
    meet("the successor is succeeded in turn", "taken taken", succession(), on, root=BOARD.account)
    by_board = endorsed("certificate", certificate_fields(), BOARD)
    meet("and the third root certifies, the second no more", "taken taken taken unknown_account",
         succession(), on, by_board, by_next("certificate"), root=BOARD.account, holds=2)  # fmt: skip
    meet("a second successor of the first root, seen after two successions", "taken taken evidence",
         succession(), on, succession(successor=BOB.account), root=None, evidence=True)  # fmt: skip
    return b


def what_of(octets):
    """The kind of endorsement that fills these octets."""
    for what in e.KINDS:
        try:
            if e.size_of(what, octets) == len(octets):
                return what
        except e.Refused:
            continue


def books():
    return [roots(), *(endorsements(what) for what in e.KINDS), histories()]
