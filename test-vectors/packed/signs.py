"""Valid packed signals without a text: sign.json, and what repeats and items are made of."""

from bits import CODES
from house import hash_of
from packed import ZERO, Body, form_of
from samples import (SIZES, SOME, at, one_of_each, requests, short, sign, sized,
                     test_of, walk)


def packed(vectors, table, comment, fields, path=None):
    body = Body(fields, table, path=path)
    vectors.add(comment, "packed", {"fields": fields},
                {"octets": body.octets, "bits": len(body.bits), "form": form_of(fields)})
    return body


MOMENTS = {
    "1999, whole hour: a year before the near ones": "1999-12-31T23:00:00Z",
    "1999, with seconds": "1999-12-31T23:59:59Z",
    "year 0000": "0000-01-01T00:00:00Z",
    "year 0000, second 1": "0000-01-01T00:00:01Z",
    "2024, the last second before the near years": "2024-12-31T23:59:59Z",
    "2024, whole hour": "2024-12-31T23:00:00Z",
    "2025, number 0": "2025-01-01T00:00:00Z",
    "2025, minute 5": "2025-01-01T00:05:00Z",
    "2025, minute 1": "2025-01-01T00:01:00Z",
    "2025, second 1": "2025-01-01T00:00:01Z",
    "2040, the last hour of the near years": "2040-12-31T23:00:00Z",
    "2040, the last five minutes of the near years": "2040-12-31T23:55:00Z",
    "2040, the last minute of the near years": "2040-12-31T23:59:00Z",
    "2040, the last second of the near years": "2040-12-31T23:59:59Z",
    "2040, second 60": "2040-12-31T23:59:60Z",
    "2041, whole hour": "2041-01-01T00:00:00Z",
    "2041, minute 5: later years have no step of five": "2041-01-01T00:05:00Z",
    "2041, second 1": "2041-01-01T00:00:01Z",
    "2104, the last minute of the later years": "2104-12-31T23:59:00Z",
    "2104, second 60": "2104-12-31T23:59:60Z",
    "2105, the first year behind the later ones": "2105-01-01T00:00:00Z",
    "2105, second 1": "2105-01-01T00:00:01Z",
    "9999": "9999-12-31T23:59:00Z",
    "9999, the last of all numbers": "9999-12-31T23:59:60Z",
    "31 February": "2026-02-31T12:00:00Z",
    "31 November, with seconds": "2026-11-31T12:13:14Z",
    "second 60": "2026-06-30T23:59:60Z",
    "second 60 in the middle of an hour": "2026-06-30T12:30:60Z",
    "second 61": "2026-06-30T23:59:61Z",
    "second 99": "2026-06-30T23:59:99Z",
    "minute 60": "2026-06-30T23:60:00Z",
    "hour 24": "2026-06-30T24:00:00Z",
    "day 00": "2026-06-00T12:00:00Z",
    "day 32": "2026-06-32T12:00:00Z",
    "month 00": "2026-00-10T12:00:00Z",
    "month 13": "2026-13-10T12:00:00Z",
    "all nines": "9999-99-99T99:99:99Z",
    "all zeros": "0000-00-00T00:00:00Z",
}
DURATIONS = {
    "00 days: in the list": "P00D00H00M", "6 days": "P06D00H00M", "99 days": "P99D00H00M",
    "31 days": "P31D00H00M", "7 hours": "P00D07H00M", "23 hours": "P00D23H00M",
    "1 day 1 hour": "P01D01H00M", "99 days 23 hours": "P99D23H00M", "1 minute": "P00D00H01M",
    "20 minutes": "P00D00H20M", "1 hour 45 minutes": "P00D01H45M",
    "99 days 23 hours 59 minutes": "P99D23H59M", "24 hours": "P00D24H00M",
    "60 minutes": "P00D00H60M", "1 day 24 hours": "P01D24H00M", "all nines": "P99D99H99M",
}
ONE = {
    "1 m": ("0001", "000"), "9 m": ("0009", "000"), "10 m": ("0010", "000"),
    "11 m: two digits": ("0011", "000"), "90 m": ("0090", "000"), "99 m": ("0099", "000"),
    "100 m": ("0100", "000"), "101 m: not round": ("0101", "000"), "110 m": ("0110", "000"),
    "111 m": ("0111", "000"), "990 m": ("0990", "000"), "999 m": ("0999", "000"),
    "1000 m": ("1000", "000"), "1001 m": ("1001", "000"), "1010 m: not round": ("1010", "000"),
    "1100 m": ("1100", "000"), "9000 m": ("9000", "000"), "9900 m": ("9900", "000"),
    "9990 m": ("9990", "000"), "9999 m": ("9999", "000"), "orientation 001": ("0010", "001"),
    "orientation 015": ("0010", "015"), "orientation 359": ("0010", "359"),
    "not round, orientation 359": ("0101", "359"),
    "orientation 151, the last of eight bits": ("0010", "151"),
    "orientation 152, the first of nine bits": ("0010", "152"),
}
TWO = {
    "both of one digit": ("0001", "0009", "000"), "one digit and two": ("0010", "0110", "345"),
    "two digits and one": ("0110", "1000", "015"), "both of two digits": ("9900", "0011", "180"),
    "the first not round": ("0101", "0100", "000"), "the second not round": ("0100", "0101", "000"),
    "neither round": ("9999", "1234", "000"), "orientation 001": ("0100", "0100", "001"),
    "orientation 014": ("0100", "0100", "014"), "orientation 120": ("0100", "0100", "120"),
    "orientation 359": ("0100", "0100", "359"), "largest of all": ("9999", "9999", "359"),
}
WRONG_SIZES = [
    ("a circle without a size", "21", ("0000", "0000", "999")),
    ("a circle with two dimensions", "21", ("0100", "0100", "000")),
    ("a circle without an orientation", "21", ("0100", "0000", "999")),
    ("a circle, orientation 360", "21", ("0100", "0000", "360")),
    ("a rectangle with one dimension", "22", ("0100", "0000", "000")),
    ("a rectangle with the second dimension only", "22", ("0000", "0100", "000")),
    ("a rectangle without a size", "22", ("0000", "0000", "999")),
    ("a rectangle, orientation 360", "22", ("0100", "0100", "360")),
    ("a rectangle, orientation 999", "22", ("0100", "0100", "999")),
    ("a triangle without a size", "33", ("0000", "0000", "999")),
    ("a vehicle with one dimension", "40", ("0010", "0000", "000")),
    ("a vehicle with two dimensions", "40", ("0010", "0020", "000")),
    ("a vehicle with an orientation only", "40", ("0000", "0000", "000")),
    ("an unspecified area with a size", "20", ("0100", "0100", "000")),
    ("no object type, with a size", "00", ("0100", "0000", "000")),
    ("a person with the second dimension only", "10", ("0000", "0100", "000")),
    ("persons, one dimension, orientation 360", "11", ("0100", "0000", "360")),
    ("persons without a size, orientation 000", "11", ("0000", "0000", "000")),
    ("persons, two dimensions, orientation 999", "12", ("0100", "0100", "999")),
    ("a type that is not in the list, orientation 998", "9A", ("9999", "9999", "998")),
    ("a type that is not in the list, second dimension only", "E0", ("0000", "0001", "999")),
]
LOCATIONS = {
    "both zero": ("+00.00000", "+000.00000"), "minus zero, plus zero": ("-00.00000", "+000.00000"),
    "plus zero, minus zero": ("+00.00000", "-000.00000"),
    "both minus zero": ("-00.00000", "-000.00000"),
    "the smallest": ("+00.00001", "+000.00001"),
    "the smallest below zero": ("-00.00001", "-000.00001"),
    "the north pole, the date line": ("+90.00000", "+180.00000"),
    "the south pole, the date line": ("-90.00000", "-180.00000"),
    "both omitted": ("+99.99999", "+999.99999"),
    "latitude omitted, longitude not": ("+99.99999", "+005.12142"),
    "longitude omitted, latitude not": ("+52.09070", "+999.99999"),
    "omitted but for a sign": ("-99.99999", "+999.99999"),
    "omitted but for the other sign": ("+99.99999", "-999.99999"),
    "latitude just out of range": ("+90.00001", "+000.00000"),
    "latitude just out of range in the south": ("-90.00001", "-000.00000"),
    "longitude just out of range": ("+00.00000", "+180.00001"),
    "longitude just out of range in the west": ("-00.00000", "-180.00001"),
    "both far out of range": ("-98.76543", "-987.65432"),
    # number(18,000,004): k = 24, u = 15,554,428; 15,554,427 is 77.77213 with a minus
    "latitude, the last value of 24 bits": ("-77.77213", "+000.00000"),
    "latitude, the first value of 25 bits": ("+77.77214", "+000.00000"),
    # number(36,000,002): k = 25, u = 31,108,862; 31,108,861 is 155.54430 with a minus
    "longitude, the last value of 25 bits": ("+00.00000", "-155.54430"),
    "longitude, the first value of 26 bits": ("+00.00000", "+155.54431"),
}


def sign_vectors(vectors, table):
    def add(comment, fields):
        return packed(vectors, table, comment, fields)

    for letter in "PESDIMQ":
        for fields in walk(letter):
            add(f"{letter}{fields['SubjectCode']} of a {fields['ObjectType']}", fields)
    for symbol in CODES["duration"]:
        if symbol[0] == "P":
            add(f"duration {symbol}", short(Duration=symbol))
    for comment, value in DURATIONS.items():
        add(f"duration: {comment}", short(Duration=value))
    for comment, value in MOMENTS.items():
        add(f"moment: {comment}", short(DateTime=value))
    for comment, (first, orientation) in ONE.items():
        add(f"a circle: {comment}", short("D", **sized("21", (first, "0000", orientation))))
    for comment, size in TWO.items():
        add(f"a rectangle: {comment}", short("D", **sized("22", size)))
    for letter in "PESMD":
        for code in ("10", "15", "77"):
            for name in SIZES:
                add(f"{letter} of a {code}, size {name}",
                    short(letter, **sized(code, SIZES[name][-1])))
    for code in ("21", "31", "33"):
        add(f"an E of a {code}, which E does not list: size none",
            short("E" if code == "21" else "Q", **sized(code, SIZES["none"][0])))
    for comment, code, size in WRONG_SIZES:
        add(comment, short("S" if code == "20" else "P", **sized(code, size)))
    for letter in "PESDIMQ":
        for code in ("22", "21", "00", "B0"):
            add(f"{letter} of a {code}, in digits",
                short(letter, **sized(code, ("0001", "9999", "360"))))
    for comment, place in LOCATIONS.items():
        add(f"location: {comment}", short("S", **at(*place)))
    for letter in "PESDIMQ":
        for subject in ("FF", "7F", "0F", "9D"):
            add(f"subject {subject} of a {letter}, in no list", short(letter, SubjectCode=subject))
    request_vectors(add)
    header_vectors(add)


def request_vectors(add):
    types = ["00", "10", "11", "40", "50", "60", "70", "80"]
    for count in range(9):
        add(f"a request for {count} objects",
            requests([(types[(count + at) % 8], f"{at * 7 % 9 + 1:02}") for at in range(count)]))
    for code in types + ["12", "1F", "21", "FF"]:
        add(f"a request for one {code}", requests([(code, "01")], **sized("21", SIZES["one"][0])))
    for quantity in (0, 1, 2, 8, 9, 10, 27, 28, 98, 99):
        add(f"a request for {quantity} vehicles", requests([("40", f"{quantity:02}")]))
    add("eight objects, all by escape and any", requests([("C3", "99")] * 8))
    add("the same object twice", requests([("40", "01"), ("40", "01")]))


def header_vectors(add):
    for fields in one_of_each():
        letter = fields["MessageCode"]
        if letter in "ARF":
            continue
        add(f"a test of {letter}", test_of(fields))
        add(f"{letter} under duress", {**fields, "DuressIndicator": "1"})
        add(f"a test of {letter} under duress", test_of({**fields, "DuressIndicator": "1"}))
    for indicator in "0123456789ABCDEF":
        add(f"indicator {indicator}, the body sent",
            short(ReferenceIndicator=indicator, ReferencedMessage=SOME))
    for indicator in "0123456789ABCDEF":
        changes = {"ReferenceIndicator": indicator, "ReferencedMessage": SOME}
        if "0" < indicator:
            add(f"a test with indicator {indicator}", test_of(short("E", **changes)))
        add(f"duress and indicator {indicator}", short("S", DuressIndicator="1", **changes))
    for indicator in "2357F":
        add(f"indicator {indicator} and 64 zeros", short(ReferenceIndicator=indicator))
    add("a test under duress, indicator 2",
        test_of(short("M", DuressIndicator="1", ReferenceIndicator="2", ReferencedMessage=SOME)))
    for fields in one_of_each():
        if fields["MessageCode"] in "PQK":
            add(f"an original {fields['MessageCode']} with a random ReferencedMessage",
                {**fields, "ReferencedMessage": hash_of("random " + fields["MessageCode"])})
    add("an original whose ReferencedMessage is zeros but for the last digit",
        short(ReferencedMessage=ZERO[:-1] + "1"))
    add("an original whose ReferencedMessage is zeros but for the first digit",
        short(ReferencedMessage="8" + ZERO[1:]))
    add("all that breaks a rule",
        sign("M", ReferenceIndicator="F", ReferencedMessage="f" * 64, SubjectCode="EF",
             DateTime="9999-99-99T99:99:99Z", Duration="P99D99H99M",
             **at("-99.99999", "-999.99999"), **sized("9A", ("9999", "9999", "998"))))
