"""Writes the vectors of this folder from vault.py, which was written from chapter 13 alone.

Needs Python 3.11 or newer and the newest `cryptography` from the Python Package Index (AES-GCM-SIV and
Argon2id). `--check` writes nothing and fails when a file would change. Everything is derived from fixed
names, so the output is the same on every run. Each vector states what it expects; vault.py must answer
exactly that, or nothing is written.
"""

import hashlib
import json
import pathlib
import sys

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

import vault as v

HERE = pathlib.Path(__file__).parent
CHAPTER = "13-storage"


def seed(name, n=32):
    """n octets that belong to a name."""
    out = b""
    while len(out) < n:
        out += hashlib.sha256(b"chappe-vectors/1 vault " + name.encode() + len(out).to_bytes(4, "big")).digest()
    return out[:n]


def flip(octets, at, bit=1):
    out = bytearray(octets)
    out[at] ^= bit
    return bytes(out)


def plain(value):
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return value


def wide(value):
    """Integers that may pass 32 bits are decimal strings."""
    return str(value)


class Book:
    def __init__(self, name):
        self.name, self.vectors = name, []

    def add(self, n, kind, comment, section, given, result, found):
        vector = {
            "id": f"vault-{self.name.replace('_', '-')}-{n:03}",
            "comment": comment,
            "spec": f"{CHAPTER}.md#{section}",
            "kind": kind,
            "in": plain(given),
            "result": result,
            "out" if result == "valid" else "error": plain(found),
        }
        self.vectors.append(vector)

    def valid(self, n, kind, comment, section, given, answer):
        self.add(n, kind, comment, section, given, "valid", answer())

    def invalid(self, n, kind, comment, section, given, answer, error):
        try:
            answer()
        except v.Refused as refused:
            assert refused.kind == error, (self.name, n, refused)
            self.add(n, kind, comment, section, given, "invalid", {"kind": refused.kind, "field": refused.field})
            return
        raise AssertionError((self.name, n, "was not refused"))

    def text(self):
        whole = {"schema": "chappe-vectors/1", "chapter": CHAPTER, "vectors": self.vectors}
        return json.dumps(whole, indent=2, sort_keys=True, ensure_ascii=True) + "\n"


def health():
    book, section, kind = Book("health"), "random-source", "health"
    one, two = seed("draw one", 1024), seed("draw two", 1024)

    def given(first, second):
        return {"first": first, "second": second}

    def good(n, comment, first, second):
        v.check_health(first, second)
        book.valid(n, kind, comment, section, given(first, second), lambda: {"healthy": True})

    def bad(n, comment, error, first, second):
        book.invalid(n, kind, comment, section, given(first, second), lambda: v.check_health(first, second), error)

    run = one[:300] + bytes([one[299] ^ 1]) + bytes([7]) * 5 + bytes([9]) + one[307:]
    longer = run[:306] + b"\x07" + run[307:]
    watched = two[512]
    often = bytearray(two[:513] + bytes(o ^ 0x55 if o == watched else o for o in two[513:]))
    for nth in range(1, 18):
        often[512 + 25 * nth] = watched
    too_often = bytearray(often)
    too_often[512 + 25 * 18] = watched
    good(1, "two ordinary draws", one, two)
    good(2, "five equal octets in a row", run, two)
    good(3, "the first octet of a window 18 times in it", one, bytes(often))
    bad(10, "the first draw is all zero", "all_zero", bytes(1024), two)
    bad(11, "the second draw is all zero", "all_zero", one, bytes(1024))
    bad(12, "the same draw twice", "same_draw", one, one)
    bad(13, "six equal octets in a row", "repetition", longer, two)
    bad(14, "six equal octets at the end of the second draw", "repetition", one, two[:1018] + b"\x07" * 6)
    bad(15, "the first octet of a window 19 times in it", "proportion", one, bytes(too_often))
    return book


def stretching():
    book, section = Book("stretch"), "vault-file"

    def add(n, kind, comment, passphrase, work):
        salt = seed(f"salt {n}", 16)
        memory, passes, lanes = work
        given = {"passphrase": passphrase, "salt": salt, "memory_kib": memory, "passes": passes, "lanes": lanes}
        answer = lambda: {"stretched": v.stretch(passphrase.encode(), salt, memory, passes, lanes)}  # noqa: E731
        book.valid(n, kind, comment, section, given, answer)

    add(1, "stretch", "the least Argon2id knows; no vault file may ask for so little", "correct horse", (8, 1, 1))
    add(2, "stretch", "several lanes and passes", "correct horse", (64, 3, 4))
    add(3, "stretch", "memory that is no multiple of the lanes", "correct horse", (75, 2, 3))
    add(4, "stretch", "a passphrase that is not ASCII", "\u00e9t\u00e9 \u6c34", (32, 2, 2))
    add(10, "stretch_full", "what new files use", "correct horse", (65536, 3, 4))
    return book


HEADER = v.write_header(65536, 3, 4, seed("vault salt", 16))
STRETCHED, OTHER = seed("stretched"), seed("another stretched")
WRAPPING = seed("wrapping key")
NOISE = seed("noise", 8 * 512)


def file_with(slot, octets, header=HEADER):
    noise = bytearray(NOISE)
    noise[512 * slot : 512 * (slot + 1)] = octets
    return header + bytes(noise)


def slots():
    book, section = Book("slot"), "vault-file"
    nonce = seed("slot nonce", 12)
    for n, (slot, decoy, area, kept) in enumerate([(0, 0, 0, 1), (3, 1, 1, 3), (7, 1, 3, 15), (6, 0, 3, 8)], 1):
        given = {
            "memory_kib": 65536, "passes": 3, "lanes": 4, "salt": seed("vault salt", 16), "stretched": STRETCHED,
            "slot": slot, "wrapping_key": WRAPPING, "decoy": bool(decoy), "area": area, "kept": kept, "nonce": nonce,
        }
        content = v.write_content(WRAPPING, decoy, area, kept)
        answer = lambda: {"header": HEADER, "slot": v.seal_slot(STRETCHED, HEADER, slot, content, nonce)}  # noqa: E731, B023
        book.valid(n, "slot_write", f"slot {slot}", section, given, answer)
    return book


def opening():
    book, section, kind = Book("open"), "vault-file", "vault_open"
    nonce = seed("slot nonce", 12)

    def sealed(slot, content, header=HEADER):
        return file_with(slot, v.seal_slot(STRETCHED, header, slot, content, nonce), header)

    def add(n, comment, file, error=None, stretched=STRETCHED):
        given = {"file": file, "stretched": stretched}
        answer = lambda: v.open_vault(file, stretched)  # noqa: E731
        if error:
            book.invalid(n, kind, comment, section, given, answer, error)
        else:
            book.valid(n, kind, comment, section, given, answer)

    good = sealed(3, v.write_content(WRAPPING, 1, 1, 3))
    add(1, "a decoy in slot 3", good)
    add(2, "the owner in slot 6", sealed(6, v.write_content(WRAPPING, 0, 3, 9)))
    add(3, "the most work that is done", sealed(0, v.write_content(WRAPPING, 0, 0, 1), v.write_header(1048576, 16, 16, bytes(16))))
    add(10, "another passphrase", good, "bad_tag", OTHER)
    add(11, "random octets in all slots", HEADER + NOISE, "bad_tag")
    add(12, "a bit of the ciphertext", flip(good, 512 * 4 + 100), "bad_tag")
    add(13, "a bit of the nonce", flip(good, 512 * 4), "bad_tag")
    add(14, "a bit of the tag", flip(good, 512 * 5 - 1), "bad_tag")
    add(15, "a bit of the salt", flip(good, 20), "bad_tag")
    add(16, "another number of passes", flip(good, 15, 4), "bad_tag")
    moved = v.seal_slot(STRETCHED, HEADER, 3, v.write_content(WRAPPING, 1, 1, 3), nonce)
    add(17, "moved to its area's other slot", file_with(2, moved), "bad_tag")
    add(20, "another literal", flip(good, 0), "bad_literal")
    add(21, "version 2", flip(good, 12, 3), "unknown_version")
    add(22, "an octet too few", good[:-1], "truncated")
    add(23, "an octet too many", good + b"\0", "trailing")
    add(24, "a header alone", good[:512], "truncated")
    add(25, "padding in the header", flip(good, 511), "bad_padding")
    for n, comment, work, error in [
        (30, "a KiB too little", (65535, 3, 4), "downgraded"),
        (31, "two passes", (65536, 2, 4), "downgraded"),
        (32, "no lane", (65536, 3, 0), "downgraded"),
        (33, "a KiB too much", (1048577, 3, 4), "too_much_work"),
        (34, "17 passes", (65536, 17, 4), "too_much_work"),
        (35, "17 lanes", (65536, 3, 17), "too_much_work"),
    ]:
        header = v.write_header(*work, seed("vault salt", 16))
        add(n, comment, sealed(0, v.write_content(WRAPPING, 0, 0, 1), header), error)
    add(40, "flag bit 1", sealed(0, v.write_content(WRAPPING, 2, 0, 1)), "reserved")
    add(41, "area 4", sealed(7, v.write_content(WRAPPING, 0, 4, 8)), "out_of_range")
    add(42, "a fifth kept area", sealed(0, v.write_content(WRAPPING, 0, 0, 17)), "reserved")
    add(43, "the slot of another area", sealed(2, v.write_content(WRAPPING, 0, 0, 3)), "inconsistent")
    add(44, "its own area is not kept", sealed(2, v.write_content(WRAPPING, 0, 1, 1)), "inconsistent")
    add(45, "padding in the slot", sealed(0, flip(v.write_content(WRAPPING, 0, 0, 1), 483)), "bad_padding")
    return book


def root_files():
    book, section = Book("root_file"), "root-file"
    salt, nonce, realm = seed("root salt", 16), seed("root nonce", 12), b"\1" + seed("network", 4)
    root = seed("root seed")

    def written(memory_kib=65536, passes=3, lanes=4, realm=realm):
        return v.write_root_file(STRETCHED, root, realm, memory_kib, passes, lanes, salt, nonce)

    given = {"memory_kib": 65536, "passes": 3, "lanes": 4, "salt": salt, "stretched": STRETCHED, "seed": root,
             "realm": realm, "nonce": nonce}  # fmt: skip
    book.valid(1, "root_file_write", "a root of an exercise", section, given, lambda: {"file": written()})

    def add(n, comment, file, error=None, stretched=STRETCHED):
        given = {"file": file, "stretched": stretched}
        answer = lambda: v.open_root_file(file, stretched)  # noqa: E731
        if error:
            book.invalid(n, "root_file_open", comment, section, given, answer, error)
        else:
            book.valid(n, "root_file_open", comment, section, given, answer)

    good = written()
    add(10, "of an exercise", good)
    add(11, "of the live realm, with the most work that is done", written(1048576, 16, 16, bytes(5)))
    add(20, "another passphrase", good, "bad_tag", OTHER)
    add(21, "a bit of the salt", flip(good, 20), "bad_tag")
    add(22, "a bit of the network", flip(good, 39), "bad_tag")
    add(23, "the other mode", flip(good, 35), "bad_tag")
    add(24, "a bit of the nonce", flip(good, 40), "bad_tag")
    add(25, "a bit of the seed", flip(good, 52), "bad_tag")
    add(26, "a bit of the tag", flip(good, 99), "bad_tag")
    add(27, "another number of passes", flip(good, 14, 4), "bad_tag")
    add(30, "another literal", flip(good, 0), "bad_literal")
    add(31, "version 2", flip(good, 11, 3), "unknown_version")
    add(32, "mode 2", written(realm=b"\2" + realm[1:]), "unknown_code")
    add(33, "an octet too few", good[:-1], "truncated")
    add(34, "an octet too many", good + b"\0", "trailing")
    add(40, "a KiB too little", written(memory_kib=65535), "downgraded")
    add(41, "17 passes", written(passes=17), "too_much_work")
    return book


GENERATION_KEY = seed("generation key")


def pages():
    book, section = Book("page"), "journals"
    nonce = seed("page nonce", 12)
    base = dict(wrapping_key=WRAPPING, area=2, name=b"sent")

    def place(content, at, **other):
        return v.seal_page(**(base | other), place=at, content=content, nonce=nonce)

    def page(serial, generation=1, first=5, reserved=128):
        return v.write_page(serial, generation, GENERATION_KEY, first, reserved)

    def named(**other):
        found = base | other
        return found | {"name": found["name"].decode()}

    for n, (at, serial, generation, first, reserved) in enumerate(
        [(0, 0, 0, 0, 0), (1, 2**40, 7, 2**33, 2**33 + 64)], 1
    ):
        given = named(place=at, nonce=nonce, serial=wide(serial), generation=wide(generation),
                      generation_key=GENERATION_KEY, first=wide(first), reserved=wide(reserved))
        content = page(serial, generation, first, reserved)
        answer = lambda: {"octets": place(content, at)}  # noqa: E731, B023
        book.valid(n, "page_write", f"into place {at}", section, given, answer)

    def read(file, **other):
        found = v.open_pages(**(base | other), file=file)
        return found | {name: wide(found[name]) for name in ("serial", "generation", "first", "reserved")}

    def add(n, comment, file, error=None, **other):
        given, answer = named(**other) | {"file": file}, lambda: read(file, **other)
        if error:
            book.invalid(n, "page_open", comment, section, given, answer, error)
        else:
            book.valid(n, "page_open", comment, section, given, answer)

    noise = NOISE[:512]
    good = place(page(9), 0) + noise
    add(10, "in the first place", good)
    add(11, "in the second place", noise + place(page(9), 1))
    add(12, "both open, the first is newer", place(page(10, 2), 0) + place(page(9), 1))
    add(13, "both open, the second is newer", place(page(9), 0) + place(page(10, 2), 1))
    add(20, "nothing opens", noise + NOISE[512:1024], "bad_tag")
    add(21, "of another journal", good, "bad_tag", name=b"received")
    add(22, "of another area", good, "bad_tag", area=3)
    add(23, "of another device", good, "bad_tag", wrapping_key=seed("another wrapping key"))
    add(24, "in the other place", noise + place(page(9), 0), "bad_tag")
    add(25, "a bit of it", flip(good, 77), "bad_tag")
    add(26, "an octet too few", good[:-1], "truncated")
    add(27, "an octet too many", good + b"\0", "trailing")
    add(28, "first above reserved", place(page(9, first=129), 0) + noise, "inconsistent")
    add(29, "padding", place(flip(page(9), 483), 0) + noise, "bad_padding")

    def check(n, comment, log_first, log_next, error=None):
        given = {"first": wide(5), "reserved": wide(128), "log_first": wide(log_first), "log_next": wide(log_next)}
        answer = lambda: v.check_page(5, 128, log_first, log_next) or {"whole": True}  # noqa: E731
        if error:
            book.invalid(n, "page_check", comment, section, given, answer, error)
        else:
            book.valid(n, "page_check", comment, section, given, answer)

    check(40, "the fewest records there may be", 5, 64)
    check(41, "the most there may be", 0, 128)
    check(42, "one cut at the end", 5, 63, "cut")
    check(43, "one cut at the front", 6, 128, "cut")
    check(44, "one nobody wrote", 5, 129, "inconsistent")
    return book


def prekeys():
    book, section = Book("prekeys"), "prekeys"
    nonce, noise = seed("prekeys nonce", 12), NOISE[:512]
    base = dict(wrapping_key=WRAPPING, area=3)
    one, two, three = [(seed(f"prekey {n}"), 1_900_000_000 - 1_296_000 * n) for n in range(3)]

    def place(content, at, name=b"prekeys", **other):
        return v.seal_page(**(base | other), name=name, place=at, content=content, nonce=nonce)

    def shown(found):
        each = [{"seed": one["seed"].hex(), "expiry": wide(one["expiry"])} for one in found["prekeys"]]
        return found | {"serial": wide(found["serial"]), "prekeys": each}

    for n, (at, serial, kept) in enumerate([(0, 0, [one]), (1, 2**40, [one, two, three])], 1):
        each = [{"seed": key.hex(), "expiry": wide(expiry)} for key, expiry in kept]
        given = base | {"place": at, "nonce": nonce, "serial": wide(serial), "prekeys": each}
        answer = lambda: {"octets": place(v.write_prekeys(serial, kept), at)}  # noqa: E731, B023
        book.valid(n, "prekeys_write", f"{len(kept)} into place {at}", section, given, answer)

    def add(n, comment, file, error=None, **other):
        given = base | other | {"file": file}
        answer = lambda: shown(v.open_prekeys(**(base | other), file=file))  # noqa: E731
        if error:
            book.invalid(n, "prekeys_open", comment, section, given, answer, error)
        else:
            book.valid(n, "prekeys_open", comment, section, given, answer)

    def page(kept, serial=9, **other):
        return v.write_prekeys(serial, kept, **other)

    good = place(page([one, two]), 0) + noise
    add(10, "of a new device", place(page([one], 0), 0) + noise)
    add(11, "one former one", good)
    add(12, "two former ones, in the second place", noise + place(page([one, two, three]), 1))
    add(13, "both open: a crash came before the old one was overwritten", place(page([one, two], 10), 0) + place(page([two]), 1))
    add(14, "the last expiry there is", place(page([(one[0], 2**40 - 1)]), 0) + noise)
    add(20, "nothing opens", noise + NOISE[512:1024], "bad_tag")
    add(21, "the page of a journal", place(page([one]), 0, name=b"sent") + noise, "bad_tag")
    add(22, "of another area", good, "bad_tag", area=2)
    add(23, "in the other place", noise + place(page([one]), 0), "bad_tag")
    add(24, "a bit of it", flip(good, 77), "bad_tag")
    add(25, "an octet too few", good[:-1], "truncated")
    add(26, "an octet too many", good + b"\0", "trailing")
    add(30, "version 2", place(page([one], version=2), 0) + noise, "unknown_version")
    add(31, "none", place(page([]), 0) + noise, "out_of_range")
    four = [*(one, two, three), (seed("prekey 3"), 1)]
    add(32, "four", place(page(four), 0) + noise, "out_of_range")
    add(33, "the newer one behind", place(page([two, one]), 0) + noise, "not_canonical")
    add(34, "two that expire at once", place(page([one, (two[0], one[1])]), 0) + noise, "not_canonical")
    add(35, "the two former ones in the wrong order", place(page([one, three, two]), 0) + noise, "not_canonical")
    add(36, "one more than is said", place(page([one, two, three], count=2), 0) + noise, "bad_padding")
    add(37, "padding", place(flip(page([one]), 483), 0) + noise, "bad_padding")
    return book


def records():
    book, section = Book("record"), "journals"
    opening, base = seed("opening", 4), dict(generation_key=GENERATION_KEY, area=1, generation=3, name=b"received")

    def named(n, **other):
        found = base | other
        return found | {"name": found["name"].decode(), "generation": wide(found["generation"]), "number": wide(n)}

    def sealed(n, padded, **other):
        return v.seal_record(**(base | other), opening=opening, n=n, padded=padded)

    for n, (at, octets) in enumerate([(0, b""), (1, b"a record"), (2**40, seed("r", 63)), (2, seed("r", 64))], 1):
        given = named(at) | {"opening": opening, "octets": octets}
        answer = lambda: {"record": sealed(at, v.pad(octets))}  # noqa: E731, B023
        book.valid(n, "record_write", f"{len(octets)} octets as number {at}", section, given, answer)

    def add(n, comment, record, error=None, at=17, **other):
        given = named(at, **other) | {"record": record}
        answer = lambda: {"octets": v.open_record(**(base | other), n=at, record=record)}  # noqa: E731
        if error:
            book.invalid(n, "record_open", comment, section, given, answer, error)
        else:
            book.valid(n, "record_open", comment, section, given, answer)

    good = sealed(17, v.pad(b"what was said"))
    add(10, "in its place", good)
    add(11, "what is in it ends with 0x80 and zeros", sealed(17, v.pad(b"x\x80\0\0")))
    add(20, "at another number", good, "bad_tag", at=18)
    add(21, "in another journal", good, "bad_tag", name=b"sent")
    add(22, "in another area", good, "bad_tag", area=2)
    add(23, "in another generation", good, "bad_tag", generation=4)
    add(24, "under another generation key", good, "bad_tag", generation_key=seed("another generation key"))
    add(25, "a bit of the opening", flip(good, 0), "bad_tag")
    add(26, "a bit of the ciphertext", flip(good, 30), "bad_tag")
    add(27, "an octet too few", good[:-1], "truncated")
    add(28, "nothing but opening and tag", good[:20], "truncated")
    add(29, "no octets", b"", "truncated")
    add(30, "without 0x80", sealed(17, bytes(64)), "bad_padding")
    add(31, "another octet before the zeros", sealed(17, b"x\x81".ljust(64, b"\0")), "bad_padding")
    add(32, "64 zeros behind 0x80", sealed(17, b"x" * 63 + b"\x80" + bytes(64)), "bad_padding")
    return book


def sealed_files():
    book, section = Book("file"), "sealed-files"
    nonce, base = seed("file nonce", 12), dict(wrapping_key=WRAPPING, area=0, name=b"contacts")

    def named(**other):
        found = base | other
        return found | {"name": found["name"].decode()}

    def sealed(content, **other):
        return v.seal_file(**(base | other), nonce=nonce, content=content)

    for n, size in enumerate([0, 3, 4096 - 32, 4096 - 31], 1):
        octets = seed(f"file {n}", size)
        given = named() | {"nonce": nonce, "octets": octets}
        answer = lambda: {"file": sealed(v.write_file(octets))}  # noqa: E731, B023
        book.valid(n, "file_write", f"{size} octets", section, given, answer)

    def add(n, comment, file, error=None, **other):
        given = named(**other) | {"file": file}
        answer = lambda: {"octets": v.open_file(**(base | other), file=file)}  # noqa: E731
        if error:
            book.invalid(n, "file_open", comment, section, given, answer, error)
        else:
            book.valid(n, "file_open", comment, section, given, answer)

    content = v.write_file(b"what is kept")
    good = sealed(content)
    add(10, "under its name", good)
    add(20, "under another name", good, "bad_tag", name=b"settings")
    add(21, "in another area", good, "bad_tag", area=1)
    add(22, "of another device", good, "bad_tag", wrapping_key=seed("another wrapping key"))
    add(23, "a bit of it", flip(good, 2000), "bad_tag")
    add(24, "an octet too few", good[:-1], "truncated")
    add(25, "no octets", b"", "truncated")
    add(26, "a length beyond its end", sealed((4065).to_bytes(4, "big") + content[4:]), "truncated")
    add(27, "a block too many", sealed(content + bytes(4096)), "not_canonical")
    add(28, "padding", sealed(flip(content, len(content) - 1)), "bad_padding")
    for n, kind in ((40, 1), (41, 2)):
        given = {"wrapping_key": WRAPPING, "area": 2, "receipt_kind": kind, "statement_hash": seed("statement")}
        answer = lambda: {"name": v.keyed_name(WRAPPING, 2, kind, seed("statement"))}  # noqa: E731, B023
        book.valid(n, "keyed_name", "evidence" if kind == 1 else "a receipt", section, given, answer)
    return book


def check_own_tools():
    """RFC 9106 section 5.3, the known answer of Argon2id."""
    known = Argon2id(salt=b"\x02" * 16, length=32, iterations=3, lanes=4, memory_cost=32, ad=b"\x04" * 12,
                     secret=b"\x03" * 8).derive(b"\x01" * 32)
    assert known.hex() == "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659", known.hex()


def main():
    check_own_tools()
    changed = []
    for book in (health(), stretching(), slots(), opening(), root_files(), pages(), prekeys(), records(), sealed_files()):
        path = HERE / f"{book.name}.json"
        if "--check" in sys.argv:
            if not path.exists() or path.read_text("ascii") != book.text():
                changed.append(path.name)
        else:
            path.write_text(book.text(), "ascii", newline="\n")
        bad = sum(one["result"] == "invalid" for one in book.vectors)
        print(f"{path.name}: {len(book.vectors)} vectors, {bad} of them invalid")
    if changed:
        sys.exit("these files would change: " + ", ".join(changed))


if __name__ == "__main__":
    main()
