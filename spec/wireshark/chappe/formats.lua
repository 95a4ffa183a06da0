-- The formats made of octets, as formats.toml says; what a table cannot say is in `checks`.

local shown = require "chappe.shown"
local tables = require "chappe_tables"

local formats = {}

local function wide(range)
    local value = 0
    for index = 0, range:len() - 1 do
        value = value * 256 + range(index, 1):uint()
    end
    return value
end

local checks = {
    ["lease.labels"] = function(values, label)
        if label == 0 then
            shown.refuse("out_of_range", "label")
        end
    end,
    ["lease.count"] = function(values)
        if values.first_epoch + values.count > 2 ^ 32 then
            shown.refuse("out_of_range", "first_epoch")
        end
    end,
    ["statement.count"] = function(values)
        if values.first + values.count > 2 ^ 32 then
            shown.refuse("out_of_range", "first")
        end
    end,
}

local function take(range, at, octets, field)
    if at + octets > range:len() then
        shown.refuse("truncated", field, at)
    end
    return range(at, octets)
end

local function check_range(field, value, at)
    if field.range and (value < field.range[1] or value > field.range[2]) then
        local kind = field.name == "version" and "unknown_version" or "out_of_range"
        shown.refuse(kind, field.name, at)
    end
end

local function add_list(tree, name, field, range, at, values)
    local abbreviation = "chappe." .. name .. "." .. field.name
    for _ = 1, values[field.count] do
        local part = take(range, at, field.each, "label")
        tree:add(shown.fields[abbreviation], part)
        if checks[name .. "." .. field.name] then
            checks[name .. "." .. field.name](values, wide(part))
        end
        at = at + field.each
    end
    return at
end

local function add_number(tree, name, field, part, values, at)
    local entry = shown.fields["chappe." .. name .. "." .. field.name]
    local value = wide(part)
    if field.kind == "time" then
        tree:add(entry, part, UInt64.new(value % 2 ^ 32, math.floor(value / 2 ^ 32)))
            :append_text(value < 2 ^ 38 and os.date("! (%Y-%m-%dT%H:%M:%SZ)", value) or "")
    else
        local added = tree:add(entry, part)
        if field.unit then
            added:append_text(" " .. field.unit)
        end
    end
    values[field.name] = value
    check_range(field, value, at)
    if checks[name .. "." .. field.name] then
        checks[name .. "." .. field.name](values)
    end
end

-- The parts of one octet; gives their values. `at` is where it stands.
local function add_octet(tree, name, fields, range, values)
    local rest, size = range:uint(), 256
    for _, field in ipairs(fields) do
        tree:add(shown.fields["chappe." .. name .. "." .. field.name], range)
        size = size / 2 ^ field.bits
        values[field.name] = math.floor(rest / size)
        rest = rest % size
    end
end

-- Adds the fields from `at` on, as far as their size is fixed; gives the end and their values.
function formats.add(tree, name, range, at)
    local values, parts = {}, {}
    at = at or 0
    for _, field in ipairs(tables.formats[name].field) do
        if field.bits then
            parts[#parts + 1] = field
            local filled = 0
            for _, part in ipairs(parts) do
                filled = filled + part.bits
            end
            if filled == 8 then
                add_octet(tree, name, parts, take(range, at, 1, parts[1].name), values)
                at, parts = at + 1, {}
            end
        elseif field.kind == "list" then
            at = add_list(tree, name, field, range, at, values)
        elseif field.place then
            return at, values
        elseif not (field.optional and at + field.octets > range:len()) then
            at = formats.add_field(tree, name, field, range, at, values)
        end
    end
    return at, values
end

function formats.add_field(tree, name, field, range, at, values)
    if field.format then
        local inner = range(at, math.min(field.octets, range:len() - at))
        local branch = tree:add(shown.fields["chappe." .. name .. "." .. field.name], inner)
        local octets
        octets, values[field.name] = formats.add(branch, field.format, inner)
        return at + octets
    end
    local part = take(range, at, field.octets, field.name)
    if field.kind == "octets" then
        tree:add(shown.fields["chappe." .. name .. "." .. field.name], part)
    else
        add_number(tree, name, field, part, values, at)
    end
    return at + field.octets
end

-- A body that is one format and nothing else.
function formats.whole(tree, name, range)
    local at = formats.add(tree, name, range)
    if at < range:len() then
        shown.refuse("trailing", "end", at)
    end
end

return formats
