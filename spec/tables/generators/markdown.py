"""The tables inside the chapters, between `<!-- table: NAME -->` and `<!-- end -->`.

NAME is one of: signal GROUP, families, layout FORMAT, values NAME, codes.
"""

import re

from . import source

MARKED = re.compile(r"^(<!-- table: (.+?) -->\n).*?^(<!-- end -->)$", re.DOTALL | re.MULTILINE)
# A chapter shows the codewords of the codes that are not longer; the others are in packed.toml.
SYMBOLS_SHOWN = 12


def generate(tables):
    files = {}
    for chapter in sorted((tables.root / "spec").glob("*.md")):
        text = chapter.read_text()
        if MARKED.search(text):
            fill = lambda match: f"{match[1]}\n{make(tables, match[2])}\n{match[3]}"
            files[f"spec/{chapter.name}"] = MARKED.sub(fill, text)
    return files


def make(tables, name):
    kind, _, rest = name.partition(" ")
    return {"signal": signal, "families": families, "layout": layout, "values": values,
            "codes": codes}[kind](tables, rest)


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    # An empty cell is one space, not two.
    lines += [re.sub(r"\|  (?=\|)", "| ", "| " + " | ".join(row) + " |") for row in rows]
    return "\n".join(lines) + "\n"


def signal(tables, name):
    """A repeating group shows its first."""
    group = tables.group(name)
    rows = [(f"`{field['name']}`", f"`{field['template']}`", str(source.bits(field) or "rest"),
             field["section"], field["values"])
            for field in [each | {"name": each["name"].replace("{n}", "1")}
                          for each in group["field"]]]
    return table(("field", "template", "bits", "section", "holds"), rows)


def families(tables, _):
    rows = []
    for family in sorted(tables.families["family"], key=source.code_range):
        if family["status"] != "free":
            rows.append((family["code"].replace("-", "–"), family["name"], family_note(family)))
    return table(("code", "family", "chapter"), rows)


def family_note(family):
    if family["status"] == "known":
        return "; ".join(revision_note(revision) for revision in family["revision"])
    return family.get("note", "reserved" if family["status"] == "reserved" else "")


def revision_note(revision):
    chapter = revision["chapter"]
    link = f"[{chapter[:2]}]({chapter})"
    name = f" is {revision['name']} ({link})" if "name" in revision else f": {link}"
    forms = revision["forms"]
    return (f"revision {revision['revision']}{name}, "
            f"form{'s' * (len(forms) > 1)} {', '.join(map(str, forms))}")


def layout(tables, name):
    """Octets on the left, what they hold on the right; parts of one octet on one line."""
    rows, at, parts = [], 0, []
    for field in tables.format(name)["field"]:
        if "bits" in field:
            says = field.get("says", plain(field["name"]))
            unit = "bit" if field["bits"] == 1 else "bits"
            sized = says if "bit" in says else f"{says} ({field['bits']} {unit})"
            parts.append((field["bits"], sized))
            if sum(bits for bits, _ in parts) == 8:
                rows.append((f"octet {at}", " ‖ ".join(says for _, says in parts)))
                at, parts = at + 1, []
            continue
        says = field.get("says", plain(field["name"]))
        if "place" in field:
            rows.append((field["place"], says))
        else:
            size = field["octets"]
            rows.append((f"octet {at}" if size == 1 else f"octets {at}-{at + size - 1}", says))
            at += size
    width = max(len(left) for left, _ in rows) + 2
    return "```\n" + "".join(f"{left:<{width}}{right}\n" for left, right in rows) + "```\n"


def plain(name):
    return name.replace("_", " ")


def values(tables, name):
    """Neighbours that mean the same stand on one line."""
    rows = []
    for code, meaning in tables.formats["values"][name].items():
        if code in ("title", "column"):
            continue
        if isinstance(meaning, list):
            meaning = "{} ({})".format(*meaning)
        if rows and rows[-1][2] == meaning:
            rows[-1][1] = code
        else:
            rows.append([code, code, meaning])
    codes = [(first if first == last else f"{first}–{last}", meaning)
             for first, last, meaning in rows]
    return table((name, tables.formats["values"][name]["column"]), codes)


def codes(tables, _):
    rows = []
    for name, code in tables.packed["code"].items():
        symbols = code["symbols"]
        if len(symbols) > SYMBOLS_SHOWN:
            continue
        words = zip(symbols, source.codewords(symbols), strict=True)
        rows.append((f"`{name}`", " · ".join(f"{symbol[0]} `{word}`" for symbol, word in words)))
    return table(("code", "symbols and their codewords"), rows)
