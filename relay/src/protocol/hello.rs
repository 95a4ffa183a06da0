//! The first message of a connection (spec/06-relay.md, "Hello").

use crate::limits::HELLO_VERSIONS_MAX;
use chappe_codec::error::ErrorKind;
use chappe_codec::framing::{self, Parsed, field, refuse};
use chappe_codec::realm::Realm;
use nom::bytes::complete::take;
use nom::number::complete::u8;

/// As what somebody connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ConnectionRole {
    /// As a client.
    #[default]
    Client,
    /// As a relay that this one knows (spec/06-relay.md, "Federation").
    Relay,
}

/// What a client says first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello<'a> {
    /// As what it connects.
    pub role: ConnectionRole,
    /// The realm it speaks in.
    pub realm: Realm,
    /// The versions it knows, ascending.
    pub versions: Vec<u8>,
    /// A certificate (spec/10-identity.md), or nothing. It is not looked at here.
    pub certificate: &'a [u8],
    /// An invitation, or nothing. It is not looked at here.
    pub invitation: &'a [u8],
}

impl<'a> Hello<'a> {
    pub(super) fn read(input: &'a [u8]) -> Parsed<'a, Self> {
        let (realm_at, role) = field("role", u8)(input)?;
        let role = match role {
            0 => ConnectionRole::Client,
            1 => ConnectionRole::Relay,
            _ => return refuse(ErrorKind::UnknownCode, "role", input),
        };
        let (count_at, realm) = field("realm", framing::octets::<5>)(realm_at)?;
        let Ok(realm) = Realm::parse(&realm) else {
            return refuse(ErrorKind::UnknownCode, "realm", realm_at);
        };
        let (versions_at, count) = field("count", u8)(count_at)?;
        if count == 0 || usize::from(count) > HELLO_VERSIONS_MAX {
            return refuse(ErrorKind::OutOfRange, "count", count_at);
        }
        let mut versions = Vec::with_capacity(usize::from(count));
        let mut input = versions_at;
        for _ in 0..count {
            let (after, version) = field("versions", u8)(input)?;
            if versions.last().is_some_and(|last| *last >= version) {
                return refuse(ErrorKind::NotCanonical, "versions", input);
            }
            versions.push(version);
            input = after;
        }
        let (input, certificate) = part("certificate", input)?;
        let (input, invitation) = part("invitation", input)?;
        Ok((input, Self { role, realm, versions, certificate, invitation }))
    }

    pub(super) fn to_body(&self) -> Vec<u8> {
        let role = match self.role {
            ConnectionRole::Client => 0,
            ConnectionRole::Relay => 1,
        };
        let mut out = vec![role];
        out.extend_from_slice(&self.realm.to_bytes());
        out.push(u8::try_from(self.versions.len()).unwrap_or(u8::MAX));
        out.extend_from_slice(&self.versions);
        for part in [self.certificate, self.invitation] {
            framing::put_length(&mut out, part.len());
            out.extend_from_slice(part);
        }
        out
    }
}

/// A length and as many octets.
fn part<'a>(name: &'static str, input: &'a [u8]) -> Parsed<'a, &'a [u8]> {
    let (after, octets) = field(name, framing::length)(input)?;
    field(name, take(octets))(after)
}
