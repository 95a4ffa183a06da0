//! `chappe root succession`: asks a root to name the one that follows it once it is lost.

use crate::device::root_from_file;
use crate::exit::Outcome;
use crate::report::Report;
use crate::request::Request;
use chappe_codec::identity::{Draft, Succession};
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Prints a request for `chappe root sign`. Have it signed when the account is made, and keep what comes
of it apart from both roots. `chappe device revoke` publishes it when the first is lost.")]
pub(crate) struct SuccessionArguments {
    /// The root, as `chappe root new` or `join` prints it
    #[arg(value_name = "ROOT")]
    root: PathBuf,

    /// The root that is to follow it
    #[arg(value_name = "SUCCESSOR")]
    successor: PathBuf,
}

pub(super) fn run(arguments: &SuccessionArguments, report: Report) -> Outcome<()> {
    let root = root_from_file(&arguments.root)?;
    let successor = root_from_file(&arguments.successor)?.account();
    let content = Succession { account: root.account(), successor };
    let text = Request::Succession(Draft::new(content, root)?).to_text();
    report.event("request", &text, json!({"request": text}));
    Ok(())
}
