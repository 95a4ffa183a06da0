"""The prefix codes of chapter 09, from spec/tables/packed.toml, and a reader of bodies that uses them."""

import functools
import pathlib
import tomllib

from bits import Bits
from refusal import Refused, refuse_unless

TABLE = pathlib.Path(__file__).resolve().parent.parent.parent / "spec" / "tables" / "packed.toml"


class Code:
    """Codewords from their lengths: shortest first, then in the order of the list, each one more than the last."""

    def __init__(self, rows):
        self.symbols = [symbol for symbol, _ in rows]
        if len(set(self.symbols)) != len(rows):
            raise ValueError("a symbol twice")
        self.words, self.widths = {}, {}
        word, width = 0, 0
        for symbol, length in sorted(rows, key=lambda row: row[1]):  # a stable sort
            word <<= length - width
            width = length
            self.words[width, word] = symbol
            self.widths[symbol] = width
            word += 1
        if word != 1 << width:
            raise ValueError("the code is not complete")

    def next(self, bits):
        """The next symbol, or None where there is no whole codeword."""
        for width in range(bits.left() + 1):
            symbol = self.words.get((width, bits.peek(width)))
            if symbol is not None:
                bits.at += width
                return symbol
        return None


@functools.cache
def codes():
    table = tomllib.loads(TABLE.read_text("utf-8"))["code"]
    return {name: Code([tuple(row) for row in code["symbols"]]) for name, code in table.items()}


class Reader:
    """Reads a body part by part; whatever is wrong is wrong in the field begun last."""

    def __init__(self, octets):
        self.bits = Bits(octets)
        self.begin("opening")

    def begin(self, field):
        self.field, self.begun = field, self.bits.at

    def refuse(self, kind, at=None):
        raise Refused(kind, self.field, self.begun if at is None else at)

    def canonical(self, holds):
        """Whether the form that was chosen is the one encoding."""
        refuse_unless(holds, "not_canonical", self.field, self.begun)

    def take(self, width):
        return self.bits.take(width, self.field, self.begun)

    def code(self, name):
        symbol = codes()[name].next(self.bits)
        return self.refuse("truncated") if symbol is None else symbol

    def number(self, count):
        width = count.bit_length() - 1
        short = (2 << width) - count
        value = self.take(width)
        return value if value < short else (value << 1 | self.take(1)) - short

    def digits(self, count):
        found = ""
        for _ in range(count):
            at = self.bits.at
            value = self.take(4)
            refuse_unless(value < 10, "bad_digit", self.field, at)
            found += str(value)
        return found

    def hexadecimal(self, count):
        return "".join(f"{self.take(4):X}" for _ in range(count))

    def end(self):
        """Ones fill the last octet, fewer than eight."""
        ones, width = self.bits.left(), self.bits.left()
        refuse_unless(width < 8, "trailing", "end", self.bits.at)
        refuse_unless(self.bits.peek(width) == (1 << ones) - 1, "bad_padding", "padding", self.bits.at)
