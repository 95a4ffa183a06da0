"""Writes everything that follows from the tables; with --check says whether anything would change.

    generate.py            write
    generate.py --check    compare, for CI
    generate.py --example  register an experimental family in a copy and look for it everywhere

What is made of what: README.md of this folder. Python 3.11, standard library only.
"""

import sys

from generators import (example, lua, markdown, packed_codes, permitted, schemas,
                        signal_fields, text_model)
from generators.source import Tables


def outputs(tables):
    """Each generated file, from the repository's root, and its octets."""
    files = {
        "codec/src/signal/layout/fields.rs": signal_fields.generate(tables),
        "codec/src/packing/codes.rs": packed_codes.generate(tables),
        "spec/wireshark/chappe_tables.lua": lua.generate(tables),
    }
    files |= schemas.generate(tables)
    files |= markdown.generate(tables)
    files |= text_model.generate(tables)
    files |= permitted.generate(tables)
    return {path: text if isinstance(text, bytes) else text.encode()
            for path, text in files.items()}


def write(root, files):
    for path, octets in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(octets)


def differing(root, files):
    """What is not as made, and schemas that nothing makes any more."""
    wrong = [path for path, octets in files.items()
             if not (root / path).exists() or (root / path).read_bytes() != octets]
    schemas_there = {f"spec/schema/{path.name}" for path in (root / "spec/schema").iterdir()}
    return wrong + sorted(schemas_there - set(files))


def main():
    tables = Tables()
    if sys.argv[1:] == ["--example"]:
        return example.run(outputs, write)
    files = outputs(tables)
    if sys.argv[1:] == ["--check"]:
        wrong = differing(tables.root, files)
        for path in wrong:
            print(f"tables: {path} is not as generated; run python3 spec/tables/generate.py")
        print(f"tables: {len(files)} files, {len(wrong)} differ")
        return 1 if wrong else 0
    write(tables.root, files)
    print(f"tables: {len(files)} files written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
