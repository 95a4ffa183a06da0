"""Points of edwards25519 in plain Python: enough to verify strictly and to craft odd signatures.

Slow and not constant-time. For test vectors only; never use it with a real secret.
"""

import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_MINUS_ONE = pow(2, (P - 1) // 4, P)
NEUTRAL = (0, 1)


def add(a, b):
    """The affine addition law; it is complete on this curve."""
    x1, y1 = a
    x2, y2 = b
    t = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + t, -1, P) % P
    y = (y1 * y2 + x1 * x2) * pow(1 - t, -1, P) % P
    return x, y


def negate(a):
    return -a[0] % P, a[1]


def multiply(n, a):
    total = NEUTRAL
    while n:
        if n & 1:
            total = add(total, a)
        a = add(a, a)
        n >>= 1
    return total


def encode(a):
    x, y = a
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decode(octets):
    """The point, or None when RFC 8032 5.1.3 decodes none: y >= p and x = 0 with the sign bit are refused."""
    number = int.from_bytes(octets, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= P:
        return None
    xx = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if x * x % P != xx:
        x = x * SQRT_MINUS_ONE % P
    if x * x % P != xx:
        return None
    if x == 0 and sign:
        return None
    if x & 1 != sign:
        x = -x % P
    return x, y


BASE = decode((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def is_small_order(a):
    return multiply(8, a) == NEUTRAL


def secret_scalar(seed):
    """The clamped scalar of an Ed25519 seed."""
    octets = bytearray(hashlib.sha512(seed).digest()[:32])
    octets[0] &= 248
    octets[31] = octets[31] & 127 | 64
    return int.from_bytes(octets, "little")


def challenge(r_octets, key, message):
    return int.from_bytes(hashlib.sha512(r_octets + key + message).digest(), "little") % L


def verify_strict(key, message, signature):
    """True only for what the strict predicate of chapter 00 accepts."""
    r_octets, s = signature[:32], int.from_bytes(signature[32:], "little")
    a, r = decode(key), decode(r_octets)
    if s >= L or a is None or r is None or is_small_order(a) or is_small_order(r):
        return False
    k = challenge(r_octets, key, message)
    return encode(add(multiply(s, BASE), multiply(k, negate(a)))) == r_octets


def verify_cofactored(key, message, signature):
    """The lax equation with the cofactor and no order checks. Only used to show what it lets through."""
    r_octets, s = signature[:32], int.from_bytes(signature[32:], "little")
    a, r = decode(key), decode(r_octets)
    if s >= L or a is None or r is None:
        return False
    k = challenge(r_octets, key, message)
    gap = add(add(multiply(s, BASE), multiply(k, negate(a))), negate(r))
    return is_small_order(gap)


def torsion_point():
    """A point of order 8: L times some point that has a torsion part of full order."""
    y = 2
    while True:
        point = decode(y.to_bytes(32, "little"))
        y += 1
        if point is None:
            continue
        point = multiply(L, point)
        if multiply(4, point) != NEUTRAL:
            return point


def craft(key, scalar, message, wanted):
    """Sign for `key` with any scalar, trying nonces from 1 on until `wanted(k mod 8)` holds."""
    nonce = 1
    while True:
        r_octets = encode(multiply(nonce, BASE))
        k = challenge(r_octets, key, message)
        if wanted(k % 8):
            return r_octets + ((nonce + k * scalar) % L).to_bytes(32, "little")
        nonce += 1
