//! A station anchors statements: evidence on disk first, then submission, then the receipt on disk.

use super::Device;
use super::station::Signed;
use crate::exit::{Exit, Failure, Outcome};
use crate::{files, hex, key_file};
use chappe_anchor::client::{Anchored, ClientError, LedgerClient};
use chappe_anchor::key::LedgerKey;
use chappe_anchor::submission::Submission;
use chappe_codec::card::Card;
use chappe_codec::statement::{BlindingSalt, Evidence};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Which ledger to trust.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct LedgerArguments {
    /// Anchor what is signed at this ledger
    #[arg(long, value_name = "ADDRESS", requires = "ledger_key")]
    ledger: Option<SocketAddr>,

    /// The ledger's key, as `chappe ledger` shows it
    #[arg(long, value_name = "KEY")]
    ledger_key: Option<LedgerKey>,
}

impl LedgerArguments {
    pub(crate) fn client(&self) -> Option<LedgerClient> {
        Some(LedgerClient::new(self.ledger?, self.ledger_key.clone()?))
    }
}

impl Device {
    /// Whether this device holds a receipt for the statement.
    pub(crate) fn has_receipt(&self, signed: &Signed) -> Outcome<bool> {
        Ok(self.receipt_path(signed, "receipt")?.exists())
    }

    /// What to submit for a statement. What came over a sealed chain is logged blinded; preparing
    /// again gives the same, so an interrupted submission can be repeated and ends with one leaf.
    pub(crate) fn prepare_submission(&self, signed: &Signed) -> Outcome<(Evidence, Submission)> {
        let evidence = self.keep_evidence(signed)?;
        let secret = self.identity.signing_key();
        let claim = &evidence.statement.claim;
        let contacts = self.contacts()?;
        let cards = contacts.iter().map(|contact| &contact.card).chain([self.identity.card()]);
        let certificate = cards
            .filter(|card| (card.account(), card.device()) == (signed.author, claim.device))
            .map(Card::endorsement)
            .next();
        let submission =
            Submission::of_evidence(&evidence, &signed.author, certificate, secret, self.realm)?;
        Ok((evidence, submission))
    }

    /// Writes a receipt down and returns where.
    pub(crate) fn keep_receipt(&self, signed: &Signed, anchored: &Anchored) -> Outcome<PathBuf> {
        let path = self.receipt_path(signed, "receipt")?;
        files::replace(&path, anchored.receipt.to_text().as_bytes())?;
        Ok(path)
    }

    /// The salt is drawn once and kept before the ledger hears of it: a second attempt must submit
    /// the same commitment, and an anchored commitment nobody can open proves nothing.
    fn keep_evidence(&self, signed: &Signed) -> Outcome<Evidence> {
        let path = self.receipt_path(signed, "evidence")?;
        if path.exists() {
            return Ok(Evidence::parse(&files::read_bounded(&path)?)?);
        }
        let mut evidence = signed.evidence.clone();
        if signed.sealed && evidence.salt.is_none() {
            let mut salt = [0; 32];
            key_file::random(&mut salt)?;
            evidence.salt = Some(BlindingSalt(salt));
        }
        files::replace(&path, &evidence.to_bytes())?;
        Ok(evidence)
    }

    fn receipt_path(&self, signed: &Signed, extension: &str) -> Outcome<PathBuf> {
        let name = hex::encode(&signed.evidence.statement.hash());
        Ok(self.subfolder("receipts")?.join(format!("{name}.{extension}")))
    }
}

/// What a ledger's refusal means.
pub(crate) fn failure(error: ClientError) -> Failure {
    let exit = match &error {
        ClientError::Refused { status: 503, .. }
        | ClientError::Io(_)
        | ClientError::Http(_)
        | ClientError::Timeout => Exit::TryLater,
        ClientError::Refused { status: 403, .. } | ClientError::Receipt(_) => Exit::Authentication,
        _ => Exit::Failure,
    };
    Failure::new(exit, "ledger", error.to_string())
}
