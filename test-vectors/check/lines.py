"""What a verifier recomputes of each kind of line (chapter 08, "Lines")."""

import endorsement
import formats
import packed_item
import wire
from fields import OPEN
from octets import Wrong, account_id, need, sha256
from receipts import check_opening, check_receipt
from refusal import Refused

import anchor


class Run:
    """The public keys, and all lines by what other lines name them by."""

    def __init__(self, keys, lines):
        self.keys, self.realm, self.accounts = keys, keys.realm, keys.accounts
        self.envelopes = by_name(lines, "envelope", lambda line: sha256(line.octets))
        self.parcels = by_name(lines, "parcel", lambda line: line.id)
        self.messages = by_name(lines, "message", lambda line: line.id)
        self.statements = by_name(lines, "statement", said)
        self.receipts = by_name(lines, "receipt", said)
        self.refusals = [line for line in lines if line.line == "refusal"]
        self.revocations = [line for line in lines if line.line == "revocation"]
        self.signed = {}
        for line in (line for lines in self.statements.values() for line in lines):
            for one in line.ids:
                self.signed.setdefault(one, []).append(line)

    def is_revoked(self, by, device, n, at=None):
        """Whether a line before line n, with this `at` if one is given, ends the device."""
        author = self.accounts[by]
        known = author.devices.get(device)
        for line in self.revocations:
            if line.n < n and at in (None, line.at) and known is not None:
                account, number, issue = endorsement.revocation(line.octets, self.realm)
                if (account, number) == (author.account, device) and known.issue <= issue:
                    return True
        return False

    def is_ended(self, by, n, at):
        """Whether lines before line n, with this `at`, end every device the name stands for."""
        devices = self.accounts[by].devices
        return bool(devices) and all(self.is_revoked(by, device, n, at) for device in devices)


def by_name(lines, kind, naming):
    found = {}
    for line in lines:
        if line.line == kind:
            found.setdefault(naming(line), []).append(line)
    return found


def said(line):
    """Who stated what: a statement without its blinding salt."""
    return line.author, line.evidence[: formats.STATEMENT]


def check_head(run, line):
    need(line.realm == run.keys.realm_text, "the realm is not that of the keys")


def check_envelope(run, line):
    one = formats.envelope(line.octets)
    need(one.sealed == (line.to != OPEN), "sealed and open contradict `to`")
    others = run.envelopes[sha256(line.octets)]
    need(len(others) == 1, "an envelope is written once")
    if not one.sealed:
        author = run.accounts[line.by]
        need(one.account == account_id(author.account), "account id is not that of `by`")
        need(formats.open_verifies(one, author, run.realm), "bad_signature")
        if run.is_revoked(line.by, one.device, line.n):
            refusals = (other for other in run.refusals if (other.kind, other.octets) == ("revoked", line.octets))
            need(any(other.n > line.n for other in refusals), "by a revoked device, and nobody refused it")


def check_frame(run, line):
    frame = formats.frame(line.octets, run.realm)
    need(frame.net == line.net, "another net than the frame's")
    need(frame.net != 0 or frame.genuine, "bad_mic")
    need(not frame.envelope or sha256(frame.envelope) in run.envelopes, "its envelope is no `envelope` line")


def check_parcel(run, line):
    name = sha256(formats.parcel(line.octets))
    need(name == line.id, "the id is not that of its envelope")
    need(name in run.envelopes, "its envelope is no `envelope` line")


def check_message(run, line):
    account, item = run.accounts[line.author].account, formats.lone_item(line.item)
    need(item.form != 1, "an item whose reference is not resolved has no id")
    run.accounts[line.author].key(line.device)
    need(not run.is_revoked(line.author, line.device, line.n), "revoked")
    need(line.id == formats.message_id(account, line.salt, line.item), "the id is another")
    need(line.signal == signal_of(item, line.item), "signal is not what the item says")
    carrier = run.envelopes.get(line.envelope)
    need(carrier, "its envelope is no `envelope` line")
    need(carrier[0].by == line.author, "its envelope is not by its author")
    one = formats.envelope(carrier[0].octets)
    need(one.sealed == line.sealed, "sealed, or not, unlike its envelope")
    if line.sealed:
        check_sealed(run, line, carrier[0], one)
    else:
        check_open(run, line, one, item)


def signal_of(item, octets):
    """The message of a signal that says all of it and can be read; else none."""
    if (item.family, item.revision) == (1, 0):
        return wire.decode_or_none(item.body)
    if (item.family, item.revision) != packed_item.SIGNAL:
        return None
    try:
        _, packed = packed_item.read_item(octets)
    except Refused:
        return None
    return None if packed.repeats else wire.nested(packed.fields)


def check_sealed(run, line, carrier, one):
    """What shows from outside: who could open it, and how much it holds."""
    need(line.at in (carrier.by, carrier.to), "sealed to somebody else")
    # What is shown of it, each message once; a session's own items may ride along.
    shown = {(other.counter, other.item) for lines in run.messages.values() for other in lines
             if other.envelope == line.envelope}  # fmt: skip
    least = sum(carried_octets(item, one.several) for _, item in shown)
    if one.several:
        need(least <= one.room, "the items do not fit the envelope")
    else:
        need(least <= one.room <= len(line.item) and len(shown) == 1, "the item does not fit the envelope")


def carried_octets(item, several):
    """The fewest octets an item takes in an envelope: a reference may travel as its first eight octets."""
    octets = len(item) - (24 if item[1] & 3 == 2 else 0)
    return octets + (1 if octets - 2 < 128 else 2) if several else octets


def check_open(run, line, one, item):
    account = run.accounts[line.author].account
    need((one.device, one.epoch) == (line.device, line.epoch), "another device or epoch than the envelope's")
    need(one.parity == line.epoch & 1, "epoch does not fit the parity of its envelope")
    at = line.counter - one.counter
    need(0 <= at < len(one.items), "the envelope has no item at this counter")
    need(same_item(one.items[at], item), "the envelope holds another item at this counter")
    need(line.salt == formats.open_salt(account, line), "the salt is another")
    need(line.chain == formats.open_chain(run.realm, account, line), "the chain is another")


def same_item(carried, item):
    if carried.form != 1:
        return carried == item
    return carried == item._replace(form=1, reference=item.reference[:8])


def check_statement(run, line):
    one, _ = formats.evidence(line.evidence)
    need(formats.statement_verifies(one, run.accounts[line.author], run.realm), "bad_signature")
    need(not run.is_revoked(line.author, one.device, line.n), "revoked")
    need(len(line.ids) == one.count, "another number of ids than the statement's")
    need(anchor.root(line.ids) == one.root, "the root over the ids is another")
    for counter, name in enumerate(line.ids, one.first):
        wanted = (line.author, one.chain, counter, one.device)
        need(any(told(message) == wanted for message in run.messages.get(name, ())),
             f"{name.hex()} is no `message` line of this author, chain and counter")  # fmt: skip


def told(message):
    return message.author, message.chain, message.counter, message.device


def check_receipt_line(run, line):
    leaf = check_receipt(line.receipt, run.keys.ledger, run.realm)
    one, salt = formats.evidence(line.evidence)
    check_opening(leaf, one, salt)
    need(formats.statement_verifies(one, run.accounts[line.author], run.realm), "evidence: bad_signature")
    need(said(line) in run.statements, "its statement is no `statement` line")


def check_refusal(run, line):
    if (line.what, line.kind) == ("frame", "bad_mic"):
        frame = formats.frame(line.octets, run.realm)
        need(frame.net == 0 and not frame.genuine, "the frame verifies, or is not on net 0")
    elif (line.what, line.kind) == ("envelope", "unknown_hint"):
        name = sha256(line.octets)
        carriers = run.envelopes.get(name, ())
        ended = carriers and run.is_ended(carriers[0].by, line.n, line.at)
        need(carriers and all(one.to != OPEN and (one.to != line.at or ended) for one in carriers),
             "no envelope to somebody else, or by a device that `at` knows as revoked")  # fmt: skip
        messages = (one for lines in run.messages.values() for one in lines)
        need(not any((one.at, one.envelope) == (line.at, name) for one in messages), "it was opened all the same")
    elif (line.what, line.kind) == ("envelope", "revoked"):
        carriers = run.envelopes.get(sha256(line.octets), ())
        one = formats.envelope(line.octets)
        need(carriers and not one.sealed, "no open `envelope` line")
        need(run.is_revoked(carriers[0].by, one.device, line.n, line.at), "not by a device that `at` knows as revoked")
    else:
        raise Wrong("what and kind do not go together")


def check_revocation(run, line):
    account, _, _ = endorsement.revocation(line.octets, run.realm)
    need(account in {one.account for one in run.accounts.values()}, "of none of the accounts")


def check_restart(run, line):
    need(len(set(line.fetched)) == len(line.fetched), "a parcel was fetched twice")
    need(line.acknowledged, "nothing was acknowledged")
    need(all(name in run.parcels for name in line.fetched), "a fetched parcel is no `parcel` line")
    for name in line.acknowledged:
        need(name in run.parcels, f"{name.hex()} is no `parcel` line")
        need(name in line.fetched, f"{name.hex()} was acknowledged and not fetched")
