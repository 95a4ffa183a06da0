//! What a root is asked to sign, on its way from keyholder to keyholder (spec/10-identity.md,
//! "Request").

use crate::exit::{Exit, Failure, Outcome};
use crate::permissions;
use crate::text_form::TextForm;
use crate::words::Words;
use chappe_codec::account::Account;
use chappe_codec::error::{DecodeError, ErrorKind};
use chappe_codec::identity::{
    Carried, Certificate, Content, Draft, PartialSignature, Revocation, Root, Succession,
};
use chappe_codec::key::SignKey;
use chappe_codec::realm::Realm;

/// Octets of a signature with the place of its key.
const SIGNATURE_OCTETS: usize = 65;

/// What is to be endorsed, with the signatures so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Request {
    Certificate(Draft<Certificate>),
    Revocation(Draft<Revocation>),
    Succession(Draft<Succession>),
}

impl Request {
    /// Reads a request. The signatures in it are verified in this realm.
    pub(crate) fn from_text(text: &str, realm: Realm) -> Outcome<Self> {
        let octets = TextForm::Request.read(text)?;
        let truncated = DecodeError::at_octet(ErrorKind::Truncated, "kind", 0);
        let (kind, rest) = octets.split_first().ok_or(truncated)?;
        match kind {
            0 => Ok(Self::Certificate(read(rest, realm)?)),
            1 => Ok(Self::Revocation(read(rest, realm)?)),
            2 => Ok(Self::Succession(read(rest, realm)?)),
            _ => Err(DecodeError::at_octet(ErrorKind::UnknownCode, "kind", 0).into()),
        }
    }

    /// The text [`Request::from_text`] reads.
    pub(crate) fn to_text(&self) -> String {
        let octets = match self {
            Self::Certificate(draft) => write(0, draft),
            Self::Revocation(draft) => write(1, draft),
            Self::Succession(draft) => write(2, draft),
        };
        TextForm::Request.write(&octets)
    }

    /// Of a certificate, the request for what ends its device, from the same root.
    pub(crate) fn revocation(&self) -> Outcome<Option<Self>> {
        let Self::Certificate(draft) = self else { return Ok(None) };
        let Certificate { account, device, issue, .. } = *draft.content();
        let content = Revocation { account, device, issue };
        Ok(Some(Self::Revocation(Draft::new(content, draft.root().clone())?)))
    }

    /// Signs as one keyholder.
    pub(crate) fn sign(&mut self, key: &SignKey, realm: Realm) -> Outcome<()> {
        match self {
            Self::Certificate(draft) => draft.sign(key, realm)?,
            Self::Revocation(draft) => draft.sign(key, realm)?,
            Self::Succession(draft) => draft.sign(key, realm)?,
        };
        Ok(())
    }

    /// How many signatures are still missing.
    pub(crate) fn missing(&self) -> usize {
        match self {
            Self::Certificate(draft) => draft.missing(),
            Self::Revocation(draft) => draft.missing(),
            Self::Succession(draft) => draft.missing(),
        }
    }

    /// The endorsement, once no signature is missing.
    pub(crate) fn finish(&self) -> Outcome<Carried> {
        Ok(match self {
            Self::Certificate(draft) => Carried::Certificate(draft.finish()?),
            Self::Revocation(draft) => Carried::Revocation(draft.finish()?),
            Self::Succession(draft) => Carried::Succession(draft.finish()?),
        })
    }

    /// What is signed, in plain words.
    pub(crate) fn describe(&self, realm: Realm) -> Outcome<String> {
        let (account, root, what) = match self {
            Self::Certificate(draft) => {
                let certificate = draft.content();
                let what = format!(
                    "CERTIFY        device {}, issue {}\n{}",
                    certificate.device,
                    certificate.issue,
                    permissions::describe(&certificate.permissions)?
                );
                (certificate.account, draft.root(), what)
            }
            Self::Revocation(draft) => {
                let Revocation { account, device, issue } = *draft.content();
                let what = format!("REVOKE         device {device}, up to issue {issue}, for good");
                (account, draft.root(), what)
            }
            Self::Succession(draft) => {
                let Succession { account, successor } = *draft.content();
                let words = Words::of(realm, &successor)?.words;
                let what = format!("HAND OVER to   {} ({words})", successor.id());
                (account, draft.root(), what)
            }
        };
        Ok(format!(
            "{what}\nof account     {}\nits words      {}\nrealm          {realm}\n\
             signed by      {} of {} keys, {} still missing",
            account.id(),
            Words::of(realm, &account)?.words,
            root.threshold(),
            root.keys().len(),
            self.missing(),
        ))
    }
}

fn read<C: Content>(octets: &[u8], realm: Realm) -> Outcome<Draft<C>> {
    let keys = octets.get(C::OCTETS.saturating_add(1)).copied().map_or(0, usize::from);
    let end = C::OCTETS.saturating_add(2).saturating_add(keys.saturating_mul(32));
    let (unsigned, signatures) = octets.split_at_checked(end).unwrap_or((octets, &[]));
    let draft = Draft::<C>::parse(unsigned)?;
    check_root(draft.content().account(), draft.root())?;
    let mut draft = draft;
    let mut last = None;
    for signature in signatures.chunks(SIGNATURE_OCTETS) {
        let signature = PartialSignature::parse(signature)?;
        if last.is_some_and(|last| last >= signature.place) {
            return Err(DecodeError::at_octet(ErrorKind::NotCanonical, "place", end).into());
        }
        last = Some(signature.place);
        draft.add(&signature, realm)?;
    }
    Ok(draft)
}

/// The account must be named after the root that is asked.
fn check_root(account: Account, root: &Root) -> Outcome<()> {
    if root.account() == account {
        return Ok(());
    }
    let message = "the request is about another account than the root's";
    Err(Failure::new(Exit::Authentication, "unknown_account", message))
}

fn write<C: Content>(kind: u8, draft: &Draft<C>) -> Vec<u8> {
    let mut out = vec![kind];
    out.extend(draft.to_bytes());
    out.extend(draft.signatures().flat_map(|one| one.to_bytes()));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use chappe_codec::identity::Root;
    use chappe_codec::realm::Mode;

    const REALM: Realm = Realm { mode: Mode::Exercise, network: 3 };

    #[test]
    fn a_request_goes_from_keyholder_to_keyholder() {
        let keys = [1, 2, 3].map(|seed| SignKey::from_seed(&[seed; 32]));
        let root = Root::new(2, &keys.each_ref().map(SignKey::public)).unwrap();
        let content = Revocation { account: root.account(), device: 2, issue: 7 };
        let fresh = Request::Revocation(Draft::new(content, root).unwrap());
        let mut first = Request::from_text(&fresh.to_text(), REALM).unwrap();
        assert_eq!(first, fresh);
        first.sign(&keys[2], REALM).unwrap();
        let mut second = Request::from_text(&first.to_text(), REALM).unwrap();
        assert_eq!((second.missing(), second.finish().is_err()), (1, true));
        assert!(second.describe(REALM).unwrap().contains("REVOKE"));
        // Twice by one keyholder is once; a stranger's is none; another realm's does not hold.
        second.sign(&keys[2], REALM).unwrap();
        assert_eq!(second.missing(), 1);
        assert!(second.sign(&SignKey::from_seed(&[9; 32]), REALM).is_err());
        assert!(Request::from_text(&first.to_text(), Realm { network: 4, ..REALM }).is_err());
        second.sign(&keys[0], REALM).unwrap();
        let Carried::Revocation(done) = second.finish().unwrap() else { panic!() };
        assert_eq!((done.verify(REALM), *done.content()), (Ok(()), content));
        // Cut anywhere, and with signatures out of order, it is refused.
        let text = second.to_text();
        for end in 0..text.len() {
            let read = Request::from_text(&text[..end], REALM);
            assert!(read.is_err() || read.unwrap().missing() > 0, "{end}");
        }
    }
}
