"""What to do with each kind of vector of chapter 13. Needs no library: ciphers and Argon2id are in plain Python."""

import hashlib
import hmac
from collections import Counter

import vault_cipher
from argon2id import argon2id
from judge import octets_of, refused, same
from refusal import Refused, refuse_unless

# Chapter 13, Vault file: memory, passes, lanes.
LEAST, MOST = (65536, 3, 1), (1048576, 16, 16)


def derive(secret, label, *parts):
    """KDF of chapter 00, for 32 octets: one round of HKDF's expansion."""
    extracted = hmac.digest(bytes(32), secret, "sha256")
    return hmac.digest(extracted, label + b"".join(parts) + b"\1", "sha256")


def u64(n):
    return int(n).to_bytes(8, "big")


def number(octets):
    return int.from_bytes(octets, "big")


def unsealed(key, nonce, aad, sealed, field):
    content = vault_cipher.unseal(key, nonce, aad, sealed)
    refuse_unless(content is not None, "bad_tag", field, 0)
    return content


def answered(read):
    """A check: the answer of a vector is what `read` makes of its input."""

    def check(vector):
        given = vector["in"]
        if vector["result"] == "valid":
            try:
                found = read(given)
            except Refused as refusal:
                found = refusal.as_vector()
            return same("out", found, vector["out"])
        found = refused("in", read, given).as_vector()
        same("error", {member: found[member] for member in ("kind", "field")}, vector["error"])

    return check


def health(given):
    draws = [octets_of(given[name]) for name in ("first", "second")]
    same("octets of a draw", [len(draw) for draw in draws], [1024, 1024])
    refuse_unless(not any(draw == bytes(1024) for draw in draws), "all_zero", "draw", 0)
    refuse_unless(draws[0] != draws[1], "same_draw", "draw", 0)
    runs = [o.to_bytes(1, "big") * 6 for o in range(256)]
    refuse_unless(not any(run in draw for draw in draws for run in runs), "repetition", "draw", 0)
    windows = [draw[at:][:512] for draw in draws for at in (0, 512)]
    refuse_unless(all(Counter(window)[window[0]] <= 18 for window in windows), "proportion", "draw", 0)
    return {"healthy": True}


def stretch(given):
    salt = octets_of(given["salt"])
    work = given["lanes"], given["memory_kib"], given["passes"]
    return {"stretched": argon2id(given["passphrase"].encode("utf-8"), salt, *work, 32).hex()}


def slot_secrets(stretched, header, slot):
    label, slot = b"chappe-vault-slot/1", bytes([slot])
    return derive(stretched, label, slot), label + header + slot


def slot_write(given):
    header = b"chappe-vault\x01" + bytes([given["lanes"]]) + given["passes"].to_bytes(2, "big")
    header += given["memory_kib"].to_bytes(4, "big") + octets_of(given["salt"])
    header += bytes(512 - len(header))
    key, aad = slot_secrets(octets_of(given["stretched"]), header, given["slot"])
    content = octets_of(given["wrapping_key"]) + bytes([given["decoy"], given["area"], given["kept"]])
    nonce = octets_of(given["nonce"])
    sealed = nonce + vault_cipher.seal(key, nonce, aad, content + bytes(449))
    return {"header": header.hex(), "slot": sealed.hex()}


def check_vault_header(file):
    refuse_unless(file[:12] == b"chappe-vault", "bad_literal", "literal", 0)
    refuse_unless(file[12:13] == b"\1", "unknown_version", "version", 12)
    refuse_unless(len(file) >= 4608, "truncated", "slot", len(file))
    refuse_unless(len(file) <= 4608, "trailing", "end", 4608)
    work = number(file[16:20]), number(file[14:16]), file[13]
    refuse_unless(all(map(int.__ge__, work, LEAST)), "downgraded", "work", 13)
    refuse_unless(all(map(int.__le__, work, MOST)), "too_much_work", "work", 13)
    refuse_unless(file[36:512] == bytes(476), "bad_padding", "padding", 36)


def vault_open(given):
    file, stretched = octets_of(given["file"]), octets_of(given["stretched"])
    check_vault_header(file)
    for slot in range(8):
        octets = file[512 * (slot + 1) :][:512]
        key, aad = slot_secrets(stretched, file[:512], slot)
        content = vault_cipher.unseal(key, octets[:12], aad, octets[12:])
        if content is not None:
            return slot_content(slot, content)
    raise Refused("bad_tag", "slot", 0)


def slot_content(slot, content):
    flags, area, kept = content[32], content[33], content[34]
    refuse_unless(flags < 2, "reserved", "flags", 32)
    refuse_unless(area < 4, "out_of_range", "area", 33)
    refuse_unless(kept < 16, "reserved", "kept areas", 34)
    refuse_unless(content[35:] == bytes(449), "bad_padding", "padding", 35)
    refuse_unless(slot in (2 * area, 2 * area + 1), "inconsistent", "area", 33)
    refuse_unless(kept & 2**area, "inconsistent", "area", 33)
    return {"slot": slot, "wrapping_key": content[:32].hex(), "decoy": bool(flags), "area": area, "kept": kept}


def page_secrets(given, place):
    label, area, name = b"chappe-vault-page/1", bytes([given["area"]]), given["name"].encode("ascii")
    return derive(octets_of(given["wrapping_key"]), label, area, name), label + area + bytes([place]) + name


def page_write(given):
    key, aad = page_secrets(given, given["place"])
    content = u64(given["serial"]) + u64(given["generation"]) + octets_of(given["generation_key"])
    content += u64(given["first"]) + u64(given["reserved"])
    nonce = octets_of(given["nonce"])
    return {"octets": (nonce + vault_cipher.seal(key, nonce, aad, content + bytes(420))).hex()}


def page_content(content):
    serial, generation, first, reserved = (number(content[at:][:8]) for at in (0, 8, 48, 56))
    refuse_unless(first <= reserved, "inconsistent", "first", 48)
    refuse_unless(content[64:] == bytes(420), "bad_padding", "padding", 64)
    numbers = {"serial": serial, "generation": generation, "first": first, "reserved": reserved}
    return {name: str(n) for name, n in numbers.items()} | {"generation_key": content[16:48].hex()}


def page_open(given, read=page_content):
    file = octets_of(given["file"])
    refuse_unless(len(file) >= 1024, "truncated", "place", len(file))
    refuse_unless(len(file) <= 1024, "trailing", "end", 1024)
    pages = []
    for place in range(2):
        octets = file[512 * place :][:512]
        key, aad = page_secrets(given, place)
        content = vault_cipher.unseal(key, octets[:12], aad, octets[12:])
        if content is not None:
            pages.append(read(content) | {"place": place})
    refuse_unless(pages, "bad_tag", "place", 0)
    return max(pages, key=lambda page: int(page["serial"])) | {"other_open": len(pages) > 1}


def prekeys_write(given):
    key, aad = page_secrets(given | {"name": "prekeys"}, given["place"])
    each = [octets_of(one["seed"]) + int(one["expiry"]).to_bytes(5, "big") for one in given["prekeys"]]
    content, nonce = u64(given["serial"]) + bytes([1, len(each)]) + b"".join(each), octets_of(given["nonce"])
    return {"octets": (nonce + vault_cipher.seal(key, nonce, aad, content.ljust(484, b"\0"))).hex()}


def prekeys_content(content):
    version, count, rest = content[8], content[9], content[10:]
    refuse_unless(version == 1, "unknown_version", "version", 8)
    refuse_unless(count in (1, 2, 3), "out_of_range", "prekeys", 9)
    prekeys, limit = [], 2**40
    for n in range(count):
        one, rest = rest[:37], rest[37:]
        expiry = number(one[32:])
        refuse_unless(expiry < limit, "not_canonical", "prekey expiry", 10 + 37 * n)
        limit = expiry
        prekeys.append({"seed": one[:32].hex(), "expiry": str(expiry)})
    refuse_unless(not any(rest), "bad_padding", "padding", 10 + 37 * count)
    return {"serial": str(number(content[:8])), "prekeys": prekeys}


def prekeys_open(given):
    return page_open(given | {"name": "prekeys"}, prekeys_content)


def page_check(given):
    first, reserved, log_first, log_next = (int(given[n]) for n in ("first", "reserved", "log_first", "log_next"))
    refuse_unless(log_next <= reserved, "inconsistent", "reserved", 56)
    refuse_unless(log_first <= first and log_next >= reserved - 64, "cut", "log", 0)
    return {"whole": True}


def record_secrets(given):
    label, area, name = b"chappe-vault-record/1", bytes([given["area"]]), given["name"].encode("ascii")
    generation = u64(given["generation"])
    key = derive(octets_of(given["generation_key"]), label, area, generation, name)
    return key, label + area + generation + u64(given["number"]) + name


def record_write(given):
    octets, opening = octets_of(given["octets"]) + b"\x80", octets_of(given["opening"])
    key, aad = record_secrets(given)
    sealed = vault_cipher.seal(key, opening + u64(given["number"]), aad, octets + bytes(-len(octets) % 64))
    return {"record": (opening + sealed).hex()}


def record_open(given):
    record = octets_of(given["record"])
    refuse_unless(len(record) > 20 and len(record) % 64 == 20, "truncated", "record", len(record))
    key, aad = record_secrets(given)
    padded = unsealed(key, record[:4] + u64(given["number"]), aad, record[4:], "record")
    content, mark, zeros = padded.rpartition(b"\x80")
    refuse_unless(mark and zeros == bytes(len(zeros)) and len(zeros) < 64, "bad_padding", "padding", 0)
    return {"octets": content.hex()}


def file_secrets(given):
    label, area, name = b"chappe-vault-file/1", bytes([given["area"]]), given["name"].encode("ascii")
    return derive(octets_of(given["wrapping_key"]), label, area, name), label + area + name


def file_write(given):
    octets, nonce = octets_of(given["octets"]), octets_of(given["nonce"])
    key, aad = file_secrets(given)
    content = len(octets).to_bytes(4, "big") + octets
    blocks = -(-(len(content) + 28) // 4096)
    return {"file": (nonce + vault_cipher.seal(key, nonce, aad, content.ljust(4096 * blocks - 28, b"\0"))).hex()}


def file_open(given):
    file = octets_of(given["file"])
    refuse_unless(file and len(file) % 4096 == 0, "truncated", "file", len(file))
    key, aad = file_secrets(given)
    content = unsealed(key, file[:12], aad, file[12:], "file")
    length = number(content[:4])
    refuse_unless(length + 4 <= len(content), "truncated", "content", 0)
    refuse_unless(len(content) - length - 4 < 4096, "not_canonical", "length", 0)
    refuse_unless(not any(content[4 + length :]), "bad_padding", "padding", 4 + length)
    return {"octets": content[4 : 4 + length].hex()}


def keyed_name(given):
    label = b"chappe-vault-name/1"
    key = derive(octets_of(given["wrapping_key"]), label, bytes([given["area"]]))
    name = label + bytes([given["receipt_kind"]]) + octets_of(given["statement_hash"])
    return {"name": hmac.new(key, name, hashlib.sha256).hexdigest()[:32]}


def only_its_shape(vector):
    """64 MiB of Argon2id take plain Python an hour."""
    same("octets of the key", len(octets_of(vector["out"]["stretched"])), 32)


BOTH = ("valid", "invalid")
# As in kinds_signal.py.
def root_file_secrets(stretched, header):
    label = b"chappe-root-file/1"
    return derive(stretched, label), label + header


def root_file_write(given):
    header = b"chappe-root\1" + bytes([given["lanes"]]) + given["passes"].to_bytes(2, "big")
    header += given["memory_kib"].to_bytes(4, "big") + octets_of(given["salt"]) + octets_of(given["realm"])
    key, aad = root_file_secrets(octets_of(given["stretched"]), header)
    nonce = octets_of(given["nonce"])
    return {"file": (header + nonce + vault_cipher.seal(key, nonce, aad, octets_of(given["seed"]))).hex()}


def root_file_open(given):
    file = octets_of(given["file"])
    refuse_unless(file[:11] == b"chappe-root", "bad_literal", "literal", 0)
    refuse_unless(file[11:12] == b"\1", "unknown_version", "version", 11)
    refuse_unless(file[35:36] in (b"\0", b"\1"), "unknown_code", "realm", 35)
    refuse_unless(len(file) >= 100, "truncated", "seed", len(file))
    refuse_unless(len(file) == 100, "trailing", "end", 100)
    work = number(file[15:19]), number(file[13:15]), file[12]
    refuse_unless(all(least <= asked for least, asked in zip(LEAST, work)), "downgraded", "work", 12)
    refuse_unless(all(asked <= most for asked, most in zip(work, MOST)), "too_much_work", "work", 12)
    key, aad = root_file_secrets(octets_of(given["stretched"]), file[:40])
    seed = unsealed(key, file[40:52], aad, file[52:], "seed")
    return {"realm": file[35:40].hex(), "seed": seed.hex()}


KINDS = {
    "root_file_write": (answered(root_file_write), ("valid",), ("in", "out")),
    "root_file_open": (answered(root_file_open), BOTH, ("out", "error")),
    "health": (answered(health), BOTH, ("out", "error")),
    "stretch": (answered(stretch), ("valid",), ("in", "out")),
    "stretch_full": (only_its_shape, ("valid",), ()),
    "slot_write": (answered(slot_write), ("valid",), ("in", "out")),
    "vault_open": (answered(vault_open), BOTH, ("out", "error")),
    "page_write": (answered(page_write), ("valid",), ("in", "out")),
    "page_open": (answered(page_open), BOTH, ("out", "error")),
    "page_check": (answered(page_check), BOTH, ("out", "error")),
    "prekeys_write": (answered(prekeys_write), ("valid",), ("in", "out")),
    "prekeys_open": (answered(prekeys_open), BOTH, ("out", "error")),
    "record_write": (answered(record_write), ("valid",), ("in", "out")),
    "record_open": (answered(record_open), BOTH, ("out", "error")),
    "file_write": (answered(file_write), ("valid",), ("in", "out")),
    "file_open": (answered(file_open), BOTH, ("out", "error")),
    "keyed_name": (answered(keyed_name), ("valid",), ("in", "out")),
}
