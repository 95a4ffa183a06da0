//! `chappe relay`: stores parcels and hands them on.

mod check;
mod invite;
mod run;
mod status;
mod table;

use crate::device::DeviceArguments;
use crate::exit::Outcome;
use crate::passphrase::PassphraseArguments;
use crate::relay::config::Config;
use crate::report::Report;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Example:\n  \
    chappe id new --no-put-away --home /var/lib/chappe-relay\n  \
    chappe relay --home /var/lib/chappe-relay --listen 0.0.0.0:7406\n  \
    chappe relay check --config /etc/chappe/relay.toml\n  \
    chappe relay invite --keys 12 --config /etc/chappe/relay.toml\n  \
    chappe relay status --config /etc/chappe/relay.toml")]
pub(crate) struct RelayServerArguments {
    #[command(subcommand)]
    command: Option<RelayCommand>,

    #[command(flatten)]
    run: ConfigArguments,
}

#[derive(Debug, clap::Subcommand)]
enum RelayCommand {
    /// Store parcels and hand them on until told to stop
    Run(ConfigArguments),
    /// Show what holds and where it comes from; find what is wrong
    Check(ConfigArguments),
    /// Make, list and withdraw invitations
    Invite(Box<invite::InviteArguments>),
    /// Ask the relay that runs on this machine how it is
    Status(status::StatusArguments),
}

/// The file, and what goes over it.
#[derive(Debug, Clone, clap::Args)]
struct ConfigArguments {
    /// The configuration, a TOML file
    #[arg(long, value_name = "FILE", env = "CHAPPE_RELAY_CONFIG", hide_env = true)]
    config: Option<PathBuf>,

    /// One setting, over file and environment
    #[arg(long, value_name = "NAME=VALUE", value_parser = assignment)]
    set: Vec<(String, String)>,

    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,

    /// Admit only these transport keys
    #[arg(long, value_name = "HEX")]
    admit: Vec<String>,

    /// Its keys and parcels
    #[arg(long, value_name = "FOLDER")]
    home: Option<PathBuf>,

    /// File with its passphrase; else you are asked
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl ConfigArguments {
    fn read(&self) -> Outcome<Config> {
        let mut flags = self.set.clone();
        let mut set = |name: &str, value: String| flags.push((name.to_owned(), value));
        if let Some(address) = &self.listen {
            set("listen.address", address.clone());
        }
        if !self.admit.is_empty() {
            set("admission.who", "listed".to_owned());
            set("admission.keys", self.admit.join(","));
        }
        for (name, path) in
            [("home.folder", &self.home), ("home.passphrase_file", &self.passphrase_file)]
        {
            if let Some(path) = path {
                set(name, path.to_string_lossy().into_owned());
            }
        }
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            // Which file is no setting in it.
            .filter(|(name, _)| name != "CHAPPE_RELAY_CONFIG");
        Config::read(self.config.as_deref(), environment, &flags)
    }
}

/// The device whose keys are the relay's.
fn device(config: &Config) -> DeviceArguments {
    DeviceArguments {
        home: config.path("home.folder").unwrap_or_default(),
        passphrase: PassphraseArguments::from(config.path("home.passphrase_file")),
    }
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("say NAME=VALUE, such as log.level=debug")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

pub(crate) async fn run(arguments: RelayServerArguments, report: Report) -> Outcome<()> {
    match arguments.command {
        None => run::run(&arguments.run, report).await,
        Some(RelayCommand::Run(arguments)) => run::run(&arguments, report).await,
        Some(RelayCommand::Check(arguments)) => check::run(&arguments, report),
        Some(RelayCommand::Invite(arguments)) => invite::run(&arguments, report),
        Some(RelayCommand::Status(arguments)) => status::run(&arguments, report).await,
    }
}
