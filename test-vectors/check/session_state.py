"""One side of a session: chains that go forwards, keys passed over, the ratchet (chapter 11)."""

import library as p
import session_chains as c
from items_open import messages_of
from refusal import Refused

IN_CHAIN, AT_RANDOM = b"chappe-in-chain/1", b"chappe-at-random/1"
WEEK = 7 * 24 * 3600


class Waiting(Exception):
    """A hybrid step, and no library that has ML-KEM."""


class Session:
    """`begins`: this side is A. Its own way is 0 then."""

    def __init__(self, begins, beginning, e, peer, own_secret, their_key, window):
        self.way, self.chain_ids, self.e, self.peer, self.window = int(not begins), beginning.chain_ids, e, peer, window
        self.sending, self.receiving, self.carry = {}, {}, {}
        self.epoch = self.sends = 0  # the newest both can be in; that which this side sends in
        self.n, self.passed, self.flight_keys, self.over = 0, {}, {}, False
        self.own_secret, self.their_key, self.offered = own_secret, their_key, None
        self.first_flight = None
        self.open_epoch(0, beginning.root)
        self.heard = self.used = 0

    def open_epoch(self, epoch, root):
        self.sending[epoch], self.receiving[epoch] = c.Chain(root, self.way), c.Chain(root, 1 - self.way)
        self.carry[epoch] = c.carried(root)

    # ---- sending ----

    def keys_to_send(self, counter):
        chain = self.sending[self.sends]
        chain.pass_over(counter, 0)
        label = AT_RANDOM if counter and counter % 256 == 0 else IN_CHAIN
        return chain.step(), chain.hint(label, counter)

    # ---- receiving ----

    def expected(self):
        """Counters of the chain class whose hints are held: (counter, epoch)."""
        block = -(-self.n // 64) * 64
        above = (self.n // 64 + 1) * 64
        behind = range(above, above + self.window) if self.window < 64 else ()
        ahead = {*range(self.n, self.n + self.window), *behind, *range(block, self.n + 4096, 64)}
        found = {(at, epoch) for epoch in self.receiving if not self.ended(epoch) for at in ahead if at < 2**20}
        return [(at, epoch) for at, epoch in found | set(self.passed) if at == 0 or at % 256]

    def ended(self, epoch):
        return self.over or self.receiving[epoch].at is None

    def find(self, octets, at_random):
        parity, hint, found = octets[0] >> 2 & 1, octets[1:4], []
        if at_random:
            near = min((one for one in range(octets[4] * 256, 2**20, 2**16)), key=lambda one: (abs(one - self.n), -one))
            places = [(near, epoch) for epoch in self.receiving if near and self.holds(near, epoch)]
        else:
            places = self.expected()
        for at, epoch in places:
            label = AT_RANDOM if at_random else IN_CHAIN
            if epoch & 1 == parity and self.receiving[epoch].hint(label, at) == hint:
                found.append((at, epoch))
        return found

    def holds(self, at, epoch):
        return (at, epoch) in self.passed or not self.ended(epoch) and at >= self.n

    def keys(self, at, epoch):
        if (at, epoch) in self.passed:
            return self.passed[at, epoch][0]
        if at in self.flight_keys and epoch == 0:
            return self.flight_keys[at][0]
        return self.receiving[epoch].keys_at(at)

    def check(self, at, epoch, count):
        last = at + count - 1
        if last // 64 != at // 64 or last >= 2**20:
            raise Refused("out_of_range", "counter", 0)
        if any(one < self.n and (one, epoch) not in self.passed for one in range(at + 1, last + 1)):
            raise Refused("inconsistent", "counter", 0)

    def took(self, at, epoch, items, now, seed):
        """The state behind an envelope that was opened."""
        count = len(messages_of(items))
        if at >= self.n and not self.over:
            for k in [k for k in self.receiving if k <= epoch and not self.ended(k)]:
                chain = self.receiving[k]
                kept = chain.pass_over(at, self.window)
                self.passed |= {(one, k): (keys, now) for one, keys in kept.items() if one >= self.n}
                chain.pass_over(at + count, 0)
            self.n = at + count
        for one in range(at, at + count):
            self.flight_keys.pop(one, None)
            for k in self.receiving:
                self.passed.pop((one, k), None)
        if self.over:
            return
        self.first_flight = None
        for k in self.receiving:
            if k < epoch:
                self.receiving[k].at = None
        if epoch > self.sends:
            self.follow(epoch)
        for place in sorted(self.passed)[: max(0, len(self.passed) - 128)]:
            del self.passed[place]
        for family, octet, body in items:
            if family == 21 and octet >> 2 == 0:
                self.consume(body, epoch, seed)

    def forget(self, now):
        for kept in (self.passed, self.flight_keys):
            for place in [place for place, (_, since) in kept.items() if since is not None and since + WEEK < now]:
                del kept[place]

    def finish(self, now):
        """Keys passed over stay, and those of first flights."""
        if not self.ended(0):
            self.flight_keys = {at: (self.receiving[0].keys_at(at), now) for at in range(self.n, 16)}
        self.over = True

    # ---- ratchet ----

    def follow(self, epoch):
        """The other side is in an epoch that this one made or answered to."""
        self.epoch = self.sends = epoch
        if self.offered and self.offered["kind"] == 0:
            self.own_secret, self.offered = self.offered["secret"], None

    def my_turn(self):
        return self.epoch % 2 == (1 if self.way == 0 else 0)

    def consume(self, body, epoch, seed):
        if len(body) not in {0: (33,), 1: (1249,), 2: (1121,)}.get(body[0] if body else None, ()) or epoch != self.epoch:
            return
        if body[0] == 2:
            self.answered(body[1:])
        elif not self.my_turn():
            f, key = body[1:33], body[33:]
            agreed = p.exchanged(self.own_secret, f)
            if agreed and key:
                self.answer(agreed, f, key, seed)
            elif agreed:
                self.step_to(c.next_root(self.carry[self.epoch], agreed, self.epoch + 1, f))
                self.sends, self.their_key = self.epoch, f

    def step_to(self, root):
        self.epoch += 1
        self.open_epoch(self.epoch, root)

    def answer(self, agreed, f, key, seed):
        """What the other side's decapsulation gives is all this program can see: it is told the offer's secret."""
        shared, ciphertext = seed(key)
        self.step_to(c.next_hybrid_root(self.carry[self.epoch], agreed, shared, self.epoch + 1, f, key, ciphertext))
        self.their_key = f

    def offer(self, secret, hybrid):
        f = p.exchange_key(secret)
        if hybrid is not None:
            self.offered = {"kind": 1, "secret": secret, "f": f, "hybrid": hybrid}
            return b"\x01" + f + hybrid.key
        if self.offered is None:
            agreed, epoch = p.exchanged(secret, self.their_key), self.epoch + 1
            self.open_epoch(epoch, c.next_root(self.carry[self.epoch], agreed, epoch, f))
            self.offered = {"kind": 0, "secret": secret}
        return b"\x00" + f

    def answered(self, ciphertext):
        made = self.offered
        if not made or made["kind"] != 1:
            return
        agreed, shared = p.exchanged(made["secret"], self.their_key), made["hybrid"].shared(ciphertext)
        root = c.next_hybrid_root(self.carry[self.epoch], agreed, shared, self.epoch + 1, made["f"], made["hybrid"].key, ciphertext)
        self.step_to(root)
        self.sends, self.own_secret, self.offered = self.epoch, made["secret"], None
