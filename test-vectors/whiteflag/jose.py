"""JSON Web Signatures for test vectors (RFC 7515, 7518, 8037, 8812), the same on every run.

Signatures are deterministic: Ed25519 is by itself, ECDSA by RFC 6979. Points and AES are the library's.
For test vectors only: nothing here is constant-time.
"""

import base64
import hashlib
import hmac
import json

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CURVES = {
    "P-256": (ec.SECP256R1(), 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551),
    "secp256k1": (ec.SECP256K1(), 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141),
}


def base64url(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def compact_json(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


class Key:
    """A key of an originator: P-256, secp256k1 or Ed25519."""

    def __init__(self, curve, secret):
        self.curve, self.secret = curve, secret
        if curve == "Ed25519":
            self.private = ed25519.Ed25519PrivateKey.from_private_bytes(secret)
        else:
            self.private = ec.derive_private_key(int.from_bytes(secret, "big"), CURVES[curve][0])

    def public(self, compressed=True):
        if self.curve == "Ed25519":
            return self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        form = PublicFormat.CompressedPoint if compressed else PublicFormat.UncompressedPoint
        return self.private.public_key().public_bytes(Encoding.X962, form)

    def sign(self, message, high=False):
        if self.curve == "Ed25519":
            return self.private.sign(message)
        curve, n = CURVES[self.curve]
        r, s = ecdsa(int.from_bytes(self.secret, "big"), message, curve, n)
        s = max(s, n - s) if high else min(s, n - s)
        # The library has the last word on whether this is a signature.
        der = utils.encode_dss_signature(r, s)
        self.private.public_key().verify(der, message, ec.ECDSA(hashes.SHA256()))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def jws(self, header, payload, high=False):
        """Header and payload are octets, or what becomes compact JSON."""
        protected, content = ((part if isinstance(part, bytes) else compact_json(part)) for part in (header, payload))
        signed = f"{base64url(protected)}.{base64url(content)}"
        signature = self.sign(signed.encode(), high)
        return dict(zip(("protected", "payload", "signature"), (*signed.split("."), base64url(signature))))


def ecdsa(secret, message, curve, n):
    z = int.from_bytes(hashlib.sha256(message).digest(), "big")
    for k in nonces(secret, z % n, n):
        r = ec.derive_private_key(k, curve).public_key().public_numbers().x % n
        s = pow(k, -1, n) * (z + r * secret) % n
        if r and s:
            return r, s


def nonces(secret, z, n):
    """RFC 6979 section 3.2, SHA-256 and a group order of 256 bits."""
    seed = secret.to_bytes(32, "big") + z.to_bytes(32, "big")
    value, key = b"\1" * 32, b"\0" * 32
    for mark in (b"\0", b"\1"):
        key = hmac.digest(key, value + mark + seed, "sha256")
        value = hmac.digest(key, value, "sha256")
    while True:
        value = hmac.digest(key, value, "sha256")
        if 1 <= int.from_bytes(value, "big") < n:
            yield int.from_bytes(value, "big")
        key = hmac.digest(key, value + b"\0", "sha256")
        value = hmac.digest(key, value, "sha256")


# RFC 6979 A.2.5, P-256, SHA-256, message "sample".
assert ecdsa(0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721, b"sample", *CURVES["P-256"]) == (
    0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716,
    0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8)
