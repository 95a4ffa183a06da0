"""The vectors of A1, from spec/12-whiteflag-cryptography.md, "Authentication by an internet resource"."""

import base64
import hashlib
import json

from cryptography_parts import base58, ss58
from jose import CURVES, Key, base64url, compact_json

URL = "https://organisation.int/whiteflag"
NAME = "Organisation Name"
ALGORITHMS = {"P-256": "ES256", "secp256k1": "ES256K", "Ed25519": "EdDSA"}
CURVE = "P-256"
# An address of another blockchain, which nothing is known of: text and octets.
OTHER = {"form": "other", "text": "NAnAddressOfAnotherLedger", "binary": "17" + "a5" * 20}


def key(curve, name="originator"):
    return Key(curve, hashlib.sha256(f"chappe vectors, {curve} {name}".encode()).digest())


def claims(**changes):
    whole = {"addr": OTHER["text"], "orgname": NAME, "url": URL, **changes}
    return {name: value for name, value in whole.items() if value is not None}


class Jws:
    """Adds vectors; what is not said is as it should be."""

    def __init__(self, add):
        self.add = add

    def given(self, resource, curve=CURVE, address=OTHER, public=None, url=URL, fetched_from=None):
        text = resource if isinstance(resource, str) else json.dumps(resource)
        given = {"resource": text, "curve": curve, "key": (public or key(curve).public()).hex(), "address": address,
                 "url": url}
        return given | ({"fetched_from": fetched_from} if fetched_from else {})

    def good(self, comment, resource, out=None, curve=CURVE, algorithm=None, misnamed=False, **more):
        out = {"algorithm": algorithm or ALGORITHMS[curve], "misnamed": misnamed, "claims": out or claims()}
        self.add(comment, "jws", self.given(resource, curve, **more), out)

    def bad(self, comment, resource, kind, field, **more):
        self.add(comment, "jws", self.given(resource, **more), error=(kind, field))


def signed(payload=None, header=None, curve=CURVE, **more):
    return key(curve).jws({"alg": ALGORITHMS[curve]} if header is None else header,
                          claims() if payload is None else payload, **more)


def vectors(add):
    jws = Jws(add)
    for part in (standing, placed, shapes, texts, algorithms, signatures, claimed, urls, keys):
        part(jws)


def standing(jws):
    for curve in ALGORITHMS:
        jws.good(f"{curve}", signed(curve=curve), curve=curve)
    for curve in CURVES:
        jws.good(f"{curve}, the uncompressed key", signed(curve=curve), curve=curve,
                 public=key(curve).public(compressed=False))
        jws.good(f"{curve}, the greater s", signed(curve=curve, high=True), curve=curve)
    jws.good("ES256 for a secp256k1 key", signed(header={"alg": "ES256"}, curve="secp256k1"), curve="secp256k1",
             misnamed=True)
    jws.good("more parameters and claims", signed({**claims(), "iat": 1583258046, "x": [1, {"y": None}]},
                                                  {"typ": "JWT", "alg": "ES256", "kid": "1", "jwk": {"kty": "oct"}}))
    jws.good("more members", {**signed(), "note": [1, 2, {"protected": "x"}]})
    jws.good("other spaces, other escapes",
             signed(b' {\n"addr" :"NAnAddressOfAnotherLedger" ,"orgname":"\\u004frganisation Name","url":"https:\\/\\/'
                    b'organisation.int\\/whiteflag"} \t', b'{ "alg" : "ES256" }\n'))
    jws.good("spaces around the members", " \n" + json.dumps(signed(), indent=4) + "\n")
    jws.good("a name in another script", signed(claims(orgname="\u0627\u0644\u0647\u0644\u0627\u0644 \u7ea2\u5341\u5b57")),
             claims(orgname="\u0627\u0644\u0647\u0644\u0627\u0644 \u7ea2\u5341\u5b57"))
    jws.good("a name of 256 octets", signed(claims(orgname="n" * 256)), claims(orgname="n" * 256))
    jws.good("an extended public key", signed(claims(extpubkey="xpub661My")), claims(extpubkey="xpub661My"))
    edwards = key("Ed25519").public()
    own = base58(ss58(b"\x2a" + edwards))
    jws.good("the address is the key's", signed(claims(addr=own), curve="Ed25519"), claims(addr=own), curve="Ed25519",
             address={"form": "ss58", "text": own})
    ethereum = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
    one = Key("secp256k1", (1).to_bytes(32, "big"))
    for comment, addr in [("its case", ethereum), ("another case, no 0x", ethereum[2:].lower())]:
        jws.good(f"an address in {comment}", one.jws({"alg": "ES256K"}, claims(addr=addr)), claims(addr=addr),
                 curve="secp256k1", public=one.public(), address={"form": "hexadecimal", "text": ethereum})


def placed(jws):
    header = {"alg": "ES256", **claims()}
    jws.good("claims in the protected header", signed(b"", header))
    jws.bad("in both", signed(claims(), header), "unexpected", "addr")
    jws.bad("one of them in both", signed(claims(), {"alg": "ES256", "url": URL}), "unexpected", "url")
    jws.bad("one of them in the header", signed(claims(orgname=None), {"alg": "ES256", "orgname": NAME}), "unexpected",
            "orgname")
    jws.bad("an extended public key in the header", signed(claims(), {"alg": "ES256", "extpubkey": "x"}), "unexpected",
            "extpubkey")
    jws.bad("in the header, and an empty object as payload", signed(b"{}", header), "unexpected", "addr")
    jws.bad("nowhere", signed(b"", {"alg": "ES256"}), "missing", "addr")


def shapes(jws):
    whole = signed()
    for name in whole:
        rest = {other: value for other, value in whole.items() if other != name}
        jws.bad(f"no {name}", rest, "missing", name)
        for value in (None, 1, -1, 1.5, True, ["x"], {"x": 1}):
            jws.bad(f"{name} is {json.dumps(value)}", {**whole, name: value}, "bad_literal", name)
        twice = json.dumps(whole)[:-1] + f', "{name}": "{whole[name]}"}}'
        jws.bad(f"{name} twice", twice, "unexpected", name)
    jws.bad("an unprotected header", {**whole, "header": {"kid": "1"}}, "unsupported", "header")
    jws.bad("the general form", {"payload": whole["payload"], "signatures": []}, "unsupported", "signatures")
    text = json.dumps(whole)
    for comment, given, kind in [
        ("nothing", "", "truncated"), ("spaces", " \n", "truncated"), ("cut", text[:-1], "truncated"),
        ("an open object", "{", "truncated"), ("an array", f"[{text}]", "bad_literal"), ("a text", '"x"', "bad_literal"),
        ("a number", "1", "bad_literal"), ("null", "null", "bad_literal"),
        ("the compact form", ".".join(whole.values()), "bad_literal"), ("a comma too many", text[:-1] + ",}", "bad_literal"),
        ("single quotes", text.replace('"', "'"), "bad_literal"), ("something behind it", text + "x", "trailing"),
        ("two of them", text + text, "trailing"),
        ("a member that is no JSON", text[:-1] + ', "x": tru}', "bad_literal"),
        ("levels without end", text[:-1] + ', "x": ' + "[" * 6000 + "}", "bad_literal"),
    ]:  # fmt: skip
        jws.bad(comment, given, kind, "jws")
    jws.good("16,384 octets", text + " " * (16384 - len(text)))
    jws.bad("16,385 octets", text + " " * (16385 - len(text)), "too_long", "jws")


def texts(jws):
    whole = signed()
    for name in whole:
        for comment, value, kind in [
            ("padding", whole[name] + "=", "bad_character"), ("a plus sign", "+" + whole[name][1:], "bad_character"),
            ("a stroke", "/" + whole[name][1:], "bad_character"), ("a line break", whole[name] + "\n", "bad_character"),
            ("a single character left", "AAAAA", "too_short"),
            ("bits left that are not zero", "AB", "not_canonical"),
            ("bits left of two octets", "AAB", "not_canonical"),
        ]:  # fmt: skip
            jws.bad(f"{name}: {comment}", {**whole, name: value}, kind, name)
    for comment, octets, kind in [
        ("no octets", b"", "truncated"), ("cut", b'{"alg":', "truncated"), ("an array", b"[]", "bad_literal"),
        ("a text", b'"alg"', "bad_literal"), ("no UTF-8", b'{"alg":"\xff"}', "bad_literal"),
        ("half a pair of surrogates", b'{"alg":"\\ud800"}', "bad_literal"),
        ("something behind it", b'{"alg":"ES256"}{}', "trailing"),
    ]:  # fmt: skip
        jws.bad(f"the header is {comment}", signed(header=octets), kind, "protected")
    for comment, octets, kind in [("cut", b'{"addr":"', "truncated"), ("no object", b"7", "bad_literal"),
                                  ("something behind it", b"{},", "trailing"), ("a space", b" ", "truncated")]:  # fmt: skip
        jws.bad(f"the payload is {comment}", signed(octets), kind, "payload")
    for name in ("addr", "orgname", "url", "extpubkey"):
        text = compact_json(claims(extpubkey="x")).decode()
        jws.bad(f"{name} twice", signed((text[:-1] + f',"{name}":"x"}}').encode()), "unexpected", name)
        jws.bad(f"{name} is a number", signed(claims(**{name: 1})), "bad_literal", name)
    jws.bad("alg twice", signed(header=b'{"alg":"ES256","alg":"ES256"}'), "unexpected", "alg")
    jws.bad("alg twice, written differently", signed(header=b'{"alg":"ES256","\\u0061lg":"none"}'), "unexpected", "alg")
    jws.bad("alg is a list", signed(header={"alg": ["ES256"]}), "bad_literal", "alg")


def algorithms(jws):
    jws.bad("no algorithm", signed(header={"typ": "JWT"}), "missing", "alg")
    for name in ("none", "None", "", "es256", "ES256 ", "HS256", "RS256", "PS256", "ES384", "ES512", "Ed25519", "ESDSA"):
        jws.bad(f"algorithm {name!r}", signed(header={"alg": name}), "unsupported", "alg")
    for curve, names in [("P-256", ("ES256K", "EdDSA")), ("secp256k1", ("EdDSA",)), ("Ed25519", ("ES256", "ES256K"))]:
        for name in names:
            jws.bad(f"{name} for a key of {curve}", signed(header={"alg": name}, curve=curve), "inconsistent", "alg",
                    curve=curve)
    # The public key as the secret of a MAC: what an algorithm chosen by its author would let pass.
    mac = signed(header={"alg": "HS256"})
    secret = hashlib.sha256(key(CURVE).public() + f"{mac['protected']}.{mac['payload']}".encode()).digest()
    jws.bad("HS256 over the public key", {**mac, "signature": base64url(secret)}, "unsupported", "alg")
    jws.bad("none, and no signature", {**signed(header={"alg": "none"}), "signature": ""}, "unsupported", "alg")
    for name in ("crit", "b64"):
        for value in ([name], True, "x"):
            jws.bad(f"{name} is {json.dumps(value)}", signed(header={"alg": "ES256", name: value}), "unsupported", name)


def signatures(jws):
    for curve in ALGORITHMS:
        whole = signed(curve=curve)
        octets = bytearray(unpadded(whole["signature"]))

        def with_signature(comment, changed, kind="bad_signature"):
            jws.bad(f"{curve}: {comment}", {**whole, "signature": base64url(bytes(changed))}, kind, "signature",
                    curve=curve)

        for at in (0, 31, 32, 63):
            changed = bytearray(octets)
            changed[at] ^= 1
            with_signature(f"bit {8 * at + 7} of the signature is another", changed)
        with_signature("zeros", bytes(64))
        with_signature("ones", b"\xff" * 64)
        with_signature("the halves exchanged", octets[32:] + octets[:32])
        with_signature("no octets", b"", "too_short")
        with_signature("63 octets", octets[:63], "too_short")
        with_signature("65 octets", octets + b"\0", "too_long")
        jws.bad(f"{curve}: another key's", key(curve, "another").jws({"alg": ALGORITHMS[curve]}, claims()),
                "bad_signature", "signature", curve=curve)
        jws.bad(f"{curve}: over other claims", {**whole, "payload": signed(claims(orgname="Other"), curve=curve)["payload"]},
                "bad_signature", "signature", curve=curve)
        jws.bad(f"{curve}: the same claims, written otherwise",
                {**whole, "payload": base64url(json.dumps(claims()).encode())}, "bad_signature", "signature", curve=curve)
        jws.bad(f"{curve}: the same header, written otherwise",
                {**whole, "protected": base64url(json.dumps({"alg": ALGORITHMS[curve]}).encode())}, "bad_signature",
                "signature", curve=curve)
        jws.bad(f"{curve}: claims without a signature of theirs, which would be refused too",
                {**whole, "payload": base64url(compact_json(claims(addr="Other")))}, "bad_signature", "signature",
                curve=curve)
    for curve, (_, n) in CURVES.items():
        whole = signed(curve=curve)
        octets = unpadded(whole["signature"])
        order, zero = n.to_bytes(32, "big"), bytes(32)
        for comment, changed in [("r is 0", zero + octets[32:]), ("s is 0", octets[:32] + zero),
                                 ("r is n", order + octets[32:]), ("s is n", octets[:32] + order)]:  # fmt: skip
            jws.bad(f"{curve}: {comment}", {**whole, "signature": base64url(changed)}, "bad_signature", "signature",
                    curve=curve)


def unpadded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def claimed(jws):
    for name in ("addr", "orgname", "url"):
        jws.bad(f"no {name}", signed(claims(**{name: None})), "missing", name)
    for addr in ("", "Other", OTHER["text"].lower(), OTHER["text"] + " ", OTHER["binary"]):
        jws.bad(f"the address {addr!r}", signed(claims(addr=addr)), "inconsistent", "addr")
    mine = {"form": "hexadecimal", "text": "0x" + "ab" * 20}
    for addr in ("ab" * 19, "0x" + "ab" * 19 + "ac", "0X" + "ab" * 20, "xx"):
        jws.bad(f"the address {addr!r} for {mine['text']}", signed(claims(addr=addr), curve="secp256k1"), "inconsistent",
                "addr", curve="secp256k1", address=mine)
    jws.bad("an address that is not the key's", signed(claims(addr=mine["text"]), curve="secp256k1"), "inconsistent",
            "key", curve="secp256k1", address=mine)
    bitcoin = "1C8KSK68SJjfDSBx9BpSx3qB3bePf23r77"
    jws.bad("an address of Bitcoin under a P-256 key", signed(claims(addr=bitcoin)), "inconsistent", "key",
            address={"form": "base58check", "text": bitcoin})
    for name, kind in [("", "too_short"), ("n" * 257, "too_long"), ("\u00e9" * 129, "too_long"), ("a\nb", "bad_character"),
                       ("\x1b[2J", "bad_character"), ("a\x7f", "bad_character"), ("a\x9b", "bad_character"),
                       ("a\0", "bad_character")]:  # fmt: skip
        jws.bad(f"the name {name[:8]!r}", signed(claims(orgname=name)), kind, "orgname")


def urls(jws):
    for url in (URL + "/", URL.upper(), "https://organisation.int:443/whiteflag", "", "http://organisation.int/whiteflag",
                URL + " "):
        jws.bad(f"the URL {url!r}", signed(claims(url=url)), "inconsistent", "url")
    for url, kind in [
        ("http://organisation.int/whiteflag", "unsupported"), ("ftp://organisation.int/", "unsupported"),
        ("organisation.int", "unsupported"), ("https:organisation.int", "unsupported"), ("", "unsupported"),
        ("https://organisation.int@example.org/", "unexpected"), ("https://a:b@organisation.int/", "unexpected"),
        ("https:///whiteflag", "missing"), ("https://", "missing"), ("https://:443/", "missing"),
        ("https://organisation.int:0/", "out_of_range"), ("https://organisation.int:65536/", "out_of_range"),
        ("https://organisation.int:x/", "out_of_range"), ("https://organisation.int:+1/", "out_of_range"),
        ("https://organisation.int\\@example.org/", "bad_character"), ("https://organisation.int/ a", "bad_character"),
        ('https://organisation.int/"', "bad_character"), ("https://organisation.int/<a>", "bad_character"),
    ]:  # fmt: skip
        jws.bad(f"A1 and claim say {url!r}", signed(claims(url=url)), kind, "url", url=url)
    for url in ("HTTPS://Organisation.INT/a", "https://organisation.int:8443/a?b#c", "https://[2001:db8::1]:443/",
                "https://organisation.int"):
        jws.good(f"A1 and claim say {url!r}", signed(claims(url=url)), claims(url=url), url=url)
    for fetched in (URL, "https://ORGANISATION.int/elsewhere?x=y#z", "https://organisation.int:443", "https://organisation.int:/"):
        jws.good(f"found at {fetched!r}", signed(), fetched_from=fetched)
    for fetched, kind in [
        ("https://example.org/whiteflag", "inconsistent"), ("https://www.organisation.int/whiteflag", "inconsistent"),
        ("https://organisation.int:8443/whiteflag", "inconsistent"), ("https://organisation.int./whiteflag", "inconsistent"),
        ("https://organisation.int.example.org/", "inconsistent"), ("http://organisation.int/whiteflag", "unsupported"),
        ("https://organisation.int@example.org/", "unexpected"), ("https:///", "missing"),
    ]:  # fmt: skip
        jws.bad(f"found at {fetched!r}", signed(), kind, "origin", fetched_from=fetched)


def keys(jws):
    whole, public = signed(), key(CURVE).public()

    def bad(comment, kind, octets, curve=CURVE):
        given = jws.given(whole, curve) | {"key": octets.hex()}
        jws.add(f"{curve}: {comment}", "jws", given, error=(kind, "key"))

    for curve in CURVES:
        bad("no octets", "too_short", b"", curve)
        bad("the point at infinity", "weak_key", b"\0", curve)
        bad("32 octets", "too_short", public[:-1], curve)
        bad("34 octets", "too_long", public + b"\0", curve)
        bad("64 octets", "too_short", b"\4" + public[1:] + public[2:], curve)
        bad("66 octets", "too_long", b"\4" + bytes(65), curve)
        bad("the hybrid form", "bad_literal", b"\6" + bytes(64), curve)
        bad("the compact form", "bad_literal", b"\5" + public[1:], curve)
        bad("x is 0 and y, too", "inconsistent", b"\4" + bytes(64), curve)
        bad("x is the greatest number", "inconsistent", b"\2" + b"\xff" * 32, curve)
    bad("31 octets", "too_short", public[:31], "Ed25519")
    bad("33 octets", "too_long", public, "Ed25519")
    for comment, octets in [("0, 1: the neutral point", b"\1" + bytes(31)), ("y is 0: order 4", bytes(32)),
                            ("y is -1: order 2", b"\xec" + b"\xff" * 30 + b"\x7f")]:  # fmt: skip
        bad(comment, "weak_key", octets, "Ed25519")
    bad("y is p", "inconsistent", b"\xed" + b"\xff" * 30 + b"\x7f", "Ed25519")
    bad("no point", "inconsistent", b"\2" + bytes(31), "Ed25519")
