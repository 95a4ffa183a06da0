"""Vectors of what a relay decides: who may read, what is a duplicate."""

import ed25519
from conventions import Refused, u8
from formats import (
    DAY, LIFE_MAX, PRECEDENCES, delegation_holds, mailbox, read_delegation, topic, whole, write_delegation, write_parcel,
)  # fmt: skip
from material import (
    DELEGATION, EPOCH, EXERCISE, EXPIRY, LIVE, LIVE_2, MAILBOX, OWNER, OWNER_KEY, READER, READER_KEY, STRANGER, STRANGER_KEY,
    TOPIC, Relay, refusing, rotated, unhex,
)  # fmt: skip


def access(given):
    """The reason's name, or the time at which the grant ends (none: null)."""
    reader, address, octets = (unhex(given, name) for name in ("reader", "address", "delegation"))
    if given["kind"] == "topic" or mailbox(reader) == address:
        return dict(until=None)
    if not octets:
        return "not_your_mailbox"
    try:
        found = whole(read_delegation)(octets)
    except Refused:
        return "bad_delegation"
    if mailbox(found["mailbox"]) != address or found["reader"] != reader:
        return "bad_delegation"
    if not delegation_holds(octets, unhex(given, "realm")):
        return "bad_delegation"
    if int(given["now"]) >= int(found["expiry"]):
        return "delegation_expired"
    return dict(until=found["expiry"])


def accesses():
    b = Relay("access", "delegation", {"access": refusing(access)})

    def put(comment, reader, kind, address, delegation, now, expected, realm=LIVE):
        given = dict(reader=reader, kind=kind, address=address, delegation=delegation, realm=realm, now=str(now))
        if isinstance(expected, str):
            return b.invalid("access", expected, "delegation", comment, given)
        return b.valid("access", comment, given, **expected)

    free, granted, bad = dict(until=None), dict(until=str(EXPIRY)), "bad_delegation"
    owner, reader, stranger = rotated(OWNER), rotated(READER), rotated(STRANGER)
    before, after = rotated(OWNER, epoch=EPOCH - 1), rotated(OWNER, epoch=EPOCH + 1)
    delegation = write_delegation(owner.key, owner.sign, LIVE, reader.key, EXPIRY)
    put("a topic, anyone", stranger.key, "topic", TOPIC, b"", EXPIRY, free)
    put("a topic with a delegation nobody needs", stranger.key, "topic", TOPIC, b"\xff", EXPIRY, free)
    put("the octets of a mailbox as a topic", stranger.key, "topic", owner.address, b"", EXPIRY, free)
    put("the owner under the key of the epoch", owner.key, "mailbox", owner.address, b"", EXPIRY, free)
    put("the owner with a delegation nobody needs", owner.key, "mailbox", owner.address, b"\xff", 0, free)
    put("the owner under the key of the epoch before, in that mailbox", before.key, "mailbox", before.address, b"", EXPIRY, free)
    mine = "not_your_mailbox"
    put("a stranger", stranger.key, "mailbox", owner.address, b"", 0, mine)
    put("the octets of a topic as a mailbox", owner.key, "mailbox", TOPIC, b"", 0, mine)
    put("the key of the card in the mailbox of an epoch", OWNER_KEY, "mailbox", owner.address, b"", EXPIRY, mine)
    put("the key of an epoch in the mailbox of the card's key", owner.key, "mailbox", MAILBOX, b"", EXPIRY, mine)
    put("the mailbox of the epoch before", owner.key, "mailbox", before.address, b"", EXPIRY, mine)
    put("the mailbox of the next epoch", owner.key, "mailbox", after.address, b"", EXPIRY, mine)
    elsewhere = rotated(OWNER, LIVE_2)
    put("the mailbox of another realm", owner.key, "mailbox", elsewhere.address, b"", EXPIRY, mine)
    put("a delegated reader", reader.key, "mailbox", owner.address, delegation, EXPIRY - 1, granted)
    other_epoch = rotated(READER, epoch=EPOCH + 1)
    across = write_delegation(owner.key, owner.sign, LIVE, other_epoch.key, EXPIRY)
    put("a reader under the key of another epoch, as delegated", other_epoch.key, "mailbox", owner.address, across, 0, granted)
    put("at the expiry", reader.key, "mailbox", owner.address, delegation, EXPIRY, "delegation_expired")
    put("long after it", reader.key, "mailbox", owner.address, delegation, 2**40 - 1, "delegation_expired")
    never = write_delegation(owner.key, owner.sign, LIVE, reader.key, 0)
    put("expiry 0 lets nobody read", reader.key, "mailbox", owner.address, never, 0, "delegation_expired")
    put("another reader", stranger.key, "mailbox", owner.address, delegation, 0, bad)
    put("the same reader in another epoch", other_epoch.key, "mailbox", owner.address, delegation, 0, bad)
    put("the reader under the key of its card", READER_KEY, "mailbox", owner.address, delegation, 0, bad)
    put("another mailbox", reader.key, "mailbox", stranger.address, delegation, 0, bad)
    put("the owner's mailbox of another epoch", reader.key, "mailbox", after.address, delegation, 0, bad)
    put("another realm", reader.key, "mailbox", owner.address, delegation, 0, bad, EXERCISE)
    put("cut short", reader.key, "mailbox", owner.address, delegation[:-1], 0, bad)
    put("an octet more", reader.key, "mailbox", owner.address, delegation + b"\0", 0, bad)
    put("of another version", reader.key, "mailbox", owner.address, b"\2" + delegation[1:], 0, bad)
    signed = b"chappe-delegation/1" + LIVE + delegation[:70]
    put("signed by its reader", reader.key, "mailbox", owner.address, delegation[:70] + reader.sign(signed), 0, bad)
    unrotated = delegation[:70] + ed25519.sign(OWNER, signed)
    put("signed with the key of the card", reader.key, "mailbox", owner.address, unrotated, 0, bad)
    own = write_delegation(stranger.key, stranger.sign, LIVE, reader.key, EXPIRY)
    put("for the signer's own mailbox", reader.key, "mailbox", owner.address, own, 0, bad)
    expired_and_bad = write_delegation(owner.key, reader.sign, LIVE, reader.key, EXPIRY)
    put("whether it has expired is looked at last", reader.key, "mailbox", owner.address, expired_and_bad, EXPIRY, bad)
    return b


def answers(given):
    stored, found = {}, []
    for one in given["publishes"]:
        now, octets = int(one["now"]), unhex(one, "parcel")
        expiry, precedence = int.from_bytes(octets[17:22], "big"), octets[0] >> 1 & 3
        copies = stored.setdefault((octets[0] >> 3, octets[1:17], octets[22:]), [])
        as_urgent = [life for life, urgency in copies if life > now and urgency >= precedence]
        if expiry <= now:
            found.append("expired")
        elif expiry - now > LIFE_MAX:
            found.append("expiry_too_far")
        elif any((life - now) * 2 >= expiry - now for life in as_urgent):
            found.append("duplicate")
        else:
            copies.append((expiry, precedence))
            found.append("new")
    return dict(answers=found)


def duplicates():
    b = Relay("duplicate", "parcel", {"duplicate": answers})

    def put(comment, *steps):
        """Each step: now, expiry, the answer, and what differs from the common parcel."""
        publishes = []
        for now, expiry, _, *other in steps:
            fields = dict(kind="topic", precedence="ROUTINE", address=TOPIC, envelope=b"\x55signal", expiry=expiry)
            publishes.append(dict(now=str(now), parcel=write_parcel(fields | (other[0] if other else {}))))
        b.valid("duplicate", comment, dict(publishes=publishes), answers=[step[2] for step in steps])

    t, week = EXPIRY, 7 * DAY
    new, duplicate = "new", "duplicate"
    routine, priority, immediate, flash = (dict(precedence=one) for one in PRECEDENCES)
    put("the same again", (t, t + week, new), (t, t + week, duplicate))
    put("the same life, 10 seconds later", (t, t + week, new), (t + 10, t + 10 + week, duplicate))
    put("a second to live keeps nothing out", (t, t + 1, new), (t, t + week, new), (t, t + week, duplicate))
    put("exactly half as long", (t, t + 100, new), (t, t + 200, duplicate))
    put("a second less than half", (t, t + 100, new), (t, t + 201, new))
    put("half is what is left now", (t, t + 100, new), (t + 50, t + 150, duplicate), (t + 51, t + 152, new))
    put("a shorter life", (t, t + week, new), (t, t + 1, duplicate))
    put("the longest copy decides", (t, t + 10, new), (t, t + 30, new), (t, t + 60, duplicate), (t, t + 61, new))
    put("a duplicate prolongs nothing", (t, t + 10, new), (t, t + 20, duplicate), (t, t + 40, new))
    put("at its expiry a copy is gone", (t, t + 10, new), (t + 10, t + 11, new))
    put("a second before it is not", (t, t + 10, new), (t + 9, t + 11, duplicate), (t + 9, t + 12, new))
    put("a FLASH is not kept out by a ROUTINE", (t, t + week, new), (t, t + week, new, flash))
    put("a ROUTINE is kept out by a FLASH", (t, t + week, new, flash), (t, t + week, duplicate))
    for lower, higher in ((routine, priority), (priority, immediate), (immediate, flash)):
        name = higher["precedence"]
        put(f"{name} after the one below", (t, t + 9, new, lower), (t, t + 9, new, higher), (t, t + 9, duplicate, higher))
        put(f"{name} before the one below", (t, t + 9, new, higher), (t, t + 9, duplicate, lower))
    put("a long ROUTINE and a short FLASH: neither stands for a FLASH in between",
        (t, t + week, new), (t, t + 10, new, flash), (t, t + 30, new, flash), (t, t + 60, duplicate, flash))  # fmt: skip
    put("a duplicate raises no precedence", (t, t + 10, new, flash), (t, t + 20, duplicate), (t, t + 21, new),
        (t, t + 21, new, flash))  # fmt: skip
    put("another address", (t, t + week, new), (t, t + week, new, dict(address=MAILBOX)))
    put("another kind of address", (t, t + week, new), (t, t + week, new, dict(kind="mailbox")))
    put("another envelope", (t, t + week, new), (t, t + week, new, dict(envelope=b"\x55other")))
    put("a refused one is not stored", (t, t, "expired"), (t, t + LIFE_MAX + 1, "expiry_too_far"), (t, t + 1, new))
    lives = [2**bits - 1 for bits in range(1, 22)]
    put("21 copies of a precedence and no more in 30 days", *((t, t + life, new) for life in lives),
        (t, t + LIFE_MAX, duplicate))  # fmt: skip
    return b
