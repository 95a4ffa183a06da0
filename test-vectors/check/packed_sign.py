"""The parts of a packed sign or signal (chapter 09), in their order; each returns the fields it holds."""

from typing import NamedTuple

from packed_codes import codes
from refusal import refuse_unless

MONTHS, DAYS, HOURS, MINUTES, SECONDS = 12, 31, 24, 60, 61
YEARS = {"near": (2025, 16), "later": (2041, 64), "any": (0, 10_000)}
STEPS = ["hour", "five minutes", "minute", "second"]  # coarsest first
SHAPES = {"21": "one", "31": "one", "22": "two", "23": "two", "32": "two", "33": "two"}
FREE = ("10", "11", "12", "13", "14", "15")
NO_SIZE = ("0000", "0000", "999")
OMITTED = {"ObjectLatitude": "+99.99999", "ObjectLongitude": "+999.99999"}
LATITUDE_MAX, LONGITUDE_MAX = 9_000_000, 18_000_000  # in 1/100,000 degrees


class Digits(NamedTuple):
    regular: str  # the size that would be told otherwise
    chosen_at: int


def sign(reader, code):
    fields = {"SubjectCode": subject(reader, code)}
    fields["DateTime"] = moment(reader)
    fields["Duration"] = duration(reader)
    kind, form = object_type(reader, code)
    fields["ObjectType"] = kind
    turned = dict(zip(("ObjectSizeDim1", "ObjectSizeDim2", "ObjectOrientation"), size(reader, kind, form)))
    fields |= location(reader)
    fields |= turned  # lies behind the location on the standard wire
    if code == "Q":
        fields |= objects(reader)
    return fields


def listed(reader, name, escape):
    """A symbol of a code, or eight bits for what is not in its list."""
    symbol = reader.code(name)
    if symbol == escape:
        symbol = reader.hexadecimal(2)
        reader.canonical(symbol not in codes()[name].symbols)
    return symbol


def subject(reader, code):
    reader.begin("SubjectCode")
    return listed(reader, f"subject_{code}", "escape")


def coarsest(minute, second):
    if second:
        return "second"
    if minute % 5:
        return "minute"
    return "five minutes" if minute else "hour"


def moment_form(year, minute, second):
    """The one form of a moment that has a number: near years before later ones, then the coarsest step there is."""
    years = next(name for name, (first, count) in YEARS.items() if first <= year < first + count)
    steps = [step for step in STEPS if f"{step} {years}" in codes()["moment"].symbols]
    finest_needed = STEPS.index(coarsest(minute, second))
    return next(f"{step} {years}" for step in steps if STEPS.index(step) >= finest_needed)


def moment(reader):
    reader.begin("DateTime")
    form = reader.code("moment")
    if form == "digits":
        return moment_digits(reader)
    step, _, years = form.rpartition(" ")
    first, count = YEARS[years]
    days = count * MONTHS * DAYS * HOURS
    if step == "hour":
        rest, minute, second = reader.number(days), 0, 0
    elif step == "five minutes":
        rest, minute = divmod(reader.number(days * 12), 12)
        minute, second = 5 * minute, 0
    elif step == "minute":
        rest, minute = divmod(reader.number(days * MINUTES), MINUTES)
        second = 0
    else:
        rest, second = divmod(reader.number(days * MINUTES * SECONDS), SECONDS)
        rest, minute = divmod(rest, MINUTES)
    rest, hour = divmod(rest, HOURS)
    rest, day = divmod(rest, DAYS)
    year, month = divmod(rest, MONTHS)
    year += first
    reader.canonical(form == moment_form(year, minute, second))
    return f"{year:04}-{month + 1:02}-{day + 1:02}T{hour:02}:{minute:02}:{second:02}Z"


def moment_digits(reader):
    """For what has no number."""
    digits = reader.digits(14)
    year, *parts = digits[:4], *(digits[i : i + 2] for i in range(4, 14, 2))
    month, day, hour, minute, second = map(int, parts)
    counted = (
        1 <= month <= MONTHS and 1 <= day <= DAYS and hour < HOURS and minute < MINUTES and second < SECONDS
    )
    reader.canonical(not counted)
    return "{}-{}-{}T{}:{}:{}Z".format(year, *parts)


def duration(reader):
    reader.begin("Duration")
    form = reader.code("duration")
    if form == "digits":
        digits = reader.digits(6)
        days, hours, minutes = (int(digits[i : i + 2]) for i in (0, 2, 4))
    elif form == "days":
        days, hours, minutes = reader.number(100), 0, 0
    elif form == "hours":
        (days, hours), minutes = divmod(reader.number(2_400), 24), 0
    elif form == "any":
        rest, minutes = divmod(reader.number(144_000), 60)
        days, hours = divmod(rest, 24)
    else:
        return form
    text = f"P{days:02}D{hours:02}H{minutes:02}M"
    reader.canonical(form == duration_form(text, hours, minutes))
    return text


def duration_form(text, hours, minutes):
    if text in codes()["duration"].symbols:
        return text
    if hours > 23 or minutes > 59:
        return "digits"
    if minutes:
        return "any"
    return "hours" if hours else "days"


def object_type(reader, code):
    """The type, and how its size is told: by its shape, `free`, or in digits."""
    reader.begin("ObjectType")
    name = f"object_{code}"
    form = reader.code(name)
    if form == "coded":
        kind = reader.hexadecimal(2)
        reader.canonical(kind not in codes()[name].symbols)
        return kind, "free"
    if form == "digits":
        kind = reader.hexadecimal(2)
        return kind, Digits(shape(kind) if kind in codes()[name].symbols else "free", reader.begun)
    return form, shape(form)


def shape(kind):
    """The regular size of a listed type."""
    return "free" if kind in FREE else SHAPES.get(kind, "none")


def size(reader, kind, form):
    reader.begin("ObjectSize")
    if isinstance(form, Digits):
        found = reader.digits(4), reader.digits(4), reader.digits(3)
        # `digits` was chosen in the type, and is what was wrong to choose.
        refuse_unless(not is_regular(found, form.regular), "not_canonical", "ObjectType", form.chosen_at)
        return found
    if form == "free":
        form = reader.code("free_size")
    if form == "none":
        return NO_SIZE
    return one_size(reader) if form == "one" else two_sizes(reader)


def is_regular(found, form):
    first, second, turned = found
    one = first != "0000" and second == "0000" and turned <= "359"
    two = first != "0000" and second != "0000" and turned <= "359"
    sizes = {"none": found == NO_SIZE, "one": one, "two": two}
    return any(sizes.values()) if form == "free" else sizes[form]


def is_round(dimension):
    return not str(dimension)[2:].strip("0")


def one_size(reader):
    first = dimensions(reader, "one_size", 1)
    if reader.code("circle_orientation") == "north":
        turned = 0
    else:
        turned = reader.number(360)
        reader.canonical(turned != 0)
    return f"{first[0]:04}", "0000", f"{turned:03}"


def two_sizes(reader):
    both = dimensions(reader, "two_sizes", 2)
    if reader.code("orientation") == "step of 15":
        turned = 15 * reader.number(24)
    else:
        turned = reader.number(360)
        reader.canonical(turned % 15 != 0)
    return f"{both[0]:04}", f"{both[1]:04}", f"{turned:03}"


def dimensions(reader, name, count):
    if reader.code(name) == "round":
        return [round_dimension(reader) for _ in range(count)]
    found = [reader.number(9_999) + 1 for _ in range(count)]
    reader.canonical(not all(is_round(dimension) for dimension in found))
    return found


def round_dimension(reader):
    if reader.code("round") == "one digit":
        power, digit = divmod(reader.number(36), 9)
        return (digit + 1) * 10**power
    power, rest = divmod(reader.number(243), 81)
    tens, ones = divmod(rest, 9)
    return (10 * (tens + 1) + ones + 1) * 10**power


def degrees(value, places):
    """Twice the magnitude, plus one for the sign."""
    whole, part = divmod(value >> 1, 100_000)
    return f"{'-' if value & 1 else '+'}{whole:0{places}}.{part:05}"


def location(reader):
    reader.begin("ObjectLocation")
    value = reader.number(2 * LATITUDE_MAX + 4)
    if value == 2 * LATITUDE_MAX + 2:
        return dict(OMITTED)
    if value == 2 * LATITUDE_MAX + 3:
        return location_digits(reader)
    latitude = degrees(value, 2)
    return {"ObjectLatitude": latitude, "ObjectLongitude": degrees(reader.number(2 * LONGITUDE_MAX + 2), 3)}


def location_digits(reader):
    """As on the standard wire, for what is out of range."""
    signs, numbers = [], []
    for places in (2, 3):
        signs.append("-+"[reader.take(1)])
        numbers.append(reader.digits(places + 5))
    found = dict(zip(OMITTED, (f"{sign}{digits[:-5]}.{digits[-5:]}" for sign, digits in zip(signs, numbers))))
    in_range = int(numbers[0]) <= LATITUDE_MAX and int(numbers[1]) <= LONGITUDE_MAX
    reader.canonical(not in_range and found != OMITTED)
    return found


def objects(reader):
    reader.begin("ObjectCount")
    fields = {}
    for n in range(1, int(reader.code("objects")) + 1):
        reader.begin(f"ObjectType{n}")
        fields[f"ObjectType{n}"] = listed(reader, "requested", "escape")
        reader.begin(f"ObjectType{n}Quant")
        fields[f"ObjectType{n}Quant"] = f"{quantity(reader):02}"
    return fields


def quantity(reader):
    if reader.code("quantity") == "1 to 8":
        return reader.number(8) + 1
    found = reader.number(100)
    reader.canonical(not 1 <= found <= 8)
    return found
