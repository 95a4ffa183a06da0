"""Primitives for the vectors with keys: those of the package `cryptography`, which the generators do not use.

Any version that Debian 12 or newer has will do. AES-256-GCM-SIV is made of its AES, since not every version has
the whole; ML-KEM is there in newer ones alone, and without it hybrid steps wait."""

import functools

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

try:
    from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
except ImportError:
    MLKEM768PrivateKey = None

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
# y of the eight points of small order; with either sign of x where there are two.
ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
SMALL_Y = {0, 1, P - 1, ORDER_8, P - ORDER_8}


def mac(key, octets):
    found = hmac.HMAC(key, hashes.SHA256())
    found.update(octets)
    return found.finalize()


def kdf(secret, info, n):
    return HKDF(hashes.SHA256(), n, None, info).derive(secret)


def expand(secret, info, n):
    return HKDFExpand(hashes.SHA256(), n, info).derive(secret)


# ---- X25519 ------------------------------------------------------------------------------------


def raw(key):
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def exchange_key(secret):
    return raw(X25519PrivateKey.from_private_bytes(secret).public_key())


@functools.cache
def exchanged(secret, key):
    """None when the result is zero."""
    try:
        found = X25519PrivateKey.from_private_bytes(secret).exchange(X25519PublicKey.from_public_bytes(key))
    except ValueError:
        return None
    return found if any(found) else None


# ---- Ed25519 -----------------------------------------------------------------------------------


def signing_key(seed):
    return raw(Ed25519PrivateKey.from_private_bytes(seed).public_key())


def signature(seed, message):
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)


def is_square(n):
    return n % P == 0 or pow(n, (P - 1) // 2, P) == 1


@functools.cache
def state_of(octets):
    """"good", "small" for a point of small order, "none" for what RFC 8032 section 5.1.3 does not decode."""
    y = int.from_bytes(octets, "little") & 2**255 - 1
    if y >= P:
        return "none"
    if y in (1, P - 1) and octets[31] & 0x80:
        return "none"
    if not is_square((y * y - 1) * (-121665 * pow(121666, -1, P) * y * y + 1)):
        return "none"
    return "small" if y in SMALL_Y else "good"


@functools.cache
def verifies(key, message, signed):
    if state_of(signed[:32]) != "good" or int.from_bytes(signed[32:], "little") >= ORDER:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signed, message)
    except (InvalidSignature, ValueError):
        return False
    return True


# ---- AES-256-GCM-SIV ---------------------------------------------------------------------------


def aes(key):
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return encryptor.update


def times_x(element):
    """In the field of POLYVAL (RFC 8452 section 3): x^128 + x^127 + x^126 + x^121 + 1."""
    element <<= 1
    return element ^ (1 << 128 | 1 << 127 | 1 << 126 | 1 << 121 | 1) if element >> 128 else element


def over_x(element):
    return (element ^ (1 << 128 | 1 << 127 | 1 << 126 | 1 << 121 | 1)) >> 1 if element & 1 else element >> 1


def polyval(h, octets):
    """dot(a, b) = a * b * x^-128."""
    h = int.from_bytes(h, "little")
    for _ in range(128):
        h = over_x(h)
    powers = [h]
    for _ in range(127):
        powers.append(times_x(powers[-1]))
    total = 0
    for at in range(0, len(octets), 16):
        a, total = total ^ int.from_bytes(octets[at : at + 16], "little"), 0
        while a:
            low = a & -a
            total ^= powers[low.bit_length() - 1]
            a ^= low
    return total.to_bytes(16, "little")


def siv_parts(key, nonce, aad, plaintext):
    block = aes(key)
    halves = [block(i.to_bytes(4, "little") + nonce)[:8] for i in range(6)]
    inner = aes(b"".join(halves[2:]))

    def tag_of(text):
        padded = b"".join(part + bytes(-len(part) % 16) for part in (aad, text))
        lengths = (8 * len(aad)).to_bytes(8, "little") + (8 * len(text)).to_bytes(8, "little")
        mixed = polyval(b"".join(halves[:2]), padded + lengths)
        mixed = int.from_bytes(mixed, "little") ^ int.from_bytes(nonce, "little")
        return inner((mixed & ~(1 << 127)).to_bytes(16, "little"))

    def stream(tag, text):
        first, rest = int.from_bytes(tag[:4], "little"), tag[4:15] + bytes([tag[15] | 128])
        count = (len(text) + 15) // 16
        pad = inner(b"".join(((first + i) % 2**32).to_bytes(4, "little") + rest for i in range(count)))
        return bytes(a ^ b for a, b in zip(text, pad))

    return tag_of, stream


def siv_seal(key, nonce, aad, plaintext):
    tag_of, stream = siv_parts(key, nonce, aad, plaintext)
    tag = tag_of(plaintext)
    return stream(tag, plaintext) + tag


def siv_open(key, nonce, aad, sealed):
    """None when the tag is wrong."""
    tag_of, stream = siv_parts(key, nonce, aad, sealed)
    plaintext = stream(sealed[-16:], sealed[:-16])
    return plaintext if tag_of(plaintext) == sealed[-16:] else None
