"""Plays a transcript while it is written down: each step says what it expects."""

import ed25519
import x_wing
from book import to_json
from chappe import Item, NeedsNewer
from conventions import LIVE, Refused, seed
from session_kinds import device_in, run_step
from x25519 import public


class Person:
    """A device of an account of its own, with its secrets."""

    def __init__(self, name, device=1, prekeys=1, account=None):
        self.name, self.device = name, device
        self.account = ed25519.public(seed(f"{account or name} account"))
        self.identity_secret = seed(f"{name} identity")
        self.identity = public(self.identity_secret)
        self.prekey_secrets = [seed(f"{name} prekey" + (f" {n}" if n else "")) for n in range(prekeys)]
        self.prekeys = [public(secret) for secret in self.prekey_secrets]

    def contact(self, which=-1, **other):
        return {
            "account": self.account, "device": self.device, "identity_key": self.identity, "prekey": self.prekeys[which],
        } | other  # fmt: skip

    def holding(self, *contacts, **other):
        return {
            "account": self.account, "device": self.device, "identity_secret": self.identity_secret,
            "prekey_secrets": self.prekey_secrets, "handset": False, "contacts": contacts,
        } | other  # fmt: skip


ALICE, BOB, CAROL = Person("alice"), Person("bob", device=2), Person("carol")


def text(body=b"hello", **other):
    return vars(Item(**({"family": 0x71, "revision": 0, "form": 0, "reference": b"", "body": body} | other)))


def ratchet(octets):
    return text(octets, family=0x15)


def offer(secret):
    return ratchet(b"\x00" + public(secret))


def hybrid_offer(secret, hybrid_secret):
    return ratchet(b"\x01" + public(secret) + x_wing.encapsulation_key(hybrid_secret))


class Play:
    def __init__(self, realm=LIVE, **devices):
        """Alice and Bob hold each other's cards unless something else is said."""
        devices = devices or {"alice": ALICE.holding(BOB.contact()), "bob": BOB.holding(ALICE.contact())}
        self.given = {"realm": to_json(realm), "devices": to_json(devices), "steps": []}
        self.devices = {
            name: device_in(bytes.fromhex(one.get("realm", self.given["realm"])), one)
            for name, one in self.given["devices"].items()
        }

    def _run(self, **step):
        step = to_json({k: v for k, v in step.items() if v is not None})
        self.given["steps"].append(step)
        return run_step(self.devices, step)

    def refused(self, kind, field, do, *given, **more):
        """The step `do` is refused so."""
        try:
            do(*given, **more)
        except Refused as refusal:
            assert (refusal.kind, refusal.field) == (kind, field), refusal
        else:
            raise AssertionError(f"not refused: {self.given['steps'][-1]}")

    def begin(self, by="alice", to=BOB, ephemeral="ephemeral", stranger=False, contact=None):
        contact = contact or to.contact()
        return self._run(
            do="begin", by=by, account=contact["account"], device=contact["device"], ephemeral_secret=seed(ephemeral),
            stranger=stranger,
        )["session"]  # fmt: skip

    def seal(self, by, session, counter, *items, **more):
        return self._run(do="seal", by=by, session=session, counter=counter, items=items or [text()], **more)["envelope"]

    def open(self, by, envelope, expect=None, **more):
        """`expect`: members of the answer."""
        out = self._run(do="open", by=by, envelope=envelope, **more)
        for name, value in (expect or {}).items():
            assert out[name] == value, (name, out[name], value)
        return out

    def newer(self, by, envelope):
        """Kept, and opened not at all."""
        try:
            self._run(do="open", by=by, envelope=envelope)
        except NeedsNewer:
            return
        raise AssertionError("read")

    def pass_on(self, by, to, session, counter, *items, **more):
        """Sealed and opened at once."""
        envelope = self.seal(by, session, counter, *items, **more)
        return self.open(to, envelope, {"counter": counter})

    def sends_in(self, by, whom, session):
        assert self._run(do="sends_in", by=by, account=whom.account, device=whom.device)["session"] == session

    def note(self, do, by, **more):
        self._run(do=do, by=by, **more)

    def answered(self):
        """A began, B answered: both may use the chain class in epoch 0."""
        session = self.begin()
        self.pass_on("alice", "bob", session, 0)
        self.pass_on("bob", "alice", session, 0)
        return session
