#!/usr/bin/env python3
"""Checks the test vectors against readers written from the spec alone: vectors.py [--verbose] [--damage N]

All files of vectors are checked for their shape; those of the folders in READ are read. Prints counts by file
and kind and exits 0, or names what does not agree and exits 1. Python 3.11 and the package cryptography."""

import argparse
import pathlib
import random
import sys
from collections import Counter
from typing import NamedTuple

sys.dont_write_bytecode = True
import kinds_codec  # noqa: E402
import kinds_cryptography  # noqa: E402
import kinds_identity  # noqa: E402
import kinds_open  # noqa: E402
import kinds_packed  # noqa: E402
import kinds_relay  # noqa: E402
import kinds_session  # noqa: E402
import kinds_signal  # noqa: E402
import kinds_store  # noqa: E402
import kinds_vault  # noqa: E402
from damage import damaged  # noqa: E402
from judge import Mismatch, agree  # noqa: E402
from shape import SCHEMA, Shape, parse  # noqa: E402

VECTORS = pathlib.Path(__file__).resolve().parent.parent
SPEC = VECTORS.parent / "spec"
OPEN = "whiteflag/open.jsonl"
# What is read and not only looked at. Every file here must be known, and each kind in it.
READ = {
    "whiteflag": kinds_signal.KINDS | kinds_cryptography.KINDS, "packed": kinds_packed.KINDS,
    "codec": kinds_codec.KINDS, "identity": kinds_identity.KINDS, "session": kinds_session.KINDS,
    "vault": kinds_vault.KINDS, "relay": kinds_relay.KINDS,
    "store": kinds_store.KINDS,
}  # fmt: skip
WHITEFLAG = {OPEN, *(f"whiteflag/{name}.json" for name in ("cryptography", "notation", "rules", "thread", "wire"))}
# The standards' own test values, in a shape of their own: primitives/check.py computes them.
PRIMITIVES = "primitives"
# Where this program reads the spec otherwise and nobody has settled it yet.
DISPUTED = {}
NO_VECTORS = {".md", ".py"}
# What a vector without the members of its kind, or a table that is not there, leads to.
UNFORESEEN = (AttributeError, IndexError, KeyError, OSError, TypeError, ValueError)


class Kind(NamedTuple):
    check: object
    results: tuple  # those it knows
    determined: tuple  # members of which no value can change without another


class Run:
    def __init__(self, verbose):
        self.verbose = verbose
        self.shape = Shape(SPEC)
        self.counts = Counter()
        self.checked = []  # (file, check, members, vector), for the damage
        self.wrong = 0

    def report(self, where, error):
        self.wrong += 1
        print(f"{where}: {error}")

    def attempt(self, where, step, *given):
        """Runs one step; what does not agree is reported."""
        try:
            return step(*given)
        except Mismatch as mismatch:
            self.report(where, mismatch)
        except UNFORESEEN as error:
            self.report(where, f"cannot be checked: {error!r}")

    def count(self, file, kind, state):
        self.counts[file, kind, state] += 1


def check_read(run, file, vector, kinds):
    """One vector of a folder that is read."""
    agree(vector["kind"] in kinds, f"unknown kind {vector['kind']!r}")
    kind = Kind(*kinds[vector["kind"]])
    agree(vector["result"] in kind.results, f"a {vector['kind']} that is {vector['result']}")
    if vector["id"] in DISPUTED:
        return check_disputed(run, file, vector, kind)
    if kind.check(vector) == "waits":
        return run.count(file, vector["kind"], "wait for a library with ML-KEM")
    run.count(file, vector["kind"], "agree")
    run.checked.append((file, kind.check, kind.determined, vector))


def check_disputed(run, file, vector, kind):
    """Once it is settled, it is disputed no more."""
    try:
        kind.check(vector)
    except Mismatch as mismatch:
        print(f"{file}: {vector['id']} is disputed: {DISPUTED[vector['id']]}. {mismatch}")
        return run.count(file, vector["kind"], "disputed")
    raise Mismatch("agrees, and is no longer disputed")


def check_vector(run, file, vector, kinds):
    run.shape.check_vector(vector)
    if kinds is None:
        run.count(file, vector["kind"], "only looked at")
    else:
        check_read(run, file, vector, kinds)


def check_each(run, file, vectors, check, *more):
    for n, vector in enumerate(vectors):
        where = f"{file}: {vector.get('id', n) if isinstance(vector, dict) else n}"
        before = run.wrong
        run.attempt(where, run.shape.check_id, vector)
        if run.wrong == before:
            run.attempt(where, check, run, file, vector, *more)
        if run.verbose and run.wrong == before:
            print(f"{where}: {vector['kind']}, {vector.get('comment', vector.get('tag', ''))}")


def check_file(run, path):
    file = path.relative_to(VECTORS).as_posix()
    found = run.attempt(file, parse, path.read_text("utf-8"))
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        return run.report(file, "no file of vectors")
    before = run.wrong
    run.attempt(file, run.shape.check_file, found)
    if run.wrong == before:
        check_each(run, file, found["vectors"], check_vector, READ.get(path.parent.name))


def check_open_vector(run, file, vector):
    kind = vector["kind"]
    agree(kind in kinds_open.KINDS, f"unknown kind {kind!r}")
    check, determined = kinds_open.KINDS[kind]
    check(vector)
    run.count(file, kind, "agree")
    run.checked.append((file, check, determined, vector))


def check_open(run):
    lines = (VECTORS / OPEN).read_text("utf-8").splitlines()
    vectors = [run.attempt(f"{OPEN}: line {n}", parse, line) for n, line in enumerate(lines)]
    check_each(run, OPEN, [vector for vector in vectors if vector], check_open_vector)


def check_folders(run):
    """Nothing in a folder that is read goes unread."""
    for folder in READ:
        for path in sorted((VECTORS / folder).glob("*")):
            file = path.relative_to(VECTORS).as_posix()
            known = file in WHITEFLAG if folder == "whiteflag" else path.suffix == ".json"
            if path.is_file() and not known and path.suffix not in NO_VECTORS:
                run.report(file, "unknown file")


def check_damage(run, wanted, seed):
    """Each damaged vector must be refused."""
    chance = random.Random(seed)
    candidates = [one for one in run.checked if one[2]]
    for file, check, members, vector in chance.choices(candidates, k=wanted):
        found = damaged(vector, members, chance)
        if found is None:
            continue
        try:
            check(found[0])
        except (Mismatch, *UNFORESEEN):
            run.count("damaged", file, "refused")
        else:
            run.report(f"{file}: {vector['id']}", f"{found[1]} was damaged, and nobody noticed")


def check_damaged_messages(run, wanted, seed):
    """Relay messages cut or flipped in their octets: none may be taken for what it is not."""
    chance = random.Random(seed)
    messages = [(file, vector) for file, _, _, vector in run.checked
                if vector["kind"] in kinds_relay.MESSAGES and vector["result"] == "valid"]  # fmt: skip
    for file, vector in chance.choices(messages, k=wanted if messages else 0):
        taken = kinds_relay.wrongly_taken(vector, chance)
        if taken:
            run.report(f"{file}: {vector['id']}", f"{taken}, and taken for what it is not")
        else:
            run.count(file, "octets flipped or cut", "none wrongly taken")


def show(run):
    for (file, kind, state), count in sorted(run.counts.items()):
        print(f"{count:6} {file} {kind}: {state}")
    for state in sorted({state for _, _, state in run.counts}):
        print(f"{sum(count for key, count in run.counts.items() if key[2] == state):6} {state}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--verbose", action="store_true", help="name every vector")
    arguments.add_argument("--damage", type=int, default=0, metavar="N", help="damage N of them; all must be refused")
    arguments.add_argument("--seed", type=int, default=1, help="which of them, and how")
    given = arguments.parse_args()
    run = Run(given.verbose)
    check_folders(run)
    for path in sorted(VECTORS.rglob("*.json")):
        if path.parent.name != PRIMITIVES:
            check_file(run, path)
    check_open(run)
    check_damage(run, given.damage, given.seed)
    check_damaged_messages(run, 10 * given.damage, given.seed)
    show(run)
    if run.wrong:
        sys.exit(f"{run.wrong} do not agree")


if __name__ == "__main__":
    main()
