#!/usr/bin/env python3
"""Checks a transcript (chapter 08) with public keys alone: transcript.py TRANSCRIPT KEYS

Prints a tally by kind of line and exits 0, or names the first line that does not hold and exits 1.
Python 3.11, standard library only."""

import sys
from collections import Counter
from typing import NamedTuple

sys.dont_write_bytecode = True
import decisions  # noqa: E402
import endorsement  # noqa: E402
import lines  # noqa: E402
from fields import Line, parse, read_line  # noqa: E402
from octets import Wrong, hexadecimal, need, realm_octets, sha256, verifies  # noqa: E402
from receipts import LedgerKey, ledger_key  # noqa: E402

KEYS = {"format", "realm", "recorder", "ledger", "accounts"}
CHECKS = {
    "head": lines.check_head,
    "envelope": lines.check_envelope,
    "frame": lines.check_frame,
    "parcel": lines.check_parcel,
    "message": lines.check_message,
    "statement": lines.check_statement,
    "receipt": lines.check_receipt_line,
    "refusal": lines.check_refusal,
    "revocation": lines.check_revocation,
    "restart": lines.check_restart,
    "decision": decisions.check_decision,
}


class Keys(NamedTuple):
    realm_text: str
    realm: bytes
    recorder: bytes
    ledger: LedgerKey
    accounts: dict


def read_keys(raw):
    found = parse(raw)
    need(set(found) == KEYS and found["format"] == "chappe-public-keys/3", "format or fields")
    realm, accounts = realm_octets(found["realm"]), found["accounts"]
    need(isinstance(accounts, dict) and "open" not in accounts, "accounts")
    accounts = {name: read_account(one, realm) for name, one in accounts.items()}
    devices = [(one.account, device) for one in accounts.values() for device in one.devices]
    need(len(set(devices)) == len(devices), "a device under two names")
    recorder = hexadecimal(found["recorder"], 32)
    return Keys(found["realm"], realm, recorder, ledger_key(found["ledger"], realm), accounts)


def read_account(found, realm):
    need(isinstance(found, dict) and set(found) == {"account", "certificates"}, "accounts: fields")
    need(isinstance(found["certificates"], list), "accounts: certificates")
    certificates = [hexadecimal(one) for one in found["certificates"]]
    return endorsement.account(hexadecimal(found["account"], 32), certificates, realm)


def read_all(raw, accounts):
    """Each line, or what is wrong with it."""
    found = []
    for n, one in enumerate(raw.split(b"\n")[:-1]):
        try:
            found.append(read_line(one, accounts))
            need(found[-1].n == n, "n has a gap")
        except Wrong as wrong:
            found[n:] = [wrong]
    return found


def check_place(found, n):
    """The time of a line, and head and seal at the ends only."""
    line = found[n]
    need(n == 0 or line.at_ms >= found[n - 1].at_ms, "at_ms decreases")
    need((line.line == "head") == (n == 0), "head is the first line, once")
    need((line.line == "seal") == (n == len(found) - 1), "seal is the last line, once")
    need(line.line != "seal" or line.at_ms == found[n - 1].at_ms, "the seal bears another time")


def check_seal(keys, raw, line):
    before = raw[: raw.rindex(b"\n", 0, -1) + 1]
    need(line.lines == before.count(b"\n"), "another number of lines")
    need(line.sha256 == sha256(before), "SHA-256 is another")
    signed = b"chappe-transcript/1" + keys.realm + line.sha256
    need(verifies(keys.recorder, signed, line.signature), "bad_signature")


def check_line(keys, raw, run, found, n):
    line = found[n]
    if isinstance(line, Wrong):
        raise line
    check_place(found, n)
    if line.line == "seal":
        check_seal(keys, raw, line)
    else:
        CHECKS[line.line](run, line)


def check(raw, keys):
    """The tally; Wrong names the first line that does not hold."""
    need(raw.endswith(b"\n"), "the last line has no end")
    found = read_all(raw, keys.accounts)
    run = lines.Run(keys, [line for line in found if isinstance(line, Line)])
    for n in range(len(found)):
        try:
            check_line(keys, raw, run, found, n)
        except Wrong as wrong:
            kind = f" ({found[n].line})" if isinstance(found[n], Line) else ""
            raise Wrong(f"line {n}{kind}: {wrong}") from None
    need(len(found) >= 2, "no head and seal")
    return Counter(line.line for line in found)


def read_file(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        sys.exit(str(error))


def main(arguments):
    if len(arguments) != 2:
        sys.exit("usage: transcript.py TRANSCRIPT KEYS")
    try:
        keys = read_keys(read_file(arguments[1]))
    except Wrong as wrong:
        sys.exit(f"keys: {wrong}")
    try:
        tally = check(read_file(arguments[0]), keys)
    except Wrong as wrong:
        sys.exit(str(wrong))
    for kind, count in tally.items():
        print(f"{count:6} {kind}")
    print(f"{tally.total():6} lines hold")


if __name__ == "__main__":
    main(sys.argv[1:])
