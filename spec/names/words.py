#!/usr/bin/env python3
"""Checks the lists of verification words (chapter 10): words.py [--check]

1,024 words a list, one a line, in alphabetical order, of four to seven letters; no two begin with the same
four letters or are within one insertion, deletion or exchange of a letter. Accents do not count: who
types or hears a word need not know them. Standard library only."""

import pathlib
import sys
import unicodedata

COUNT, SHORTEST, LONGEST, PREFIX = 1024, 4, 7, 4


def bare(word):
    apart = unicodedata.normalize("NFD", word.replace("œ", "oe"))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def within_one(one, other):
    """Whether at most one inserted, deleted or exchanged letter lies between them."""
    if len(one) > len(other):
        one, other = other, one
    if len(other) - len(one) > 1:
        return False
    for at, (a, b) in enumerate(zip(one, other)):
        if a != b:
            return other[at + 1 :] in (one[at:], one[at + 1 :])
    return True


def flaws(text):
    words = text.split("\n")[:-1]
    plain = [bare(word) for word in words]
    if not text.endswith("\n") or len(words) != COUNT:
        yield f"{len(words)} words, not {COUNT}"
    if plain != sorted(plain):
        yield "not in alphabetical order"
    for word, letters in zip(words, plain):
        whole = unicodedata.is_normalized("NFC", word) and letters.isascii() and letters.isalpha() and letters.islower()
        if not whole or not SHORTEST <= len(word) <= LONGEST:
            yield f"{word}: not {SHORTEST} to {LONGEST} small letters"
    for at, one in enumerate(plain):
        for other in plain[:at]:
            if one[:PREFIX] == other[:PREFIX] or within_one(one, other):
                yield f"{other} and {one} are too much alike"


def main():
    wrong = 0
    for path in sorted(pathlib.Path(__file__).parent.glob("words.*.txt")):
        for flaw in flaws(path.read_text("utf-8")):
            print(f"{path.name}: {flaw}")
            wrong += 1
    sys.exit(f"{wrong} flaws" if wrong else 0)


if __name__ == "__main__":
    main()
