"""Folders as a relay may find them at a start: good, torn, damaged, and such that are refused."""

from formats import (
    HEADER,
    IDENTITY,
    OTHER,
    Segment,
    compacted_name,
    flipped,
    record,
    segment_header,
    spare_name,
)
from stated import StatedBook

NOWHERE = 2**64 - 1
READING, FILES, SEGMENT = "reading-a-segment", "which-files-count", "a-segment"


def damage(file, octet, octets, lost):
    return {"file": file, "octet": str(octet), "octets": str(octets), "lost": [str(n) for n in lost]}


class Folders(StatedBook):
    def read(self, section, comment, files, records, following, first=0, torn=None, damages=()):
        """`records` are those that are read: sequence to payload."""
        if torn:
            file, octet, octets, whole = torn
            torn = {"file": file, "octet": str(octet), "octets": str(octets), "records": str(whole)}
        out = {
            "records": [[str(sequence), records[sequence]] for sequence in sorted(records)],
            "first": str(first), "next": str(following), "torn": torn, "damage": [damage(*one) for one in damages],
        }  # fmt: skip
        self.state("folder", section, comment, {"files": files}, out)

    def refused(self, error, comment, files, section=FILES):
        self.refuse("folder", section, error, "folder", comment, {"files": files})


def without(records, *gone):
    return {sequence: payload for sequence, payload in records.items() if sequence not in gone}


def plain():
    """Three batches: two groups, one, one."""
    return Segment(0).batch([b"one", b"two"], [b"three"]).batch([b"four"]).batch([b"five", b"six"])


def good(book):
    def only(comment, segment, section=SEGMENT, more=None, **keywords):
        files = {segment.name(): segment.octets} | (more or {})
        book.read(section, comment, files, segment.records, segment.next, segment.first, **keywords)

    only("a header and no record", Segment(0))
    only("one record", Segment(0).batch([b"one"]))
    only("batches of several groups", plain())
    only("a record without octets", Segment(0).batch([b""]).batch([b"", b"x"]))
    only("records before the first were given back", Segment(1 << 40).batch([b"one"]))
    only("the largest position that its sequence allows", Segment(0).batch([bytes([n]) for n in range(40)]))
    roomy = plain()
    records, following = roomy.records, roomy.next
    book.read(SEGMENT, "room that was set aside", {roomy.name(): roomy.octets + bytes(300)}, records, following)

    one, two = Segment(0).batch([b"one", b"two"]), Segment(2).batch([b"three"])
    both = {one.name(): one.octets, two.name(): two.octets}
    all_three = one.records | two.records
    book.read(FILES, "two segments", both, all_three, 3)
    begun = both | {spare_name(7): Segment(3).batch([b"four"]).octets}
    book.read(FILES, "a spare whose header was written", begun, all_three | {3: b"four"}, 4)
    book.read(FILES, "a spare that was not begun", both | {spare_name(0): bytes(64)}, all_three, 3)
    late = both | {spare_name(0): Segment(2).batch([b"failed"]).octets}
    book.read(FILES, "a spare that states the first of a segment there is", late, all_three, 3)
    strangers = both | {f"{IDENTITY:016x}.part": one.octets, "lock": b"", "notes.txt": b"x", "x.store.old": b"x"}
    book.read(FILES, "what a compaction left, and files of others", strangers, all_three, 3)
    half = both | {Segment(3).name(): bytes(100)}
    book.read(FILES, "the last segment was only half made", half, all_three, 3)
    half = both | {Segment(3).name(): segment_header(3)[:27] + bytes(100)}
    book.read(FILES, "the last segment has a part of its header", half, all_three, 3)
    compacted(book, one, two)


def compacted(book, one, two):
    stands = Segment(0).put(1, 1, True, b"two").put(2, 0, True, b"three")
    last = Segment(3).batch([b"four"])
    files = {compacted_name(0, 3, 1): stands.octets, last.name(): last.octets}
    records = stands.records | last.records
    book.read(FILES, "a compacted segment has gaps in its sequences", files, records, 4)
    left = files | {one.name(): one.octets, two.name(): two.octets}
    book.read(FILES, "segments that were replaced are still there", left, records, 4)
    later = Segment(0).put(2, 0, True, b"three")
    files = files | {compacted_name(0, 3, 2): later.octets}
    book.read(FILES, "of two compacted ones of one range the later round counts", files, later.records | last.records, 4)
    wide = {compacted_name(0, 4, 1): later.octets, compacted_name(0, 3, 9): stands.octets}
    wide[compacted_name(2, 3, 1)] = stands.octets
    book.read(FILES, "the one that goes further counts, whatever the round", wide, later.records, 4)
    nothing = {compacted_name(0, 3, 1): Segment(0).octets, last.name(): last.octets}
    book.read(FILES, "a compacted segment of which nothing was kept", nothing, last.records, 4)
    half = Segment(0).put(1, 1, False, b"two")
    files = {compacted_name(0, 3, 1): half.octets, last.name(): last.octets}
    book.read(FILES, "of a group in a compacted segment one record was kept", files, half.records | last.records, 4)


def torn(book):
    def read(comment, octets, records, following, octet, whole, length=None):
        length = len(octets) - octet if length is None else length
        book.read(READING, comment, {plain().name(): octets}, records, following, torn=(plain().name(), octet, length, whole))

    whole = plain()
    octets, records, offsets = whole.octets, whole.records, whole.offsets
    read("the last record ends in the middle", octets[:-2], without(records, 4, 5), 4, offsets[4], 1)
    # Of its five octets of sequence none is told from room that was set aside.
    length = offsets[5] + 4 - offsets[4]
    read("a record header ends in the middle", octets[: offsets[5] + 9], without(records, 4, 5), 4, offsets[4], 1, length)
    last = Segment(0).batch([b"one"]).batch([b"two"])
    octet = last.offsets[1]
    read("the only record of the last batch does not verify", flipped(last.octets, octet + 17), {0: b"one"}, 1, octet, 0)
    octet = offsets[4]
    read("a whole record of the same batch lies behind the tear", flipped(octets, octet + 16), without(records, 4, 5), 4, octet, 1)
    hole = octets[: octet] + bytes(offsets[5] - octet) + octets[offsets[5] :]
    read("a hole of zeros in the last batch", hole, without(records, 4, 5), 4, octet, 1)
    read("octets that are no record at the end", octets + b"\xff" * 40, records, 6, len(octets), 0)
    read("the same, and zeros behind them", octets + b"\xff" * 40 + bytes(50), records, 6, len(octets), 0, 40)
    group = Segment(0).batch([b"one"]).batch([b"two", b"three"], [b"four", b"five"])
    cut = group.octets[: group.offsets[4]]
    read("the end of the last group is missing", cut, without(group.records, 3, 4), 3, group.offsets[3], 1)
    first = Segment(0).batch([b"one", b"two"])
    read("nothing of the only group is whole", flipped(first.octets, HEADER + 3), {}, 0, HEADER, 1)
    planted = Segment(0).batch([b"one"]).batch([record(1, 0, True, b"planted", OTHER)])
    at = planted.offsets[1]
    cut = flipped(planted.octets, at + 15)
    read("a payload holds a whole record of another identity", cut, {0: b"one"}, 1, at, 0)
    distant = Segment(0).batch([b"one"]).batch([record(9, 0, True, b"planted")])
    cut = flipped(distant.octets, distant.offsets[1])
    read("a payload holds a whole record that lies too near for its sequence", cut, {0: b"one"}, 1, distant.offsets[1], 0)


def damaged(book):
    whole = plain()
    name, octets, records, offsets = whole.name(), whole.octets, whole.records, whole.offsets

    def read(comment, octets, gone, *damages):
        book.read(READING, comment, {name: octets}, without(records, *gone), 6, damages=[(name, *one) for one in damages])

    size = offsets[2] - offsets[1]
    read("a payload rotted", flipped(octets, offsets[1] + 16), [1], (offsets[1], size, [1]))
    read("a checksum rotted", flipped(octets, offsets[1]), [1], (offsets[1], size, [1]))
    read("a sequence rotted", flipped(octets, offsets[1] + 9), [1], (offsets[1], size, [1]))
    read("a length rotted: the next record is searched", flipped(octets, offsets[1] + 15, 64), [1], (offsets[1], size, [1]))
    read("bit 31 of a length rotted", flipped(octets, offsets[1] + 12, 128), [1], (offsets[1], size, [1]))
    size = offsets[2] - offsets[0]
    hole = octets[: offsets[0]] + bytes(size) + octets[offsets[2] :]
    read("a hole of zeros over two records", hole, [0, 1], (offsets[0], size, [0, 1]))
    twice = flipped(flipped(octets, offsets[0] + 16), offsets[3] + 16)
    read(
        "two places", twice, [0, 3],
        (offsets[0], offsets[1] - offsets[0], [0]), (offsets[3], offsets[4] - offsets[3], [3]),
    )  # fmt: skip
    read("the header rotted", flipped(octets, 9), [], (0, HEADER, []))
    several_files(book)


def several_files(book):
    one, last = Segment(0).batch([b"one"]).batch([b"two"]), Segment(2).batch([b"three"])
    name, following = one.name(), {last.name(): last.octets}
    kept = {0: b"one"} | last.records

    def read(comment, files, records, *damages):
        book.read(READING, comment, files, records, 3, damages=damages)

    cut, at = one.octets[:-1], one.offsets[1]
    read("a segment before the last has a tail", {name: cut} | following, kept, (name, at, len(cut) - at, [1]))
    cut = one.octets[:at]
    read("a segment before the last ends too early", {name: cut} | following, kept, (name, at, 0, [1]))
    read("a segment in between is missing", {name: cut + bytes(8)} | following, kept, (name, at, 8, [1]))
    compact = Segment(0).put(0, 0, True, b"one").put(1, 0, True, b"two")
    stands, at = compacted_name(0, 2, 1), compact.offsets[0]
    rotten = flipped(compact.octets, at + 16)
    files = {stands: rotten} | following
    read("a record of a compacted segment rotted", files, {1: b"two"} | last.records, (stands, at, 19, [0]))
    sparse = Segment(0).put(1, 0, True, b"two")
    gap = compacted_name(0, 1, 1)
    alone = Segment(0).put(0, 0, True, b"one")
    files = {gap: alone.octets} | following
    read("a segment behind a compacted one is missing", files, kept, (gap, NOWHERE, 0, [1]))
    files = {stands: sparse.octets[:-1]} | following
    tail = len(sparse.octets) - 1 - HEADER
    read("a compacted segment has a tail", files, last.records, (stands, HEADER, tail, [0, 1]))


def refused(book):
    segment = Segment(0).batch([b"one"])
    good = {segment.name(): segment.octets}
    for comment, name in (
        ("capital letters", f"{0:016x}-{IDENTITY:016X}.store"),
        ("too few digits", f"{0:015x}-{IDENTITY:016x}.store"),
        ("a name that is no number", "log.store"),
        ("a compacted one of an empty range", compacted_name(5, 5, 1)),
        ("three numbers", f"{0:016x}-{1:016x}-{IDENTITY:016x}.store"),
        ("a spare without a number", f"{IDENTITY:016x}.spare"),
        ("another log's segment", Segment(1, OTHER).name()),
        ("another log's spare", spare_name(0, OTHER)),
    ):
        book.refused("strange_file", comment, good | {name: b""}, "a-log-in-a-folder")
    stands = {compacted_name(0, 3, 1): segment.octets, spare_name(1): Segment(2).batch([b"x"]).octets}
    book.refused("strange_file", "a begun spare inside the range of a compacted segment", stands)
    later = segment_header(0, version=3) + segment.octets[HEADER:]
    book.refused("unknown_version", "a segment of a later version", {segment.name(): later})


def folders():
    book = Folders("folder")
    for part in (good, torn, damaged, refused):
        part(book)
    return book
