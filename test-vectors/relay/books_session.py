"""Vectors of conversations: what both sides say, in order, and what either knows at the end."""

from book import to_json
from conventions import u8, u16, u32, u40
from conversation import Broken, Conversation
from formats import write_head, write_parcel
from material import DELEGATION, EXERCISE, EXPIRY, LIVE, MAILBOX, READER_KEY, RELAY_KEY, TOPIC, Relay
from messages import (
    ACKNOWLEDGED, ANSWER, CREDIT, DELIVERY, END, FETCH, FORWARD, HEARD, HELLO, LANE, LISTEN, LIVE as LIVE_TYPE, PUBLISH,
    REFUSED, STOP, SUBSCRIBE, UNKNOWN, delivery, heard, message, write_number,
)  # fmt: skip

A, B, CONTROL, DATAGRAM = "lane-1", "lane-2", "control", "datagram"
ENVELOPE = b"\x00envelope"
TOPIC_AT, MAILBOX_AT = b"\1" + TOPIC, b"\0" + MAILBOX
ROUTINE, FLASH = 0, 3
NAMES = ["ROUTINE", "PRIORITY", "IMMEDIATE", "FLASH"]
EXPIRED, WRONG_PRECEDENCE, UNKNOWN_VERSION, TRY_LATER, NOT_YOUR_MAILBOX, CURSOR_AHEAD = 2, 11, 1, 9, 4, 7


def u64(value):
    return value.to_bytes(8, "big")


def hello(versions=b"\2", realm=LIVE, role=0):
    return message(HELLO, u8(role), realm, u8(len(versions)), versions, b"\0\0")


def answer(version=2):
    return message(ANSWER, u8(version), b"log name")


def lane(precedence=FLASH):
    return message(LANE, u8(precedence))


def parcel(n=0, precedence=FLASH, expiry=EXPIRY):
    return write_parcel(dict(kind="topic", precedence=NAMES[precedence], address=TOPIC, expiry=expiry, envelope=ENVELOPE + u8(n)))


def publish(n=0, **other):
    return message(PUBLISH, parcel(n, **other))


def forward(n=0):
    return message(FORWARD, b"\2\1", RELAY_KEY, parcel(n))


def fetch(cursor=0, limit=256, at=TOPIC_AT):
    return message(FETCH, at, u64(cursor), u16(limit))


def subscribe(cursor=0, credit=65_536, at=TOPIC_AT, delegation=b""):
    return message(SUBSCRIBE, at, u64(cursor), u32(credit), delegation)


def listen(datagrams=0, at=TOPIC_AT):
    return message(LISTEN, at, u8(datagrams))


def live(n=0, precedence=FLASH):
    return message(LIVE_TYPE, parcel(n, precedence))


def credit(n, octets):
    return message(CREDIT, write_number(n), u32(octets))


def stop(n):
    return message(STOP, write_number(n))


def acknowledged(n):
    return message(ACKNOWLEDGED, write_number(n))


def refused(n, reason):
    return message(REFUSED, write_number(n), u8(reason))


def given(n, step=1, kind="topic", precedence=FLASH, envelope=ENVELOPE):
    return delivery(n, step, kind, NAMES[precedence], EXPIRY, envelope)


def said(n, kind="topic", precedence=FLASH):
    return heard(n, kind, NAMES[precedence], EXPIRY, ENVELOPE)


def end(n, cursor, more=0):
    return message(END, write_number(n), u64(cursor), u8(more))


def unknown(kind):
    return message(UNKNOWN, u8(kind))


# ---- a conversation ----------------------------------------------------------------------------


class Talk:
    """Steps in order. A step is octets of one side on one stream, or one datagram."""

    def __init__(self):
        self.steps = []

    def _step(self, by, on, messages, ends=False):
        self.steps.append({"from": by, "on": on, "octets": b"".join(messages), "ends": ends})
        return self

    def client(self, on, *messages):
        return self._step("client", on, messages)

    def relay(self, on, *messages):
        return self._step("relay", on, messages)

    def ends(self, by, on, *messages):
        return self._step(by, on, messages, True)


def begun():
    return Talk().client(CONTROL, hello()).relay(CONTROL, answer())


def on_lane(precedence=FLASH, *messages):
    return begun().client(A, lane(precedence), *messages)


def follow(given):
    conversation = Conversation(given["realm"])
    for n, step in enumerate(given["steps"]):
        try:
            conversation.step(step["from"], step["on"], step["octets"], step["ends"])
        except Broken as broken:
            return dict(result="invalid", error=dict(kind=broken.code, field=broken.by, offset=n))
    return dict(result="valid", out=conversation.out())


class Sessions(Relay):
    def put(self, comment, talk, section, result, *answers):
        given = dict(realm=LIVE, steps=talk.steps)
        found = follow(given)
        assert found["result"] == result, (comment, found)
        answer = to_json({name: value for name, value in found.items() if name != "result"})
        self._add("session", comment, given, result, answer, f"06-relay.md#{section}")
        return found

    def holds(self, comment, talk, *states, section="messages"):
        """`states` are those of all requests, lane after lane."""
        out = self.put(comment, talk, section, "valid")["out"]
        assert [one["state"] for lane in out["lanes"] for one in lane["requests"]] == list(states), (comment, out)
        return out

    def breaks(self, comment, by, code, talk, section="messages"):
        """The last step is what is not borne."""
        error = self.put(comment, talk, section, "invalid")["error"]
        assert error == dict(kind=code, field=by, offset=len(talk.steps) - 1), (comment, error)


def beginnings(b):
    out = b.holds("hello and its answer", begun(), section="hello")
    assert out["version"] == 2
    b.holds("no answer yet", Talk().client(CONTROL, hello()), section="hello")
    b.holds("the greatest version both know", Talk().client(CONTROL, hello(b"\1\2\3")).relay(CONTROL, answer()), section="hello")
    b.holds("hello in pieces", Talk().client(CONTROL, hello()[:1]).client(CONTROL, hello()[1:5]).client(CONTROL, hello()[5:])
            .relay(CONTROL, answer()[:4]).relay(CONTROL, answer()[4:]), section="hello")  # fmt: skip
    b.holds("0-RTT: hello, lane and fetch before the answer", Talk().client(CONTROL, hello()).client(A, lane(), fetch())
            .relay(CONTROL, answer()).relay(A, end(1, 0)), "ended", section="connection")  # fmt: skip
    b.holds("what comes on a lane before the hello waits for it", Talk().client(A, lane(), subscribe())
            .client(CONTROL, hello()).relay(CONTROL, answer()), "open", section="lanes")  # fmt: skip
    b.holds("a datagram before the hello is dropped, whatever it is", Talk().client(DATAGRAM, publish())
            .client(CONTROL, hello()).relay(CONTROL, answer()), section="live")  # fmt: skip
    only = Talk().client(CONTROL, hello(b"\1\3"))
    b.breaks("no version the relay knows", "relay", "no_common_version", only, "hello")
    b.breaks("another realm", "relay", "wrong_realm", Talk().client(CONTROL, hello(realm=EXERCISE)), "hello")
    b.breaks("an answer with a version that was not offered", "client", "protocol_error",
             Talk().client(CONTROL, hello()).relay(CONTROL, answer(3)))  # fmt: skip
    for comment, octets in (("a second hello", hello()), ("a lane on the control stream", lane()),
                            ("a publish on the control stream", publish()), ("live on the control stream", live()),
                            ("a relay's type from a client", answer()),
                            ("an unknown type of a relay from a client", message(0x99, b"future"))):  # fmt: skip
        b.breaks(comment, "relay", "protocol_error", begun().client(CONTROL, octets))
    for comment, octets in (("a lane before the hello on its stream", lane()), ("an unknown type before the hello", message(0x30))):
        b.breaks(comment, "relay", "protocol_error", Talk().client(CONTROL, octets))
    for comment, octets in (("a second answer", answer()), ("an acknowledgement on the control stream", acknowledged(1)),
                            ("heard on the control stream", said(1)), ("a client's type from a relay", hello()),
                            ("an unknown type of a client from a relay", message(0x30, b"future"))):  # fmt: skip
        b.breaks(comment, "client", "protocol_error", begun().relay(CONTROL, octets))
    b.breaks("an answer before the hello", "client", "protocol_error", Talk().relay(CONTROL, answer()))
    b.breaks("a hello that does not parse", "relay", "malformed", Talk().client(CONTROL, message(HELLO, b"\0", LIVE, b"\0\0\0")))
    b.breaks("an answer that does not parse", "client", "malformed",
             Talk().client(CONTROL, hello()).relay(CONTROL, message(ANSWER, b"\2log")))  # fmt: skip
    b.breaks("the client ends the control stream", "relay", "protocol_error", begun().ends("client", CONTROL), "lanes")
    b.breaks("the relay ends the control stream", "client", "protocol_error", begun().ends("relay", CONTROL), "lanes")
    b.breaks("the control stream ends inside a message", "relay", "malformed", Talk().ends("client", CONTROL, hello()[:5]), "lanes")


def unknowns(b):
    out = b.holds("unknown types from the client, on both kinds of streams: answered where they came, and no requests",
                  on_lane().client(CONTROL, message(0x30, b"future")).relay(CONTROL, unknown(0x30))
                  .client(A, message(0), message(0x7F, b"x"), publish()).relay(A, unknown(0), unknown(0x7F), acknowledged(1)),
                  "acknowledged")  # fmt: skip
    assert out["unknown"] == [0x30] and out["lanes"][0]["unknown"] == [0, 0x7F]
    b.holds("unknown types from the relay are passed over", on_lane(FLASH, publish())
            .relay(CONTROL, message(0x80), message(0xFF, b"future")).relay(A, message(0x88, b"future"), acknowledged(1)),
            "acknowledged")  # fmt: skip
    b.holds("unknown types in datagrams, both ways, are passed over", on_lane().client(DATAGRAM, message(0x30, b"future"))
            .relay(DATAGRAM, message(0x99, b"future")), section="messages")  # fmt: skip


def publishes(b):
    section = "publish-and-forward"

    def holds(comment, talk, *states):
        return b.holds(comment, talk, *states, section=section)

    def breaks(comment, by, code, talk):
        b.breaks(comment, by, code, talk, section)

    three = publish(1), publish(2), publish(3)
    holds("hello, lane, three publishes, acknowledged 3", on_lane(FLASH, *three).relay(A, acknowledged(3)), *["acknowledged"] * 3)
    holds("one after another", on_lane(FLASH, *three).relay(A, acknowledged(1)).relay(A, acknowledged(2), acknowledged(3)),
          *["acknowledged"] * 3)  # fmt: skip
    holds("two of three so far", on_lane(FLASH, *three).relay(A, acknowledged(2)), "acknowledged", "acknowledged", "waiting")
    holds("the same twice", on_lane(FLASH, *three).relay(A, acknowledged(2), acknowledged(2)), "acknowledged", "acknowledged", "waiting")
    holds("a lower one says nothing new", on_lane(FLASH, *three).relay(A, acknowledged(3), acknowledged(1)), *["acknowledged"] * 3)
    holds("a refusal before the acknowledgement that passes over it", on_lane(FLASH, *three).relay(A, refused(2, TRY_LATER), acknowledged(3)),
          "acknowledged", "refused", "acknowledged")  # fmt: skip
    holds("refusals only", on_lane(FLASH, *three).relay(A, refused(3, EXPIRED), refused(1, EXPIRED), refused(2, EXPIRED)), *["refused"] * 3)
    holds("a reason nobody knows", on_lane(FLASH, publish()).relay(A, refused(1, 255)), "refused")
    holds("a refusal behind the acknowledgement of an earlier one", on_lane(FLASH, *three).relay(A, acknowledged(1), refused(2, EXPIRED)),
          "acknowledged", "refused", "waiting")  # fmt: skip
    holds("a parcel of an unknown version is refused and the lane goes on",
          on_lane(FLASH, message(PUBLISH, b"\x20future"), publish()).relay(A, refused(1, UNKNOWN_VERSION), acknowledged(2)),
          "refused", "acknowledged")  # fmt: skip
    holds("a parcel of another precedence is refused and the lane goes on",
          on_lane(FLASH, publish(precedence=ROUTINE), publish()).relay(A, refused(1, WRONG_PRECEDENCE), acknowledged(2)),
          "refused", "acknowledged")  # fmt: skip
    holds("publish, forward and reads share one count", on_lane(FLASH, publish(1), fetch(), forward(2), subscribe(), publish(3))
          .relay(A, end(2, 0), acknowledged(5)), "acknowledged", "ended", "acknowledged", "open", "acknowledged")  # fmt: skip
    holds("live, credit and stop are no requests", on_lane(FLASH, publish(1), live(), stop(1), credit(1, 5), publish(2))
          .relay(A, acknowledged(2)), "acknowledged", "acknowledged")  # fmt: skip
    holds("each lane counts for itself", on_lane(FLASH, publish(1)).client(B, lane(ROUTINE), publish(precedence=ROUTINE), fetch())
          .relay(B, acknowledged(1)).relay(B, end(2, 7)), "waiting", "acknowledged", "ended")  # fmt: skip
    holds("a publish in three pieces", begun().client(A, lane() + publish()[:1]).client(A, publish()[1:9]).client(A, publish()[9:])
          .relay(A, acknowledged(1)[:1]).relay(A, acknowledged(1)[1:]), "acknowledged")  # fmt: skip
    holds("the end of a publish has not come: it has no number yet", on_lane(FLASH, publish(), publish()[:-1]), "waiting")
    holds("the client ends its half and is answered", on_lane().ends("client", A, *three).relay(A, acknowledged(3))
          .ends("relay", A), *["acknowledged"] * 3)  # fmt: skip
    holds("a lane without a request", on_lane().ends("client", A).ends("relay", A))
    breaks("an acknowledgement of a number no request has had", "client", "protocol_error", on_lane(FLASH, *three).relay(A, acknowledged(4)))
    breaks("an acknowledgement on a lane without requests", "client", "protocol_error", on_lane().relay(A, acknowledged(1)))
    breaks("a refusal behind its own acknowledgement", "client", "protocol_error",
           on_lane(FLASH, *three).relay(A, acknowledged(2)).relay(A, refused(2, TRY_LATER)))  # fmt: skip
    breaks("a second refusal", "client", "protocol_error", on_lane(FLASH, *three).relay(A, refused(2, EXPIRED)).relay(A, refused(2, EXPIRED)))
    breaks("a refusal of a number no request has had", "client", "protocol_error", on_lane(FLASH, publish()).relay(A, refused(2, EXPIRED)))
    for comment, octets in (("a delivery", given(1)), ("an end", end(1, 0)), ("heard", said(1))):
        breaks(f"{comment} for a publish", "client", "protocol_error", on_lane(FLASH, publish()).relay(A, octets))
    breaks("a hello answer on a lane", "client", "protocol_error", on_lane(FLASH, publish()).relay(A, answer()))
    breaks("a client's type on a lane from the relay", "client", "protocol_error", on_lane().relay(A, publish()))
    for comment, octets in (("a publish before the lane", publish()), ("a hello on a lane", hello()),
                            ("an unknown type before the lane", message(0x30)), ("live before the lane", live())):  # fmt: skip
        breaks(comment, "relay", "protocol_error", begun().client(A, octets))
    breaks("a second lane on a lane", "relay", "protocol_error", on_lane().client(A, lane()))
    breaks("a hello on a lane that has begun", "relay", "protocol_error", on_lane().client(A, hello()))
    breaks("a relay's type on a lane", "relay", "protocol_error", on_lane().client(A, acknowledged(1)))
    breaks("a publish before the hello was read, which then comes, on a stream that was no lane yet", "relay", "protocol_error",
           Talk().client(A, publish()).client(CONTROL, hello()))  # fmt: skip


def malformed(b):
    for comment, octets in (
        ("a lane of precedence 4", message(LANE, b"\4")),
        ("a lane with an octet more", message(LANE, b"\3\0")),
    ):  # fmt: skip
        b.breaks(comment, "relay", "malformed", begun().client(A, octets))
    for comment, octets in (
        ("a publish of an empty envelope", message(PUBLISH, parcel()[:22])),
        ("a publish with the reserved bit", message(PUBLISH, u8(parcel()[0] | 1), parcel()[1:])),
        ("a forward without hops", message(FORWARD, b"\0\1", RELAY_KEY, parcel())),
        ("a fetch of neither mailbox nor topic", message(FETCH, b"\2", TOPIC, u64(0), u16(1))),
        ("a credit for number 0", message(CREDIT, b"\0", u32(1))),
        ("a stop in a padded number", message(STOP, b"\x81\0")),
        ("live without an envelope", message(LIVE_TYPE, parcel()[:22])),
        ("a body longer than any, noticed by its length", u8(PUBLISH) + write_number(16_897)),
        ("an unknown type with a body longer than any", u8(0x30) + write_number(16_897)),
        ("a length that is padded", u8(STOP) + b"\x81\0\1"),
    ):  # fmt: skip
        b.breaks(comment, "relay", "malformed", on_lane().client(A, octets))
    for comment, octets in (
        ("an acknowledgement of number 0", message(ACKNOWLEDGED, b"\0")),
        ("a refusal without a reason", message(REFUSED, b"\1")),
        ("a delivery with step 0", message(DELIVERY, b"\2\0", write_head("topic", "FLASH"), u40(EXPIRY), b"x")),
        ("a delivery of an unknown version", message(DELIVERY, b"\2\1\x10", u40(EXPIRY), b"x")),
        ("an end that is neither", message(END, b"\2", u64(0), b"\2")),
        ("heard without an envelope", message(HEARD, b"\3", write_head("topic", "FLASH"), u40(EXPIRY))),
        ("a body longer than any from the relay", u8(DELIVERY) + write_number(16_897)),
    ):  # fmt: skip
        b.breaks(comment, "client", "malformed", on_lane(FLASH, publish(), subscribe(), listen()).relay(A, octets))
    b.breaks("a lane ends inside a message", "relay", "malformed", on_lane(FLASH, publish()).ends("client", A, publish()[:-1]), "lanes")
    b.breaks("a relay's half ends inside a message", "client", "malformed",
             on_lane(FLASH, publish()).ends("client", A).ends("relay", A, acknowledged(1)[:1]), "lanes")  # fmt: skip
    b.breaks("a datagram that is cut", "relay", "malformed", on_lane().client(DATAGRAM, live()[:-1]), "live")
    b.breaks("two messages in a datagram", "relay", "malformed", on_lane().client(DATAGRAM, live(), live()), "live")
    b.breaks("an empty datagram", "relay", "malformed", on_lane().client(DATAGRAM), "live")
    b.breaks("a datagram that is cut, from the relay", "client", "malformed",
             on_lane(FLASH, listen(1)).relay(DATAGRAM, said(1)[:-1]), "live")  # fmt: skip


def deliveries(b):
    section = "fetch-and-subscribe"

    def holds(comment, talk, *states):
        return b.holds(comment, talk, *states, section=section)["lanes"][0]["requests"][-1]

    def breaks(comment, talk):
        b.breaks(comment, "client", "protocol_error", talk, section)

    found = holds("a fetch and how it goes on", on_lane(FLASH, fetch(limit=2)).relay(A, given(1, 1), given(1, 300), end(1, 301, 1))
                  .client(A, fetch(301)).relay(A, given(2, 2), end(2, 310)), "ended", "ended")  # fmt: skip
    assert found["cursor"] == "310" and found["given"] == 1
    holds("a fetch that finds nothing and skips what is of others", on_lane(FLASH, fetch(5)).relay(A, end(1, 99)), "ended")
    holds("two fetches at once", on_lane(FLASH, fetch(), fetch(at=MAILBOX_AT))
          .relay(A, given(1), end(1, 1), given(2, kind="mailbox"), end(2, 1)), "ended", "ended")  # fmt: skip
    holds("a fetch from beyond the log", on_lane(FLASH, fetch(10**6)).relay(A, refused(1, CURSOR_AHEAD)), "refused")
    holds("a fetch with limit 0 is a request", on_lane(FLASH, fetch(limit=0)).relay(A, refused(1, 10)), "refused")
    holds("up to the last cursor there is", on_lane(FLASH, fetch(2**64 - 3)).relay(A, given(1, 2), end(1, 2**64 - 1)), "ended")
    octets = len(given(1)) - 2
    found = holds("credit runs out", on_lane(FLASH, subscribe(credit=octets + 1)).relay(A, given(1), given(1, 3)), "open")
    assert (found["credit"], found["cursor"]) == (1 - octets, "4")
    found = holds("what is missing is paid from the next credit", on_lane(FLASH, subscribe(credit=1)).relay(A, given(1))
                  .client(A, credit(1, octets)).relay(A, given(1)), "open")  # fmt: skip
    assert found["credit"] == 1 - octets
    found = holds("a credit that does not pay the debt", on_lane(FLASH, subscribe(credit=1)).relay(A, given(1))
                  .client(A, credit(1, octets - 1)), "open")  # fmt: skip
    assert found["credit"] == 0
    found = holds("without credit at first", on_lane(FLASH, subscribe(credit=0)).client(A, credit(1, 1)).relay(A, given(1)), "open")
    found = holds("the longest delivery for one octet of credit", on_lane(FLASH, subscribe(credit=1))
                  .relay(A, given(1, envelope=bytes(16_384))), "open")  # fmt: skip
    assert found["credit"] == 1 - 16_392
    found = holds("credit goes up to 2^31 and no further", on_lane(FLASH, subscribe(credit=2**31)).client(A, credit(1, 1)).relay(A, given(1)), "open")
    assert found["credit"] == 2**31 - octets
    found = holds("what a subscribe asks for beyond 2^31 is lost", on_lane(FLASH, subscribe(credit=2**32 - 1)).relay(A, given(1)), "open")
    assert found["credit"] == 2**31 - octets
    holds("each subscribe has its own credit", on_lane(FLASH, subscribe(credit=1), subscribe(credit=1)).relay(A, given(1), given(2)), "open", "open")
    holds("with a delegation, refused later when that expires", on_lane(FLASH, subscribe(at=MAILBOX_AT, delegation=DELEGATION))
          .relay(A, given(1, kind="mailbox")).relay(A, refused(1, 6)), "refused")  # fmt: skip
    holds("a stop", on_lane(FLASH, subscribe()).relay(A, given(1)).client(A, stop(1)).relay(A, end(1, 1)), "ended")
    holds("a stop, not answered yet", on_lane(FLASH, subscribe()).client(A, stop(1)), "stopping")
    holds("deliveries that cross a stop", on_lane(FLASH, subscribe()).client(A, stop(1)).relay(A, given(1), given(1), end(1, 2)), "ended")
    holds("a stop crosses a refusal", on_lane(FLASH, subscribe(at=MAILBOX_AT)).client(A, stop(1)).relay(A, refused(1, NOT_YOUR_MAILBOX))
          .client(A, publish()).relay(A, acknowledged(2)), "refused", "acknowledged")  # fmt: skip
    holds("a stop behind a refusal, and a credit, do nothing", on_lane(FLASH, subscribe(at=MAILBOX_AT)).relay(A, refused(1, NOT_YOUR_MAILBOX))
          .client(A, stop(1), credit(1, 9)), "refused")  # fmt: skip
    holds("a second stop", on_lane(FLASH, subscribe()).client(A, stop(1), stop(1)).relay(A, end(1, 0)), "ended")
    holds("a stop and a credit for a number no request has had", on_lane(FLASH, subscribe(credit=7)).client(A, stop(2), credit(2, 9)), "open")
    holds("a stop for a fetch does nothing", on_lane(FLASH, fetch()).client(A, stop(1)).relay(A, given(1), end(1, 1)), "ended")
    holds("the client ends its half: reads end", on_lane(FLASH, subscribe(), listen()).ends("client", A).relay(A, end(1, 0), end(2, 0))
          .ends("relay", A), "ended", "ended")  # fmt: skip
    breaks("a delivery without credit", on_lane(FLASH, subscribe(credit=0)).relay(A, given(1)))
    breaks("a delivery behind the one that took the last", on_lane(FLASH, subscribe(credit=octets)).relay(A, given(1)).relay(A, given(1)))
    breaks("a delivery while there is debt", on_lane(FLASH, subscribe(credit=1)).relay(A, given(1)).client(A, credit(1, 1)).relay(A, given(1)))
    breaks("a delivery when the debt is just paid", on_lane(FLASH, subscribe(credit=1)).relay(A, given(1))
           .client(A, credit(1, octets - 1)).relay(A, given(1)))  # fmt: skip
    breaks("a delivery for a number no request has had", on_lane(FLASH, subscribe()).relay(A, given(2)))
    breaks("a delivery for a mailbox to who reads a topic", on_lane(FLASH, subscribe()).relay(A, given(1, kind="mailbox")))
    breaks("a delivery of another precedence", on_lane(FLASH, subscribe()).relay(A, given(1, precedence=ROUTINE)))
    breaks("a delivery behind the end", on_lane(FLASH, fetch()).relay(A, end(1, 0)).relay(A, given(1)))
    breaks("a delivery behind a refusal", on_lane(FLASH, fetch()).relay(A, refused(1, TRY_LATER)).relay(A, given(1)))
    breaks("a delivery for a listen", on_lane(FLASH, listen()).relay(A, given(1)))
    breaks("a step that passes the last cursor", on_lane(FLASH, fetch(2**64 - 3)).relay(A, given(1, 3)))
    breaks("an end before the last delivery", on_lane(FLASH, fetch(5)).relay(A, given(1, 2)).relay(A, end(1, 6)))
    breaks("an end before the cursor that was asked for", on_lane(FLASH, fetch(5)).relay(A, end(1, 4)))
    breaks("a second end", on_lane(FLASH, fetch()).relay(A, end(1, 0)).relay(A, end(1, 0)))
    breaks("a refusal behind the end", on_lane(FLASH, fetch()).relay(A, end(1, 0)).relay(A, refused(1, TRY_LATER)))


def listens(b):
    def holds(comment, talk, *states):
        return b.holds(comment, talk, *states, section="live")["lanes"][0]["requests"][0]

    def breaks(comment, by, talk):
        b.breaks(comment, by, "protocol_error", talk, "live")

    holds("heard on the lane", on_lane(FLASH, listen()).relay(A, said(1), said(1)), "open")
    found = holds("heard in datagrams and, what does not fit, on the lane", on_lane(FLASH, listen(1)).relay(DATAGRAM, said(1)).relay(A, said(1)), "open")
    assert found["given"] == 2
    found = holds("precedence and number name the listen", on_lane(FLASH, publish(), listen(1)).client(B, lane(ROUTINE), fetch(), listen(1))
                  .relay(DATAGRAM, said(2, precedence=ROUTINE)), "waiting", "open", "open", "open")  # fmt: skip
    found = holds("a datagram for a listen that ended is passed over", on_lane(FLASH, listen(1)).client(A, stop(1)).relay(A, end(1, 0))
                  .relay(DATAGRAM, said(1)), "ended")  # fmt: skip
    assert found["given"] == 0
    holds("a datagram for no listen is passed over", on_lane(FLASH, fetch()).relay(DATAGRAM, said(1)).relay(DATAGRAM, said(9)), "open")
    holds("heard while a stop is under way", on_lane(FLASH, listen()).client(A, stop(1)).relay(A, said(1), end(1, 0)), "ended")
    holds("live on the lane and in datagrams is not answered", on_lane(FLASH, publish(), live()).client(DATAGRAM, live())
          .client(DATAGRAM, live(precedence=ROUTINE)).relay(A, acknowledged(1)), "acknowledged")  # fmt: skip
    holds("live of another precedence than its lane is dropped", on_lane(FLASH, live(precedence=ROUTINE), publish()), "waiting")
    holds("live of an unknown version is dropped", on_lane(FLASH, message(LIVE_TYPE, b"\x10future"), publish())
          .client(DATAGRAM, message(LIVE_TYPE, b"\x10future")), "waiting")  # fmt: skip
    holds("a stop of a listen, not answered yet", on_lane(FLASH, listen()).client(A, stop(1)), "stopping")
    holds("a credit for a listen does nothing", on_lane(FLASH, listen()).client(A, credit(1, 9)), "open")
    holds("a listen that is refused", on_lane(FLASH, listen(at=MAILBOX_AT)).relay(A, refused(1, NOT_YOUR_MAILBOX)), "refused")
    breaks("heard for a subscribe", "client", on_lane(FLASH, subscribe()).relay(A, said(1)))
    breaks("heard behind the end", "client", on_lane(FLASH, listen()).client(A, stop(1)).relay(A, end(1, 0)).relay(A, said(1)))
    breaks("heard of another precedence on the lane", "client", on_lane(FLASH, listen()).relay(A, said(1, precedence=ROUTINE)))
    breaks("a publish in a datagram", "relay", on_lane().client(DATAGRAM, publish()))
    breaks("heard in a datagram from the client", "relay", on_lane().client(DATAGRAM, said(1)))
    breaks("an unknown type of a relay in a datagram from the client", "relay", on_lane().client(DATAGRAM, message(0x99)))
    breaks("an acknowledgement in a datagram", "client", on_lane(FLASH, publish()).relay(DATAGRAM, acknowledged(1)))
    breaks("a delivery in a datagram", "client", on_lane(FLASH, subscribe()).relay(DATAGRAM, given(1)))
    breaks("live in a datagram from the relay", "client", on_lane().relay(DATAGRAM, live()))


def sessions():
    b = Sessions("session", "messages", {})
    beginnings(b)
    unknowns(b)
    publishes(b)
    malformed(b)
    deliveries(b)
    listens(b)
    return b
