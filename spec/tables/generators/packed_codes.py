"""packed.toml as Rust: codec/src/packing/codes.rs.

A code over values (subjects, object types, durations) gives the values in a list; any other gives
the index of each symbol in a module of its name, and so does `duration` of those that are no
values. (Others that are no values stand first or last, where the codec finds them without a name.)
"""

import re

from . import rust

VALUES = ("subject_", "object_", "requested", "data_type", "duration")


def generate(tables):
    parts = [rust.head("packed.toml"), "\nuse super::PrefixCode;\n"]
    for name, code in tables.packed["code"].items():
        parts.append("\n" + one_code(name, code["title"], code["symbols"]))
    return "".join(parts)


def one_code(name, title, symbols):
    lengths = [str(length) for _, length in symbols]
    names = [symbol for symbol, _ in symbols]
    constant = name.upper()
    text = f"/// {title}.\n" + rust.array(
        f"pub(crate) static {constant}: PrefixCode<{len(symbols)}>", "PrefixCode::new(",
        lengths, ")")
    if not name.startswith(VALUES):
        return text + indices(name, enumerate(names))
    text += values(constant, names)
    if name == "duration":
        text += indices(name, ((at, each) for at, each in enumerate(names) if not value(each)))
    return text


def values(constant, names):
    known = [value(name) for name in names if value(name)]
    width = "u32" if constant == "DURATION" else "u8"
    return rust.array(f"pub(crate) static {constant}_VALUES: [{width}; {len(known)}]",
                      "", known, "")


def value(name):
    """The Rust literal of a symbol that is a value: a code, or a duration's six digits."""
    if re.fullmatch("[0-9A-F]{2}", name):
        return f"0x{name}"
    if match := re.fullmatch(r"P(\d\d)D(\d\d)H(\d\d)M", name):
        return "0x" + "".join(match.groups())
    return None


def indices(name, symbols):
    lines = [f"    pub(crate) const {upper(symbol)}: usize = {index};" for index, symbol in symbols]
    return f"pub(crate) mod {name} {{\n" + "\n".join(lines) + "\n}\n"


def upper(symbol):
    words = re.sub("[^A-Za-z0-9]+", "_", symbol).upper()
    return f"N{words}" if words[0].isdigit() else words
