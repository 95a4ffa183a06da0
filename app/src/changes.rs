//! Changes about accounts, in words: never in silence (spec/10-identity.md, "A change is never
//! silent").

use crate::hex;
use crate::home;
use crate::report::Report;
use chappe_codec::account::AccountId;
use chappe_codec::identity::{Carried, Certificate, Change};
use serde_json::{Value, json};

/// Tells a change that an endorsement brought.
pub(crate) fn report(
    report: Report,
    change: &Change,
    endorsement: &Carried,
    name: impl Fn(AccountId) -> String,
) {
    let (text, mut value) = describe(change, name);
    if let Value::Object(fields) = &mut value {
        fields.insert("endorsement".into(), hex::encode(&endorsement.to_bytes()).into());
    }
    report.event("change", &text, value);
}

/// What a person reads, and what a program does. `name` says what to call an account.
fn describe(change: &Change, name: impl Fn(AccountId) -> String) -> (String, Value) {
    let of = |certificate: &Certificate| {
        (name(certificate.account.id()), certificate.account.id(), certificate.device)
    };
    let (what, text, account, device) = match change {
        Change::NewAccount { account } => {
            let text = format!("a new account: {}", name(account.id()));
            ("new_account", text, account.id(), None)
        }
        Change::NewDevice { certificate } => {
            let (who, account, device) = of(certificate);
            let text = format!("{who} has a NEW DEVICE, number {device}: make sure by voice");
            ("new_device", text, account, Some(device))
        }
        Change::Reissued { old, new, .. } => {
            let (who, account, device) = of(new);
            let text = if new.has_other_keys(old) {
                format!("device {device} of {who} has OTHER KEYS: make sure by voice")
            } else {
                format!("device {device} of {who} has other permissions")
            };
            ("reissued", text, account, Some(device))
        }
        Change::NewCard { old, new } => {
            let (who, account, device) = of(new.certificate());
            let moved = old.as_ref().and_then(|old| home::change(old.homes(), new.homes()));
            let what = moved.unwrap_or_else(|| "has a new prekey".to_owned());
            ("new_card", format!("device {device} of {who} {what}"), account, Some(device))
        }
        Change::Revoked { account, device, .. } => {
            let text = format!(
                "device {device} of {} is REVOKED: nothing it says from now on counts",
                name(account.id())
            );
            ("revoked", text, account.id(), Some(*device))
        }
        Change::Succeeded { account, .. } => {
            let text = format!(
                "the root of {} is succeeded by ANOTHER KEY: make sure by voice",
                name(account.id())
            );
            ("succeeded", text, account.id(), None)
        }
        Change::Conflict(_) => {
            let text = "a root has endorsed two things that exclude each other; both are kept";
            return (text.into(), json!({"what": "conflict"}));
        }
    };
    (text, json!({"what": what, "account": account.to_string(), "device": device}))
}
