"""Writes the vectors of this folder: sessions (chapter 11) and the sealed classes (chapter 03).

    python3 generate.py            writes the files beside this one
    python3 generate.py --check    writes nothing, fails when a file would change

Python 3.11 or newer, standard library only. Made from the chapters alone.
"""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "codec")]
sys.dont_write_bytecode = True
import aes_gcm_siv  # noqa: E402
import derivations  # noqa: E402
import flights  # noqa: E402
import chains  # noqa: E402
import ratchets  # noqa: E402
import x25519  # noqa: E402
import x_wing  # noqa: E402
from book import write  # noqa: E402


def main():
    for module in (aes_gcm_siv, x25519, x_wing):
        module.check_known_answer()
    write([*derivations.books(), flights.book(), chains.book(), ratchets.book()], HERE)


if __name__ == "__main__":
    main()
