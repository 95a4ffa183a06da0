"""Vectors of cards, their texts, the words, and what a certificate permits."""

import card as c
import edwards
import endorsement as e
from conventions import EXERCISE, LIVE, LIVE_2, flip, seed, u8
from people import (
    ALICE, BOARD, BOB, NEXT, OTHER_SIGNING, SIGNING, SMALL, book, certificate, certificate_fields, endorsed, no_point,
)  # fmt: skip
from x25519 import public

PREKEY, LABEL_KEY = public(seed("alice phone prekey")), seed("alice phone label", 16)
RELAYS = [e.account_key(seed(f"relay {n}")) for n in range(4)]
HOMES = [(RELAYS[0], b"relay.example:7406"), (RELAYS[1], b"[2001:db8::1]:7406")]
CROWD = e.Root(16, [seed(f"crowd member {n}") for n in range(16)])


def a_card(of=None, prekey=PREKEY, expiry=1_900_000_000, signing=SIGNING, realm=LIVE, homes=()):
    return c.write_card(certificate(realm=realm) if of is None else of, prekey, expiry, LABEL_KEY, homes, signing, realm)


def cards():
    b = book("card")
    written_cards(b)
    read_cards(b)
    refused_cards(b)
    refused_homes(b)
    orders(b)
    former_cards(b)
    return b


def orders(b):
    renewed = certificate(issue=1)
    soon, late = a_card(expiry=1_900_000_000), a_card(expiry=1_950_000_000, prekey=public(seed("alice phone next prekey")))
    twin = a_card(expiry=1_900_000_000, prekey=public(seed("alice phone other prekey")))

    def counts(comment, which, *known):
        b.valid("card_that_counts", comment, {"realm": LIVE, "cards": known}, counts=which)

    counts("the one", 0, soon)
    counts("the prekey that expires later", 1, soon, late)
    counts("an older card changes nothing", 0, late, soon)
    counts("two that expire at once: the one known first", 0, soon, twin)
    counts("the same once more", 0, soon, soon)
    counts("the certificate of the higher issue, though its prekey expires sooner", 1, late, a_card(renewed, expiry=1_800_000_000))
    counts("a certificate of a lower issue changes nothing", 0, a_card(renewed, expiry=1_800_000_000), late)


def written_cards(b):
    given = {
        "realm": LIVE, "certificate": certificate(), "prekey": PREKEY, "prekey_expiry": "1900000000",
        "label_key": LABEL_KEY, "homes": [], "signing_seed": SIGNING,
    }  # fmt: skip
    out = b.valid("card_write", "a card of 380 octets", given)
    assert len(out["card"]) == 2 * 380
    exercise = {"realm": EXERCISE, "certificate": certificate(realm=EXERCISE)}
    b.valid("card_write", "in the exercise realm", given | exercise)
    board = endorsed("certificate", certificate_fields(BOARD.account), BOARD)
    b.valid("card_write", "of an account with 2 of 3", given | {"certificate": board})

    def write(comment, octets, homes, **other):
        homes = [{"key": key, "network_address": address} for key, address in homes]
        out = b.valid("card_write", comment, given | {"homes": homes} | other)
        assert len(out["card"]) == 2 * octets, (comment, len(out["card"]) // 2)

    write("with one home relay", 380 + 33 + 18, [(RELAYS[0], "relay.example:7406")])
    both = [(RELAYS[0], "192.0.2.7:7406"), (RELAYS[1], "[2001:db8::1]:7406")]
    write("with two home relays, the one to try first in front", 380 + 66 + 14 + 18, both)
    longest = [(key, "x" * 250 + ":7406") for key in RELAYS[:3]]
    write("with the longest of three home relays", 1244, longest)
    crowd = endorsed("certificate", certificate_fields(CROWD.account), CROWD)
    write("the largest card of all: 16 of 16 keys, and the longest of three home relays", 2699, longest, certificate=crowd)


def read_cards(b):
    def read(comment, octets, realm=LIVE, successors=()):
        b.valid("card_read", comment, {"realm": realm, "card": octets, "successors": successors})

    read("a card", a_card())
    read("in the exercise realm", a_card(realm=EXERCISE), EXERCISE)
    read("with two home relays", a_card(homes=HOMES))
    read("with the same two, the other one in front", a_card(homes=HOMES[::-1]))
    read("with three at one network address, of one octet", a_card(homes=[(key, b"a") for key in RELAYS[:3]]))
    read("with a network address in UTF-8", a_card(homes=[(RELAYS[0], "кит.example:7406".encode())]))
    read("of an account with 2 of 3", a_card(endorsed("certificate", certificate_fields(BOARD.account), BOARD)))
    read("a prekey that has expired is a warning and nothing more", a_card(expiry=1))
    read("a prekey of small order reads; sealing to it is refused", a_card(prekey=bytes(32)))
    weak = certificate(identity_key=bytes(32))
    read("an identity key of small order reads; sealing to it is refused", a_card(weak))
    followed = [{"account": ALICE.account, "successor": NEXT.account}]
    read("certified by the successor", a_card(endorsed("certificate", certificate_fields(), NEXT)), successors=followed)


def refused_cards(b):
    good = a_card()

    def refuse(error, field, comment, octets, realm=LIVE, successors=(), offset=None):
        b.invalid("card_read", error, field, comment, {"realm": realm, "card": octets, "successors": successors}, offset=offset)

    refuse("truncated", "certificate", "nothing", b"")
    refuse("truncated", "certificate", "ends inside of the certificate", good[:150])
    refuse("unknown_version", "version", "version 2 of the certificate", b"\x02" + good[1:])
    refuse("truncated", "card", "the certificate alone", good[:262])
    refuse("truncated", "card", "ends before the home relays", good[:314])
    refuse("truncated", "signature", "last octet missing", good[:-1], offset=316)
    refuse("trailing", "end", "one octet too many", good + b"\x00", offset=380)
    bad = lambda comment, octets, **other: refuse("bad_signature", "signature", comment, octets, **other)
    bad("the certificate's signature changed", flip(good, 261))
    bad("prekey changed", flip(good, 262))
    bad("the prekey's expiry changed", flip(good, 298))
    bad("label key changed", flip(good, 299))
    with_homes = a_card(homes=HOMES)
    bad("a letter of a network address changed", flip(with_homes, 316 + 32 + 1))
    bad("the home relays exchanged", with_homes[:316] + with_homes[367:418] + with_homes[316:367] + with_homes[418:])
    bad("a home relay taken out", with_homes[:315] + b"\x01" + with_homes[316:367] + with_homes[418:])
    bad("R changed", flip(good, 316))
    bad("s changed", flip(good, 348))
    bad("wrong network", good, realm=LIVE_2)
    bad("wrong mode", good, realm=EXERCISE)
    bad("signed by another device's key", a_card(signing=OTHER_SIGNING))
    bad("signed by the root", a_card(signing=ALICE.seeds[0]))
    signed = good[:-64]
    for context in ("chappe-card/2", "chappe-device/1"):
        bad(f"signed under {context}", signed + e.sign(SIGNING, context, LIVE, signed))
    bad("signed without the certificate", signed + e.sign(SIGNING, c.CONTEXT, LIVE, signed[262:]))
    s = int.from_bytes(good[-32:], "little") + edwards.L
    bad("s raised by the group order", good[:-32] + s.to_bytes(32, "little"))
    bad("signing key that is no point", a_card(certificate(signing_key=no_point())))
    weak = a_card(certificate(signing_key=SMALL[0]))[:-64]
    lax = edwards.craft(SMALL[0], 0, c.CONTEXT.encode() + LIVE + weak, lambda k: k == 0)
    refuse("weak_key", "signing_key", "signing key of small order; a lax verifier takes the signature", weak + lax)
    stranger = endorsed("certificate", certificate_fields(), BOB)
    refuse("unknown_account", "root", "certified by another root", a_card(stranger))
    followed = [{"account": ALICE.account, "successor": NEXT.account}]
    refuse("unknown_account", "root", "certified by a root that was followed", good, successors=followed)
    both = flip(good, 261)[:-64] + flip(good, 379)[-64:]
    bad("both signatures changed: the certificate's comes first, and is called the same", both)


def former_cards(b):
    """What is said of a card that was refused; nothing is taken from it either way."""

    def tell(comment, former, octets, realm=LIVE):
        b.valid("card_former", comment, {"realm": realm, "card": octets}, former=former)

    write = lambda realm=LIVE, signing=SIGNING: c.write_former_card(certificate(realm=realm), PREKEY, 1_900_000_000, LABEL_KEY, signing, realm)
    former = write()
    assert len(former) == 379
    tell("of the form before", True, former)
    tell("in the exercise realm", True, write(EXERCISE), EXERCISE)
    tell("of another realm", False, former, EXERCISE)
    tell("its prekey changed: it is damaged, whatever its age", False, flip(former, 262))
    tell("last octet missing", False, former[:-1])
    tell("one octet too many", False, former + b"\x00")
    tell("signed by another device's key", False, write(signing=OTHER_SIGNING))
    tell("the present form, signed under the former context", False, a_card()[:-64] + e.sign(SIGNING, c.FORMER_CONTEXT, LIVE, a_card()[:-64]))
    tell("the former form, signed under the present context", False, former[:-64] + e.sign(SIGNING, c.CONTEXT, LIVE, former[:-64]))
    tell("a card of the present form", False, a_card())
    tell("nothing", False, b"")


def refused_homes(b):
    """All are signed, so that nothing else is wrong: the form comes before the signature."""
    before = a_card()[:315]

    def refuse(error, field, offset, comment, behind, whole=True):
        octets = before + behind
        octets = octets + e.sign(SIGNING, c.CONTEXT, LIVE, octets) if whole else octets
        given = {"realm": LIVE, "card": octets, "successors": []}
        b.invalid("card_read", error, field, comment, given, offset=offset)

    one, two = c.write_homes(HOMES[:1]), c.write_homes(HOMES)
    four = c.write_homes([(key, b"a") for key in RELAYS])
    refuse("out_of_range", "homes", 315, "four home relays", four)
    refuse("out_of_range", "homes", 315, "255 home relays", b"\xff" + one[1:])
    refuse("truncated", "homes", 315, "ends before the count of home relays", b"", whole=False)
    refuse("truncated", "home_key", 316, "ends inside of a home relay's key", one[:32], whole=False)
    refuse("truncated", "network_address", 348, "ends before the network address's length", one[:33], whole=False)
    refuse("truncated", "network_address", 349, "ends inside of the network address", one[:51], whole=False)
    refuse("truncated", "signature", 367, "ends behind the home relays", one, whole=False)
    address = u8(18) + b"relay.example:7406"
    for small in SMALL:
        refuse("out_of_range", "home_key", 316, "a home relay's key of small order", b"\x01" + small + address)
    refuse("out_of_range", "home_key", 316, "a home relay's key that is no point", b"\x01" + no_point() + address)
    refuse("out_of_range", "home_key", 367, "the second one's key is no point", b"\x02" + one[1:] + no_point() + address)
    refuse("not_canonical", "home_key", 367, "one home relay twice", b"\x02" + one[1:] * 2)
    moved = b"\x02" + one[1:] + RELAYS[0] + u8(4) + b"b:74"
    refuse("not_canonical", "home_key", 367, "one home relay at two network addresses", moved)
    refuse("too_short", "network_address", 348, "a network address of no octets", b"\x01" + RELAYS[0] + b"\x00")
    for comment, wrong, at in [
        ("an octet that is no UTF-8", b"relay\xff.example", 354), ("a surrogate in UTF-8", b"a\xed\xa0\x80b", 350),
        ("a longer form than UTF-8 allows", b"\xc0\xaf", 349), ("UTF-8 that ends in the middle of a character", b"ab\xd0", 351),
    ]:  # fmt: skip
        refuse("bad_character", "network_address", at, comment, b"\x01" + RELAYS[0] + u8(len(wrong)) + wrong)
    twice_bad = b"\x02" + no_point() + b"\x01\xff" + two[52:]
    refuse("out_of_range", "home_key", 316, "a bad key and a bad network address: the key comes first", twice_bad)


def card_texts():
    b = book("card_text")
    card = a_card()
    text, qr = c.card_text(card), c.qr_text(card)
    b.valid("card_text", "text to octets", {"text": text}, card=card)
    b.valid("card_text", "any octets: whether they are a card is seen later", {"text": c.card_text(b"\x00\xff")})
    b.valid("card_text", "no octets", {"text": "chappe-card:"}, card=b"")
    b.valid("card_qr", "QR form to octets", {"text": qr}, card=card)
    longest = a_card(homes=[(key, b"x" * 255) for key in RELAYS[:3]])
    b.valid("card_text", "the longest of an account of one key", {"text": c.card_text(longest)}, card=longest)
    b.valid("card_qr", "the longest of an account of one key", {"text": c.qr_text(longest)}, card=longest)
    b.valid("card_qr", "an even number of octets", {"text": c.qr_text(b"\x00\xff\xff\xff")}, card=b"\x00\xff\xff\xff")
    b.valid("card_qr", "no octets", {"text": "CHAPPE-CARD:"}, card=b"")

    def refuse(kind, error, field, comment, changed):
        b.invalid(kind, error, field, comment, {"text": changed})

    refuse("card_text", "bad_literal", "prefix", "capital letter in the prefix", "C" + text[1:])
    refuse("card_text", "bad_literal", "prefix", "no prefix", text[12:])
    refuse("card_text", "bad_literal", "prefix", "the QR form's prefix", "CHAPPE-CARD:" + text[12:])
    refuse("card_text", "bad_literal", "prefix", "nothing", "")
    refuse("card_text", "bad_literal", "prefix", "no prefix and a bad character: the prefix comes first", "chappe-card+")
    refuse("card_text", "bad_character", "card", "padded with =", text + "=")
    refuse("card_text", "bad_character", "card", "plus sign of the other alphabet", text[:20] + "+" + text[21:])
    refuse("card_text", "bad_character", "card", "space in the middle", text[:20] + " " + text[21:])
    refuse("card_text", "bad_character", "card", "line feed at the end", text + "\n")
    refuse("card_text", "truncated", "card", "one digit more than whole octets have", c.card_text(card[:378]) + "A")
    last = c.ALPHABET.index(text[-1])
    refuse("card_text", "not_canonical", "card", "a spare bit is set", text[:-1] + c.ALPHABET[last | 1])
    refuse("card_text", "bad_character", "card", "a bad character and a spare bit: the alphabet comes first", text[:-1] + c.ALPHABET[last | 1] + "=")
    refuse("card_qr", "bad_literal", "prefix", "small letters in the prefix", "chappe-card:" + qr[12:])
    refuse("card_qr", "bad_literal", "prefix", "no prefix", qr[12:])
    refuse("card_qr", "bad_character", "card", "a small letter", qr[:20] + "a" + qr[21:])
    refuse("card_qr", "bad_character", "card", "an underscore", qr[:20] + "_" + qr[21:])
    refuse("card_qr", "truncated", "card", "a lone digit at the end", c.qr_text(card[:378]) + "0")
    refuse("card_qr", "not_canonical", "card", "three digits worth 65,536", "CHAPPE-CARD:GGW" + qr[15:])
    refuse("card_qr", "not_canonical", "card", "two digits worth 256", c.qr_text(card[:378]) + "V5")
    return b


def words():
    b = book("words")
    for comment, realm, account in [
        ("an account of one key", LIVE, ALICE.account), ("the same in the exercise realm", EXERCISE, ALICE.account),
        ("in another network", LIVE_2, ALICE.account), ("an account of 2 of 3", LIVE, BOARD.account),
    ]:  # fmt: skip
        b.valid("words", comment, {"realm": realm, "account": account})
    return b


# ---- what a certificate permits ----------------------------------------------------------------

LIMITS = {
    "not_before": "1800000000", "expiry": "1800086400", "permissions": 2**32 - 1, "precedence": 1,
    "area": [4_800_000, 200_000, 4_900_000, 300_000],
}  # fmt: skip
INSIDE = [4_850_000, 250_000]


def said(**other):
    time = {"earliest": "1800000100", "width": 60}
    return {"type": "signal I", "precedence": 0, "places": [INSIDE], "time": time} | other


def permissions():
    b = book("permission")

    def judge(comment, against=(), message=(), **limits):
        given = {"certificate": LIMITS | limits, "message": said(**dict(message))}
        b.valid("permitted", comment, given, permitted=not against, against=list(against))

    for bit, name in enumerate(c.TYPES):
        judge(f"bit {bit} alone permits {name}", (), {"type": name}, permissions=1 << bit)
        judge(f"all bits but {bit}: {name} is not permitted", ["type"], {"type": name}, permissions=2**32 - 1 - (1 << bit))
    for name in sorted(c.FREE):
        judge(f"{name} needs no permission", (), {"type": name, "places": []}, permissions=0)
    for precedence in range(4):
        against = ["precedence"] if precedence > 1 else []
        judge(f"precedence {precedence} where 1 is the highest", against, {"precedence": precedence})
    places(judge)
    times(judge)
    everything = {"type": "text", "precedence": 3, "places": [[0, 0]], "time": {"earliest": "5", "width": 5}}
    judge("everything at once", ["type", "precedence", "area", "time"], everything, permissions=1)
    return b


def places(judge):
    judge("no place in the message", (), {"places": []})
    south, west, north, east = LIMITS["area"]
    for comment, place in [("south-west corner", [south, west]), ("north-east corner", [north, east])]:
        judge(f"on the {comment}: inside", (), {"places": [place]})
    for comment, place in [
        ("south", [south - 1, west]), ("west", [south, west - 1]), ("north", [north + 1, east]), ("east", [north, east + 1]),
    ]:  # fmt: skip
        judge(f"0.00001 degrees {comment} of the area", ["area"], {"places": [place]})
    judge("one of two places outside", ["area"], {"places": [INSIDE, [0, 0]]})
    across = [-5_000_000, 17_000_000, -3_000_000, -17_000_000]
    for comment, longitude, against in [
        ("east of the western edge", 17_500_000, []), ("west of the eastern edge", -17_500_000, []),
        ("on the western edge", 17_000_000, []), ("on the eastern edge", -17_000_000, []),
        ("in the gap", 0, ["area"]), ("just outside of the western edge", 16_999_999, ["area"]),
        ("just outside of the eastern edge", -16_999_999, ["area"]),
    ]:  # fmt: skip
        judge(f"area across the antimeridian, {comment}", against, {"places": [[-4_000_000, longitude]]}, area=across)
    judge("the whole world", (), {"places": [[9_000_000, 18_000_000], [-9_000_000, -18_000_000]]}, area=e.WORLD)


def times(judge):
    def at(comment, against, earliest, width, **limits):
        judge(comment, against, {"time": {"earliest": str(earliest), "width": width}}, **limits)

    judge("no author's time", (), {"time": None})
    at("ends a second before not before", ["time"], 1_799_999_900, 99)
    at("ends at not before", [], 1_799_999_900, 100)
    at("begins at the expiry", [], 1_800_086_400, 60)
    at("begins a second behind the expiry", ["time"], 1_800_086_401, 60)
    at("partly outside on both sides", [], 1_799_999_999, 65534, expiry="1800000001")
    at("no upper bound, begins before not before", [], 1, 65535)
    at("no upper bound, begins behind the expiry", ["time"], 1_800_086_401, 65535)
    at("no clock", [], 0, 65535)
    at("no expiry", [], 2**40 - 2, 60, expiry=str(e.NEVER))


def books():
    return [cards(), card_texts(), words(), permissions()]
