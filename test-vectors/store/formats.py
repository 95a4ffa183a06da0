"""Writes what chapter 15 describes: segments, records and messages. It reads nothing back.

Standard library only.
"""

import hashlib

IDENTITY = 0x0123456789ABCDEF
OTHER = 0x0123456789ABCDEE
HEADER = 28


def _table():
    for octet in range(256):
        for _ in range(8):
            octet = octet >> 1 ^ (0x82F63B78 if octet & 1 else 0)
        yield octet


TABLE = list(_table())


def crc32c(octets):
    """RFC 3720 section 12.1; the answer for "123456789" is its known one."""
    found = 0xFFFFFFFF
    for octet in octets:
        found = found >> 8 ^ TABLE[(found ^ octet) & 255]
    return found ^ 0xFFFFFFFF


assert crc32c(b"123456789") == 0xE3069283


def u(n, octets):
    return n.to_bytes(octets, "big")


def checked(identity, covered):
    return u(crc32c(u(identity, 8) + covered), 4) + covered


def segment_header(first, identity=IDENTITY, version=2):
    fields = b"chplog\x1a" + u(version, 1) + u(first, 8) + u(identity, 8)
    return fields + u(crc32c(fields), 4)


def record(sequence, position, ends, payload, identity=IDENTITY):
    length = 1 << 31 | (1 << 30 if ends else 0) | len(payload)
    return checked(identity, u(sequence, 6) + u(position, 2) + u(length, 4) + payload)


class Segment:
    """A segment that grows by batches, and where its records came to lie."""

    def __init__(self, first, identity=IDENTITY):
        self.first, self.next, self.identity = first, first, identity
        self.octets = segment_header(first, identity)
        self.records, self.offsets = {}, {}

    def batch(self, *groups):
        """Each group is a list of payloads."""
        position = 0
        for group in groups:
            for at, payload in enumerate(group):
                self.put(self.next, position, at + 1 == len(group), payload)
                position += 1
        return self

    def put(self, sequence, position, ends, payload):
        self.offsets[sequence] = len(self.octets)
        self.records[sequence] = payload
        self.octets += record(sequence, position, ends, payload, self.identity)
        self.next = sequence + 1
        return self

    def name(self):
        return f"{self.first:016x}-{self.identity:016x}.store"


def compacted_name(first, following, round_, identity=IDENTITY):
    return f"{first:016x}-{following:016x}-{round_:016x}-{identity:016x}.store"


def spare_name(number, identity=IDENTITY):
    return f"{number:016x}-{identity:016x}.spare"


def message(writer, number, records, identity=IDENTITY, count=None):
    covered = u(writer, 8) + u(number, 8) + u(len(records) if count is None else count, 4)
    covered += b"".join(u(len(one), 4) for one in records) + b"".join(records)
    return b"chb\x02" + checked(identity, covered)


def message_id(writer, number):
    return hashlib.sha256(u(writer, 8) + u(number, 8)).digest()[:16]


def flipped(octets, at, bit=1):
    out = bytearray(octets)
    out[at] ^= bit
    return bytes(out)
