"""Repeats and items: repeat.json and reference.json."""

from bits import pack
from house import hash_of
from packed import REPEATS, ZERO, Body, item
from samples import SOME, header, one_of_each, requests, short, sign, test_of
import texts


def repeat_of(referenced, indicator, test=False, duress=False, reference=SOME):
    """The whole message that a repeat stands for."""
    body = {name: value for name, value in referenced.items()
            if name not in header("T") and name != "PseudoMessageCode"}
    code = referenced.get("PseudoMessageCode", referenced["MessageCode"])
    head = header("T" if test else code, ReferenceIndicator=indicator,
                  ReferencedMessage=reference, DuressIndicator=str(int(duress)))
    return {**head, **({"PseudoMessageCode": code} if test else {}), **body}


def repeat_vectors(vectors, table):
    def add(comment, referenced, indicator, test=False, duress=False, reference=SOME):
        fields = repeat_of(referenced, indicator, test, duress, reference)
        body = Body(fields, table, repeat=True)
        assert len(body.bits) <= 16
        vectors.add(comment, "repeat",
                    {"referenced": referenced, "reference": reference, "indicator": indicator,
                     "test": test, "duress": duress},
                    {"octets": body.octets, "bits": len(body.bits), "form": 2, "fields": fields})
        return fields

    for fields in one_of_each():
        for indicator in REPEATS:
            add(f"indicator {indicator} of a {fields['MessageCode']}", fields, indicator)
    for turn, fields in enumerate(one_of_each()):
        code, indicator = fields["MessageCode"], REPEATS[turn % 6]
        add(f"a test: indicator {indicator} of a test of {code}", test_of(fields), indicator, test=True)
        add(f"under duress: indicator {indicator} of a {code}", fields, indicator, duress=True)
        add(f"a test under duress: indicator {indicator} of a test of {code}", test_of(fields),
            indicator, test=True, duress=True)
    for indicator in REPEATS:
        add(f"a test, indicator {indicator}", test_of(short("E")), indicator, test=True)
        add(f"duress, indicator {indicator}", short("S"), indicator, duress=True)
        add(f"a test under duress, indicator {indicator}", test_of(short("M")), indicator, True, True)
    add("of a message under duress; the repeat is not", short(DuressIndicator="1"), "7")
    add("of an update", short(ReferenceIndicator="2", ReferencedMessage=hash_of("older")), "6")
    add("of an original with a random ReferencedMessage",
        short(ReferencedMessage=hash_of("random")), "1")
    add("of a request for eight objects", requests([("40", "08")] * 8), "8")
    add("of a message that breaks rules", sign(SubjectCode="FF", DateTime="2026-13-40T24:60:61Z"), "9")
    for first, second in ("78", "66", "41", "99"):
        middle = repeat_of(sign(), first, reference=hash_of("first"))
        add(f"indicator {second} of a repeat with indicator {first}", middle, second,
            reference=hash_of("second"))
    middle = repeat_of(test_of(sign()), "7", test=True, reference=hash_of("first"))
    add("a test: a repeat of a repeat", middle, "8", test=True, reference=hash_of("second"))
    middle = repeat_of(sign("D"), "7", duress=True, reference=hash_of("first"))
    add("of a repeat under duress", middle, "6", reference=hash_of("second"))

    def refused(comment, referenced, repeat, **how):
        body = Body(repeat_of(repeat, "7", **how), table, repeat=True)
        vectors.add(comment, "repeat",
                    {"octets": body.octets, "referenced": referenced, "reference": SOME},
                    error=("inconsistent", "MessageCode"))

    messages = list(one_of_each())
    for at, fields in enumerate(messages):
        other = messages[(at + 1) % len(messages)]
        refused(f"says {other['MessageCode']}, refers to a {fields['MessageCode']}", fields, other)
    refused("says it is a test of P, refers to a test of E", test_of(sign("E")), test_of(sign()),
            test=True)
    refused("says P, refers to a test of P", test_of(sign()), sign())
    refused("says it is a test of P, refers to a P", sign(), sign(), test=True)
    body = Body(repeat_of(sign(), "7"), table, repeat=True)
    vectors.add("says P, refers to a text of family 04", "repeat",
                {"octets": body.octets, "referenced_item": item(4, 0, 0, "", "7f"), "reference": SOME},
                error=("inconsistent", "MessageCode"))
    refused("under duress says S, refers to an M", short("M"), short("S"), duress=True)
    refused("says P, refers to a repeat of an E", repeat_of(short("E"), "7"), sign())


def item_vectors(vectors, table):
    def signal(comment, fields, form, repeat=False):
        body = Body(fields, table, repeat=repeat)
        reference = fields["ReferencedMessage"]
        octets = item(1, 1, form, reference, body.octets)
        vectors.add(comment, "item",
                    {"family": 1, "fields": fields, "repeat": repeat, "form": form},
                    {"octets": octets, "reference": {0: "", 1: reference[:16], 2: reference}[form],
                     "body": body.octets})

    for fields in one_of_each():
        code = fields["MessageCode"]
        signal(f"an original {code}", fields, 0)
        update = {**fields, "ReferenceIndicator": "2", "ReferencedMessage": hash_of("an old " + code)}
        signal(f"an update of a {code}", update, 2)
        signal(f"an update of a {code}, the receiver can resolve", update, 1)
        for form in (2, 1):
            signal(f"a {code} acknowledged by a repeat, form {form}",
                   repeat_of(fields, "7", reference=hash_of("the " + code)), form, repeat=True)
    signal("the same body acknowledged whole", repeat_of(sign(), "7"), 2)
    signal("the same body acknowledged whole, form 1", repeat_of(sign(), "7"), 1)
    signal("an original with a random ReferencedMessage", short(ReferencedMessage=SOME), 2)
    signal("an original with a random ReferencedMessage, form 1", short(ReferencedMessage=SOME), 1)
    signal("a test of an update", test_of(short("D", ReferenceIndicator="2",
                                                ReferencedMessage=SOME)), 2)
    signal("an update of nothing", short(ReferenceIndicator="2"), 0)
    signal("an update whose reference begins with eight zeros, whole",
           short(ReferenceIndicator="2", ReferencedMessage="00" * 8 + SOME[16:]), 2)
    signal("zeros but for the last digit", short(ReferencedMessage=ZERO[:-1] + "1"), 2)

    def free(comment, words, form, reference=""):
        body = texts.encode(table, words)[1]
        octets = item(4, 0, form, reference, pack(body))
        vectors.add(comment, "item",
                    {"family": 4, "text": words, "reference": reference, "form": form},
                    {"octets": octets, "reference": {0: "", 1: reference[:16], 2: reference}[form],
                     "body": pack(body)})

    for words in ("Дорога відкрита до ночі.", "", "deadbeef", "水は安全です。"):
        name = words or "nothing"
        free(f"a text: {name}", words, 0)
        free(f"an answer: {name}", words, 2, hash_of("the question"))
        free(f"an answer, the receiver can resolve: {name}", words, 1, hash_of("the question"))
