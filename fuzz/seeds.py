#!/usr/bin/env python3
"""Writes what the vectors in test-vectors/ hold as seeds into fuzz/corpus/, a folder for each target.

    python3 fuzz/seeds.py [TARGET...]

A fuzzer that begins with whole messages need not find the first four octets of one by chance. Files
are named as libFuzzer names its own, so that writing them again adds nothing."""

import hashlib
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VECTORS = ROOT / "test-vectors"
CORPUS = ROOT / "fuzz" / "corpus"
NONE = "00" * 32
HEADER = ["Prefix", "Version", "EncryptionIndicator", "DuressIndicator", "MessageCode",
          "ReferenceIndicator", "ReferencedMessage"]


def main():
    targets = sys.argv[1:] or [path.stem for path in (ROOT / "fuzz/fuzz_targets").glob("*.rs")]
    for target in sorted(targets):
        made = set(SEEDS.get(target, lambda: of_its_own(target))()) - {b""}
        folder = CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        for seed in made:
            (folder / hashlib.sha1(seed).hexdigest()).write_bytes(seed)
        print(f"seeds: {target}, {len(made)}")


def wires():
    """Standard wires, whole or not."""
    for vector in of("whiteflag"):
        yield from octets(vector, "hex", lambda value: value.startswith("5746"))


def texts_of_signals():
    for vector in of("whiteflag"):
        yield from text(vector, "serialized")


def json_of_signals():
    for fields in whole_fields("whiteflag"):
        yield json.dumps(fields).encode()
        yield json.dumps(nested(fields)).encode()


def packed_bodies():
    for vector in of("packed"):
        if vector["kind"] in ("packed", "repeat", "packed_invalid"):
            yield from octets(vector, "octets")


def packed_items():
    """Items as vectors have them, and one around each packed body."""
    for vector in of("packed"):
        if vector["kind"] in ("item", "item_invalid"):
            yield from octets(vector, "octets")
        elif vector["kind"] in ("packed", "repeat"):
            # The last is the message's own; the one that a repeat refers to stands before it.
            *_, reference = NONE, *values(vector, "ReferencedMessage")
            for body in octets(vector, "octets"):
                yield from items_around(body, bytes.fromhex(reference))


def items_around(body, reference):
    """Family 01, revision 1; the form of the reference in the lowest two bits."""
    if reference == bytes(32):
        yield b"\x01\x04" + body
    else:
        yield b"\x01\x06" + reference + body
        yield b"\x01\x05" + reference[:8] + body


def texts():
    """Bodies of family 04, and texts as people write them. The longest texts are left to the fuzzer:
    one of them as a seed, and it tries long ones from the start, a few hundred a second."""
    for vector in of("packed"):
        if vector["kind"] in ("text", "text_invalid"):
            yield from filter(is_short, octets(vector, "octets"))
            yield from filter(is_short, text(vector, "text"))
    for fields in whole_fields("whiteflag"):
        for name in ("Text", "VerificationData", "ResourceData"):
            yield from filter(is_short, [fields.get(name, "").encode()])


def is_short(seed):
    return len(seed) <= 256


def of_its_own(target):
    """Whatever octets and texts the file of the target's name has."""
    for path in VECTORS.glob(f"*/*{target}.json"):
        for vector in of_file(path):
            for key in ("octets", target):
                yield from octets(vector, key)
            for key in ("text", "path"):
                yield from text(vector, key)


def queue_records():
    for vector in of_file(VECTORS / "relay/queue.json"):
        yield from (bytes.fromhex(record) for record in vector["in"]["records"])


def resources():
    """A1's pages; whole ones first, and what one is made of."""
    for vector in of("whiteflag"):
        if vector["kind"] == "jws":
            yield vector["in"]["resource"].encode()


def encrypted_signals():
    """Messages a key ring is given, encrypted or not."""
    for vector in of("whiteflag"):
        if vector["kind"] == "ring":
            yield b"".join(bytes.fromhex(step["hex"]).ljust(128, b"\0")[:128] for step in vector["in"]["steps"])
        elif vector["kind"] in ("encryption", "decryption"):
            yield from octets(vector, "hex")


def vaults():
    """Whole files, whatever is in them, and records."""
    for vector in of("vault"):
        for key in ("file", "record"):
            yield from octets(vector, key)


def endorsements():
    """Alone, as bodies of items, and roots."""
    for vector in of("identity"):
        for key in ("octets", "body", "root", "certificate"):
            yield from octets(vector, key)


def sealed_envelopes():
    """Behind an octet that names no genuine envelope of the target's, and alone for one that does."""
    for vector in of("session"):
        for envelope in octets(vector, "envelope", lambda value: len(value) <= 8192):
            yield b"\xff" + envelope
    for genuine in range(64):
        yield bytes([genuine])
        yield bytes([genuine, 0, 4])


def snapshots():
    """What a device keeps of a session (chapter 11, "Snapshot"), around keys of the vectors."""
    parties = [vector for vector in of("session") if vector["kind"] == "agreement"]
    steps = [vector for vector in of("session") if vector["kind"] == "hybrid_step" and "out" in vector]
    counters = [vector for vector in of("session") if vector["kind"] == "counter_keys"]
    for number, counter in enumerate(counters):
        agreed, step = parties[number % len(parties)]["out"], steps[number % len(steps)]["out"]
        yield from snapshots_of(number, agreed, step, counter["in"]["counter"], counter["out"])


def snapshots_of(number, agreed, step, counter, found):
    part = lambda of, *names: b"".join(bytes.fromhex(of[name]) for name in names)
    u32 = lambda value: value.to_bytes(4, "big")
    front = lambda ended: b"\x01" + u32(number) + bytes([ended, number % 2, number // 2 % 2]) + part(
        agreed, "responder_identity_key") + b"\x01" + part(agreed, "initiator_identity_key", "ephemeral_key") + bytes(8)
    kept = lambda at: u32(at) + u32(0) + part(found, "chain_hint") + b"\x01" + bytes(8) + part(found, "k", "n", "s")
    passed = [kept(at) for at in range(max(0, counter - number), counter)]
    passed_over = bytes([len(passed)]) + b"".join(passed)
    yield front(1) + bytes(8) + u32(counter) + passed_over
    keys = part(found, "hint_key") + u32(counter) + part(found, "block", "chain_key")
    pending = [b"\x00", b"\x01" + part(step, "offer"), b"\x02" + part(step, "shared"),
               b"\x03" + part(step, "offer", "encapsulation_key"), b"\x04" + part(step, "ciphertext")]
    for under_way in pending:
        for sending, older in ((u32(1) + keys + b"\0", b"\0"), (u32(0) + keys + b"\x01" + keys, b"\x01" + keys)):
            yield (front(0) + bytes(8) + b"\x01" + bytes(24) + u32(0) + b"\0" + u32(1) + part(found, "carry") + b"\x01"
                   + part(agreed, "d1") + part(step, "offer") + b"\0" + u32(0) + u32(0) + b"\0" + under_way
                   + sending + b"\0" + u32(counter) + keys + older + passed_over)


SEEDS = {
    "jws": resources,
    "encrypted_signal": encrypted_signals,
    "standard_wire": wires,
    "signal_text": texts_of_signals,
    "signal_json": json_of_signals,
    "signal_forms": lambda: [*wires(), *packed_bodies()],
    "packed_signal": packed_bodies,
    "packed_item": packed_items,
    "text": texts,
    "vault": vaults,
    "endorsement": endorsements,
    "sealed": sealed_envelopes,
    "session_snapshot": snapshots,
    "statement": lambda: [*of_its_own("statement"), *of_its_own("proof")],
    "queue_record": queue_records,
    "item": lambda: [*of_its_own("item"), *packed_items()],
}


def of(folder):
    """Every vector of every file in a folder; none where the folder is not there."""
    for path in sorted((VECTORS / folder).glob("*.json*")):
        yield from of_file(path)


def of_file(path):
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    return json.loads(path.read_text())["vectors"]


def values(what, key):
    """All strings anywhere in a vector under a key."""
    if isinstance(what, dict):
        for name, value in what.items():
            if name == key and isinstance(value, str):
                yield value
            else:
                yield from values(value, key)
    elif isinstance(what, list):
        for value in what:
            yield from values(value, key)


def octets(vector, key, wanted=lambda value: True):
    for value in values(vector, key):
        if re.fullmatch("(?:[0-9a-fA-F]{2})+", value) and wanted(value):
            yield bytes.fromhex(value)


def text(vector, key):
    for value in values(vector, key):
        yield value.encode()


def whole_fields(folder):
    for vector in of(folder):
        for part in vector.values():
            if isinstance(part, dict) and all(name in part.get("fields", {}) for name in HEADER):
                yield part["fields"]


def nested(fields):
    """The shape of the standard's schema."""
    header = {name: fields[name] for name in HEADER}
    body, objects = {}, {}
    for name, value in fields.items():
        numbered = re.fullmatch(r"ObjectType(\d)(Quant)?", name)
        if numbered:
            objects.setdefault(numbered[1], {})[f"ObjectType{numbered[2] or ''}"] = value
        elif name not in header and name != "PseudoMessageCode":
            body[name] = value
    if objects:
        body["requestObjects"] = list(objects.values())
    if "PseudoMessageCode" in fields:
        body = {"PseudoMessageCode": fields["PseudoMessageCode"], "PseudoMessageBody": body}
    return {"MessageHeader": header, "MessageBody": body}


if __name__ == "__main__":
    main()
