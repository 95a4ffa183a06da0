"""Vectors damaged on purpose: a checker that accepts them checks nothing."""

import copy


def leaves(value, path=()):
    """The places of all single values, and of lists without any."""
    if isinstance(value, dict):
        return [place for key in value for place in leaves(value[key], (*path, key))]
    if isinstance(value, list) and value:
        return [place for i, one in enumerate(value) for place in leaves(one, (*path, i))]
    return [path]


def other_character(text, chance):
    """Another character, of the same sort, so that it is the meaning that is wrong and not the look."""
    if not text:
        return "7"
    at = chance.randrange(len(text))
    sorts = "0123456789", "ABCDEF", "abcdef", "GHIJKLMNOPQRSTUVWXYZ", "ghijklmnopqrstuvwxyz"
    sort = next((sort for sort in sorts if text[at] in sort), "!?")
    wrong = chance.choice([c for c in sort if c != text[at]])
    return text[:at] + wrong + text[at + 1 :]


def other_value(value, chance):
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + (1 if value == 0 else chance.choice((-1, 1)))
    if isinstance(value, str):
        return other_character(value, chance)
    return ["something"] if value == [] else "00"


def damaged(vector, members, chance):
    """One value of the given members changed, and where; None if there is nothing to change."""
    places = [place for member in members if member in vector for place in leaves(vector[member], (member,))]
    if not places:
        return None
    found = copy.deepcopy(vector)
    place = chance.choice(places)
    parent = found
    for step in place[:-1]:
        parent = parent[step]
    parent[place[-1]] = other_value(parent[place[-1]], chance)
    return found, ".".join(map(str, place))
