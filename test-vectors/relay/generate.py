"""Writes the vectors of chapter 06 beside itself; with --check only says whether they would change.

Plain Python, nothing to install. The formats are written here once more from spec/06-relay.md; each
vector states what it expects, and the readers here must answer exactly that or nothing is written.
"""

import pathlib
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import books_formats  # noqa: E402
import books_messages  # noqa: E402
import books_node  # noqa: E402
import books_queue  # noqa: E402
import books_session  # noqa: E402
import ed25519  # noqa: E402
import sums  # noqa: E402
from book import write  # noqa: E402


def main():
    ed25519.check_known_answer()
    write([
        books_formats.addresses(), books_formats.rotations(), books_formats.parcels(), books_formats.delegations(),
        books_formats.leases(), books_formats.invitations(), books_formats.sizes(),
        books_messages.client_messages(), books_messages.relay_messages(),
        sums.sums(), books_node.accesses(), books_node.duplicates(), books_session.sessions(),
        books_queue.routes(), books_queue.queues(),
    ], HERE)  # fmt: skip


main()
