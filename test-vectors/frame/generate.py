#!/usr/bin/env python3
"""Writes frame.json from spec/05-radio.md, or with --check says whether it would change.

Kind frame_read: read `octets` as a member of the nets whose keys are given, in a realm. A valid
vector also writes back to the same octets, unless it was passed on by another (`relayed`).
Standard library only."""

import hashlib
import hmac
import json
import pathlib
import sys

PUBLIC_KEY = hashlib.sha256(b"chappe-net-0/1").digest()
PRIVATE_KEY = bytes(range(32))
PRIVATE_NET = 9
MODES = {"live": 0, "exercise": 1}


def realm_octets(realm):
    mode, network = realm.split("/")
    return bytes([MODES[mode]]) + int(network, 16).to_bytes(4, "big")


def mic(key, realm, frame):
    masked = bytearray(frame)
    masked[1] &= ~0xF2 & 0xFF  # hops left (the upper four bits) and relayed
    masked[8] = 0  # previous
    message = b"chappe-frame/1" + realm_octets(realm) + bytes(masked)
    return hmac.new(key, message, hashlib.sha256).digest()[:4]


TYPES = {"data": 0, "broadcast": 1, "acknowledgement": 4}


def header(kind, precedence=0, hops=0, wanted=False, backbone=False, relayed=False, net=0,
           source="010203", sequence=0, previous=3):
    first = TYPES[kind] << 3 | precedence << 1
    second = hops << 4 | wanted << 3 | backbone << 2 | relayed << 1
    return (bytes([first, second, net]) + bytes.fromhex(source)
            + sequence.to_bytes(2, "big") + bytes([previous]))


def packet(realm, fields):
    body = header(**{name: value for name, value in fields.items()
                     if name not in ("label", "envelope")})
    body += bytes.fromhex(fields.get("label", "")) + bytes.fromhex(fields.get("envelope", ""))
    key = PUBLIC_KEY if fields.get("net", 0) == 0 else PRIVATE_KEY
    return body + mic(key, realm, body)


def described(fields):
    """Every field of the frame, as a reader sees it."""
    defaults = dict(kind="", precedence=0, hops=0, wanted=False, backbone=False, relayed=False,
                    net=0, source="010203", sequence=0, previous=3, label="", envelope="")
    return defaults | fields


LIVE = "live/00000001"
EXERCISE = "exercise/0000002a"
vectors = []


def valid(name, comment, fields, realm=LIVE):
    octets = packet(realm, fields)
    assert len(octets) <= 255
    vectors.append({"id": name, "comment": comment, "spec": "05-radio.md", "realm": realm,
                    "in": octets.hex(), "out": described(fields), "result": "valid"})


def invalid(name, comment, octets, kind, field=None, offset=None, realm=LIVE):
    error = {"kind": kind}
    if field is not None:
        error |= {"field": field, "offset": offset}
    vectors.append({"id": name, "comment": comment, "spec": "05-radio.md", "realm": realm,
                    "in": bytes(octets).hex(), "result": "invalid", "error": error})


def with_mic(body, realm=LIVE):
    return bytes(body) + mic(PUBLIC_KEY, realm, body)


valid("data-smallest", "one octet of envelope", dict(kind="data", label="abcdef", envelope="00"))
valid("data-largest", "239 octets of envelope make a packet of 255",
      dict(kind="data", label="000000", envelope="5a" * 239, wanted=True, precedence=3, hops=15))
for precedence in range(4):
    valid(f"broadcast-precedence-{precedence}", "each precedence",
          dict(kind="broadcast", envelope="c0ffee", precedence=precedence))
valid("broadcast-largest", "242 octets of envelope make a packet of 255",
      dict(kind="broadcast", envelope="a5" * 242))
valid("data-every-flag", "backbone and relayed set, hops left, another neighbour",
      dict(kind="data", label="123456", envelope="0102030405", wanted=True, backbone=True,
           relayed=True, hops=7, sequence=0xFFFF, previous=0xEE))
valid("data-keyed-net", "a net with a key of its own",
      dict(kind="data", label="123456", envelope="0102030405", net=PRIVATE_NET, sequence=258))
valid("data-exercise", "the same in another realm has another MIC",
      dict(kind="data", label="123456", envelope="0102030405"), realm=EXERCISE)
valid("data-live", "the pair of the vector before",
      dict(kind="data", label="123456", envelope="0102030405"))
valid("acknowledgement", "source and sequence are those of the frame acknowledged",
      dict(kind="acknowledgement", source="0a0b0c", sequence=513, previous=0x77, precedence=3))
valid("acknowledgement-keyed-net", "on the net of its frame",
      dict(kind="acknowledgement", net=PRIVATE_NET, source="ffffff", sequence=1, previous=0))

base = dict(kind="data", label="123456", envelope="0102030405", hops=3, sequence=77)
plain = packet(LIVE, base)

# What changes from hop to hop is not covered by the MIC: the same MIC, other mutable fields.
passed_on = bytearray(plain)
passed_on[1] = (passed_on[1] & 0x0F | 2 << 4) | 0x02
passed_on[8] = 0x99
vectors.append({"id": "data-passed-on", "comment": "one hop later, the MIC of the first sender",
                "spec": "05-radio.md", "realm": LIVE, "in": bytes(passed_on).hex(),
                "out": described(base | dict(hops=2, relayed=True, previous=0x99)),
                "result": "valid"})

invalid("empty", "nothing", b"", "truncated", "version", 0)
invalid("three-octets", "not even a MIC", plain[:3], "truncated", "version", 3)
invalid("mic-alone", "four octets", plain[-4:], "truncated", "version", 0)
for length, field, offset in ((1, "flags", 1), (2, "net", 2), (3, "source", 3), (5, "source", 3),
                              (6, "sequence", 6), (7, "sequence", 6), (8, "previous", 8)):
    invalid(f"header-of-{length}", "the header ends too early", plain[:length] + plain[-4:],
            "truncated", field, offset)
for length in (9, 10, 11):
    invalid(f"label-of-{length - 9}", "the label ends too early", plain[:length] + plain[-4:],
            "truncated", "label", 9)
invalid("data-no-envelope", "label and MIC", with_mic(plain[:12]), "truncated", "envelope", 12)
invalid("broadcast-no-envelope", "header and MIC", with_mic(header("broadcast")),
        "truncated", "envelope", 9)
invalid("too-long", "256 octets", plain + bytes(256 - len(plain)), "too_long", "frame", 255)
for version in (1, 2, 3):
    body = bytearray(plain[:-4])
    body[0] |= version << 6
    invalid(f"version-{version}", "another version", with_mic(body), "unknown_version",
            "version", 0)
for code in (2, 3, 5, 6, 7):
    body = bytearray(plain[:-4])
    body[0] = body[0] & 0b11000111 | code << 3
    invalid(f"type-{code}", "a type without a form yet", with_mic(body), "unknown_code", "type", 0)
body = bytearray(plain[:-4])
body[0] |= 1
invalid("extension", "the extension bit", with_mic(body), "reserved", "extension", 0)
body = bytearray(plain[:-4])
body[1] |= 1
invalid("reserved-bit", "the lowest bit of octet 1", with_mic(body), "reserved", "reserved", 1)
for name, bits in (("hops", 0x10), ("wanted", 0x08), ("backbone", 0x04), ("relayed", 0x02)):
    body = bytearray(header("acknowledgement"))
    body[1] = bits
    invalid(f"acknowledgement-{name}", "octet 1 of an acknowledgement is zero", with_mic(body),
            "reserved", "flags", 1)
invalid("acknowledgement-trailing", "an octet behind octet 8",
        with_mic(header("acknowledgement") + b"\0"), "trailing", "end", 9)
invalid("unknown-net", "no key for net 8",
        with_mic(header("broadcast", net=8) + b"\1"), "unknown_net")
body = header("data", net=PRIVATE_NET) + bytes.fromhex("12345601")
invalid("public-key-on-keyed-net", "the key everyone has does not open another net",
        with_mic(body), "bad_mic")
invalid("other-realm", "a live frame heard in an exercise", plain, "bad_mic", realm=EXERCISE)
for octet in (0, 1, 2, 3, 6, 9, 12, 16, 17, 20):
    damaged = bytearray(plain)
    damaged[octet] ^= {0: 0x02, 1: 0x08, 2: 0x09}.get(octet, 0x01)
    invalid(f"damage-{octet}", "one bit arrived wrong" if octet != 2 else "taken to another net",
            damaged, "bad_mic")

for vector in vectors:
    octets = vector["in"]
    vector["in"] = {"realm": realm_octets(vector.pop("realm")).hex(),
                    "keys": {"0": PUBLIC_KEY.hex(), str(PRIVATE_NET): PRIVATE_KEY.hex()},
                    "octets": octets}
    vector["kind"] = "frame_read"
assert len({vector["id"] for vector in vectors}) == len(vectors)
document = {"schema": "chappe-vectors/1", "chapter": "05-radio", "count": len(vectors),
            "vectors": vectors}
path = pathlib.Path(__file__).with_name("frame.json")
text = json.dumps(document, indent=1) + "\n"
if sys.argv[1:] == ["--check"]:
    sys.exit(0 if path.read_text() == text else "frame.json is not what this program writes")
path.write_text(text)
