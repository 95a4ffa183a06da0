//! A file of `test-vectors/primitives`.

use serde_json::Value;
use std::path::Path;

/// How many vectors each file has. A file that is not here fails, so none lies there unread.
const FILES: &[(&str, usize)] = &[
    ("aes_256_gcm_siv", 26),
    ("argon2id", 1),
    ("brainpool_p256r1", 1),
    ("ed25519", 5),
    ("hkdf_sha256", 3),
    ("hmac_sha256", 7),
    ("x25519", 5),
    ("x_wing", 3),
];

#[test]
fn every_file_is_read() {
    let mut found: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    found.sort();
    let known: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
    assert_eq!(found, known);
}

/// The vectors of a file, as many as there must be.
pub(crate) fn vectors(name: &str) -> Vec<Vector> {
    let text = std::fs::read_to_string(folder().join(name).with_extension("json")).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["schema"], "chappe-primitives/1");
    let vectors = document["vectors"].as_array().unwrap();
    let (_, count) = FILES.iter().find(|(known, _)| *known == name).unwrap();
    assert_eq!(vectors.len(), *count, "{name}");
    vectors.iter().cloned().map(Vector).collect()
}

pub(crate) struct Vector(Value);

impl Vector {
    pub(crate) fn id(&self) -> &str {
        self.text("id")
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_else(|| panic!("{name}: {}", self.0["id"]))
    }

    pub(crate) fn number(&self, name: &str) -> u32 {
        self.0[name].as_u64().unwrap().try_into().unwrap()
    }

    pub(crate) fn octets(&self, name: &str) -> Vec<u8> {
        let digits = self.text(name).as_bytes();
        assert!(digits.len().is_multiple_of(2), "half an octet in {name}");
        let digit = |character: u8| char::from(character).to_digit(16).expect("hex");
        let octet = |pair: &[u8]| u8::try_from(digit(pair[0]) * 16 + digit(pair[1])).unwrap();
        digits.chunks(2).map(octet).collect()
    }

    pub(crate) fn array<const N: usize>(&self, name: &str) -> [u8; N] {
        self.octets(name).try_into().unwrap_or_else(|_| panic!("{name} is not {N} octets"))
    }
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../test-vectors/primitives")
}
