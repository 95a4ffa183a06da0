//! Takes envelopes to where their recipients read: to the home relays their cards name, or through a
//! relay that was named instead (spec/06-relay.md, "Federation").

mod attempt;

use crate::clock;
use crate::device::Device;
use crate::exit::{Exit, Failure, Outcome};
use crate::network::{self, NamedRelay, Relay};
use crate::outbox;
use crate::report::Report;
use attempt::{Attempt, Trouble, next_of};
use chappe_codec::card::Card;
use chappe_codec::precedence::Precedence;
use chappe_relay::rotation::address_epoch;
use chappe_relay::{Address, ClientError, Parcel, Reason, RelayClient, TransportKey};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How long a relay is waited for before the next one is tried beside it.
const HEAD_START: Duration = Duration::from_secs(1);

/// How long the other relays are waited for once one has acknowledged a FLASH.
const STRAGGLER_WAIT: Duration = Duration::from_secs(3);

/// "A sender sees to it that a FLASH goes to at least two home relays, when there are two."
const FLASH_HOMES: usize = 2;

/// Where an envelope goes.
pub(crate) struct Destination {
    /// What to call whoever reads there.
    name: String,
    address: Address,
    /// Where it is read, as far as that is known.
    homes: Vec<NamedRelay>,
    is_public: bool,
}

impl Destination {
    /// The mailbox of a contact.
    pub(crate) fn contact(device: &Device, name: &str, card: &Card) -> Outcome<Self> {
        Ok(Self {
            name: name.to_owned(),
            address: outbox::mailbox_of(card, device.realm)?,
            homes: NamedRelay::of(device, card.homes())?,
            is_public: false,
        })
    }

    /// The public topic.
    pub(crate) fn public(device: &Device) -> Self {
        let address = outbox::public_topic(device.realm);
        Self { name: "everyone".to_owned(), address, homes: Vec::new(), is_public: true }
    }
}

/// Connections to relays, made when they are first needed.
pub(crate) struct Carrier<'a> {
    device: &'a Device,
    report: Report,
    /// The relay a person named.
    named: Option<NamedRelay>,
    /// The device's own home relays.
    own: Vec<NamedRelay>,
    /// Whether contacts without home relays are written to at our own: where they wrote to us.
    answers: bool,
    clients: BTreeMap<[u8; 32], Arc<RelayClient>>,
    /// Relays that did not answer, and why: they are not tried again.
    dead: BTreeMap<[u8; 32], Failure>,
    /// Relays that lost their head start to another: they are tried behind the others.
    slow: BTreeSet<[u8; 32]>,
}

/// How a parcel gets there.
enum Way {
    /// It is published at one of these, a FLASH at all that answer.
    At(Vec<NamedRelay>),
    /// This relay is asked to take it to those.
    Through(NamedRelay, Vec<TransportKey>),
}

impl<'a> Carrier<'a> {
    /// For what a person says.
    pub(crate) fn new(device: &'a Device, named: Option<Relay>, report: Report) -> Outcome<Self> {
        let own = NamedRelay::of(device, device.homes()?.as_slice())?;
        let named = named.map(|relay| NamedRelay::named(device, relay)).transpose()?;
        Ok(Self {
            device,
            report,
            named,
            own,
            answers: false,
            clients: BTreeMap::new(),
            dead: BTreeMap::new(),
            slow: BTreeSet::new(),
        })
    }

    /// For what a device answers by itself.
    pub(crate) fn answering(
        device: &'a Device,
        named: Option<Relay>,
        report: Report,
    ) -> Outcome<Self> {
        Ok(Self { answers: true, ..Self::new(device, named, report)? })
    }

    /// Takes an envelope there; returns once a relay has it on disk, or of a FLASH as many as answer.
    ///
    /// # Errors
    ///
    /// No relay acknowledged it, or none is known.
    pub(crate) async fn carry(
        &mut self,
        to: &Destination,
        precedence: Precedence,
        envelope: &[u8],
    ) -> Outcome<()> {
        let parcel = outbox::parcel(to.address, precedence, envelope)?;
        let began = Instant::now();
        let (acknowledged, place) = match self.way(to)? {
            Way::Through(relay, homes) => {
                let place = format!("with {relay}, which takes it to {} home relays", homes.len());
                self.forward(&relay, &homes, &parcel).await?;
                (vec![relay.key], place)
            }
            Way::At(relays) if precedence == Precedence::Flash && relays.len() > 1 => {
                let acknowledged = self.publish(&relays, &parcel, relays.len()).await?;
                let (had, all) = (acknowledged.len(), relays.len());
                if !to.is_public && had < FLASH_HOMES {
                    self.spread(to, &relays, &acknowledged, &parcel).await;
                }
                (acknowledged, format!("on the disk of {had} of {all} home relays"))
            }
            Way::At(relays) => {
                let acknowledged = self.publish(&relays, &parcel, 1).await?;
                let at = |relay: &&NamedRelay| acknowledged.contains(&relay.key);
                let place = match relays.iter().find(at) {
                    Some(relay) if relays.len() > 1 => format!("on the disk of {relay}"),
                    _ => "on the relay's disk".to_owned(),
                };
                (acknowledged, place)
            }
        };
        outbox::tell(&parcel, began, &place, &acknowledged, self.report);
        Ok(())
    }

    /// Whether anything could be taken there at all: to be asked before it is written.
    ///
    /// # Errors
    ///
    /// No relay is known.
    pub(crate) fn check(&self, to: &Destination) -> Outcome<()> {
        self.way(to).map(drop)
    }

    /// Closes what was opened.
    pub(crate) async fn close(self) {
        for client in self.clients.into_values() {
            if let Some(client) = Arc::into_inner(client) {
                client.close().await;
            }
        }
    }

    fn way(&self, to: &Destination) -> Outcome<Way> {
        let homes = &to.homes;
        let Some(named) = &self.named else {
            if !homes.is_empty() {
                return Ok(Way::At(homes.clone()));
            }
            if !self.own.is_empty() && (to.is_public || self.answers) {
                return Ok(Way::At(self.own.clone()));
            }
            let why = if to.is_public {
                network::NAME_ONE.to_owned()
            } else {
                format!("the card of {} names no home relay; {}", to.name, network::NAME_ONE)
            };
            return Err(Failure::new(Exit::Usage, "usage", why));
        };
        if homes.iter().any(|home| home.key == named.key) {
            // The address that was typed is the one that is known to be good here.
            let others = homes.iter().filter(|home| home.key != named.key).cloned();
            return Ok(Way::At(std::iter::once(named.clone()).chain(others).collect()));
        }
        if homes.is_empty() {
            return Ok(Way::At(vec![named.clone()]));
        }
        Ok(Way::Through(named.clone(), homes.iter().map(|home| home.key).collect()))
    }

    /// "Who is connected elsewhere says `forward` with the keys of the homes."
    async fn forward(
        &mut self,
        relay: &NamedRelay,
        homes: &[TransportKey],
        parcel: &Parcel,
    ) -> Outcome<()> {
        if let Some(known) = self.dead.get(&relay.key.to_bytes()) {
            return Err(known.clone());
        }
        let mut attempt = self.attempt(relay, parcel);
        attempt.homes = homes.to_vec();
        match attempt.run().await {
            Ok(client) => {
                self.clients.insert(relay.key.to_bytes(), client);
                Ok(())
            }
            Err(trouble) => {
                let is_no_route = matches!(trouble, Trouble::Parcel(_, Some(Reason::NoRoute)));
                let failure = self.remember(relay, trouble);
                Err(if is_no_route {
                    failure.advise(
                        "this relay knows no way to their home relays: without --relay it goes there \
                         directly",
                    )
                } else {
                    failure
                })
            }
        }
    }

    /// Publishes at relays until as many as are `enough` have acknowledged: for one, each after a head
    /// start of the one before; for more, all at once.
    async fn publish(
        &mut self,
        relays: &[NamedRelay],
        parcel: &Parcel,
        enough: usize,
    ) -> Outcome<Vec<TransportKey>> {
        let mut failure = None;
        let mut attempts = JoinSet::new();
        let mut delay = Duration::ZERO;
        let mut in_order: Vec<&NamedRelay> = relays.iter().collect();
        in_order.sort_by_key(|relay| self.slow.contains(&relay.key.to_bytes()));
        for relay in &in_order {
            if let Some(known) = self.dead.get(&relay.key.to_bytes()) {
                failure = Some(known.clone());
                continue;
            }
            let mut attempt = self.attempt(relay, parcel);
            attempt.delay = delay;
            if enough == 1 {
                delay = delay.saturating_add(HEAD_START);
            }
            attempts.spawn(async move { (attempt.relay.clone(), attempt.run().await) });
        }
        let mut acknowledged = Vec::new();
        let mut until = None;
        while let Some((relay, ended)) = next_of(&mut attempts, until).await? {
            match ended {
                Ok(client) => {
                    self.clients.insert(relay.key.to_bytes(), client);
                    acknowledged.push(relay.key);
                    until.get_or_insert_with(|| tokio::time::Instant::now() + STRAGGLER_WAIT);
                }
                Err(trouble) => {
                    let known = self.remember(&relay, trouble);
                    if relays.len() > 1 {
                        self.report.note(&known.to_string());
                    }
                    failure = Some(known);
                }
            }
            if acknowledged.len() >= enough {
                break;
            }
        }
        if enough > 1 && !attempts.is_empty() {
            self.give_up_on(relays, &acknowledged);
        } else if let [first] = acknowledged.as_slice() {
            let behind = in_order.iter().take_while(|relay| relay.key != *first);
            self.slow.extend(behind.map(|relay| relay.key.to_bytes()));
        }
        if acknowledged.is_empty() {
            return Err(failure.unwrap_or_else(|| network::failure(&ClientError::NoAnswer)));
        }
        Ok(acknowledged)
    }

    /// A FLASH that only one home relay acknowledged: it is asked to take it to the others.
    async fn spread(
        &mut self,
        to: &Destination,
        relays: &[NamedRelay],
        acknowledged: &[TransportKey],
        parcel: &Parcel,
    ) {
        let Some(first) = relays.iter().find(|relay| acknowledged.contains(&relay.key)) else {
            return;
        };
        let all: Vec<TransportKey> = relays.iter().map(|relay| relay.key).collect();
        let mut attempt = self.attempt(first, parcel);
        attempt.homes = all;
        let what = match attempt.run().await {
            Ok(_) => "it takes it to the others as soon as it can",
            Err(_) => "nobody takes it to the others: if no answer comes, send it once more",
        };
        let (name, count) = (&to.name, relays.len());
        self.report.note(&format!(
            "only {first} of {name}'s {count} home relays acknowledged this FLASH; {what}"
        ));
    }

    fn attempt(&self, relay: &NamedRelay, parcel: &Parcel) -> Attempt {
        let epoch = address_epoch(clock::now_seconds());
        Attempt {
            relay: relay.clone(),
            client: self.clients.get(&relay.key.to_bytes()).cloned(),
            secret: network::secret_in(self.device, epoch),
            realm: self.device.realm,
            parcel: parcel.clone(),
            homes: Vec::new(),
            delay: Duration::ZERO,
        }
    }

    /// A relay that does not answer is not tried again; a parcel it refuses says nothing about others.
    fn remember(&mut self, relay: &NamedRelay, trouble: Trouble) -> Failure {
        match trouble {
            Trouble::Parcel(failure, _) => failure,
            Trouble::Relay(failure) => {
                self.clients.remove(&relay.key.to_bytes());
                self.dead.insert(relay.key.to_bytes(), failure.clone());
                failure
            }
        }
    }

    fn give_up_on(&mut self, relays: &[NamedRelay], acknowledged: &[TransportKey]) {
        for relay in relays.iter().filter(|relay| !acknowledged.contains(&relay.key)) {
            if !self.dead.contains_key(&relay.key.to_bytes()) {
                let failure = relay.failure(&ClientError::NoAnswer);
                self.report.note(&failure.to_string());
                self.remember(relay, Trouble::Relay(failure));
            }
        }
    }
}
