//! A station anchors statements: evidence on disk first, then submission, then the receipt on disk.

use super::Device;
use super::station::Signed;
use crate::exit::{Exit, Failure, Outcome};
use crate::{files, hex, key_file};
use chappe_anchor::client::{Anchored, ClientError, LedgerClient};
use chappe_anchor::key::LedgerKey;
use chappe_anchor::submission::Submission;
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

/// Evidence and its receipt, both on disk.
pub(crate) struct AnchoredStatement {
    pub(crate) evidence: Evidence,
    pub(crate) anchored: Anchored,
    pub(crate) path: PathBuf,
}

impl Device {
    /// Whether this device holds a receipt for the statement.
    pub(crate) fn has_receipt(&self, signed: &Signed) -> Outcome<bool> {
        Ok(self.receipt_path(signed, "receipt")?.exists())
    }

    /// Anchors a statement. What came over a sealed chain is logged blinded; an interrupted call can
    /// be made again and ends with the same leaf.
    pub(crate) async fn anchor(
        &self,
        signed: &Signed,
        ledger: &LedgerClient,
    ) -> Outcome<AnchoredStatement> {
        let evidence = self.keep_evidence(signed)?;
        let submission = Submission::of_evidence(
            &evidence,
            &signed.author,
            self.identity.account_secret(),
            self.realm,
        );
        let anchored = ledger.submit(&submission).await.map_err(failure)?;
        let path = self.receipt_path(signed, "receipt")?;
        files::replace(&path, anchored.receipt.to_text().as_bytes())?;
        Ok(AnchoredStatement { evidence, anchored, path })
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

fn failure(error: ClientError) -> Failure {
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
