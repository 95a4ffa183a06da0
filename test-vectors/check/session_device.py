"""A device with its contacts, prekeys and sessions: begins, seals, opens (chapters 03 and 11)."""

import items_open as o
import library as p
import session_chains as c
from refusal import Refused
from session_state import Session

BEFORE = {1: 4, 2: 5, 3: 36, 4: 101}
NEWER = {"outcome": "needs_newer"}


def refuse(kind, field):
    raise Refused(kind, field, 0)


def unhex(text):
    return bytes.fromhex(text)


def agreed(secret, key, field):
    return p.exchanged(secret, key) or refuse("weak_key", field)


def masked(octets, mask):
    n = int.from_bytes(octets, "big") ^ int.from_bytes(mask, "big")
    return n.to_bytes(len(octets), "big")


class Device:
    def __init__(self, realm, given):
        self.realm = unhex(given["realm"]) if "realm" in given else realm
        self.secret = unhex(given["identity_secret"])
        self.me = unhex(given["account"]), given["device"], p.exchange_key(self.secret)
        self.prekeys = [(p.exchange_key(secret), secret) for secret in map(unhex, given["prekey_secrets"])]
        self.window, self.room, self.strangers = (16, 256, 256) if given["handset"] else (64, 1024, 4096)
        self.contacts, self.revoked, self.live, self.past, self.memory, self.clock = {}, set(), [], [], {}, 0
        for one in given["contacts"]:
            self.know(one)

    def know(self, one):
        who = unhex(one["account"]), one["device"]
        self.contacts[who] = unhex(one["identity_key"]), unhex(one["prekey"])
        for session in [one for one in self.live if one.peer[:2] == who and one.peer[2] != self.contacts[who][0]]:
            self.finish(session, None)

    def revoke(self, who):
        self.revoked.add(who)
        self.live, self.past = ([one for one in sessions if one.peer[:2] != who] for sessions in (self.live, self.past))

    def destroy_prekey(self, prekey):
        self.prekeys = [one for one in self.prekeys if one[0] != prekey]
        self.memory = {e: of for e, of in self.memory.items() if of[0] != prekey}

    # ---- sessions ----

    def tick(self, session):
        self.clock += 1
        session.used = self.clock
        return self.clock

    def keep(self, session, now):
        mine = [one for one in self.live if one.peer[:2] == session.peer[:2]]
        if len(mine) > 3:
            self.finish(sorted(mine, key=lambda one: one.used)[0], now)
        self.live.append(session)
        self.tick(session)

    def finish(self, session, now):
        session.finish(now)
        self.live.remove(session)
        self.past.append(session)
        mine = [one for one in self.past if one.peer[:2] == session.peer[:2]]
        self.past = [one for one in self.past if one not in mine[:-4]]

    def sends_in(self, who):
        mine = [one for one in self.live if one.peer[:2] == who]
        return sorted(mine, key=lambda one: (one.heard, mine.index(one)))[-1].e

    def begin(self, who, ephemeral, stranger):
        if who == self.me[:2]:
            refuse("inconsistent", "device")
        ik_b, pk_b = self.contacts[who]
        d1 = agreed(self.secret, pk_b, "prekey")
        d2, d3 = agreed(ephemeral, ik_b, "identity_key"), agreed(ephemeral, pk_b, "prekey")
        e = p.exchange_key(ephemeral)
        beginning = c.Beginning(d1, d2, d3, self.realm, self.me, (*who, ik_b), pk_b, e)
        session = Session(True, beginning, e, (*who, ik_b), ephemeral, pk_b, self.window)
        if stranger:
            name = masked(self.me[2] + self.me[0] + bytes([self.me[1]]), beginning.mask)
            session.first_flight = 4, c.in_flight(beginning.stranger_hint_key, e) + e + name
        else:
            session.first_flight = 3, c.in_flight(beginning.flight_hint_key, e) + e
        self.keep(session, None)
        return e

    def seal(self, session, counter, items):
        last = counter + len(o.messages_of(items)) - 1
        if last // 64 != counter // 64 or last >= 2**20 or session.first_flight and last > 15:
            refuse("out_of_range", "counter")
        keys, hint = session.keys_to_send(counter)
        klass, rest = session.first_flight or (1, hint)
        if not session.first_flight and counter and counter % 256 == 0:
            klass, rest = 2, hint + bytes([counter // 256 % 256])
        head = bytes([klass << 3 | (session.sends & 1) << 2 | (len(items) > 1)]) + rest
        sealed = p.siv_seal(keys[:32], keys[32:44], b"chappe-sealed/1" + self.realm + head, o.write_items(items))
        self.tick(session)
        return {
            "envelope": (head + sealed).hex(), "class": klass, "epoch": session.sends, "counter": counter,
            "chain_id": session.chain_ids[session.way].hex(), "messages": self.messages(self.me[0], keys, counter, items),
        }  # fmt: skip

    def messages(self, account, keys, counter, items):
        return [o.message_out(account, c.salt(keys, at), one) for at, one in enumerate(o.messages_of(items), counter)]

    # ---- opening ----

    def open(self, octets, now, seed):
        if len(octets) > 16384:
            refuse("too_long", "envelope")
        if not octets:
            refuse("truncated", "envelope")
        klass = octets[0] >> 3
        if klass > 4 or octets[0] & 2:
            return NEWER
        if len(octets) < BEFORE[klass] + 16:
            refuse("truncated", "envelope")
        if now is not None:
            for session in self.live + self.past:
                session.forget(now)
        if klass > 2:
            if octets[0] & 4:
                refuse("inconsistent", "parity")
            return self.open_flight(octets, klass, now)
        found = [(one, place) for one in self.live + self.past for place in one.find(octets, klass == 2)]
        if not found:
            refuse("unknown_hint", "hint")
        for session, (at, epoch) in found:
            plaintext = self.inside(octets, session.keys(at, epoch))
            if plaintext is not None:
                return self.take(octets, session, at, epoch, plaintext, now, seed)
        refuse("bad_tag", "tag")

    def inside(self, octets, keys):
        head = BEFORE[octets[0] >> 3]
        return p.siv_open(keys[:32], keys[32:44], b"chappe-sealed/1" + self.realm + octets[:head], octets[head:])

    def take(self, octets, session, at, epoch, plaintext, now, seed, is_new=False):
        items = o.read_items(plaintext, bool(octets[0] & 1))
        session.check(at, epoch, len(o.messages_of(items)))
        keys = session.keys(at, epoch)
        if is_new:
            self.keep(session, now)
        session.took(at, epoch, items, now, seed)
        session.heard = self.tick(session)
        account, device, _ = session.peer
        return {
            "session": session.e.hex(), "class": octets[0] >> 3, "epoch": epoch, "counter": at,
            "chain_id": session.chain_ids[1 - session.way].hex(), "account": account.hex(), "device": device,
            "standing": "contact" if (account, device) in self.contacts else "claim",
            "items": [o.item_out(one) for one in items], "messages": self.messages(account, keys, at, items),
            "sends_in_epoch": session.sends,
        }  # fmt: skip

    # ---- first flights ----

    def open_flight(self, octets, klass, now):
        e = octets[4:36]
        if c.sha256(e)[:16] in self.memory:
            for session in [one for one in self.live + self.past if one.e == e and one.way == 1]:
                for at in range(16):
                    if session.holds(at, 0) or at in session.flight_keys:
                        plaintext = self.inside(octets, session.keys(at, 0))
                        if plaintext is not None:
                            return self.take(octets, session, at, 0, plaintext, now, None)
            if self.memory[c.sha256(e)[:16]][1] in self.revoked:
                refuse("revoked", "device")
            refuse("replay", "ephemeral_key")
        last = Refused("unknown_hint", "hint", 0)
        for prekey, secret, peer in self.writers(octets, klass, e):
            try:
                return self.first(octets, klass, e, prekey, secret, peer, now)
            except Refused as refusal:
                last = refusal
        raise last

    def writers(self, octets, klass, e):
        """Prekey, its secret, and the contact, for each hint that fits."""
        for prekey, secret in self.prekeys:
            if klass == 4:
                d3 = p.exchanged(secret, e)
                if d3 and c.in_flight(p.kdf(d3, b"chappe-stranger/1" + self.realm, 32), e) == octets[1:4]:
                    yield prekey, secret, None
                continue
            for (account, device), (identity, _) in self.contacts.items():
                parties = account + bytes([device]) + self.me[0] + bytes([self.me[1]])
                d1 = p.exchanged(secret, identity)
                if d1 and c.in_flight(c.flight_hint_key(d1, self.realm, parties), e) == octets[1:4]:
                    yield prekey, secret, (account, device, identity)

    def first(self, octets, klass, e, prekey, secret, peer, now):
        d2, d3 = agreed(self.secret, e, "ephemeral_key"), agreed(secret, e, "ephemeral_key")
        if klass == 4:
            name = masked(octets[36:101], c.mask(d2, d3, self.realm, self.me[2], prekey, e))
            peer = name[32:64], name[64], name[:32]
        d1 = agreed(secret, peer[2], "identity_key")
        self.check_peer(peer, prekey)
        beginning = c.Beginning(d1, d2, d3, self.realm, peer, self.me, prekey, e)
        session = Session(False, beginning, e, peer, secret, e, self.window)
        for at in range(16):
            plaintext = self.inside(octets, session.keys(at, 0))
            if plaintext is not None:
                out = self.take(octets, session, at, 0, plaintext, now, None, is_new=True)
                self.memory[c.sha256(e)[:16]] = prekey, peer[:2] if peer[:2] in self.contacts else None
                return out
        refuse("bad_tag", "tag")

    def check_peer(self, peer, prekey):
        who = peer[:2]
        if who[1] == 0:
            refuse("reserved", "device")
        if who == self.me[:2]:
            refuse("inconsistent", "device")
        if who in self.contacts and self.contacts[who][0] != peer[2]:
            refuse("unknown_account", "identity_key")
        if who in self.revoked:
            refuse("revoked", "device")
        whose, room = (who, self.room) if who in self.contacts else (None, self.strangers)
        if list(self.memory.values()).count((prekey, whose)) >= room:
            refuse("unavailable", "memory")
