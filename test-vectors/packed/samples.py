"""Messages that the vectors are made of."""

from bits import CODES
from house import draw, hash_of
from packed import FREE, ONE, SIGNS, TWO, ZERO

LETTERS = SIGNS + "AKRF"
SOME = hash_of("a message")
MOMENTS = ["2026-11-20T12:00:00Z", "2026-11-20T12:35:00Z", "2026-11-20T12:34:00Z",
           "2026-11-20T12:34:56Z", "2057-02-03T04:05:06Z", "2057-02-03T04:05:00Z",
           "2025-01-01T00:00:00Z", "2040-12-31T23:55:00Z", "2033-07-14T18:59:00Z"]
PLACES = [("+52.09070", "+005.12142"), ("-33.86785", "+151.20732"), ("+40.71427", "-074.00597"),
          ("-23.54750", "-046.63611"), ("+00.00001", "-000.00001"), ("+48.92060", "+024.71000")]
SIZES = {"none": [("0000", "0000", "999")],
         "one": [("0050", "0000", "000"), ("0120", "0000", "045"), ("0123", "0000", "000"),
                 ("4567", "0000", "359")],
         "two": [("0150", "0080", "090"), ("0200", "0123", "015"), ("0040", "0030", "017"),
                 ("3001", "0999", "180"), ("0011", "9900", "345")]}


def header(letter, **changes):
    return {"Prefix": "WF", "Version": "1", "EncryptionIndicator": "0", "DuressIndicator": "0",
            "MessageCode": letter, "ReferenceIndicator": "0", "ReferencedMessage": ZERO, **changes}


def sign(letter="P", **changes):
    fields = {**header(letter), "SubjectCode": "10", "DateTime": MOMENTS[0],
              "Duration": "P01D12H30M", "ObjectType": "22",
              "ObjectLatitude": PLACES[0][0], "ObjectLongitude": PLACES[0][1],
              "ObjectSizeDim1": "0150", "ObjectSizeDim2": "0080", "ObjectOrientation": "090"}
    return {**fields, **changes}


def sized(object_type, size):
    return {"ObjectType": object_type, "ObjectSizeDim1": size[0], "ObjectSizeDim2": size[1],
            "ObjectOrientation": size[2]}


def at(latitude, longitude):
    return {"ObjectLatitude": latitude, "ObjectLongitude": longitude}


def short(letter="P", **changes):
    """A sign without size and with the shortest of everything."""
    return {**sign(letter, Duration="P00D00H00M", **sized("40", SIZES["none"][0]),
                   **at("+00.00000", "+000.00000")), **changes}


def requests(objects, **changes):
    fields = sign("Q", SubjectCode="20", **changes)
    for count, (object_type, quantity) in enumerate(objects, 1):
        fields[f"ObjectType{count}"] = object_type
        fields[f"ObjectType{count}Quant"] = quantity
    return fields


def text(letter, *values, **changes):
    names = {"A": ("VerificationMethod", "VerificationData"), "K": ("CryptoDataType", "CryptoData"),
             "R": ("ResourceMethod", "ResourceData"), "F": ("Text",)}[letter]
    return {**header(letter, **changes), **dict(zip(names, values, strict=True))}


def test_of(fields):
    """The test of a message."""
    head = {**{name: fields[name] for name in header("T")}, "MessageCode": "T"}
    body = {name: value for name, value in fields.items() if name not in head}
    return {**head, "PseudoMessageCode": fields["MessageCode"], **body}


def one_of_each():
    """A message of every type."""
    for letter in SIGNS:
        subject = next(iter(CODES["subject_" + letter]))
        if letter == "Q":
            yield requests([("40", "02"), ("11", "10")])
        elif letter == "E":
            yield sign("E", SubjectCode="11", **sized("40", SIZES["none"][0]))
        else:
            yield sign(letter, SubjectCode=subject)
    yield text("A", "1", "https://example.org/whiteflag")
    yield text("K", "11", "00112233445566778899aabbccddeeff")
    yield text("R", "1", "https://example.org/notice.html")
    yield text("F", "Water is safe again.")


def walk(letter):
    """Every subject, every object type and some of everything else, in as few signs as it takes."""
    subjects = [code for code in CODES["subject_" + letter] if code != "escape"] + ["EE", "F0"]
    listed = [code for code in CODES["object_" + letter] if code not in ("coded", "digits")]
    objects = [(code, which(code)[turn % len(which(code))]) for turn in range(2)
               for code in listed if turn == 0 or len(which(code)) > 1]
    objects += [("2A", "none"), ("9C", "one"), ("F7", "two"), ("1F", "two")]
    for turn in range(max(len(subjects), len(objects))):
        code, size = objects[turn % len(objects)]
        name = f"{letter} {turn}"
        days = f"P{draw(name, 100):02}D{draw(name + 'h', 24):02}H{draw(name + 'm', 60):02}M"
        durations = [symbol for symbol in CODES["duration"] if symbol[0] == "P"] + [days]
        size = SIZES[size][draw(name + "s", len(SIZES[size]))]
        yield sign(letter, SubjectCode=subjects[turn % len(subjects)],
                   DateTime=MOMENTS[draw(name + "t", len(MOMENTS))],
                   Duration=durations[draw(name + "d", len(durations))],
                   **sized(code, size), **at(*PLACES[draw(name + "p", len(PLACES))]))


def which(object_type):
    """The regular sizes of a listed type."""
    if object_type in FREE:
        return ["none", "one", "two"]
    return ["one"] if object_type in ONE else ["two"] if object_type in TWO else ["none"]
