//! Where the passphrase comes from: a file or the terminal, never the command line.

use crate::exit::{Exit, Failure, Outcome};
use chappe_codec::limits::PASSPHRASE_OCTETS_MAX;
use icu_normalizer::ComposingNormalizer;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// How the passphrase is given.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct PassphraseArguments {
    /// Its passphrase; else you are asked
    #[arg(long, value_name = "FILE", env = "CHAPPE_PASSPHRASE_FILE", hide_env = true)]
    passphrase_file: Option<PathBuf>,
}

impl PassphraseArguments {
    /// As if `--passphrase-file` had been given.
    pub(crate) const fn from_file_at(path: PathBuf) -> Self {
        Self { passphrase_file: Some(path) }
    }

    /// The passphrase of a key that exists.
    pub(crate) fn read(&self) -> Outcome<Zeroizing<String>> {
        match &self.passphrase_file {
            Some(path) => from_file(path),
            None => ask("Passphrase: "),
        }
    }

    /// A passphrase for a new key: asked twice at the terminal.
    pub(crate) fn read_new(&self) -> Outcome<Zeroizing<String>> {
        new_from(self.passphrase_file.as_ref(), "Passphrase: ")
    }
}

/// How a new passphrase is given.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct NewPassphraseArguments {
    /// The new passphrase; else you are asked
    #[arg(long, value_name = "FILE")]
    new_passphrase_file: Option<PathBuf>,
}

impl NewPassphraseArguments {
    /// The new passphrase: asked twice at the terminal.
    pub(crate) fn read(&self) -> Outcome<Zeroizing<String>> {
        new_from(self.new_passphrase_file.as_ref(), "New passphrase: ")
    }
}

/// The passphrase in a file, or asked for with this prompt.
pub(crate) fn read_from(file: Option<&PathBuf>, prompt: &str) -> Outcome<Zeroizing<String>> {
    match file {
        Some(path) => from_file(path),
        None => ask(prompt),
    }
}

/// A new passphrase from a file, or asked for twice with this prompt.
pub(crate) fn new_from(file: Option<&PathBuf>, prompt: &str) -> Outcome<Zeroizing<String>> {
    match file {
        Some(path) => not_empty(from_file(path)?),
        None => twice(ask(prompt)?),
    }
}

/// Goes on once a person has typed the word.
pub(crate) fn confirm(question: &str, word: &str) -> Outcome<()> {
    let mut typed = String::new();
    if std::io::stdin().is_terminal() {
        write!(std::io::stderr(), "{question} Type {word}: ").unwrap_or_default();
    }
    std::io::stdin()
        .read_line(&mut typed)
        .map_err(|error| Failure::new(Exit::Failure, "stream", error.to_string()))?;
    if typed.trim_end() == word {
        return Ok(());
    }
    Err(Failure::new(Exit::Usage, "confirmation", "nothing was done").advise("--yes does not ask"))
}

fn twice(passphrase: Zeroizing<String>) -> Outcome<Zeroizing<String>> {
    let passphrase = not_empty(passphrase)?;
    if *ask("Once more: ")? != *passphrase {
        return Err(Failure::new(Exit::Usage, "passphrase", "the two are not the same"));
    }
    Ok(passphrase)
}

fn not_empty(passphrase: Zeroizing<String>) -> Outcome<Zeroizing<String>> {
    if passphrase.is_empty() {
        return Err(Failure::new(Exit::Usage, "passphrase", "the passphrase is empty"));
    }
    Ok(passphrase)
}

fn from_file(path: &Path) -> Outcome<Zeroizing<String>> {
    let text =
        Zeroizing::new(std::fs::read_to_string(path).map_err(|error| Failure::file(path, &error))?);
    composed(text.lines().next().unwrap_or_default())
}

/// "A passphrase is text in NFC as UTF-8, 1 to 1,024 octets": typed on another keyboard it is the same.
fn composed(text: &str) -> Outcome<Zeroizing<String>> {
    let passphrase = Zeroizing::new(ComposingNormalizer::new_nfc().normalize(text).into_owned());
    if passphrase.len() > PASSPHRASE_OCTETS_MAX {
        return Err(Failure::new(Exit::Malformed, "too_long", "the passphrase is too long"));
    }
    Ok(passphrase)
}

fn ask(prompt: &str) -> Outcome<Zeroizing<String>> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::new(
            Exit::Usage,
            "passphrase",
            "there is nobody to ask for a passphrase",
        )
        .advise("give --passphrase-file FILE"));
    }
    let typed = rpassword::prompt_password(prompt)
        .map(Zeroizing::new)
        .map_err(|error| Failure::new(Exit::Failure, "passphrase", error.to_string()))?;
    composed(&typed)
}
