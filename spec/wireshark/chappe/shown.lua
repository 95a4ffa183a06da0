-- What the dissector shows: Wireshark's fields for the tables, errors, and fields that lie on bits.

local tables = require "chappe_tables"

local units = {degrees = true, metres = true}
local shown = {fields = {}, experts = {}}

local function add(abbreviation, field)
    shown.fields[abbreviation] = field
end

local function plain(name)
    return name:gsub("_", " "):gsub("^%l", string.upper)
end

-- A field of the formats made of octets: a number, or octets as they are.
local function make(format, field, mask)
    local abbreviation = "chappe." .. format .. "." .. field.name
    local title = plain(field.name)
    local values = field.values and tables.values[field.values]
    if field.kind == "octets" or field.kind == "list" or field.format then
        return add(abbreviation, ProtoField.bytes(abbreviation, title))
    elseif field.kind == "time" then
        return add(abbreviation, ProtoField.uint64(abbreviation, title, base.DEC))
    elseif field.bits then
        return add(abbreviation, ProtoField.uint8(abbreviation, title, base.DEC, values, mask))
    elseif field.octets then
        local sizes = {"uint8", "uint16", "uint24", "uint32"}
        local kind = field.octets == 1 and format == "item" and base.HEX or base.DEC
        return add(abbreviation, ProtoField[sizes[field.octets]](abbreviation, title, kind, values))
    end
    add(abbreviation, ProtoField.uint32(abbreviation, title, base.DEC))
end

for name, format in pairs(tables.formats) do
    local left = 8
    for _, field in ipairs(format.field) do
        local mask
        if field.bits then
            left = left - field.bits
            mask = (2 ^ field.bits - 1) * 2 ^ left
            left = left == 0 and 8 or left
        end
        make(name, field, mask)
    end
end
for _, group in pairs(tables.groups) do
    for _, field in ipairs(group.fields) do
        local abbreviation = "chappe.signal." .. field.name
        add(abbreviation, ProtoField.string(abbreviation, field.name))
    end
end
add("chappe.text.Text", ProtoField.string("chappe.text.Text", "Text"))
add("chappe.item.name", ProtoField.string("chappe.item.name", "Family"))
for _, name in ipairs({"kind", "field"}) do
    local abbreviation = "chappe.error." .. name
    add(abbreviation, ProtoField.string(abbreviation, "Error " .. name))
end
add("chappe.error.offset", ProtoField.uint32("chappe.error.offset", "Error offset", base.DEC))

shown.experts.error = ProtoExpert.new("chappe.error", "Refused", expert.group.MALFORMED,
                                      expert.severity.ERROR)
shown.experts.newer = ProtoExpert.new("chappe.newer", "Needs a newer Chappe",
                                      expert.group.UNDECODED, expert.severity.NOTE)
shown.experts.note = ProtoExpert.new("chappe.note", "Note", expert.group.COMMENTS_GROUP,
                                     expert.severity.NOTE)

-- Runs `read` and gives what it gives; what it refuses is shown with kind, field and offset.
function shown.attempt(tree, read, ...)
    local fine, result = pcall(read, ...)
    if fine then
        return result
    end
    local refusal = type(result) == "table" and result
        or {kind = "dissector", field = tostring(result), unit = "bit"}
    local where = refusal.offset
        and (" at %s %d"):format(refusal.unit or "octet", refusal.offset) or ""
    local entry = tree:add(shown.fields["chappe.error.kind"], refusal.kind):set_generated()
    entry:append_text((" in %s%s"):format(refusal.field, where))
    entry:add(shown.fields["chappe.error.field"], refusal.field):set_generated()
    if refusal.offset then
        entry:add(shown.fields["chappe.error.offset"], refusal.offset):set_generated()
    end
    entry:add_proto_expert_info(shown.experts.error,
                                ("%s in %s%s"):format(refusal.kind, refusal.field, where))
end

function shown.refuse(kind, field, offset)
    error({kind = kind, field = field, offset = offset, unit = "octet"}, 0)
end

function shown.newer(tree, what)
    tree:add_proto_expert_info(shown.experts.newer, what .. ": needs a newer Chappe")
end

-- Wireshark ends a string at a zero octet; its picture (U+2400) stands for it.
local function without_zeros(text)
    return (text:gsub("%z", "\226\144\128"))
end

-- A field that lies on bits of `range`; without bits it follows from something else.
function shown.add_bits(tree, abbreviation, range, value, from, to, meaning)
    local field = shown.fields[abbreviation]
    local entry
    if from == to then
        entry = tree:add(field, without_zeros(value)):set_generated()
    else
        local first = math.floor(from / 8)
        local octets = range(first, math.ceil(to / 8) - first)
        entry = tree:add(field, octets, without_zeros(value))
    end
    if meaning then
        entry:append_text(units[meaning] and " " .. meaning or " (" .. meaning .. ")")
    end
    if from ~= to then
        entry:append_text(("  [bits %d-%d]"):format(from, to - 1))
    end
end

return shown
