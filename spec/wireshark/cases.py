"""Packets made from the test vectors, and what the dissector must show of them."""

import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
VECTORS = ROOT / "test-vectors"
SIGNAL = "chappe.signal."
# Texts are read with the table of tokens; before there is one they wait.
HAS_TOKENS = (ROOT / "spec/tables/text/tokens.tsv").exists()
# What only who holds keys can refuse; a dissector has none.
NEED_KEYS = {"bad_signature", "weak_key", "unknown_account"}


# A body that is kept whole whatever it is: the frame is right, the body may be refused.
ANY = object()


class Case:
    """One packet, and what must be seen of it: fields with all their values, and the error."""

    def __init__(self, name, octets, fields=None, error=None, tokens=False):
        self.name, self.octets = name, octets
        self.fields, self.error, self.tokens = fields or {}, error, tokens


def items():
    yield from standard()
    yield from packed()
    yield from statements()
    yield from leases()
    yield from lone_items()


def envelopes():
    for vector in load("codec/open_envelope.json"):
        name = f"{vector['id']}, {vector['comment']}"
        if vector["kind"] == "open_write":
            given, octets = vector["in"], vector["out"]["envelope"]
        elif vector["kind"] == "open_read":
            given, octets = vector.get("out", {}), vector["in"]["envelope"]
        error = refusal(vector)
        if error and error[0] in NEED_KEYS:
            continue
        expected = {}
        for field in ("device", "epoch", "counter"):
            if field in given:
                expected[f"chappe.open_envelope.{field}"] = [given[field]]
        if "items" in given:
            expected |= heads(given["items"])
        yield Case(name, unhex(octets), expected, error or ANY)
    for name in ("flight", "chain", "ratchet"):
        for vector in load(f"session/{name}.json"):
            yield from sealed(vector)


SEALED = {1: "chain_envelope", 2: "random_access_envelope", 3: "first_flight", 4: "stranger_flight"}


def sealed(vector):
    """Every envelope that a transcript seals, and those that are refused for what lies open."""
    for at, (step, answer) in enumerate(zip(vector["in"]["steps"], vector["out"]["steps"])):
        name = f"{vector['id']}.{at}, {vector['comment']}"
        refused = answer.get("refused", {})
        if step["do"] == "seal" and not refused:
            form = SEALED[answer["class"]]
            octets = answer["envelope"]
            expected = {f"chappe.{form}.hint": [octet_text(octets[2:8])], f"chappe.{form}.tag": [octet_text(octets[-32:])]}
            if answer["class"] > 2:
                expected[f"chappe.{form}.ephemeral"] = [octet_text(octets[8:72])]
            yield Case(name, unhex(octets), expected)
        elif step["do"] == "open" and (refused == {"kind": "truncated", "field": "envelope"} or refused.get("field") == "parity"):
            if step["envelope"]:
                yield Case(name, unhex(step["envelope"]), {}, (refused["kind"], refused["field"]))


def load(name):
    path = VECTORS / name
    return json.loads(path.read_text())["vectors"] if path.exists() else []


def unhex(text):
    return bytes.fromhex(text)


def octet_text(hexadecimal):
    """Octets as tshark shows them."""
    return ":".join(hexadecimal[at:at + 2] for at in range(0, len(hexadecimal), 2))


def refusal(vector):
    if vector["result"] == "valid":
        return None
    error = vector["error"]
    return [error["kind"], error["field"]] + ([error["offset"]] if "offset" in error else [])


def signal_fields(fields):
    """Codes in upper case, identifiers and data in lower (chapter 01)."""
    def written(name, value):
        if name in ("ReferencedMessage", "CryptoData"):
            return value.lower()
        if name in ("ReferenceIndicator", "SubjectCode", "CryptoDataType", "VerificationMethod",
                    "ResourceMethod") or name.startswith("ObjectType") and "Quant" not in name:
            return value.upper()
        return value
    return {SIGNAL + name: [written(name, value)] for name, value in fields.items()}


def standard():
    for vector in load("whiteflag/wire.json"):
        name = f"{vector['id']}, {vector['comment']}"
        if vector["kind"] == "message":
            yield Case(name, b"\1\3" + unhex(vector["out"]["hex"]),
                       signal_fields(vector["in"]["fields"]))
        elif vector["kind"] == "wire":
            # A message above 2,048 octets is still an item.
            yield Case(name, b"\1\3" + unhex(vector["in"]["hex"]), {}, refusal(vector))
    for line in (VECTORS / "whiteflag/open.jsonl").read_text().splitlines():
        vector = json.loads(line)
        if vector["kind"] == "encode" and "hex" in vector["expected"] and \
                vector["inputs"]["fields"]["EncryptionIndicator"] == "0":
            yield Case(vector["id"], b"\1\3" + unhex(vector["expected"]["hex"]),
                       signal_fields(vector["inputs"]["fields"]))


def packed():
    for path in sorted((VECTORS / "packed").glob("*.json")):
        for vector in load(path.relative_to(VECTORS)):
            make = PACKED.get(vector["kind"])
            case = make and make(vector, f"{vector['id']}, {vector['comment']}")
            if case and (HAS_TOKENS or not case.tokens):
                yield case


def head(family, revision, form, reference=""):
    octets = {0: 0, 1: 8, 2: 32}[form]
    return bytes([family, 4 * revision + form]) + unhex(reference)[:octets]


def has_text(fields):
    return fields.get("PseudoMessageCode", fields["MessageCode"]) in "ARF"


def packed_message(vector, name):
    fields, out = vector["in"]["fields"], vector["out"]
    octets = head(1, 1, out["form"], fields["ReferencedMessage"]) + unhex(out["octets"])
    return Case(name, octets, signal_fields(fields), None, has_text(fields))


def packed_repeat(vector, name):
    """A repeat says who it is of what; the body is not there to be shown."""
    if vector["result"] != "valid":
        return None
    out = vector["out"]
    said = {key: value for key, value in out["fields"].items()
            if key in HEADER or key == "PseudoMessageCode"}
    octets = head(1, 1, out["form"], vector["in"]["reference"]) + unhex(out["octets"])
    return Case(name, octets, signal_fields(said) | {SIGNAL + "SubjectCode": []})


def packed_refused(vector, name):
    # Which bodies hold texts is not told; they wait together.
    return Case(name, head(1, 1, 0) + unhex(vector["in"]["octets"]), {}, refusal(vector), True)


def text(vector, name):
    return Case(name, head(4, 0, 0) + unhex(vector["out"]["octets"]),
                {"chappe.text.Text": [vector["in"]["text"]]}, None, True)


def text_refused(vector, name):
    return Case(name, head(4, 0, 0) + unhex(vector["in"]["octets"]), {}, refusal(vector), True)


def packed_item(vector, name):
    given = vector["in"]
    if vector["result"] != "valid":
        return Case(name, unhex(given["octets"]), {}, refusal(vector))
    octets = unhex(vector["out"]["octets"])
    if given["family"] == 4:
        return Case(name, octets, {"chappe.text.Text": [given["text"]]}, None, True)
    fields = signal_fields(given["fields"])
    if given["form"] == 1:
        fields[SIGNAL + "ReferencedMessage"] = [given["fields"]["ReferencedMessage"][:16] + "…"]
    if given["repeat"]:
        fields = {name: value for name, value in fields.items()
                  if name.removeprefix(SIGNAL) in HEADER + ("PseudoMessageCode",)}
    return Case(name, octets, fields, None, has_text(given["fields"]) and not given["repeat"])


HEADER = ("Prefix", "Version", "EncryptionIndicator", "DuressIndicator", "MessageCode",
          "ReferenceIndicator", "ReferencedMessage")
PACKED = {"packed": packed_message, "repeat": packed_repeat, "packed_invalid": packed_refused,
          "text": text, "text_invalid": text_refused, "item": packed_item,
          "item_invalid": packed_item}


def statements():
    octet_fields = ("account_id", "chain_id", "root", "previous")
    for vector in load("codec/statement.json"):
        error = refusal(vector)
        if vector["kind"] != "statement_read" or error and error[0] in NEED_KEYS:
            continue
        out = vector.get("out", {})
        if out.get("outcome") == "needs_newer":
            continue
        fields = {f"chappe.statement.{name}":
                  [octet_text(value) if name in octet_fields else value]
                  for name, value in out.items() if name not in ("hash", "outcome")}
        yield Case(f"{vector['id']}, {vector['comment']}",
                   b"\x10\0" + unhex(vector["in"]["statement"]), fields, error and error[:1])
    for vector in load("codec/statement.json"):
        if vector["kind"] == "evidence_body" and vector["result"] == "valid":
            salt = vector["out"]["blinding_salt"]
            yield Case(f"{vector['id']}, {vector['comment']}",
                       b"\x10\0" + unhex(vector["in"]["body"]),
                       {"chappe.statement_body.salt": [octet_text(salt)]} if salt else {})


def leases():
    for vector in load("relay/lease.json"):
        error, out = refusal(vector), vector.get("out", {})
        if error and error[0] in NEED_KEYS:
            continue
        fields = {"chappe.lease.first_epoch": [out["first_epoch"]],
                  "chappe.lease.labels": list(map(octet_text, out["labels"]))} if out else {}
        yield Case(f"{vector['id']}, {vector['comment']}",
                   b"\x11\0" + unhex(vector["in"]["octets"]), fields, error)


def heads(given):
    return {
        "chappe.item.family": [f"0x{item['family']:02x}" for item in given],
        "chappe.item.revision": [item["revision"] for item in given],
        "chappe.item.form": [item["form"] for item in given],
    }


def lone_items():
    """Frames of items; most bodies are nothing that a family could read."""
    for vector in load("codec/item.json"):
        if not vector["in"]["several"]:
            expected = heads(vector["out"]["items"]) if vector["result"] == "valid" else {}
            yield Case(f"{vector['id']}, {vector['comment']}", unhex(vector["in"]["octets"]),
                       expected, refusal(vector) or ANY)


def first(cases, *names):
    found = {case.name.partition(",")[0]: case for case in cases}
    return [found[name] for name in names if name in found]


def by_hand():
    """Packed signals and a text made by hand from chapter 09; none of them leans on the tokens."""
    reference = "3efb4e0cfa83122b242634254c1920a769d615dfcc4c670bb53eb6f12843c3ae"
    token = "9f86d081884c7d659a2feaa0c55ad015"
    digits = "".join(f"{int(digit, 16):04b}" for digit in token)
    rare = "".join(f"{octet:08b}" for octet in "\U00012000".encode())
    return [
        Case("a packed P10 of a circle", unhex("0104" + "0345c7d39881e8ceb687cd72b8")),
        Case("the same, cut inside DateTime", unhex("0104" + "0345")),
        # `other`, message D, relation `repeat 7`.
        Case("an acknowledgement of a D, its body left out",
             unhex("0106" + reference + bits("110" "011" "000"))),
        # A, `any` method 3, `lower digits`.
        Case("a packed A in digits", unhex("0104" + bits("1111110" "11" "0011" "1110" + digits))),
        # K, type 01, one octet of data.
        Case("padding of zeros", unhex("0104" + bits("1111111" "100" "10101010", "0"))),
        # K, `any` with a type that has a symbol of its own.
        Case("not the one encoding", unhex("0104" + bits("1111111" "0" "00010001"))),
        Case("a text in octets", unhex("0400" + bits("110" + rare))),
    ]


def bits(text, padding="1"):
    text += padding * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big").hex()


def first(cases, *names):
    found = {case.name.partition(",")[0]: case for case in cases}
    return [found[name] for name in names]


def golden_items():
    return first(items(), "signal-wire-001", "signal-wire-039", "statement-020", "lease-001",
                 "item-001") + by_hand()


def golden_envelopes():
    return first(envelopes(), "open-envelope-006", "session-flight-001.1", "session-flight-032.1",
                 "session-chain-001.3", "session-chain-012.6", "open-envelope-030",
                 "open-envelope-071")
