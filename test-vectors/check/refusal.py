"""A refusal as chapter 00 names it: a kind, a field and an offset."""

# Chapter 00, Error names.
KINDS = set(
    "truncated trailing too_long too_short bad_literal bad_character bad_digit unknown_version unknown_code "
    "reserved out_of_range not_canonical bad_padding missing unexpected bad_checksum inconsistent unsupported "
    "unknown_hint bad_tag bad_signature bad_mic replay weak_key unknown_account revoked unknown_net wrong_realm "
    "unknown_log bad_inclusion other_statement unexpected_salt missing_salt bad_opening not_found wrong_method "
    "timeout unavailable expired downgraded too_much_work no_room cut open_duress all_zero same_draw repetition "
    "proportion strange_file".split()
)


class Refused(Exception):
    def __init__(self, kind, field, offset):
        assert kind in KINDS, kind
        super().__init__(f"{kind} in {field} at {offset}")
        self.kind, self.field, self.offset = kind, field, offset

    def as_vector(self):
        return {"kind": self.kind, "field": self.field, "offset": self.offset}


def refuse_unless(holds, kind, field, offset):
    if not holds:
        raise Refused(kind, field, offset)
