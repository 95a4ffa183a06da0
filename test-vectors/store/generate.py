"""Writes the vectors of chapter 15 beside itself; with --check only says whether they would change.

Plain Python, nothing to install. What is written is built from spec/15-store.md; what is expected is stated by who built
it. `test-vectors/check` reads it by a program of its own.
"""

import pathlib
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE))
import books_cluster  # noqa: E402
import books_folder  # noqa: E402
from book import write  # noqa: E402

write([books_folder.folders(), books_cluster.records(), books_cluster.messages(), books_cluster.streams()], HERE)
