"""The kinds of open.jsonl, the vectors of others."""

from bits import Bits, extract
import kinds_cryptography
from judge import Mismatch, accepted, agree, octets_of, refused, same
from kinds_signal import check_forms
from refusal import refuse_unless
from signal_fields import TEMPLATES, check_characters, read_flat
from signal_references import ANY, allowed_to_indicator, allowed_to_type
from signal_rules import violations
from signal_wire import decode, decode_template

SHAPES = {
    "datetime": TEMPLATES["DateTime"], "duration": TEMPLATES["Duration"],
    "latitude": TEMPLATES["ObjectLatitude"], "longitude": TEMPLATES["ObjectLongitude"],
}  # fmt: skip
SYMBOLS = {"binary": "b", "decimal": "d", "hexadecimal": "x", "utf-8": "c"}
WIDTHS = {"binary": 1, "decimal": 4, "hexadecimal": 4, "utf-8": 8}


def decode_vector(vector):
    found, _ = accepted("hex", decode, octets_of(vector["inputs"]["hex"]))
    same("fields", found, accepted("fields", read_flat, vector["expected"]["fields"]))


def encode_vector(vector):
    if "encrypt" in vector["inputs"]:
        return kinds_cryptography.open_encrypt(vector)
    check_forms(vector["inputs"]["fields"], vector["expected"])


def template_of(encoding, length):
    return SHAPES.get(encoding) or SYMBOLS[encoding] * length


def check_value(encoding, value):
    """A value of its own, outside of any message."""
    template = template_of(encoding, len(value))
    check_characters(encoding, template, value, 0)
    refuse_unless(len(value) == len(template), "too_long", encoding, len(template))


def decode_value(encoding, octets, at, width):
    bits = Bits(extract(octets, at, width))
    count = width // WIDTHS[encoding] if encoding in WIDTHS else 0
    found = decode_template(bits, encoding, template_of(encoding, count))
    same("bits", bits.at, width)
    return found


def same_value(encoding, found, expected):
    """Hexadecimal digits compare in either case."""
    fold = str.upper if encoding == "hexadecimal" else str
    same("value", fold(found), fold(expected))


def field(vector):
    given, expected = vector["inputs"], vector["expected"]
    if "op" in given:
        return operation(given, expected)
    encoding = given["encoding"]
    if "extract" in given:
        one = given["extract"]
        found = accepted("extract", decode_value, encoding, octets_of(one["hex"]), one["start_bit"], one["bits"])
        return same_value(encoding, found, expected["value"])
    octets, bits = octets_of(expected["hex"]), expected["bits"]
    same("octets of hex", len(octets), (bits + 7) // 8)
    accepted("value", check_value, encoding, given["value"])
    same_value(encoding, accepted("hex", decode_value, encoding, octets, 0, bits), given["value"])
    same("padding", Bits(octets, bits).rest()[0], 0)


def operation(given, expected):
    if given["op"] == "extract":
        found = extract(octets_of(given["hex"]), given["start_bit"], given["bits"])
        return same("hex", found.hex(), expected["hex"])
    same("op", given["op"], "append")
    a, b = ((Bits(octets_of(one["hex"])), one["bits"]) for one in (given["a"], given["b"]))
    width = a[1] + b[1]
    joined = a[0].peek(a[1]) << b[1] | b[0].peek(b[1])
    same("hex", (joined << -width % 8).to_bytes((width + 7) // 8, "big").hex(), expected["hex"])
    same("bits", width, expected["bits"])


def invalid(vector):
    """Which of the three steps of chapter 01 says no; the text of the error is its author's."""
    given, level = vector["inputs"], vector["expected"]["level"]
    if level == "crypto":
        return kinds_cryptography.open_no_vector(vector)
    if level == "wire":
        refused("hex", decode, octets_of(given["hex"]))
    elif level == "field":
        refused("value", check_value, given["encoding"], given["value"])
    elif level == "schema":
        refused("fields", read_flat, given["fields"])
    elif level == "semantic":
        agree(violations(accepted("fields", read_flat, given["fields"])), "no rule is broken")
    else:
        raise Mismatch(f"unknown level {level!r}")


def reference(vector):
    given, allowed = vector["inputs"], vector["expected"]["allowed"]
    if given["rule"] == "message-type":
        found = allowed_to_type(given["message_code"])
        agree(given["message_code"] != "T" or all(row == [ANY] for row in found.values()), "a test refers to any")
    else:
        same("rule", given["rule"], "reference-indicator")
        found = allowed_to_indicator(given["reference_indicator"])
    same("allowed", found, allowed)


# As in kinds_signal.py. A damaged `level` or input is not always wrong, so only what is determined is damaged.
KINDS = {
    "auth": (kinds_cryptography.open_auth, ()),
    "decode": (decode_vector, ("inputs", "expected")),
    "decrypt": (kinds_cryptography.open_decrypt, ("expected",)),
    "encode": (encode_vector, ("inputs", "expected")),
    "field": (field, ("expected",)),
    "hash": (kinds_cryptography.open_hash, ("expected",)),
    "invalid": (invalid, ()),
    "reference": (reference, ("expected",)),
}
