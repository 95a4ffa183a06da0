"""tokens.tsv as arrays the codec searches without unpacking: codec/src/text/model.

Tokens stand there sorted by their octets, so that one is found by bisection; the others follow
that order or lead to it. All numbers are little-endian.

    strings.bin  the octets of all tokens, one after another
    ends.bin     where each ends in them (u16; from one token on 65,536 less, sizes.rs says which)
    lengths.bin  bits of each codeword (u8)
    places.bin   place of each codeword in the order of the code (u16)
    order.bin    the token at each place (u16), FFFF for ESC

sizes.rs has the numbers that the arrays do not tell.
"""

import json
import struct

from . import rust

ESC = 0xFFFF
WRAP = 1 << 16


def generate(tables):
    source = tables.folder / "text" / "tokens.tsv"
    if not source.exists():
        return {}
    rows = read(source.read_text())
    code_order = [token for _, token in rows]
    tokens = sorted(token for token in code_order if token is not None)
    place = {token: index for index, token in enumerate(tokens)}
    length = {token: bits for bits, token in rows}
    rank = {token: index for index, token in enumerate(code_order)}
    ends, end = [], 0
    for token in tokens:
        end += len(token)
        ends.append(end)
    if end >= 2 * WRAP:
        raise ValueError("the tokens are longer than twice 65,536 octets in all")
    files = {
        "strings.bin": b"".join(tokens),
        "ends.bin": pack("H", [end % WRAP for end in ends]),
        "lengths.bin": bytes(length[token] for token in tokens),
        "places.bin": pack("H", [rank[token] for token in tokens]),
        "order.bin": pack("H", [ESC if token is None else place[token] for token in code_order]),
        "sizes.rs": sizes(code_order, length, sum(end < WRAP for end in ends)).encode(),
    }
    return {f"codec/src/text/model/{name}": octets for name, octets in files.items()}


def read(text):
    """The lines: bits, and the token's octets or None for ESC; checked to be a complete code."""
    rows = []
    for line in text.splitlines():
        bits, _, token = line.partition("\t")
        rows.append((int(bits), None if token == "ESC" else json.loads(token).encode()))
    total = sum(1 << (64 - bits) for bits, _ in rows)
    tokens = [token for _, token in rows]
    if total != 1 << 64 or len(set(tokens)) != len(tokens) or tokens.count(None) != 1:
        raise ValueError("tokens.tsv is not one complete code with one ESC")
    if [bits for bits, _ in rows] != sorted(bits for bits, _ in rows):
        raise ValueError("the lines of tokens.tsv are not in the order of their codewords")
    return rows


def pack(kind, numbers):
    return struct.pack(f"<{len(numbers)}{kind}", *numbers)


def sizes(code_order, length, wrapped):
    longest = max(length.values())
    counts = [sum(bits == each for bits in length.values()) for each in range(longest + 1)]
    longest_token = max(len(token) for token in code_order if token is not None)
    return (rust.head("text/tokens.tsv") + f"""
/// How many tokens there are, the escape not counted.
pub(super) const TOKENS: usize = {len(code_order) - 1};
/// The place of the escape in the order of the code.
pub(super) const ESCAPE_PLACE: usize = {code_order.index(None)};
/// The first token whose end is given less 65,536.
pub(super) const WRAPPED_FROM: usize = {wrapped};
/// The longest token.
pub(in crate::text) const TOKEN_OCTETS_MAX: usize = {longest_token};
/// How many codewords have so many bits, from 0 on.
""" + rust.array(f"pub(super) const COUNTS: [u16; {longest + 1}]", "",
                 [str(count) for count in counts], ""))
