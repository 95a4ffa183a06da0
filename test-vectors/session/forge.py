"""Envelopes that no right program makes, with every key at hand: only the check that is meant can refuse them."""

import chappe
import device as d
import keys
from conventions import LIVE, u8
from x25519 import public, x25519


def octets_of(items):
    return chappe.write_items([chappe.Item(**one) for one in items])


def flight(a, b, ephemeral, plaintext, counter=0, e=None, klass=d.FIRST_FLIGHT, flags=0, parity=0, identity=None, named=None):
    """`e` are other octets of the ephemeral key, `identity` another key that A says is its own, `named` another (account, device)."""
    e = public(ephemeral) if e is None else e
    identity = a.identity if identity is None else identity
    account, number = named or (a.account, a.device)
    prekey_secret, pk_b = b.prekey_secrets[0], b.prekeys[0]
    d1, d2, d3 = x25519(prekey_secret, identity), x25519(b.identity_secret, e), x25519(prekey_secret, e)
    both = keys.parties((account, number), (b.account, b.device))
    root = keys.first_root(d1, d2, d3, LIVE, both, identity, b.identity, pk_b, e)
    if klass == d.STRANGER:
        hint = keys.flight_hint(keys.stranger_hint_key(d3, LIVE), e)
        masked = d.xor(identity + account + u8(number), keys.mask(d2, d3, LIVE, b.identity, pk_b, e))
    else:
        hint, masked = keys.flight_hint(keys.flight_hint_key(d1, LIVE, both), e), b""
    head = chappe.first_octet(0, klass, parity, flags) + hint + e + masked
    return d.seal_octets(LIVE, head, keys.message_keys(root, keys.TO_B, counter), plaintext)


def in_session(play, by, session, counter, plaintext, epoch=None, klass=d.CHAIN, flags=0, parity=None, octet=None):
    """In a session as one side holds it, whatever it would do itself."""
    held = play.devices[by].session(bytes.fromhex(session) if isinstance(session, str) else session)
    epoch = held.send_epoch if epoch is None else epoch
    root = held.roots[epoch]
    if klass == d.RANDOM_ACCESS:
        rest = keys.random_access_hint(root, held.way, counter) + u8(counter // 256 % 256 if octet is None else octet)
    else:
        rest = keys.chain_hint(root, held.way, counter)
    head = chappe.first_octet(0, klass, epoch if parity is None else parity, flags) + rest
    return d.seal_octets(LIVE, head, keys.message_keys(root, held.way, counter), plaintext)
