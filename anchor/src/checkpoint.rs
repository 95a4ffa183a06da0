//! Checkpoints: the signed state of a log (C2SP tlog-checkpoint in a C2SP signed note).

use crate::key::{LedgerKey, LedgerSecret};
use crate::limits::{
    CHECKPOINT_OCTETS_MAX, SIGNATURE_LINE_OCTETS_MAX, SIGNATURES_MAX, TREE_SIZE_MAX,
};
use crate::origin::Origin;
use crate::proof;
use crate::text::{decimal_line, encode_base64, hash_line, line, literal, parse_text};
use chappe_codec::digest;
use chappe_codec::error::{DecodeError, ErrorKind};
use chappe_codec::framing::{Parsed, field, refuse};
use signed_note::{Note, NoteError, Signature, Verifier, VerifierList};
use std::fmt;

/// A log's size and root under its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log.
    pub origin: Origin,
    /// How many leaves it has.
    pub size: u64,
    /// The root over them (RFC 6962 §2.1).
    pub root: [u8; 32],
}

impl Checkpoint {
    /// Signs it as a note. The secret's origin must be the checkpoint's.
    ///
    /// Whoever calls this must never have signed another tree of this origin that this one does not
    /// extend; [`crate::log::ShardLog`] sees to that.
    #[must_use]
    pub(crate) fn sign(self, secret: &LedgerSecret) -> SignedCheckpoint {
        let signature = secret.sign(self.to_text().as_bytes());
        let key = secret.public();
        // The only refusal is a name with a space or a plus, which no origin has.
        let signature = Signature::new(key.origin().to_string(), key.id(), signature.into());
        SignedCheckpoint { checkpoint: self, signatures: signature.into_iter().collect() }
    }

    /// The three lines of the note's text.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, encode_base64(&self.root))
    }

    /// Whether this tree begins with the whole of `older`, by a consistency proof
    /// (RFC 6962 §2.1.2). Two checkpoints of one origin for which no such proof exists are evidence
    /// against the ledger.
    #[must_use]
    pub fn extends(&self, older: &Self, path: &[[u8; 32]]) -> bool {
        self.origin == older.origin
            && proof::extends(&older.root, older.size, &self.root, self.size, path)
    }
}

/// A checkpoint with its signatures. A parsed one is a claim until [`SignedCheckpoint::verify`]
/// says otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    signatures: Vec<Signature>,
}

impl SignedCheckpoint {
    /// Reads a signed checkpoint that fills the text.
    ///
    /// # Errors
    ///
    /// A [`DecodeError`]; offsets count characters.
    pub fn parse(text: &[u8]) -> Result<Self, DecodeError> {
        parse_text(text, CHECKPOINT_OCTETS_MAX, Self::read)
    }

    /// The text [`SignedCheckpoint::parse`] reads.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = self.checkpoint.to_text() + "\n";
        for signature in &self.signatures {
            text.push_str(&String::from_utf8_lossy(&signature.to_bytes()));
        }
        text
    }

    /// What it says, unverified.
    #[must_use]
    pub const fn claimed(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Verifies it under one of the `trusted` keys and says which.
    ///
    /// A key counts only for the origin it belongs to (spec/07-anchor.md: "the key's name is the
    /// origin"). Signatures of unknown keys are passed over; one of a known key that does not
    /// verify spoils the whole (C2SP signed-note, "Signatures").
    ///
    /// # Errors
    ///
    /// [`CheckpointError`].
    pub fn verify<'a>(&self, trusted: &'a [LedgerKey]) -> Result<&'a LedgerKey, CheckpointError> {
        let known: Vec<&LedgerKey> =
            trusted.iter().filter(|key| *key.origin() == self.checkpoint.origin).collect();
        let mut verifiers: Vec<Box<dyn Verifier>> = Vec::new();
        for key in &known {
            if !verifiers.iter().any(|verifier| verifier.key_id() == key.id()) {
                verifiers.push(Box::new(NoteVerifier { key: (*key).clone(), id: key.id() }));
            }
        }
        let (verified, _) = Note::new(self.checkpoint.to_text().as_bytes(), &self.signatures)
            .and_then(|note| note.verify(&VerifierList::new(verifiers)))
            .map_err(|error| match error {
                NoteError::UnverifiedNote => CheckpointError::UnknownLog,
                NoteError::MalformedNote
                | NoteError::InvalidSigner
                | NoteError::InvalidSignature { .. }
                | NoteError::MismatchedVerifier
                | NoteError::VerificationError(_)
                | NoteError::SignatureError(_) => CheckpointError::BadSignature,
            })?;
        known
            .into_iter()
            .find(|key| verified.iter().any(|signature| signature.id() == key.id()))
            .ok_or(CheckpointError::UnknownLog)
    }

    /// Reads a signed checkpoint from the front of the input; it reaches to the end.
    pub(crate) fn read(input: &[u8]) -> Parsed<'_, Self> {
        let (rest, origin) = field("origin", read_origin)(input)?;
        let (at_root, size) = field("size", decimal_line(TREE_SIZE_MAX))(rest)?;
        let (rest, root) = field("root", hash_line)(at_root)?;
        // C2SP allows extension lines here and advises against them; ours have none, so that one
        // state has one text (spec/00-conventions.md: "unknown lines in a receipt").
        let (mut rest, ()) = field("extension", empty_line)(rest)?;
        if size == 0 && root != digest::sha256(&[]) {
            return refuse(ErrorKind::Inconsistent, "root", at_root);
        }
        let mut signatures: Vec<Signature> = Vec::new();
        while signatures.is_empty() || !rest.is_empty() {
            let (after, signature) = field("signature", read_signature)(rest)?;
            let known = |other: &Signature| {
                (other.name(), other.id()) == (signature.name(), signature.id())
            };
            if signatures.len() == SIGNATURES_MAX {
                return refuse(ErrorKind::TooLong, "signature", rest);
            }
            // signed_note looks at a key's first signature only; a second would go unchecked.
            if signatures.iter().any(known) {
                return refuse(ErrorKind::Unexpected, "signature", rest);
            }
            signatures.push(signature);
            rest = after;
        }
        Ok((rest, Self { checkpoint: Checkpoint { origin, size, root }, signatures }))
    }
}

/// Why a checkpoint's signatures were refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckpointError {
    /// No trusted key has signed it.
    UnknownLog,
    /// A signature that names a trusted key is not that key's.
    BadSignature,
}

impl CheckpointError {
    /// The registered name (spec/07-anchor.md, "Refusals").
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnknownLog => "unknown_log",
            Self::BadSignature => "bad_signature",
        }
    }
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownLog => "no ledger key you trust has signed this checkpoint",
            Self::BadSignature => "the checkpoint's signature is not the ledger's",
        })
    }
}

impl std::error::Error for CheckpointError {}

/// The signature check of this protocol, strict, in the place of signed_note's own, which is not.
struct NoteVerifier {
    key: LedgerKey,
    id: u32,
}

impl Verifier for NoteVerifier {
    fn name(&self) -> &str {
        self.key.origin().as_str()
    }

    fn key_id(&self) -> u32 {
        self.id
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify(message, signature)
    }
}

fn read_origin(input: &[u8]) -> Parsed<'_, Origin> {
    let (rest, text) = line(input)?;
    match std::str::from_utf8(text).map(str::parse::<Origin>) {
        Ok(Ok(origin)) => Ok((rest, origin)),
        Ok(Err(error)) => {
            refuse(error.kind, error.field, input.get(error.offset..).unwrap_or(input))
        }
        Err(_) => refuse(ErrorKind::BadCharacter, "", input),
    }
}

fn empty_line(input: &[u8]) -> Parsed<'_, ()> {
    match line(input)? {
        (rest, []) => Ok((rest, ())),
        _ => refuse(ErrorKind::Unexpected, "", input),
    }
}

fn read_signature(input: &[u8]) -> Parsed<'_, Signature> {
    literal("— ")(input)?;
    let (rest, text) = line(input)?;
    if text.len() > SIGNATURE_LINE_OCTETS_MAX {
        return refuse(ErrorKind::TooLong, "", input);
    }
    // Names: not empty, no Unicode space, no plus; base64 in its one form; at least five octets.
    match Signature::from_bytes(text) {
        Ok(signature) => Ok((rest, signature)),
        Err(_) => refuse(ErrorKind::NotCanonical, "", input),
    }
}
