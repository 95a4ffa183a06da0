"""What a reader knows of an account: roots, certificates, revocations; whose signature stands under what (03, 04, 10)."""

import chappe
import endorsement as e
from conventions import Refused


class Account:
    """Endorsements of one account, in the order in which they became known."""

    def __init__(self, realm, account):
        self.realm, self.account = realm, account
        self.roots, self.successor, self.stopped = [account], {}, False
        self.certificates, self.revocations, self.known = [], [], set()
        self.evidence = False

    @property
    def root(self):
        """The root that is followed; none once two successions contradict each other."""
        return None if self.stopped else self.roots[-1]

    def take(self, n, what, octets):
        """`n` is its place among all endorsements; the answer is one word."""
        content, root, _ = e.split(what, octets)
        by = e.account_of(root)
        fields = e.read_endorsement(what, octets, self.realm, [(self.account, by)] if by in self.roots else [])
        if octets in self.known:
            return "known"
        answer = getattr(self, "take_" + what)(n, fields, by)
        self.known.add(octets)
        return answer

    def take_succession(self, _, fields, by):
        if by in self.successor and self.successor[by] != fields["successor"]:
            self.stopped = self.evidence = True
            return "evidence"
        if by != self.root:
            raise Refused("unknown_account", "root")
        self.successor[by] = fields["successor"]
        self.roots.append(fields["successor"])
        return "taken"

    def take_certificate(self, n, fields, by):
        if by != self.root:
            raise Refused("unknown_account", "root")
        place = self.roots.index(by), fields["issue"]
        twins = [one for one in self.certificates if (one["device"], one["place"]) == (fields["device"], place)]
        if any(all(one[name] == value for name, value in fields.items() if name != "places") for one in twins):
            return "known"  # other signatures under the same content and root
        differs = bool(twins)
        self.evidence |= differs
        self.certificates.append(fields | {"n": n, "place": place})
        return "evidence" if differs else "taken"

    def take_revocation(self, n, fields, by):
        self.revocations.append(fields | {"place": (self.roots.index(by), fields["issue"])})
        return "taken"

    def holding(self, device):
        """The certificate that holds, then the one before it; of two with the same issue the one known first."""
        best = {}
        for one in self.certificates:
            if one["device"] == device:
                best.setdefault(one["place"], one)
        return [best[place] for place in sorted(best, reverse=True)[:2]]

    def is_revoked(self, certificate):
        """Under the same root: this issue or a higher one. Under a later root: whatever the issue."""
        root, issue = certificate["place"]
        return any(
            one["device"] == certificate["device"] and (one["place"][0] > root or one["place"] >= (root, issue) and one["place"][0] == root)
            for one in self.revocations
        )


def directory(realm, accounts, certificates, revocations, successions):
    """Finds account and signing keys of a device, or says what stands against it."""
    known = {account: Account(realm, account) for account in accounts}
    single = set(accounts)
    for what, endorsements in (("certificate", certificates), ("revocation", revocations), ("succession", successions)):
        for n, octets in enumerate(endorsements):
            content, root, _ = e.split(what, octets)
            account = content[1:33]
            known.setdefault(account, Account(realm, account)).take(n, what, octets)
            if root == b"\x01\x01" + account:
                single.add(account)

    def find(who, device):
        account = next((a for a in known if e.account_id(a) == who), None)
        if account is None:
            raise Refused("unknown_account", "account_id")
        if device == 0 and account in single and len(known[account].roots) == 1:
            return account, [account]
        mine = known[account].holding(device)
        if not mine:
            raise Refused("unknown_account", "device")
        good = [one["signing_key"] for one in mine if not known[account].is_revoked(one)]
        if not good:
            raise Refused("revoked", "device")
        return account, good

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
