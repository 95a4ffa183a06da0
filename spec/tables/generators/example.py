"""Registers the family of ../example in a copy of the tables and looks for it everywhere.

The families, formats and chapter there are what one writes by hand; all else must follow.
"""

import json
import pathlib
import shutil
import sys
import tempfile

from .source import ROOT, Tables
from .validate import problems

EXAMPLE = ROOT / "spec" / "tables" / "example"
CHAPTER = "70-tide-gauge.md"
# Family 70, revision 1: the station, 2027-01-15T08:00Z, 412 cm, falling, quality 1, 281.5 K.
READING = bytes.fromhex("70040000002a006b49d200019c810aff")
SAID = {"station": "0000002a", "measured": "1800000000", "level": 412, "trend": 2, "quality": 1,
        "temperature": 2815}


def run(outputs, write):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        register(root)
        before, after = outputs(Tables()), outputs(Tables(root))
        write(root, after)
        failed = [what for what, fine in checks(root, before, after) if not fine]
    for what in failed:
        print(f"example: {what}")
    print(f"example: family 70 registered, {len(failed)} places are wrong")
    return 1 if failed else 0


def register(root):
    """A copy of spec/ with the example's tables behind ours, and its chapter."""
    shutil.copytree(ROOT / "spec", root / "spec")
    names = "codec/src/signal/names_en.tsv"
    if (ROOT / names).exists():
        (root / names).parent.mkdir(parents=True)
        shutil.copy(ROOT / names, root / names)
    for table in EXAMPLE.glob("*.toml"):
        with open(root / "spec" / "tables" / table.name, "a") as file:
            file.write(table.read_text())
    shutil.copy(EXAMPLE / CHAPTER, root / "spec" / CHAPTER)


def checks(root, before, after):
    """(what is wrong unless it is fine, whether it is)"""
    text = {path: octets.decode() for path, octets in after.items() if not path.endswith(".bin")}
    changed = {path for path in after if after[path] != before.get(path)}
    yield "other files changed than should", changed == {
        "spec/02-item.md", f"spec/{CHAPTER}", "spec/schema/tide-gauge.json",
        "spec/schema/tide-gauge-1.json", "spec/wireshark/chappe_tables.lua"}
    yield "chapter 02 has no line for it", "| 70 | tide gauge |" in text["spec/02-item.md"]
    chapter = text[f"spec/{CHAPTER}"]
    yield "its chapter has no layout", "octets 9-10  centimetres above" in chapter
    yield "the new field is not in the layout", "octets 12-13  temperature" in chapter
    yield "its codes are not in the chapter", "| 2 | falling |" in chapter
    schema = json.loads(text["spec/schema/tide-gauge-1.json"])
    yield "the schema refuses a reading", not problems(schema, SAID)
    yield "the schema takes a reading without its new field", bool(problems(
        schema, {name: SAID[name] for name in SAID if name != "temperature"}))
    yield "the schema takes a level out of range", bool(problems(schema, SAID | {"level": 3001}))
    yield "the dissector does not know it", "[0x70] = " in text["spec/wireshark/chappe_tables.lua"]
    yield from shown(root)


def shown(root):
    if not shutil.which("tshark"):
        print("example: tshark is not installed, so the dissector was not run")
        return
    sys.path.insert(0, str(ROOT / "spec" / "wireshark"))
    from capture import ITEM, dissect

    script = root / "spec" / "wireshark" / "chappe.lua"
    whole, cut = dissect(ITEM, [READING, READING[:-1]], script)
    expected = {name: [str(value)] for name, value in SAID.items()} | {"station": ["00:00:00:2a"]}
    yield f"the dissector shows {whole}", expected == {
        name: whole.get(f"chappe.tide_1.{name}") for name in SAID}
    yield "a reading cut short is not refused", cut.get("chappe.error.field") == ["temperature"]
