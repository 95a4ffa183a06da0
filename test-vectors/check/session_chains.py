"""Key derivation of sessions (chapter 11), forwards only: what a step was made from is not kept."""

import copy
import hashlib

import library as p


def sha256(octets):
    return hashlib.sha256(octets).digest()


def u32(n):
    return n.to_bytes(4, "big")


class Beginning:
    """What both ends make of D1, D2, D3."""

    def __init__(self, d1, d2, d3, realm, a, b, pk_b, e):
        """`a` and `b` are (account, device, identity key)."""
        self.parties = b"".join(account + bytes([device]) for account, device, _ in (a, b))
        keys = a[2] + b[2] + pk_b + e
        self.root = p.kdf(d1 + d2 + d3, b"chappe-session/1" + realm + self.parties + keys, 32)
        self.flight_hint_key = flight_hint_key(d1, realm, self.parties)
        self.stranger_hint_key = p.kdf(d3, b"chappe-stranger/1" + realm, 32)
        self.mask = mask(d2, d3, realm, b[2], pk_b, e)
        self.chain_ids = [p.expand(self.root, b"chappe-session-chain/1" + bytes([way]), 8) for way in (0, 1)]


def flight_hint_key(d1, realm, parties):
    return p.kdf(d1, b"chappe-hint/1" + realm + parties, 32)


def mask(d2, d3, realm, ik_b, pk_b, e):
    return p.kdf(d2 + d3, b"chappe-mask/1" + realm + ik_b + pk_b + e, 65)


def in_flight(hint_key, e):
    return p.mac(hint_key, b"chappe-in-flight/1" + e)[:3]


def salt(keys, counter):
    return p.mac(keys[44:], b"chappe-item-salt/1" + u32(counter))[:16]


class Chain:
    """The keys of one way of one epoch from counter `at` on."""

    def __init__(self, root, way):
        self.hint_key = p.expand(root, b"chappe-hint-key/1" + bytes([way]), 32)
        self.at, self.hints = 0, {}
        self._enter(p.expand(root, b"chappe-block/1" + bytes([way]), 32))

    def _enter(self, block):
        self.block = block
        self.chain = p.expand(block, b"chappe-chain-key/1", 32)
        self.next_block = p.expand(block, b"chappe-next-block/1", 32)

    def hint(self, label, counter):
        if (label, counter) not in self.hints:
            self.hints[label, counter] = p.mac(self.hint_key, label + u32(counter))[:3]
        return self.hints[label, counter]

    def step(self):
        """K, N and S of the counter `at`, which is left behind."""
        keys = p.expand(self.chain, b"chappe-message/1", 76)
        self.at += 1
        if self.at % 256 == 0:
            self._enter(self.next_block)
        else:
            self.chain = p.expand(self.chain, b"chappe-next-key/1", 32)
        return keys

    def pass_over(self, to, keep):
        """Goes on to a counter; the keys of the last `keep` of those before it."""
        kept = {}
        while self.at < to:
            following = self.at - self.at % 256 + 256
            if following <= to - keep:
                self.at = following
                self._enter(self.next_block)
            elif self.at < to - keep:
                self.at += 1
                self.chain = p.expand(self.chain, b"chappe-next-key/1", 32) if self.at % 256 else self.chain
                if self.at % 256 == 0:
                    self._enter(self.next_block)
            else:
                at = self.at
                kept[at] = self.step()
        return kept

    def keys_at(self, counter):
        """Without going there."""
        ahead = copy.copy(self)
        ahead.pass_over(counter, 0)
        return ahead.step()


def carried(root):
    return p.expand(root, b"chappe-carry/1", 32)


def next_root(carry, agreed, epoch, f):
    return p.kdf(carry + agreed, b"chappe-step/1" + u32(epoch) + f, 32)


def next_hybrid_root(carry, agreed, shared, epoch, f, key, ciphertext):
    info = b"chappe-hybrid-step/1" + u32(epoch) + f + sha256(key) + sha256(ciphertext)
    return p.kdf(carry + agreed + shared, info, 32)


# ---- X-Wing ------------------------------------------------------------------------------------


class XWing:
    """The decapsulating end; needs a library that has ML-KEM."""

    def __init__(self, secret):
        octets = hashlib.shake_256(secret).digest(96)
        self.m, self.x = p.MLKEM768PrivateKey.from_seed_bytes(octets[:64]), octets[64:]
        self.key = self.m.public_key().public_bytes_raw() + p.exchange_key(self.x)

    def shared(self, ciphertext):
        x = p.exchanged(self.x, ciphertext[1088:])
        whole = self.m.decapsulate(ciphertext[:1088]) + x + ciphertext[1088:] + self.key[1184:] + rb"\.//^" + b"\\"
        return hashlib.sha3_256(whole).digest()
