"""AES-256-GCM-SIV (RFC 8452) in plain Python. Slow and not constant-time: for test vectors only."""

import struct


def _sbox():
    """FIPS 197: the inverse in GF(2^8), then the affine map."""
    powers, logarithm, x = [], {}, 1
    for i in range(255):
        powers.append(x)
        logarithm[x] = i
        x ^= x << 1 ^ (0x11B if x & 0x80 else 0)
    out = []
    for octet in range(256):
        inverse = powers[-logarithm[octet] % 255] if octet else 0
        turned = inverse
        for shift in range(1, 5):
            turned ^= inverse << shift | inverse >> 8 - shift
        out.append(turned & 0xFF ^ 0x63)
    return out


def _double(octet):
    return octet << 1 ^ (0x11B if octet & 0x80 else 0)


SBOX = _sbox()
# Columns of MixColumns for each octet after SubBytes, one table for each row.
_T0 = [_double(s) << 24 | s << 16 | s << 8 | _double(s) ^ s for s in SBOX]
_T1, _T2, _T3 = ([t >> 8 * n | (t << 32 - 8 * n) & 0xFFFFFFFF for t in _T0] for n in (1, 2, 3))


def _sub_word(w):
    return SBOX[w >> 24] << 24 | SBOX[w >> 16 & 255] << 16 | SBOX[w >> 8 & 255] << 8 | SBOX[w & 255]


def _schedule(key):
    words, constant = list(struct.unpack(">8I", key)), 1
    for i in range(8, 60):
        t = words[-1]
        if i % 8 == 0:
            t = _sub_word((t << 8 | t >> 24) & 0xFFFFFFFF) ^ constant << 24
            constant = _double(constant)
        elif i % 8 == 4:
            t = _sub_word(t)
        words.append(words[i - 8] ^ t)
    return words


def _encrypt_block(words, block):
    a, b, c, d = (x ^ w for x, w in zip(struct.unpack(">4I", block), words))
    for i in range(4, 56, 4):
        a, b, c, d = (
            _T0[a >> 24] ^ _T1[b >> 16 & 255] ^ _T2[c >> 8 & 255] ^ _T3[d & 255] ^ words[i],
            _T0[b >> 24] ^ _T1[c >> 16 & 255] ^ _T2[d >> 8 & 255] ^ _T3[a & 255] ^ words[i + 1],
            _T0[c >> 24] ^ _T1[d >> 16 & 255] ^ _T2[a >> 8 & 255] ^ _T3[b & 255] ^ words[i + 2],
            _T0[d >> 24] ^ _T1[a >> 16 & 255] ^ _T2[b >> 8 & 255] ^ _T3[c & 255] ^ words[i + 3],
        )
    rows = (a, b, c, d), (b, c, d, a), (c, d, a, b), (d, a, b, c)
    last = (
        (SBOX[p >> 24] << 24 | SBOX[q >> 16 & 255] << 16 | SBOX[r >> 8 & 255] << 8 | SBOX[s & 255]) ^ w
        for (p, q, r, s), w in zip(rows, words[56:])
    )
    return struct.pack(">4I", *last)


def _polyval(key, octets):
    """RFC 8452 section 3; the multiplication is that of Montgomery in GF(2)[x]."""
    h = int.from_bytes(key, "little")
    multiples = [0] * 16
    for n in range(16):
        for bit in range(4):
            if n >> bit & 1:
                multiples[n] ^= h << bit
    total = 0
    for at in range(0, len(octets), 16):
        total ^= int.from_bytes(octets[at : at + 16], "little")
        product = 0
        for shift in range(0, 128, 4):
            product ^= multiples[total >> shift & 15] << shift
        for _ in range(2):
            low = product & 2**64 - 1
            product ^= low ^ low << 121 ^ low << 126 ^ low << 127 ^ low << 128
            product >>= 64
        total = product
    return total.to_bytes(16, "little")


def _message_keys(key, nonce):
    words = _schedule(key)
    halves = [_encrypt_block(words, struct.pack("<I", n) + nonce)[:8] for n in range(6)]
    return b"".join(halves[:2]), _schedule(b"".join(halves[2:]))


def _padded(octets):
    return octets + bytes(-len(octets) % 16)


def _tag(authentication_key, words, nonce, plaintext, aad):
    lengths = struct.pack("<QQ", 8 * len(aad), 8 * len(plaintext))
    sum_ = _polyval(authentication_key, _padded(aad) + _padded(plaintext) + lengths)
    mixed = bytearray(s ^ n for s, n in zip(sum_, nonce + bytes(4)))
    mixed[15] &= 0x7F
    return _encrypt_block(words, bytes(mixed))


def _stream(words, tag, octets):
    counter, rest = int.from_bytes(tag[:4], "little"), tag[4:15] + bytes([tag[15] | 0x80])
    out = bytearray()
    for at in range(0, len(octets), 16):
        block = _encrypt_block(words, struct.pack("<I", (counter + at // 16) % 2**32) + rest)
        out += bytes(a ^ b for a, b in zip(octets[at : at + 16], block))
    return bytes(out)


def seal(key, nonce, plaintext, aad):
    authentication_key, words = _message_keys(key, nonce)
    tag = _tag(authentication_key, words, nonce, plaintext, aad)
    return _stream(words, tag, plaintext) + tag


def open_(key, nonce, sealed, aad):
    """The plaintext, or None when the tag is wrong."""
    if len(sealed) < 16:
        return None
    authentication_key, words = _message_keys(key, nonce)
    plaintext = _stream(words, sealed[-16:], sealed[:-16])
    return plaintext if _tag(authentication_key, words, nonce, plaintext, aad) == sealed[-16:] else None


def check_known_answer():
    """RFC 8452 appendix C.2, the vector of eight octets without AAD."""
    key, nonce = b"\x01" + bytes(31), b"\x03" + bytes(11)
    sealed = seal(key, nonce, b"\x01" + bytes(7), b"")
    assert sealed.hex() == "c2ef328e5c71c83b843122130f7364b761e0b97427e3df28"
    assert open_(key, nonce, sealed, b"") == b"\x01" + bytes(7) and open_(key, nonce, sealed, b"x") is None
