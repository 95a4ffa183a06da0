"""ML-KEM-768 (FIPS 203) in plain Python. Slow and not constant-time: for test vectors only."""

import hashlib

Q, N, K = 3329, 256, 3
# FIPS 203 section 4.3: 17 is the root of unity, taken to the bit-reversed power.
_REVERSED = [int(f"{i:07b}"[::-1], 2) for i in range(128)]
ZETAS = [pow(17, r, Q) for r in _REVERSED]
GAMMAS = [pow(17, 2 * r + 1, Q) for r in _REVERSED]


def _sha3(n, *parts):
    return hashlib.new(f"sha3_{n}", b"".join(parts)).digest()


def _shake(octets, n):
    return hashlib.shake_256(octets).digest(n)


def _pack(values, width):
    """ByteEncode (algorithm 5)."""
    bits = sum(v << width * i for i, v in enumerate(values))
    return bits.to_bytes(N * width // 8, "little")


def _unpack(octets, width):
    """ByteDecode (algorithm 6), not reduced."""
    bits = int.from_bytes(octets, "little")
    return [bits >> width * i & (1 << width) - 1 for i in range(N)]


def _compress(f, width):
    return [((v << width) + Q // 2) // Q % (1 << width) for v in f]


def _decompress(f, width):
    return [(v * Q + (1 << width - 1)) >> width for v in f]


def _sample_uniform(seed):
    """SampleNTT (algorithm 7)."""
    octets, out = hashlib.shake_128(seed).digest(168 * 8), []
    for at in range(0, len(octets), 3):
        a, b, c = octets[at : at + 3]
        out += [d for d in (a | (b & 15) << 8, b >> 4 | c << 4) if d < Q]
    assert len(out) >= N  # fails with a chance far below 2^-100
    return out[:N]


def _sample_small(octets):
    """SamplePolyCBD with eta 2 (algorithm 8)."""
    bits = int.from_bytes(octets, "little")
    quads = (bits >> 4 * i & 15 for i in range(N))
    return [((q & 1) + (q >> 1 & 1) - (q >> 2 & 1) - (q >> 3)) % Q for q in quads]


def _noise(seed, n):
    return _sample_small(_shake(seed + bytes([n]), 128))


def _ntt(f):
    f, i, length = list(f), 1, 128
    while length >= 2:
        for start in range(0, N, 2 * length):
            zeta, i = ZETAS[i], i + 1
            for j in range(start, start + length):
                t = zeta * f[j + length] % Q
                f[j + length], f[j] = (f[j] - t) % Q, (f[j] + t) % Q
        length //= 2
    return f


def _inverse_ntt(f):
    f, i, length = list(f), 127, 2
    while length <= 128:
        for start in range(0, N, 2 * length):
            zeta, i = ZETAS[i], i - 1
            for j in range(start, start + length):
                t = f[j]
                f[j], f[j + length] = (t + f[j + length]) % Q, zeta * (f[j + length] - t) % Q
        length *= 2
    return [v * 3303 % Q for v in f]


def _product(f, g):
    """MultiplyNTTs (algorithm 11)."""
    out = []
    for i, gamma in enumerate(GAMMAS):
        a, b, c, d = f[2 * i], f[2 * i + 1], g[2 * i], g[2 * i + 1]
        out += [(a * c + b * d * gamma) % Q, (a * d + b * c) % Q]
    return out


def _add(*polynomials):
    return [sum(values) % Q for values in zip(*polynomials)]


def _dot(row, column):
    return _add(*(_product(f, g) for f, g in zip(row, column)))


def _matrix(rho):
    """Row i, column j from rho, j, i."""
    return [[_sample_uniform(rho + bytes([j, i])) for j in range(K)] for i in range(K)]


def key_pair(d, z):
    """KeyGen_internal (algorithm 16): encapsulation and decapsulation key."""
    both = _sha3(512, d, bytes([K]))
    rho, sigma = both[:32], both[32:]
    s = [_ntt(_noise(sigma, n)) for n in range(K)]
    e = [_ntt(_noise(sigma, K + n)) for n in range(K)]
    t = [_add(_dot(row, s), e[i]) for i, row in enumerate(_matrix(rho))]
    ek = b"".join(_pack(f, 12) for f in t) + rho
    return ek, b"".join(_pack(f, 12) for f in s) + ek + _sha3(256, ek) + z


def _encrypt(ek, message, coins):
    """K-PKE.Encrypt (algorithm 14)."""
    t = [_unpack(ek[384 * i : 384 * i + 384], 12) for i in range(K)]
    a = _matrix(ek[1152:])
    y = [_ntt(_noise(coins, n)) for n in range(K)]
    columns = [[a[i][j] for i in range(K)] for j in range(K)]
    u = [_add(_inverse_ntt(_dot(column, y)), _noise(coins, K + j)) for j, column in enumerate(columns)]
    mu = _decompress(_unpack_bits(message), 1)
    v = _add(_inverse_ntt(_dot(t, y)), _noise(coins, 2 * K), mu)
    return b"".join(_pack(_compress(f, 10), 10) for f in u) + _pack(_compress(v, 4), 4)


def _unpack_bits(message):
    return _unpack(message, 1)


def _decrypt(dk, ciphertext):
    u = [_decompress(_unpack(ciphertext[320 * i : 320 * i + 320], 10), 10) for i in range(K)]
    v = _decompress(_unpack(ciphertext[960:], 4), 4)
    s = [_unpack(dk[384 * i : 384 * i + 384], 12) for i in range(K)]
    w = [(a - b) % Q for a, b in zip(v, _inverse_ntt(_dot(s, [_ntt(f) for f in u])))]
    return _pack(_compress(w, 1), 1)


def is_encapsulation_key(ek):
    """The modulus check of section 7.2: every coefficient is below q."""
    return len(ek) == 1184 and all(v < Q for i in range(K) for v in _unpack(ek[384 * i : 384 * i + 384], 12))


def encapsulate(ek, m):
    """Encaps_internal (algorithm 17): shared secret and ciphertext."""
    both = _sha3(512, m, _sha3(256, ek))
    return both[:32], _encrypt(ek, m, both[32:])


def decapsulate(dk, ciphertext):
    """Decaps_internal (algorithm 18), with its implicit rejection."""
    ek, hashed, z = dk[1152:2336], dk[2336:2368], dk[2368:]
    m = _decrypt(dk[:1152], ciphertext)
    both = _sha3(512, m, hashed)
    return both[:32] if _encrypt(ek, m, both[32:]) == ciphertext else _shake(z + ciphertext, 32)
