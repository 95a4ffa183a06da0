"""A packed signal (chapter 09): the body of an item of family 01, revision 1, to flat fields."""

from typing import NamedTuple

from packed_codes import Reader
from packed_sign import sign
from packed_text import TEXT_MAX, text
from refusal import Refused, refuse_unless
from signal_fields import SIGNS

BODY_MAX = 2048


class Packed(NamedTuple):
    fields: dict  # of a repeat the header alone
    bits: int
    repeats: bool


class Opening(NamedTuple):
    code: str
    indicator: str
    test: bool
    duress: bool
    repeats: bool


def read_opening(reader):
    code = reader.code("opening")
    if code != "other":
        return Opening(code, "0", test=False, duress=False, repeats=False)
    code, relation = reader.code("message"), reader.code("relation")
    flags = ""
    if relation == "flagged":
        flags, relation = reader.code("flags"), reader.code("relation")
    # Behind flags `flagged` means an original.
    indicator, repeats = ("0", False) if relation == "flagged" else read_relation(reader, relation)
    return Opening(code, indicator, "test" in flags, "duress" in flags, repeats)


def read_relation(reader, relation):
    """ReferenceIndicator, and whether it repeats."""
    if relation == "whole":
        indicator = reader.hexadecimal(1)
        reader.canonical(indicator not in "0235")
        return indicator, False
    return relation.removeprefix("repeat "), relation.startswith("repeat ")


def header(opening, reference):
    fields = {
        "Prefix": "WF", "Version": "1", "EncryptionIndicator": "0",
        "DuressIndicator": str(int(opening.duress)), "MessageCode": "T" if opening.test else opening.code,
        "ReferenceIndicator": opening.indicator, "ReferencedMessage": reference,
    }  # fmt: skip
    return fields | ({"PseudoMessageCode": opening.code} if opening.test else {})


def method(reader, name, field, digits=1):
    """A code of one field, and `any` for what is not in its list."""
    reader.begin(field)
    symbol = reader.code(name)
    if symbol != "any":
        return symbol
    found = reader.hexadecimal(digits)
    listed = {"verification_method": ("1", "2"), "resource_method": ("1",), "data_type": ("01", "0A", "11", "21")}
    reader.canonical(found not in listed[name])
    return found


def signal_text(reader, field):
    reader.begin(field)
    return text(reader, seven_bits=True)


def data(reader):
    reader.begin("CryptoData")
    whole = reader.bits.left() // 8
    refuse_unless(whole <= TEXT_MAX, "too_long", reader.field, reader.begun)
    return bytes(reader.take(8) for _ in range(whole)).hex()


def read_body(reader, code):
    if code in SIGNS:
        return sign(reader, code)
    if code == "F":
        return {"Text": signal_text(reader, "Text")}
    if code == "A":
        found = {"VerificationMethod": method(reader, "verification_method", "VerificationMethod")}
        return found | {"VerificationData": signal_text(reader, "VerificationData")}
    if code == "R":
        found = {"ResourceMethod": method(reader, "resource_method", "ResourceMethod")}
        return found | {"ResourceData": signal_text(reader, "ResourceData")}
    found = {"CryptoDataType": method(reader, "data_type", "CryptoDataType", 2)}
    return found | {"CryptoData": data(reader)}


def read_packed(octets, reference):
    refuse_unless(len(octets) <= BODY_MAX, "too_long", "message", 8 * BODY_MAX)
    reader = Reader(octets)
    opening = read_opening(reader)
    fields = header(opening, reference)
    if not opening.repeats:
        fields |= read_body(reader, opening.code)
    bits = reader.bits.at
    reader.end()
    return Packed(fields, bits, opening.repeats)


def restore(packed, referenced):
    """A repeat, with the body of the message it refers to; None if that is no signal."""
    heads = ("MessageCode", "PseudoMessageCode")
    if referenced is None or any(packed.fields.get(head) != referenced.get(head) for head in heads):
        raise Refused("inconsistent", "MessageCode", 0)
    names = list(referenced)
    body = names[names.index("ReferencedMessage") + 1 :]
    return packed.fields | {name: referenced[name] for name in body}


def read_text_body(octets):
    """Family 04: a text from the first bit on."""
    refuse_unless(len(octets) <= BODY_MAX, "too_long", "message", 8 * BODY_MAX)
    reader = Reader(octets)
    reader.begin("Text")
    found = text(reader, seven_bits=False)
    bits = reader.bits.at
    reader.end()
    return found, bits
