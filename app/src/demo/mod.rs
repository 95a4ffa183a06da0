//! `chappe demo`: the convoy. Separate processes on one machine play the first use case of the
//! Whiteflag standard's Annex F; every hop is shown, and the transcript can be checked by anyone.

mod actor;
mod chronicle;
mod convoy;
mod director;
mod loss;
mod sabotage;
mod scenery;
mod signals;
mod stage;

use crate::exit::{Exit, Failure, Outcome};
use crate::files;
use crate::hex;
use crate::report::Report;
use crate::transcript::{AccountKeys, PublicKeys, Recorder};
use chronicle::Chronicle;
use director::Director;
use stage::{REALM, Stage};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(crate) use sabotage::Sabotage;

#[derive(Debug, clap::Args)]
pub(crate) struct DemoArguments {
    /// The folder for identities, transcript and public keys
    #[arg(long, value_name = "FOLDER", default_value = "chappe-demo")]
    out: PathBuf,

    /// Seconds to wait for each thing to happen
    #[arg(long, default_value_t = 20)]
    patience: u64,

    /// Break one step, to see that the demo notices: it must fail then
    #[arg(long, value_enum, hide = true)]
    sabotage: Option<Sabotage>,
}

/// Plays the demo; ends with a failure as soon as one step is not as it should be.
pub(crate) async fn run(arguments: &DemoArguments, _: Report) -> Outcome<()> {
    let stage = Stage::build(&arguments.out)?;
    let recorder = stage.device("recorder")?;
    let recorder = Recorder::new(recorder.identity.signing_key().clone(), REALM)?;
    let patience = Duration::from_secs(arguments.patience);
    let mut director = Director::new(stage, Chronicle::new(recorder), patience);

    let scenery = scenery::build(&mut director).await?;
    let requests = convoy::play(&mut director, arguments.sabotage).await?;
    sabotage::play(&mut director, &scenery, &requests).await?;
    loss::play(&mut director, &scenery).await?;

    let stage = director.close().await?;
    write_public_keys(&stage, &scenery.ledger_key)?;
    verify_elsewhere(&stage).await?;
    println!(
        "\nAll of it went as it should. Transcript: {}",
        stage.file("transcript.jsonl").display()
    );
    Ok(())
}

fn write_public_keys(stage: &Stage, ledger_key: &str) -> Outcome<()> {
    let keys = PublicKeys {
        format: PublicKeys::FORMAT.into(),
        realm: REALM.to_string(),
        recorder: hex::encode(&stage.device("recorder")?.identity.signer().key.to_bytes()),
        ledger: ledger_key.to_owned(),
        accounts: stage
            .devices()
            .filter(|(name, _)| *name != "recorder")
            .map(|(name, device)| (name.to_owned(), AccountKeys::of(device.identity.card())))
            .collect(),
    };
    let text = serde_json::to_string_pretty(&keys)
        .map_err(|error| Failure::new(Exit::Failure, "json", error.to_string()))?;
    files::replace(&stage.file("public-keys.json"), format!("{text}\n").as_bytes())
}

/// The transcript has to convince another process, which has nothing but the public keys.
async fn verify_elsewhere(stage: &Stage) -> Outcome<()> {
    println!("\nThe transcript, checked by another process with public keys alone");
    let program = std::env::current_exe()
        .map_err(|error| Failure::new(Exit::Failure, "process", error.to_string()))?;
    let path = |name: &str| -> Box<Path> { stage.file(name).into_boxed_path() };
    let status = tokio::process::Command::new(program)
        .arg("verify")
        .arg("--transcript")
        .arg(&*path("transcript.jsonl"))
        .arg("--keys")
        .arg(&*path("public-keys.json"))
        .status()
        .await
        .map_err(|error| Failure::new(Exit::Failure, "process", error.to_string()))?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(Exit::Authentication, "transcript", "the transcript does not hold"))
}
