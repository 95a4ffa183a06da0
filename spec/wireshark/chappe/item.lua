-- Items (chapter 02): family, revision, form, reference, and the body by its family.

local formats = require "chappe.formats"
local packed = require "chappe.packed"
local shown = require "chappe.shown"
local standard = require "chappe.standard"
local tables = require "chappe_tables"

local ITEM_OCTETS_MAX = 4096
local reference_octets = {[0] = 0, [1] = 8, [2] = 32, [3] = 0}
local fields = shown.fields
local item = {}

-- The family of a code and, if it is known, what its revision is.
local function registered(code, revision)
    local family = tables.families[code]
    if not family then
        for _, range in ipairs(tables.family_ranges) do
            if code >= range.first and code <= range.last then
                family = range
            end
        end
    end
    return family, family.revisions and family.revisions[revision]
end

-- The bodies that are not made of octets alone: by family and revision, or else by format.
local bodies = {}

local function emit_signal(tree, range)
    return function(name, value, from, to, meaning)
        shown.add_bits(tree, "chappe.signal." .. name, range, value, from, to, meaning)
    end
end

local function octets_of(range)
    return range and range:raw() or ""
end

bodies["1/0"] = function(tree, range)
    standard.read(octets_of(range), emit_signal(tree, range))
end

bodies["1/1"] = function(tree, range, reference)
    local opening = packed.read(octets_of(range), reference, emit_signal(tree, range))
    if opening.repeated and reference == ("0"):rep(64) then
        shown.refuse("inconsistent", "form", 1)
    elseif opening.repeated then
        tree:add_proto_expert_info(shown.experts.note,
                                   "the rest is the body of the referenced message")
    end
end

bodies["4/0"] = function(tree, range)
    packed.read_alone(octets_of(range), function(_, value, from, to, meaning)
        shown.add_bits(tree, "chappe.text.Text", range, value, from, to, meaning)
    end)
end

-- One of another version is kept whole and signs nothing (chapter 04).
bodies["16/0"] = function(tree, range)
    if range and range(0, 1):uint() ~= 1 then
        return shown.newer(tree, "a statement of another version")
    end
    formats.whole(tree, "statement_body", range or shown.refuse("truncated", "statement", 0))
end

local function add_body(tree, code, revision, known, range, reference)
    local read = bodies[code .. "/" .. revision]
    if read then
        shown.attempt(tree, read, tree, range, reference)
    elseif known and known.format and range then
        shown.attempt(tree, formats.whole, tree, known.format, range)
    elseif known and known.format then
        shown.attempt(tree, shown.refuse, "truncated", known.format, 0)
    else
        shown.newer(tree, ("family %02X, revision %d"):format(code, revision))
    end
end

local function check_form(known, form)
    for _, allowed in ipairs(known and known.forms or {form}) do
        if allowed == form then
            return
        end
    end
    shown.refuse("inconsistent", "form", 1)
end

-- What ReferencedMessage is for a packed signal.
local function reference_text(form, range)
    if not range then
        return ("0"):rep(64)
    end
    return range:bytes():tohex(true) .. (form == 1 and "…" or "")
end

-- Adds an item's head; gives its values, family and known revision.
local function add_head(tree, range)
    local code_octet = range:len() > 0 and range(0, 1) or shown.refuse("truncated", "family", 0)
    local code = code_octet:uint()
    tree:add(fields["chappe.item.family"], code_octet)
    if code == 0 then
        shown.refuse("reserved", "family", 0)
    elseif range:len() < 2 then
        shown.refuse("truncated", "revision", 1)
    end
    local octet = range(1, 1)
    local revision, form = math.floor(octet:uint() / 4), octet:uint() % 4
    local family, known = registered(code, revision)
    tree:add(fields["chappe.item.name"], family.name):set_generated()
    tree:add(fields["chappe.item.revision"], octet)
    tree:add(fields["chappe.item.form"], octet)
    check_form(known, form)
    return code, revision, form, family, known
end

-- Octets of reference and body, or all that is left in an envelope of one item.
local function add_length(tree, range, several)
    if not several then
        return range:len() - 2, 2
    end
    local length, at = 0, 2
    for index = 0, 3 do
        if at >= range:len() then
            shown.refuse("truncated", "length", 2)
        end
        local octet = range(at, 1):uint()
        length, at = length + octet % 128 * 128 ^ index, at + 1
        if octet < 128 then
            if octet == 0 and index > 0 then
                shown.refuse("not_canonical", "length", 2)
            end
            tree:add(fields["chappe.item.length"], range(2, at - 2), length)
            return length, at
        end
    end
    shown.refuse("too_long", "length", 2)
end

-- Adds the item at the beginning of `range`; gives its octets and a word for the summary.
function item.add(tree, range, several)
    local code, revision, form, family, known = add_head(tree, range)
    local length, at = add_length(tree, range, several)
    if length + 2 > ITEM_OCTETS_MAX then
        shown.refuse("too_long", "item", 0)
    elseif at + length > range:len() then
        shown.refuse("truncated", "item", at)
    elseif length < reference_octets[form] then
        shown.refuse("truncated", "reference", at)
    end
    local reference = reference_octets[form] > 0 and range(at, reference_octets[form])
    if reference then
        tree:add(fields["chappe.item.reference"], reference)
        if known and form == 2 and not reference:raw():find("[^%z]") then
            shown.refuse("not_canonical", "reference", at)
        end
        at, length = at + reference:len(), length - reference:len()
    end
    local body = length > 0 and range(at, length) or nil
    local branch = body and tree:add(fields["chappe.item.body"], body) or tree
    branch:set_text(("Body: %s, %d octet%s"):format(family.name, length, length == 1 and "" or "s"))
    add_body(branch, code, revision, known, body, reference_text(form, reference))
    tree:append_text((": family %02X %s, revision %d"):format(code, family.name, revision))
    return at + length, family.name
end

return item
