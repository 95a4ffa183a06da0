"""A file of vectors: one vector a line, members in a fixed order, each answered before it is written."""

import json
import sys

from conventions import Refused


def to_json(value):
    """Octets to hex; everything else as it is."""
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    if isinstance(value, dict):
        return {k: to_json(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(v) for v in value]
    return value


class Book:
    """`kinds` are functions from a vector's "in" to its "out", or a refusal."""

    def __init__(self, folder, name, chapter, kinds):
        self.prefix, self.name, self.chapter, self.kinds = f"{folder}-{name.replace('_', '-')}", name, chapter, kinds
        self.vectors = []

    def _add(self, kind, comment, given, result, answer, spec):
        self.vectors.append({
            "id": f"{self.prefix}-{len(self.vectors) + 1:03d}", "comment": comment,
            "spec": spec or f"{self.chapter}.md", "kind": kind, "in": to_json(given), "result": result, **answer,
        })  # fmt: skip

    def valid(self, kind, comment, given, spec=None, **expected):
        """What is expected is stated, and must be what the kind's function says."""
        given = to_json(given)
        try:
            out = to_json(self.kinds[kind](given))
        except Refused as refusal:
            raise AssertionError(f"{self.prefix}: {comment}: {refusal}") from None
        for name, value in to_json(expected).items():
            assert out[name] == value, (self.prefix, comment, name, out[name])
        self._add(kind, comment, given, "valid", {"out": out}, spec)
        return out

    def invalid(self, kind, error, field, comment, given, spec=None, offset=None):
        """With an offset, where a chapter leaves no choice of what is noticed where."""
        given = to_json(given)
        try:
            out = self.kinds[kind](given)
        except Refused as refusal:
            assert (refusal.kind, refusal.field) == (error, field), (self.prefix, comment, refusal)
            assert offset is None or refusal.offset == offset, (self.prefix, comment, refusal)
        else:
            raise AssertionError(f"{self.prefix}: {comment}: not refused: {to_json(out)}")
        where = {} if offset is None else {"offset": offset}
        self._add(kind, comment, given, "invalid", {"error": {"kind": error, "field": field} | where}, spec)

    def text(self):
        lines = ",\n".join(json.dumps(vector) for vector in self.vectors)
        return f'{{"schema": "chappe-vectors/1", "chapter": "{self.chapter}", "vectors": [\n{lines}\n]}}\n'


def write(books, folder):
    """Writes the files, or with --check tells which would change."""
    changed = []
    for book in books:
        path = folder / f"{book.name}.json"
        if "--check" in sys.argv:
            if not path.exists() or path.read_text("ascii") != book.text():
                changed.append(path.name)
        else:
            path.write_text(book.text(), "ascii", newline="\n")
        bad = sum(v["result"] == "invalid" for v in book.vectors)
        print(f"{path.name}: {len(book.vectors)} vectors, {bad} of them invalid")
    if changed:
        sys.exit("these files would change: " + ", ".join(changed))
