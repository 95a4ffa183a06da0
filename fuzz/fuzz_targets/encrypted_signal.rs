//! Messages of 128 octets, one after another, into a key ring: what decrypts is what was encrypted, and
//! what a K has told never harms another message.
#![no_main]

use chappe_codec::signal::cryptography::{
    Address, AgreementSecret, InitialisationVector, KeyRing, MessageKey, Method, SharedSecret,
};
use chappe_codec::signal::{EncryptionIndicator, Message, ReferencedMessage, encryption_of};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let [own, other] = [1, 2].map(|of| Address::other("address", &[of; 20]).expect("an address"));
    let secret = SharedSecret::new(b"sixteen octets at least").expect("a secret");
    let mut ring = KeyRing::new(own);
    ring.set_secret(AgreementSecret::from_bytes(&[7; 32]).expect("a key"));
    ring.share(&other, secret.clone(), None).expect("room");
    for (number, sent) in (1_u8..).zip(octets.chunks(128)) {
        let id = ReferencedMessage([number; 32]);
        match encryption_of(sent) {
            Ok(EncryptionIndicator::NONE) => {
                if let Ok(message) = Message::parse_standard(sent) {
                    let _ = ring.learn(&other, id, &message);
                }
            }
            Ok(_) => drop(ring.decrypt(&other, id, sent, 0)),
            Err(_) => {}
        }
    }
    // Plain octets of any kind, under a key of each method.
    for method in [Method::Negotiated, Method::PreShared] {
        let key = MessageKey::derive(method, &secret, &other);
        let vector = InitialisationVector([0xFE; 16]);
        if let Ok(plain) = key.decrypt(octets, &vector)
            && let Ok(message) = Message::parse_decrypted(&plain)
        {
            assert_eq!(key.encrypt(&message, &vector).as_deref(), Ok(octets));
        }
        if let Ok(message) = Message::parse_decrypted(octets)
            && message.encryption == method.indicator()
        {
            let sent = key.encrypt(&message, &vector).expect("its own method");
            assert_eq!(
                key.decrypt(&sent, &vector).map(|plain| plain.to_vec()),
                Ok(octets.to_vec())
            );
        }
    }
});
