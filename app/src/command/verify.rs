//! `chappe verify`: check a receipt or a transcript with public keys alone.

use crate::device::card_from_file;
use crate::exit::{Exit, Failure, Outcome};
use crate::files;
use crate::hex;
use crate::report::Report;
use crate::transcript::{self, PublicKeys};
use chappe_anchor::evidence::EvidenceError;
use chappe_anchor::key::LedgerKey;
use chappe_anchor::receipt::{Receipt, ReceiptError};
use chappe_codec::realm::Realm;
use chappe_codec::statement::Evidence;
use serde_json::json;
use std::path::{Path, PathBuf};

/// A transcript is read whole; it is not longer than this, in octets.
const TRANSCRIPT_OCTETS_MAX: u64 = 64 * 1024 * 1024;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    chappe verify r.receipt --ledger-key KEY\n  \
    chappe verify r.receipt --ledger-key KEY --evidence r.evidence --card author.card\n  \
    chappe verify --transcript transcript.jsonl --keys public-keys.json")]
pub(crate) struct VerifyArguments {
    /// The receipt to check
    #[arg(value_name = "RECEIPT", required_unless_present = "transcript", requires = "ledger_key")]
    receipt: Option<PathBuf>,

    /// The key of the ledger you trust
    #[arg(long, value_name = "KEY")]
    ledger_key: Option<LedgerKey>,

    /// The realm it must belong to
    #[arg(long, value_name = "REALM", default_value = "live/00000001")]
    realm: Realm,

    /// Also check that this statement is what was anchored
    #[arg(long, value_name = "FILE", requires = "card")]
    evidence: Option<PathBuf>,

    /// The card of the statement's author
    #[arg(long, value_name = "FILE", requires = "evidence")]
    card: Option<PathBuf>,

    /// Check a whole transcript instead
    #[arg(long, value_name = "FILE", requires = "keys", conflicts_with = "receipt")]
    transcript: Option<PathBuf>,

    /// The public keys to check the transcript with
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
}

pub(crate) fn run(arguments: &VerifyArguments, report: Report) -> Outcome<()> {
    if let (Some(transcript), Some(keys)) = (&arguments.transcript, &arguments.keys) {
        return verify_transcript(transcript, keys, report);
    }
    match (&arguments.receipt, &arguments.ledger_key) {
        (Some(receipt), Some(key)) => verify_receipt(receipt, key, arguments, report),
        _ => Err(Failure::new(Exit::Usage, "usage", "give a receipt and --ledger-key")),
    }
}

fn verify_receipt(
    path: &Path,
    key: &LedgerKey,
    arguments: &VerifyArguments,
    report: Report,
) -> Outcome<()> {
    let receipt = Receipt::parse(&files::read_bounded(path)?)?;
    let verified =
        receipt.verify(std::slice::from_ref(key), arguments.realm).map_err(not_anchored)?;
    let mut said = format!(
        "anchored: leaf {} of {} in {}",
        verified.index,
        verified.size(),
        verified.ledger.origin().as_str()
    );
    if let (Some(evidence), Some(card)) = (&arguments.evidence, &arguments.card) {
        let evidence = Evidence::parse(&files::read_bounded(evidence)?)?;
        let card = card_from_file(card, arguments.realm)?;
        verified
            .verify_evidence(&evidence, &card.certificate().signer()?)
            .map_err(not_the_statement)?;
        let claim = &evidence.statement.claim;
        said.push_str(&format!(
            "\nsigned: messages {} to {} of chain {} by {}",
            claim.first,
            claim.first.saturating_add(u32::from(claim.count)).saturating_sub(1),
            claim.chain,
            claim.account
        ));
    }
    report.event(
        "verified",
        &said,
        json!({
            "index": verified.index,
            "size": verified.size(),
            "root": hex::encode(verified.root()),
            "leaf_hash": hex::encode(&verified.leaf_hash),
            "signed": arguments.evidence.is_some(),
        }),
    );
    Ok(())
}

fn verify_transcript(transcript: &Path, keys: &Path, report: Report) -> Outcome<()> {
    let keys: PublicKeys =
        serde_json::from_slice(&files::read_bounded(keys)?).map_err(|error| {
            Failure::new(Exit::Malformed, "keys", format!("{}: {error}", keys.display()))
        })?;
    let octets = files::read_up_to(transcript, TRANSCRIPT_OCTETS_MAX)?;
    let tally = transcript::verify(&octets, &keys)?;
    let mut table = String::from("recomputed and in order:\n");
    for (kind, count) in &tally {
        table.push_str(&format!("  {count:>5}  {kind}\n"));
    }
    table.push_str("the transcript holds");
    report.event("verified", &table, json!({ "lines": tally }));
    Ok(())
}

fn not_anchored(error: ReceiptError) -> Failure {
    let exit = match error {
        ReceiptError::Parse(_) | ReceiptError::BadLeaf(_) => Exit::Malformed,
        ReceiptError::BadInclusion => Exit::NotFound,
        _ => Exit::Authentication,
    };
    Failure::new(exit, error.name(), error.to_string())
}

fn not_the_statement(error: EvidenceError) -> Failure {
    let exit = match error {
        EvidenceError::OtherStatement | EvidenceError::BadOpening => Exit::NotFound,
        _ => Exit::Authentication,
    };
    Failure::new(exit, error.name(), error.to_string())
}
