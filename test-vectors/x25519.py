"""X25519 (RFC 7748) in plain Python. Slow and not constant-time: for test vectors only."""

import functools

P = 2**255 - 19
A24 = 121665


@functools.cache
def x25519(scalar, u):
    """The shared secret; all zero for a u of small order, which the caller refuses."""
    octets = bytearray(scalar)
    octets[0] &= 248
    octets[31] = octets[31] & 127 | 64
    k, x1 = int.from_bytes(octets, "little"), int.from_bytes(u, "little") & 2**255 - 1
    x1 %= P
    x2, z2, x3, z3, swapped = 1, 0, x1, 1, 0
    for t in range(254, -1, -1):
        bit = k >> t & 1
        if swapped ^ bit:
            x2, z2, x3, z3 = x3, z3, x2, z2
        swapped = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a % P, b * b % P, d * a % P, c * b % P
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % P, x1 * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + A24 * e) % P
    if swapped:
        x2, z2 = x3, z3
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


def public(scalar):
    return x25519(scalar, (9).to_bytes(32, "little"))


# u of small order: 0, 1, the two of order 8, p - 1, and two of these once more above p.
SMALL_ORDER = [
    n.to_bytes(32, "little")
    for n in (
        0, 1, P - 1, P, P + 1,
        0x00B8495F16056286FDB1329CEB8D09DA6AC49FF1FAE35616AEB8413B7C7AEBE0,
        0x57119FD0DD4E22D8868E1C58C45C44045BEF839C55B1D0B1248C50A3BC959C5F,
    )
]  # fmt: skip


def check_known_answer():
    """RFC 7748 section 6.1, and that small order means zero."""
    a = bytes.fromhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")
    b = bytes.fromhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb")
    shared = bytes.fromhex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742")
    assert x25519(a, public(b)) == shared == x25519(b, public(a))
    assert all(x25519(a, u) == bytes(32) for u in SMALL_ORDER)
