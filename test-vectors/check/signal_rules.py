"""Every rule of 4.2 and 4.3 that a readable message breaks, as (field, section) in the order of the fields."""

import re

import signal_codes as codes
from signal_fields import SIGNS, body_code

URL_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:.+")
OMITTED = ("+99.99999", "+999.99999")


def violations(fields):
    found = [*header(fields)]
    code = body_code(fields)
    if code in SIGNS:
        found += sign(fields, code)
    elif code == "A":
        found += authentication(fields)
    elif code == "R":
        found += resource(fields)
    elif code == "K":
        found += cryptography(fields)
    return [{"field": field, "rule": section} for field, section in found]


def header(fields):
    indicator = fields["ReferenceIndicator"]
    names_nothing = indicator != "0" and set(fields["ReferencedMessage"]) == {"0"}
    if fields["EncryptionIndicator"] in "3456789":
        yield "EncryptionIndicator", "4.2.1.4"
    if indicator in "ABCDEF":
        yield "ReferenceIndicator", "4.2.1.7"
    if names_nothing and fields["MessageCode"] != "T":
        yield "ReferencedMessage", "4.2.1.8"


def sign(fields, code):
    if fields["SubjectCode"] not in codes.SUBJECTS[code]:
        yield "SubjectCode", codes.SUBJECT_SECTIONS[code]
    yield from moment(fields["DateTime"])
    yield from duration(fields["Duration"])
    kind = fields["ObjectType"]
    if kind not in codes.OBJECTS or codes.object_excluded(code, fields["SubjectCode"], kind):
        yield "ObjectType", "4.3.1.5"
    yield from location(fields, code)
    yield from size(fields, kind)
    yield from orientation(fields)
    yield from requested(fields)


def days_of(year, month):
    """How many days a month has; one that does not exist has as many as the longest."""
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return {4: 30, 6: 30, 9: 30, 11: 30, 2: 29 if leap else 28}.get(month, 31)


def moment(text):
    year, month, day, hour, minute, second = map(int, re.findall("[0-9]+", text))
    parts = [
        1 <= month <= 12, 1 <= day <= days_of(year, month), hour <= 23, minute <= 59,
        second <= 60,  # a leap second cannot be told in advance
    ]  # fmt: skip
    return [("DateTime", "4.3.1.3") for part in parts if not part]


def duration(text):
    _, hours, minutes = map(int, re.findall("[0-9]+", text))
    return [("Duration", "4.3.1.4") for part in (hours <= 23, minutes <= 59) if not part]


def location(fields, code):
    both = fields["ObjectLatitude"], fields["ObjectLongitude"]
    if both == OMITTED:
        # One thing is wrong where nothing was granted: that the location is not there.
        return [] if code in "ES" else [("ObjectLatitude", "4.3.1.6")]
    limits = zip(("ObjectLatitude", "ObjectLongitude"), both, (90, 180))
    return [(field, "4.3.1.6") for field, value, limit in limits if hundred_thousandths(value) > limit * 100_000]


def hundred_thousandths(degrees):
    return int(degrees[1:].replace(".", ""))


def dimensions(kind):
    """Whether each dimension is needed (True), refused (False) or free (None)."""
    if codes.object_class(kind) == "persons" or kind in codes.PRIVATE:
        return None, None
    if kind in ("21", "31"):
        return True, False
    if kind in ("22", "23", "32", "33"):
        return True, True
    if codes.object_class(kind) in ("areas", "structures") and kind[1] != "0":
        return True, None  # a shape that is not yet defined
    return False, False


def size(fields, kind):
    for field, needed in zip(("ObjectSizeDim1", "ObjectSizeDim2"), dimensions(kind)):
        given = fields[field] != "0000"
        if needed is not None and needed != given:
            yield field, "4.3.1.7"


def orientation(fields):
    sized = fields["ObjectSizeDim1"] != "0000" or fields["ObjectSizeDim2"] != "0000"
    turned = fields["ObjectOrientation"]
    if not (turned <= "359" if sized else turned == "999"):
        yield "ObjectOrientation", "4.3.1.8"


def requested(fields):
    for n in range(1, 9):
        kind = fields.get(f"ObjectType{n}", "00")
        if "12" <= kind <= "1F" or codes.object_class(kind) in ("areas", "structures"):
            yield f"ObjectType{n}", "4.3.1.9"
        elif kind not in codes.OBJECTS:
            yield f"ObjectType{n}", "4.3.1.5"


def is_url(text, fields):
    rest_of_one = fields["ReferenceIndicator"] == "3"
    return bool(URL_CHARACTERS.fullmatch(text)) and (rest_of_one or bool(URL.fullmatch(text)))


def authentication(fields):
    method, data = fields["VerificationMethod"], fields["VerificationData"]
    if method not in codes.METHODS_VERIFICATION:
        yield "VerificationMethod", "4.3.4.2"
    if method == "1" and not is_url(data, fields) or method == "2" and not re.fullmatch("[0-9A-Fa-f]+", data):
        yield "VerificationData", "4.3.4.3"


def resource(fields):
    if fields["ResourceMethod"] not in codes.METHODS_RESOURCE:
        yield "ResourceMethod", "4.3.2.2"
    if fields["ResourceMethod"] == "1" and not is_url(fields["ResourceData"], fields):
        yield "ResourceData", "4.3.2.3"


def is_data_of(kind, octets):
    if kind == "0A":
        return len(octets) == 33 and octets[0] in (2, 3)  # a compressed point
    if kind in ("11", "21"):
        return len(octets) == 16
    return kind != "01" or len(octets) > 0


def cryptography(fields):
    if fields["CryptoDataType"] not in codes.DATA_TYPES:
        yield "CryptoDataType", "4.3.5.2"
    if not is_data_of(fields["CryptoDataType"], bytes.fromhex(fields["CryptoData"])):
        yield "CryptoData", "4.3.5.3"
