"""The codes the standard defines (4.3); every other one is reserved (chapter 01)."""

PRIVATE = {f"{code:02X}" for code in range(0xF0, 0x100)}

SUBJECTS = {
    "P": "00 01 02 03 10 11 12 13 20 30 31 32 33 40 50 51 52 53 60",
    "E": "00 01 02 10 11 12 13 14",
    "D": "00 10 11 12 13 14 15 1A 1B 1C 20 21 22 23 24 25 26 27 30 31 32 33 34 40 41 42 43 44 45 46 47 48 "
    "50 51 52 53 54 A0 A1 A2 A3 A4 A5 A6 A7 B0 B1 B2 B3 B4 C0 C1 C2 C3 C4 C5 C6 C7 D0 D1 D2 D3 D4 D5 D6 "
    "E0 E1 E2 E3 E4 E5 E6 E7 E8",
    "S": "00 10 11 12 13 20 21 22 23 24 25 26 28",
    "I": "00 10 11 12 13 14 15 16 17 20 21 22 23 24 25 26 27 28 29 2A 2B 2C 2D 30 31 32 33 34 35 36 37 38 "
    "40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 60 61 62 63 64 65",
    "M": "00 10 20 21 22 23 24 25 26 27 28 29 2A 2B 2C 30 40 41 42 43 44 50 60 70 71 72 73 74 75 80",
    "Q": "10 20",
}
SUBJECTS = {code: set(row.split()) | (PRIVATE if code in "DSIMQ" else set()) for code, row in SUBJECTS.items()}
SUBJECT_SECTIONS = {code: f"4.3.1.2.{n}" for n, code in enumerate("PEDSIMQ", 1)}

OBJECTS = set("00 10 11 12 13 14 15 20 21 22 23 30 31 32 33 40 50 60 70 80".split()) | PRIVATE
CLASSES = [
    ("persons", 0x10, 0x1F), ("areas", 0x20, 0x2F), ("structures", 0x30, 0x3F), ("vehicles", 0x40, 0x7F),
    ("goods", 0x80, 0x8F),
]  # fmt: skip
# The table of 4.3.1.5: the classes of objects each range of subjects excludes.
EXCLUDED = [
    ("P", 0x01, 0x0F, "goods"),
    ("P", 0x30, 0x3F, "persons vehicles goods"),
    ("P", 0x50, 0x5F, "persons"),
    ("P", 0x60, 0x6F, "persons vehicles"),
    ("E", 0x00, 0xFF, "areas goods"),
    ("D", 0x00, 0x1F, "persons"),
    ("D", 0x20, 0x2F, "persons structures vehicles goods"),
    ("D", 0x30, 0x4F, "persons goods"),
    ("D", 0x50, 0x5F, "persons structures vehicles goods"),
    ("D", 0xA0, 0xFF, "persons structures vehicles goods"),
    ("S", 0x10, 0x1F, "areas structures vehicles goods"),
    ("S", 0x20, 0x2F, "persons areas"),
    ("I", 0x00, 0xEF, "persons vehicles goods"),
]

METHODS_VERIFICATION = set("12ABCDEF")
METHODS_RESOURCE = set("1ABCDEF")
DATA_TYPES = {"01", "0A", "11", "21"} | {f"{code:02X}" for code in range(0xA0, 0x100)}


def object_class(code):
    number = int(code, 16)
    return next((name for name, first, last in CLASSES if first <= number <= last), None)


def object_excluded(message, subject, code):
    """Whether 4.3.1.5 forbids the object to that subject; no row forbids none."""
    if message == "Q":
        return code != "00" and object_class(code) != "areas"
    number = int(subject, 16)
    return any(
        message == row and first <= number <= last and object_class(code) in excluded.split()
        for row, first, last, excluded in EXCLUDED
    )
