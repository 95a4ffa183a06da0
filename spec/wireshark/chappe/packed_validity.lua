-- When a packed sign is valid: DateTime and Duration (chapter 09).

local tables = require "chappe_tables"

local years = {near = {2025, 16}, later = {2041, 64}, any = {0, 10000}}
-- Coarsest first; which of them a group of years has is what the code has.
local steps = {"hour", "five minutes", "minute", "second"}

local function exists(symbol)
    for _, pair in ipairs(tables.codes.moment) do
        if pair[1] == symbol then
            return true
        end
    end
    return false
end

-- The symbol a moment must have: the first years, then the coarsest step that hold it.
local function right_symbol(year, minute, second)
    local group = "any"
    for _, name in ipairs({"near", "later"}) do
        local first, count = years[name][1], years[name][2]
        if year >= first and year < first + count then
            group = name
        end
    end
    local holds = {
        hour = minute == 0 and second == 0,
        ["five minutes"] = minute % 5 == 0 and second == 0,
        minute = second == 0,
        second = true,
    }
    for _, step in ipairs(steps) do
        local symbol = step .. " " .. group
        if holds[step] and exists(symbol) then
            return symbol
        end
    end
end

local function moment_of_digits(reader)
    local digits = reader:digits(14)
    local y, mo, d, h, mi, s = digits:match("^(....)(..)(..)(..)(..)(..)$")
    local month, day = tonumber(mo), tonumber(d)
    if month >= 1 and month <= 12 and day >= 1 and day <= 31 and tonumber(h) < 24
        and tonumber(mi) < 60 and tonumber(s) < 61 then
        reader:refuse("not_canonical", "DateTime")
    end
    return ("%s-%s-%sT%s:%s:%sZ"):format(y, mo, d, h, mi, s)
end

local function read_moment(reader, codes)
    local symbol = reader:code(codes.moment)
    if symbol == "digits" then
        return moment_of_digits(reader)
    end
    local step, group = symbol:match("^(.*) (%a+)$")
    local sizes = {hour = 1, ["five minutes"] = 12, minute = 60, second = 60 * 61}
    local first, count = years[group][1], years[group][2]
    local number = reader:number(count * 12 * 31 * 24 * sizes[step])
    local function take(size)
        local part = number % size
        number = (number - part) / size
        return part
    end
    local second = step == "second" and take(61) or 0
    local minute = (step == "second" or step == "minute") and take(60)
        or step == "five minutes" and 5 * take(12) or 0
    local hour, day, month = take(24), take(31) + 1, take(12) + 1
    local year = first + number
    if right_symbol(year, minute, second) ~= symbol then
        reader:refuse("not_canonical", "DateTime")
    end
    return ("%04d-%02d-%02dT%02d:%02d:%02dZ"):format(year, month, day, hour, minute, second)
end

local listed = {}
for _, pair in ipairs(tables.codes.duration) do
    listed[pair[1]] = true
end

local function period(days, hours, minutes)
    return ("P%02dD%02dH%02dM"):format(days, hours, minutes)
end

local function read_duration(reader, codes)
    local symbol = reader:code(codes.duration)
    local text, right = symbol, true
    if symbol == "days" then
        text = period(reader:number(100), 0, 0)
    elseif symbol == "hours" then
        local hours = reader:number(2400)
        text = period(math.floor(hours / 24), hours % 24, 0)
        right = hours % 24 ~= 0
    elseif symbol == "any" then
        local minutes = reader:number(144000)
        text = period(math.floor(minutes / 1440), math.floor(minutes / 60) % 24, minutes % 60)
        right = minutes % 60 ~= 0
    elseif symbol == "digits" then
        local digits = reader:digits(6)
        text = ("P%sD%sH%sM"):format(digits:sub(1, 2), digits:sub(3, 4), digits:sub(5, 6))
        right = tonumber(digits:sub(3, 4)) > 23 or tonumber(digits:sub(5, 6)) > 59
    end
    if not right or text ~= symbol and listed[text] then
        reader:refuse("not_canonical", "Duration")
    end
    return text
end

return {read_moment = read_moment, read_duration = read_duration}
