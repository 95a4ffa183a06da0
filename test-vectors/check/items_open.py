"""Items, their ids, and open envelopes and statements as a device signs them (chapters 02, 03, 04, 10)."""

import hashlib

import library as p
from refusal import Refused

FORMS = {(1, 0): {3}, (1, 1): {0, 1, 2}, (4, 0): {0, 1, 2}, **{(f, 0): {0} for f in (16, 17, 19, 20, 21, 22, 23, 24, 25)}}
REFERENCE = (0, 8, 32, 0)


def refuse(kind, field):
    raise Refused(kind, field, 0)


def sha256(octets):
    return hashlib.sha256(octets).digest()


def split_items(octets, several):
    """(family, octet 1, reference and body) of each."""
    if not several:
        if len(octets) < 2:
            refuse("truncated", ("family", "revision")[len(octets)])
        if len(octets) > 4096:
            refuse("too_long", "item")
        return [(octets[0], octets[1], octets[2:])]
    found, rest = [], octets
    while rest or not found:
        if len(found) == 32:
            refuse("too_long", "items")
        if len(rest) < 2:
            refuse("truncated", ("family", "revision")[len(rest)])
        length, used = 0, 0
        while True:
            if used == 4:
                refuse("too_long", "length")
            if 2 + used == len(rest):
                refuse("truncated", "length")
            octet = rest[2 + used]
            length += (octet & 127) * 128**used
            used += 1
            if octet < 128:
                break
        if octet == 0 and used > 1:
            refuse("not_canonical", "length")
        if length > 4094:
            refuse("too_long", "item")
        head, body, after = rest[:2], rest[2 + used : 2 + used + length], rest[2 + used + length :]
        if len(body) < length:
            refuse("truncated", "item")
        check_item(head[0], head[1], body)
        check_place((head[0], head[1], body), found)
        found.append((head[0], head[1], body))
        rest = after
    if len(found) == 1:
        refuse("not_canonical", "flags")
    return found


def check_item(family, octet, content):
    if family == 0:
        refuse("reserved", "family")
    if octet & 3 not in FORMS.get((family, octet >> 2), {octet & 3}):
        refuse("inconsistent", "form")
    if len(content) < REFERENCE[octet & 3]:
        refuse("truncated", "reference")


def is_padding(one):
    """Revision 0 of its family; of another revision more is not known than of any unknown item."""
    return one[:2] == (25, 0)


def check_place(one, before):
    """Padding is behind all that is none, and zeros."""
    wanted = bool(before) if is_padding(one) else not before or not is_padding(before[-1])
    if not wanted:
        refuse("unexpected", "family")
    if is_padding(one) and one[2].strip(b"\0"):
        refuse("bad_padding", "body")


def messages_of(items):
    """The items that take a counter."""
    return [one for one in items if not is_padding(one)]


def read_items(octets, several):
    found = split_items(octets, several)
    if not several:
        check_item(*found[0])
        check_place(found[0], [])
    return found


def item_out(one):
    family, octet, content = one
    size = REFERENCE[octet & 3]
    return {
        "family": family, "revision": octet >> 2, "form": octet & 3, "reference": content[:size].hex(),
        "body": content[size:].hex(), "needs_newer": (family, octet >> 2) not in FORMS,
    }  # fmt: skip


def from_vector(item):
    content = bytes.fromhex(item["reference"] + item["body"])
    return item["family"], item["revision"] << 2 | item["form"], content


def write_items(items):
    out = b""
    for family, octet, content in items:
        length, n = b"", len(content)
        while len(items) > 1:
            length += bytes([n % 128 + (128 if n > 127 else 0)])
            n //= 128
            if n == 0:
                break
        out += bytes([family, octet]) + length + content
    return out


def message_out(account, salt, one):
    family, octet, content = one
    if octet & 3 == 1:
        return {"salt": salt.hex(), "canonical": None, "id": None}
    canonical = bytes([family, octet]) + content
    found = sha256(b"chappe-id/1" + account + salt + canonical)
    return {"salt": salt.hex(), "canonical": canonical.hex(), "id": found.hex()}


# ---- open envelopes ----------------------------------------------------------------------------


def open_messages(account, device, epoch, counter, items):
    where = account + bytes([device]) + epoch.to_bytes(2, "big")
    counted = messages_of(items)
    salts = [sha256(b"chappe-salt/1" + where + (counter + n).to_bytes(4, "big"))[:16] for n in range(len(counted))]
    return [message_out(account, salt, one) for salt, one in zip(salts, counted)]


def signed_by(keys, context, realm, octets, what):
    """The refusal is that of the first key, which is the one that holds."""
    message = context + realm + octets[:-64]
    if any(p.state_of(key) == "good" and p.verifies(key, message, octets[-64:]) for key in keys):
        return
    weak = p.state_of(keys[0]) == "small"
    refuse("weak_key" if weak else "bad_signature", what if weak else "signature")


def read_open(envelope, realm, known):
    if len(envelope) < 80:
        refuse("truncated", "envelope")
    device, epoch, counter = envelope[1], int.from_bytes(envelope[2:4], "big"), int.from_bytes(envelope[12:16], "big")
    if epoch & 1 != envelope[0] >> 2 & 1:
        refuse("inconsistent", "epoch")
    items = read_items(envelope[16:-64], bool(envelope[0] & 1))
    if counter + len(messages_of(items)) > 2**32:
        refuse("out_of_range", "counter")
    out = {"device": device, "epoch": epoch, "counter": counter, "items": [item_out(one) for one in items]}
    account, keys, missing = known.keys_of(envelope[4:12], device)
    if missing:
        return {"outcome": "unverified", **out, "account_id": envelope[4:12].hex()}
    signed_by(keys, b"chappe-open/1", realm, envelope, "signing_key" if device else "account_key")
    messages = open_messages(account, device, epoch, counter, items)
    return {"outcome": "verified", **out, "account": account.hex(), "messages": messages}


# ---- statements and proofs ---------------------------------------------------------------------


def read_statement(octets, realm, known):
    if len(octets) != 159:
        refuse("truncated" if len(octets) < 159 else "trailing", "statement")
    first, count = int.from_bytes(octets[18:22], "big"), int.from_bytes(octets[22:24], "big")
    if not 0 < count <= 1024:
        refuse("out_of_range", "count")
    if first + count > 2**32:
        refuse("out_of_range", "first")
    _, keys, missing = known.keys_of(octets[1:9], octets[9])
    if missing:
        refuse("unknown_account", missing)
    signed_by(keys, b"chappe-statement/1", realm, octets, "signing_key" if octets[9] else "account_key")
    return {
        "account_id": octets[1:9].hex(), "device": octets[9], "chain_id": octets[10:18].hex(), "first": first,
        "count": count, "root": octets[24:56].hex(), "previous": octets[56:88].hex(),
        "earliest": str(int.from_bytes(octets[88:93], "big")), "width": int.from_bytes(octets[93:95], "big"),
        "hash": sha256(b"chappe-statement-hash/1" + octets).hex(),
    }  # fmt: skip


def tree(leaves):
    """All levels, from the leaf hashes up; a lone node at the end of a level goes up as it is."""
    levels = [[sha256(b"\x00" + leaf) for leaf in leaves]]
    while len(levels[-1]) > 1:
        below = levels[-1]
        pairs = [below[at : at + 2] for at in range(0, len(below), 2)]
        levels.append([sha256(b"\x01" + pair[0] + pair[1]) if len(pair) == 2 else pair[0] for pair in pairs])
    return levels


def audit_path(place, leaves):
    path = []
    for level in tree(leaves)[:-1]:
        if place ^ 1 < len(level):
            path.append(level[place ^ 1])
        place //= 2
    return path


def read_proof(octets, realm, known, message):
    if len(octets) < 163:
        refuse("truncated", "proof")
    statement, counter, path = octets[:159], int.from_bytes(octets[159:163], "big"), octets[163:]
    first, count = int.from_bytes(statement[18:22], "big"), int.from_bytes(statement[22:24], "big")
    if not 0 < count <= 1024:
        refuse("out_of_range", "count")
    if not first <= counter < first + count:
        refuse("out_of_range", "counter")
    place, width, found, used = counter - first, count, sha256(b"\x00" + message), 0
    while width > 1:
        if place ^ 1 < width:
            step, used = path[used : used + 32], used + 32
            if len(step) < 32:
                refuse("truncated", "path")
            found = sha256(b"\x01" + (step + found if place & 1 else found + step))
        place, width = place // 2, (width + 1) // 2
    if used < len(path):
        refuse("trailing", "path")
    if found != statement[24:56]:
        refuse("bad_inclusion", "path")
    read_statement(statement, realm, known)
    return {"counter": counter, "chain_id": statement[10:18].hex()}


# ---- requests and ids (chapter 04, "Asking for what is missing") -------------------------------

PARTS = {"account": 8, "chain": 8, "counter": 4, "count": 2, "id": 32}
REQUESTS = (("ids", "account chain counter count"), ("proof", "account chain counter"), ("proof_of_id", "id"))


def place_octets(given, counter):
    return bytes.fromhex(given["account_id"] + given["chain_id"]) + given[counter].to_bytes(4, "big")


def parts(octets, names):
    """The named parts and what is behind them."""
    found = {}
    for name in names.split():
        if len(octets) < PARTS[name]:
            refuse("truncated", name)
        found[name], octets = octets[: PARTS[name]], octets[PARTS[name] :]
    return found, octets


def in_range(first, count):
    return count in range(1, 65) and first + count - 1 < 2**32


def read_request(body):
    if not body:
        refuse("truncated", "kind")
    if body[0] >= len(REQUESTS):
        refuse("unknown_code", "kind")
    what, names = REQUESTS[body[0]]
    found, rest = parts(body[1:], names)
    if rest:
        refuse("trailing", "request")
    if what == "proof_of_id":
        return {"what": what, "id": found["id"].hex()}
    out = {"what": what, "account_id": found["account"].hex(), "chain_id": found["chain"].hex()}
    counter = int.from_bytes(found["counter"], "big")
    if what == "proof":
        return out | {"counter": counter}
    count = int.from_bytes(found["count"], "big")
    if not in_range(counter, count):
        refuse("out_of_range", "count")
    return out | {"first": counter, "count": count}


def read_ids(body):
    found, rest = parts(body, "account chain counter")
    ids, odd = divmod(len(rest), 32)
    if ids == 0 or odd:
        refuse("truncated", "ids")
    first = int.from_bytes(found["counter"], "big")
    if not in_range(first, ids):
        refuse("out_of_range", "ids")
    return {
        "account_id": found["account"].hex(), "chain_id": found["chain"].hex(), "first": first,
        "ids": [rest[32 * n : 32 * n + 32].hex() for n in range(ids)],
    }  # fmt: skip
