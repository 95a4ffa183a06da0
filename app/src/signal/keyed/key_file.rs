//! The file of the keys of Whiteflag's own cryptography. They are of this file alone: no key of an
//! identity is one of them.

use super::talk::Talk;
use crate::exit::{Exit, Failure, Outcome};
use crate::files;
use crate::signal::flaw::Flaw;
use chappe_codec::error::ErrorKind;
use chappe_codec::signal::cryptography::authentication::VerificationKey;
use chappe_codec::signal::cryptography::{
    Address, AgreementSecret, CryptographyError, KeyRing, SharedSecret,
};
use serde::Deserialize;
use std::fmt;
use std::path::Path;
use zeroize::{Zeroize, Zeroizing};

const FORMAT: &str = "chappe-whiteflag-keys/1";

/// What the file says, every key of it looked at.
pub(crate) struct Keys {
    own: Own,
    originators: Vec<Originator>,
}

struct Own {
    address: Address,
    secret: Option<AgreementSecret>,
}

/// One other participant.
pub(crate) struct Originator {
    pub(crate) address: Address,
    pre_shared: Option<SharedSecret>,
    expires_seconds: Option<u64>,
    pub(crate) token: Option<SharedSecret>,
    pub(crate) key: Option<VerificationKey>,
}

impl Keys {
    /// Reads the file. What is wrong is named by its place; no secret, nor a part of one, is.
    pub(crate) fn read(path: &Path) -> Outcome<Self> {
        let content = files::read_private(path)?;
        let file: File = serde_json::from_slice(&content).map_err(|error| {
            // The message of the parser may quote what stands there.
            let (line, column) = (error.line(), error.column());
            let message = format!("{}: not the file of keys it should be", path.display());
            Failure::new(Exit::Malformed, "bad_literal", format!("{message}, line {line}:{column}"))
                .advise("chappe signal decrypt --help shows one")
        })?;
        if file.format != FORMAT {
            let message = format!("{}: of another version of Chappe", path.display());
            return Err(Failure::new(Exit::Malformed, "unknown_version", message));
        }
        let own = Own {
            address: file.own.address.read()?,
            secret: file.own.secret_key.map(|secret| secret.agreement()).transpose()?,
        };
        let originators = file.originators.into_iter().map(OriginatorEntry::read);
        Ok(Self { own, originators: originators.collect::<Outcome<_>>()? })
    }

    /// The originator an address names.
    pub(crate) fn originator(&self, address: &str) -> Result<&Originator, Flaw> {
        let found = self.originators.iter().find(|one| one.address.is_written(address));
        found.ok_or_else(|| Flaw {
            message: "no originator in the file of the keys has this address".into(),
            ..Flaw::of_field(ErrorKind::Missing, "originator")
        })
    }

    /// The keys to encrypt and decrypt with.
    pub(crate) fn talk(self) -> Outcome<Talk> {
        let mut ring = KeyRing::new(self.own.address.clone());
        if let Some(secret) = self.own.secret.clone() {
            ring.set_secret(secret);
        }
        for one in &self.originators {
            if let Some(secret) = one.pre_shared.clone() {
                ring.share(&one.address, secret, one.expires_seconds)?;
            }
        }
        Ok(Talk::new(self, ring))
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys of {} and {} others", self.own.address.text(), self.originators.len())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    own: OwnEntry,
    #[serde(default)]
    originators: Vec<OriginatorEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnEntry {
    address: AddressEntry,
    secret_key: Option<Secret>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OriginatorEntry {
    address: AddressEntry,
    pre_shared: Option<Secret>,
    expires: Option<u64>,
    token: Option<Secret>,
    key: Option<KeyEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AddressEntry {
    form: Form,
    text: String,
    binary: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Form {
    Base58check,
    Ss58,
    Hexadecimal,
    Other,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyEntry {
    curve: Curve,
    octets: String,
}

#[derive(Clone, Copy, Deserialize)]
enum Curve {
    #[serde(rename = "P-256")]
    P256,
    #[serde(rename = "secp256k1")]
    Secp256k1,
    Ed25519,
}

/// Digits of a secret, wiped when dropped.
#[derive(Deserialize)]
#[serde(transparent)]
struct Secret(String);

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Secret {
    fn octets(&self, field: &'static str) -> Outcome<Zeroizing<Vec<u8>>> {
        let mut octets = Zeroizing::new(Vec::with_capacity(self.0.len() / 2));
        let digit =
            |digit: u8| char::from(digit).to_digit(16).and_then(|one| u8::try_from(one).ok());
        let (pairs, rest) = self.0.as_bytes().as_chunks::<2>();
        for [high, low] in pairs {
            match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => octets.push(high << 4 | low),
                _ => return Err(no_digits(field)),
            }
        }
        if rest.is_empty() { Ok(octets) } else { Err(no_digits(field)) }
    }

    fn agreement(&self) -> Outcome<AgreementSecret> {
        let octets = self.octets("secret_key")?;
        let octets: &[u8; 32] = octets
            .as_slice()
            .try_into()
            .map_err(|_| Failure::new(Exit::Malformed, "too_short", "secret_key: not 32 octets"))?;
        Ok(AgreementSecret::from_bytes(octets)?)
    }
}

impl OriginatorEntry {
    fn read(self) -> Outcome<Originator> {
        let shared = |secret: Secret| Ok(SharedSecret::new(&secret.octets("pre_shared")?)?);
        let token = |secret: Secret| Ok(SharedSecret::token(&secret.octets("token")?)?);
        Ok(Originator {
            address: self.address.read()?,
            pre_shared: self.pre_shared.map(shared).transpose().map_err(|error: Failure| error)?,
            expires_seconds: self.expires,
            token: self.token.map(token).transpose().map_err(|error: Failure| error)?,
            key: self.key.map(|key| key.read()).transpose()?,
        })
    }
}

impl AddressEntry {
    fn read(&self) -> Outcome<Address> {
        let address = match self.form {
            Form::Base58check => Address::from_base58check(&self.text),
            Form::Ss58 => Address::from_ss58(&self.text),
            Form::Hexadecimal => Address::from_hexadecimal(&self.text),
            Form::Other => {
                let binary = self.binary.as_deref().unwrap_or_default();
                Address::other(&self.text, &crate::hex::decode("binary", binary)?)
            }
        };
        Ok(address?)
    }
}

impl KeyEntry {
    fn read(&self) -> Outcome<VerificationKey> {
        let octets = crate::hex::decode("key", &self.octets)?;
        Ok(match self.curve {
            Curve::P256 => VerificationKey::from_p256(&octets),
            Curve::Secp256k1 => VerificationKey::from_secp256k1(&octets),
            Curve::Ed25519 => VerificationKey::from_ed25519(&octets),
        }?)
    }
}

fn no_digits(field: &str) -> Failure {
    let message = format!("{field}: not pairs of hexadecimal digits");
    Failure::new(Exit::Malformed, "bad_character", message)
}

impl From<CryptographyError> for Failure {
    fn from(error: CryptographyError) -> Self {
        Self::new(Exit::Authentication, error.kind.name(), error.to_string())
    }
}

impl From<Flaw> for Failure {
    fn from(flaw: Flaw) -> Self {
        Self::new(Exit::Malformed, flaw.kind, format!("{}: {}", flaw.field, flaw.message))
    }
}
