"""What the vectors of chapter 06 are made of: keys from names, addresses, a parcel, and a book with their kinds."""

import ed25519
from book import Book
from conventions import Refused, seed
from formats import Rotated, mailbox, topic, write_delegation, write_parcel

LIVE, LIVE_2, EXERCISE = (bytes.fromhex(x) for x in ("0000000001", "0000000002", "010000002a"))
OWNER, READER, STRANGER, RELAY = (seed(f"relay {name}") for name in ("owner", "reader", "stranger", "relay"))
OWNER_KEY, READER_KEY, STRANGER_KEY, RELAY_KEY = (ed25519.public(x) for x in (OWNER, READER, STRANGER, RELAY))
NEUTRAL = bytes([1]) + bytes(31)  # a key of small order
EXPIRY = 1_800_000_000
EPOCH = 2_976  # the address epoch of EXPIRY
TOPIC = topic(LIVE, "field")
MAILBOX = mailbox(OWNER_KEY)
PARCEL = write_parcel(
    dict(kind="topic", precedence="FLASH", address=TOPIC, expiry=EXPIRY, envelope=b"\x00envelope")
)
DELEGATION = write_delegation(OWNER_KEY, lambda m: ed25519.sign(OWNER, m), LIVE, READER_KEY, EXPIRY)


def rotated(secret, realm=LIVE, epoch=EPOCH):
    return Rotated(secret, realm, epoch)


class Relay(Book):
    """Vectors of one section. The files that are older than version 2 keep their ids."""

    def __init__(self, name, section, kinds, older=False):
        super().__init__("relay", name, "06-relay", kinds)
        self.section = section
        if older:
            self.prefix = name

    def _add(self, kind, comment, given, result, answer, spec):
        super()._add(kind, comment, given, result, answer, spec or f"06-relay.md#{self.section}")

    def one(self, kind, comment, given, error=None, **expected):
        if error:
            return self.invalid(kind, *error, comment, given)
        return self.valid(kind, comment, given, **expected)


def reads(reader):
    """A kind whose "in" is octets."""
    return lambda given: reader(bytes.fromhex(given["octets"]))


def unhex(given, name):
    return bytes.fromhex(given[name])


def refusing(answer, field="delegation"):
    """A kind whose answer is a reason's name (a string), the fault of that field, or members."""

    def kind(given):
        found = answer(given)
        if isinstance(found, str):
            raise Refused(found, field)
        return found

    return kind
