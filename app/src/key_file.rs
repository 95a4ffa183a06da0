//! Key files: a device's seeds and certificate, or a root's seed, encrypted under a passphrase (Argon2id, RFC 9106; AES-256-GCM-SIV,
//! RFC 8452).

use crate::exit::{Exit, Failure, Outcome};
use crate::{files, hex};
use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use argon2::{Algorithm, Argon2, Params, Version};
use chappe_codec::realm::Realm;
use serde::{Deserialize, Serialize};
use std::path::Path;
use zeroize::Zeroizing;

const FORMAT: &str = "chappe-key/2";

/// RFC 9106 §4, the second recommended choice: 64 MiB, three passes, four lanes.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 4;

/// More than this a key file may not ask for: a planted file must not exhaust the machine.
const MEMORY_KIB_MAX: u32 = 1024 * 1024;
const PASSES_MAX: u32 = 16;
const LANES_MAX: u32 = 16;

/// What lies on disk. All but the ciphertext is public.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    format: String,
    realm: String,
    argon2id_memory_kib: u32,
    argon2id_passes: u32,
    argon2id_lanes: u32,
    salt: String,
    nonce: String,
    ciphertext: String,
}

/// Writes a secret into a new key file; an existing file is never overwritten.
pub(crate) fn create(path: &Path, realm: Realm, passphrase: &str, secret: &[u8]) -> Outcome<()> {
    let mut salt = [0; 16];
    random(&mut salt)?;
    let mut nonce = [0; 12];
    random(&mut nonce)?;
    let mut file = KeyFile {
        format: FORMAT.into(),
        realm: realm.to_string(),
        argon2id_memory_kib: MEMORY_KIB,
        argon2id_passes: PASSES,
        argon2id_lanes: LANES,
        salt: hex::encode(&salt),
        nonce: hex::encode(&nonce),
        ciphertext: String::new(),
    };
    let cipher = file.cipher(passphrase)?;
    let associated = file.associated_data();
    let payload = Payload { msg: secret, aad: &associated };
    let ciphertext = cipher
        .encrypt(&Nonce::from(nonce), payload)
        .map_err(|_| Failure::new(Exit::Failure, "key file", "the key could not be encrypted"))?;
    file.ciphertext = hex::encode(&ciphertext);
    let text = serde_json::to_string_pretty(&file)
        .map_err(|error| Failure::new(Exit::Failure, "key file", error.to_string()))?;
    files::create_private(path, format!("{text}\n").as_bytes())
}

/// Opens a key file.
pub(crate) fn open(path: &Path, passphrase: &str) -> Outcome<(Zeroizing<Vec<u8>>, Realm)> {
    let text = files::read_bounded(path)?;
    let file: KeyFile = serde_json::from_slice(&text).map_err(|error| {
        Failure::new(Exit::Malformed, "key file", format!("{}: {error}", path.display()))
    })?;
    if file.format != FORMAT {
        return Err(Failure::new(
            Exit::Malformed,
            "unknown_version",
            format!("{}: this key file is of another version of Chappe", path.display()),
        ));
    }
    let realm: Realm = file
        .realm
        .parse()
        .map_err(|error| Failure::new(Exit::Malformed, "realm", format!("{error}")))?;
    let ciphertext = hex::decode("the key file's ciphertext", &file.ciphertext)?;
    let nonce: [u8; 12] = hex::decode_array("the key file's nonce", &file.nonce)?;
    let cipher = file.cipher(passphrase)?;
    let associated = file.associated_data();
    let payload = Payload { msg: &ciphertext, aad: &associated };
    let secret =
        cipher.decrypt(&Nonce::from(nonce), payload).map(Zeroizing::new).map_err(|_| {
            Failure::new(
                Exit::Authentication,
                "passphrase",
                "wrong passphrase, or a damaged key file",
            )
        })?;
    Ok((secret, realm))
}

impl KeyFile {
    /// Everything public stands in the tag, so none of it can be exchanged unseen.
    fn associated_data(&self) -> Vec<u8> {
        format!(
            "{}|{}|{}|{}|{}|{}|{}",
            self.format,
            self.realm,
            self.argon2id_memory_kib,
            self.argon2id_passes,
            self.argon2id_lanes,
            self.salt,
            self.nonce
        )
        .into_bytes()
    }

    fn cipher(&self, passphrase: &str) -> Outcome<Aes256GcmSiv> {
        let refused = |what: &str| {
            Failure::new(Exit::Malformed, "key file", format!("the key file asks for {what}"))
        };
        if self.argon2id_memory_kib > MEMORY_KIB_MAX
            || self.argon2id_passes > PASSES_MAX
            || self.argon2id_lanes > LANES_MAX
        {
            return Err(refused("more work than is safe"));
        }
        let parameters = Params::new(
            self.argon2id_memory_kib,
            self.argon2id_passes,
            self.argon2id_lanes,
            Some(32),
        )
        .map_err(|_| refused("impossible parameters"))?;
        let salt = hex::decode("the key file's salt", &self.salt)?;
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
            .hash_password_into(passphrase.as_bytes(), &salt, &mut *key)
            .map_err(|_| refused("impossible parameters"))?;
        Ok(Aes256GcmSiv::new(&(*key).into()))
    }
}

/// Fills `out` from the system's random source.
pub(crate) fn random(out: &mut [u8]) -> Outcome<()> {
    getrandom::fill(out).map_err(|error| {
        Failure::new(Exit::Failure, "random", format!("no randomness from this system: {error}"))
            .advise("no key was made; find out why before you go on")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chappe_codec::realm::Mode;

    const REALM: Realm = Realm { mode: Mode::Exercise, network: 7 };

    #[test]
    fn a_key_file_opens_with_its_passphrase_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("identity.key");
        create(&path, REALM, "correct horse", b"a secret").unwrap();
        let (opened, realm) = open(&path, "correct horse").unwrap();
        assert_eq!((opened.as_slice(), realm), (&b"a secret"[..], REALM));
        assert_eq!(open(&path, "wrong").unwrap_err().exit, Exit::Authentication);
        assert_eq!(create(&path, REALM, "other", b"").unwrap_err().exit, Exit::Failure);

        let text = std::fs::read_to_string(&path).unwrap().replace("exercise/", "live/");
        std::fs::write(&path, text).unwrap();
        assert_eq!(open(&path, "correct horse").unwrap_err().exit, Exit::Authentication);
    }
}
