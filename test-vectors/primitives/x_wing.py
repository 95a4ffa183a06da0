"""X-Wing with ML-KEM-768 in plain Python, from draft-connolly-cfrg-xwing-kem and FIPS 203. For tests only."""

import hashlib

from curves import x25519

Q, K, DU, DV = 3329, 3, 10, 4
LABEL = b"\\.//^\\"
BASE_POINT = b"\x09" + bytes(31)


def bit_reversed(n):
    return int(f"{n:07b}"[::-1], 2)


ZETAS = [pow(17, bit_reversed(n), Q) for n in range(128)]
GAMMAS = [pow(17, 2 * bit_reversed(n) + 1, Q) for n in range(128)]


def transformed(f):
    """Algorithm 9."""
    f, n, size = f.copy(), 1, 128
    while size >= 2:
        for start in range(0, 256, 2 * size):
            for j in range(start, start + size):
                t = ZETAS[n] * f[j + size]
                f[j + size], f[j] = (f[j] - t) % Q, (f[j] + t) % Q
            n += 1
        size //= 2
    return f


def back(f):
    """Algorithm 10."""
    f, n, size = f.copy(), 127, 2
    while size <= 128:
        for start in range(0, 256, 2 * size):
            for j in range(start, start + size):
                t = f[j]
                f[j], f[j + size] = (t + f[j + size]) % Q, ZETAS[n] * (f[j + size] - t) % Q
            n -= 1
        size *= 2
    return [x * 3303 % Q for x in f]


def product(f, g):
    """Algorithms 11 and 12."""
    out = []
    for i in range(128):
        (a0, a1), (b0, b1) = f[2 * i : 2 * i + 2], g[2 * i : 2 * i + 2]
        out += [(a0 * b0 + a1 * b1 * GAMMAS[i]) % Q, (a0 * b1 + a1 * b0) % Q]
    return out


def plus(*polynomials):
    return [sum(values) % Q for values in zip(*polynomials)]


def inner(a, b):
    return plus(*(product(x, y) for x, y in zip(a, b)))


def packed(values, width):
    number = sum(value << width * i for i, value in enumerate(values))
    return number.to_bytes(len(values) * width // 8, "little")


def unpacked(octets, width):
    number = int.from_bytes(octets, "little")
    return [number >> width * i & (1 << width) - 1 for i in range(len(octets) * 8 // width)]


def compressed(f, width):
    return [((x << width) + Q // 2) // Q % (1 << width) for x in f]


def expanded(f, width):
    return [(x * Q + (1 << width - 1)) >> width for x in f]


def uniform(rho, i, j):
    """Algorithm 7. 1,008 octets are more than any of the vectors needs."""
    stream, out = hashlib.shake_128(rho + bytes([j, i])).digest(1008), []
    for n in range(0, len(stream), 3):
        a, b, c = stream[n : n + 3]
        out += [d for d in (a + 256 * (b % 16), b // 16 + 16 * c) if d < Q]
    return out[:256]


def noise(seed, n):
    """Algorithm 8 with eta = 2."""
    bits = unpacked(hashlib.shake_256(seed + bytes([n])).digest(128), 1)
    return [(bits[4 * i] + bits[4 * i + 1] - bits[4 * i + 2] - bits[4 * i + 3]) % Q for i in range(256)]


def matrix(rho):
    return [[uniform(rho, i, j) for j in range(K)] for i in range(K)]


def ml_kem_keys(d):
    """Algorithm 13: the encapsulation key, and s of the decapsulation key."""
    seeds = hashlib.sha3_512(d + bytes([K])).digest()
    rho, sigma = seeds[:32], seeds[32:]
    s = [transformed(noise(sigma, n)) for n in range(K)]
    e = [transformed(noise(sigma, K + n)) for n in range(K)]
    t = [plus(inner(row, s), e[i]) for i, row in enumerate(matrix(rho))]
    return b"".join(packed(f, 12) for f in t) + rho, s


def encrypted(key, message, randomness):
    """Algorithm 14."""
    t = [unpacked(key[384 * i : 384 * i + 384], 12) for i in range(K)]
    a = matrix(key[384 * K :])
    y = [transformed(noise(randomness, n)) for n in range(K)]
    u = [plus(back(inner([a[j][i] for j in range(K)], y)), noise(randomness, K + i)) for i in range(K)]
    mu = expanded(unpacked(message, 1), 1)
    v = plus(back(inner(t, y)), noise(randomness, 2 * K), mu)
    return b"".join(packed(compressed(f, DU), DU) for f in u) + packed(compressed(v, DV), DV)


def ml_kem_encapsulated(key, message):
    """Algorithm 17: ciphertext and secret."""
    out = hashlib.sha3_512(message + hashlib.sha3_256(key).digest()).digest()
    return encrypted(key, message, out[32:]), out[:32]


def ml_kem_decapsulated(key, s, z, ciphertext):
    """Algorithm 18."""
    size = 32 * DU
    u = [expanded(unpacked(ciphertext[size * i : size * i + size], DU), DU) for i in range(K)]
    v = expanded(unpacked(ciphertext[size * K :], DV), DV)
    w = back(inner(s, [transformed(f) for f in u]))
    message = packed(compressed([(a - b) % Q for a, b in zip(v, w)], 1), 1)
    again, secret = ml_kem_encapsulated(key, message)
    return secret if again == ciphertext else hashlib.shake_256(z + ciphertext).digest(32)


def keys(seed):
    """The encapsulation key, and what decapsulation needs."""
    out = hashlib.shake_256(seed).digest(96)
    key, s = ml_kem_keys(out[:32])
    x = out[64:]
    return key + x25519(x, BASE_POINT), (s, out[32:64], x)


def combined(secret_m, secret_x, ciphertext_x, key_x):
    return hashlib.sha3_256(secret_m + secret_x + ciphertext_x + key_x + LABEL).digest()


def encapsulated(key, seed):
    ciphertext, secret = ml_kem_encapsulated(key[:1184], seed[:32])
    one_time = x25519(seed[32:], BASE_POINT)
    return ciphertext + one_time, combined(secret, x25519(seed[32:], key[1184:]), one_time, key[1184:])


def decapsulated(key, secrets, ciphertext):
    s, z, x = secrets
    secret = ml_kem_decapsulated(key[:1184], s, z, ciphertext[:1088])
    one_time = ciphertext[1088:]
    return combined(secret, x25519(x, one_time), one_time, key[1184:])
