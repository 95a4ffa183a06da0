//! The vectors of cryptography.json (spec/12-whiteflag-cryptography.md).

use super::given::{assert_same_fields, hex, octets, pairs};
use chappe_codec::signal::cryptography::authentication::{
    Authenticated, Expected, VerificationKey, verify,
};
use chappe_codec::signal::cryptography::{
    Address, AgreementKey, AgreementSecret, CryptographyError, InitialisationVector, KeyRing,
    Learned, MessageKey, Method, SharedSecret, token,
};
use chappe_codec::signal::{EncryptionIndicator, Message, ReferencedMessage, encryption_of};
use serde_json::{Value, json};

/// Stops at a vector that does not hold.
pub(crate) fn judge(vector: &Value) {
    let id = vector["id"].as_str().unwrap();
    let given = &vector["in"];
    let found = match vector["kind"].as_str().unwrap() {
        "agreement" => agreement(given, vector),
        "derivation" => derivation(given),
        "encryption" => Ok(encryption(id, given)),
        "decryption" => decryption(given),
        "vector" => announced(given),
        "token" => a_token(given),
        "address" => address(given).map(|address| json!({"binary": hex(address.binary())})),
        "belonging" => belonging(given),
        "jws" => jws(given),
        "ring" => ring(given),
        kind => panic!("{id}: a kind the harness does not know: {kind}"),
    };
    match found {
        Ok(out) => assert_eq!((&out, "valid"), (&vector["out"], &*text(vector, "result")), "{id}"),
        Err(error) => assert_eq!(named(error), vector["error"], "{id}: {error}"),
    }
}

fn named(error: CryptographyError) -> Value {
    json!({"kind": error.kind.name(), "field": error.field})
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name}")).to_owned()
}

fn hex_of(value: &Value, name: &str) -> Vec<u8> {
    octets(&text(value, name))
}

fn array<const N: usize>(value: &Value, name: &str) -> [u8; N] {
    hex_of(value, name).try_into().unwrap()
}

/// An address given by its octets alone.
fn binary_address(digits: &str) -> Address {
    Address::other(digits, &octets(digits)).unwrap()
}

fn method(given: &Value) -> Method {
    match &*text(given, "method") {
        "negotiated" => Method::Negotiated,
        "pre_shared" => Method::PreShared,
        other => panic!("a method the harness does not know: {other}"),
    }
}

fn agreement(given: &Value, vector: &Value) -> Result<Value, CryptographyError> {
    let secret = AgreementSecret::from_bytes(&array(given, "secret_key"))?;
    let other = AgreementKey::from_bytes(&hex_of(given, "public_key"))?;
    assert_eq!(other.to_bytes().as_slice(), hex_of(given, "public_key"));
    // What was agreed on cannot be looked at: it is what makes the same keys.
    let expected = hex_of(&vector["out"], "shared_secret");
    let address = binary_address("0123");
    let same = token::derive(&SharedSecret::new(&expected).unwrap(), &address);
    assert_eq!(token::derive(&secret.agree(&other), &address), same);
    let own = hex(&secret.public().to_bytes());
    Ok(json!({"own_public_key": own, "shared_secret": hex(&expected)}))
}

/// A key cannot be looked at either: over zeros it shows its key stream, and one that was handed in
/// shows the same only if it is the same.
fn derivation(given: &Value) -> Result<Value, CryptographyError> {
    let (secret, address) = (hex_of(given, "secret"), binary_address(&text(given, "address")));
    let (method, salt) = match &*text(given, "use") {
        "token" => {
            let derived = token::derive(&SharedSecret::token(&secret)?, &address);
            return Ok(json!({"octets": derived}));
        }
        "negotiated" => {
            (Method::Negotiated, "8ddb03085a2c15e69c35c224bce2952dca7878770724741cbce5a135328be0c0")
        }
        "pre_shared" => {
            (Method::PreShared, "c4d028bd45c876135e80ef7889835822a6f19a31835557d5854d1334e8497b56")
        }
        other => panic!("a use the harness does not know: {other}"),
    };
    let key = MessageKey::derive(method, &SharedSecret::new(&secret)?, &address);
    let mut out = [0; 32];
    chappe_codec::signal::cryptography::derive_with_salt(
        &octets(salt),
        &secret,
        address.binary(),
        &mut out,
    );
    let again = MessageKey::from_derived(method, out.into());
    let zeros = [&b"WF1"[..], &[method.indicator().to_u8()], &[0; 64][..]].concat();
    let stream = |key: &MessageKey| key.decrypt(&zeros, &InitialisationVector([9; 16])).unwrap();
    assert_eq!(stream(&key), stream(&again));
    Ok(json!({"octets": hex(&out)}))
}

fn key_of(given: &Value) -> (MessageKey, InitialisationVector) {
    let secret = SharedSecret::new(&hex_of(given, "secret")).unwrap();
    let key = MessageKey::derive(method(given), &secret, &binary_address(&text(given, "address")));
    (key, InitialisationVector(array(given, "vector")))
}

/// Both ways, the duress indicator and all other fields as they were.
fn encryption(id: &str, given: &Value) -> Value {
    let (key, vector) = key_of(given);
    let pairs = pairs(&given["fields"]);
    let message = Message::from_pairs(&pairs).unwrap();
    let encrypted = key.encrypt(&message, &vector).unwrap();
    let plain = key.decrypt(&encrypted, &vector).unwrap();
    let read = Message::parse_decrypted(&plain).unwrap();
    assert_eq!(read, message, "{id}");
    assert_same_fields(id, &read, &given["fields"]);
    // Without a key it stays what it is, and it is not written plain.
    assert_eq!(Message::parse_standard(&encrypted).unwrap_err().kind.name(), "unsupported");
    assert!(message.to_standard_vec().is_err());
    json!({"plain": hex(&plain), "hex": hex(&encrypted)})
}

fn decryption(given: &Value) -> Result<Value, CryptographyError> {
    let (key, vector) = key_of(given);
    let plain = key.decrypt(&hex_of(given, "hex"), &vector)?;
    Message::parse_decrypted(&plain)?;
    Ok(json!({"plain": hex(&plain)}))
}

fn announced(given: &Value) -> Result<Value, CryptographyError> {
    let pairs = pairs(&given["fields"]);
    let message = Message::from_pairs(&pairs).unwrap();
    let (method, referenced, vector) = InitialisationVector::announced_by(&message)?;
    // What the codec would send is the same message.
    assert_eq!(vector.announcement(method, referenced), message);
    let method = if method == Method::Negotiated { "negotiated" } else { "pre_shared" };
    let referenced = referenced.to_string();
    Ok(json!({"method": method, "referenced": referenced, "vector": hex(&vector.0)}))
}

fn a_token(given: &Value) -> Result<Value, CryptographyError> {
    let pairs = pairs(&given["fields"]);
    let message = Message::from_pairs(&pairs).unwrap();
    let secret = SharedSecret::token(&hex_of(given, "token"))?;
    token::verify(&message, &secret, &binary_address(&text(given, "address")))?;
    Ok(json!({}))
}

fn address(given: &Value) -> Result<Address, CryptographyError> {
    let text = text(given, "text");
    match given["form"].as_str().unwrap() {
        "base58check" => Address::from_base58check(&text),
        "ss58" => Address::from_ss58(&text),
        "hexadecimal" => Address::from_hexadecimal(&text),
        "other" => Address::other(&text, &hex_of(given, "binary")),
        other => panic!("a form the harness does not know: {other}"),
    }
}

fn key(given: &Value) -> Result<VerificationKey, CryptographyError> {
    let octets = hex_of(given, "key");
    match given["curve"].as_str().unwrap() {
        "P-256" => VerificationKey::from_p256(&octets),
        "secp256k1" => VerificationKey::from_secp256k1(&octets),
        "Ed25519" => VerificationKey::from_ed25519(&octets),
        other => panic!("a curve the harness does not know: {other}"),
    }
}

fn belonging(given: &Value) -> Result<Value, CryptographyError> {
    Ok(json!({"belongs": address(given)?.belongs_to(&key(given)?)}))
}

fn jws(given: &Value) -> Result<Value, CryptographyError> {
    let (key, address) = (key(given)?, address(&given["address"]).unwrap());
    let fetched_from = given.get("fetched_from").map(|url| url.as_str().unwrap());
    let url = given["url"].as_str().unwrap();
    let expected = Expected { address: &address, key: &key, url, fetched_from };
    let Authenticated { claims, algorithm, misnamed } =
        verify(text(given, "resource").as_bytes(), &expected)?;
    let mut out = json!({"addr": claims.address, "orgname": claims.name, "url": claims.url});
    if let Some(extended) = claims.extended_public_key {
        out["extpubkey"] = extended.into();
    }
    Ok(json!({"algorithm": algorithm.name(), "misnamed": misnamed, "claims": out}))
}

/// The state after each message, in order.
fn ring(given: &Value) -> Result<Value, CryptographyError> {
    let mut ring = KeyRing::new(binary_address(&text(given, "own")));
    ring.set_secret(AgreementSecret::from_bytes(&array(given, "secret_key"))?);
    for shared in given["shared"].as_array().unwrap() {
        let secret = SharedSecret::new(&hex_of(shared, "secret"))?;
        ring.share(&binary_address(&text(shared, "with")), secret, shared["expires"].as_u64())?;
    }
    let steps = given["steps"].as_array().unwrap();
    let outcomes: Vec<_> = steps
        .iter()
        .map(|step| step_of(&mut ring, step).unwrap_or_else(|error| json!({"error": named(error)})))
        .collect();
    Ok(json!({"steps": outcomes}))
}

fn step_of(ring: &mut KeyRing, step: &Value) -> Result<Value, CryptographyError> {
    let originator = binary_address(&text(step, "originator"));
    let (id, octets) = (ReferencedMessage(array(step, "id")), hex_of(step, "hex"));
    if encryption_of(&octets)? == EncryptionIndicator::NONE {
        let learned = match ring.learn(&originator, id, &Message::parse_standard(&octets)?)? {
            Learned::Key => "key",
            Learned::AnotherKey => "another_key",
            Learned::SameKey => "same_key",
            Learned::KeyWithdrawn => "key_withdrawn",
            Learned::Vector(_) => "vector",
        };
        return Ok(json!({"learned": learned}));
    }
    let plain = ring.decrypt(&originator, id, &octets, step["now"].as_u64().unwrap())?;
    Ok(json!({"plain": hex(&plain)}))
}
