-- Envelopes (chapter 03): an open one with its items; of a sealed one what lies open.

local formats = require "chappe.formats"
local item = require "chappe.item"
local shown = require "chappe.shown"

local ENVELOPE_OCTETS_MAX, ITEMS_MAX = 16384, 32
local OPEN_HEAD, OPEN_OVERHEAD, SIGNATURE = 16, 80, 64
local TAG = 16
-- The classes of sealed envelopes: format, and octets before the ciphertext.
local SEALED = {
    [1] = {"chain_envelope", 4}, [2] = {"random_access_envelope", 5},
    [3] = {"first_flight", 36}, [4] = {"stranger_flight", 101},
}
local fields = shown.fields
local envelope = {}

local function add_items(tree, range, several, counter)
    local at, count, names = 0, 0, {}
    repeat
        if count == ITEMS_MAX then
            shown.refuse("too_long", "items", at)
        elseif counter + count >= 2 ^ 32 then
            shown.refuse("out_of_range", "counter", 12)
        end
        local rest = range and at < range:len() and range(at)
            or shown.refuse("truncated", "family", OPEN_HEAD + at)
        local branch = tree:add(rest, ("Item %d"):format(counter + count))
        local octets, name = item.add(branch, rest, several)
        branch:set_len(octets)
        at, count = at + octets, count + 1
        names[count] = name
    until not several or at >= range:len()
    if several and count == 1 then
        shown.refuse("not_canonical", "flags", 0)
    end
    return table.concat(names, ", ")
end

local function add_open(tree, range)
    local size = range:len()
    if size < OPEN_OVERHEAD then
        shown.refuse("truncated", "envelope", 0)
    end
    local _, values = formats.add(tree, "open_envelope", range)
    if values.epoch % 2 ~= values.head.parity then
        shown.refuse("inconsistent", "epoch", 2)
    end
    local inside = size - OPEN_HEAD - SIGNATURE
    local items = inside > 0 and range(OPEN_HEAD, inside) or nil
    tree:add(fields["chappe.open_envelope.signature"], range(size - SIGNATURE, SIGNATURE))
        :append_text(" (not verified here)")
    return add_items(tree, items, values.head.flags == 1, values.counter)
end

local function add_sealed(tree, range, class)
    local size, name, head = range:len(), SEALED[class][1], SEALED[class][2]
    if size < head + TAG then
        shown.refuse("truncated", "envelope", 0)
    end
    local _, values = formats.add(tree, name, range)
    if size > head + TAG then
        tree:add(fields["chappe." .. name .. ".ciphertext"], range(head, size - head - TAG))
    end
    tree:add(fields["chappe." .. name .. ".tag"], range(size - TAG, TAG))
    if class > 2 and values.head.parity == 1 then
        shown.refuse("inconsistent", "parity", 0)
    end
    return "sealed"
end

function envelope.add(tree, range)
    if range:len() > ENVELOPE_OCTETS_MAX then
        shown.refuse("too_long", "envelope", 0)
    elseif range:len() == 0 then
        shown.refuse("truncated", "envelope", 0)
    end
    local octet = range(0, 1):uint()
    local version, class, flags = math.floor(octet / 64), math.floor(octet / 8) % 8, octet % 4
    if version == 0 and flags < 2 and class == 0 then
        return add_open(tree, range)
    elseif version == 0 and flags < 2 and SEALED[class] then
        return add_sealed(tree, range, class)
    end
    formats.add(tree, "envelope_head", range(0, 1))
    shown.newer(tree, "envelope")
    return "of another version, class or flag"
end

return envelope
