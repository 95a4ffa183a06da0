"""The kinds of identity/: accounts, endorsements, cards, words, permissions, and what devices sign (03, 04, 10)."""

import base64
import pathlib

import identity_forms as f
import items_open as o
import library as p
from judge import Mismatch, agree, same
from refusal import Refused

WORDS = pathlib.Path(__file__).resolve().parents[2] / "spec" / "names" / "words.en.txt"
BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def unhex(text):
    return bytes.fromhex(text)


def judged(answer):
    """The vector's `out` or `error` against this program's answer."""

    def check(vector):
        try:
            found = answer(vector["in"])
        except Refused as refusal:
            agree(vector["result"] == "invalid", f"the spec refuses it, {refusal}")
            found = {"kind": refusal.kind, "field": refusal.field}
            if "offset" in vector["error"]:
                found["offset"] = refusal.offset
            return same("error", found, vector["error"])
        agree(vector["result"] == "valid", "the spec takes it")
        return same("out", found, vector["out"])

    return check


def allowed_by(given, what):
    named = {one["account"]: unhex(one["successor"]) for one in given.get("successors", ())}

    def allowed(account):
        successor = named.get(account.hex(), account)
        return {successor, account} if what == "revocation" else {successor}

    return allowed


# ---- accounts and endorsements -----------------------------------------------------------------


def root(given):
    octets = unhex(given["root"])
    found = f.read_root(octets)
    f.refuse_if(len(octets) > len(found.octets), "trailing", "root")
    found.check_keys()
    return {
        "threshold": found.threshold, "keys": [key.hex() for key in found.keys], "account": found.account.hex(),
        "account_id": f.account_id(found.account).hex(),
    }  # fmt: skip


def endorsement_out(found):
    return found.fields | {"root": found.root.octets.hex(), "places": found.places}


def endorsement_read(given):
    found = f.read_endorsement(given["what"], unhex(given["octets"]), unhex(given["realm"]), allowed_by(given, given["what"]))
    return endorsement_out(found)


def endorsement_write(given):
    """What was written is read back, and each part compared with what it was to hold."""
    seeds = sorted((p.signing_key(unhex(seed)), unhex(seed)) for seed in given["seeds"])
    octets = bytes([given["threshold"], len(seeds)]) + b"".join(key for key, _ in seeds)
    made = f.read_root(octets)
    what, fields = given["what"], given["content"]
    content = bytes([1]) + unhex(fields["account"])
    if what == "succession":
        content += unhex(fields["successor"])
    else:
        content += bytes([fields["device"]]) + fields["issue"].to_bytes(2, "big")
    if what == "certificate":
        content += b"".join(unhex(fields[name]) for name in ("signing_key", "identity_key", "transport_key"))
        content += b"".join(int(fields[name]).to_bytes(5, "big") for name in ("not_before", "expiry"))
        content += fields["permissions"].to_bytes(4, "big") + bytes([fields["precedence"]])
        content += b"".join(place.to_bytes(4, "big", signed=True) for place in fields["area"])
    signed = f.CONTEXTS[what] + unhex(given["realm"]) + content + octets
    whole = content + octets + b"".join(bytes([at]) + p.signature(seeds[at][1], signed) for at in given["places"])
    same("fields", f.read_endorsement(what, whole, unhex(given["realm"]), f.own_root).fields, fields)
    return {
        "content": content.hex(), "root": octets.hex(), "root_account": made.account.hex(),
        "root_account_id": f.account_id(made.account).hex(), "octets": whole.hex(),
    }  # fmt: skip


def endorsement_item(given):
    body = unhex(given["body"])
    f.refuse_if(not body, "truncated", "kind")
    f.refuse_if(body[0] > 2, "unknown_code", "kind")
    what = ("certificate", "revocation", "succession")[body[0]]
    return {"what": what} | endorsement_out(f.read_endorsement(what, body[1:], unhex(given["realm"]), f.own_root))


def account(given):
    history, answers = f.History(unhex(given["account"]), unhex(given["realm"])), []
    for n, one in enumerate(given["endorsements"]):
        try:
            answers.append(history.meet(n, one["what"], unhex(one["octets"])))
        except Refused as refusal:
            answers.append(refusal.kind)
    held = history.best(given["device"])
    return {
        "answers": answers, "root": None if history.contradicted else history.generations[-1].hex(),
        "evidence": history.evidence, "holds": held[0][0] if held else None,
        "before": held[1][0] if len(held) > 1 else None, "verifies": [n for n, _, good in held if good],
    }  # fmt: skip


# ---- cards and words ---------------------------------------------------------------------------


def card_write(given):
    octets = unhex(given["certificate"]) + unhex(given["prekey"]) + int(given["prekey_expiry"]).to_bytes(5, "big")
    octets += unhex(given["label_key"]) + bytes([len(given["homes"])])
    for home in given["homes"]:
        address = home["network_address"].encode()
        octets += unhex(home["key"]) + bytes([len(address)]) + address
    octets += p.signature(unhex(given["signing_seed"]), b"chappe-card/3" + unhex(given["realm"]) + octets)
    f.read_card(octets, unhex(given["realm"]), f.own_root)
    text = "chappe-card:" + base64.b64encode(octets, b"-_").decode().strip("=")
    return {"card": octets.hex(), "text": text, "qr": "CHAPPE-CARD:" + base45(octets)}


def base45(octets):
    out = ""
    for at in range(0, len(octets) - 1, 2):
        rest, c = octets[at] * 256 + octets[at + 1], ""
        for _ in range(3):
            rest, digit = divmod(rest, 45)
            c += BASE45[digit]
        out += c
    return out + (BASE45[octets[-1] % 45] + BASE45[octets[-1] // 45] if len(octets) % 2 else "")


def card_read(given):
    return f.read_card(unhex(given["card"]), unhex(given["realm"]), allowed_by(given, "certificate"))


def card_former(given):
    return {"former": f.is_former_card(unhex(given["card"]), unhex(given["realm"]))}


def card_that_counts(given):
    best = None
    for n, octets in enumerate(given["cards"]):
        found = f.read_card(unhex(octets), unhex(given["realm"]), f.own_root)
        issue = int(found["certificate"][68:72], 16)
        rank = issue, int(found["prekey_expiry"])
        if best is None or rank > best[1]:
            best = n, rank
    return {"counts": best[0]}


def prekey_life(given):
    prekeys = [int(given["begins"]) + 30 * 86400]
    kept = []
    for step in given["steps"]:
        now = int(step["at"])
        is_replaced = step["what"] in ("renew", "destroy") or 2 * (prekeys[0] - now) < 30 * 86400
        if is_replaced:
            prekeys.insert(0, max(prekeys[0] + 1, now + 30 * 86400))
        if step["what"] == "destroy":
            del prekeys[1:]
        if step["what"] == "look":
            prekeys = [one for one in prekeys if one == prekeys[0] or one + 90 * 86400 >= now]
        del prekeys[3:]
        kept.append([str(one) for one in prekeys])
    return {"kept": kept}


def card_text(given):
    text = given["text"]
    f.refuse_if(text[:12] != "chappe-card:", "bad_literal", "prefix")
    digits = text[12:]
    right = digits.isascii() and digits.replace("-", "").replace("_", "").isalnum() or not digits
    f.refuse_if(not right, "bad_character", "card")
    f.refuse_if(len(digits) % 4 == 1, "truncated", "card")
    octets = base64.urlsafe_b64decode(digits + "=" * (-len(digits) % 4))
    f.refuse_if(base64.urlsafe_b64encode(octets).decode().strip("=") != digits, "not_canonical", "card")
    return {"card": octets.hex()}


def card_qr(given):
    text = given["text"]
    f.refuse_if(not text.startswith("CHAPPE-CARD:"), "bad_literal", "prefix")
    values = [BASE45.find(c) for c in text[12:]]
    f.refuse_if(-1 in values, "bad_character", "card")
    out, rest = "", values
    while rest:
        group, rest = rest[:3], rest[3:]
        f.refuse_if(len(group) == 1, "truncated", "card")
        n = group[0] + 45 * group[1] + (2025 * group[2] if len(group) == 3 else 0)
        width = 4 if len(group) == 3 else 2
        f.refuse_if(len(f"{n:x}") > width, "not_canonical", "card")
        out += f"{n:0{width}x}"
    return {"card": out}


def words(given):
    who = unhex(given["account"])
    found = f.h(b"chappe-words/1", unhex(given["realm"]) + who)
    for _ in range(2**16):
        found = f.h(found, who)
    bits = "".join(f"{octet:08b}" for octet in found)
    numbers = [int(bits[at : at + 10], 2) for at in range(0, 70, 10)]
    out = {"hash": found.hex(), "numbers": numbers}
    return out | ({"words": [WORDS.read_text("ascii").split()[n] for n in numbers]} if WORDS.exists() else {})


# ---- permissions -------------------------------------------------------------------------------

BITS = ("signal A|signal K|signal T|signal P|signal E|signal S|signal D|signal I|signal M|signal Q|signal R|signal F|text|"
        "telemetry|alert|lease|identity|challenge|record|grant|request|value|ballot|process").split("|")  # fmt: skip


def permitted(given):
    limits, message, against = given["certificate"], given["message"], []
    bits = {name: limits["permissions"] & 1 << n for n, name in enumerate(BITS)}
    if not bits.get(message["type"], message["type"] in ("statement", "card", "endorsement", "ratchet", "message proof", "message request", "message ids", "padding")):
        against.append("type")
    if message["precedence"] > limits["precedence"]:
        against.append("precedence")
    south, west, north, east = limits["area"]
    width = (east - west) % 36_000_000 if (west, east) != (-18_000_000, 18_000_000) else 36_000_000
    if any(not south <= lat <= north or (lon - west) % 36_000_000 > width for lat, lon in message["places"]):
        against.append("area")
    time = message["time"]
    if time:
        first = int(time["earliest"])
        last = first + time["width"] if time["width"] < 65535 else 2**41
        expiry = int(limits["expiry"])
        if last < int(limits["not_before"]) or expiry < 2**40 - 1 and first > expiry:
            against.append("time")
    return {"permitted": against == [], "against": against}


# ---- what devices sign -------------------------------------------------------------------------


def device_open_write(given):
    who, realm, items = unhex(given["account"]), unhex(given["realm"]), [o.from_vector(one) for one in given["items"]]
    device, epoch, counter = given["device"], given["epoch"], given["counter"]
    head = bytes([(epoch & 1) << 2 | (len(items) > 1), device]) + epoch.to_bytes(2, "big") + f.account_id(who)
    octets = head + counter.to_bytes(4, "big") + o.write_items(items)
    envelope = octets + p.signature(unhex(given["signing_seed"]), b"chappe-open/1" + realm + octets)
    chain = f.h(b"chappe-chain/1", realm + who + bytes([device]) + epoch.to_bytes(2, "big"))[:8]
    return {
        "account_id": f.account_id(who).hex(), "chain_id": chain.hex(), "envelope": envelope.hex(),
        "messages": o.open_messages(who, device, epoch, counter, items),
    }  # fmt: skip


def device_open_read(given):
    return o.read_open(unhex(given["envelope"]), unhex(given["realm"]), f.Known(given))


def device_statement_write(given):
    octets = b"\x01" + f.account_id(unhex(given["account"])) + bytes([given["device"]]) + unhex(given["chain_id"])
    octets += given["first"].to_bytes(4, "big") + given["count"].to_bytes(2, "big") + unhex(given["root"])
    octets += unhex(given["previous"]) + int(given["earliest"]).to_bytes(5, "big") + given["width"].to_bytes(2, "big")
    octets += p.signature(unhex(given["signing_seed"]), b"chappe-statement/1" + unhex(given["realm"]) + octets)
    return {"statement": octets.hex(), "hash": f.h(b"chappe-statement-hash/1", octets).hex()}


def device_statement_read(given):
    return o.read_statement(unhex(given["statement"]), unhex(given["realm"]), f.Known(given))


def proof_write(given):
    ids, statement = [unhex(one) for one in given["ids"]], unhex(given["statement"])
    if o.tree(ids)[-1][0] != statement[24:56]:
        raise Mismatch("the statement has another root")
    path = o.audit_path(given["counter"] - int.from_bytes(statement[18:22], "big"), ids)
    proof = statement + given["counter"].to_bytes(4, "big") + b"".join(path)
    return {"path": [one.hex() for one in path], "proof": proof.hex()}


def proof_read(given):
    return o.read_proof(unhex(given["proof"]), unhex(given["realm"]), f.Known(given), unhex(given["id"]))


def request_write(given):
    kind = ("ids", "proof", "proof_of_id").index(given["what"])
    body = bytes([kind]) + (unhex(given["id"]) if kind == 2 else o.place_octets(given, ("first", "counter")[kind]))
    return {"body": (body + given["count"].to_bytes(2, "big") if kind == 0 else body).hex()}


def request_read(given):
    return o.read_request(unhex(given["body"]))


def ids_write(given):
    return {"body": (o.place_octets(given, "first") + b"".join(unhex(one) for one in given["ids"])).hex()}


def ids_read(given):
    return o.read_ids(unhex(given["body"]))


BOTH, VALID = ("valid", "invalid"), ("valid",)
KINDS = {
    answer.__name__: (judged(answer), results, ("out", "error"))
    for results, answers in (
        (BOTH, (root, endorsement_read, endorsement_item, card_read, card_text, card_qr, device_open_read,
                device_statement_read, proof_read, request_read, ids_read)),
        (VALID, (endorsement_write, account, card_write, card_former, card_that_counts, prekey_life, words, permitted,
                 device_open_write, device_statement_write, proof_write, request_write, ids_write)),
    )
    for answer in answers
}  # fmt: skip
