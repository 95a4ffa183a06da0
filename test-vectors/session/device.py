"""A device: its contacts, prekeys and sessions; sealing and opening (chapters 03 and 11). For test vectors only."""

import aes_gcm_siv
import chappe
import keys
from chappe import NeedsNewer
from conventions import Refused, refuse_unless, sha256, u8
from session import COUNTERS_MAX, EVERY, FLIGHT_COUNTERS, Session
from x25519 import public, x25519

CHAIN, RANDOM_ACCESS, FIRST_FLIGHT, STRANGER = 1, 2, 3, 4
HEADS = {CHAIN: 4, RANDOM_ACCESS: 5, FIRST_FLIGHT: 36, STRANGER: 101}
TAG = 16
SESSIONS_WITH_A_DEVICE = ENDED_WITH_A_DEVICE = 4
# On a handset less: the window, and the memory of first flights for a contact's device and for strangers.
LIMITS = {False: (64, 1024, 4096), True: (16, 256, 256)}


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def sealed_aad(realm, head):
    return b"chappe-sealed/1" + realm + head


def seal_octets(realm, head, message_keys, plaintext):
    k, n, _ = message_keys
    return head + aes_gcm_siv.seal(k, n, plaintext, sealed_aad(realm, head))


def try_open(realm, envelope, head, message_keys):
    k, n, _ = message_keys
    return aes_gcm_siv.open_(k, n, envelope[head:], sealed_aad(realm, envelope[:head]))


def messages(account, s, counter, items):
    out = []
    for at, item in enumerate(items, counter):
        salt, canonical = keys.salt(s, at), item.canonical()
        found = None if canonical is None else chappe.message_id(account, salt, canonical)
        out.append({"salt": salt, "canonical": canonical, "id": found})
    return out


class Device:
    def __init__(self, realm, account, device, identity_secret, prekey_secrets, contacts, handset=False):
        self.realm, self.account, self.device = realm, account, device
        self.window, self.room, self.room_for_strangers = LIMITS[handset]
        self.identity_secret, self.identity = identity_secret, public(identity_secret)
        self.prekeys = {public(secret): secret for secret in prekey_secrets}
        self.contacts = {(one["account"], one["device"]): one for one in contacts}
        self.revoked = set()
        self.sessions, self.ended, self.ticks = [], [], 0
        self.remembered = {}  # the first 16 octets of SHA-256(E) -> prekey and whom the session is with

    @property
    def who(self):
        return self.account, self.device

    # ---- beginning ----

    def begin(self, account, device, ephemeral_secret, stranger=False):
        refuse_unless((account, device) != self.who, "inconsistent", "device")
        contact = self.contacts[account, device]
        e, ik_b, pk_b = public(ephemeral_secret), contact["identity_key"], contact["prekey"]
        d1 = keys.agree(self.identity_secret, pk_b, "prekey")
        d2 = keys.agree(ephemeral_secret, ik_b, "identity_key")
        d3 = keys.agree(ephemeral_secret, pk_b, "prekey")
        both = keys.parties(self.who, (account, device))
        root = keys.first_root(d1, d2, d3, self.realm, both, self.identity, ik_b, pk_b, e)
        session = Session(root, keys.TO_B, e, (*self.who, self.identity), (account, device, ik_b), ephemeral_secret, pk_b)
        if stranger:
            hint = keys.flight_hint(keys.stranger_hint_key(d3, self.realm), e)
            named = self.identity + self.account + u8(self.device)
            session.flight = STRANGER, hint + e + xor(named, keys.mask(d2, d3, self.realm, ik_b, pk_b, e))
        else:
            hint = keys.flight_hint(keys.flight_hint_key(d1, self.realm, both), e)
            session.flight = FIRST_FLIGHT, hint + e
        self.add(session)
        return session

    def add(self, session, now=None):
        session.window = self.window
        mine = [one for one in self.sessions if one.theirs[:2] == session.theirs[:2]]
        if len(mine) == SESSIONS_WITH_A_DEVICE:
            self.end(min(mine, key=lambda one: one.used), now)
        self.sessions.append(session)
        self.touch(session)

    def end(self, session, now):
        session.end(now)
        self.sessions.remove(session)
        mine = [one for one in self.ended if one.theirs[:2] == session.theirs[:2]]
        if len(mine) == ENDED_WITH_A_DEVICE:
            self.ended.remove(mine[0])
        self.ended.append(session)

    def touch(self, session):
        self.ticks += 1
        session.used = self.ticks

    def session(self, e):
        return next(one for one in self.sessions if one.e == e)

    def sends_in(self, account, device):
        """That in which something was opened last, or its own newest if in none."""
        mine = [one for one in self.sessions if one.theirs[:2] == (account, device)]
        heard = [one for one in mine if one.answered]
        return max(heard, key=lambda one: one.heard) if heard else mine[-1]

    # ---- sealing ----

    def seal(self, session, counter, items):
        refuse_unless(not any(at % EVERY == 0 for at in range(counter + 1, counter + len(items))), "out_of_range", "counter")
        refuse_unless(counter + len(items) <= COUNTERS_MAX, "out_of_range", "counter")
        if session.flight:
            refuse_unless(counter + len(items) <= FLIGHT_COUNTERS, "out_of_range", "counter")
        assert counter >= session.next
        root, epoch = session.roots[session.send_epoch], session.send_epoch
        if session.flight:
            klass, rest = session.flight
        elif counter % 256 == 0 and counter:
            klass, rest = RANDOM_ACCESS, keys.random_access_hint(root, session.way, counter) + u8(counter // 256 % 256)
        else:
            klass, rest = CHAIN, keys.chain_hint(root, session.way, counter)
        head = chappe.first_octet(0, klass, epoch, chappe.flags_of(items)) + rest
        found = keys.message_keys(root, session.way, counter)
        envelope = seal_octets(self.realm, head, found, chappe.write_items(items))
        session.next = counter + len(items)
        self.touch(session)
        return {
            "envelope": envelope, "class": klass, "epoch": epoch, "counter": counter,
            "chain_id": keys.chain_id(session.first_root, session.way),
            "messages": messages(self.account, found[2], counter, items),
        }  # fmt: skip

    # ---- opening ----

    def open(self, envelope, now=None, encapsulation_seed=None):
        klass, parity, several = chappe.read_first_octet(envelope)
        if klass not in HEADS:
            raise NeedsNewer
        refuse_unless(len(envelope) >= HEADS[klass] + TAG, "truncated", "envelope")
        if now is not None:
            for session in self.sessions + self.ended:
                session.forget_old(now)
        if klass in (FIRST_FLIGHT, STRANGER):
            refuse_unless(parity == 0, "inconsistent", "parity")
            return self.open_flight(envelope, klass, several, now)
        candidates = list(self.by_hint(envelope, klass, parity))
        refuse_unless(candidates, "unknown_hint", "hint")
        for session, counter, epoch in candidates:
            found = keys.message_keys(session.roots[epoch], session.their_way, counter)
            plaintext = try_open(self.realm, envelope, HEADS[klass], found)
            if plaintext is not None:
                return self.take(session, klass, counter, epoch, found, plaintext, several, now, encapsulation_seed)
        raise Refused("bad_tag", "tag")

    def by_hint(self, envelope, klass, parity):
        """(session, counter, epoch), of the epochs with that parity."""
        for session in self.sessions + self.ended:
            way = session.their_way
            if klass == CHAIN:
                held, hint = [one for one in session.hinted() if one[0] % 256 or one[0] == 0], keys.chain_hint
            else:
                c = nearest(envelope[4], session.n)
                held, hint = [(c, k) for k in sorted(session.roots) if c and session.has(c, k)], keys.random_access_hint
            for c, epoch in held:
                if epoch & 1 == parity and hint(session.roots[epoch], way, c) == envelope[1:4]:
                    yield session, c, epoch

    def take(self, session, klass, counter, epoch, found, plaintext, several, now, encapsulation_seed, new=False):
        """The tag was right: the form of what is inside, then the state."""
        items = chappe.read_items(plaintext, several)
        session.check_counters(counter, epoch, len(items))
        if new:
            self.add(session, now)
        session.opened(counter, epoch, items, now, encapsulation_seed)
        self.touch(session)
        session.heard = session.used
        account, device, _ = session.theirs
        return {
            "session": session.e, "class": klass, "epoch": epoch, "counter": counter,
            "chain_id": keys.chain_id(session.first_root, session.their_way), "account": account, "device": device,
            "standing": "contact" if (account, device) in self.contacts else "claim",
            "items": items, "messages": messages(account, found[2], counter, items),
            "sends_in_epoch": session.send_epoch,
        }  # fmt: skip

    # ---- first flights ----

    def open_flight(self, envelope, klass, several, now):
        e, head = envelope[4:36], HEADS[klass]
        if sha256(e)[:16] in self.remembered:
            mine = [one for one in self.sessions + self.ended if one.e == e and one.way == keys.TO_A]
            session = mine[0] if mine else None
            for c in range(FLIGHT_COUNTERS if session else 0):
                if session.has_flight(c):
                    found = keys.message_keys(session.roots[0], keys.TO_B, c)
                    plaintext = try_open(self.realm, envelope, head, found)
                    if plaintext is not None:
                        return self.take(session, klass, c, 0, found, plaintext, several, now, None)
            refuse_unless(self.remembered[sha256(e)[:16]][1] not in self.revoked, "revoked", "device")
            raise Refused("replay", "ephemeral_key")
        fitting = list(self.flights_by_hint(envelope, klass))
        refuse_unless(fitting, "unknown_hint", "hint")
        refusal = None
        for candidate in fitting:
            try:
                return self.begin_from(envelope, klass, several, now, *candidate)
            except Refused as found:
                refusal = found
        raise refusal

    def flights_by_hint(self, envelope, klass):
        """(prekey, who claims to write or None): the hint fits."""
        e, hint = envelope[4:36], envelope[1:4]
        for prekey, secret in self.prekeys.items():
            if klass == STRANGER:
                d3 = x25519(secret, e)
                if d3 != keys.NOTHING and keys.flight_hint(keys.stranger_hint_key(d3, self.realm), e) == hint:
                    yield prekey, None
                continue
            for who, contact in self.contacts.items():
                d1 = x25519(secret, contact["identity_key"])
                if d1 == keys.NOTHING:
                    continue
                key = keys.flight_hint_key(d1, self.realm, keys.parties(who, self.who))
                if keys.flight_hint(key, e) == hint:
                    yield prekey, (*who, contact["identity_key"])

    def begin_from(self, envelope, klass, several, now, prekey, named):
        e, secret = envelope[4:36], self.prekeys[prekey]
        d2 = keys.agree(self.identity_secret, e, "ephemeral_key")
        d3 = keys.agree(secret, e, "ephemeral_key")
        if klass == STRANGER:
            named = self.unmask(envelope, d2, d3, prekey, e)
        account, device, identity = named
        d1 = keys.agree(secret, identity, "identity_key")
        refuse_unless(device != 0, "reserved", "device")
        refuse_unless((account, device) != self.who, "inconsistent", "device")
        contact = self.contacts.get((account, device))
        refuse_unless(contact is None or contact["identity_key"] == identity, "unknown_account", "identity_key")
        refuse_unless((account, device) not in self.revoked, "revoked", "device")
        self.check_room(prekey, (account, device), contact)
        both = keys.parties((account, device), self.who)
        root = keys.first_root(d1, d2, d3, self.realm, both, identity, self.identity, prekey, e)
        session = Session(root, keys.TO_A, e, (*self.who, self.identity), named, secret, e)
        for c in range(FLIGHT_COUNTERS):
            found = keys.message_keys(root, keys.TO_B, c)
            plaintext = try_open(self.realm, envelope, HEADS[klass], found)
            if plaintext is not None:
                out = self.take(session, klass, c, 0, found, plaintext, several, now, None, new=True)
                self.remembered[sha256(e)[:16]] = prekey, (account, device) if contact else None
                return out
        raise Refused("bad_tag", "tag")

    def check_room(self, prekey, who, contact):
        key, room = (who, self.room) if contact else (None, self.room_for_strangers)
        taken = sum(one == (prekey, key) for one in self.remembered.values())
        refuse_unless(taken < room, "unavailable", "memory")

    def unmask(self, envelope, d2, d3, prekey, e):
        named = xor(envelope[36:101], keys.mask(d2, d3, self.realm, self.identity, prekey, e))
        return named[32:64], named[64], named[:32]

    # ---- what happens beside messages ----

    def revoke(self, account, device):
        """Nothing of its sessions is left."""
        self.revoked.add((account, device))
        for sessions in (self.sessions, self.ended):
            sessions[:] = [one for one in sessions if one.theirs[:2] != (account, device)]

    def know(self, contact):
        """A card: sessions under another identity key of that device end."""
        who = contact["account"], contact["device"]
        self.contacts[who] = contact
        for session in [one for one in self.sessions if one.theirs[:2] == who]:
            if session.theirs[2] != contact["identity_key"]:
                self.end(session, None)

    def destroy_prekey(self, prekey):
        """Its private half, and with it the memory of what was begun with it."""
        del self.prekeys[prekey]
        self.remembered = {e: of for e, of in self.remembered.items() if of[0] != prekey}


def nearest(residue, n):
    """Of the multiples of 256 with c / 256 of that residue modulo 256, the nearest to n, the higher of two equally near."""
    return min(range(256 * residue, COUNTERS_MAX, 65536), key=lambda c: (abs(c - n), -c))
