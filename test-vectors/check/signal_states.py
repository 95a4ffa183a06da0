"""What the messages that count come to (chapter 01, Threads): pieces, responses and their states."""

import re

from signal_fields import SIGNS
from signal_threads import Message, Set, is_part, known_earlier, order

NO_BOUND = 65535
PIECES, RESPONSES = "035", {"6": "confirm", "7": "acknowledge", "8": "comply", "9": "reject"}
PIECE_STATES = ["standing", "not_yet_valid", "expired", "replaced", "discontinued", "recalled"]
RESPONSE_STATES = ["standing", "replaced", "withdrawn", "discontinued", "recalled"]
INHERITED = PIECE_STATES[3:]


def days(year, month, day):
    """Days from 1970-01-01; the year begins in March, so that a leap day is its last."""
    year, month = (year, month - 3) if month > 2 else (year - 1, month + 9)
    leap_days = year // 4 - year // 100 + year // 400
    return 365 * year + leap_days + (153 * month + 2) // 5 + day - 719_469


def seconds(moment):
    """Second 60 is the first of the next minute."""
    year, month, day, hour, minute, second = map(int, re.findall("[0-9]+", moment))
    return ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second


def length(duration):
    day, hour, minute = map(int, re.findall("[0-9]+", duration))
    return ((day * 24 + hour) * 60 + minute) * 60


class Thread:
    def __init__(self, messages, original, now):
        self.set, self.now = messages, now
        self.members = [original]
        for message in self.members:  # grows: in the order of the distance, the referenced message, the id
            self.members += sorted(messages.children[message.id], key=lambda one: one.id)

    def referenced(self, message):
        return self.set.messages[message.to()]

    def piece_of(self, message):
        while message.indicator() not in PIECES:
            message = self.referenced(message)
        return message

    def updates(self, piece):
        found = [one for one in self.set.referring_with(piece, "2") if not self.set.is_recalled(one)]
        return sorted(found, key=order)

    def current(self, piece):
        return (self.updates(piece) or [piece])[-1]

    def undecided(self, piece):
        current = self.current(piece)
        others = [one for one in self.updates(piece) if one != current and not known_earlier(one, current)]
        return sorted(one.id for one in others)

    def is_ignored(self, message):
        if self.set.is_recalled(message):
            return True
        return message.indicator() not in "05" and self.is_ignored(self.referenced(message))

    def is_discontinued(self, message):
        return any(not self.set.is_recalled(one) for one in self.set.referring_with(message, "4"))

    def is_current(self, message):
        return message == self.current(self.piece_of(message))

    def timely(self, piece):
        """The state by the reader's time: only what is certain."""
        current = self.current(piece)
        if self.now is None or current.code() not in SIGNS:
            return "standing"
        earliest, width = int(self.now["earliest"]), self.now["width"]
        begin, lasts = seconds(current.fields["DateTime"]), length(current.fields["Duration"])
        clock = earliest > 0 or width != NO_BOUND
        if width != NO_BOUND and earliest + width < begin:
            return "not_yet_valid"
        return "expired" if clock and lasts and earliest >= begin + lasts else "standing"

    def role(self, piece):
        if piece.indicator() == "3":
            return "part" if is_part(piece, self.referenced(piece)) else "addition"
        return "original" if piece.indicator() == "0" else "related"

    def is_replaced(self, piece):
        if self.role(piece) != "addition":
            return False
        to = self.referenced(piece)
        goes_on = to.indicator() == "2" or to.code() == piece.code()
        return goes_on and not self.is_current(to)

    def piece_state(self, piece):
        states = [self.timely(piece)]
        states += ["replaced"] if self.is_replaced(piece) else []
        states += ["discontinued"] if self.is_discontinued(piece) else []
        states += ["recalled"] if self.is_ignored(piece) else []
        if piece.indicator() == "3":
            above = self.piece_state(self.piece_of(self.referenced(piece)))
            if above in INHERITED or piece.code() not in SIGNS:
                states.append(above)
        return max(states, key=PIECE_STATES.index)

    def may_withdraw(self, response):
        """A response to the piece or its updates that is neither discontinued nor recalled."""
        direct = self.referenced(response).indicator() in PIECES + "2"
        return direct and not self.is_discontinued(response) and not self.is_ignored(response)

    def is_withdrawn(self, response):
        if response.indicator() == "7" or not self.may_withdraw(response):
            return False
        piece = self.piece_of(response)
        own = [one for one in self.responses() if one.account == response.account and self.may_withdraw(one)]
        others = [one for one in own if self.piece_of(one) == piece]
        if response.indicator() == "9":
            return any(one.indicator() in "68" and known_earlier(response, one) for one in others)
        return any(one.indicator() == "9" and not known_earlier(one, response) for one in others)

    def response_state(self, response):
        to = self.referenced(response)
        states = ["standing"]
        states += ["replaced"] if to.indicator() in PIECES + "2" and not self.is_current(to) else []
        states += ["withdrawn"] if self.is_withdrawn(response) else []
        states += ["discontinued"] if self.is_discontinued(response) else []
        states += ["recalled"] if self.is_ignored(response) else []
        return max(states, key=RESPONSE_STATES.index)

    def pieces(self):
        return [one for one in self.members if one.indicator() in PIECES]

    def responses(self):
        return [one for one in self.members if one.indicator() in RESPONSES]

    def show_piece(self, piece):
        return {
            "message": piece.id,
            "role": self.role(piece),
            "to": None if piece.indicator() == "0" else piece.to(),
            "current": self.current(piece).id,
            "undecided": self.undecided(piece),
            "state": self.piece_state(piece),
        }

    def show_response(self, response):
        return {
            "message": response.id,
            "account": response.account,
            "kind": RESPONSES[response.indicator()],
            "to": response.to(),
            "piece": self.piece_of(response).id,
            "state": self.response_state(response),
        }

    def show(self):
        pieces = [self.show_piece(piece) for piece in self.pieces()]
        return {"pieces": pieces, "responses": [self.show_response(one) for one in self.responses()]}


def threads(given, now):
    """A set of messages and the reader's time, and what they come to."""
    found = Set([Message(one["id"], one["account"], one["place"], one["fields"]) for one in given])
    originals = sorted(one for one in found.counting if found.messages[one].indicator() == "0")
    return {
        "threads": [Thread(found, found.messages[one], now).show() for one in originals],
        "waiting": sorted(found.waiting),
        "refused": [{"message": one, **found.refused[one]} for one in sorted(found.refused)],
        "tests": sorted(found.tests),
    }
