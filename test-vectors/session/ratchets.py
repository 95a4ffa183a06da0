"""Transcripts of the ratchet: steps both ways, offers that do nothing, late envelopes, hybrid steps."""

import x25519
import x_wing
from book import Book
from conventions import flip, seed
from forge import in_session, octets_of
from play import Play, hybrid_offer, offer, ratchet, text
from session_kinds import KINDS

HELLO = octets_of([text()])
SECRETS = [seed(f"offer {n}") for n in range(8)]


def book():
    b = Book("session", "ratchet", "11-session", KINDS)

    def write(comment, play, spec="11-session.md#ratchet"):
        b.valid("transcript", comment, play.given, spec)

    for part in (steps, repeats, late, nothing, hybrid):
        part(write)
    return b


def offers(p, by, to, session, counter, secret, epoch, more=()):
    """Sealed with an offer and opened; the other side sends in the next epoch."""
    out = p.pass_on(by, to, session, counter, offer(secret), *more, offer_secret=secret)
    assert (out["epoch"], out["sends_in_epoch"]) == (epoch, epoch + 1), out


def says(p, by, to, session, counter, epoch, sends_in=None):
    out = p.pass_on(by, to, session, counter)
    assert (out["epoch"], out["sends_in_epoch"]) == (epoch, epoch if sends_in is None else sends_in), out


def stepped(p):
    """B has offered in its first answer, and both are in epoch 1."""
    s = p.begin()
    p.pass_on("alice", "bob", s, 0)
    offers(p, "bob", "alice", s, 0, SECRETS[0], 0)
    says(p, "alice", "bob", s, 1, 1)
    says(p, "bob", "alice", s, 1, 1)
    return s


def steps(write):
    p = Play()
    s = p.begin()
    p.pass_on("alice", "bob", s, 0)
    offers(p, "bob", "alice", s, 0, SECRETS[0], 0, [text()])
    says(p, "alice", "bob", s, 1, 1)
    says(p, "bob", "alice", s, 2, 1)
    write("B offers in its answer; from then on both are in epoch 1", p)
    p = Play()
    s, at = stepped(p), {"alice": 2, "bob": 2}
    for epoch in range(1, 7):
        by, to = ("alice", "bob") if epoch % 2 else ("bob", "alice")
        offers(p, by, to, s, at[by], SECRETS[epoch], epoch)
        says(p, to, by, s, at[to], epoch + 1)
        says(p, by, to, s, at[by] + 1, epoch + 1)
        at = {by: at[by] + 2, to: at[to] + 1}
    write("seven steps, to and fro", p)
    p = Play()
    s = p.answered()
    p.pass_on("alice", "bob", s, 256)
    p.pass_on("bob", "alice", s, 192)
    offers(p, "bob", "alice", s, 255, SECRETS[0], 0)
    says(p, "alice", "bob", s, 300, 1)
    says(p, "bob", "alice", s, 256, 1)
    says(p, "alice", "bob", s, 512, 1)
    write("counters run on through the epochs, and so do blocks", p)
    p = Play()
    s = p.answered()
    p.pass_on("bob", "alice", s, 192)
    out = p.pass_on("bob", "alice", s, 256, offer(SECRETS[0]), offer_secret=SECRETS[0])
    assert out["class"] == 2 and out["sends_in_epoch"] == 1
    says(p, "alice", "bob", s, 1, 1)
    write("an offer in a random-access envelope", p)


def repeats(write):
    p = Play()
    s = p.begin()
    p.pass_on("alice", "bob", s, 0)
    sent = [p.seal("bob", s, c, offer(SECRETS[0]), text(bytes([c])), offer_secret=SECRETS[0]) for c in (0, 2, 4)]
    p.open("alice", sent[1], {"sends_in_epoch": 1})
    p.open("alice", sent[2], {"sends_in_epoch": 1, "epoch": 0})
    says(p, "alice", "bob", s, 1, 1)
    p.open("alice", sent[0], {"sends_in_epoch": 1, "epoch": 0})
    says(p, "bob", "alice", s, 6, 1)
    says(p, "alice", "bob", s, 2, 1)
    write("the same offer three times: the first that arrives is taken up", p)
    p = Play()
    s = p.begin()
    flights = [p.seal("alice", s, c) for c in range(3)]
    p.open("bob", flights[0])
    offered = p.seal("bob", s, 0, offer(SECRETS[0]), offer_secret=SECRETS[0])
    p.open("bob", flights[1], {"epoch": 0, "sends_in_epoch": 0})
    says(p, "bob", "alice", s, 1, 0)
    p.open("alice", offered, {"sends_in_epoch": 1})
    says(p, "alice", "bob", s, 3, 1)
    p.open("bob", flights[2], {"epoch": 0, "sends_in_epoch": 1})
    says(p, "bob", "alice", s, 2, 1)
    write("who offered receives in both epochs until the step is made", p)


def late(write):
    p = Play()
    s = p.answered()
    old = {c: p.seal("alice", s, c) for c in (1, 2, 3, 4)}
    offers(p, "bob", "alice", s, 1, SECRETS[0], 0)
    new = {c: p.seal("alice", s, c) for c in (5, 6, 8)}
    p.open("bob", old[2], {"epoch": 0})
    p.open("bob", new[6], {"epoch": 1, "sends_in_epoch": 1})
    p.open("bob", old[4], {"epoch": 0, "sends_in_epoch": 1})
    p.open("bob", new[5], {"epoch": 1})
    p.open("bob", new[8], {"epoch": 1})
    for counter in (1, 3):
        p.open("bob", old[counter], {"epoch": 0})
    p.refused("unknown_hint", "hint", p.open, "bob", old[3])
    p.refused("unknown_hint", "hint", p.open, "bob", in_session(p, "alice", s, 7, HELLO, epoch=0))
    p.open("bob", in_session(p, "alice", s, 7, HELLO, epoch=1))
    p.refused("unknown_hint", "hint", p.open, "bob", in_session(p, "alice", s, 9, HELLO, epoch=0))
    write("late envelopes of the epoch before; of counters behind the step there are keys of the new epoch alone", p)
    p = Play()
    s = p.answered()
    offers(p, "bob", "alice", s, 1, SECRETS[0], 0)
    kept = {(c, k): in_session(p, "alice", s, c, HELLO, epoch=k) for c in (1, 2) for k in (0, 1)}
    says(p, "alice", "bob", s, 3, 1)
    p.open("bob", kept[1, 0], {"epoch": 0})
    p.refused("unknown_hint", "hint", p.open, "bob", kept[1, 1])
    p.open("bob", kept[2, 1], {"epoch": 1})
    p.refused("unknown_hint", "hint", p.open, "bob", kept[2, 0])
    write("at a step keys of both epochs are kept; with one of a counter the other goes", p, "11-session.md#receiving")
    p = Play()
    s = p.begin()
    flights = [p.seal("alice", s, c) for c in range(4)]
    p.open("bob", flights[0])
    offers(p, "bob", "alice", s, 0, SECRETS[0], 0)
    says(p, "alice", "bob", s, 4, 1)
    for counter in (3, 1):
        p.open("bob", flights[counter], {"epoch": 0, "counter": counter, "sends_in_epoch": 1})
    p.refused("replay", "ephemeral_key", p.open, "bob", flights[3])
    write("first flights that come behind the first step", p)
    p = Play()
    s = stepped(p)
    good = p.seal("alice", s, 2)
    p.refused("unknown_hint", "hint", p.open, "bob", flip(good, 0, 4))
    p.open("bob", good)
    write("the other parity: no live epoch has it with this hint", p, "03-envelope.md")


def nothing(write):
    p = Play()
    s = p.answered()
    for n, key in enumerate(x25519.SMALL_ORDER):
        out = p.open("alice", in_session(p, "bob", s, 1 + n, octets_of([ratchet(b"\x00" + key)])))
        assert out["sends_in_epoch"] == 0
    offers(p, "bob", "alice", s, 10, SECRETS[0], 0)
    write("offers of small order do nothing; the next one is taken up", p)
    p = Play()
    s = p.answered()
    bodies = [b"", b"\x00", b"\x00" + bytes(31), offer(SECRETS[0])["body"] + b"\x00", b"\x03" + bytes(32), b"\x01" + bytes(1247), b"\x02" + bytes(1120)]
    for n, body in enumerate(bodies):
        out = p.open("alice", in_session(p, "bob", s, 1 + n, octets_of([ratchet(body)])))
        assert out["sends_in_epoch"] == 0
    newer = text(offer(SECRETS[0])["body"], family=0x15, revision=1)
    p.open("alice", in_session(p, "bob", s, 10, octets_of([newer])), {"sends_in_epoch": 0})
    offers(p, "bob", "alice", s, 11, SECRETS[0], 0)
    write("ratchet items that cannot be read, answers to nothing and unknown revisions do nothing", p)
    p = Play()
    s = p.answered()
    out = p.open("bob", in_session(p, "alice", s, 1, octets_of([offer(SECRETS[1])])))
    assert out["sends_in_epoch"] == 0
    offers(p, "bob", "alice", s, 1, SECRETS[0], 0)
    other = p.open("alice", in_session(p, "bob", s, 2, octets_of([offer(SECRETS[2])]), epoch=0))
    assert other["sends_in_epoch"] == 1
    says(p, "alice", "bob", s, 2, 1)
    says(p, "bob", "alice", s, 3, 1)
    out = p.open("alice", in_session(p, "bob", s, 4, octets_of([offer(SECRETS[3])])))
    assert out["sends_in_epoch"] == 1
    says(p, "alice", "bob", s, 3, 1)
    write("an offer out of turn, another one for the same step, one in an epoch of the other side's: nothing", p)


def encapsulation(n):
    return seed(f"encapsulation {n}, first half") + seed(f"encapsulation {n}, second half")


def hybrid_steps(p, by, to, session, at, n, epoch):
    """The whole of it; `at` is the next counter of each, which is raised."""
    secret, hybrid_secret = SECRETS[n], seed(f"hybrid offer {n}")
    offered = hybrid_offer(secret, hybrid_secret)
    given = p.seal(by, session, at[by], offered, offer_secret=secret, hybrid_secret=hybrid_secret)
    p.open(to, given, {"epoch": epoch, "sends_in_epoch": epoch}, encapsulation_seed=encapsulation(n))
    _, ciphertext = x_wing.encapsulate(offered["body"][33:], encapsulation(n))
    out = p.pass_on(to, by, session, at[to], ratchet(b"\x02" + ciphertext))
    assert (out["epoch"], out["sends_in_epoch"]) == (epoch, epoch + 1)
    again = p.pass_on(to, by, session, at[to] + 1, ratchet(b"\x02" + ciphertext))
    assert (again["epoch"], again["sends_in_epoch"]) == (epoch, epoch + 1)
    says(p, by, to, session, at[by] + 1, epoch + 1)
    says(p, to, by, session, at[to] + 2, epoch + 1)
    at[by], at[to] = at[by] + 2, at[to] + 3


def hybrid(write):
    p = Play()
    s, at = p.answered(), {"alice": 1, "bob": 1}
    hybrid_steps(p, "bob", "alice", s, at, 0, 0)
    offers(p, "alice", "bob", s, at["alice"], SECRETS[1], 1)
    says(p, "bob", "alice", s, at["bob"], 2)
    write("a hybrid step by B, then a plain one by A", p)
    p = Play()
    s, at = stepped(p), {"alice": 2, "bob": 2}
    hybrid_steps(p, "alice", "bob", s, at, 2, 1)
    offers(p, "bob", "alice", s, at["bob"], SECRETS[3], 2)
    says(p, "alice", "bob", s, at["alice"], 3)
    write("a hybrid step by A, then a plain one by B", p)
    p = Play()
    s = p.answered()
    weak = ratchet(b"\x01" + bytes(32) + hybrid_offer(SECRETS[0], seed("hybrid offer 0"))["body"][33:])
    out = p.open("alice", in_session(p, "bob", s, 1, octets_of([weak])), encapsulation_seed=encapsulation(0))
    assert out["sends_in_epoch"] == 0
    offers(p, "bob", "alice", s, 2, SECRETS[0], 0)
    says(p, "alice", "bob", s, 1, 1)
    write("a hybrid offer with an F of small order does nothing", p)
