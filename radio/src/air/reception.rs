//! What a receiver makes of a transmission, step by step.

use super::interference::{Interferer, drowned};
use super::propagation::{noise_floor_dbm, snr_limit_db, tenths};
use super::transmission::Transmission;
use super::{Activity, Air, AirEvent, Following, LossReason, NodeId, Step};
use crate::antenna::{Report, Tuning};
use crate::time::Instant;

impl Air {
    pub(super) fn take(&mut self, at: Instant, step: Step) {
        match step {
            Step::Lock { node, operation, number } => self.lock(at, node, operation, number),
            Step::SyncWord { node, operation, number } => {
                if self.is_following(node, operation, number) {
                    self.lose(at, node, number, LossReason::ForeignSyncWord);
                }
            }
            Step::Header { node, operation, number } => self.header(at, node, operation, number),
            Step::End { node, operation, number } => self.end(at, node, operation, number),
            Step::DetectionEnd { node, operation } => self.detection_end(at, node, operation),
        }
    }

    /// Five symbols of preamble have passed.
    fn lock(&mut self, at: Instant, node: NodeId, operation: u16, number: u64) {
        let Some(tuning) = self.free_receiver(node, operation) else { return };
        let Some(transmission) = self.transmission(number) else { return };
        let Some(rssi_dbm) = self.rssi_dbm(transmission, node) else { return };
        if !self.is_loud_enough(rssi_dbm, &tuning) || transmission.last_instant() < at {
            return;
        }
        let preamble = (transmission.start, at);
        let is_drowned = !self.drowned(transmission, node, preamble).is_empty();
        let is_ours = transmission.tuning.sync_word == tuning.sync_word
            && transmission.tuning.low_data_rate == tuning.low_data_rate;
        let (sync_end, header_end) = (transmission.sync_end, transmission.header_end);

        if self.random.below(1_000_000) < u64::from(self.config.faults.lost_of_a_million) {
            self.observe(AirEvent::Lost { at, number, node, reason: LossReason::Fault });
            return;
        }
        if is_drowned {
            let reason = LossReason::PreambleDrowned;
            self.observe(AirEvent::Lost { at, number, node, reason });
            return;
        }
        self.follow(node, Some(Following { number, locked_at: at }));
        self.report(node, Report::Preamble { operation });
        if is_ours {
            self.schedule(header_end, Step::Header { node, operation, number });
        } else {
            self.schedule(sync_end, Step::SyncWord { node, operation, number });
        }
    }

    /// The eight symbols with the header have passed.
    fn header(&mut self, at: Instant, node: NodeId, operation: u16, number: u64) {
        let Some(locked_at) = self.locked_at(node, operation, number) else { return };
        let Some(transmission) = self.transmission(number) else { return };
        let window = (locked_at, transmission.header_end);
        let valid = self.drowned(transmission, node, window).is_empty()
            && transmission.cut_at.is_none_or(|cut_at| at <= cut_at);
        let end = transmission.end;
        self.report(node, Report::Header { operation, valid });
        if valid {
            self.schedule(end, Step::End { node, operation, number });
        } else {
            self.lose(at, node, number, LossReason::HeaderDrowned);
        }
    }

    /// The last symbol has passed.
    fn end(&mut self, at: Instant, node: NodeId, operation: u16, number: u64) {
        if !self.is_following(node, operation, number) {
            return;
        }
        let Some(transmission) = self.transmission(number).cloned() else { return };
        let Some(rssi_dbm) = self.rssi_dbm(&transmission, node) else { return };
        let noise_dbm = noise_floor_dbm(transmission.tuning.bandwidth, self.config.noise_figure_db);
        let mut payload = transmission.payload.clone();
        let damaged = self.damage(&transmission, node, &mut payload);
        let report = Report::Packet {
            operation,
            // Without a CRC nobody can tell.
            intact: !damaged || !transmission.crc,
            rssi_decidbm: tenths(rssi_dbm),
            snr_decidb: tenths(rssi_dbm - noise_dbm),
            payload,
        };
        if let Report::Packet { intact, rssi_decidbm, snr_decidb, .. } = &report {
            let (intact, rssi_decidbm, snr_decidb) = (*intact, *rssi_decidbm, *snr_decidb);
            self.observe(AirEvent::Heard { at, number, node, intact, rssi_decidbm, snr_decidb });
        }
        self.report(node, report);
        self.release(at, node);
    }

    /// Changes the octets that were drowned, cut off or flipped on purpose.
    fn damage(&mut self, transmission: &Transmission, node: NodeId, payload: &mut [u8]) -> bool {
        let window = (transmission.header_end, transmission.end);
        let mut lost = self.drowned(transmission, node, window);
        if transmission.last_instant() < transmission.end {
            lost.push((transmission.last_instant(), transmission.end));
        }
        let mut damaged = !lost.is_empty();
        for (index, octet) in payload.iter_mut().enumerate() {
            let (begin, end) = transmission.octet_time(index);
            if lost.iter().any(|(from, until)| begin < *until && *from < end) {
                // Never zero: a drowned octet that arrives right by luck would make every second
                // short collision harmless.
                let noise = self.random.below(255).saturating_add(1);
                *octet ^= u8::try_from(noise).unwrap_or(1);
            }
        }
        for flip in &self.config.faults.flips {
            if flip.transmission == transmission.number {
                flip.apply(payload);
                damaged = true;
            }
        }
        damaged
    }

    fn detection_end(&mut self, at: Instant, node: NodeId, operation: u16) {
        let Some(looking) = self.nodes.get(&node).filter(|node| node.operation == operation) else {
            return;
        };
        let Activity::Detecting { tuning, since } = looking.activity.clone() else { return };
        let detected = self
            .transmissions
            .iter()
            .filter(|transmission| transmission.node != node)
            .filter(|transmission| transmission.is_followed_with(&tuning))
            .filter(|transmission| transmission.is_on_air_between(since, at))
            .filter_map(|transmission| self.rssi_dbm(transmission, node))
            .any(|rssi_dbm| self.is_loud_enough(rssi_dbm, &tuning));
        self.begin(node, operation, Activity::Resting);
        self.report(node, Report::Activity { operation, detected });
    }

    fn lose(&mut self, at: Instant, node: NodeId, number: u64, reason: LossReason) {
        self.observe(AirEvent::Lost { at, number, node, reason });
        self.release(at, node);
    }

    /// The receiver looks for a preamble again, also for those under way.
    fn release(&mut self, at: Instant, node: NodeId) {
        self.follow(node, None);
        self.seek(at, node);
    }

    fn follow(&mut self, node: NodeId, new: Option<Following>) {
        if let Some(node) = self.nodes.get_mut(&node)
            && let Activity::Listening { following, .. } = &mut node.activity
        {
            *following = new;
        }
    }

    /// The tuning of a node that is still in this operation and follows nothing yet.
    fn free_receiver(&self, node: NodeId, operation: u16) -> Option<Tuning> {
        let node = self.nodes.get(&node).filter(|node| node.operation == operation)?;
        match &node.activity {
            Activity::Listening { tuning, following: None } => Some(*tuning),
            Activity::Listening { following: Some(_), .. }
            | Activity::Resting
            | Activity::Transmitting { .. }
            | Activity::Detecting { .. } => None,
        }
    }

    fn is_following(&self, node: NodeId, operation: u16, number: u64) -> bool {
        self.locked_at(node, operation, number).is_some()
    }

    fn locked_at(&self, node: NodeId, operation: u16, number: u64) -> Option<Instant> {
        let node = self.nodes.get(&node).filter(|node| node.operation == operation)?;
        match &node.activity {
            Activity::Listening { following: Some(following), .. } => {
                (following.number == number).then_some(following.locked_at)
            }
            Activity::Listening { following: None, .. }
            | Activity::Resting
            | Activity::Transmitting { .. }
            | Activity::Detecting { .. } => None,
        }
    }

    fn transmission(&self, number: u64) -> Option<&Transmission> {
        self.transmissions.iter().find(|transmission| transmission.number == number)
    }

    fn rssi_dbm(&self, transmission: &Transmission, node: NodeId) -> Option<f64> {
        let position = self.nodes.get(&node)?.position;
        let loss_db =
            self.config.path_loss.loss_db(transmission.position, position, self.config.seed);
        Some(f64::from(transmission.power_dbm) - loss_db)
    }

    fn is_loud_enough(&self, rssi_dbm: f64, tuning: &Tuning) -> bool {
        let noise_dbm = noise_floor_dbm(tuning.bandwidth, self.config.noise_figure_db);
        rssi_dbm - noise_dbm >= snr_limit_db(tuning.spreading_factor)
    }

    fn drowned(
        &self,
        wanted: &Transmission,
        node: NodeId,
        window: (Instant, Instant),
    ) -> Vec<(Instant, Instant)> {
        let (from, until) = window;
        let interferers: Vec<_> = self
            .transmissions
            .iter()
            .filter(|other| other.number != wanted.number && other.node != node)
            .filter(|other| other.is_on_air_between(from, until))
            .filter(|other| other.overlaps_channel(&wanted.tuning))
            .filter_map(|transmission| {
                let rssi_dbm = self.rssi_dbm(transmission, node)?;
                Some(Interferer { transmission, rssi_dbm })
            })
            .collect();
        let Some(rssi_dbm) = self.rssi_dbm(wanted, node) else { return Vec::new() };
        drowned(wanted, rssi_dbm, &interferers, window, self.config.capture_db)
    }
}
