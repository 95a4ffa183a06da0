-- Texts of chapter 09: a form, then characters to the end of the body.

local bits = require "chappe.bits"
local tables = require "chappe_tables"

local TEXT_OCTETS_MAX = 2000
local form_code = bits.canonical(tables.codes.text)
local form_bits = {}
for _, pair in ipairs(tables.codes.text) do
    form_bits[pair[1]] = pair[2]
end
local ESC = {}

-- A JSON string as tokens.tsv has it: nothing but quotes, escapes and UTF-8.
local function unquote(json)
    local plain = {n = "\n", r = "\r", t = "\t", b = "\b", f = "\f"}
    local text = json:sub(2, -2):gsub("\\(.)(%x?%x?%x?%x?)", function(escape, digits)
        if escape == "u" then
            return string.char(tonumber(digits, 16)) -- below U+0080; others stand as they are
        end
        return (plain[escape] or escape) .. digits
    end)
    return text
end

-- The model: the code, and each token's bits. Without the file texts in tokens are not read.
local function load_model(path)
    local file = io.open(path, "r")
    if not file then
        return nil
    end
    local symbols, length, longest = {}, {}, 0
    for line in file:lines() do
        local size, token = line:match("^(%d+)\t(.*)$")
        local symbol = token == "ESC" and ESC or unquote(token)
        symbols[#symbols + 1] = {symbol, tonumber(size)}
        length[symbol] = tonumber(size)
        if symbol ~= ESC then
            longest = math.max(longest, #symbol)
        end
    end
    file:close()
    return {code = bits.canonical(symbols), length = length, longest = longest}
end

local model

local function use_model(path)
    model = load_model(path)
end

local function swap_case(text)
    return (text:gsub("%a", function(letter)
        local upper = letter:upper()
        return letter == upper and letter:lower() or upper
    end))
end

-- Octets of the UTF-8 character that begins at a position, or nil if none does.
local function character_at(text, position)
    local first = text:byte(position)
    local size = first < 0x80 and 1 or first >= 0xC2 and first < 0xE0 and 2
        or first >= 0xE0 and first < 0xF0 and 3 or first >= 0xF0 and first < 0xF5 and 4
    if not size or position + size - 1 > #text then
        return nil
    end
    for index = position + 1, position + size - 1 do
        local octet = text:byte(index)
        if octet < 0x80 or octet > 0xBF then
            return nil
        end
    end
    local second = size > 1 and text:byte(position + 1)
    if first == 0xE0 and second < 0xA0 or first == 0xED and second > 0x9F
        or first == 0xF0 and second < 0x90 or first == 0xF4 and second > 0x8F then
        return nil
    end
    return size
end

local function is_utf8(text)
    local position = 1
    while position <= #text do
        local size = character_at(text, position)
        if not size then
            return false
        end
        position = position + size
    end
    return true
end

-- The fewest bits for a text and, at each position, the octets of the token that begins the one
-- encoding of the rest (0 for ESC).
local function shortest(text)
    local best, choice = {[#text + 1] = 0}, {}
    for position = #text, 1, -1 do
        local size = character_at(text, position)
        if size then
            best[position] = model.length[ESC] + 8 * size + best[position + size]
            choice[position] = 0
            for octets = 1, math.min(model.longest, #text - position + 1) do
                local length = model.length[text:sub(position, position + octets - 1)]
                local rest = length and best[position + octets]
                -- Of as many bits the longest token, and any before ESC.
                if rest and length + rest <= best[position] then
                    best[position], choice[position] = length + rest, octets
                end
            end
        end
    end
    return best[1], choice
end

-- The form a text must have.
local function right_form(text)
    local sizes = {}
    sizes["tokens"] = model and shortest(text)
    sizes["tokens, case swapped"] = model and shortest(swap_case(text))
    sizes["octets"] = 8 * #text
    if #text % 2 == 0 and #text >= 2 then
        sizes["lower digits"] = text:match("^[0-9a-f]+$") and 4 * #text
        sizes["upper digits"] = text:match("^[0-9A-F]+$") and 4 * #text
    end
    local form, fewest
    for _, pair in ipairs(tables.codes.text) do
        local size = sizes[pair[1]] and sizes[pair[1]] + form_bits[pair[1]]
        if size and (not fewest or size < fewest) then
            form, fewest = pair[1], size
        end
    end
    return form
end

local function escaped(reader)
    local first = reader:bits(8)
    if first >= 0x80 and first < 0xC2 or first > 0xF4 then
        reader:refuse("bad_character", reader.field)
    end
    local size = first < 0x80 and 1 or first < 0xE0 and 2 or first < 0xF0 and 3 or 4
    local octets = {string.char(first)}
    for index = 2, size do
        octets[index] = string.char(reader:bits(8))
    end
    local character = table.concat(octets)
    if character_at(character, 1) ~= size then
        reader:refuse("bad_character", reader.field)
    end
    return character
end

-- Tokens as long as there are whole codewords; and which were chosen, for the one encoding.
local function read_tokens(reader)
    local tokens, choices, length = {}, {}, 0
    while true do
        local at, field_begin = reader.at, reader.begin
        reader.begin = at
        local whole, symbol = pcall(reader.code, reader, model.code)
        if not whole then
            if reader.size - at >= 8 then
                reader:refuse("truncated", reader.field, at)
            end
            reader.at, reader.begin = at, field_begin
            return table.concat(tokens), choices
        end
        local text = symbol ~= ESC and symbol
        if not text then
            local fine, found = pcall(escaped, reader)
            if not fine then
                found.offset = found.kind == "truncated" and at or field_begin
                error(found, 0)
            end
            text = found
        end
        reader.begin = field_begin
        choices[length + 1] = symbol == ESC and 0 or #text
        tokens[#tokens + 1] = text
        length = length + #text
        if length > TEXT_OCTETS_MAX then
            reader:refuse("too_long", reader.field)
        end
    end
end

-- Whole octets, each as `shape` shows it.
local function read_octets(reader, shape)
    local octets = {}
    while reader:left() >= 8 do
        octets[#octets + 1] = shape(reader:bits(8))
    end
    return table.concat(octets)
end

-- The text, its form; `ascii` in a signal.
local function read(reader, ascii)
    local form = reader:code(form_code)
    local text, choices
    if form == "octets" then
        text = read_octets(reader, string.char)
    elseif form == "lower digits" or form == "upper digits" then
        local shape = form == "lower digits" and "%02x" or "%02X"
        text = read_octets(reader, function(octet) return shape:format(octet) end)
    else
        if not model then
            reader:refuse("unsupported", "tokens")
        end
        text, choices = read_tokens(reader)
    end
    if #text > TEXT_OCTETS_MAX then
        reader:refuse("too_long", reader.field)
    end
    if ascii and text:find("[\128-\255]") or not is_utf8(text) then
        reader:refuse("bad_character", reader.field)
    end
    if choices then
        local _, right = shortest(text)
        for position, octets in pairs(choices) do
            if right[position] ~= octets then
                reader:refuse("not_canonical", reader.field)
            end
        end
    end
    if form == "tokens, case swapped" then
        text = swap_case(text)
    end
    if right_form(text) ~= form then
        reader:refuse("not_canonical", reader.field)
    end
    return text, form
end

return {read = read, use_model = use_model}
