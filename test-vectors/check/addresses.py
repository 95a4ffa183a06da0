"""Addresses of blockchains, and whose key they are (chapter 12)."""

import hashlib

from refusal import Refused, refuse_unless
from weierstrass import compressed, uncompressed

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def base58(text):
    refuse_unless(len(text) <= 128, "too_long", "address", 0)
    refuse_unless(set(text) <= set(BASE58), "bad_character", "address", 0)
    number = 0
    for character in text:
        number = 58 * number + BASE58.index(character)
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def expect(octets, length):
    refuse_unless(len(octets) >= length, "too_short", "address", 0)
    refuse_unless(len(octets) <= length, "too_long", "address", 0)


def read_address(form, text, binary=""):
    if form == "other":
        return bytes.fromhex(binary)
    if form == "hexadecimal":
        digits = text.removeprefix("0x")
        refuse_unless(set(digits) <= set("0123456789abcdefABCDEF"), "bad_character", "address", 0)
        expect(digits, 40)
        return bytes.fromhex(digits)
    octets = base58(text)
    if form == "base58check":
        expect(octets, 25)
        checksum = hashlib.sha256(hashlib.sha256(octets[:21]).digest()).digest()[:4]
    else:
        assert form == "ss58", form
        expect(octets, 35)
        refuse_unless(octets[0] < 64, "out_of_range", "address", 0)
        checksum = hashlib.blake2b(b"SS58PRE" + octets[:-2]).digest()[:2]
    refuse_unless(octets.endswith(checksum), "bad_checksum", "address", 0)
    return octets


def names_same(form, binary, whole, text):
    """Whether a text names the address; `whole` is the address as it was given."""
    if form == "other":
        return text == whole
    try:
        return read_address(form, text) == binary
    except Refused:
        return False


def belongs(form, binary, curve, key):
    """True, False, or None where it cannot be told; a key of Ed25519 is octets, another a point."""
    if form == "base58check" and binary[0] in (0x00, 0x6F):
        return curve == "secp256k1" and binary[1:21] in map(hash160, (compressed(key), uncompressed(key)))
    if form == "hexadecimal":
        return curve == "secp256k1" and keccak_256(uncompressed(key)[1:]).endswith(binary)
    if form == "ss58" and curve == "Ed25519":
        return binary[1:33] == key
    return None


def hash160(octets):
    return hashlib.new("ripemd160", hashlib.sha256(octets).digest()).digest()


def keccak_256(octets):
    """The sponge as it was before FIPS 202 set other padding: one block is enough here."""
    assert len(octets) < 135
    block = bytearray(octets + b"\1" + bytes(135 - len(octets)))
    block[135] |= 0x80
    lanes = {(i % 5, i // 5): int.from_bytes(block[8 * i : 8 * i + 8], "little") for i in range(17)}
    state = {(x, y): lanes.get((x, y), 0) for x in range(5) for y in range(5)}
    for constant in round_constants():
        state = keccak_round(state, constant)
    return b"".join(state[x, 0].to_bytes(8, "little") for x in range(4))


def rotate(lane, by):
    return (lane << by % 64 | lane >> -by % 64) & 2**64 - 1


def keccak_round(state, constant):
    columns = [state[x, 0] ^ state[x, 1] ^ state[x, 2] ^ state[x, 3] ^ state[x, 4] for x in range(5)]
    theta = {at: lane ^ columns[at[0] - 1] ^ rotate(columns[(at[0] + 1) % 5], 1) for at, lane in state.items()}
    moved, (x, y) = {(0, 0): theta[0, 0]}, (1, 0)
    for step in range(24):
        moved[y, (2 * x + 3 * y) % 5] = rotate(theta[x, y], (step + 1) * (step + 2) // 2)
        x, y = y, (2 * x + 3 * y) % 5
    found = {(x, y): moved[x, y] ^ ~moved[(x + 1) % 5, y] & moved[(x + 2) % 5, y] for x, y in moved}
    found[0, 0] ^= constant
    return found


def round_constants():
    """FIPS 202 section 3.2.5, by the linear feedback shift register."""
    register = 1
    for _ in range(24):
        constant = 0
        for j in range(7):
            constant |= (register & 1) << 2**j - 1
            register = register << 1 ^ (0x171 if register & 0x80 else 0)
        yield constant
