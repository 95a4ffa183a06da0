-- A packed signal (chapter 09): family 01, revision 1, and the text of family 04.
--
-- `emit(name, value, from, to, meaning)` is called for each field of the standard with its text
-- form and its bits; from = to for what takes none.

local bits = require "chappe.bits"
local names = require "chappe.names"
local object = require "chappe.packed_object"
local text = require "chappe.text"
local validity = require "chappe.packed_validity"
local tables = require "chappe_tables"

local BODY_OCTETS_MAX = 2048
local codes = {}
for name, symbols in pairs(tables.codes) do
    codes[name] = bits.canonical(symbols)
end

local function listed(code, value)
    for _, pair in ipairs(tables.codes[code]) do
        if pair[1] == value then
            return true
        end
    end
    return false
end

-- A value that is a symbol of the code, or behind `other` in hexadecimal digits and not in the list.
local function coded(reader, code, other, digits)
    local symbol = reader:code(codes[code])
    if symbol ~= other then
        return symbol
    end
    local value = ("%0" .. digits .. "X"):format(reader:bits(4 * digits))
    if listed(code, value) then
        reader:refuse("not_canonical", reader.field)
    end
    return value
end

-- What `opening` says: message code, indicator, test, duress, and whether the body is left out.
local function read_opening(reader)
    reader:start("opening")
    local letter = reader:code(codes.opening)
    if letter ~= "other" then
        return {letter = letter, indicator = "0", test = false, duress = false, repeated = false}
    end
    local opening = {letter = reader:code(codes.message), test = false, duress = false}
    local relation = reader:code(codes.relation)
    if relation == "flagged" then
        local flags = reader:code(codes.flags)
        opening.test = flags:find("test") ~= nil
        opening.duress = flags:find("duress") ~= nil
        relation = reader:code(codes.relation)
        if relation == "flagged" then
            relation = "0"
        end
    end
    opening.repeated = relation:find("repeat") ~= nil
    opening.indicator = relation:match("%d") or relation
    if relation == "whole" then
        opening.indicator = ("%X"):format(reader:bits(4))
        if not opening.indicator:match("[146-9A-F]") then
            reader:refuse("not_canonical", "opening")
        end
    end
    return opening
end

local function emit_header(opening, reference, emit, to)
    emit("Prefix", "WF", 0, 0)
    emit("Version", "1", 0, 0)
    emit("EncryptionIndicator", "0", 0, 0, names.meaning("EncryptionIndicator", "0"))
    local function said(name, value)
        emit(name, value, 0, to, names.meaning(name, value))
    end
    said("DuressIndicator", opening.duress and "1" or "0")
    said("MessageCode", opening.test and "T" or opening.letter)
    said("ReferenceIndicator", opening.indicator)
    emit("ReferencedMessage", reference, 0, 0)
    if opening.test then
        said("PseudoMessageCode", opening.letter)
    end
end

local function read_sign(reader, letter, emit)
    local function read(name, read_value, ...)
        reader:start(name)
        local value = read_value(reader, ...)
        emit(name, value, reader.begin, reader.at, names.meaning(name, value, letter))
    end
    read("SubjectCode", coded, "subject_" .. letter, "escape", 2)
    read("DateTime", validity.read_moment, codes)
    read("Duration", validity.read_duration, codes)
    object.read(reader, letter, codes, emit)
    if letter == "Q" then
        reader:start("ObjectCount")
        for index = 1, tonumber(reader:code(codes.objects)) do
            read("ObjectType" .. index, coded, "requested", "escape", 2)
            read("ObjectType" .. index .. "Quant", object.read_quantity, codes)
        end
    end
end

local function read_text(reader, name, emit)
    reader:start(name)
    local value, form = text.read(reader, true)
    emit(name, value, reader.begin, reader.at, form)
end

local function read_method(reader, name, code, digits, letter, emit)
    reader:start(name)
    local value = coded(reader, code, "any", digits)
    emit(name, value, reader.begin, reader.at, names.meaning(name, value, letter))
end

local function read_data(reader, emit)
    reader:start("CryptoData")
    local octets = {}
    while reader:left() >= 8 do
        octets[#octets + 1] = ("%02x"):format(reader:bits(8))
    end
    if #octets > 2000 then
        reader:refuse("too_long", "CryptoData")
    end
    emit("CryptoData", table.concat(octets), reader.begin, reader.at)
end

local others = {
    A = function(reader, emit)
        read_method(reader, "VerificationMethod", "verification_method", 1, "A", emit)
        read_text(reader, "VerificationData", emit)
    end,
    K = function(reader, emit)
        read_method(reader, "CryptoDataType", "data_type", 2, "K", emit)
        read_data(reader, emit)
    end,
    R = function(reader, emit)
        read_method(reader, "ResourceMethod", "resource_method", 1, "R", emit)
        read_text(reader, "ResourceData", emit)
    end,
    F = function(reader, emit)
        read_text(reader, "Text", emit)
    end,
}

local function finish(reader)
    reader:start("end")
    if reader:left() >= 8 then
        reader:refuse("trailing", "end")
    end
    reader:start("padding")
    while reader:left() > 0 do
        if reader:bit() == 0 then
            reader:refuse("bad_padding", "padding")
        end
    end
end

local function new_reader(octets)
    local reader = bits.new(octets)
    if #octets > BODY_OCTETS_MAX then
        reader:refuse("too_long", "message", 8 * BODY_OCTETS_MAX)
    end
    return reader
end

-- `reference` is the text of ReferencedMessage, which stands in the item.
local function read(octets, reference, emit)
    local reader = new_reader(octets)
    local opening = read_opening(reader)
    emit_header(opening, reference, emit, reader.at)
    if not opening.repeated then
        if others[opening.letter] then
            others[opening.letter](reader, emit)
        else
            read_sign(reader, opening.letter, emit)
        end
    end
    finish(reader)
    return opening
end

-- Family 04: a text alone.
local function read_alone(octets, emit)
    local reader = new_reader(octets)
    reader:start("Text")
    local value, form = text.read(reader, false)
    emit("Text", value, 0, reader.at, form)
    finish(reader)
end

return {read = read, read_alone = read_alone}
