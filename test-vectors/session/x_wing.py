"""X-Wing (draft-connolly-cfrg-xwing-kem): ML-KEM-768 with X25519. For test vectors only."""

import hashlib

import ml_kem
from x25519 import public, x25519

LABEL = b"\\.//^\\"


def _expanded(secret):
    """ML-KEM's keys and X25519's secret, of the 32 octets that are the decapsulation key."""
    octets = hashlib.shake_256(secret).digest(96)
    return *ml_kem.key_pair(octets[:32], octets[32:64]), octets[64:]


def _combined(secret_m, secret_x, ciphertext_x, key_x):
    return hashlib.sha3_256(secret_m + secret_x + ciphertext_x + key_x + LABEL).digest()


def encapsulation_key(secret):
    ek, _, x = _expanded(secret)
    return ek + public(x)


def encapsulate(key, seed):
    """Shared secret and ciphertext; `seed` has 64 octets: ML-KEM's m, then X25519's secret."""
    secret_m, ciphertext_m = ml_kem.encapsulate(key[:1184], seed[:32])
    ciphertext_x, secret_x = public(seed[32:]), x25519(seed[32:], key[1184:])
    return _combined(secret_m, secret_x, ciphertext_x, key[1184:]), ciphertext_m + ciphertext_x


def decapsulate(secret, ciphertext):
    _, dk, x = _expanded(secret)
    ciphertext_x = ciphertext[1088:]
    return _combined(ml_kem.decapsulate(dk, ciphertext[:1088]), x25519(x, ciphertext_x), ciphertext_x, public(x))


def check_known_answer():
    """The first test vector of the draft's appendix C, of its two long values the SHA-256."""
    secret = bytes.fromhex("7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26")
    seed = bytes.fromhex(
        "3cb1eea988004b93103cfb0aeefd2a686e01fa4a58e8a3639ca8a1e3f9ae57e2"
        "35b8cc873c23dc62b8d260169afa2f75ab916a58d974918835d25e6a435085b2"
    )
    key = encapsulation_key(secret)
    shared, ciphertext = encapsulate(key, seed)
    assert hashlib.sha256(key).hexdigest() == "2e816deebcd76c5c80d0cd2d174478871658e8e2ff42bc9d4a6e486372e856bb"
    assert hashlib.sha256(ciphertext).hexdigest() == "17cd532d657e44c897ca6583e548a5424fc70bf54f99515a4d2bcf99e3469f33"
    assert shared.hex() == "d2df0522128f09dd8e2c92b1e905c793d8f57a54c3da25861f10bf4ca613e384"
    assert decapsulate(secret, ciphertext) == shared
    assert decapsulate(secret, ciphertext[:-33] + bytes([ciphertext[-33] ^ 1]) + ciphertext[-32:]) != shared
