"""An independent encoder of the Whiteflag standard wire, written from spec/01-signal.md.

It knows nothing of validity: it lays out the bits of whatever digits it is given, so that the
generator can also build what a reader must refuse. Standard library only.
"""

HEADER = [
    ("Prefix", "char"), ("Version", "char"), ("EncryptionIndicator", "char"),
    ("DuressIndicator", "binary"), ("MessageCode", "char"), ("ReferenceIndicator", "digits"),
    ("ReferencedMessage", "digits"),
]
SIGN = [
    ("SubjectCode", "digits"), ("DateTime", "digits"), ("Duration", "digits"),
    ("ObjectType", "digits"), ("ObjectLatitude", "signed"), ("ObjectLongitude", "signed"),
    ("ObjectSizeDim1", "digits"), ("ObjectSizeDim2", "digits"), ("ObjectOrientation", "digits"),
]
BODIES = {
    "A": [("VerificationMethod", "digits"), ("VerificationData", "char")],
    "K": [("CryptoDataType", "digits"), ("CryptoData", "digits")],
    "R": [("ResourceMethod", "digits"), ("ResourceData", "char")],
    "F": [("Text", "char")],
    **{code: SIGN for code in "PEDSIMQ"},
}


def layout(fields):
    """The (name, kind) rows of a message with these fields, in order."""
    rows = list(HEADER)
    code = fields["MessageCode"]
    if code == "T":
        rows.append(("PseudoMessageCode", "char"))
        code = fields["PseudoMessageCode"]
    rows += BODIES[code]
    if code == "Q":
        for number in range(1, 100):
            for name in (f"ObjectType{number}", f"ObjectType{number}Quant"):
                if name in fields:
                    rows.append((name, "digits"))
    return rows


def bits_of(kind, value):
    if kind == "binary":
        return value
    if kind == "char":
        return "".join(f"{ord(character):08b}" for character in value)
    sign = ""
    if kind == "signed":
        sign, value = {"+": "1", "-": "0"}[value[0]], value[1:]
    # Literals (T, Z, P, D, H, M and punctuation) are not sent; D is a digit only among hex digits.
    decimal = any(mark in value for mark in "-:.P")
    digits = "0123456789" if decimal else "0123456789abcdefABCDEF"
    return sign + "".join(f"{int(digit, 16):04b}" for digit in value if digit in digits)


def encode(fields):
    """(hex, bits before padding, text form, {name: (offset, length)})."""
    wire, text, places = "", "", {}
    for name, kind in layout(fields):
        bits = bits_of(kind, fields[name])
        places[name] = (len(wire), len(bits))
        wire += bits
        text += fields[name]
    return pack(wire), len(wire), text, places


def pack(wire):
    wire += "0" * (-len(wire) % 8)
    return bytes(int(wire[at:at + 8], 2) for at in range(0, len(wire), 8)).hex()


def unpack(hexadecimal):
    return "".join(f"{octet:08b}" for octet in bytes.fromhex(hexadecimal))


def with_bits(hexadecimal, at, bits):
    """The message with these bits put at that place."""
    wire = unpack(hexadecimal)
    return pack(wire[:at] + bits + wire[at + len(bits):])
