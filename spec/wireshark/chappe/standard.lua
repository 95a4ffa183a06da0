-- A signal on the standard wire (chapter 01): family 01, revision 0.
--
-- `emit(name, value, from, to, meaning)` is called for each field with its text form and its bits.

local bits = require "chappe.bits"
local names = require "chappe.names"
local tables = require "chappe_tables"

local MESSAGE_OCTETS_MAX, TEXT_OCTETS_MAX = 2048, 2000
local groups = tables.groups
local bodies = {}
for name, group in pairs(groups) do
    if name ~= "header" and name ~= "request_objects" and name ~= "test" then
        for letter in group.messages:gmatch(".") do
            bodies[letter] = name
        end
    end
end

local symbols = {
    a = function(reader)
        local character = reader:bits(8)
        if character > 127 then
            reader:refuse("bad_character", reader.field)
        end
        return string.char(character)
    end,
    b = function(reader) return tostring(reader:bit()) end,
    d = function(reader) return reader:digits(1) end,
    x = function(reader) return ("%X"):format(reader:bits(4)) end,
    _ = function(reader) return reader:bit() == 1 and "+" or "-" end,
}

-- One field, as its template says. A missing bit anywhere is the field's; so it is looked at first.
local function read_field(reader, field)
    reader:start(field.name)
    local template = field.template
    if template == "c*" or template == "x*" then
        local octets = math.floor(reader:left() / 8)
        if octets > TEXT_OCTETS_MAX then
            reader:refuse("too_long", field.name)
        end
        local parts = {}
        for index = 1, octets do
            local octet = reader:bits(8)
            if template == "c*" and octet > 127 then
                reader:refuse("bad_character", field.name, reader.at - 8)
            end
            parts[index] = template == "c*" and string.char(octet) or ("%02x"):format(octet)
        end
        return table.concat(parts)
    end
    local width = 0
    for symbol in template:gmatch(".") do
        width = width + (({a = 8, b = 1, d = 4, x = 4, _ = 1})[symbol] or 0)
    end
    if reader:left() < width then
        reader:refuse("truncated", field.name)
    end
    local text = template:gsub(".", function(symbol)
        return symbols[symbol] and symbols[symbol](reader) or symbol
    end)
    if #template == 64 then
        return text:lower()
    end
    return text
end

-- What the header of a message may hold; other values are refused where they stand.
local required = {
    Prefix = function(value) return value == "WF" or "bad_literal" end,
    Version = function(value) return value == "1" or "unknown_version" end,
    EncryptionIndicator = function(value)
        if not value:match("^%w$") then
            return "bad_character"
        end
        return value == "0" or "unsupported"
    end,
    MessageCode = function(value) return value == "T" or bodies[value] ~= nil or "unknown_code" end,
    PseudoMessageCode = function(value)
        if value == "T" then
            return "unexpected"
        end
        return bodies[value] ~= nil or "unknown_code"
    end,
}

local function read_group(reader, fields, emit, found)
    for _, field in ipairs(fields) do
        local value = read_field(reader, field)
        found[field.name] = value
        local letter = found.PseudoMessageCode or found.MessageCode
        emit(field.name, value, reader.begin, reader.at, names.meaning(field.name, value, letter))
        local verdict = not required[field.name] or required[field.name](value)
        if verdict ~= true then
            reader:refuse(verdict, field.name)
        end
    end
end

-- Up to eight objects, as long as there is a whole octet.
local function read_objects(reader, emit, found)
    local fields = groups.request_objects.fields
    for index = 1, #fields, 2 do
        if reader:left() < 8 then
            return
        end
        read_group(reader, {fields[index], fields[index + 1]}, emit, found)
    end
end

local function finish(reader)
    reader:start("end")
    if reader:left() >= 8 then
        -- The first octet left; the one before it is padded.
        reader:refuse("trailing", "end", 8 * math.ceil(reader.at / 8))
    end
    reader:start("padding")
    if reader:bits(reader:left()) ~= 0 then
        reader:refuse("bad_padding", "padding")
    end
end

local function read(octets, emit)
    local reader, found = bits.new(octets), {}
    if #octets > MESSAGE_OCTETS_MAX then
        reader:refuse("too_long", "message", 8 * MESSAGE_OCTETS_MAX)
    end
    read_group(reader, groups.header.fields, emit, found)
    local letter = found.MessageCode
    if letter == "T" then
        read_group(reader, groups.test.fields, emit, found)
        letter = found.PseudoMessageCode
    end
    read_group(reader, groups[bodies[letter]].fields, emit, found)
    if letter == "Q" then
        read_objects(reader, emit, found)
    end
    finish(reader)
    return found
end

return {read = read}
