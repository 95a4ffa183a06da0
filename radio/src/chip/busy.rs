//! How long BUSY stays high (SX1262 datasheet, table 8-2 and 9.2; in microseconds).

use core::time::Duration;

use super::command::Command;

/// After a reset, or a sleep that kept nothing.
pub(super) const COLD_START: Duration = Duration::from_micros(3_500);
/// After a sleep that kept the settings.
pub(super) const WARM_START: Duration = Duration::from_micros(340);
/// For a command that only sets something, or that is not known.
pub(super) const PROCESSING: Duration = Duration::from_micros(1);

const CALIBRATION: Duration = Duration::from_micros(3_500);
const TO_STANDBY: Duration = Duration::from_micros(31);
const STANDBY_TO_TRANSMIT: Duration = Duration::from_micros(126);
const STANDBY_TO_RECEIVE: Duration = Duration::from_micros(83);
const BETWEEN_MODES: Duration = Duration::from_micros(105);

pub(super) fn after(command: &Command<'_>, was_standby: bool) -> Duration {
    match command {
        Command::Calibrate => CALIBRATION,
        Command::SetStandby => TO_STANDBY,
        Command::SetTx { .. } if was_standby => STANDBY_TO_TRANSMIT,
        Command::SetRx { .. } | Command::SetCad if was_standby => STANDBY_TO_RECEIVE,
        Command::SetTx { .. } | Command::SetRx { .. } | Command::SetCad => BETWEEN_MODES,
        _ => PROCESSING,
    }
}
