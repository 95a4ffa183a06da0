"""Ed25519 (RFC 8032) in plain Python, to make test vectors without the code they check.

Slow and not constant-time. For test vectors only; never use it with a real secret.
"""

import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def _digest(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def _add(p, q):
    """Extended coordinates, RFC 8032 section 5.1.4."""
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def _multiply(n, p):
    q = (0, 1, 1, 0)
    while n:
        if n & 1:
            q = _add(q, p)
        p = _add(p, p)
        n >>= 1
    return q


def _recover_x(y, sign):
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - xx) % P or (x == 0 and sign):
        return None
    return P - x if x & 1 != sign else x


_BASE_Y = 4 * pow(5, P - 2, P) % P
_BASE_X = _recover_x(_BASE_Y, 0)
BASE = (_BASE_X, _BASE_Y, 1, _BASE_X * _BASE_Y % P)


def _compress(p):
    inverse = pow(p[2], P - 2, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _decompress(octets):
    y = int.from_bytes(octets, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = None if y >= P else _recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


def _expand(seed):
    h = hashlib.sha512(seed).digest()
    a = int.from_bytes(h[:32], "little") & ((1 << 254) - 8) | 1 << 254
    return a, h[32:]


def public(seed):
    return _compress(_multiply(_expand(seed)[0], BASE))


def sign(seed, message):
    a, prefix = _expand(seed)
    key = _compress(_multiply(a, BASE))
    r = _digest(prefix, message) % L
    point = _compress(_multiply(r, BASE))
    s = (r + _digest(point, key, message) * a) % L
    return point + s.to_bytes(32, "little")


def sign_with_neutral_r(seed, message):
    """Fits the equation, but R is of small order: only the strict predicate refuses it."""
    a, _ = _expand(seed)
    point = bytes([1]) + bytes(31)
    return point + (_digest(point, public(seed), message) * a % L).to_bytes(32, "little")


def verify(key, message, signature):
    """Without the cofactor, s canonical; order checks are left to the caller."""
    a, s = _decompress(key), int.from_bytes(signature[32:], "little")
    if a is None or s >= L or len(signature) != 64:
        return False
    minus_a = (P - a[0], a[1], a[2], P - a[3])
    k = _digest(signature[:32], key, message) % L
    return _compress(_add(_multiply(s, BASE), _multiply(k, minus_a))) == signature[:32]


def check_known_answer():
    """RFC 8032 section 7.1, TEST 2."""
    seed = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    key = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert public(seed) == key and sign(seed, b"\x72") == signature
    assert verify(key, b"\x72", sign_with_neutral_r(seed, b"\x72"))
    assert verify(key, b"\x72", signature) and not verify(key, b"\x73", signature)
