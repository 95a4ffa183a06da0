//! Who may use a relay, changeable while it runs.

use super::config::Config;
use super::setting;
use crate::clock;
use crate::device::Device;
use crate::exit::{Exit, Failure, Outcome};
use crate::files;
use crate::text_form::TextForm;
use chappe_codec::identity::{Carried, DirectoryError};
use chappe_relay::Counts;
use chappe_relay::admission::{AdmissionRules, Policy};
use chappe_relay::invitation::Invitations;
use chappe_relay::node::Admission;
use std::sync::{Arc, Mutex, PoisonError};

/// Judges by what the configuration says at the moment.
pub(crate) struct ConfiguredAdmission(Arc<Mutex<Policy>>);

impl ConfiguredAdmission {
    /// `tag_secret` is the relay's alone: see [`Policy::new`].
    pub(crate) fn new(
        config: &Config,
        device: &Device,
        tag_secret: &[u8; 32],
        counts: &Counts,
    ) -> Outcome<Self> {
        let (rules, revocations) = (rules(config, device)?, revocations(config)?);
        let now = clock::now_seconds();
        let mut policy = Policy::new(device.realm, AdmissionRules::default(), tag_secret, now)
            .map_err(|error| flaw(&error))?
            .counting(counts.clone());
        policy.change(rules, &revocations, now).map_err(|error| flaw(&error))?;
        Ok(Self(Arc::new(Mutex::new(policy))))
    }

    /// What a relay judges by.
    pub(crate) fn judge(&self) -> Box<dyn Admission> {
        Box::new(Arc::clone(&self.0))
    }

    /// Goes by another configuration from now on, or, where that has a flaw, by the old one.
    pub(crate) fn change(&self, config: &Config, device: &Device) -> Outcome<()> {
        let (rules, revocations) = (rules(config, device)?, revocations(config)?);
        let mut policy = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        policy.change(rules, &revocations, clock::now_seconds()).map_err(|error| flaw(&error))
    }
}

fn rules(config: &Config, device: &Device) -> Outcome<AdmissionRules> {
    let accounts = setting::accounts(config.get("admission.accounts"));
    let accounts = accounts.map_err(|why| {
        Failure::new(Exit::Malformed, "configuration", format!("admission.accounts {why}"))
    })?;
    let invitations = match config.get("admission.invitations") {
        "yes" => {
            let key = device.invitation_key()?;
            let made = device.made_invitations()?;
            let withdrawn = made.iter().filter(|made| made.is_withdrawn);
            let numbers = withdrawn.map(|made| made.invitation.number);
            Some(Invitations::new(key, device.realm, numbers))
        }
        _ => None,
    };
    Ok(AdmissionRules {
        everybody: config.get("admission.who") == "everybody",
        strangers: setting::precedence(config.get("admission.strangers")),
        keys: setting::keys(config.get("admission.keys"))?,
        accounts,
        invitations,
        ..AdmissionRules::default()
    })
}

/// The revocations in the file that the configuration names, one a line; `#` begins a comment.
pub(crate) fn revocations(config: &Config) -> Outcome<Vec<Carried>> {
    let Some(path) = config.path("admission.revocations") else { return Ok(Vec::new()) };
    let text = files::read_text(&path)?;
    let lines = text.lines().map(str::trim).zip(1_usize..);
    let lines = lines.filter(|(line, _)| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|(line, number)| {
            let octets = TextForm::Endorsement.read(line);
            octets.and_then(|octets| Ok(Carried::parse(&octets)?)).map_err(|failure| {
                let message = format!("{}: line {number}: {failure}", path.display());
                Failure::new(Exit::Malformed, "configuration", message)
            })
        })
        .collect()
}

fn flaw(error: &DirectoryError) -> Failure {
    let message = format!("accounts and revocations: {error}");
    Failure::new(Exit::Malformed, "configuration", message)
}
