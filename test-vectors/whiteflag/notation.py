"""The vectors of notation.json: a reader and judge of the notation of its own, written from the
section "Notation" of spec/01-signal.md and the tables of 5.4.1 of the standard. Standard library only.
generate.py writes the file. An id is never given to another vector.
"""

import re

SPEC = "01-signal.md"
CODES = "AKTPEDSIMQRF"
ONE_DIGIT, NO_DIGITS, PARTS = "AR", "FT", "PDQM"

# 5.4.1.1: a row for each referencing message, its columns in this order.
COLUMNS = "PEDSIQMFRAKT"
ROWS = """
P 12346789 - - - 35 - 35 - - - - -
E - 123467 35 5 - - 5 - - - - -
D 5 - 1234679 - 5 - 5 - - - - -
S 35 - - 12467 35 - - - - - - -
I - - - - 123467 - - - - - - -
Q - 5 5 - - 1234789 - - - - - -
M - 5 5 - - 3 12347 - - - - -
F 3 3 3 3 3 3 3 1234 3 - - -
R 3 3 3 3 3 3 3 3 1234 - - -
A - - - - - - - - - 123467 - -
K 3 3 3 3 3 3 3 3 3 3 1234 -
"""
BY_TYPE = {(row.split()[0], column): cell for row in ROWS.split("\n") if row
           for column, cell in zip(COLUMNS, row.split()[1:])}
# 5.4.1.2: a row for each indicator of the referencing message, a column for each of the referenced.
BY_INDICATOR = ["XXXXXXXXXX", "SSSSSSSSSS", "SXXSXSXXXX", "SXSXXSXXXX", "SXXXXSSXSS",
                "BXXXXBXXXX", "OXOOOOXXXX", "OXOXXOXXOO", "OXOXXOXXXX", "OXOXXOXXXX"]

MESSAGE = re.compile(
    r"(?P<open>\[)?(?P<code>[A-Z])(?::(?P<tested>[A-Z]))?(?P<subject>[0-9A-Fa-f]{1,2})?"
    r"(?:\((?P<indicator>[0-9A-Fa-f])\)(?P<late>[0-9][0-9A-Fa-f]?)?"
    r"(?P<originator>[A-Za-z][A-Za-z0-9_-]{0,31})?)?(?(open)\])")
LINK = re.compile(r" *(?P<gap>\.\.\.)? *(?P<pointer><*) *")


def read(text):
    """The messages of a text that is notation."""
    messages, at = [], 0
    while at < len(text):
        link = LINK.match(text, at)
        found = MESSAGE.match(text, link.end())
        assert found, (text, link.end())
        subject = found["subject"] or found["late"]
        messages.append({
            "gap": bool(link["gap"]), "back": len(link["pointer"]) or None,
            "encrypted": bool(found["open"]), "code": found["code"], "tested": found["tested"],
            "subject": subject and subject.upper().zfill(2),
            "indicator": found["indicator"] and found["indicator"].upper(),
            "originator": found["originator"]})
        at = found.end()
    return messages


def write(messages):
    words = []
    for one in messages:
        words += ["..."] * one["gap"] + ["<" * (one["back"] or 0)] * bool(one["back"])
        word = one["code"] + (":" + one["tested"] if one["tested"] else "") + (one["subject"] or "")
        word += f"({one['indicator']})" if one["indicator"] else ""
        word += one["originator"] or ""
        words.append(f"[{word}]" if one["encrypted"] else word)
    return " ".join(words)


def possible(one, other, same):
    """The rule that forbids `one` to refer to `other`, or None."""
    indicator = one["indicator"]
    if one["code"] == "T":
        return None
    if indicator == "0":
        return "5.4.1.2"
    if indicator not in BY_TYPE[one["code"], other["code"]]:
        return "5.4.1.1"
    by = BY_INDICATOR[int(indicator)]
    cell = by[int(other["indicator"])] if other["indicator"].isdigit() else "X"
    return None if cell == "B" or cell == ("S" if same else "O") else "5.4.1.2"


def verdict(one, other):
    if other is None or not one["indicator"] or not other["indicator"]:
        return {"verdict": "unknown"}
    same, differ = possible(one, other, True), possible(one, other, False)
    if one["originator"] and other["originator"]:
        rule = same if one["originator"] == other["originator"] else differ
        return {"verdict": "forbidden", "rule": rule} if rule else {"verdict": "allowed"}
    if same and differ:
        return {"verdict": "forbidden", "rule": same}
    if same or differ:
        return {"verdict": "other_only" if same else "same_only"}
    return {"verdict": "allowed"}


def judge(messages):
    references, added = [], set()
    for number, one in enumerate(messages):
        if not one["back"]:
            continue
        target = number - one["back"]
        other = messages[target] if target >= 0 else None
        judged = verdict(one, other)
        once = (other and one["indicator"] == "3" and one["code"] == other["code"] != "T"
                and judged["verdict"] in ("allowed", "same_only")
                and not (one["code"] in PARTS and other["indicator"] == "0"
                         and (not one["subject"] or not other["subject"]
                              or one["subject"] == other["subject"])))
        if once and target in added:
            judged = {"verdict": "forbidden", "rule": "5.4.1.2"}
        elif once:
            added.add(target)
        references.append({"from": number, "to": target if target >= 0 else None, **judged})
    return references


# Every sequence the standard writes down, and what it comes to; one word for each pointer, chosen
# by hand: ok, same, other (only by that originator), unknown, type (5.4.1.1), indicator (5.4.1.2).
STANDARD = [
    ("2.7", "T", ""), ("2.7", "E01", ""), ("2.7", "A(2)", ""), ("2.7", "[Q(0)14]", ""),
    ("2.7", "A(0)X", ""), ("2.7", "P31(0)H < D10(5)X", "ok"),
    ("2.7", "P31(0)H < D10(5)X < D10(4)X <<< S23(5)H", "ok ok ok"),
    ("5.4.1.2", "S(0) < R(3) < R(3)", "same indicator"),
    ("5.4.1.2", "... < [F(3)] < K11(3) << [F(3)] < K11(3)", "unknown indicator indicator indicator"),
    ("5.4.1.2", "... < R(3) < R(3) << R(3)", "unknown indicator indicator"),
    ("5.4.1.2", "D(0) < D(3) << D(3) <<< D(3)", "same same same"),
    ("5.4.2.1", "A01(0)X < A01(3)X << A01(6)Y <<< A01(2)X < A01(3)X <<<<< A01(4)X",
     "ok ok ok ok ok"),
    ("5.4.2.2", "P10(0) < P10(2) << R01(3) <<< P10(4)", "same same same"),
    ("5.4.2.3", "D32(0)X < D43(5)X << E12(5)X << S26(5)Y <<< S25(5)Z", "type ok type type"),
    ("5.4.2.3", "D15(0)X < E01(5)Y < E01(4)Y <<< S11(5)Y", "ok ok type"),
    ("5.4.2.3", "D52(0)X < R01(5)A << R01(5)B <<< R01(5)C", "type type type"),
    ("5.4.2.4", "D21(0)X < D21(6)Y << D21(6)Z", "ok ok"),
    ("5.4.2.4", "D21(0)X < D21(6)Y < D21(4)Y", "ok ok"),
    ("5.4.2.5", "D21(0) < D21(3) << D21(3)", "same same"),
    ("5.4.2.6", "D21(0)X < D21(2)X < D21(7)Y", "ok ok"),
    ("5.4.2.6", "Q20(0)X < Q20(9)Y < Q20(7)X", "ok ok"),
    ("5.4.2.7", "E11(0)X < E11(8)Y", "type"),
    ("5.4.2.7", "P02(0)X < P02(8)Y << P02(8)Z", "ok ok"),
    ("5.4.2.8", "Q20(0)X < Q20(9)Y", "ok"), ("5.4.2.8", "D21(0)X < D21(9)Y", "ok"),
    ("Annex F 1", "Q20(0)A < Q20(3)A ... << Q(7) <<< Q(8) ... <<<< Q(9)",
     "ok other other other"),
    ("Annex F 1", "P11(5) < M(5)", "type"),
    ("Annex F 2", "I(0) < I(6) ... P31(0) < P31(6)", "other other"),
    ("Annex F 2", "P31(0) < P31(8) << S(5) ... < S(2)", "other ok same"),
    ("Annex F 2", "P52(0)C < D11(5)", "ok"),
    ("Annex F 3", "D21(0)A < D21(6)U < R(3)U ... < R(2)U", "ok indicator ok"),
    ("Annex F 5", "Q(0)A < F(3)A << Q(8)B <<< Q(8)C", "ok ok ok"),
    ("Annex F 6", "A2(0)A < P03(0)A < P03(6)M << P03(7)M", "indicator ok ok"),
    ("Annex F", "A2(0)", ""), ("Annex F", "A2(2)", ""), ("Annex F", "P03(0)", ""), ("Annex F", "Q(9)", ""),
]
WORDS = {"ok": {"verdict": "allowed"}, "same": {"verdict": "same_only"},
         "other": {"verdict": "other_only"}, "unknown": {"verdict": "unknown"},
         "type": {"verdict": "forbidden", "rule": "5.4.1.1"},
         "indicator": {"verdict": "forbidden", "rule": "5.4.1.2"}}

# Others, with what they come to.
OURS = [
    ("no spaces, many spaces", "P10(0)<P10(2)   <<    P10(4)", "same same"),
    ("lower-case digits", "Da5(0)x < DA5(2)x", "ok"),
    ("names are compared as they are written", "P10(0)x < P10(2)X", "indicator"),
    ("a subject behind the indicator, and a name", "Q(0)14X < Q14(2)X", "ok"),
    ("a letter behind the indicator begins a name", "Q(0)A0 < Q(0)0A", "indicator"),
    ("a method of one digit, before and behind", "A2(0)X < A(2)2X < R(3)1X", "ok type"),
    ("the originator inside the brackets", "[P10(0)X] < [P10(2)X]", "ok"),
    ("a name with everything a name may have", "P10(0)un-HQ_2", ""),
    ("a name of 32 characters", f"P10(0){'n' * 32}", ""),
    ("tests", "T(0)X < T:P10(2)Y < P10(6)X", "ok type"),
    ("a test of a free text and of a resource", "T:F(0) < T:R01(3)", "ok"),
    ("no indicator, no verdict", "P10 < P10(2) < P10", "unknown unknown"),
    ("indicators above 9", "P10(A)X < P10(f)X < P10(1)X", "type indicator"),
    ("past the first message of an open sequence", "... P10(0)X <<<< P10(2)X", "unknown"),
    ("a gap in the middle is not counted", "P10(0)X ... < P10(2)X", "ok"),
    ("an update of another's sign", "P10(0)X < P10(2)Y", "indicator"),
    ("a confirmation of one's own", "P10(0)X < P10(6)X", "indicator"),
    ("an infrastructure sign is added to once", "I11(0)X < I11(3)X << I11(3)X", "ok indicator"),
    ("once, whoever is not named", "I11(0) < I11(3) << I11(3)", "same indicator"),
    ("another's attempt does not use it up", "I11(0)X < I11(3)Y << I11(3)X <<< I11(3)X",
     "indicator ok indicator"),
    ("resources are added to a sign as often as needed", "P10(0)X < R01(3)X << R01(3)X", "ok ok"),
    ("a part of another subject is an addition", "D21(0)X < D22(3)X << D21(3)X <<< D20(3)X",
     "ok ok indicator"),
    ("parts belong to the original", "D21(0)X < D21(2)X < D21(3)X << D21(3)X", "ok ok indicator"),
    ("a recall of a recall", "P10(0)X < P10(1)X < P10(1)X", "ok ok"),
    ("an update of an update", "P10(0)X < P10(2)X < P10(2)X", "ok indicator"),
    ("tests add to a test as often as they like", "T(0)X < T(3)X << T(3)X", "ok ok"),
    ("64 messages", " < ".join(["P10(0)"] + ["P10(5)"] * 63), " ".join(["type"] * 63)),
    ("a pointer of 64", "... " + "<" * 64 + "P10(2)", "unknown"),
]

REFUSED = [
    ("nothing", "", "truncated", "message code", 0),
    ("a space before", " P10(0)", "bad_character", "message code", 0),
    ("a space behind", "P10(0) ", "trailing", "end", 6),
    ("a letter that is no code", "X10(0)", "unknown_code", "message code", 0),
    ("a code in lower case", "P10(0) < p10(2)", "unknown_code", "message code", 9),
    ("a character that is no code", "P10(0) < (2)", "bad_character", "message code", 9),
    ("a pointer to nothing", "< P10(2)", "unexpected", "pointer", 0),
    ("a pointer past the first", "P10(0) << P10(2)", "out_of_range", "pointer", 7),
    ("a gap in the middle opens nothing", "P10(0) ... << P10(2)", "out_of_range", "pointer", 11),
    ("nor for those behind it", "P10(0) ... P10(0) <<< P10(2)", "out_of_range", "pointer", 18),
    ("a pointer of 65", "... " + "<" * 65 + " P10(2)", "too_long", "pointer", 4),
    ("no pointer", "P10(0) P10(2)", "bad_literal", "pointer", 7),
    ("the other arrow", "P10(0) > P10(2)", "bad_literal", "pointer", 7),
    ("a pointer in two pieces", "P10(0) < P10(2) < < P10(4)", "bad_character", "message code", 18),
    ("a pointer and no message", "P10(0) <", "truncated", "message code", 8),
    ("a gap and no message", "P10(0) ...", "truncated", "message code", 10),
    ("two full stops", "P10(0) .. P10(0)", "bad_literal", "pointer", 7),
    ("two gaps", "... ... P10(0)", "bad_character", "message code", 4),
    ("one digit of a subject", "P1(0)", "too_short", "subject", 2),
    ("three digits of a subject", "P100(0)", "too_long", "subject", 3),
    ("a name without an indicator", "P10X", "bad_literal", "pointer", 3),
    ("one digit behind the indicator", "P(0)1X", "too_short", "subject", 5),
    ("two subjects", "Q14(0)14", "unexpected", "subject", 6),
    ("a subject of a free text", "F01(0)", "unexpected", "subject", 1),
    ("a subject of a free text, behind", "F(0)01", "unexpected", "subject", 4),
    ("a subject of a test of nothing", "T10(0)", "unexpected", "subject", 1),
    ("a method above F", "A10(0)", "out_of_range", "subject", 1),
    ("a method above F, behind", "R(0)1A", "out_of_range", "subject", 4),
    ("a test of a test", "T:T(0)", "unexpected", "message code", 2),
    ("a test of nothing known", "T:X(0)", "unknown_code", "message code", 2),
    ("a test's colon in a sign", "P:P10(0)", "bad_literal", "pointer", 1),
    ("no indicator in the parentheses", "P10()", "bad_character", "indicator", 4),
    ("an indicator that is no digit", "P10(g)", "bad_character", "indicator", 4),
    ("two digits of an indicator", "P10(12)", "too_long", "indicator", 5),
    ("parentheses not closed", "P10(0", "truncated", "indicator", 5),
    ("parentheses closed by a bracket", "P10(0]", "bad_literal", "indicator", 5),
    ("parentheses opened and no more", "P10(", "truncated", "indicator", 4),
    ("a name of 33 characters", f"P10(0){'n' * 33}", "too_long", "originator", 38),
    ("a name that is not ASCII", "P10(0)\u00c9 < P10(2)", "bad_literal", "pointer", 6),
    ("offsets count characters", "P10(0)\u00e9\u00e9", "bad_literal", "pointer", 6),
    ("brackets not closed", "[P10(0)", "truncated", "bracket", 7),
    ("brackets closed too late", "[P10(0) < P10(2)]", "bad_literal", "bracket", 7),
    ("brackets never opened", "P10(0)]", "bad_literal", "pointer", 6),
    ("brackets twice", "[[P10(0)]]", "bad_character", "message code", 1),
    ("a name behind the brackets", "[P10(0)]X", "bad_literal", "pointer", 8),
    ("a tabulator", "P10(0)\t< P10(2)", "bad_literal", "pointer", 6),
    ("65 messages", " < ".join(["P10(0)"] * 65), "too_long", "messages", 64 * 9 - 3),
]


def document():
    vectors = []

    def add(comment, text, **answer):
        vectors.append({"id": f"signal-notation-{len(vectors) + 1:03d}", "comment": comment,
                        "kind": "notation", "spec": SPEC, "in": {"text": text}, **answer})

    for comment, text, words in STANDARD + OURS:
        messages = read(text)
        references = judge(messages)
        by_hand = [WORDS[word] for word in words.split()]
        judged = [{key: one[key] for key in ("verdict", "rule") if key in one} for one in references]
        assert judged == by_hand, (text, judged)
        canonical = write(messages)
        assert read(canonical) == messages, text
        add(comment, text, result="valid",
            out={"canonical": canonical, "messages": messages, "references": references})
    for comment, text, kind, field, offset in REFUSED:
        add(comment, text, result="invalid",
            error={"kind": kind, "field": field, "offset": offset})
    return {"chapter": "01-signal", "schema": "chappe-vectors/1", "vectors": vectors}
