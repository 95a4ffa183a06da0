"""Rust as rustfmt leaves it, so that generated files need no other program."""

WIDTH = 100


def head(source):
    return f"//! Generated from spec/tables/{source} by spec/tables/generate.py; change it there.\n"


def array(declared, before, elements, after, indent=""):
    """`declared = before[elements]after;`: on one line, broken at the `=`, or in filled lines."""
    value = f"{before}[{', '.join(elements)}]{after};"
    if len(indent) + len(declared) + 3 + len(value) <= WIDTH:
        return f"{indent}{declared} = {value}\n"
    if len(indent) + 4 + len(value) <= WIDTH:
        return f"{indent}{declared} =\n{indent}    {value}\n"
    inside = filled(elements, indent + "    ")
    return f"{indent}{declared} = {before}[\n{inside}{indent}]{after};\n"


def filled(elements, indent):
    """Short elements, as many on a line as it holds."""
    lines = [indent]
    for element in elements:
        if lines[-1] == indent:
            lines[-1] += element + ","
        elif len(lines[-1]) + len(element) + 2 <= WIDTH:
            lines[-1] += f" {element},"
        else:
            lines.append(f"{indent}{element},")
    return "\n".join(lines) + "\n"


def call(declared, before, arguments, after):
    """`declared = before arguments after;`, an argument a line if it is too long."""
    line = f"{declared} = {before}{', '.join(arguments)}{after};"
    if len(line) <= WIDTH:
        return line + "\n"
    inside = "".join(f"    {argument},\n" for argument in arguments)
    return f"{declared} = {before}\n{inside}{after};\n"


def lines(declared, elements):
    """An array of names: on one line, or one on each."""
    line = f"{declared} = [{', '.join(elements)}];"
    if len(line) <= WIDTH:
        return line + "\n"
    return f"{declared} = [\n" + "".join(f"    {element},\n" for element in elements) + "];\n"
