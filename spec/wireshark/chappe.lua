-- Chappe for Wireshark: items as DLT_USER0, envelopes as DLT_USER1, both with "Decode as" on UDP.
--
--     tshark -X lua_script:spec/wireshark/chappe.lua -r capture.pcap -V
--
-- The tables come from chappe_tables.lua, which is generated; logic is in the folder `chappe`.
-- The tokens of texts are read from ../tables/text/tokens.tsv.

local folder = debug.getinfo(1, "S").source:match("^@(.*[/\\])") or "./"
package.path = folder .. "?.lua;" .. package.path

local shown = require "chappe.shown"
require "chappe.text".use_model(folder .. "../tables/text/tokens.tsv")
local envelope = require "chappe.envelope"
local item = require "chappe.item"

local chappe = Proto("chappe", "Chappe item")
local chappe_envelope = Proto("chappe_envelope", "Chappe envelope")

local fields, experts = {}, {}
for _, field in pairs(shown.fields) do
    fields[#fields + 1] = field
end
for _, expert_info in pairs(shown.experts) do
    experts[#experts + 1] = expert_info
end
chappe.fields, chappe.experts = fields, experts

local function dissector(proto, add)
    return function(buffer, pinfo, root)
        pinfo.cols.protocol = "Chappe"
        local tree = root:add(proto, buffer())
        local names = shown.attempt(tree, add, tree, buffer())
        pinfo.cols.info = proto.description .. ": " .. (names or "refused")
        return buffer:len()
    end
end

chappe.dissector = dissector(chappe, function(tree, range)
    local _, name = item.add(tree, range, false)
    return name
end)
chappe_envelope.dissector = dissector(chappe_envelope, envelope.add)

local encapsulation = DissectorTable.get("wtap_encap")
encapsulation:add(wtap.USER0, chappe)
encapsulation:add(wtap.USER1, chappe_envelope)
local udp = DissectorTable.get("udp.port")
udp:add_for_decode_as(chappe)
udp:add_for_decode_as(chappe_envelope)
