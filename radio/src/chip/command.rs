//! The commands of the SX1262 that `lora-phy` issues: 31 of them (datasheet chapter 13).

use chappe_codec::error::{DecodeError, ErrorKind};
use chappe_codec::framing::{self, Parsed, field, refuse};
use nom::number::complete::{be_u16, be_u24, be_u32, i8, u8};

/// One command, as it arrives between two edges of NSS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command<'a> {
    SetSleep {
        warm: bool,
    },
    SetStandby,
    SetTx {
        timeout_ticks: u32,
    },
    SetRx {
        timeout_ticks: u32,
    },
    SetCad,
    StopTimerOnPreamble {
        enabled: bool,
    },
    SetSymbolTimeout {
        symbols: u8,
    },
    SetPacketType {
        lora: bool,
    },
    SetFrequency {
        steps: u32,
    },
    SetPaConfig {
        hp_max: u8,
        low_power: bool,
    },
    SetTxParams {
        power: i8,
    },
    SetModulation {
        spreading_factor: u8,
        bandwidth: u8,
        coding_rate: u8,
        low_data_rate: u8,
    },
    SetPacketParams(PacketParams),
    SetCadParams {
        symbols_code: u8,
        exit: u8,
    },
    SetBufferBase {
        transmit: u8,
        receive: u8,
    },
    ConfigureIrq {
        mask: u16,
        dio1: u16,
    },
    ClearIrq {
        flags: u16,
    },
    ClearErrors,
    WriteRegister {
        address: u16,
        octets: &'a [u8],
    },
    ReadRegister {
        address: u16,
    },
    WriteBuffer {
        offset: u8,
        octets: &'a [u8],
    },
    ReadBuffer {
        offset: u8,
    },
    GetStatus,
    GetIrq,
    GetRxBufferStatus,
    GetPacketStatus,
    /// Takes time and changes nothing a simulated radio has: calibration, regulator, TCXO, DIO2.
    Calibrate,
    Configure,
}

/// SetPacketParams, LoRa (13.4.6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PacketParams {
    pub(super) preamble_symbols: u16,
    pub(super) implicit_header: bool,
    pub(super) payload_octets: u8,
    pub(super) crc: bool,
    pub(super) inverted_iq: bool,
}

impl<'a> Command<'a> {
    /// Reads what came over MOSI. Octets behind a command's parameters clock out its answer and
    /// mean nothing.
    pub(super) fn parse(octets: &'a [u8]) -> Result<Self, DecodeError> {
        framing::parse(octets, command).map(|(_, command)| command)
    }
}

fn command(input: &[u8]) -> Parsed<'_, Command<'_>> {
    let (rest, code) = field("opcode", u8)(input)?;
    match code {
        0x02 => field("flags", be_u16)(rest).map(|(r, flags)| (r, Command::ClearIrq { flags })),
        0x07 => Ok((rest, Command::ClearErrors)),
        0x08 => {
            let (rest, mask) = field("mask", be_u16)(rest)?;
            let (rest, dio1) = field("dio1", be_u16)(rest)?;
            Ok((rest, Command::ConfigureIrq { mask, dio1 }))
        }
        0x0D => {
            let (octets, address) = field("address", be_u16)(rest)?;
            Ok((&[], Command::WriteRegister { address, octets }))
        }
        0x0E => {
            let (octets, offset) = field("offset", u8)(rest)?;
            Ok((&[], Command::WriteBuffer { offset, octets }))
        }
        0x12 => Ok((rest, Command::GetIrq)),
        0x13 => Ok((rest, Command::GetRxBufferStatus)),
        0x14 => Ok((rest, Command::GetPacketStatus)),
        0x1D => {
            let (rest, address) = field("address", be_u16)(rest)?;
            Ok((rest, Command::ReadRegister { address }))
        }
        0x1E => field("offset", u8)(rest).map(|(r, offset)| (r, Command::ReadBuffer { offset })),
        0xC0 => Ok((rest, Command::GetStatus)),
        0x80..=0x8F => state_or_radio(code, rest),
        0x95 => {
            let (rest, _duty_cycle) = field("duty cycle", u8)(rest)?;
            let (rest, hp_max) = field("hp max", u8)(rest)?;
            let (rest, device) = field("device", u8)(rest)?;
            Ok((rest, Command::SetPaConfig { hp_max, low_power: device == 1 }))
        }
        0x96 | 0x97 | 0x9D => Ok((rest, Command::Configure)),
        0x98 => Ok((rest, Command::Calibrate)),
        0x9F => {
            let (rest, enabled) = field("enabled", u8)(rest)?;
            Ok((rest, Command::StopTimerOnPreamble { enabled: enabled == 1 }))
        }
        0xA0 => {
            let (rest, symbols) = field("symbols", u8)(rest)?;
            Ok((rest, Command::SetSymbolTimeout { symbols }))
        }
        0xC5 => Ok((rest, Command::SetCad)),
        _ => refuse(ErrorKind::UnknownCode, "opcode", input),
    }
}

fn state_or_radio(code: u8, rest: &[u8]) -> Parsed<'_, Command<'_>> {
    match code {
        0x80 => field("clock", u8)(rest).map(|(rest, _)| (rest, Command::SetStandby)),
        0x82 => {
            let (rest, timeout_ticks) = field("timeout", be_u24)(rest)?;
            Ok((rest, Command::SetRx { timeout_ticks }))
        }
        0x83 => {
            let (rest, timeout_ticks) = field("timeout", be_u24)(rest)?;
            Ok((rest, Command::SetTx { timeout_ticks }))
        }
        0x84 => {
            let (rest, config) = field("sleep config", u8)(rest)?;
            Ok((rest, Command::SetSleep { warm: config & 0b100 != 0 }))
        }
        0x86 => {
            let (rest, steps) = field("frequency", be_u32)(rest)?;
            Ok((rest, Command::SetFrequency { steps }))
        }
        0x88 => {
            let (rest, symbols_code) = field("symbols", u8)(rest)?;
            let (rest, _peak) = field("peak", u8)(rest)?;
            let (rest, _minimum) = field("minimum", u8)(rest)?;
            let (rest, exit) = field("exit", u8)(rest)?;
            Ok((rest, Command::SetCadParams { symbols_code, exit }))
        }
        0x89 => Ok((rest, Command::Calibrate)),
        0x8A => {
            let (rest, kind) = field("packet type", u8)(rest)?;
            Ok((rest, Command::SetPacketType { lora: kind == 1 }))
        }
        0x8B => {
            let (rest, spreading_factor) = field("spreading factor", u8)(rest)?;
            let (rest, bandwidth) = field("bandwidth", u8)(rest)?;
            let (rest, coding_rate) = field("coding rate", u8)(rest)?;
            let (rest, low_data_rate) = field("low data rate", u8)(rest)?;
            let command =
                Command::SetModulation { spreading_factor, bandwidth, coding_rate, low_data_rate };
            Ok((rest, command))
        }
        0x8C => packet_params(rest),
        0x8E => {
            let (rest, power) = field("power", i8)(rest)?;
            let (rest, _ramp) = field("ramp", u8)(rest)?;
            Ok((rest, Command::SetTxParams { power }))
        }
        0x8F => {
            let (rest, transmit) = field("transmit base", u8)(rest)?;
            let (rest, receive) = field("receive base", u8)(rest)?;
            Ok((rest, Command::SetBufferBase { transmit, receive }))
        }
        _ => refuse(ErrorKind::UnknownCode, "opcode", rest),
    }
}

fn packet_params(rest: &[u8]) -> Parsed<'_, Command<'_>> {
    let (rest, preamble_symbols) = field("preamble", be_u16)(rest)?;
    let (rest, header) = field("header", u8)(rest)?;
    let (rest, payload_octets) = field("length", u8)(rest)?;
    let (rest, crc) = field("crc", u8)(rest)?;
    let (rest, iq) = field("iq", u8)(rest)?;
    let params = PacketParams {
        preamble_symbols,
        implicit_header: header != 0,
        payload_octets,
        crc: crc != 0,
        inverted_iq: iq != 0,
    };
    Ok((rest, Command::SetPacketParams(params)))
}
