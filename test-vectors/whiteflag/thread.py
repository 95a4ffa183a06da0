"""The vectors of thread.json. What each set of messages comes to was written down by hand from the
section "Threads" of spec/01-signal.md; nothing here computes it. generate.py writes the file.
An id is never given to another vector.

A message is written as `name NOTATION [-> name] [#counter | #peer:counter] [FIELD=value …]`, its id
being the name's octet 32 times. What is expected: pieces as `name role[:name] state [current
[undecided,…]]`, answers as `name kind to piece state`, refused ones as `name rule` or `name of name`.
"""

import re

SPEC = "01-signal.md"
AREA = {"ObjectType": "22", "ObjectLatitude": "+52.09070", "ObjectLongitude": "+005.12142",
        "ObjectSizeDim1": "0150", "ObjectSizeDim2": "0080", "ObjectOrientation": "090"}
POINT = {**AREA, "ObjectType": "40", "ObjectSizeDim1": "0000", "ObjectSizeDim2": "0000",
         "ObjectOrientation": "999"}
PERSON = {**POINT, "ObjectType": "10"}
MOVED = "ObjectLatitude=+52.10000"
ROUND = "ObjectType=21 ObjectSizeDim2=0000"
BLOCK = "ObjectType=32"
HOUSE = "ObjectType=40 ObjectSizeDim1=0000 ObjectSizeDim2=0000 ObjectOrientation=999"
NOWHERE = "ObjectLatitude=+99.99999 ObjectLongitude=+999.99999"
NOON = 1795176000  # 2026-11-20T12:00:00Z


def identifier(name):
    return f"{ord(name):02x}" * 32


def body(code, subject):
    if code in "AR":
        name = "Verification" if code == "A" else "Resource"
        return {f"{name}Method": subject[-1], f"{name}Data": "https://example.org/a"}
    if code == "K":
        return {"CryptoDataType": subject, "CryptoData": "00" * 16}
    if code == "F":
        return {"Text": "text"}
    return {"SubjectCode": subject, "DateTime": "2026-11-20T12:00:00Z", "Duration": "P00D00H00M",
            **(PERSON if (code, subject[0]) == ("S", "1") else POINT if code in "ES" else AREA)}


def message(line):
    found = re.fullmatch(
        r"(\w) (T:)?([A-Z])(\w\w)?\((\w)\)(\w)(?: -> (\w))?(?: #(?:(\w):)?(\d+))?((?: \w+=\S+)*)",
        line)
    assert found, line
    name, test, code, subject, indicator, account, to, peer, counter, changes = found.groups()
    fields = {"Prefix": "WF", "Version": "1", "EncryptionIndicator": "0", "DuressIndicator": "0",
              "MessageCode": "T" if test else code, "ReferenceIndicator": indicator,
              "ReferencedMessage": identifier(to) if to else "0" * 64}
    if test:
        fields["PseudoMessageCode"] = code
    fields.update(body(code, subject))
    for change in (changes or "").split():
        field, value = change.split("=", 1)
        assert field in fields, line
        fields[field] = value
    place = counter and {"peer": peer, "device": 0, "epoch": 0, "counter": int(counter)}
    return {"id": identifier(name), "account": account, "place": place, "fields": fields}


def piece(line):
    name, role, state, *rest = line.split()
    role, _, to = role.partition(":")
    current, undecided = (rest + [name, ""][len(rest):])[:2]
    return {"message": identifier(name), "role": role, "to": identifier(to) if to else None,
            "current": identifier(current),
            "undecided": [identifier(one) for one in undecided.split(",") if one], "state": state}


def response(line, accounts):
    name, kind, to, about, state = line.split()
    return {"message": identifier(name), "account": accounts[identifier(name)], "kind": kind,
            "to": identifier(to), "piece": identifier(about), "state": state}


def refused(line):
    name, reason, *of = line.split()
    return {"message": identifier(name),
            **({"because": identifier(of[0])} if of else {"rule": reason})}


VECTORS = []


def case(comment, messages, *threads, waiting="", refuse=(), tests="", now=None):
    messages = [message(line) for line in messages]
    accounts = {one["id"]: one["account"] for one in messages}
    all_threads = [{"pieces": [piece(line) for line in pieces],
                    "responses": [response(line, accounts) for line in responses]}
                   for pieces, responses in threads]
    VECTORS.append({
        "id": f"signal-thread-{len(VECTORS) + 1:03d}", "comment": comment, "kind": "thread",
        "spec": SPEC,
        "in": {"messages": messages,
               "now": now and {"earliest": str(now[0]), "width": now[1]}},
        "result": "valid",
        "out": {"threads": all_threads, "waiting": [identifier(name) for name in waiting],
                "refused": [refused(line) for line in refuse],
                "tests": [identifier(name) for name in tests]}})


def standard():
    case("2.7", ["a P31(0)H", "b D10(5)X -> a", "c D10(4)X -> b", "d S23(5)H -> a"],
         (["a original standing", "b related:a discontinued", "d related:a standing"], []))
    case("5.4.1.2: R(3) < R(3), which the tables forbid",
         ["a S23(0)X", "b R01(3)X -> a", "c R01(3)X -> b"],
         (["a original standing", "b addition:a standing"], []), refuse=["c 5.4.1.2"])
    case("5.4.1.2: F and K in turn, which the tables forbid",
         ["a D21(0)X", "b F(3)X -> a", "c K11(3)X -> b", "d F(3)X -> b", "e K11(3)X -> d"],
         (["a original standing", "b addition:a standing"], []),
         refuse=["c 5.4.1.2", "d 5.4.1.2", "e 5.4.1.2"])
    case("5.4.1.2 and 5.4.2.5: a composite area",
         ["a D21(0)X", f"b D21(3)X -> a {ROUND}", f"c D21(3)X -> a {MOVED}", "d D21(3)X -> a"],
         (["a original standing", "b part:a standing", "c part:a standing", "d part:a standing"], []))
    case("5.4.2.1: the originator has left; its new authentication had replaced the old",
         ["a A01(0)X", "b A01(3)X -> a", "c A01(6)Y -> a", "d A01(2)X -> a VerificationData=b:c",
          "e A01(3)X -> d", "f A01(4)X -> a"],
         (["a original discontinued d", "b addition:a discontinued", "e addition:d discontinued"],
          ["c confirm a a replaced"]))
    case("5.4.2.1 without its end: the new authentication, and what goes on from it",
         ["a A01(0)X", "b A01(3)X -> a", "c A01(6)Y -> a", "d A01(2)X -> a VerificationData=b:c",
          "e A01(3)X -> d"],
         (["a original standing d", "b addition:a replaced", "e addition:d standing"],
          ["c confirm a a replaced"]))
    case("5.4.2.2", ["a P10(0)X", f"b P10(2)X -> a {MOVED}", "c R01(3)X -> a", "d P10(4)X -> a"],
         (["a original discontinued b", "c addition:a discontinued"], []))
    case("5.4.2.2 without its end: the resource holds through the update",
         ["a P10(0)X", f"b P10(2)X -> a {MOVED}", "c R01(3)X -> a"],
         (["a original standing b", "c addition:a standing"], []))
    case("5.4.2.3: D(5) and S(5) to a danger sign, which the tables forbid",
         ["a D32(0)X", "b D43(5)X -> a", "c E12(5)X -> a", "d S26(5)Y -> b", "e S25(5)Z -> b"],
         (["a original standing", "c related:a standing"], []),
         refuse=["b 5.4.1.1", "d 5.4.1.1", "e 5.4.1.1"])
    case("5.4.2.3: the distress is over, the attack is not",
         ["a D15(0)X", "b E01(5)Y -> a", "c E01(4)Y -> b", "d S11(5)Y -> a"],
         (["a original standing", "b related:a discontinued"], []), refuse=["d 5.4.1.1"])
    case("5.4.2.3: R(5), which the tables forbid",
         ["a D52(0)X", "b R01(5)A -> a", "c R01(5)B -> a", "d R01(5)C -> a"],
         (["a original standing"], []), refuse=["b 5.4.1.1", "c 5.4.1.1", "d 5.4.1.1"])
    case("5.4.2.4", ["a D21(0)X", "b D21(6)Y -> a", "c D21(6)Z -> a"],
         (["a original standing"], ["b confirm a a standing", "c confirm a a standing"]))
    case("5.4.2.4: not confirmed any more", ["a D21(0)X", "b D21(6)Y -> a", "c D21(4)Y -> b"],
         (["a original standing"], ["b confirm a a discontinued"]))
    case("5.4.2.6: an update acknowledged",
         ["a D21(0)X", f"b D21(2)X -> a {MOVED}", f"c D21(7)Y -> b {MOVED}"],
         (["a original standing b"], ["c acknowledge b a standing"]))
    case("5.4.2.6: a reject acknowledged", ["a Q20(0)X", "b Q20(9)Y -> a", "c Q20(7)X -> b"],
         (["a original standing"], ["b reject a a standing", "c acknowledge b a standing"]))
    case("5.4.2.7: E(8), which the tables forbid", ["a E11(0)X", "b E11(8)Y -> a"],
         (["a original standing"], []), refuse=["b 5.4.1.1"])
    case("5.4.2.7", ["a P02(0)X", "b P02(8)Y -> a", "c P02(8)Z -> a"],
         (["a original standing"], ["b comply a a standing", "c comply a a standing"]))
    case("5.4.2.8", ["a D21(0)X", "b D21(9)Y -> a"],
         (["a original standing"], ["b reject a a standing"]))
    case("Annex F 1: compliance, withdrawn",
         ["a Q20(0)A", "b Q20(3)A -> a", "c Q20(7)B -> a #0", "d Q20(8)B -> a #1",
          "e Q20(9)B -> a #2"],
         (["a original standing", "b part:a standing"],
          ["c acknowledge a a standing", "d comply a a withdrawn", "e reject a a standing"]))
    case("Annex F 2", ["a P31(0)X", "b P31(8)Y -> a", "c S23(5)X -> a",
                       "d S23(2)X -> c SubjectCode=24"],
         (["a original standing", "c related:a standing d"], ["b comply a a standing"]))
    case("Annex F 2: a danger to something protected", ["a P52(0)C", "b D11(5)Y -> a"],
         (["a original standing", "b related:a standing"], []))
    case("Annex F 3: R(3) to a confirmation, which the tables forbid",
         ["a D21(0)A", "b D21(6)U -> a", "c R01(3)U -> b", "d R01(2)U -> c"],
         (["a original standing"], ["b confirm a a standing"]), refuse=["c 5.4.1.2", "d of c"])
    case("Annex F 5", ["a Q10(0)A", "b F(3)A -> a", "c Q10(8)B -> a", "d Q10(8)C -> a"],
         (["a original standing", "b addition:a standing"],
          ["c comply a a standing", "d comply a a standing"]))
    case("Annex F 6: an original's reference is ignored",
         ["a A02(0)A VerificationData=c0ffee", "b P03(0)A -> a", "c P03(6)M -> b", "d P03(7)M -> b"],
         (["a original standing"], []),
         (["b original standing"], ["c confirm b b standing", "d acknowledge b b standing"]))


def recalls():
    case("recalled", ["a D21(0)X", "b D21(1)X -> a"], (["a original recalled"], []))
    case("a recall recalled", ["a D21(0)X", "b D21(1)X -> a", "c D21(1)X -> b"],
         (["a original standing"], []))
    case("a recall of a recall, recalled",
         ["a D21(0)X", "b D21(1)X -> a", "c D21(1)X -> b", "d D21(1)X -> c"],
         (["a original recalled"], []))
    case("two recalls, one recalled", ["a D21(0)X", "b D21(1)X -> a", "c D21(1)X -> a",
                                       "d D21(1)X -> b"], (["a original recalled"], []))
    case("another's recall", ["a D21(0)X", "b D21(1)Y -> a"], (["a original standing"], []),
         refuse=["b 5.4.1.2"])
    case("a recall that repeats something else", ["a D21(0)X", f"b D21(1)X -> a {MOVED}"],
         (["a original standing"], []), refuse=["b 4.2.1.7"])
    case("an update of something recalled", ["a D21(0)X", "b D21(1)X -> a", f"c D21(2)X -> a {MOVED}"],
         (["a original recalled c"], []))
    case("an update recalled", ["a D21(0)X", f"b D21(2)X -> a {MOVED}", f"c D21(1)X -> b {MOVED}"],
         (["a original standing"], []))
    case("a recall of an update, recalled",
         ["a D21(0)X", f"b D21(2)X -> a {MOVED}", f"c D21(1)X -> b {MOVED}",
          f"d D21(1)X -> c {MOVED}"], (["a original standing b"], []))
    case("answers to something recalled",
         ["a Q20(0)X", "b Q20(1)X -> a", "c Q20(8)Y -> a", "d Q20(7)X -> c", "e Q20(7)Y -> a"],
         (["a original recalled"],
          ["c comply a a recalled", "e acknowledge a a recalled", "d acknowledge c a recalled"]))
    case("an answer recalled, and its acknowledgement with it",
         ["a Q20(0)X", "c Q20(8)Y -> a", "d Q20(7)X -> c", "e Q20(1)Y -> c"],
         (["a original standing"], ["c comply a a recalled", "d acknowledge c a recalled"]))
    case("what was added goes with what was recalled",
         ["a D21(0)X", "b D21(3)X -> a", "c F(3)X -> a", f"d D21(2)X -> b {MOVED}",
          "e D21(1)X -> a"],
         (["a original recalled", "b part:a recalled d", "c addition:a recalled"], []))
    case("one part recalled", ["a D21(0)X", "b D21(3)X -> a", "c D21(3)X -> a", "d D21(1)X -> b"],
         (["a original standing", "b part:a recalled", "c part:a standing"], []))
    case("what relates to something recalled stands for itself",
         ["a D15(0)X", "b E01(5)Y -> a", "c E01(7)X -> b", "d D15(1)X -> a"],
         (["a original recalled", "b related:a standing"], ["c acknowledge b b standing"]))
    case("an addition to an update that was recalled",
         ["a D21(0)X", f"b D21(2)X -> a {MOVED}", "c F(3)X -> b", f"d D21(1)X -> b {MOVED}",
          f"e D21(6)Y -> b {MOVED}"],
         (["a original standing", "c addition:b recalled"], ["e confirm b a recalled"]))


def updates():
    case("the author's order decides",
         ["b D21(0)X #0", f"a D21(2)X -> b #2 {MOVED}", "c D21(2)X -> b #1 ObjectLatitude=+53.00000"],
         (["b original standing a"], []))
    case("no order: the greatest id, and the others are named",
         ["a D21(0)X", f"b D21(2)X -> a {MOVED}", "c D21(2)X -> a ObjectLatitude=+53.00000"],
         (["a original standing c b"], []))
    case("what has a place comes behind what has none",
         ["a D21(0)X", f"b D21(2)X -> a #0 {MOVED}", "c D21(2)X -> a ObjectLatitude=+53.00000"],
         (["a original standing b c"], []))
    case("counters of different peers say nothing",
         ["a D21(0)X #0", f"b D21(2)X -> a #9 {MOVED}",
          "c D21(2)X -> a #Y:1 ObjectLatitude=+53.00000"],
         (["a original standing c b"], []))
    case("not even if they seem to agree",
         ["a D21(0)X #0", f"b D21(2)X -> a #1 {MOVED}",
          "c D21(2)X -> a #Y:9 ObjectLatitude=+53.00000"],
         (["a original standing c b"], []))
    case("undecided are only those that may be later",
         ["a D21(0)X #0", f"b D21(2)X -> a #1 {MOVED}", f"c D21(2)X -> a #2 {MOVED}",
          f"d D21(2)X -> a {MOVED}"],
         (["a original standing c d"], []))
    case("the latest update recalled: the one before",
         ["a D21(0)X #0", f"b D21(2)X -> a #1 {MOVED}", "c D21(2)X -> a #2", "d D21(1)X -> c #3"],
         (["a original standing b"], []))
    case("an update of an update", ["a D21(0)X", "b D21(2)X -> a", f"c D21(2)X -> b {MOVED}"],
         (["a original standing b"], []), refuse=["c 5.4.1.2"])
    case("another's update", ["a D21(0)X", f"b D21(2)Y -> a {MOVED}", f"c D21(7)Z -> b {MOVED}"],
         (["a original standing"], []), refuse=["b 5.4.1.2", "c of b"])
    case("each part has its own updates",
         ["a D21(0)X", "b D21(3)X -> a", f"c D21(2)X -> b {MOVED}", f"d D21(2)X -> a {MOVED}"],
         (["a original standing d", "b part:a standing c"], []))
    case("an answer to what was replaced",
         ["a D21(0)X #0", f"b D21(2)X -> a #1 {MOVED}", "c D21(6)Y -> a", f"d D21(6)Z -> b {MOVED}"],
         (["a original standing b"], ["c confirm a a replaced", "d confirm b a standing"]))
    case("an addition to an update that was replaced",
         ["a D21(0)X #0", f"b D21(2)X -> a #1 {MOVED}", "c F(3)X -> b #2", "d D21(2)X -> a #3"],
         (["a original standing d", "c addition:b replaced"], []))
    case("an addition to an update of an addition",
         ["a F(0)X", "b F(3)X -> a", "c F(2)X -> b Text=other", "d F(3)X -> c"],
         (["a original standing", "b addition:a standing c", "d addition:c standing"], []))
    case("an addition to an addition that was replaced",
         ["a F(0)X", "b F(3)X -> a", "c F(2)X -> b Text=other", "d F(3)X -> c", "e F(2)X -> a"],
         (["a original standing e", "b addition:a replaced c", "d addition:c replaced"], []))
    case("a sign added to an addition that was replaced",
         ["a I11(0)X", "b I11(3)X -> a", f"c I11(2)X -> b {MOVED}", "d P10(3)X -> c",
          f"e I11(2)X -> a {MOVED}"],
         (["a original standing e", "b addition:a replaced c", "d addition:c replaced"], []))
    case("an update of something discontinued",
         ["a D21(0)X #0", "b D21(4)X -> a #1", f"c D21(2)X -> a #2 {MOVED}"],
         (["a original discontinued c"], []))
    case("a discontinuation recalled", ["a D21(0)X", "b D21(4)X -> a", "c D21(1)X -> b"],
         (["a original standing"], []))
    case("a discontinuation confirmed, and denied by nobody",
         ["a D21(0)X", "b D21(4)X -> a", "c D21(6)Y -> b", "d D21(9)Y -> a #0"],
         (["a original discontinued"], ["d reject a a standing", "c confirm b a standing"]))
    case("an update cannot be discontinued",
         ["a D21(0)X", f"b D21(2)X -> a {MOVED}", f"c D21(4)X -> b {MOVED}"],
         (["a original standing b"], []), refuse=["c 5.4.1.2"])
    case("the whole ends with its original",
         ["a D21(0)X", "b D21(3)X -> a", "c D21(4)X -> a", "d D21(6)Y -> a"],
         (["a original discontinued", "b part:a discontinued"], ["d confirm a a standing"]))
    case("what relates does not end with what it relates to",
         ["a P31(0)H", "b D10(5)X -> a", "c P31(4)H -> a"],
         (["a original discontinued", "b related:a standing"], []))


def additions():
    case("an area of another subject is no part", ["a D21(0)X", "b D22(3)X -> a", "c D21(3)X -> a"],
         (["a original standing", "b addition:a standing", "c part:a standing"], []))
    case("a second addition of the same type: the later is refused",
         ["a I11(0)X #0", "c I11(3)X -> a #1", "b I11(3)X -> a #2"],
         (["a original standing", "c addition:a standing"], []), refuse=["b 5.4.1.2"])
    case("a second addition where no order is known: the one of the greater id",
         ["a I11(0)X", "c I11(3)X -> a", "b I11(3)X -> a"],
         (["a original standing", "b addition:a standing"], []), refuse=["c 5.4.1.2"])
    case("a second addition after the first was recalled",
         ["a I11(0)X", "b I11(3)X -> a", "c I11(3)X -> a", "d I11(1)X -> b"],
         (["a original standing", "b addition:a recalled", "c addition:a standing"], []))
    case("what is added to a refused addition",
         ["a I11(0)X", "b I11(3)X -> a", "c I11(3)X -> a", f"d I11(2)X -> c {MOVED}", "e F(3)X -> d"],
         (["a original standing", "b addition:a standing"], []),
         refuse=["c 5.4.1.2", "d of c", "e of d"])
    case("other types are added as often as needed",
         ["a I11(0)X", "b R01(3)X -> a", "c R01(3)X -> a", "d F(3)X -> a"],
         (["a original standing", "b addition:a standing", "c addition:a standing",
           "d addition:a standing"], []))
    case("a structure is no part of an area",
         ["a P10(0)X", f"b P10(3)X -> a {BLOCK}", f"c P10(3)X -> a {HOUSE}"],
         (["a original standing", "b addition:a standing"], []), refuse=["c 5.4.1.2"])
    case("a composite structure", [f"a P10(0)X {BLOCK}", f"b P10(3)X -> a {BLOCK} {MOVED}",
                                   f"c P10(3)X -> a {BLOCK}"],
         (["a original standing", "b part:a standing", "c part:a standing"], []))
    case("parts refer to the original",
         ["a D21(0)X", f"b D21(2)X -> a {MOVED}", f"c D21(3)X -> b {MOVED}", "d D21(3)X -> b",
          "e D21(3)X -> c"],
         (["a original standing b", "c addition:b standing"], []),
         refuse=["d 5.4.1.2", "e 5.4.1.2"])
    case("another's part", ["a D21(0)X", "b D21(3)Y -> a"], (["a original standing"], []),
         refuse=["b 5.4.1.2"])


def answers():
    case("a confirmation of one's own", ["a D21(0)X", "b D21(6)X -> a"],
         (["a original standing"], []), refuse=["b 5.4.1.2"])
    case("an answer that repeats something else", ["a D21(0)X", f"b D21(6)Y -> a {MOVED}"],
         (["a original standing"], []), refuse=["b 4.2.1.7"])
    case("what repeats need not repeat the header",
         ["a D21(0)X", "b D21(6)Y -> a DuressIndicator=1"],
         (["a original standing"], ["b confirm a a standing"]))
    case("comply after reject", ["a Q20(0)X", "b Q20(9)Y -> a #0", "c Q20(8)Y -> a #1"],
         (["a original standing"], ["b reject a a withdrawn", "c comply a a standing"]))
    case("comply and reject in no known order: the reject", ["a Q20(0)X", "b Q20(9)Y -> a",
                                                             "c Q20(8)Y -> a #1"],
         (["a original standing"], ["b reject a a standing", "c comply a a withdrawn"]))
    case("a reject withdraws a confirmation and no acknowledgement",
         ["a D21(0)X", "b D21(6)Y -> a #0", "c D21(7)Y -> a #1", "d D21(9)Y -> a #2"],
         (["a original standing"], ["b confirm a a withdrawn", "c acknowledge a a standing",
                                    "d reject a a standing"]))
    case("one account withdraws nothing of another",
         ["a D21(0)X", "b D21(6)Y -> a", "c D21(9)Z -> a"],
         (["a original standing"], ["b confirm a a standing", "c reject a a standing"]))
    case("a reject discontinued withdraws nothing",
         ["a D21(0)X", "b D21(6)Y -> a #0", "c D21(9)Y -> a #1", "d D21(4)Y -> c #2"],
         (["a original standing"], ["b confirm a a standing", "c reject a a discontinued"]))
    case("comply, reject, comply", ["a Q20(0)X", "b Q20(8)Y -> a #0", "c Q20(9)Y -> a #1",
                                    "d Q20(8)Y -> a #2"],
         (["a original standing"], ["b comply a a withdrawn", "c reject a a withdrawn",
                                    "d comply a a standing"]))
    case("an update complied with after the original was rejected",
         ["a Q20(0)X", f"b Q20(2)X -> a {MOVED}", "c Q20(9)Y -> a #0", f"d Q20(8)Y -> b #1 {MOVED}"],
         (["a original standing b"], ["c reject a a withdrawn", "d comply b a standing"]))
    case("a part confirmed by itself", ["a D21(0)X", "b D21(3)X -> a", "c D21(6)Y -> b"],
         (["a original standing", "b part:a standing"], ["c confirm b b standing"]))


def time():
    sign = ["a P10(0)X Duration=P00D01H00M"]
    for comment, now, state in [
        ("no clock", None, "standing"), ("before", (NOON - 60, 59), "not_yet_valid"),
        ("perhaps before", (NOON - 60, 60), "standing"), ("begun", (NOON, 0), "standing"),
        ("the last second", (NOON + 3599, 0), "standing"), ("over", (NOON + 3600, 0), "expired"),
        ("perhaps over", (NOON + 3599, 600), "standing"),
        ("no upper bound", (0, 65535), "standing"),
        ("over for certain", (NOON + 3600, 65535), "expired"),
    ]:
        case(f"time: {comment}", sign, ([f"a original {state}"], []), now=now)
    case("time: indefinite", ["a P10(0)X"], (["a original standing"], []), now=(NOON * 2, 0))
    case("time: an update prolongs", [sign[0], "b P10(2)X -> a Duration=P00D02H00M"],
         (["a original standing b"], []), now=(NOON + 3600, 0))
    case("time: texts go with the sign, signs have their own",
         [sign[0], "b F(3)X -> a", "c P10(3)X -> a", "d S23(5)Y -> a"],
         (["a original expired", "b addition:a expired", "c part:a standing",
           "d related:a standing"], []), now=(NOON + 3600, 0))
    case("time: discontinued is more than expired",
         [sign[0], "b P10(4)X -> a Duration=P00D01H00M"],
         (["a original discontinued"], []), now=(NOON + 3600, 0))
    case("time: a second 60", ["a P10(0)X DateTime=2016-12-31T23:59:60Z Duration=P00D00H01M"],
         (["a original expired"], []), now=(1483228860, 0))
    case("time: the 29th of February", ["a P10(0)X DateTime=2024-02-29T23:59:00Z Duration=P01D00H01M"],
         (["a original standing"], []), now=(1709337599, 0))
    case("time: the year 0", ["a P10(0)X DateTime=0000-01-01T00:00:00Z Duration=P99D23H59M"],
         (["a original expired"], []), now=(0, 0))


def aside():
    case("nothing at all", [])
    case("an original that is not here", ["b D21(2)X -> a", "c D21(6)Y -> b"], waiting="bc")
    case("a reference to a message that is here and one that is not",
         ["a D21(0)X", "c D21(7)Y -> b"], (["a original standing"], []), waiting="c")
    case("an original that breaks a rule",
         ["a D21(0)X SubjectCode=01", "b D21(6)Y -> a SubjectCode=01", "c D21(2)X -> a",
          "d D21(7)Y -> c"],
         refuse=["a 4.3.1.2.3", "b 4.3.1.2.3", "c of a", "d of c"])
    case("what breaks a rule by itself does not wait", ["b D21(2)X -> a DateTime=2026-13-01T00:00:00Z"],
         refuse=["b 4.3.1.3"])
    case("a reference is judged though what it leads to waits",
         ["b D21(2)X -> a", "c D21(6)X -> b", "d D21(2)X -> b"], waiting="b",
         refuse=["c 5.4.1.2", "d 5.4.1.2"])
    case("reference indicator A", ["a D21(0)X", "b D21(A)X -> a"], (["a original standing"], []),
         refuse=["b 4.2.1.7"])
    case("tests join nothing, and nothing joins them",
         ["a D21(0)X", "b T:D21(1)X -> a", "c T:P10(0)X", "d P10(6)Y -> c", "e T:P10(2)X -> c"],
         (["a original standing"], []), refuse=["d 5.4.1.1"], tests="bce")
    case("a status without a location", ["a P31(0)H", f"b S23(5)H -> a {NOWHERE}"],
         (["a original standing"], []), refuse=["b 4.3.1.6"])
    case("a message that refers to itself", ["a D21(2)X -> a", "b D21(5)X -> a"],
         refuse=["a 5.4.1.2", "b 5.4.1.1"])
    case("a circle", ["a P10(1)X -> b", "b P10(1)X -> c", "c P10(1)X -> a", "d P10(1)X -> a"],
         refuse=["a 4.2.1.7", "b 4.2.1.7", "c 4.2.1.7", "d 4.2.1.7"])
    case("two threads", ["a D21(0)X", "b P10(0)X", "c D21(6)Y -> a", "d P10(8)Y -> b"],
         (["a original standing"], ["c confirm a a standing"]),
         (["b original standing"], ["d comply b b standing"]))
    case("a thread through several hands",
         ["a I11(0)X", "b P10(5)Y -> a", "c D10(5)Z -> b", "d E01(5)W -> c", "e E01(7)X -> d"],
         (["a original standing", "b related:a standing", "c related:b standing",
           "d related:c standing"], ["e acknowledge d d standing"]))


def document():
    VECTORS.clear()
    for part in (standard, recalls, updates, additions, answers, time, aside):
        part()
    return {"chapter": "01-signal", "schema": "chappe-vectors/1", "vectors": VECTORS}
