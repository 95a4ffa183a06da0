//! How urgent a parcel or a frame is, in the terms of military and aviation messaging.

use core::fmt;
use core::str::FromStr;

/// The four precedences, the most urgent greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Precedence {
    /// Everything that can wait.
    Routine,
    /// Before routine traffic.
    Priority,
    /// Situations that gravely affect safety.
    Immediate,
    /// Life and death, now.
    Flash,
}

impl Precedence {
    /// All four, from the least urgent.
    pub const ALL: [Self; 4] = [Self::Routine, Self::Priority, Self::Immediate, Self::Flash];

    /// The two bits on every wire: 0 routine … 3 flash.
    #[must_use]
    pub const fn to_bits(self) -> u8 {
        match self {
            Self::Routine => 0,
            Self::Priority => 1,
            Self::Immediate => 2,
            Self::Flash => 3,
        }
    }

    /// The precedence of the two lowest bits; the others are not looked at.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        match bits & 0b11 {
            0 => Self::Routine,
            1 => Self::Priority,
            2 => Self::Immediate,
            _ => Self::Flash,
        }
    }
}

impl Precedence {
    /// The word a person sees and types.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Routine => "ROUTINE",
            Self::Priority => "PRIORITY",
            Self::Immediate => "IMMEDIATE",
            Self::Flash => "FLASH",
        }
    }
}

impl fmt::Display for Precedence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Precedence {
    type Err = PrecedenceError;

    fn from_str(text: &str) -> Result<Self, PrecedenceError> {
        Self::ALL
            .into_iter()
            .find(|precedence| precedence.name().eq_ignore_ascii_case(text))
            .ok_or(PrecedenceError)
    }
}

/// A text that names no precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrecedenceError;

impl fmt::Display for PrecedenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a precedence is one of flash, immediate, priority, routine")
    }
}

impl core::error::Error for PrecedenceError {}
