"""Federation of chapter 06: where a forward goes, and what a forward queue on disk still asks for."""

from refusal import Refused
from relay_wire import Cursor, groups, read_parcel


class NoRoute(Refused):
    """With a name that chapter 06 gives."""

    def __init__(self):
        Exception.__init__(self, "no_route (homes)")
        self.kind, self.field, self.offset = "no_route", "homes", 0


def route(given):
    me, is_flash = given["own"], given["precedence"] == "FLASH"
    at_home = me in given["homes"] or given["homes"] == []
    others = []
    if given["hops"] > 1 and (is_flash or not at_home):
        for key in given["homes"]:
            if key != me and key in given["peers"] and key not in others:
                others.append(key)
    if not (at_home or others):
        raise NoRoute
    return {
        "stored": at_home, "kept": others, "until": ("one", "all")[is_flash], "hops": given["hops"] - 1 if others else None,
    }  # fmt: skip


def integer(cursor, size):
    return int.from_bytes(cursor.cut(size, ""), "big")


def kept(cursor):
    integer(cursor, 5)
    hops, homes = integer(cursor, 1), integer(cursor, 1)
    if hops not in range(1, 8) or homes not in (1, 2, 3):
        return None
    keys = [cursor.cut(32, "").hex() for _ in range(homes)]
    octets = cursor.left.hex()
    found = read_parcel(cursor)
    cursor.done()
    return "kept", {"hops": hops, "keys": keys, "parcel": octets, "flash": found["precedence"] == "FLASH", "ends": int(found["expiry"])}


def told(cursor):
    first, end = integer(cursor, 8), integer(cursor, 8)
    at, left = first - 1, {}
    while cursor.left:
        step = groups(cursor, "", 9)
        at, bits = at + step, integer(cursor, 1)
        if step == 0 or at >= end or bits not in range(1, 8):
            return None
        left[at] = bits
    return ("told", (range(first, end), left)) if end > first else None


def stands(cursor):
    peer, topic, log = (cursor.cut(size, "").hex() for size in (32, 16, 8))
    places = [str(integer(cursor, 8)) for _ in range(4)]
    cursor.done()
    return "stands", {"peer": peer, "topic": topic, "log": log, "cursors": places}


def record(octets):
    cursor = Cursor(octets)
    try:
        return {1: kept, 2: told, 3: stands}[integer(cursor, 1)](cursor)
    except (KeyError, Refused):
        return None


def queue(given):
    records = [record(bytes.fromhex(one)) for one in given["records"]]
    sent = {peer: [] for peer in given["peers"]}
    for sequence, one in enumerate(records):
        if not one or one[0] != "kept" or one[1]["ends"] <= int(given["now"]):
            continue
        open_homes = 7
        for later in records[sequence + 1 :]:
            if later and later[0] == "told" and sequence in later[1][0]:
                open_homes &= later[1][1].get(sequence, 0)
        homes = [key for place, key in enumerate(one[1]["keys"]) if open_homes & 1 << place and key in sent]
        for home in homes if one[1]["flash"] else homes[:1]:
            sent[home].append({"sequence": str(sequence), "hops": one[1]["hops"], "parcel": one[1]["parcel"]})
    last = {(one[1]["peer"], one[1]["topic"]): one[1] for one in records if one and one[0] == "stands"}
    known = [last[name] for name in sorted(last) if name[0] in sent]
    return {"sent": [sent[peer] for peer in given["peers"]], "replicated": known}
