//! What the organisation has set for a device (spec/13-storage.md, "Sealed files" and "Retention").

use super::Device;
use crate::exit::{Exit, Failure, Outcome};
use crate::storage::SETTINGS;
use chappe_codec::error::{DecodeError, ErrorKind};

const VERSION: u8 = 1;

/// Days what was received and sent is kept unless the organisation says otherwise.
const RETENTION_DAYS_DEFAULT: u16 = 30;

/// Most days that can be set.
pub(crate) const RETENTION_DAYS_MAX: u16 = 3650;

const DAY_SECONDS: u64 = 24 * 3600;

/// What is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settings {
    /// For how many days texts are kept; with 0 they go once they were told.
    pub(crate) retention_days: u16,
}

impl Default for Settings {
    fn default() -> Self {
        Self { retention_days: RETENTION_DAYS_DEFAULT }
    }
}

impl Settings {
    /// As the sealed file holds it.
    pub(crate) fn to_octets(self) -> [u8; 3] {
        let [high, low] = self.retention_days.to_be_bytes();
        [VERSION, high, low]
    }

    fn parse(octets: &[u8]) -> Result<Self, DecodeError> {
        let refuse = |kind, field, at| Err(DecodeError::at_octet(kind, field, at));
        match octets {
            [VERSION, high, low] => {
                let retention_days = u16::from_be_bytes([*high, *low]);
                if retention_days > RETENTION_DAYS_MAX {
                    return refuse(ErrorKind::OutOfRange, "retention", 1);
                }
                Ok(Self { retention_days })
            }
            [VERSION, _, _, _, ..] => refuse(ErrorKind::Trailing, "end", 3),
            [VERSION, ..] | [] => refuse(ErrorKind::Truncated, "retention", octets.len()),
            _ => refuse(ErrorKind::UnknownVersion, "version", 0),
        }
    }

    /// What was taken in before this time is to be erased, in seconds since 1970; with 0 days
    /// everything, and without a clock nothing else.
    pub(crate) fn erased_before(self, now: u64) -> u64 {
        if self.retention_days == 0 {
            return u64::MAX;
        }
        now.saturating_sub(u64::from(self.retention_days).saturating_mul(DAY_SECONDS))
    }
}

impl Device {
    /// What is set.
    pub(crate) fn settings(&self) -> Outcome<Settings> {
        Ok(Settings::parse(&self.area.read(SETTINGS)?)?)
    }

    /// Sets for how many days texts are kept.
    pub(crate) fn set_retention(&self, days: u16) -> Outcome<()> {
        if days > RETENTION_DAYS_MAX {
            let message = format!("at most {RETENTION_DAYS_MAX} days");
            return Err(Failure::new(Exit::Usage, "out_of_range", message));
        }
        let _alone = self.area.lock()?;
        let settings = Settings { retention_days: days };
        self.area.write(SETTINGS, &settings.to_octets())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_read_back_and_what_is_wrong_is_refused() {
        for retention_days in [0, 30, RETENTION_DAYS_MAX] {
            let settings = Settings { retention_days };
            assert_eq!(Settings::parse(&settings.to_octets()), Ok(settings));
        }
        let kind = |octets: &[u8]| Settings::parse(octets).unwrap_err().kind;
        assert_eq!(kind(&[1, 0x0E, 0x43]), ErrorKind::OutOfRange);
        assert_eq!(kind(&[1, 0]), ErrorKind::Truncated);
        assert_eq!(kind(&[]), ErrorKind::Truncated);
        assert_eq!(kind(&[2, 0, 0]), ErrorKind::UnknownVersion);
        assert_eq!(kind(&[1, 0, 0, 0]), ErrorKind::Trailing);
        assert_eq!(Settings { retention_days: 2 }.erased_before(200_000), 27_200);
    }
}
