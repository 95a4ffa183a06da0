"""Argon2id version 0x13 (RFC 9106) in plain Python, for small memories only."""

from hashlib import blake2b

MASK, WORDS = 2**64 - 1, 128


def le32(n):
    return n.to_bytes(4, "little")


def long_hash(octets, n):
    """H' of RFC 9106, 3.3."""
    octets = le32(n) + octets
    if n <= 64:
        return blake2b(octets, digest_size=n).digest()
    found, out = blake2b(octets).digest(), b""
    while n - len(out) > 64:
        out += found[:32]
        rest = n - len(out)
        found = blake2b(found, digest_size=min(rest, 64)).digest()
    return out + found


def mix(v, a, b, c, d):
    def add(x, y):
        return (v[x] + v[y] + 2 * (v[x] & 0xFFFFFFFF) * (v[y] & 0xFFFFFFFF)) & MASK

    def turn(x, n):
        return (x >> n | x << 64 - n) & MASK

    for first, second in ((32, 24), (16, 63)):
        v[a] = add(a, b)
        v[d] = turn(v[d] ^ v[a], first)
        v[c] = add(c, d)
        v[b] = turn(v[b] ^ v[c], second)


def permute(v, places):
    p = places
    for a, b, c, d in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
                       (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
        mix(v, p[a], p[b], p[c], p[d])


def compress(x, y):
    r = [a ^ b for a, b in zip(x, y)]
    z = list(r)
    for row in range(8):
        permute(z, range(16 * row, 16 * row + 16))
    for column in range(8):
        permute(z, [16 * row + 2 * column + half for row in range(8) for half in (0, 1)])
    return [a ^ b for a, b in zip(z, r)]


def words(octets):
    return [int.from_bytes(octets[i : i + 8], "little") for i in range(0, len(octets), 8)]


def octets_of_words(block):
    return b"".join(word.to_bytes(8, "little") for word in block)


def reference(lanes, segment, t, lane, part, index, pseudo):
    """Which block goes with the last one (RFC 9106, 3.4.2)."""
    low, high = pseudo & 0xFFFFFFFF, pseudo >> 32
    lane_length = 4 * segment
    other = lane if t == 0 and part == 0 else high % lanes
    if t == 0:
        size = part * segment + (index - 1 if other == lane else (0 if index else -1))
    else:
        size = 3 * segment + (index - 1 if other == lane else (0 if index else -1))
    start = 0 if t == 0 else (part + 1) * segment % lane_length
    position = size - 1 - (size * (low * low >> 32) >> 32)
    return other, (start + position) % lane_length


def argon2id(password, salt, lanes, memory, passes, n, secret=b"", data=b""):
    head = b"".join(le32(x) for x in (lanes, n, memory, passes, 0x13, 2))
    for part in (password, salt, secret, data):
        head += le32(len(part)) + part
    h0 = blake2b(head).digest()
    segment = memory // (4 * lanes)
    blocks = 4 * lanes * segment
    length = 4 * segment
    b = [[words(long_hash(h0 + le32(j) + le32(i), 1024)) for j in (0, 1)] + [None] * (length - 2) for i in range(lanes)]
    for t in range(passes):
        for part in range(4):
            for lane in range(lanes):
                independent, addresses = t == 0 and part < 2, []
                for index in range(segment):
                    if independent and index % WORDS == 0:
                        counted = [t, lane, part, blocks, passes, 2, index // WORDS + 1] + [0] * (WORDS - 7)
                        zero = [0] * WORDS
                        addresses = compress(zero, compress(zero, counted))
                    at = part * segment + index
                    if t == 0 and at < 2:
                        continue
                    last = b[lane][at - 1]
                    pseudo = addresses[index % WORDS] if independent else last[0]
                    other, place = reference(lanes, segment, t, lane, part, index, pseudo)
                    new = compress(last, b[other][place])
                    b[lane][at] = new if t == 0 else [x ^ y for x, y in zip(new, b[lane][at])]
    final = [0] * WORDS
    for lane in range(lanes):
        final = [x ^ y for x, y in zip(final, b[lane][-1])]
    return long_hash(octets_of_words(final), n)


def check_itself():
    """RFC 9106, 5.3."""
    found = argon2id(b"\1" * 32, b"\2" * 16, 4, 32, 3, 32, b"\3" * 8, b"\4" * 12).hex()
    assert found == "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659", found


check_itself()
