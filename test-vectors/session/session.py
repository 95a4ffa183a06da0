"""One session as one side holds it (chapter 11): which keys are there, and what the ratchet does. For test vectors only."""

import keys
import x_wing
from conventions import Refused
from x25519 import public, x25519

FAR, EVERY, KEPT = 4096, 64, 128
COUNTERS_MAX = 2**20
KEPT_SECONDS = 7 * 86400
RATCHET = 0x15
OFFER, HYBRID_OFFER, HYBRID_ANSWER = 0, 1, 2
SIZES = {OFFER: 32, HYBRID_OFFER: 32 + 1216, HYBRID_ANSWER: 1120}
FLIGHT_COUNTERS = 16


class Session:
    """`mine` and `theirs` are (account, device, identity key); `way` is the one this side sends in."""

    def __init__(self, root, way, e, mine, theirs, own_secret, their_key):
        self.e, self.way, self.mine, self.theirs = e, way, mine, theirs
        self.roots, self.newest, self.send_epoch = {0: root}, 0, 0
        self.first_root = root
        self.live = [0]  # epochs whose chain to this side has not ended
        self.n, self.kept = 0, {}  # kept: (counter, epoch) -> since when
        self.next, self.answered = 0, False
        self.own_secret, self.their_key = own_secret, their_key
        self.offer = self.hybrid = None  # what this side offered and is under way
        self.flight = None  # what a first flight of it begins with, while there are any
        self.window, self.used, self.ended = 64, 0, False
        self.flights_kept = {}  # of an ended session: counters of first flights -> since when

    @property
    def their_way(self):
        return 1 - self.way

    # ---- which keys are there ----

    def has(self, c, epoch):
        return (c, epoch) in self.kept or (epoch in self.live and self.n <= c < COUNTERS_MAX)

    def has_flight(self, c):
        return self.has(c, 0) or c in self.flights_kept

    def hinted(self):
        """(counter, epoch) whose hints are held."""
        near = set(range(self.n, self.n + self.window))
        if self.window < EVERY:  # where a sender that was restarted goes on
            restart = (self.n // EVERY + 1) * EVERY
            near |= set(range(restart, restart + self.window))
        near |= {c for c in range(self.n, self.n + FAR) if c % EVERY == 0}
        held = {(c, epoch) for epoch in self.live for c in near if c < COUNTERS_MAX} | set(self.kept)
        return sorted(held, key=lambda one: (one[1], one[0]))

    def forget_old(self, now):
        for kept in (self.kept, self.flights_kept):
            for at in [at for at, since in kept.items() if since is not None and now - since > KEPT_SECONDS]:
                del kept[at]

    # ---- what an opened envelope changes ----

    def check_counters(self, c, epoch, count):
        if any(at % EVERY == 0 for at in range(c + 1, c + count)) or c + count > COUNTERS_MAX:
            raise Refused("out_of_range", "counter")
        if any(at < self.n and (at, epoch) not in self.kept for at in range(c + 1, c + count)):
            raise Refused("inconsistent", "counter")

    def opened(self, c, epoch, items, now, encapsulation_seed):
        for at in range(c, c + len(items)):
            self.flights_kept.pop(at, None)
            for k in self.roots:
                self.kept.pop((at, k), None)
        if self.ended:
            return
        self.answered, self.flight = True, None
        if c >= self.n:
            passed = range(max(self.n, c - self.window), c)
            self.kept |= {(at, k): now for k in self.live if k <= epoch for at in passed}
            self.n = c + len(items)
        self.enter(epoch)
        while len(self.kept) > KEPT:
            del self.kept[min(self.kept)]
        for item in items:
            if (item.family, item.revision) == (RATCHET, 0):
                self.ratchet(item.body, epoch, encapsulation_seed)

    def enter(self, epoch):
        """The chains of the epochs before it end; who did not follow yet follows."""
        self.live = [k for k in self.live if k >= epoch]
        if epoch > self.send_epoch:
            self.send_epoch = self.newest = epoch
            if self.offer:
                self.own_secret, self.offer = self.offer["secret"], None

    def end(self, now):
        """What is left of it: keys passed over, and those of first flights."""
        self.ended = True
        if 0 in self.live:
            self.flights_kept = {c: now for c in range(self.n, FLIGHT_COUNTERS)}
        self.live = []

    def is_turn_of(self, way):
        """B's in even epochs, A's in odd ones."""
        return way == (keys.TO_A if self.newest % 2 == 0 else keys.TO_B)

    # ---- ratchet ----

    def ratchet(self, body, epoch, encapsulation_seed):
        if not body or len(body) - 1 != SIZES.get(body[0]) or epoch != self.newest:
            return
        if body[0] == OFFER and self.is_turn_of(self.their_way):
            self.take_offer(body[1:])
        elif body[0] == HYBRID_OFFER and self.is_turn_of(self.their_way):
            self.take_hybrid_offer(body[1:], encapsulation_seed)
        elif body[0] == HYBRID_ANSWER and self.hybrid and self.hybrid["epoch"] == epoch:
            self.take_hybrid_answer(body[1:])

    def raise_epoch(self, root):
        self.newest += 1
        self.roots[self.newest] = root
        self.live.append(self.newest)

    def take_offer(self, f):
        agreed = x25519(self.own_secret, f)
        if agreed == keys.NOTHING:
            return
        self.raise_epoch(keys.step(self.roots[self.newest], agreed, self.newest + 1, f))
        self.their_key, self.own_secret = f, None
        self.send_epoch = self.newest

    def take_hybrid_offer(self, octets, seed):
        """Goes on to send in this epoch, until an envelope of the next is opened."""
        f, key = octets[:32], octets[32:]
        agreed = x25519(self.own_secret, f)
        if agreed == keys.NOTHING:
            return
        shared, ciphertext = x_wing.encapsulate(key, seed)
        k = self.newest + 1
        self.raise_epoch(keys.hybrid_step(self.roots[self.newest], agreed, shared, k, f, key, ciphertext))
        self.their_key, self.own_secret = f, None

    def make_offer(self, secret):
        """The item's body; this side receives in the next epoch from now on."""
        f = public(secret)
        if self.offer is None:
            agreed, k = keys.agree(secret, self.their_key, "offer"), self.newest + 1
            self.roots[k] = keys.step(self.roots[self.newest], agreed, k, f)
            self.live.append(k)
            self.offer = {"secret": secret}
        assert self.offer["secret"] == secret
        return bytes([OFFER]) + f

    def make_hybrid_offer(self, secret, hybrid_secret):
        f, key = public(secret), x_wing.encapsulation_key(hybrid_secret)
        self.hybrid = {"epoch": self.newest, "secret": secret, "f": f, "hybrid_secret": hybrid_secret, "key": key}
        return bytes([HYBRID_OFFER]) + f + key

    def take_hybrid_answer(self, ciphertext):
        offer, k = self.hybrid, self.newest + 1
        shared = x_wing.decapsulate(offer["hybrid_secret"], ciphertext)
        agreed = keys.agree(offer["secret"], self.their_key, "offer")
        root = keys.hybrid_step(self.roots[self.newest], agreed, shared, k, offer["f"], offer["key"], ciphertext)
        self.raise_epoch(root)
        self.send_epoch, self.own_secret, self.hybrid = k, offer["secret"], None
