"""Texts: other.json (A, K, R, F) and text.json (family 04)."""

import functools

from bits import pack
from house import draw, hash_of
from samples import SOME, one_of_each, test_of, text
from signs import packed
import texts

HEX = "0123456789abcdef"
SCRIPTS = {
    "English": "The road to the hospital is open until six o'clock.",
    "French": "L’hôpital reçoit des blessés ; évitez le pont ouest.",
    "German": "Straße gesperrt, Übergang nur für Fußgänger möglich.",
    "Ukrainian": "Дорога до лікарні відкрита до шостої години.",
    "Russian": "Вода снова безопасна. Не пейте из реки!",
    "Greek": "Το νερό είναι ασφαλές από σήμερα.",
    "Arabic": "الطريق إلى المستشفى مفتوح حتى السادسة.",
    "Hebrew": "הדרך לבית החולים פתוחה.",
    "Persian": "راه بیمارستان باز است؛ می‌توانید بیایید.",
    "Hindi": "अस्पताल का रास्ता छह बजे तक खुला है।",
    "Bengali": "হাসপাতালের রাস্তা খোলা আছে।",
    "Tamil": "மருத்துவமனை செல்லும் சாலை திறந்திருக்கிறது.",
    "Thai": "ถนนไปโรงพยาบาลเปิดถึงหกโมง",
    "Georgian": "გზა ღიაა ექვს საათამდე.",
    "Armenian": "Ճանապարհը բաց է մինչև ժամը վեցը։",
    "Amharic": "ወደ ሆስፒታል የሚወስደው መንገድ ክፍት ነው።",
    "Chinese": "通往医院的道路开放至六点。",
    "Japanese": "病院への道は六時まで通れます。",
    "Korean": "병원으로 가는 길은 여섯 시까지 열려 있습니다.",
    "Burmese": "ဆေးရုံသွားလမ်း ဖွင့်ထားသည်။",
    "Vietnamese": "Đường đến bệnh viện mở đến sáu giờ.",
    "Turkish": "Hastane yolu saat altıya kadar açık, İstanbul'a değil.",
}
TEXTS = {
    "nothing": "", "a space": " ", "a letter": "a", "a capital": "A", "a digit": "7", "a full stop": ".",
    "two letters": "ok", "capitals": "SOS", "a sentence in capitals": "ROAD BLOCKED NORTH OF THE BRIDGE",
    "capitals and digits": "CAMP 4: 250 PERSONS, 3 DOCTORS", "mixed case": "McDonald met O'Neill at NATO HQ",
    "one word in capitals": "Do NOT use the bridge", "the longest of a word": "internationalisation",
    "spaces": "          ", "a line": "first\nsecond\r\nthird\n", "a tab": "a\tb",
    "zero octets": "\x00\x00", "control characters": "\x01\x02\x1b\x7f", "delete": "\x7f",
    "all printable ASCII": "".join(map(chr, range(32, 127))),
    "all control characters": "".join(map(chr, range(32))),
    "the word ESC": "press ESC now", "ESC alone": "ESC", "quotes": "\"'`\\/",
    "a web address": "https://example.org/path/to/page.html?x=1&y=2#top",
    "a mail address": "someone@example.org", "a telephone number": "+380 44 123 4567",
    "a date": "2026-11-20 12:34", "coordinates": "52.09070 N, 5.12142 E",
    "two digits": "42", "three digits": "421", "four digits": "2026", "ten digits": "0123456789",
    "two lower hexadecimal digits": "c3", "two upper hexadecimal digits": "C3",
    "a lower token": "deadbeefc0ffee00", "an upper token": "DEADBEEFC0FFEE00",
    "a mixed token": "DeadBeefC0ffee00", "a lower token of odd length": "deadbeefc0ffee0",
    "an upper token of odd length": "DEADBEEFC0FFEE0", "a lower hash": SOME, "an upper hash": SOME.upper(),
    "a hash with one capital": SOME[:-1] + "A", "a hash with a space behind": SOME + " ",
    "a hash with 0x before": "0x" + SOME, "only letters a-f": "decade", "only letters A-F": "FACADE",
    "an English word of digits": "feedface", "a g in it": SOME[:30] + "g" + SOME[31:],
    "an emoji": "\U0001f691", "emoji and text": "Ambulance \U0001f691 on its way \U0001f44d",
    "an emoji of several": "\U0001f469\u200d\U0001f692\U0001f1fa\U0001f1e6\U0001f3fd",
    "a character in the middle of Latin text": "Take the road to \u0141\u00f3d\u017a, not the \u6c34 way",
    "one foreign character": "the letter \u1e9e is rare", "one foreign character alone": "\u1e9e",
    "the last of two octets": "\u07ff", "the first of three octets": "\u0800",
    "before the surrogates": "\ud7ff", "behind the surrogates": "\ue000", "a non-character": "\uffff",
    "the first of four octets": "\U00010000", "the last of all": "\U0010ffff",
    "e and a combining acute": "e\u0301t", "a composed e acute": "\u00e9t",
    "marks on marks": "a\u0302\u0301\u0323 Z\u0351\u036b", "a mark alone": "\u0301",
    "a byte order mark": "\ufefftext", "no-break space, zero width": "a\u00a0b\u200bc\u2060d",
    "right-to-left marks": "abc \u200f\u05d0\u202b\u202c", "Latin-1": "\u00a1\u00a9\u00df\u00e9\u00ff",
    "two scripts": "Hospital \u043b\u0456\u043a\u0430\u0440\u043d\u044f \u75c5\u9662",
    "capitals of another script": "\u0412\u041e\u0414\u0410 \u0411\u0415\u0417\u041f\u0415\u0427\u041d\u0410",
    "capitals and a foreign character": "ROAD TO \u0141\u00d3D\u0179 CLOSED",
    "a bit of everything": "a\u0308A\x001f\u20ac\U0001f600 END",
}


def other_vectors(vectors, table):
    def add(comment, fields):
        body = packed(vectors, table, comment, fields)
        if fields["MessageCode"] == "K" and fields["ReferenceIndicator"] == "0" and \
                fields["DuressIndicator"] == "0":
            data = len(fields["CryptoData"]) // 2
            assert len(body.octets) // 2 <= data + 2

    for method in "0123456789ABCDEF":
        add(f"A, method {method}", text("A", method, "https://example.org/whiteflag"))
    for name in ("nothing", "a lower token", "an upper token", "a mixed token",
                 "a lower token of odd length", "an upper token of odd length", "a lower hash",
                 "an upper hash", "two digits", "two lower hexadecimal digits"):
        add(f"A, {name}", text("A", "2", TEXTS[name]))
    for data_type in ("01", "0A", "11", "21", "00", "02", "10", "20", "99", "A0", "FF"):
        add(f"K of type {data_type}", text("K", data_type, "02" + SOME[:32]))
        add(f"K of type {data_type}, no data", text("K", data_type, ""))
    for count in (1, 16, 33, 2000):
        data = "".join(hash_of(f"key {count} {at}") for at in range(count // 32 + 1))[:2 * count]
        add(f"K, {count} octets", text("K", "0A", data))
        add(f"K of a private type, {count} octets", text("K", "B7", data))
    add("K, data all ones", text("K", "21", "ff" * 16))
    add("K, data all zeros", text("K", "21", "00" * 16))
    for method in "0123456789ABCDEF":
        add(f"R, method {method}", text("R", method, "https://example.org/notice"))
    add("R, no data", text("R", "1", ""))
    add("R in capitals", text("R", "1", "HTTPS://EXAMPLE.ORG/"))
    add("R, the rest of an address", text("R", "1", "/continued?a=b%20c", ReferenceIndicator="3",
                                         ReferencedMessage=SOME))
    for comment, words in {**TEXTS, **SCRIPTS}.items():
        if words.isascii():
            add(f"F, {comment}", text("F", words))
    for name, words in longest().items():
        if words.isascii():
            add(f"F, the longest: {name}", text("F", words))
            add(f"A, the longest: {name}", text("A", "3", words, ReferenceIndicator="F",
                                               ReferencedMessage=SOME, DuressIndicator="1"))
    for fields in one_of_each():
        code = fields["MessageCode"]
        if code in "ARFK":
            add(f"a test of {code}", test_of(fields))
            add(f"{code} under duress", {**fields, "DuressIndicator": "1"})
            add(f"a test of {code} under duress", test_of({**fields, "DuressIndicator": "1"}))
            add(f"{code} with a random ReferencedMessage", {**fields, "ReferencedMessage": SOME})
            for indicator in "123567F":
                add(f"{code}, indicator {indicator}, the body sent",
                    {**fields, "ReferenceIndicator": indicator, "ReferencedMessage": SOME})


def longest():
    """Texts of 2,000 octets, some of each form."""
    hexadecimal = "".join(hash_of(f"long {at}") for at in range(32))[:2000]
    english = (SCRIPTS["English"] + " ") * 40
    return {
        "English": english[:2000], "capitals": english[:2000].upper(),
        "lower digits": hexadecimal, "upper digits": hexadecimal.upper(),
        "one letter": "a" * 2000, "spaces": " " * 2000,
        "control characters": "".join(chr(draw(f"c{at}", 32)) for at in range(2000)),
        "Ukrainian": "\u0412\u043e\u0434\u0430 " * 222 + "ok",
        "emoji": "\U0001f691" * 500, "Ethiopic": "\u1200" * 666 + "ab",
    }


def add_text(vectors, table, comment, words):
    form, bits = texts.encode(table, words)
    octets = pack(bits)
    assert len(octets) // 2 <= len(words.encode()) + 1, comment
    vectors.add(comment, "text", {"text": words}, {"octets": octets, "bits": len(bits), "form": form})
    return form


def text_vectors(vectors, table):
    won = {add_text(vectors, table, comment, words) for comment, words in {**TEXTS, **SCRIPTS}.items()}
    for comment, words in longest().items():
        assert len(words.encode()) <= 2000
        won.add(add_text(vectors, table, f"the longest: {comment}, {len(words.encode())} octets", words))
    assert won == set(texts.FORMS), won
    for comment, words, _ in ties(table):
        add_text(vectors, table, comment, words)
    for comment, words, _ in token_ties(table):
        add_text(vectors, table, comment, words)
    for piece, comment in every_token(table):
        add_text(vectors, table, comment, piece)


def every_token(table):
    """All tokens of the table, put into texts of about 400 octets."""
    tokens, text_, count = [token for token in table.words if token is not texts.ESC], "", 0
    for token in tokens + [None]:
        if token is None or len((text_ + token).encode()) > 400:
            count += 1
            yield text_, f"tokens of the table, part {count}"
            text_ = ""
        text_ += token or ""


def candidates(name, count):
    """Short texts that may have several forms of one length."""
    alphabets = [HEX, HEX.upper(), "0123456789", "abcdefghijklmnopqrstuvwxyz  ",
                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ  ", "abcABC 12.", "\x01\x02~|{}", "e\u6c34\u1200 ",
                 "aeit\U0001f691 ", "0a\x03\u1200", "THE\x01\x02", "Nn\x05\x06Ee"]
    for at in range(count):
        key = f"{name} {at}"
        alphabet = alphabets[draw(key, len(alphabets))]
        size = 1 + draw(key + "n", 14)
        yield "".join(alphabet[draw(f"{key} {place}", len(alphabet))] for place in range(size))


@functools.cache
def ties(table, each=2):
    """(comment, text, losing form): texts of which two forms have the fewest bits."""
    found, rows = {}, []
    for words in candidates("form", 6000):
        size = texts.lengths(table, words)
        least = min(size.values())
        best = tuple(form for form in texts.FORMS if size.get(form) == least)
        if len(best) > 1:
            found.setdefault(best, []).append(words)
    for best in sorted(found, key=lambda forms: [texts.FORMS.index(form) for form in forms]):
        for words in sorted(set(found[best]), key=lambda w: (len(w), w))[:each]:
            rows.append((f"{' and '.join(best)} take as many bits: the first", words, best[1]))
    return rows


def best_paths(table, words, limit=40):
    """The sequences of tokens with the fewest bits, up to a limit."""
    rest = [table.best(words[at:])[0] for at in range(len(words))] + [0]

    def walk(at):
        if at == len(words):
            yield []
            return
        for piece in table.pieces(words, at):
            if table.cost(piece) + rest[at + len(piece[0])] == rest[at]:
                for tail in walk(at + len(piece[0])):
                    yield [piece] + tail
    paths = []
    for path in walk(0):
        paths.append(path)
        if len(paths) == limit:
            break
    return paths


@functools.cache
def token_ties(table, each=4):
    """(comment, text, a losing path): several sequences of tokens with the fewest bits."""
    found = {"first": [], "later": [], "esc": [], "many": []}
    pool = sorted({word for sentence in SCRIPTS.values() for word in sentence.split()} |
                  {sentence[at:at + 9] for sentence in SCRIPTS.values()
                   for at in range(0, len(sentence) - 9, 3)} |
                  set(candidates("token", 1500)), key=lambda w: (len(w), w))
    for words in pool:
        paths = best_paths(table, words)
        if len(paths) < 2 or texts.encode(table, words)[0] != "tokens":
            continue
        right, wrong = paths[0], paths[1]
        assert right == table.best(words)[1]
        if len({tuple(piece for piece in path if piece[1]) for path in paths}) > 1:
            found["esc"].append((words, wrong))
        found["later" if right[0] == wrong[0] else "first"].append((words, wrong))
        if len(paths) > 3:
            found["many"].append((words, paths[-1]))
    seen, rows = set(), []
    for name, what in (("first", "the first token"), ("later", "a later token"),
                       ("esc", "a token or ESC"), ("many", "many sequences")):
        for words, wrong in found[name][:each]:
            if words not in seen:
                seen.add(words)
                rows.append((f"sequences of tokens with as many bits: {what}", words, wrong))
    return rows
