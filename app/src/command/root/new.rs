//! `chappe root new`: a keyholder's key, and that of the root which follows.

use crate::exit::{Exit, Failure, Outcome};
use crate::passphrase::{self, PassphraseArguments};
use crate::random;
use crate::report::Report;
use crate::storage::create_root_file;
use chappe_codec::identity::Root;
use chappe_codec::key::SignKey;
use chappe_codec::realm::Realm;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Prints two public keys, one a line: give both to who joins the root. The second is for the root that
follows the first if it is lost; its file lies beside OUT. Put both files away, each in another place,
and neither where its passphrase is.")]
pub(crate) struct NewArguments {
    /// Where to; a file that is there is not overwritten
    #[arg(value_name = "OUT")]
    out: PathBuf,

    /// The realm it belongs to
    #[arg(long, value_name = "REALM", default_value = "live/00000001")]
    realm: Realm,

    #[command(flatten)]
    passphrase: PassphraseArguments,

    /// That of the key for the root that follows; else you are asked
    #[arg(long, value_name = "FILE")]
    successor_passphrase_file: Option<PathBuf>,

    /// Make no key for a root that follows
    #[arg(long, conflicts_with = "successor_passphrase_file")]
    no_successor: bool,
}

pub(super) fn run(arguments: &NewArguments, report: Report) -> Outcome<()> {
    let (out, realm) = (&arguments.out, arguments.realm);
    let passphrase = arguments.passphrase.read_new()?;
    if arguments.no_successor {
        let key = create(out, realm, &passphrase)?;
        return super::show(&key, realm, report);
    }
    let file = arguments.successor_passphrase_file.as_ref();
    let following = passphrase::new_from(file, "Passphrase of the key that follows it: ")?;
    if *passphrase == *following {
        let message = "both keys have the same passphrase: who learns one has both";
        return Err(Failure::new(Exit::Usage, "passphrase", message));
    }
    let successor_out = successor_beside(out);
    let key = create(out, realm, &passphrase)?;
    let successor = create(&successor_out, realm, &following)?;
    super::show(&key, realm, report)?;
    super::show(&successor, realm, report)?;
    report.note(&format!(
        "the first line is the key in {}, the second the one in {}, for the root that follows. Put the \
         files away in two places; none is left on this machine",
        out.display(),
        successor_out.display(),
    ));
    Ok(())
}

fn create(path: &Path, realm: Realm, passphrase: &str) -> Outcome<Root> {
    let seed = random::secret::<32>()?;
    create_root_file(path, &seed, realm, passphrase)?;
    Ok(Root::of_key(&SignKey::from_seed(&seed).public()))
}

/// `ana.root` is followed by `ana.successor.root`.
fn successor_beside(out: &Path) -> PathBuf {
    let name = out.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let name = name.strip_suffix(".root").unwrap_or(name);
    out.with_file_name(format!("{name}.successor.root"))
}
