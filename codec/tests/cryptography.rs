//! Whiteflag's own cryptography: laws, known answers of RFCs, and what a writer is refused.

// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

use chappe_codec::signal::cryptography::authentication::{
    Expected, Jws, VerificationKey, signing_input, url_of, verify,
};
use chappe_codec::signal::cryptography::{
    Address, AgreementKey, AgreementSecret, CryptographyError, InitialisationVector, KeyRing,
    Learned, MessageKey, Method, SharedSecret,
};
use chappe_codec::signal::{Body, EncryptionIndicator};
use chappe_codec::signal::{CryptoData, CryptoDataType, Message, ReferencedMessage};
use proptest::prelude::*;

fn address(number: u8) -> Address {
    Address::other(&format!("address {number}"), &[number; 20]).unwrap()
}

fn message(indicator: char, text: &str) -> String {
    format!("WF1{indicator}0F0{:064}{text}", 0)
}

fn refused<T: std::fmt::Debug>(
    outcome: Result<T, CryptographyError>,
) -> (&'static str, &'static str) {
    let error = outcome.unwrap_err();
    (error.kind.name(), error.field)
}

/// Two participants, each with a key ring, over the K messages they send.
#[test]
fn two_participants_agree_and_talk() {
    let secret = |number| AgreementSecret::from_bytes(&[number; 32]).unwrap();
    let mut rings = [address(1), address(2)].map(KeyRing::new);
    for (ring, number) in rings.iter_mut().zip([1, 2]) {
        ring.set_secret(secret(number));
    }
    let [alice, bob] = &mut rings;
    for (ring, of) in [(&mut *alice, 2), (&mut *bob, 1)] {
        let public = secret(of).public().to_bytes();
        let data = CryptoData::new(&public).unwrap();
        let body = Body::CryptographicSupport { data_type: CryptoDataType(0x0A), data };
        let id = ReferencedMessage([of; 32]);
        assert_eq!(ring.learn(&address(of), id, &Message::original(body)), Ok(Learned::Key));
    }
    let text = message('1', "Bridge mined, use the ford");
    let said = Message::parse_serialized(&text).unwrap();
    let vector = InitialisationVector([0xA5; 16]);
    let octets = alice.encrypt(&address(2), &said, vector, 0).unwrap();

    let id = ReferencedMessage([9; 32]);
    assert_eq!(refused(bob.decrypt(&address(1), id, &octets, 0)), ("missing", "InitVector"));
    let announcement = vector.announcement(Method::Negotiated, id);
    let wire = announcement.to_standard_vec().unwrap();
    let announcement = Message::parse_standard(&wire).unwrap();
    let learned = bob.learn(&address(1), ReferencedMessage([8; 32]), &announcement);
    assert_eq!(learned, Ok(Learned::Vector(id)));
    let plain = bob.decrypt(&address(1), id, &octets, 0).unwrap();
    assert_eq!(Message::parse_decrypted(&plain), Ok(said));

    // The keys are one for each direction: the same octets from Bob say something else.
    bob.learn(&address(2), ReferencedMessage([7; 32]), &announcement).unwrap();
    assert_eq!(refused(bob.decrypt(&address(2), id, &octets, 0)), ("missing", "key"));
}

#[test]
fn a_writer_is_refused() {
    let mut ring = KeyRing::new(address(1));
    let secret = SharedSecret::new(b"sixteen octets at least").unwrap();
    ring.share(&address(2), secret, Some(100)).unwrap();
    let texts = ["0", "1", "2", "3"].map(|indicator| message(indicator.parse().unwrap(), "x"));
    let [open, negotiated, shared, private] =
        texts.each_ref().map(|text| Message::parse_serialized(text).unwrap());
    let vector = |number| InitialisationVector([number; 16]);
    let mut encrypt = |to, message, of, now| ring.encrypt(&address(to), message, vector(of), now);
    assert_eq!(refused(encrypt(2, &open, 1, 0)), ("unexpected", "EncryptionIndicator"));
    assert_eq!(refused(encrypt(2, &private, 1, 0)), ("unsupported", "EncryptionIndicator"));
    assert_eq!(refused(encrypt(2, &negotiated, 1, 0)), ("missing", "key"));
    assert_eq!(refused(encrypt(3, &shared, 1, 0)), ("missing", "key"));
    assert_eq!(refused(encrypt(2, &shared, 1, 100)), ("expired", "key"));
    encrypt(2, &shared, 1, 99).unwrap();
    // Never twice, whoever it is for and whatever it says.
    assert_eq!(refused(encrypt(2, &shared, 1, 99)), ("replay", "InitVector"));
    encrypt(2, &shared, 2, 99).unwrap();
}

#[test]
fn the_ring_is_bounded() {
    let mut ring = KeyRing::new(address(1));
    let secret = SharedSecret::new(b"sixteen octets at least").unwrap();
    let other = |number: u16| Address::other("other", &number.to_be_bytes()).unwrap();
    for number in 0..1024 {
        ring.share(&other(number), secret.clone(), None).unwrap();
    }
    assert_eq!(
        refused(ring.share(&other(1024), secret.clone(), None)),
        ("too_long", "originators")
    );
    ring.share(&other(0), secret, None).unwrap();

    let text = message('2', "x");
    let said = Message::parse_serialized(&text).unwrap();
    for number in 0..4096_u128 {
        let vector = InitialisationVector(number.to_be_bytes());
        ring.encrypt(&other(0), &said, vector, 0).unwrap();
    }
    let vector = InitialisationVector([0xFF; 16]);
    assert_eq!(refused(ring.encrypt(&other(0), &said, vector, 0)), ("too_long", "InitVector"));
}

/// RFC 8037 A.4: the signature is good under its key; its payload is no JSON object of claims.
#[test]
fn the_example_of_rfc_8037() {
    let key = [
        0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07,
        0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07,
        0x51, 0x1a,
    ];
    let key = VerificationKey::from_ed25519(&key).unwrap();
    let signed = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    assert_eq!(signing_input(br#"{"alg":"EdDSA"}"#, b"Example of Ed25519 signing"), signed);
    let signature = "860c98d2297f3060a33f42739672d61b53cf3adefed3d3c672f320dc021b411e\
                     9d59b8628dc351e248b88b29468e0e41855b0fb7d83bb15be902bfccb8cd0a02";
    let octets =
        std::array::from_fn(|at| u8::from_str_radix(&signature[2 * at..2 * at + 2], 16).unwrap());
    assert!(key.verify_octets(signed.as_bytes(), &octets).is_ok());
    assert!(key.verify_octets(&signed.as_bytes()[1..], &octets).is_err());
}

/// RFC 7515 A.3: ES256, the payload of A.1.
#[test]
fn the_example_of_rfc_7515() {
    let resource = r#"{"protected":"eyJhbGciOiJFUzI1NiJ9",
        "payload":"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
        "signature":"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"}"#;
    // x and y of the key in A.3.1, uncompressed.
    let mut key = vec![4];
    key.extend([
        127, 205, 206, 39, 112, 246, 196, 93, 65, 131, 203, 238, 111, 219, 75, 123, 88, 7, 51, 53,
        123, 233, 239, 19, 186, 207, 110, 60, 123, 209, 84, 69,
    ]);
    key.extend([
        199, 241, 68, 205, 27, 189, 155, 126, 135, 44, 223, 237, 185, 238, 185, 244, 179, 105, 93,
        110, 169, 11, 36, 173, 138, 70, 35, 40, 133, 136, 229, 173,
    ]);
    let key = VerificationKey::from_p256(&key).unwrap();
    let address = address(1);
    let expected =
        Expected { address: &address, key: &key, url: "https://a.example/", fetched_from: None };
    // The signature holds; what is missing are the claims.
    assert_eq!(refused(verify(resource.as_bytes(), &expected)), ("missing", "addr"));
    let changed = resource.replace("DtEhU3lj", "DtEhU3lk");
    assert_eq!(refused(verify(changed.as_bytes(), &expected)), ("bad_signature", "signature"));
}

#[test]
fn the_url_is_that_of_an_a1() {
    let header = format!("0{:064}", 0);
    let of = |body: &str| {
        let text = format!("WF100{body}");
        url_of(&Message::parse_serialized(&text).unwrap())
    };
    let url = "https://organisation.int/whiteflag";
    assert_eq!(of(&format!("A{header}1{url}")).as_deref(), Ok(url));
    assert_eq!(refused(of(&format!("A{header}2{url}"))), ("unexpected", "VerificationMethod"));
    assert_eq!(refused(of(&format!("F{header}{url}"))), ("unexpected", "MessageCode"));
    assert_eq!(refused(of(&format!("T{header}A1{url}"))), ("unexpected", "MessageCode"));
}

#[test]
fn nothing_secret_is_shown() {
    let secret = SharedSecret::new(b"ZZZZZZZZZZZZZZZy").unwrap();
    let key = MessageKey::derive(Method::PreShared, &secret, &address(1));
    let mut ring = KeyRing::new(address(1));
    ring.share(&address(2), secret.clone(), None).unwrap();
    let shown = format!("{secret:?} {key:?} {ring:?}");
    assert_eq!(
        shown,
        "SharedSecret(..) MessageKey(PreShared, ..) KeyRing of address 1 with 1 others"
    );
}

proptest! {
    /// Encrypting is the reverse of decrypting, and only the first four octets stay as they are.
    #[test]
    fn both_ways(
        secret in proptest::collection::vec(any::<u8>(), 16..80),
        vector: [u8; 16],
        text in "[ -~]{0,200}",
        duress: bool,
        negotiated: bool,
    ) {
        let method = if negotiated { Method::Negotiated } else { Method::PreShared };
        prop_assume!(secret.windows(2).any(|pair| pair[0] != pair[1]));
        let secret = SharedSecret::new(&secret).unwrap();
        let key = MessageKey::derive(method, &secret, &address(3));
        let text = message('0', &text);
        let mut said = Message::parse_serialized(&text).unwrap();
        let open = said.to_standard_vec().unwrap();
        said.encryption = method.indicator();
        said.duress = duress;
        let vector = InitialisationVector(vector);
        let octets = key.encrypt(&said, &vector).unwrap();
        prop_assert_eq!(octets.len(), open.len());
        prop_assert_eq!(&octets[..3], b"WF1");
        prop_assert_eq!(octets[3], method.indicator().to_u8());
        let plain = key.decrypt(&octets, &vector).unwrap();
        prop_assert_eq!(Message::parse_decrypted(&plain), Ok(said));
        said.encryption = EncryptionIndicator::NONE;
        said.duress = false;
        prop_assert_eq!(said.to_standard_vec().unwrap(), open);
    }

    /// Legacy, and said to be: one bit on the way is one bit in the text, and nobody notices.
    #[test]
    fn there_is_no_integrity(bit in 0_usize..8) {
        let secret = SharedSecret::new(b"sixteen octets at least").unwrap();
        let key = MessageKey::derive(Method::PreShared, &secret, &address(3));
        let vector = InitialisationVector([1; 16]);
        let text = message('2', "north");
        let mut octets = key.encrypt(&Message::parse_serialized(&text).unwrap(), &vector).unwrap();
        let before = key.decrypt(&octets, &vector).unwrap();
        *octets.last_mut().unwrap() ^= 1 << bit;
        let after = key.decrypt(&octets, &vector).unwrap();
        let changed: u32 = before.iter().zip(&*after).map(|(a, b)| (a ^ b).count_ones()).sum();
        prop_assert_eq!(changed, 1);
    }

    /// Whatever 33 octets are taken for a key are the one encoding of a point, and agree.
    #[test]
    fn a_key_is_the_one_encoding_of_a_point(form in 0_u8..6, x: [u8; 32], secret: [u8; 32]) {
        let octets = [&[form], &x[..]].concat();
        let (Ok(key), Ok(secret)) =
            (AgreementKey::from_bytes(&octets), AgreementSecret::from_bytes(&secret)) else {
            return Ok(());
        };
        prop_assert_eq!(key.to_bytes().to_vec(), octets);
        drop(secret.agree(&key));
    }

    /// Agreement gives both the same, whoever they are.
    #[test]
    fn both_agree(a: [u8; 32], b: [u8; 32], vector: [u8; 16]) {
        let (Ok(a), Ok(b)) = (AgreementSecret::from_bytes(&a), AgreementSecret::from_bytes(&b)) else {
            return Ok(());
        };
        let key = |secret: &SharedSecret| MessageKey::derive(Method::Negotiated, secret, &address(4));
        let zeros = [b"WF11", &[0; 40][..]].concat();
        let stream = |key: MessageKey| key.decrypt(&zeros, &InitialisationVector(vector)).unwrap();
        prop_assert_eq!(stream(key(&a.agree(&b.public()))), stream(key(&b.agree(&a.public()))));
    }

    /// Whatever comes in, a refusal or a JWS comes out; what is read signs what was received.
    #[test]
    fn any_resource_is_read_or_refused(
        resource in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..200),
            "[\\{\\}\\[\\]:,\"protecdaylsignu0 ]{0,80}".prop_map(String::into_bytes),
            ("[A-Za-z0-9_-]{0,40}", "[A-Za-z0-9_-]{0,40}", "[A-Za-z0-9_-]{86}").prop_map(|(a, b, c)| {
                format!(r#"{{"protected":"{a}","payload":"{b}","signature":"{c}"}}"#).into_bytes()
            }),
            ("[ -~]{0,40}", "[ -~]{0,40}").prop_map(|(alg, name)| {
                let header = serde_json::json!({"alg": alg}).to_string();
                let payload = serde_json::json!({"addr": "address 1", "orgname": name}).to_string();
                let signed = signing_input(header.as_bytes(), payload.as_bytes());
                let (a, b) = signed.split_once('.').unwrap();
                format!(r#"{{"protected":"{a}","payload":"{b}","signature":"AAAA"}}"#).into_bytes()
            }),
        ],
    ) {
        if let Ok(jws) = Jws::parse(&resource) {
            let text = String::from_utf8(resource).unwrap();
            let (protected, payload) = jws.signing_input().split_once('.').unwrap();
            prop_assert!(text.contains(protected) && text.contains(payload));
        }
    }
}
