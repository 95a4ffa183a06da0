#!/usr/bin/env python3
"""Writes short_factors.csv: SX1261/2 datasheet, 6.1.4, spreading factors 5 and 6. Exact fractions."""

import math
import pathlib
from fractions import Fraction

rows = ["bw_hz,sf,payload,preamble,cr,explicit_header,crc,ldro,toa_ns"]
for bandwidth in (125000, 250000, 500000):
    for factor in (5, 6):
        for payload in (0, 1, 10, 20, 51, 100, 255):
            for preamble in (12, 16):
                for rate in (1, 4):
                    bits = max(8 * payload + 16 - 4 * factor + 20, 0)
                    payload_symbols = math.ceil(Fraction(bits, 4 * factor)) * (rate + 4)
                    symbols = preamble + Fraction(25, 4) + 8 + payload_symbols
                    nanoseconds = symbols * 2**factor * 10**9 / bandwidth
                    assert nanoseconds.denominator == 1
                    rows.append(f"{bandwidth},{factor},{payload},{preamble},4/{rate + 4},1,1,0,"
                                f"{nanoseconds}")
path = pathlib.Path(__file__).with_name("short_factors.csv")
path.write_text("\n".join(rows) + "\n")
