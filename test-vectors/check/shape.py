"""What every file of vectors looks like (test-vectors/README.md), whatever it is about."""

import json
import re

from judge import Mismatch, agree, same
from refusal import KINDS

SCHEMA = "chappe-vectors/1"
FILE = {"schema", "chapter", "vectors"}
MEMBERS = {"id", "comment", "spec", "kind", "in", "result"}
# A relay answers and closes with names of its own (chapter 06, Reasons and Closing); the last is registered nowhere yet.
ERRORS = KINDS | {
    "not_your_mailbox", "no_route", "bad_delegation", "delegation_expired", "malformed", "protocol_error", "no_common_version",
    "not_admitted", "bad_consistency",
}  # fmt: skip
# Kinds whose only answer is that they hold.
WITHOUT_ANSWER = {"evidence", "inclusion_check", "consistency_check"}
NUMBER_LIMIT = 2**32


def once(pairs):
    found = dict(pairs)
    agree(len(found) == len(pairs), "a member twice")
    return found


def whole(digits):
    agree(len(digits) <= 11 and -NUMBER_LIMIT // 2 <= int(digits) < NUMBER_LIMIT, f"the number {digits[:20]}")
    return int(digits)


def no_number(text):
    raise Mismatch(f"the number {text}")


def parse(text):
    """JSON without members given twice, floats, or numbers that not every reader has."""
    try:
        return json.loads(
            text, object_pairs_hook=once, parse_int=whole, parse_float=no_number, parse_constant=no_number
        )
    except (ValueError, RecursionError) as error:
        raise Mismatch(f"no JSON: {error}") from None


def anchors(chapter):
    """The headings of a chapter, as a link to one spells them."""
    headings = re.findall(r"^#+ (.*)$", chapter, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


class Shape:
    """All files share their ids: none stands for two vectors."""

    def __init__(self, spec):
        self.chapters = {path.name: anchors(path.read_text("utf-8")) for path in spec.glob("*.md")}
        self.ids = set()

    def check_file(self, found):
        agree(FILE <= set(found) <= FILE | {"count"}, f"members of the file: {sorted(found)}")
        same("schema", found["schema"], SCHEMA)
        agree(f"{found['chapter']}.md" in self.chapters, f"no chapter {found['chapter']}")
        agree(isinstance(found["vectors"], list) and found["vectors"], "no vectors")
        same("count", len(found["vectors"]), found.get("count", len(found["vectors"])))

    def check_id(self, vector):
        agree(isinstance(vector, dict) and isinstance(vector.get("id"), str), "a vector without id")
        agree(vector["id"] not in self.ids, "an id for the second time")
        self.ids.add(vector["id"])

    def check_vector(self, vector):
        answer = {"valid": "out", "invalid": "error"}.get(vector.get("result"))
        agree(answer, f"result {vector.get('result')!r}")
        silent = answer == "out" and vector.get("kind") in WITHOUT_ANSWER and "out" not in vector
        wanted = MEMBERS | (set() if silent else {answer})
        same("members", sorted(vector), sorted(wanted))
        for member in ("comment", "spec", "kind"):
            agree(isinstance(vector[member], str) and vector[member], f"no {member}")
        self.check_spec(vector["spec"])
        agree(isinstance(vector["in"], dict), "in is no object")
        if answer == "error":
            self.check_error(vector["error"])

    def check_spec(self, link):
        chapter, _, anchor = link.partition("#")
        agree(chapter in self.chapters, f"no chapter {chapter}")
        agree(not anchor or anchor in self.chapters[chapter], f"no heading {anchor} in {chapter}")

    @staticmethod
    def check_error(error):
        agree(isinstance(error, dict) and "kind" in error, "error without a kind")
        agree(set(error) <= {"kind", "field", "offset"}, f"members of error: {sorted(error)}")
        agree(error["kind"] in ERRORS, f"error {error['kind']!r} is registered nowhere")
        agree(type(error.get("offset", 0)) is int and isinstance(error.get("field", ""), str), "field or offset")
