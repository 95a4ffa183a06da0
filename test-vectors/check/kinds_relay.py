"""The kinds of relay/ (chapter 06): messages, conversations, and what a relay decides."""

import hashlib

import library as p
import relay_keys as k
import relay_session
import relay_sums
from judge import same
from kinds_identity import judged, unhex
from refusal import Refused
from relay_queue import queue, route
from relay_wire import SIDES, Cursor, read_message, read_parcel, refuse_if, write_message

STEPS = (64, 128, 239, 512, 1024, 2048, 4096, 8192, 16384)
THIRTY_DAYS = 2_592_000
SEVEN_DAYS = 604_800


def message_of(side):
    def answer(given):
        found = read_message(unhex(given["octets"]), side)
        same("written again", write_message(found, side).hex(), given["octets"])
        return found

    return answer


def mailbox(given):
    return {"address": k.mailbox(unhex(given["key"])).hex()}


def topic(given):
    return {"address": hashlib.sha256(b"chappe-topic/1" + unhex(given["realm"]) + given["name"].encode()).hexdigest()[:32]}


def rotation(given):
    return k.rotate(unhex(given["seed"]), unhex(given["realm"]), given["epoch"], unhex(given["octets"]))


def rotated_key(given):
    key = k.rotated_key(unhex(given["realm"]), unhex(given["transport_key"]), given["epoch"])
    return {"key": key.hex(), "address": k.mailbox(key).hex()}


def address_epoch(given):
    return {"epoch": int(given["seconds"]) // SEVEN_DAYS}


def parcel(given):
    cursor = Cursor(unhex(given["octets"]))
    found = read_parcel(cursor)
    return found | {"id": hashlib.sha256(unhex(found["envelope"])).hexdigest()}


def delegation(given):
    owner, reader, expiry = k.whole_delegation(unhex(given["octets"]))
    return {"mailbox": owner.hex(), "reader": reader.hex(), "expiry": str(expiry), "address": k.mailbox(owner).hex()}


def delegation_write(given):
    seed = unhex(given["seed"])
    octets = b"\1" + p.signing_key(seed) + unhex(given["reader"]) + int(given["expiry"]).to_bytes(5, "big")
    return {"octets": (octets + p.signature(seed, k.signed(unhex(given["realm"]), octets))).hex()}


def delegation_verify(given):
    octets = unhex(given["octets"])
    k.whole_delegation(octets)
    refuse_if(not k.delegation_verifies(octets, unhex(given["realm"])), "bad_signature", "signature")
    return {"verified": True}


def lease(given):
    return k.read_lease(unhex(given["octets"]))


def invitation(given):
    return k.whole_invitation(unhex(given["octets"]))


def invitation_write(given):
    octets = b"\1" + unhex(given["number"]) + int(given["expiry"]).to_bytes(5, "big") + given["keys"].to_bytes(2, "big")
    octets += k.invitation_tag(unhex(given["invitation_key"]), unhex(given["realm"]), octets)
    whole = unhex(given["relay"]) + octets + given["network_address"].encode()
    digits = k.base64.b64encode(whole, b"-_").decode().strip("=")
    return {"octets": octets.hex(), "text": "chappe-invitation:" + digits}


def invitation_text(given):
    return k.invitation_text(given["text"])


def invitation_admits(given):
    octets = unhex(given["octets"])
    found, admitted = k.whole_invitation(octets), set(given["admitted"])
    tag = k.invitation_tag(unhex(given["invitation_key"]), unhex(given["realm"]), octets)
    for wrong, field in (
        (octets[16:] != tag, "mac"),
        (int(given["now"]) >= int(found["expiry"]), "expiry"),
        (found["number"] in given["withdrawn"], "number"),
        (len(admitted | {given["key"]}) > found["keys"], "keys"),
    ):
        if wrong:
            raise Refusal("not_admitted", field)
    return found


def sums(given):
    return relay_sums.whole_sums(unhex(given["octets"]))


def sender_tag(given):
    return {"tag": relay_sums.sender_tag(unhex(given["secret"]), unhex(given["key"]), int(given["now"])).hex()}


class Refusal(Refused):
    """With a name that chapter 06 gives, which is none of chapter 00's."""

    def __init__(self, kind, field):
        Exception.__init__(self, f"{kind} ({field})")
        self.kind, self.field, self.offset = kind, field, 0


def access(given):
    reader, address, octets = (unhex(given[name]) for name in ("reader", "address", "delegation"))
    if given["kind"] == "topic" or k.mailbox(reader) == address:
        return {"until": None}
    if not octets:
        raise Refusal("not_your_mailbox", "delegation")
    try:
        owner, delegate, expiry = k.whole_delegation(octets)
        right = k.mailbox(owner) == address and delegate == reader and k.delegation_verifies(octets, unhex(given["realm"]))
    except Refused:
        right = False
    if not right:
        raise Refusal("bad_delegation", "delegation")
    if int(given["now"]) >= expiry:
        raise Refusal("delegation_expired", "delegation")
    return {"until": str(expiry)}


def duplicate(given):
    answers, copies = [], []
    for one in given["publishes"]:
        now, new = int(one["now"]), read_parcel(Cursor(unhex(one["parcel"])))
        lives = int(new["expiry"]) - now
        like = [copy for copy in copies if all(copy[name] == new[name] for name in ("kind", "address", "envelope"))]
        urgent = [copy for copy in like if p_of(copy) >= p_of(new) and int(copy["expiry"]) > now]
        if lives <= 0:
            answers.append("expired")
        elif lives > THIRTY_DAYS:
            answers.append("expiry_too_far")
        elif any((int(copy["expiry"]) - now) * 2 >= lives for copy in urgent):
            answers.append("duplicate")
        else:
            answers.append("new")
            copies.append(new)
    return {"answers": answers}


def p_of(parcel):
    return ("ROUTINE", "PRIORITY", "IMMEDIATE", "FLASH").index(parcel["precedence"])


def padded_size(given):
    fitting = [step for step in STEPS if given["octets"] <= step]
    refuse_if(not fitting, "too_long", "envelope")
    return {"size": fitting[0]}


def session(vector):
    result, found = relay_session.judge(vector["in"])
    same("result", result, vector["result"])
    same("end", found, vector["out" if result == "valid" else "error"])


# ---- messages damaged octet by octet -----------------------------------------------------------


def wrongly_taken(vector, chance):
    """A whole message cut anywhere, or with one bit flipped: refused, or read as exactly what is there."""
    side, octets = vector["kind"].split("_")[0], bytearray(unhex(vector["in"]["octets"]))
    if chance.random() < 0.5:
        cut = bytes(octets[: chance.randrange(len(octets))])
        try:
            read_message(cut, side)
        except Refused:
            return None
        return f"cut to {len(cut)} octets"
    at = chance.randrange(min(len(octets), 64)) if chance.random() < 0.8 else chance.randrange(len(octets))
    octets[at] ^= 1 << chance.randrange(8)
    try:
        found = read_message(bytes(octets), side)
    except Refused:
        return None
    exact = write_message(found, side) == bytes(octets) and found != vector["out"]
    return None if exact else f"octet {at} flipped"


MESSAGES = tuple(f"{side}_message" for side in SIDES)
BOTH = ("valid", "invalid")
KINDS = {
    answer.__name__: (judged(answer), BOTH, ("out", "error"))
    for answer in (
        mailbox, topic, rotation, rotated_key, address_epoch, parcel, delegation, delegation_write, delegation_verify, lease,
        invitation, invitation_write, invitation_text, invitation_admits, access, duplicate, padded_size,
        queue, route, sums, sender_tag,
    )
}  # fmt: skip
KINDS |= {f"{side}_message": (judged(message_of(side)), BOTH, ("out", "error")) for side in SIDES}
KINDS["session"] = (session, BOTH, ("out", "error"))
