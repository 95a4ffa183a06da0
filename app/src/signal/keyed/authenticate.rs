//! Who an originator shows to be.

use super::key_file::Keys;
use super::read_line;
use super::talk::in_field;
use crate::signal::flaw::Flaw;
use crate::signal::form::read_hexadecimal;
use chappe_codec::error::ErrorKind;
use chappe_codec::signal::cryptography::authentication::{self, Expected};
use chappe_codec::signal::cryptography::token;
use chappe_codec::signal::{Body, Message, VerificationMethod};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    originator: String,
    hex: String,
    resource: Option<String>,
    fetched_from: Option<String>,
}

/// What an A1 or A2 proves, or why it proves nothing.
pub(super) fn answer(keys: &Keys, line: &[u8]) -> Result<Value, Flaw> {
    let given: Given = read_line(line)?;
    let originator = keys.originator(&given.originator)?;
    let octets = in_field(read_hexadecimal(&given.hex), "hex")?;
    let message = Message::parse_standard(&octets)?;
    let missing = |field| Flaw::of_field(ErrorKind::Missing, field);
    if let Body::Authentication { method: VerificationMethod::SHARED_TOKEN, .. } = message.body {
        let secret = originator.token.as_ref().ok_or_else(|| missing("token"))?;
        token::verify(&message, secret, &originator.address)?;
        return Ok(json!({
            "authenticated": "shared_token",
            "originator": originator.address.text(),
        }));
    }
    let url = authentication::url_of(&message)?;
    let resource = given.resource.ok_or_else(|| missing("resource"))?;
    let expected = Expected {
        address: &originator.address,
        key: originator.key.as_ref().ok_or_else(|| missing("key"))?,
        url: &url,
        fetched_from: given.fetched_from.as_deref(),
    };
    let found = authentication::verify(resource.as_bytes(), &expected)?;
    Ok(json!({
        "authenticated": "internet_resource",
        "originator": originator.address.text(),
        // What it calls itself. Nobody has checked it.
        "orgname": found.claims.name,
        "url": found.claims.url,
        "algorithm": found.algorithm.name(),
        "misnamed": found.misnamed,
        // Whether the key is the address's own: null where it cannot be computed.
        "key_of_address": originator.address.belongs_to(expected.key),
        "origin_checked": given.fetched_from.is_some(),
    }))
}
