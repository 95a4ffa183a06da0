"""The tables as they stand in the TOML files, and what every generator asks of them."""

import pathlib
import re
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[3]
TABLES = ("families", "signal", "packed", "formats")


class Tables:
    """All tables of one folder; `root` is the repository the outputs belong to."""

    def __init__(self, root=ROOT):
        self.root = root
        self.folder = root / "spec" / "tables"
        for name in TABLES:
            with open(self.folder / f"{name}.toml", "rb") as file:
                setattr(self, name, tomllib.load(file))

    def groups(self):
        return self.signal["group"]

    def group(self, name):
        return next(group for group in self.groups() if group["name"] == name)

    def format(self, name):
        return next(format for format in self.formats["format"] if format["name"] == name)

    def families_by_code(self):
        """Each code's family; one code goes before a range."""
        found = [None] * 256
        for family in sorted(self.families["family"], key=lambda family: "-" not in family["code"]):
            first, last = code_range(family)
            for code in range(first, last + 1):
                if first == last and found[code] and "-" not in found[code]["code"]:
                    raise ValueError(f"family {code:02X} stands twice")
                found[code] = family
        missing = [f"{code:02X}" for code, family in enumerate(found) if family is None]
        if missing:
            raise ValueError(f"no family for {' '.join(missing)}")
        return found

    def names(self):
        """Codes and what people call them, in English."""
        places = [self.root / "spec/names/en.tsv", self.root / "codec/src/signal/names_en.tsv"]
        text = next(place for place in places if place.exists()).read_text()
        return dict(line.split("\t", 1) for line in text.splitlines() if "\t" in line)


def code_range(family):
    first, _, last = family["code"].partition("-")
    return int(first, 16), int(last or first, 16)


def expand(group):
    """A group's fields; a repeating group's for each number."""
    for number in range(1, group.get("repeat", 1) + 1):
        for field in group["field"]:
            yield field | {"name": field["name"].replace("{n}", str(number))}


def whole_template(field):
    """`x{64}` written out."""
    return re.sub(r"(.)\{(\d+)\}", lambda match: match[1] * int(match[2]), field["template"])


WIDTHS = {"a": 8, "c": 8, "b": 1, "_": 1, "d": 4, "x": 4}


def bits(field):
    """Bits on the standard wire, or None to the message's end (4.1.3)."""
    template = whole_template(field)
    return None if template.endswith("*") else sum(WIDTHS.get(symbol, 0) for symbol in template)


def codewords(symbols):
    """The canonical codewords of a code, as strings of bits, in the order of its symbols."""
    order = sorted(range(len(symbols)), key=lambda index: (symbols[index][1], index))
    found, code, before = [None] * len(symbols), 0, 0
    for index in order:
        length = symbols[index][1]
        code <<= length - before
        found[index] = f"{code:0{length}b}"
        code, before = code + 1, length
    if code != 1 << before:
        raise ValueError("a code is not complete")
    return found
