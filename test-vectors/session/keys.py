"""Every derivation of chapter 11, and nothing else: what changes there changes here. For test vectors only."""

import functools
import pathlib
import sys

VECTORS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(VECTORS), str(VECTORS / "codec")]
from conventions import Refused, expand, kdf, mac, sha256, u8, u16, u32  # noqa: E402, F401
from x25519 import x25519  # noqa: E402

NOTHING = bytes(32)
TO_B, TO_A = 0, 1


def agree(secret, key, field):
    shared = x25519(secret, key)
    if shared == NOTHING:
        raise Refused("weak_key", field)
    return shared


# ---- beginning ---------------------------------------------------------------------------------


def parties(a, b):
    """`a` and `b` are (account, device)."""
    return a[0] + u8(a[1]) + b[0] + u8(b[1])


def first_root(d1, d2, d3, realm, both, ik_a, ik_b, pk_b, e):
    return kdf(d1 + d2 + d3, "chappe-session/1", realm, both, ik_a, ik_b, pk_b, e, n=32)


def flight_hint_key(d1, realm, both):
    return kdf(d1, "chappe-hint/1", realm, both, n=32)


def stranger_hint_key(d3, realm):
    return kdf(d3, "chappe-stranger/1", realm, n=32)


def mask(d2, d3, realm, ik_b, pk_b, e):
    return kdf(d2 + d3, "chappe-mask/1", realm, ik_b, pk_b, e, n=65)


def chain_id(root, way):
    return expand(root, "chappe-session-chain/1", u8(way), n=8)


# ---- keys of an epoch --------------------------------------------------------------------------


@functools.cache
def hint_key(root, way):
    return expand(root, "chappe-hint-key/1", u8(way), n=32)


@functools.cache
def _blocks(root, way):
    return [expand(root, "chappe-block/1", u8(way), n=32)]


def block(root, way, b):
    known = _blocks(root, way)
    while len(known) <= b:
        known.append(expand(known[-1], "chappe-next-block/1", n=32))
    return known[b]


@functools.cache
def _chains(block_key):
    return [expand(block_key, "chappe-chain-key/1", n=32)]


def chain_key(root, way, c):
    known = _chains(block(root, way, c // 256))
    while len(known) <= c % 256:
        known.append(expand(known[-1], "chappe-next-key/1", n=32))
    return known[c % 256]


def message_keys(root, way, c):
    """K, N, S."""
    octets = expand(chain_key(root, way, c), "chappe-message/1", n=76)
    return octets[:32], octets[32:44], octets[44:]


# ---- hints -------------------------------------------------------------------------------------


@functools.cache
def chain_hint(root, way, c):
    return mac(hint_key(root, way), b"chappe-in-chain/1", u32(c))[:3]


def random_access_hint(root, way, c):
    return mac(hint_key(root, way), b"chappe-at-random/1", u32(c))[:3]


def flight_hint(key, e):
    return mac(key, b"chappe-in-flight/1", e)[:3]


def salt(s, c):
    return mac(s, b"chappe-item-salt/1", u32(c))[:16]


# ---- steps -------------------------------------------------------------------------------------


def carry(root):
    return expand(root, "chappe-carry/1", n=32)


def step(root, agreed, k, f):
    """The root of epoch k; `agreed` is X25519(f, P)."""
    return kdf(carry(root) + agreed, "chappe-step/1", u32(k), f, n=32)


def hybrid_step(root, agreed, shared, k, f, encapsulation_key, ciphertext):
    parts = u32(k), f, sha256(encapsulation_key), sha256(ciphertext)
    return kdf(carry(root) + agreed + shared, "chappe-hybrid-step/1", *parts, n=32)
