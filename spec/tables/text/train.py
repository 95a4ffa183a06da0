"""Makes tokens.tsv: which pieces of text are tokens, and how long their codewords are.

A unigram model, as those behind sentence pieces: start from far too many candidates, spell the
corpus with them in the cheapest way, drop what saves least, and again. Then lengths of codewords by
package-merge. The corpus is weighed by kind of text, in shares of what people are expected to send.

    train.py WORD_FREQUENCIES [--without N]      (writes tokens.tsv here)

WORD_FREQUENCIES is the data folder of the PyPI package wordfreq 3.1.1. --without N leaves every line
out whose number is N modulo 7, to see how well lines do that were not trained on. Python 3.11 and
msgpack.
"""

import collections
import gzip
import json
import math
import pathlib
import sys

import msgpack

HERE = pathlib.Path(__file__).parent
SYMBOLS = 12_288
TOKEN_OCTETS = 16
STRING_OCTETS = 65_535  # what 16 bits can point into
BITS_MAX = 16
ESCAPE = "ESC"

# Shares of all characters trained on. Own phrases say what is talked about, word frequencies keep
# the model from knowing nothing else.
PHRASES = {"phrases_en.txt": 0.27, "phrases_fr.txt": 0.20, "phrases_es_pt.txt": 0.03, "urls.txt": 0.08}
WORDS = {"en": 0.14, "fr": 0.11, "es": 0.03, "pt": 0.02, "de": 0.01, "it": 0.01, "nl": 0.005,
         "pl": 0.005, "tr": 0.005, "id": 0.005, "cs": 0.002, "sv": 0.003, "ro": 0.003, "vi": 0.003}
NUMBERS = 0.03
WORDS_EACH = {"en": 30_000, "fr": 25_000, "es": 10_000, "pt": 8_000}
WORDS_OTHER = 3_000
CAPITALISED = 0.12  # the share of words that begin a sentence or are names

SINGLE = [chr(code) for code in range(0x20, 0x7F)] + ["\n"] + sorted(set(
    "àâæçéèêëîïôœùûüÿÀÂÆÇÉÈÊËÎÏÔŒÙÛÜŸ«»’–—…€°ñáíóúÑÁÍÓÚ¿¡ãõÃÕäößÄÖẞìòÌÒąćęłńśźżĄĆĘŁŃŚŹŻğışĞİŞ"
    "åøÅØčďěňřšťůýžČĎĚŇŘŠŤŮÝŽăâîșțĂÂÎȘȚđĐơưƠƯạảấầẩẫậắằẳẵặẹẻẽếềểễệỉĩịọỏốồổỗộớờởỡợụủũứừửữựỳỵỷỹ"))


def main():
    arguments = sys.argv[1:]
    without = int(arguments[arguments.index("--without") + 1]) if "--without" in arguments else None
    corpus, held_out = read_corpus(pathlib.Path(arguments[0]), without)
    bits = train(corpus)
    lengths = package_merge(probabilities(corpus, bits), BITS_MAX)
    if without is None:
        write(lengths)
    report(lengths, held_out)


def read_corpus(words_folder, without):
    """{piece of text: weight}, and the lines left out, by file."""
    corpus, held_out = collections.Counter(), {}
    for name, share in PHRASES.items():
        lines = (HERE / name).read_text(encoding="utf-8").splitlines()
        lines = [line for line in lines if line.strip()]
        held_out[name] = [line for n, line in enumerate(lines) if without is not None and n % 7 == without]
        kept = [line for n, line in enumerate(lines) if without is None or n % 7 != without]
        characters = sum(map(len, kept))
        for line in kept:
            # A line longer than a clause says nothing more about which pieces go together.
            corpus[line] += share / characters
    for language, share in WORDS.items():
        add_words(corpus, words_folder, language, share)
    for number in range(1000):
        text = str(number)
        weight = NUMBERS * {1: 0.3 / 10, 2: 0.4 / 90, 3: 0.15 / 900}[len(text)] / len(text)
        corpus[text + " "] += weight / 2
        corpus[text] += weight / 2
    for hour in range(24):
        for minute in range(0, 60, 5):
            corpus[f"{hour:02}:{minute:02}"] += NUMBERS * 0.1 / 288 / 5
            corpus[f"{hour:02}{minute:02}Z"] += NUMBERS * 0.05 / 288 / 5
    return corpus, held_out


def add_words(corpus, folder, language, share):
    """Words with their frequencies: mostly in front of a space, some capitalised."""
    path = folder / f"large_{language}.msgpack.gz"
    path = path if path.exists() else folder / f"small_{language}.msgpack.gz"
    buckets = msgpack.unpackb(gzip.decompress(path.read_bytes()), raw=False)[1:]
    limit = WORDS_EACH.get(language, WORDS_OTHER)
    words = []
    for centibels, bucket in enumerate(buckets):
        words += [(word, 10 ** (-centibels / 100)) for word in bucket]
        if len(words) >= limit:
            break
    words = [(word, frequency) for word, frequency in words[:limit] if word.isprintable()]
    total = sum(frequency * (len(word) + 1) for word, frequency in words)
    for word, frequency in words:
        weight = share * frequency / total
        corpus[word + " "] += weight * (1 - CAPITALISED) * 0.85
        corpus[word] += weight * (1 - CAPITALISED) * 0.15
        corpus[word.capitalize() + " "] += weight * CAPITALISED


def candidates(corpus):
    """Pieces worth a try: words with and without their space, and frequent pieces of any kind."""
    counts = collections.Counter()
    for text, weight in corpus.items():
        for start in range(len(text)):
            for end in range(start + 2, min(start + 14, len(text)) + 1):
                counts[text[start:end]] += weight * (end - start)
    kept = [piece for piece, _ in counts.most_common(90_000)
            if len(piece.encode()) <= TOKEN_OCTETS and "\t" not in piece]
    return {piece: counts[piece] for piece in kept}


def train(corpus):
    """{token: bits}, as many as there may be."""
    weights = candidates(corpus)
    total = sum(weights.values())
    bits = {piece: -math.log2(weight / total) for piece, weight in weights.items()}
    bits |= {character: 14.0 for character in SINGLE}
    wanted = SYMBOLS - 1
    while True:
        counts = spell_all(corpus, bits)
        bits = estimated(counts, bits)
        if len(bits) <= wanted and octets(bits) <= STRING_OCTETS:
            break
        # What a token saves: its count times what spelling it with others would cost more.
        savings = {piece: counts.get(piece, 0.0) * (spell(piece, bits, piece)[0] - bits[piece])
                   for piece in bits if len(piece) > 1}
        order = sorted(savings, key=lambda piece: (savings[piece] / len(piece.encode()) ** 0.35, piece))
        keep = max(wanted, int(len(bits) * 0.72))
        if len(bits) <= wanted:
            keep = len(bits) - 60  # too many octets in all: fewer and shorter ones
        for piece in order[:len(bits) - keep]:
            del bits[piece]
        print(f"  {len(bits)} tokens, {octets(bits)} octets", file=sys.stderr)
    for _ in range(3):
        bits = estimated(spell_all(corpus, bits), bits)
    return bits


def octets(bits):
    return sum(len(piece.encode()) for piece in bits)


def spell(text, bits, forbidden=None):
    """(bits, tokens) of the cheapest spelling."""
    costs, choices = [0.0] + [math.inf] * len(text), [0] * (len(text) + 1)
    for end in range(1, len(text) + 1):
        for start in range(max(0, end - 14), end):
            piece = text[start:end]
            if piece in bits and piece != forbidden:
                cost = costs[start] + bits[piece]
            elif end - start == 1:
                cost = costs[start] + 13 + 8 * len(piece.encode())
            else:
                continue
            if cost < costs[end]:
                costs[end], choices[end] = cost, start
    tokens, end = [], len(text)
    while end:
        tokens.append(text[choices[end]:end])
        end = choices[end]
    return costs[-1], tokens[::-1]


def spell_all(corpus, bits):
    counts = collections.Counter()
    for text, weight in corpus.items():
        for token in spell(text, bits)[1]:
            counts[token if token in bits else ESCAPE] += weight
    return counts


def estimated(counts, bits):
    """Bits by frequency; what was not needed keeps a little, single characters a little more."""
    shares = smoothed(counts, bits)
    total = sum(shares.values())
    return {piece: -math.log2(share / total) for piece, share in shares.items()}


def smoothed(counts, bits):
    total = sum(count for token, count in counts.items())
    letters = sum(1 for piece in bits if len(piece) == 1 and piece.isascii())
    shares = {}
    for piece in bits:
        share = counts.get(piece, 0.0) / total
        if len(piece) == 1 and piece.isascii():
            share += 0.05 / letters  # unlike text is spelled character by character
        elif len(piece) == 1:
            share += 2 ** -15
        else:
            share += 2 ** -17
        shares[piece] = share
    return shares


def probabilities(corpus, bits):
    counts = spell_all(corpus, bits)
    return smoothed(counts, bits) | {ESCAPE: 2 ** -12}


def package_merge(shares, limit):
    """Lengths of an optimal prefix code with none above the limit (Larmore and Hirschberg 1990)."""
    leaves = sorted((share, piece) for piece, share in shares.items())
    level = [(share, (piece,)) for share, piece in leaves]
    packages = []
    for _ in range(limit):
        merged = sorted(packages + level, key=lambda entry: entry[0])
        packages = [(merged[at][0] + merged[at + 1][0], merged[at][1] + merged[at + 1][1])
                    for at in range(0, len(merged) - 1, 2)]
    lengths = collections.Counter()
    for _, pieces in packages[:len(leaves) - 1]:
        lengths.update(pieces)
    return dict(lengths)


def write(lengths):
    assert len(lengths) <= SYMBOLS and sum(2.0 ** -length for length in lengths.values()) == 1
    rows = sorted(lengths.items(), key=lambda row: (row[1], row[0] == ESCAPE, row[0].encode()))
    with open(HERE / "tokens.tsv", "w", encoding="utf-8") as file:
        for piece, length in rows:
            text = ESCAPE if piece == ESCAPE else json.dumps(piece, ensure_ascii=False)
            file.write(f"{length}\t{text}\n")
    print(f"tokens.tsv: {len(rows)} symbols, {octets(lengths) - 3} octets, "
          f"{max(lengths.values())} bits at most")


def report(lengths, held_out):
    bits = {piece: length for piece, length in lengths.items() if piece != ESCAPE}
    for name, lines in held_out.items():
        if lines:
            raw = sorted(len(line.encode()) for line in lines)
            packed = sorted(math.ceil((5 + 1 + spell(line, bits)[0]) / 8) for line in lines)
            middle, last = len(lines) // 2, len(lines) * 95 // 100
            print(f"{name}: {len(lines)} lines, octets raw {raw[middle]} packed {packed[middle]}, "
                  f"95 of 100 up to {raw[last]} and {packed[last]}")


if __name__ == "__main__":
    main()
