"""Writes the vectors of this folder: accounts, devices and cards (chapter 10), and what a device signs (03, 04).

    python3 generate.py            writes the files beside this one
    python3 generate.py --check    writes nothing, fails when a file would change

Python 3.11 or newer, standard library only. Made from the chapters alone.
"""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "codec")]
sys.dont_write_bytecode = True
import accounts  # noqa: E402
import cards  # noqa: E402
import ed25519  # noqa: E402
import prekeys  # noqa: E402
import signed  # noqa: E402
import x25519  # noqa: E402
from book import write  # noqa: E402


def main():
    ed25519.check_known_answer()
    x25519.check_known_answer()
    write([*accounts.books(), *cards.books(), *prekeys.books(), *signed.books()], HERE)


if __name__ == "__main__":
    main()
