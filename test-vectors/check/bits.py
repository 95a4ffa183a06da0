"""A string of bits, read from its first; the most significant bit of each octet is the first."""

from refusal import Refused


class Bits:
    def __init__(self, octets, at=0):
        self.value = int.from_bytes(octets, "big")
        self.size = 8 * len(octets)
        self.at = at

    def left(self):
        return self.size - self.at

    def peek(self, width, at=None):
        """The next bits, or those from `at`, as a number; they must be there."""
        begin = self.at if at is None else at
        assert 0 <= width <= self.size - begin
        return self.value >> (self.size - begin - width) & ((1 << width) - 1)

    def take(self, width, field, field_at):
        """A field that ends too early is truncated where it begins."""
        if width > self.left():
            raise Refused("truncated", field, field_at)
        found = self.peek(width)
        self.at += width
        return found

    def rest(self):
        """What is left, and how wide it is."""
        return self.peek(self.left()), self.left()


def extract(octets, at, width):
    """Some bits out of the midst, as octets of their own, zeros behind them."""
    bits = Bits(octets, at)
    return (bits.peek(width) << -width % 8).to_bytes((width + 7) // 8, "big")
