"""What chapter 12 computes, in the terms of PyPI's `cryptography`: agreement, derivation, counter mode, addresses."""

import hashlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CURVE = ec.BrainpoolP256R1()
# RFC 5639 section 3.4.
P = 0xA9FB57DBA1EEA9BC3E660A909D838D726E3BF623D52620282013481D1F6E5377
N = 0xA9FB57DBA1EEA9BC3E660A909D838D718C397AA3B561A6F7901E0E82974856A7
SALTS = {
    "negotiated": "8ddb03085a2c15e69c35c224bce2952dca7878770724741cbce5a135328be0c0",
    "pre_shared": "c4d028bd45c876135e80ef7889835822a6f19a31835557d5854d1334e8497b56",
    "token": "420abc48f5d69328c457d61725d3fd7af2883cad8460976167e375b9f2c14081",
}
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def agreement_key(secret):
    key = ec.derive_private_key(int.from_bytes(secret, "big"), CURVE).public_key()
    return key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


def agree(secret, public):
    key = ec.derive_private_key(int.from_bytes(secret, "big"), CURVE)
    return key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, public))


def derive(use, secret, address):
    kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=bytes.fromhex(SALTS[use]), info=address)
    return kdf.derive(secret)


def apply(key, vector, octets):
    """The key stream, from the fifth octet on."""
    cipher = Cipher(algorithms.AES(key), modes.CTR(vector)).encryptor()
    return octets[:4] + cipher.update(octets[4:]) + cipher.finalize()


def base58(octets):
    number, text = int.from_bytes(octets, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = BASE58[digit] + text
    return "1" * (len(octets) - len(octets.lstrip(b"\0"))) + text


def base58check(body):
    return body + hashlib.sha256(hashlib.sha256(body).digest()).digest()[:4]


def ss58(body):
    return body + hashlib.blake2b(b"SS58PRE" + body).digest()[:2]


def a_point_off_the_curve():
    """The smallest x above 100 that no point has."""
    x = 100
    while True:
        x += 1
        try:
            ec.EllipticCurvePublicKey.from_encoded_point(CURVE, b"\2" + x.to_bytes(32, "big"))
        except ValueError:
            return b"\2" + x.to_bytes(32, "big")
