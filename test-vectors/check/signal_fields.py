"""The fields of a signal (chapter 01): templates, layouts, and the two forms in characters."""

from refusal import Refused, refuse_unless

REST_MAX, OBJECTS_MAX = 2000, 8
HEADER = [
    ("Prefix", "aa"), ("Version", "a"), ("EncryptionIndicator", "a"), ("DuressIndicator", "b"),
    ("MessageCode", "a"), ("ReferenceIndicator", "x"), ("ReferencedMessage", "x" * 64),
]  # fmt: skip
SIGN = [
    ("SubjectCode", "xx"), ("DateTime", "dddd-dd-ddTdd:dd:ddZ"), ("Duration", "PddDddHddM"),
    ("ObjectType", "xx"), ("ObjectLatitude", "_dd.ddddd"), ("ObjectLongitude", "_ddd.ddddd"),
    ("ObjectSizeDim1", "dddd"), ("ObjectSizeDim2", "dddd"), ("ObjectOrientation", "ddd"),
]  # fmt: skip
SIGNS = "PEDSIMQ"
BODIES = {
    "A": [("VerificationMethod", "x"), ("VerificationData", "c*")],
    "K": [("CryptoDataType", "xx"), ("CryptoData", "x*")],
    "R": [("ResourceMethod", "x"), ("ResourceData", "c*")],
    "F": [("Text", "c*")],
    **{code: SIGN for code in SIGNS},
}
PSEUDO = ("PseudoMessageCode", "a")
OBJECTS = [
    row
    for n in range(1, OBJECTS_MAX + 1)
    for row in ((f"ObjectType{n}", "xx"), (f"ObjectType{n}Quant", "dd"))
]
TEMPLATES = dict([*HEADER, PSEUDO, *OBJECTS, *(row for body in BODIES.values() for row in body)])
LOWER = ("ReferencedMessage", "CryptoData")
DIGITS = "0123456789"
HEXADECIMAL = DIGITS + "ABCDEFabcdef"
ALPHANUMERIC = DIGITS + "".join(chr(c) + chr(c).lower() for c in range(ord("A"), ord("Z") + 1))
ALLOWED = {
    "a": ALPHANUMERIC, "b": "01", "d": DIGITS, "x": HEXADECIMAL, "_": "+-",
    "c": "".join(map(chr, range(0x80))),
}  # fmt: skip


def check_meaning(name, value, at, plain=True):
    """What a field must be for the rest to have any meaning."""
    refuse_unless(name != "Prefix" or value == "WF", "bad_literal", name, at)
    refuse_unless(name != "Version" or value == "1", "unknown_version", name, at)
    refuse_unless(name != "EncryptionIndicator" or value in ALPHANUMERIC, "bad_character", name, at)
    refuse_unless(name != "EncryptionIndicator" or plain or value == "0", "unsupported", name, at)
    refuse_unless(name != "MessageCode" or value in [*BODIES, "T"], "unknown_code", name, at)
    refuse_unless(name != "PseudoMessageCode" or value != "T", "unexpected", name, at)
    refuse_unless(name != "PseudoMessageCode" or value in BODIES, "unknown_code", name, at)


def spelled(name, value):
    """Codes in upper case, identifiers and data in lower: how a writer writes hexadecimal digits."""
    if "x" not in TEMPLATES[name]:
        return value
    return value.lower() if name in LOWER else value.upper()


def check_characters(name, template, value, at):
    for i, (symbol, character) in enumerate(zip(template, value)):
        if symbol in ALLOWED:
            refuse_unless(character in ALLOWED[symbol], "bad_character", name, at + i)
        else:
            refuse_unless(character == symbol, "bad_literal", name, at + i)


def read_value(name, value, at=0):
    """One field as characters; offsets count from `at`."""
    template = TEMPLATES[name]
    if template.endswith("*"):
        size = {"c": 1, "x": 2}[template[0]]
        check_characters(name, template[0] * len(value), value, at)
        refuse_unless(len(value) <= size * REST_MAX, "too_long", name, at + size * REST_MAX)
        refuse_unless(len(value) % size == 0, "too_short", name, at + len(value))
    else:
        check_characters(name, template, value, at)
        refuse_unless(len(value) >= len(template), "too_short", name, at + len(value))
        refuse_unless(len(value) <= len(template), "too_long", name, at + len(template))
    check_meaning(name, value, at)
    return spelled(name, value)


def read_flat(given):
    """Flat fields in any order; the message in the order of the wire."""
    found = {}

    def take(rows):
        for name, _ in rows:
            refuse_unless(name in given, "missing", name, 0)
            found[name] = read_value(name, given[name])

    take(HEADER)
    code = found["MessageCode"]
    if code == "T":
        take([PSEUDO])
        code = found["PseudoMessageCode"]
    take(BODIES[code])
    for n in range(OBJECTS_MAX if code == "Q" else 0):
        rows = OBJECTS[2 * n : 2 * n + 2]
        if not any(name in given for name, _ in rows):
            break
        take(rows)
    for name in given:
        refuse_unless(name in found, "unexpected", name if name in TEMPLATES else "field", 0)
    return found


def read_text(text):
    """The texts of all fields one after another."""
    found, at = {}, 0

    def take(rows):
        nonlocal at
        for name, template in rows:
            end = len(text) if template.endswith("*") else at + len(template)
            refuse_unless(end <= len(text), "truncated", name, at)
            found[name] = read_value(name, text[at:end], at)
            at = end

    take(HEADER)
    code = found["MessageCode"]
    if code == "T":
        take([PSEUDO])
        code = found["PseudoMessageCode"]
    take(BODIES[code])
    for n in range(OBJECTS_MAX if code == "Q" else 0):
        if at == len(text):
            break
        take(OBJECTS[2 * n : 2 * n + 2])
    if at < len(text):
        raise Refused("trailing", "end", at)
    return found


def write_text(fields):
    return "".join(fields.values())


def body_code(fields):
    """Whose body it is: of a test, what it tests."""
    return fields.get("PseudoMessageCode", fields["MessageCode"])
