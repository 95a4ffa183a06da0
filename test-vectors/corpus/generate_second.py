#!/usr/bin/env python3
"""Second held-out set of Whiteflag signs, signals and requests.

    generate_second.py           write the three JSON Lines files and SHA256SUMS_second
    generate_second.py --check   fail if one of them would change

Nothing here is a record of a real event. Regions are real, roughly placed; senders, times and
events are drawn. The shares in the realistic files are a judgement, not a measurement.
Python 3.11, standard library only, seeded. Licence: CC0-1.0.
"""

import hashlib
import json
import math
import os
import random
import sys
from datetime import datetime, timedelta, timezone

HERE = os.path.dirname(os.path.abspath(__file__))
ZEROS = "0" * 64
COUNT, REQUESTS = 2000, 500


# ------------------------------------------------------------------ common

def pick(r, table):
    """One key of {key: weight}."""
    keys = list(table)
    return r.choices(keys, [table[k] for k in keys])[0]


def fmt(value, digits):
    units = round(value * 100000)
    sign = "-" if units < 0 else "+"
    units = abs(units)
    return f"{sign}{units // 100000:0{digits}d}.{units % 100000:05d}"


def fmt_duration(minutes):
    minutes = max(0, min(int(minutes), 99 * 1440 + 1439))
    return f"P{minutes // 1440:02d}D{minutes // 60 % 24:02d}H{minutes % 60:02d}M"


def message(code, subject, when, minutes, obj, pos, size=(0, 0), orient=None, duress=False):
    if pos is None:
        lat, lon = "+99.99999", "+999.99999"
    else:
        lat, lon = fmt(pos[0], 2), fmt(pos[1], 3)
    return {
        "Prefix": "WF", "Version": "1", "EncryptionIndicator": "0",
        "DuressIndicator": "1" if duress else "0", "MessageCode": code,
        "ReferenceIndicator": "0", "ReferencedMessage": ZEROS, "SubjectCode": subject,
        "DateTime": when.strftime("%Y-%m-%dT%H:%M:%SZ"), "Duration": fmt_duration(minutes),
        "ObjectType": obj, "ObjectLatitude": lat, "ObjectLongitude": lon,
        "ObjectSizeDim1": f"{size[0]:04d}", "ObjectSizeDim2": f"{size[1]:04d}",
        "ObjectOrientation": "999" if size == (0, 0) else f"{orient:03d}",
    }


# ------------------------------------------------------------------ stress

SUBJECTS = {
    "P": "00 01 02 03 10 11 12 13 20 30 31 32 33 40 50 51 52 53 60".split(),
    "E": "00 01 02 10 11 12 13 14".split(),
    "D": ("00 10 11 12 13 14 15 1A 1B 1C 20 21 22 23 24 25 26 27 30 31 32 33 34 40 41 42 43 44 45 "
          "46 47 48 50 51 52 53 54 A0 A1 A2 A3 A4 A5 A6 A7 B0 B1 B2 B3 B4 C0 C1 C2 C3 C4 C5 C6 C7 "
          "D0 D1 D2 D3 D4 D5 D6 E0 E1 E2 E3 E4 E5 E6 E7 E8").split(),
    "S": "00 10 11 12 13 20 21 22 23 24 25 26 28".split(),
    "I": ("00 10 11 12 13 14 15 16 17 20 21 22 23 24 25 26 27 28 29 2A 2B 2C 2D 30 31 32 33 34 35 "
          "36 37 38 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 60 61 62 63 64 65").split(),
    "M": ("00 10 20 21 22 23 24 25 26 27 28 29 2A 2B 2C 30 40 41 42 43 44 50 60 70 71 72 73 74 75 "
          "80").split(),
}
GROUPS = {"p": "10 11 12 13 14 15", "a": "20 21 22 23", "s": "30 31 32 33", "v": "40 50 60 70",
          "g": "80"}
# Table 4.3.1.5: message type, first and last first digit of the subject, groups.
# Subject P00 is in no row of it and takes every object type.
PERMITTED = [("P", "0", "0", "pasv"), ("P", "1", "2", "pasvg"), ("P", "3", "3", "as"),
             ("P", "4", "4", "pasvg"), ("P", "5", "5", "asvg"), ("P", "6", "6", "asg"),
             ("E", "0", "F", "psv"), ("D", "0", "1", "asvg"), ("D", "2", "2", "a"),
             ("D", "3", "4", "asv"), ("D", "5", "5", "a"), ("D", "A", "F", "a"),
             ("S", "0", "0", "pasvg"), ("S", "1", "1", "p"), ("S", "2", "2", "svg"),
             ("I", "0", "E", "as"), ("M", "0", "E", "pasvg")]


def permitted(code, subject):
    groups = "pasvg" if code + subject == "P00" else next(
        g for c, lo, hi, g in PERMITTED if c == code and lo <= subject[0] <= hi)
    return ["00"] + [o for g in groups for o in GROUPS[g].split()]


def stress(r):
    code = r.choice("PEDSIM")
    subject = r.choice(SUBJECTS[code])
    obj = r.choice(permitted(code, subject))
    first = int(datetime(2025, 1, 1, tzinfo=timezone.utc).timestamp())
    last = int(datetime(2041, 1, 1, tzinfo=timezone.utc).timestamp()) - 1
    when = datetime.fromtimestamp(r.randint(first, last), timezone.utc)
    minutes = r.randrange(100) * 1440 + r.randrange(24) * 60 + r.randrange(60)
    pos = (math.degrees(math.asin(r.uniform(-1, 1))), r.uniform(-180, 180))
    if code in "ES" and r.random() < 0.1:
        pos = None
    size = (0, 0)
    if obj in ("21", "31"):
        size = (r.randint(1, 9999), 0)
    elif obj in ("22", "23", "32", "33"):
        size = (r.randint(1, 9999), r.randint(1, 9999))
    elif obj[0] == "1" and r.random() < 0.5:
        size = (r.randint(1, 9999), r.choice((0, r.randint(1, 9999))))
    return message(code, subject, when, minutes, obj, pos, size, r.randrange(360),
                   duress=r.random() < 0.1)


# ------------------------------------------------------------------ realistic: where and when

# latitude, longitude, radius in km, hours from UTC, emblem, what happens there, weight
REGIONS = [
    (48.5, 37.9, 130, 2, "11", "war", 9), (50.0, 36.3, 60, 2, "11", "war", 6),
    (46.6, 32.6, 80, 2, "11", "war flood", 4), (47.85, 35.15, 60, 2, "11", "war dam", 3),
    (31.42, 34.36, 14, 2, "12", "war", 8), (33.3, 35.4, 45, 2, "12", "war", 4),
    (34.7, 36.7, 120, 3, "12", "mines camps", 4), (36.3, 37.1, 90, 3, "12", "mines quake", 4),
    (36.35, 43.1, 90, 3, "12", "mines camps heritage", 3), (15.4, 44.2, 150, 3, "12", "war famine", 5),
    (13.8, 43.5, 120, 3, "12", "mines sea", 3), (15.6, 32.5, 70, 2, "12", "war", 6),
    (13.6, 25.3, 140, 2, "12", "war camps famine", 5), (12.05, 24.9, 90, 2, "12", "camps", 2),
    (7.3, 28.8, 250, 2, "11", "war flood camps", 4), (9.5, 31.7, 160, 2, "11", "flood camps peace", 3),
    (2.1, 45.3, 120, 3, "12", "war famine flood", 4), (13.4, 39.5, 130, 3, "11", "war famine", 3),
    (-1.6, 29.1, 110, 2, "11", "war camps epidemic peace volcano", 6),
    (1.6, 30.2, 100, 2, "11", "war epidemic peace", 3), (5.4, 19.5, 250, 1, "11", "war peace", 3),
    (11.9, 13.2, 140, 1, "12", "war camps flood", 4), (13.5, 2.4, 200, 1, "12", "war famine", 2),
    (14.4, -3.2, 220, 0, "12", "war peace", 3), (13.2, -0.6, 180, 0, "12", "war famine", 3),
    (-12.0, 40.2, 120, 2, "11", "war cyclone camps", 3), (-19.8, 34.8, 90, 2, "11", "cyclone flood epidemic", 3),
    (-18.9, 47.9, 300, 3, "11", "cyclone epidemic", 2), (32.8, 13.2, 110, 2, "12", "war sea", 2),
    (34.5, 69.2, 140, 4.5, "12", "mines quake", 3), (31.6, 65.7, 120, 4.5, "12", "mines drought", 2),
    (34.0, 71.6, 120, 5, "12", "war quake", 2), (27.0, 68.2, 180, 5, "12", "flood heat", 3),
    (23.8, 90.3, 160, 6, "12", "flood cyclone", 3), (21.2, 92.15, 20, 6, "12", "camps fire cyclone", 3),
    (20.2, 93.2, 110, 6.5, "11", "war cyclone", 3), (21.3, 96.2, 140, 6.5, "11", "war quake", 3),
    (27.9, 85.3, 120, 5.75, "11", "quake landslide flood", 2), (26.2, 92.6, 160, 5.5, "11", "flood", 2),
    (11.2, 125.0, 140, 8, "11", "cyclone quake", 4), (7.1, 124.5, 110, 8, "12", "war quake", 2),
    (-0.9, 119.9, 90, 8, "11", "quake", 2), (-7.6, 110.5, 80, 7, "12", "volcano quake flood", 3),
    (37.3, 136.9, 60, 9, "11", "quake", 2), (38.3, 141.6, 110, 9, "11", "quake dam", 1),
    (37.4, 37.3, 120, 3, "12", "quake", 4), (38.4, 27.0, 90, 3, "12", "fire quake sea", 2),
    (42.6, 13.3, 60, 1, "11", "quake heritage", 1), (38.2, 23.8, 120, 2, "11", "fire sea heritage", 2),
    (35.4, 24.6, 200, 2, "11", "sea", 2), (35.5, 12.6, 140, 1, "11", "sea", 4),
    (36.0, -5.0, 120, 1, "11", "sea", 1), (27.9, -15.3, 200, 0, "11", "sea volcano", 1),
    (40.3, -7.9, 90, 0, "11", "fire", 2), (50.5, 5.9, 70, 1, "11", "flood", 1),
    (39.45, -0.45, 50, 1, "11", "flood", 1), (44.4, 18.4, 110, 1, "11", "mines flood heritage", 2),
    (40.2, 44.5, 90, 4, "11", "war heritage", 2), (40.0, 46.8, 70, 4, "12", "mines heritage", 2),
    (18.6, -72.4, 80, -5, "11", "gangs quake cyclone epidemic", 5), (14.9, -90.6, 90, -6, "11", "volcano landslide", 2),
    (15.3, -86.5, 160, -6, "11", "cyclone flood", 1), (2.5, -76.9, 150, -5, "11", "war mines", 3),
    (8.2, -72.4, 90, -5, "11", "mines camps", 2), (8.6, -77.5, 60, -5, "11", "camps", 1),
    (-0.6, -79.2, 180, -5, "11", "gangs quake", 1), (-29.9, -51.4, 120, -3, "11", "flood", 1),
    (-36.8, -72.6, 130, -4, "11", "fire quake", 1), (38.8, -121.3, 180, -8, "11", "fire", 1),
    (27.6, -82.2, 150, -5, "11", "cyclone", 1), (18.2, -66.3, 80, -4, "11", "cyclone", 1),
    (-36.2, 149.3, 200, 10, "11", "fire flood", 1), (-17.7, 168.3, 120, 11, "11", "cyclone quake volcano", 1),
    (-21.2, -175.1, 60, 13, "11", "volcano cyclone", 1), (-6.1, 143.9, 120, 10, "11", "landslide gangs", 1),
    (35.15, 33.4, 50, 2, "11", "peace mines", 1), (33.15, 35.3, 25, 2, "11", "peace", 1),
    (48.2, 16.4, 200, 1, "11", "heritage", 2), (52.1, 5.1, 110, 1, "11", "heritage dam", 2),
    (50.1, 14.4, 160, 1, "11", "heritage", 1), (54.7, 25.3, 150, 2, "11", "heritage dam", 1),
    (52.2, 21.0, 170, 1, "11", "heritage camps", 1), (49.8, 24.0, 70, 2, "11", "war heritage dam", 2),
    (13.0, 47.5, 250, 3, "12", "sea", 2), (11.8, 43.2, 60, 3, "12", "camps", 1),
    (22.2, 39.6, 200, 3, "12", "sea", 1), (3.1, 35.6, 120, 3, "11", "camps drought", 2),
    (0.1, 40.3, 140, 3, "11", "camps drought flood", 2), (-15.4, 28.3, 180, 2, "11", "drought epidemic", 1),
]


class Episode:
    """Something that goes on in a region for a while; signs come from episodes."""

    def __init__(self, r):
        (self.lat, self.lon, radius, self.zone, self.emblem, kinds, _) = r.choices(
            REGIONS, [x[6] for x in REGIONS])[0]
        self.kind = r.choice(kinds.split())
        radius *= r.choice((0.25, 0.5, 1, 1))
        self.radius = max(4, radius)
        long = {"war": 500, "mines": 900, "camps": 700, "heritage": 1200, "peace": 900, "dam": 900,
                "famine": 300, "drought": 250, "epidemic": 150, "gangs": 300, "sea": 400}
        self.days = long.get(self.kind, 30) * r.uniform(0.3, 1.2)
        first = datetime(2026, 1, 1, tzinfo=timezone.utc)
        room = (datetime(2035, 12, 31, tzinfo=timezone.utc) - first).days - self.days
        self.start = first + timedelta(days=r.uniform(0, room))
        self.towns = []
        for _ in range(r.randint(3, 9)):
            lat, lon = offset(r, self.lat, self.lon, self.radius)
            self.towns.append((lat, lon, r.uniform(0.8, 6)))


def offset(r, lat, lon, km):
    d = km * math.sqrt(r.random())
    a = r.uniform(0, 2 * math.pi)
    return (lat + d * math.cos(a) / 111.2,
            lon + d * math.sin(a) / (111.2 * math.cos(math.radians(lat))))


def place(r, ep, style, wide=False):
    """A position in the episode, as this kind of sender would give it."""
    if wide or r.random() < 0.2:
        lat, lon = offset(r, ep.lat, ep.lon, ep.radius)
    else:
        t = r.choice(ep.towns)
        lat, lon = offset(r, t[0], t[1], t[2])
    if style == "typed":
        style = pick(r, {"map": 40, "d4": 18, "d3": 16, "d2": 8, "dms": 10, "dm": 5, "d1": 3})
    elif style == "register":
        style = pick(r, {"map": 62, "d4": 17, "d3": 6, "dms": 15})
    elif style == "system":
        style = pick(r, {"map": 45, "d3": 25, "d2": 14, "dm4": 10, "d4": 6})
    if style == "dms":
        return round(lat * 3600) / 3600, round(lon * 3600) / 3600
    if style == "dm":
        return round(lat * 600) / 600, round(lon * 600) / 600
    if style == "dm4":
        return round(lat * 6e5) / 6e5, round(lon * 6e5) / 6e5
    digits = {"d1": 1, "d2": 2, "d3": 3, "d4": 4}.get(style, 5)
    return round(lat, digits), round(lon, digits)


def hour(r, style):
    """Local hour of day: people write by day, machines at any time."""
    if style == "system":
        return r.randrange(24)
    return int(min(23, max(0, r.gauss(12.5, 4.3)))) if r.random() < 0.88 else r.randrange(24)


def moment(r, ep, style):
    day = ep.start + timedelta(days=int(r.random() ** 1.3 * ep.days))
    day = day.replace(hour=0, minute=0, second=0, microsecond=0)
    local = timedelta(hours=ep.zone)
    if style == "handset":
        t = day + timedelta(hours=hour(r, style), seconds=r.randrange(3600)) - local
    elif style == "register":
        how = pick(r, {"utcday": 46, "localday": 14, "office": 12, "second": 18, "month": 7, "year": 3})
        if how == "utcday":
            t = day
        elif how == "localday":
            t = day - local
        elif how == "office":
            t = day + timedelta(hours=r.randint(8, 17), minutes=r.choice((0, 0, 30))) - local
        elif how == "second":
            t = day + timedelta(hours=r.randint(7, 18), seconds=r.randrange(3600)) - local
        elif how == "month":
            t = day.replace(day=1)
        else:
            t = day.replace(month=1, day=1)
    elif style == "system":
        how = pick(r, {"second": 55, "minute": 20, "five": 15, "hour": 10})
        s = r.randrange(86400)
        t = day + timedelta(seconds=s - s % {"second": 1, "minute": 60, "five": 300, "hour": 3600}[how])
    else:
        step = pick(r, {60: 36, 30: 22, 15: 14, 10: 5, 5: 9, 1: 14})
        m = r.randrange(0, 60, step)
        t = day + timedelta(hours=hour(r, style), minutes=m)
        if r.random() < 0.65:
            t -= local
    if t.year < 2026:
        t = datetime(2026, 1, 1, tzinfo=timezone.utc)
    return t


H, D = 60, 1440
SHORT = {15: 2, 30: 5, 45: 1, H: 13, 90: 3, 2 * H: 14, 3 * H: 11, 4 * H: 9, 6 * H: 12, 8 * H: 6,
         12 * H: 9, D: 8, 0: 7}
SHIFT = {4 * H: 5, 5 * H: 2, 6 * H: 9, 8 * H: 20, 9 * H: 5, 10 * H: 10, 12 * H: 16, D: 13, 2 * D: 6,
         3 * D: 5, 7 * D: 3, 0: 4}
DAYS = {D: 12, 2 * D: 9, 3 * D: 15, 5 * D: 8, 7 * D: 22, 10 * D: 6, 14 * D: 12, 30 * D: 11, 0: 12}
MONTHS = {14 * D: 8, 21 * D: 4, 28 * D: 4, 30 * D: 26, 60 * D: 10, 90 * D: 16, 99 * D: 2, 0: 32}
EVER = {0: 85, 90 * D: 7, 99 * D + 23 * H + 59: 3, 30 * D: 4, 60 * D: 1}


def lasting(r, table, when, style, zone):
    minutes = pick(r, table)
    if minutes == 0:
        return 0
    chance = {"handset": 0.12, "typed": 0.14, "system": 0.1}.get(style, 0.03)
    if r.random() < chance:
        # an end given as a time of day; the application counts the minutes
        end = when + timedelta(minutes=minutes)
        local = end + timedelta(hours=zone)
        local = local.replace(minute=0, second=0) if minutes < D else local.replace(
            hour=r.choice((0, 12, 18, 20, 22)), minute=0, second=0)
        counted = int((local - timedelta(hours=zone) - when).total_seconds() // 60)
        return counted if counted > 0 else minutes
    if style == "system" and r.random() < 0.06:
        return max(1, round(minutes * r.uniform(0.6, 1.4)))
    return minutes


def rounded(r, value, style):
    """A length in metres as this kind of sender would give it."""
    value = max(1.0, value)
    exact = {"typed": 0.12, "handset": 0.3, "register": 0.6, "system": 0.35}[style]
    if r.random() >= exact:
        mag = 10 ** math.floor(math.log10(value))
        mant = value / mag
        nice = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7.5, 8, 10)
        value = min(nice, key=lambda n: abs(n - mant)) * mag
    return max(1, min(9999, round(value)))


def bearing(r, style, round_shape):
    if round_shape:
        p = {"typed": 0.96, "register": 0.97, "system": 0.93, "handset": 0.82}[style]
        return 0 if r.random() < p else r.randrange(360)
    how = {"typed": {"zero": 42, "tens": 30, "five": 13, "free": 15},
           "register": {"zero": 30, "tens": 8, "five": 8, "free": 54},
           "system": {"zero": 38, "tens": 12, "five": 5, "free": 45},
           "handset": {"zero": 32, "tens": 10, "five": 8, "free": 50}}[style]
    h = pick(r, how)
    if h == "zero":
        return 0
    if h == "tens":
        return r.choice((45, 90, 135, 180, 270, 30, 60, 120, 10, 20, 80, 150, 315, 40, 110, 300))
    if h == "five":
        return 5 * r.randrange(72)
    a = r.randrange(360)
    return a % 180 if r.random() < 0.7 else a


def shape(r, obj, style, scale):
    """Size and orientation of an object about `scale` metres across."""
    g = lambda: scale * math.exp(r.gauss(0, 0.55))
    if obj in ("21", "31"):
        return (rounded(r, g() / 2, style), 0), bearing(r, style, True)
    if obj in ("22", "23", "32", "33"):
        a = g()
        b = a if r.random() < 0.16 else a * math.exp(r.gauss(-0.4, 0.5))
        return (rounded(r, a, style), rounded(r, b, style)), bearing(r, style, False)
    if obj[0] == "1" and r.random() < 0.13:
        a = rounded(r, g() / 2, style)
        return (a, 0 if r.random() < 0.7 else rounded(r, g() / 2, style)), bearing(r, style, True)
    return (0, 0), None


# ------------------------------------------------------------------ realistic: what

def scene(code, subjects, objects, styles, scale, duration, wide=False, hide=0.0):
    return dict(code=code, subjects=subjects, objects=objects, styles=styles, scale=scale,
                duration=duration, wide=wide, hide=hide)


HAND = {"handset": 80, "typed": 20}
MIX = {"handset": 50, "typed": 42, "system": 8}
DESK = {"typed": 74, "handset": 14, "system": 12}
REG = {"register": 84, "typed": 16}
AUTO = {"system": 82, "typed": 18}

BUILDING = {"32": 42, "30": 30, "31": 8, "22": 8, "20": 3, "00": 7, "33": 0.5, "21": 2}
ZONE = {"21": 44, "22": 27, "20": 19, "23": 3, "00": 7}
TEAM = {"12": 45, "40": 20, "11": 12, "13": 8, "10": 10, "00": 5}

SCENES = {
    # protective signs
    "hospitals": scene("P", {"emblem": 78, "10": 9, "13": 4, "00": 5, "31": 4}, BUILDING, REG, 85, EVER),
    "clinic": scene("P", {"emblem": 85, "10": 10, "13": 5}, {"30": 30, "21": 14, "22": 14, "32": 16, "12": 8, "20": 8, "00": 8, "31": 2}, MIX, 50, DAYS),
    "ambulance": scene("P", {"emblem": 86, "10": 9, "13": 5}, {"40": 88, "12": 5, "60": 3, "00": 4}, HAND, 20, SHORT),
    "relief_goods": scene("P", {"emblem": 50, "20": 38, "10": 12}, {"80": 78, "40": 14, "32": 6, "30": 2}, DESK, 60, DAYS),
    "hospital_ship": scene("P", {"emblem": 70, "10": 20, "20": 10}, {"50": 82, "60": 16, "00": 2}, AUTO, 100, SHIFT, True),
    "un_convoy": scene("P", {"20": 100}, {"40": 78, "12": 8, "13": 3, "60": 7, "50": 2, "00": 2}, {"handset": 44, "typed": 38, "system": 18}, 30, SHIFT),
    "un_base": scene("P", {"20": 100}, {"22": 32, "32": 20, "21": 20, "30": 14, "20": 10, "00": 4}, REG, 280, EVER),
    "safe_zone": scene("P", {"30": 34, "31": 66}, ZONE, DESK, 900, MONTHS),
    "prisoner_camp": scene("P", {"32": 62, "33": 38}, {"22": 40, "21": 18, "20": 24, "32": 12, "30": 6}, DESK, 320, EVER),
    "civil_defence": scene("P", {"40": 100}, {"12": 22, "13": 8, "40": 24, "30": 20, "32": 14, "22": 4, "21": 4, "00": 4}, MIX, 45, SHIFT),
    "shelter": scene("P", {"40": 70, "00": 20, "30": 10}, {"30": 45, "32": 40, "31": 5, "20": 5, "22": 5}, REG, 40, EVER),
    "monument": scene("P", {"52": 52, "51": 28, "53": 12, "50": 8}, {"32": 40, "30": 30, "31": 9, "22": 10, "21": 5, "20": 3, "80": 2, "33": 1}, REG, 48, EVER),
    "artworks": scene("P", {"52": 60, "50": 25, "53": 15}, {"80": 68, "40": 32}, DESK, 20, DAYS),
    "dangerous_works": scene("P", {"60": 100}, {"32": 30, "31": 12, "30": 22, "22": 20, "21": 14, "00": 2}, REG, 600, EVER),
    "white_flag": scene("P", {"01": 36, "02": 30, "03": 34}, {"12": 26, "13": 20, "10": 20, "11": 14, "40": 8, "30": 6, "00": 6}, HAND, 90, SHORT),
    "school": scene("P", {"00": 100}, {"32": 55, "30": 34, "22": 7, "00": 4}, REG, 60, EVER),
    # emergency signals
    "trapped": scene("E", {"01": 26, "11": 24, "12": 34, "10": 8, "14": 6, "00": 2}, {"12": 26, "11": 30, "30": 14, "13": 9, "32": 4, "10": 9, "40": 2, "00": 6}, HAND, 30, {0: 48, H: 8, 2 * H: 12, 3 * H: 4, 6 * H: 14, 12 * H: 8, D: 6}, False, 0.02),
    "wounded": scene("E", {"11": 66, "01": 16, "10": 10, "02": 8}, {"11": 30, "12": 34, "13": 10, "30": 9, "40": 9, "10": 6, "00": 2}, HAND, 40, {0: 44, H: 14, 2 * H: 15, 4 * H: 7, 6 * H: 12, 12 * H: 8}, False, 0.04),
    "robbed": scene("E", {"13": 58, "02": 20, "01": 16, "00": 6}, {"40": 32, "11": 20, "12": 30, "30": 12, "00": 6}, HAND, 30, {0: 42, H: 20, 2 * H: 18, 6 * H: 14, 12 * H: 6}, False, 0.22),
    "boat": scene("E", {"01": 72, "02": 20, "10": 4, "12": 4}, {"50": 76, "13": 12, "12": 6, "14": 1, "00": 5}, {"handset": 58, "system": 32, "typed": 10}, 40, {0: 45, 3 * H: 8, 6 * H: 14, 12 * H: 16, D: 17}, True),
    "appeal": scene("E", {"14": 62, "10": 20, "11": 10, "12": 8}, {"14": 26, "15": 14, "13": 24, "30": 12, "10": 14, "00": 10}, DESK, 700, DAYS, False, 0.05),
    # dangers
    "shelling": scene("D", {"12": 44, "14": 30, "10": 10, "11": 9, "13": 4, "15": 3}, {"21": 40, "20": 18, "22": 8, "30": 16, "32": 7, "00": 8, "40": 3}, MIX, 600, SHORT),
    "gunfight": scene("D", {"11": 52, "10": 22, "13": 9, "15": 7, "00": 10}, {"21": 36, "20": 26, "30": 16, "40": 8, "22": 6, "00": 8}, HAND, 400, SHORT),
    "minefield": scene("D", {"21": 78, "20": 14, "22": 8}, {"22": 44, "21": 27, "23": 7, "20": 18, "00": 4}, {"register": 46, "typed": 28, "handset": 26}, 180, EVER),
    "munition": scene("D", {"22": 88, "20": 8, "21": 4}, {"21": 58, "20": 28, "22": 8, "00": 6}, HAND, 60, {0: 55, D: 8, 3 * D: 8, 7 * D: 15, 30 * D: 14}),
    "contamination": scene("D", {"23": 46, "25": 26, "24": 6, "26": 6, "20": 16}, {"21": 62, "22": 18, "20": 16, "23": 4}, DESK, 1800, DAYS),
    "air_defence": scene("D", {"27": 100}, {"21": 64, "20": 22, "22": 14}, DESK, 9000, DAYS, True),
    "chemical_attack": scene("D", {"1A": 92, "1B": 4, "1C": 4}, {"21": 60, "20": 24, "00": 16}, MIX, 1500, SHORT),
    "banditry": scene("D", {"51": 66, "52": 26, "50": 8}, {"21": 34, "20": 40, "22": 18, "00": 8}, DESK, 3500, DAYS),
    "displaced": scene("D", {"53": 80, "50": 14, "54": 6}, {"21": 40, "20": 36, "22": 18, "00": 6}, DESK, 1600, MONTHS),
    "hunger": scene("D", {"54": 76, "50": 14, "53": 10}, {"20": 58, "21": 28, "22": 10, "00": 4}, DESK, 12000, MONTHS, True),
    "road_accident": scene("D", {"33": 62, "30": 8, "34": 12, "32": 6, "31": 12}, {"40": 46, "21": 12, "20": 12, "50": 10, "60": 8, "30": 3, "00": 9}, MIX, 120, SHORT),
    "industrial": scene("D", {"41": 34, "42": 24, "43": 10, "46": 14, "45": 8, "40": 6, "44": 2, "48": 2}, {"21": 44, "30": 16, "32": 10, "20": 16, "22": 8, "00": 6}, DESK, 900, DAYS),
    "earthquake": scene("D", {"A1": 88, "A2": 9, "A0": 3}, {"21": 52, "20": 38, "00": 10}, AUTO, 14000, DAYS, True),
    "collapsed": scene("D", {"A1": 62, "A7": 8, "A5": 14, "A4": 10, "A0": 6}, {"21": 38, "20": 34, "22": 22, "00": 6}, MIX, 160, DAYS),
    "eruption": scene("D", {"A3": 100}, {"21": 74, "20": 20, "22": 3, "00": 3}, AUTO, 9000, DAYS),
    "landslide": scene("D", {"C5": 48, "A5": 34, "C4": 7, "A4": 7, "A6": 4}, {"21": 24, "22": 32, "23": 8, "20": 32, "00": 4}, MIX, 260, DAYS),
    "storm": scene("D", {"B2": 76, "B1": 10, "B4": 8, "C3": 6}, {"21": 58, "20": 34, "22": 4, "00": 4}, AUTO, 16000, {6 * H: 24, 12 * H: 24, D: 26, 2 * D: 12, 3 * D: 10, 0: 4}, True),
    "flood": scene("D", {"C1": 64, "C2": 22, "C3": 8, "C0": 6}, {"21": 28, "22": 26, "20": 40, "23": 2, "00": 4}, MIX, 1600, DAYS),
    "wildfire": scene("D", {"D5": 66, "D6": 34}, {"21": 42, "20": 34, "22": 18, "23": 4, "00": 2}, {"system": 52, "handset": 22, "typed": 26}, 1500, {6 * H: 10, 12 * H: 24, D: 34, 2 * D: 10, 3 * D: 10, 7 * D: 6, 0: 6}, True),
    "weather": scene("D", {"D1": 62, "D4": 28, "D2": 6, "D3": 4}, {"20": 70, "21": 22, "00": 8}, AUTO, 16000, DAYS, True),
    "outbreak": scene("D", {"E3": 42, "E2": 36, "E1": 14, "E4": 4, "E7": 4}, {"20": 56, "21": 32, "22": 8, "00": 4}, DESK, 4000, MONTHS),
    # status
    "check_in": scene("S", {"11": 74, "10": 18, "12": 6, "13": 2}, {"11": 62, "12": 31, "13": 1, "00": 4, "10": 2}, {"handset": 78, "system": 18, "typed": 4}, 60, {0: 14, H: 4, 4 * H: 5, 6 * H: 8, 8 * H: 7, 12 * H: 22, D: 36, 2 * D: 4}, False, 0.27),
    "safe_after": scene("S", {"11": 46, "10": 22, "12": 16, "13": 16}, {"11": 52, "12": 36, "13": 7, "10": 3, "00": 2}, HAND, 60, {0: 42, 6 * H: 6, 12 * H: 12, D: 32, 3 * D: 8}, False, 0.2),
    "survey": scene("S", {"23": 29, "25": 19, "28": 17, "26": 8, "22": 14, "21": 7, "24": 5, "20": 1}, {"30": 47, "32": 37, "31": 5, "00": 6, "40": 2, "33": 1, "80": 2}, {"handset": 66, "typed": 22, "system": 12}, 34, {0: 76, D: 5, 7 * D: 9, 30 * D: 10}, False, 0.01),
    "facility": scene("S", {"22": 45, "21": 21, "23": 17, "24": 10, "25": 4, "20": 3}, {"30": 47, "32": 34, "31": 6, "00": 9, "80": 4}, {"typed": 48, "register": 18, "system": 22, "handset": 12}, 70, {0: 34, D: 20, 7 * D: 24, 14 * D: 4, 30 * D: 18}, False, 0.02),
    "fleet": scene("S", {"22": 52, "21": 22, "24": 8, "23": 9, "20": 9}, {"40": 66, "50": 14, "60": 8, "80": 12}, {"system": 62, "handset": 26, "typed": 12}, 20, {0: 30, H: 15, 6 * H: 13, 12 * H: 17, D: 25}, False, 0.05),
    "all_well": scene("S", {"00": 100}, {"00": 22, "12": 22, "40": 16, "30": 14, "11": 10, "20": 8, "13": 4, "80": 4}, MIX, 100, SHIFT, False, 0.12),
    # infrastructure
    "services": scene("I", {"51": 40, "52": 36, "53": 8, "54": 9, "50": 7}, BUILDING, REG, 62, EVER),
    "water": scene("I", {"32": 24, "33": 30, "31": 14, "30": 12, "34": 8, "37": 6, "36": 4, "35": 2}, {"30": 30, "32": 20, "31": 22, "22": 10, "20": 8, "21": 6, "00": 4}, REG, 70, EVER),
    "energy": scene("I", {"21": 40, "28": 9, "25": 9, "27": 5, "2A": 9, "24": 5, "26": 6, "20": 9, "22": 4, "2B": 4}, {"30": 28, "32": 22, "22": 28, "31": 7, "21": 6, "20": 6, "00": 3}, REG, 260, EVER),
    "transport": scene("I", {"11": 46, "17": 17, "15": 12, "13": 10, "10": 7, "14": 4, "12": 2, "16": 2}, {"32": 25, "22": 26, "30": 24, "20": 14, "00": 7, "21": 4}, DESK, 480, EVER),
    "communication": scene("I", {"44": 58, "46": 16, "45": 6, "40": 9, "43": 6, "47": 4, "41": 1}, {"30": 62, "31": 14, "32": 12, "00": 12}, REG, 16, EVER),
    "landfill": scene("I", {"62": 48, "60": 24, "65": 14, "61": 14}, {"22": 36, "20": 34, "21": 22, "32": 8}, REG, 240, EVER),
    # missions
    "food": scene("M", {"25": 72, "24": 18, "10": 10}, {"40": 22, "21": 16, "20": 18, "22": 8, "30": 12, "80": 11, "00": 9, "32": 4}, DESK, 140, SHIFT),
    "health": scene("M", {"26": 78, "10": 10, "23": 12}, {"30": 26, "12": 24, "20": 12, "40": 14, "21": 8, "32": 6, "00": 10}, DESK, 80, DAYS),
    "aid": scene("M", {"24": 28, "10": 26, "27": 20, "29": 14, "28": 6, "20": 6}, {"12": 22, "20": 22, "21": 12, "30": 12, "40": 14, "22": 6, "00": 12}, DESK, 260, DAYS),
    "logistics": scene("M", {"2C": 76, "2B": 8, "10": 16}, {"40": 62, "60": 12, "50": 8, "80": 12, "00": 6}, DESK, 40, SHIFT),
    "law": scene("M", {"21": 52, "22": 34, "20": 6, "43": 8}, {"12": 38, "40": 24, "30": 12, "20": 14, "11": 4, "00": 8}, DESK, 60, SHIFT),
    "response": scene("M", {"30": 92, "10": 8}, {"12": 28, "13": 14, "40": 16, "60": 10, "20": 14, "21": 8, "22": 3, "50": 3, "00": 4}, MIX, 400, {8 * H: 10, 12 * H: 26, D: 26, 2 * D: 8, 3 * D: 12, 7 * D: 12, 0: 6}),
    "rescue": scene("M", {"30": 66, "10": 34}, {"50": 70, "60": 26, "00": 4}, {"system": 50, "handset": 34, "typed": 16}, 60, SHIFT, True),
    "patrol": scene("M", {"73": 66, "70": 10, "75": 4, "71": 4, "74": 6, "60": 6, "80": 4}, {"40": 48, "12": 14, "13": 10, "20": 12, "60": 8, "21": 6, "00": 2}, DESK, 900, SHIFT),
    "political": scene("M", {"44": 34, "41": 22, "43": 16, "50": 18, "42": 6, "40": 4}, {"12": 36, "40": 22, "60": 12, "30": 12, "00": 18}, DESK, 40, SHIFT),
}

# What is sent about what goes on.
KINDS = {
    "war": "hospitals 9 clinic 7 ambulance 9 relief_goods 2 un_convoy 5 un_base 2 safe_zone 3 prisoner_camp 1.5 civil_defence 6 shelter 4 monument 4 dangerous_works 1.5 white_flag 2.5 school 3 trapped 3 wounded 4 shelling 15 gunfight 5 munition 6 minefield 3 contamination 0.7 air_defence 1 chemical_attack 0.6 industrial 1.2 displaced 1.5 check_in 14 safe_after 4 survey 14 facility 8 fleet 4 all_well 1 services 4 water 3 energy 4 transport 3 communication 1 food 3 health 3 aid 3 logistics 4 law 2.5 political 1 artworks 0.5",
    "mines": "minefield 24 munition 18 hospitals 3 ambulance 2 un_convoy 3 check_in 12 aid 4 law 2 wounded 2 services 3 transport 3 survey 3 monument 2 patrol 2 fleet 2",
    "camps": "un_base 6 un_convoy 7 clinic 6 displaced 8 food 8 health 7 aid 7 logistics 5 water 6 check_in 9 facility 5 landfill 1 services 3 relief_goods 3 appeal 2 outbreak 2 banditry 2 prisoner_camp 0.7 fleet 3 robbed 1.5 all_well 1",
    "heritage": "monument 60 artworks 3 services 9 energy 3 transport 3 water 3 hospitals 7 shelter 4 dangerous_works 2 facility 4 communication 2 school 1",
    "peace": "patrol 16 un_base 10 un_convoy 14 law 4 political 7 check_in 12 gunfight 3 banditry 3 fleet 8 logistics 5 safe_zone 2 minefield 3 all_well 2",
    "dam": "dangerous_works 22 energy 14 facility 10 industrial 7 water 8 civil_defence 6 shelter 8 services 6 contamination 2",
    "famine": "hunger 14 food 16 health 8 un_convoy 7 logistics 7 relief_goods 6 clinic 4 displaced 5 appeal 6 check_in 8 fleet 3 banditry 2 facility 3",
    "drought": "weather 14 hunger 12 food 12 water 9 aid 7 logistics 4 un_convoy 4 check_in 5 outbreak 3 fleet 3",
    "epidemic": "outbreak 20 health 16 clinic 10 hospitals 5 logistics 6 relief_goods 6 check_in 7 facility 7 un_convoy 3 ambulance 3 aid 2",
    "gangs": "gunfight 14 banditry 13 hospitals 5 ambulance 7 robbed 8 wounded 4 check_in 14 un_convoy 5 food 4 health 4 law 3 transport 3 political 2 facility 4",
    "sea": "boat 30 rescue 20 hospital_ship 8 fleet 12 wounded 2 road_accident 5 check_in 6 transport 3 aid 2 response 4",
    "quake": "earthquake 9 collapsed 10 trapped 15 safe_after 12 survey 22 response 10 civil_defence 6 clinic 5 wounded 4 facility 6 transport 3 aid 3 food 2 landslide 2 appeal 1.5 logistics 2 ambulance 3 fleet 2 check_in 3",
    "flood": "flood 20 trapped 9 safe_after 7 survey 12 response 9 civil_defence 6 facility 6 boat 3 aid 4 food 3 health 2 landslide 2 appeal 2 transport 3 outbreak 1 water 2 check_in 4 fleet 3",
    "cyclone": "storm 18 flood 8 trapped 6 safe_after 9 survey 15 response 8 civil_defence 5 boat 4 facility 7 aid 4 food 4 logistics 3 appeal 2 communication 1 clinic 2 check_in 3",
    "fire": "wildfire 26 trapped 5 safe_after 9 response 15 civil_defence 8 survey 10 facility 5 check_in 4 transport 2 fleet 4 road_accident 1",
    "volcano": "eruption 20 response 9 safe_after 8 civil_defence 6 trapped 3 survey 7 displaced 3 facility 4 aid 4 check_in 5 landslide 2",
    "landslide": "landslide 22 trapped 12 response 12 survey 10 civil_defence 5 transport 5 safe_after 6 aid 3 road_accident 3 check_in 3",
    "heat": "weather 20 wildfire 4 facility 6 health 8 water 6 check_in 4 appeal 2",
}


def parse(text):
    words = text.split()
    return {words[i]: float(words[i + 1]) for i in range(0, len(words), 2)}


KINDS = {k: parse(v) for k, v in KINDS.items()}


def realistic(r, episodes, weights):
    ep = r.choices(episodes, weights)[0]
    s = SCENES[pick(r, KINDS[ep.kind])]
    subject = pick(r, s["subjects"])
    if subject == "emblem":
        subject = ep.emblem
    style = pick(r, s["styles"])
    code = s["code"]
    allowed = permitted(code, subject)
    obj = pick(r, {k: v for k, v in s["objects"].items() if k in allowed})
    when = moment(r, ep, style)
    minutes = lasting(r, s["duration"], when, style, ep.zone)
    pos = None if r.random() < s["hide"] else place(r, ep, style, s["wide"])
    size, orient = shape(r, obj, style, s["scale"])
    chance = 0.02 if code in "ES" and style == "handset" else 0.002
    return message(code, subject, when, minutes, obj, pos, size, orient, r.random() < chance)


def make_episodes(r, n):
    episodes = [Episode(r) for _ in range(n)]
    size = {"war": 3, "sea": 1.2, "heritage": 2, "peace": 1.5, "quake": 1.5, "camps": 1.5}
    weights = [size.get(e.kind, 1) * math.exp(r.gauss(0, 0.8)) for e in episodes]
    return episodes, weights


# ------------------------------------------------------------------ requests

def request(r, episodes, weights):
    ep = r.choices(episodes, weights)[0]
    truce = r.random() < (0.34 if ep.kind in ("war", "gangs", "mines") else 0.06)
    style = pick(r, {"typed": 72, "handset": 16, "system": 12})
    if truce:
        obj = pick(r, {"21": 46, "20": 26, "22": 20, "00": 6, "23": 2})
        duration = {H: 3, 2 * H: 9, 3 * H: 7, 4 * H: 13, 6 * H: 16, 8 * H: 8, 12 * H: 12, D: 15, 2 * D: 6, 3 * D: 6, 7 * D: 3, 0: 2}
        scale = 3000
    else:
        obj = pick(r, {"20": 40, "21": 30, "22": 18, "00": 10, "23": 2})
        duration = {4 * H: 4, 6 * H: 8, 8 * H: 14, 10 * H: 7, 12 * H: 15, D: 15, 2 * D: 9, 3 * D: 9, 5 * D: 4, 7 * D: 8, 14 * D: 4, 30 * D: 3}
        scale = 4000
    when = moment(r, ep, style)
    minutes = lasting(r, duration, when, style, ep.zone)
    size, orient = shape(r, obj, style, scale)
    m = message("Q", "10" if truce else "20", when, minutes, obj, place(r, ep, style), size, orient,
                r.random() < 0.004)

    n = pick(r, {1: 26, 2: 33, 3: 20, 4: 11, 5: 4.5, 6: 3, 7: 1.5, 8: 1})
    people = lambda: pick(r, {0: 9, **{i: 14 / i ** 0.55 for i in range(1, 17)}, 18: 2, 20: 5, 24: 1.5,
                              25: 3, 30: 3, 40: 2, 45: 1, 50: 2, 60: 1, 99: 0.5, r.randint(17, 99): 3})
    few = lambda: pick(r, {0: 3, 1: 26, 2: 28, 3: 16, 4: 11, 5: 6, 6: 5, 7: 2, 8: 3, 10: 3, 12: 2, 15: 1, 20: 1})
    cargo = lambda: pick(r, {0: 38, 1: 12, 2: 7, 3: 4, 5: 6, 10: 9, 12: 3, 15: 3, 20: 8, 25: 3, 30: 3, 40: 3, 50: 4, r.randint(1, 99): 8})
    main = pick(r, {"40": 84, "60": 8, "50": 8}) if ep.kind != "sea" else pick(r, {"50": 75, "60": 25})
    order = pick(r, {"vehicle": 55, "people": 38, "goods": 7})
    persons = "11" if r.random() < 0.7 else "10"
    base = {"vehicle": [main, persons, "80"], "people": [persons, main, "80"],
            "goods": ["80", main, persons]}[order]
    if truce and n == 1:
        base = ["40" if r.random() < 0.6 else persons]
    if n == 2 and r.random() < 0.2:
        base = [base[0], base[2]]
    items = base[:n]
    while len(items) < n:
        items.append(pick(r, {"40": 32, "60": 14, "50": 7, "11": 20, "10": 12, "80": 15}))
    for i, o in enumerate(items, 1):
        if o == "11":
            q = people()
        elif o == "10":
            q = pick(r, {0: 55, 1: 20, 2: 12, 3: 5, r.randint(4, 60): 8})
        elif o == "80":
            q = cargo()
        else:
            q = few() if o == "40" else pick(r, {0: 3, 1: 68, 2: 20, 3: 6, 4: 3})
        m[f"ObjectType{i}"] = o
        m[f"ObjectType{i}Quant"] = f"{q:02d}"
    return m


# ------------------------------------------------------------------ files

def build():
    r = random.Random("whiteflag second set: realistic")
    episodes, weights = make_episodes(r, 130)
    signs = [realistic(r, episodes, weights) for _ in range(COUNT)]
    r = random.Random("whiteflag second set: stress")
    far = [stress(r) for _ in range(COUNT)]
    r = random.Random("whiteflag second set: requests")
    episodes, weights = make_episodes(r, 90)
    asks = [request(r, episodes, weights) for _ in range(REQUESTS)]
    files = {}
    for name, rows in (("signs_realistic_second.jsonl", signs), ("signs_stress_second.jsonl", far),
                       ("requests_second.jsonl", asks)):
        files[name] = "".join(json.dumps(m, separators=(",", ":")) + "\n" for m in rows).encode("ascii")
    with open(os.path.abspath(__file__), "rb") as f:
        summed = dict(files, **{"generate_second.py": f.read()})
    files["SHA256SUMS_second"] = "".join(
        f"{hashlib.sha256(summed[n]).hexdigest()}  {n}\n" for n in sorted(summed)).encode("ascii")
    return files


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    changed = []
    for name, data in build().items():
        path = os.path.join(HERE, name)
        if check:
            try:
                with open(path, "rb") as f:
                    same = f.read() == data
            except FileNotFoundError:
                same = False
            if not same:
                changed.append(name)
        else:
            with open(path, "wb") as f:
                f.write(data)
    if changed:
        sys.exit("would change: " + ", ".join(changed))


if __name__ == "__main__":
    main()
