"""The vectors of cryptography.json, from spec/12-whiteflag-cryptography.md: all but those of A1 (jws_vectors.py)."""

import hashlib

import jws_vectors
import whiteflag as wf
from cryptography_parts import (N, P, a_point_off_the_curve, agree, agreement_key, apply, base58, base58check, derive,
                                ss58)

VECTORS = []
SPEC = "12-whiteflag-cryptography.md"
ALICE = bytes.fromhex("007a0baf6f84f0fa7402ea972686e56d50b707c9b67b108866")
BOB = base58check(b"\0" + hashlib.sha256(b"Bob").digest()[:20])
CAROL = bytes(range(200, 220))
METHODS = {"negotiated": "1", "pre_shared": "2"}
VECTOR_TYPES = {"negotiated": "11", "pre_shared": "21"}


def add(comment, kind, inputs, out=None, error=None):
    vector = {"id": f"cryptography-{len(VECTORS) + 1:03d}", "comment": comment, "kind": kind, "spec": SPEC,
              "in": inputs, "result": "invalid" if error else "valid"}
    if error:
        vector["error"] = {"kind": error[0], "field": error[1]}
    else:
        vector["out"] = out
    VECTORS.append(vector)


def octets(name, length=32):
    """Octets like those of a random source, the same on every run."""
    return hashlib.shake_256(b"chappe vectors, " + name.encode()).digest(length)


def secret_key(name):
    return (int.from_bytes(octets(name), "big") % (N - 1) + 1).to_bytes(32, "big")


def message(code, indicator="0", **changes):
    fields = {"Prefix": "WF", "Version": "1", "EncryptionIndicator": indicator, "DuressIndicator": "0",
              "MessageCode": code, "ReferenceIndicator": "0", "ReferencedMessage": "0" * 64}
    if code in wf.BODIES and code not in "AKRF":
        fields.update(SubjectCode="10", DateTime="2026-11-20T12:00:00Z", Duration="P01D12H30M", ObjectType="22",
                      ObjectLatitude="+52.09070", ObjectLongitude="-005.12142", ObjectSizeDim1="0150",
                      ObjectSizeDim2="0080", ObjectOrientation="090")
    fields.update(changes)
    return fields


def wire(fields):
    return bytes.fromhex(wf.encode(fields)[0])


def support(data_type, data, **changes):
    defaults = {"ReferenceIndicator": "3", "ReferencedMessage": "5a" * 32, "CryptoDataType": data_type,
                "CryptoData": data}
    return message("K", **{**defaults, **changes})


def agreement():
    for own, other in [("alice", "bob"), ("bob", "alice"), ("carol", "alice"), ("alice", "alice")]:
        secret, public = secret_key(own), agreement_key(secret_key(other))
        add(f"{own} with {other}", "agreement", {"secret_key": secret.hex(), "public_key": public.hex()},
            {"own_public_key": agreement_key(secret).hex(), "shared_secret": agree(secret, public).hex()})
    for comment, number in [("the smallest secret key", 1), ("the greatest secret key", N - 1)]:
        secret, public = number.to_bytes(32, "big"), agreement_key(secret_key("bob"))
        add(comment, "agreement", {"secret_key": secret.hex(), "public_key": public.hex()},
            {"own_public_key": agreement_key(secret).hex(), "shared_secret": agree(secret, public).hex()})
    secret, public = secret_key("alice"), agreement_key(secret_key("bob"))

    def bad(comment, kind, field, **changes):
        given = {"secret_key": secret.hex(), "public_key": public.hex(), **changes}
        add(comment, "agreement", given, error=(kind, field))

    bad("the secret key 0", "weak_key", "secret_key", secret_key="00" * 32)
    bad("the order of the curve as secret key", "out_of_range", "secret_key", secret_key=f"{N:064x}")
    bad("the greatest number as secret key", "out_of_range", "secret_key", secret_key="ff" * 32)
    bad("the point at infinity", "weak_key", "public_key", public_key="00")
    bad("no octets", "too_short", "public_key", public_key="")
    bad("the form alone", "too_short", "public_key", public_key="02")
    bad("32 octets", "too_short", "public_key", public_key=public[:-1].hex())
    bad("34 octets", "too_long", "public_key", public_key=public.hex() + "00")
    bad("an uncompressed point", "too_long", "public_key", public_key="04" + "11" * 64)
    for form in (0, 1, 4, 5, 6, 7, 0x82):
        bad(f"33 octets of form {form:02x}", "bad_literal", "public_key", public_key=f"{form:02x}{public.hex()[2:]}")
    bad("x is p", "not_canonical", "public_key", public_key=f"02{P:064x}")
    # p + x of a real point: the same point to whoever reduces.
    x = next(x for x in range(1, 100) if on_curve(x))
    bad("x of a point, and p more", "not_canonical", "public_key", public_key=f"02{P + x:064x}")
    bad("x is the greatest number", "not_canonical", "public_key", public_key="03" + "ff" * 32)
    bad("no point has this x", "inconsistent", "public_key", public_key=a_point_off_the_curve().hex())


def on_curve(x):
    """RFC 5639 section 3.4; Euler's criterion."""
    a = 0x7D5A0975FC2C3057EEF67530417AFFE7FB8055C126DC5C6CE94A4B44F330B5D9
    b = 0x26DC5C6CE94A4B44F330B5D9BBD77CBF958416295CF7E1CE6BCCDC18FF8C07B6
    return pow(x**3 + a * x + b, (P - 1) // 2, P) == 1


def derivation():
    for use in ("negotiated", "pre_shared", "token"):
        for comment, address in [("Base58Check", ALICE), ("another address", BOB), ("20 octets", CAROL)]:
            secret = octets("shared")
            add(f"{use}, {comment}", "derivation", {"use": use, "secret": secret.hex(), "address": address.hex()},
                {"octets": derive(use, secret, address).hex()})
        for length in (16, 64, 65, 1024):
            secret = octets("long", length)
            add(f"{use}, a secret of {length} octets", "derivation",
                {"use": use, "secret": secret.hex(), "address": ALICE.hex()},
                {"octets": derive(use, secret, ALICE).hex()})
    for use, field in [("pre_shared", "secret"), ("token", "token")]:
        for comment, secret, kind in [
            ("no octets", b"", "weak_key"), ("one octet", b"\7", "weak_key"), ("15 octets", octets("s", 15), "weak_key"),
            ("16 octets of 0", bytes(16), "weak_key"), ("32 octets all the same", b"\x5a" * 32, "weak_key"),
            ("1,025 octets", octets("s", 1025), "too_long"),
        ]:  # fmt: skip
            add(f"{use}: {comment}", "derivation", {"use": use, "secret": secret.hex(), "address": ALICE.hex()},
                error=(kind, field))


def encryption():
    def case(comment, method, fields, vector, address=ALICE):
        fields = {**fields, "EncryptionIndicator": METHODS[method]}
        secret, plain = octets("shared"), wire(fields)
        encrypted = apply(derive(method, secret, address), vector, plain)
        add(comment, "encryption", {"method": method, "secret": secret.hex(), "address": address.hex(),
                                    "vector": vector.hex(), "fields": fields},
            {"plain": plain.hex(), "hex": encrypted.hex()})

    texts = {"A": {"VerificationMethod": "1", "VerificationData": "https://example.org/a"},
             "K": {"CryptoDataType": "A0", "CryptoData": "0fa5"}, "F": {"Text": "All well"},
             "R": {"ResourceMethod": "1", "ResourceData": "urn:x:y"},
             "Q": {"ObjectType1": "40", "ObjectType1Quant": "07"}}  # fmt: skip
    for method in METHODS:
        for code in "AKPESDIMQRF":
            case(f"{method}: {code}", method, message(code, **texts.get(code, {})), octets(f"iv {method} {code}", 16))
    case("under duress", "pre_shared", message("P", DuressIndicator="1"), octets("iv", 16))
    case("the same message, not under duress", "pre_shared", message("P"), octets("iv", 16))
    case("of another address", "pre_shared", message("P"), octets("iv", 16), BOB)
    case("a test", "pre_shared", {**message("T", PseudoMessageCode="F", Text="test")}, octets("iv", 16))
    case("a random identifier in an original", "negotiated", message("P", ReferencedMessage=octets("id").hex()),
         octets("iv", 16))
    case("no text: 38 octets", "pre_shared", message("F", Text=""), octets("iv", 16))
    case("the longest text", "negotiated", message("F", Text="long " * 400), octets("iv", 16))
    for comment, vector in [("all ones: the counter wraps", "ff" * 16), ("zeros", "00" * 16),
                            ("the lower 64 bits overflow", "0123456789abcdef" + "ff" * 8),
                            ("the lower 32 bits overflow", "0123456789abcdef01234567" + "ff" * 4)]:  # fmt: skip
        case(f"the vector is {comment}", "pre_shared", message("F", Text="counter " * 9), bytes.fromhex(vector))


def decryption():
    secret, vector, plain = octets("shared"), octets("iv", 16), wire(message("F", "2", Text="All well"))
    encrypted = apply(derive("pre_shared", secret, ALICE), vector, plain)

    def bad(comment, given, kind, field, method="pre_shared"):
        add(comment, "decryption", {"method": method, "secret": secret.hex(), "address": ALICE.hex(),
                                    "vector": vector.hex(), "hex": given.hex()}, error=(kind, field))

    def plainly(comment, changed, kind, field):
        bad(comment, apply(derive("pre_shared", secret, ALICE), vector, changed), kind, field)

    def indicator(character):
        return encrypted[:3] + character + encrypted[4:]

    bad("not encrypted", indicator(b"0"), "unexpected", "EncryptionIndicator")
    for character in (b"3", b"9", b"A", b"z"):
        bad(f"encryption {character.decode()}", indicator(character), "unsupported", "EncryptionIndicator")
    bad("no encryption indicator", indicator(b"+"), "bad_character", "EncryptionIndicator")
    bad("the other method", indicator(b"1"), "inconsistent", "EncryptionIndicator")
    bad("the other key", encrypted, "inconsistent", "EncryptionIndicator", "negotiated")
    bad("another prefix", b"WG" + encrypted[2:], "bad_literal", "Prefix")
    bad("version 2", encrypted[:2] + b"2" + encrypted[3:], "unknown_version", "Version")
    bad("nothing", b"", "truncated", "Prefix")
    bad("three octets", encrypted[:3], "truncated", "EncryptionIndicator")
    bad("nothing encrypted", encrypted[:4], "truncated", "DuressIndicator")
    bad("cut in the header", encrypted[:20], "truncated", "ReferencedMessage")
    bad("2,049 octets", encrypted + bytes(2049 - len(encrypted)), "too_long", "message")
    plainly("plain: an undefined message code", bytes.fromhex(wf.with_bits(plain.hex(), 33, f"{ord('X'):08b}")),
            "unknown_code", "MessageCode")
    plainly("plain: padding that is not zero", bytes.fromhex(wf.with_bits(plain.hex(), 303 + 64, "1")), "bad_padding",
            "padding")
    plainly("plain: a character above U+007F", bytes.fromhex(wf.with_bits(plain.hex(), 301, "1")), "bad_character",
            "Text")
    sign = wire(message("P", "2"))
    plainly("plain: an octet behind a sign", sign + b"\0", "trailing", "end")


def announced_vectors():
    for method, data_type in VECTOR_TYPES.items():
        vector = octets(f"iv {method}", 16).hex()
        add(f"the vector of a message, {method}", "vector", {"fields": support(data_type, vector)},
            {"method": method, "referenced": "5a" * 32, "vector": vector})

    def bad(comment, fields, kind, field):
        add(comment, "vector", {"fields": fields}, error=(kind, field))

    vector = octets("iv", 16).hex()
    bad("no K", message("F", Text=vector), "unexpected", "MessageCode")
    whole = support("11", vector)
    tested = {name: whole[name] for name, _ in wf.HEADER} | {
        "MessageCode": "T", "PseudoMessageCode": "K", "CryptoDataType": "11", "CryptoData": vector}
    bad("a test of one", tested, "unexpected", "MessageCode")
    for character in "12A":
        bad(f"itself encrypted, {character}", support("11", vector, EncryptionIndicator=character), "unexpected",
            "EncryptionIndicator")
    bad("under duress", support("21", vector, DuressIndicator="1"), "unexpected", "DuressIndicator")
    for indicator in "0124567A":
        bad(f"reference indicator {indicator}", support("11", vector, ReferenceIndicator=indicator), "unexpected",
            "ReferenceIndicator")
    bad("of no message", support("11", vector, ReferencedMessage="0" * 64), "missing", "ReferencedMessage")
    for data_type in ("00", "01", "0A", "10", "12", "20", "22", "A0"):
        bad(f"data type {data_type}", support(data_type, vector), "unsupported", "CryptoDataType")
    for length, kind in [(0, "too_short"), (15, "too_short"), (17, "too_long"), (32, "too_long")]:
        bad(f"{length} octets", support("21", "7b" * length), kind, "CryptoData")


def tokens():
    secret = octets("token")
    for comment, address in [("Base58Check", ALICE), ("another address", BOB)]:
        data = derive("token", secret, address).hex()
        for case, given in [("", data), (", upper case", data.upper())]:
            add(f"a token, {comment}{case}", "token", {"token": secret.hex(), "address": address.hex(),
                                                       "fields": a2(given)}, {})

    def bad(comment, fields, kind, field, token=secret, address=ALICE):
        add(comment, "token", {"token": token.hex(), "address": address.hex(), "fields": fields}, error=(kind, field))

    data = derive("token", secret, ALICE).hex()
    bad("of another address", a2(data), "bad_tag", "VerificationData", address=BOB)
    bad("of another token", a2(data), "bad_tag", "VerificationData", token=octets("other token"))
    bad("one digit is another", a2(data[:-1] + ("0" if data[-1] != "0" else "1")), "bad_tag", "VerificationData")
    bad("the salt of encryption", a2(derive("pre_shared", secret, ALICE).hex()), "bad_tag", "VerificationData")
    bad("the token itself", a2(secret.hex()), "bad_tag", "VerificationData")
    bad("63 digits", a2(data[:-1]), "too_short", "VerificationData")
    bad("no digits", a2(""), "too_short", "VerificationData")
    bad("65 digits", a2(data + "0"), "too_long", "VerificationData")
    bad("no digit", a2(data[:-1] + "g"), "bad_character", "VerificationData")
    bad("method 1", {**a2(data), "VerificationMethod": "1"}, "unexpected", "VerificationMethod")
    bad("a private method", {**a2(data), "VerificationMethod": "A"}, "unexpected", "VerificationMethod")
    bad("no A", message("F", Text=data), "unexpected", "MessageCode")
    for comment, token in [("no octets", b""), ("15 octets", octets("t", 15)), ("all the same", b"a" * 20)]:
        bad(f"a token of {comment}", a2(data), "weak_key", "token", token=token)


def a2(data):
    return message("A", VerificationMethod="2", VerificationData=data)


def addresses():
    for comment, form, text, binary in [
        ("the standard's example", "base58check", "1C8KSK68SJjfDSBx9BpSx3qB3bePf23r77", ALICE),
        ("version 0, hash 0", "base58check", base58(base58check(bytes(21))), base58check(bytes(21))),
        ("of a test network", "base58check", base58(base58check(b"\x6f" + CAROL)), base58check(b"\x6f" + CAROL)),
        ("of a script", "base58check", base58(base58check(b"\5" + CAROL)), base58check(b"\5" + CAROL)),
        ("network 42", "ss58", base58(ss58(b"\x2a" + octets("ss58"))), ss58(b"\x2a" + octets("ss58"))),
        ("network 0", "ss58", base58(ss58(b"\0" + octets("ss58"))), ss58(b"\0" + octets("ss58"))),
        ("network 63", "ss58", base58(ss58(b"\x3f" + octets("ss58"))), ss58(b"\x3f" + octets("ss58"))),
        ("lower case", "hexadecimal", CAROL.hex(), CAROL), ("upper case", "hexadecimal", CAROL.hex().upper(), CAROL),
        ("0x before them", "hexadecimal", "0x" + CAROL.hex(), CAROL),
    ]:  # fmt: skip
        add(f"{form}: {comment}", "address", {"form": form, "text": text}, {"binary": binary.hex()})

    def bad(comment, form, text, kind):
        add(f"{form}: {comment}", "address", {"form": form, "text": text}, error=(kind, "address"))

    whole = base58(ALICE)
    for wrong in "0OIl ":
        bad(f"the character {wrong!r}", "base58check", whole[:-1] + wrong, "bad_character")
    bad("another last digit", "base58check", whole[:-1] + "8", "bad_checksum")
    bad("another version, the same checksum", "base58check", base58(b"\1" + ALICE[1:]), "bad_checksum")
    bad("nothing", "base58check", "", "too_short")
    bad("24 octets", "base58check", base58(base58check(b"\0" + CAROL[:19])), "too_short")
    bad("26 octets", "base58check", base58(base58check(b"\0" + CAROL + b"\0")), "too_long")
    bad("one more 1 before it", "base58check", "1" + whole, "too_long")
    bad("129 characters", "base58check", "2" * 129, "too_long")
    bad("another checksum", "ss58", base58(ss58(b"\x2a" + octets("ss58"))[:-1] + b"\0"), "bad_checksum")
    bad("network 64", "ss58", base58(ss58(b"\x40" + octets("ss58"))), "out_of_range")
    bad("34 octets", "ss58", base58(ss58(b"\x2a" + octets("ss58", 31))), "too_short")
    bad("36 octets", "ss58", base58(ss58(b"\x2a" + octets("ss58", 33))), "too_long")
    bad("39 digits", "hexadecimal", CAROL.hex()[:-1], "too_short")
    bad("41 digits", "hexadecimal", CAROL.hex() + "0", "too_long")
    bad("0X before them", "hexadecimal", "0X" + CAROL.hex(), "bad_character")
    bad("no digit", "hexadecimal", "g" + CAROL.hex()[1:], "bad_character")


def belonging():
    """Whose an address is. Those of the secret key 1 are on record with the two blockchains."""
    one = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
    y = "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"
    short, long = f"02{one}", f"04{one}{y}"
    ethereum, bitcoin = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf", "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH"
    uncompressed = "1EHNa6Q4Jz2uvNExL497mE43ikXhwF6kZm"
    other = jws_vectors.key("secp256k1").public().hex()
    p256, edwards = jws_vectors.key("P-256").public().hex(), jws_vectors.key("Ed25519").public()
    own, foreign = base58(ss58(b"\x2a" + edwards)), base58(ss58(b"\x2a" + octets("ss58")))
    for comment, form, text, curve, key, belongs in [
        ("compressed", "base58check", bitcoin, "secp256k1", short, True),
        ("the same point", "base58check", bitcoin, "secp256k1", long, True),
        ("the address of the uncompressed point", "base58check", uncompressed, "secp256k1", short, True),
        ("another key", "base58check", bitcoin, "secp256k1", other, False),
        ("a key of another curve", "base58check", bitcoin, "P-256", p256, False),
        ("of a script", "base58check", base58(base58check(b"\5" + CAROL)), "secp256k1", short, None),
        ("the last 20 octets", "hexadecimal", ethereum, "secp256k1", short, True),
        ("another key", "hexadecimal", ethereum, "secp256k1", other, False),
        ("a key of another curve", "hexadecimal", ethereum, "Ed25519", edwards.hex(), False),
        ("the key itself", "ss58", own, "Ed25519", edwards.hex(), True),
        ("another key", "ss58", foreign, "Ed25519", edwards.hex(), False),
        ("a key of another curve", "ss58", own, "secp256k1", short, None),
    ]:  # fmt: skip
        add(f"{form}: {comment}", "belonging", {"form": form, "text": text, "curve": curve, "key": key},
            {"belongs": belongs})


def document():
    import ring_vectors

    VECTORS.clear()
    for part in (agreement, derivation, encryption, decryption, announced_vectors, tokens, addresses, belonging):
        part()
    jws_vectors.vectors(add)
    ring_vectors.vectors(add)
    return {"chapter": "12-whiteflag-cryptography", "schema": "chappe-vectors/1", "vectors": VECTORS}
