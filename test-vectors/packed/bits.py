"""Bits, codes and numbers of chapter 09. Standard library only."""

import pathlib
import tomllib

TABLES = pathlib.Path(__file__).resolve().parents[2] / "spec" / "tables"


def codewords(lengths):
    """The codewords of a complete code, from [symbol, length] in the order of the list."""
    words, word, last = {}, -1, 0
    for symbol, length in sorted(lengths, key=lambda row: row[1]):
        word = (word + 1) << (length - last)
        assert symbol not in words and word < 1 << length, symbol
        words[symbol], last = f"{word:0{length}b}", length
    assert word == (1 << last) - 1, "the code is not complete"
    return words


def load_codes():
    with open(TABLES / "packed.toml", "rb") as file:
        tables = tomllib.load(file)["code"]
    return {name: codewords(table["symbols"]) for name, table in tables.items()}


CODES = load_codes()


def number(value, count):
    """A value from 0 to count - 1: the small ones in k bits, the others in k + 1."""
    assert 0 <= value < count, (value, count)
    k = count.bit_length() - 1
    short = (1 << k + 1) - count
    if value < short:
        return plain(value, k)
    return plain(value + short, k + 1)


def plain(value, count):
    assert 0 <= value < 1 << count or value == count == 0
    return f"{value:0{count}b}" if count else ""


def digits(text):
    return "".join(plain(int(digit, 16), 4) for digit in text)


def octets(data):
    return "".join(plain(octet, 8) for octet in data)


def pack(bits):
    """Hex of the bits, the last octet filled with ones."""
    bits += "1" * (-len(bits) % 8)
    return bytes(int(bits[at:at + 8], 2) for at in range(0, len(bits), 8)).hex()


def unpack(hexadecimal):
    return octets(bytes.fromhex(hexadecimal))


def with_bits(hexadecimal, at, bits):
    """The body with these bits put at that place."""
    old = unpack(hexadecimal)
    assert at + len(bits) <= len(old)
    return pack(old[:at] + bits + old[at + len(bits):])
