"""What is refused of texts, in signals and in family 04."""

from bits import CODES, octets as octet_bits, pack
from samples import text
import texts
import words


def signal_texts(invalid):
    """Ends and padding of the texts of signals."""
    table = invalid.table
    for letter, name in (("F", "Text"), ("A", "VerificationData"), ("R", "ResourceData")):
        for value in ("Wait", "Wait.", "Wait..", "Wait for us", "Do not wait", "The road is open"):
            if texts.encode(table, value)[0] != "tokens":
                continue
            fields = text(letter, *(("1",) if letter != "F" else ()), value)
            body = invalid.body(fields)
            count = -len(body.bits) % 8
            for padding in ("1" * (count - 1) + "0", "0" * count):
                if count and not any(word == padding[:len(word)] for word in table.words.values()):
                    invalid.add(f"{name}: {count} bits of padding behind tokens, {padding}",
                                pack(body.bits + padding), "bad_padding", "padding", len(body.bits))
            whole = body.bits + table.escape + octet_bits(b"A")
            cut = 8 * ((len(body.bits + table.escape) + 7) // 8)
            if 8 <= cut - len(body.bits) and cut < len(whole):
                invalid.add(f"{name} ends behind ESC", pack(whole[:cut]), "truncated", name, len(body.bits))


def own_texts(invalid):
    table = invalid.table

    def add(comment, bits, kind, offset=0, field="Text"):
        invalid.add(comment, pack(bits), kind, field, offset, family=4)

    add("nothing", "", "truncated")
    for comment, value in {**words.TEXTS, **words.SCRIPTS}.items():
        right, bits = texts.encode(table, value)
        for form in texts.forms(table, value):
            if form != right and len(value) < 70:
                add(f"{comment}, as {form}, not {right}", texts.encode(table, value, form)[1],
                    "not_canonical")
    add("no characters as lower digits", CODES["text"]["lower digits"], "not_canonical")
    add("no characters as upper digits", CODES["text"]["upper digits"], "not_canonical")
    for comment, value, form in words.ties(table):
        add(f"a tie lost: {form} for a text of which {comment}",
            texts.encode(table, value, form)[1], "not_canonical")
    for comment, value, path in words.token_ties(table):
        add(f"a tie lost: {comment}", texts.encode(table, value, path=path)[1], "not_canonical")
    pieces(invalid, add)
    utf8(invalid, add)
    text_ends(invalid, add)
    for comment, value in words.longest().items():
        for more in ("a", "\u1200"):
            longer = value + more if "digits" not in comment else value + "a" * 2
            longer = longer.upper() if comment == "upper digits" else longer
            add(f"{len(longer.encode())} octets: {comment}", texts.encode(table, longer)[1], "too_long")


def pieces(invalid, add):
    """Other sequences of tokens than the best one."""
    table = invalid.table
    for comment, value in {**words.TEXTS, **words.SCRIPTS}.items():
        form, _ = texts.encode(table, value)
        if not form.startswith("tokens") or not 0 < len(value) < 70:
            continue
        said = texts.swapped(value) if "swapped" in form else value
        best = table.best(said)[1]
        single = [(c, c not in table.words) for c in said]
        escapes = [(c, True) for c in said]
        first = [(best[0][0][0], True)] + table.best(said[1:])[1]
        for what, path in (("one character after another", single), ("ESC for all", escapes),
                           ("ESC for the first character", first)):
            if path != best:
                add(f"{comment}: {what}", texts.encode(table, said, form, path)[1], "not_canonical")
        greedy, at = [], 0
        while at < len(said):
            greedy.append(next(table.pieces(said, at)))
            at += len(greedy[-1][0])
        if table.spell(greedy) != table.spell(best):
            add(f"{comment}: always the longest token", texts.encode(table, said, form, greedy)[1],
                "not_canonical")


BAD_UTF8 = {
    "a continuation": "80", "the last continuation": "bf", "an overlong NUL": "c080",
    "an overlong of two octets": "c1bf", "an overlong of three octets": "e09fbf",
    "an overlong of four octets": "f08fbfbf", "a surrogate": "eda080", "the last surrogate": "edbfbf",
    "above U+10FFFF": "f4908080", "F5": "f5808080", "FE": "fe", "FF": "ff",
    "two octets, the second no continuation": "c341", "three octets, the third no continuation": "e6b041",
    "four octets, the last no continuation": "f09f9a41",
}
CUT_UTF8 = {"one of two octets": "c3", "two of three octets": "e6b0", "three of four octets": "f09f9a",
            "one of four octets": "f0"}


def utf8(invalid, add):
    table = invalid.table
    prefix = CODES["text"]["octets"]
    for comment, data in {**BAD_UTF8, **CUT_UTF8}.items():
        for before, behind in (("", ""), ("e188b4", "e188b4"), ("41", "")):
            if data in CUT_UTF8.values() and behind == "e188b4":
                what = comment + ", then another character"
            else:
                what = comment
            add(f"octets: {what}", prefix + octet_bits(bytes.fromhex(before + data + behind)),
                "bad_character")
    for comment, data in BAD_UTF8.items():
        if data[0] != "f" or len(data) == 8:
            for form in ("tokens", "tokens, case swapped"):
                add(f"ESC: {comment}, {form}", CODES["text"][form] + table.escape +
                    octet_bits(bytes.fromhex(data)), "bad_character")
    body = invalid.body(text("F", ""), force={"text": "octets"})
    for comment, data in {**BAD_UTF8, **CUT_UTF8}.items():
        invalid.add(f"octets in a signal: {comment}", pack(body.bits + octet_bits(bytes.fromhex(data))),
                    "bad_character", "Text", body.places["Text"][0])


def text_ends(invalid, add):
    table = invalid.table
    start = CODES["text"]["tokens"]
    values = [value for value in list(words.SCRIPTS.values()) + list(words.TEXTS.values())
              if texts.encode(table, value)[0] == "tokens"]
    padded = {}
    for value in values:
        for size in range(len(value), 0, -1):
            if texts.encode(table, value[:size])[0] == "tokens":
                padded.setdefault(-len(texts.encode(table, value[:size])[1]) % 8, value[:size])
    for count in range(1, 8):
        bits = texts.encode(table, padded[count])[1]
        tried = ["1" * (count - 1) + "0", "0" * count, "0" + "1" * (count - 1), "10" + "1" * (count - 2)]
        for padding in dict.fromkeys(tried):
            if len(padding) == count and not any(word == padding[:len(word)]
                                                 for word in table.words.values()):
                add(f"{count} bits of padding behind tokens: {padding}", bits + padding, "bad_padding",
                    len(bits), "padding")
    for form, data in (("octets", octet_bits("\u1200\u1201".encode())), ("lower digits", octet_bits(bytes.fromhex("deadbeef"))),
                       ("upper digits", octet_bits(bytes.fromhex("deadbeef")))):
        bits = CODES["text"][form] + data
        count = -len(bits) % 8
        for padding in ("0" * count, "1" * (count - 1) + "0", "0" + "1" * (count - 1)):
            add(f"{count} bits of padding behind {form}", bits + padding, "bad_padding", len(bits), "padding")
    for character in ("\x02", "\u1200", "\U0001f691", "\u07ff"):
        for value in ("", "the ", "SO "):
            form, spelled = "tokens", table.spell(table.best(value)[1])
            where = 1 + len(spelled)
            bits = start + spelled + table.escape
            data = octet_bits(character.encode())
            whole = bits + data
            for cut in range(8 * ((len(bits) + 7) // 8), len(whole), 8):
                if cut - where >= 8:
                    add(f"ends inside what ESC stands for, U+{ord(character):04X} behind {value!r}",
                        whole[:cut], "truncated", where)
    long_words = sorted((word for word in table.words.values() if len(word) > 8), key=lambda w: (len(w), w))
    done = set()
    for value in values:
        if len(done) > 5:
            break
        for word in long_words[:: max(1, len(long_words) // 40)] + long_words[-1:]:
            path = table.best(value)[1][:len(done) + 1]
            bits = start + table.spell(path)
            whole = bits + word
            cut = (len(whole) - 1) // 8 * 8
            rest = cut - len(bits)
            if rest >= 8 and (rest, len(word)) not in done:
                done.add((rest, len(word)))
                add(f"ends {rest} bits into a codeword of {len(word)}", whole[:cut], "truncated", len(bits))
    ones = long_words[-1]
    for count in range(8, len(ones)):
        value = next((v[:n] for v in values for n in range(len(v))
                      if (len(texts.encode(table, v[:n])[1]) + count) % 8 == 0
                      and texts.encode(table, v[:n])[0] == "tokens"), None)
        if value is not None:
            bits = texts.encode(table, value)[1]
            add(f"{count} ones behind tokens: more than padding, no codeword", bits + "1" * count,
                "truncated", len(bits))
