//! RFC 8452 and X-Wing.

use super::file::vectors;
use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use x_wing::{Decapsulate, KeyExport, TryKeyInit};

/// RFC 8452, Appendices C.2 and C.3: sealed, opened, and refused once a bit of the tag is another.
#[test]
fn aes_256_gcm_siv() {
    for vector in vectors("aes_256_gcm_siv") {
        let cipher = Aes256GcmSiv::new(&vector.array::<32>("key").into());
        let nonce = Nonce::from(vector.array::<12>("nonce"));
        let (plaintext, aad) = (vector.octets("plaintext"), vector.octets("additional"));
        let mut sealed = vector.octets("result");
        let found = cipher.encrypt(&nonce, Payload { msg: &plaintext, aad: &aad });
        assert_eq!(found.as_ref(), Ok(&sealed), "{}", vector.id());
        let found = cipher.decrypt(&nonce, Payload { msg: &sealed, aad: &aad });
        assert_eq!(found.as_ref(), Ok(&plaintext), "{}", vector.id());
        *sealed.last_mut().unwrap() ^= 1;
        let found = cipher.decrypt(&nonce, Payload { msg: &sealed, aad: &aad });
        assert!(found.is_err(), "{}", vector.id());
    }
}

/// draft-connolly-cfrg-xwing-kem-06, Appendix C.
#[test]
fn x_wing() {
    for vector in vectors("x_wing") {
        let secret = x_wing::DecapsulationKey::from(vector.array::<32>("seed"));
        let public = x_wing::EncapsulationKey::new_from_slice(&vector.octets("encapsulation_key"));
        let public = public.unwrap();
        assert_eq!(x_wing::Decapsulator::encapsulation_key(&secret), &public, "{}", vector.id());
        assert_eq!(public.to_bytes()[..], vector.octets("encapsulation_key"), "{}", vector.id());
        let randomness = vector.array::<64>("encapsulation_seed").into();
        let (ciphertext, shared) = public.encapsulate_deterministic(&randomness);
        assert_eq!(ciphertext[..], vector.octets("ciphertext"), "{}", vector.id());
        assert_eq!(shared[..], vector.octets("result"), "{}", vector.id());
        assert_eq!(secret.decapsulate(&ciphertext)[..], vector.octets("result"), "{}", vector.id());
    }
}
