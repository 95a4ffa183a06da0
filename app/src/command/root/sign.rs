//! `chappe root sign`: a keyholder reads what is asked, and signs.

use crate::exit::{Exit, Failure, Outcome};
use crate::files;
use crate::passphrase;
use crate::report::Report;
use crate::request::Request;
use crate::storage::open_root_file;
use crate::text_form::TextForm;
use chappe_codec::key::SignKey;
use chappe_codec::realm::Realm;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Prints the certificate, or the request with your signature in it, for the next keyholder; of a file with
several requests, a line each, all of them. What is signed is said on standard error first: read it.")]
pub(crate) struct SignArguments {
    /// The file with the request
    #[arg(value_name = "REQUEST")]
    request: PathBuf,

    /// A file with a keyholder's key; more than one if you hold several
    #[arg(long, value_name = "FILE", required = true)]
    root: Vec<PathBuf>,

    /// A passphrase for all of them, or one for each in order; else you are asked
    #[arg(long, value_name = "FILE")]
    passphrase_file: Vec<PathBuf>,

    /// Sign without asking
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(arguments: &SignArguments, report: Report) -> Outcome<()> {
    let text = files::read_text(&arguments.request)?;
    let (keys, realm) = open(arguments)?;
    // All are read before any is signed, and all are signed or none.
    let mut requests = Vec::new();
    for line in text.lines() {
        let request = Request::from_text(line, realm)?;
        report.note(&format!("you are asked to sign:\n{}", request.describe(realm)?));
        requests.push(request);
    }
    if !arguments.yes {
        passphrase::confirm("Sign it?", "sign")?;
    }
    for request in &mut requests {
        for key in &keys {
            request.sign(key, realm)?;
        }
    }
    requests.iter().try_for_each(|request| show(request, report))
}

/// The endorsement, or the request for the next keyholder.
fn show(request: &Request, report: Report) -> Outcome<()> {
    let missing = request.missing();
    if missing == 0 {
        let text = TextForm::Endorsement.write(&request.finish()?.to_bytes());
        report.event("endorsement", &text, json!({"endorsement": text}));
    } else {
        report.note(&format!("signed; still missing: {missing}"));
        let text = request.to_text();
        report.event("request", &text, json!({"request": text, "missing": missing}));
    }
    Ok(())
}

/// The keys, all of one realm.
fn open(arguments: &SignArguments) -> Outcome<(Vec<SignKey>, Realm)> {
    let files = &arguments.passphrase_file;
    let mut found: Option<(Vec<SignKey>, Realm)> = None;
    for (index, path) in arguments.root.iter().enumerate() {
        let file = files.get(index).or(if files.len() == 1 { files.first() } else { None });
        let prompt = format!("Passphrase of {}: ", path.display());
        let (key, realm) = open_root_file(path, || passphrase::read_from(file, &prompt))?;
        match &mut found {
            Some((_, known)) if *known != realm => {
                let message = format!("{} belongs to {realm}, not to {known}", path.display());
                return Err(Failure::new(Exit::Usage, "realm", message));
            }
            Some((keys, _)) => keys.push(key),
            None => found = Some((vec![key], realm)),
        }
    }
    found.ok_or_else(|| Failure::new(Exit::Usage, "usage", "name a key: --root FILE"))
}
