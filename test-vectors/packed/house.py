"""The form of a file of vectors: one vector a line, members in a fixed order."""

import hashlib
import json

SPEC = "09-packed.md"


class Vectors:
    def __init__(self, prefix):
        self.prefix, self.all = prefix, []

    def add(self, comment, kind, given, out=None, error=None, spec=SPEC):
        vector = {"id": f"{self.prefix}-{len(self.all) + 1:03d}", "comment": comment, "spec": spec,
                  "kind": kind, "in": given, "result": "invalid" if error else "valid"}
        if error:
            vector["error"] = dict(zip(("kind", "field", "offset"), error))
        else:
            vector["out"] = out
        self.all.append(vector)

    def text(self):
        lines = ",\n".join(json.dumps(vector) for vector in self.all)
        return ('{"schema": "chappe-vectors/1", "chapter": "09-packed", "vectors": [\n'
                f"{lines}\n]}}\n")


def draw(name, count):
    """A number from 0 to count - 1 that depends on the name alone."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % count


def hash_of(name):
    return hashlib.sha256(name.encode()).hexdigest()
