//! What a relay saves of its counting (spec/06-relay.md, "Saved sums"): sums under tags that say nothing to
//! anybody else. Octets in, octets out; the file is the server's business.

use crate::invitation::InvitationNumber;
use crate::node::SenderTag;
use chappe_codec::digest;
use chappe_codec::error::{DecodeError, ErrorKind};
use chappe_codec::framing::{self, Parsed, field, refuse};
use nom::bytes::complete::tag;
use nom::number::complete::{be_u16, be_u32, be_u64, u8};
use std::collections::{BTreeMap, BTreeSet};

const LITERAL: &[u8] = b"chappe-sums";
const VERSION: u8 = 1;
const LABEL: &str = "chappe-relay-sums/1";
const CHECKSUM_OCTETS: usize = 8;

/// Whom the invitations of a relay have let in, in one address epoch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Invited {
    /// The address epoch.
    pub epoch: u32,
    /// The keys, as tags, by the number of the invitation.
    pub tags: BTreeMap<InvitationNumber, BTreeSet<SenderTag>>,
}

/// What one sender has stored, by when it expires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SenderSum {
    /// The sender.
    pub tag: SenderTag,
    /// Hours since 1970 and the octets that expire in them, ascending.
    pub hours: Vec<(u32, u64)>,
}

/// All that is saved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums {
    /// Whom invitations have let in, and in which address epoch all tags were made.
    pub invited: Invited,
    /// What senders have stored.
    pub stored: Vec<SenderSum>,
}

impl Sums {
    /// The file's octets.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = [LITERAL, &[VERSION], &self.invited.epoch.to_be_bytes()].concat();
        put_count(&mut out, self.invited.tags.len());
        for (number, tags) in &self.invited.tags {
            out.extend_from_slice(number);
            put_count(&mut out, tags.len());
            tags.iter().for_each(|tag| out.extend_from_slice(&tag.0));
        }
        put_count(&mut out, self.stored.len());
        for SenderSum { tag, hours } in &self.stored {
            out.extend_from_slice(&tag.0);
            let count = u16::try_from(hours.len()).unwrap_or(u16::MAX);
            out.extend_from_slice(&count.to_be_bytes());
            for (hour, octets) in hours.iter().take(usize::from(count)) {
                out.extend_from_slice(&hour.to_be_bytes());
                out.extend_from_slice(&octets.to_be_bytes());
            }
        }
        let checksum = checksum(&out);
        out.extend_from_slice(&checksum);
        out
    }

    /// Reads a file.
    ///
    /// # Errors
    /// `bad_literal`, `unknown_version`; `bad_checksum` for one that was damaged; `truncated`, `trailing`;
    /// `not_canonical` for what does not ascend.
    pub fn parse(octets: &[u8]) -> Result<Self, DecodeError> {
        let (rest, ()) = framing::parse(octets, beginning)?;
        let begins_at = octets.len().saturating_sub(rest.len());
        let end = octets.len().saturating_sub(CHECKSUM_OCTETS).max(begins_at);
        let (content, shown) = octets.split_at_checked(end).unwrap_or((octets, &[]));
        if shown != checksum(content) {
            return Err(DecodeError::at_octet(ErrorKind::BadChecksum, "checksum", end));
        }
        framing::parse_all(content, Self::read)
    }

    fn read(input: &[u8]) -> Parsed<'_, Self> {
        let (rest, ()) = beginning(input)?;
        let (rest, epoch) = field("epoch", be_u32)(rest)?;
        let (mut rest, invitations) = field("invitations", be_u32)(rest)?;
        let mut tags = BTreeMap::new();
        for _ in 0..invitations {
            let (after, number) = field("number", framing::octets)(rest)?;
            if tags.last_key_value().is_some_and(|(last, _)| *last >= number) {
                return refuse(ErrorKind::NotCanonical, "number", rest);
            }
            let (after, of_it) = read_tags(after)?;
            tags.insert(number, of_it);
            rest = after;
        }
        let (mut rest, senders) = field("senders", be_u32)(rest)?;
        let mut stored = Vec::new();
        for _ in 0..senders {
            let (after, sum) = SenderSum::read(rest)?;
            stored.push(sum);
            rest = after;
        }
        Ok((rest, Self { invited: Invited { epoch, tags }, stored }))
    }
}

impl SenderSum {
    fn read(input: &[u8]) -> Parsed<'_, Self> {
        let (rest, tag) = field("tag", framing::octets)(input)?;
        let (mut rest, count) = field("hours", be_u16)(rest)?;
        let mut hours: Vec<(u32, u64)> = Vec::new();
        for _ in 0..count {
            let (after, hour) = field("hour", be_u32)(rest)?;
            if hours.last().is_some_and(|(last, _)| *last >= hour) {
                return refuse(ErrorKind::NotCanonical, "hour", rest);
            }
            let (after, octets) = field("octets", be_u64)(after)?;
            hours.push((hour, octets));
            rest = after;
        }
        Ok((rest, Self { tag: SenderTag(tag), hours }))
    }
}

fn beginning(input: &[u8]) -> Parsed<'_, ()> {
    let (at, _) = field("literal", tag(LITERAL))(input)?;
    let (rest, version) = field("version", u8)(at)?;
    if version == VERSION {
        Ok((rest, ()))
    } else {
        refuse(ErrorKind::UnknownVersion, "version", at)
    }
}

fn read_tags(input: &[u8]) -> Parsed<'_, BTreeSet<SenderTag>> {
    let (mut rest, count) = field("keys", be_u32)(input)?;
    let mut tags = BTreeSet::new();
    for _ in 0..count {
        let (after, tag) = field("tag", framing::octets)(rest)?;
        if tags.last().is_some_and(|last: &SenderTag| last.0 >= tag) {
            return refuse(ErrorKind::NotCanonical, "tag", rest);
        }
        tags.insert(SenderTag(tag));
        rest = after;
    }
    Ok((rest, tags))
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    out.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes());
}

fn checksum(content: &[u8]) -> [u8; CHECKSUM_OCTETS] {
    digest::first(&digest::hash(LABEL, &[content]))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    fn sums() -> Sums {
        let tags = [[1; 16], [2; 16]].map(SenderTag).into();
        Sums {
            invited: Invited {
                epoch: 2976,
                tags: [([7; 8], tags), ([9; 8], BTreeSet::new())].into(),
            },
            stored: vec![
                SenderSum { tag: SenderTag([3; 16]), hours: vec![(5, 6), (7, u64::MAX)] },
                SenderSum { tag: SenderTag([1; 16]), hours: Vec::new() },
            ],
        }
    }

    #[test]
    fn sums_read_back_and_no_octet_may_be_another() {
        let octets = sums().to_bytes();
        assert_eq!(Sums::parse(&octets), Ok(sums()));
        for at in 0..octets.len() {
            let mut changed = octets.clone();
            changed[at] ^= 1;
            assert!(Sums::parse(&changed).is_err(), "{at}");
            assert!(Sums::parse(&octets[..at]).is_err(), "{at}");
        }
        assert!(Sums::parse(&[octets, vec![0]].concat()).is_err());
    }

    /// With a checksum that is right, so that what is behind it is reached.
    fn refused(change: impl FnOnce(&mut Vec<u8>)) -> (ErrorKind, &'static str) {
        let mut octets = sums().to_bytes();
        octets.truncate(octets.len() - CHECKSUM_OCTETS);
        change(&mut octets);
        let sum = checksum(&octets);
        let error = Sums::parse(&[&octets[..], &sum].concat()).unwrap_err();
        (error.kind, error.field)
    }

    #[test]
    fn what_does_not_ascend_or_end_is_refused() {
        assert_eq!(refused(|octets| octets[0] = b'C').0, ErrorKind::BadLiteral);
        assert_eq!(refused(|octets| octets[11] = 2), (ErrorKind::UnknownVersion, "version"));
        assert_eq!(refused(|octets| octets[32] = 3), (ErrorKind::NotCanonical, "tag"));
        assert_eq!(refused(|octets| octets[20] = 10), (ErrorKind::NotCanonical, "number"));
        assert_eq!(refused(|octets| octets.push(0)).0, ErrorKind::Trailing);
        assert_eq!(refused(|octets| octets.truncate(octets.len() - 1)).0, ErrorKind::Truncated);
        let hour = sums().to_bytes().len() - CHECKSUM_OCTETS - 18 - 12;
        assert_eq!(
            refused(|octets| octets[hour..hour + 4].fill(0)),
            (ErrorKind::NotCanonical, "hour")
        );
    }
}
