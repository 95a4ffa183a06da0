//! Antenna messages: one datagram each (spec/05-radio.md, appendix).

use chappe_codec::error::{DecodeError, ErrorKind};
use chappe_codec::framing::{self, Parsed, field, refuse};
use nom::number::complete::{be_i16, be_i32, be_u16, be_u32, i8, u8};

use super::{Position, Report, Request, Tuning};
use crate::limits::{ANTENNA_MESSAGE_OCTETS_MAX, FRAME_OCTETS_MAX};
use crate::modulation::{
    bandwidth_code, bandwidth_of, coding_rate_code, coding_rate_of, spreading_factor_number,
    spreading_factor_of,
};

/// The version in octet 0.
const VERSION: u8 = 1;

/// From a chip to the field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToField {
    /// A chip stands here, or still does: said again every few seconds.
    Attach(Position),
    /// It does something.
    Request(Request),
    /// It goes.
    Detach,
}

/// From the field to a chip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToChip {
    /// The chip is one of the field's nodes.
    Attached {
        /// Which.
        node: u16,
    },
    /// The field has no room.
    Full,
    /// The chip hears something.
    Report(Report),
}

impl ToField {
    /// Reads a datagram.
    ///
    /// # Errors
    ///
    /// The first field that is not as spec/05-radio.md, appendix, has it.
    pub fn parse(datagram: &[u8]) -> Result<Self, DecodeError> {
        check_length(datagram)?;
        framing::parse_all(datagram, to_field)
    }

    /// The datagram.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        match self {
            Self::Attach(position) => {
                out.push(ATTACH);
                out.extend_from_slice(&position.east_m.to_be_bytes());
                out.extend_from_slice(&position.north_m.to_be_bytes());
            }
            Self::Request(Request::Listen { operation, tuning }) => {
                out.push(LISTEN);
                out.extend_from_slice(&operation.to_be_bytes());
                put_tuning(&mut out, tuning);
            }
            Self::Request(Request::Rest { operation }) => {
                out.push(REST);
                out.extend_from_slice(&operation.to_be_bytes());
            }
            Self::Request(Request::Transmit {
                operation,
                tuning,
                coding_rate,
                crc,
                power_dbm,
                payload,
            }) => {
                out.push(TRANSMIT);
                out.extend_from_slice(&operation.to_be_bytes());
                put_tuning(&mut out, tuning);
                out.push(coding_rate_code(*coding_rate));
                out.push(u8::from(*crc));
                out.extend_from_slice(&power_dbm.to_be_bytes());
                out.extend_from_slice(payload);
            }
            Self::Request(Request::Detect { operation, tuning, symbols }) => {
                out.push(DETECT);
                out.extend_from_slice(&operation.to_be_bytes());
                put_tuning(&mut out, tuning);
                out.push(*symbols);
            }
            Self::Detach => out.push(DETACH),
        }
        out
    }
}

impl ToChip {
    /// Reads a datagram.
    ///
    /// # Errors
    ///
    /// The first field that is not as spec/05-radio.md, appendix, has it.
    pub fn parse(datagram: &[u8]) -> Result<Self, DecodeError> {
        check_length(datagram)?;
        framing::parse_all(datagram, to_chip)
    }

    /// The datagram.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        match self {
            Self::Attached { node } => {
                out.push(ATTACHED);
                out.extend_from_slice(&node.to_be_bytes());
            }
            Self::Full => out.push(FULL),
            Self::Report(Report::Preamble { operation }) => {
                out.push(PREAMBLE);
                out.extend_from_slice(&operation.to_be_bytes());
            }
            Self::Report(Report::Header { operation, valid }) => {
                out.push(HEADER);
                out.extend_from_slice(&operation.to_be_bytes());
                out.push(u8::from(*valid));
            }
            Self::Report(Report::Packet {
                operation,
                intact,
                rssi_decidbm,
                snr_decidb,
                payload,
            }) => {
                out.push(PACKET);
                out.extend_from_slice(&operation.to_be_bytes());
                out.push(u8::from(*intact));
                out.extend_from_slice(&rssi_decidbm.to_be_bytes());
                out.extend_from_slice(&snr_decidb.to_be_bytes());
                out.extend_from_slice(payload);
            }
            Self::Report(Report::Activity { operation, detected }) => {
                out.push(ACTIVITY);
                out.extend_from_slice(&operation.to_be_bytes());
                out.push(u8::from(*detected));
            }
        }
        out
    }
}

const ATTACH: u8 = 0;
const LISTEN: u8 = 1;
const REST: u8 = 2;
const TRANSMIT: u8 = 3;
const DETECT: u8 = 4;
const DETACH: u8 = 5;
const ATTACHED: u8 = 128;
const FULL: u8 = 129;
const PREAMBLE: u8 = 130;
const HEADER: u8 = 131;
const PACKET: u8 = 132;
const ACTIVITY: u8 = 133;

const INVERTED_IQ_BIT: u8 = 0b01;
const LOW_DATA_RATE_BIT: u8 = 0b10;

fn check_length(datagram: &[u8]) -> Result<(), DecodeError> {
    if datagram.len() > ANTENNA_MESSAGE_OCTETS_MAX {
        let kind = ErrorKind::TooLong;
        return Err(DecodeError::at_octet(kind, "message", ANTENNA_MESSAGE_OCTETS_MAX));
    }
    Ok(())
}

fn to_field(input: &[u8]) -> Parsed<'_, ToField> {
    let (at, ()) = version(input)?;
    let (rest, kind) = field("type", u8)(at)?;
    match kind {
        ATTACH => {
            let (rest, east_m) = field("east", be_i32)(rest)?;
            let (rest, north_m) = field("north", be_i32)(rest)?;
            Ok((rest, ToField::Attach(Position { east_m, north_m })))
        }
        LISTEN => {
            let (rest, operation) = field("operation", be_u16)(rest)?;
            let (rest, tuning) = tuning(rest)?;
            Ok((rest, ToField::Request(Request::Listen { operation, tuning })))
        }
        REST => {
            let (rest, operation) = field("operation", be_u16)(rest)?;
            Ok((rest, ToField::Request(Request::Rest { operation })))
        }
        TRANSMIT => transmit(rest),
        DETECT => {
            let (rest, operation) = field("operation", be_u16)(rest)?;
            let (rest, tuning) = tuning(rest)?;
            let (rest, symbols) = field("symbols", u8)(rest)?;
            Ok((rest, ToField::Request(Request::Detect { operation, tuning, symbols })))
        }
        DETACH => Ok((rest, ToField::Detach)),
        _ => refuse(ErrorKind::UnknownCode, "type", at),
    }
}

fn transmit(input: &[u8]) -> Parsed<'_, ToField> {
    let (rest, operation) = field("operation", be_u16)(input)?;
    let (rest, tuning) = tuning(rest)?;
    let at = rest;
    let (rest, code) = field("coding rate", u8)(rest)?;
    let Some(coding_rate) = coding_rate_of(code) else {
        return refuse(ErrorKind::UnknownCode, "coding rate", at);
    };
    let (rest, crc) = flag("crc", rest)?;
    let (rest, power_dbm) = field("power", i8)(rest)?;
    let (rest, payload) = payload(rest)?;
    let request = Request::Transmit { operation, tuning, coding_rate, crc, power_dbm, payload };
    Ok((rest, ToField::Request(request)))
}

fn to_chip(input: &[u8]) -> Parsed<'_, ToChip> {
    let (at, ()) = version(input)?;
    let (rest, kind) = field("type", u8)(at)?;
    match kind {
        ATTACHED => {
            let (rest, node) = field("node", be_u16)(rest)?;
            Ok((rest, ToChip::Attached { node }))
        }
        FULL => Ok((rest, ToChip::Full)),
        PREAMBLE => {
            let (rest, operation) = field("operation", be_u16)(rest)?;
            Ok((rest, ToChip::Report(Report::Preamble { operation })))
        }
        HEADER => {
            let (rest, operation) = field("operation", be_u16)(rest)?;
            let (rest, valid) = flag("valid", rest)?;
            Ok((rest, ToChip::Report(Report::Header { operation, valid })))
        }
        PACKET => packet(rest),
        ACTIVITY => {
            let (rest, operation) = field("operation", be_u16)(rest)?;
            let (rest, detected) = flag("detected", rest)?;
            Ok((rest, ToChip::Report(Report::Activity { operation, detected })))
        }
        _ => refuse(ErrorKind::UnknownCode, "type", at),
    }
}

fn packet(input: &[u8]) -> Parsed<'_, ToChip> {
    let (rest, operation) = field("operation", be_u16)(input)?;
    let (rest, intact) = flag("intact", rest)?;
    let (rest, rssi_decidbm) = field("rssi", be_i16)(rest)?;
    let (rest, snr_decidb) = field("snr", be_i16)(rest)?;
    let (rest, payload) = payload(rest)?;
    let report = Report::Packet { operation, intact, rssi_decidbm, snr_decidb, payload };
    Ok((rest, ToChip::Report(report)))
}

fn version(input: &[u8]) -> Parsed<'_, ()> {
    let (rest, version) = field("version", u8)(input)?;
    if version != VERSION {
        return refuse(ErrorKind::UnknownVersion, "version", input);
    }
    Ok((rest, ()))
}

fn tuning(input: &[u8]) -> Parsed<'_, Tuning> {
    let (at_bandwidth, number) = field("spreading factor", u8)(input)?;
    let Some(spreading_factor) = spreading_factor_of(number) else {
        return refuse(ErrorKind::OutOfRange, "spreading factor", input);
    };
    let (rest, code) = field("bandwidth", u8)(at_bandwidth)?;
    let Some(bandwidth) = bandwidth_of(code) else {
        return refuse(ErrorKind::UnknownCode, "bandwidth", at_bandwidth);
    };
    let (rest, frequency_hz) = field("frequency", be_u32)(rest)?;
    let (at_flags, sync_word) = field("sync word", be_u16)(rest)?;
    let (rest, flags) = field("flags", u8)(at_flags)?;
    if flags & !(INVERTED_IQ_BIT | LOW_DATA_RATE_BIT) != 0 {
        return refuse(ErrorKind::Reserved, "flags", at_flags);
    }
    let (rest, preamble_symbols) = field("preamble", be_u16)(rest)?;
    let tuning = Tuning {
        spreading_factor,
        bandwidth,
        frequency_hz,
        sync_word,
        inverted_iq: flags & INVERTED_IQ_BIT != 0,
        low_data_rate: flags & LOW_DATA_RATE_BIT != 0,
        preamble_symbols,
    };
    Ok((rest, tuning))
}

fn put_tuning(out: &mut Vec<u8>, tuning: &Tuning) {
    out.push(spreading_factor_number(tuning.spreading_factor));
    out.push(bandwidth_code(tuning.bandwidth));
    out.extend_from_slice(&tuning.frequency_hz.to_be_bytes());
    out.extend_from_slice(&tuning.sync_word.to_be_bytes());
    let inverted = if tuning.inverted_iq { INVERTED_IQ_BIT } else { 0 };
    let slow = if tuning.low_data_rate { LOW_DATA_RATE_BIT } else { 0 };
    out.push(inverted | slow);
    out.extend_from_slice(&tuning.preamble_symbols.to_be_bytes());
}

fn flag<'a>(name: &'static str, input: &'a [u8]) -> Parsed<'a, bool> {
    let (rest, octet) = field(name, u8)(input)?;
    match octet {
        0 => Ok((rest, false)),
        1 => Ok((rest, true)),
        _ => refuse(ErrorKind::OutOfRange, name, input),
    }
}

fn payload(input: &[u8]) -> Parsed<'_, Vec<u8>> {
    if input.len() > FRAME_OCTETS_MAX {
        return refuse(ErrorKind::TooLong, "payload", input);
    }
    Ok((&[], input.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modulation::{Bandwidth, CodingRate, SpreadingFactor};
    use proptest::prelude::*;

    const TUNING: Tuning = Tuning {
        spreading_factor: SpreadingFactor::_9,
        bandwidth: Bandwidth::_125KHz,
        frequency_hz: 869_525_000,
        sync_word: 0x1424,
        inverted_iq: true,
        low_data_rate: true,
        preamble_symbols: 8,
    };

    #[test]
    fn every_message_reads_back() {
        let operation = 0x0102;
        for message in [
            ToField::Attach(Position { east_m: -5, north_m: 70_000 }),
            ToField::Request(Request::Listen { operation, tuning: TUNING }),
            ToField::Request(Request::Rest { operation }),
            ToField::Request(Request::Transmit {
                operation,
                tuning: TUNING,
                coding_rate: CodingRate::_4_8,
                crc: true,
                power_dbm: -9,
                payload: vec![0xA5; 255],
            }),
            ToField::Request(Request::Detect { operation, tuning: TUNING, symbols: 8 }),
            ToField::Detach,
        ] {
            assert_eq!(ToField::parse(&message.to_bytes()), Ok(message));
        }
        for message in [
            ToChip::Attached { node: 3 },
            ToChip::Full,
            ToChip::Report(Report::Preamble { operation }),
            ToChip::Report(Report::Header { operation, valid: false }),
            ToChip::Report(Report::Packet {
                operation,
                intact: true,
                rssi_decidbm: -1205,
                snr_decidb: -75,
                payload: vec![1, 2, 3],
            }),
            ToChip::Report(Report::Activity { operation, detected: true }),
        ] {
            assert_eq!(ToChip::parse(&message.to_bytes()), Ok(message));
        }
    }

    #[test]
    fn a_refusal_names_the_field() {
        let mut listen =
            ToField::Request(Request::Listen { operation: 1, tuning: TUNING }).to_bytes();
        listen[4] = 13;
        let error = ToField::parse(&listen).unwrap_err();
        assert_eq!(
            (error.kind, error.field, error.offset),
            (ErrorKind::OutOfRange, "spreading factor", 4)
        );
        assert_eq!(ToField::parse(&[2, 0]).unwrap_err().kind, ErrorKind::UnknownVersion);
        assert_eq!(ToChip::parse(&[1, 5]).unwrap_err().kind, ErrorKind::UnknownCode);
        assert_eq!(ToChip::parse(&[1; 321]).unwrap_err().kind, ErrorKind::TooLong);
    }

    proptest! {
        #[test]
        fn what_is_accepted_has_one_form(
            kind in prop_oneof![0_u8..6, 128_u8..134],
            rest in proptest::collection::vec(any::<u8>(), 0..40),
        ) {
            let mut datagram = vec![VERSION, kind];
            datagram.extend(rest);
            if let Ok(message) = ToField::parse(&datagram) {
                prop_assert_eq!(message.to_bytes(), datagram.clone());
            }
            if let Ok(message) = ToChip::parse(&datagram) {
                prop_assert_eq!(message.to_bytes(), datagram);
            }
        }

        #[test]
        fn arbitrary_octets_are_answered(datagram in proptest::collection::vec(any::<u8>(), 0..400)) {
            if let Ok(message) = ToField::parse(&datagram) {
                prop_assert_eq!(message.to_bytes(), datagram.clone());
            }
            if let Ok(message) = ToChip::parse(&datagram) {
                prop_assert_eq!(message.to_bytes(), datagram);
            }
        }
    }
}
