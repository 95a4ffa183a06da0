//! Submissions: what is sent to the ledger (spec/07-anchor.md, "Submission").

use crate::leaf::{Body, VERSION, check_kind};
use chappe_codec::account::Account;
use chappe_codec::chain::ROOT_DEVICE;
use chappe_codec::error::{DecodeError, ErrorKind};
use chappe_codec::framing::{self, Parsed, field, octets, refuse};
use chappe_codec::identity::{Certificate, Endorsement, EndorsementError, Signer};
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
/// Behind a whole statement, the only body a certificate goes with.
const CERTIFICATE_OFFSET: usize = 225;
const ZEROS: [u8; 32] = [0; 32];

/// A body on its way to the ledger, signed by whoever brings it. Parsed submissions are claims
/// until [`Submission::admit`] says otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    submitter: [u8; 32],
    author: [u8; 32],
    body: Body,
    certificate: Option<Endorsement<Certificate>>,
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
        certificate: Option<&Endorsement<Certificate>>,
        submitter: &(impl Sign + ?Sized),
        realm: Realm,
    ) -> Result<Self, KeyStoreError> {
        // "Only in kind 0 and only for a device other than 0."
        let certificate = certificate.filter(|_| statement.claim.device != ROOT_DEVICE).cloned();
        Self::sign(Body::Whole(statement), author.0, certificate, submitter, realm)
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
        Self::sign(Body::Blinded(commitment), ZEROS, None, submitter, realm)
    }

    /// Submits evidence the way it asks for: blinded if it holds a salt, whole otherwise.
    ///
    /// # Errors
    ///
    /// [`KeyStoreError::Unavailable`].
    pub fn of_evidence(
        evidence: &Evidence,
        author: &Account,
        certificate: Option<&Endorsement<Certificate>>,
        submitter: &(impl Sign + ?Sized),
        realm: Realm,
    ) -> Result<Self, KeyStoreError> {
        let statement = &evidence.statement;
        match &evidence.salt {
            Some(salt) => Self::blinded(statement.blind(salt), submitter, realm),
            None => Self::whole(statement.clone(), author, certificate, submitter, realm),
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
            let signer = self.signer(statement.claim.device, realm)?;
            // "The statement's account id must be the author's, and its signature must verify":
            // Statement::verify checks both.
            statement.verify(&signer, realm).map_err(refuse("body", BODY_OFFSET))?;
        }
        Ok(Admitted { submission: self, submitter })
    }

    fn sign(
        body: Body,
        author: [u8; 32],
        certificate: Option<Endorsement<Certificate>>,
        submitter: &(impl Sign + ?Sized),
        realm: Realm,
    ) -> Result<Self, KeyStoreError> {
        let submitter_key = submitter.verify_key().to_bytes();
        let mut submission =
            Self { submitter: submitter_key, author, body, certificate, signature: [0; 64] };
        submission.signature =
            submitter.signature(CONTEXT, realm, &[&submission.signed_octets()])?;
        Ok(submission)
    }

    fn signed_octets(&self) -> Vec<u8> {
        let mut out = vec![VERSION, self.body.kind()];
        out.extend_from_slice(&self.submitter);
        out.extend_from_slice(&self.author);
        self.body.write(&mut out);
        if let Some(certificate) = &self.certificate {
            out.extend(certificate.to_bytes());
        }
        out
    }

    /// Who signed the statement: "for device 0 under the author's account as a key, else under the
    /// signing key of the certificate".
    fn signer(&self, device: u8, realm: Realm) -> Result<Signer, SubmissionError> {
        let refused = |field, offset| move |reason| SubmissionError { reason, field, offset };
        let in_certificate = refused("certificate", CERTIFICATE_OFFSET);
        if device == ROOT_DEVICE {
            return Signer::root(Account(self.author)).map_err(refused("author", AUTHOR_OFFSET));
        }
        let endorsement =
            self.certificate.as_ref().ok_or(KeyError::UnknownAccount).map_err(in_certificate)?;
        let certificate = endorsement.content();
        if (certificate.account.0, certificate.device) != (self.author, device) {
            return Err(in_certificate(KeyError::UnknownAccount));
        }
        endorsement.verify(realm).map_err(|error| match error {
            EndorsementError::Key { reason, .. } => in_certificate(reason),
            // Verifying reads nothing again.
            EndorsementError::Decode(_) => in_certificate(KeyError::BadSignature),
        })?;
        certificate.signer().map_err(in_certificate)
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
        let (rest, certificate) = match &body {
            Body::Whole(statement) if statement.claim.device != ROOT_DEVICE => {
                let (rest, certificate) = Endorsement::read(rest)?;
                (rest, Some(certificate))
            }
            Body::Whole(_) | Body::Blinded(_) => (rest, None),
        };
        let (rest, signature) = field("signature", octets::<64>)(rest)?;
        if matches!(body, Body::Blinded(_)) && author != ZEROS {
            return refuse(ErrorKind::NotCanonical, "author", at_author);
        }
        Ok((rest, Self { submitter, author, body, certificate, signature }))
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
