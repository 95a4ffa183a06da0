//! Who may use a relay, changeable while it runs.

use super::config::Config;
use super::setting;
use crate::exit::Outcome;
use chappe_codec::precedence::Precedence;
use chappe_relay::TransportKey;
use chappe_relay::node::{Admission, Applicant, Leave, ListedKeys};
use chappe_relay::protocol::SessionError;
use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Judges by what the configuration says at the moment. Connections that were admitted stay.
#[derive(Clone)]
pub(crate) struct ConfiguredAdmission(Arc<Mutex<Rules>>);

struct Rules {
    listed: HashSet<TransportKey>,
    everybody: bool,
    strangers: Precedence,
}

impl ConfiguredAdmission {
    pub(crate) fn new(config: &Config) -> Outcome<Self> {
        Ok(Self(Arc::new(Mutex::new(rules(config)?))))
    }

    /// Goes by another configuration from now on, or, where that has a flaw, by the old one.
    pub(crate) fn change(&self, config: &Config) -> Outcome<()> {
        let rules = rules(config)?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = rules;
        Ok(())
    }
}

fn rules(config: &Config) -> Outcome<Rules> {
    Ok(Rules {
        listed: setting::keys(config.get("admission.keys"))?.into_iter().collect(),
        everybody: config.get("admission.who") == "everybody",
        strangers: setting::precedence(config.get("admission.strangers")),
    })
}

impl Admission for ConfiguredAdmission {
    fn admit(&mut self, applicant: &Applicant<'_>) -> Result<Leave, SessionError> {
        let leave = ListedKeys::default().admit(applicant)?;
        let rules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if rules.listed.contains(&applicant.key) {
            return Ok(leave);
        }
        if !rules.everybody {
            return Err(SessionError::NotAdmitted);
        }
        Ok(Leave { highest: rules.strangers, ..leave })
    }
}

/// Names no key.
impl fmt::Debug for ConfiguredAdmission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConfiguredAdmission")
    }
}
