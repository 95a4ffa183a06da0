"""What can be told from a conversation between a client and a relay: the state of each request, or who breaks off.

It follows both sides, as spec/06-relay.md ("Connection" to "Live") says; what a relay stores it takes from its answers.
"""

from conventions import Refused, refuse_unless
from messages import (
    ACKNOWLEDGED, ANSWER, BODY_MAX, CLIENT, CREDIT, DELIVERY, END, FETCH, FORWARD, HEARD, HELLO, LANE, LISTEN, LIVE, PUBLISH,
    REFUSED, RELAY, STOP, SUBSCRIBE, UNKNOWN, read_body, read_number,
)  # fmt: skip
from formats import Reader

VERSION = 2
CREDIT_MAX = 2**31
CURSOR_END = 2**64
WRITES, READS = {PUBLISH, FORWARD}, {FETCH, SUBSCRIBE, LISTEN}


class Broken(Exception):
    """A side closes the connection, with the name of the code."""

    def __init__(self, by, code):
        super().__init__(f"{by} closes with {code}")
        self.by, self.code = by, code


class Request:
    def __init__(self, number, kind, fields):
        self.number, self.kind, self.fields = number, kind, fields
        self.state = "waiting" if kind in WRITES else "open"
        self.reason = self.more = None
        self.cursor = int(fields["cursor"]) if "cursor" in fields else None
        self.credit = min(fields["credit"], CREDIT_MAX) if "credit" in fields else None
        self.given = 0

    def is_open(self):
        return self.state in ("open", "stopping")

    def out(self):
        out = dict(number=str(self.number), message=self.fields["message"], state=self.state, reason=self.reason)
        if self.kind in READS:
            cursor = None if self.cursor is None else str(self.cursor)
            out |= dict(given=self.given, cursor=cursor, credit=self.credit, more=self.more)
        return out


class Lane:
    def __init__(self):
        self.precedence, self.requests, self.acknowledged, self.unknown = None, [], 0, []


class Messages:
    """What comes on one half of a stream, whole messages at a time."""

    def __init__(self):
        self.octets = b""

    def next(self):
        r = Reader(self.octets)
        try:
            kind, length = r.u(1, "type"), read_number(r, "length", 4, 0)
            refuse_unless(length <= BODY_MAX, "too_long", "length")
            body = r.take(length, "body")
        except Refused as refusal:
            if refusal.kind == "truncated":
                return None
            raise
        self.octets = r.rest()
        return kind, body


class Conversation:
    def __init__(self, realm):
        self.realm, self.hello, self.answer, self.unknown = realm, None, None, []
        self.lanes, self.halves = {}, {}

    def step(self, by, on, octets, ends):
        other = {"client": "relay", "relay": "client"}[by]
        try:
            if on == "datagram":
                return self.datagram(by, octets)
            half = self.halves.setdefault((by, on), Messages())
            half.octets += octets
            self.read(by, on)
            if by == "client" and on == "control" and self.hello:
                for waiting in list(self.lanes):
                    self.read(by, waiting)
        except Refused:
            raise Broken(other, "malformed") from None
        if ends and half.octets:
            raise Broken(other, "malformed")
        if ends and on == "control":
            raise Broken(other, "protocol_error")

    def read(self, by, on):
        if on != "control":
            self.lanes.setdefault(on, Lane())
            if by == "client" and not self.hello:
                return  # waits for the hello
        while found := self.halves.setdefault((by, on), Messages()).next():
            where = "control" if on == "control" else "lane"
            getattr(self, f"{by}_{where}")(*found, *([self.lanes[on]] if where == "lane" else []))

    # ---- what the relay meets ------------------------------------------------------------------

    def client_control(self, kind, body):
        self.need("relay", kind < 0x80 and (kind == HELLO) == (self.hello is None))
        if kind != HELLO:
            return self.need("relay", kind not in CLIENT)
        self.hello = read_body(kind, body, CLIENT)
        if self.hello["realm"] != self.realm:
            raise Broken("relay", "wrong_realm")
        if VERSION not in self.hello["versions"]:
            raise Broken("relay", "no_common_version")

    def client_lane(self, kind, body, lane):
        self.need("relay", kind < 0x80 and kind != HELLO and (kind == LANE) == (lane.precedence is None))
        fields = read_body(kind, body, CLIENT)
        if kind == LANE:
            lane.precedence = fields["precedence"]
        elif kind in WRITES | READS:
            lane.requests.append(Request(len(lane.requests) + 1, kind, fields))
        elif kind in (CREDIT, STOP) and int(fields["number"]) <= len(lane.requests):
            request = lane.requests[int(fields["number"]) - 1]
            if kind == STOP and request.kind in (SUBSCRIBE, LISTEN) and request.is_open():
                request.state = "stopping"
            if kind == CREDIT and request.kind == SUBSCRIBE and request.is_open():
                request.credit = min(request.credit + fields["octets"], CREDIT_MAX)

    # ---- what the client meets -----------------------------------------------------------------

    def relay_control(self, kind, body):
        self.need("client", kind >= 0x80)
        fields = read_body(kind, body, RELAY)
        if kind == ANSWER:
            self.need("client", self.hello and not self.answer and fields["version"] in self.hello["versions"])
            self.answer = fields
        elif kind == UNKNOWN:
            self.unknown.append(fields["type"])
        else:
            self.need("client", kind not in RELAY)

    def relay_lane(self, kind, body, lane):
        self.need("client", kind >= 0x80 and kind != ANSWER)
        fields = read_body(kind, body, RELAY)
        if kind == UNKNOWN:
            lane.unknown.append(fields["type"])
        elif kind in RELAY:
            number = int(fields["number"])
            self.need("client", number <= len(lane.requests))
            if kind == ACKNOWLEDGED:
                return self.acknowledged(lane, number)
            self.answered(kind, fields, lane, lane.requests[number - 1], len(body))

    def acknowledged(self, lane, number):
        lane.acknowledged = max(lane.acknowledged, number)
        for request in lane.requests[:number]:
            if request.state == "waiting":
                request.state = "acknowledged"

    def answered(self, kind, fields, lane, request, octets):
        if kind == REFUSED:
            self.need("client", request.state in ("waiting", "open", "stopping"))
            request.state, request.reason = "refused", fields["reason"]
            return
        fits = {DELIVERY: {FETCH, SUBSCRIBE}, HEARD: {LISTEN}, END: READS}[kind]
        self.need("client", request.kind in fits and request.is_open())
        if kind == END:
            if request.cursor is not None:
                self.need("client", int(fields["cursor"]) >= request.cursor)
                request.cursor = int(fields["cursor"])
            request.state, request.more = "ended", fields["more"]
            return
        self.need("client", fields["kind"] == request.fields["kind"] and fields["precedence"] == lane.precedence)
        if kind == DELIVERY:
            request.cursor += int(fields["step"])
            self.need("client", request.cursor < CURSOR_END)
            if request.credit is not None:
                self.need("client", request.credit > 0)
                request.credit -= octets
        request.given += 1

    # ---- datagrams -----------------------------------------------------------------------------

    def datagram(self, by, octets):
        if by == "client" and not self.hello:
            return
        whole = Messages()
        whole.octets = octets
        found = whole.next()
        refuse_unless(found and not whole.octets, "truncated", "datagram")
        kind, body = found
        known, one, other = (CLIENT, LIVE, "relay") if by == "client" else (RELAY, HEARD, "client")
        self.need(other, (kind < 0x80) == (by == "client") and (kind == one or kind not in known))
        fields = read_body(kind, body, known)
        if kind == HEARD:
            for lane in self.lanes.values():
                for request in lane.requests:
                    named = lane.precedence == fields["precedence"] and request.number == int(fields["number"])
                    if named and request.kind == LISTEN and request.is_open() and request.fields["datagrams"]:
                        request.given += 1

    @staticmethod
    def need(by, holds):
        if not holds:
            raise Broken(by, "protocol_error")

    def out(self):
        lanes = [
            dict(lane=name, precedence=lane.precedence, requests=[one.out() for one in lane.requests], unknown=lane.unknown)
            for name, lane in self.lanes.items()
        ]
        answer = self.answer or dict(version=None, log=None)
        return dict(version=answer["version"], log=answer["log"], unknown=self.unknown, lanes=lanes)
