"""Which messages of a set count (chapter 01, Threads), and the order and the recalls among them."""

from typing import NamedTuple

from signal_fields import HEADER
from signal_references import verdict
from signal_rules import OMITTED, violations

REPEATING = "146789"
COMPOSITE = "PDQM"
CIRCLE = {"rule": "4.2.1.7"}
HEADS = [name for name, _ in HEADER]


class Message(NamedTuple):
    id: str
    account: str
    place: dict | None
    fields: dict

    def code(self):
        return self.fields["MessageCode"]

    def indicator(self):
        return self.fields["ReferenceIndicator"]

    def to(self):
        return self.fields["ReferencedMessage"]

    def body(self):
        return {name: value for name, value in self.fields.items() if name not in HEADS}


def known_earlier(one, other):
    """Whether the places of two messages of an account say that one is earlier."""
    if one.place is None or other.place is None:
        return False
    if any(one.place[member] != other.place[member] for member in ("peer", "device")):
        return False
    return counted(one) < counted(other)


def counted(message):
    return message.place["epoch"], message.place["counter"]


def order(message):
    """A choice where the places say nothing, the same for every reader; the greatest is the latest."""
    if message.place is None:
        return 0, False, "", 0, (0, 0), message.id
    peer = message.place["peer"]
    return 1, peer is not None, peer or "", message.place["device"], counted(message), message.id


def is_part(message, referenced):
    """A part of a composite area or structure (5.4.2.5)."""
    if message.code() not in COMPOSITE or message.code() != referenced.code() or referenced.indicator() != "0":
        return False
    types = [one.fields["ObjectType"] for one in (message, referenced)]
    shapes = any(all(low <= kind <= high for kind in types) for low, high in (("20", "29"), ("30", "39")))
    return shapes and message.fields["SubjectCode"] == referenced.fields["SubjectCode"]


def towards(message, referenced):
    """The rule a message breaks towards the one it refers to."""
    same = message.account == referenced.account
    _, rule = verdict(message.code(), message.indicator(), referenced.code(), referenced.indicator(), same)
    if rule:
        return rule
    if message.code() == "S" and referenced.code() in "PD":
        if (message.fields["ObjectLatitude"], message.fields["ObjectLongitude"]) == OMITTED:
            return "4.3.1.6"
    if message.indicator() in REPEATING and message.body() != referenced.body():
        return "4.2.1.7"
    return None


class Set:
    """A set of messages: what is a test, refused or waiting, and what counts."""

    def __init__(self, messages):
        self.messages = {message.id: message for message in messages}
        self.tests = {message.id for message in messages if message.code() == "T"}
        self.refused, self.waiting = {}, set()
        self.counting = set()
        for message in self.messages.values():
            self.judge_alone(message)
        for identity in self.messages:
            self.follow(identity)
        self.children = self.referring()
        self.refuse_second_additions()

    def judge_alone(self, message):
        """What is decided without following more than one reference."""
        if message.code() == "T":
            return
        broken, referenced = violations(message.fields), self.messages.get(message.to())
        if broken:
            self.refused[message.id] = {"rule": broken[0]["rule"]}
        elif message.indicator() == "0":
            self.counting.add(message.id)
        elif referenced is None:
            self.waiting.add(message.id)
        elif rule := towards(message, referenced):
            self.refused[message.id] = {"rule": rule}

    def follow(self, identity):
        """From message to message, to one that is decided or into a circle."""
        chain = []
        while not self.is_decided(identity) and identity not in chain:
            chain.append(identity)
            identity = self.messages[identity].to()
        # What only leads into a circle never comes to an original either.
        circle = identity in chain or self.refused.get(identity) is CIRCLE
        for one in reversed(chain):
            referenced = self.messages[one].to()
            if circle:
                self.refused[one] = CIRCLE
            elif referenced in self.refused:
                self.refused[one] = {"because": referenced}
            else:
                (self.waiting if referenced in self.waiting else self.counting).add(one)

    def is_decided(self, identity):
        return any(identity in group for group in (self.tests, self.refused, self.waiting, self.counting))

    def referring(self):
        """By message, those that count and refer to it."""
        found = {identity: [] for identity in self.counting}
        for identity in self.counting:
            if self.messages[identity].indicator() != "0":
                found[self.messages[identity].to()].append(self.messages[identity])
        return found

    def referring_with(self, message, indicators):
        return [one for one in self.children[message.id] if one.indicator() in indicators]

    def is_recalled(self, message):
        """A recall holds unless a recall of it holds."""
        return any(not self.is_recalled(recall) for recall in self.referring_with(message, "1"))

    def refuse_second_additions(self):
        originals = [one for one in self.counting if self.messages[one].indicator() == "0"]
        levels = [self.messages[one] for one in originals]
        for message in levels:  # grows: all messages, those nearer to their original first
            additions = [one for one in self.referring_with(message, "3") if self.adds_once(one, message)]
            for second in sorted(additions, key=order)[1:]:
                self.refuse(second, {"rule": "5.4.1.2"})
                self.children[message.id].remove(second)
            levels += self.children[message.id]

    def adds_once(self, message, referenced):
        own_type = message.code() == referenced.code()
        return own_type and not is_part(message, referenced) and not self.is_recalled(message)

    def refuse(self, message, why):
        """A message, and because of it all that leads to it."""
        self.refused[message.id] = why
        self.counting.discard(message.id)
        for one in self.children.pop(message.id):
            self.refuse(one, {"because": message.id})
