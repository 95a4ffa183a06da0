//! `chappe root join`: a root of several keys, and the one that follows it.

use crate::device::root_from_text;
use crate::exit::{Exit, Failure, Outcome};
use crate::files;
use crate::report::Report;
use crate::request::Request;
use chappe_codec::identity::{Draft, Root, Succession};
use chappe_codec::key::VerifyKey;
use chappe_codec::realm::Realm;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Prints the root. With --successor it also writes what asks it to name the root that follows: have it
signed at once (chappe root sign), and keep what comes of it apart from both roots.")]
pub(crate) struct JoinArguments {
    /// How many of the keyholders must sign
    #[arg(long, value_name = "M")]
    threshold: u8,

    /// The keys, as `chappe root new` prints them
    #[arg(value_name = "KEY", required = true)]
    keys: Vec<String>,

    /// The keys of the root that follows it, with commas between; as many of them must sign
    #[arg(long, value_name = "KEYS", value_delimiter = ',', requires = "succession")]
    successor: Vec<String>,

    /// Where to write the request for the succession; a file that is there is not overwritten
    #[arg(long, value_name = "OUT", requires = "successor")]
    succession: Option<PathBuf>,

    /// Do without one: an account whose root is lost then ends with its devices
    #[arg(long, conflicts_with = "successor")]
    no_successor: bool,

    /// The realm it belongs to
    #[arg(long, value_name = "REALM", default_value = "live/00000001")]
    realm: Realm,
}

pub(super) fn run(arguments: &JoinArguments, report: Report) -> Outcome<()> {
    let root = join(arguments.threshold, &arguments.keys)?;
    if let Some(out) = &arguments.succession {
        let successor = join(arguments.threshold, &arguments.successor)?;
        if successor.keys().iter().any(|key| root.keys().contains(key)) {
            let message = "a key of the root is also one of the root that follows it";
            return Err(Failure::new(Exit::Usage, "keys", message)
                .advise("whoever steals or loses that one has both"));
        }
        let content = Succession { account: root.account(), successor: successor.account() };
        let text = Request::Succession(Draft::new(content, root.clone())?).to_text();
        files::create_private(out, format!("{text}\n").as_bytes())?;
        report.note(&format!(
            "{} asks for the succession: have {} keyholders sign it now, and give what comes of it to \
             somebody who keeps none of the keys",
            out.display(),
            root.threshold(),
        ));
    } else if !arguments.no_successor {
        report.note(
            "WARNING: no root follows this one. If it is lost, nothing can be added to the account any \
             more: --successor",
        );
    }
    super::show(&root, arguments.realm, report)
}

/// The root of these keys.
fn join(threshold: u8, texts: &[String]) -> Outcome<Root> {
    let mut keys = Vec::new();
    for text in texts {
        match root_from_text(text)?.keys() {
            [key] => keys.push(VerifyKey::from_bytes(key)?),
            _ => {
                let message = "a root of several keys cannot be one of another's";
                return Err(Failure::new(Exit::Usage, "keys", message));
            }
        }
    }
    Ok(Root::new(threshold, &keys)?)
}
