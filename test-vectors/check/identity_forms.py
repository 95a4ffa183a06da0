"""Roots, endorsements, cards and what a reader knows of accounts (chapter 10)."""

import hashlib
import struct
from typing import NamedTuple

import library as p
from refusal import Refused

CONTEXTS = {"certificate": b"chappe-device/1", "revocation": b"chappe-revocation/1", "succession": b"chappe-succession/1"}
SIZES = {"certificate": 163, "revocation": 36, "succession": 65}
CERTIFICATE = struct.Struct(">B32sBH32s32s32s5s5sIBiiii")


def refuse_if(wrong, kind, field, offset=0):
    if wrong:
        raise Refused(kind, field, offset)


def h(label, octets):
    return hashlib.sha256(label + octets).digest()


def account_id(account):
    return h(b"chappe-account/1", account)[:8]


class Root(NamedTuple):
    octets: bytes
    threshold: int
    keys: list

    @property
    def account(self):
        return self.keys[0] if self.octets[:2] == bytes([1, 1]) else h(b"chappe-root/1", self.octets)

    def check_keys(self):
        states = [p.state_of(key) for key in self.keys]
        bad = next((state for state in states if state != "good"), None)
        refuse_if(bad == "small", "weak_key", "keys")
        refuse_if(bad == "none", "bad_signature", "signature")


def read_root(octets):
    refuse_if(len(octets) < 2, "truncated", "root")
    threshold, count = octets[:2]
    refuse_if(count not in range(1, 17), "out_of_range", "keys")
    refuse_if(threshold not in range(1, count + 1), "out_of_range", "threshold")
    end = 2 + 32 * count
    refuse_if(len(octets) < end, "truncated", "root")
    keys = [octets[at : at + 32] for at in range(2, end, 32)]
    refuse_if(sorted(set(keys)) != keys, "not_canonical", "keys")
    return Root(octets[:end], threshold, keys)


class Endorsement(NamedTuple):
    what: str
    content: bytes
    fields: dict
    root: Root
    places: list
    behind: bytes  # what stands behind the last signature


def fields_of(what, octets):
    refuse_if(octets == b"", "truncated", what)
    refuse_if(octets[0] != 1, "unknown_version", "version")
    refuse_if(len(octets) < SIZES[what], "truncated", what)
    if what == "succession":
        return {"account": octets[1:33].hex(), "successor": octets[33:65].hex()}
    refuse_if(octets[33] == 0, "reserved", "device")
    if what == "revocation":
        return {"account": octets[1:33].hex(), "device": octets[33], "issue": octets[34] * 256 + octets[35]}
    (_, account, device, issue, signing, identity, transport, begin, expiry, permissions, precedence,
     south, west, north, east) = CERTIFICATE.unpack(octets[:163])  # fmt: skip
    begin, expiry = (int.from_bytes(time, "big") for time in (begin, expiry))
    refuse_if(begin > expiry, "out_of_range", "not_before")
    refuse_if(precedence > 3, "out_of_range", "precedence")
    outside = max(abs(south), abs(north)) > 9_000_000 or max(abs(west), abs(east)) > 18_000_000
    refuse_if(outside or south > north, "out_of_range", "area")
    return {
        "account": account.hex(), "device": device, "issue": issue, "signing_key": signing.hex(),
        "identity_key": identity.hex(), "transport_key": transport.hex(), "not_before": str(begin), "expiry": str(expiry),
        "permissions": permissions, "precedence": precedence, "area": [south, west, north, east],
    }  # fmt: skip


def read_endorsement(what, octets, realm, allowed, whole=True):
    """`allowed` says of an account (as its content names it) which roots' accounts count."""
    fields, size = fields_of(what, octets), SIZES[what]
    root = read_root(octets[size:])
    at, end = size + len(root.octets), size + len(root.octets) + 65 * root.threshold
    refuse_if(len(octets) < end, "truncated", "signatures")
    refuse_if(whole and len(octets) > end, "trailing", what)
    places = [octets[i] for i in range(at, end, 65)]
    refuse_if(max(places) >= len(root.keys), "out_of_range", "place")
    refuse_if(sorted(set(places)) != places, "not_canonical", "place")
    refuse_if(root.account not in allowed(bytes.fromhex(fields["account"])), "unknown_account", "root")
    root.check_keys()
    for n, place in enumerate(places):
        signed = octets[at + 65 * n + 1 : at + 65 * n + 65]
        right = p.verifies(root.keys[place], CONTEXTS[what] + realm + octets[:at], signed)
        refuse_if(not right, "bad_signature", "signature")
    return Endorsement(what, octets[:size], fields, root, places, octets[end:])


def own_root(account):
    return {account}


def read_card(octets, realm, allowed):
    certificate = read_endorsement("certificate", octets, realm, allowed, whole=False)
    rest = certificate.behind
    refuse_if(len(rest) < 53, "truncated", "card")
    homes, left = homes_of(octets, rest[53:])
    end = len(octets) - len(left)
    refuse_if(len(left) < 64, "truncated", "signature", end)
    refuse_if(len(left) > 64, "trailing", "end", end + 64)
    key = bytes.fromhex(certificate.fields["signing_key"])
    refuse_if(p.state_of(key) == "small", "weak_key", "signing_key")
    right = p.state_of(key) == "good" and p.verifies(key, b"chappe-card/3" + realm + octets[:-64], octets[-64:])
    refuse_if(not right, "bad_signature", "signature")
    expiry = int.from_bytes(rest[32:37], "big")
    return {
        "certificate": octets[: len(octets) - len(rest)].hex(), "prekey": rest[:32].hex(), "prekey_expiry": str(expiry),
        "label_key": rest[37:53].hex(), "homes": homes,
    }  # fmt: skip


def is_former_card(octets, realm):
    """Without home relays: 53 octets and a signature behind a certificate, whoever signed that."""
    size = SIZES["certificate"]
    try:
        fields, root = fields_of("certificate", octets), read_root(octets[size:])
    except Refused:
        return False
    end = size + len(root.octets) + 65 * root.threshold
    key, signed = bytes.fromhex(fields["signing_key"]), octets[:-64]
    return len(octets) == end + 117 and p.state_of(key) == "good" and p.verifies(key, b"chappe-card/2" + realm + signed, octets[-64:])


def homes_of(card, left):
    """The home relays at the front of what is left of a card, and what is left behind them."""
    place = lambda: len(card) - len(left)
    refuse_if(not left, "truncated", "homes", place())
    refuse_if(left[0] > 3, "out_of_range", "homes", place())
    count, left, homes = left[0], left[1:], {}
    while len(homes) < count:
        refuse_if(len(left) < 32, "truncated", "home_key", place())
        key = left[:32].hex()
        refuse_if(p.state_of(left[:32]) != "good", "out_of_range", "home_key", place())
        refuse_if(key in homes, "not_canonical", "home_key", place())
        left = left[32:]
        refuse_if(not left, "truncated", "network_address", place())
        refuse_if(left[0] == 0, "too_short", "network_address", place())
        size, left = left[0], left[1:]
        refuse_if(len(left) < size, "truncated", "network_address", place())
        text = left[:size].decode(errors="surrogateescape")
        right = next((n for n, c in enumerate(text) if 0xDC80 <= ord(c) <= 0xDCFF), len(text))
        refuse_if(right < len(text), "bad_character", "network_address", place() + len(text[:right].encode()))
        homes[key], left = text, left[size:]
    return [{"key": key, "network_address": address} for key, address in homes.items()], left


class History:
    """One account as its endorsements become known. Generations count the roots: 0 is the account's own."""

    def __init__(self, account, realm):
        self.realm, self.generations, self.contradicted = realm, [account], False
        self.certificates = {}  # (device, generation, issue) -> [(n, endorsement)]
        self.ended = {}  # (device, generation) -> highest issue
        self.seen = set()

    def meet(self, n, what, octets):
        found = read_endorsement(what, octets, self.realm, lambda _: self.generations)
        if octets in self.seen:
            return "known"
        generation = self.generations.index(found.root.account)
        answer = {"certificate": self.certify, "revocation": self.revoke, "succession": self.succeed}[what](n, found, generation)
        self.seen.add(octets)
        return answer

    def followed(self, generation):
        return not self.contradicted and generation == len(self.generations) - 1

    def certify(self, n, found, generation):
        refuse_if(not self.followed(generation), "unknown_account", "root")
        same = self.certificates.setdefault((found.fields["device"], generation, found.fields["issue"]), [])
        if any(one.content == found.content and one.root == found.root for _, one in same):
            return "known"
        same.append((n, found))
        return "taken" if len(same) == 1 else "evidence"

    def revoke(self, _, found, generation):
        at = found.fields["device"], generation
        self.ended[at] = max(self.ended.get(at, -1), found.fields["issue"])
        return "taken"

    def succeed(self, _, found, generation):
        successor = bytes.fromhex(found.fields["successor"])
        if generation + 1 < len(self.generations):
            if self.generations[generation + 1] == successor:
                return "known"
            self.contradicted = True
            return "evidence"
        refuse_if(self.contradicted, "unknown_account", "root")
        self.generations.append(successor)
        return "taken"

    @property
    def evidence(self):
        return self.contradicted or any(len(same) > 1 for same in self.certificates.values())

    def best(self, device):
        """(n, certificate, still verifies) of the one that holds and the one before it."""
        mine = sorted((key for key in self.certificates if key[0] == device), reverse=True)[:2]
        out = []
        for _, generation, issue in mine:
            n, found = self.certificates[device, generation, issue][0]
            later = any((device, g) in self.ended for g in range(generation + 1, len(self.generations)))
            out.append((n, found, not later and self.ended.get((device, generation), -1) < issue))
        return out


class Known:
    """What a reader has verified: accounts of one key, and endorsements."""

    def __init__(self, given):
        self.realm = bytes.fromhex(given["realm"])
        self.histories, self.single = {}, set()
        for account in map(bytes.fromhex, given["accounts"]):
            self.history(account)
            self.single.add(account)
        for what in ("certificate", "revocation", "succession"):
            for n, octets in enumerate(map(bytes.fromhex, given[what + "s"])):
                self.history(octets[1:33]).meet(n, what, octets)
                if octets[SIZES[what] :][:34] == b"\x01\x01" + octets[1:33]:
                    self.single.add(octets[1:33])

    def history(self, account):
        return self.histories.setdefault(account, History(account, self.realm))

    def keys_of(self, name, device):
        """Account, keys, and what is not known."""
        account = next((one for one in self.histories if account_id(one) == name), None)
        if account is None:
            return None, [], "account_id"
        history = self.histories[account]
        if device == 0 and account in self.single and len(history.generations) == 1:
            return account, [account], None
        held = history.best(device)
        if not held:
            return account, [], "device"
        keys = [bytes.fromhex(found.fields["signing_key"]) for _, found, good in held if good]
        refuse_if(not keys, "revoked", "device")
        return account, keys, None
