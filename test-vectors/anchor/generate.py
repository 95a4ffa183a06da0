"""Writes the vectors of chapter 07 beside itself; with --check only says whether they would change."""

import hashlib
import json
import pathlib
import sys

import anchor as a
import ed25519

HERE = pathlib.Path(__file__).resolve().parent
LIVE, LIVE_2, EXERCISE = bytes.fromhex("0000000001"), bytes.fromhex("0000000002"), bytes.fromhex("0100000001")
ORIGIN = "chappe/live/00000001/ledger"
ORIGIN_2 = "chappe/live/00000001/second"
DRILL = "chappe/exercise/00000001/ledger"
# The eight leaves and roots of RFC 6962's reference implementation.
CT_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def seed(name):
    return hashlib.sha256(name.encode()).digest()


AUTHOR, OTHER, SUBMITTER, LEDGER, FOREIGN = (seed(x) for x in ["author", "other", "submitter", "ledger", "foreign"])
AUTHOR_KEY, OTHER_KEY = ed25519.public(AUTHOR), ed25519.public(OTHER)
SUBMITTER_ID = a.account_id(ed25519.public(SUBMITTER))
CHAIN, CHAIN_2 = b"chain--1", b"chain--2"
SALT = seed("salt")
WHOLE = a.statement(AUTHOR, LIVE, CHAIN)
NEXT = a.statement(AUTHOR, LIVE, CHAIN, first=3)
OTHERS = a.statement(OTHER, LIVE, CHAIN_2)
BLIND = a.commitment(SALT, WHOLE)
NOW = 1_800_000_100
WEAK = bytes([1]) + bytes(31)  # the neutral point


def flip(octets, at, bit=1):
    changed = bytearray(octets)
    changed[at] ^= bit
    return bytes(changed)


def plain(value):
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value


class Book:
    def __init__(self, name):
        self.name, self.vectors = name, []

    def put(self, kind, section, comment, given, out=None, error=None):
        vector = {"id": f"{self.name}-{len(self.vectors) + 1:03}", "comment": comment}
        vector |= {"spec": f"07-anchor.md#{section}", "kind": kind, "in": plain(given)}
        vector["result"] = "invalid" if error else "valid"
        if error:
            vector["error"] = dict(zip(("kind", "field"), error, strict=False))
        if out is not None:
            vector["out"] = plain(out)
        self.vectors.append(vector)

    def text(self):
        head = {"schema": "chappe-vectors/1", "chapter": "07-anchor", "vectors": self.vectors}
        return json.dumps(head, indent=1, ensure_ascii=True) + "\n"


def leaf_out(octets):
    return {
        "kind": octets[1], "shard": int.from_bytes(octets[2:4], "big"), "record_key": octets[4:36],
        "previous": octets[36:68], "log_time": str(int.from_bytes(octets[68:73], "big")),
        "submitter": octets[73:81], "body": octets[81:], "leaf_hash": a.leaf_hash(octets),
    }  # fmt: skip


def leaves():
    b = Book("leaf")

    def valid(comment, octets):
        b.put("leaf_read", "leaf", comment, {"leaf": octets}, leaf_out(octets))

    def refused(comment, octets, kind, field):
        b.put("leaf_read", "leaf", comment, {"leaf": octets}, error=(kind, field))

    whole = a.leaf(0, WHOLE, SUBMITTER_ID, NOW)
    blind = a.leaf(1, BLIND, SUBMITTER_ID, NOW)
    valid("a whole statement, the first of its chain", whole)
    valid("a whole statement with a previous leaf", a.leaf(0, NEXT, SUBMITTER_ID, NOW, a.leaf_hash(whole)))
    valid("a commitment", blind)
    valid("the latest log time, another shard", a.leaf(1, BLIND, SUBMITTER_ID, 2**40 - 1, shard=65535))
    valid("log time 0", a.leaf(0, OTHERS, SUBMITTER_ID, 0))
    refused("nothing", b"", "truncated", "version")
    refused("a later version", a.leaf(0, WHOLE, SUBMITTER_ID, NOW, version=2), "unknown_version", "version")
    refused("the reserved kind", a.leaf(2, BLIND, SUBMITTER_ID, NOW), "reserved", "kind")
    refused("an unknown kind", a.leaf(3, BLIND, SUBMITTER_ID, NOW), "unknown_code", "kind")
    refused("another chain's record key", flip(whole, 35), "inconsistent", "record_key")
    refused("a record key on a commitment", flip(blind, 4), "not_canonical", "record_key")
    refused("a previous leaf on a commitment", flip(blind, 67), "not_canonical", "previous")
    refused("ends in the record key", whole[:20], "truncated", "record_key")
    refused("ends in the log time", whole[:72], "truncated", "log_time")
    refused("ends in the submitter", whole[:80], "truncated", "submitter")
    refused("ends in the statement's signature", whole[:-1], "truncated", "signature")
    refused("ends in the commitment", blind[:-1], "truncated", "commitment")
    refused("an octet behind the statement", whole + b"\x00", "trailing", "end")
    refused("an octet behind the commitment", blind + b"\x00", "trailing", "end")
    refused("a statement of a later version", flip(whole, 81, 3), "unknown_version", "version")
    return b


def submissions():
    b = Book("submission")
    whole = a.submission(0, WHOLE, SUBMITTER, LIVE, AUTHOR_KEY)
    blind = a.submission(1, BLIND, SUBMITTER, LIVE)

    def written(comment, octets, **given):
        given |= {"submitter_seed": SUBMITTER, "realm": LIVE}
        b.put("submission_write", "submission", comment, given, {"submission": octets})

    def admitted(comment, octets, realm=LIVE, error=None):
        out = None if error else {"submitter": octets[2:34]}
        b.put("submission_admit", "submission", comment, {"submission": octets, "realm": realm}, out, error)

    written("a whole statement", whole, statement=WHOLE, author=AUTHOR_KEY)
    written("a blinded one", blind, statement=WHOLE, author=AUTHOR_KEY, salt=SALT)
    admitted("a whole statement, brought by another account", whole)
    admitted("a commitment", blind)
    admitted("brought by its own author", a.submission(0, WHOLE, AUTHOR, LIVE, AUTHOR_KEY))
    for comment, octets, kind, field in [
        ("nothing", b"", "truncated", "version"),
        ("a later version", flip(whole, 0, 3), "unknown_version", "version"),
        ("the reserved kind", flip(blind, 1, 3), "reserved", "kind"),
        ("an unknown kind", flip(blind, 1, 8), "unknown_code", "kind"),
        ("ends in the submitter", whole[:33], "truncated", "submitter"),
        ("ends in the author", whole[:65], "truncated", "author"),
        ("ends in the signature", blind[:-1], "truncated", "signature"),
        ("an octet too many", blind + b"\x00", "trailing", "end"),
        ("an author on a commitment", a.submission(1, BLIND, SUBMITTER, LIVE, AUTHOR_KEY), "not_canonical", "author"),
    ]:
        b.put("submission_admit", "submission", comment, {"submission": octets, "realm": LIVE}, error=(kind, field))
    admitted("in another network", whole, LIVE_2, ("bad_signature", "signature"))
    admitted("in another mode", blind, EXERCISE, ("bad_signature", "signature"))
    admitted("a changed commitment", flip(blind, 70), error=("bad_signature", "signature"))
    admitted("a changed signature", flip(whole, len(whole) - 40), error=("bad_signature", "signature"))
    s = int.from_bytes(blind[-32:], "little") + ed25519.L
    admitted("a signature whose s is not canonical", blind[:-32] + s.to_bytes(32, "little"), error=("bad_signature", "signature"))
    small = ed25519.sign_with_neutral_r(SUBMITTER, b"chappe-submission/1" + LIVE + blind[:-64])
    admitted("a signature whose R is of small order", blind[:-64] + small, error=("bad_signature", "signature"))
    admitted("another submitter's key", blind[:2] + AUTHOR_KEY + blind[34:], error=("bad_signature", "signature"))
    weak = a.submission(1, BLIND, SUBMITTER, LIVE, submitter=WEAK)
    admitted("a submitter of small order", weak, error=("weak_key", "submitter"))
    admitted("an author of small order", a.submission(0, WHOLE, SUBMITTER, LIVE, WEAK), error=("weak_key", "author"))
    admitted("another author's key", a.submission(0, WHOLE, SUBMITTER, LIVE, OTHER_KEY), error=("bad_signature", "body"))
    claimed = a.statement(AUTHOR, LIVE, CHAIN, account=a.account_id(OTHER_KEY))
    admitted(
        "a statement signed by the author's key in another account's name",
        a.submission(0, claimed, SUBMITTER, LIVE, AUTHOR_KEY), error=("bad_signature", "body"),
    )  # fmt: skip
    elsewhere = a.statement(AUTHOR, EXERCISE, CHAIN)
    admitted(
        "a statement of another realm", a.submission(0, elsewhere, SUBMITTER, LIVE, AUTHOR_KEY),
        error=("bad_signature", "body"),
    )  # fmt: skip
    certified_submissions(b, written, admitted)
    return b


def certified_submissions(b, written, admitted):
    """By a device other than 0, with its certificate between the body and the signature."""
    device_seed, device = seed("author's device 7"), 7
    key, account_id = ed25519.public(device_seed), a.account_id(AUTHOR_KEY)
    stated = a.statement(device_seed, LIVE, CHAIN, account=account_id, device=device)
    good = a.certificate(AUTHOR, LIVE, device, key)

    def brought(certificate, body=stated, author=AUTHOR_KEY):
        return a.submission(0, body, SUBMITTER, LIVE, author, certificate=certificate)

    written("of device 7", brought(good), statement=stated, author=AUTHOR_KEY, certificate=good)
    commitment = a.submission(1, a.commitment(SALT, stated), SUBMITTER, LIVE)
    given = {"statement": stated, "author": AUTHOR_KEY, "certificate": good, "salt": SALT}
    written("of device 7, blinded: no certificate", commitment, **given)
    admitted("of device 7", brought(good))
    admitted("of device 7, brought by the device", a.submission(0, stated, device_seed, LIVE, AUTHOR_KEY, certificate=good))
    refused = {"submission": brought(b""), "realm": LIVE}
    b.put("submission_admit", "submission", "of device 7, no certificate: the signature stands in its place", refused, error=("unknown_version", "version"))
    newer = {"submission": brought(flip(good, 0, 3)), "realm": LIVE}
    b.put("submission_admit", "submission", "a certificate of a later version", newer, error=("unknown_version", "version"))
    needless = {"submission": brought(good, WHOLE), "realm": LIVE}
    b.put("submission_admit", "submission", "of device 0 with a certificate", needless, error=("trailing", "end"))
    for comment, certificate, kind in [
        ("the certificate of another device", a.certificate(AUTHOR, LIVE, 8, key), "unknown_account"),
        ("the certificate of another account", a.certificate(OTHER, LIVE, device, key), "unknown_account"),
        ("a certificate under another root", a.certificate(OTHER, LIVE, device, key, AUTHOR_KEY), "unknown_account"),
        ("a certificate of another realm", a.certificate(AUTHOR, EXERCISE, device, key), "bad_signature"),
        ("a changed certificate", flip(good, 70), "bad_signature"),
        ("a signing key of small order", a.certificate(AUTHOR, LIVE, device, WEAK), "weak_key"),
    ]:
        admitted(comment, brought(certificate), error=(kind, "certificate"))
    other = a.certificate(AUTHOR, LIVE, device, OTHER_KEY)
    admitted("a certificate of another key", brought(other), error=("bad_signature", "body"))
    by_root = a.statement(AUTHOR, LIVE, CHAIN, device=device)
    admitted("signed by the root in the device's name", brought(good, by_root), error=("bad_signature", "body"))


def keys():
    b = Book("ledger_key")
    good = a.vkey(ORIGIN, LEDGER)
    name, number, encoded = good.split("+", 2)
    key = ed25519.public(LEDGER)

    def refused(comment, text, kind, field):
        b.put("ledger_key", "receipt", comment, {"text": text}, error=(kind, field))

    for origin in [ORIGIN, DRILL, "chappe/live/ffffffff/a.b-c_0"]:
        out = {"origin": origin, "key_id": a.key_id(origin, key), "key": key}
        b.put("ledger_key", "receipt", "a key", {"text": a.vkey(origin, LEDGER), "seed": LEDGER}, out)
    refused("nothing", "", "missing", "key_id")
    refused("an origin alone", name, "missing", "key_id")
    refused("no key", f"{name}+{number}", "missing", "key")
    refused("another ledger's name", f"{ORIGIN_2}+{number}+{encoded}", "inconsistent", "key_id")
    refused("a changed key id", f"{name}+{flip(bytes.fromhex(number), 3).hex()}+{encoded}", "inconsistent", "key_id")
    upper = number.upper() if number.upper() != number else "+" + number[1:]
    refused("a key id in capitals", f"{name}+{upper}+{encoded}", "inconsistent", "key_id")
    refused("another type of key", f"{name}+{number}+{a.b64(bytes([4]) + key)}", "unknown_code", "key_type")
    refused("a short key", f"{name}+{number}+{a.b64(bytes([1]) + key[:31])}", "too_short", "key")
    refused("a long key", f"{name}+{number}+{a.b64(bytes([1]) + key + b'x')}", "too_long", "key")
    refused("a key of small order", f"{name}+{a.key_id(name, WEAK).hex()}+{a.b64(bytes([1]) + WEAK)}", "out_of_range", "key")
    refused("an origin that is none of ours", a.vkey("example.com/log", LEDGER), "bad_literal", "origin")
    refused("a realm of another form", a.vkey("chappe/live/1/ledger", LEDGER), "bad_literal", "realm")
    refused("a name in capitals", a.vkey("chappe/live/00000001/Ledger", LEDGER), "bad_character", "name")
    refused("no name", a.vkey("chappe/live/00000001/", LEDGER), "missing", "name")
    refused("a name of 65 characters", a.vkey("chappe/live/00000001/" + "a" * 65, LEDGER), "too_long", "name")
    return b


def checkpoints():
    b = Book("checkpoint")
    root = a.root([b"one", b"two"])
    good = a.checkpoint(ORIGIN, 2, root, LEDGER)
    trusted = [a.vkey(ORIGIN, LEDGER)]
    text, signatures = good.split("\n\n")
    text += "\n"

    def verified(comment, signed, given=trusted, error=None):
        lines = signed.split("\n")
        out = None if error else {"origin": lines[0], "size": lines[1], "root": root if lines[1] == "2" else a.root([])}
        b.put("checkpoint_verify", "receipt", comment, {"text": signed, "keys": given}, out, error)

    verified("a checkpoint", good)
    verified("of the empty tree", a.checkpoint(ORIGIN, 0, a.root([]), LEDGER))
    witness = a.signature_line("witness.example/w1", FOREIGN, text)
    verified("with a signature nobody knows", good + witness)
    verified("signed by nobody known first", text + "\n" + witness + signatures)
    verified("several trusted keys", good, [a.vkey(ORIGIN_2, FOREIGN), a.vkey(DRILL, LEDGER), *trusted])
    verified("a trusted key twice", good, trusted * 2)
    verified("no trusted key", good, [], ("unknown_log",))
    verified("the right key under another name only", good, [a.vkey(ORIGIN_2, LEDGER)], ("unknown_log",))
    verified("another key of this origin", good, [a.vkey(ORIGIN, FOREIGN)], ("unknown_log",))
    swapped = text + "\n" + a.signature_line(ORIGIN_2, LEDGER, text)
    verified("signed in another ledger's name", swapped, [a.vkey(ORIGIN_2, LEDGER), *trusted], ("unknown_log",))
    verified("a size that is not the signed one", good.replace("\n2\n", "\n3\n"), error=("bad_signature",))
    other = a.b64(a.root([b"x"]))
    verified("a root that is not the signed one", good.replace(a.b64(root), other), error=("bad_signature",))
    forged = a.signature_line(ORIGIN, LEDGER, text, ed25519.sign(FOREIGN, text.encode()))
    verified("another's signature under the ledger's key id", text + "\n" + forged, error=("bad_signature",))
    bad_s = ed25519.sign(LEDGER, text.encode())
    bad_s = bad_s[:32] + (int.from_bytes(bad_s[32:], "little") + ed25519.L).to_bytes(32, "little")
    verified("a signature whose s is not canonical", text + "\n" + a.signature_line(ORIGIN, LEDGER, text, bad_s), error=("bad_signature",))
    small = ed25519.sign_with_neutral_r(LEDGER, text.encode())
    verified("a signature whose R is of small order", text + "\n" + a.signature_line(ORIGIN, LEDGER, text, small), error=("bad_signature",))
    short = a.signature_line(ORIGIN, LEDGER, text, bad_s[:63])
    verified("a signature of 63 octets", text + "\n" + short, error=("bad_signature",))

    for comment, signed, kind, field in malformed_checkpoints(good, text, signatures, root):
        b.put("checkpoint_verify", "receipt", comment, {"text": signed, "keys": trusted}, error=(kind, field))
    return b


def malformed_checkpoints(good, text, signatures, root):
    root64 = a.b64(root)
    loose = root64[:-2] + chr(ord(root64[-2]) + 1) + "="
    line = signatures
    many = "".join(a.signature_line(f"w{n}", FOREIGN, text) for n in range(16))
    return [
        ("nothing", "", "truncated", "origin"),
        ("an origin that is none of ours", good.replace("chappe/", "example/"), "bad_literal", "origin"),
        ("a size with a leading zero", good.replace("\n2\n", "\n02\n"), "not_canonical", "size"),
        ("a signed size", good.replace("\n2\n", "\n+2\n"), "bad_character", "size"),
        ("no size", good.replace("\n2\n", "\n\n"), "missing", "size"),
        ("a size of 2^63", good.replace("\n2\n", f"\n{2**63}\n"), "out_of_range", "size"),
        ("a size beyond 64 bits", good.replace("\n2\n", f"\n{2**64}\n"), "out_of_range", "size"),
        ("an empty tree with a root", good.replace("\n2\n", "\n0\n"), "inconsistent", "root"),
        ("a short root", good.replace(root64, a.b64(root[:31])), "too_short", "root"),
        ("a long root", good.replace(root64, a.b64(root + b"x")), "too_long", "root"),
        ("a root without padding", good.replace(root64, root64[:-1]), "not_canonical", "root"),
        ("a root with trailing bits", good.replace(root64, loose), "not_canonical", "root"),
        ("a root in the URL alphabet", good.replace(root64, "-" + root64[1:]), "bad_character", "root"),
        ("an extension line", good.replace("\n\n", "\nextension\n\n"), "unexpected", "extension"),
        ("no signature", text + "\n", "bad_literal", "signature"),
        ("a hyphen for the dash", good.replace("— ", "- "), "bad_literal", "signature"),
        ("a signature in base64 with trailing bits", good[:-3] + chr(ord(good[-3]) ^ 1) + "=\n", "not_canonical", "signature"),
        ("the last newline missing", good[:-1], "truncated", "signature"),
        ("a line behind the signature", good + "\n", "bad_literal", "signature"),
        ("a carriage return", good.replace("\n2\n", "\n2\r\n"), "bad_character", "size"),
        ("one signature twice", good + line, "unexpected", "signature"),
        ("seventeen signatures", good + many, "too_long", "signature"),
    ]


def trees():
    b = Book("tree")
    octets = [bytes.fromhex(x) for x in CT_LEAVES]
    for size in range(9):
        out = {"root": a.root(octets[:size])}
        assert out["root"].hex() == CT_ROOTS[size]
        b.put("tree_root", "leaf", f"{size} leaves of the RFC 6962 reference", {"leaves": octets[:size]}, out)
    for size, index in [(1, 0), (2, 1), (3, 2), (5, 0), (7, 6), (8, 3), (8, 7), (6, 4)]:
        proof = a.path(index, octets[:size])
        given = {"leaves": octets[:size], "index": index}
        b.put("inclusion_prove", "verifying-a-receipt", f"leaf {index} of {size}", given, {"path": proof})
    size, index = 7, 6
    proof, root, hash_ = a.path(index, octets[:size]), a.root(octets[:size]), a.leaf_hash(octets[index])
    good = {"size": size, "index": index, "root": root, "leaf_hash": hash_, "path": proof}

    def check(comment, **change):
        given = good | change
        holds = a.includes(given["root"], given["size"], given["index"], given["leaf_hash"], given["path"])
        b.put("inclusion_check", "verifying-a-receipt", comment, given, error=None if holds else ("bad_inclusion",))
        return holds

    assert check("a proof")
    # Why a receipt counts under a signed checkpoint only, which binds size and root together.
    assert check("same root, same shape, another size", index=5, leaf_hash=a.leaf_hash(octets[5]), path=a.path(5, octets[:7]), size=8)
    for comment, change in [
        ("another index", {"index": 4}), ("an index of the size", {"index": 7}), ("another size", {"size": 8}),
        ("size 0", {"size": 0}), ("another leaf", {"leaf_hash": a.leaf_hash(octets[4])}),
        ("another root", {"root": a.root(octets)}), ("a hash missing", {"path": proof[:-1]}),
        ("a hash left over", {"path": [*proof, proof[0]]}), ("two hashes swapped", {"path": proof[::-1]}),
        ("no hashes", {"path": []}),
    ]:  # fmt: skip
        assert not check(comment, **change)
    for old, size in [(1, 1), (1, 8), (2, 5), (3, 7), (4, 7), (6, 8), (7, 8), (8, 8), (0, 8), (0, 0)]:
        proof = a.consistency(old, octets[:size]) if old else []
        given = {"leaves": octets[:size], "old_size": old}
        b.put("consistency_prove", "comparing-checkpoints", f"{old} to {size}", given, {"path": proof})
    proof = a.consistency(3, octets[:7])
    good = {"old_size": 3, "old_root": a.root(octets[:3]), "size": 7, "root": a.root(octets[:7]), "path": proof}
    assert a.extends(good["old_root"], 3, good["root"], 7, proof)
    b.put("consistency_check", "comparing-checkpoints", "a proof", good)
    forked = a.root([*octets[:2], b"else"])
    for comment, change in [
        ("another old tree", {"old_root": forked}), ("another old size", {"old_size": 4}), ("another size", {"size": 9}),
        ("another root", {"root": a.root(octets)}), ("shrunk", {"old_size": 7, "size": 3}), ("a hash missing", {"path": proof[1:]}),
        ("a hash left over", {"path": [*proof, proof[0]]}), ("an empty tree with a proof", {"old_size": 0}),
        ("an empty tree with a root", {"old_size": 0, "path": []}),
    ]:  # fmt: skip
        given = good | change
        holds = a.extends(given["old_root"], given["old_size"], given["root"], given["size"], given["path"])
        assert not holds, comment
        b.put("consistency_check", "comparing-checkpoints", comment, given, error=("bad_consistency",))
    return b


def tiles():
    b = Book("tile")
    for kind, index, width in [
        ("0", 0, 256), ("0", 999, 256), ("0", 1000, 256), ("0", 1234067, 256), ("1", 1234067, 1), ("7", 0, 127),
        ("entries", 5, 255), ("entries", 1000000, 256), ("0", 36028797018963966, 256), ("2", 274, 17),
    ]:  # fmt: skip
        out = {"tile": kind, "index": str(index), "width": width}
        b.put("tile_path", "tiles", "a path", {"path": a.tile_path(kind, index, width)}, out)
    assert a.tile_path("4", 1234067, 256) == "tile/4/x001/x234/067"
    for path, kind, field in [
        ("", "bad_literal", "path"), ("tile", "bad_literal", "path"), ("/tile/0/000", "bad_literal", "path"),
        ("tile/0", "missing", "index"), ("tile/00/000", "not_canonical", "level"), ("tile/data/000", "bad_character", "level"),
        ("tile/64/000", "out_of_range", "level"), ("tile/8/0/000", "out_of_range", "level"), ("tile/8/000", "out_of_range", "level"),
        ("tile/0/00", "not_canonical", "index"), ("tile/0/0000", "not_canonical", "index"), ("tile/0/x000/000", "not_canonical", "index"),
        ("tile/0/001/000", "not_canonical", "index"), ("tile/0/x001", "not_canonical", "index"), ("tile/0/", "not_canonical", "index"),
        ("tile/0/0-1", "bad_character", "index"), ("tile/0/xx01/000", "bad_character", "index"), ("tile/0/000/", "not_canonical", "index"),
        ("tile/0/000.p/0", "out_of_range", "width"), ("tile/0/000.p/256", "out_of_range", "width"),
        ("tile/0/000.p/01", "not_canonical", "width"), ("tile/0/000.p/", "missing", "width"), ("tile/0/000.p", "not_canonical", "index"),
        ("tile/0/000.p/1.p/1", "bad_character", "width"), ("tile/../checkpoint", "bad_character", "level"),
        ("tile/0/x036/x028/x797/x018/x963/968", "out_of_range", "index"),
        ("tile/0/x999/x999/x999/x999/x999/x999/x999/999", "out_of_range", "index"),
        ("tile/0/" + "x000/" * 20 + "000", "too_long", "path"),
    ]:  # fmt: skip
        b.put("tile_path", "tiles", "not a path", {"path": path}, error=(kind, field))
    for size in [0, 1, 255, 256, 257, 511, 512, 65535, 65536, 70000, 16777216, 2**63 - 1]:
        levels = []
        for level in range(8):
            levels.append([str(size // 256 ** (level + 1)), size // 256**level % 256])
        if size == 70000:
            assert levels[:3] == [["273", 112], ["1", 17], ["0", 1]]
        b.put("tile_widths", "tiles", f"a tree of {size}", {"size": str(size)}, {"levels": levels})
    count = 600
    numbered = [a.u(n, 8) for n in range(count)]
    for kind, index, width in [("0", 0, 256), ("0", 1, 256), ("0", 2, 88), ("0", 2, 1), ("1", 0, 2), ("1", 0, 1), ("entries", 0, 256), ("entries", 2, 88)]:
        octets = a.tile_octets(kind, index, width, numbered)
        given = {"leaf_count": count, "path": a.tile_path(kind, index, width)}
        out = {"octets": len(octets), "sha256": hashlib.sha256(octets).digest()}
        b.put("tile_octets", "tiles", "leaf i is i as u64", given, out)
    for kind, index, width in [("0", 2, 89), ("0", 3, 1), ("1", 0, 3), ("2", 0, 1), ("entries", 2, 256)]:
        given = {"leaf_count": count, "path": a.tile_path(kind, index, width)}
        b.put("tile_octets", "tiles", "not in a tree of 600", given, error=("not_found",))
    entries = [b"", b"x", bytes(256)]
    bundle = b"".join(a.u(len(entry), 2) + entry for entry in entries)
    b.put("bundle", "tiles", "three entries", {"bundle": bundle}, {"entries": entries})
    b.put("bundle", "tiles", "256 entries", {"bundle": bytes(512)}, {"entries": [b""] * 256})
    for comment, octets, kind, field in [
        ("nothing", b"", "missing", "length"), ("half a length", b"\x00", "truncated", "length"),
        ("ends in an entry", bundle[:-1], "truncated", "entry"), ("an entry longer than a leaf", a.u(257, 2) + bytes(257), "too_long", "length"),
        ("257 entries", bytes(514), "too_long", "bundle"),
    ]:  # fmt: skip
        b.put("bundle", "tiles", comment, {"bundle": octets}, error=(kind, field))
    return b


class Run:
    """A ledger as chapter 07 describes it, one submission for each checkpoint."""

    def __init__(self, origin, secret):
        self.origin, self.secret, self.leaves, self.bodies, self.latest = origin, secret, [], {}, {}

    def submit(self, octets, now):
        kind, body = octets[1], octets[66:-64]
        if (kind, body) not in self.bodies:
            record = a.record_key(body) if kind == 0 else None
            previous = self.latest.get(record, a.ZEROS)
            octets = a.leaf(kind, body, a.account_id(octets[2:34]), now, previous)
            self.bodies[kind, body] = len(self.leaves)
            self.leaves.append(octets)
            if record:
                self.latest[record] = a.leaf_hash(octets)
        return self.receipt(self.bodies[kind, body])

    def receipt(self, index):
        return a.receipt(self.leaves[index], index, a.path(index, self.leaves), self.checkpoint())

    def checkpoint(self):
        return a.checkpoint(self.origin, len(self.leaves), a.root(self.leaves), self.secret)


def submitted():
    salts = [seed(f"salt {n}") for n in range(5)]
    return [
        a.submission(0, WHOLE, SUBMITTER, LIVE, AUTHOR_KEY),
        a.submission(1, BLIND, SUBMITTER, LIVE),
        a.submission(0, OTHERS, OTHER, LIVE, OTHER_KEY),
        a.submission(0, NEXT, OTHER, LIVE, AUTHOR_KEY),
        a.submission(0, WHOLE, OTHER, LIVE, AUTHOR_KEY),  # the first once more, by another submitter
        *[a.submission(1, a.commitment(salt, WHOLE), OTHER, LIVE) for salt in salts],
        a.submission(0, a.statement(AUTHOR, LIVE, CHAIN, first=3, count=4), SUBMITTER, LIVE, AUTHOR_KEY),
    ]


def a_log():
    run, receipts = Run(ORIGIN, LEDGER), []
    for at, octets in enumerate(submitted()):
        receipts.append(run.submit(octets, NOW + 10 * at))
    return run, receipts


def logs():
    b = Book("log")
    run, receipts = a_log()
    given = {"origin": ORIGIN, "ledger_seed": LEDGER, "submissions": submitted(), "first_time": str(NOW), "time_step": 10}
    out = {"leaves": run.leaves, "receipts": receipts, "checkpoint": run.checkpoint()}
    b.put("log", "log", "whole, blinded, chained, submitted twice, contradicting", given, out)
    empty = Run(ORIGIN, LEDGER)
    given = {"origin": ORIGIN, "ledger_seed": LEDGER, "submissions": [], "first_time": str(NOW), "time_step": 1}
    b.put("log", "log", "the empty log", given, {"leaves": [], "receipts": [], "checkpoint": empty.checkpoint()})
    return b


def receipts():
    b = Book("receipt")
    run, texts = a_log()
    trusted = [a.vkey(ORIGIN, LEDGER)]
    signed = run.checkpoint()
    good = run.receipt(3)
    hashes = a.path(3, run.leaves)

    def verify(comment, text, given=trusted, realm=LIVE, out=None, error=None):
        b.put("receipt_verify", "verifying-a-receipt", comment, {"text": text, "keys": given, "realm": realm}, out, error)

    def verified(comment, octets, index, size, text, known=True):
        out = {"index": str(index), "size": str(size), "leaf_hash": a.leaf_hash(octets), "root": a.root(run.leaves[:size])}
        verify(comment, text, out=out | {"leaf": octets if known else None})

    verified("the first leaf alone, no hashes", run.leaves[0], 0, 1, texts[0])
    for index in range(len(run.leaves)):
        verified(f"leaf {index} of {len(run.leaves)}", run.leaves[index], index, len(run.leaves), run.receipt(index))

    verify("no trusted key", good, [], error=("unknown_log",))
    verify("another ledger's key", good, [a.vkey(ORIGIN_2, FOREIGN)], error=("unknown_log",))
    verify("a key that collides in nothing", good, [a.vkey(ORIGIN, FOREIGN)], error=("unknown_log",))
    verify("another network", good, realm=LIVE_2, error=("wrong_realm",))
    verify("a drill's receipt in earnest", good, realm=EXERCISE, error=("wrong_realm",))
    verify("another leaf", a.receipt(run.leaves[2], 3, hashes, signed), error=("bad_inclusion",))
    verify("a changed leaf", a.receipt(flip(run.leaves[3], 72), 3, hashes, signed), error=("bad_inclusion",))
    verify("another index", a.receipt(run.leaves[3], 2, hashes, signed), error=("bad_inclusion",))
    verify("an index beyond the tree", a.receipt(run.leaves[3], 99, hashes, signed), error=("bad_inclusion",))
    verify("a hash missing", a.receipt(run.leaves[3], 3, hashes[:-1], signed), error=("bad_inclusion",))
    verify("a hash left over", a.receipt(run.leaves[3], 3, [*hashes, hashes[0]], signed), error=("bad_inclusion",))
    verify("a checkpoint of another size", a.receipt(run.leaves[3], 3, hashes, texts[3].split("\n\n", 1)[1]), error=("bad_inclusion",))
    empty = Run(ORIGIN, LEDGER).checkpoint()
    verify("a leaf of the empty log", a.receipt(run.leaves[0], 0, [], empty), error=("bad_inclusion",))
    forged = a.checkpoint(ORIGIN, len(run.leaves), a.root(run.leaves), FOREIGN)
    verify("a checkpoint nobody known signed", a.receipt(run.leaves[3], 3, hashes, forged), error=("unknown_log",))
    verify("a size that is not the signed one", good.replace("\n10\n", "\n9\n"), error=("bad_signature",))

    def lone(octets):
        return a.receipt(octets, 0, [], a.checkpoint(ORIGIN, 1, a.leaf_hash(octets), LEDGER))

    for comment, octets in [
        ("a leaf of a later version", a.leaf(0, WHOLE, SUBMITTER_ID, NOW, version=2)),
        ("a leaf of the reserved kind", a.leaf(2, BLIND, SUBMITTER_ID, NOW)),
        ("a leaf of an unknown kind", a.leaf(9, BLIND, SUBMITTER_ID, NOW)),
    ]:
        out = {"index": "0", "size": "1", "leaf_hash": a.leaf_hash(octets), "root": a.leaf_hash(octets), "leaf": None}
        verify(comment + ", logged", lone(octets), out=out)
    verify("a malformed leaf, logged", lone(run.leaves[0] + b"x"), error=("trailing", "end"))
    verify("a leaf with another chain's record key, logged", lone(flip(run.leaves[0], 4)), error=("inconsistent", "record_key"))
    for comment, text, kind, field in malformed_receipts(good, run.leaves[3], hashes, signed):
        verify(comment, text, error=(kind, field))
    return b


def malformed_receipts(good, octets, hashes, signed):
    lines = good.split("\n")
    first = a.b64(hashes[0])

    def without(at):
        return "\n".join(lines[:at] + lines[at + 1 :])

    def loose(line):
        at = len(line.rstrip("=")) - 1
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        return line[:at] + alphabet[alphabet.index(line[at]) + 1] + line[at + 1 :]

    return [
        ("nothing", "", "bad_literal", "version"),
        ("another format", good.replace("@v1", "@v2"), "bad_literal", "version"),
        ("no leaf", without(1), "bad_literal", "extra"),
        ("an empty leaf", good.replace(lines[1], "extra "), "missing", "extra"),
        ("a leaf of 257 octets", a.receipt(octets + bytes(257 - len(octets)), 3, hashes, signed), "too_long", "extra"),
        ("two leaves", good.replace(lines[1], lines[1] + "\n" + lines[1]), "bad_literal", "index"),
        ("no index", without(2), "bad_literal", "index"),
        ("an index with a leading zero", good.replace("index 3", "index 03"), "not_canonical", "index"),
        ("a negative index", good.replace("index 3", "index -3"), "bad_character", "index"),
        ("an index of 2^63", good.replace("index 3", f"index {2**63}"), "out_of_range", "index"),
        ("a space behind a hash", good.replace(first, first + " "), "too_long", "path"),
        ("a line of words among the hashes", good.replace(first, "a word\n" + first), "bad_character", "path"),
        ("a hash with trailing bits", good.replace(first, loose(first)), "not_canonical", "path"),
        ("a short hash", good.replace(first, a.b64(hashes[0][:31])), "too_short", "path"),
        ("65 hashes", a.receipt(octets, 3, [hashes[0]] * 65, signed), "too_long", "path"),
        ("no empty line before the checkpoint", good.replace("\n\nchappe", "\nchappe"), "not_canonical", "path"),
        ("two empty lines before the checkpoint", good.replace("\n\nchappe", "\n\n\nchappe"), "bad_literal", "origin"),
        ("an extension line", good.replace("\n\n—", "\nextension\n\n—"), "unexpected", "extension"),
        ("a line behind the end", good + "extension\n", "bad_literal", "signature"),
        ("the last newline missing", good[:-1], "truncated", "signature"),
        ("ends behind the index", "\n".join(lines[:3]) + "\n", "truncated", "path"),
        ("carriage returns", good.replace("\n", "\r\n"), "bad_literal", "version"),
    ]


def evidence():
    b = Book("evidence")
    run, _ = a_log()
    trusted = [a.vkey(ORIGIN, LEDGER)]
    whole, blind = run.receipt(0), run.receipt(1)

    def put(comment, text, octets, author=AUTHOR_KEY, error=None):
        given = {"text": text, "keys": trusted, "realm": LIVE, "evidence": octets, "author": author}
        b.put("evidence", "verifying-evidence", comment, given, error=error)

    put("a whole statement", whole, WHOLE)
    put("a blinded one", blind, WHOLE + SALT)
    put("another statement", whole, NEXT, error=("other_statement",))
    put("a salt with a whole statement", whole, WHOLE + SALT, error=("unexpected_salt",))
    put("no salt for a blinded one", blind, WHOLE, error=("missing_salt",))
    put("another salt", blind, WHOLE + seed("salt 0"), error=("bad_opening",))
    put("another statement behind the commitment", blind, NEXT + SALT, error=("bad_opening",))
    put("another author, whole", whole, WHOLE, OTHER_KEY, error=("bad_signature",))
    put("another author, blinded", blind, WHOLE + SALT, OTHER_KEY, error=("bad_signature",))
    forged = flip(WHOLE, 150)
    octets = a.leaf(1, a.commitment(SALT, forged), SUBMITTER_ID, NOW)
    lone = a.receipt(octets, 0, [], a.checkpoint(ORIGIN, 1, a.leaf_hash(octets), LEDGER))
    put("a commitment to a statement its author never signed", lone, forged + SALT, error=("bad_signature",))
    octets = a.leaf(2, BLIND, SUBMITTER_ID, NOW)
    lone = a.receipt(octets, 0, [], a.checkpoint(ORIGIN, 1, a.leaf_hash(octets), LEDGER))
    put("a leaf of a later kind", lone, WHOLE + SALT, error=("unknown_version",))
    return b


def main():
    ed25519.check_known_answer()
    changed = []
    for b in [make() for make in (leaves, submissions, keys, checkpoints, trees, tiles, logs, receipts, evidence)]:
        path = HERE / f"{b.name}.json"
        if "--check" in sys.argv:
            if not path.exists() or path.read_text("ascii") != b.text():
                changed.append(path.name)
        else:
            path.write_text(b.text(), "ascii", newline="\n")
        bad = sum(vector["result"] == "invalid" for vector in b.vectors)
        print(f"{path.name}: {len(b.vectors)} vectors, {bad} of them invalid")
    if changed:
        sys.exit("these files would change: " + ", ".join(changed))


if __name__ == "__main__":
    main()
