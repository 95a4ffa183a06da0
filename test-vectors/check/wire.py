"""The standard wire of a signal to nested JSON (chapter 01). All message codes; no rule of chapter 4."""

from octets import Wrong, need

HEADER = [
    ("Prefix", "aa"), ("Version", "a"), ("EncryptionIndicator", "a"), ("DuressIndicator", "b"),
    ("MessageCode", "a"), ("ReferenceIndicator", "x"), ("ReferencedMessage", "x" * 64),
]  # fmt: skip
SIGN = [
    ("SubjectCode", "xx"), ("DateTime", "dddd-dd-ddTdd:dd:ddZ"), ("Duration", "PddDddHddM"),
    ("ObjectType", "xx"), ("ObjectLatitude", "_dd.ddddd"), ("ObjectLongitude", "_ddd.ddddd"),
    ("ObjectSizeDim1", "dddd"), ("ObjectSizeDim2", "dddd"), ("ObjectOrientation", "ddd"),
]  # fmt: skip
BODIES = {
    "A": [("VerificationMethod", "x"), ("VerificationData", "c*")],
    "K": [("CryptoDataType", "xx"), ("CryptoData", "x*")],
    "R": [("ResourceMethod", "x"), ("ResourceData", "c*")],
    "F": [("Text", "c*")],
    **{code: SIGN for code in "PEDSIMQ"},
}
LOWER = ("ReferencedMessage", "CryptoData")
WIDTHS = {"a": 8, "c": 8, "x": 4, "d": 4, "b": 1, "_": 1}
MESSAGE_MAX, REST_MAX, OBJECTS_MAX = 2048, 2000, 8


class Bits:
    def __init__(self, octets):
        self.text = "".join(f"{octet:08b}" for octet in octets)
        self.at = 0

    def left(self):
        return len(self.text) - self.at

    def take(self, width):
        need(self.left() >= width, "truncated")
        self.at += width
        return int(self.text[self.at - width : self.at], 2)


def symbol(bits, kind):
    if kind not in WIDTHS:
        return kind  # a literal
    value = bits.take(WIDTHS[kind])
    if kind in "ac":
        need(value < 0x80, "bad_character")
        return chr(value)
    if kind == "d":
        need(value < 10, "bad_digit")
    return "-+"[value] if kind == "_" else f"{value:X}"


def field(bits, name, template):
    if template.endswith("*"):
        groups = bits.left() // 8
        need(groups <= REST_MAX, "too_long")
        template = template[0] * (groups if template[0] == "c" else 2 * groups)
    value = "".join(symbol(bits, kind) for kind in template)
    return value.lower() if name in LOWER else value


def read_fields(bits, rows):
    return {name: field(bits, name, template) for name, template in rows}


def read_header(bits):
    header = {}
    for name, template in HEADER:
        value = header[name] = field(bits, name, template)
        need(name != "Prefix" or value == "WF", "bad_literal")
        need(name != "Version" or value == "1", "unknown_version")
        need(name != "EncryptionIndicator" or value == "0", "unsupported")
    return header


def read_body(bits, code):
    need(code in BODIES, "unknown_code")
    body = read_fields(bits, BODIES[code])
    objects = []
    while code == "Q" and bits.left() >= 8 and len(objects) < OBJECTS_MAX:
        objects.append(read_fields(bits, [("ObjectType", "xx"), ("ObjectTypeQuant", "dd")]))
    if objects:
        body["requestObjects"] = objects
    return body


def read_end(bits):
    need(bits.left() < 8, "trailing")
    need("1" not in bits.text[bits.at :], "bad_padding")


def decode(octets):
    """Nested JSON; Wrong names the refusal of chapter 01."""
    need(len(octets) <= MESSAGE_MAX, "too_long")
    bits = Bits(octets)
    header = read_header(bits)
    if header["MessageCode"] == "T":
        code = field(bits, "PseudoMessageCode", "a")
        body = {"PseudoMessageCode": code, "PseudoMessageBody": read_body(bits, code)}
    else:
        body = read_body(bits, header["MessageCode"])
    read_end(bits)
    return {"MessageHeader": header, "MessageBody": body}


def decode_or_none(octets):
    try:
        return decode(octets)
    except Wrong:
        return None


def nested(fields):
    """Nested JSON of flat fields in the order of the wire."""
    fields = dict(fields)
    header = {name: fields.pop(name) for name, _ in HEADER}
    pseudo_code = fields.pop("PseudoMessageCode", None)
    objects = []
    while f"ObjectType{len(objects) + 1}" in fields:
        name = f"ObjectType{len(objects) + 1}"
        objects.append({"ObjectType": fields.pop(name), "ObjectTypeQuant": fields.pop(name + "Quant")})
    body = fields | ({"requestObjects": objects} if objects else {})
    if pseudo_code:
        body = {"PseudoMessageCode": pseudo_code, "PseudoMessageBody": body}
    return {"MessageHeader": header, "MessageBody": body}
