//! What the organisation has set for a device (spec/13-storage.md, "Sealed files" and "Retention").

use super::Device;
use crate::exit::{Exit, Failure, Outcome};
use crate::storage::{AreaFolder, SETTINGS};
use chappe_codec::error::{DecodeError, ErrorKind};
use chappe_codec::home::HomeRelays;

const VERSION: u8 = 3;

/// The version before, which had nothing behind the flags.
const VERSION_WITHOUT_HOMES: u8 = 2;

/// The version before that, which had nothing behind the days.
const VERSION_WITHOUT_FLAGS: u8 = 1;

/// Where the home relays begin.
const HOMES_AT: usize = 4;

/// Flag: what was made to be put away is not known to have been.
const TO_PUT_AWAY: u8 = 1;

/// Days what was received and sent is kept unless the organisation says otherwise.
const RETENTION_DAYS_DEFAULT: u16 = 30;

/// Most days that can be set.
pub(crate) const RETENTION_DAYS_MAX: u16 = 3650;

const DAY_SECONDS: u64 = 24 * 3600;

/// What is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    /// For how many days texts are kept; with 0 they go once they were told.
    pub(crate) retention_days: u16,
    /// Whether files that were made to be put away may still lie beside the device.
    pub(crate) to_put_away: bool,
    /// Where the device reads: they are on its card.
    pub(crate) homes: HomeRelays,
}

impl Default for Settings {
    fn default() -> Self {
        let homes = HomeRelays::NONE;
        Self { retention_days: RETENTION_DAYS_DEFAULT, to_put_away: false, homes }
    }
}

impl Settings {
    /// As the sealed file holds it.
    pub(crate) fn to_octets(&self) -> Vec<u8> {
        let [high, low] = self.retention_days.to_be_bytes();
        let flags = if self.to_put_away { TO_PUT_AWAY } else { 0 };
        [&[VERSION, high, low, flags][..], &self.homes.to_bytes()].concat()
    }

    /// What is set for the device of an area.
    pub(super) fn read(area: &AreaFolder) -> Outcome<Self> {
        Ok(Self::parse(&area.read(SETTINGS)?)?)
    }

    /// Replaces what is set. Whoever calls has the area for himself.
    pub(super) fn write(&self, area: &AreaFolder) -> Outcome<()> {
        area.write(SETTINGS, &self.to_octets())
    }

    fn parse(octets: &[u8]) -> Result<Self, DecodeError> {
        let refuse = |kind, field, at| Err(DecodeError::at_octet(kind, field, at));
        let no_homes: &[u8] = &[0];
        let (high, low, flags, homes) = match octets {
            [VERSION, high, low, flags, homes @ ..] => (high, low, *flags, homes),
            [VERSION_WITHOUT_HOMES, high, low, flags] => (high, low, *flags, no_homes),
            [VERSION_WITHOUT_FLAGS, high, low] => (high, low, 0, no_homes),
            [VERSION_WITHOUT_HOMES, _, _, _, ..] => return refuse(ErrorKind::Trailing, "end", 4),
            [VERSION_WITHOUT_FLAGS, _, _, ..] => return refuse(ErrorKind::Trailing, "end", 3),
            [VERSION | VERSION_WITHOUT_HOMES | VERSION_WITHOUT_FLAGS, ..] | [] => {
                return refuse(ErrorKind::Truncated, "settings", octets.len());
            }
            _ => return refuse(ErrorKind::UnknownVersion, "version", 0),
        };
        let retention_days = u16::from_be_bytes([*high, *low]);
        if retention_days > RETENTION_DAYS_MAX {
            return refuse(ErrorKind::OutOfRange, "retention", 1);
        }
        if flags & !TO_PUT_AWAY != 0 {
            return refuse(ErrorKind::Reserved, "flags", 3);
        }
        let homes = HomeRelays::parse(homes).map_err(|error| {
            let offset = error.offset.saturating_add(HOMES_AT);
            DecodeError::at_octet(error.kind, error.field, offset)
        })?;
        Ok(Self { retention_days, to_put_away: flags == TO_PUT_AWAY, homes })
    }

    /// What was taken in before this time is to be erased, in seconds since 1970; with 0 days
    /// everything, and without a clock nothing else.
    pub(crate) fn erased_before(&self, now: u64) -> u64 {
        if self.retention_days == 0 {
            return u64::MAX;
        }
        now.saturating_sub(u64::from(self.retention_days).saturating_mul(DAY_SECONDS))
    }
}

impl Device {
    /// What is set.
    pub(crate) fn settings(&self) -> Outcome<Settings> {
        Settings::read(&self.area)
    }

    /// Sets for how many days texts are kept.
    pub(crate) fn set_retention(&self, days: u16) -> Outcome<()> {
        if days > RETENTION_DAYS_MAX {
            let message = format!("at most {RETENTION_DAYS_MAX} days");
            return Err(Failure::new(Exit::Usage, "out_of_range", message));
        }
        self.change_settings(|settings| settings.retention_days = days)
    }

    /// Notes whether files that were made to be put away may still lie beside the device.
    pub(crate) fn set_to_put_away(&self, waits: bool) -> Outcome<()> {
        self.change_settings(|settings| settings.to_put_away = waits)
    }

    fn change_settings(&self, change: impl FnOnce(&mut Settings)) -> Outcome<()> {
        let _alone = self.area.lock()?;
        let mut settings = self.settings()?;
        change(&mut settings);
        settings.write(&self.area)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chappe_codec::home::HomeRelay;
    use chappe_codec::key::SignKey;

    #[test]
    fn settings_read_back_and_what_is_wrong_is_refused() {
        let key = SignKey::from_seed(&[1; 32]).public();
        let home = HomeRelay::new(key, "relay.example:7406".into()).unwrap();
        for homes in [HomeRelays::NONE, HomeRelays::new(vec![home]).unwrap()] {
            for retention_days in [0, 30, RETENTION_DAYS_MAX] {
                for to_put_away in [false, true] {
                    let settings = Settings { retention_days, to_put_away, homes: homes.clone() };
                    assert_eq!(Settings::parse(&settings.to_octets()), Ok(settings));
                }
            }
        }
        let written_before =
            |to_put_away| Settings { retention_days: 3, to_put_away, homes: HomeRelays::NONE };
        assert_eq!(Settings::parse(&[1, 0, 3]), Ok(written_before(false)));
        assert_eq!(Settings::parse(&[2, 0, 3, 1]), Ok(written_before(true)));
        let error = Settings::parse(&[3, 0, 30, 0, 4]).unwrap_err();
        assert_eq!((error.kind, error.field, error.offset), (ErrorKind::OutOfRange, "homes", 4));
        let error = Settings::parse(&[3, 0, 30, 0, 0, 0]).unwrap_err();
        assert_eq!((error.kind, error.offset), (ErrorKind::Trailing, 5));
        let kind = |octets: &[u8]| Settings::parse(octets).unwrap_err().kind;
        assert_eq!(kind(&[2, 0x0E, 0x43, 0]), ErrorKind::OutOfRange);
        assert_eq!(kind(&[2, 0, 30, 2]), ErrorKind::Reserved);
        assert_eq!(kind(&[2, 0, 30]), ErrorKind::Truncated);
        assert_eq!(kind(&[1, 0]), ErrorKind::Truncated);
        assert_eq!(kind(&[]), ErrorKind::Truncated);
        assert_eq!(kind(&[3, 0, 0, 0]), ErrorKind::Truncated);
        assert_eq!(kind(&[4, 0, 0, 0, 0]), ErrorKind::UnknownVersion);
        assert_eq!(kind(&[1, 0, 0, 0]), ErrorKind::Trailing);
        assert_eq!(kind(&[2, 0, 0, 0, 0]), ErrorKind::Trailing);
        let settings = Settings { retention_days: 2, ..Settings::default() };
        assert_eq!(settings.erased_before(200_000), 27_200);
    }
}
