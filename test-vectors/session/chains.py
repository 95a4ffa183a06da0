"""Transcripts of the chain and random-access classes: windows, keys passed over, jumps, refusals."""

import device as d
from book import Book
from conventions import flip
from forge import in_session, octets_of
from play import ALICE, BOB, CAROL, Play, text
from session_kinds import KINDS

HELLO = octets_of([text()])


def book():
    b = Book("session", "chain", "11-session", KINDS)

    def write(comment, play, spec="11-session.md#hints"):
        b.valid("transcript", comment, play.given, spec)

    for part in (orders, blocks, jumps, random_access, keeping, refusals, forms):
        part(write)
    return b


def orders(write):
    p = Play()
    s = p.answered()
    for counter in range(1, 6):
        p.pass_on("alice", "bob", s, counter)
        p.pass_on("bob", "alice", s, counter)
    write("to and fro, each way with counters of its own", p)
    p = Play()
    s = p.answered()
    sent = {c: p.seal("alice", s, c) for c in range(1, 9)}
    for counter in (3, 1, 8, 5, 4, 2, 7, 6):
        p.open("bob", sent[counter], {"counter": counter})
    for counter in (8, 1):
        p.refused("unknown_hint", "hint", p.open, "bob", sent[counter])
    write("eight out of order, then two once more", p)
    p = Play()
    s = p.answered()
    p.pass_on("alice", "bob", s, 1, text(b"one"), text(b"two"), text(b"three"))
    p.pass_on("alice", "bob", s, 4)
    first, second, third = (p.seal("alice", s, at, text(b"a"), text(b"b")) for at in (5, 7, 9))
    p.open("bob", third)
    p.open("bob", first)
    p.open("bob", second)
    write("several items in an envelope, in order and passed over", p)
    p = Play(alice=ALICE.holding(BOB.contact()), carol=CAROL.holding(BOB.contact()), bob=BOB.holding(ALICE.contact(), CAROL.contact()))
    s, t = p.begin(), p.begin("carol", ephemeral="carol's ephemeral")
    for by, session in (("alice", s), ("carol", t)):
        p.pass_on(by, "bob", session, 0)
        p.pass_on("bob", by, session, 0)
    for counter in (1, 2):
        p.pass_on("alice", "bob", s, counter)
        p.pass_on("carol", "bob", t, counter)
    p.refused("unknown_hint", "hint", p.open, "alice", p.seal("bob", t, 1))
    write("two sessions with different devices", p)


def blocks(write):
    p = Play()
    s = p.answered()
    for counter in (62, 63, 64, 65, 127, 128):
        p.pass_on("alice", "bob", s, counter)
    write("counters at 63/64 and 127/128", p)
    p = Play()
    s = p.answered()
    p.refused("out_of_range", "counter", p.seal, "alice", s, 62, text(), text(), text())
    p.pass_on("alice", "bob", s, 62, text(), text())
    p.pass_on("alice", "bob", s, 64, *[text(bytes([n])) for n in range(32)])
    p.pass_on("alice", "bob", s, 96, *[text(bytes([n])) for n in range(32)])
    p.refused("out_of_range", "counter", p.seal, "alice", s, 191, text(), text())
    p.pass_on("alice", "bob", s, 191)
    write("an envelope does not reach over a multiple of 64 that is not its first counter", p, "11-session.md#keys-of-an-epoch")
    p = Play()
    s = p.answered()
    p.refused("out_of_range", "counter", p.open, "bob", in_session(p, "alice", s, 63, octets_of([text(), text()]), flags=1))
    p.pass_on("alice", "bob", s, 63)
    write("one that does, rightly sealed, is refused and changes nothing", p, "11-session.md#keys-of-an-epoch")


def jumps(write):
    p = Play()
    s = p.answered()
    p.pass_on("alice", "bob", s, 63)
    p.pass_on("alice", "bob", s, 127)
    write("63 lost: the next one is within the window", p)
    p = Play()
    s = p.answered()
    p.refused("unknown_hint", "hint", p.open, "bob", p.seal("alice", s, 65))
    p.pass_on("alice", "bob", s, 128)
    p.pass_on("alice", "bob", s, 129)
    write("64 lost: the next multiple of 64 is found, and all behind it", p)
    p = Play()
    s = p.answered()
    p.refused("unknown_hint", "hint", p.open, "bob", p.seal("alice", s, 4031))
    p.pass_on("alice", "bob", s, 4032)
    p.pass_on("alice", "bob", s, 4033)
    write("4,031 lost: the furthest multiple of 64 there is a hint for", p)
    p = Play()
    s = p.answered()
    for counter in (4097, 4160, 5000, 5056):
        p.refused("unknown_hint", "hint", p.open, "bob", p.seal("alice", s, counter))
    p.pass_on("alice", "bob", s, 5120)
    p.pass_on("alice", "bob", s, 5121)
    write("more than 4,096 lost: only the random-access class finds back", p)
    p = Play()
    s = p.answered()
    far = in_session(p, "alice", s, 65536, HELLO, klass=d.RANDOM_ACCESS)
    p.refused("unknown_hint", "hint", p.open, "bob", far)
    p.pass_on("alice", "bob", s, 32768)
    p.pass_on("alice", "bob", s, 65536)
    p.pass_on("alice", "bob", s, 65536 + 32512)
    p.refused("unknown_hint", "hint", p.open, "bob", p.seal("alice", s, 65536 + 32512 + 33024))
    write("jumps within half of 65,536 and beyond", p)
    p = Play(alice=ALICE.holding(BOB.contact()), bob=BOB.holding(ALICE.contact(), handset=True))
    s = p.answered()
    p.pass_on("alice", "bob", s, 16)
    p.refused("unknown_hint", "hint", p.open, "bob", p.seal("alice", s, 33))
    p.pass_on("alice", "bob", s, 64)
    sent = {c: p.seal("alice", s, c) for c in (103, 104, 119, 128)}
    p.open("bob", sent[128])
    p.refused("unknown_hint", "hint", p.open, "bob", sent[103])
    p.refused("unknown_hint", "hint", p.open, "bob", sent[104])
    p.open("bob", sent[119])
    write("a handset: 16 counters, and 16 keys passed over", p)
    p = Play(alice=ALICE.holding(BOB.contact()), bob=BOB.holding(ALICE.contact(), handset=True))
    s = p.answered()
    p.refused("unknown_hint", "hint", p.open, "bob", p.seal("alice", s, 63))
    late, restarted, beyond = (p.seal("alice", s, at) for at in (70, 79, 80))
    p.refused("unknown_hint", "hint", p.open, "bob", beyond)
    p.open("bob", restarted)
    p.open("bob", late)
    p.pass_on("alice", "bob", s, 141)
    p.refused("unknown_hint", "hint", p.open, "bob", p.seal("alice", s, 208))
    write("a handset: the 16 counters from the next multiple of 64 on, where a sender that was restarted goes on", p)
    p = Play()
    s = p.answered()
    p.pass_on("bob", "alice", s, 2**15)
    p.pass_on("bob", "alice", s, 2**16)
    write("the other way", p)


def random_access(write):
    p = Play()
    s = p.answered()
    for counter in (192, 254, 255, 256, 257, 448, 511, 512, 513):
        p.pass_on("alice", "bob", s, counter)
    write("counters at 255/256 and 512: the class of multiples of 256", p)
    p = Play()
    s = p.answered()
    p.pass_on("alice", "bob", s, 192, text(), text())
    late = p.seal("alice", s, 256, text(b"one"), text(b"two"))
    p.pass_on("alice", "bob", s, 320)
    p.open("bob", late, {"counter": 256, "class": 2})
    p.refused("unknown_hint", "hint", p.open, "bob", late)
    write("a random-access envelope that was passed over", p)
    p = Play()
    s = p.answered()
    p.refused("unknown_hint", "hint", p.open, "bob", in_session(p, "alice", s, 256, HELLO))
    p.refused("unknown_hint", "hint", p.open, "bob", in_session(p, "alice", s, 64, HELLO, klass=d.RANDOM_ACCESS))
    p.refused("unknown_hint", "hint", p.open, "bob", in_session(p, "alice", s, 0, HELLO, klass=d.RANDOM_ACCESS))
    p.refused("unknown_hint", "hint", p.open, "bob", in_session(p, "alice", s, 256, HELLO, klass=d.RANDOM_ACCESS, octet=2))
    p.pass_on("alice", "bob", s, 256)
    write("each counter belongs to one class", p, "03-envelope.md")


def keeping(write):
    p = Play()
    s = p.answered()
    sent = {c: p.seal("alice", s, c) for c in (1, 63, 64, 127, 128)}
    p.open("bob", sent[128])
    for counter in (1, 63):
        p.refused("unknown_hint", "hint", p.open, "bob", sent[counter])
    for counter in (64, 127):
        p.open("bob", sent[counter], {"counter": counter})
    write("of the counters passed over the last 64 have keys", p, "11-session.md#receiving")
    p = Play()
    s = p.answered()
    sent = {c: p.seal("alice", s, c) for c in (69, 70, 71, 127, 128, 129, 192, 200)}
    for counter in (128, 192, 200):
        p.open("bob", sent[counter])
    p.refused("unknown_hint", "hint", p.open, "bob", sent[69])
    for counter in (70, 71, 129, 127):
        p.open("bob", sent[counter], {"counter": counter})
    write("128 keys passed over are kept in a session, the lowest counters make room", p, "11-session.md#receiving")
    day, start = 86400, 1_800_000_000
    p = Play()
    s = p.answered()
    sent = {c: p.seal("alice", s, c) for c in (1, 2, 3, 4, 5)}
    p.open("bob", sent[3], now=str(start))
    p.open("bob", sent[2], now=str(start + 6 * day))
    p.open("bob", sent[5], now=str(start + 6 * day))
    p.refused("unknown_hint", "hint", p.open, "bob", sent[1], now=str(start + 8 * day))
    p.open("bob", sent[4], now=str(start + 8 * day))
    write("keys passed over are kept for seven days", p, "11-session.md#receiving")
    p = Play()
    s = p.answered()
    sent = {c: p.seal("alice", s, c) for c in (5, 6, 9)}
    p.open("bob", sent[9])
    p.open("bob", sent[6])
    p.refused("inconsistent", "counter", p.open, "bob", in_session(p, "alice", s, 5, octets_of([text(), text()]), flags=1))
    p.refused("inconsistent", "counter", p.open, "bob", in_session(p, "alice", s, 8, octets_of([text(), text()]), flags=1))
    p.open("bob", sent[5])
    write("an envelope that reaches over a counter already opened changes nothing", p, "11-session.md#receiving")
    p = Play()
    s = p.answered()
    later = p.seal("alice", s, 9)
    p.open("bob", later)
    p.open("bob", in_session(p, "alice", s, 3, octets_of([text(), text(), text()]), flags=1), {"counter": 3})
    p.refused("unknown_hint", "hint", p.open, "bob", in_session(p, "alice", s, 4, HELLO))
    p.open("bob", in_session(p, "alice", s, 6, HELLO), {"counter": 6})
    write("with an envelope that was passed over go the keys of all its counters", p, "11-session.md#receiving")


def refusals(write):
    p = Play()
    s = p.answered()
    good = p.seal("alice", s, 1)
    p.refused("unknown_hint", "hint", p.open, "bob", flip(good, 1))
    p.refused("unknown_hint", "hint", p.open, "bob", flip(good, 3))
    p.refused("unknown_hint", "hint", p.open, "bob", flip(good, 0, 4))
    p.refused("bad_tag", "tag", p.open, "bob", flip(good, 0))
    p.refused("bad_tag", "tag", p.open, "bob", flip(good, 4))
    p.refused("bad_tag", "tag", p.open, "bob", flip(good, len(good) - 1))
    p.refused("bad_tag", "tag", p.open, "bob", good[:-1])
    p.refused("truncated", "envelope", p.open, "bob", good[:19])
    p.refused("unknown_hint", "hint", p.open, "alice", good)
    p.open("bob", good)
    p.refused("unknown_hint", "hint", p.open, "bob", good)
    write("a chain envelope with each part changed; then the right one, twice", p, "03-envelope.md")
    p = Play()
    s = p.answered()
    good = p.seal("alice", s, 256)
    for at in (1, 3, 4):
        p.refused("unknown_hint", "hint", p.open, "bob", flip(good, at))
    p.refused("unknown_hint", "hint", p.open, "bob", flip(good, 0, 4))
    p.refused("bad_tag", "tag", p.open, "bob", flip(good, 0))
    p.refused("bad_tag", "tag", p.open, "bob", flip(good, 5))
    p.refused("truncated", "envelope", p.open, "bob", good[:20])
    p.open("bob", good)
    p.refused("unknown_hint", "hint", p.open, "bob", good)
    write("a random-access envelope with each part changed; then the right one, twice", p, "03-envelope.md")
    p = Play()
    s = p.answered()
    sent = p.seal("alice", s, 1), p.seal("alice", s, 2)
    p.open("bob", sent[1])
    p.note("revoke", "bob", account=ALICE.account, device=ALICE.device)
    for envelope in (sent[0], p.seal("alice", s, 3)):
        p.refused("unknown_hint", "hint", p.open, "bob", envelope)
    write("a revoked device: its sessions are gone, with the keys passed over", p, "10-identity.md#revocation")
    p = Play()
    s = p.answered()
    p.note("know", "bob", contact=ALICE.contact(identity_key=CAROL.identity))
    p.refused("unknown_hint", "hint", p.open, "bob", p.seal("alice", s, 1))
    write("a card with another identity key ends the sessions under the one before", p, "11-session.md#beginning")


def forms(write):
    """Hint and tag are right."""
    p = Play()
    s = p.answered()
    forged = lambda octets, flags=0: in_session(p, "alice", s, 1, octets, flags=flags)
    for kind, field, octets, flags in [
        ("truncated", "family", b"", 0), ("truncated", "revision", b"\x71", 0), ("not_canonical", "flags", HELLO[:2] + b"\x05hello", 1),
        ("reserved", "family", octets_of([text(family=0)]), 0), ("too_long", "item", octets_of([text(b"\x55" * 4095)]), 0),
        ("too_long", "items", octets_of([text()] * 33), 1), ("truncated", "item", octets_of([text(), text()])[:-1], 1),
        ("inconsistent", "form", octets_of([text(family=0x15, form=2, reference=bytes(32))]), 0),
    ]:  # fmt: skip
        p.refused(kind, field, p.open, "bob", forged(octets, flags))
    p.pass_on("alice", "bob", s, 1)
    write("what is inside is looked at when the tag is right, and its counter can be used again", p, "03-envelope.md")
