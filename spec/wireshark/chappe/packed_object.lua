-- What a packed sign is about: object type, size and location (chapter 09).

local names = require "chappe.names"
local tables = require "chappe_tables"

local regular = {["21"] = "one", ["31"] = "one", ["22"] = "two", ["23"] = "two", ["32"] = "two",
                 ["33"] = "two"}
for _, object_type in ipairs({"10", "11", "12", "13", "14", "15"}) do
    regular[object_type] = "free"
end

local function is_listed(code, object_type)
    for _, pair in ipairs(tables.codes[code]) do
        if pair[1] == object_type then
            return true
        end
    end
    return false
end

-- A dimension whose digits but the first one or two are zeros.
local function is_round(dimension)
    while dimension >= 100 and dimension % 10 == 0 do
        dimension = dimension / 10
    end
    return dimension < 100
end

local function read_round(reader, codes)
    if reader:code(codes.round) == "one digit" then
        local number = reader:number(36)
        return (number % 9 + 1) * 10 ^ math.floor(number / 9)
    end
    local number = reader:number(243)
    local tens, ones = math.floor(number % 81 / 9) + 1, number % 9 + 1
    return (10 * tens + ones) * 10 ^ math.floor(number / 81)
end

local sizes = {
    none = function() return 0, 0, 999 end,
    one = function(reader, codes)
        local first
        if reader:code(codes.one_size) == "round" then
            first = read_round(reader, codes)
        else
            first = reader:number(9999) + 1
            if is_round(first) then
                reader:refuse("not_canonical", "ObjectSize")
            end
        end
        if reader:code(codes.circle_orientation) == "north" then
            return first, 0, 0
        end
        local orientation = reader:number(360)
        if orientation == 0 then
            reader:refuse("not_canonical", "ObjectSize")
        end
        return first, 0, orientation
    end,
    two = function(reader, codes)
        local first, second
        if reader:code(codes.two_sizes) == "round" then
            first, second = read_round(reader, codes), read_round(reader, codes)
        else
            first, second = reader:number(9999) + 1, reader:number(9999) + 1
            if is_round(first) and is_round(second) then
                reader:refuse("not_canonical", "ObjectSize")
            end
        end
        if reader:code(codes.orientation) == "step of 15" then
            return first, second, 15 * reader:number(24)
        end
        local orientation = reader:number(360)
        if orientation % 15 == 0 then
            reader:refuse("not_canonical", "ObjectSize")
        end
        return first, second, orientation
    end,
}

-- The regular size that dimensions and orientation are, or nil.
local function size_of(first, second, orientation)
    if first == 0 and second == 0 and orientation == 999 then
        return "none"
    elseif first > 0 and orientation < 360 then
        return second == 0 and "one" or "two"
    end
end

-- Gives the type, how its size is coded, and where a form that should not be stands.
local function read_type(reader, code, codes)
    local symbol = reader:code(codes[code])
    if symbol ~= "coded" and symbol ~= "digits" then
        return symbol, regular[symbol] or "none"
    end
    local object_type = ("%02X"):format(reader:bits(8))
    if symbol == "digits" then
        return object_type, "digits"
    end
    if is_listed(code, object_type) then
        reader:refuse("not_canonical", "ObjectType")
    end
    return object_type, "free"
end

local function read_size(reader, code, codes, object_type, size, type_begin)
    if size == "free" then
        size = reader:code(codes.free_size)
    end
    if size ~= "digits" then
        return sizes[size](reader, codes)
    end
    local digits = reader:digits(11)
    local first, second, orientation = tonumber(digits:sub(1, 4)), tonumber(digits:sub(5, 8)),
        tonumber(digits:sub(9))
    -- `digits` is for what is not regular for the type.
    local found = size_of(first, second, orientation)
    local right = is_listed(code, object_type) and (regular[object_type] or "none") or "free"
    if found and (right == "free" or right == found) then
        reader:refuse("not_canonical", "ObjectType", type_begin)
    end
    return first, second, orientation
end

local function degrees(sign, magnitude, width)
    return ("%s%0" .. width .. "d.%05d"):format(sign, math.floor(magnitude / 100000),
                                              magnitude % 100000)
end

-- A sign and digits as on the standard wire.
local function wire_degrees(reader, whole_digits)
    local sign = reader:bit() == 1 and "+" or "-"
    return sign .. reader:digits(whole_digits) .. "." .. reader:digits(5)
end

-- Latitude, longitude, and the bit where the longitude begins.
local function read_place(reader)
    local latitude = reader:number(18000004)
    local middle = reader.at
    if latitude == 18000002 then
        return "+99.99999", "+999.99999", middle
    elseif latitude == 18000003 then
        local north = wire_degrees(reader, 2)
        middle = reader.at
        local east = wire_degrees(reader, 3)
        local inside = math.abs(tonumber(north)) <= 90 and math.abs(tonumber(east)) <= 180
        if inside or north == "+99.99999" and east == "+999.99999" then
            reader:refuse("not_canonical", "ObjectLocation")
        end
        return north, east, middle
    end
    local longitude = reader:number(36000002)
    local function text(number, width)
        return degrees(number % 2 == 1 and "-" or "+", math.floor(number / 2), width)
    end
    return text(latitude, 2), text(longitude, 3), middle
end

local function read(reader, letter, codes, emit)
    local code = "object_" .. letter
    reader:start("ObjectType")
    local type_begin = reader.begin
    local object_type, size = read_type(reader, code, codes)
    emit("ObjectType", object_type, type_begin, reader.at, names.meaning("ObjectType", object_type))

    reader:start("ObjectSize")
    local first, second, orientation =
        read_size(reader, code, codes, object_type, size, type_begin)
    local function emit_size(name, shape, value, meaning)
        emit(name, shape:format(value), reader.begin, reader.at, meaning)
    end
    emit_size("ObjectSizeDim1", "%04d", first, "metres")
    emit_size("ObjectSizeDim2", "%04d", second, "metres")
    emit_size("ObjectOrientation", "%03d", orientation,
              orientation == 999 and "without" or "degrees")

    reader:start("ObjectLocation")
    local latitude, longitude, middle = read_place(reader)
    emit("ObjectLatitude", latitude, reader.begin, middle, "degrees")
    emit("ObjectLongitude", longitude, middle, reader.at, "degrees")
end

local function read_quantity(reader, codes)
    if reader:code(codes.quantity) == "1 to 8" then
        return ("%02d"):format(reader:number(8) + 1)
    end
    local quantity = reader:number(100)
    if quantity >= 1 and quantity <= 8 then
        reader:refuse("not_canonical", reader.field)
    end
    return ("%02d"):format(quantity)
end

return {read = read, read_quantity = read_quantity}
