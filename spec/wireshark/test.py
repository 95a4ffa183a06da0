"""The dissector against the test vectors, with the tshark that is installed.

    test.py            compare
    test.py --write    write the golden dump again

Every valid vector must be shown with all its fields, every refused one with its kind and field.
Python 3.11, standard library only.
"""

import difflib
import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

import cases

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = HERE / "golden.txt"
ITEM, ENVELOPE = 147, 148  # DLT_USER0 and 1


def main():
    wrong = counted = 0
    for link, given in ((ITEM, cases.items()), (ENVELOPE, cases.envelopes())):
        given = list(given)
        for case, seen in zip(given, dissect(link, given), strict=True):
            counted += 1
            found = differences(case, seen)
            wrong += bool(found)
            for line in found[:3]:
                print(f"dissector: {case.name}: {line}")
    wrong += not golden()
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


def dissect(link, given):
    """For each packet the values of every field of ours, in the order they are shown."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "packets.pcap"
        write_pcap(path, link, [case.octets for case in given])
        answer = tshark(path, "-T", "json")
    layers = json.loads(answer, object_pairs_hook=list)
    return [collect(dict(dict(packet)["_source"])["layers"], {}) for packet in layers]


def collect(pairs, found):
    for name, value in pairs:
        if isinstance(value, list):
            if value and isinstance(value[0], tuple):
                collect(value, found)
        elif name.startswith("chappe."):
            found.setdefault(name, []).append(value)
    return found


def tshark(path, *options):
    command = ["tshark", "-n", "-X", f"lua_script:{HERE / 'chappe.lua'}", "-r", str(path), *options]
    run = subprocess.run(command, capture_output=True, check=True)
    complaints = [line for line in run.stderr.decode().splitlines() if "Running as user" not in line]
    if complaints:
        raise SystemExit("dissector: " + "\n".join(complaints))
    return run.stdout.decode()


def write_pcap(path, link, packets):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 0x40000, link))
        for second, octets in enumerate(packets):
            file.write(struct.pack("<IIII", second, 0, len(octets), len(octets)) + octets)


def golden():
    """What a person sees, of a few packets of each kind."""
    text = ""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "packets.pcap"
        for link, given in ((ITEM, cases.golden_items()), (ENVELOPE, cases.golden_envelopes())):
            write_pcap(path, link, [case.octets for case in given])
            for case, part in zip(given, of_chappe(tshark(path, "-V")), strict=True):
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
