"""All tables as one Lua file for the dissector: spec/wireshark/chappe_tables.lua."""

import re

from . import source

HEAD = "-- Generated from spec/tables by spec/tables/generate.py; change it there.\n"
# The kinds of names the dissector shows; the files in spec/names have more.
KIND = re.compile("(message|reference|encryption|duress|method|data|object) |[A-Z][0-9A-F]{2}$")


def generate(tables):
    parts = {
        "families": {Code(source.code_range(family)[0]): lua_family(family)
                     for family in tables.families["family"] if "-" not in family["code"]},
        "family_ranges": [lua_family(family) | dict(zip(("first", "last"),
                                                        source.code_range(family), strict=True))
                          for family in tables.families["family"] if "-" in family["code"]],
        "groups": {group["name"]: lua_group(group) for group in tables.groups()},
        "formats": {layout["name"]: layout for layout in tables.formats["format"]},
        "values": {name: numbered(rows) for name, rows in tables.formats["values"].items()},
        "codes": {name: code["symbols"] for name, code in tables.packed["code"].items()},
        "names": {code: name for code, name in sorted(tables.names().items())
                  if KIND.match(code)},
    }
    lines = [f"    {name} = {{\n{members(part)}    }},\n" for name, part in parts.items()]
    return HEAD + "return {\n" + "".join(lines) + "}\n"


class Code(int):
    """A key written in hexadecimal."""


def lua_family(family):
    known = {key: family[key] for key in ("name", "status", "note") if key in family}
    if "revision" in family:
        known["revisions"] = {revision["revision"]: revision for revision in family["revision"]}
    return known


def lua_group(group):
    return {"title": group["title"], "messages": group["messages"],
            "fields": [{"name": field["name"], "template": source.whole_template(field),
                        "section": field["section"]} | keep(field, "names", "unit")
                       for field in source.expand(group)]}


def keep(row, *keys):
    return {key: row[key] for key in keys if key in row}


def numbered(rows):
    return {int(code): meaning[0] if isinstance(meaning, list) else meaning
            for code, meaning in rows.items() if code.isdigit()}


def members(part):
    """One member a line."""
    if isinstance(part, list):
        return "".join(f"        {value(each)},\n" for each in part)
    return "".join(f"        {key(name)} = {value(each)},\n" for name, each in part.items())


def value(thing):
    if isinstance(thing, bool):
        return "true" if thing else "false"
    if isinstance(thing, int):
        return str(thing)
    if isinstance(thing, str):
        return text(thing)
    if isinstance(thing, list):
        return "{" + ", ".join(value(each) for each in thing) + "}"
    return "{" + ", ".join(f"{key(name)} = {value(each)}" for name, each in thing.items()) + "}"


def key(name):
    if isinstance(name, Code):
        return f"[0x{name:02X}]"
    if isinstance(name, int):
        return f"[{name}]"
    return name if name.isidentifier() and name not in ("end", "repeat") else f"[{text(name)}]"


def text(string):
    return '"' + string.replace("\\", "\\\\").replace('"', '\\"') + '"'
