"""The file of saved sums of chapter 06: what a relay counted, under tags."""

import hashlib
import struct

import library as p
from relay_wire import Cursor, refuse_if

HEAD = b"chappe-sums"
WEEK = 604_800


def whole_sums(octets):
    head, version, checksum = octets[:11], octets[11:12], octets[-8:]
    refuse_if(head != HEAD, "bad_literal", "literal")
    refuse_if(not version, "truncated", "version")
    refuse_if(version != b"\1", "unknown_version", "version")
    content = octets[:-8] if len(octets) >= 20 else octets[:12]
    if len(octets) < 20 or hashlib.sha256(b"chappe-relay-sums/1" + content).digest()[:8] != checksum:
        refuse_if(True, "bad_checksum", "checksum")
    cursor = Cursor(content[12:])

    def count(form, field):
        return struct.unpack(form, cursor.cut(struct.calcsize(form), field))[0]

    def put(found, one, field):
        refuse_if(found and found[-1] >= one, "not_canonical", field)
        found.append(one)

    epoch = count(">I", "epoch")
    numbers, all_tags, senders = [], [], []
    for _ in range(count(">I", "invitations")):
        put(numbers, cursor.cut(8, "number").hex(), "number")
        all_tags.append([])
        for _ in range(count(">I", "keys")):
            put(all_tags[-1], cursor.cut(16, "tag").hex(), "tag")
    for _ in range(count(">I", "senders")):
        tag, hours, octets = cursor.cut(16, "tag").hex(), [], []
        for _ in range(count(">H", "hours")):
            put(hours, count(">I", "hour"), "hour")
            octets.append(str(count(">Q", "octets")))
        senders.append({"tag": tag, "hours": [list(pair) for pair in zip(hours, octets)]})
    cursor.done()
    invitations = [{"number": n, "tags": t} for n, t in zip(numbers, all_tags)]
    return {"epoch": epoch, "invitations": invitations, "senders": senders}


def sender_tag(secret, key, now):
    return p.mac(secret, b"chappe-relay-sender/1" + struct.pack(">I", now // WEEK) + key)[:16]
