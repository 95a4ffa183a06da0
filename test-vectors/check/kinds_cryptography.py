"""The kinds of vectors of chapter 12: cryptography.json, and what needs a key or a hash in open.jsonl."""

import hashlib
import hmac
import json

import edwards_keys  # noqa: F401  (it finds the folder of `edwards`)
from addresses import belongs, read_address
from jws_reader import base64url, members, read_key, verify
from judge import accepted, agree, octets_of, refused, same
from keyed import (
    KeyRing,
    agree_on,
    announced_vector,
    check_secret,
    check_token,
    counter_mode,
    decrypt,
    derive,
    hkdf,
    outcome,
    own_public_key,
    read_decrypted,
    read_public_key,
    read_secret_key,
)
from octets import edwards
from signal_fields import read_flat
from weierstrass import SECP256K1, compressed, uncompressed


def check(vector, read):
    """What `read` makes of `in` is `out`, or its refusal the `error`; offsets have no meaning here."""
    if vector["result"] == "valid":
        return same("out", accepted("in", read, vector["in"]), vector["out"])
    refusal = refused("in", read, vector["in"])
    same("error", {"kind": refusal.kind, "field": refusal.field}, vector["error"])


def agreement(given):
    secret = read_secret_key(octets_of(given["secret_key"]))
    point = read_public_key(octets_of(given["public_key"]))
    return {"own_public_key": own_public_key(secret).hex(), "shared_secret": agree_on(secret, point).hex()}


def derivation(given):
    field = "token" if given["use"] == "token" else "secret"
    secret = check_secret(octets_of(given["secret"]), field)
    return {"octets": derive(given["use"], secret, octets_of(given["address"])).hex()}


def key_of(given):
    return derive(given["method"], check_secret(octets_of(given["secret"])), octets_of(given["address"]))


def encryption(vector):
    """From the octets that were sent to the fields; and the key stream is its own reverse."""
    given, out = vector["in"], vector["out"]
    method, key, vector = given["method"], key_of(given), octets_of(given["vector"])
    plain = accepted("hex", decrypt, method, key, vector, octets_of(out["hex"]))
    same("plain", plain.hex(), out["plain"])
    same("hex", decrypt(method, key, vector, plain).hex(), out["hex"])
    fields = accepted("plain", read_decrypted, plain)
    expected = accepted("fields", read_flat, given["fields"])
    same("fields", fields, expected)
    same("members of out", sorted(out), ["hex", "plain"])


def decryption(given):
    plain = decrypt(given["method"], key_of(given), octets_of(given["vector"]), octets_of(given["hex"]))
    return read_decrypted(plain)


def announced(given):
    method, of, vector = announced_vector(read_flat(given["fields"]))
    return {"method": method, "referenced": of, "vector": vector.hex()}


def token(given):
    check_token(read_flat(given["fields"]), octets_of(given["token"]), octets_of(given["address"]))
    return {}


def address(given):
    return {"binary": read_address(given["form"], given["text"]).hex()}


def belonging(given):
    binary, key = read_address(given["form"], given["text"]), read_key(given["curve"], octets_of(given["key"]))
    return {"belongs": belongs(given["form"], binary, given["curve"], key)}


def ring(given):
    kept = KeyRing(octets_of(given["secret_key"]), given["shared"])
    steps = [
        outcome(kept.take, step["originator"], step["id"], octets_of(step["hex"]), step["now"])
        for step in given["steps"]
    ]
    return {"steps": steps}


def by(read):
    return lambda vector: check(vector, read)


BOTH = ("valid", "invalid")
KINDS = {
    "agreement": (by(agreement), BOTH, ("out", "error")),
    "derivation": (by(derivation), BOTH, ("out", "error")),
    "encryption": (encryption, ("valid",), ("out",)),
    "decryption": (by(decryption), ("invalid",), ("error",)),
    "vector": (by(announced), BOTH, ("out", "error")),
    "token": (by(token), BOTH, ("error",)),
    "address": (by(address), BOTH, ("out", "error")),
    "belonging": (by(belonging), ("valid",), ("out",)),
    "jws": (by(verify), BOTH, ("out", "error")),
    "ring": (by(ring), ("valid",), ("out",)),
}


# The vectors of others.


def open_key(given):
    """Its method, the derived key and the vector."""
    method = {"1": "negotiated", "2": "pre_shared"}[given.get("method", "2")]
    secret = octets_of(given["ecdh_shared_secret"] if method == "negotiated" else given["psk"])
    return method, derive(method, secret, octets_of(given["address"])), octets_of(given["iv"])


def open_encrypt(vector):
    given, expected = vector["inputs"], vector["expected"]
    method, key, iv = open_key(given["encrypt"])
    plain = accepted("hex", decrypt, method, key, iv, octets_of(expected["hex"]))
    same("plain_hex", plain.hex(), expected["plain_hex"])
    same("fields", read_decrypted(plain), accepted("fields", read_flat, given["fields"]))


def open_decrypt(vector):
    given, expected = vector["inputs"], vector["expected"]
    if given.get("alg") == "aes-256-ctr":
        source, target = ("plaintext", "ciphertext")[:: 1 if given["op"] == "encrypt" else -1]
        found = counter_mode(octets_of(given["key"]), octets_of(given["iv"]), octets_of(given[source]))
        return same(target, found.hex(), expected[target])
    method, key, iv = open_key(given)
    if given.get("alg") == "wf-aes-256-ctr":
        return same("plaintext", counter_mode(key, iv, octets_of(given["ciphertext"])).hex(), expected["plaintext"])
    plain = accepted("encrypted_hex", decrypt, method, key, iv, octets_of(given["encrypted_hex"]))
    same("plain_hex", plain.hex(), expected["plain_hex"])
    same("key", key.hex(), expected.get("key", key.hex()))
    same("fields", read_decrypted(plain), accepted("fields", read_flat, expected["fields"]))


def open_hash(vector):
    given, expected = vector["inputs"], vector["expected"]
    if given["alg"] == "sha256":
        found = {"digest": hashlib.sha256(octets_of(given["message_hex"])).hexdigest()}
    elif given["alg"] == "hmac-sha256":
        mac = hmac.digest(octets_of(given["key"]), octets_of(given["message_hex"]), "sha256").hex()
        found = {"mac_prefix": mac[: len(expected["mac_prefix"])]}
    else:
        same("alg", given["alg"], "hkdf-sha256")
        secret, salt, info = (octets_of(given[name]) for name in ("ikm", "salt", "info"))
        found = {"okm": hkdf(salt, secret, info, given["length"]).hex()}
        if "prk" in expected:
            found["prk"] = hmac.digest(salt or bytes(32), secret, "sha256").hex()
        if given.get("use") == "enc1":
            same("salt", derive("negotiated", secret, info).hex(), found["okm"])
    same("expected", found, expected)


def open_auth(vector):
    given = vector["inputs"]
    OPERATIONS[given.get("op")](given, vector["expected"])


def short_token(given, expected):
    """Derived as it says; chapter 12 refuses a secret that is so short."""
    secret = octets_of(given["secret"])
    same("verification_data", derive("token", secret, octets_of(given["address"])).hex(), expected["verification_data"])
    same("refusal", refused("secret", check_secret, secret, "token").kind, "weak_key")


def open_address(given, expected):
    same("binary", accepted("address", read_address, "base58check", given["address"]).hex(), expected["binary"])


def open_agreement(given, expected):
    found = agreement({"secret_key": given["private_a"], "public_key": given["public_b_compressed"]})
    same("expected", found, {"own_public_key": expected["public_a_compressed"], "shared_secret": expected["shared_secret"]})


def open_jws(given, expected):
    claims = expected["payload"]
    found = accepted(
        "jws",
        verify,
        {
            "resource": json.dumps(given["jws"]),
            "curve": given["curve"],
            "key": given["public_key"],
            "address": {"form": "hexadecimal", "text": claims["addr"]},
            "url": claims["url"],
        },
    )
    same("claims", found["claims"], {name: claims[name] for name in found["claims"]})
    agree(found["misnamed"] and expected["valid"], "ES256 for a secp256k1 key is misnamed")


def open_compact(given, expected):
    flat = given["flat"]
    same("compact", ".".join(flat[name] for name in ("protected", "payload", "signature")), expected["compact"])
    for name in ("protected", "payload"):
        found = json.loads(accepted(name, base64url, flat[name], name))
        same(name, found, expected["full"][name])
    same("signature", flat["signature"], expected["full"]["signature"])
    agree(members(base64url(flat["protected"], "protected"), "protected", ("alg",)) == {"alg": "HS256"}, "alg")


def open_signing_input(given, expected):
    parts = expected["signing_input"].split(".")
    for name, part in zip(("protected", "payload"), parts, strict=True):
        text = accepted(name, base64url, part, name).decode()
        same(name, text, json.dumps(given["full"][name], separators=(",", ":")))


def open_account(given, expected):
    agree(expected["payload"]["addr"] == expected["address"], "the claim names another address")
    public = octets_of(expected["publicKey"])
    if given["blockchain"] == "bitcoin":
        point = SECP256K1.multiply(int(given["privateKey"], 16), SECP256K1.generator)
        same("publicKey", compressed(point).hex(), expected["publicKey"])
        binary = accepted("address", read_address, "base58check", expected["address"])
        agree(belongs("base58check", binary, "secp256k1", point), "the address is another key's")
        agree(len(uncompressed(point)) == 65, "a point")
    else:
        same("blockchain", given["blockchain"], "fennel")
        binary = accepted("address", read_address, "ss58", expected["address"])
        same("publicKey", sr25519(octets_of(given["seed"])).hex(), public.hex())
        same("publicKey in the address", binary[1:33].hex(), public.hex())


def sr25519(seed):
    """The key of a seed: half of SHA-512, clamped, by the cofactor, and as a point of ristretto255 (RFC 9496)."""
    half = bytearray(hashlib.sha512(seed).digest()[:32])
    half[0] &= 0xF8
    half[31] = half[31] & 0x3F | 0x40
    base = edwards.decode(bytes([0x58]) + b"\x66" * 31)
    return ristretto(edwards.multiply(int.from_bytes(half, "little") // 8, base))


def ristretto(point):
    """RFC 9496 section 4.3.2, z = 1."""
    p, d, root = edwards.P, edwards.D, edwards.SQRT_MINUS_ONE
    x, y = point
    t = x * y % p
    u1, u2 = (1 + y) * (1 - y) % p, t
    inverse = inverse_root(u1 * u2 * u2 % p)
    den1, den2 = inverse * u1 % p, inverse * u2 % p
    z_inverse = den1 * den2 * t % p
    if t * z_inverse % p % 2:
        x, y = y * root % p, x * root % p
        den = den1 * inverse_root((-1 - d) % p) % p
    else:
        den = den2
    if x * z_inverse % p % 2:
        y = -y % p
    s = den * (1 - y) % p
    return min(s, p - s, key=lambda one: one % 2).to_bytes(32, "little")


def inverse_root(square):
    """1/√square, the even one of the two."""
    p, root = edwards.P, edwards.SQRT_MINUS_ONE
    found = pow(square, (p + 3) // 8, p)
    if found * found % p != square:
        found = found * root % p
    found = pow(found, -1, p)
    return found if found % 2 == 0 else p - found


OPERATIONS = {
    None: short_token,
    "base58check_to_binary": open_address,
    "ecdh": open_agreement,
    "jws_verify": open_jws,
    "jws_convert": open_compact,
    "jws_signing_input": open_signing_input,
    "account": open_account,
}


def open_no_vector(vector):
    """A message whose vector was never announced."""
    given = vector["inputs"]
    with_key = given["encrypt"]
    agree(with_key["iv"] == "", "there is a vector")
    kept = KeyRing(b"\0" * 31 + b"\1", [{"with": with_key["address"], "secret": with_key["psk"], "expires": None}])
    refusal = refused("encrypted_hex", kept.take, with_key["address"], "00", octets_of(given["encrypted_hex"]), 0)
    same("refusal", (refusal.kind, refusal.field), ("missing", "InitVector"))


