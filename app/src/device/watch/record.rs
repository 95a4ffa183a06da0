//! What a device watches for as records of the journal `received` (spec/13-storage.md, "What should have
//! come").

use super::flashes::Flash;
use super::gaps::{Gap, Ground, Sender, Standing};
use crate::device::limits::GAP_COUNTERS_MAX;
use crate::exit::{Exit, Failure, Outcome};
use crate::hex;
use chappe_codec::account::Account;
use chappe_codec::chain::ChainId;
use chappe_relay::ParcelId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Days a chain in which nothing is open is kept: behind it no session has a key of what was passed over.
const CLOSED_KEPT_SECONDS: u64 = 8 * 24 * 3600;

/// [`Flash`] as a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::device) struct KeptFlash {
    pub(in crate::device) parcel: String,
    had: String,
    others: Vec<String>,
    at: u64,
    until: u64,
    state: State,
}

/// What has become of a FLASH.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Heard,
    Told,
    Settled,
}

impl KeptFlash {
    pub(super) fn of(id: ParcelId, flash: &Flash, state: State) -> Self {
        Self {
            parcel: hex::encode(&id.0),
            had: hex::encode(&flash.had),
            others: flash.others.iter().map(|key| hex::encode(key)).collect(),
            at: flash.at,
            until: flash.until,
            state,
        }
    }

    pub(super) fn id(&self) -> Outcome<ParcelId> {
        Ok(ParcelId(hex::decode_array("a parcel's id", &self.parcel)?))
    }

    /// `None` when more is not asked of anybody.
    pub(super) fn flash(&self) -> Outcome<Option<Flash>> {
        if self.state == State::Settled {
            return Ok(None);
        }
        let key = |text: &String| hex::decode_array("a relay's key", text);
        Ok(Some(Flash {
            had: key(&self.had)?,
            others: self.others.iter().map(key).collect::<Outcome<_>>()?,
            at: self.at,
            until: self.until,
            is_told: self.state == State::Told,
        }))
    }

    /// Whether a journal that is rewritten keeps it.
    pub(in crate::device) fn is_kept(&self, now: u64) -> bool {
        self.state != State::Settled && self.until > now
    }
}

/// [`Standing`] as a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::device) struct KeptGaps {
    author: String,
    device: u8,
    pub(in crate::device) chain: String,
    at: u64,
    next: u32,
    open: Vec<KeptRun>,
    homes: Vec<String>,
}

/// Consecutive counters of which the same is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptRun {
    first: u32,
    count: u32,
    since: u64,
    ground: KeptGround,
    told: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KeptGround {
    PassedOver,
    Followed,
    Said,
}

impl KeptGaps {
    pub(super) fn of(standing: &Standing, at: u64) -> Self {
        let mut open: Vec<KeptRun> = Vec::new();
        for (counter, gap) in &standing.open {
            let Gap { since, ground, is_told: told } = *gap;
            let alone = KeptRun { first: *counter, count: 1, since, ground: ground.into(), told };
            match open.last_mut().filter(|run| run.goes_on_with(&alone)) {
                Some(run) => run.count = run.count.saturating_add(1),
                None => open.push(alone),
            }
        }
        let Standing { sender, chain, next, homes, .. } = standing;
        Self {
            author: hex::encode(&sender.account.0),
            device: sender.device,
            chain: chain.to_string(),
            at,
            next: *next,
            open,
            homes: homes.iter().map(|key| hex::encode(key)).collect(),
        }
    }

    pub(super) fn standing(&self) -> Outcome<Standing> {
        let mut open = BTreeMap::new();
        for KeptRun { first, count, since, ground, told } in &self.open {
            let end = first.checked_add(*count).filter(|end| *end <= self.next);
            let end = end.ok_or_else(|| out_of_range("count"))?;
            let gap = Gap { since: *since, ground: (*ground).into(), is_told: *told };
            if open.len().saturating_add(usize::try_from(*count).unwrap_or(usize::MAX))
                > GAP_COUNTERS_MAX
            {
                return Err(out_of_range("open"));
            }
            open.extend((*first..end).map(|counter| (counter, gap)));
        }
        let account = Account(hex::decode_array("an account", &self.author)?);
        let chain = ChainId(hex::decode_array("a chain id", &self.chain)?);
        let sender = Sender { account, device: self.device };
        let homes = self.homes.iter().map(|key| hex::decode_array("a relay's key", key));
        let homes = homes.collect::<Outcome<_>>()?;
        Ok(Standing { sender, chain, next: self.next, open, homes })
    }

    /// Whether a journal that is rewritten keeps it.
    pub(in crate::device) fn is_kept(&self, now: u64) -> bool {
        !self.open.is_empty() || self.at.saturating_add(CLOSED_KEPT_SECONDS) > now
    }
}

impl KeptRun {
    fn goes_on_with(&self, next: &Self) -> bool {
        let same = (self.since, self.ground, self.told) == (next.since, next.ground, next.told);
        same && self.first.checked_add(self.count) == Some(next.first)
    }
}

impl From<Ground> for KeptGround {
    fn from(ground: Ground) -> Self {
        match ground {
            Ground::PassedOver => Self::PassedOver,
            Ground::Followed => Self::Followed,
            Ground::Said => Self::Said,
        }
    }
}

impl From<KeptGround> for Ground {
    fn from(ground: KeptGround) -> Self {
        match ground {
            KeptGround::PassedOver => Self::PassedOver,
            KeptGround::Followed => Self::Followed,
            KeptGround::Said => Self::Said,
        }
    }
}

fn out_of_range(field: &str) -> Failure {
    let message = format!("a journal's record of gaps: {field} is out of range");
    Failure::new(Exit::Malformed, "out_of_range", message)
}
