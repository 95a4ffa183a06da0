//! `chappe signal decrypt`, `encrypt` and `authenticate`: Whiteflag's own cryptography
//! (spec/12-whiteflag-cryptography.md). Legacy: no integrity.

mod authenticate;
mod key_file;
mod talk;

use super::flaw::Flaw;
use super::form::utf8;
use super::lines::Answer;
use super::terminal::json_line;
use crate::exit::{Failure, Outcome};
use chappe_codec::error::ErrorKind;
use chappe_codec::signal::cryptography::Address;
use key_file::Keys;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::path::PathBuf;

/// Actions that need keys.
#[derive(Debug, Clone, clap::Subcommand)]
pub(super) enum KeyedAction {
    /// Legacy, no integrity: encrypted messages in, JSON out
    ///
    /// Whiteflag's encryption has no MAC: a message may have been changed on its way, and nothing here
    /// would notice. Nothing that decrypts counts as signed.
    #[command(after_help = "\
A line is {\"originator\": ADDRESS, \"id\": 64 DIGITS, \"hex\": MESSAGE}, in the order
of the ledger, the K with public keys and initialisation vectors among them.

Keys (spec chapter 12, \"Key file\"; only their owner may be able to read them):
  {\"format\": \"chappe-whiteflag-keys/1\",
   \"own\": {\"address\": {\"form\": \"base58check\", \"text\": \"1...\"},
           \"secret_key\": \"...\"},
   \"originators\": [{\"address\": {...}, \"pre_shared\": \"...\", \"expires\": 1790000000,
     \"token\": \"...\", \"key\": {\"curve\": \"secp256k1\", \"octets\": \"02...\"}}]}")]
    Decrypt(KeysArguments),
    /// Legacy, no integrity: messages in, encrypted ones out
    ///
    /// EncryptionIndicator says how: 1 by an agreed key, 2 by a pre-shared one. The answer has the
    /// octets, and the K that must follow once the ledger has given them an id. What is to stay whole
    /// and secret goes by `chappe send`.
    Encrypt(EncryptArguments),
    /// Legacy: A1 and A2 messages in, who their originator is out
    ///
    /// The page or the token is what is checked, not the name.
    #[command(after_help = "\
A line is {\"originator\": ADDRESS, \"hex\": MESSAGE}; for an A1 with \"resource\":
TEXT, what stands at its URL, and \"fetched_from\": URL, where it came from in the
end. Keys and tokens: chappe signal decrypt --help. Nothing is fetched.")]
    Authenticate(KeysArguments),
}

/// Where the keys are.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct KeysArguments {
    /// The file of the keys, which only its owner can read
    #[arg(long, value_name = "FILE")]
    keys: PathBuf,
}

#[derive(Debug, Clone, clap::Args)]
pub(super) struct EncryptArguments {
    #[command(flatten)]
    keys: KeysArguments,
    /// The address of the originator it is for, one of the file
    #[arg(long, value_name = "ADDRESS")]
    to: String,
    /// For an agreed key: its public key, 33 octets, as its K0A says
    #[arg(long, value_name = "DIGITS")]
    public_key: Option<String>,
}

/// What to do with each line, and the keys for it.
#[derive(Debug)]
pub(super) enum Keyed {
    Decrypt(talk::Talk),
    Encrypt(talk::Talk, Address),
    Authenticate(Keys),
}

impl KeyedAction {
    /// Reads the keys.
    pub(super) fn settle(&self) -> Outcome<Keyed> {
        Ok(match self {
            Self::Decrypt(arguments) => Keyed::Decrypt(Keys::read(&arguments.keys)?.talk()?),
            Self::Encrypt(arguments) => {
                let keys = Keys::read(&arguments.keys.keys)?;
                let to = keys.originator(&arguments.to).map_err(Failure::from)?.address.clone();
                let mut talk = keys.talk()?;
                if let Some(public_key) = &arguments.public_key {
                    talk.announce(&to, public_key)?;
                }
                Keyed::Encrypt(talk, to)
            }
            Self::Authenticate(arguments) => Keyed::Authenticate(Keys::read(&arguments.keys)?),
        })
    }
}

impl Keyed {
    /// The answer to one line.
    pub(super) fn answer(&mut self, line: &[u8]) -> Result<Answer, Flaw> {
        let value = match self {
            Self::Decrypt(talk) => talk.decrypted(line)?,
            Self::Encrypt(talk, to) => talk.encrypted(line, to)?,
            Self::Authenticate(keys) => authenticate::answer(keys, line)?,
        };
        Ok(Answer::good(json_line(&value)))
    }
}

/// A line of JSON in a known shape, without anything else in it.
fn read_line<T: DeserializeOwned>(line: &[u8]) -> Result<T, Flaw> {
    let text = utf8(line)?;
    serde_json::from_str(text).map_err(|error| {
        let kind = if error.is_eof() { ErrorKind::Truncated } else { ErrorKind::BadLiteral };
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        Flaw::at_octet(kind, "json", error.column().saturating_sub(1), message)
    })
}

/// Said with everything this encryption carries.
fn without_integrity(mut value: Value) -> Value {
    if let Value::Object(object) = &mut value {
        object.insert("integrity".into(), "none: legacy encryption has no MAC".into());
    }
    value
}
