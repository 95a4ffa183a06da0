"""Writes the vectors of chapter 09 beside this file, the same on every run. Standard library only.

    python3 generate.py            writes the files
    python3 generate.py --check    writes nothing, fails when a file would change

An id is never given to another vector.
"""

import pathlib
import sys

import house
import signs

HERE = pathlib.Path(__file__).parent


def build(table):
    files = {}

    def file(name, prefix, make):
        vectors = house.Vectors(prefix)
        make(vectors, table)
        files[name] = vectors

    file("sign.json", "packed-sign", signs.sign_vectors)
    return files


def main():
    files = build(None)
    changed = []
    for name, vectors in files.items():
        path, text = HERE / name, vectors.text()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            changed.append(name)
            if "--check" not in sys.argv[1:]:
                path.write_text(text, encoding="utf-8")
    print(", ".join(f"{name}: {len(vectors.all)}" for name, vectors in files.items()))
    if changed and "--check" in sys.argv[1:]:
        sys.exit("would change: " + ", ".join(changed))


if __name__ == "__main__":
    main()
