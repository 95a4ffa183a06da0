"""Argon2id, version 0x13, in plain Python, from RFC 9106. Slow: for small test values only."""

import hashlib
import struct

MASK = 2**64 - 1
SLICES = 4
# The rows and columns of 8 by 8 registers of 16 octets that the permutation P runs over (3.6).
ROWS = [[16 * i + j for j in range(16)] for i in range(8)]
COLUMNS = [[2 * i + 16 * j + k for j in range(8) for k in range(2)] for i in range(8)]


def long_hash(octets, size):
    """H' (3.3)."""
    octets = struct.pack("<I", size) + octets
    if size <= 64:
        return hashlib.blake2b(octets, digest_size=size).digest()
    out, block = b"", hashlib.blake2b(octets).digest()
    while size - len(out) > 64:
        out += block[:32]
        left = size - len(out)
        block = hashlib.blake2b(block, digest_size=min(left, 64)).digest()
    return out + block


def mix(v, a, b, c, d):
    """GB (3.6)."""
    for first, second in ((32, 24), (16, 63)):
        v[a] = v[a] + v[b] + 2 * (v[a] & 0xFFFFFFFF) * (v[b] & 0xFFFFFFFF) & MASK
        x = v[d] ^ v[a]
        v[d] = x >> first | x << 64 - first & MASK
        v[c] = v[c] + v[d] + 2 * (v[c] & 0xFFFFFFFF) * (v[d] & 0xFFFFFFFF) & MASK
        x = v[b] ^ v[c]
        v[b] = x >> second | x << 64 - second & MASK


def compress(x, y):
    """G (3.5)."""
    r = [a ^ b for a, b in zip(x, y)]
    z = r.copy()
    for i in ROWS + COLUMNS:
        for n in range(4):
            mix(z, i[n], i[n + 4], i[n + 8], i[n + 12])
        for n in range(4):
            mix(z, i[n], i[4 + (n + 1) % 4], i[8 + (n + 2) % 4], i[12 + (n + 3) % 4])
    return [a ^ b for a, b in zip(r, z)]


def words(octets):
    return list(struct.unpack("<128Q", octets))


def addresses(passed, lane, part, blocks, passes, segment):
    """Pseudorandom values of a segment that is addressed without the data (3.4.1.2)."""
    out, zero = [], [0] * 128
    for counter in range(1, segment // 128 + 2):
        seed = [passed, lane, part, blocks, passes, 2, counter] + [0] * 121
        out += compress(zero, compress(zero, seed))
    return out


def argon2id(password, salt, memory, passes, lanes, size, secret=b"", associated=b""):
    head = struct.pack("<6I", lanes, size, memory, passes, 0x13, 2)
    parts = (password, salt, secret, associated)
    seed = hashlib.blake2b(head + b"".join(struct.pack("<I", len(p)) + p for p in parts)).digest()
    columns = memory // (SLICES * lanes) * SLICES
    segment = columns // SLICES
    b = [[None] * columns for _ in range(lanes)]
    for lane in range(lanes):
        for column in (0, 1):
            b[lane][column] = words(long_hash(seed + struct.pack("<2I", column, lane), 1024))
    for passed in range(passes):
        for part in range(SLICES):
            for lane in range(lanes):
                fill(b, passed, part, lane, columns, segment, passes)
    last = b[0][-1]
    for lane in b[1:]:
        last = [x ^ y for x, y in zip(last, lane[-1])]
    return long_hash(struct.pack("<128Q", *last), size)


def fill(b, passed, part, lane, columns, segment, passes):
    lanes = len(b)
    # Argon2id: without the data in the first half of the first pass, by it after that.
    by_address = passed == 0 and part < 2
    values = addresses(passed, lane, part, lanes * columns, passes, segment) if by_address else None
    for n in range(2 if passed == part == 0 else 0, segment):
        column = part * segment + n
        before = b[lane][column - 1]
        value = values[n] if by_address else before[0]
        j1, j2 = value & 0xFFFFFFFF, value >> 32
        other = lane if passed == part == 0 else j2 % lanes
        # How many blocks may be referred to, and where the first of them lies (3.4.2).
        finished = part * segment if passed == 0 else columns - segment
        size = finished + n - 1 if other == lane else finished - (n == 0)
        start = 0 if passed == 0 else (part + 1) % SLICES * segment
        chosen = size - 1 - (size * (j1 * j1 >> 32) >> 32)
        new = compress(before, b[other][(start + chosen) % columns])
        if passed > 0:
            new = [x ^ y for x, y in zip(new, b[lane][column])]
        b[lane][column] = new
