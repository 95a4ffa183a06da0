"""A file of vectors whose answers are stated by who built what is to be read."""

from book import Book, to_json

CHAPTER = "15-store"


class StatedBook(Book):
    def __init__(self, name):
        super().__init__("store", name, CHAPTER, {})

    def state(self, kind, section, comment, given, out):
        self._add(kind, comment, given, "valid", {"out": to_json(out)}, f"{CHAPTER}.md#{section}")

    def refuse(self, kind, section, error, field, comment, given):
        answer = {"error": {"kind": error, "field": field}}
        self._add(kind, comment, given, "invalid", answer, f"{CHAPTER}.md#{section}")
