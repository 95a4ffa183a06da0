"""What a reader refuses: invalid.json. Each vector has one reason to fail."""

from bits import CODES, octets as octet_bits, pack, with_bits
import invalid_texts
from look import verdict
from packed import Body, right_moment
from samples import (LETTERS, MOMENTS, PLACES, SIZES, SOME, at, one_of_each, requests, short, sign,
                     sized, test_of, text, walk)
from repeats import repeat_of
from signs import DURATIONS, LOCATIONS
import signs
import texts
import words


DURATION_LIST = [symbol for symbol in CODES["duration"] if symbol[0] == "P"]


class Invalid:
    def __init__(self, vectors, table):
        self.vectors, self.table, self.known = vectors, table, set()

    def add(self, comment, hexadecimal, kind, field, offset, family=1):
        """A body that is refused; the second look must find the same."""
        key = (family, hexadecimal)
        if key in self.known:
            return
        self.known.add(key)
        found = verdict(hexadecimal, self.table, family)
        assert found == (kind, field, offset), (comment, hexadecimal, found, (kind, field, offset))
        self.vectors.add(comment, "packed_invalid" if family == 1 else "text_invalid",
                         {"octets": hexadecimal}, error=(kind, field, offset))

    def body(self, fields, **how):
        return Body(fields, self.table, **how)

    def wrong(self, comment, fields, field, force, **how):
        """A body with another choice than the right one."""
        body = self.body(fields, force=force, **how)
        assert body.bits != self.body(fields, repeat=how.get("repeat", False)).bits, comment
        self.add(comment, body.octets, "not_canonical", field, body.places[field][0])


def invalid_vectors(vectors, table):
    invalid = Invalid(vectors, table)
    ends(invalid)
    openings(invalid)
    choices(invalid)
    digits(invalid)
    requests_of(invalid)
    others(invalid)
    too_long(invalid)
    invalid_texts.signal_texts(invalid)
    invalid_texts.own_texts(invalid)
    items(vectors, table)


def variants():
    """Signs whose fields lie at many different places."""
    for letter in "PESDIM":
        yield from walk(letter)
    for fields in walk("Q"):
        yield {**fields, "ObjectType1": "40", "ObjectType1Quant": "03",
               "ObjectType2": "C1", "ObjectType2Quant": "47"}
    yield short("P", DateTime="2026-13-01T00:00:00Z", Duration="P01D24H00M",
                **sized("22", ("0100", "0000", "000")), **at("+90.00001", "+000.00000"))
    for letter in "PESDIMQ":
        for subject in ("EE", "10"):
            changes = {"SubjectCode": subject, "ReferenceIndicator": "2"}
            yield short(letter, **changes)
            yield test_of(short(letter, **changes))
            yield short(letter, **changes, DuressIndicator="1")
    for count in range(9):
        for objects in ([("C3", "99"), ("40", "07")] * 4, [("C3", "99")] * 8):
            yield requests(objects, Duration=DURATION_LIST[count])


def ends(invalid):
    invalid.add("nothing", "", "truncated", "opening", 0)
    seen = {}
    for fields in variants():
        body = invalid.body(fields)
        for name, (start, end) in body.places.items():
            for cut in range((start + 7) // 8, (end + 7) // 8):
                where = "before" if 8 * cut == start else "inside"
                if seen.setdefault((name, where), 0) < 2 and 8 * cut < end:
                    seen[name, where] += 1
                    invalid.add(f"ends {where} {name}", body.octets[:2 * cut], "truncated", name, start)
    missing = {name for fields in variants() for name in invalid.body(fields).places} - \
        {name for name, where in seen}
    assert missing <= {"opening"}, missing
    for name, fields, how in (
            ("another message with flags", short(DuressIndicator="1"), {}),
            ("a test under duress", test_of(short(DuressIndicator="1")), {}),
            ("a whole one", short(ReferenceIndicator="F"), {}),
            ("a repeat of ten bits", repeat_of(sign(), "6"), {"repeat": True}),
            ("a repeat of 16 bits", repeat_of(sign("I"), "6", duress=True), {"repeat": True})):
        body = invalid.body(fields, **how)
        if body.places["opening"][1] > 8:
            invalid.add(f"ends inside the opening: {name}", body.octets[:2], "truncated", "opening", 0)

    padded = {}
    for fields in variants():
        padded.setdefault(-len(invalid.body(fields).bits) % 8, fields)
    assert sorted(padded) == list(range(8))
    for count, fields in sorted(padded.items()):
        body = invalid.body(fields)
        size = len(body.bits)
        for more in ("ff", "00", "ffff", "7f", body.octets):
            invalid.add(f"{len(more) // 2} octets behind a sign with {count} bits of padding",
                        body.octets + more, "trailing", "end", size)
        for comment, bits in (("all zeros", "0" * count), ("its first bit is zero", "0" + "1" * (count - 1)),
                              ("its last bit is zero", "1" * (count - 1) + "0")):
            if count:
                invalid.add(f"{count} bits of padding, {comment}", pack(body.bits + bits),
                            "bad_padding", "padding", size)
    for letter in "PI":
        for test, duress in ((False, False), (True, False), (False, True), (True, True)):
            referenced = short(letter)
            fields = repeat_of(referenced, "7", test=test, duress=duress)
            body = invalid.body(fields, repeat=True)
            size, name = len(body.bits), f"a repeat of {len(body.bits)} bits"
            for more in ("ff", "00"):
                invalid.add(f"an octet behind {name}", body.octets + more, "trailing", "end", size)
            if size % 8:
                count = -size % 8
                for bits in ("0" * count, "1" * (count - 1) + "0"):
                    invalid.add(f"padding of {name}", pack(body.bits + bits), "bad_padding",
                                "padding", size)
    for indicator in "146789":
        body = invalid.body(repeat_of(short(), indicator), repeat=True)
        whole = invalid.body(repeat_of(short(), indicator))
        rest = whole.bits[whole.places["opening"][1]:]
        invalid.add(f"repeat {indicator}, and then the body as well", pack(body.bits + rest),
                    "trailing", "end", len(body.bits))


def openings(invalid):
    for letter in LETTERS:
        fields = next(f for f in one_of_each() if f["MessageCode"] == letter)
        invalid.wrong(f"an original {letter} as another message, whole 0", fields, "opening",
                      {"opening": "other", "relation": "whole"})
    for indicator in "235":
        fields = short(ReferenceIndicator=indicator, ReferencedMessage=SOME)
        invalid.wrong(f"indicator {indicator} by whole", fields, "opening", {"relation": "whole"})
        invalid.wrong(f"a test with indicator {indicator} by whole", test_of(fields), "opening",
                      {"relation": "whole"})
        invalid.wrong(f"duress and indicator {indicator} by whole",
                      {**fields, "DuressIndicator": "1"}, "opening", {"relation": "whole"})
    invalid.wrong("an original under duress, whole 0", short(DuressIndicator="1"), "opening",
                  {"relation": "whole"})
    invalid.wrong("an original test, whole 0", test_of(short()), "opening", {"relation": "whole"})
    invalid.wrong("an original test under duress, whole 0",
                  test_of(short(DuressIndicator="1")), "opening", {"relation": "whole"})


def choices(invalid):
    for letter in "PESDIMQ":
        for subject in list(CODES["subject_" + letter])[:-1][:3] + list(CODES["subject_" + letter])[-2:-1]:
            invalid.wrong(f"subject {subject} of a {letter} by escape", short(letter, SubjectCode=subject),
                          "SubjectCode", {"subject": "escape"})
        for code in [c for c in CODES["object_" + letter] if c not in ("coded", "digits")]:
            size = SIZES["one" if code in ("21", "31") else "two" if code in ("22", "23", "32", "33")
                         else "none"][0]
            fields = short(letter, **sized(code, size))
            invalid.wrong(f"object type {code} of a {letter} coded", fields, "ObjectType",
                          {"object": "coded", "free_size": {"0000": "none"}.get(
                              size[0], "one" if size[1] == "0000" else "two")})
            if code in ("00", "10", "21", "22", "40"):
                invalid.wrong(f"object type {code} of a {letter} in digits", fields, "ObjectType",
                              {"object": "digits"})
        for name in SIZES:
            invalid.wrong(f"an unlisted type of a {letter} in digits, size {name}",
                          short(letter, **sized("5A", SIZES[name][0])), "ObjectType",
                          {"object": "digits"})
    for name in ("one", "two"):
        invalid.wrong(f"persons in digits, size {name}", short("P", **sized("11", SIZES[name][0])),
                      "ObjectType", {"object": "digits"})

    for value in list(signs.MOMENTS.values()) + MOMENTS:
        right = right_moment(value)
        if right == "digits":
            continue
        for symbol in CODES["moment"]:
            if symbol != right and holds(symbol, value):
                invalid.wrong(f"{value} as {symbol}, not {right}", short(DateTime=value), "DateTime",
                              {"moment": symbol})
    for value in [s for s in CODES["duration"] if s[0] == "P"] + list(DURATIONS.values()):
        fields = short(Duration=value)
        right = next(symbol for symbol, word in CODES["duration"].items()
                     if invalid.body(fields).bits[invalid.body(fields).places["Duration"][0]:].startswith(word))
        if right == "digits":
            continue
        for symbol in ("days", "hours", "any", "digits"):
            fits = {"days": value[4:] == "00H00M", "hours": value[7:] == "00M"}.get(symbol, True)
            if fits and symbol != right and (value not in CODES["duration"] or symbol != "digits"
                                             or value in ("P00D00H00M", "P01D00H00M")):
                invalid.wrong(f"{value} as {symbol}, not {right}", fields, "Duration",
                              {"duration": symbol})
    for first in ("0001", "0009", "0010", "0011", "0099", "0100", "0110", "1000", "9000", "9900"):
        invalid.wrong(f"a circle of {first} as any", short("D", **sized("21", (first, "0000", "000"))),
                      "ObjectSize", {"one_size": "any"})
        invalid.wrong(f"persons within {first} as any",
                      short("E", **sized("12", (first, "0000", "045"))), "ObjectSize", {"one_size": "any"})
        invalid.wrong(f"a rectangle of {first} by 0010 as any",
                      short("D", **sized("22", (first, "0010", "017"))), "ObjectSize", {"two_sizes": "any"})
    for first in ("0010", "0123"):
        invalid.wrong(f"a circle of {first}, north as any", short("D", **sized("21", (first, "0000", "000"))),
                      "ObjectSize", {"circle_orientation": "any"})
        for turn in range(0, 360, 15):
            invalid.wrong(f"a rectangle of {first}, orientation {turn:03} as any",
                          short("D", **sized("22", (first, "0100", f"{turn:03}"))), "ObjectSize",
                          {"orientation": "any"})
    for comment, place in LOCATIONS.items():
        fields = short("S", **at(*place))
        body = invalid.body(fields, force={"location": "digits"})
        if body.bits != invalid.body(fields).bits:
            invalid.wrong(f"location in digits: {comment}", fields, "ObjectLocation",
                          {"location": "digits"})
    for latitude, longitude in PLACES:
        invalid.wrong(f"location in digits: {latitude} {longitude}", sign("P", **at(latitude, longitude)),
                      "ObjectLocation", {"location": "digits"})


    in_other_messages(invalid)


def in_other_messages(invalid):
    """The same choices behind other openings."""
    for comment, fields in (("a test", test_of(short("E"))), ("an update", short("I", ReferenceIndicator="2")),
                            ("duress", short("S", DuressIndicator="1")),
                            ("a whole repeat", repeat_of(short("M"), "6"))):
        for field, force in (("SubjectCode", {"subject": "escape"}), ("DateTime", {"moment": "second near"}),
                             ("Duration", {"duration": "any"}), ("ObjectType", {"object": "digits"}),
                             ("ObjectLocation", {"location": "digits"})):
            invalid.wrong(f"{comment}, another form in {field}", fields, field, force)


def holds(symbol, value):
    """Whether a form of DateTime can hold a value that has a number."""
    if symbol == "digits":
        return True
    step, group = symbol.rsplit(" ", 1)
    year, minute, second = int(value[:4]), int(value[14:16]), int(value[17:19])
    first, count = {"near": (2025, 16), "later": (2041, 64), "any": (0, 10000)}[group]
    return first <= year < first + count and {
        "hour": minute == second == 0, "five minutes": minute % 5 == second == 0,
        "minute": second == 0, "second": True}[step]


def digits(invalid):
    def spoil(comment, fields, field, before, count):
        body = invalid.body(fields)
        start = body.places[field][0] + before
        for place in range(count):
            for bits in ("1010", "1111") if place in (0, count - 1) else ("1100",):
                where = start + 4 * place + (place >= 7 if field == "ObjectLocation" else 0)
                invalid.add(f"{comment}: digit {place + 1} is {int(bits, 2):X}",
                            with_bits(body.octets, where, bits), "bad_digit", field, where)

    spoil("DateTime", short(DateTime="2026-13-01T00:00:00Z"), "DateTime",
          len(CODES["moment"]["digits"]), 14)
    spoil("Duration", short(Duration="P01D24H00M"), "Duration", len(CODES["duration"]["digits"]), 6)
    spoil("size", short("S", **sized("40", ("0100", "0100", "090"))), "ObjectSize", 0, 11)
    spoil("location", short(**at("+90.00001", "-000.00000")), "ObjectLocation", 26, 15)


def requests_of(invalid):
    for code in [c for c in CODES["requested"] if c != "escape"]:
        invalid.wrong(f"a request for a {code} by escape", requests([(code, "01")]), "ObjectType1",
                      {"ObjectType1": "escape"})
    for quantity in range(1, 9):
        invalid.wrong(f"a request for {quantity} as any", requests([("40", f"{quantity:02}")]),
                      "ObjectType1Quant", {"ObjectType1Quant": "any"})
    for place in range(1, 9):
        fields = requests([("11", "02")] * 8)
        invalid.wrong(f"object {place} by escape", fields, f"ObjectType{place}",
                      {f"ObjectType{place}": "escape"})
        invalid.wrong(f"quantity {place} as any", fields, f"ObjectType{place}Quant",
                      {f"ObjectType{place}Quant": "any"})
    full = invalid.body(requests([("C3", "99")] * 8))
    one = invalid.body(requests([("C3", "99")]))
    ninth = one.bits[one.places["ObjectType1"][0]:]
    invalid.add("a ninth object", pack(full.bits + ninth), "trailing", "end", len(full.bits))


def others(invalid):
    empty = {letter: text(letter, *("1", "")[:2 if letter != "F" else 0],
                          *(() if letter != "F" else ("",))) for letter in "ARF"}
    for letter, name in (("A", "VerificationMethod"), ("R", "ResourceMethod"), ("K", "CryptoDataType")):
        code = {"A": "verification_method", "R": "resource_method", "K": "data_type"}[letter]
        for value in [v for v in CODES[code] if v != "any"]:
            fields = text(letter, value, "02" if letter == "K" else "x")
            invalid.wrong(f"{name} {value} as any", fields, name, {code: "any"})
        fields = text(letter, {"K": "A0"}.get(letter, "F"), "")
        body = invalid.body(fields)
        start, end = body.places[name]
        for cut in range((start + 7) // 8, (end + 7) // 8):
            invalid.add(f"ends inside {name}", body.octets[:2 * cut], "truncated", name, start)
        fields = {**fields, "ReferenceIndicator": "2"}
        body = invalid.body(fields)
        start, end = body.places[name]
        for cut in range((start + 7) // 8, (end + 7) // 8):
            if 8 * cut < end:
                invalid.add(f"an update ends at or inside {name}", body.octets[:2 * cut], "truncated",
                            name, start)
    body = invalid.body(empty["A"])
    if body.places["VerificationData"][0] == 8:
        invalid.add("ends before VerificationData", body.octets[:2], "truncated", "VerificationData", 8)
    for method in ("1", "7"):
        for indicator in "027":
            for flags in (None, "1"):
                for letter, name in (("A", "VerificationData"), ("R", "ResourceData")):
                    fields = text(letter, method, "", ReferenceIndicator=indicator,
                                  DuressIndicator=flags or "0")
                    body = invalid.body(fields)
                    start = body.places[name][0]
                    if start % 8 == 0:
                        invalid.add(f"ends before {name}", body.octets[:start // 4], "truncated", name, start)
    for letter in "FAR":
        for indicator in "0257F":
            fields = {**empty[letter], "ReferenceIndicator": indicator}
            name = {"F": "Text", "A": "VerificationData", "R": "ResourceData"}[letter]
            start = invalid.body(fields).places[name][0]
            if start % 8 == 0:
                invalid.add(f"{letter}, indicator {indicator}, ends before {name}",
                            invalid.body(fields).octets[:start // 4], "truncated", name, start)

    for data_type in ("01", "B7"):
        for indicator in "025":
            fields = text("K", data_type, "00ff", ReferenceIndicator=indicator)
            body = invalid.body(fields)
            count = -len(body.bits) % 8
            if count:
                for bits in ("0" * count, "1" * (count - 1) + "0"):
                    invalid.add(f"{count} bits of padding behind data", pack(body.bits + bits),
                                "bad_padding", "padding", len(body.bits))
    fields = text("K", "0A", "5a" * 2001)
    body = invalid.body(fields)
    invalid.add("2,001 octets of data", body.octets, "too_long", "CryptoData", body.places["CryptoData"][0])

    for letter, name in (("F", "Text"), ("A", "VerificationData"), ("R", "ResourceData")):
        def words_of(value, letter=letter):
            return text(letter, *(("1",) if letter != "F" else ()), value)
        for value, comment in (("\u00e9", "octets above U+007F"), ("caf\u00e9", "octets above U+007F"),
                               ("\U0001f691", "an emoji"), ("\u6c34", "a character of three octets")):
            for form in ("tokens", "octets"):
                right = texts.encode(invalid.table, value)[0] == form
                if right:
                    body = invalid.body(words_of(value), force={"text": form})
                    invalid.add(f"{name} holds {comment}, as {form}", body.octets, "bad_character",
                                name, body.places[name][0])
        above = [token for token in invalid.table.words if token is not texts.ESC and not token.isascii()]
        for token in sorted(above, key=lambda t: (len(t), t))[:3] + sorted(above, key=lambda t: (-len(t), t))[:1]:
            value = token * 3
            if texts.encode(invalid.table, value)[0] == "tokens":
                body = invalid.body(words_of(value))
                invalid.add(f"{name} holds tokens above U+007F", body.octets, "bad_character", name,
                            body.places[name][0])
        for comment, value in words.TEXTS.items():
            if not value.isascii() or len(value) > 40 or comment not in (
                    "nothing", "a sentence in capitals", "a lower token", "an upper token", "ten digits",
                    "control characters", "two digits"):
                continue
            for form in texts.FORMS:
                try:
                    body = invalid.body(words_of(value), force={"text": form})
                except KeyError:
                    continue
                if body.bits != invalid.body(words_of(value)).bits:
                    invalid.add(f"{name}, {comment}, as {form}", body.octets, "not_canonical", name,
                                body.places[name][0])
        for comment, value in words.longest().items():
            if value.isascii():
                value += value[:2]
                body = invalid.body(words_of(value))
                invalid.add(f"{name} of 2,002 octets: {comment}", body.octets, "too_long", name,
                            body.places[name][0])


def too_long(invalid):
    """2,049 octets, which is looked at first: such a body is always wrong in some other way, too."""
    for comment, fields in (("a sign", short()), ("a request", requests([("40", "02")])),
                            ("data", text("K", "11", "")), ("a text", text("F", ""))):
        body = invalid.body(fields, force={"text": "octets"})
        more = 2049 - len(body.octets) // 2
        invalid.add(f"2,049 octets, {comment}", body.octets + "41" * more, "too_long", "message", 16384)
    invalid.add("2,049 octets of a text", pack(CODES["text"]["octets"] + octet_bits(b"A" * 2048)),
                "too_long", "message", 16384, family=4)


def items(vectors, table):
    def add(comment, hexadecimal, kind, field):
        vectors.add(comment, "item_invalid", {"octets": hexadecimal}, error=(kind, field))

    body = Body(short("D", ReferenceIndicator="2"), table).octets
    own = pack(texts.encode(table, "Water")[1])
    for family, revision, what, octets in ((1, 1, "a packed signal", body), (4, 0, "a text", own)):
        head = f"{family:02x}{revision << 2:02x}"
        three = f"{family:02x}{revision << 2 | 3:02x}"
        add(f"{what} with form 3", three + octets, "inconsistent", "form")
        add(f"{what} with form 3 and no body", three, "inconsistent", "form")
        add(f"{what}, form 1 and seven octets", f"{family:02x}{revision << 2 | 1:02x}" + SOME[:14],
            "truncated", "reference")
        add(f"{what}, form 2 and 31 octets", f"{family:02x}{revision << 2 | 2:02x}" + SOME[:62],
            "truncated", "reference")
        add(f"{what}, form 2 of all zeros", f"{family:02x}{revision << 2 | 2:02x}" + "00" * 32 + octets,
            "not_canonical", "reference")
    repeat = Body(repeat_of(sign(), "7"), table, repeat=True).octets
    add("a repeat with form 2 of all zeros", "0106" + "00" * 32 + repeat, "not_canonical", "reference")
    for indicator, test, duress in (("7", False, False), ("1", True, False), ("6", False, True)):
        repeat = Body(repeat_of(short("D"), indicator, test, duress), table, repeat=True).octets
        add(f"a repeat with form 0, indicator {indicator}", "0104" + repeat, "inconsistent", "form")
    original = Body(short(), table).octets
    add("an original with form 2 of all zeros", "0106" + "00" * 32 + original, "not_canonical", "reference")
