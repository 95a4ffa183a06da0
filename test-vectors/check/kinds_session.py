"""The kinds of session/: derivations, and transcripts of what two devices seal and open (chapters 03 and 11)."""

import items_open as o
import library as p
import session_chains as c
from judge import agree, same
from kinds_identity import judged
from refusal import Refused
from session_device import Device, agreed, masked


def unhex(text):
    return bytes.fromhex(text)


def hexed(values):
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in values.items()}


def agreement(given):
    """By B, of the public halves; A's view is compared."""
    a, b, ephemeral = given["initiator"], given["responder"], unhex(given["ephemeral_secret"])
    realm, e, pk_b = unhex(given["realm"]), p.exchange_key(ephemeral), p.exchange_key(unhex(b["prekey_secret"]))
    ends = [(unhex(one["account"]), one["device"], p.exchange_key(unhex(one["identity_secret"]))) for one in (a, b)]
    d1 = p.exchanged(unhex(b["prekey_secret"]), ends[0][2])
    d2, d3 = p.exchanged(unhex(b["identity_secret"]), e), p.exchanged(unhex(b["prekey_secret"]), e)
    views = p.exchanged(unhex(a["identity_secret"]), pk_b), p.exchanged(ephemeral, ends[1][2]), p.exchanged(ephemeral, pk_b)
    same("what A agrees on", views, (d1, d2, d3))
    found = c.Beginning(d1, d2, d3, realm, *ends, pk_b, e)
    return hexed({
        "initiator_identity_key": ends[0][2], "responder_identity_key": ends[1][2], "prekey": pk_b, "ephemeral_key": e,
        "d1": d1, "d2": d2, "d3": d3, "parties": found.parties, "root": found.root,
        "flight_hint_key": found.flight_hint_key, "flight_hint": c.in_flight(found.flight_hint_key, e),
        "stranger_hint_key": found.stranger_hint_key, "stranger_hint": c.in_flight(found.stranger_hint_key, e),
        "mask": found.mask, "masked": masked(ends[0][2] + ends[0][0] + bytes([ends[0][1]]), found.mask),
        "chain_ids": [one.hex() for one in found.chain_ids],
    })  # fmt: skip


def agreement_refused(given):
    agreed(unhex(given["identity_secret"]), unhex(given["prekey"]), "prekey")
    agreed(unhex(given["ephemeral_secret"]), unhex(given["identity_key"]), "identity_key")
    return {}


def counter_keys(given):
    root, counter = unhex(given["root"]), given["counter"]
    chain = c.Chain(root, given["way"])
    block_0 = chain.block
    chain.pass_over(counter, 0)
    block, key, keys = chain.block, chain.chain, chain.keys_at(counter)
    return hexed({
        "carry": c.carried(root), "hint_key": chain.hint_key, "block_0": block_0, "block": block, "chain_key": key,
        "k": keys[:32], "n": keys[32:44], "s": keys[44:], "chain_hint": chain.hint(b"chappe-in-chain/1", counter),
        "random_access_hint": chain.hint(b"chappe-at-random/1", counter), "salt": c.salt(keys, counter),
    })  # fmt: skip


def random_access_counter(given):
    """From the newest on to both sides, until there is one of that residue."""
    for far in range(2**20 + 1):
        for counter in (given["next"] + far, given["next"] - far):
            if 0 <= counter < 2**20 and counter % 256 == 0 and counter // 256 % 256 == given["residue"]:
                return {"counter": counter}


def step(given):
    secret, root = unhex(given["offer_secret"]), unhex(given["root"])
    shared, f = agreed(secret, unhex(given["current_key"]), "offer"), p.exchange_key(secret)
    new = c.next_root(c.carried(root), shared, given["epoch"], f)
    return hexed({"offer": f, "agreed": shared, "carry": c.carried(root), "root": new})


def hybrid_step(vector):
    """The ciphertext is the vector's; that it is made with this seed shows in nothing but its X25519 half."""
    if p.MLKEM768PrivateKey is None:
        return "waits"
    if vector["result"] == "invalid":
        return judged(step)(vector)
    given, out = vector["in"], vector["out"]
    secret, root, ciphertext = unhex(given["offer_secret"]), unhex(given["root"]), unhex(out["ciphertext"])
    same("X25519 half", ciphertext[1088:], p.exchange_key(unhex(given["encapsulation_seed"])[32:]))
    end, f, shared = c.XWing(unhex(given["hybrid_secret"])), p.exchange_key(secret), p.exchanged(secret, unhex(given["current_key"]))
    new = c.next_hybrid_root(c.carried(root), shared, end.shared(ciphertext), given["epoch"], f, end.key, ciphertext)
    found = {"offer": f, "agreed": shared, "encapsulation_key": end.key, "ciphertext": ciphertext,
             "shared": end.shared(ciphertext), "root": new}  # fmt: skip
    return same("out", hexed(found), out)


# ---- transcripts -------------------------------------------------------------------------------


class Run:
    def __init__(self, given):
        self.devices = {name: Device(unhex(given["realm"]), one) for name, one in given["devices"].items()}
        self.offers = {}  # encapsulation key -> who decapsulates
        self.steps = given["steps"]

    def encapsulated(self, at):
        """The ciphertext that the answer will carry, and what its addressee makes of it."""

        def seed(key):
            later = (item["body"] for one in self.steps[at:] if one["do"] == "seal" for item in one["items"])
            ciphertext = next(unhex(body)[1:] for body in later if body[:2] == "02" and len(body) == 2242)
            same("X25519 half", ciphertext[1088:], p.exchange_key(unhex(self.steps[at]["encapsulation_seed"])[32:]))
            return self.offers[key].shared(ciphertext), ciphertext

        return seed

    def play(self, at):
        one = self.steps[at]
        by, do = self.devices[one["by"]], one["do"]
        who = unhex(one.get("account", "")), one.get("device")
        if do == "begin":
            return {"session": by.begin(who, unhex(one["ephemeral_secret"]), one["stranger"]).hex()}
        if do == "seal":
            return self.seal(by, one)
        if do == "open":
            return by.open(unhex(one["envelope"]), int(one["now"]) if "now" in one else None, self.encapsulated(at))
        if do == "sends_in":
            return {"session": by.sends_in(who).hex()}
        agree(do in ("revoke", "know", "destroy_prekey"), f"unknown step {do!r}")
        if do == "revoke":
            by.revoke(who)
        elif do == "know":
            by.know(one["contact"])
        else:
            by.destroy_prekey(unhex(one["prekey"]))
        return {}

    def seal(self, by, one):
        session = next(held for held in by.live if held.e.hex() == one["session"])
        out = by.seal(session, one["counter"], [o.from_vector(item) for item in one["items"]])
        if "offer_secret" in one:
            hybrid = c.XWing(unhex(one["hybrid_secret"])) if "hybrid_secret" in one else None
            body = session.offer(unhex(one["offer_secret"]), hybrid)
            agree(body.hex() in [item["body"] for item in one["items"]], "the offer is no item of it")
            if hybrid:
                self.offers[hybrid.key] = hybrid
        return out


def transcript(vector):
    given = vector["in"]
    if p.MLKEM768PrivateKey is None and any("encapsulation_seed" in one for one in given["steps"]):
        return "waits"
    run, answers = Run(given), vector["out"]["steps"]
    same("number of answers", len(answers), len(run.steps))
    for at, answer in enumerate(answers):
        try:
            found = run.play(at)
        except Refused as refusal:
            found = {"refused": {"kind": refusal.kind, "field": refusal.field}}
        same(f"step {at}", found, answer)


BOTH, VALID = ("valid", "invalid"), ("valid",)
MEMBERS = "out", "error"
KINDS = {
    "agreement": (judged(agreement), VALID, MEMBERS),
    "agreement_refused": (judged(agreement_refused), BOTH, MEMBERS),
    "counter_keys": (judged(counter_keys), VALID, MEMBERS),
    "random_access_counter": (judged(random_access_counter), VALID, MEMBERS),
    "step": (judged(step), BOTH, MEMBERS),
    "hybrid_step": (hybrid_step, BOTH, MEMBERS),
    "transcript": (transcript, VALID, ("out",)),
}
