#!/usr/bin/env python3
"""Checks the known answers of this folder against implementations of their own: check.py [--damage]

Reads every .json here, computes each value again and prints counts by file. With --damage one bit of
every value is changed first, one value at a time, and each change must be noticed. Exits 1 when something
is not as it should be.

AES-GCM-SIV, X25519, ML-KEM, X-Wing and the points of Ed25519 are those of the vectors' generators, which are
so held against the standards; none of the values here was made by them.
Python 3.11, standard library only."""

import hashlib
import hmac
import json
import pathlib
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE.parent), str(HERE.parent / "codec"), str(HERE.parent / "session")]
import aes_gcm_siv  # noqa: E402
import argon2id  # noqa: E402
import brainpool  # noqa: E402
import edwards  # noqa: E402
import x25519  # noqa: E402
import x_wing  # noqa: E402


def octets(v, *names):
    return [bytes.fromhex(v[name]) for name in names]


def check_aes_256_gcm_siv(v):
    key, nonce, plaintext, additional, result = octets(v, "key", "nonce", "plaintext", "additional", "result")
    yield "result", aes_gcm_siv.seal(key, nonce, plaintext, additional)
    if aes_gcm_siv.open_(key, nonce, result, additional) != plaintext:
        yield "result", b""


def check_x25519(v):
    if v["kind"] == "function":
        yield "result", x25519.x25519(*octets(v, "scalar", "u"))
    elif v["kind"] == "iterated":
        k = u = bytes.fromhex(v["start"])
        for _ in range(v["rounds"]):
            k, u = x25519.x25519(k, u), k
        yield "result", k
    else:
        a, b, public_b = octets(v, "secret_a", "secret_b", "public_b")
        yield "public_a", x25519.public(a)
        yield "public_b", x25519.public(b)
        yield "result", x25519.x25519(a, public_b)


def check_ed25519(v):
    """RFC 8032, section 5.1.6, over the points of ../codec/edwards.py."""
    seed, message = octets(v, "seed", "message")
    secret, prefix = edwards.secret_scalar(seed), hashlib.sha512(seed).digest()[32:]
    public = edwards.encode(edwards.multiply(secret, edwards.BASE))
    r = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % edwards.L
    point = edwards.encode(edwards.multiply(r, edwards.BASE))
    s = (r + edwards.challenge(point, public, message) * secret) % edwards.L
    yield "public", public
    yield "result", point + s.to_bytes(32, "little")


def check_hmac_sha256(v):
    key, message, result = octets(v, "key", "message", "result")
    yield "result", hmac.new(key, message, hashlib.sha256).digest()[: len(result)]


def check_hkdf_sha256(v):
    secret, salt, info, result = octets(v, "secret", "salt", "info", "result")
    key = hmac.new(salt, secret, hashlib.sha256).digest()
    out, block = b"", b""
    for n in range(1, -(-len(result) // 32) + 1):
        block = hmac.new(key, block + info + bytes([n]), hashlib.sha256).digest()
        out += block
    yield "pseudorandom_key", key
    yield "result", out[: len(result)]


def check_brainpool_p256r1(v):
    a, b, public_a, public_b = octets(v, "secret_a", "secret_b", "public_a", "public_b")
    a, b = int.from_bytes(a, "big"), int.from_bytes(b, "big")
    yield "public_a", brainpool.encoded(brainpool.multiply(a, brainpool.BASE))
    yield "public_b", brainpool.encoded(brainpool.multiply(b, brainpool.BASE))
    for secret, public in ((a, public_b), (b, public_a)):
        try:
            yield "result", brainpool.encoded(brainpool.multiply(secret, brainpool.point(public)))[1:33]
        except ValueError:
            yield "result", b""


def check_argon2id(v):
    password, salt, secret, associated, result = octets(v, "password", "salt", "secret", "associated", "result")
    cost = v["memory_kibibytes"], v["passes"], v["lanes"]
    yield "result", argon2id.argon2id(password, salt, *cost, len(result), secret, associated)


def check_x_wing(v):
    seed, randomness, ciphertext = octets(v, "seed", "encapsulation_seed", "ciphertext")
    key = x_wing.encapsulation_key(seed)
    secret, sent = x_wing.encapsulate(key, randomness)
    yield "encapsulation_key", key
    yield "ciphertext", sent
    yield "result", secret
    yield "result", x_wing.decapsulate(seed, ciphertext)


def differences(check, vector):
    return sorted({name for name, value in check(vector) if value.hex() != vector[name]})


def unnoticed(check, vector):
    """Names of values of which a bit can change and all still agrees."""
    for name, value in vector.items():
        if name in ("id", "section", "name", "kind") or not isinstance(value, str) or not value:
            continue
        damaged = dict(vector)
        # Bit 3 of the first octet: X25519 ignores others, in a scalar's first and a coordinate's last.
        damaged[name] = value[:1] + format(int(value[1], 16) ^ 8, "x") + value[2:]
        if not differences(check, damaged):
            yield name


def main():
    damage = sys.argv[1:] == ["--damage"]
    total = wrong = 0
    for path in sorted(HERE.glob("*.json")):
        check = globals()[f"check_{path.stem}"]
        vectors = json.loads(path.read_text("utf-8"))["vectors"]
        for vector in vectors:
            names = list(unnoticed(check, vector) if damage else differences(check, vector))
            if names:
                wrong += 1
                print(f"{vector['id']}: {', '.join(names)}")
        print(f"{len(vectors):6} {path.name}")
        total += len(vectors)
    print(f"{total:6} vectors{', damaged' if damage else ''}, {wrong} not as they should be")
    return 0 if total and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
