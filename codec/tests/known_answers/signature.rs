//! RFC 8032.

use super::file::vectors;
use chappe_codec::key::{SignKey, VerifyKey};
use ed25519_dalek::{Signature, Signer, SigningKey};

/// RFC 8032, section 7.1: keys through the codec, signatures through what it signs and verifies with
/// (its own always have a context and a realm in them, which these messages have not).
#[test]
fn ed25519() {
    for vector in vectors("ed25519") {
        let (seed, public) = (vector.array("seed"), vector.array("public"));
        assert_eq!(SignKey::from_seed(&seed).public().to_bytes(), public, "{}", vector.id());
        assert_eq!(VerifyKey::from_bytes(&public).unwrap().to_bytes(), public, "{}", vector.id());

        let key = SigningKey::from_bytes(&seed);
        let message = vector.octets("message");
        let signature = vector.array::<64>("result");
        assert_eq!(key.sign(&message).to_bytes(), signature, "{}", vector.id());
        let signature = Signature::from_bytes(&signature);
        assert!(key.verifying_key().verify_strict(&message, &signature).is_ok(), "{}", vector.id());
        let another = [&message[..], &[0]].concat();
        assert!(
            key.verifying_key().verify_strict(&another, &signature).is_err(),
            "{}",
            vector.id()
        );
    }
}
