"""Receipts of the ledger and what opens their leaf (chapter 07)."""

import base64
import binascii
import re
from typing import NamedTuple

import anchor
from octets import h, need, realm_octets, verifies

RECEIPT_MAX, LEAF_MAX, HASHES_MAX, SIGNATURES_MAX = 119_808, 256, 64, 16
ORIGIN = re.compile(r"chappe/([a-z]+/[0-9a-f]{8})/[a-z0-9._-]{1,64}")
LEAF_HEAD, BODIES = 81, {0: 159, 1: 32}


def unbase64(text, size=None):
    try:
        octets = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        octets = None
    need(octets is not None and anchor.b64(octets) == text, "receipt: base64")
    need(size in (None, len(octets)), "receipt: size of base64")
    return octets


def decimal(text):
    need(re.fullmatch("0|[1-9][0-9]{0,18}", text) and int(text) < 2**63, "receipt: number")
    return int(text)


def origin_realm(origin):
    found = ORIGIN.fullmatch(origin)
    need(found, "ledger: origin")
    return realm_octets(found[1])


class LedgerKey(NamedTuple):
    origin: str
    key_id: bytes
    key: bytes


def ledger_key(text, realm):
    need(isinstance(text, str) and text.count("+") >= 2, "ledger key: form")
    origin, key_id, key = text.split("+", 2)
    octets = unbase64(key, 33)
    need(octets[0] == 1 and origin_realm(origin) == realm, "ledger key: type or realm")
    need(key_id == anchor.key_id(origin, octets[1:]).hex(), "ledger key: key id")
    return LedgerKey(origin, bytes.fromhex(key_id), octets[1:])


class Receipt(NamedTuple):
    leaf: bytes
    index: int
    hashes: list
    origin: str
    size: int
    root: bytes
    signatures: dict  # (name, key id): signature


def after(prefix, line):
    need(line.startswith(prefix), f"receipt: no line {prefix.strip()}")
    return line[len(prefix) :]


def signature_lines(lines):
    need(1 <= len(lines) <= SIGNATURES_MAX, "receipt: number of signatures")
    found = {}
    for line in lines:
        parts = after("— ", line).split(" ")
        need(len(parts) == 2 and parts[0] and "+" not in parts[0], "receipt: signature line")
        octets = unbase64(parts[1])
        need(len(octets) > 4 and (parts[0], octets[:4]) not in found, "receipt: signature")
        found[parts[0], octets[:4]] = octets[4:]
    return found


def parse(text):
    need(len(text.encode()) <= RECEIPT_MAX and text.endswith("\n"), "receipt: size or end")
    need(all(c >= " " or c == "\n" for c in text), "receipt: control character")
    lines = text[:-1].split("\n")
    need("" in lines and lines[0] == "c2sp.org/tlog-proof@v1", "receipt: form")
    gap = lines.index("")
    proof, note = lines[:gap], lines[gap + 1 :]
    need(3 <= len(proof) <= 3 + HASHES_MAX and len(note) >= 5 and note[3] == "", "receipt: form")
    leaf, index = unbase64(after("extra ", proof[1])), decimal(after("index ", proof[2]))
    need(1 <= len(leaf) <= LEAF_MAX, "receipt: leaf")
    hashes = [unbase64(line, 32) for line in proof[3:]]
    root = unbase64(note[2], 32)
    return Receipt(leaf, index, hashes, note[0], decimal(note[1]), root, signature_lines(note[4:]))


def check_leaf(leaf):
    need(len(leaf) > LEAF_HEAD and leaf[0] == 1 and leaf[1] in BODIES, "leaf: version, kind or size")
    kind, record, previous, body = leaf[1], leaf[4:36], leaf[36:68], leaf[LEAF_HEAD:]
    need(len(body) == BODIES[kind], "leaf: size of its body")
    if kind == 0:
        need(record == anchor.record_key(body), "leaf: record key is not that of its statement")
    else:
        need(not any(record + previous), "leaf: a blinded one names a record")


def check_receipt(text, ledger, realm):
    """The leaf, which the ledger's key then answers for."""
    receipt = parse(text)
    need(origin_realm(receipt.origin) == realm, "wrong_realm")
    need(receipt.origin == ledger.origin, "unknown_log")
    signature = receipt.signatures.get((ledger.origin, ledger.key_id))
    need(signature is not None, "unknown_log")
    note = anchor.checkpoint_text(receipt.origin, receipt.size, receipt.root)
    need(verifies(ledger.key, note.encode(), signature), "receipt: bad_signature")
    leaf_hash = anchor.leaf_hash(receipt.leaf)
    within = anchor.includes(receipt.root, receipt.size, receipt.index, leaf_hash, receipt.hashes)
    need(within, "receipt: bad_inclusion")
    check_leaf(receipt.leaf)
    return receipt.leaf


def check_opening(leaf, statement, salt):
    body = leaf[LEAF_HEAD:]
    if leaf[1] == 0:
        need(not salt, "evidence: unexpected_salt")
        need(body == statement.octets, "evidence: other_statement")
    else:
        need(salt, "evidence: missing_salt")
        need(body == h("chappe-blind/1", salt, statement.octets), "evidence: bad_opening")
