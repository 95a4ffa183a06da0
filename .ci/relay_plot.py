#!/usr/bin/env python3
"""The plot of docs/relay-figures.md: how long FLASH takes while ROUTINE load rises, as SVG.

    .ci/relay_plot.py FIGURES.json PLOT.svg     (FIGURES.json: target/bench/relay-latency.json)

Both axes are logarithmic. A point is a step of the load; of a system at its limit several lie at the same rate.
Python 3.11.
"""

import json
import math
import pathlib
import sys

WIDTH, HEIGHT = 760, 470
LEFT, TOP, RIGHT, BOTTOM = 84, 104, 28, 58
INK, FAINT = "#1a1a1a", "#d9d9d9"
SYSTEMS = [("chappe", "#b3261e", "chappe, stored and synced"), ("nats-server", "#1e4fb3", "nats-server, in memory")]
PARTS = [("p50", "", "p50"), ("p99", "6 4", "p99")]


def plot(steps):
    """The whole picture. `steps` are "latency" of relay-latency.json: for each system a rate a second, and
    p50 and p99 in microseconds."""
    rates = [step[who]["rate"] for step in steps for who, *_ in SYSTEMS]
    times = [step[who][part] for step in steps for who, *_ in SYSTEMS for part, *_ in PARTS]
    x = scale(round_down(min(rates)), round_up(max(rates)), LEFT, WIDTH - RIGHT)
    y = scale(round_down(min(times)), round_up(max(times)), HEIGHT - BOTTOM, TOP)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
           f'font-size="13" fill="{INK}">', "<title>FLASH latency under rising ROUTINE load</title>",
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
           text(LEFT, 26, "How long a FLASH takes while ROUTINE load rises", size=17),
           text(LEFT, 46, "100 FLASH a second, from published to delivered; p50: half are faster, p99: 99 of 100 are")]
    out += legend() + grid(x, y)
    for who, colour, _ in SYSTEMS:
        for part, dash, _ in PARTS:
            points = [(x(rate), y(time)) for rate, time in sorted((step[who]["rate"], step[who][part]) for step in steps)]
            line = " ".join(f"{across:.1f},{down:.1f}" for across, down in points)
            out.append(f'<polyline points="{line}" fill="none" {stroke(colour, dash)}/>')
            filled = "white" if dash else colour
            out += [f'<circle cx="{across:.1f}" cy="{down:.1f}" r="3.5" fill="{filled}" stroke="{colour}" '
                    'stroke-width="1.5"/>' for across, down in points]
    return "\n".join([*out, "</svg>", ""])


def legend():
    """Beside no line, so that none is hidden by it: a row for each part, a column for each system."""
    out = []
    for column, (_, colour, system) in enumerate(SYSTEMS):
        for row, (_, dash, part) in enumerate(PARTS):
            across, down = LEFT + 300 * column, 66 + 19 * row
            out.append(f'<path d="M{across} {down}h34" {stroke(colour, dash)}/>')
            out.append(text(across + 42, down + 4, f"{system}, {part}", colour=colour))
    return out


def grid(x, y):
    """Lines at 1, 2 and 5 of each decade; those that are labelled are the stronger ones."""
    out = []
    for value in marks(y):
        down = y(value)
        out.append(f'<path d="M{LEFT} {down:.1f}H{WIDTH - RIGHT}" stroke="{FAINT}" {weight(value)}/>')
        if is_power(value):
            out.append(text(LEFT - 8, down + 4, duration(value), anchor="end"))
    for value in marks(x):
        across = x(value)
        out.append(f'<path d="M{across:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="{FAINT}" {weight(value)}/>')
        out.append(text(across, HEIGHT - BOTTOM + 20, count(value), anchor="middle"))
    middle = (TOP + HEIGHT - BOTTOM) / 2
    out.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, "ROUTINE messages delivered a second", anchor="middle"))
    out.append(f'<text transform="translate(20 {middle}) rotate(-90)" text-anchor="middle">FLASH latency</text>')
    return out


def scale(low, high, start, end):
    def place(value):
        return start + math.log10(value / low) / math.log10(high / low) * (end - start)
    place.low, place.high = low, high
    return place


def marks(axis):
    powers = range(math.floor(math.log10(axis.low)), math.ceil(math.log10(axis.high)) + 1)
    return [step * 10 ** power for power in powers for step in (1, 2, 5) if axis.low <= step * 10 ** power <= axis.high]


def round_down(value):
    power = 10 ** math.floor(math.log10(value))
    return next(step * power for step in (5, 2, 1) if step * power <= value * 1.001)


def round_up(value):
    power = 10 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value)


def is_power(value):
    return str(value).strip("0") == "1"


def weight(value):
    return "" if is_power(value) else 'stroke-dasharray="1 3"'


def duration(micros):
    for unit, size in (("s", 1_000_000), ("ms", 1_000)):
        if micros >= size:
            return f"{micros // size} {unit}"
    return f"{micros} µs"


def count(value):
    return f"{value // 1_000_000} M" if value >= 1_000_000 else f"{value:,}"


def stroke(colour, dash):
    return f'stroke="{colour}" stroke-width="2"' + (f' stroke-dasharray="{dash}"' if dash else "")


def text(across, down, words, size=None, anchor=None, colour=None):
    more = "".join(f' {name}="{value}"' for name, value in
                   (("font-size", size), ("text-anchor", anchor), ("fill", colour)) if value)
    return f'<text x="{across:.1f}" y="{down:.1f}"{more}>{words}</text>'


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    figures = json.loads(pathlib.Path(sys.argv[1]).read_text())
    pathlib.Path(sys.argv[2]).write_text(plot(figures["latency"]))
