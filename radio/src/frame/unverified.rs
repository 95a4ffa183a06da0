//! Octets that look like a frame.

use chappe_codec::error::{DecodeError, ErrorKind};
use chappe_codec::framing::{self, Parsed, field, octets, refuse};
use chappe_codec::label::Label;
use chappe_codec::precedence::Precedence;
use chappe_codec::realm::Realm;
use nom::number::complete::{be_u16, u8};

use super::key::{HOPS_LEFT_BITS, RELAYED_BIT};
use super::{Frame, FrameError, FrameKind, NetworkKey, NetworkKeys, Pseudonym};
use crate::limits::{FRAME_OCTETS_MAX, MIC_OCTETS};

/// A frame whose form is right and whose MIC has not been looked at. The radio hands up damaged
/// frames as if they were whole, so nothing in here is to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unverified<'a> {
    header: Header,
    kind: FrameKind,
    payload: &'a [u8],
    covered: &'a [u8],
    mic: [u8; MIC_OCTETS],
}

impl<'a> Unverified<'a> {
    /// Checks the form of a received packet.
    ///
    /// # Errors
    ///
    /// The first field that is not as spec/05-radio.md has it, with its octet: unknown versions and
    /// types, reserved bits, too short, too long, octets behind an acknowledgement.
    pub fn parse(packet: &'a [u8]) -> Result<Self, DecodeError> {
        if packet.len() > FRAME_OCTETS_MAX {
            return Err(DecodeError::at_octet(ErrorKind::TooLong, "frame", FRAME_OCTETS_MAX));
        }
        // "last 4 MIC": it is cut off first, since only what is left tells how long the rest is.
        let Some((covered, mic)) = packet.split_last_chunk::<MIC_OCTETS>() else {
            return Err(DecodeError::at_octet(ErrorKind::Truncated, "version", packet.len()));
        };
        let (header, kind, payload) = framing::parse_all(covered, frame)?;
        Ok(Self { header, kind, payload, covered, mic: *mic })
    }

    /// The net whose key the MIC has to be checked with.
    #[must_use]
    pub const fn net(&self) -> u8 {
        self.header.net
    }

    /// What the frame says it is: for showing, never for acting.
    #[must_use]
    pub const fn kind(&self) -> FrameKind {
        self.kind
    }

    /// The envelope it claims to carry, empty in an acknowledgement: for whoever checks what was
    /// recorded without having the net's key.
    #[must_use]
    pub const fn claimed_payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The frame, if its MIC is right.
    ///
    /// # Errors
    ///
    /// [`FrameError::BadMic`] and nothing else.
    pub fn verify(&self, key: &NetworkKey, realm: Realm) -> Result<Frame, FrameError> {
        if !key.accepts(realm, self.covered, self.mic) {
            return Err(FrameError::BadMic);
        }
        let header = self.header;
        Ok(Frame {
            precedence: header.precedence,
            hops_left: header.hops_left,
            acknowledgement_wanted: header.acknowledgement_wanted,
            backbone: header.backbone,
            relayed: header.relayed,
            net: header.net,
            source: header.source,
            sequence: header.sequence,
            previous: header.previous,
            kind: self.kind,
            payload: self.payload.to_vec(),
        })
    }
}

impl Frame {
    /// Reads a received packet: form, net, MIC, in this order.
    ///
    /// # Errors
    ///
    /// Why it was dropped.
    pub fn parse(packet: &[u8], keys: &NetworkKeys, realm: Realm) -> Result<Self, FrameError> {
        let unverified = Unverified::parse(packet)?;
        let key = keys.get(unverified.net()).ok_or(FrameError::UnknownNet(unverified.net()))?;
        unverified.verify(key, realm)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Header {
    code: u8,
    precedence: Precedence,
    hops_left: u8,
    acknowledgement_wanted: bool,
    backbone: bool,
    relayed: bool,
    net: u8,
    source: Pseudonym,
    sequence: u16,
    previous: u8,
}

fn frame(input: &[u8]) -> Parsed<'_, (Header, FrameKind, &[u8])> {
    let (rest, header) = header(input)?;
    match header.code {
        0 => {
            let (rest, label) = field("label", octets::<3>)(rest)?;
            let (rest, payload) = field("envelope", envelope)(rest)?;
            Ok((rest, (header, FrameKind::Data { label: Label(label) }, payload)))
        }
        1 => {
            let (rest, payload) = field("envelope", envelope)(rest)?;
            Ok((rest, (header, FrameKind::Broadcast, payload)))
        }
        // "octet 1 is zero": what is never passed on has no hops, and no one answers an answer.
        4 => {
            let flags = header.hops_left != 0
                || header.acknowledgement_wanted
                || header.backbone
                || header.relayed;
            if flags {
                return refuse(ErrorKind::Reserved, "flags", input.get(1..).unwrap_or_default());
            }
            Ok((rest, (header, FrameKind::Acknowledgement, &[])))
        }
        _ => refuse(ErrorKind::UnknownCode, "type", input),
    }
}

fn header(input: &[u8]) -> Parsed<'_, Header> {
    let (rest, first) = field("version", u8)(input)?;
    if first >> 6 != 0 {
        return refuse(ErrorKind::UnknownVersion, "version", input);
    }
    if first & 0b0000_0001 != 0 {
        return refuse(ErrorKind::Reserved, "extension", input);
    }
    let second = rest;
    let (rest, flags) = field("flags", u8)(rest)?;
    if flags & 0b0000_0001 != 0 {
        return refuse(ErrorKind::Reserved, "reserved", second);
    }
    let (rest, net) = field("net", u8)(rest)?;
    let (rest, source) = field("source", octets::<3>)(rest)?;
    let (rest, sequence) = field("sequence", be_u16)(rest)?;
    let (rest, previous) = field("previous", u8)(rest)?;
    let header = Header {
        code: (first >> 3) & 0b111,
        precedence: Precedence::from_bits(first >> 1),
        hops_left: (flags & HOPS_LEFT_BITS) >> 4,
        acknowledgement_wanted: flags & 0b0000_1000 != 0,
        backbone: flags & 0b0000_0100 != 0,
        relayed: flags & RELAYED_BIT != 0,
        net,
        source: Pseudonym(source),
        sequence,
        previous,
    };
    Ok((rest, header))
}

/// An envelope is at least one octet; what it is, is not the link's business.
fn envelope(input: &[u8]) -> Parsed<'_, &[u8]> {
    if input.is_empty() {
        return refuse(ErrorKind::Truncated, "envelope", input);
    }
    Ok((&[], input))
}
