"""Chapter 13 written from the text alone: health of a random source, vault file, sealed files, pages, records.

It exists to make vectors. It guards no secret and is not for use. Needs Python 3.11 or newer and the
package `cryptography` with AES-GCM-SIV and Argon2id.
"""

import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

SAMPLE, WINDOW, REPETITIONS, PROPORTION = 1024, 512, 6, 19
HEADER, SLOT, SLOTS, CONTENT = 512, 512, 8, 484
VAULT = HEADER + SLOTS * SLOT
PLACE = 512
AREAS = 4
BLOCK, FILE_BLOCK = 64, 4096
FILE_MAX = 4 * 1024 * 1024
RESERVED = 64
LEAST, MOST = (65536, 3, 1), (1048576, 16, 16)


class Refused(Exception):
    def __init__(self, kind, field):
        super().__init__(f"{kind} ({field})")
        self.kind, self.field = kind, field


def refuse_unless(holds, kind, field):
    if not holds:
        raise Refused(kind, field)


def number(octets):
    return int.from_bytes(octets, "big")


def u8(n):
    return n.to_bytes(1, "big")


def u64(n):
    return n.to_bytes(8, "big")


def kdf(secret, label, *parts, n=32):
    key = hmac.new(b"", secret, hashlib.sha256).digest()
    info, out, block = label.encode("ascii") + b"".join(parts), b"", b""
    while len(out) < n:
        block = hmac.new(key, block + info + u8(len(out) // 32 + 1), hashlib.sha256).digest()
        out += block
    return out[:n]


def mac(key, label, *parts):
    return hmac.new(key, label.encode("ascii") + b"".join(parts), hashlib.sha256).digest()


def seal(key, nonce, aad, content):
    return AESGCMSIV(key).encrypt(nonce, content, aad)


def open_sealed(key, nonce, aad, sealed, field):
    try:
        return AESGCMSIV(key).decrypt(nonce, sealed, aad)
    except InvalidTag:
        raise Refused("bad_tag", field) from None


# ---- random source -----------------------------------------------------------------------------


def check_health(first, second):
    draws = (first, second)
    refuse_unless(all(any(draw) for draw in draws), "all_zero", "draw")
    refuse_unless(first != second, "same_draw", "draw")
    for draw in draws:
        for at in range(SAMPLE - REPETITIONS + 1):
            refuse_unless(len(set(draw[at : at + REPETITIONS])) > 1, "repetition", "draw")
    for draw in draws:
        for at in range(0, SAMPLE, WINDOW):
            window = draw[at : at + WINDOW]
            refuse_unless(window.count(window[0]) < PROPORTION, "proportion", "draw")


# ---- vault file --------------------------------------------------------------------------------


def write_header(memory_kib, passes, lanes, salt):
    head = b"chappe-vault" + bytes([1, lanes]) + passes.to_bytes(2, "big") + memory_kib.to_bytes(4, "big") + salt
    return head.ljust(HEADER, b"\0")


def stretch(passphrase, salt, memory_kib, passes, lanes):
    work = Argon2id(salt=salt, length=32, iterations=passes, lanes=lanes, memory_cost=memory_kib)
    return work.derive(passphrase)


def write_content(key, decoy, area, kept):
    return (key + bytes([decoy, area, kept])).ljust(CONTENT, b"\0")


def seal_slot(stretched, header, slot, content, nonce):
    key = kdf(stretched, "chappe-vault-slot/1", u8(slot))
    return nonce + seal(key, nonce, b"chappe-vault-slot/1" + header + u8(slot), content)


def read_content(slot, content):
    flags, area, kept = content[32:35]
    refuse_unless(flags in (0, 1), "reserved", "flags")
    refuse_unless(area < AREAS, "out_of_range", "area")
    refuse_unless(kept < 1 << AREAS, "reserved", "kept areas")
    refuse_unless(not any(content[35:]), "bad_padding", "padding")
    refuse_unless(slot // 2 == area and kept >> area & 1, "inconsistent", "area")
    return {"slot": slot, "wrapping_key": content[:32], "decoy": flags == 1, "area": area, "kept": kept}


ROOT_LABEL, ROOT_HEADER, ROOT_FILE = b"chappe-root-file/1", 40, 100


def write_root_file(stretched, seed, realm, memory_kib, passes, lanes, salt, nonce):
    head = b"chappe-root" + bytes([1, lanes]) + passes.to_bytes(2, "big") + memory_kib.to_bytes(4, "big")
    head += salt + realm
    key = kdf(stretched, ROOT_LABEL.decode())
    return head + nonce + seal(key, nonce, ROOT_LABEL + head, seed)


def open_root_file(file, stretched):
    refuse_unless(file.startswith(b"chappe-root"), "bad_literal", "literal")
    refuse_unless(len(file) > 11, "truncated", "version")
    refuse_unless(file[11] == 1, "unknown_version", "version")
    refuse_unless(len(file) >= ROOT_HEADER, "truncated", "realm")
    realm = file[35:ROOT_HEADER]
    refuse_unless(realm[0] in (0, 1), "unknown_code", "realm")
    refuse_unless(len(file) >= ROOT_FILE, "truncated", "seed")
    refuse_unless(len(file) == ROOT_FILE, "trailing", "end")
    work = number(file[15:19]), number(file[13:15]), file[12]
    refuse_unless(all(asked >= least for asked, least in zip(work, LEAST)), "downgraded", "work")
    refuse_unless(all(asked <= most for asked, most in zip(work, MOST)), "too_much_work", "work")
    key, aad, nonce = kdf(stretched, ROOT_LABEL.decode()), ROOT_LABEL + file[:ROOT_HEADER], file[40:52]
    return {"realm": realm, "seed": open_sealed(key, nonce, aad, file[52:], "seed")}


def read_header(file):
    refuse_unless(file.startswith(b"chappe-vault"), "bad_literal", "literal")
    refuse_unless(len(file) > 12, "truncated", "version")
    refuse_unless(file[12] == 1, "unknown_version", "version")
    refuse_unless(len(file) >= VAULT, "truncated", "slot")
    refuse_unless(len(file) == VAULT, "trailing", "end")
    work = number(file[16:20]), number(file[14:16]), file[13]
    refuse_unless(all(asked >= least for asked, least in zip(work, LEAST)), "downgraded", "work")
    refuse_unless(all(asked <= most for asked, most in zip(work, MOST)), "too_much_work", "work")
    refuse_unless(not any(file[36:HEADER]), "bad_padding", "padding")
    return file[:HEADER]


def open_vault(file, stretched):
    header = read_header(file)
    for slot in range(SLOTS):
        octets = file[HEADER + SLOT * slot :][:SLOT]
        key, aad = kdf(stretched, "chappe-vault-slot/1", u8(slot)), b"chappe-vault-slot/1" + header + u8(slot)
        try:
            content = open_sealed(key, octets[:12], aad, octets[12:], "slot")
        except Refused:
            continue
        return read_content(slot, content)
    raise Refused("bad_tag", "slot")


# ---- pages -------------------------------------------------------------------------------------


def page_secrets(wrapping_key, area, name, place):
    label = "chappe-vault-page/1"
    key = kdf(wrapping_key, label, u8(area), name)
    return key, label.encode() + u8(area) + u8(place) + name


def write_page(serial, generation, generation_key, first, reserved):
    page = u64(serial) + u64(generation) + generation_key + u64(first) + u64(reserved)
    return page.ljust(CONTENT, b"\0")


def seal_page(wrapping_key, area, name, place, content, nonce):
    key, aad = page_secrets(wrapping_key, area, name, place)
    return nonce + seal(key, nonce, aad, content)


def read_page(content):
    first, reserved = number(content[48:56]), number(content[56:64])
    refuse_unless(first <= reserved, "inconsistent", "first")
    refuse_unless(not any(content[64:]), "bad_padding", "padding")
    return {
        "serial": number(content[:8]),
        "generation": number(content[8:16]),
        "generation_key": content[16:48],
        "first": first,
        "reserved": reserved,
    }


def open_pages(wrapping_key, area, name, file, read=read_page):
    refuse_unless(len(file) >= 2 * PLACE, "truncated", "place")
    refuse_unless(len(file) == 2 * PLACE, "trailing", "end")
    found = []
    for place in (0, 1):
        octets = file[PLACE * place :][:PLACE]
        key, aad = page_secrets(wrapping_key, area, name, place)
        try:
            content = open_sealed(key, octets[:12], aad, octets[12:], "place")
        except Refused:
            continue
        found.append((place, read(content)))
    refuse_unless(found, "bad_tag", "place")
    place, page = max(found, key=lambda one: one[1]["serial"])
    return page | {"place": place, "other_open": len(found) == 2}


def check_page(first, reserved, log_first, log_next):
    refuse_unless(log_next <= reserved, "inconsistent", "reserved")
    refuse_unless(log_first <= first and log_next + RESERVED >= reserved, "cut", "log")


# ---- prekeys -----------------------------------------------------------------------------------

PREKEYS, PREKEY = 3, 37


def write_prekeys(serial, prekeys, version=1, count=None):
    content = u64(serial) + u8(version) + u8(len(prekeys) if count is None else count)
    for seed, expiry in prekeys:
        content += seed + expiry.to_bytes(5, "big")
    return content.ljust(CONTENT, b"\0")


def read_prekeys(content):
    refuse_unless(content[8] == 1, "unknown_version", "version")
    count = content[9]
    refuse_unless(1 <= count <= PREKEYS, "out_of_range", "prekeys")
    ends = 10 + PREKEY * count
    each = [content[at : at + PREKEY] for at in range(10, ends, PREKEY)]
    prekeys = [{"seed": one[:32], "expiry": number(one[32:])} for one in each]
    for before, after in zip(prekeys, prekeys[1:]):
        refuse_unless(after["expiry"] < before["expiry"], "not_canonical", "prekey expiry")
    refuse_unless(not any(content[ends:]), "bad_padding", "padding")
    return {"serial": number(content[:8]), "prekeys": prekeys}


def open_prekeys(wrapping_key, area, file):
    return open_pages(wrapping_key, area, b"prekeys", file, read_prekeys)


# ---- records -----------------------------------------------------------------------------------


def record_secrets(generation_key, area, generation, name, n):
    label = "chappe-vault-record/1"
    key = kdf(generation_key, label, u8(area), u64(generation), name)
    return key, label.encode() + u8(area) + u64(generation) + u64(n) + name


def pad(octets):
    padded = octets + b"\x80"
    return padded + bytes(-len(padded) % BLOCK)


def seal_record(generation_key, area, generation, name, opening, n, padded):
    key, aad = record_secrets(generation_key, area, generation, name, n)
    return opening + seal(key, opening + u64(n), aad, padded)


def open_record(generation_key, area, generation, name, n, record):
    refuse_unless(len(record) >= 84 and (len(record) - 20) % BLOCK == 0, "truncated", "record")
    key, aad = record_secrets(generation_key, area, generation, name, n)
    padded = open_sealed(key, record[:4] + u64(n), aad, record[4:], "record")
    octets = padded.rstrip(b"\0")
    refuse_unless(octets.endswith(b"\x80") and len(padded) - len(octets) < BLOCK, "bad_padding", "padding")
    return octets[:-1]


# ---- sealed files ------------------------------------------------------------------------------


def file_secrets(wrapping_key, area, name):
    label = "chappe-vault-file/1"
    return kdf(wrapping_key, label, u8(area), name), label.encode() + u8(area) + name


def write_file(octets):
    content = len(octets).to_bytes(4, "big") + octets
    return content + bytes(-(len(content) + 28) % FILE_BLOCK)


def seal_file(wrapping_key, area, name, nonce, content):
    key, aad = file_secrets(wrapping_key, area, name)
    return nonce + seal(key, nonce, aad, content)


def open_file(wrapping_key, area, name, file):
    refuse_unless(file and len(file) % FILE_BLOCK == 0, "truncated", "file")
    key, aad = file_secrets(wrapping_key, area, name)
    content = open_sealed(key, file[:12], aad, file[12:], "file")
    length, rest = number(content[:4]), content[4:]
    refuse_unless(length <= len(rest), "truncated", "content")
    refuse_unless(len(write_file(rest[:length])) == len(content), "not_canonical", "length")
    refuse_unless(not any(rest[length:]), "bad_padding", "padding")
    return rest[:length]


def keyed_name(wrapping_key, area, kind, statement_hash):
    label = "chappe-vault-name/1"
    return mac(kdf(wrapping_key, label, u8(area)), label, u8(kind), statement_hash)[:16]
