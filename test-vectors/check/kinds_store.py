"""What to do with each kind of vector of chapter 15: a relay's folder, its records, a cluster's stream."""

import hashlib
import re

from judge import octets_of, refused, same
from refusal import Refused, refuse_unless
from relay_wire import Cursor, read_parcel

LITERAL, HEADER, RECORD = b"chplog\x1a", 28, 16
DIGITS = "([0-9a-f]{16})"
NAMES = {
    "plain": re.compile(f"{DIGITS}-{DIGITS}\\.store"), "compacted": re.compile("-".join([DIGITS] * 4) + r"\.store"),
    "spare": re.compile(f"{DIGITS}-{DIGITS}\\.spare"), "part": re.compile(f"{DIGITS}\\.part"),
}  # fmt: skip


def number(octets):
    return int.from_bytes(octets, "big")


def crc32c(octets):
    found = 2**32 - 1
    for octet in octets:
        found ^= octet
        for _ in range(8):
            found = found >> 1 ^ 0x82F63B78 * (found & 1)
    return found ^ 2**32 - 1


def verifies(stated, *covered):
    return number(stated) == crc32c(b"".join(covered))


class Segment:
    def __init__(self, name, first, following, round_, octets):
        self.name, self.first, self.following, self.round, self.octets = name, first, following, round_, octets

    def states(self, identity):
        """The first sequence in the header, if that is whole."""
        head = self.octets[:HEADER]
        whole = len(head) == HEADER and head[:8] == LITERAL + b"\2" and verifies(head[24:], head[:24])
        return number(head[8:16]) if whole and head[16:24] == identity else None

    def is_of_another_version(self):
        head = self.octets[:HEADER]
        whole = len(head) == HEADER and head[:7] == LITERAL and verifies(head[24:], head[:24])
        return whole and head[7] != 2


def sorted_out(segments):
    """Those that count, and those that were replaced."""
    order = sorted(segments, key=lambda one: (one.first, -(one.following or 0), -one.round))
    kept, replaced, covered = [], [], 0
    for one in order:
        if one.first < covered:
            replaced.append(one)
            continue
        kept.append(one)
        covered = one.following or covered
    return kept, replaced


def segments_of(files):
    segments, spares, identities = [], [], set()
    for name, octets in files.items():
        if not name.endswith((".store", ".spare", ".part")):
            continue
        found = {kind: form.fullmatch(name) for kind, form in NAMES.items()}
        kind = next((kind for kind in found if found[kind]), None)
        refuse_unless(kind, "strange_file", "folder", 0)
        *numbers, identity = found[kind].groups()
        identities.add(identity)
        numbers = [int(one, 16) for one in numbers]
        if kind == "plain":
            segments.append(Segment(name, numbers[0], None, 0, octets))
        elif kind == "compacted":
            refuse_unless(numbers[0] < numbers[1], "strange_file", "folder", 0)
            segments.append(Segment(name, *numbers, octets))
        elif kind == "spare":
            spares.append(Segment(name, None, None, 0, octets))
    refuse_unless(len(identities) < 2, "strange_file", "folder", 0)
    identity = bytes.fromhex(identities.pop())
    segments, _ = sorted_out(segments)
    for spare in spares:
        first = spare.states(identity)
        if first is not None and first not in [one.first for one in segments]:
            name = f"{first:016x}-{identity.hex()}.store"
            segments.append(Segment(name, first, None, 0, spare.octets))
    segments, replaced = sorted_out(segments)
    refuse_unless(not replaced, "strange_file", "folder", 0)
    refuse_unless(not any(one.is_of_another_version() for one in segments), "unknown_version", "folder", 0)
    return segments, identity


class Reading:
    """One segment, read from its beginning to its end."""

    def __init__(self, segment, identity):
        self.segment, self.octets, self.identity = segment, segment.octets, identity
        self.found, self.gaps, self.tail = [], [], None
        at, expected = HEADER, segment.first
        while True:
            head = self.whole(at)
            if head is None or not self.may_come(head[0], expected):
                if not any(self.octets[at:]):
                    break
                there = self.search(at, expected)
                if there is None:
                    self.tail = at
                    break
                self.gaps.append((at, there - at, expected, self.whole(there)[0], len(self.found)))
                at, head = there, self.whole(there)
            sequence, batch, ends, payload = head
            self.found.append((at, sequence, batch, ends, payload))
            at, expected = at + RECORD + len(payload), sequence + 1
        self.end, self.next = at, expected

    def bounds(self, at):
        """Sequence, batch, end of a group and length at this octet, as they are stated."""
        head = self.octets[at : at + RECORD]
        if len(head) < RECORD:
            return None
        sequence, position, length = number(head[4:10]), number(head[10:12]), number(head[12:])
        octets = length & 2**30 - 1
        fits = length >> 31 and octets <= 2**20 and position <= sequence
        return (sequence, sequence - position, bool(length >> 30 & 1), octets) if fits else None

    def whole(self, at):
        stated = self.bounds(at)
        if stated is None:
            return None
        sequence, batch, ends, length = stated
        record = self.octets[at : at + RECORD + length]
        if len(record) < RECORD + length or not verifies(record[:4], self.identity, record[4:]):
            return None
        return sequence, batch, ends, record[RECORD:]

    def may_come(self, sequence, expected):
        if self.segment.following is None:
            return sequence == expected
        return expected <= sequence < self.segment.following

    def is_found(self, at, passed, expected):
        stated = self.bounds(at)
        if stated is None or stated[0] < expected:
            return False
        near = stated[0] - expected <= passed // 16
        fits = near if self.segment.following is None else stated[0] < self.segment.following
        return fits and self.whole(at) is not None

    def search(self, at, expected):
        stated = self.bounds(at)
        guesses = []
        if stated and self.may_come(stated[0], expected):
            guesses = [RECORD + stated[3]]
        for passed in [*guesses, *range(1, len(self.octets) - at - RECORD + 1)]:
            if self.is_found(at + passed, passed, expected):
                return at + passed
        return None

    def cut(self):
        """What is torn, cut off; for the segment that was written to."""
        last = self.found[-1][2] if self.found else 0
        used = len(self.octets.rstrip(b"\0"))
        torn = next((gap for gap in self.gaps if not self.found or last <= gap[2]), None)
        whole = 0
        if torn:
            whole = len(self.found) - torn[4]
            del self.found[torn[4] :], self.gaps[self.gaps.index(torn) :]
            self.end, self.next = torn[0], torn[2]
        is_cut, self.tail = bool(torn) or self.tail is not None, None
        while self.found and not self.found[-1][3]:
            self.end, self.next = self.found.pop()[:2]
            whole, is_cut = whole + 1, True
        self.gaps = [gap for gap in self.gaps if gap[0] < self.end]
        if not is_cut:
            return None
        octets = max(0, used - self.end)
        return {"file": self.segment.name, "octet": str(self.end), "octets": str(octets), "records": str(whole)}

    def damage(self, following):
        """`following` is the sequence the next segment begins with."""
        places = []
        if self.segment.states(self.identity) != self.segment.first:
            places.append((0, min(HEADER, len(self.octets)), range(0)))
        places += [(at, octets, range(lost, found)) for at, octets, lost, found, _ in self.gaps]
        ends_early = self.segment.following is None and self.next < following
        if self.tail is not None or ends_early:
            places.append((self.end, len(self.octets) - self.end, range(self.next, following)))
        covered = self.segment.following
        if covered is not None and covered < following:
            places.append((2**64 - 1, 0, range(covered, following)))
        return [
            {"file": self.segment.name, "octet": str(at), "octets": str(octets), "lost": [str(n) for n in lost]}
            for at, octets, lost in places
        ]


def folder(given):
    segments, identity = segments_of({name: octets_of(octets) for name, octets in given["files"].items()})
    while segments and segments[-1].following is None:
        last = segments[-1]
        if last.states(identity) == last.first or any(last.octets[HEADER:]):
            break
        segments.pop()
    readings = [Reading(segment, identity) for segment in segments]
    torn = None
    if readings and segments[-1].following is None:
        torn = readings[-1].cut()
    ends = [segment.first for segment in segments[1:]]
    if readings:
        ends.append(segments[-1].following or readings[-1].next)
    damage = [one for reading, end in zip(readings, ends) for one in reading.damage(end)]
    records = [[str(one[1]), one[4].hex()] for reading in readings for one in reading.found]
    first, following = (segments[0].first, ends[-1]) if segments else (0, 0)
    return {"records": records, "first": str(first), "next": str(following), "torn": torn, "damage": damage}


def record(given):
    octets = octets_of(given["octets"])
    if octets[:1] not in (b"\2", b"\3") or len(octets) < 6:
        return {"record": None}
    try:
        read_parcel(Cursor(octets[6:]))
    except Refused:
        return {"record": None}
    stored = str(number(octets[1:6]))
    return {"record": {"looked_at": octets[0] == 2, "stored": stored, "parcel": octets[6:].hex()}}


def read_message(identity, octets):
    """Writer, number and records; None for what does not verify."""
    if octets[:4] != b"chb\2" or len(octets) < 28 or not verifies(octets[4:8], identity, octets[8:]):
        return None
    writer, count, at = octets[8:16], number(octets[24:28]), 28
    lengths = [number(octets[at + 4 * n : at + 4 * n + 4]) for n in range(min(count, 4096))]
    at += 4 * count
    if not 1 <= count <= 4096 or at + sum(lengths) != len(octets):
        return None
    records = []
    for length in lengths:
        records.append(octets[at : at + length])
        at += length
    return writer, octets[16:24], records


def message(given):
    found = read_message(octets_of(given["identity"]), octets_of(given["octets"]))
    if found is None:
        return {"message": None}
    writer, count, records = found
    identifier = hashlib.sha256(writer + count).hexdigest()[:32]
    out = {"writer": writer.hex(), "number": str(number(count)), "records": [one.hex() for one in records]}
    return {"message": out | {"id": identifier}}


def stream(given):
    identity, last = octets_of(given["identity"]), {}
    records, damaged = [], []
    for place, octets in given["messages"]:
        found = read_message(identity, octets_of(octets))
        if found is None:
            damaged.append(place)
            continue
        writer, count, held = found
        if number(count) > last.get(writer, -1):
            last[writer] = number(count)
            records += [[str(int(place) * 4096 + n), one.hex()] for n, one in enumerate(held)]
    return {"records": records, "damaged": damaged}


def answered(read):
    """A check: the answer of a vector is what `read` makes of its input."""

    def check(vector):
        if vector["result"] == "valid":
            return same("out", read(vector["in"]), vector["out"])
        found = refused("in", read, vector["in"]).as_vector()
        same("error", {member: found[member] for member in ("kind", "field")}, vector["error"])

    return check


KINDS = {
    "folder": (answered(folder), ("valid", "invalid"), ("out", "error")),
    "record": (answered(record), ("valid",), ("out",)),
    "message": (answered(message), ("valid",), ("out",)),
    "stream": (answered(stream), ("valid",), ("out",)),
}
