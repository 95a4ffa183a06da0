"""Vectors of the life of a device's prekeys."""

from people import book
from prekey import DAY, LIFE

BEGIN = 1_800_000_000


def lives():
    b = book("prekey")

    def live(comment, *steps, last, begins=BEGIN):
        steps = [{"at": str(at), "what": what} for at, what in steps]
        found = b.valid("prekey_life", comment, {"begins": str(begins), "steps": steps}, "11-session.md")
        assert found["kept"][-1] == [str(expiry) for expiry in last], (comment, found["kept"][-1])

    def day(n, seconds=0):
        return BEGIN + n * DAY + seconds

    live("half of its life is left", (day(15), "look"), last=[day(30)])
    live("a second less than half is left", (day(15, 1), "look"), last=[day(45, 1), day(30)])
    live("looked at every day of 46", *((day(n), "look") for n in range(1, 47)), last=[day(62), day(46), day(30)])
    live("three are kept", *((day(n), "look") for n in (16, 32)), last=[day(62), day(46), day(30)])
    live("a fourth drives out the oldest", *((day(n), "look") for n in (16, 32, 48)), last=[day(78), day(62), day(46)])
    live("nobody looked until 90 days behind its expiry", (day(120), "look"), last=[day(150), day(30)])
    live("nor until a second later", (day(120, 1), "look"), last=[day(150, 1)])
    live("the owner replaces it on the first day", (day(1), "renew"), last=[day(31), day(30)])
    live("the owner replaces it in the second it was made", (day(0), "renew"), last=[day(30, 1), day(30)])
    live("a flood, or an owner, three times at once", *[(day(2), "renew")] * 3, last=[day(32, 2), day(32, 1), day(32)])
    live("the device may have been read", (day(16), "look"), (day(17), "destroy"), last=[day(47)])
    live("the clock was set back", (day(20), "look"), (day(3), "renew"), last=[day(50, 1), day(50), day(30)])
    live("no clock", (0, "renew"), last=[LIFE + 1, LIFE], begins=0)
    live("made without a clock, then there is one", (day(0), "look"), last=[day(30)], begins=0)
    return b


def books():
    return [lives()]
