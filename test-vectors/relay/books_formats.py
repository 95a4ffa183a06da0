"""Vectors of the formats that are no messages."""

import base64

import ed25519
from conventions import Refused, flip, refuse_unless, seed, u8, u16, u40
from formats import (
    ADDRESS_EPOCH, ENVELOPE_MAX, PRECEDENCES, STEPS, TEXT, WEAK, Rotated, address_epoch, delegation_answer,
    delegation_holds, is_key, mac, mailbox, padded_size, parcel_answer, read_invitation, read_invitation_text, read_lease,
    rotated_key, topic, whole, write_delegation, write_invitation, write_invitation_text, write_lease, write_parcel,
)  # fmt: skip
from material import (
    DELEGATION, EPOCH, EXERCISE, EXPIRY, LIVE, LIVE_2, NEUTRAL, OWNER, OWNER_KEY, PARCEL, READER, READER_KEY, RELAY_KEY,
    STRANGER, TOPIC, Relay, reads, unhex,
)  # fmt: skip

NO_POINT = next(u8(n) + bytes(31) for n in range(2, 99) if not is_key(u8(n) + bytes(31)))


def addresses():
    b = Relay("address", "addresses", {
        "mailbox": lambda given: dict(address=mailbox(unhex(given, "key"))),
        "topic": lambda given: dict(address=topic(unhex(given, "realm"), given["name"])),
    }, older=True)  # fmt: skip
    for name, key in (("owner", OWNER_KEY), ("reader", READER_KEY)):
        b.valid("mailbox", f"the mailbox of {name}", dict(key=key))
    names = (LIVE, "field"), (LIVE_2, "field"), (EXERCISE, "field"), (LIVE, ""), (LIVE, "тревога"), (LIVE, "Field")
    for realm, name in names:
        b.valid("topic", f"the topic {name!a}", dict(realm=realm, name=name))
    return b


def rotation_answer(given):
    made = Rotated(unhex(given, "seed"), unhex(given, "realm"), given["epoch"])
    octets = unhex(given, "octets")
    signature = made.sign(octets)
    assert ed25519.verify(made.key, octets, signature)
    return dict(
        transport_key=made.transport_key, h=made.h.to_bytes(32, "little"), key=made.key,
        scalar=made.scalar.to_bytes(32, "little"), prefix=made.prefix, address=made.address, signature=signature,
    )  # fmt: skip


def rotated_key_answer(given):
    key = rotated_key(unhex(given, "realm"), unhex(given, "transport_key"), given["epoch"])
    return dict(key=key, address=mailbox(key))


def rotations():
    b = Relay("rotation", "rotation", {
        "rotation": rotation_answer, "rotated_key": rotated_key_answer,
        "address_epoch": lambda given: dict(epoch=address_epoch(int(given["seconds"]))),
    })  # fmt: skip

    def make(comment, secret=OWNER, realm=LIVE, epoch=EPOCH, octets=b"octets"):
        return b.valid("rotation", comment, dict(seed=secret, realm=realm, epoch=epoch, octets=octets))

    found = [
        make("an epoch"), make("the next epoch", epoch=EPOCH + 1), make("another realm", realm=LIVE_2),
        make("an exercise", realm=EXERCISE), make("another key", READER), make("epoch 0", epoch=0),
        make("the last epoch there is", epoch=2**32 - 1), make("nothing is signed", octets=b""),
    ]  # fmt: skip
    make("a delegation is signed", octets=b"chappe-delegation/1" + LIVE + DELEGATION[:70])
    assert len({one["key"] for one in found}) == 7 and len({one["prefix"] for one in found}) == 7
    for epoch in (0, EPOCH, EPOCH + 1, 2**32 - 1):
        given = dict(transport_key=OWNER_KEY, realm=LIVE, epoch=epoch)
        b.valid("rotated_key", f"epoch {epoch}, from the card alone", given)
    b.valid("rotated_key", "another realm", dict(transport_key=OWNER_KEY, realm=LIVE_2, epoch=EPOCH))
    torsion = next(key for key in sorted(WEAK) if key[0] == 0x26)
    mixed = ed25519._compress(ed25519._add(ed25519._decompress(OWNER_KEY), ed25519._decompress(torsion)))
    b.valid("rotated_key", "a key with a small-order part", dict(transport_key=mixed, realm=LIVE, epoch=EPOCH))
    for weak in sorted(WEAK):
        given = dict(transport_key=weak, realm=LIVE, epoch=EPOCH)
        b.invalid("rotated_key", "out_of_range", "key", "a key of small order", given)
    for comment, key in (("no point", NO_POINT), ("y is not below p", b"\xff" * 32)):
        b.invalid("rotated_key", "out_of_range", "key", comment, dict(transport_key=key, realm=LIVE, epoch=EPOCH))
    for seconds in (0, ADDRESS_EPOCH - 1, ADDRESS_EPOCH, EPOCH * ADDRESS_EPOCH - 1, EPOCH * ADDRESS_EPOCH, EXPIRY, 2**40 - 1):
        b.valid("address_epoch", f"at {seconds}", dict(seconds=str(seconds)))
    return b


def parcels():
    b = Relay("parcel", "parcel", {"parcel": reads(parcel_answer)}, older=True)

    def read(comment, octets, error=None):
        b.one("parcel", comment, dict(octets=octets), error)

    for kind in ("mailbox", "topic"):
        for precedence in PRECEDENCES:
            p = dict(kind=kind, precedence=precedence, address=TOPIC, expiry=EXPIRY, envelope=b"\x01\x02")
            read(f"{precedence} for a {kind}", write_parcel(p))
    read("the shortest envelope", PARCEL[:22] + b"\xff")
    read("the longest envelope", PARCEL[:22] + bytes(ENVELOPE_MAX))
    read("expiry 0: it parses, no relay takes it", PARCEL[:17] + bytes(5) + b"x")
    read("the latest expiry", PARCEL[:17] + b"\xff" * 5 + b"x")
    read("nothing", b"", ("truncated", "version"))
    for version in (1, 15):
        read(f"version {version}", u8(version << 4) + PARCEL[1:], ("unknown_version", "version"))
    read("an unknown version is noticed before anything else", b"\x11", ("unknown_version", "version"))
    read("the reserved bit", flip(PARCEL, 0), ("reserved", "reserved"))
    read("ends in the address", PARCEL[:16], ("truncated", "address"))
    read("ends in the expiry", PARCEL[:21], ("truncated", "expiry"))
    read("no envelope", PARCEL[:22], ("too_short", "envelope"))
    read("an envelope too long", PARCEL[:22] + bytes(ENVELOPE_MAX + 1), ("too_long", "envelope"))
    return b


def delegation_written(given):
    secret = unhex(given, "seed")
    sign = lambda message: ed25519.sign(secret, message)  # noqa: E731
    reader, expiry = unhex(given, "reader"), int(given["expiry"])
    return dict(octets=write_delegation(ed25519.public(secret), sign, unhex(given, "realm"), reader, expiry))


def delegation_verified(given):
    octets = unhex(given, "octets")
    delegation_answer(octets)
    refuse_unless(delegation_holds(octets, unhex(given, "realm")), "bad_signature", "signature")
    return dict(verified=True)


def delegations():
    b = Relay("delegation", "delegation", {
        "delegation_write": delegation_written, "delegation": reads(delegation_answer),
        "delegation_verify": delegation_verified,
    }, older=True)  # fmt: skip
    for realm in (LIVE, EXERCISE):
        for expiry in (0, EXPIRY, 2**40 - 1):
            given = dict(seed=OWNER, realm=realm, reader=READER_KEY, expiry=str(expiry))
            b.valid("delegation_write", "signed by the owner", given)

    def read(comment, octets, error=None):
        b.one("delegation", comment, dict(octets=octets), error)

    def with_reader(key):
        return DELEGATION[:33] + key + DELEGATION[65:]

    read("a delegation", DELEGATION)
    read("the signature is not looked at when reading", DELEGATION[:70] + bytes(64))
    read("nothing", b"", ("truncated", "version"))
    for version in (0, 2, 255):
        read(f"version {version}", u8(version) + DELEGATION[1:], ("unknown_version", "version"))
    for at, field in ((32, "mailbox"), (64, "reader"), (69, "expiry"), (133, "signature")):
        read(f"ends in the {field}", DELEGATION[:at], ("truncated", field))
    read("an octet more", DELEGATION + b"\0", ("trailing", "end"))
    for weak in sorted(WEAK):
        read("a reader's key of small order", with_reader(weak), ("out_of_range", "reader"))
    octets = DELEGATION[:1] + NEUTRAL + DELEGATION[33:]
    read("a mailbox's key of small order", octets, ("out_of_range", "mailbox"))
    read("a reader's key with y not below p", with_reader(b"\xff" * 32), ("out_of_range", "reader"))
    read("a reader's key that is no point", with_reader(NO_POINT), ("out_of_range", "reader"))

    bad, content = ("bad_signature", "signature"), DELEGATION[:70]
    signed = b"chappe-delegation/1" + LIVE + content

    def verify(comment, octets, realm, error=None):
        b.one("delegation_verify", comment, dict(octets=octets, realm=realm), error)

    verify("in its realm", DELEGATION, LIVE)
    verify("in another network", DELEGATION, LIVE_2, bad)
    verify("in an exercise", DELEGATION, EXERCISE, bad)
    for at in (69, 70, 133):
        verify(f"octet {at} changed", flip(DELEGATION, at), LIVE, bad)
    verify("signed by another", content + ed25519.sign(STRANGER, signed), LIVE, bad)
    verify("signed without context", content + ed25519.sign(OWNER, content), LIVE, bad)
    crafted = content + ed25519.sign_with_neutral_r(OWNER, signed)
    verify("R of small order: only the strict predicate refuses it", crafted, LIVE, bad)
    s = int.from_bytes(DELEGATION[102:], "little") + ed25519.L
    verify("s not reduced", DELEGATION[:102] + s.to_bytes(32, "little"), LIVE, bad)
    made = Rotated(OWNER, LIVE, EPOCH)
    verify("by the key of an epoch", write_delegation(made.key, made.sign, LIVE, READER_KEY, EXPIRY), LIVE)
    return b


def leases():
    b = Relay("lease", "lease", {"lease": reads(whole(read_lease))}, older=True)

    def lease(first=20_000, labels=(b"\x01\x02\x03",)):
        return write_lease(dict(delegation=DELEGATION, first_epoch=first, labels=list(labels)))

    def read(comment, octets, error=None):
        b.one("lease", comment, dict(octets=octets), error)

    many = [n.to_bytes(3, "big") for n in range(1, 33)]
    read("one label", lease())
    read("three labels", lease(labels=many[:3]))
    read("as many labels as there may be", lease(labels=many))
    read("the same label twice: two epochs may share one", lease(labels=[many[0]] * 2))
    read("from epoch 0", lease(first=0))
    read("the last epoch there is", lease(first=2**32 - 1))
    read("up to the last epoch there is", lease(first=2**32 - 32, labels=many))
    read("no label", lease(labels=[]), ("out_of_range", "count"))
    read("a label too many", lease(labels=many + many[:1]), ("out_of_range", "count"))
    read("beyond the last epoch", lease(first=2**32 - 31, labels=many), ("out_of_range", "first_epoch"))
    read("a label of the field", lease(labels=[many[0], bytes(3)]), ("out_of_range", "label"))
    read("ends in a label", lease(labels=many[:2])[:-1], ("truncated", "label"))
    read("an octet more", lease() + b"\0", ("trailing", "end"))
    read("ends before the count", lease()[:138], ("truncated", "count"))
    read("ends in the first epoch", lease()[:137], ("truncated", "first_epoch"))
    read("a delegation of another version", b"\x02" + lease()[1:], ("unknown_version", "version"))
    read("ends in the delegation", lease()[:100], ("truncated", "signature"))
    return b


# ---- invitations -------------------------------------------------------------------------------

INVITATION_KEY = seed("relay invitation key")


def invitation_written(given):
    octets = write_invitation(
        unhex(given, "invitation_key"), unhex(given, "realm"), unhex(given, "number"), int(given["expiry"]), given["keys"]
    )
    return dict(octets=octets, text=write_invitation_text(unhex(given, "relay"), octets, given["network_address"]))


def invitation_shown(given):
    """At a relay: form, MAC, expiry, withdrawn, how many keys it let in in this address epoch."""
    octets = unhex(given, "octets")
    found = whole(read_invitation)(octets)
    tag = mac(unhex(given, "invitation_key"), b"chappe-invitation/1", unhex(given, "realm"), octets[:16])[:16]
    refuse_unless(octets[16:] == tag, "not_admitted", "mac")
    refuse_unless(int(given["now"]) < int(found["expiry"]), "not_admitted", "expiry")
    refuse_unless(found["number"].hex() not in given["withdrawn"], "not_admitted", "number")
    known = given["key"] in given["admitted"]
    refuse_unless(known or len(given["admitted"]) < found["keys"], "not_admitted", "keys")
    return found


def invitations():
    b = Relay("invitation", "admission", {
        "invitation_write": invitation_written, "invitation": reads(whole(read_invitation)),
        "invitation_admits": invitation_shown, "invitation_text": lambda given: read_invitation_text(given["text"]),
    })  # fmt: skip
    common = dict(
        invitation_key=INVITATION_KEY, realm=LIVE, number=seed("relay invitation", 8), expiry=str(EXPIRY), keys=50,
        relay=RELAY_KEY, network_address="relay.example:4433",
    )  # fmt: skip

    def write(comment, **other):
        out = b.valid("invitation_write", comment, common | other)
        b.valid("invitation", comment, dict(octets=out["octets"]))
        b.valid("invitation_text", comment, dict(text=out["text"]))
        return bytes.fromhex(out["octets"])

    octets = write("an invitation")
    write("for one key, expiry 0, number 0", keys=1, expiry="0", number=bytes(8))
    write("the greatest of all", keys=65535, expiry=str(2**40 - 1), number=b"\xff" * 8, network_address="x" * 255)
    write("in an exercise, at an address of IPv6", realm=EXERCISE, network_address="[2001:db8::1]:4433")
    write("the shortest network address, other spare bits", network_address="a")
    write("a name in UTF-8", network_address="кит.example:4433")

    def read(comment, octets, *error):
        b.invalid("invitation", *error, comment, dict(octets=octets))

    read("nothing", b"", "truncated", "version")
    for version in (0, 2, 255):
        read(f"version {version}", u8(version) + octets[1:], "unknown_version", "version")
    for at, field in ((8, "number"), (13, "expiry"), (15, "keys"), (31, "mac")):
        read(f"ends in the {field}", octets[:at], "truncated", field)
    read("an octet more", octets + b"\0", "trailing", "end")
    read("admits no key", octets[:14] + bytes(2) + octets[16:], "out_of_range", "keys")

    shown = dict(octets=octets, invitation_key=INVITATION_KEY, realm=LIVE, now=str(EXPIRY - 1), withdrawn=[], key=READER_KEY)
    shown["admitted"] = []
    b.valid("invitation_admits", "a second before its expiry", shown)

    def refuse(comment, field, **other):
        b.invalid("invitation_admits", "not_admitted", field, comment, shown | other)

    refuse("at its expiry", "expiry", now=str(EXPIRY))
    refuse("in another network", "mac", realm=LIVE_2)
    refuse("in an exercise", "mac", realm=EXERCISE)
    refuse("of another relay", "mac", invitation_key=seed("relay another invitation key"))
    for at in (1, 13, 15, 16, 31):
        refuse(f"octet {at} changed", "mac", octets=flip(octets, at))
    refuse("withdrawn", "number", withdrawn=["ff" * 8, octets[1:9]])
    b.valid("invitation_admits", "another is withdrawn", shown | dict(withdrawn=["ff" * 8]))
    two = write_invitation(INVITATION_KEY, LIVE, bytes(8), EXPIRY, 2)
    b.valid("invitation_admits", "the last key of two", shown | dict(octets=two, admitted=[OWNER_KEY]))
    refuse("a key too many", "keys", octets=two, admitted=[OWNER_KEY, RELAY_KEY])
    b.valid("invitation_admits", "a key that was let in already", shown | dict(octets=two, admitted=[OWNER_KEY, READER_KEY]))

    def text(comment, text, *error):
        b.invalid("invitation_text", *error, comment, dict(text=text))

    def encoded(octets):
        return TEXT + base64.urlsafe_b64encode(octets).decode().rstrip("=")

    good = write_invitation_text(RELAY_KEY, octets, "relay.example:4433")
    text("nothing", "", "bad_literal", "prefix")
    text("another prefix", good.replace("invitation", "card"), "bad_literal", "prefix")
    text("capitals in the prefix", good.replace("chappe", "Chappe"), "bad_literal", "prefix")
    text("a space at the end", good + " ", "bad_character", "text")
    text("padding", encoded(RELAY_KEY + octets + b"a") + "==", "bad_character", "text")
    text("the other alphabet of base64", TEXT + "+" + good[len(TEXT) + 1 :], "bad_character", "text")
    text("a character alone", encoded(RELAY_KEY + octets + b"ab") + "A", "truncated", "text")
    spare = encoded(RELAY_KEY + octets + b"a")
    changed = spare[:-1] + chr(ord(spare[-1]) + 1)
    text("spare bits that are not zero", changed, "not_canonical", "text")
    text("no key", TEXT, "truncated", "relay")
    text("ends in the key", encoded(RELAY_KEY[:31]), "truncated", "relay")
    text("a relay's key of small order", encoded(NEUTRAL + octets + b"a"), "out_of_range", "relay")
    text("a relay's key that is no point", encoded(NO_POINT + octets + b"a"), "out_of_range", "relay")
    text("ends in the invitation", encoded(RELAY_KEY + octets[:31]), "truncated", "mac")
    text("an invitation of another version", encoded(RELAY_KEY + flip(octets, 0, 3) + b"a"), "unknown_version", "version")
    text("an invitation for no key", encoded(RELAY_KEY + octets[:14] + bytes(2) + octets[16:] + b"a"), "out_of_range", "keys")
    text("no network address", encoded(RELAY_KEY + octets), "too_short", "network_address")
    text("a network address too long", encoded(RELAY_KEY + octets + b"a" * 256), "too_long", "network_address")
    text("a network address that is no UTF-8", encoded(RELAY_KEY + octets + b"\xc3"), "bad_character", "network_address")
    return b


def sizes():
    b = Relay("padded_size", "sizes", {"padded_size": lambda given: dict(size=padded_size(given["octets"]))})
    for length in sorted({1, 53, *STEPS, *(step + 1 for step in STEPS[:-1]), *(step - 1 for step in STEPS)}):
        b.valid("padded_size", f"{length} octets", dict(octets=length))
    b.invalid("padded_size", "too_long", "envelope", "more than an envelope holds", dict(octets=16_385))
    return b
