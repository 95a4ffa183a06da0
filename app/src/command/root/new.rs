//! `chappe root new`: a keyholder's key.

use crate::exit::Outcome;
use crate::passphrase::PassphraseArguments;
use crate::random;
use crate::report::Report;
use crate::storage::create_root_file;
use chappe_codec::identity::Root;
use chappe_codec::key::SignKey;
use chappe_codec::realm::Realm;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(crate) struct NewArguments {
    /// Where to; a file that is there is not overwritten
    #[arg(value_name = "OUT")]
    out: PathBuf,

    /// The realm it belongs to
    #[arg(long, value_name = "REALM", default_value = "live/00000001")]
    realm: Realm,

    #[command(flatten)]
    passphrase: PassphraseArguments,
}

pub(super) fn run(arguments: &NewArguments, report: Report) -> Outcome<()> {
    let seed = random::secret::<32>()?;
    let passphrase = arguments.passphrase.read_new()?;
    create_root_file(&arguments.out, &seed, arguments.realm, &passphrase)?;
    let root = Root::of_key(&SignKey::from_seed(&seed).public());
    super::show(&root, arguments.realm, report)
}
