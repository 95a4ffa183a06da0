//! `chappe root`: the keys an account is named after, which lie apart from its devices.

mod join;
mod new;
mod revocation;
mod sign;
mod succession;

use crate::exit::Outcome;
use crate::report::Report;
use crate::text_form::TextForm;
use crate::words::Words;
use chappe_codec::identity::Root;
use chappe_codec::realm::Realm;
use serde_json::json;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
An organisation with three keyholders, of whom two must sign:
  chappe root new ana.root      at each keyholder's own machine; prints KEY and SUCCESSOR'S KEY
  chappe root join --threshold 2 KEY KEY KEY --successor KEY,KEY,KEY --succession ask.txt > org.txt
  chappe device request --root org.txt --number 2 > request.txt    on the device
  chappe root sign request.txt --root ana.root > half.txt          one keyholder
  chappe root sign half.txt --root ben.root > certificate.txt      another one
  chappe device install certificate.txt                            on the device
ask.txt is signed in the same way; what comes of it is put away, apart from both roots.")]
pub(crate) struct RootArguments {
    #[command(subcommand)]
    command: RootCommand,
}

#[derive(Debug, clap::Subcommand)]
enum RootCommand {
    /// Make a keyholder's key, in a file of its own
    New(new::NewArguments),
    /// Make one root of several keys, of which some must sign
    Join(join::JoinArguments),
    /// Show a request in plain words and sign it
    Sign(sign::SignArguments),
    /// Ask for the revocation of a device, to be kept by somebody else
    Revocation(revocation::RevocationArguments),
    /// Ask for the succession of another root, to be kept apart
    Succession(succession::SuccessionArguments),
}

pub(crate) fn run(arguments: RootArguments, report: Report) -> Outcome<()> {
    match arguments.command {
        RootCommand::New(arguments) => new::run(&arguments, report),
        RootCommand::Join(arguments) => join::run(&arguments, report),
        RootCommand::Sign(arguments) => sign::run(&arguments, report),
        RootCommand::Revocation(arguments) => revocation::run(&arguments, report),
        RootCommand::Succession(arguments) => succession::run(&arguments, report),
    }
}

/// Prints the public half of a root; what is for people goes to standard error.
fn show(root: &Root, realm: Realm, report: Report) -> Outcome<()> {
    let account = root.account();
    let words = Words::of(realm, &account)?;
    let text = TextForm::Root.write(&root.to_bytes());
    if !report.json {
        report.note(&format!(
            "account {}, {} of {} keys; its words: {}",
            account.id(),
            root.threshold(),
            root.keys().len(),
            words.words
        ));
    }
    report.event(
        "root",
        &text,
        json!({
            "account": account.id().to_string(),
            "root": text,
            "words": words.words,
            "numbers": words.numbers,
        }),
    );
    Ok(())
}
