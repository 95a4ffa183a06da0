//! The simulated air: who hears whom, how loud, and what collides.
//!
//! An [`Air`] is told what antennas do ([`Air::handle_request`]) and what time it is, and says what
//! they hear ([`Air::poll_report`]) and when to come back ([`Air::poll_timeout`]). The same seed,
//! the same requests at the same times: the same reports.
//!
//! What it models: log-distance path loss with shadowing, thermal noise and the weakest
//! signal-to-noise ratio of each spreading factor; half duplex; a receiver that follows one preamble
//! at a time, and needs five symbols of it; capture, imperfect orthogonality, sums of interferers;
//! preamble, header and payload judged apart, so that a collision late in a packet damages just
//! the octets it meets and leaves the header readable. What it does not: frequency error, fading
//! within a packet, a receiver that leaves a weak preamble for a stronger one.

mod event;
mod faults;
mod interference;
mod propagation;
mod reception;
#[cfg(test)]
mod tests;
mod transmission;

use std::collections::{BTreeMap, VecDeque};

use transmission::{Packet, Transmission};

use crate::airtime;
use crate::antenna::{Position, Report, Request, Tuning};
use crate::limits::{FIELD_NODES_MAX, SIMULATION_QUEUE_MAX};
use crate::random::Random;
use crate::time::Instant;

pub use event::{AirEvent, LossReason};
pub use faults::{Faults, Flip};
pub use propagation::PathLoss;

/// A place with an antenna.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u16);

/// The settings of an air.
#[derive(Debug, Clone, PartialEq)]
pub struct AirConfig {
    /// How signals weaken.
    pub path_loss: PathLoss,
    /// Of every receiver, in dB.
    pub noise_figure_db: f64,
    /// How much stronger than another of its spreading factor a signal has to be, in dB. Simulators
    /// use 6; measurements say nearer 1, so 6 errs on the side of loss.
    pub capture_db: f64,
    /// The seed of shadowing and of everything the faults leave to chance.
    pub seed: u64,
    /// Damage on purpose.
    pub faults: Faults,
}

impl Default for AirConfig {
    fn default() -> Self {
        Self {
            path_loss: PathLoss::BUILT_UP,
            noise_figure_db: 6.0,
            capture_db: 6.0,
            seed: 0,
            faults: Faults::default(),
        }
    }
}

/// The air of one field.
#[derive(Debug)]
pub struct Air {
    config: AirConfig,
    random: Random,
    nodes: BTreeMap<NodeId, Node>,
    next_node: u16,
    transmissions: Vec<Transmission>,
    next_transmission: u64,
    agenda: BTreeMap<(Instant, u64), Step>,
    next_step: u64,
    flip_next: Option<usize>,
    reports: VecDeque<(NodeId, Report)>,
    events: VecDeque<AirEvent>,
}

#[derive(Debug, Clone)]
struct Node {
    position: Position,
    operation: u16,
    activity: Activity,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Activity {
    Resting,
    Transmitting { number: u64 },
    Listening { tuning: Tuning, following: Option<Following> },
    Detecting { tuning: Tuning, since: Instant },
}

/// A packet a receiver has locked on to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Following {
    number: u64,
    locked_at: Instant,
}

/// Something that will have to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Lock { node: NodeId, operation: u16, number: u64 },
    SyncWord { node: NodeId, operation: u16, number: u64 },
    Header { node: NodeId, operation: u16, number: u64 },
    End { node: NodeId, operation: u16, number: u64 },
    DetectionEnd { node: NodeId, operation: u16 },
}

impl Air {
    /// An air with nobody in it.
    #[must_use]
    pub fn new(config: AirConfig) -> Self {
        Self {
            random: Random::from_seed(config.seed),
            config,
            nodes: BTreeMap::new(),
            next_node: 0,
            transmissions: Vec::new(),
            next_transmission: 0,
            agenda: BTreeMap::new(),
            next_step: 0,
            flip_next: None,
            reports: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// Puts up an antenna; `None` when the field is full. It rests until it is told otherwise.
    pub fn attach(&mut self, position: Position) -> Option<NodeId> {
        if self.nodes.len() >= FIELD_NODES_MAX {
            return None;
        }
        let node = NodeId(self.next_node);
        self.next_node = self.next_node.checked_add(1)?;
        let resting = Node { position, operation: 0, activity: Activity::Resting };
        self.nodes.insert(node, resting);
        self.observe(AirEvent::Attached { node });
        Some(node)
    }

    /// Takes an antenna down. What it was sending ends there.
    pub fn detach(&mut self, now: Instant, node: NodeId) {
        self.handle_timeout(now);
        self.cut(now, node);
        if self.nodes.remove(&node).is_some() {
            self.observe(AirEvent::Detached { node });
        }
    }

    /// Moves an antenna. What is under way is judged from the new place.
    pub fn place(&mut self, node: NodeId, position: Position) {
        if let Some(node) = self.nodes.get_mut(&node) {
            node.position = position;
        }
    }

    /// An antenna does something.
    pub fn handle_request(&mut self, now: Instant, node: NodeId, request: Request) {
        self.handle_timeout(now);
        self.cut(now, node);
        match request {
            Request::Rest { operation } => self.begin(node, operation, Activity::Resting),
            Request::Listen { operation, tuning } => {
                self.begin(node, operation, Activity::Listening { tuning, following: None });
                self.seek(now, node);
            }
            Request::Transmit { operation, tuning, coding_rate, crc, power_dbm, payload } => {
                let packet = Packet { tuning, coding_rate, crc, power_dbm, payload };
                self.transmit(now, node, operation, packet);
            }
            Request::Detect { operation, tuning, symbols } => {
                self.begin(node, operation, Activity::Detecting { tuning, since: now });
                // So many symbols, and half of one more for the search (AN1200.48).
                let symbol = airtime::symbol(tuning.spreading_factor, tuning.bandwidth.hz());
                let half = symbol.checked_div(2).unwrap_or_default();
                let length = symbol.saturating_mul(u32::from(symbols)).saturating_add(half);
                self.schedule(now.after(length), Step::DetectionEnd { node, operation });
            }
        }
    }

    /// What reaches an antenna next.
    pub fn poll_report(&mut self) -> Option<(NodeId, Report)> {
        self.reports.pop_front()
    }

    /// What an observer sees next.
    pub fn poll_event(&mut self) -> Option<AirEvent> {
        self.events.pop_front()
    }

    /// When to call [`Air::handle_timeout`].
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.agenda.first_key_value().map(|((at, _), _)| *at)
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        while self.agenda.first_key_value().is_some_and(|((at, _), _)| *at <= now) {
            if let Some(((at, _), step)) = self.agenda.pop_first() {
                self.take(at, step);
            }
        }
    }

    /// How many nodes there are.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// Of the next packet of at least so many octets the bit in the middle arrives wrong at everyone.
    pub fn flip_next(&mut self, octets_min: usize) {
        self.flip_next = Some(octets_min);
    }

    fn damage_if_asked(&mut self, transmission: &Transmission) {
        let octets = transmission.payload.len();
        if self.flip_next.is_some_and(|octets_min| octets >= octets_min) {
            self.flip_next = None;
            let bit = octets.saturating_mul(4);
            self.config.faults.flips.push(Flip { transmission: transmission.number, bit });
        }
    }

    fn transmit(&mut self, now: Instant, node: NodeId, operation: u16, packet: Packet) {
        let Some(position) = self.nodes.get(&node).map(|node| node.position) else { return };
        let number = self.next_transmission;
        self.next_transmission = number.wrapping_add(1);
        self.begin(node, operation, Activity::Transmitting { number });

        let transmission = Transmission::new(number, node, position, now, packet);
        self.damage_if_asked(&transmission);
        self.observe(AirEvent::Transmitted {
            at: now,
            number,
            node,
            payload: transmission.payload.clone(),
            is_damaged: self.config.faults.flips.iter().any(|flip| flip.transmission == number),
            time_on_air: transmission.time_on_air(),
        });
        self.forget_past(now);
        self.schedule_locks(now, &transmission);
        self.transmissions.push(transmission);
    }

    /// Every receiver that may hear it looks when it would have locked.
    fn schedule_locks(&mut self, now: Instant, transmission: &Transmission) {
        let Some(lock_time) = transmission.lock_time(now) else { return };
        let listening: Vec<_> = self
            .nodes
            .iter()
            .filter(|(_, node)| match &node.activity {
                Activity::Listening { tuning, .. } => transmission.is_followed_with(tuning),
                Activity::Resting | Activity::Transmitting { .. } | Activity::Detecting { .. } => {
                    false
                }
            })
            .map(|(id, node)| (*id, node.operation))
            .collect();
        for (node, operation) in listening {
            let number = transmission.number;
            self.schedule(lock_time, Step::Lock { node, operation, number });
        }
    }

    /// A receiver that begins to listen may still catch the preambles that are under way.
    fn seek(&mut self, now: Instant, node: NodeId) {
        let Some(Node { activity: Activity::Listening { tuning, .. }, operation, .. }) =
            self.nodes.get(&node)
        else {
            return;
        };
        let operation = *operation;
        let caught: Vec<_> = self
            .transmissions
            .iter()
            .filter(|transmission| transmission.node != node)
            .filter(|transmission| transmission.is_followed_with(tuning))
            .filter_map(|transmission| Some((transmission.lock_time(now)?, transmission.number)))
            .collect();
        for (lock_time, number) in caught {
            self.schedule(lock_time, Step::Lock { node, operation, number });
        }
    }

    fn begin(&mut self, node: NodeId, operation: u16, activity: Activity) {
        if let Some(node) = self.nodes.get_mut(&node) {
            node.operation = operation;
            node.activity = activity;
        }
    }

    /// What a node was sending ends when it does something else.
    fn cut(&mut self, now: Instant, node: NodeId) {
        let Some(Node { activity: Activity::Transmitting { number }, .. }) = self.nodes.get(&node)
        else {
            return;
        };
        let number = *number;
        let own = self.transmissions.iter_mut().find(|own| own.number == number);
        if let Some(own) = own.filter(|own| now < own.end) {
            own.cut_at = Some(now);
        }
    }

    /// Drops transmissions that no one still being heard can have met.
    fn forget_past(&mut self, now: Instant) {
        let still_heard = self.transmissions.iter().filter(|transmission| now < transmission.end);
        let oldest = still_heard.map(|transmission| transmission.start).min().unwrap_or(now);
        self.transmissions.retain(|transmission| {
            oldest <= transmission.end || now.since(transmission.end) < KEPT_FOR
        });
    }

    fn schedule(&mut self, at: Instant, step: Step) {
        self.agenda.insert((at, self.next_step), step);
        self.next_step = self.next_step.wrapping_add(1);
    }

    fn report(&mut self, node: NodeId, report: Report) {
        if self.reports.len() < SIMULATION_QUEUE_MAX {
            self.reports.push_back((node, report));
        }
    }

    fn observe(&mut self, event: AirEvent) {
        if self.events.len() < SIMULATION_QUEUE_MAX {
            self.events.push_back(event);
        }
    }
}

/// How long a transmission is kept after its end: a look for activity that began before may still
/// want it.
const KEPT_FOR: core::time::Duration = core::time::Duration::from_secs(2);
