//! What an originator claims of itself (5.1.2.1).

use super::Expected;
use super::json::Member;
use super::origin::Origin;
use crate::error::ErrorKind;
use crate::limits::ORGANISATION_NAME_OCTETS_MAX;
use crate::signal::cryptography::error::CryptographyError;
use alloc::string::String;

/// The claims, by the names of 5.1.2.1. Texts of others: they may steer a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// `addr`: the address.
    pub address: String,
    /// `orgname`: what it calls itself. Nobody has checked that.
    pub name: String,
    /// `url`: where this stands.
    pub url: String,
    /// `extpubkey`: for deterministic addresses, which are not followed.
    pub extended_public_key: Option<String>,
}

pub(super) const NAMES: [&str; 4] = ["addr", "orgname", "url", "extpubkey"];

/// What the JWS has of them.
#[derive(Debug, Clone)]
pub(super) struct Stated {
    address: Member,
    name: Member,
    url: Member,
    extended_public_key: Member,
}

impl Stated {
    /// In the order of [`NAMES`].
    pub(super) fn new([address, name, url, extended_public_key]: [Member; 4]) -> Self {
        Self { address, name, url, extended_public_key }
    }

    /// All that is claimed is as expected.
    pub(super) fn check(&self, expected: &Expected<'_>) -> Result<(), CryptographyError> {
        let refuse = |kind, field| Err(CryptographyError::format(kind, field));
        if !expected.address.is_written(given(&self.address, "addr")?) {
            return refuse(ErrorKind::Inconsistent, "addr");
        }
        if expected.address.belongs_to(expected.key) == Some(false) {
            return refuse(ErrorKind::Inconsistent, "key");
        }
        let name = given(&self.name, "orgname")?;
        if name.is_empty() {
            return refuse(ErrorKind::TooShort, "orgname");
        }
        if name.len() > ORGANISATION_NAME_OCTETS_MAX {
            return refuse(ErrorKind::TooLong, "orgname");
        }
        if name.contains(char::is_control) {
            return refuse(ErrorKind::BadCharacter, "orgname");
        }
        let url = given(&self.url, "url")?;
        if url != expected.url {
            return refuse(ErrorKind::Inconsistent, "url");
        }
        let origin = Origin::of(url, "url")?;
        match expected.fetched_from.map(|fetched| Origin::of(fetched, "origin")).transpose()? {
            Some(fetched) if fetched != origin => refuse(ErrorKind::Inconsistent, "origin"),
            _ => Ok(()),
        }
    }

    /// The claims, none of which is missing.
    pub(super) fn known(self) -> Result<Claims, CryptographyError> {
        given(&self.address, "addr")?;
        given(&self.name, "orgname")?;
        given(&self.url, "url")?;
        Ok(self.as_they_are())
    }

    /// Empty where missing.
    pub(super) fn as_they_are(&self) -> Claims {
        let text = |member: &Member| member.text().unwrap_or_default().into();
        Claims {
            address: text(&self.address),
            name: text(&self.name),
            url: text(&self.url),
            extended_public_key: self.extended_public_key.text().map(Into::into),
        }
    }
}

fn given<'a>(member: &'a Member, field: &'static str) -> Result<&'a str, CryptographyError> {
    member.text().ok_or(CryptographyError::format(ErrorKind::Missing, field))
}
