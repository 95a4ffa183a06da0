//! A station anchors statements: evidence on disk first, then submission, then the receipt on disk.

use super::Device;
use super::station::Signed;
use crate::exit::{Exit, Failure, Outcome};
use crate::storage::ReceiptKind;
use crate::{files, hex, random};
use chappe_anchor::client::{Anchored, ClientError, LedgerClient};
use chappe_anchor::key::LedgerKey;
use chappe_anchor::leaf::Leaf;
use chappe_anchor::receipt::Receipt;
use chappe_anchor::submission::Submission;
use chappe_codec::card::Card;
use chappe_codec::statement::{BlindingSalt, Evidence, Statement};
use std::net::SocketAddr;
use std::path::Path;

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
        Ok(self.area.read_receipt(ReceiptKind::Receipt, &hash_of(signed))?.is_some())
    }

    /// When the ledger took the statement in, by the receipt this device holds, if it holds one. It was
    /// verified before it was kept.
    pub(crate) fn anchored_at(&self, statement: &Statement) -> Outcome<Option<u64>> {
        let Some(kept) = self.area.read_receipt(ReceiptKind::Receipt, &statement.hash())? else {
            return Ok(None);
        };
        let receipt = Receipt::parse(&kept)?;
        Ok(Leaf::parse(receipt.claimed_leaf()).ok().map(|leaf| leaf.log_time_seconds))
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

    /// Keeps a receipt.
    pub(crate) fn keep_receipt(&self, signed: &Signed, anchored: &Anchored) -> Outcome<()> {
        let text = anchored.receipt.to_text();
        self.area.write_receipt(ReceiptKind::Receipt, &hash_of(signed), text.as_bytes())
    }

    /// Writes what is kept about statements into a folder, for others to verify; returns how many
    /// files. Those that are there already stay.
    pub(crate) fn export_receipts(&self, folder: &Path) -> Outcome<usize> {
        files::create_folder(folder)?;
        let receipts = self.area.receipts()?;
        for (kind, hash, octets) in &receipts {
            let extension = match kind {
                ReceiptKind::Evidence => "evidence",
                ReceiptKind::Receipt => "receipt",
            };
            let path = folder.join(format!("{}.{extension}", hex::encode(hash)));
            if !path.exists() {
                files::replace(&path, octets)?;
            }
        }
        Ok(receipts.len())
    }

    /// The salt is drawn once and kept before the ledger hears of it: a second attempt must submit
    /// the same commitment, and an anchored commitment nobody can open proves nothing.
    fn keep_evidence(&self, signed: &Signed) -> Outcome<Evidence> {
        let hash = hash_of(signed);
        if let Some(kept) = self.area.read_receipt(ReceiptKind::Evidence, &hash)? {
            return Ok(Evidence::parse(&kept)?);
        }
        let mut evidence = signed.evidence.clone();
        if signed.sealed && evidence.salt.is_none() {
            evidence.salt = Some(BlindingSalt(random::octets()?));
        }
        self.area.write_receipt(ReceiptKind::Evidence, &hash, &evidence.to_bytes())?;
        Ok(evidence)
    }
}

fn hash_of(signed: &Signed) -> [u8; 32] {
    signed.evidence.statement.hash()
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
