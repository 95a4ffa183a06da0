"""Writes wire.json, rules.json, notation.json, thread.json and cryptography.json beside this file, the same
on every run. Standard library, and PyPI's `cryptography` (38 or newer) for the last.

    python3 generate.py            writes the files
    python3 generate.py --check    writes nothing, fails when a file would change

An id is never given to another vector.
"""

import json
import pathlib
import sys

import cryptography_vectors
import notation
import thread
import whiteflag as wf

HERE = pathlib.Path(__file__).parent
SPEC = "01-signal.md"
ZERO, SOME = "0" * 64, "3f" * 31 + "a0"


def header(code, **changes):
    fields = {"Prefix": "WF", "Version": "1", "EncryptionIndicator": "0", "DuressIndicator": "0",
              "MessageCode": code, "ReferenceIndicator": "0", "ReferencedMessage": ZERO}
    return {**fields, **changes}


SIGN_BODY = {
    "SubjectCode": "10", "DateTime": "2026-11-20T12:00:00Z", "Duration": "P01D12H30M",
    "ObjectType": "22", "ObjectLatitude": "+52.09070", "ObjectLongitude": "-005.12142",
    "ObjectSizeDim1": "0150", "ObjectSizeDim2": "0080", "ObjectOrientation": "090",
}


def sign(code="P", **changes):
    fields = {**header(code), **SIGN_BODY}
    if code == "E":  # an emergency is about no area
        fields.update(ObjectType="40", ObjectSizeDim1="0000", ObjectSizeDim2="0000",
                      ObjectOrientation="999")
    if code == "S":
        fields.update(SubjectCode="00")
    return {**fields, **changes}


def text(code, *values, **changes):
    names = [name for name, _ in wf.BODIES[code]]
    return {**header(code), **dict(zip(names, values)), **changes}


def test_of(fields):
    head = {name: fields[name] for name, _ in wf.HEADER}
    head["MessageCode"] = "T"
    return {**head, "PseudoMessageCode": fields["MessageCode"],
            **{name: value for name, value in fields.items() if name not in head}}


def requests(count, **changes):
    objects = {}
    for number in range(1, count + 1):
        objects[f"ObjectType{number}"] = ["40", "11", "80", "60"][number % 4]
        objects[f"ObjectType{number}Quant"] = f"{number * 11 % 100:02d}"
    return sign("Q", **objects, **changes)


def samples():
    """One message for every layout the standard has."""
    for code in "PEDSIM":
        yield f"a {code}", sign(code)
    yield "an update under duress", sign("D", DuressIndicator="1", ReferenceIndicator="2",
                                         ReferencedMessage=SOME)
    for count in range(9):
        yield f"a request for {count} objects", requests(count)
    yield "authentication", text("A", "1", "https://example.org/whiteflag")
    yield "private method, no data", text("A", "F", "")
    yield "initialisation vector", text("K", "11", "00112233445566778899aabbccddeeff")
    yield "cryptographic data of one octet", text("K", "A0", "0f")
    yield "no cryptographic data", text("K", "A0", "")
    yield "resource", text("R", "1", "https://example.org/a?b=c%20d#e")
    yield "free text", text("F", "All \x7f\x01 7-bit characters are text, \x00 too\n")
    yield "no text", text("F", "")
    yield "the longest text", text("F", "long " * 400)
    yield "the longest data", text("K", "FF", "5a" * 2000)
    for code in "PEDSIM":
        yield f"a test of {code}", test_of(sign(code))
    yield "a test of Q", test_of(requests(2))
    yield "a test of A", test_of(text("A", "2", "c0ffee"))
    yield "a test of K", test_of(text("K", "0A", "02" + "7b" * 32))
    yield "a test of R", test_of(text("R", "1", "urn:x:y"))
    yield "a test of F", test_of(text("F", "test"))
    yield "what no rule allows and the wire carries", sign(
        "M", ReferenceIndicator="F", ReferencedMessage="f" * 64, SubjectCode="EF",
        DateTime="9999-99-99T99:99:99Z", Duration="P99D99H99M", ObjectType="9A",
        ObjectLatitude="-99.99999", ObjectLongitude="-999.99999", ObjectSizeDim1="9999",
        ObjectSizeDim2="9999", ObjectOrientation="998")


class Vectors:
    def __init__(self, prefix):
        self.prefix, self.all = prefix, []

    def add(self, comment, kind, inputs, out=None, error=None, offset=None):
        vector = {"id": f"{self.prefix}-{len(self.all) + 1:03d}", "comment": comment, "kind": kind,
                  "spec": SPEC, "in": inputs, "result": "invalid" if error else "valid"}
        if out is not None:
            vector["out"] = out
        if error:
            vector["error"] = {"kind": error[0], "field": error[1]}
            if offset is not None:
                vector["error"]["offset"] = offset
        self.all.append(vector)

    def document(self):
        return {"chapter": "01-signal", "schema": "chappe-vectors/1", "vectors": self.all}


def wire_vectors():
    vectors = Vectors("signal-wire")
    for comment, fields in samples():
        hexadecimal, bits, serialized, _ = wf.encode(fields)
        vectors.add(comment, "message", {"fields": fields},
                    {"hex": hexadecimal, "bits": bits, "serialized": serialized})

    def refused(comment, hexadecimal, kind, field, offset):
        vectors.add(comment, "wire", {"hex": hexadecimal}, None, (kind, field), offset)

    sign_hex, sign_bits, _, places = wf.encode(sign())
    for name, (offset, length) in places.items():
        octets = (offset + length - 1) // 8
        refused(f"cut inside {name}", sign_hex[:2 * octets],
                "truncated", *next((field, at) for field, (at, size) in places.items()
                                   if at + size > 8 * octets))
    refused("nothing", "", "truncated", "Prefix", 0)
    for name in ("DateTime", "Duration", "ObjectSizeDim1", "ObjectSizeDim2", "ObjectOrientation"):
        offset, length = places[name]
        for digit in (0, length // 4 - 1):
            at = offset + 4 * digit
            refused(f"{name}: digit {digit} is above 9", wf.with_bits(sign_hex, at, "1010"),
                    "bad_digit", name, at)
    for name in ("ObjectLatitude", "ObjectLongitude"):
        at = places[name][0] + 1
        refused(f"{name}: its first digit is F", wf.with_bits(sign_hex, at, "1111"),
                "bad_digit", name, at)
    refused("another prefix", wf.with_bits(sign_hex, 0, "00000000"), "bad_literal", "Prefix", 0)
    refused("version 2", wf.with_bits(sign_hex, 16, f"{ord('2'):08b}"),
            "unknown_version", "Version", 16)
    for indicator in "1239Az":
        refused(f"encryption {indicator}", wf.with_bits(sign_hex, 24, f"{ord(indicator):08b}"),
                "unsupported", "EncryptionIndicator", 24)
    refused("encryption by a character that is none", wf.with_bits(sign_hex, 24, "00101011"),
            "bad_character", "EncryptionIndicator", 24)
    for letter in "Xap0\0":
        refused(f"message code {letter!r}", wf.with_bits(sign_hex, 33, f"{ord(letter):08b}"),
                "unknown_code", "MessageCode", 33)
    refused("the padding is not zero", wf.with_bits(sign_hex, sign_bits, "1"),
            "bad_padding", "padding", sign_bits)
    refused("an octet behind a sign", sign_hex + "00", "trailing", "end", 504)
    refused("two octets behind a sign", sign_hex + "0000", "trailing", "end", 504)

    request_hex, request_bits, _, request_places = wf.encode(requests(8))
    refused("an octet behind eight objects", request_hex + "00", "trailing", "end",
            request_bits + 1)
    refused("a ninth object", request_hex + "8022", "trailing", "end", request_bits + 1)
    half = request_places["ObjectType3Quant"][0]
    refused("an object without a quantity", request_hex[:2 * (half // 8 + 1)], "truncated",
            "ObjectType3Quant", half)
    refused("a quantity above 99", wf.with_bits(request_hex, half, "1100"), "bad_digit",
            "ObjectType3Quant", half)
    refused("padding of a request", wf.with_bits(request_hex, request_bits, "1"), "bad_padding",
            "padding", request_bits)

    free_hex, free_bits, _, free_places = wf.encode(text("F", "abc"))
    refused("a character above U+007F", wf.with_bits(free_hex, free_places["Text"][0] + 8, "1"),
            "bad_character", "Text", free_places["Text"][0] + 8)
    refused("padding behind a text", wf.with_bits(free_hex, free_bits + 2, "1"), "bad_padding",
            "padding", free_bits)
    key_hex, key_bits, _, _ = wf.encode(text("K", "11", "00" * 16))
    refused("padding behind data", wf.with_bits(key_hex, key_bits + 2, "1"), "bad_padding",
            "padding", key_bits)
    long_hex, _, _, long_places = wf.encode(text("F", "a" * 2001))
    refused("a text of 2,001 characters", long_hex, "too_long", "Text", long_places["Text"][0])
    refused("2,049 octets", free_hex + "00" * (2049 - len(free_hex) // 2), "too_long", "message",
            2048 * 8)
    twice = wf.encode(test_of(sign()))[0]
    pseudo = wf.encode(test_of(sign()))[3]["PseudoMessageCode"][0]
    refused("a test of a test", wf.with_bits(twice, pseudo, f"{ord('T'):08b}"), "unexpected",
            "PseudoMessageCode", pseudo)
    refused("a test of nothing known", wf.with_bits(twice, pseudo, "00000000"), "unknown_code",
            "PseudoMessageCode", pseudo)

    def no_fields(comment, fields, kind, field, offset):
        vectors.add(comment, "fields", {"fields": fields}, None, (kind, field), offset)

    for name in sign():
        fields = sign()
        del fields[name]
        no_fields(f"no {name}", fields, "missing", name, 0)
    no_fields("a text in a sign", sign(Text="x"), "unexpected", "Text", 0)
    no_fields("a field nobody knows", sign(TestSubjectCode="10"), "unexpected", "field", 0)
    no_fields("a request object in a sign", sign(ObjectType1="40", ObjectType1Quant="01"),
              "unexpected", "ObjectType1", 0)
    no_fields("a quantity without an object", sign("Q", ObjectType1Quant="01"), "missing",
              "ObjectType1", 0)
    no_fields("an object without a quantity", sign("Q", ObjectType1="40"), "missing",
              "ObjectType1Quant", 0)
    no_fields("a gap between objects", sign("Q", ObjectType2="40", ObjectType2Quant="01"),
              "unexpected", "ObjectType2", 0)
    for name, value, kind, offset in [
        ("Prefix", "WG", "bad_literal", 0), ("Prefix", "W", "too_short", 1),
        ("Version", "2", "unknown_version", 0), ("EncryptionIndicator", "+", "bad_character", 0),
        ("DuressIndicator", "2", "bad_character", 0), ("MessageCode", "p", "unknown_code", 0),
        ("MessageCode", "PP", "too_long", 1), ("ReferenceIndicator", "G", "bad_character", 0),
        ("ReferenceIndicator", "", "too_short", 0), ("ReferencedMessage", "0" * 63, "too_short", 63),
        ("ReferencedMessage", "0" * 65, "too_long", 64),
        ("ReferencedMessage", "0" * 30 + "g" * 34, "bad_character", 30),
        ("SubjectCode", "1", "too_short", 1), ("SubjectCode", "1X", "bad_character", 1),
        ("DateTime", "2026-11-20t12:00:00Z", "bad_literal", 10),
        ("DateTime", "2026-11-20T12:00:00+00:00", "bad_literal", 19),
        ("DateTime", "2026-11-20T12:00:0\u0660Z", "bad_character", 18),
        ("Duration", "P1D00H00M", "bad_character", 2), ("Duration", "P00D00H00", "too_short", 9),
        ("ObjectLatitude", "52.09070", "bad_character", 0),
        ("ObjectLatitude", "+52,09070", "bad_literal", 3),
        ("ObjectLatitude", "+052.09070", "bad_literal", 3),
        ("ObjectLongitude", "+52.09070", "bad_character", 3),
        ("ObjectSizeDim1", "12", "too_short", 2), ("ObjectSizeDim2", "00000", "too_long", 4),
        ("ObjectOrientation", "9A9", "bad_character", 1),
    ]:
        no_fields(f"{name}: {value[:24]!r}", sign(**{name: value}), kind, name, offset)
    no_fields("a character above U+007F", text("F", "caf\u00e9"), "bad_character", "Text", 3)
    no_fields("a text of 2,001 characters", text("F", "a" * 2001), "too_long", "Text", 2000)
    no_fields("half an octet of data", text("K", "11", "abc"), "too_short", "CryptoData", 3)
    no_fields("data that is no digit", text("K", "11", "0x"), "bad_character", "CryptoData", 1)
    no_fields("data of 2,001 octets", text("K", "A1", "00" * 2001), "too_long", "CryptoData", 4000)
    no_fields("a test of a test", {**test_of(sign()), "PseudoMessageCode": "T"}, "unexpected",
              "PseudoMessageCode", 0)

    def no_text(comment, serialized, kind, field, offset):
        vectors.add(comment, "serialized", {"serialized": serialized}, None, (kind, field), offset)

    whole = wf.encode(sign())[2]
    no_text("nothing", "", "truncated", "Prefix", 0)
    no_text("cut in the header", whole[:40], "truncated", "ReferencedMessage", 7)
    no_text("cut in the body", whole[:-1], "truncated", "ObjectOrientation", 132)
    no_text("one more character", whole + "0", "trailing", "end", len(whole))
    no_text("a wrong separator", whole[:77] + "/" + whole[78:], "bad_literal", "DateTime", 77)
    no_text("a wrong digit", whole[:6] + "g" + whole[7:], "bad_character", "ReferenceIndicator", 6)
    no_text("half a request object", wf.encode(requests(2))[2][:-1], "truncated",
            "ObjectType2Quant", 141)
    no_text("a ninth request object", wf.encode(requests(8))[2] + "4001", "trailing", "end", 167)
    no_text("a character above U+007F", wf.encode(text("F", "ab"))[2] + "\u00e9", "bad_character",
            "Text", 73)
    return vectors.document()


def rule_vectors():
    vectors = Vectors("signal-rule")

    def judged(comment, fields, *violations):
        out = {"violations": [{"field": field, "rule": rule} for field, rule in violations]}
        vectors.add(comment, "rules", {"fields": fields}, out)

    for comment, fields in samples():
        if not comment.startswith(("what no rule", "no ", "the longest", "an update", "private")):
            judged(comment, fields)
    judged("private methods, subjects, objects and data", text("A", "A", "anything"))
    judged("private subject", sign("M", SubjectCode="F0"))
    judged("private object", sign("P", ObjectType="FF"))
    judged("private data", text("K", "A0", "00"))
    judged("private resource method", text("R", "F", ""))
    judged("a private encryption", text("F", "x", EncryptionIndicator="x"))
    judged("a reserved encryption", text("F", "x", EncryptionIndicator="3"),
           ("EncryptionIndicator", "4.2.1.4"))
    for indicator in "ABCDEF":
        judged(f"reference indicator {indicator}",
               sign(ReferenceIndicator=indicator, ReferencedMessage=SOME),
               ("ReferenceIndicator", "4.2.1.7"))
    judged("an update of nothing", sign(ReferenceIndicator="2"), ("ReferencedMessage", "4.2.1.8"))
    judged("an original with a random identifier", sign(ReferencedMessage=SOME))
    judged("a test may refer to nothing", {**test_of(sign()), "ReferenceIndicator": "2"})

    reserved = {
        "P": ["04", "0F", "14", "1F", "21", "2F", "34", "41", "54", "61", "70", "EF", "F0", "FF"],
        "E": ["03", "0F", "15", "20", "F0", "FF"],
        "D": ["01", "0F", "16", "19", "1D", "28", "35", "49", "55", "60", "9F", "A8", "B5", "C8",
              "D7", "E9", "EF"],
        "S": ["01", "0F", "14", "27", "29", "30", "EF"],
        "I": ["01", "18", "2E", "39", "4A", "55", "66", "70", "EF"],
        "M": ["01", "11", "2D", "31", "45", "51", "61", "76", "81", "90", "EF"],
        "Q": ["00", "0F", "11", "21", "30", "80", "EF"],
    }
    sections = {code: f"4.3.1.2.{number}" for number, code in enumerate("PEDSIMQ", 1)}
    # 4.3.1.2 numbers its tables P, E, D, S, I, M, Q.
    for code, subjects in reserved.items():
        for subject in subjects:
            # No object: what a reserved subject may be about is not the question here.
            plain = dict(ObjectType="00", ObjectSizeDim1="0000", ObjectSizeDim2="0000",
                         ObjectOrientation="999")
            judged(f"{code}{subject} is reserved", sign(code, SubjectCode=subject, **plain),
                   ("SubjectCode", sections[code]))

    when = ("DateTime", "4.3.1.3")
    for value, count in [
        ("2026-00-10T00:00:00Z", 1), ("2026-13-10T00:00:00Z", 1), ("2026-01-00T00:00:00Z", 1),
        ("2026-01-32T00:00:00Z", 1), ("2026-04-31T00:00:00Z", 1), ("2026-02-29T00:00:00Z", 1),
        ("2024-02-29T00:00:00Z", 0), ("1900-02-29T00:00:00Z", 1), ("2000-02-29T00:00:00Z", 0),
        ("2026-01-01T24:00:00Z", 1), ("2026-01-01T00:60:00Z", 1), ("2026-01-01T00:00:61Z", 1),
        ("2016-12-31T23:59:60Z", 0), ("2026-99-99T99:99:99Z", 5), ("0000-01-01T00:00:00Z", 0),
    ]:
        judged(f"from {value}", sign(DateTime=value), *[when] * count)
    for value, count in [("P00D24H00M", 1), ("P00D00H60M", 1), ("P99D23H59M", 0),
                         ("P00D00H00M", 0), ("P99D99H99M", 2)]:
        judged(f"for {value}", sign(Duration=value), *[("Duration", "4.3.1.4")] * count)

    shapes = {"21": ("0150", "0000", "000"), "31": ("0150", "0000", "000"),
              "22": ("0150", "0080", "000"), "32": ("0150", "0080", "000"),
              "23": ("0150", "0080", "000"), "33": ("0150", "0080", "000")}

    def about(object_type, **changes):
        size = shapes.get(object_type, ("0000", "0000", "999"))
        return {**dict(ObjectType=object_type, ObjectSizeDim1=size[0], ObjectSizeDim2=size[1],
                       ObjectOrientation=size[2]), **changes}

    what = ("ObjectType", "4.3.1.5")
    for object_type in ["01", "0F", "16", "1F", "24", "2F", "34", "3F", "41", "5F", "61", "7F",
                        "81", "8F", "90", "EF"]:
        sized = dict(ObjectSizeDim1="0001", ObjectOrientation="000")
        changes = sized if object_type in ("24", "2F", "34", "3F") else {}
        judged(f"object type {object_type} is reserved",
               sign("P", **about(object_type, **changes)), what)
    subjects = {
        "P": {"00": "12345678", "01": "1234567", "10": "12345678", "20": "12345678", "30": "23",
              "40": "12345678", "50": "2345678", "60": "238"},
        "E": {"00": "134567", "14": "134567"},
        "D": {"00": "2345678", "1C": "2345678", "20": "2", "34": "234567", "48": "234567",
              "54": "2", "A0": "2", "E8": "2", "F0": "2"},
        "S": {"00": "12345678", "13": "1", "28": "345678", "F0": "12345678"},
        "I": {"00": "23", "65": "23", "F0": "12345678"},
        "M": {"00": "12345678", "80": "12345678"},
        "Q": {"10": "2", "20": "2", "F0": "2"},
    }
    for code, rows in subjects.items():
        for subject, groups in rows.items():
            for group in "12345678":
                fields = sign(code, SubjectCode=subject, **about(group + "0"))
                judged(f"{code}{subject} about {group}0", fields,
                       *[] if group in groups else [what])
            judged(f"{code}{subject} about an object not provided",
                   sign(code, SubjectCode=subject, **about("00")))

    where = {"ObjectLatitude": "4.3.1.6", "ObjectLongitude": "4.3.1.6"}
    for name, values in {
        "ObjectLatitude": ["+90.00001", "-90.00001", "+99.99999", "-99.99999"],
        "ObjectLongitude": ["+180.00001", "-180.00001", "+999.99999", "-999.99999"],
    }.items():
        for value in values:
            judged(f"{name} {value}", sign("E", **{name: value}), (name, where[name]))
    judged("the poles and the date line", sign("P", ObjectLatitude="-90.00000",
                                               ObjectLongitude="+180.00000"))
    judged("minus zero", sign("P", ObjectLatitude="-00.00000", ObjectLongitude="-000.00000"))
    nowhere = dict(ObjectLatitude="+99.99999", ObjectLongitude="+999.99999")
    for code in "PEDSIMQ":
        judged(f"{code} without a location", sign(code, **nowhere),
               *[] if code in "ES" else [("ObjectLatitude", "4.3.1.6")])

    one, two = ("ObjectSizeDim1", "4.3.1.7"), ("ObjectSizeDim2", "4.3.1.7")
    turned = ("ObjectOrientation", "4.3.1.8")
    for object_type, first, second, turn, expected in [
        ("10", "0000", "0000", "999", []), ("11", "0005", "0000", "000", []),
        ("12", "0005", "0005", "359", []), ("12", "0005", "0005", "999", [turned]),
        ("20", "0001", "0000", "000", [one]), ("20", "0000", "0001", "000", [two]),
        ("30", "0001", "0001", "000", [one, two]), ("40", "0001", "0000", "000", [one]),
        ("80", "0001", "0001", "000", [one, two]), ("00", "0001", "0000", "000", [one]),
        ("21", "0000", "0000", "999", [one]), ("21", "0001", "0001", "000", [two]),
        ("31", "0000", "0001", "000", [one, two]), ("22", "0001", "0000", "000", [two]),
        ("32", "0000", "0001", "000", [one]), ("23", "0000", "0000", "999", [one, two]),
        ("33", "9999", "9999", "359", []), ("22", "0001", "0001", "999", [turned]),
        ("22", "0001", "0001", "360", [turned]), ("20", "0000", "0000", "000", [turned]),
        ("20", "0000", "0000", "998", [turned]), ("F0", "0001", "0000", "000", []),
    ]:
        judged(f"object {object_type}, {first} by {second}, turned {turn}",
               sign("P", ObjectType=object_type, ObjectSizeDim1=first, ObjectSizeDim2=second,
                    ObjectOrientation=turn), *expected)

    for object_type, expected in [
        ("00", None), ("10", None), ("11", None), ("80", None), ("F0", None), ("12", "4.3.1.9"),
        ("1F", "4.3.1.9"), ("20", "4.3.1.9"), ("2F", "4.3.1.9"), ("30", "4.3.1.9"),
        ("3F", "4.3.1.9"), ("01", "4.3.1.5"), ("41", "4.3.1.5"), ("90", "4.3.1.5"),
    ]:
        fields = sign("Q", ObjectType1="40", ObjectType1Quant="00", ObjectType2=object_type,
                      ObjectType2Quant="03")
        judged(f"a request for {object_type}", fields,
               *[("ObjectType2", expected)] if expected else [])

    for code, section, name, last in [("A", "4.3.4", "Verification", 2),
                                      ("R", "4.3.2", "Resource", 1)]:
        for method in [0, *range(last + 1, 10)]:
            judged(f"{code}: method {method} is reserved", text(code, str(method), "x"),
                   (f"{name}Method", f"{section}.2"))
        for data in ["", "x", "example.org", "://example.org", "1http://a", "http:", "http://a b",
                     "http://a\n", "ht tp://a", "http://\x7f", "http://<a>"]:
            judged(f"{code}: no URL: {data!r}", text(code, "1", data),
                   (f"{name}Data", f"{section}.3"))
        judged(f"{code}: the rest of a URL", text(code, "1", "/rest?of=it", ReferenceIndicator="3",
                                                  ReferencedMessage=SOME))
        judged(f"{code}: the rest of a URL cannot be empty",
               text(code, "1", "", ReferenceIndicator="3", ReferencedMessage=SOME),
               (f"{name}Data", f"{section}.3"))
    for token in ["", "token", "c0ffe "]:
        judged(f"A: no token: {token!r}", text("A", "2", token), ("VerificationData", "4.3.4.3"))

    for data_type in ["00", "02", "09", "0B", "10", "12", "1F", "20", "22", "2F", "99"]:
        judged(f"K: data type {data_type} is reserved", text("K", data_type, "00"),
               ("CryptoDataType", "4.3.5.2"))
    for data_type, data in [("11", "00" * 15), ("11", "00" * 17), ("21", ""), ("0A", "02" * 32),
                            ("0A", "04" + "00" * 32), ("0A", "02" + "00" * 33), ("01", "")]:
        judged(f"K: {len(data) // 2} octets of {data[:2]} are no data of type {data_type}",
               text("K", data_type, data), ("CryptoData", "4.3.5.3"))
    judged("a test is held to the rules of what it tests",
           test_of(sign(SubjectCode="0F", ObjectLatitude="+91.00000")),
           ("SubjectCode", "4.3.1.2.1"), ("ObjectLatitude", "4.3.1.6"))
    judged("every broken rule is named",
           sign("Q", ReferenceIndicator="A", SubjectCode="80", DateTime="2026-02-30T24:00:00Z",
                Duration="P00D24H00M", ObjectType="40", ObjectLatitude="+90.00001",
                ObjectLongitude="+180.00001", ObjectOrientation="400", ObjectType1="20",
                ObjectType1Quant="01"),
           ("ReferenceIndicator", "4.2.1.7"), ("ReferencedMessage", "4.2.1.8"),
           ("SubjectCode", "4.3.1.2.7"), when, when, ("Duration", "4.3.1.4"), what,
           ("ObjectLatitude", "4.3.1.6"), ("ObjectLongitude", "4.3.1.6"), one, two, turned,
           ("ObjectType1", "4.3.1.9"))
    return vectors.document()


def main():
    changed = []
    documents = {"wire.json": wire_vectors(), "rules.json": rule_vectors(),
                 "notation.json": notation.document(), "thread.json": thread.document(),
                 "cryptography.json": cryptography_vectors.document()}
    for name, document in documents.items():
        # One vector a line: a difference shows as the vectors it concerns.
        lines = ",\n".join(json.dumps(vector) for vector in document["vectors"])
        head = {key: value for key, value in document.items() if key != "vectors"}
        content = f'{json.dumps(head)[:-1]}, "vectors": [\n{lines}\n]}}\n'
        path = HERE / name
        if not path.exists() or path.read_text() != content:
            changed.append(name)
            if "--check" not in sys.argv:
                path.write_text(content)
        print(f"{name}: {len(document['vectors'])} vectors")
    if changed and "--check" in sys.argv:
        sys.exit(f"differs: {', '.join(changed)}")


if __name__ == "__main__":
    main()
