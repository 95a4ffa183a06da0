"""The standard wire of a signal (chapter 01), to flat fields."""

from bits import Bits
from refusal import Refused, refuse_unless
from signal_fields import BODIES, HEADER, OBJECTS, OBJECTS_MAX, PSEUDO, REST_MAX, check_meaning, spelled

MESSAGE_MAX = 2048
WIDTHS = {"a": 8, "c": 8, "x": 4, "d": 4, "b": 1, "_": 1}


def width_of(template):
    """Bits on the wire; literals are not sent."""
    return sum(WIDTHS.get(symbol, 0) for symbol in template)


def decode_symbol(symbol, value, field, at):
    if symbol in "ac":
        # Of `a` only what gives the message a meaning is looked at, and that by `check_meaning`.
        refuse_unless(value < 0x80 or symbol == "a", "bad_character", field, at)
        return chr(value)
    refuse_unless(symbol != "d" or value < 10, "bad_digit", field, at)
    return "-+"[value] if symbol == "_" else f"{value:X}"


def decode_template(bits, name, template):
    """The symbols of one field, as text."""
    begin = bits.at
    refuse_unless(width_of(template) <= bits.left(), "truncated", name, begin)
    text = []
    for symbol in template:
        at = bits.at
        if symbol in WIDTHS:
            text.append(decode_symbol(symbol, bits.take(WIDTHS[symbol], name, begin), name, at))
        else:
            text.append(symbol)
    return "".join(text)


def decode_field(bits, name, template):
    begin = bits.at
    if template.endswith("*"):
        groups = bits.left() // 8
        refuse_unless(groups <= REST_MAX, "too_long", name, begin)
        template = template[0] * (groups if template[0] == "c" else 2 * groups)
    value = decode_template(bits, name, template)
    check_meaning(name, value, begin, plain=False)
    return spelled(name, value)


def check_end(bits):
    if bits.left() >= 8:
        raise Refused("trailing", "end", bits.at + -bits.at % 8)
    padding, width = bits.rest()
    refuse_unless(padding == 0, "bad_padding", "padding", bits.at)


def decode(octets):
    """The fields in the order of the wire, and how many bits they take."""
    refuse_unless(len(octets) <= MESSAGE_MAX, "too_long", "message", 8 * MESSAGE_MAX)
    bits, found = Bits(octets), {}

    def take(rows):
        found.update((name, decode_field(bits, name, template)) for name, template in rows)

    take(HEADER)
    code = found["MessageCode"]
    if code == "T":
        take([PSEUDO])
        code = found["PseudoMessageCode"]
    take(BODIES[code])
    for n in range(OBJECTS_MAX if code == "Q" else 0):
        if bits.left() < 8:
            break
        take(OBJECTS[2 * n : 2 * n + 2])
    check_end(bits)
    return found, bits.at
