"""A second look at what the generator makes: reads bits leniently, writes them again, compares.

It only guards the generator against mistakes of its own, chiefly against vectors with two reasons
to fail. It is no model of a reader.
"""

from bits import CODES, unpack
from packed import FREE, GROUPS, ONE, SIGNS, TEXTS, TWO, ZERO, Body
import texts

TEXT_FIELDS = {**TEXTS, "4": "Text"}


class Refused(Exception):
    pass


class Look:
    def __init__(self, bits, table):
        self.bits, self.at, self.table = bits, 0, table
        self.name, self.start, self.ends = None, 0, False

    def field(self, name):
        self.name, self.start = name, self.at

    def refuse(self, kind, at=None, name=None):
        raise Refused(kind, name or self.name, self.start if at is None else at)

    def take(self, count):
        if self.at + count > len(self.bits):
            self.refuse("truncated")
        self.at += count
        return self.bits[self.at - count:self.at]

    def number(self, count):
        k = count.bit_length() - 1
        short = (1 << k + 1) - count
        value = int(self.take(k) or "0", 2)
        return value if value < short else (value << 1 | int(self.take(1), 2)) - short

    def symbol(self, code):
        word = ""
        words = {bits: symbol for symbol, bits in CODES[code].items()}
        while word not in words:
            word += self.take(1)
        return words[word]

    def hex(self, count):
        return "".join(f"{int(self.take(4), 2):X}" for _ in range(count))

    def decimal(self, count):
        found = ""
        for _ in range(count):
            digit = int(self.take(4), 2)
            if digit > 9:
                self.refuse("bad_digit", self.at - 4)
            found += str(digit)
        return found

    # parts

    def message(self):
        self.field("opening")
        test = duress = repeat = False
        indicator = "0"
        letter = self.symbol("opening")
        if letter == "other":
            letter = self.symbol("message")
            relation, flagged = self.symbol("relation"), False
            if relation == "flagged":
                flags, flagged = self.symbol("flags"), True
                test, duress = "test" in flags, "duress" in flags
                relation = self.symbol("relation")
            if relation == "whole":
                indicator = self.hex(1)
            elif relation != "flagged":
                indicator, repeat = relation[-1], relation.startswith("repeat")
        fields = {"Prefix": "WF", "Version": "1", "EncryptionIndicator": "0",
                  "DuressIndicator": str(int(duress)), "MessageCode": "T" if test else letter,
                  "ReferenceIndicator": indicator, "ReferencedMessage": ZERO}
        if test:
            fields["PseudoMessageCode"] = letter
        if not repeat:
            fields.update(self.sign(letter) if letter in SIGNS else self.other(letter))
        self.end()
        return fields, repeat

    def end(self):
        left = self.bits[self.at:]
        if len(left) >= 8:
            self.refuse("trailing", self.at, "end")
        if "0" in left:
            self.refuse("bad_padding", self.at, "padding")

    def sign(self, letter):
        got = {}
        self.field("SubjectCode")
        symbol = self.symbol("subject_" + letter)
        got["SubjectCode"] = self.hex(2) if symbol == "escape" else symbol
        self.field("DateTime")
        symbol = self.symbol("moment")
        if symbol == "digits":
            d = self.decimal(14)
        else:
            step, group = symbol.rsplit(" ", 1)
            first, years = GROUPS[group]
            bases = {"hour": (24,), "five minutes": (24, 12), "minute": (24, 60),
                     "second": (24, 60, 61)}[step]
            count = years * 12 * 31
            for base in bases:
                count *= base
            value, parts = self.number(count), []
            for base in reversed((12, 31) + bases):
                value, digit = divmod(value, base)
                parts.insert(0, digit)
            parts += [0] * (5 - len(parts))
            month, day, hour, minute, second = parts
            if step == "five minutes":
                minute *= 5
            d = f"{value + first:04}{month + 1:02}{day + 1:02}{hour:02}{minute:02}{second:02}"
        got["DateTime"] = f"{d[:4]}-{d[4:6]}-{d[6:8]}T{d[8:10]}:{d[10:12]}:{d[12:]}Z"
        self.field("Duration")
        symbol = self.symbol("duration")
        if symbol == "digits":
            d = self.decimal(6)
        elif symbol[0] != "P":
            total = (self.number(100) * 1440 if symbol == "days" else
                     self.number(2400) * 60 if symbol == "hours" else self.number(144000))
            d = f"{total // 1440:02}{total // 60 % 24:02}{total % 60:02}"
        got["Duration"] = symbol if symbol[0] == "P" else f"P{d[:2]}D{d[2:4]}H{d[4:]}M"
        self.field("ObjectType")
        symbol = self.symbol("object_" + letter)
        kind = self.hex(2) if symbol in ("coded", "digits") else symbol
        self.field("ObjectSize")
        size = self.size(symbol, kind)
        self.field("ObjectLocation")
        north, east = self.location()
        got.update(ObjectType=kind, ObjectLatitude=north, ObjectLongitude=east,
                   ObjectSizeDim1=size[0], ObjectSizeDim2=size[1], ObjectOrientation=size[2])
        if letter == "Q":
            self.field("ObjectCount")
            for at in range(1, int(self.symbol("objects")) + 1):
                name = f"ObjectType{at}"
                self.field(name)
                symbol = self.symbol("requested")
                got[name] = self.hex(2) if symbol == "escape" else symbol
                self.field(name + "Quant")
                few = self.symbol("quantity") == "1 to 8"
                got[name + "Quant"] = f"{self.number(8) + 1 if few else self.number(100):02}"
        return got

    def size(self, symbol, kind):
        if symbol == "digits":
            return self.decimal(4), self.decimal(4), self.decimal(3)
        if symbol == "coded" or kind in FREE:
            count = ["none", "one", "two"].index(self.symbol("free_size"))
        else:
            count = 1 if kind in ONE else 2 if kind in TWO else 0
        if not count:
            return "0000", "0000", "999"
        rounded = self.symbol(("one_size", "two_sizes")[count - 1]) == "round"
        found = [f"{self.round() if rounded else self.number(9999) + 1:04}" for _ in range(count)]
        if count == 1:
            turn = 0 if self.symbol("circle_orientation") == "north" else self.number(360)
            return found[0], "0000", f"{turn:03}"
        turn = (15 * self.number(24) if self.symbol("orientation") == "step of 15"
                else self.number(360))
        return found[0], found[1], f"{turn:03}"

    def round(self):
        if self.symbol("round") == "one digit":
            zeros, digit = divmod(self.number(36), 9)
            return (digit + 1) * 10 ** zeros
        zeros, rest = divmod(self.number(243), 81)
        return (10 * (rest // 9 + 1) + rest % 9 + 1) * 10 ** zeros

    def location(self):
        north = self.number(18_000_004)
        if north == 18_000_002:
            return "+99.99999", "+999.99999"
        if north == 18_000_003:
            found = []
            for count in (7, 8):
                sign = "-+"[int(self.take(1), 2)]
                d = self.decimal(count)
                found.append(f"{sign}{d[:-5]}.{d[-5:]}")
            return found
        east = self.number(36_000_002)
        d, e = f"{north // 2:07}", f"{east // 2:08}"
        return f"{'+-'[north % 2]}{d[:2]}.{d[2:]}", f"{'+-'[east % 2]}{e[:3]}.{e[3:]}"

    def other(self, letter):
        got = {}
        method = {"A": ("VerificationMethod", "verification_method", 1),
                  "K": ("CryptoDataType", "data_type", 2),
                  "R": ("ResourceMethod", "resource_method", 1)}.get(letter)
        if method:
            self.field(method[0])
            symbol = self.symbol(method[1])
            got[method[0]] = self.hex(method[2]) if symbol == "any" else symbol
        if letter == "K":
            self.field("CryptoData")
            data = self.rest_of_octets()
            if len(data) > 2000:
                self.refuse("too_long")
            got["CryptoData"] = data.hex()
            return got
        self.field(TEXTS[letter])
        got[TEXTS[letter]] = self.text(127)
        return got

    def rest_of_octets(self):
        data = bytearray()
        while self.at + 8 <= len(self.bits):
            data.append(int(self.take(8), 2))
        return bytes(data)

    def text(self, highest):
        form = self.symbol("text")
        if form.startswith("tokens"):
            text = self.tokens()
            text = texts.swapped(text) if "swapped" in form else text
        elif form == "octets":
            text = self.utf8(self.rest_of_octets())
        else:
            text = self.rest_of_octets().hex()
            text = text.upper() if form == "upper digits" else text
        if any(ord(character) > highest for character in text):
            self.refuse("bad_character")
        if len(text.encode()) > texts.LIMIT:
            self.refuse("too_long")
        return text

    def utf8(self, data):
        try:
            return data.decode()
        except UnicodeDecodeError:
            self.refuse("bad_character")

    def tokens(self):
        words = self.table.tokens
        found, longest = [], max(map(len, words))
        while True:
            here = self.at
            size = next((n for n in range(1, longest + 1)
                         if self.bits[here:here + n] in words and here + n <= len(self.bits)), None)
            if size is None:
                if len(self.bits) - here >= 8:
                    self.refuse("truncated", here)
                return "".join(found)
            self.at += size
            token = words[self.bits[here:self.at]]
            if token is texts.ESC:
                token = self.escaped(here)
            found.append(token)

    def escaped(self, here):
        def octet():
            if self.at + 8 > len(self.bits):
                self.refuse("truncated", here)
            return int(self.take(8), 2)
        first = octet()
        more = 0 if first < 0x80 else 1 if first < 0xE0 else 2 if first < 0xF0 else 3
        if 0x80 <= first < 0xC2 or first > 0xF4:
            self.refuse("bad_character")
        return self.utf8(bytes([first] + [octet() for _ in range(more)]))


def verdict(hexadecimal, table, family=1):
    """(fields or text, repeat) or (kind, field, offset) of a body."""
    if len(hexadecimal) > 2 * 2048:
        return "too_long", "message", 8 * 2048
    look = Look(unpack(hexadecimal), table)
    try:
        if family == 1:
            fields, repeat = look.message()
            body = Body(fields, table, repeat=repeat)
            bits, places = body.bits, body.places
        else:
            look.field("Text")
            fields, repeat = look.text(0x10FFFF), False
            look.end()
            bits = texts.encode(table, fields)[1]
            places = {"Text": (0, len(bits))}
        for name, (start, end) in places.items():
            if bits[start:end] != look.bits[start:end] or (
                    name == list(places)[-1] and end != look.at):
                return "not_canonical", name, start
        return fields, repeat
    except Refused as refused:
        return refused.args
