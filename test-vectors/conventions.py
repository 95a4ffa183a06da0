"""What chapter 00 fixes for all others: integers, hashes, MACs, key derivation, realms, refusals.

Standard library only. For test vectors; never use it with a real secret.
"""

import hashlib
import hmac

LIVE = bytes.fromhex("0000000001")
LIVE_2 = bytes.fromhex("0000000002")
EXERCISE = bytes.fromhex("0100000001")


class Refused(Exception):
    def __init__(self, kind, field, offset=None):
        super().__init__(f"{kind} ({field}) at {offset}")
        self.kind, self.field, self.offset = kind, field, offset


def refuse_unless(holds, kind, field, offset=None):
    if not holds:
        raise Refused(kind, field, offset)


def u8(n):
    return n.to_bytes(1, "big")


def u16(n):
    return n.to_bytes(2, "big")


def u32(n):
    return n.to_bytes(4, "big")


def u40(n):
    return n.to_bytes(5, "big")


def number(octets):
    return int.from_bytes(octets, "big")


def sha256(octets):
    return hashlib.sha256(octets).digest()


def h(label, *parts):
    return sha256(label.encode("ascii") + b"".join(parts))


def mac(key, *parts):
    """The label is the first part, as octets."""
    return hmac.digest(key, b"".join(parts), "sha256")


def expand(secret, label, *parts, n):
    """HKDF-Expand (RFC 5869 section 2.3); `secret` is an output of kdf or expand."""
    info = label.encode("ascii") + b"".join(parts)
    out, block, i = b"", b"", 1
    while len(out) < n:
        block = mac(secret, block, info, u8(i))
        out, i = out + block, i + 1
    return out[:n]


def kdf(secret, label, *parts, n):
    """HKDF-SHA256 (RFC 5869) with an empty salt."""
    return expand(mac(bytes(32), secret), label, *parts, n=n)


def seed(name, n=32):
    """n octets (at most 32) that belong to a name."""
    return sha256(b"chappe-vectors/1 " + name.encode())[:n]


def flip(octets, at, bit=1):
    out = bytearray(octets)
    out[at] ^= bit
    return bytes(out)
