//! Generated from spec/tables/families.toml by spec/tables/generate.py; change it there.

/// The families that need permission, by name, in the order of their bits.
pub(super) const FAMILIES: [(&str, u8); 12] = [
    ("text", 0x04),
    ("telemetry", 0x02),
    ("alert", 0x03),
    ("lease", 0x11),
    ("identity", 0x08),
    ("challenge", 0x09),
    ("record", 0x0A),
    ("grant", 0x0B),
    ("request", 0x0C),
    ("value", 0x0D),
    ("ballot", 0x0E),
    ("process", 0x0F),
];
