"""A conversation of chapter 06, followed from both sides: what is known at its end, or who closes it and why."""

from refusal import Refused
from relay_wire import CLIENT, RELAY, Cursor, cut_message, of_side, read_body

KNOWN_VERSION = 2
MOST_CREDIT = 2**31
OTHER = {"client": "relay", "relay": "client"}
TO_STORE, TO_READ = ("publish", "forward"), ("fetch", "subscribe", "listen")
# Whose answer each is: the requests that it fits.
FITS = {"delivery": ("fetch", "subscribe"), "heard": ("listen",), "end": TO_READ}


class Closed(Exception):
    def __init__(self, by, code):
        self.by, self.code = by, code


def close_if(wrong, by, code="protocol_error"):
    if wrong:
        raise Closed(by, code)


class Stream:
    """Both directions of one stream; what has come and not been read yet."""

    def __init__(self):
        self.pending = {"client": b"", "relay": b""}
        self.precedence = None
        self.requests = []
        self.told_unknown = []

    def messages(self, sender):
        """The whole messages that are there; what is left stays."""
        while True:
            cursor = Cursor(self.pending[sender])
            try:
                kind, body = cut_message(cursor)
            except Refused as refused:
                if refused.kind == "truncated":
                    return
                raise
            self.pending[sender] = cursor.left
            yield kind, body


def new_request(number, fields):
    made = {"number": str(number), "message": fields["message"], "state": "open", "reason": None}
    if fields["message"] in TO_STORE:
        return made | {"state": "waiting"}, fields
    credit = min(fields["credit"], MOST_CREDIT) if fields["message"] == "subscribe" else None
    return made | {"given": 0, "cursor": fields.get("cursor"), "credit": credit, "more": None}, fields


class Follower:
    def __init__(self, realm):
        self.realm = realm
        self.streams = {"control": Stream()}
        self.offered = self.answered = None

    def follow(self, step):
        sender, on, octets = step["from"], step["on"], bytes.fromhex(step["octets"])
        try:
            if on == "datagram":
                self.datagram(sender, octets)
            else:
                self.stream(sender, on, octets, step["ends"])
        except Refused:
            raise Closed(OTHER[sender], "malformed") from None

    def stream(self, sender, on, octets, ends):
        stream = self.streams.setdefault(on, Stream())
        stream.pending[sender] += octets
        self.take(sender, on, stream)
        close_if(ends and stream.pending[sender], OTHER[sender], "malformed")
        close_if(ends and on == "control", OTHER[sender])

    def take(self, sender, on, stream):
        if sender == "client" and on != "control" and self.offered is None:
            return
        before = self.offered
        for kind, body in stream.messages(sender):
            close_if(of_side(kind) != sender, OTHER[sender])
            getattr(self, f"{sender}_on_{'control' if on == 'control' else 'lane'}")(stream, kind, body)
        if before != self.offered:  # lanes that waited for the hello
            for name in [name for name in self.streams if name != "control"]:
                self.take("client", name, self.streams[name])

    # ---- from the client -----------------------------------------------------------------------

    def client_on_control(self, stream, kind, body):
        close_if(self.offered is None and kind != 1, "relay")
        close_if(self.offered is not None and kind in CLIENT, "relay")
        if kind in CLIENT:
            hello = read_body(kind, body)
            close_if(hello["realm"] != self.realm, "relay", "wrong_realm")
            close_if(KNOWN_VERSION not in hello["versions"], "relay", "no_common_version")
            self.offered = hello["versions"]

    def client_on_lane(self, stream, kind, body):
        close_if(kind == 1 or (stream.precedence is None) != (kind == 2), "relay")
        fields = read_body(kind, body)
        name = fields["message"]
        if name == "lane":
            stream.precedence = fields["precedence"]
        elif name in TO_STORE + TO_READ:
            stream.requests.append(new_request(len(stream.requests) + 1, fields))
        elif name in ("credit", "stop"):
            self.about_read(stream, name, fields)

    @staticmethod
    def about_read(stream, name, fields):
        wanted = ("subscribe",) if name == "credit" else ("subscribe", "listen")
        for request, _ in stream.requests:
            if request["number"] == fields["number"] and request["message"] in wanted and request["state"] in ("open", "stopping"):
                if name == "stop":
                    request["state"] = "stopping"
                else:
                    request["credit"] = min(request["credit"] + fields["octets"], MOST_CREDIT)

    # ---- from the relay ------------------------------------------------------------------------

    def relay_on_control(self, stream, kind, body):
        close_if(kind in RELAY and kind not in (0x81, 0x86), "client")
        fields = read_body(kind, body)
        if kind == 0x81:
            close_if(self.answered or fields["version"] not in (self.offered or ()), "client")
            self.answered = fields
        if kind == 0x86:
            stream.told_unknown.append(fields["type"])

    def relay_on_lane(self, stream, kind, body):
        close_if(kind == 0x81, "client")
        fields = read_body(kind, body)
        if kind == 0x86:
            stream.told_unknown.append(fields["type"])
        if kind == 0x86 or kind not in RELAY:
            return
        n = int(fields["number"])
        close_if(n > len(stream.requests), "client")
        if fields["message"] == "acknowledged":
            for request, _ in stream.requests[:n]:
                if request["state"] == "waiting":
                    request["state"] = "acknowledged"
            return
        request, asked = stream.requests[n - 1]
        close_if(request["state"] in ("acknowledged", "refused", "ended"), "client")
        if fields["message"] == "refused":
            request["state"], request["reason"] = "refused", fields["reason"]
            return
        close_if(request["message"] not in FITS[fields["message"]], "client")
        if fields["message"] == "end":
            return self.end(request, fields)
        close_if(fields["kind"] != asked["kind"] or fields["precedence"] != stream.precedence, "client")
        if fields["message"] == "delivery":
            self.delivery(request, fields, len(body))
        request["given"] += 1

    @staticmethod
    def end(request, fields):
        if request["cursor"] is not None:
            close_if(int(fields["cursor"]) < int(request["cursor"]), "client")
            request["cursor"] = fields["cursor"]
        request["state"], request["more"] = "ended", fields["more"]

    @staticmethod
    def delivery(request, fields, octets):
        cursor = int(request["cursor"]) + int(fields["step"])
        close_if(cursor > 2**64 - 1, "client")
        request["cursor"] = str(cursor)
        if request["credit"] is not None:
            close_if(request["credit"] <= 0, "client")
            request["credit"] -= octets

    # ---- datagrams -----------------------------------------------------------------------------

    def datagram(self, sender, octets):
        if sender == "client" and self.offered is None:
            return
        cursor = Cursor(octets)
        kind, body = cut_message(cursor)
        cursor.done()
        close_if(of_side(kind) != sender, OTHER[sender])
        close_if(kind in CLIENT and kind != 10 or kind in RELAY and kind != 0x87, OTHER[sender])
        fields = read_body(kind, body)
        if kind != 0x87:
            return
        for stream in self.streams.values():
            for request, asked in stream.requests:
                open_listen = request["message"] == "listen" and request["state"] in ("open", "stopping")
                if open_listen and asked["datagrams"] and request["number"] == fields["number"]:
                    request["given"] += stream.precedence == fields["precedence"]

    def out(self):
        lanes = [
            {"lane": name, "precedence": stream.precedence, "requests": [request for request, _ in stream.requests],
             "unknown": stream.told_unknown}
            for name, stream in self.streams.items() if name != "control"
        ]  # fmt: skip
        answer = self.answered or {"version": None, "log": None}
        told = self.streams["control"].told_unknown
        return {"version": answer["version"], "log": answer["log"], "unknown": told, "lanes": lanes}


def judge(given):
    """The members of a vector that say how it goes."""
    follower = Follower(given["realm"])
    for n, step in enumerate(given["steps"]):
        try:
            follower.follow(step)
        except Closed as closed:
            return "invalid", {"kind": closed.code, "field": closed.by, "offset": n}
    return "valid", follower.out()
