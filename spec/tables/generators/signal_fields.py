"""signal.toml as Rust: codec/src/signal/layout/fields.rs."""

import re

from . import rust, source


def generate(tables):
    parts = [rust.head("signal.toml"), "\nuse crate::signal::field::Field;\n"]
    for group in tables.groups():
        make = request_objects if group.get("repeat") else constants
        parts.append("\n" + make(group))
    parts += ["\n" + members(group) for group in tables.groups() if not group.get("repeat")]
    return "".join(parts)


def constants(group):
    return "".join(constant(field) for field in group["field"])


def constant(field):
    note = f" {field['note']}" if "note" in field else ""
    arguments = [f'"{field["name"]}"', f'"{field["section"]}"', f'"{source.whole_template(field)}"']
    return (f"/// {field['section']}.{note}\n"
            + rust.call(f"pub const {name(field['name'])}: Field", "Field::new(", arguments, ")"))


def request_objects(group):
    """Pairs of type and quantity; the number of them is a limit that the codec names."""
    kind, quantity = group["field"]
    lines = []
    for number in range(1, group["repeat"] + 1):
        pair = [f'Field::new("{field["name"].replace("{n}", str(number))}", '
                f'"{field["section"]}", "{source.whole_template(field)}")'
                for field in (kind, quantity)]
        lines.append(f"    ({pair[0]}, {pair[1]}),\n")
    return (f"/// {group['title']} ({group['section']}).\n"
            f"pub const {group['name'].upper()}: "
            "[(Field, Field); crate::limits::REQUEST_OBJECTS_MAX] = [\n" + "".join(lines) + "];\n")


def members(group):
    names = [name(field["name"]) for field in group["field"]]
    return (f"/// {group['title']} ({group['section']}).\n"
            + rust.lines(f"pub const {group['name'].upper()}: [Field; {len(names)}]", names))


def name(field):
    return re.sub("(?<!^)(?=[A-Z])", "_", field).upper()
