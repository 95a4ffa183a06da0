"""The schemas of signals, in both shapes of chapter 01, "JSON form"."""

from . import source

TEXT_OCTETS_MAX = 2000
SYMBOLS = {"b": "[01]", "d": "[0-9]", "x": "[0-9A-Fa-f]", "_": "[+-]", "a": "[\\u0000-\\u007F]"}


def flat(tables):
    """One object of all fields; which belong to it follows from its message code."""
    properties = {field["name"]: string(field)
                  for group in tables.groups() for field in source.expand(group)}
    header = names(tables.group("header"))
    cases = []
    for group in body_groups(tables):
        cases.append(case({"MessageCode": codes(group)}, header, group))
        cases.append(case({"MessageCode": {"const": "T"}, "PseudoMessageCode": codes(group)},
                          header + names(tables.group("test")), group))
        if group["messages"] == "PESDIMQ":
            sign, request = group, tables.group("request_objects")
            cases[-2:] = [case_of_sign(one, sign, request) for one in cases[-2:]]
    return {
        "title": "A signal, flat: the fields of spec/01-signal.md as their text forms",
        "type": "object",
        "properties": properties,
        "required": header,
        "dependentRequired": pairs(tables.group("request_objects")),
        "allOf": cases + [{"if": having({"MessageCode": {"const": "T"}}),
                           "then": {"required": names(tables.group("test"))}}],
    }


def case(when, head, group):
    allowed = head + names(group)
    return {"if": having(when),
            "then": {"required": names(group), "propertyNames": {"enum": allowed}}}


def case_of_sign(one, sign, request):
    """A Q may have request objects besides; no other sign may."""
    allowed = one["then"]["propertyNames"]["enum"]
    key = list(one["if"]["properties"])[-1]
    letters = one["if"]["properties"][key]["enum"]
    others = {key: {"enum": [letter for letter in letters if letter != "Q"]}}
    return {
        "if": one["if"],
        "then": {"required": names(sign), "propertyNames": {"enum": allowed + names(request)},
                 "if": {"properties": others},
                 "then": {"propertyNames": {"enum": allowed}}},
    }


def pairs(group):
    """A request object has both its fields, and the one before it."""
    kind, quantity = (field["name"] for field in group["field"])
    found = {}
    for number in range(1, group["repeat"] + 1):
        name = lambda template, number: template.replace("{n}", str(number))
        before = [name(kind, number - 1)] if number > 1 else []
        found[name(kind, number)] = [name(quantity, number)] + before
        found[name(quantity, number)] = [name(kind, number)]
    return found


def nested(tables):
    """The shape of the standard's own schema."""
    header, test = tables.group("header"), tables.group("test")
    bodies = {group["name"]: object_of(group) for group in body_groups(tables)}
    request = tables.group("request_objects")
    kind, quantity = request["field"]
    bodies["sign"]["properties"]["requestObjects"] = {
        "type": "array",
        "maxItems": request["repeat"],
        "items": {"type": "object",
                  "properties": {"ObjectType": string(kind), "ObjectTypeQuant": string(quantity)},
                  "required": ["ObjectType", "ObjectTypeQuant"], "additionalProperties": False},
    }
    # Only a Q asks for objects.
    bodies["sign_alone"] = object_of(tables.group("sign"))
    bodies["test"] = {
        "type": "object",
        "properties": {field["name"]: string(field) for field in test["field"]}
                      | {"PseudoMessageBody": {"type": "object"}},
        "required": names(test) + ["PseudoMessageBody"],
        "additionalProperties": False,
        "allOf": [by_code("PseudoMessageCode", letters, "PseudoMessageBody", name)
                  for letters, name in body_names(tables)],
    }
    return {
        "title": "A signal, nested: MessageHeader and MessageBody",
        "type": "object",
        "properties": {
            # Passed over, whatever it holds.
            "MetaHeader": True,
            "MessageHeader": object_of(header),
            "MessageBody": {"type": "object"},
        },
        "required": ["MessageHeader", "MessageBody"],
        "additionalProperties": False,
        "allOf": [{"if": having({"MessageHeader": having({"MessageCode": letter_enum(letters)})}),
                   "then": {"properties": {"MessageBody": {"$ref": f"#/$defs/{name}"}}}}
                  for letters, name in body_names(tables) + [("T", "test")]],
        "$defs": bodies,
    }


def by_code(key, letters, body, name):
    return {"if": having({key: letter_enum(letters)}),
            "then": {"properties": {body: {"$ref": f"#/$defs/{name}"}}}}


def body_groups(tables):
    """The groups that are the body of a message."""
    return [group for group in tables.groups()
            if group["name"] not in ("header", "request_objects", "test")]


def body_names(tables):
    """Message codes and the definition of their body."""
    found = []
    for group in body_groups(tables):
        if group["name"] == "sign":
            found.append((group["messages"].replace("Q", ""), "sign_alone"))
            found.append(("Q", "sign"))
        else:
            found.append((group["messages"], group["name"]))
    return found


def object_of(group):
    return {"type": "object",
            "properties": {field["name"]: string(field) for field in source.expand(group)},
            "required": names(group), "additionalProperties": False}


def names(group):
    return [field["name"] for field in source.expand(group)]


def codes(group):
    return letter_enum(group["messages"])


def letter_enum(letters):
    return {"enum": list(letters)}


def having(properties):
    return {"properties": properties, "required": list(properties)}


def string(field):
    """A field's text form as a pattern, from its template."""
    schema = {"type": "string", "description": f"{field['section']}: {field['values']}"}
    if "const" in field:
        return schema | {"const": field["const"]}
    template = field["template"]
    if template == "c*":
        return schema | {"pattern": f"^{SYMBOLS['a']}*$", "maxLength": TEXT_OCTETS_MAX}
    if template == "x*":
        return schema | {"pattern": f"^({SYMBOLS['x']}{{2}})*$", "maxLength": 2 * TEXT_OCTETS_MAX}
    return schema | {"pattern": f"^{field.get('pattern') or pattern(template)}$"}


def pattern(template):
    """Literals stand for themselves; `x{64}` is already a pattern but for its symbol."""
    found, rest = "", template
    while rest:
        symbol, rest = rest[0], rest[1:]
        piece = SYMBOLS.get(symbol, "\\" + symbol if symbol == "." else symbol)
        count = 1
        while rest[:1] == symbol and symbol in SYMBOLS:
            count, rest = count + 1, rest[1:]
        if rest.startswith("{"):
            repeat, _, rest = rest.partition("}")
            found += piece + repeat + "}"
        else:
            found += piece if count == 1 else f"{piece}{{{count}}}"
    return found
