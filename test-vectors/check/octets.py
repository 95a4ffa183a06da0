"""What every check here stands on: refusal, hashes, realms, strict signatures (chapter 00)."""

import functools
import hashlib
import pathlib
import re
import sys

VECTORS = pathlib.Path(__file__).resolve().parent.parent
for folder in (VECTORS, VECTORS / "codec", VECTORS / "anchor"):
    sys.path.insert(0, str(folder))
import ed25519  # noqa: E402
import edwards  # noqa: E402

REALM = re.compile(r"(live|exercise)/([0-9a-f]{8})")


class Wrong(Exception):
    """Something does not hold; the text says what."""


def need(holds, otherwise):
    if not holds:
        raise Wrong(otherwise)


def number(octets):
    return int.from_bytes(octets, "big")


def h(label, *parts):
    return hashlib.sha256(label.encode("ascii") + b"".join(parts)).digest()


def sha256(octets):
    return hashlib.sha256(octets).digest()


def hexadecimal(text, length=None):
    need(isinstance(text, str) and re.fullmatch("([0-9a-f]{2})*", text), "not octets in lower-case hex")
    octets = bytes.fromhex(text)
    need(length in (None, len(octets)), f"{len(octets)} octets instead of {length}")
    return octets


def realm_octets(text):
    found = isinstance(text, str) and REALM.fullmatch(text)
    need(found, "not a realm")
    return bytes([found[1] == "exercise"]) + bytes.fromhex(found[2])


def account_id(key):
    return h("chappe-account/1", key)[:8]


@functools.cache
def decodes_well(octets):
    """A point of the curve, encoded as RFC 8032 says, and not of small order."""
    point = edwards.decode(octets)
    return point is not None and not edwards.is_small_order(point)


@functools.cache
def verifies(key, message, signature):
    """The strict predicate of chapter 00."""
    return (
        len(signature) == 64
        and decodes_well(key)
        and decodes_well(signature[:32])
        and ed25519.verify(key, message, signature)
    )
