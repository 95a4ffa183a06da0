"""Which certificate of a device holds, and whose signature stands under an envelope or a statement (chapters 03, 04, 10)."""

import chappe
import endorsement as e
from conventions import Refused


def read_all(what, endorsements, realm):
    return [e.read_endorsement(what, octets, realm) for octets in endorsements]


def holding(certificates):
    """The highest issue, of two with the same the one known first; and whether two different ones say the same issue."""
    best, evidence = None, False
    for n, certificate in enumerate(certificates):
        if best is None or certificate["issue"] > certificates[best]["issue"]:
            best = n
        evidence |= any(one["issue"] == certificate["issue"] and one != certificate for one in certificates[:n])
    return best, evidence


def is_revoked(certificate, revocations):
    return any(
        (one["account"], one["device"]) == (certificate["account"], certificate["device"])
        and one["issue"] >= certificate["issue"]
        for one in revocations
    )


def directory(realm, accounts, certificates, revocations):
    """Finds account and signing key of a device, or says what stands against it."""
    certificates = read_all("certificate", certificates, realm)
    revocations = read_all("revocation", revocations, realm)
    roots = {account: True for account in accounts}
    for certificate in certificates:
        roots.setdefault(certificate["account"], certificate["root"][:2] == b"\x01\x01")

    def find(who, device):
        account = next((a for a in roots if e.account_id(a) == who), None)
        if account is None:
            raise Refused("unknown_account", "account_id")
        if device == 0 and roots[account]:
            return account, account
        mine = [one for one in certificates if (one["account"], one["device"]) == (account, device)]
        if not mine:
            raise Refused("unknown_account", "device")
        certificate = mine[holding(mine)[0]]
        if is_revoked(certificate, revocations):
            raise Refused("revoked", "device")
        return account, certificate["signing_key"]

    return find


def write_open(account, signing_seed, realm, device, epoch, counter, items):
    """Chapter 03, class 0, by a certified device."""
    head = (
        chappe.first_octet(0, 0, epoch, chappe.flags_of(items))
        + chappe.u8(device) + chappe.u16(epoch) + e.account_id(account) + chappe.u32(counter)
    )  # fmt: skip
    return chappe.sign_open(signing_seed, realm, head + chappe.write_items(items))


def messages(account, device, epoch, counter, items):
    salts = [chappe.open_salt(account, device, epoch, counter + n) for n in range(len(items))]
    out = []
    for item, salt in zip(items, salts):
        canonical = item.canonical()
        found = None if canonical is None else chappe.message_id(account, salt, canonical)
        out.append({"salt": salt, "canonical": canonical, "id": found})
    return out


def follow(successions):
    """Who follows an account, of the successions as they became known; and whether one is evidence."""
    followed = successions[0]["successor"]
    return followed, any(one["successor"] != followed for one in successions)
