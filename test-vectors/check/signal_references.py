"""Which message may refer to which (5.4.1), row by row as the standard prints its tables."""

ANY = "T"  # a test makes any reference
COLUMNS = "PEDSIQMFRAKT"
BY_TYPE = {
    "P": "12346789 - - - 35 - 35 - - - - -",
    "E": "- 123467 35 5 - - 5 - - - - -",
    "D": "5 - 1234679 - 5 - 5 - - - - -",
    "S": "35 - - 12467 35 - - - - - - -",
    "I": "- - - - 123467 - - - - - - -",
    "Q": "- 5 5 - - 1234789 - - - - - -",
    "M": "- 5 5 - - 3 12347 - - - - -",
    "F": "3 3 3 3 3 3 3 1234 3 - - -",
    "R": "3 3 3 3 3 3 3 3 1234 - - -",
    "A": "- - - - - - - - - 123467 - -",
    "K": "3 3 3 3 3 3 3 3 3 3 1234 -",
    "T": "T T T T T T T T T T T T",
}
# Whose message it may be, by the referenced message's own indicator 0 to 9:
# Same originator, Other, Both, or X, prohibited.
BY_INDICATOR = {
    "0": "X X X X X X X X X X",
    "1": "Same Same Same Same Same Same Same Same Same Same",
    "2": "Same X X Same X Same X X X X",
    "3": "Same X Same X X Same X X X X",
    "4": "Same X X X X Same Same X Same Same",
    "5": "Both X X X X Both X X X X",
    "6": "Other X Other Other Other Other X X X X",
    "7": "Other X Other X X Other X X Other Other",
    "8": "Other X Other X X Other X X X X",
    "9": "Other X Other X X Other X X X X",
}


def allowed_to_type(code):
    """By referenced message, the indicators that a message of this code may have."""
    row = BY_TYPE[code].split()
    return {to: [] if indicators == "-" else list(indicators) for to, indicators in zip(COLUMNS, row, strict=True)}


def allowed_to_indicator(indicator):
    return dict(zip("0123456789", BY_INDICATOR[indicator].split(), strict=True))


def verdict(code, indicator, referenced_code, referenced_indicator, same):
    """A reference by 5.4.1: what it is, and the rule that forbids it. `same`: one originator; None: not known."""
    if code == "T":
        return "allowed", None
    if indicator == "0":
        return "forbidden", "5.4.1.2"
    if indicator not in allowed_to_type(code)[referenced_code]:
        return "forbidden", "5.4.1.1"
    # A referenced indicator above 9 has no column.
    who = allowed_to_indicator(indicator).get(referenced_indicator, "X")
    if who == "Both":
        return "allowed", None
    if who == "X" or same is (who == "Other"):
        return "forbidden", "5.4.1.2"
    if same is None:
        return f"{who.lower()}_only", None
    return "allowed", None
