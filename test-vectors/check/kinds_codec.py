"""The kinds of codec/: conventions, items, ids, open envelopes, statements (chapters 00, 02, 03, 04, and the label of 05)."""

import re

import identity_forms as f
import items_open as o
import library as p
from judge import agree, same
from kinds_identity import device_open_read, judged, unhex
from refusal import Refused

REALM = re.compile(r"(live|exercise)/(.*)", re.DOTALL)


def refuse_if(wrong, kind, field):
    if wrong:
        raise Refused(kind, field, 0)


def length(given):
    octets = unhex(given["octets"])
    value = 0
    for n in range(5):
        refuse_if(n == 4, "too_long", "length")
        refuse_if(n >= len(octets), "truncated", "length")
        value |= (octets[n] & 127) << 7 * n
        if octets[n] < 128:
            refuse_if(n and octets[n] == 0, "not_canonical", "length")
            refuse_if(n + 1 < len(octets), "trailing", "length")
            return {"value": value}


def realm(given):
    octets = unhex(given["octets"])
    refuse_if(len(octets) < 5, "truncated", "realm")
    refuse_if(len(octets) > 5, "trailing", "realm")
    refuse_if(octets[0] > 1, "unknown_code", "mode")
    mode = "exercise" if octets[0] else "live"
    return {"mode": mode, "network": int.from_bytes(octets[1:], "big"), "text": f"{mode}/{octets[1:].hex()}"}


def realm_text(given):
    found = REALM.fullmatch(given["text"])
    refuse_if(not found, "bad_literal", "mode")
    refuse_if(re.search("[^0-9a-f]", found[2]), "bad_digit", "network")
    refuse_if(len(found[2]) < 8, "truncated", "network")
    refuse_if(len(found[2]) > 8, "trailing", "network")
    return {"octets": ("01" if found[1] == "exercise" else "00") + found[2]}


def account(given):
    key = p.signing_key(unhex(given["account_seed"]))
    return {"account_key": key.hex(), "account_id": f.account_id(key).hex()}


def signature(given):
    key, message = unhex(given["account_key"]), given["context"].encode() + unhex(given["realm"]) + unhex(given["content"])
    refuse_if(p.state_of(key) == "small", "weak_key", "account_key")
    good = p.state_of(key) == "good" and p.verifies(key, message, unhex(given["signature"]))
    refuse_if(not good, "bad_signature", "signature")
    return {"signed": message.hex()}


def items(given):
    found = o.read_items(unhex(given["octets"]), given["several"])
    same("written again", o.write_items(found).hex(), given["octets"])
    return {"items": [o.item_out(one) for one in found]}


STEPS = [64, 128, 239, 512, 1024, 2048, 4096, 8192, 16384]
EMPTY_PADDING = 23, 0, b""


def padded(given):
    """What a sender adds behind the items of a sealed envelope (chapter 03, Length)."""
    parts, overhead = [o.from_vector(one) for one in given["items"]], given["overhead"]
    octets, added = o.write_items(parts), []
    if overhead + len(octets) not in STEPS:
        n = overhead + len(o.write_items([*parts, EMPTY_PADDING])) - 3  # with the lengths of several
        step = min((step for step in STEPS if step >= n + 3), default=None)
        added = split_padding(step - n) if step else []
        added = added if len(parts) + len(added) <= 32 else []
        octets = o.write_items(parts + [(25, 0, bytes(m - (3 if m <= 130 else 4))) for m in added])
    return {"octets": octets.hex(), "padding": added, "size": overhead + len(octets)}


def split_padding(m):
    return [m // 2, m - m // 2] if m == 131 or m >= 4099 else [m]


def message_id(given):
    family, octet, content = o.from_vector(given["item"])
    if octet & 3 == 1 and "resolved" in given:
        octet, content = octet + 1, unhex(given["resolved"]) + content[8:]
    out = o.message_out(unhex(given["account_key"]), unhex(given["salt"]), (family, octet, content))
    return {"canonical": out["canonical"], "id": out["id"]}


def resolve(given):
    found = {one for one in given["known_ids"] if one.startswith(given["prefix"])}
    refuse_if(len(found) > 1, "inconsistent", "reference")
    return {"state": "resolved", "id": found.pop()} if found else {"state": "pending", "id": None}


def open_salt(given):
    where = unhex(given["account_key"]) + bytes([given["device"]]) + given["epoch"].to_bytes(2, "big")
    return {"salt": f.h(b"chappe-salt/1", where + given["counter"].to_bytes(4, "big"))[:16].hex()}


def sealed_salt(given):
    return {"salt": p.mac(unhex(given["s"]), b"chappe-item-salt/1" + given["counter"].to_bytes(4, "big"))[:16].hex()}


def with_device_0(given):
    return given | {"certificates": [], "revocations": [], "successions": []}


def renamed(out):
    return {"account_key" if name == "account" else name: value for name, value in out.items()}


def open_write(given):
    seed, realm_octets = unhex(given["account_seed"]), unhex(given["realm"])
    key, device, epoch, counter = p.signing_key(seed), given["device"], given["epoch"], given["counter"]
    parts = [o.from_vector(one) for one in given["items"]]
    where = bytes([device]) + epoch.to_bytes(2, "big")
    octets = bytes([(epoch & 1) << 2 | (len(parts) > 1)]) + where + f.account_id(key) + counter.to_bytes(4, "big")
    octets += o.write_items(parts)
    envelope = octets + p.signature(seed, b"chappe-open/1" + realm_octets + octets)
    return {
        "account_key": key.hex(), "account_id": f.account_id(key).hex(), "envelope": envelope.hex(),
        "chain_id": f.h(b"chappe-chain/1", realm_octets + key + where)[:8].hex(),
        "messages": o.open_messages(key, device, epoch, counter, parts),
    }  # fmt: skip


def open_read(given):
    octets = unhex(given["envelope"])
    refuse_if(len(octets) > 16384, "too_long", "envelope")
    refuse_if(not octets, "truncated", "envelope")
    if octets[0] >> 3 > 4 or octets[0] & 2:
        return {"outcome": "needs_newer"}
    agree(octets[0] >> 3 == 0, "no open envelope")
    return renamed(device_open_read(with_device_0(given)))


def statement_write(given):
    seed = unhex(given["account_seed"])
    octets = b"\x01" + f.account_id(p.signing_key(seed)) + bytes([given["device"]]) + unhex(given["chain_id"])
    octets += given["first"].to_bytes(4, "big") + given["count"].to_bytes(2, "big") + unhex(given["root"])
    octets += unhex(given["previous"]) + int(given["earliest"]).to_bytes(5, "big") + given["width"].to_bytes(2, "big")
    octets += p.signature(seed, b"chappe-statement/1" + unhex(given["realm"]) + octets)
    return {"statement": octets.hex(), "hash": f.h(b"chappe-statement-hash/1", octets).hex()}


def statement_read(given):
    octets = unhex(given["statement"])
    refuse_if(not octets, "truncated", "statement")
    if octets[0] != 1:
        return {"outcome": "needs_newer"}
    return o.read_statement(octets, unhex(given["realm"]), f.Known(with_device_0(given))) | {"outcome": "verified"}


def contradiction(given):
    one, other = (unhex(given[name]) for name in ("one", "other"))
    counters = [set(range(first, first + int.from_bytes(x[22:24], "big")))
                for x in (one, other) for first in [int.from_bytes(x[18:22], "big")]]  # fmt: skip
    chain = one[1:9] + one[10:18] == other[1:9] + other[10:18]
    return {"evidence": chain and one != other and bool(counters[0] & counters[1])}


def root(given):
    return {"root": o.tree([unhex(one) for one in given["ids"]])[-1][0].hex()}


def chain_open(given):
    where = unhex(given["realm"]) + unhex(given["account_key"]) + bytes([given["device"]]) + given["epoch"].to_bytes(2, "big")
    return {"chain_id": f.h(b"chappe-chain/1", where)[:8].hex()}


def committed(salt, statement):
    return f.h(b"chappe-blind/1", salt + statement).hex()


def blind(given):
    return {"commitment": committed(unhex(given["blinding_salt"]), unhex(given["statement"]))}


def evidence_body(given):
    body = unhex(given["body"])
    if len(body) == 159:
        return {"statement": body.hex(), "blinding_salt": None, "commitment": None}
    refuse_if(len(body) < 159, "truncated", "statement")
    refuse_if(len(body) < 191, "truncated", "blinding_salt")
    refuse_if(len(body) > 191, "trailing", "blinding_salt")
    statement, salt = body[:159], body[159:]
    return {"statement": statement.hex(), "blinding_salt": salt.hex(), "commitment": committed(salt, statement)}


def labelled(given, epoch):
    return p.mac(unhex(given["label_key"]), b"chappe-label/1" + unhex(given["realm"]) + epoch.to_bytes(4, "big"))[:3].hex()


def label(given):
    return {"label": labelled(given, given["epoch"])}


def label_at(given):
    epoch = int(given["seconds"]) // 86400
    return {"epoch": epoch, "label": labelled(given, epoch)}


KINDS = {
    answer.__name__: (judged(answer), ("valid", "invalid"), ("out", "error"))
    for answer in (
        length, realm, realm_text, account, signature, items, padded, message_id, resolve, open_salt, sealed_salt, open_write,
        open_read, statement_write, statement_read, contradiction, root, chain_open, blind, evidence_body, label, label_at,
    )
}  # fmt: skip
