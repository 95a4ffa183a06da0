//! Submissions: what is sent to the ledger (spec/07-anchor.md, "Submission").

use crate::leaf::{Body, VERSION, check_kind};
use chappe_codec::account::Account;
use chappe_codec::error::{DecodeError, ErrorKind};
use chappe_codec::framing::{self, Parsed, field, octets, refuse};
use chappe_codec::identity::Signer;
use chappe_codec::key::{KeyError, VerifyKey};
use chappe_codec::key_store::{KeyStoreError, Sign};
use chappe_codec::realm::Realm;
use chappe_codec::statement::{Evidence, Statement};
use nom::number::complete::u8;
use std::fmt;

const CONTEXT: &str = "chappe-submission/1";
const SUBMITTER_OFFSET: usize = 2;
const AUTHOR_OFFSET: usize = 34;
const BODY_OFFSET: usize = 66;
const ZEROS: [u8; 32] = [0; 32];

/// A body on its way to the ledger, signed by whoever brings it. Parsed submissions are claims
/// until [`Submission::admit`] says otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    submitter: [u8; 32],
    author: [u8; 32],
    body: Body,
    signature: [u8; 64],
}

impl Submission {
    /// Submits a statement for everyone to read. Anyone may submit; the author need not be online.
    ///
    /// # Errors
    ///
    /// [`KeyStoreError::Unavailable`].
    pub fn whole(
        statement: Statement,
        author: &Account,
        submitter: &(impl Sign + ?Sized),
        realm: Realm,
    ) -> Result<Self, KeyStoreError> {
        Self::sign(Body::Whole(statement), author.0, submitter, realm)
    }

    /// Submits a commitment ([`Statement::blind`]). The submitter answers for it.
    ///
    /// # Errors
    ///
    /// [`KeyStoreError::Unavailable`].
    pub fn blinded(
        commitment: [u8; 32],
        submitter: &(impl Sign + ?Sized),
        realm: Realm,
    ) -> Result<Self, KeyStoreError> {
        Self::sign(Body::Blinded(commitment), ZEROS, submitter, realm)
    }

    /// Submits evidence the way it asks for: blinded if it holds a salt, whole otherwise.
    ///
    /// # Errors
    ///
    /// [`KeyStoreError::Unavailable`].
    pub fn of_evidence(
        evidence: &Evidence,
        author: &Account,
        submitter: &(impl Sign + ?Sized),
        realm: Realm,
    ) -> Result<Self, KeyStoreError> {
        let statement = &evidence.statement;
        match &evidence.salt {
            Some(salt) => Self::blinded(statement.blind(salt), submitter, realm),
            None => Self::whole(statement.clone(), author, submitter, realm),
        }
    }

    /// Reads a submission that fills the input. No signature is looked at.
    ///
    /// # Errors
    ///
    /// A [`DecodeError`] naming the field.
    pub fn parse(input: &[u8]) -> Result<Self, DecodeError> {
        framing::parse_all(input, Self::read)
    }

    /// The octets [`Submission::parse`] reads.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.signed_octets();
        out.extend_from_slice(&self.signature);
        out
    }

    /// What is to be logged.
    #[must_use]
    pub const fn body(&self) -> &Body {
        &self.body
    }

    /// Checks keys and signatures (spec/07-anchor.md: "The ledger checks it before it writes
    /// anything").
    ///
    /// # Errors
    ///
    /// [`SubmissionError`], with the field that does not hold.
    pub fn admit(self, realm: Realm) -> Result<Admitted, SubmissionError> {
        let refuse = |field, offset| move |reason| SubmissionError { reason, field, offset };
        let submitter = VerifyKey::from_bytes(&self.submitter)
            .map_err(refuse("submitter", SUBMITTER_OFFSET))?;
        let signed = self.signed_octets();
        submitter
            .verify(CONTEXT, realm, &[&signed], &self.signature)
            .map_err(refuse("signature", signed.len()))?;
        if let Body::Whole(statement) = &self.body {
            let author =
                Signer::root(Account(self.author)).map_err(refuse("author", AUTHOR_OFFSET))?;
            // "the statement's signature must verify under the author's key and its account id
            // must be that key's": Statement::verify checks both.
            statement.verify(&author, realm).map_err(refuse("body", BODY_OFFSET))?;
        }
        Ok(Admitted { submission: self, submitter })
    }

    fn sign(
        body: Body,
        author: [u8; 32],
        submitter: &(impl Sign + ?Sized),
        realm: Realm,
    ) -> Result<Self, KeyStoreError> {
        let submitter_key = submitter.verify_key().to_bytes();
        let mut submission = Self { submitter: submitter_key, author, body, signature: [0; 64] };
        submission.signature =
            submitter.signature(CONTEXT, realm, &[&submission.signed_octets()])?;
        Ok(submission)
    }

    fn signed_octets(&self) -> Vec<u8> {
        let mut out = vec![VERSION, self.body.kind()];
        out.extend_from_slice(&self.submitter);
        out.extend_from_slice(&self.author);
        self.body.write(&mut out);
        out
    }

    fn read(input: &[u8]) -> Parsed<'_, Self> {
        let (at_kind, version) = field("version", u8)(input)?;
        if version != VERSION {
            return refuse(ErrorKind::UnknownVersion, "version", input);
        }
        let (rest, kind) = field("kind", u8)(at_kind)?;
        check_kind(kind, at_kind)?;
        let (at_author, submitter) = field("submitter", octets::<32>)(rest)?;
        let (rest, author) = field("author", octets::<32>)(at_author)?;
        let (rest, body) = Body::read(kind, rest)?;
        let (rest, signature) = field("signature", octets::<64>)(rest)?;
        if matches!(body, Body::Blinded(_)) && author != ZEROS {
            return refuse(ErrorKind::NotCanonical, "author", at_author);
        }
        Ok((rest, Self { submitter, author, body, signature }))
    }
}

/// A submission whose keys and signatures hold: the only thing a log takes in.
#[derive(Debug, Clone)]
pub struct Admitted {
    submission: Submission,
    submitter: VerifyKey,
}

impl Admitted {
    /// Who brings it.
    #[must_use]
    pub const fn submitter(&self) -> &VerifyKey {
        &self.submitter
    }

    /// What is to be logged.
    #[must_use]
    pub const fn body(&self) -> &Body {
        &self.submission.body
    }

    /// The submission itself.
    #[must_use]
    pub const fn submission(&self) -> &Submission {
        &self.submission
    }
}

/// Why a well-formed submission was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubmissionError {
    /// What does not hold.
    pub reason: KeyError,
    /// The field it does not hold for.
    pub field: &'static str,
    /// Where that field begins, in octets.
    pub offset: usize,
}

impl fmt::Display for SubmissionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} (octet {})", self.field, self.reason, self.offset)
    }
}

impl std::error::Error for SubmissionError {}
