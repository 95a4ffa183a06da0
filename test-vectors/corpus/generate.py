#!/usr/bin/env python3
"""Writes the four JSON Lines files of this corpus: one Whiteflag message a line, as a flat object
of the standard's text field values.

    generate.py           write the files
    generate.py --check   exit with 1 if a file would change

Python 3.11, standard library only. Seeded; every draw comes from random.Random.random(), so the
files do not depend on how other methods of the library pick. The texts of references.jsonl are
taken from text_en.txt, text_fr.txt, text_other.txt and urls.txt beside this file.
"""

import datetime
import json
import math
import pathlib
import random
import sys

HERE = pathlib.Path(__file__).resolve().parent
NOWHERE = ("+99.99999", "+999.99999")
NO_SIZE = ("0000", "0000", "999")
INDEFINITE = "P00D00H00M"


# --- draws ---------------------------------------------------------------------------------------

class Dice:
    def __init__(self, seed):
        self.source = random.Random(seed)

    def chance(self, share):
        return self.source.random() < share

    def span(self, low, high):
        """A whole number, both ends included."""
        return low + int(self.source.random() * (high - low + 1))

    def real(self, low, high):
        return low + self.source.random() * (high - low)

    def among(self, things):
        return things[int(self.source.random() * len(things))]

    def weighted(self, pairs):
        total = sum(weight for _, weight in pairs)
        at = self.source.random() * total
        for thing, weight in pairs:
            at -= weight
            if at < 0:
                return thing
        return pairs[-1][0]

    def normal(self, deviation):
        one = 1.0 - self.source.random()
        two = self.source.random()
        return deviation * math.sqrt(-2 * math.log(one)) * math.cos(2 * math.pi * two)

    def stretch(self, low, high):
        """A whole number, evenly spread by its logarithm."""
        return int(round(math.exp(self.real(math.log(low), math.log(high)))))

    def hash(self):
        return "".join("0123456789abcdef"[self.span(0, 15)] for _ in range(64))


# --- writing fields ------------------------------------------------------------------------------

def moment(when):
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def duration(days=0, hours=0, minutes=0):
    return f"P{days:02d}D{hours:02d}H{minutes:02d}M"


def degrees(latitude, longitude):
    def text(value, width):
        return ("-" if value < 0 else "+") + f"{abs(value):0{width}.5f}"
    return text(latitude, 8), text(longitude, 9)


def message(code, body, duress="0", indicator="0", referenced="0" * 64):
    fields = {
        "Prefix": "WF", "Version": "1", "EncryptionIndicator": "0", "DuressIndicator": duress,
        "MessageCode": code, "ReferenceIndicator": indicator, "ReferencedMessage": referenced,
    }
    fields.update(body)
    return fields


def sign(subject, when, lasts, kind, place, size):
    return {
        "SubjectCode": subject, "DateTime": when, "Duration": lasts, "ObjectType": kind,
        "ObjectLatitude": place[0], "ObjectLongitude": place[1],
        "ObjectSizeDim1": size[0], "ObjectSizeDim2": size[1], "ObjectOrientation": size[2],
    }


# --- what the standard defines -------------------------------------------------------------------

SUBJECTS = {
    "P": "00 01 02 03 10 11 12 13 20 30 31 32 33 40 50 51 52 53 60",
    "E": "00 01 02 10 11 12 13 14",
    "D": "00 10 11 12 13 14 15 1A 1B 1C 20 21 22 23 24 25 26 27 30 31 32 33 34 40 41 42 43 44 45 46"
         " 47 48 50 51 52 53 54 A0 A1 A2 A3 A4 A5 A6 A7 B0 B1 B2 B3 B4 C0 C1 C2 C3 C4 C5 C6 C7"
         " D0 D1 D2 D3 D4 D5 D6 E0 E1 E2 E3 E4 E5 E6 E7 E8",
    "S": "00 10 11 12 13 20 21 22 23 24 25 26 28",
    "I": "00 10 11 12 13 14 15 16 17 20 21 22 23 24 25 26 27 28 29 2A 2B 2C 2D 30 31 32 33 34 35 36"
         " 37 38 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 60 61 62 63 64 65",
    "M": "00 10 20 21 22 23 24 25 26 27 28 29 2A 2B 2C 30 40 41 42 43 44 50 60 70 71 72 73 74 75 80",
}
SUBJECTS = {code: codes.split() for code, codes in SUBJECTS.items()}

PERSONS = ["10", "11", "12", "13", "14", "15"]
AREAS = ["20", "21", "22", "23"]
STRUCTURES = ["30", "31", "32", "33"]
VEHICLES = ["40", "50", "60", "70"]
GOODS = ["80"]


def permitted(code, subject):
    """The object types table 4.3.1.5 permits with a subject."""
    group = subject[0]
    if code == "P":
        if group == "3":
            return AREAS + STRUCTURES
        if group == "5":
            return AREAS + STRUCTURES + VEHICLES + GOODS
        if group == "6":
            return AREAS + STRUCTURES + GOODS
        if group == "0" and subject != "00":
            return PERSONS + AREAS + STRUCTURES + VEHICLES
    if code == "E":
        return PERSONS + STRUCTURES + VEHICLES
    if code == "D":
        if group in "01":
            return AREAS + STRUCTURES + VEHICLES + GOODS
        if group in "34":
            return AREAS + STRUCTURES + VEHICLES
        return AREAS
    if code == "S" and group == "1":
        return PERSONS
    if code == "S" and group == "2":
        return STRUCTURES + VEHICLES
    if code == "I":
        return AREAS + STRUCTURES
    return PERSONS + AREAS + STRUCTURES + VEHICLES + GOODS


# --- where ---------------------------------------------------------------------------------------
# latitude, longitude, spread in degrees, weight, tags:
# c conflict, m mines, d displaced people, q earthquake, v volcano, s storm, f flood, l landslide,
# h heat or drought, w wildfire, k cold, e epidemic, i industry, x sea, u cultural, r rich in systems

PLACES = [
    (50.45, 30.52, .25, 5, "ciur"), (49.99, 36.23, .35, 8, "cmidr"), (48.46, 35.04, .3, 5, "cidr"),
    (47.84, 35.14, .35, 7, "cmidr"), (46.64, 32.62, .25, 6, "cmfdr"), (48.74, 37.58, .3, 7, "cmdr"),
    (46.48, 30.73, .25, 4, "ciuxr"), (49.84, 24.03, .2, 2, "dur"), (50.91, 34.80, .3, 3, "cmr"),
    (31.51, 34.45, .06, 10, "cdemu"), (31.35, 34.31, .05, 6, "cdem"), (31.90, 35.21, .15, 3, "cdu"),
    (33.12, 35.43, .15, 5, "cdmw"), (33.89, 35.50, .1, 3, "cdui"), (36.20, 37.15, .3, 5, "cmdqu"),
    (35.93, 36.63, .3, 4, "cdmqe"), (33.51, 36.29, .25, 3, "cdmu"), (35.33, 40.14, .3, 2, "cmh"),
    (36.34, 43.13, .3, 4, "cmdu"), (33.31, 44.37, .3, 3, "cmhu"), (36.83, 42.86, .4, 2, "dm"),
    (15.35, 44.21, .25, 5, "cdeuf"), (14.80, 42.95, .25, 5, "cmdex"), (12.79, 45.02, .2, 4, "cdx"),
    (13.58, 44.02, .2, 4, "cmd"), (15.50, 32.56, .25, 6, "cdefh"), (13.63, 25.35, .35, 6, "cdh"),
    (13.48, 22.45, .5, 5, "cdeh"), (11.78, 34.36, .4, 2, "cdf"), (19.62, 37.22, .2, 2, "dx"),
    (4.85, 31.58, .3, 3, "cdefm"), (9.53, 31.66, .5, 3, "cdfe"), (8.40, 29.98, .6, 2, "dfe"),
    (2.05, 45.32, .2, 4, "cdhex"), (4.74, 45.20, .4, 2, "cdfh"), (9.56, 44.07, .4, 1, "dhx"),
    (13.50, 39.47, .4, 3, "cdmh"), (12.60, 37.47, .4, 2, "cdu"), (7.06, 38.48, .5, 2, "flhe"),
    (-1.67, 29.22, .25, 6, "cdevl"), (-2.51, 28.86, .3, 3, "cdel"), (1.57, 30.25, .4, 3, "cde"),
    (.50, 29.47, .3, 2, "cde"), (4.36, 18.58, .3, 2, "cde"), (7.00, 19.18, 1.2, 2, "cd"),
    (11.84, 13.15, .4, 5, "cdefh"), (13.71, 13.30, .5, 2, "cdh"), (12.06, 6.01, .6, 2, "cdf"),
    (16.27, -.04, .5, 3, "cdh"), (14.49, -4.19, .5, 3, "cmdf"), (13.97, -1.62, .6, 3, "cdh"),
    (13.51, 2.12, .4, 2, "cfh"), (-12.97, 40.52, .5, 3, "cds"), (-19.84, 34.84, .4, 3, "fsde"),
    (-17.88, 36.89, .4, 1, "sfe"), (-18.91, 47.52, .4, 2, "sfe"), (-25.04, 45.66, .6, 2, "hs"),
    (34.53, 69.17, .3, 4, "cmdq"), (31.62, 65.71, .4, 2, "cmh"), (34.35, 62.20, .4, 3, "qdh"),
    (34.43, 70.45, .3, 2, "mqfd"), (27.70, 68.86, .8, 3, "fh"), (34.02, 71.52, .4, 2, "cfl"),
    (30.18, 66.99, .5, 1, "cq"), (27.72, 85.32, .4, 2, "qlfu"), (21.20, 92.16, .12, 5, "dlsew"),
    (24.89, 91.87, .4, 2, "f"), (22.45, 90.40, .6, 2, "sf"), (26.18, 91.75, .6, 2, "fl"),
    (20.15, 92.90, .4, 3, "cds"), (21.97, 96.08, .4, 4, "cqdu"), (16.87, 96.20, .4, 2, "csf"),
    (24.36, 97.30, .5, 2, "cdl"), (14.60, 121.00, .4, 3, "sfr"), (11.24, 125.00, .5, 3, "s"),
    (7.85, 124.30, .5, 2, "cd"), (13.26, 123.69, .2, 2, "vs"), (16.05, 108.20, .5, 2, "sfm"),
    (-.90, 119.87, .3, 2, "qx"), (-7.54, 110.45, .3, 2, "vlr"), (-6.82, 107.14, .3, 3, "qlf"),
    (.51, 101.45, .8, 1, "w"), (-8.65, 117.36, .8, 1, "q"), (-4.08, 137.00, 1., 1, "cd"),
    (-6.10, 143.70, .7, 2, "cl"), (-17.73, 168.32, .5, 1, "qsv"), (-18.14, 178.44, .6, 1, "s"),
    (37.57, 36.92, .5, 4, "qdkr"), (36.20, 36.16, .2, 3, "qdr"), (41.01, 28.98, .3, 2, "qixr"),
    (37.98, 23.73, .4, 2, "wqr"), (39.10, 26.55, .2, 2, "xd"), (35.50, 12.61, .7, 4, "xd"),
    (33.00, 13.50, .7, 3, "xcd"), (32.76, 22.64, .2, 2, "fcd"), (28.10, -15.42, .8, 2, "xd"),
    (51.00, 1.50, .2, 2, "xdr"), (31.06, -8.00, .4, 2, "qu"), (38.72, -9.14, .5, 2, "wr"),
    (39.47, -.38, .3, 2, "fr"), (44.42, 12.20, .4, 2, "fr"), (42.70, 13.25, .4, 2, "qur"),
    (50.54, 7.11, .3, 2, "fr"), (50.43, 16.65, .3, 1, "fr"), (39.82, 46.75, .4, 2, "cmd"),
    (40.18, 44.51, .3, 1, "du"), (43.86, 18.41, .5, 2, "mu"), (44.97, 34.10, .5, 1, "c"),
    (50.60, 36.59, .3, 2, "cir"), (18.54, -72.33, .15, 6, "cdqe"), (18.20, -73.75, .4, 3, "qsl"),
    (19.45, -72.69, .3, 2, "cdef"), (20.02, -75.83, .5, 2, "sr"), (18.00, -76.80, .3, 2, "s"),
    (15.50, -88.03, .4, 2, "sfl"), (14.47, -90.88, .3, 2, "vl"), (16.85, -99.88, .4, 2, "sq"),
    (19.43, -99.13, .4, 2, "qr"), (25.76, -80.19, .6, 2, "sr"), (29.95, -90.07, .5, 2, "sfr"),
    (34.05, -118.40, .4, 3, "wqr"), (39.76, -121.62, .6, 2, "wr"), (50.70, -120.33, .8, 2, "wr"),
    (7.89, -72.50, .3, 3, "cd"), (1.81, -78.76, .4, 3, "cmd"), (6.25, -75.58, .5, 2, "cml"),
    (8.10, -78.00, .3, 1, "d"), (-1.05, -80.45, .4, 2, "q"), (-12.05, -77.04, .5, 1, "qr"),
    (-36.82, -73.05, .5, 2, "qwr"), (-30.03, -51.22, .4, 3, "fr"), (-22.51, -43.18, .3, 1, "fl"),
    (-16.50, -68.13, .5, 1, "l"), (37.39, 136.90, .3, 3, "qkr"), (38.27, 140.87, .5, 2, "qir"),
    (32.80, 130.71, .3, 2, "qfr"), (23.98, 121.60, .3, 2, "qsr"), (31.00, 103.60, .6, 1, "ql"),
    (34.75, 113.63, .4, 1, "fi"), (28.61, 77.21, .5, 1, "hi"), (19.30, 84.79, .5, 1, "s"),
    (-28.81, 153.28, .4, 2, "fr"), (-37.00, 147.90, 1., 2, "wr"), (-41.29, 174.78, .6, 1, "qr"),
    (64.00, -22.40, .2, 1, "vr"), (47.40, 11.50, .6, 2, "klr"), (42.87, 74.59, .7, 1, "lk"),
    (38.56, 68.77, .6, 1, "lq"), (47.92, 106.92, 2., 1, "k"), (-13.98, 33.78, .4, 2, "seh"),
    (-20.15, 28.58, .8, 1, "he"), (-15.42, 28.28, .6, 2, "eh"), (3.12, 35.60, .8, 2, "hd"),
    (.05, 40.30, .6, 2, "hfcd"), (-1.29, 36.82, .4, 1, "fr"), (6.31, -10.80, .5, 1, "e"),
    (8.48, -13.23, .3, 1, "elf"), (9.51, -13.71, .4, 1, "e"), (5.95, 10.15, .4, 2, "cd"),
    (12.30, 43.60, .8, 3, "xc"), (12.50, 53.00, 2.5, 1, "x"), (11.00, 65.00, 6., 1, "xs"),
    (9.50, 97.50, 1.5, 1, "x"), (6.00, 3.00, 1.0, 1, "x"), (43.60, 31.80, 1.5, 2, "xc"),
    (50.06, 45.40, .6, 1, "i"), (40.70, -74.00, .5, 1, "fir"), (29.75, -95.36, .4, 2, "sfir"),
    (38.58, 69.50, .5, 1, "ml"), (11.56, 104.92, .8, 2, "mf"), (17.97, 102.63, .8, 2, "m"),
    (-12.78, 15.74, .8, 2, "mh"), (9.68, 80.02, .3, 2, "m"), (27.15, -13.20, .8, 1, "m"),
]

MUSLIM = [(12, 40, 25, 75), (10, 37, -17, 25), (-9, 6, 95, 141), (35, 43, 26, 45), (20, 24, 88, 93)]


def around(dice, tag):
    places = [(place, place[3]) for place in PLACES if tag in place[4]]
    latitude, longitude, spread, _, tags = dice.weighted(places)
    # Most things happen in and near the town, the rest in the district around it.
    near = dice.weighted([(.12, 35), (.4, 40), (1.0, 25)]) * spread
    north = latitude + dice.normal(near)
    east = longitude + dice.normal(near) / max(.3, math.cos(math.radians(latitude)))
    return max(-89., min(89., north)), max(-179.9, min(179.9, east)), tags


def typed_degrees(dice, latitude, longitude, style):
    if style == "gnss":
        return degrees(latitude, longitude)
    if style == "minutes":
        return degrees(round(latitude * 60) / 60, round(longitude * 60) / 60)
    if style == "seconds":
        return degrees(round(latitude * 3600) / 3600, round(longitude * 3600) / 3600)
    return degrees(round(latitude, int(style)), round(longitude, int(style)))


# --- when ----------------------------------------------------------------------------------------

def day(dice):
    return datetime.datetime(2026, 1, 1) + datetime.timedelta(days=dice.span(0, 11 * 365 + 2))


def clock(dice, longitude, style, awake=True):
    """A moment; most people send by local day."""
    start = day(dice)
    hour = dice.real(0, 24)
    if awake and dice.chance(.75):
        hour = 13 + dice.normal(3.6) - longitude / 15
    when = start + datetime.timedelta(seconds=int((hour % 24) * 3600))
    if style == "now":
        return when
    if style == "minute":
        return when.replace(second=0)
    if style == "five":
        return when.replace(minute=when.minute // 5 * 5, second=0)
    if style == "quarter":
        return when.replace(minute=when.minute // 15 * 15, second=0)
    if style == "half":
        return when.replace(minute=when.minute // 30 * 30, second=0)
    if style == "hour":
        return when.replace(minute=0, second=0)
    if style == "synoptic":
        return when.replace(hour=when.hour // 6 * 6, minute=0, second=0)
    if style == "midnight":
        return when.replace(hour=0, minute=0, second=0)
    # Midnight or the start of work by the local clock, as a planner types it.
    zone = round(longitude / 15)
    local = dice.weighted([(0, 5), (6, 4), (7, 4), (8, 6), (9, 3), (12, 1)])
    return when.replace(hour=(local - zone) % 24, minute=0, second=0)


# --- how big -------------------------------------------------------------------------------------

ROUND = [10, 15, 20, 25, 30, 40, 50, 60, 75, 80, 100, 120, 150, 200, 250, 300, 400, 500, 600, 700,
         750, 800, 1000, 1200, 1500, 2000, 2500, 3000, 4000, 5000, 6000, 7500, 8000, 9000, 9999]
HANDY = {50, 100, 200, 250, 300, 500, 1000, 1500, 2000, 3000, 5000}


def one_size(dice, low, high, style):
    if style == "round":
        steps = [(step, 3 if step in HANDY else 1) for step in ROUND if low <= step <= high]
        if steps:
            return dice.weighted(steps)
    value = dice.stretch(low, high)
    if style == "tens" and value > 30:
        value = round(value / 10) * 10
    return max(1, min(9999, value))


def one_angle(dice, style):
    if style == "measured":
        return dice.span(0, 359) if dice.chance(.4) else dice.span(0, 179)
    return dice.weighted([
        (0, 40), (90, 14), (45, 8), (180, 4), (270, 3), (135, 3), (315, 2), (30, 4), (60, 3),
        (10 * dice.span(0, 35), 14), (5 * dice.span(0, 71), 8)])


def sized(dice, kind, low, high, style):
    """Dimensions and orientation for an object type."""
    angle = "measured" if style in ("drawn", "tens") else "typed"
    if kind in ("21", "31"):
        turn = 0 if dice.chance(.93) else one_angle(dice, angle)
        return f"{one_size(dice, low, high, style):04d}", "0000", f"{turn:03d}"
    if kind in ("22", "23", "32", "33"):
        first = one_size(dice, low, high, style)
        if style == "round" and dice.chance(.3):
            second = first
        elif style == "round":
            second = one_size(dice, max(low, first // 5), min(high, first * 3), style)
        else:
            second = max(1, min(9999, int(round(first * math.exp(dice.normal(.6))))))
        return f"{first:04d}", f"{second:04d}", f"{one_angle(dice, angle):03d}"
    if kind in PERSONS and dice.chance(.12):
        # The accuracy of a fix or the extent of the crowd.
        reach = {"11": (3, 30), "10": (10, 300), "12": (5, 50), "13": (10, 150), "14": (50, 600),
                 "15": (200, 3000)}[kind]
        return f"{one_size(dice, *reach, style):04d}", "0000", "000"
    return NO_SIZE


# --- how long ------------------------------------------------------------------------------------

SPANS = {
    "moment": [((0, 0, 15), 2), ((0, 0, 30), 5), ((0, 1, 0), 5), ((0, 2, 0), 3), ((0, 3, 0), 1),
               ((0, 0, 0), 3)],
    "hours": [((0, 1, 0), 3), ((0, 2, 0), 5), ((0, 3, 0), 3), ((0, 4, 0), 3), ((0, 6, 0), 7),
              ((0, 8, 0), 3), ((0, 12, 0), 6), ((1, 0, 0), 6), ((0, 0, 30), 1), ((0, 0, 0), 4),
              ((0, 10, 0), 1), ((0, 5, 0), 1), ((0, 1, 30), 1)],
    "days": [((1, 0, 0), 6), ((2, 0, 0), 5), ((3, 0, 0), 7), ((5, 0, 0), 4), ((7, 0, 0), 8),
             ((10, 0, 0), 3), ((14, 0, 0), 5), ((0, 12, 0), 2), ((0, 0, 0), 8), ((4, 0, 0), 2),
             ((1, 12, 0), 1), ((21, 0, 0), 1), ((30, 0, 0), 2), ((6, 0, 0), 1)],
    "weeks": [((7, 0, 0), 3), ((14, 0, 0), 5), ((21, 0, 0), 2), ((28, 0, 0), 2), ((30, 0, 0), 8),
              ((60, 0, 0), 4), ((90, 0, 0), 6), ((99, 0, 0), 1), ((0, 0, 0), 12), ((45, 0, 0), 1),
              ((99, 23, 59), 1)],
    "standing": [((0, 0, 0), 30), ((90, 0, 0), 2), ((30, 0, 0), 2), ((99, 23, 59), 1)],
}


def lasts(dice, style):
    if style in ("hours", "days") and dice.chance(.05):
        # "Until then and then", which a program turned into a length.
        if style == "hours":
            return duration(0, dice.span(0, 23), dice.span(1, 59))
        return duration(dice.span(0, 9), dice.span(0, 23), dice.among([0, 15, 30, 45]))
    return duration(*dice.weighted(SPANS[style]))


# --- who sends -----------------------------------------------------------------------------------
# clock, position and size styles of each kind of sender

SENDERS = {
    "handset": ([("now", 90), ("minute", 10)], [("gnss", 97), ("4", 3)],
                [("round", 75), ("tens", 10), ("drawn", 15)]),
    "field": ([("now", 55), ("minute", 15), ("five", 10), ("quarter", 12), ("hour", 8)],
              [("gnss", 82), ("4", 8), ("3", 6), ("seconds", 4)],
              [("round", 60), ("tens", 15), ("drawn", 25)]),
    "desk": ([("hour", 30), ("half", 20), ("quarter", 18), ("office", 20), ("minute", 6),
              ("now", 6)],
             [("gnss", 38), ("4", 22), ("3", 18), ("2", 12), ("minutes", 5), ("seconds", 5)],
             [("round", 85), ("tens", 5), ("drawn", 10)]),
    "registry": ([("midnight", 60), ("office", 15), ("now", 25)],
                 [("gnss", 85), ("4", 10), ("seconds", 5)], [("drawn", 75), ("tens", 25)]),
    "tracker": ([("now", 65), ("minute", 15), ("five", 20)], [("gnss", 100)], [("drawn", 100)]),
    "survey": ([("now", 50), ("minute", 20), ("office", 20), ("midnight", 10)],
               [("gnss", 95), ("4", 5)], [("drawn", 70), ("tens", 15), ("round", 15)]),
    "feed": ([("now", 45), ("minute", 20), ("hour", 25), ("quarter", 10)],
             [("4", 20), ("3", 30), ("2", 25), ("gnss", 25)], [("round", 80), ("drawn", 20)]),
    "weather": ([("synoptic", 65), ("hour", 35)], [("1", 55), ("2", 35), ("minutes", 10)],
                [("round", 100)]),
}


# --- what they send ------------------------------------------------------------------------------

def emblem(latitude, longitude, dice):
    if any(a <= latitude <= b and c <= longitude <= d for a, b, c, d in MUSLIM):
        return dice.weighted([("12", 60), ("11", 22), ("10", 14), ("13", 4)])
    return dice.weighted([("11", 74), ("10", 20), ("12", 3), ("13", 3)])


def pairs(text):
    """"21:50 20:30" as pairs of value and weight."""
    return [(part.split(":")[0], float(part.split(":")[1])) for part in text.split()]


# weight, code, subjects, tags, senders, object types, size from-to, duration styles
SCENES = [
    (9.0, "P", "emblem", "c d e q", "registry:5 field:3 desk:2", "32:40 30:32 22:8 21:6 20:4 31:3 00:7", 12, 220, "standing:8 weeks:2"),
    (8.0, "P", "emblem", "c d f q", "tracker:6 handset:3 desk:1", "40:76 12:6 13:2 60:5 50:5 80:3 00:3", 1, 1, "moment:5 hours:5"),
    (1.5, "P", "emblem", "d c e", "field:3 desk:1", "21:35 22:30 20:20 13:8 80:7", 50, 800, "days:3 standing:2"),
    (2.5, "P", "20:1", "d c", "registry:4 desk:2 field:1", "32:35 30:25 22:20 21:8 20:7 00:5", 20, 700, "standing:7 weeks:2"),
    (2.8, "P", "20:1", "c d x", "tracker:6 handset:2 desk:1", "40:74 60:12 50:4 12:5 80:5", 1, 1, "moment:4 hours:6"),
    (1.4, "P", "31:55 30:30 33:8 32:7", "c d", "desk:5 registry:2", "21:36 22:36 20:14 32:8 30:6", 100, 3000, "standing:5 weeks:3 days:2"),
    (2.6, "P", "40:1", "c q f w", "field:4 desk:2 tracker:2 registry:1", "40:36 12:16 13:10 30:14 32:9 21:5 20:5 80:2 60:3", 15, 250, "hours:4 days:3 standing:2"),
    (3.6, "P", "52:40 51:34 53:8 50:18", "u", "registry:6 desk:2 field:1", "32:38 30:28 22:14 21:9 31:6 20:5", 10, 400, "standing:1"),
    (1.3, "P", "60:1", "i c r", "registry:5 desk:3", "22:34 30:22 21:20 32:14 31:6 20:4", 60, 2500, "standing:1"),
    (1.5, "P", "01:38 02:30 03:32", "c", "handset:7 field:2", "12:34 11:20 13:18 10:10 30:8 40:7 20:3", 10, 100, "moment:3 hours:4 standing:2"),
    (0.6, "P", "00:1", "c d x", "handset:2 desk:1", "30:30 00:25 20:20 40:15 10:10", 10, 100, "standing:2 days:1"),

    (7.0, "E", "11:1", "c q f d e", "handset:8 field:2", "11:48 12:26 13:8 10:5 30:5 40:5 00:3", 5, 60, "moment:2 hours:6 standing:3"),
    (4.8, "E", "12:1", "q f c w l", "handset:7 field:3", "12:26 11:18 13:10 30:24 32:6 40:8 10:5 00:3", 10, 80, "hours:6 standing:3"),
    (3.2, "E", "01:70 02:30", "x", "handset:4 tracker:5 desk:1", "50:76 13:12 12:6 60:3 11:3", 1, 1, "hours:5 standing:4"),
    (1.4, "E", "01:45 02:25 00:30", "c q k d", "handset:1", "11:40 12:30 10:10 40:12 00:8", 5, 40, "moment:2 hours:3 standing:3"),
    (1.8, "E", "10:1", "d f h s c", "handset:5 field:4 desk:1", "13:28 14:18 12:18 10:12 11:8 30:8 40:4 15:4", 20, 150, "hours:2 days:4 standing:2"),
    (1.1, "E", "13:1", "c d", "handset:1", "11:28 12:32 30:14 40:14 10:8 13:4", 10, 60, "moment:3 hours:4"),
    (2.2, "E", "14:1", "f s q l", "field:4 desk:3 handset:2", "14:30 15:18 13:24 10:12 30:10 00:6", 20, 400, "days:5 hours:2 standing:2"),

    (6.8, "D", "14:36 12:38 11:10 10:8 13:5 15:3", "c", "handset:5 feed:2 field:2 desk:2", "21:42 20:26 30:14 22:6 32:4 00:5 40:3", 50, 3000, "moment:3 hours:6 standing:1"),
    (3.0, "D", "11:25 20:45 10:10 15:8 13:6 00:6", "c", "desk:4 field:3", "21:45 20:28 22:22 23:5", 300, 9999, "days:5 hours:3 standing:2"),
    (4.4, "D", "21:1", "m", "survey:7 field:2 desk:1", "22:52 21:24 20:14 23:10", 10, 900, "standing:8 weeks:1"),
    (4.8, "D", "22:1", "m c", "survey:4 handset:4 field:3", "21:56 20:24 22:17 23:3", 5, 300, "standing:5 weeks:3 days:2"),
    (0.5, "D", "23:45 25:25 26:15 24:15", "c i", "desk:3 field:2", "21:60 22:15 20:15 23:10", 200, 5000, "days:4 weeks:3"),
    (0.5, "D", "27:1", "c", "desk:4 feed:1", "21:70 20:15 22:15", 3000, 9999, "days:3 hours:3 standing:1"),
    (0.2, "D", "1A:70 1B:10 1C:20", "c", "handset:2 desk:2", "21:60 20:40", 300, 5000, "hours:2 days:2"),
    (2.4, "D", "33:52 34:20 31:8 32:12 30:8", "r d f x", "handset:5 feed:2 desk:2", "40:36 20:16 21:22 00:10 30:6 22:10", 20, 500, "hours:7 standing:1"),
    (2.2, "D", "42:26 41:20 43:12 46:14 45:8 40:10 48:8 44:2", "i r", "feed:2 desk:4 handset:2", "21:44 30:20 20:14 32:12 22:10", 50, 4000, "hours:4 days:5"),
    (2.8, "D", "51:32 52:22 50:16 53:30", "c d", "desk:4 field:4 handset:3", "21:42 20:34 22:22 23:2", 200, 6000, "days:5 hours:3 weeks:2"),
    (0.9, "D", "54:1", "h", "desk:5 feed:2", "20:56 21:28 22:16", 3000, 9999, "weeks:6 standing:2"),
    (3.2, "D", "A1:84 A2:8 A0:8", "q", "feed:6 desk:3 handset:2", "21:54 20:40 22:6", 1000, 9999, "days:6 hours:2 standing:1"),
    (0.7, "D", "A3:1", "v", "feed:4 desk:3", "21:80 20:14 22:6", 1000, 9999, "days:4 weeks:3 standing:2"),
    (1.5, "D", "A5:42 C5:40 A4:10 A7:5 C7:3", "l", "field:4 handset:3 desk:3", "22:34 21:32 20:28 23:6", 20, 800, "days:5 standing:3 hours:1"),
    (0.5, "D", "A6:55 C6:15 D3:20 D2:10", "k", "feed:3 desk:3 handset:1", "22:30 21:36 20:34", 50, 3000, "days:4 hours:3"),
    (1.6, "D", "B2:1", "s", "weather:7 feed:2 desk:2", "21:56 20:40 22:4", 5000, 9999, "hours:4 days:5"),
    (1.1, "D", "B1:36 B4:44 B3:12 B0:8", "s f r k", "weather:4 feed:2 desk:2", "21:50 20:40 22:10", 2000, 9999, "hours:6 days:2"),
    (5.8, "D", "C1:54 C2:32 C3:6 C0:8", "f s", "field:3 desk:3 feed:2 handset:4", "21:38 20:27 22:29 23:6", 100, 9999, "days:6 hours:3 standing:1"),
    (1.0, "D", "D4:60 D1:32 D0:8", "h", "feed:3 desk:4", "20:55 21:30 22:15", 4000, 9999, "days:3 weeks:5"),
    (2.2, "D", "D5:62 D6:38", "w", "feed:4 handset:3 desk:2 field:2", "21:50 22:20 20:20 23:10", 100, 6000, "hours:4 days:5 standing:1"),
    (1.8, "D", "E3:46 E2:32 E1:12 E4:6 E0:4", "e", "desk:6 field:2", "20:46 21:40 22:14", 500, 9999, "weeks:6 days:3 standing:2"),
    (0.3, "D", "E7:90 E8:10", "h", "desk:1", "20:50 21:50", 2000, 9999, "weeks:1 days:1"),
    (0.7, "D", "00:1", "c f q m", "handset:4 field:1", "20:50 21:40 22:10", 20, 1000, "standing:3 days:3 hours:2"),

    (9.0, "S", "11:36 10:20 12:20 13:24", "c q f d s x", "handset:9 field:1", "11:58 12:27 13:8 10:4 14:2 00:1", 4, 60, "moment:2 hours:4 standing:5"),
    (8.2, "S", "25:17 28:15 23:19 26:10 22:12 24:9 21:10 20:8", "c q f s w", "field:5 handset:4 desk:2", "30:52 32:26 40:10 31:4 00:6 50:1 60:1", 8, 250, "standing:5 days:4 weeks:1"),
    (0.9, "S", "00:1", "c d f r", "handset:4 desk:2", "00:25 12:20 30:20 20:15 11:10 40:10", 10, 200, "hours:2 standing:2"),

    (7.4, "I", "51:20 52:13 11:12 33:5 32:5 30:4 21:6 17:4 15:2 44:4 20:2 28:2 27:1 37:2 34:2 13:2 31:3 14:1 26:1 25:1 22:1 2A:1 54:1 53:2 46:1 62:1 00:2 10:2 36:1 23:1 40:1 43:.4 61:.4 16:.3 45:.4 49:.3 50:1 12:.4", "c f q d r", "registry:5 desk:3 field:3", "30:36 32:30 20:9 22:13 21:5 31:4 00:3", 10, 900, "standing:8 weeks:1 days:1"),

    (7.6, "M", "10:15 24:17 25:15 26:13 27:5 29:5 28:3 2C:7 30:13 21:3 22:2 23:2 20:2 73:4 70:1 41:1 44:1 43:.6 50:.7 74:.4 00:1 2A:.3 2B:.4 60:.5 80:.5", "c d f q e h", "desk:5 field:4 tracker:2", "40:34 12:16 20:11 21:14 13:8 22:6 30:4 80:3 60:3 50:1 10:2 00:3", 100, 5000, "hours:5 days:5 weeks:1"),
    (0.6, "M", "73:50 75:12 71:8 72:8 70:22", "c", "desk:1 tracker:1", "21:40 40:35 20:15 13:10", 500, 6000, "days:3 weeks:2 standing:1"),
]


def clean(kind, code, subject):
    return kind == "00" or kind in permitted(code, subject)


def realistic(dice, codes=None, area_only=False, located=False):
    """One sign as somebody would really send it: message code and body."""
    scenes = [(scene, scene[0]) for scene in SCENES if codes is None or scene[1] in codes]
    _, code, subjects, tags, senders, kinds, low, high, spans = dice.weighted(scenes)
    tag = dice.among(tags.split())
    latitude, longitude, _ = around(dice, tag)
    subject = emblem(latitude, longitude, dice) if subjects == "emblem" else dice.weighted(pairs(subjects))
    sender = dice.weighted(pairs(senders))
    clocks, fixes, sizes = SENDERS[sender]
    kind = dice.weighted([pair for pair in pairs(kinds)
                          if clean(pair[0], code, subject) and (not area_only or pair[0] in AREAS)]
                         or [("20", 1)])
    clock_style, fix, size_style = dice.weighted(clocks), dice.weighted(fixes), dice.weighted(sizes)
    when = clock(dice, longitude, clock_style, awake=sender not in ("feed", "weather"))
    span = lasts(dice, dice.weighted(pairs(spans)))
    place = typed_degrees(dice, latitude, longitude, fix)
    if code in "ES" and not located and dice.chance(.05 if code == "E" else .09):
        place = NOWHERE
    size = sized(dice, kind, low, high, size_style)
    duress = "1" if dice.chance(.004) else "0"
    return code, sign(subject, moment(when), span, kind, place, size), duress


def signs_realistic(dice):
    for _ in range(2000):
        code, body, duress = realistic(dice)
        yield message(code, body, duress)


# --- unlike data ---------------------------------------------------------------------------------

def signs_stress(dice):
    start = datetime.datetime(2025, 1, 1)
    seconds = int((datetime.datetime(2041, 1, 1) - start).total_seconds())
    for _ in range(2000):
        code = dice.among("PEDSIM")
        subject = dice.among(SUBJECTS[code])
        kind = dice.among(permitted(code, subject))
        place = degrees(math.degrees(math.asin(dice.real(-1, 1))), dice.real(-180, 180))
        if code in "ES" and dice.chance(.2):
            place = NOWHERE
        size = NO_SIZE
        if kind in ("21", "31"):
            size = f"{dice.span(1, 9999):04d}", "0000", f"{dice.span(0, 359):03d}"
        elif kind in ("22", "23", "32", "33"):
            size = tuple(f"{dice.span(1, 9999):04d}" for _ in range(2)) + (f"{dice.span(0, 359):03d}",)
        when = start + datetime.timedelta(seconds=dice.span(0, seconds - 1))
        span = duration(dice.span(0, 99), dice.span(0, 23), dice.span(0, 59))
        yield message(code, sign(subject, moment(when), span, kind, place, size),
                      "1" if dice.chance(.1) else "0")


# --- requests ------------------------------------------------------------------------------------

def request(dice):
    """The body of a Q message."""
    cease = dice.chance(.24)
    latitude, longitude, _ = around(dice, dice.among("c" if cease else "ccdfqshe"))
    sender = dice.weighted(pairs("desk:6 field:3 handset:1" if cease else "desk:5 field:4 handset:2"))
    clocks, fixes, sizes = SENDERS[sender]
    kind = dice.weighted(pairs("21:44 20:28 22:18 00:7 23:3"))
    when = clock(dice, longitude, dice.weighted(clocks))
    span = lasts(dice, dice.weighted(pairs("hours:5 days:3" if cease else "hours:5 days:5 weeks:1")))
    place = typed_degrees(dice, latitude, longitude, dice.weighted(fixes))
    size = sized(dice, kind, 200, 9999, dice.weighted(sizes))
    body = sign("10" if cease else "20", moment(when), span, kind, place, size)
    count = dice.weighted([(1, 26), (2, 32), (3, 22), (4, 11), (5, 4), (6, 2), (7, 1), (8, 2)])
    if cease:
        wanted = pairs("10:30 11:25 40:25 80:8 50:4 60:8")
    else:
        wanted = pairs("40:34 11:28 80:16 10:10 60:7 50:5")
    left = dict(wanted)
    for number in range(1, count + 1):
        # A kind comes back seldom, when two parties or two loads are listed apart.
        if not left or dice.chance(.06):
            left = dict(wanted)
        what = dice.weighted(list(left.items()))
        del left[what]
        if what == "11":
            many = dice.weighted([(dice.span(1, 12), 60), (dice.among([15, 20, 25, 30, 40, 50]), 22),
                                  (dice.span(13, 99), 15), (0, 3)])
        elif what == "10":
            many = dice.weighted([(0, 45), (1, 30), (dice.span(2, 6), 20), (dice.span(7, 60), 5)])
        elif what == "80":
            many = dice.weighted([(0, 30), (dice.span(1, 9), 25), (dice.among([10, 12, 20, 25, 30, 40, 50, 60]), 30),
                                  (dice.span(10, 99), 12), (99, 3)])
        elif what == "40":
            many = dice.weighted([(dice.span(1, 4), 60), (dice.span(5, 12), 28), (dice.span(13, 40), 9), (0, 3)])
        else:
            many = dice.weighted([(1, 60), (2, 25), (dice.span(3, 6), 11), (0, 4)])
        body[f"ObjectType{number}"] = what
        body[f"ObjectType{number}Quant"] = f"{many:02d}"
    return body


def requests(dice):
    for _ in range(500):
        yield message("Q", request(dice), "1" if dice.chance(.004) else "0")


# --- references ----------------------------------------------------------------------------------

# Reference indicators by message code, after table 5.4.1.1 (rows of the referencing message).
INDICATORS = {
    "P": "2:60 3:22 5:18", "E": "2:45 3:15 5:40", "D": "2:50 3:30 5:20", "S": "2:22 3:28 5:50",
    "I": "2:75 3:25", "M": "2:55 3:20 5:25", "Q": "2:50 3:15 5:35", "F": "3:93 2:7",
    "R": "3:93 2:7", "A": "2:90 3:10", "K": "3:100",
}


def lines(name):
    return (HERE / name).read_text(encoding="utf-8").splitlines()


def references(dice):
    # The Text field holds single-octet characters only, so just the ASCII lines can be sent in it.
    texts = lines("text_en.txt") + lines("text_fr.txt")
    texts += [line.split("\t", 1)[1] for line in lines("text_other.txt")]
    texts = [text for text in texts if text.isascii()]
    urls = lines("urls.txt")
    for _ in range(500):
        code = dice.weighted(pairs("P:14 E:6 D:19 S:17 I:5 M:8 Q:7 F:14 R:8 A:1.4 K:.6"))
        indicator = dice.weighted(pairs(INDICATORS[code]))
        duress = "0"
        if code == "F":
            body = {"Text": dice.among(texts)}
        elif code == "R":
            body = {"ResourceMethod": "1", "ResourceData": dice.among(urls)}
        elif code == "A":
            body = {"VerificationMethod": "1", "VerificationData": dice.among(
                [url for url in urls if "whiteflag" in url])}
        elif code == "K":
            body = {"CryptoDataType": dice.among(["11", "21"]), "CryptoData": dice.hash()[:32]}
        elif code == "Q":
            body = request(dice)
        else:
            # A further part of the same sign of this kind is mostly an area of a composite area.
            part = indicator == "3" and code in "PDM" and dice.chance(.7)
            code, body, duress = realistic(dice, codes=code, area_only=part, located=True)
        yield message(code, body, duress, indicator, dice.hash())


# --- files ---------------------------------------------------------------------------------------

FILES = [
    ("signs_realistic.jsonl", signs_realistic, 20260701),
    ("signs_stress.jsonl", signs_stress, 20260702),
    ("requests.jsonl", requests, 20260703),
    ("references.jsonl", references, 20260704),
]


def main(arguments):
    if arguments not in ([], ["--check"]):
        sys.exit("usage: generate.py [--check]")
    stale = []
    for name, make, seed in FILES:
        rows = [json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
                for fields in make(Dice(seed))]
        data = ("\n".join(rows) + "\n").encode()
        path = HERE / name
        if not arguments:
            path.write_bytes(data)
        elif not path.exists() or path.read_bytes() != data:
            stale.append(name)
    if stale:
        sys.exit("would change: " + ", ".join(stale))


if __name__ == "__main__":
    main(sys.argv[1:])
