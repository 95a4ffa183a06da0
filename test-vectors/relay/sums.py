"""The file of saved sums of spec/06-relay.md: its format, its tags, and the vectors of both."""

from conventions import flip, h, mac, refuse_unless, seed, u8, u16, u32
from formats import ADDRESS_EPOCH, Reader
from material import EPOCH, OWNER_KEY, READER_KEY, Relay, reads, unhex

LITERAL = b"chappe-sums"
LABEL = "chappe-relay-sums/1"
HOUR = 3600


def sender_tag(secret, epoch, key):
    return mac(secret, b"chappe-relay-sender/1", u32(epoch), key)[:16]


def write_sums(found):
    """What is in a file, as the reader gives it, to its octets without the checksum."""
    out = LITERAL + u8(1) + u32(found["epoch"]) + u32(len(found["invitations"]))
    for one in found["invitations"]:
        out += bytes.fromhex(one["number"]) + u32(len(one["tags"])) + b"".join(map(bytes.fromhex, one["tags"]))
    out += u32(len(found["senders"]))
    for one in found["senders"]:
        out += bytes.fromhex(one["tag"]) + u16(len(one["hours"]))
        for hour, octets in one["hours"]:
            out += u32(hour) + int(octets).to_bytes(8, "big")
    return out


def sealed(content):
    return content + h(LABEL, content)[:8]


def ascending(values, value, field):
    refuse_unless(not values or values[-1] < value, "not_canonical", field)


def read_sums(octets):
    refuse_unless(octets[: len(LITERAL)] == LITERAL, "bad_literal", "literal")
    r = Reader(octets)
    r.take(len(LITERAL), "literal")
    refuse_unless(r.u(1, "version") == 1, "unknown_version", "version")
    begins = r.at
    end = max(len(octets) - 8, begins)
    refuse_unless(octets[end:] == h(LABEL, octets[:end])[:8], "bad_checksum", "checksum")
    r = Reader(octets[:end])
    r.take(begins, "literal")
    epoch, invitations, senders = r.u(4, "epoch"), [], []
    for _ in range(r.u(4, "invitations")):
        number, tags = r.take(8, "number").hex(), []
        ascending([one["number"] for one in invitations], number, "number")
        for _ in range(r.u(4, "keys")):
            tag = r.take(16, "tag").hex()
            ascending(tags, tag, "tag")
            tags.append(tag)
        invitations.append(dict(number=number, tags=tags))
    for _ in range(r.u(4, "senders")):
        tag, hours = r.take(16, "tag").hex(), []
        for _ in range(r.u(2, "hours")):
            hour = r.u(4, "hour")
            ascending([one[0] for one in hours], hour, "hour")
            hours.append([hour, str(r.u(8, "octets"))])
        senders.append(dict(tag=tag, hours=hours))
    refuse_unless(r.at == end, "trailing", "end")
    return dict(epoch=epoch, invitations=invitations, senders=senders)


def tag_answer(given):
    return dict(tag=sender_tag(unhex(given, "secret"), int(given["now"]) // ADDRESS_EPOCH, unhex(given, "key")))


def sums():
    b = Relay("sums", "saved-sums", {"sums": reads(read_sums), "sender_tag": tag_answer})
    secret, now = seed("relay tag secret"), EPOCH * ADDRESS_EPOCH
    common = dict(secret=secret, key=OWNER_KEY, now=str(now))
    for comment, other in (
        ("a sender", {}), ("at the end of the epoch", dict(now=str(now + ADDRESS_EPOCH - 1))),
        ("in the next epoch", dict(now=str(now + ADDRESS_EPOCH))), ("another key", dict(key=READER_KEY)),
        ("at another relay", dict(secret=seed("relay another tag secret"))),
    ):  # fmt: skip
        b.valid("sender_tag", comment, common | other)
    tags = sorted(sender_tag(secret, EPOCH, key).hex() for key in (OWNER_KEY, READER_KEY))
    hour = now // HOUR
    numbers = sorted(seed(f"relay invitation {n}", 8).hex() for n in (1, 2))
    full = dict(
        epoch=EPOCH,
        invitations=[dict(number=numbers[0], tags=tags), dict(number=numbers[1], tags=[])],
        senders=[dict(tag=tags[1], hours=[[hour, "151"], [hour + 720, str(2**64 - 1)]]), dict(tag=tags[0], hours=[])],
    )  # fmt: skip
    none = dict(epoch=0, invitations=[], senders=[])
    for comment, found in (("nothing", none), ("invitations and senders", full)):
        assert read_sums(sealed(write_sums(found))) == found
        b.valid("sums", comment, dict(octets=sealed(write_sums(found))))
    content = write_sums(full)
    octets = sealed(content)

    def read(comment, octets, *error):
        b.invalid("sums", *error, comment, dict(octets=octets))

    read("no octet", b"", "bad_literal", "literal")
    read("ends in the literal", LITERAL[:5], "bad_literal", "literal")
    read("another literal", b"C" + octets[1:], "bad_literal", "literal")
    for version in (0, 2):
        read(f"version {version}", octets[:11] + u8(version) + octets[12:], "unknown_version", "version")
    read("ends behind the version", octets[:12], "bad_checksum", "checksum")
    read("an octet less", octets[:-1], "bad_checksum", "checksum")
    for at in (12, 40, len(octets) - 1):
        read(f"octet {at} changed", flip(octets, at), "bad_checksum", "checksum")
    read("an octet more", sealed(content + b"\0"), "trailing", "end")
    for comment, at, field in (
        ("ends in the epoch", 14, "epoch"), ("ends in the number of invitations", 18, "invitations"),
        ("ends in an invitation's number", 24, "number"), ("ends in a count of keys", 30, "keys"),
        ("ends in a key's tag", 40, "tag"), ("ends in the number of senders", len(content) - 62, "senders"),
        ("ends in a sender's tag", len(content) - 50, "tag"), ("ends in a count of hours", len(content) - 43, "hours"),
        ("ends in an hour", len(content) - 39, "hour"), ("ends in octets", len(content) - 32, "octets"),
    ):  # fmt: skip
        read(comment, sealed(content[:at]), "truncated", field)

    def other(**change):
        return sealed(write_sums(full | change))

    twice = [dict(number=numbers[0], tags=[]), dict(number=numbers[0], tags=[])]
    read("an invitation twice", other(invitations=twice), "not_canonical", "number")
    read("tags that descend", other(invitations=[dict(number=numbers[0], tags=tags[::-1])]), "not_canonical", "tag")
    read("an hour twice", other(senders=[dict(tag=tags[0], hours=[[hour, "1"], [hour, "1"]])]), "not_canonical", "hour")
    return b
