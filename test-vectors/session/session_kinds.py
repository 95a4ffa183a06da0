"""What each kind of vector of this folder means: a function from its "in" to its "out", or a refusal."""

import chappe
import keys
import x_wing
from conventions import Refused
from device import Device, nearest, xor
from x25519 import public


def unhex(text):
    return bytes.fromhex(text)


# ---- single derivations ------------------------------------------------------------------------


def agreement(i):
    """Everything that follows from the keys of both ends, of the private halves."""
    a, b, realm = i["initiator"], i["responder"], unhex(i["realm"])
    ik_a, ik_b, pk_b = (public(unhex(x)) for x in (a["identity_secret"], b["identity_secret"], b["prekey_secret"]))
    e = public(unhex(i["ephemeral_secret"]))
    d1 = keys.agree(unhex(a["identity_secret"]), pk_b, "prekey")
    d2 = keys.agree(unhex(i["ephemeral_secret"]), ik_b, "identity_key")
    d3 = keys.agree(unhex(i["ephemeral_secret"]), pk_b, "prekey")
    both = keys.parties((unhex(a["account"]), a["device"]), (unhex(b["account"]), b["device"]))
    root = keys.first_root(d1, d2, d3, realm, both, ik_a, ik_b, pk_b, e)
    flight, stranger = keys.flight_hint_key(d1, realm, both), keys.stranger_hint_key(d3, realm)
    mask = keys.mask(d2, d3, realm, ik_b, pk_b, e)
    return {
        "initiator_identity_key": ik_a, "responder_identity_key": ik_b, "prekey": pk_b, "ephemeral_key": e,
        "d1": d1, "d2": d2, "d3": d3, "parties": both, "root": root,
        "flight_hint_key": flight, "flight_hint": keys.flight_hint(flight, e),
        "stranger_hint_key": stranger, "stranger_hint": keys.flight_hint(stranger, e),
        "mask": mask, "masked": xor(ik_a + unhex(a["account"]) + bytes([a["device"]]), mask),
        "chain_ids": [keys.chain_id(root, way) for way in (keys.TO_B, keys.TO_A)],
    }  # fmt: skip


def agreement_refused(i):
    """Towards a card whose keys give nothing."""
    keys.agree(unhex(i["identity_secret"]), unhex(i["prekey"]), "prekey")
    keys.agree(unhex(i["ephemeral_secret"]), unhex(i["identity_key"]), "identity_key")
    return {}


def counter_keys(i):
    root, way, c = unhex(i["root"]), i["way"], i["counter"]
    k, n, s = keys.message_keys(root, way, c)
    return {
        "carry": keys.carry(root), "hint_key": keys.hint_key(root, way), "block_0": keys.block(root, way, 0),
        "block": keys.block(root, way, c // 256), "chain_key": keys.chain_key(root, way, c), "k": k, "n": n, "s": s,
        "chain_hint": keys.chain_hint(root, way, c), "random_access_hint": keys.random_access_hint(root, way, c),
        "salt": keys.salt(s, c),
    }  # fmt: skip


def step(i):
    f = public(unhex(i["offer_secret"]))
    agreed = keys.agree(unhex(i["offer_secret"]), unhex(i["current_key"]), "offer")
    root = unhex(i["root"])
    return {"offer": f, "agreed": agreed, "carry": keys.carry(root), "root": keys.step(root, agreed, i["epoch"], f)}


def hybrid_step(i):
    f, key = public(unhex(i["offer_secret"])), x_wing.encapsulation_key(unhex(i["hybrid_secret"]))
    agreed = keys.agree(unhex(i["offer_secret"]), unhex(i["current_key"]), "offer")
    shared, ciphertext = x_wing.encapsulate(key, unhex(i["encapsulation_seed"]))
    root = keys.hybrid_step(unhex(i["root"]), agreed, shared, i["epoch"], f, key, ciphertext)
    return {
        "offer": f, "agreed": agreed, "encapsulation_key": key, "ciphertext": ciphertext, "shared": shared, "root": root,
    }  # fmt: skip


def random_access_counter(i):
    return {"counter": nearest(i["residue"], i["next"])}


# ---- transcript --------------------------------------------------------------------------------


def contact_in(i):
    octets = {name: unhex(i[name]) for name in ("account", "identity_key", "prekey")}
    return octets | {"device": i["device"]}


def device_in(realm, i):
    contacts, prekeys = [contact_in(one) for one in i["contacts"]], [unhex(one) for one in i["prekey_secrets"]]
    return Device(realm, unhex(i["account"]), i["device"], unhex(i["identity_secret"]), prekeys, contacts, i["handset"])


def item_in(i):
    return chappe.Item(i["family"], i["revision"], i["form"], unhex(i["reference"]), unhex(i["body"]))


def run_step(devices, i):
    by = devices[i["by"]]
    if i["do"] == "begin":
        found = by.begin(unhex(i["account"]), i["device"], unhex(i["ephemeral_secret"]), i["stranger"])
        return {"session": found.e}
    if i["do"] == "seal":
        return seal(by, i)
    if i["do"] == "open":
        seed = unhex(i["encapsulation_seed"]) if "encapsulation_seed" in i else None
        now = int(i["now"]) if "now" in i else None
        return opened_out(by.open(unhex(i["envelope"]), now, seed))
    if i["do"] == "sends_in":
        return {"session": by.sends_in(unhex(i["account"]), i["device"]).e}
    if i["do"] == "revoke":
        by.revoke(unhex(i["account"]), i["device"])
    elif i["do"] == "know":
        by.know(contact_in(i["contact"]))
    elif i["do"] == "destroy_prekey":
        by.destroy_prekey(unhex(i["prekey"]))
    else:
        raise AssertionError(i["do"])
    return {}


def seal(by, i):
    """An offer is made when its private half stands beside the items; the item must be that offer."""
    session, items = by.session(unhex(i["session"])), [item_in(one) for one in i["items"]]
    out = by.seal(session, i["counter"], items)
    if "hybrid_secret" in i:
        offered = session.make_hybrid_offer(unhex(i["offer_secret"]), unhex(i["hybrid_secret"]))
        assert offered in [item.body for item in items]
    elif "offer_secret" in i:
        assert session.make_offer(unhex(i["offer_secret"])) in [item.body for item in items]
    return out


def opened_out(found):
    return found | {"items": [vars(item) | {"needs_newer": item.needs_newer()} for item in found["items"]]}


def transcript(i):
    """A refusal is a step's answer and leaves everything as it was."""
    realm = unhex(i["realm"])
    devices = {name: device_in(unhex(one["realm"]) if "realm" in one else realm, one) for name, one in i["devices"].items()}
    out = []
    for one in i["steps"]:
        try:
            out.append(run_step(devices, one))
        except chappe.NeedsNewer:
            out.append({"outcome": "needs_newer"})
        except Refused as refusal:
            out.append({"refused": {"kind": refusal.kind, "field": refusal.field}})
    return {"steps": out}


KINDS = {
    f.__name__: f
    for f in (agreement, agreement_refused, counter_keys, step, hybrid_step, random_access_counter, transcript)
}
