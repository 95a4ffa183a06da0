"""What each vector kind means: a function from the vector's "in" to its "out", or a refusal."""

import chappe as c


def unhex(text):
    return bytes.fromhex(text)


def to_json(value):
    """Octets to hex; everything else as it is."""
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    if isinstance(value, dict):
        return {k: to_json(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(v) for v in value]
    return value


def item_in(i):
    return c.Item(i["family"], i["revision"], i["form"], unhex(i["reference"]), unhex(i["body"]))


def item_out(item):
    return {
        "family": item.family,
        "revision": item.revision,
        "form": item.form,
        "reference": item.reference,
        "body": item.body,
        "needs_newer": item.needs_newer(),
    }


def ids_out(key, items, salts):
    """Salt, canonical item and id of each item; null where a transport form is unresolved."""
    out = []
    for item, salt in zip(items, salts):
        canonical = item.canonical()
        found = None if canonical is None else c.message_id(key, salt, canonical)
        out.append({"salt": salt, "canonical": canonical, "id": found})
    return out


def opened_out(opened):
    out = {
        "outcome": opened.outcome,
        "device": opened.device,
        "epoch": opened.epoch,
        "counter": opened.counter,
        "items": [item_out(i) for i in opened.items],
    }
    if opened.outcome == "unverified":
        return out | {"account_id": opened.account}
    return out | {"account_key": opened.account, "messages": ids_out(opened.account, opened.items, opened.salts)}


# ---- one function per kind ---------------------------------------------------------------------


def length(i):
    octets = unhex(i["octets"])
    value, end = c.read_length(octets)
    if end != len(octets):
        raise c.Refused("trailing", "length")
    return {"value": value}


def realm(i):
    octets = unhex(i["octets"])
    mode, network = c.read_realm(octets)
    return {"mode": mode, "network": network, "text": c.realm_text(octets)}


def realm_text(i):
    return {"octets": c.read_realm_text(i["text"])}


def account(i):
    key = c.account_key(unhex(i["account_seed"]))
    return {"account_key": key, "account_id": c.account_id(key)}


def signature(i):
    key, realm_octets, content = unhex(i["account_key"]), unhex(i["realm"]), unhex(i["content"])
    c.check_signature(key, i["context"], realm_octets, content, unhex(i["signature"]))
    return {"signed": i["context"].encode() + realm_octets + content}


def items(i):
    return {"items": [item_out(x) for x in c.read_items(unhex(i["octets"]), i["several"])]}


def padded(i):
    """What a sender adds: the plaintext, and how long the envelope gets."""
    items = c.padded([item_in(x) for x in i["items"]], i["overhead"])
    octets = c.write_items(items)
    padding = [len(x.write(several=True)) for x in items if x.is_padding()]
    return {"octets": octets, "padding": padding, "size": i["overhead"] + len(octets)}


def message_id(i):
    resolved = unhex(i["resolved"]) if "resolved" in i else None
    canonical = item_in(i["item"]).canonical(resolved)
    if canonical is None:
        return {"canonical": None, "id": None}
    found = c.message_id(unhex(i["account_key"]), unhex(i["salt"]), canonical)
    return {"canonical": canonical, "id": found}


def resolve(i):
    found = c.resolve(unhex(i["prefix"]), [unhex(x) for x in i["known_ids"]])
    return {"state": "pending" if found is None else "resolved", "id": found}


def open_salt(i):
    return {"salt": c.open_salt(unhex(i["account_key"]), i["device"], i["epoch"], i["counter"])}


def sealed_salt(i):
    return {"salt": c.sealed_salt(unhex(i["s"]), i["counter"])}


def open_write(i):
    seed, r = unhex(i["account_seed"]), unhex(i["realm"])
    key, parts = c.account_key(seed), [item_in(x) for x in i["items"]]
    salts = [c.open_salt(key, i["device"], i["epoch"], i["counter"] + n) for n in range(len(parts))]
    return {
        "account_key": key,
        "account_id": c.account_id(key),
        "chain_id": c.open_chain_id(r, key, i["device"], i["epoch"]),
        "envelope": c.write_open(seed, r, i["device"], i["epoch"], i["counter"], parts),
        "messages": ids_out(key, parts, salts),
    }


def open_read(i):
    find = c.roots([unhex(k) for k in i["accounts"]])
    return opened_out(c.read_open(unhex(i["envelope"]), unhex(i["realm"]), find))


def statement_write(i):
    seed = unhex(i["account_seed"])
    unsigned = c.unsigned_statement(
        c.account_key(seed), i["device"], unhex(i["chain_id"]), i["first"], i["count"],
        unhex(i["root"]), unhex(i["previous"]), int(i["earliest"]), i["width"],
    )  # fmt: skip
    statement = c.sign_statement(seed, unhex(i["realm"]), unsigned)
    return {"statement": statement, "hash": c.statement_hash(statement)}


def statement_read(i):
    octets = unhex(i["statement"])
    fields = c.read_statement(octets, unhex(i["realm"]), c.roots([unhex(k) for k in i["accounts"]]))
    fields["earliest"] = str(fields["earliest"])
    return fields | {"outcome": "verified", "hash": c.statement_hash(octets)}


def contradiction(i):
    one, other = unhex(i["one"]), unhex(i["other"])
    assert c.is_evidence(one, other) == c.is_evidence(other, one)
    return {"evidence": c.is_evidence(one, other)}


def root(i):
    return {"root": c.merkle_root([unhex(x) for x in i["ids"]])}


def chain_open(i):
    return {"chain_id": c.open_chain_id(unhex(i["realm"]), unhex(i["account_key"]), i["device"], i["epoch"])}


def blind(i):
    return {"commitment": c.commitment(unhex(i["blinding_salt"]), unhex(i["statement"]))}


def evidence_body(i):
    statement, salt = c.read_evidence_body(unhex(i["body"]))
    return {
        "statement": statement,
        "blinding_salt": salt,
        "commitment": None if salt is None else c.commitment(salt, statement),
    }


def label(i):
    return {"label": c.label(unhex(i["label_key"]), unhex(i["realm"]), i["epoch"])}


def label_at(i):
    epoch = c.label_epoch(int(i["seconds"]))
    return {"epoch": epoch, "label": c.label(unhex(i["label_key"]), unhex(i["realm"]), epoch)}


KINDS = {
    f.__name__: f
    for f in [
        length, realm, realm_text, account, signature, items, message_id, resolve, open_salt, sealed_salt,
        open_write, open_read, statement_write, statement_read, contradiction, root, chain_open, blind, evidence_body,
        label, label_at, padded,
    ]
}  # fmt: skip


def answer(kind, given):
    """("valid", out) or ("invalid", {"kind", "field"})."""
    try:
        return "valid", to_json(KINDS[kind](given))
    except c.NeedsNewer:
        return "valid", {"outcome": "needs_newer"}
    except c.Refused as refusal:
        return "invalid", {"kind": refusal.kind, "field": refusal.field}
