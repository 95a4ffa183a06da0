"""AES-256-GCM-SIV (RFC 8452) and AES (FIPS 197) in plain Python, for checking only: slow, and not constant-time."""

from functools import cache


def double(x):
    return (x << 1) ^ (0x11B if x & 0x80 else 0)


def multiply(a, b):
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a, b = double(a), b >> 1
    return product


def sbox_entry(x):
    inverse = next((y for y in range(256) if multiply(x, y) == 1), 0)
    bits = inverse * 0x101010101
    return ((bits ^ bits >> 4 ^ bits >> 5 ^ bits >> 6 ^ bits >> 7) & 0xFF) ^ 0x63


SBOX = [sbox_entry(x) for x in range(256)]
TWICE = [double(x) for x in range(256)]


@cache
def round_keys(key):
    """FIPS 197, 5.2."""
    words, wanted, constant = [key[i : i + 4] for i in range(0, len(key), 4)], 4 * (len(key) // 4 + 7), 1
    step = len(words)
    for i in range(step, wanted):
        word = words[-1]
        if i % step == 0:
            word = bytes(SBOX[o] for o in word[1:] + word[:1])
            word, constant = bytes([word[0] ^ constant]) + word[1:], double(constant)
        elif step > 6 and i % step == 4:
            word = bytes(SBOX[o] for o in word)
        words.append(bytes(a ^ b for a, b in zip(word, words[i - step])))
    return [b"".join(words[i : i + 4]) for i in range(0, wanted, 4)]


def mixed(a, b, c, d):
    whole = a ^ b ^ c ^ d
    return [a ^ whole ^ TWICE[a ^ b], b ^ whole ^ TWICE[b ^ c], c ^ whole ^ TWICE[c ^ d], d ^ whole ^ TWICE[d ^ a]]


def encrypt_block(key, block):
    keys = round_keys(key)
    state = [a ^ b for a, b in zip(block, keys[0])]
    for n, round_key in enumerate(keys[1:], 1):
        shifted = [SBOX[state[(i + 4 * (i % 4)) % 16]] for i in range(16)]
        if n < len(keys) - 1:
            shifted = [o for i in range(0, 16, 4) for o in mixed(*shifted[i : i + 4])]
        state = [a ^ b for a, b in zip(shifted, round_key)]
    return bytes(state)


# x^128 + x^127 + x^126 + x^121 + 1, the lowest power in the lowest bit (RFC 8452, 3).
POLYNOMIAL = 1 << 128 | 1 << 127 | 1 << 126 | 1 << 121 | 1
X_MINUS_128 = 1 << 127 | 1 << 124 | 1 << 121 | 1 << 114 | 1


def field_product(a, b):
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a, b = a << 1, b >> 1
        a ^= POLYNOMIAL if a >> 128 else 0
    return product


def polyval(key, octets):
    # a * b * x^-128, with the constant part multiplied once.
    factor, total = field_product(int.from_bytes(key, "little"), X_MINUS_128), 0
    table = [factor]
    for _ in range(127):
        top = table[-1] << 1
        table.append(top ^ (POLYNOMIAL if top >> 128 else 0))
    for i in range(0, len(octets), 16):
        total ^= int.from_bytes(octets[i : i + 16], "little")
        product = 0
        for bit in range(128):
            product ^= table[bit] if total >> bit & 1 else 0
        total = product
    return total.to_bytes(16, "little")


def message_keys(key, nonce):
    parts = [encrypt_block(key, n.to_bytes(4, "little") + nonce)[:8] for n in range(6)]
    return b"".join(parts[:2]), b"".join(parts[2:])


def padded(octets):
    return octets + bytes(-len(octets) % 16)


def tag_of(keys, nonce, aad, content):
    lengths = (8 * len(aad)).to_bytes(8, "little") + (8 * len(content)).to_bytes(8, "little")
    s = polyval(keys[0], padded(aad) + padded(content) + lengths)
    s = bytes(a ^ b for a, b in zip(s, nonce.ljust(16, b"\0")))
    return encrypt_block(keys[1], s[:15] + bytes([s[15] & 0x7F]))


def counter_mode(key, tag, octets):
    first, rest, out = int.from_bytes(tag[:4], "little"), tag[4:15] + bytes([tag[15] | 0x80]), bytearray()
    for i in range(0, len(octets), 16):
        block = encrypt_block(key, ((first + i // 16) % 2**32).to_bytes(4, "little") + rest)
        out += bytes(a ^ b for a, b in zip(octets[i : i + 16], block))
    return bytes(out)


def seal(key, nonce, aad, content):
    keys = message_keys(key, nonce)
    tag = tag_of(keys, nonce, aad, content)
    return counter_mode(keys[1], tag, content) + tag


def unseal(key, nonce, aad, sealed):
    """The content, or None when the tag is wrong."""
    if len(sealed) < 16:
        return None
    keys, tag = message_keys(key, nonce), sealed[-16:]
    content = counter_mode(keys[1], tag, sealed[:-16])
    return content if tag_of(keys, nonce, aad, content) == tag else None


def check_itself():
    """RFC 8452, appendix C.2, the first with a plaintext of eight octets; FIPS 197, C.3."""
    block = encrypt_block(bytes(range(32)), bytes.fromhex("00112233445566778899aabbccddeeff"))
    assert block.hex() == "8ea2b7ca516745bfeafc49904b496089", block.hex()
    key, nonce = b"\1".ljust(32, b"\0"), b"\3".ljust(12, b"\0")
    sealed = seal(key, nonce, b"", b"\1".ljust(8, b"\0"))
    assert sealed.hex() == "c2ef328e5c71c83b843122130f7364b761e0b97427e3df28", sealed.hex()


check_itself()
