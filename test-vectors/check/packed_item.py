"""Items of the two families of chapter 09 (and chapter 02): family, revision, form, reference, body."""

from typing import NamedTuple

from packed_message import read_packed, read_text_body
from refusal import Refused, refuse_unless

ITEM_MAX = 4096
REFERENCE_OCTETS = (0, 8, 32, 0)
ZEROS = "0" * 64
SIGNAL, TEXT = (0x01, 1), (0x04, 0)


class Item(NamedTuple):
    family: int
    revision: int
    form: int
    reference: str  # as much of it as travels
    body: bytes


def read_frame(octets):
    refuse_unless(len(octets) >= 1, "truncated", "family", 0)
    refuse_unless(octets[0] != 0, "reserved", "family", 0)
    refuse_unless(len(octets) >= 2, "truncated", "revision", 1)
    refuse_unless(len(octets) <= ITEM_MAX, "too_long", "item", ITEM_MAX)
    family, revision, form = octets[0], octets[1] >> 2, octets[1] & 3
    known = (family, revision) in (SIGNAL, TEXT)
    refuse_unless(not known or form != 3, "inconsistent", "form", 1)
    end = 2 + REFERENCE_OCTETS[form]
    refuse_unless(len(octets) >= end, "truncated", "reference", 2)
    reference = octets[2:end].hex()
    refuse_unless(not known or form != 2 or reference != ZEROS, "not_canonical", "reference", 2)
    return Item(family, revision, form, reference, octets[end:])


def read_item(octets):
    """What an item says: a packed signal, or a text and how many bits it takes."""
    item = read_frame(octets)
    if (item.family, item.revision) == SIGNAL:
        packed = read_packed(item.body, item.reference or ZEROS)
        # What is repeated could not be found.
        refuse_unless(item.form != 0 or not packed.repeats, "inconsistent", "form", 1)
        return item, packed
    if (item.family, item.revision) == TEXT:
        return item, read_text_body(item.body)
    raise Refused("unknown_code", "family", 0)


def form_of(reference):
    """The form of a whole reference."""
    return 0 if reference == ZEROS else 2
