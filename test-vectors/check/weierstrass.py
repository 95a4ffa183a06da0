"""Curves y² = x³ + ax + b over a prime, by their equation: what chapter 12 asks of keys and signatures."""

from typing import NamedTuple

from refusal import Refused


class Curve(NamedTuple):
    p: int
    a: int
    b: int
    n: int
    generator: tuple

    def holds(self, x, y):
        return (y * y - x**3 - self.a * x - self.b) % self.p == 0

    def lift(self, x, odd):
        """The point of an x and of the parity of y; all three primes are 3 modulo 4."""
        y = pow(x**3 + self.a * x + self.b, (self.p + 1) // 4, self.p)
        if not self.holds(x, y):
            return None
        return x, y if y % 2 == odd else -y % self.p

    def add(self, one, other):
        if one is None or other is None:
            return one or other
        (x1, y1), (x2, y2) = one, other
        if x1 == x2 and (y1 + y2) % self.p == 0:
            return None
        if one == other:
            slope = (3 * x1 * x1 + self.a) * pow(2 * y1, -1, self.p)
        else:
            slope = (y2 - y1) * pow(x2 - x1, -1, self.p)
        x = (slope * slope - x1 - x2) % self.p
        return x, (slope * (x1 - x) - y1) % self.p

    def multiply(self, k, point):
        found = None
        while k:
            if k & 1:
                found = self.add(found, point)
            point, k = self.add(point, point), k >> 1
        return found


BRAINPOOL = Curve(  # RFC 5639 section 3.4
    0xA9FB57DBA1EEA9BC3E660A909D838D726E3BF623D52620282013481D1F6E5377,
    0x7D5A0975FC2C3057EEF67530417AFFE7FB8055C126DC5C6CE94A4B44F330B5D9,
    0x26DC5C6CE94A4B44F330B5D9BBD77CBF958416295CF7E1CE6BCCDC18FF8C07B6,
    0xA9FB57DBA1EEA9BC3E660A909D838D718C397AA3B561A6F7901E0E82974856A7,
    (
        0x8BD2AEB9CB7E57CB2C4B482FFC81B7AFB9DE27E1E3BD23C23A4453BD9ACE3262,
        0x547EF835C3DAC4FD97F8461A14611DC9C27745132DED8E545C1D54C72F046997,
    ),
)
P256 = Curve(  # SEC 2 section 2.4.2
    0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF,
    -3,
    0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    (
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    ),
)
SECP256K1 = Curve(  # SEC 2 section 2.4.1
    2**256 - 2**32 - 977,
    0,
    7,
    0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
    (
        0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
        0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
    ),
)


def number(octets):
    return int.from_bytes(octets, "big")


def compressed(point):
    x, y = point
    return bytes([2 + y % 2]) + x.to_bytes(32, "big")


def uncompressed(point):
    return b"\4" + b"".join(part.to_bytes(32, "big") for part in point)


def read_sec1(curve, octets, field):
    """A public key of SEC 1, compressed or not, as chapter 12 lists what is refused of `key`."""
    if octets == b"\0":
        raise Refused("weak_key", field, 0)
    if octets and octets[0] not in (2, 3, 4):
        raise Refused("bad_literal", field, 0)
    length = 65 if octets[:1] == b"\4" else 33
    if len(octets) != length:
        raise Refused("too_short" if len(octets) < length else "too_long", field, 0)
    x, y = number(octets[1:33]), number(octets[33:])
    point = (x, y) if length == 65 else curve.lift(x, octets[0] % 2)
    if x >= curve.p or y >= curve.p or point is None or not curve.holds(*point):
        raise Refused("inconsistent", field, 0)
    return point


def is_signed(curve, point, digest, signature):
    """ECDSA (SEC 1 section 4.1.4); r and s of 32 octets each."""
    r, s = number(signature[:32]), number(signature[32:])
    if not (0 < r < curve.n and 0 < s < curve.n):
        return False
    inverse = pow(s, -1, curve.n)
    found = curve.add(
        curve.multiply(number(digest) * inverse % curve.n, curve.generator),
        curve.multiply(r * inverse % curve.n, point),
    )
    return found is not None and found[0] % curve.n == r
