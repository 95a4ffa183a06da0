"""Comparing a vector with this program's own reading of it."""

from refusal import Refused


class Mismatch(Exception):
    """The vector says one thing, the spec another; the text says which."""


def agree(holds, otherwise):
    if not holds:
        raise Mismatch(otherwise)


def differing(one, other):
    """The members of one that are not those of the other."""
    return {key: value for key, value in one.items() if key not in other or other[key] != value}


def same(what, found, expected):
    if found == expected:
        return
    if isinstance(found, dict) and isinstance(expected, dict):
        found, expected = differing(found, expected), differing(expected, found)
    raise Mismatch(f"{what}: the spec gives {found!r}, the vector {expected!r}")


def accepted(what, read, *given):
    """What a reader makes of it; a refusal is a mismatch."""
    try:
        return read(*given)
    except Refused as refused:
        raise Mismatch(f"{what}: the spec refuses it, {refused}") from None


def refused(what, read, *given):
    """The refusal of what must not be read."""
    try:
        found = read(*given)
    except Refused as refusal:
        return refusal
    raise Mismatch(f"{what}: the spec reads it, as {found!r}")


def refused_as(vector, read, *given):
    same("error", refused("in", read, *given).as_vector(), vector["error"])


def octets_of(text):
    """Lower-case hexadecimal digits, as every vector has them."""
    agree(isinstance(text, str) and set(text) <= set("0123456789abcdef") and len(text) % 2 == 0, f"no octets: {text!r}")
    return bytes.fromhex(text)
