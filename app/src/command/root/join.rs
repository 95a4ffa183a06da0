//! `chappe root join`: a root of several keys.

use crate::device::root_from_text;
use crate::exit::{Exit, Failure, Outcome};
use crate::report::Report;
use chappe_codec::identity::Root;
use chappe_codec::key::VerifyKey;
use chappe_codec::realm::Realm;

#[derive(Debug, clap::Args)]
pub(crate) struct JoinArguments {
    /// How many of the keyholders must sign
    #[arg(long, value_name = "M")]
    threshold: u8,

    /// The keys, as `chappe root new` prints them
    #[arg(value_name = "KEY", required = true)]
    keys: Vec<String>,

    /// The realm it belongs to
    #[arg(long, value_name = "REALM", default_value = "live/00000001")]
    realm: Realm,
}

pub(super) fn run(arguments: &JoinArguments, report: Report) -> Outcome<()> {
    let mut keys = Vec::new();
    for text in &arguments.keys {
        match root_from_text(text)?.keys() {
            [key] => keys.push(VerifyKey::from_bytes(key)?),
            _ => {
                let message = "a root of several keys cannot be one of another's";
                return Err(Failure::new(Exit::Usage, "keys", message));
            }
        }
    }
    super::show(&Root::new(arguments.threshold, &keys)?, arguments.realm, report)
}
