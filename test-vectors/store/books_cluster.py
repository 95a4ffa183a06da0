"""What lies in a relay's records, and the streams of a cluster."""

from formats import IDENTITY, OTHER, checked, flipped, message, message_id, u
from stated import StatedBook

RECORDS, MESSAGE, COUNT = "records", "a-message", "which-messages-count"
WRITER, SECOND = 0xA1A2A3A4A5A6A7A8, 0xB1B2B3B4B5B6B7B8


def of_log(**given):
    return {"identity": u(IDENTITY, 8)} | given


def parcel(head, envelope):
    return u(head, 1) + bytes(range(16)) + u(1_800_003_600, 5) + envelope


def records():
    book = StatedBook("record")
    stored = u(1_800_000_000, 5)

    def known(comment, octets, looked_at, whole):
        out = {"looked_at": looked_at, "stored": "1800000000", "parcel": whole}
        book.state("record", RECORDS, comment, {"octets": octets}, {"record": out})

    def passed_over(comment, octets):
        book.state("record", RECORDS, comment, {"octets": octets}, {"record": None})

    whole = parcel(0x0C, b"envelope")
    known("looked at for duplicates before it was stored", b"\x02" + stored + whole, True, whole)
    known("not looked at", b"\x03" + stored + whole, False, whole)
    shortest = parcel(0x08, b"e")
    known("the shortest envelope, for a topic", b"\x02" + stored + shortest, True, shortest)
    passed_over("nothing", b"")
    passed_over("kind 1, of an earlier version", b"\x01" + stored + whole)
    passed_over("a kind that is not known", b"\x04" + stored + whole)
    passed_over("no parcel", b"\x02" + stored)
    passed_over("a parcel without an envelope", b"\x02" + stored + whole[:22])
    passed_over("a parcel of a later version", b"\x02" + stored + flipped(whole, 0, 0x10))
    return book


def messages():
    book = StatedBook("message")

    def whole(comment, writer, number, held):
        out = {"writer": f"{writer:016x}", "number": str(number), "records": held, "id": message_id(writer, number)}
        book.state("message", MESSAGE, comment, of_log(octets=message(writer, number, held)), {"message": out})

    def damaged(comment, octets):
        book.state("message", MESSAGE, comment, of_log(octets=octets), {"message": None})

    whole("one record", WRITER, 1, [b"one"])
    whole("several, one of them without octets", WRITER, 2, [b"one", b"", b"three"])
    whole("the largest numbers", 2**64 - 1, 2**64 - 1, [b"x" * 300])
    whole("as many records as there may be", SECOND, 9, [b""] * 4096)
    good = message(WRITER, 1, [b"one", b"two"])
    damaged("nothing", b"")
    damaged("another literal", b"chc" + good[3:])
    damaged("version 1", good[:3] + b"\x01" + good[4:])
    damaged("a record rotted", flipped(good, len(good) - 1))
    damaged("the checksum rotted", flipped(good, 4))
    damaged("of another log", message(WRITER, 1, [b"one"], OTHER))
    damaged("without records", message(WRITER, 1, []))
    damaged("more records than there may be", message(WRITER, 1, [b""] * 4097))
    damaged("one length too many", message(WRITER, 1, [b"one"], count=2))
    fields = u(WRITER, 8) + u(1, 8) + u(1, 4) + u(3, 4)
    damaged("an octet behind the records", b"chb\x02" + checked(IDENTITY, fields + b"four"))
    damaged("an octet of the records is missing", b"chb\x02" + checked(IDENTITY, fields + b"on"))
    return book


class Streams(StatedBook):
    def stream(self, comment, held, counting, damaged=(), first=1):
        """`held` are messages by place from `first` on; `counting` the places that count, with their records."""
        given = of_log(messages=[[str(place), octets] for place, octets in enumerate(held, first)])
        out = {
            "records": [[str(place * 4096 + n), one] for place, all_ in counting for n, one in enumerate(all_)],
            "damaged": [str(place) for place in damaged],
        }  # fmt: skip
        self.state("stream", COUNT, comment, given, out)


def streams():
    book = Streams("stream")

    def of(writer, number):
        return [b"%x %d" % (writer >> 60, number), b"second"]

    def all_of(*wanted):
        return [message(writer, number, of(writer, number)) for writer, number in wanted]

    book.stream("nothing", [], [])
    one, two = (WRITER, 1), (WRITER, 2)
    book.stream("one writer", all_of(one, two), [(1, of(*one)), (2, of(*two))])
    other = (SECOND, 1)
    mixed = [(1, of(*one)), (2, of(*other)), (3, of(*two))]
    book.stream("two writers, in the order of places", all_of(one, other, two), mixed)
    book.stream("a repetition", all_of(one, one, two), [(1, of(*one)), (3, of(*two))])
    book.stream("a repetition behind a later one", all_of(one, two, one), [(1, of(*one)), (2, of(*two))])
    book.stream("another writer's number repeats nothing", all_of(two, other), [(1, of(*two)), (2, of(*other))])
    given_up = all_of((WRITER, 1), (WRITER, 3), (WRITER, 2))
    book.stream("one given up that comes late", given_up, [(1, of(*one)), (2, of(WRITER, 3))])
    book.stream("the stream's beginning was given back", all_of(two, (WRITER, 3)), [(900, of(*two)), (901, of(WRITER, 3))], first=900)
    rotten = all_of(one, two)
    rotten[0] = flipped(rotten[0], 30)
    book.stream("one that does not verify", rotten, [(2, of(*two))], [1])
    rotten = all_of(one, one)
    rotten[0] = flipped(rotten[0], 30)
    book.stream("one that does not verify, and its repetition", rotten, [(2, of(*one))], [1])
    foreign = [message(WRITER, 1, [b"foreign"], OTHER), *all_of(one)]
    book.stream("one of another log", foreign, [(2, of(*one))], [1])
    return book
