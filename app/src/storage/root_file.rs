//! A root file on disk (spec/13-storage.md, "Root file").

use super::{BOUNDS, WORK, refused};
use crate::exit::{Exit, Failure, Outcome};
use crate::{files, random};
use chappe_codec::key::SignKey;
use chappe_codec::realm::Realm;
use chappe_codec::vault::{RootFile, VaultError};
use std::path::Path;
use zeroize::Zeroizing;

/// Writes a seed into a new file; one that is there is not overwritten.
pub(crate) fn create_root_file(
    path: &Path,
    seed: &[u8; 32],
    realm: Realm,
    passphrase: &str,
) -> Outcome<()> {
    let (salt, nonce) = (random::octets()?, random::octets()?);
    let file = WORK
        .stretch(passphrase.as_bytes(), &salt)
        .and_then(|stretched| RootFile::seal(seed, realm, &stretched, WORK, salt, nonce))
        .map_err(|error| refused(path, error))?;
    files::create_private(path, &file.to_octets())
}

/// The root key in a file, and its realm.
pub(crate) fn open_root_file(
    path: &Path,
    ask: impl FnOnce() -> Outcome<Zeroizing<String>>,
) -> Outcome<(SignKey, Realm)> {
    let octets = files::read_private(path)?;
    let file = RootFile::parse(&octets, &BOUNDS).map_err(|error| refused(path, error))?;
    let passphrase = ask()?;
    let opened = file.stretch(passphrase.as_bytes()).and_then(|stretched| file.open(&stretched));
    let seed = opened.map_err(|error| match error {
        VaultError::BadTag => Failure::new(
            Exit::Authentication,
            "passphrase",
            format!("{}: wrong passphrase, or a damaged file", path.display()),
        ),
        other => refused(path, other),
    })?;
    Ok((SignKey::from_seed(&seed), file.realm()))
}
