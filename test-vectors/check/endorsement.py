"""Certificates and revocations (chapter 10): reading, and the root's signatures."""

from typing import NamedTuple

from octets import decodes_well, h, need, number, verifies

KEYS_MAX = 16
CERTIFICATE, REVOCATION = 163, 36
CONTEXTS = {CERTIFICATE: b"chappe-device/1", REVOCATION: b"chappe-revocation/1"}
NORTH, EAST = 90 * 10**5, 180 * 10**5


class Certificate(NamedTuple):
    account: bytes
    device: int
    issue: int
    signing_key: bytes


def signed(octets):
    return int.from_bytes(octets, "big", signed=True)


def read_root(octets):
    """Threshold, keys, and what is behind the root."""
    need(len(octets) >= 2, "root: truncated")
    threshold, count = octets[0], octets[1]
    need(1 <= count <= KEYS_MAX and 1 <= threshold <= count, "root: out of range")
    need(len(octets) >= 2 + 32 * count, "root: truncated")
    keys = [octets[2 + 32 * n : 34 + 32 * n] for n in range(count)]
    need(all(a < b for a, b in zip(keys, keys[1:])), "root: keys do not ascend")
    return threshold, keys, octets[2 + 32 * count :]


def named(threshold, keys):
    return keys[0] if len(keys) == 1 else h("chappe-root/1", bytes([threshold, len(keys)]), *keys)


def endorsed(octets, size, realm):
    """The content, once it is endorsed by its account's own root and nothing is behind it."""
    need(len(octets) >= size and octets[0] == 1, "endorsement: version or size")
    content = octets[:size]
    need(content[33] != 0, "endorsement: device 0 is reserved")
    threshold, keys, rest = read_root(octets[size:])
    need(len(rest) == 65 * threshold, "endorsement: number of signatures")
    parts = [rest[65 * n : 65 * n + 65] for n in range(threshold)]
    places = [part[0] for part in parts]
    need(all(a < b for a, b in zip(places, places[1:])) and places[-1] < len(keys), "endorsement: places")
    need(named(threshold, keys) == content[1:33], "endorsement: unknown_account")
    need(all(decodes_well(key) for key in keys), "endorsement: a key that is none, or weak")
    message = CONTEXTS[size] + realm + octets[: len(octets) - len(rest)]
    for part in parts:
        need(verifies(keys[part[0]], message, part[1:]), "endorsement: bad_signature")
    return content


def certificate(octets, realm):
    need(len(octets) >= CERTIFICATE, "certificate: size")
    need(number(octets[132:137]) <= number(octets[137:142]), "certificate: not before is behind the expiry")
    south, west, north, east = (signed(octets[at : at + 4]) for at in range(147, 163, 4))
    need(octets[146] <= 3, "certificate: precedence")
    need(-NORTH <= south <= north <= NORTH and abs(west) <= EAST and abs(east) <= EAST, "certificate: area")
    found = endorsed(octets, CERTIFICATE, realm)
    return Certificate(found[1:33], found[33], number(found[34:36]), found[36:68])


def revocation(octets, realm):
    """Account, device and the last issue it ends."""
    found = endorsed(octets, REVOCATION, realm)
    return found[1:33], found[33], number(found[34:36])


class Account(NamedTuple):
    """Whom a name of the public keys stands for: an account, and which of its devices, by number."""

    account: bytes
    devices: dict

    def key(self, device):
        need(device in self.devices, "unknown_account: a device without a certificate")
        return self.devices[device].signing_key


def account(name, certificates, realm):
    """One without certificates is a root of one key, device 0."""
    if not certificates:
        return Account(name, {0: Certificate(name, 0, 0, name)})
    found = [certificate(octets, realm) for octets in certificates]
    need(all(one.account == name for one in found), "a certificate of another account")
    devices = {one.device: one for one in found}
    need(len(devices) == len(found), "two certificates of one device")
    return Account(name, devices)
