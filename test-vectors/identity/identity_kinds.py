"""What each kind of vector of this folder means: a function from its "in" to its "out", or a refusal."""

import pathlib

import asking
import card as c
import chappe
import devices
import endorsement as e
from conventions import refuse_unless
from prekey import prekey_life

WORDS = pathlib.Path(__file__).resolve().parents[2] / "spec" / "names" / "words.en.txt"
TIMES = ("not_before", "expiry", "prekey_expiry")
OCTETS = ("account", "signing_key", "identity_key", "transport_key", "successor")


def unhex(text):
    return bytes.fromhex(text)


def unhex_all(texts):
    return [unhex(text) for text in texts]


def times_out(fields):
    """Wider than 32 bits: decimal strings."""
    return {k: str(v) if k in TIMES else v for k, v in fields.items()}


def content_in(i):
    fields = {k: unhex(v) if k in OCTETS else v for k, v in i.items()}
    return {k: int(v) if k in TIMES else v for k, v in fields.items()}


def successors_in(i):
    return [(unhex(one["account"]), unhex(one["successor"])) for one in i["successors"]]


# ---- one function for each kind ----------------------------------------------------------------


def root(i):
    octets = unhex(i["root"])
    found = e.read_root(octets)
    refuse_unless(found == octets, "trailing", "root")
    keys = e.keys_of(found)
    for key in keys:
        e.check_key(key, "keys")
    account = e.account_of(found)
    return {"threshold": found[0], "keys": keys, "account": account, "account_id": e.account_id(account)}


def endorsement_write(i):
    owner = e.Root(i["threshold"], unhex_all(i["seeds"]))
    content = e.write_content(i["what"], content_in(i["content"]))
    octets = owner.endorse(i["what"], unhex(i["realm"]), content, i["places"])
    return {
        "content": content, "root": owner.octets, "root_account": owner.account,
        "root_account_id": e.account_id(owner.account), "octets": octets,
    }  # fmt: skip


def endorsement_read(i):
    return times_out(e.read_endorsement(i["what"], unhex(i["octets"]), unhex(i["realm"]), successors_in(i)))


def endorsement_item(i):
    body = unhex(i["body"])
    refuse_unless(body, "truncated", "kind")
    refuse_unless(body[0] < len(e.KINDS), "unknown_code", "kind")
    what = e.KINDS[body[0]]
    return {"what": what} | times_out(e.read_endorsement(what, body[1:], unhex(i["realm"])))


def account(i):
    """All endorsements of an account in the order in which a reader meets them."""
    known, answers = devices.Account(unhex(i["realm"]), unhex(i["account"])), []
    for n, one in enumerate(i["endorsements"]):
        try:
            answers.append(known.take(n, one["what"], unhex(one["octets"])))
        except e.Refused as refusal:
            answers.append(refusal.kind)
    held = known.holding(i["device"])
    return {
        "answers": answers, "root": known.root, "evidence": known.evidence,
        "holds": held[0]["n"] if held else None, "before": held[1]["n"] if held[1:] else None,
        "verifies": [one["n"] for one in held if not known.is_revoked(one)],
    }  # fmt: skip


def card_that_counts(i):
    """Of cards of one device, in the order in which they became known."""
    cards = [c.read_card(unhex(octets), unhex(i["realm"])) for octets in i["cards"]]
    rank = [(e.read_content("certificate", card["certificate"])["issue"], card["prekey_expiry"]) for card in cards]
    return {"counts": rank.index(max(rank))}


def card_former(i):
    return {"former": c.is_former(unhex(i["card"]), unhex(i["realm"]))}


def card_write(i):
    octets = c.write_card(
        unhex(i["certificate"]), unhex(i["prekey"]), int(i["prekey_expiry"]), unhex(i["label_key"]),
        [(unhex(home["key"]), home["network_address"].encode()) for home in i["homes"]],
        unhex(i["signing_seed"]), unhex(i["realm"]),
    )  # fmt: skip
    return {"card": octets, "text": c.card_text(octets), "qr": c.qr_text(octets)}


def card_read(i):
    return times_out(c.read_card(unhex(i["card"]), unhex(i["realm"]), successors_in(i)))


def card_text(i):
    return {"card": c.card_octets(i["text"])}


def card_qr(i):
    return {"card": c.qr_octets(i["text"])}


def words(i):
    found, numbers = c.words(unhex(i["realm"]), unhex(i["account"]))
    out = {"hash": found, "numbers": numbers}
    if WORDS.exists():
        listed = WORDS.read_text("ascii").split()
        out["words"] = [listed[n] for n in numbers]
    return out


def permitted(i):
    reasons = c.not_permitted(i["certificate"], i["message"])
    return {"permitted": not reasons, "against": reasons}


def directory_in(i):
    known = (unhex_all(i[name]) for name in ("accounts", "certificates", "revocations", "successions"))
    return devices.directory(unhex(i["realm"]), *known)


def item_in(i):
    return chappe.Item(i["family"], i["revision"], i["form"], unhex(i["reference"]), unhex(i["body"]))


def item_out(item):
    return vars(item) | {"needs_newer": item.needs_newer()}


def device_open_write(i):
    account, parts = unhex(i["account"]), [item_in(one) for one in i["items"]]
    where = (i["device"], i["epoch"], i["counter"])
    return {
        "account_id": e.account_id(account),
        "chain_id": chappe.open_chain_id(unhex(i["realm"]), account, i["device"], i["epoch"]),
        "envelope": devices.write_open(account, unhex(i["signing_seed"]), unhex(i["realm"]), *where, parts),
        "messages": devices.messages(account, *where, parts),
    }


def device_open_read(i):
    opened = chappe.read_open(unhex(i["envelope"]), unhex(i["realm"]), directory_in(i))
    out = {
        "outcome": opened.outcome, "device": opened.device, "epoch": opened.epoch, "counter": opened.counter,
        "items": [item_out(item) for item in opened.items],
    }  # fmt: skip
    if opened.outcome == "unverified":
        return out | {"account_id": opened.account}
    found = devices.messages(opened.account, opened.device, opened.epoch, opened.counter, opened.items)
    return out | {"account": opened.account, "messages": found}


def device_statement_write(i):
    unsigned = chappe.unsigned_statement(
        unhex(i["account"]), i["device"], unhex(i["chain_id"]), i["first"], i["count"], unhex(i["root"]),
        unhex(i["previous"]), int(i["earliest"]), i["width"],
    )  # fmt: skip
    statement = chappe.sign_statement(unhex(i["signing_seed"]), unhex(i["realm"]), unsigned)
    return {"statement": statement, "hash": chappe.statement_hash(statement)}


def device_statement_read(i):
    octets = unhex(i["statement"])
    fields = chappe.read_statement(octets, unhex(i["realm"]), directory_in(i))
    return fields | {"earliest": str(fields["earliest"]), "hash": chappe.statement_hash(octets)}


def proof_write(i):
    ids = unhex_all(i["ids"])
    statement = unhex(i["statement"])
    place = i["counter"] - chappe.number(statement[18:22])
    path = c.audit_path(place, ids)
    return {"path": path, "proof": statement + chappe.u32(i["counter"]) + b"".join(path)}


def proof_read(i):
    return c.read_proof(unhex(i["proof"]), unhex(i["realm"]), directory_in(i), unhex(i["id"]))


def place_in(i, counter):
    return unhex(i["account_id"]) + unhex(i["chain_id"]) + chappe.u32(i[counter])


def request_write(i):
    if i["what"] == "proof_of_id":
        return {"body": b"\x02" + unhex(i["id"])}
    if i["what"] == "proof":
        return {"body": b"\x01" + place_in(i, "counter")}
    return {"body": b"\x00" + place_in(i, "first") + i["count"].to_bytes(2, "big")}


def request_read(i):
    return asking.read_request(unhex(i["body"]))


def ids_write(i):
    return {"body": place_in(i, "first") + b"".join(unhex_all(i["ids"]))}


def ids_read(i):
    return asking.read_ids(unhex(i["body"]))


KINDS = {
    f.__name__: f
    for f in (
        root, endorsement_write, endorsement_read, endorsement_item, account, card_former, card_that_counts, card_write,
        card_read, card_text, card_qr, words, permitted, device_open_write, device_open_read, device_statement_write,
        device_statement_read, proof_write, proof_read, prekey_life, request_write, request_read, ids_write, ids_read,
    )
}  # fmt: skip
