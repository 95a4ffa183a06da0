"""families.toml as Rust: the families that need permission, for the codec and for the program."""

from . import rust, source


def generate(tables):
    found = sorted(permitted(tables), key=lambda one: one[0])
    return {
        "codec/src/identity/permission_bits.rs": bits(found),
        "app/src/permissions/families.rs": names(found),
    }


def permitted(tables):
    """Bit, code and name of each."""
    for family in tables.families["family"]:
        if "permission" not in family:
            continue
        first, last = source.code_range(family)
        each = family["name"].split(", ")
        if len(each) != last - first + 1:
            raise ValueError(f"family {family['code']}: a name for each code")
        for place, name in enumerate(each):
            yield family["permission"] + place, first + place, name


def bits(found):
    arms = "".join(f"        0x{code:02X} => Some({bit}),\n" for bit, code, _ in found)
    return (rust.head("families.toml")
            + "\n/// The bit of a certificate that permits a family other than signals, by its code.\n"
            "pub(super) const fn of_family(code: u8) -> Option<u32> {\n"
            "    match code {\n" + arms + "        _ => None,\n    }\n}\n")


def names(found):
    rows = "".join(f'    ("{name}", 0x{code:02X}),\n' for _, code, name in found)
    return (rust.head("families.toml")
            + "\n/// The families that need permission, by name, in the order of their bits.\n"
            f"pub(super) const FAMILIES: [(&str, u8); {len(found)}] = [\n" + rows + "];\n")
