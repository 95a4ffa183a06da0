"""An independent encoder of packed signals, written from spec/09-packed.md alone.

`Body(fields)` holds the bits and the place of each field. With `force` the choice of a code (by
the name of the code) is another than the right one, so that invalid bodies can be built.
"""

from bits import CODES, digits, number, octets, pack
import texts

ZERO = "0" * 64
SIGNS = "PESDIMQ"
REPEATS = "146789"
GROUPS = {"near": (2025, 16), "later": (2041, 64), "any": (0, 10000)}
TEXTS = {"A": "VerificationData", "R": "ResourceData", "F": "Text"}
ONE, TWO = ("21", "31"), ("22", "23", "32", "33")
FREE = ("10", "11", "12", "13", "14", "15")
OMITTED = ("+99.99999", "+999.99999")


def only_digits(text):
    return "".join(character for character in text if character in "0123456789")


def is_round(dimension):
    return not only_digits(dimension).lstrip("0")[2:].strip("0")


def size_of(first, second, orientation):
    """none, one, two, or None for what is neither."""
    if (first, second, orientation) == ("0000", "0000", "999"):
        return "none"
    if first == "0000" or orientation > "359":
        return None
    return "one" if second == "0000" else "two"


def sizes_of(message, object_type):
    """The regular sizes of a type, and whether it is in the list of the message."""
    listed = object_type in CODES["object_" + message]
    if not listed or object_type in FREE:
        return ("none", "one", "two"), listed
    return (("one",) if object_type in ONE else ("two",) if object_type in TWO else ("none",)), listed


def right_moment(text):
    """The form of a DateTime."""
    year, month, day, hour, minute, second = parts_of(text)
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second < 61):
        return "digits"
    for group, (first, count) in GROUPS.items():
        if first <= year < first + count:
            break
    for step in ("hour", "five minutes", "minute", "second"):
        fits = {"hour": minute == second == 0, "five minutes": minute % 5 == second == 0,
                "minute": second == 0, "second": True}[step]
        if fits and f"{step} {group}" in CODES["moment"]:
            return f"{step} {group}"


def parts_of(text):
    """Year, month, day, hour, minute and second of a DateTime."""
    text = only_digits(text)
    return [int(text[:4])] + [int(text[at:at + 2]) for at in range(4, 14, 2)]


def right_duration(text):
    days, hours, minutes = (int(text[at:at + 2]) for at in (1, 4, 7))
    if text in CODES["duration"]:
        return text
    if hours > 23 or minutes > 59:
        return "digits"
    return "any" if minutes else "hours" if hours else "days"


class Body:
    seen = set()  # every (code, symbol) used by a right body

    def __init__(self, fields, table=None, force=None, repeat=False, path=None):
        self.bits, self.places, self.name = "", {}, None
        self.fields, self.table, self.force, self.path = fields, table, force or {}, path
        test = fields["MessageCode"] == "T"
        self.message = fields["PseudoMessageCode" if test else "MessageCode"]
        self.opening(test, fields["DuressIndicator"] == "1", fields["ReferenceIndicator"], repeat)
        if not repeat:
            self.sign() if self.message in SIGNS else self.other()
        self.field(None)

    # bits

    def field(self, name):
        if self.name:
            self.places[self.name] = (self.places[self.name], len(self.bits))
        if name:
            self.places[name] = len(self.bits)
        self.name = name

    def put(self, bits):
        self.bits += bits

    def pick(self, code, right, name=None):
        return self.say(code, self.force.get(name or code, right))

    def say(self, code, symbol):
        self.put(CODES[code][symbol])
        if not self.force:
            self.seen.add((code, symbol))
        return symbol

    @property
    def octets(self):
        return pack(self.bits)

    # parts

    def opening(self, test, duress, indicator, repeat):
        self.field("opening")
        plain_original = indicator == "0" and not test and not duress
        if self.pick("opening", self.message if plain_original else "other") != "other":
            return
        self.pick("message", self.message)
        right = ("repeat " + indicator if repeat else
                 indicator if indicator in "235" else
                 "flagged" if indicator == "0" else "whole")
        if test or duress:
            self.say("relation", "flagged")
            self.say("flags", "test and duress" if test and duress else "test" if test else "duress")
        if self.pick("relation", right) == "whole":
            self.put(digits(indicator))

    def sign(self):
        get = self.fields.__getitem__
        self.field("SubjectCode")
        subject = get("SubjectCode")
        code = "subject_" + self.message
        if self.pick(code, subject if subject in CODES[code] else "escape", "subject") == "escape":
            self.put(digits(subject))
        self.moment(get("DateTime"))
        self.duration(get("Duration"))
        self.object(get("ObjectType"), get("ObjectSizeDim1"), get("ObjectSizeDim2"),
                    get("ObjectOrientation"))
        self.location(get("ObjectLatitude"), get("ObjectLongitude"))
        if self.message == "Q":
            self.requests()

    def moment(self, text):
        self.field("DateTime")
        symbol = self.pick("moment", right_moment(text))
        if symbol == "digits":
            return self.put(digits(only_digits(text)))
        step, group = symbol.rsplit(" ", 1)
        first, count = GROUPS[group]
        year, month, day, hour, minute, second = parts_of(text)
        value, values = year - first, count
        for digit, base in ((month - 1, 12), (day - 1, 31), (hour, 24)):
            value, values = value * base + digit, values * base
        if step == "five minutes":
            value, values = value * 12 + minute // 5, values * 12
        elif step != "hour":
            value, values = value * 60 + minute, values * 60
        if step == "second":
            value, values = value * 61 + second, values * 61
        self.put(number(value, values))

    def duration(self, text):
        self.field("Duration")
        symbol = self.pick("duration", right_duration(text))
        days, hours, minutes = (int(text[at:at + 2]) for at in (1, 4, 7))
        if symbol == "days":
            self.put(number(days, 100))
        elif symbol == "hours":
            self.put(number(days * 24 + hours, 2400))
        elif symbol == "any":
            self.put(number((days * 24 + hours) * 60 + minutes, 144000))
        elif symbol == "digits":
            self.put(digits(only_digits(text)))

    def object(self, object_type, first, second, orientation):
        self.field("ObjectType")
        size = size_of(first, second, orientation)
        regular, listed = sizes_of(self.message, object_type)
        right = "digits" if size not in regular else object_type if listed else "coded"
        symbol = self.pick("object_" + self.message, right, "object")
        if symbol in ("coded", "digits"):
            self.put(digits(object_type))
        self.field("ObjectSize")
        if symbol == "digits":
            return self.put(digits(first + second + orientation))
        if symbol == "coded" or object_type in FREE:
            self.pick("free_size", size)
        if size == "none":
            return
        count, code = (1, "one_size") if size == "one" else (2, "two_sizes")
        dimensions = (first, second)[:count]
        if self.pick(code, "round" if all(map(is_round, dimensions)) else "any") == "round":
            for dimension in dimensions:
                self.round(int(dimension))
        else:
            for dimension in dimensions:
                self.put(number(int(dimension) - 1, 9999))
        if size == "one":
            if self.pick("circle_orientation", "north" if orientation == "000" else "any") == "any":
                self.put(number(int(orientation), 360))
        elif self.pick("orientation", "any" if int(orientation) % 15 else "step of 15") == "any":
            self.put(number(int(orientation), 360))
        else:
            self.put(number(int(orientation) // 15, 24))

    def round(self, dimension):
        text = str(dimension)
        head = text.rstrip("0")
        zeros = len(text) - len(head)
        if len(head) == 1:
            self.say("round", "one digit")
            self.put(number(9 * zeros + int(head) - 1, 36))
        else:
            tens, ones = int(head[0]), int(head[1])
            self.say("round", "two digits")
            self.put(number(81 * zeros + 9 * (tens - 1) + ones - 1, 243))

    def location(self, latitude, longitude):
        self.field("ObjectLocation")
        north, east = int(only_digits(latitude)), int(only_digits(longitude))
        inside = north <= 9_000_000 and east <= 18_000_000
        right = "omitted" if (latitude, longitude) == OMITTED else "numbers" if inside else "digits"
        form = self.force.get("location", right)
        if form == "omitted":
            self.put(number(18_000_002, 18_000_004))
        elif form == "digits":
            self.put(number(18_000_003, 18_000_004))
            for text in (latitude, longitude):
                self.put("1" if text[0] == "+" else "0")
                self.put(digits(only_digits(text)))
        else:
            self.put(number(2 * north + (latitude[0] == "-"), 18_000_004))
            self.put(number(2 * east + (longitude[0] == "-"), 36_000_002))

    def requests(self):
        self.field("ObjectCount")
        count = 0
        while f"ObjectType{count + 1}" in self.fields:
            count += 1
        self.pick("objects", str(count))
        for name in (f"ObjectType{at}" for at in range(1, count + 1)):
            self.field(name)
            asked = self.fields[name]
            right = asked if asked in CODES["requested"] else "escape"
            if self.pick("requested", right, name) == "escape":
                self.put(digits(asked))
            self.field(name + "Quant")
            quantity = int(self.fields[name + "Quant"])
            right = "1 to 8" if 1 <= quantity <= 8 else "any"
            if self.pick("quantity", right, name + "Quant") == "any":
                self.put(number(quantity, 100))
            else:
                self.put(number(quantity - 1, 8))

    def other(self):
        method = {"A": ("VerificationMethod", "verification_method"),
                  "K": ("CryptoDataType", "data_type"),
                  "R": ("ResourceMethod", "resource_method")}.get(self.message)
        if method:
            self.field(method[0])
            value = self.fields[method[0]]
            if self.pick(method[1], value if value in CODES[method[1]] else "any") == "any":
                self.put(digits(value))
        if self.message == "K":
            self.field("CryptoData")
            self.put(octets(bytes.fromhex(self.fields["CryptoData"])))
            return
        name = TEXTS[self.message]
        self.field(name)
        self.put(texts.encode(self.table, self.fields[name], self.force.get("text"), self.path)[1])


def form_of(fields):
    return 0 if fields["ReferencedMessage"] == ZERO else 2


def item(family, revision, form, reference, body):
    """Hex of an item: the reference as its form wants it."""
    taken = {0: "", 1: reference[:16], 2: reference}[form]
    return bytes([family, revision << 2 | form]).hex() + taken + body
