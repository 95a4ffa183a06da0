//! Who may use a relay, changeable while it runs.

use super::config::Config;
use super::setting;
use crate::clock;
use crate::exit::{Exit, Failure, Outcome};
use chappe_codec::realm::Realm;
use chappe_relay::admission::{AdmissionRules, Policy};
use chappe_relay::node::{Admission, Applicant, Leave};
use chappe_relay::protocol::SessionError;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// Judges by what the configuration says at the moment. Connections that were admitted stay.
#[derive(Clone)]
pub(crate) struct ConfiguredAdmission {
    realm: Realm,
    tag_secret: Zeroizing<[u8; 32]>,
    policy: Arc<Mutex<Policy>>,
}

impl ConfiguredAdmission {
    /// `tag_secret` is the relay's alone: see [`Policy::new`].
    pub(crate) fn new(
        config: &Config,
        realm: Realm,
        tag_secret: Zeroizing<[u8; 32]>,
    ) -> Outcome<Self> {
        let policy = Arc::new(Mutex::new(policy(config, realm, &tag_secret)?));
        Ok(Self { realm, tag_secret, policy })
    }

    /// Goes by another configuration from now on, or, where that has a flaw, by the old one.
    pub(crate) fn change(&self, config: &Config) -> Outcome<()> {
        let new = policy(config, self.realm, &self.tag_secret)?;
        *self.policy.lock().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }
}

fn policy(config: &Config, realm: Realm, tag_secret: &[u8; 32]) -> Outcome<Policy> {
    let rules = AdmissionRules {
        everybody: config.get("admission.who") == "everybody",
        strangers: setting::precedence(config.get("admission.strangers")),
        keys: setting::keys(config.get("admission.keys"))?,
        ..AdmissionRules::default()
    };
    Policy::new(realm, rules, tag_secret, clock::now_seconds())
        .map_err(|error| Failure::new(Exit::Malformed, "configuration", error.to_string()))
}

impl Admission for ConfiguredAdmission {
    fn admit(&mut self, applicant: &Applicant<'_>) -> Result<Leave, SessionError> {
        self.policy.lock().unwrap_or_else(PoisonError::into_inner).admit(applicant)
    }
}

/// Names no key.
impl fmt::Debug for ConfiguredAdmission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConfiguredAdmission")
    }
}
