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


def party_in(i):
    return c.Party(unhex(i["account_seed"]), unhex(i["identity_secret"]), unhex(i["prekey_secret"]))


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
    accounts = [unhex(k) for k in i["accounts"]]
    return opened_out(c.read_open(unhex(i["envelope"]), unhex(i["realm"]), accounts))


def sealed_write(i):
    a, b, r = party_in(i["sender"]), party_in(i["recipient"]), unhex(i["realm"])
    parts, where = [item_in(x) for x in i["items"]], (i["device"], i["epoch"], i["counter"])
    out = c.write_sealed(a, b, r, unhex(i["ephemeral_secret"]), *where, parts)
    salts = [c.sealed_salt(out["s"], i["counter"] + n) for n in range(len(parts))]
    accounts = a.account(), b.account()
    return out | {
        "sender": keys_out(a),
        "recipient": keys_out(b),
        "chain_id": c.sealed_chain_id(a.identity_secret, b.identity(), r, *accounts, i["device"], i["epoch"]),
        "messages": ids_out(a.account(), parts, salts),
    }


def keys_out(party):
    return {"account_key": party.account(), "identity_key": party.identity(), "prekey": party.prekey()}


def sealed_write_refused(i):
    """Sealing towards a card whose keys give nothing: only the key agreement is run."""
    secret = unhex(i["sender_identity_secret"])
    c.x25519(secret, unhex(i["recipient_prekey"]), "prekey")
    c.x25519(unhex(i["ephemeral_secret"]), unhex(i["recipient_identity_key"]), "identity_key")
    return {}


def sealed_read(i):
    contacts = [(unhex(x["account_key"]), unhex(x["identity_key"])) for x in i["contacts"]]
    seen = [unhex(x) for x in i["seen"]]
    return opened_out(c.read_sealed(unhex(i["envelope"]), unhex(i["realm"]), party_in(i["recipient"]), contacts, seen))


def card_write(i):
    seed = unhex(i["account_seed"])
    keys = {
        "account_key": c.account_key(seed),
        "identity_key": c.exchange_key(unhex(i["identity_secret"])),
        "prekey": c.exchange_key(unhex(i["prekey_secret"])),
        "transport_key": c.account_key(unhex(i["transport_seed"])),
        "label_key": unhex(i["label_key"]),
    }
    card = c.sign_card(seed, unhex(i["realm"]), c.unsigned_card(*keys.values()))
    return keys | {"card": card, "text": c.card_text(card)}


def card_read(i):
    return c.read_card(unhex(i["card"]), unhex(i["realm"]))


def card_text(i):
    return {"card": c.card_octets(i["text"])}


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
    fields = c.read_statement(octets, unhex(i["realm"]), [unhex(k) for k in i["accounts"]])
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


def chain_sealed(i):
    a, b = unhex(i["sender_identity_secret"]), unhex(i["recipient_identity_secret"])
    rest = unhex(i["realm"]), unhex(i["sender_account_key"]), unhex(i["recipient_account_key"]), i["device"], i["epoch"]
    chain = c.sealed_chain_id(a, c.exchange_key(b), *rest)
    assert chain == c.sealed_chain_id(b, c.exchange_key(a), *rest)  # both ends get the same
    return {"chain_id": chain}


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
        open_write, open_read, sealed_write, sealed_write_refused, sealed_read, card_write, card_read,
        card_text, statement_write, statement_read, contradiction, root, chain_open, chain_sealed, blind, evidence_body,
        label, label_at,
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
