//! What a relay stores and forwards (spec/06-relay.md, "Parcel").

use crate::address::{Address, AddressKind};
use crate::limits::{PARCEL_HEADER_OCTETS, SECONDS_MAX};
use chappe_codec::digest;
use chappe_codec::error::{DecodeError, ErrorKind};
use chappe_codec::framing::{self, field, refuse};
use chappe_codec::limits::ENVELOPE_OCTETS_MAX;
use chappe_codec::precedence::Precedence;
use chappe_codec::time;
use nom::combinator::rest;
use nom::number::complete::u8;
use std::fmt;

/// An envelope on its way: whom it is for, how urgent it is, until when it matters.
#[derive(Clone, PartialEq, Eq)]
pub struct Parcel {
    /// Where it goes.
    pub address: Address,
    /// How urgent it is.
    pub precedence: Precedence,
    expiry_seconds: u64,
    envelope: Vec<u8>,
}

impl Parcel {
    /// Puts an envelope into a parcel that expires `expiry_seconds` after 1970.
    ///
    /// # Errors
    /// `too_short` or `too_long` in `envelope` (1 to 16,384 octets), `out_of_range` in `expiry`
    /// (40 bits).
    pub fn new(
        address: Address,
        precedence: Precedence,
        expiry_seconds: u64,
        envelope: Vec<u8>,
    ) -> Result<Self, DecodeError> {
        if expiry_seconds > SECONDS_MAX {
            return Err(DecodeError::at_octet(ErrorKind::OutOfRange, "expiry", 17));
        }
        match envelope_flaw(&envelope) {
            Some(kind) => Err(DecodeError::at_octet(kind, "envelope", PARCEL_HEADER_OCTETS)),
            None => Ok(Self { address, precedence, expiry_seconds, envelope }),
        }
    }

    /// Reads a parcel; the envelope is everything behind the header.
    ///
    /// # Errors
    /// `unknown_version`, `reserved` (octet 0), `truncated`, and as [`Parcel::new`].
    pub fn parse(octets: &[u8]) -> Result<Self, DecodeError> {
        framing::parse_all(octets, Self::read)
    }

    pub(crate) fn read(input: &[u8]) -> framing::Parsed<'_, Self> {
        let (rest, parcel) = ParcelRef::read(input)?;
        Ok((rest, parcel.to_parcel()))
    }

    /// The parcel's octets.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.octets());
        self.put(&mut out);
        out
    }

    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        out.push(self.head());
        out.extend_from_slice(&self.address.octets);
        out.extend_from_slice(&time::seconds_to_bytes(self.expiry_seconds));
        out.extend_from_slice(&self.envelope);
    }

    /// Octet 0: version, kind and precedence.
    pub(crate) const fn head(&self) -> u8 {
        head(self.address.kind, self.precedence)
    }

    /// The parcel's length in octets.
    #[must_use]
    pub const fn octets(&self) -> usize {
        self.envelope.len().saturating_add(PARCEL_HEADER_OCTETS)
    }

    /// Seconds after 1970 from which on nobody gets it any more.
    #[must_use]
    pub const fn expiry_seconds(&self) -> u64 {
        self.expiry_seconds
    }

    /// The envelope, octet for octet as its author made it.
    #[must_use]
    pub fn envelope(&self) -> &[u8] {
        &self.envelope
    }

    /// Takes the envelope out.
    #[must_use]
    pub fn into_envelope(self) -> Vec<u8> {
        self.envelope
    }

    /// The parcel's id: SHA-256 of the envelope alone, so that the same envelope through two gateways
    /// or relays is one parcel.
    #[must_use]
    pub fn id(&self) -> ParcelId {
        ParcelId(digest::sha256(&self.envelope))
    }
}

/// A parcel where it lies: nothing is copied.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ParcelRef<'a> {
    /// Where it goes.
    pub address: Address,
    /// How urgent it is.
    pub precedence: Precedence,
    expiry_seconds: u64,
    octets: &'a [u8],
}

impl<'a> ParcelRef<'a> {
    /// Reads a parcel; the envelope is everything behind the header.
    ///
    /// # Errors
    /// As [`Parcel::parse`].
    pub fn parse(octets: &'a [u8]) -> Result<Self, DecodeError> {
        framing::parse_all(octets, Self::read)
    }

    pub(crate) fn read(input: &'a [u8]) -> framing::Parsed<'a, Self> {
        let (after, head) = field("version", u8)(input)?;
        let (kind, precedence) = match split_head(head) {
            Ok(split) => split,
            Err((kind, name)) => return refuse(kind, name, input),
        };
        let (after, octets) = field("address", framing::octets)(after)?;
        let (after, expiry_seconds) = time::read_seconds("expiry", after)?;
        if let Some(kind) = envelope_flaw(after) {
            return refuse(kind, "envelope", after);
        }
        let (after, _) = rest(after)?;
        let address = Address { kind, octets };
        Ok((after, Self { address, precedence, expiry_seconds, octets: input }))
    }

    /// All of it.
    #[must_use]
    pub const fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// Octet 0: version, kind and precedence.
    pub(crate) const fn head(&self) -> u8 {
        head(self.address.kind, self.precedence)
    }

    /// Seconds after 1970 from which on nobody gets it any more.
    #[must_use]
    pub const fn expiry_seconds(&self) -> u64 {
        self.expiry_seconds
    }

    /// Everything from the expiry on: what a delivery says of it behind its head.
    pub(crate) fn expiry_and_envelope(&self) -> &'a [u8] {
        self.octets.get(17..).unwrap_or_default()
    }

    /// The envelope, octet for octet as its author made it.
    #[must_use]
    pub fn envelope(&self) -> &'a [u8] {
        self.octets.get(PARCEL_HEADER_OCTETS..).unwrap_or_default()
    }

    /// A copy to keep.
    #[must_use]
    pub fn to_parcel(&self) -> Parcel {
        Parcel {
            address: self.address,
            precedence: self.precedence,
            expiry_seconds: self.expiry_seconds,
            envelope: self.envelope().to_vec(),
        }
    }
}

/// The kind only, as of an address.
impl fmt::Debug for ParcelRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, precedence, .. } = self;
        write!(f, "ParcelRef({address:?}, {precedence}, {} octets)", self.envelope().len())
    }
}

const fn head(kind: AddressKind, precedence: Precedence) -> u8 {
    (kind.code() << 3) | (precedence.to_bits() << 1)
}

/// What octet 0 says, or what is wrong with it.
pub(crate) const fn split_head(
    head: u8,
) -> Result<(AddressKind, Precedence), (ErrorKind, &'static str)> {
    if head >> 4 != 0 {
        return Err((ErrorKind::UnknownVersion, "version"));
    }
    if head & 1 != 0 {
        return Err((ErrorKind::Reserved, "reserved"));
    }
    let kind = if head & 8 == 0 { AddressKind::Mailbox } else { AddressKind::Topic };
    Ok((kind, Precedence::from_bits(head >> 1)))
}

pub(crate) fn envelope_flaw(envelope: &[u8]) -> Option<ErrorKind> {
    match envelope.len() {
        0 => Some(ErrorKind::TooShort),
        octets if octets > ENVELOPE_OCTETS_MAX => Some(ErrorKind::TooLong),
        _ => None,
    }
}

impl fmt::Debug for Parcel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, precedence, envelope, .. } = self;
        write!(f, "Parcel({address:?}, {precedence}, {} octets)", envelope.len())
    }
}

/// SHA-256 of an envelope.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParcelId(pub [u8; 32]);

impl ParcelId {
    /// The first eight hex digits: enough to follow one parcel through a log, too little to look it
    /// up elsewhere.
    #[must_use]
    pub fn short(&self) -> String {
        self.to_string().chars().take(8).collect()
    }
}

impl fmt::Display for ParcelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for ParcelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ParcelId({})", self.short())
    }
}
