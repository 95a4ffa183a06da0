"""The dissector against the test vectors, with the tshark that is installed.

    test.py            compare
    test.py --write    write the golden dump again

Every valid vector must be shown with all its fields, every refused one with its kind and field.
Python 3.11, standard library only.
"""

import difflib
import pathlib
import re
import sys
from random import Random

import cases
from capture import ENVELOPE, ITEM, dissect, show

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = HERE / "golden.txt"
DAMAGED = 4  # damaged packets made of each


def main():
    wrong = counted = 0
    for link, given in ((ITEM, cases.items()), (ENVELOPE, cases.envelopes())):
        given = list(given)
        answers = dissect(link, [case.octets for case in given])
        for case, seen in zip(given, answers, strict=True):
            counted += 1
            found = differences(case, seen)
            wrong += bool(found)
            for line in found[:3]:
                print(f"dissector: {case.name}: {line}")
    wrong += damaged() + (not golden())
    print(f"dissector: {counted} packets, {wrong} wrong")
    return 1 if wrong else 0


def differences(case, seen):
    kinds, fields = seen.get("chappe.error.kind", []), seen.get("chappe.error.field", [])
    if "dissector" in kinds:
        return fields
    found = [f"{name} is {seen.get(name, [])}, not {values}" for name, values in case.fields.items()
             if [shown(value) for value in values] != seen.get(name, [])]
    if case.error is cases.ANY:
        return found
    if case.error is None:
        return found + [f"refused: {kinds} in {fields}"] * bool(kinds)
    expected = [[str(value)] for value in case.error]
    got = [seen.get(f"chappe.error.{name}") for name in ("kind", "field", "offset")[:len(expected)]]
    return found + [f"refused with {got}, not {expected}"] * (got != expected)


def shown(value):
    """Wireshark ends a string at a zero octet; the dissector puts its picture there."""
    return str(value).replace("\0", "\u2400")


def damaged():
    """Whatever comes, the dissector shows or refuses it and never breaks. The damage is the same on
    every run."""
    random, broken = Random(1996), 0
    for link, given in ((ITEM, cases.items()), (ENVELOPE, cases.envelopes())):
        packets = [damage(case.octets, random) for case in given for _ in range(DAMAGED)]
        for octets, seen in zip(packets, dissect(link, packets), strict=True):
            if "dissector" in seen.get("chappe.error.kind", []):
                broken += 1
                print(f"dissector: {octets.hex()} breaks it: {seen['chappe.error.field']}")
    return broken


def damage(octets, random):
    """Cut, lengthened, or with some bits turned."""
    octets = bytearray(octets)
    for _ in range(random.randrange(1, 4)):
        way, at = random.randrange(4), random.randrange(len(octets) + 1)
        if way == 0:
            del octets[at:]
        elif way == 1:
            octets += random.randbytes(random.randrange(8))
        elif at < len(octets):
            octets[at] ^= 1 << random.randrange(8)
    # Wireshark passes over a packet of nothing.
    return bytes(octets) or b"\1"


def golden():
    """What a person sees, of a few packets of each kind."""
    text = ""
    for link, given in ((ITEM, cases.golden_items()), (ENVELOPE, cases.golden_envelopes())):
        dump = show(link, [case.octets for case in given])
        for case, part in zip(given, of_chappe(dump), strict=True):
            text += f"# {case.name}\n{part}\n"
    if sys.argv[1:] == ["--write"]:
        GOLDEN.write_text(text)
    before = GOLDEN.read_text() if GOLDEN.exists() else ""
    for line in difflib.unified_diff(before.splitlines(), text.splitlines(), "golden.txt", "shown",
                                     lineterm=""):
        print(line)
    return text == before


def of_chappe(text):
    """Of each packet what the dissector says, without the frame."""
    for packet in re.split(r"^Frame \d+: ", text, flags=re.MULTILINE)[1:]:
        yield "Chappe" + packet.partition("\nChappe")[2].rstrip() + "\n"


if __name__ == "__main__":
    sys.exit(main())
