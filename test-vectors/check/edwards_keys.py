"""Ed25519 keys as chapter 00 takes them, for originators that are no accounts."""

import octets as strict
from octets import edwards
from refusal import refuse_unless


def read(octets):
    point = edwards.decode(octets)
    refuse_unless(point is not None, "inconsistent", "key", 0)
    refuse_unless(not edwards.is_small_order(point), "weak_key", "key", 0)
    return octets


def verifies(key, message, signature):
    return strict.verifies(key, message, signature)
