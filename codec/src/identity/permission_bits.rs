//! Generated from spec/tables/families.toml by spec/tables/generate.py; change it there.

/// The bit of a certificate that permits a family other than signals, by its code.
pub(super) const fn of_family(code: u8) -> Option<u32> {
    match code {
        0x04 => Some(12),
        0x02 => Some(13),
        0x03 => Some(14),
        0x11 => Some(15),
        0x08 => Some(16),
        0x09 => Some(17),
        0x0A => Some(18),
        0x0B => Some(19),
        0x0C => Some(20),
        0x0D => Some(21),
        0x0E => Some(22),
        0x0F => Some(23),
        _ => None,
    }
}
