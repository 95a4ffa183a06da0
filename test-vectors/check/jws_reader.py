"""Authentication by an internet resource (chapter 12): a flattened JWS, its key, its claims."""

import base64
import hashlib
import json
import re

import edwards_keys
from addresses import belongs, names_same, read_address
from refusal import Refused, refuse_unless
from weierstrass import P256, SECP256K1, is_signed, read_sec1

CURVES = {"P-256": P256, "secp256k1": SECP256K1}
ALGORITHMS = {"P-256": ("ES256",), "secp256k1": ("ES256K", "ES256"), "Ed25519": ("EdDSA",)}
CLAIMS = ("addr", "orgname", "url", "extpubkey")
OCTETS_MAX = 16384
URL_CHARACTERS = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?#[]@!$&'()*+,;=%")


def read_key(curve, octets):
    if curve in CURVES:
        return read_sec1(CURVES[curve], octets, "key")
    assert curve == "Ed25519", curve
    refuse_unless(len(octets) >= 32, "too_short", "key", 0)
    refuse_unless(len(octets) <= 32, "too_long", "key", 0)
    return edwards_keys.read(octets)


class Pairs(list):
    """An object as it was written, so that a name given twice still shows."""


def read_object(octets, whole):
    """JSON of RFC 8259; only an object will do."""
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("bad_literal", whole, 0) from None
    begin = len(text) - len(text.lstrip(" \t\r\n"))
    refuse_unless(begin < len(text), "truncated", whole, 0)
    refuse_unless(text[begin] == "{", "bad_literal", whole, 0)
    try:
        found, end = json.JSONDecoder(object_pairs_hook=Pairs, parse_constant=no_constant).raw_decode(text, begin)
    except (json.JSONDecodeError, RecursionError) as error:
        # What ends too early is an error at its end, or a text that is not closed.
        ends = isinstance(error, json.JSONDecodeError) and (
            error.pos >= len(text.rstrip(" \t\r\n")) or error.msg.startswith("Unterminated string")
        )
        raise Refused("truncated" if ends else "bad_literal", whole, 0) from None
    refuse_unless(not any("\ud800" <= one <= "\udfff" for one in texts_in(found)), "bad_literal", whole, 0)
    refuse_unless(not text[end:].strip(" \t\r\n"), "trailing", whole, 0)
    return found


def no_constant(text):
    raise json.JSONDecodeError("NaN or Infinity", text, 0)


def texts_in(value):
    if isinstance(value, str):
        yield from value
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from texts_in(one)


def members(octets, whole, named, forbidden=()):
    """The texts of the members that are asked for."""
    found = {}
    for name, value in read_object(octets, whole):
        refuse_unless(name not in forbidden, "unsupported", name, 0)
        if name in named:
            refuse_unless(name not in found, "unexpected", name, 0)
            refuse_unless(isinstance(value, str), "bad_literal", name, 0)
            found[name] = value
    return found


def base64url(text, field):
    refuse_unless(re.fullmatch("[A-Za-z0-9_-]*", text), "bad_character", field, 0)
    refuse_unless(len(text) % 4 != 1, "too_short", field, 0)
    octets = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    again = base64.urlsafe_b64encode(octets).decode().rstrip("=")
    refuse_unless(again == text, "not_canonical", field, 0)
    return octets


def verify(given):
    key = read_key(given["curve"], bytes.fromhex(given["key"]))
    resource = given["resource"].encode("utf-8")
    refuse_unless(len(resource) <= OCTETS_MAX, "too_long", "jws", 0)
    flat = members(resource, "jws", ("protected", "payload", "signature"), ("header", "signatures"))
    for name in ("protected", "payload", "signature"):
        refuse_unless(name in flat, "missing", name, 0)
    header, payload, signature = (base64url(flat[name], name) for name in ("protected", "payload", "signature"))
    header = members(header, "protected", ("alg", *CLAIMS), ("crit", "b64"))
    claims = {name: header[name] for name in CLAIMS if name in header}
    if payload:
        in_header, claims = claims, members(payload, "payload", CLAIMS)
        for name in CLAIMS:
            refuse_unless(name not in in_header, "unexpected", name, 0)
    algorithm = check_algorithm(header, given["curve"])
    signed = f"{flat['protected']}.{flat['payload']}".encode()
    check_signature(given["curve"], key, signed, signature)
    check_claims(claims, given, key)
    own = ALGORITHMS[given["curve"]][0]
    return {"algorithm": own, "misnamed": algorithm != own, "claims": claims}


def check_algorithm(header, curve):
    refuse_unless("alg" in header, "missing", "alg", 0)
    known = {name for names in ALGORITHMS.values() for name in names}
    refuse_unless(header["alg"] in known, "unsupported", "alg", 0)
    refuse_unless(header["alg"] in ALGORITHMS[curve], "inconsistent", "alg", 0)
    return header["alg"]


def check_signature(curve, key, signed, signature):
    refuse_unless(len(signature) >= 64, "too_short", "signature", 0)
    refuse_unless(len(signature) <= 64, "too_long", "signature", 0)
    if curve == "Ed25519":
        good = edwards_keys.verifies(key, signed, signature)
    else:
        good = is_signed(CURVES[curve], key, hashlib.sha256(signed).digest(), signature)
    refuse_unless(good, "bad_signature", "signature", 0)


def check_claims(claims, given, key):
    address = given["address"]
    form, whole = address["form"], address["text"]
    binary = read_address(form, whole, address.get("binary", ""))
    for name in ("addr", "orgname", "url"):
        refuse_unless(name in claims, "missing", name, 0)
        if name == "addr":
            refuse_unless(names_same(form, binary, whole, claims["addr"]), "inconsistent", "addr", 0)
            refuse_unless(belongs(form, binary, given["curve"], key) is not False, "inconsistent", "key", 0)
        elif name == "orgname":
            check_name(claims["orgname"])
    refuse_unless(claims["url"] == given["url"], "inconsistent", "url", 0)
    origin = origin_of(claims["url"], "url")
    if "fetched_from" in given:
        refuse_unless(origin_of(given["fetched_from"], "origin") == origin, "inconsistent", "origin", 0)


def check_name(name):
    octets = len(name.encode("utf-8"))
    refuse_unless(octets >= 1, "too_short", "orgname", 0)
    refuse_unless(octets <= 256, "too_long", "orgname", 0)
    control = any(ord(one) < 0x20 or 0x7F <= ord(one) < 0xA0 for one in name)
    refuse_unless(not control, "bad_character", "orgname", 0)


def origin_of(url, field):
    scheme, colon, rest = url.partition("://")
    refuse_unless(colon and scheme.lower() == "https", "unsupported", field, 0)
    refuse_unless(set(url) <= URL_CHARACTERS, "bad_character", field, 0)
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    refuse_unless("@" not in authority, "unexpected", field, 0)
    host, port = re.fullmatch(r"((?:.*\])?[^:]*)(?::(.*))?", authority).groups()
    refuse_unless(host, "missing", field, 0)
    if port:
        refuse_unless(port.isdigit() and 1 <= int(port) <= 65535, "out_of_range", field, 0)
    return host.lower(), int(port or 443)
