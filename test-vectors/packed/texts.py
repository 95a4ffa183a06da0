"""An independent encoder of texts (chapter 09), for any table of tokens of the described form."""

import json

from bits import CODES, TABLES, codewords, octets, plain

ESC = ("ESC",)  # no string, so that it is no token
FORMS = list(CODES["text"])
LIMIT = 2000
SWAP = {**{ord(c): c.upper() for c in map(chr, range(97, 123))},
        **{ord(c): c.lower() for c in map(chr, range(65, 91))}}


def swapped(text):
    """a-z and A-Z exchanged, nothing else."""
    return text.translate(SWAP)


class Table:
    def __init__(self, path=TABLES / "text" / "tokens.tsv"):
        rows = []
        for line in path.read_text(encoding="utf-8").split("\n"):
            if line and not line.startswith("#"):
                length, _, token = line.partition("\t")
                rows.append((ESC if token == "ESC" else json.loads(token), int(length)))
        lengths = [length for _, length in rows]
        assert lengths == sorted(lengths), "lines stand in the order of their codewords"
        self.words = codewords(rows)
        self.escape = self.words[ESC]
        self.tokens = {word: token for token, word in self.words.items()}
        self.sizes = {}  # of the tokens that begin with a character, the lengths, longest first
        for token in sorted((t for t in self.words if t is not ESC), key=len, reverse=True):
            sizes = self.sizes.setdefault(token[0], [])
            if len(token) not in sizes:
                sizes.append(len(token))
        self.known = {}
        assert lengths[-1] > 7, "the all-ones codeword is longer than any padding"

    def cost(self, piece):
        token, escaped = piece
        return len(self.escape) + 8 * len(token.encode()) if escaped else len(self.words[token])

    def pieces(self, text, at):
        """All (token, escaped) that can stand at this place, longest first, a token before ESC."""
        for size in self.sizes.get(text[at], ()):
            if text[at:at + size] in self.words and at + size <= len(text):
                yield text[at:at + size], False
        yield text[at], True

    def best(self, text):
        """(bits, pieces) of the one sequence the chapter asks for."""
        rest = [0] * (len(text) + 1)
        choice = [None] * len(text)
        for at in range(len(text) - 1, -1, -1):
            rest[at] = None
            for piece in self.pieces(text, at):
                cost = self.cost(piece) + rest[at + len(piece[0])]
                if rest[at] is None or cost < rest[at]:
                    rest[at], choice[at] = cost, piece
        path, at = [], 0
        while at < len(text):
            path.append(choice[at])
            at += len(choice[at][0])
        return rest[0], path

    def spell(self, path):
        return "".join(self.escape + octets(token.encode()) if escaped else self.words[token]
                       for token, escaped in path)


def forms(table, text):
    """{form: bits behind its codeword} of all forms the text can have, in the order of the table."""
    if text in table.known:
        return table.known[text]
    found = {"tokens": table.spell(table.best(text)[1]),
             "tokens, case swapped": table.spell(table.best(swapped(text))[1]),
             "octets": octets(text.encode())}
    for name, alphabet in (("lower digits", "0123456789abcdef"),
                           ("upper digits", "0123456789ABCDEF")):
        if text and len(text) % 2 == 0 and all(character in alphabet for character in text):
            found[name] = "".join(plain(alphabet.index(character), 4) for character in text)
    table.known[text] = found
    return found


def lengths(table, text):
    return {form: len(CODES["text"][form]) + len(bits) for form, bits in forms(table, text).items()}


def encode(table, text, form=None, path=None):
    """(form, bits). `form` and `path` force what a writer would not choose."""
    if path is not None:
        form = form or "tokens"
        return form, CODES["text"][form] + table.spell(path)
    found = forms(table, text)
    if form is None:
        size = {name: len(CODES["text"][name]) + len(bits) for name, bits in found.items()}
        form = min(FORMS, key=lambda name: (size.get(name, 1 << 30), FORMS.index(name)))
    return form, CODES["text"][form] + found[form]
