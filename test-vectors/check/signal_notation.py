"""Messages and sequences as people write them down (2.7, chapter 01): read, written in the one form, judged."""

from refusal import Refused, refuse_unless
from signal_fields import BODIES, HEXADECIMAL
from signal_references import verdict

CODES = [*BODIES, "T"]
MESSAGES_MAX, POINTER_MAX, NAME_MAX = 64, 64, 32
GAP, DECIMAL = "...", "0123456789"
LETTERS = "".join(chr(c) + chr(c).lower() for c in range(ord("A"), ord("Z") + 1))
NAME = LETTERS + DECIMAL + "-_"
COMPOSITE = "PDQM"


class Scanner:
    def __init__(self, text):
        self.text, self.at = text, 0

    def here(self):
        """The character here; none behind the last."""
        return self.text[self.at : self.at + 1]

    def here_one_of(self, characters):
        return self.here() != "" and self.here() in characters

    def run_of(self, characters):
        begin = self.at
        while self.here_one_of(characters):
            self.at += 1
        return self.text[begin : self.at]

    def take(self, wanted):
        found = self.text.startswith(wanted, self.at)
        self.at += len(wanted) if found else 0
        return found

    def need(self, wanted, field):
        refuse_unless(self.here() != "", "truncated", field, self.at)
        refuse_unless(self.take(wanted), "bad_literal", field, self.at)


def read(text):
    """All messages of a sequence."""
    scanner, messages = Scanner(text), []
    opened = text.startswith(GAP)  # then a pointer may reach past the first message
    gap, back = read_first_link(scanner)
    while True:
        messages.append({"gap": gap, "back": back, **read_message(scanner)})
        behind = scanner.at
        if is_end(scanner):
            return messages
        refuse_unless(len(messages) < MESSAGES_MAX, "too_long", "messages", behind)
        gap, back = read_link(scanner, None if opened else len(messages))


def is_end(scanner):
    begin = scanner.at
    scanner.run_of(" ")
    refuse_unless(scanner.here() != "" or scanner.at == begin, "trailing", "end", begin)
    return scanner.here() == ""


def read_first_link(scanner):
    refuse_unless(scanner.here() != "<", "unexpected", "pointer", scanner.at)
    return read_link(scanner, None) if scanner.text.startswith(GAP) else (False, None)


def read_link(scanner, limit):
    """Whether something is left out, and how far back it points, at most to `limit`."""
    gap = scanner.take(GAP)
    if gap:
        scanner.run_of(" ")
    begin = scanner.at
    back = len(scanner.run_of("<"))
    refuse_unless(gap or back, "bad_literal", "pointer", begin)
    refuse_unless(back <= POINTER_MAX, "too_long", "pointer", begin)
    refuse_unless(limit is None or back <= limit, "out_of_range", "pointer", begin)
    scanner.run_of(" ")
    return gap, back or None


def read_message(scanner):
    encrypted = scanner.take("[")
    message = {"encrypted": encrypted, **read_plain(scanner)}
    if encrypted:
        scanner.need("]", "bracket")
    return message


def read_type(scanner):
    here = scanner.here()
    refuse_unless(here != "", "truncated", "message code", scanner.at)
    refuse_unless(here in LETTERS + DECIMAL, "bad_character", "message code", scanner.at)
    refuse_unless(here in CODES, "unknown_code", "message code", scanner.at)
    scanner.at += 1
    return here


def read_plain(scanner):
    code, tested = read_type(scanner), None
    if code == "T" and scanner.take(":"):
        begin = scanner.at
        tested = read_type(scanner)
        refuse_unless(tested != "T", "unexpected", "message code", begin)
    body = tested or code
    subject = read_digits(scanner, body)
    indicator = originator = None
    if scanner.take("("):
        indicator = read_indicator(scanner)
        # Behind the indicator a decimal digit begins the digits, a letter begins a name.
        if scanner.here_one_of(DECIMAL):
            refuse_unless(subject is None, "unexpected", "subject", scanner.at)
            subject = read_digits(scanner, body, late=True)
        originator = read_name(scanner)
    return {"code": code, "tested": tested, "subject": subject, "indicator": indicator, "originator": originator}


def read_digits(scanner, body, late=False):
    """The subject, data type or method, with two digits; None if it does not stand here."""
    begin = scanner.at
    if not scanner.here_one_of(HEXADECIMAL):
        return None
    refuse_unless(body not in "FT", "unexpected", "subject", begin)
    digits = scanner.run_of(HEXADECIMAL)
    if late and len(digits) > 2 and digits[2] not in DECIMAL:
        digits = digits[:2]  # a name begins here
        scanner.at = begin + 2
    refuse_unless(len(digits) <= 2, "too_long", "subject", begin + 2)
    if body in "AR":
        refuse_unless(len(digits) == 1 or digits[0] == "0", "out_of_range", "subject", begin)
        return digits.upper().zfill(2)
    refuse_unless(len(digits) == 2, "too_short", "subject", scanner.at)
    return digits.upper()


def read_indicator(scanner):
    refuse_unless(scanner.here() != "", "truncated", "indicator", scanner.at)
    refuse_unless(scanner.here() in HEXADECIMAL, "bad_character", "indicator", scanner.at)
    indicator = scanner.here().upper()
    scanner.at += 1
    refuse_unless(not scanner.here_one_of(HEXADECIMAL), "too_long", "indicator", scanner.at)
    scanner.need(")", "indicator")
    return indicator


def read_name(scanner):
    begin = scanner.at
    name = scanner.run_of(NAME) if scanner.here_one_of(LETTERS) else ""
    if len(name) > NAME_MAX:
        raise Refused("too_long", "originator", begin + NAME_MAX)
    return name or None


def write_message(message):
    tested = f":{message['tested']}" if message["tested"] else ""
    text = message["code"] + tested + (message["subject"] or "")
    if message["indicator"]:
        text += f"({message['indicator']}){message['originator'] or ''}"
    return f"[{text}]" if message["encrypted"] else text


def write(messages):
    """The one form: single spaces."""
    parts = []
    for message in messages:
        parts += [GAP] if message["gap"] else []
        parts += ["<" * message["back"]] if message["back"] else []
        parts.append(write_message(message))
    return " ".join(parts)


def references(messages):
    """Every pointer, with what 5.4.1 says of it."""
    found, added_to = [], set()
    for n, message in enumerate(messages):
        if message["back"] is None:
            continue
        to = n - message["back"]
        result, rule = judge(message, messages[to], (to, added_to)) if to >= 0 else ("unknown", None)
        one = {"from": n, "to": to if to >= 0 else None, "verdict": result}
        found.append(one | ({"rule": rule} if rule else {}))
    return found


def judge(message, referenced, additions):
    if message["indicator"] is None or referenced["indicator"] is None:
        return "unknown", None
    names = message["originator"], referenced["originator"]
    same = None if None in names else names[0] == names[1]
    heads = message["code"], message["indicator"], referenced["code"], referenced["indicator"]
    result, rule = verdict(*heads, same)
    if result != "forbidden" and is_addition(message, referenced):
        to, added_to = additions
        if to in added_to:
            return "forbidden", "5.4.1.2"
        added_to.add(to)
    return result, rule


def is_addition(message, referenced):
    """One of which there may be one only: of the same type, and no part of a composite."""
    if message["indicator"] != "3" or message["code"] != referenced["code"] or message["code"] == "T":
        return False
    subjects = {message["subject"], referenced["subject"]} - {None}
    part = message["code"] in COMPOSITE and referenced["indicator"] == "0" and len(subjects) < 2
    return not part
