"""A second implementation of chapter 07, written from the text alone. Standard library only.

It exists to make vectors. It holds no state, guards no secret and is not for use.
"""

import base64
import hashlib
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import ed25519  # noqa: E402

ZEROS = bytes(32)


def h(label, *parts):
    return hashlib.sha256(label.encode("ascii") + b"".join(parts)).digest()


def b64(octets):
    return base64.b64encode(octets).decode("ascii")


def u(n, octets):
    return n.to_bytes(octets, "big")


def account_id(key):
    return h("chappe-account/1", key)[:8]


def realm_text(realm):
    return f"{'live' if realm[0] == 0 else 'exercise'}/{realm[1:].hex()}"


def statement(seed, realm, chain, first=0, count=3, root=b"\x11" * 32, previous=ZEROS, account=None, device=0):
    """Chapter 04."""
    key = ed25519.public(seed)
    unsigned = b"".join([
        b"\x01", account or account_id(key), bytes([device]), chain, u(first, 4), u(count, 2), root, previous,
        u(1_800_000_000, 5), u(60, 2),
    ])  # fmt: skip
    return unsigned + ed25519.sign(seed, b"chappe-statement/1" + realm + unsigned)


def commitment(salt, whole):
    return h("chappe-blind/1", salt, whole)


# ---- leaf, submission --------------------------------------------------------------------------


def record_key(whole):
    return h("chappe-record/1", whole[1:9], whole[10:18])


def leaf(kind, body, submitter, log_time, previous=ZEROS, shard=0, record=None, version=1):
    if record is None:
        record = record_key(body) if kind == 0 else ZEROS
    return b"".join([bytes([version, kind]), u(shard, 2), record, previous, u(log_time, 5), submitter, body])


def certificate(root_seed, realm, device, signing_key, account=None, issue=1):
    """Chapter 10: a device of a root of one key, permitted everything everywhere."""
    root = ed25519.public(root_seed)
    content = b"".join([
        b"\x01", account or root, bytes([device]), u(issue, 2), signing_key, bytes([2]) * 32, bytes([3]) * 32,
        u(0, 5), b"\xff" * 5, b"\xff" * 4, b"\x03",
        *((degrees * 10**5).to_bytes(4, "big", signed=True) for degrees in (-90, -180, 90, 180)),
    ]) + b"\x01\x01" + root  # fmt: skip
    return content + b"\x00" + ed25519.sign(root_seed, b"chappe-device/1" + realm + content)


def submission(kind, body, seed, realm, author=ZEROS, version=1, submitter=None, certificate=b""):
    unsigned = bytes([version, kind]) + (submitter or ed25519.public(seed)) + author + body + certificate
    return unsigned + ed25519.sign(seed, b"chappe-submission/1" + realm + unsigned)


# ---- tree (RFC 6962 section 2.1, by its definitions) -------------------------------------------


def leaf_hash(octets):
    return hashlib.sha256(b"\x00" + octets).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(n):
    """The largest power of two below n."""
    return 1 << (n - 1).bit_length() - 1


def root(leaves):
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    k = split(len(leaves))
    return node_hash(root(leaves[:k]), root(leaves[k:]))


def path(m, leaves):
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return path(m, leaves[:k]) + [root(leaves[k:])]
    return path(m - k, leaves[k:]) + [root(leaves[:k])]


def consistency(m, leaves):
    return subproof(m, leaves, True)


def subproof(m, leaves, complete):
    if m == len(leaves):
        return [] if complete else [root(leaves)]
    k = split(len(leaves))
    if m <= k:
        return subproof(m, leaves[:k], complete) + [root(leaves[k:])]
    return subproof(m - k, leaves[k:], False) + [root(leaves[:k])]


def includes(root_hash, size, index, hash_, hashes):
    """RFC 9162 section 2.1.3.2."""
    if index >= size:
        return False
    fn, sn, r = index, size - 1, hash_
    for p in hashes:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root_hash


def extends(old_root, old_size, root_hash, size, hashes):
    """RFC 9162 section 2.1.4.2, with the empty tree as chapter 07 has it."""
    if old_size > size:
        return False
    if old_size == 0:
        return not hashes and old_root == root([])
    if old_size == size:
        return not hashes and old_root == root_hash
    if not hashes:
        return False
    if old_size & (old_size - 1) == 0:
        hashes = [old_root, *hashes]
    fn, sn = old_size - 1, size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = hashes[0]
    for c in hashes[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return fr == old_root and sr == root_hash and sn == 0


# ---- signed note, checkpoint, receipt ----------------------------------------------------------


def key_id(name, key):
    return hashlib.sha256(name.encode() + b"\n\x01" + key).digest()[:4]


def vkey(origin, seed):
    key = ed25519.public(seed)
    return f"{origin}+{key_id(origin, key).hex()}+{b64(bytes([1]) + key)}"


def signature_line(name, seed, text, signature=None):
    key = ed25519.public(seed)
    signature = signature or ed25519.sign(seed, text.encode())
    return f"— {name} {b64(key_id(name, key) + signature)}\n"


def checkpoint_text(origin, size, root_hash):
    return f"{origin}\n{size}\n{b64(root_hash)}\n"


def checkpoint(origin, size, root_hash, seed):
    text = checkpoint_text(origin, size, root_hash)
    return text + "\n" + signature_line(origin, seed, text)


def receipt(octets, index, hashes, signed):
    lines = ["c2sp.org/tlog-proof@v1", f"extra {b64(octets)}", f"index {index}"]
    return "".join(line + "\n" for line in lines + [b64(x) for x in hashes]) + "\n" + signed


# ---- tiles -------------------------------------------------------------------------------------


def tile_path(kind, index, width):
    groups = []
    rest = index
    while True:
        groups.insert(0, f"{rest % 1000:03}")
        rest //= 1000
        if not rest:
            break
    name = "/".join(["x" + group for group in groups[:-1]] + groups[-1:])
    return f"tile/{kind}/{name}" + ("" if width == 256 else f".p/{width}")


def tile_octets(kind, index, width, leaves):
    if kind == "entries":
        wanted = leaves[index * 256 : index * 256 + width]
        return b"".join(u(len(entry), 2) + entry for entry in wanted)
    span = 256 ** int(kind)
    starts = [(index * 256 + i) * span for i in range(width)]
    return b"".join(root(leaves[start : start + span]) for start in starts)
