"""How the codeword lengths of packed.toml were found: judgement, mixed with indifference.

Each weight below is a judgement, made before any test set was opened, of how often a code is used.
It is mixed with a flat distribution over all defined codes, so that what was judged rare costs at
most about a bit more than it would without any judgement; then Huffman's algorithm gives lengths.

packed.toml is the norm. This program only tells where its lengths come from:
`priors.py --check` compares. Python 3.11, standard library only.
"""

import heapq
import pathlib
import sys
import tomllib

FLAT = 0.7  # the share of the flat distribution

SUBJECTS = {
    "P": "00 01 02 03 10:6 11:5 12:4 13 20:4 30:2 31:5 32 33 40:2 50 51:2 52:2 53 60:2",
    "E": "00 01:3 02:2 10:2 11:5 12:3 13 14:3",
    "D": "00:2 10:3 11:3 12:4 13:3 14:5 15 1A 1B 1C 20:3 21:6 22:5 23 24 25 26 27 30 31 32 33:2 34:2 "
         "40 41 42 43 44 45 46 47 48 50:2 51:2 52 53:3 54:2 A0 A1:4 A2 A3 A4 A5:2 A6 A7 "
         "B0 B1:2 B2:3 B3 B4 C0 C1:5 C2:3 C3 C4 C5:2 C6 C7 D0 D1 D2 D3 D4:2 D5:3 D6:2 "
         "E0 E1:2 E2:2 E3:2 E4 E5 E6 E7 E8",
    "S": "00:2 10:3 11:4 12:3 13:4 20:2 21:2 22:2 23:3 24:3 25:2 26:2 28:3",
    "I": "00 10 11:4 12 13 14 15:2 16 17:3 20 21:3 22 23:2 24 25 26 27:2 28:2 29 2A 2B 2C 2D "
         "30:2 31:2 32:2 33:3 34 35 36 37 38 40 41 42 43 44:3 45 46 47 48 49 50 51:6 52:4 53 54 "
         "60 61 62 63 64 65",
    "M": "00 10:5 20 21:2 22:2 23 24:4 25:5 26:5 27:3 28:2 29:2 2A 2B 2C:3 30:4 40 41 42 43 44 50 "
         "60 70 71 72 73:3 74 75 80:2",
    "Q": "10:2 20:5",
}
# Of each message 00 and the object types that the table of 4.3.1.5 permits with some subject.
OBJECTS = {
    "P": "00 10:2 11:2 12 13 14 15 20 21:6 22:4 23 30:4 31 32:5 33 40:6 50:2 60:3 70 80:2",
    "E": "00:2 10:3 11:6 12:5 13:3 14 15 30:3 31 32:2 33 40:4 50:3 60:2 70",
    "D": "00 20:3 21:9 22:7 23:2 30 31 32:2 33 40:2 50 60 70 80",
    "S": "00:2 10:2 11:6 12:3 13:2 14 15 20 21 22 23 30:5 31 32:4 33 40:4 50:2 60:2 70 80:2",
    "I": "00 20:3 21:5 22:5 23 30:6 31:2 32:6 33",
    "M": "00 10:4 11 12:3 13:2 14 15 20:2 21:7 22:6 23 30 31 32 33 40:6 50:2 60:3 70 80:3",
    "Q": "00:2 20:4 21:9 22:9 23:2",
}
# That table: (message, first and last subject, first digits of the object types permitted).
PERMITTED = [
    ("P", "00", "00", "12345678"), ("P", "01", "0F", "1234567"), ("P", "10", "2F", "12345678"),
    ("P", "30", "3F", "23"), ("P", "40", "4F", "12345678"), ("P", "50", "5F", "2345678"),
    ("P", "60", "6F", "238"), ("E", "00", "FF", "134567"), ("D", "00", "1F", "2345678"),
    ("D", "20", "2F", "2"), ("D", "30", "4F", "234567"), ("D", "50", "5F", "2"),
    ("D", "A0", "EF", "2"), ("S", "00", "0F", "12345678"), ("S", "10", "1F", "1"),
    ("S", "20", "2F", "345678"), ("I", "00", "EF", "23"), ("M", "00", "EF", "12345678"),
    ("Q", "10", "2F", "2"),
]
ESCAPES = {"escape": 1 / 160}
OBJECT_ESCAPES = {"coded": 1 / 90, "digits": 1 / 220}
REQUESTED = "00 10:3 11:7 40:9 50:2 60:3 70 80:6"
# Half of all durations are looked for in the list, half pay for being any.
DURATIONS = (
    "P00D00H00M:14 P00D00H15M:2 P00D00H30M:5 P00D00H45M P00D01H00M:6 P00D01H30M P00D02H00M:7 "
    "P00D03H00M:5 P00D04H00M:5 P00D05H00M P00D06H00M:7 P00D08H00M:4 P00D10H00M P00D12H00M:8 "
    "P00D18H00M P01D00H00M:9 P01D12H00M P02D00H00M:6 P03D00H00M:6 P04D00H00M P05D00H00M:3 "
    "P07D00H00M:7 P10D00H00M:3 P14D00H00M:4 P21D00H00M P28D00H00M P30D00H00M:5 P60D00H00M "
    "P90D00H00M:2"
)


def weights(text):
    pairs = (entry.partition(":") for entry in text.split())
    return {code: float(weight or 0.5) for code, _, weight in pairs}


def flat_objects(letter):
    """Subjects equally often, and with each the object types permitted with it."""
    shares = dict.fromkeys(weights(OBJECTS[letter]), 0.0)
    subjects = weights(SUBJECTS[letter])
    for subject in subjects:
        groups = next(groups for row, first, last, groups in PERMITTED
                      if row == letter and first <= subject <= last)
        permitted = [code for code in shares if code == "00" or code[0] in groups]
        for code in permitted:
            shares[code] += 1 / len(subjects) / len(permitted)
    return shares


def mixed(judged, escapes, flat=None):
    total = sum(judged.values())
    flat = flat or dict.fromkeys(judged, 1 / len(judged))
    left = 1 - sum(escapes.values())
    shares = {code: left * (FLAT * flat[code] + (1 - FLAT) * weight / total)
              for code, weight in judged.items()}
    return shares | escapes


def huffman(shares):
    """Codeword lengths; of equal shares the later ones merge first, so the result is one."""
    heap = [(share, -index, [code]) for index, (code, share) in enumerate(shares.items())]
    lengths = dict.fromkeys(shares, 0)
    heapq.heapify(heap)
    while len(heap) > 1:
        first, second = heapq.heappop(heap), heapq.heappop(heap)
        for code in first[2] + second[2]:
            lengths[code] += 1
        heapq.heappush(heap, (first[0] + second[0], min(first[1], second[1]), first[2] + second[2]))
    return lengths


def all_lengths():
    codes = {}
    for letter, text in SUBJECTS.items():
        codes[f"subject_{letter}"] = huffman(mixed(weights(text), ESCAPES))
    for letter, text in OBJECTS.items():
        codes[f"object_{letter}"] = huffman(mixed(weights(text), OBJECT_ESCAPES, flat_objects(letter)))
    codes["requested"] = huffman(mixed(weights(REQUESTED), {"escape": 1 / 40}))
    listed = weights(DURATIONS)
    total = sum(listed.values())
    others = {"days": 1 / 32, "hours": 1 / 32, "any": 0.5, "digits": 1 / 512}
    left = 1 - sum(others.values())
    codes["duration"] = huffman(
        {code: left * weight / total for code, weight in listed.items()} | others)
    return codes


def main():
    codes = all_lengths()
    if sys.argv[1:] != ["--check"]:
        for name, lengths in codes.items():
            print(f"[code.{name}]\nsymbols = [")
            for code, length in lengths.items():
                print(f'    ["{code}", {length}],')
            print("]\n")
        return 0
    packed = tomllib.loads((pathlib.Path(__file__).parent / "packed.toml").read_text())
    wrong = [name for name, lengths in codes.items()
             if packed["code"][name]["symbols"] != [list(row) for row in lengths.items()]]
    print(f"priors: {len(codes)} codes, {len(wrong)} differ {' '.join(wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
