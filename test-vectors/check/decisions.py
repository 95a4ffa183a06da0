"""Decisions: what they rest on must have been there, at the one who decides, before (chapter 08)."""

from lines import said
from octets import hexadecimal, need

COMPLY, REJECT = "8", "9"


def header(message, field):
    return message.signal["MessageHeader"][field] if message.signal else None


def is_request(message):
    """A Q20, or a Q20 in answer to one."""
    return header(message, "MessageCode") == "Q" and message.signal["MessageBody"]["SubjectCode"] == "20"


def account(run, name):
    return run.accounts[name].account


def requests(run, by, before):
    """Account: the ids of the requests Q20(0) it received from `by`'s, whichever devices they are of."""
    found, own = {}, account(run, by)
    for message in (one for lines in run.messages.values() for one in lines):
        if message.n > before or account(run, message.author) != own or account(run, message.at) == own:
            continue
        if is_request(message) and header(message, "ReferenceIndicator") == "0":
            found.setdefault(account(run, message.at), set()).add(message.id)
    need(all(len(ids) == 1 for ids in found.values()), "one account was asked twice")
    return found


def at_hand(lines, decision):
    return [line for line in lines if line.at == decision.by and line.n < decision.n]


def answer(run, decision, name, indicator, asked):
    """The author of a signed answer to its own request."""
    found = at_hand(run.messages.get(name, ()), decision)
    need(found, f"{name.hex()} is no earlier `message` line at `by`")
    message = found[0]
    right = is_request(message) and header(message, "ReferenceIndicator") == indicator
    need(right, f"{name.hex()} is no Q20({indicator})")
    reference = hexadecimal(header(message, "ReferencedMessage"), 32)
    need(reference in asked.get(account(run, message.author), ()), f"{name.hex()} is no answer to a request to its author")
    need(signatures(run, decision, message), f"{name.hex()} is not signed")
    return message


def signatures(run, decision, message):
    lines = at_hand(run.signed.get(message.id, ()), decision)
    return [line for line in lines if line.author == message.author]


def anchored(run, decision, message):
    lines = signatures(run, decision, message)
    return any(at_hand(run.receipts.get(said(line), ()), decision) for line in lines)


def check_decision(run, line):
    asked = requests(run, line.by, line.n)
    indicator = COMPLY if line.decision == "GO" else REJECT
    answers = [answer(run, line, name, indicator, asked) for name in line.because]
    if line.decision == "GO":
        check_go(run, line, asked, answers)
    else:
        need(len(answers) == 1, "a withdrawal names one reject")


def check_no_objection(run, line, asked):
    """No answer to anything but these requests, and no reject of one."""
    earlier = (one for lines in run.messages.values() for one in lines if one.n < line.n)
    for message in earlier:
        indicator = header(message, "ReferenceIndicator")
        if not is_request(message) or indicator not in (COMPLY, REJECT):
            continue
        reference = hexadecimal(header(message, "ReferencedMessage"), 32)
        need(indicator == COMPLY, f"{message.author} rejects")
        need(reference in asked.get(account(run, message.author), ()), f"{message.author} answers what was not shown")


def check_go(run, line, asked, answers):
    need(len(answers) >= 2, "fewer than two complies")
    need(sorted(account(run, one.author) for one in answers) == sorted(asked), "not one comply from each account that was asked")
    check_no_objection(run, line, asked)
    for one in answers:
        need(anchored(run, line, one), f"{one.id.hex()} is not anchored")
