"""Vectors of single derivations, so that one who goes wrong finds out where."""

import x25519
from book import Book
from conventions import EXERCISE, LIVE, LIVE_2, seed
from play import ALICE, BOB, CAROL
from session_kinds import KINDS

CHAPTER = "11-session"


def end(person, **secrets):
    return {"account": person.account, "device": person.device, "identity_secret": person.identity_secret} | secrets


def agreements():
    b = Book("session", "agreement", CHAPTER, KINDS)
    given = {
        "realm": LIVE, "initiator": end(ALICE), "responder": end(BOB, prekey_secret=BOB.prekey_secrets[0]),
        "ephemeral_secret": seed("ephemeral"),
    }  # fmt: skip
    b.valid("agreement", "alice to bob", given)
    b.valid("agreement", "bob to alice: nothing is symmetric", given | {
        "initiator": end(BOB), "responder": end(ALICE, prekey_secret=ALICE.prekey_secrets[0])})  # fmt: skip
    b.valid("agreement", "another ephemeral key", given | {"ephemeral_secret": seed("another ephemeral")})
    b.valid("agreement", "another prekey", given | {"responder": end(BOB, prekey_secret=seed("bob's next prekey"))})
    b.valid("agreement", "another device of the initiator's account", given | {"initiator": end(ALICE) | {"device": 255}})
    b.valid("agreement", "another account of the initiator", given | {"initiator": end(ALICE) | {"account": CAROL.account}})
    b.valid("agreement", "exercise realm", given | {"realm": EXERCISE})
    b.valid("agreement", "another network", given | {"realm": LIVE_2})
    sealing = {
        "identity_secret": ALICE.identity_secret, "ephemeral_secret": seed("ephemeral"),
        "identity_key": BOB.identity, "prekey": BOB.prekeys[0],
    }  # fmt: skip
    for name in ("prekey", "identity_key"):
        for n, key in enumerate(x25519.SMALL_ORDER):
            comment = f"no sealing to a card whose {name} is of small order ({n})"
            b.invalid("agreement_refused", "weak_key", name, comment, sealing | {name: key}, "11-session.md#beginning")
    return b


def counters():
    b = Book("session", "counter", CHAPTER, KINDS)
    given = {"root": seed("a root"), "way": 0, "counter": 0}
    for counter in (0, 1, 2, 63, 64, 255, 256, 257, 511, 512, 767, 4096, 65535, 65536, 2**20 - 1):
        b.valid("counter_keys", f"counter {counter}, A to B", given | {"counter": counter}, "11-session.md#keys-of-an-epoch")
    for counter in (0, 255, 256):
        b.valid("counter_keys", f"counter {counter}, B to A", given | {"counter": counter, "way": 1}, "11-session.md#keys-of-an-epoch")
    b.valid("counter_keys", "another root", given | {"root": seed("another root")}, "11-session.md#keys-of-an-epoch")
    for residue, following in [
        (1, 0), (255, 32511), (1, 32000), (1, 33024), (1, 33025), (0, 98304), (0, 98303), (2, 2**20 - 1), (0, 100),
        (255, 100), (128, 32768), (255, 2**20 - 1),
    ]:  # fmt: skip
        comment = f"octet 4 is {residue}; behind the newest opened comes {following}"
        b.valid("random_access_counter", comment, {"residue": residue, "next": following}, "11-session.md#hints")
    return b


def steps():
    b = Book("session", "step", CHAPTER, KINDS)
    given = {"root": seed("a root"), "offer_secret": seed("an offer"), "current_key": BOB.prekeys[0], "epoch": 1}
    b.valid("step", "to epoch 1", given, "11-session.md#ratchet")
    b.valid("step", "to epoch 2", given | {"epoch": 2}, "11-session.md#ratchet")
    b.valid("step", "to epoch 65,536", given | {"epoch": 65536}, "11-session.md#ratchet")
    b.valid("step", "another offer", given | {"offer_secret": seed("another offer")}, "11-session.md#ratchet")
    for n, key in enumerate(x25519.SMALL_ORDER):
        b.invalid("step", "weak_key", "offer", f"a key of small order ({n})", given | {"current_key": key}, "11-session.md#ratchet")
    given |= {"hybrid_secret": seed("a hybrid offer"),
              "encapsulation_seed": seed("encapsulation, first half") + seed("encapsulation, second half")}  # fmt: skip
    b.valid("hybrid_step", "to epoch 1", given, "11-session.md#ratchet")
    b.valid("hybrid_step", "another key, to epoch 4", given | {"hybrid_secret": seed("another hybrid offer"), "epoch": 4}, "11-session.md#ratchet")
    b.invalid("hybrid_step", "weak_key", "offer", "a current key of small order", given | {"current_key": bytes(32)}, "11-session.md#ratchet")
    return b


def books():
    return [agreements(), counters(), steps()]
