"""Texts of chapter 09: the table of tokens, the reader, and the one encoding it holds a text to."""

import functools
import json
import pathlib
from typing import NamedTuple

from packed_codes import Code, codes
from refusal import Refused

TABLE = pathlib.Path(__file__).resolve().parent.parent.parent / "spec" / "tables" / "text" / "tokens.tsv"
TEXT_MAX = 2000
PADDING_MAX = 7
ESC = object()  # its symbol; every other one is a text
LOWER = "abcdefghijklmnopqrstuvwxyz"
SWAPPED = str.maketrans(LOWER + LOWER.upper(), LOWER.upper() + LOWER)


class Tokens:
    def __init__(self, path):
        rows = [self.read_line(line) for line in path.read_text("utf-8").split("\n")[:-1]]
        lengths = [length for _, length in rows]
        if lengths != sorted(lengths) or lengths[-1] <= PADDING_MAX:
            raise ValueError("the lines are not in the order of their codewords, or the last one is short")
        self.code = Code(rows)
        self.widths = self.code.widths
        self.longest = max(len(token) for token in self.widths if token is not ESC)

    @staticmethod
    def read_line(line):
        length, _, token = line.partition("\t")
        symbol = ESC if token == "ESC" else json.loads(token)
        if symbol is not ESC and not (isinstance(symbol, str) and symbol):
            raise ValueError("a token that is no text")
        return symbol, int(length)

    def best(self, text):
        """The tokens of a text in the fewest bits, the longest first where that leaves a choice; and the bits."""
        # best_from[i] is the one encoding of text[i:]; the choice at i does not change what is best behind it.
        bits, choice = [0] * (len(text) + 1), [None] * len(text)
        for i in reversed(range(len(text))):
            escaped = self.widths[ESC] + 8 * len(text[i].encode("utf-8"))
            bits[i], choice[i] = escaped + bits[i + 1], ESC
            for end in range(i + 1, min(i + self.longest, len(text)) + 1):
                width = self.widths.get(text[i:end])
                if width is not None and width + bits[end] <= bits[i]:
                    bits[i], choice[i] = width + bits[end], text[i:end]
        return self.sequence(choice), bits[0]

    @staticmethod
    def sequence(choice):
        found, i = [], 0
        while i < len(choice):
            found.append(choice[i])
            i += 1 if choice[i] is ESC else len(choice[i])
        return found


@functools.cache
def tokens():
    return Tokens(TABLE)


class Form(NamedTuple):
    name: str
    bits: int  # its own codeword included
    tokens: list | None


def forms(text):
    """Every form the text can have."""
    widths = codes()["text"].widths
    for name, spelled in (("tokens", text), ("tokens, case swapped", text.translate(SWAPPED))):
        sequence, bits = tokens().best(spelled)
        yield Form(name, widths[name] + bits, sequence)
    yield Form("octets", widths["octets"] + 8 * len(text.encode("utf-8")), None)
    for name, digits in (("lower digits", "0123456789abcdef"), ("upper digits", "0123456789ABCDEF")):
        if len(text) >= 2 and len(text) % 2 == 0 and set(text) <= set(digits):
            yield Form(name, widths[name] + 4 * len(text), None)


def best_form(text):
    """The fewest bits; of as few, the first in the table."""
    order = codes()["text"].symbols
    return min(forms(text), key=lambda form: (form.bits, order.index(form.name)))


def text(reader, seven_bits):
    """To the end of the body. Of what is wrong the characters come first, then the length, then the form."""
    form = reader.code("text")
    sequence = None
    if form.startswith("tokens"):
        sequence, found = read_tokens(reader)
        found = found.translate(SWAPPED) if "swapped" in form else found
    else:
        whole = reader.bits.left() // 8
        octets = bytes(reader.take(8) for _ in range(whole))
        found = decode(reader, octets) if form == "octets" else octets.hex()
        found = found.upper() if form == "upper digits" else found
    if seven_bits and not found.isascii():
        reader.refuse("bad_character")
    if len(found.encode("utf-8")) > TEXT_MAX:
        reader.refuse("too_long")
    best = best_form(found)
    reader.canonical(form == best.name and sequence == best.tokens)
    return found


def decode(reader, octets):
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return reader.refuse("bad_character")


def read_tokens(reader):
    """Codewords as long as there are whole ones."""
    sequence, found = [], []
    while True:
        at = reader.bits.at
        symbol = tokens().code.next(reader.bits)
        if symbol is None:
            break
        sequence.append(symbol)
        found.append(read_escaped(reader, at) if symbol is ESC else symbol)
    if reader.bits.left() > PADDING_MAX:
        reader.refuse("truncated", reader.bits.at)
    return sequence, "".join(found)


def read_escaped(reader, at):
    """One character behind ESC; where it ends too early, its codeword is cut."""

    def octet():
        if reader.bits.left() < 8:
            raise Refused("truncated", reader.field, at)
        return reader.take(8)

    first = octet()
    if 0x80 <= first < 0xC2 or first > 0xF4:
        return reader.refuse("bad_character")
    more = 0 if first < 0x80 else 1 if first < 0xE0 else 2 if first < 0xF0 else 3
    return decode(reader, bytes([first, *(octet() for _ in range(more))]))
