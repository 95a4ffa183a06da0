"""Vectors of federation: what becomes of a forward, and what a queue on disk says is still to be done."""

import ed25519
from conventions import Refused, seed, u8, u40
from formats import PRECEDENCES, Reader, read_parcel, topic, write_parcel
from material import EXPIRY, LIVE, Relay, refusing
from messages import read_number, write_number

A, B, C, D = (ed25519.public(seed(f"relay {name}")) for name in ("a", "b", "c", "d"))
STRANGE = ed25519.public(seed("relay stranger to all"))


def u64(n):
    return n.to_bytes(8, "big", signed=False)


# ---- what becomes of a forward -------------------------------------------------------------------


def route(given):
    own, named = given["own"], list(dict.fromkeys(given["homes"]))  # each once, in order
    stored = not named or own in named
    flash = given["precedence"] == "FLASH"
    kept = [key for key in named if key in given["peers"] and key != own]
    if given["hops"] == 1 or stored and not flash:
        kept = []
    if not stored and not kept:
        return "no_route"
    # "Until one has acknowledged; a FLASH until all have."
    return dict(stored=stored, kept=kept, until="all" if flash else "one", hops=given["hops"] - 1 if kept else None)


def routes():
    b = Relay("route", "federation", {"route": refusing(route, "homes")})
    peers = [B, C, D]

    def put(comment, homes, hops, precedence, *expected, own=A, peers=peers):
        given = dict(own=own, peers=peers, homes=homes, hops=hops, precedence=precedence)
        if not expected:
            return b.invalid("route", "no_route", "homes", comment, given)
        stored, kept = expected
        return b.valid("route", comment, given, stored=stored, kept=kept)

    for precedence in PRECEDENCES:
        flash = precedence == "FLASH"
        put(f"{precedence}, no home named", [], 1, precedence, True, [])
        put(f"{precedence}, no home named, hops left", [], 8, precedence, True, [])
        put(f"{precedence}, itself", [A], 1, precedence, True, [])
        put(f"{precedence}, a peer", [B], 2, precedence, False, [B])
        put(f"{precedence}, itself and a peer", [A, B], 2, precedence, True, [B] if flash else [])
        put(f"{precedence}, a peer and itself", [B, A], 8, precedence, True, [B] if flash else [])
        put(f"{precedence}, three peers, in the order they are named", [D, B, C], 3, precedence, False, [D, B, C])
        put(f"{precedence}, a peer, and no hop left for it", [B], 1, precedence)
        put(f"{precedence}, itself and a peer, and no hop left for that", [A, B], 1, precedence, True, [])
    put("a relay it does not know", [STRANGE], 8, "FLASH")
    put("relays it does not know", [STRANGE, D], 8, "ROUTINE", peers=[B, C])
    put("it knows one of two", [STRANGE, C], 8, "ROUTINE", False, [C])
    put("a FLASH, it knows one of two", [STRANGE, C], 2, "FLASH", False, [C])
    put("a FLASH for itself and one it does not know", [A, STRANGE], 8, "FLASH", True, [])
    put("the same twice is one", [B, B], 2, "FLASH", False, [B])
    put("the same twice around another", [B, C, B], 2, "ROUTINE", False, [B, C])
    put("itself twice", [A, A], 2, "FLASH", True, [])
    put("no peers", [B], 2, "FLASH", peers=[])
    put("no peers, itself named", [A, B], 2, "FLASH", True, [], peers=[])
    put("itself among its peers is a fault of its operator, and changes nothing", [A, B], 2, "FLASH", True, [B], peers=[A, B])
    return b


# ---- the queue on disk ---------------------------------------------------------------------------


def kept(taken, hops, homes, parcel):
    return u8(1) + u40(taken) + u8(hops) + u8(len(homes)) + b"".join(homes) + parcel


def opened(first, end, *entries):
    """Entries: a sequence and the homes' bits."""
    out, before = u8(2) + u64(first) + u64(end), first - 1
    for sequence, homes in entries:
        out += write_number(sequence - before) + u8(homes)
        before = sequence
    return out


def replicated(peer, topic, log, cursors):
    return u8(3) + peer + topic + log + b"".join(u64(cursor) for cursor in cursors)


def read_record(octets):
    """Of a record: its members; nothing, where it is passed over."""
    r = Reader(octets)
    try:
        kind = r.u(1, "kind")
        if kind == 1:
            r.take(5, "taken")
            hops, count = r.u(1, "hops"), r.u(1, "count")
            if not (1 <= hops <= 7 and 1 <= count <= 3):
                return None
            homes = [r.take(32, "home") for _ in range(count)]
            at = r.at
            parcel = read_parcel(r)
            r.end()
            return dict(kind=1, hops=hops, homes=homes, parcel=octets[at:], fields=parcel)
        if kind == 2:
            first, end = r.u(8, "first"), r.u(8, "end")
            entries, before = {}, first - 1
            while r.at < len(octets):
                before += int(read_number(r, "step", 9, 1))
                homes = r.u(1, "homes")
                if before >= end or not 1 <= homes <= 7:
                    return None
                entries[before] = homes
            return dict(kind=2, first=first, end=end, entries=entries) if first < end else None
        if kind == 3:
            peer, name, log = r.take(32, "peer"), r.take(16, "topic"), r.take(8, "log")
            cursors = [r.u(8, "cursor") for _ in range(4)]
            r.end()
            return dict(kind=3, peer=peer, topic=name, log=log, cursors=cursors)
    except Refused:
        pass
    return None


def queue(given):
    """What a relay that starts on this log sends each peer, all of them reached; and where replication stands."""
    waiting, stands = {}, {}
    for sequence, octets in enumerate(bytes.fromhex(one) for one in given["records"]):
        record = read_record(octets)
        if not record:
            continue
        if record["kind"] == 1:
            waiting[sequence] = dict(record, open=2 ** len(record["homes"]) - 1)
        elif record["kind"] == 2:
            for other in list(waiting):
                if record["first"] <= other < record["end"]:
                    waiting[other]["open"] &= record["entries"].get(other, 0)
                    if not waiting[other]["open"]:
                        del waiting[other]
        else:
            stands[record["peer"], record["topic"]] = record
    peers = {peer: [] for peer in given["peers"]}
    for sequence, record in waiting.items():
        if int(record["fields"]["expiry"]) <= int(given["now"]):
            continue
        reached = [home.hex() for place, home in enumerate(record["homes"]) if record["open"] >> place & 1]
        reached = [home for home in reached if home in peers]
        if record["fields"]["precedence"] != "FLASH":
            reached = reached[:1]
        for home in reached:
            peers[home].append(dict(sequence=str(sequence), hops=record["hops"], parcel=record["parcel"]))
    stood = [
        dict(peer=peer, topic=name, log=one["log"], cursors=[str(cursor) for cursor in one["cursors"]])
        for (peer, name), one in sorted(stands.items())
        if peer.hex() in peers
    ]
    return dict(sent=[peers[peer] for peer in given["peers"]], replicated=stood)


def queues():
    b = Relay("queue", "the-queue-on-disk", {"queue": queue})
    where = topic(LIVE, "field")

    def parcel(envelope, precedence="ROUTINE", expiry=EXPIRY + 100):
        return write_parcel(dict(kind="topic", precedence=precedence, address=where, expiry=expiry, envelope=envelope))

    def put(comment, records, *sent, stands=(), peers=(A, B, C)):
        """Sent: the sequences each peer gets."""
        given = dict(now=str(EXPIRY), peers=peers, records=records)
        out = b.valid("queue", comment, given)
        got = [[int(one["sequence"]) for one in peer] for peer in out["sent"]]
        assert got == [list(one) for one in sent], (comment, got)
        assert [one["cursors"] for one in out["replicated"]] == [[str(x) for x in one] for one in stands], comment

    one, two = parcel(b"\x55one"), parcel(b"\x55two")
    urgent = parcel(b"\x55flash", "FLASH")
    put("nothing", [], (), (), ())
    put("one for one home", [kept(EXPIRY, 1, [B], one)], (), (0,), ())
    put("seven hops", [kept(EXPIRY, 7, [B], one)], (), (0,), ())
    put("what is not FLASH, for the first home named", [kept(EXPIRY, 1, [C, B], one)], (), (), (0,))
    put("a FLASH for all of them", [kept(EXPIRY, 2, [C, A, B], urgent)], (0,), (0,), (0,))
    put("one that is done", [kept(EXPIRY, 1, [B], one), opened(0, 1)], (), (), ())
    put("of two the first", [kept(EXPIRY, 1, [B], one), kept(EXPIRY, 1, [B], two), opened(0, 1)], (), (1,), ())
    put("of two the second", [kept(EXPIRY, 1, [B], one), kept(EXPIRY, 1, [B], two), opened(1, 2)], (), (0,), ())
    put("in a range, those with an entry are open",
        [kept(EXPIRY, 1, [B], one), kept(EXPIRY, 1, [B], two), kept(EXPIRY, 1, [C], two), opened(0, 3, (1, 1))],
        (), (1,), ())  # fmt: skip
    put("the first of a range", [kept(EXPIRY, 1, [B], one), kept(EXPIRY, 1, [B], two), opened(0, 2, (0, 1))], (), (0,), ())
    put("the last of a range", [kept(EXPIRY, 1, [B], one), kept(EXPIRY, 1, [B], two), opened(0, 2, (1, 1))], (), (1,), ())
    put("two entries", [kept(EXPIRY, 1, [B], one)] * 4 + [opened(0, 4, (1, 1), (3, 1))], (), (1, 3), ())
    put("a FLASH that one home has", [kept(EXPIRY, 1, [A, B], urgent), opened(0, 1, (0, 2))], (), (0,), ())
    put("then the other", [kept(EXPIRY, 1, [A, B], urgent), opened(0, 1, (0, 2)), opened(0, 1)], (), (), ())
    put("a home that refused for good: the next", [kept(EXPIRY, 1, [A, B], one), opened(0, 1, (0, 2))], (), (0,), ())
    put("of three homes the third", [kept(EXPIRY, 1, [A, B, C], one), opened(0, 1, (0, 4))], (), (), (0,))
    put("what is done stays done", [kept(EXPIRY, 1, [A, B], urgent), opened(0, 1, (0, 2)), opened(0, 1, (0, 3))], (), (0,), ())
    put("a range says nothing of what comes behind it",
        [kept(EXPIRY, 1, [B], one), opened(0, 1), kept(EXPIRY, 1, [B], two)], (), (2,), ())  # fmt: skip
    put("a range over what is no parcel", [kept(EXPIRY, 1, [B], one), opened(0, 1, (0, 1)), opened(0, 2)], (), (), ())
    put("the entry of a record that is none", [kept(EXPIRY, 1, [B], one), opened(0, 5, (3, 1))], (), (), ())
    long = [kept(EXPIRY, 1, [B], one)] * 200
    put("a step of two octets", long + [opened(0, 200, (150, 1))], (), (150,), ())
    put("one that has expired", [kept(EXPIRY, 1, [B], parcel(b"\x55", expiry=EXPIRY))], (), (), ())
    put("one that has a second left", [kept(EXPIRY, 1, [B], parcel(b"\x55", expiry=EXPIRY + 1))], (), (0,), ())
    put("a home that is no peer any more", [kept(EXPIRY, 1, [STRANGE, B], one)], (), (0,), ())
    put("no home is a peer any more", [kept(EXPIRY, 1, [STRANGE], urgent)], (), (), ())
    good = kept(EXPIRY, 1, [B], one)
    for comment, bad in (
        ("an unknown kind", u8(4) + good[1:]), ("kind 0", u8(0)), ("an empty record", b""), ("no hop left", kept(EXPIRY, 0, [B], one)),
        ("eight hops", kept(EXPIRY, 8, [B], one)), ("no home", kept(EXPIRY, 1, [], one)), ("four homes", kept(EXPIRY, 1, [A, B, C, D], one)),
        ("a parcel of a version that is unknown", kept(EXPIRY, 1, [B], u8(16) + one[1:])), ("a parcel without an envelope", good[:62]),
        ("a range that is empty", opened(0, 0)), ("a range that ends before it begins", opened(2, 1)),
        ("an entry behind its range", opened(0, 1, (1, 1))), ("an entry without a home", opened(0, 1, (0, 0))),
        ("a fourth home", opened(0, 1, (0, 8))), ("an entry that is cut", opened(0, 1, (0, 1))[:-1]), ("a step of 0", opened(0, 1) + b"\0\1"),
        ("a step not in its shortest form", opened(0, 1) + b"\x81\0\1"), ("a range that is cut", opened(0, 1)[:-1]),
    ):  # fmt: skip
        put(f"passed over: {comment}", [good, bad], (), (0,), ())
    first, later, other = (1, 2, 3, 4), (1, 2, 9, 4), (0, 0, 0, 2**48)
    log, new = bytes(7) + b"\1", bytes(7) + b"\2"
    put("where replication stands", [replicated(A, where, log, first)], (), (), (), stands=[first])
    put("the last holds", [replicated(A, where, log, later), replicated(A, where, log, first)], (), (), (), stands=[first])
    put("another log's", [replicated(A, where, log, later), replicated(A, where, new, other)], (), (), (), stands=[other])
    two_peers = [replicated(one, where, log, cursors) for one, cursors in ((A, first), (B, later))]
    order = [first, later] if A < B else [later, first]
    put("of two peers", two_peers, (), (), (), stands=order)
    put("of one that is no peer any more", [replicated(STRANGE, where, log, first)], (), (), ())
    put("passed over: an octet too many", [replicated(A, where, log, first) + b"\0"], (), (), ())
    put("passed over: an octet too few", [replicated(A, where, log, first)[:-1]], (), (), ())
    return b
