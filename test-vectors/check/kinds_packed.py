"""The kinds of vectors of chapter 09: packed/*.json."""

from judge import accepted, agree, octets_of, refused, same
from packed_item import SIGNAL, TEXT, ZEROS, form_of, read_item
from packed_message import read_packed, read_text_body, restore
from packed_text import best_form
from refusal import Refused
from signal_fields import read_flat

TEXT_OR_DATA = ("Text", "VerificationData", "ResourceData", "CryptoData")


def check_message(what, packed, fields):
    """The fields, their order, and that nothing but the header travels in a repeat."""
    read = accepted("fields", read_flat, fields)
    same(what, packed.fields, read)
    same(f"order of {what}", list(packed.fields), list(read))


def check_size(fields, octets):
    """An original text or data takes its octets and at most two more."""
    field = next((name for name in TEXT_OR_DATA if name in fields), None)
    plain = fields["ReferenceIndicator"] == "0" == fields["DuressIndicator"] and fields["MessageCode"] != "T"
    if field and plain:
        content = len(fields[field].encode("utf-8")) // (2 if field == "CryptoData" else 1)
        agree(len(octets) <= content + 2, f"{len(octets)} octets for {content} of {field}")


def check_lengths(octets, bits, out):
    same("bits", bits, out["bits"])
    same("octets of the body", len(octets), (bits + 7) // 8)


def packed(vector):
    fields, out = vector["in"]["fields"], vector["out"]
    octets = octets_of(out["octets"])
    found = accepted("octets", read_packed, octets, fields["ReferencedMessage"])
    check_message("fields", found, fields)
    check_lengths(octets, found.bits, out)
    agree(not found.repeats, "a repeat")
    same("form", form_of(fields["ReferencedMessage"]), out["form"])
    check_size(found.fields, octets)


def read_repeat(octets, reference, referenced):
    found = read_packed(octets, reference)
    if not found.repeats:
        raise Refused("unexpected", "opening", 0)
    return found, restore(found, referenced)


def referenced_by(given):
    """The fields of the message found; None of what is no signal."""
    if "referenced" in given:
        return accepted("referenced", read_flat, given["referenced"])
    found, _ = accepted("referenced_item", read_item, octets_of(given["referenced_item"]))
    agree((found.family, found.revision) == TEXT, "an item that could have been given as fields")
    return None


def repeat(vector):
    given = vector["in"]
    referenced = referenced_by(given)
    if vector["result"] == "invalid":
        return check_refusal(vector, read_repeat, octets_of(given["octets"]), given["reference"], referenced)
    out = vector["out"]
    octets = octets_of(out["octets"])
    found, whole = accepted("octets", read_repeat, octets, given["reference"], referenced)
    check_message("fields", found._replace(fields=whole), out["fields"])
    check_lengths(octets, found.bits, out)
    same("form", form_of(given["reference"]), out["form"])
    header = found.fields
    same("indicator", header["ReferenceIndicator"], given["indicator"])
    same("reference", header["ReferencedMessage"], given["reference"])
    same("test", header["MessageCode"] == "T", given["test"])
    same("duress", header["DuressIndicator"] == "1", given["duress"])


def item(vector):
    given, out = vector["in"], vector["out"]
    found, says = accepted("octets", read_item, octets_of(out["octets"]))
    same("family", found.family, given["family"])
    same("form", found.form, given["form"])
    same("reference", found.reference, out["reference"])
    same("body", found.body.hex(), out["body"])
    if (found.family, found.revision) == TEXT:
        same("text", says[0], given["text"])
        whole = given["reference"]
    else:
        same("revision", (found.family, found.revision), SIGNAL)
        whole = given["fields"]["ReferencedMessage"]
        check_said(says, whole, given)
    # A form 1 is resolved by its receiver: here the whole reference is given.
    expected = {0: ("",), 1: (whole[:16],), 2: (whole,)}[found.form]
    same("reference", (found.reference,), expected)
    agree(found.form != 0 or whole in (ZEROS, ""), "a reference that does not travel")


def check_said(says, whole, given):
    """What a signal in an item says, once its reference is known."""
    resolved = says._replace(fields=says.fields | {"ReferencedMessage": whole})
    same("repeat", says.repeats, given["repeat"])
    read = accepted("fields", read_flat, given["fields"])
    if says.repeats:
        # The message that is repeated has the same body; of the repeat itself only the header travels.
        resolved = resolved._replace(fields=accepted("octets", restore, resolved, read))
    check_message("fields", resolved, given["fields"])


def text(vector):
    given, out = vector["in"]["text"], vector["out"]
    octets = octets_of(out["octets"])
    found, bits = accepted("octets", read_text_body, octets)
    same("text", found, given)
    check_lengths(octets, bits, out)
    same("form", best_form(given).name, out["form"])
    agree(len(octets) <= len(given.encode("utf-8")) + 1, "more than one octet above the text")


def check_refusal(vector, read, *given):
    """The error as far as the vector tells it: those of items and references have no offset."""
    error = vector["error"]
    agree({"kind", "field"} <= set(error), "an error without kind and field")
    found = refused("in", read, *given).as_vector()
    same("error", {member: found[member] for member in error}, error)


def packed_invalid(vector):
    agree("offset" in vector["error"], "an error without an offset")
    check_refusal(vector, read_packed, octets_of(vector["in"]["octets"]), ZEROS)


def text_invalid(vector):
    agree("offset" in vector["error"], "an error without an offset")
    check_refusal(vector, read_text_body, octets_of(vector["in"]["octets"]))


def item_invalid(vector):
    check_refusal(vector, read_item, octets_of(vector["in"]["octets"]))


# As in kinds_signal.py. Of what goes in, ReferencedMessage stands in the item and not in the body, and the header
# of a referenced message makes no difference to its repeat.
KINDS = {
    "packed": (packed, ("valid",), ("out",)),
    "repeat": (repeat, ("valid", "invalid"), ("out", "error")),
    "item": (item, ("valid",), ("out",)),
    "text": (text, ("valid",), ("in", "out")),
    "packed_invalid": (packed_invalid, ("invalid",), ("error",)),
    "text_invalid": (text_invalid, ("invalid",), ("error",)),
    "item_invalid": (item_invalid, ("invalid",), ("error",)),
}
