//! How the program ends, and why: one failure type with one exit code each.

use chappe_codec::card::CardError;
use chappe_codec::envelope::{OpenError, SealError};
use chappe_codec::error::DecodeError;
use chappe_codec::identity::{DirectoryError, DraftError, EndorsementError, IdentityError};
use chappe_codec::key::KeyError;
use chappe_codec::key_store::KeyStoreError;
use chappe_codec::session;
use serde_json::json;
use std::fmt;

/// The exit codes, the same for every subcommand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Done.
    Ok = 0,
    /// It did not work.
    Failure = 1,
    /// The command line is not one this program knows.
    Usage = 2,
    /// The input is malformed.
    Malformed = 3,
    /// A key, signature, tag or passphrase does not fit.
    Authentication = 4,
    /// Not found, or not anchored.
    NotFound = 5,
    /// Not now: the network, the relay or the ledger did not answer. Try again.
    TryLater = 6,
}

impl Exit {
    pub(crate) fn code(self) -> std::process::ExitCode {
        std::process::ExitCode::from(self as u8)
    }
}

/// A failure as a person sees it: what went wrong, and what to do.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    kind: &'static str,
    message: String,
    advice: Option<String>,
}

/// What every command returns.
pub(crate) type Outcome<T> = Result<T, Failure>;

impl Failure {
    pub(crate) fn new(exit: Exit, kind: &'static str, message: impl Into<String>) -> Self {
        Self { exit, kind, message: message.into(), advice: None }
    }

    pub(crate) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// The same, and which of several it is about.
    pub(crate) fn about(mut self, which: &str) -> Self {
        self.message = format!("{which}: {}", self.message);
        self
    }

    /// A file or folder that could not be used.
    pub(crate) fn file(path: &std::path::Path, error: &std::io::Error) -> Self {
        let exit = match error.kind() {
            std::io::ErrorKind::NotFound => Exit::NotFound,
            _ => Exit::Failure,
        };
        Self::new(exit, "file", format!("{}: {error}", path.display()))
    }

    pub(crate) fn to_json(&self) -> serde_json::Value {
        json!({"error": {"kind": self.kind, "message": self.message, "advice": self.advice}})
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.advice {
            Some(advice) => write!(f, "\n  {advice}"),
            None => Ok(()),
        }
    }
}

impl From<DecodeError> for Failure {
    fn from(error: DecodeError) -> Self {
        Self::new(Exit::Malformed, error.kind.name(), error.to_string())
    }
}

impl From<CardError> for Failure {
    fn from(error: CardError) -> Self {
        let (exit, kind) = match error {
            CardError::Decode(inner) => (Exit::Malformed, inner.kind.name()),
            CardError::Certificate(EndorsementError::Decode(inner)) => {
                (Exit::Malformed, inner.kind.name())
            }
            CardError::Certificate(_) | CardError::Device(_) => {
                (Exit::Authentication, error.name())
            }
        };
        Self::new(exit, kind, error.to_string())
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        Self::new(Exit::Authentication, error.name(), error.to_string())
    }
}

impl From<IdentityError> for Failure {
    fn from(error: IdentityError) -> Self {
        Self::new(Exit::Malformed, error.name(), error.to_string())
    }
}

impl From<DraftError> for Failure {
    fn from(error: DraftError) -> Self {
        Self::new(Exit::Authentication, "draft", error.to_string())
    }
}

impl From<EndorsementError> for Failure {
    fn from(error: EndorsementError) -> Self {
        let exit = match error {
            EndorsementError::Decode(_) => Exit::Malformed,
            EndorsementError::Key { .. } => Exit::Authentication,
        };
        Self::new(exit, error.name(), error.to_string())
    }
}

impl From<KeyStoreError> for Failure {
    fn from(error: KeyStoreError) -> Self {
        Self::new(Exit::Failure, "key store", error.to_string())
    }
}

impl From<SealError> for Failure {
    fn from(error: SealError) -> Self {
        let exit = match error {
            SealError::Items(_) => Exit::Malformed,
            SealError::CountersExhausted => Exit::Failure,
            SealError::WeakKey => Exit::Authentication,
            SealError::KeyStore(_) => Exit::Failure,
        };
        Self::new(exit, "seal", error.to_string())
    }
}

impl From<session::SealError> for Failure {
    fn from(error: session::SealError) -> Self {
        let (exit, kind) = match error {
            session::SealError::Items(inner) => (Exit::Malformed, inner.kind.name()),
            session::SealError::WeakKey => (Exit::Authentication, "weak_key"),
            session::SealError::Oneself => (Exit::Malformed, "inconsistent"),
            session::SealError::Revoked => (Exit::Authentication, "revoked"),
            _ => (Exit::Failure, "unavailable"),
        };
        Self::new(exit, kind, error.to_string())
    }
}

impl From<DirectoryError> for Failure {
    fn from(error: DirectoryError) -> Self {
        Self::new(Exit::Authentication, error.name(), error.to_string())
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let exit = match error {
            OpenError::Decode(_) | OpenError::NeedsNewer => Exit::Malformed,
            _ => Exit::Authentication,
        };
        Self::new(exit, error.name(), error.to_string())
    }
}
