-- What people call the codes of a signal.

local tables = require "chappe_tables"

-- The kinds of `names` in signal.toml whose key is not the kind and the code.
local keys = {
    subject = function(code, message) return message .. code end,
    method = function(code, message) return "method " .. message .. code end,
    encryption = function(code) return "encryption " .. code end,
}

local fields = {}
for _, group in pairs(tables.groups) do
    for _, field in ipairs(group.fields) do
        fields[field.name] = field
    end
end

-- The meaning of a field's value in a message of that code, or nil.
local function meaning(name, value, message)
    local field = fields[name]
    if field.names then
        local key = keys[field.names] or function(code) return field.names .. " " .. code end
        return tables.names[key(value, message or "")]
    end
    return field.unit
end

return {meaning = meaning, fields = fields}
