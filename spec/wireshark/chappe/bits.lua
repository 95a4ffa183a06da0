-- Reads bits from a string of octets, most significant bit first.
--
-- Numbers in Lua 5.2 are doubles, exact below 2^53: no value here takes more than 48 bits, and all
-- is done by multiplication and division.

local Reader = {}
Reader.__index = Reader

local function new(octets)
    return setmetatable({octets = octets, at = 0, size = 8 * #octets, begin = 0}, Reader)
end

-- Every refusal is a table with kind, field and offset; whoever catches it shows it.
function Reader:refuse(kind, field, offset)
    error({kind = kind, field = field, offset = offset or self.begin, unit = "bit"}, 0)
end

-- Marks where a field begins, for the offsets of its errors and its place in the packet.
function Reader:start(field)
    self.begin, self.field = self.at, field
end

function Reader:left()
    return self.size - self.at
end

function Reader:bit()
    if self.at >= self.size then
        self:refuse("truncated", self.field)
    end
    local octet = self.octets:byte(math.floor(self.at / 8) + 1)
    local bit = math.floor(octet / 2 ^ (7 - self.at % 8)) % 2
    self.at = self.at + 1
    return bit
end

function Reader:bits(count)
    local value = 0
    for _ = 1, count do
        value = value * 2 + self:bit()
    end
    return value
end

-- number(n) of chapter 09: small values take one bit less.
function Reader:number(n)
    local k = 0
    while 2 ^ (k + 1) <= n do
        k = k + 1
    end
    local short = 2 ^ (k + 1) - n
    local value = self:bits(k)
    if value < short then
        return value
    end
    return value * 2 + self:bit() - short
end

-- Decimal digits of four bits each, as a string.
function Reader:digits(count)
    local digits = {}
    for _ = 1, count do
        local at = self.at
        local digit = self:bits(4)
        if digit > 9 then
            self:refuse("bad_digit", self.field, at)
        end
        digits[#digits + 1] = tostring(digit)
    end
    return table.concat(digits)
end

-- A codeword; the code is what `canonical` made. Gives the symbol.
function Reader:code(code)
    local value, length = 0, 0
    while true do
        value, length = value * 2 + self:bit(), length + 1
        local symbol = code[length] and code[length][value]
        if symbol ~= nil then
            return symbol
        end
    end
end

-- The codewords that follow from lengths (chapter 09): symbols by length and value.
local function canonical(symbols)
    local order = {}
    for index, pair in ipairs(symbols) do
        order[index] = {symbol = pair[1], length = pair[2], index = index}
    end
    table.sort(order, function(a, b)
        if a.length ~= b.length then
            return a.length < b.length
        end
        return a.index < b.index
    end)
    local code, value, before = {}, 0, 0
    for _, entry in ipairs(order) do
        value = value * 2 ^ (entry.length - before)
        code[entry.length] = code[entry.length] or {}
        code[entry.length][value] = entry.symbol
        value, before = value + 1, entry.length
    end
    return code
end

return {new = new, canonical = canonical}
