//! Where the passphrase comes from: a file or the terminal, never the command line.

use crate::exit::{Exit, Failure, Outcome};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Longest passphrase read, in octets.
const PASSPHRASE_OCTETS_MAX: usize = 1024;

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
        let passphrase = self.read()?;
        if passphrase.is_empty() {
            return Err(Failure::new(Exit::Usage, "passphrase", "the passphrase is empty"));
        }
        if self.passphrase_file.is_none() && *ask("Once more: ")? != *passphrase {
            return Err(Failure::new(Exit::Usage, "passphrase", "the two are not the same"));
        }
        Ok(passphrase)
    }
}

fn from_file(path: &Path) -> Outcome<Zeroizing<String>> {
    let text =
        Zeroizing::new(std::fs::read_to_string(path).map_err(|error| Failure::file(path, &error))?);
    let line = text.lines().next().unwrap_or_default();
    if line.len() > PASSPHRASE_OCTETS_MAX {
        return Err(Failure::new(Exit::Malformed, "too_long", "the passphrase is too long"));
    }
    Ok(Zeroizing::new(line.to_owned()))
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
    rpassword::prompt_password(prompt)
        .map(Zeroizing::new)
        .map_err(|error| Failure::new(Exit::Failure, "passphrase", error.to_string()))
}
