"""Writes the vectors of chapter 09 beside this file, the same on every run. Standard library only.

    python3 generate.py            writes the files
    python3 generate.py --check    writes nothing, fails when a file would change

An id is never given to another vector.
"""

import pathlib
import sys

from bits import CODES
import house
import invalid
from look import verdict
from packed import ZERO, Body
import repeats
import signs
import texts
import words

HERE = pathlib.Path(__file__).parent


def build(table):
    files = {}

    def file(name, prefix, make):
        vectors = house.Vectors(prefix)
        make(vectors, table)
        files[name] = vectors

    file("sign.json", "packed-sign", signs.sign_vectors)
    file("other.json", "packed-other", words.other_vectors)
    file("repeat.json", "packed-repeat", repeats.repeat_vectors)
    file("reference.json", "packed-reference", repeats.item_vectors)
    file("text.json", "packed-text", words.text_vectors)
    file("invalid.json", "packed-invalid", invalid.invalid_vectors)
    return files


def self_test(files, table):
    """Laws, and that a second look at all valid vectors finds what went in."""
    codes = {(code, symbol) for code, words_ in CODES.items() for symbol in words_ if code != "text"}
    assert codes == Body.seen, codes ^ Body.seen
    for vector in (vector for vectors in files.values() for vector in vectors.all):
        given, out, name = vector["in"], vector.get("out"), vector["id"]
        if vector["result"] == "invalid":
            continue
        octets = out.get("body", out["octets"])
        if vector["kind"] in ("packed", "repeat"):
            assert len(octets) // 2 == (out["bits"] + 7) // 8, name
        if vector["kind"] == "text" or given.get("family") == 4:
            assert verdict(octets, table, family=4) == (given["text"], False), name
            assert len(octets) // 2 <= len(given["text"].encode()) + 1, name
            continue
        fields = {**(given["fields"] if "fields" in given else out["fields"]), "ReferencedMessage": ZERO}
        found, repeat = verdict(octets, table)
        assert found == ({k: fields[k] for k in found} if repeat else fields), name
        assert len(found) == len(fields) or repeat, name
        assert not repeat or len(octets) // 2 <= 2, name
        assert repeat == (vector["kind"] == "repeat" or given.get("repeat", False)), name
        original = vector["kind"] == "packed" and fields["ReferenceIndicator"] == "0" and \
            fields["DuressIndicator"] == "0"
        if original and fields["MessageCode"] == "K":
            assert len(octets) // 2 <= len(fields["CryptoData"]) // 2 + 2, name
        if original and fields["MessageCode"] == "F":
            assert len(octets) // 2 <= len(fields["Text"]) + 2, name


def main():
    table = texts.Table()
    files = build(table)
    self_test(files, table)
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
