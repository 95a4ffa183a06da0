"""Transcripts of first flights, of contacts and of strangers."""

import device as d
import x25519
from book import Book
from conventions import EXERCISE, LIVE_2, flip, seed
from forge import flight, octets_of
from play import ALICE, BOB, CAROL, Person, Play, ratchet, text
from session_kinds import KINDS
from x25519 import public

HELLO = octets_of([text()])
EPHEMERAL = seed("ephemeral")


def book():
    b = Book("session", "flight", "11-session", KINDS)

    def write(comment, play, spec="11-session.md#beginning"):
        b.valid("transcript", comment, play.given, spec)

    for part in (orders, answers, changed, recipients, weak, strangers, forms, many, revoked_since):
        part(write)
    return b


def orders(write):
    p = Play()
    p.pass_on("alice", "bob", p.begin(), 0)
    write("one first flight", p)
    p = Play()
    s = p.begin()
    for counter in range(16):
        p.pass_on("alice", "bob", s, counter)
    p.refused("out_of_range", "counter", p.seal, "alice", s, 16)
    write("sixteen first flights, each opened; there is no seventeenth", p)
    p = Play()
    s = p.begin()
    flights = [p.seal("alice", s, counter) for counter in range(16)]
    for counter in range(15, -1, -1):
        p.open("bob", flights[counter], {"counter": counter})
    write("sixteen first flights, the last one first", p)
    p = Play()
    s = p.begin()
    flights = {counter: p.seal("alice", s, counter) for counter in range(16)}
    for counter in (7, 3, 15, 0):
        p.open("bob", flights[counter], {"counter": counter})
    write("only 7, 3, 15 and 0 of sixteen arrive", p)
    p = Play()
    s = p.begin()
    p.pass_on("alice", "bob", s, 15)
    write("the first one sent has counter 15: those before it were lost with a block", p)
    p = Play()
    s = p.begin()
    p.pass_on("alice", "bob", s, 0, text(b"one"), text(b"two"), text(b"three", form=2, reference=seed("a message")))
    p.pass_on("alice", "bob", s, 3, text(b"short", form=1, reference=seed("a message", 8)))
    p.refused("out_of_range", "counter", p.seal, "alice", s, 4, *[text()] * 13)
    p.pass_on("alice", "bob", s, 4, *[text(bytes([n])) for n in range(12)])
    write("several items take consecutive counters, up to 15; of a reference that is not resolved there is no id", p)


def answers(write):
    p = Play()
    s = p.answered()
    p.pass_on("alice", "bob", s, 1)
    write("after the answer both are in the chain class", p)
    p = Play()
    s = p.begin()
    flights = [p.seal("alice", s, counter) for counter in range(4)]
    p.open("bob", flights[1], {"counter": 1})
    p.pass_on("bob", "alice", s, 0)
    p.pass_on("alice", "bob", s, 4)
    p.open("bob", flights[3], {"counter": 3, "epoch": 0})
    p.open("bob", flights[0], {"counter": 0})
    p.refused("replay", "ephemeral_key", p.open, "bob", flights[0])
    write("first flights that come behind a chain envelope", p)
    p = Play()
    s = p.begin()
    t = p.begin("bob", ALICE, "bob's ephemeral")
    one, other = p.seal("alice", s, 0), p.seal("bob", t, 0)
    p.sends_in("alice", BOB, s)
    p.sends_in("bob", ALICE, t)
    p.open("bob", one, {"session": s})
    p.open("alice", other, {"session": t})
    p.sends_in("alice", BOB, t)
    p.sends_in("bob", ALICE, s)
    p.pass_on("alice", "bob", t, 0)
    p.sends_in("bob", ALICE, t)
    p.pass_on("bob", "alice", t, 1)
    write("both begin at once: each sends in the session in which it opened something last", p)


def changed(write):
    p = Play()
    s = p.begin()
    first, second = p.seal("alice", s, 0), p.seal("alice", s, 1)
    p.refused("unknown_hint", "hint", p.open, "bob", flip(first, 1))
    p.refused("unknown_hint", "hint", p.open, "bob", flip(first, 4))
    p.refused("bad_tag", "tag", p.open, "bob", flip(first, 0))
    p.refused("bad_tag", "tag", p.open, "bob", flip(first, 36))
    p.refused("bad_tag", "tag", p.open, "bob", flip(first, len(first) - 1))
    p.refused("bad_tag", "tag", p.open, "bob", first[:-1])
    p.refused("bad_tag", "tag", p.open, "bob", first + b"\x00")
    p.open("bob", first)
    p.refused("replay", "ephemeral_key", p.open, "bob", first)
    p.refused("replay", "ephemeral_key", p.open, "bob", flip(second, 1))
    p.refused("replay", "ephemeral_key", p.open, "bob", flip(second, 36))
    p.open("bob", second)
    write("each part changed: the state stays as it was; once E is remembered it is `replay`", p, "03-envelope.md")
    p = Play()
    s = p.begin()
    good = p.seal("alice", s, 0)
    p.refused("too_long", "envelope", p.open, "bob", bytes([0x18]) + bytes(16384))
    p.refused("truncated", "envelope", p.open, "bob", b"")
    p.refused("truncated", "envelope", p.open, "bob", good[:51])
    p.refused("truncated", "envelope", p.open, "bob", flip(good, 0, 4)[:51])
    p.refused("unknown_hint", "hint", p.open, "bob", bytes([0x18]) + bytes(51))
    p.refused("inconsistent", "parity", p.open, "bob", flip(good, 0, 4))
    p.refused("inconsistent", "parity", p.open, "bob", flip(flip(good, 0, 4), 1))
    p.refused("truncated", "envelope", p.open, "bob", bytes([0x20]) + bytes(115))
    p.refused("unknown_hint", "hint", p.open, "bob", bytes([0x20]) + bytes(116))
    p.refused("inconsistent", "parity", p.open, "bob", bytes([0x24]) + bytes(116))
    for octet in (0x1A, 0x28, 0x30, 0x38, 0x58):
        p.newer("bob", bytes([octet]) + good[1:])
    p.open("bob", good)
    write("size, octet 0, least size, parity, hint: in this order", p, "03-envelope.md")


def recipients(write):
    for comment, bob in [
        ("in another network", {"realm": LIVE_2}), ("in the exercise realm", {"realm": EXERCISE}),
        ("without a contact", {"contacts": []}), ("with another contact", {"contacts": [CAROL.contact()]}),
        ("with another identity key of the contact", {"contacts": [ALICE.contact(identity_key=CAROL.identity)]}),
        ("with the contact under another device number", {"contacts": [ALICE.contact(device=7)]}),
        ("with another prekey", {"prekey_secrets": [seed("bob's next prekey")]}),
    ]:  # fmt: skip
        p = Play(alice=ALICE.holding(BOB.contact()), bob=BOB.holding(ALICE.contact()) | bob)
        p.refused("unknown_hint", "hint", p.open, "bob", p.seal("alice", p.begin(), 0))
        write(f"a recipient {comment}", p)
    p = Play(alice=ALICE.holding(BOB.contact()), bob=BOB.holding(ALICE.contact(), identity_secret=seed("bob's other identity")))
    p.refused("bad_tag", "tag", p.open, "bob", p.seal("alice", p.begin(), 0))
    write("a recipient with another identity key: the hint fits, D2 does not", p)
    three = Person("bob", 2, prekeys=3)
    p = Play(alice=ALICE.holding(three.contact(0)), carol=CAROL.holding(three.contact(1)), bob=three.holding(ALICE.contact(), CAROL.contact()))
    s, t = p.begin(to=three), p.begin("carol", three, "carol's ephemeral")
    to_old, second = p.seal("alice", s, 0), p.seal("alice", s, 1)
    p.open("bob", to_old)
    p.pass_on("carol", "bob", t, 0)
    p.note("destroy_prekey", "bob", prekey=three.prekeys[0])
    p.refused("unknown_hint", "hint", p.open, "bob", second)
    p.pass_on("bob", "alice", s, 0)
    p.pass_on("alice", "bob", s, 2)
    p.pass_on("carol", "bob", t, 1)
    write("a first flight to each of several prekeys; when one is destroyed its memory goes, its sessions stay", p)
    p = Play(bob=BOB.holding(BOB.contact()))
    p.refused("inconsistent", "device", p.begin, "bob", BOB)
    p.refused("inconsistent", "device", p.open, "bob", flight(BOB, BOB, EPHEMERAL, HELLO, klass=d.STRANGER))
    write("no session with oneself", p)
    p = Play()
    s = p.begin()
    first = p.seal("alice", s, 0)
    p.note("revoke", "bob", account=ALICE.account, device=ALICE.device)
    p.refused("revoked", "device", p.open, "bob", first)
    p.refused("revoked", "device", p.open, "bob", flip(first, 40))
    p.refused("unknown_hint", "hint", p.open, "bob", flip(first, 1))
    write("from a revoked device: looked at behind the hint, before the tag", p, "03-envelope.md")
    one, other = Person("contact 6542"), Person("contact 7862")
    p = Play(other=other.holding(BOB.contact()), bob=BOB.holding(one.contact(), other.contact()))
    p.pass_on("other", "bob", p.begin("other"), 0)
    write("the hint fits two contacts: the first does not open, the second does", p)
    p = Play(other=other.holding(BOB.contact()), bob=BOB.holding(one.contact()))
    p.refused("bad_tag", "tag", p.open, "bob", p.seal("other", p.begin("other"), 0))
    write("the hint fits a contact who did not write it", p)
    p = Play(other=other.holding(BOB.contact()), bob=BOB.holding(one.contact(), other.contact()))
    envelope = p.seal("other", p.begin("other"), 0)
    p.note("revoke", "bob", account=one.account, device=one.device)
    p.open("bob", envelope)
    write("the hint fits two contacts: the first is revoked, the second wrote it", p, "03-envelope.md")


def weak(write):
    p = Play()
    for e in x25519.SMALL_ORDER:
        p.refused("weak_key", "ephemeral_key", p.open, "bob", flight(ALICE, BOB, EPHEMERAL, HELLO, e=e))
    p.refused("unknown_hint", "hint", p.open, "bob", flip(flight(ALICE, BOB, EPHEMERAL, HELLO, e=bytes(32)), 1))
    p.pass_on("alice", "bob", p.begin(), 0)
    write("E of small order, hint and tag right if zero were no matter; under a wrong hint that is seen first", p, "03-envelope.md")
    p = Play()
    for e in x25519.SMALL_ORDER:
        p.refused("unknown_hint", "hint", p.open, "bob", flight(ALICE, BOB, EPHEMERAL, HELLO, e=e, klass=d.STRANGER))
    for identity in x25519.SMALL_ORDER:
        envelope = flight(ALICE, BOB, EPHEMERAL, HELLO, identity=identity, klass=d.STRANGER, named=(CAROL.account, 0))
        p.refused("weak_key", "identity_key", p.open, "bob", envelope)
    write("a stranger's E of small order passes the prekey over; its identity key of small order comes before its device 0", p, "03-envelope.md")
    p = Play(alice=ALICE.holding(BOB.contact()), bob=BOB.holding(CAROL.contact(identity_key=bytes(32)), ALICE.contact()))
    p.pass_on("alice", "bob", p.begin(), 0)
    write("a contact with a weak identity key does not stand in the way of another", p, "03-envelope.md")
    for name in ("prekey", "identity_key"):
        p = Play(alice=ALICE.holding(BOB.contact(**{name: bytes(32)})), bob=BOB.holding())
        p.refused("weak_key", name, p.begin)
        write(f"no session with a device whose {name} is of small order", p)
    p = Play()
    marked = flip(public(EPHEMERAL), 31, 0x80)
    p.open("bob", flight(ALICE, BOB, EPHEMERAL, HELLO, e=marked), {"session": marked})
    p.pass_on("alice", "bob", p.begin(), 0)
    write("E with its highest bit set: X25519 masks it, all else takes it as sent; it is not the E without the bit", p)


def strangers(write):
    apart = lambda *contacts: Play(alice=ALICE.holding(BOB.contact()), bob=BOB.holding(*contacts))
    p = apart()
    s = p.begin(stranger=True)
    assert p.pass_on("alice", "bob", s, 0)["standing"] == "claim"
    p.pass_on("alice", "bob", s, 1, text(b"two"), text(b"items"))
    p.pass_on("bob", "alice", s, 0)
    p.pass_on("alice", "bob", s, 3)
    p.note("know", "bob", contact=ALICE.contact())
    assert p.pass_on("alice", "bob", s, 4)["standing"] == "contact"
    write("a stranger's flights, the answer, and later the card", p)
    p = apart()
    s = p.begin(stranger=True)
    p.pass_on("alice", "bob", s, 0)
    p.pass_on("bob", "alice", s, 0)
    p.note("know", "bob", contact=ALICE.contact(identity_key=CAROL.identity))
    p.refused("unknown_hint", "hint", p.open, "bob", p.seal("alice", s, 1))
    write("later a card with another identity key: the session ends", p)
    p = apart()
    s = p.begin(stranger=True)
    flights = [p.seal("alice", s, counter) for counter in range(3)]
    p.open("bob", flights[2], {"counter": 2})
    p.open("bob", flights[0], {"counter": 0})
    p.refused("replay", "ephemeral_key", p.open, "bob", flights[2])
    write("a stranger's flights lost and turned round", p)
    p = apart(ALICE.contact())
    assert p.pass_on("alice", "bob", p.begin(stranger=True), 0)["standing"] == "contact"
    write("a stranger's flight of one whose card is known", p)
    p = apart(ALICE.contact(identity_key=CAROL.identity))
    envelope = p.seal("alice", p.begin(stranger=True), 0)
    p.refused("unknown_account", "identity_key", p.open, "bob", envelope)
    p.note("revoke", "bob", account=ALICE.account, device=ALICE.device)
    p.refused("unknown_account", "identity_key", p.open, "bob", flip(envelope, len(envelope) - 1))
    write("the device is known with another identity key: looked at before revocation and tag", p, "03-envelope.md")
    p = apart(ALICE.contact())
    envelope = p.seal("alice", p.begin(stranger=True), 0)
    p.note("revoke", "bob", account=ALICE.account, device=ALICE.device)
    p.refused("revoked", "device", p.open, "bob", flip(envelope, len(envelope) - 1))
    write("a stranger's flight of a revoked device: looked at before the tag", p, "03-envelope.md")
    p = apart()
    zero = flight(ALICE, BOB, EPHEMERAL, HELLO, klass=d.STRANGER, named=(ALICE.account, 0))
    p.refused("reserved", "device", p.open, "bob", zero)
    p.refused("reserved", "device", p.open, "bob", flip(zero, len(zero) - 1))
    write("device 0: looked at before the tag", p, "03-envelope.md")
    p = apart()
    good = p.seal("alice", p.begin(stranger=True), 0)
    for what, at in (("identity key", 36), ("account", 68), ("device", 100)):
        p.refused("bad_tag", "tag", p.open, "bob", flip(good, at, 2))
    p.refused("unknown_hint", "hint", p.open, "bob", flip(good, 1))
    p.refused("unknown_hint", "hint", p.open, "bob", flip(good, 4))
    p.refused("bad_tag", "tag", p.open, "bob", flip(good, 101))
    p.open("bob", good)
    p.refused("replay", "ephemeral_key", p.open, "bob", good)
    write("each part of a stranger's flight changed: identity key, account and device under the mask, hint, E, ciphertext", p, "03-envelope.md")


def forms(write):
    """Hint and tag are right."""
    p = Play()
    forged = lambda octets, flags=0, **more: flight(ALICE, BOB, EPHEMERAL, octets, flags=flags, **more)
    one = text()
    p.refused("truncated", "family", p.open, "bob", forged(b""))
    p.refused("not_canonical", "flags", p.open, "bob", forged(HELLO[:2] + b"\x05hello", 1))
    p.refused("reserved", "family", p.open, "bob", forged(octets_of([text(family=0)])))
    p.refused("too_long", "item", p.open, "bob", forged(octets_of([text(b"\x55" * 4095)])))
    p.refused("too_long", "items", p.open, "bob", forged(octets_of([one] * 33), 1))
    p.refused("inconsistent", "form", p.open, "bob", forged(octets_of([text(family=0x15, form=2, reference=bytes(32))])))
    p.pass_on("alice", "bob", p.begin(), 0)
    write("what is inside is looked at when the tag is right, and begins no session", p, "03-envelope.md")
    p = Play()
    p.open("bob", flight(ALICE, BOB, EPHEMERAL, octets_of([ratchet(b"\x00" + public(seed("too early")))])), {"sends_in_epoch": 0})
    write("an offer in a first flight: it is not A's turn, and it does nothing", p, "11-session.md#ratchet")


def many(write):
    p = Play()
    sessions = [p.begin(ephemeral=f"ephemeral {n}") for n in range(4)]
    for s in sessions:
        p.pass_on("alice", "bob", s, 0)
    held = p.seal("alice", sessions[0], 1), p.seal("alice", sessions[0], 2)
    p.pass_on("bob", "alice", sessions[0], 0)
    third = p.seal("alice", sessions[1], 1)
    fifth = p.begin(ephemeral="ephemeral 4")
    p.pass_on("alice", "bob", fifth, 0)
    p.open("bob", held[1], {"counter": 2})
    p.open("bob", third, {"counter": 1})
    p.refused("replay", "ephemeral_key", p.open, "bob", third)
    p.sends_in("bob", ALICE, sessions[0])
    write("a fifth session ends the one unused longest; what was sent to that one still opens", p)
    p = Play(alice=ALICE.holding(BOB.contact()), bob=BOB.holding(ALICE.contact(), handset=True))
    for n in range(256):
        p.pass_on("alice", "bob", p.begin(ephemeral=f"ephemeral {n}"), 0)
    envelope = p.seal("alice", p.begin(ephemeral="ephemeral 256"), 0)
    p.refused("unavailable", "memory", p.open, "bob", envelope)
    p.refused("unavailable", "memory", p.open, "bob", flip(envelope, len(envelope) - 1))
    write("a handset remembers 256 first flights of a device, and takes no further one: looked at before the tag", p)


def revoked_since(write):
    p = Play()
    s = p.begin()
    first, second = p.seal("alice", s, 0), p.seal("alice", s, 1)
    p.open("bob", first)
    p.note("revoke", "bob", account=ALICE.account, device=ALICE.device)
    p.refused("revoked", "device", p.open, "bob", second)
    p.refused("revoked", "device", p.open, "bob", first)
    p.refused("revoked", "device", p.open, "bob", flip(second, 1))
    write("more first flights of a device that was revoked since: E is remembered, and whose it was", p, "03-envelope.md")
    p = Play(alice=ALICE.holding(BOB.contact()), bob=BOB.holding())
    s = p.begin(stranger=True)
    p.open("bob", p.seal("alice", s, 0))
    p.note("revoke", "bob", account=ALICE.account, device=ALICE.device)
    p.refused("replay", "ephemeral_key", p.open, "bob", p.seal("alice", s, 1))
    write("of a stranger whose device is revoked since it is remembered that it was a stranger", p, "03-envelope.md")
