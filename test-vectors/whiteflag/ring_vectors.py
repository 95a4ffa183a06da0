"""Key rings: what a participant can read after the messages so far (spec/12-whiteflag-cryptography.md)."""

import whiteflag as wf
from cryptography_parts import agree, agreement_key, apply, derive
from cryptography_vectors import ALICE, BOB, CAROL, METHODS, VECTOR_TYPES, message, octets, secret_key, support, wire

ME, NOW = CAROL, 1_790_000_000


def vectors(add):
    for comment, steps, shared in cases():
        given = {"own": ME.hex(), "secret_key": secret_key("me").hex(), "shared": shared,
                 "steps": [step for step, _ in steps]}
        add(comment, "ring", given, {"steps": [outcome for _, outcome in steps]})


def key_of(method, originator, name):
    if method == "negotiated":
        secret = agree(secret_key("me"), agreement_key(secret_key(name)))
    else:
        secret = octets(name)
    return derive(method, secret, originator)


def step(originator, identifier, hexadecimal, outcome, now=NOW):
    return {"originator": originator.hex(), "id": identifier * 32, "hex": hexadecimal, "now": now}, outcome


def announced(originator, identifier, name, learned, **changes):
    fields = support("0A", agreement_key(secret_key(name)).hex(), ReferenceIndicator="0", ReferencedMessage="0" * 64)
    outcome = {"learned": learned} if isinstance(learned, str) else {"error": dict(zip(("kind", "field"), learned))}
    return step(originator, identifier, wire({**fields, **changes}).hex(), outcome)


def vector_of(originator, identifier, of, method, error=None, vector=None, **changes):
    fields = support(VECTOR_TYPES[method], (vector or octets(f"iv {of}", 16)).hex(), ReferencedMessage=of * 32, **changes)
    outcome = {"error": dict(zip(("kind", "field"), error))} if error else {"learned": "vector"}
    return step(originator, identifier, wire(fields).hex(), outcome)


def encrypted(originator, identifier, method, name, error=None, now=NOW, **changes):
    plain = wire(message("F", METHODS[method], Text=f"Text of {identifier}", **changes))
    sent = apply(key_of(method, originator, name), octets(f"iv {identifier}", 16), plain)
    outcome = {"error": dict(zip(("kind", "field"), error))} if error else {"plain": plain.hex()}
    return step(originator, identifier, sent.hex(), outcome, now)


def share(originator, name="shared", expires=None):
    return {"with": originator.hex(), "secret": octets(name).hex(), "expires": expires}


def cases():
    yield "a negotiated key", [
        announced(ALICE, "01", "alice", "key"),
        encrypted(ALICE, "02", "negotiated", "alice", ("missing", "InitVector")),
        vector_of(ALICE, "03", "02", "negotiated"),
        encrypted(ALICE, "02", "negotiated", "alice"),
    ], []
    yield "a pre-shared key", [
        vector_of(ALICE, "03", "02", "pre_shared"),
        encrypted(ALICE, "02", "pre_shared", "shared"),
        encrypted(ALICE, "02", "pre_shared", "shared", DuressIndicator="1"),
    ], [share(ALICE)]
    yield "another key replaces the first", [
        announced(ALICE, "01", "alice", "key"), announced(ALICE, "04", "alice", "same_key"),
        vector_of(ALICE, "03", "02", "negotiated"), encrypted(ALICE, "02", "negotiated", "alice"),
        announced(ALICE, "05", "alice again", "another_key", ReferenceIndicator="2", ReferencedMessage="01" * 32),
        vector_of(ALICE, "07", "06", "negotiated"), encrypted(ALICE, "06", "negotiated", "alice again"),
        announced(ALICE, "08", "alice the third", "another_key"),
        vector_of(ALICE, "0a", "09", "negotiated"), encrypted(ALICE, "09", "negotiated", "alice the third"),
    ], []  # fmt: skip
    yield "a key that is withdrawn", [
        announced(ALICE, "01", "alice", "key"), vector_of(ALICE, "03", "02", "negotiated"),
        announced(ALICE, "04", "alice", ("inconsistent", "ReferencedMessage"), ReferenceIndicator="4",
                  ReferencedMessage="09" * 32),
        encrypted(ALICE, "02", "negotiated", "alice"),
        announced(ALICE, "05", "alice", "key_withdrawn", ReferenceIndicator="4", ReferencedMessage="01" * 32),
        encrypted(ALICE, "02", "negotiated", "alice", ("missing", "key")),
        announced(ALICE, "06", "alice", ("inconsistent", "ReferencedMessage"), ReferenceIndicator="1",
                  ReferencedMessage="01" * 32),
        announced(ALICE, "07", "alice", "key"), encrypted(ALICE, "02", "negotiated", "alice"),
        announced(ALICE, "08", "alice", "key_withdrawn", ReferenceIndicator="1", ReferencedMessage="07" * 32),
    ], []  # fmt: skip
    yield "announcements that are not acted on", [
        announced(ALICE, "01", "alice", ("unexpected", "DuressIndicator"), DuressIndicator="1"),
        announced(ALICE, "02", "alice", ("unexpected", "ReferenceIndicator"), ReferenceIndicator="3",
                  ReferencedMessage="01" * 32),
        announced(ALICE, "03", "alice", ("too_short", "public_key"), CryptoData="02" * 32),
        announced(ALICE, "04", "alice", ("bad_literal", "public_key"), CryptoData="04" + "11" * 32),
        announced(ALICE, "05", "alice", ("weak_key", "public_key"), CryptoData="00"),
        vector_of(ALICE, "07", "06", "negotiated"),
        encrypted(ALICE, "06", "negotiated", "alice", ("missing", "key")),
    ], []  # fmt: skip
    yield "keys are an originator's own", [
        announced(ALICE, "01", "alice", "key"), vector_of(BOB, "03", "02", "negotiated"),
        encrypted(BOB, "02", "negotiated", "alice", ("missing", "key")),
        announced(BOB, "04", "bob", "key"), encrypted(BOB, "02", "negotiated", "bob"),
    ], []  # fmt: skip
    yield "vectors are an originator's own", [
        vector_of(BOB, "03", "02", "pre_shared"),
        encrypted(ALICE, "02", "pre_shared", "shared", ("missing", "InitVector")),
    ], [share(ALICE), share(BOB)]
    yield "the vector of the other method", [
        vector_of(ALICE, "03", "02", "negotiated"),
        encrypted(ALICE, "02", "pre_shared", "shared", ("inconsistent", "CryptoDataType")),
    ], [share(ALICE)]
    yield "a second vector for a message", [
        vector_of(ALICE, "03", "02", "pre_shared"), vector_of(ALICE, "04", "02", "pre_shared"),
        vector_of(ALICE, "05", "02", "pre_shared", ("unexpected", "CryptoData"), octets("another", 16)),
        vector_of(ALICE, "06", "02", "negotiated", ("unexpected", "CryptoData")),
        encrypted(ALICE, "02", "pre_shared", "shared"),
    ], [share(ALICE)]  # fmt: skip
    yield "a key that expires", [
        vector_of(ALICE, "03", "02", "pre_shared"), encrypted(ALICE, "02", "pre_shared", "shared", now=NOW - 1),
        encrypted(ALICE, "02", "pre_shared", "shared", ("expired", "key"), now=NOW),
        encrypted(ALICE, "02", "pre_shared", "shared", ("expired", "key"), now=NOW + 1),
    ], [share(ALICE, expires=NOW)]  # fmt: skip
    yield "no key", [
        vector_of(ALICE, "03", "02", "pre_shared"),
        encrypted(ALICE, "02", "pre_shared", "shared", ("missing", "key")),
    ], []
    yield "the latest shared key holds", [
        vector_of(ALICE, "03", "02", "pre_shared"), encrypted(ALICE, "02", "pre_shared", "shared"),
    ], [share(ALICE, "earlier"), share(ALICE)]  # fmt: skip
    yield "the 64 latest vectors are kept", [
        *(vector_of(ALICE, "f0", f"{n:02x}", "pre_shared") for n in range(1, 66)),
        encrypted(ALICE, "01", "pre_shared", "shared", ("missing", "InitVector")),
        encrypted(ALICE, "02", "pre_shared", "shared"), encrypted(ALICE, "41", "pre_shared", "shared"),
    ], [share(ALICE)]  # fmt: skip
    yield "messages that are no K and not encrypted", [
        step(ALICE, "01", wire(message("F", Text="open")).hex(),
             {"error": {"kind": "unexpected", "field": "MessageCode"}}),
        step(ALICE, "02", wf.encode(message("F", "3", Text="private"))[0],
             {"error": {"kind": "unsupported", "field": "EncryptionIndicator"}}),
    ], []
