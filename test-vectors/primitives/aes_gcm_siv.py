"""AES-256-GCM-SIV in plain Python, from RFC 8452 and FIPS 197. Slow and not constant-time: for tests only."""


def double(a):
    """Times x in GF(2^8) of FIPS 197."""
    return (a << 1 ^ 0x11B if a & 0x80 else a << 1) & 0xFF


def substitution_box():
    """From the multiplicative inverse and the affine map (FIPS 197, 5.1.1)."""
    box, p, q = [0] * 256, 1, 1
    while True:
        p ^= double(p)  # times 3, a generator
        for shift in (1, 2, 4):  # divided by 3
            q = (q ^ q << shift) & 0xFF
        if q & 0x80:
            q ^= 0x09
        turned = q
        for n in (1, 2, 3, 4):
            turned ^= (q << n | q >> 8 - n) & 0xFF
        box[p] = turned ^ 0x63
        if p == 1:
            break
    box[0] = 0x63
    return box


BOX = substitution_box()
ROUNDS = {16: 10, 32: 14}


def round_keys(key):
    words, size, constant = [key[i : i + 4] for i in range(0, len(key), 4)], len(key) // 4, 1
    for i in range(size, 4 * (ROUNDS[len(key)] + 1)):
        word = words[-1]
        if i % size == 0:
            word = bytes(BOX[b] for b in word[1:] + word[:1])
            word = bytes([word[0] ^ constant]) + word[1:]
            constant = double(constant)
        elif size > 6 and i % size == 4:
            word = bytes(BOX[b] for b in word)
        words.append(bytes(a ^ b for a, b in zip(word, words[i - size])))
    return [b"".join(words[i : i + 4]) for i in range(0, len(words), 4)]


def mixed(column):
    a, b, c, d = column
    whole = a ^ b ^ c ^ d
    return [x ^ whole ^ double(x ^ y) for x, y in ((a, b), (b, c), (c, d), (d, a))]


def encrypt_block(keys, block):
    state = bytes(a ^ b for a, b in zip(block, keys[0]))
    for n, key in enumerate(keys[1:], 1):
        # Bytes substituted and rows shifted at once; column c, row r lies at 4c + r.
        state = [BOX[state[(i + 4 * (i % 4)) % 16]] for i in range(16)]
        if n < len(keys) - 1:
            state = [b for c in range(0, 16, 4) for b in mixed(state[c : c + 4])]
        state = bytes(a ^ b for a, b in zip(state, key))
    return state


def dot(a, b):
    """a · b · x^-128 in the field of POLYVAL (RFC 8452, section 3)."""
    modulus = 1 << 128 | 1 << 127 | 1 << 126 | 1 << 121 | 1
    product = 0
    for i in range(128):
        if b >> i & 1:
            product ^= a << i
    for _ in range(128):
        if product & 1:
            product ^= modulus
        product >>= 1
    return product


def polyval(key, octets):
    h, s = int.from_bytes(key, "little"), 0
    for i in range(0, len(octets), 16):
        s = dot(s ^ int.from_bytes(octets[i : i + 16], "little"), h)
    return s.to_bytes(16, "little")


def padded(octets):
    return octets + bytes(-len(octets) % 16)


def derived(key, nonce):
    """The key of the authenticator and the key of the cipher (section 4)."""
    keys = round_keys(key)
    halves = [encrypt_block(keys, n.to_bytes(4, "little") + nonce)[:8] for n in range(2 + len(key) // 8)]
    return b"".join(halves[:2]), b"".join(halves[2:])


def seal(key, nonce, plaintext, additional):
    authenticator, cipher = derived(key, nonce)
    keys = round_keys(cipher)
    bits = (len(additional) * 8).to_bytes(8, "little") + (len(plaintext) * 8).to_bytes(8, "little")
    s = bytearray(polyval(authenticator, padded(additional) + padded(plaintext) + bits))
    for i, octet in enumerate(nonce):
        s[i] ^= octet
    s[15] &= 0x7F
    tag = encrypt_block(keys, bytes(s))
    counter, rest = int.from_bytes(tag[:4], "little"), tag[4:15] + bytes([tag[15] | 0x80])
    out = bytearray()
    for i in range(0, len(plaintext), 16):
        # Only the first 32 bits count, and they wrap (C.3).
        stream = encrypt_block(keys, ((counter + i // 16) % 2**32).to_bytes(4, "little") + rest)
        out += bytes(a ^ b for a, b in zip(plaintext[i : i + 16], stream))
    return bytes(out) + tag
