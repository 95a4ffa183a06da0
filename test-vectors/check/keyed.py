"""Secrets, agreement, derivation, counter mode, initialisation vectors and tokens (chapter 12).

AES is PyPI's `cryptography`; the rest is here."""

import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from refusal import Refused, refuse_unless
from signal_fields import BODIES, HEADER
from signal_wire import decode
from weierstrass import BRAINPOOL, compressed, number

SALTS = {
    "negotiated": "8ddb03085a2c15e69c35c224bce2952dca7878770724741cbce5a135328be0c0",
    "pre_shared": "c4d028bd45c876135e80ef7889835822a6f19a31835557d5854d1334e8497b56",
    "token": "420abc48f5d69328c457d61725d3fd7af2883cad8460976167e375b9f2c14081",
}
METHODS = {"1": "negotiated", "2": "pre_shared"}
VECTOR_TYPES = {"11": "negotiated", "21": "pre_shared"}


def hkdf(salt, secret, info, length=32):
    """RFC 5869 with SHA-256."""
    key = hmac.digest(salt or bytes(32), secret, "sha256")
    found, block = b"", b""
    while len(found) < length:
        block = hmac.digest(key, block + info + bytes([len(found) // 32 + 1]), "sha256")
        found += block
    return found[:length]


def check_secret(secret, field="secret"):
    refuse_unless(len(secret) >= 16 and len(set(secret)) > 1, "weak_key", field, 0)
    refuse_unless(len(secret) <= 1024, "too_long", field, 0)
    return secret


def derive(use, secret, address):
    return hkdf(bytes.fromhex(SALTS[use]), secret, address)


def read_secret_key(octets):
    found = number(octets)
    refuse_unless(found != 0, "weak_key", "secret_key", 0)
    refuse_unless(found < BRAINPOOL.n, "out_of_range", "secret_key", 0)
    return found


def read_public_key(octets):
    refuse_unless(octets != b"\0", "weak_key", "public_key", 0)
    refuse_unless(len(octets) >= 33, "too_short", "public_key", 0)
    refuse_unless(len(octets) <= 33, "too_long", "public_key", 0)
    refuse_unless(octets[0] in (2, 3), "bad_literal", "public_key", 0)
    x = number(octets[1:])
    refuse_unless(x < BRAINPOOL.p, "not_canonical", "public_key", 0)
    point = BRAINPOOL.lift(x, octets[0] % 2)
    refuse_unless(point, "inconsistent", "public_key", 0)
    return point


def own_public_key(secret_key):
    return compressed(BRAINPOOL.multiply(secret_key, BRAINPOOL.generator))


def agree_on(secret_key, point):
    return BRAINPOOL.multiply(secret_key, point)[0].to_bytes(32, "big")


def counter_mode(key, vector, octets):
    """One block at a time, so that what counts, and in how many bits, is said here and not elsewhere."""
    cipher = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    found, counter = b"", number(vector)
    for at in range(0, len(octets), 16):
        block = cipher.update((counter + at // 16 & 2**128 - 1).to_bytes(16, "big"))
        found += bytes(one ^ other for one, other in zip(octets[at : at + 16], block))
    return found


def method_of(octets):
    """What everybody can read: prefix, version, indicator."""
    for at, (literal, kind, field) in enumerate(
        [(b"W", "bad_literal", "Prefix"), (b"F", "bad_literal", "Prefix"), (b"1", "unknown_version", "Version")]
    ):
        refuse_unless(len(octets) > max(at, field == "Prefix"), "truncated", field, 0)
        refuse_unless(octets[at : at + 1] == literal, kind, field, 0)
    refuse_unless(len(octets) > 3, "truncated", "EncryptionIndicator", 0)
    indicator = chr(octets[3])
    refuse_unless(indicator.isascii() and indicator.isalnum(), "bad_character", "EncryptionIndicator", 0)
    refuse_unless(indicator != "0", "unexpected", "EncryptionIndicator", 0)
    refuse_unless(indicator in METHODS, "unsupported", "EncryptionIndicator", 0)
    return METHODS[indicator]


def decrypt(method, key, vector, octets):
    refuse_unless(method_of(octets) == method, "inconsistent", "EncryptionIndicator", 0)
    refuse_unless(len(octets) <= 2048, "too_long", "message", 0)
    return octets[:4] + counter_mode(key, vector, octets[4:])


def read_decrypted(octets):
    """The fields of plain octets, with the encryption they name; chapter 01 reads the rest."""
    fields, _ = decode(octets[:3] + b"0" + octets[4:])
    return fields | {"EncryptionIndicator": chr(octets[3])}


def check_support(fields):
    """A K that is acted on: plain, no test, not under duress."""
    refuse_unless(fields["MessageCode"] == "K", "unexpected", "MessageCode", 0)
    refuse_unless(fields["EncryptionIndicator"] == "0", "unexpected", "EncryptionIndicator", 0)
    refuse_unless(fields["DuressIndicator"] == "0", "unexpected", "DuressIndicator", 0)


def announced_vector(fields):
    """(method, message, vector) of a K(3)11 or K(3)21."""
    check_support(fields)
    refuse_unless(fields["CryptoDataType"] in VECTOR_TYPES, "unsupported", "CryptoDataType", 0)
    refuse_unless(fields["ReferenceIndicator"] == "3", "unexpected", "ReferenceIndicator", 0)
    refuse_unless(set(fields["ReferencedMessage"]) != {"0"}, "missing", "ReferencedMessage", 0)
    vector = bytes.fromhex(fields["CryptoData"])
    refuse_unless(len(vector) >= 16, "too_short", "CryptoData", 0)
    refuse_unless(len(vector) <= 16, "too_long", "CryptoData", 0)
    return VECTOR_TYPES[fields["CryptoDataType"]], fields["ReferencedMessage"].lower(), vector


def check_token(fields, token, address):
    check_secret(token, "token")
    refuse_unless(fields["MessageCode"] == "A", "unexpected", "MessageCode", 0)
    refuse_unless(fields["VerificationMethod"] == "2", "unexpected", "VerificationMethod", 0)
    data = fields["VerificationData"]
    refuse_unless(set(data) <= set("0123456789abcdefABCDEF"), "bad_character", "VerificationData", 0)
    refuse_unless(len(data) >= 64, "too_short", "VerificationData", 0)
    refuse_unless(len(data) <= 64, "too_long", "VerificationData", 0)
    derived = derive("token", token, address).hex()
    refuse_unless(hmac.compare_digest(data.lower(), derived), "bad_tag", "VerificationData", 0)



class KeyRing:
    """What a participant can read after the messages so far, in the order of the ledger."""

    VECTORS_MAX = 64

    def __init__(self, secret_key, shared):
        self.secret_key = read_secret_key(secret_key)
        # The latest for each originator holds.
        self.shared = {one["with"]: (check_secret(bytes.fromhex(one["secret"])), one["expires"]) for one in shared}
        self.keys, self.vectors = {}, {}

    def take(self, originator, identifier, octets, now):
        if octets[3:4] == b"0":
            return {"learned": self.learn(originator, identifier, decode(octets)[0])}
        return {"plain": self.read(originator, identifier, octets, now).hex()}

    def learn(self, originator, identifier, fields):
        check_support(fields)
        if fields["CryptoDataType"] == "0A":
            return self.learn_key(originator, identifier, fields)
        method, of, vector = announced_vector(fields)
        kept = self.vectors.setdefault(originator, {})
        refuse_unless(kept.setdefault(of, (method, vector)) == (method, vector), "unexpected", "CryptoData", 0)
        if len(kept) > self.VECTORS_MAX:
            del kept[next(iter(kept))]
        return "vector"

    def learn_key(self, originator, identifier, fields):
        indicator, known = fields["ReferenceIndicator"], self.keys.get(originator)
        refuse_unless(indicator in "0124", "unexpected", "ReferenceIndicator", 0)
        if indicator in "14":
            refuse_unless(
                known and known[0] == fields["ReferencedMessage"].lower(), "inconsistent", "ReferencedMessage", 0
            )
            del self.keys[originator]
            return "key_withdrawn"
        point = read_public_key(bytes.fromhex(fields["CryptoData"]))
        if known and known[1] == point:
            return "same_key"
        self.keys[originator] = identifier, point
        return "another_key" if known else "key"

    def read(self, originator, identifier, octets, now):
        method = method_of(octets)
        kept = self.vectors.get(originator, {})
        refuse_unless(identifier in kept, "missing", "InitVector", 0)
        of_method, vector = kept[identifier]
        refuse_unless(of_method == method, "inconsistent", "CryptoDataType", 0)
        key = derive(method, self.secret_with(originator, method, now), bytes.fromhex(originator))
        return decrypt(method, key, vector, octets)

    def secret_with(self, originator, method, now):
        if method == "negotiated":
            refuse_unless(originator in self.keys, "missing", "key", 0)
            return agree_on(self.secret_key, self.keys[originator][1])
        refuse_unless(originator in self.shared, "missing", "key", 0)
        secret, expires = self.shared[originator]
        refuse_unless(expires is None or now < expires, "expired", "key", 0)
        return secret


def outcome(read, *given):
    try:
        return read(*given)
    except Refused as refused:
        return {"error": {"kind": refused.kind, "field": refused.field}}
