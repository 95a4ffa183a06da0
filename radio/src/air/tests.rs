use super::*;
use crate::modulation::{Bandwidth, CodingRate, SpreadingFactor};
use core::time::Duration;

const TUNING: Tuning = Tuning {
    spreading_factor: SpreadingFactor::_7,
    bandwidth: Bandwidth::_125KHz,
    frequency_hz: 869_525_000,
    sync_word: 0x1424,
    inverted_iq: false,
    low_data_rate: false,
    preamble_symbols: 8,
};

/// One symbol at spreading factor 7 and 125 kHz.
const SYMBOL: Duration = Duration::from_nanos(1_024_000);

fn after(symbols: u32) -> Instant {
    Instant::ZERO.after(Duration::from_secs(1)).after(SYMBOL.saturating_mul(symbols))
}

fn place(air: &mut Air, east_m: i32) -> NodeId {
    air.attach(Position { east_m, north_m: 0 }).unwrap()
}

fn listen(air: &mut Air, now: Instant, node: NodeId, tuning: Tuning) {
    air.handle_request(now, node, Request::Listen { operation: 1, tuning });
}

fn send(air: &mut Air, now: Instant, node: NodeId, tuning: Tuning) {
    let request = Request::Transmit {
        operation: 1,
        tuning,
        coding_rate: CodingRate::_4_5,
        crc: true,
        power_dbm: 14,
        payload: vec![0x3C; 30],
    };
    air.handle_request(now, node, request);
}

/// Everything a node is told by the end.
fn outcome(air: &mut Air, node: NodeId) -> Vec<Report> {
    air.handle_timeout(Instant::ZERO.after(Duration::from_secs(60)));
    let mut reports = Vec::new();
    while let Some((to, report)) = air.poll_report() {
        if to == node {
            reports.push(report);
        }
    }
    reports
}

fn is_heard(reports: &[Report]) -> bool {
    reports.iter().any(|report| matches!(report, Report::Packet { intact: true, .. }))
}

#[test]
fn a_packet_is_heard_in_three_steps() {
    let mut air = Air::new(AirConfig::default());
    let (sender, receiver) = (place(&mut air, 0), place(&mut air, 40));
    listen(&mut air, after(0), receiver, TUNING);
    send(&mut air, after(0), sender, TUNING);
    assert_eq!(air.poll_timeout(), Some(after(5)), "five symbols of preamble");
    let reports = outcome(&mut air, receiver);
    let [Report::Preamble { .. }, Report::Header { valid: true, .. }, packet] = &reports[..] else {
        panic!("{reports:?}");
    };
    // 14 − 127.41 dBm; noise −174 + 51 + 6 dBm.
    assert_eq!(
        *packet,
        Report::Packet {
            operation: 1,
            intact: true,
            rssi_decidbm: -1134,
            snr_decidb: 36,
            payload: vec![0x3C; 30],
        }
    );
}

#[test]
fn the_limit_of_hearing_is_that_of_the_spreading_factor() {
    // SNR −7.5 dB at 137.0 m with these losses, −20 dB at 546 m.
    let reach = |spreading_factor, metres| {
        let tuning = Tuning { spreading_factor, ..TUNING };
        let mut air = Air::new(AirConfig::default());
        let (sender, receiver) = (place(&mut air, 0), place(&mut air, metres));
        listen(&mut air, after(0), receiver, tuning);
        send(&mut air, after(0), sender, tuning);
        is_heard(&outcome(&mut air, receiver))
    };
    assert!(reach(SpreadingFactor::_7, 136) && !reach(SpreadingFactor::_7, 139));
    assert!(reach(SpreadingFactor::_12, 540) && !reach(SpreadingFactor::_12, 552));
}

#[test]
fn who_listens_too_late_misses_the_preamble() {
    for (symbols_late, heard) in [(0, true), (3, true), (4, false), (30, false)] {
        let mut air = Air::new(AirConfig::default());
        let (sender, receiver) = (place(&mut air, 0), place(&mut air, 40));
        send(&mut air, after(0), sender, TUNING);
        listen(&mut air, after(symbols_late), receiver, TUNING);
        let reports = outcome(&mut air, receiver);
        assert_eq!(is_heard(&reports), heard, "{symbols_late} symbols late");
        assert_eq!(reports.is_empty(), !heard);
    }
}

#[test]
fn other_channels_are_other_worlds() {
    for tuning in [
        Tuning { frequency_hz: 868_300_000, ..TUNING },
        Tuning { inverted_iq: true, ..TUNING },
        Tuning { spreading_factor: SpreadingFactor::_8, ..TUNING },
        Tuning { bandwidth: Bandwidth::_250KHz, ..TUNING },
    ] {
        let mut air = Air::new(AirConfig::default());
        let (sender, receiver) = (place(&mut air, 0), place(&mut air, 40));
        listen(&mut air, after(0), receiver, TUNING);
        send(&mut air, after(0), sender, tuning);
        assert_eq!(outcome(&mut air, receiver), []);
    }
}

#[test]
fn a_foreign_sync_word_shows_a_preamble_and_nothing_more() {
    let mut air = Air::new(AirConfig::default());
    let (sender, receiver) = (place(&mut air, 0), place(&mut air, 40));
    listen(&mut air, after(0), receiver, TUNING);
    send(&mut air, after(0), sender, Tuning { sync_word: 0x3444, ..TUNING });
    assert_eq!(outcome(&mut air, receiver), [Report::Preamble { operation: 1 }]);
}

/// A weaker packet that begins some symbols after a stronger one, and the other way round.
fn overlap(first_m: i32, second_m: i32, symbols: u32, capture_db: f64) -> Vec<Report> {
    let mut air = Air::new(AirConfig { capture_db, ..AirConfig::default() });
    let (first, second) = (place(&mut air, first_m), place(&mut air, second_m));
    let receiver = place(&mut air, 0);
    listen(&mut air, after(0), receiver, TUNING);
    send(&mut air, after(0), first, TUNING);
    send(&mut air, after(symbols), second, TUNING);
    outcome(&mut air, receiver)
}

#[test]
fn capture_needs_its_six_decibels() {
    // 20 m is 6.26 dB louder than 40 m, 21 m is 5.82 dB louder.
    assert!(is_heard(&overlap(20, 40, 2, 6.0)));
    assert!(!is_heard(&overlap(21, 40, 2, 6.0)));
    assert!(is_heard(&overlap(21, 40, 2, 3.0)));
}

#[test]
fn when_a_collision_begins_decides_what_it_damages() {
    // In the header: the receiver lets go.
    let reports = overlap(40, 40, 15, 6.0);
    assert!(matches!(reports[..], [Report::Preamble { .. }, Report::Header { valid: false, .. }]));
    // In the payload, after 8 + 4.25 + 8 symbols: what was sent before is right.
    let reports = overlap(40, 40, 40, 6.0);
    let Some(Report::Packet { intact: false, payload, .. }) = reports.get(2) else {
        panic!("{reports:?}");
    };
    assert_eq!(payload.len(), 30);
    assert_eq!(payload[0], 0x3C);
    assert!(payload.iter().rev().take(5).all(|octet| *octet != 0x3C));
    // After its end: nothing.
    assert!(is_heard(&overlap(40, 40, 200, 6.0)));
}

#[test]
fn two_weak_interferers_together_are_a_strong_one() {
    let survives = |interferers: &[i32]| {
        let mut air = Air::new(AirConfig::default());
        let sender = place(&mut air, 20);
        let receiver = place(&mut air, 0);
        listen(&mut air, after(0), receiver, TUNING);
        send(&mut air, after(0), sender, TUNING);
        for metres in interferers {
            let interferer = place(&mut air, *metres);
            send(&mut air, after(25), interferer, TUNING);
        }
        is_heard(&outcome(&mut air, receiver))
    };
    assert!(survives(&[44]));
    assert!(survives(&[-44]));
    assert!(!survives(&[44, -44]));
}

#[test]
fn another_spreading_factor_disturbs_only_when_it_is_much_louder() {
    // Factor 7 wanted from 60 m; factor 9 is rejected up to 9 dB louder (Croce).
    let survives = |metres| {
        let mut air = Air::new(AirConfig::default());
        let (sender, other) = (place(&mut air, 60), place(&mut air, metres));
        let receiver = place(&mut air, 0);
        listen(&mut air, after(0), receiver, TUNING);
        send(&mut air, after(0), sender, TUNING);
        let slow = Tuning { spreading_factor: SpreadingFactor::_9, ..TUNING };
        send(&mut air, after(0), other, slow);
        is_heard(&outcome(&mut air, receiver))
    };
    assert!(survives(30), "6.3 dB louder");
    assert!(!survives(15), "12.5 dB louder");
}

#[test]
fn one_receiver_follows_one_preamble() {
    let reports = overlap(10, 200, 3, 6.0);
    let preambles = reports.iter().filter(|report| matches!(report, Report::Preamble { .. }));
    assert_eq!(preambles.count(), 1);
    assert!(is_heard(&reports));
}

#[test]
fn a_sender_that_stops_leaves_a_torn_packet() {
    let mut air = Air::new(AirConfig::default());
    let (sender, receiver) = (place(&mut air, 0), place(&mut air, 40));
    listen(&mut air, after(0), receiver, TUNING);
    send(&mut air, after(0), sender, TUNING);
    air.handle_request(after(40), sender, Request::Rest { operation: 2 });
    let reports = outcome(&mut air, receiver);
    assert!(matches!(reports.get(2), Some(Report::Packet { intact: false, .. })), "{reports:?}");
}

#[test]
fn a_receiver_that_turned_away_is_told_nothing() {
    let mut air = Air::new(AirConfig::default());
    let (sender, receiver) = (place(&mut air, 0), place(&mut air, 40));
    listen(&mut air, after(0), receiver, TUNING);
    send(&mut air, after(0), sender, TUNING);
    air.handle_request(after(10), receiver, Request::Rest { operation: 2 });
    assert_eq!(outcome(&mut air, receiver), [Report::Preamble { operation: 1 }]);
}

#[test]
fn activity_is_seen_at_any_part_of_a_packet() {
    let look = |begin| {
        let mut air = Air::new(AirConfig::default());
        let (sender, looker) = (place(&mut air, 0), place(&mut air, 40));
        send(&mut air, after(20), sender, TUNING);
        let request = Request::Detect { operation: 4, tuning: TUNING, symbols: 8 };
        air.handle_request(after(begin), looker, request);
        outcome(&mut air, looker)
    };
    let seen = |detected| [Report::Activity { operation: 4, detected }];
    assert_eq!(look(20), seen(true));
    assert_eq!(look(60), seen(true));
    assert_eq!(look(300), seen(false));
}

#[test]
fn one_flipped_bit() {
    let flips = vec![Flip { transmission: 1, bit: 9 }];
    let faults = Faults { flips, ..Faults::default() };
    let mut air = Air::new(AirConfig { faults, ..AirConfig::default() });
    let (sender, receiver) = (place(&mut air, 0), place(&mut air, 40));
    listen(&mut air, after(0), receiver, TUNING);
    send(&mut air, after(0), sender, TUNING);
    send(&mut air, after(500), sender, TUNING);
    let packets: Vec<_> = outcome(&mut air, receiver)
        .into_iter()
        .filter_map(|report| match report {
            Report::Packet { intact, payload, .. } => Some((intact, payload)),
            _ => None,
        })
        .collect();
    let mut damaged = vec![0x3C; 30];
    damaged[1] ^= 0x40;
    assert_eq!(packets, [(true, vec![0x3C; 30]), (false, damaged)]);
}

#[test]
fn a_field_has_its_limit() {
    let mut air = Air::new(AirConfig::default());
    let nodes: Vec<_> = (0..FIELD_NODES_MAX).map(|_| place(&mut air, 0)).collect();
    assert_eq!(air.attach(Position::default()), None);
    air.detach(Instant::ZERO, nodes[0]);
    assert!(air.attach(Position::default()).is_some());
}
