"""The accounts, roots and devices that the vectors of this folder are about."""

import endorsement as e
from book import Book
from conventions import LIVE, seed
from identity_kinds import KINDS
from x25519 import public

import edwards

CHAPTER = "10-identity"
ALICE = e.Root(1, [seed("alice root")])
BOB = e.Root(1, [seed("bob root")])
NEXT = e.Root(1, [seed("alice next root")])
BOARD = e.Root(2, [seed(f"board member {n}") for n in range(3)])
SIGNING, OTHER_SIGNING = seed("alice phone signing"), seed("alice tablet signing")
TORSION = edwards.torsion_point()
SMALL = [edwards.encode(edwards.multiply(n, TORSION)) for n in range(8)]


def book(name):
    return Book("identity", name, CHAPTER, KINDS)


def certificate_fields(account=ALICE.account, **other):
    return {
        "account": account, "device": 1, "issue": 0, "signing_key": e.account_key(SIGNING),
        "identity_key": public(seed("alice phone identity")), "transport_key": e.account_key(seed("alice phone transport")),
        "not_before": 1_800_000_000, "expiry": e.NEVER, "permissions": 0xFFFF, "precedence": 3, "area": e.WORLD,
    } | other  # fmt: skip


def revocation_fields(account=ALICE.account, **other):
    return {"account": account, "device": 1, "issue": 0} | other


def succession_fields(account=ALICE.account, successor=NEXT.account):
    return {"account": account, "successor": successor}


def endorsed(what, fields, root=ALICE, realm=LIVE, places=None):
    return root.endorse(what, realm, e.write_content(what, fields), places)


def certificate(root=ALICE, realm=LIVE, **fields):
    return endorsed("certificate", certificate_fields(root.account, **fields), root, realm)


def revocation(root=ALICE, **fields):
    return endorsed("revocation", revocation_fields(root.account, **fields), root)


def succession(root=ALICE, successor=NEXT.account):
    return endorsed("succession", succession_fields(root.account, successor), root)


def no_point():
    """The smallest y that belongs to no point of the curve."""
    return next(o for o in (n.to_bytes(32, "little") for n in range(2, 99)) if edwards.decode(o) is None)
