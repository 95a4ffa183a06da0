use super::*;
use crate::time::Instant;

fn at(microseconds: u64) -> Instant {
    Instant::ZERO.after(Duration::from_micros(microseconds))
}

/// A chip set up for spreading factor 9 at 125 kHz, all interrupts on DIO1, at `now`.
fn set_up(chip: &mut Chip, mut now: Instant) -> Instant {
    for command in [
        &[0x8A, 1][..],
        &[0x86, 0x36, 0x58, 0x66, 0x66],
        &[0x8B, 9, 4, 1, 0],
        &[0x8C, 0, 8, 0, 20, 1, 0],
        &[0x8F, 0x80, 0x10],
        &[0x95, 4, 7, 0, 1],
        &[0x8E, 14, 2],
        &[0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0],
        &[0x9F, 1],
    ] {
        chip.transfer(now, command);
        now = now.after(Duration::from_micros(10));
    }
    chip.requests.clear();
    now
}

fn operation(chip: &mut Chip) -> u16 {
    match chip.poll_request().unwrap() {
        Request::Listen { operation, .. }
        | Request::Rest { operation }
        | Request::Transmit { operation, .. }
        | Request::Detect { operation, .. } => operation,
    }
}

fn irq_flags(chip: &mut Chip, now: Instant) -> u16 {
    let miso = chip.transfer(now, &[0x12, 0, 0, 0]);
    u16::from_be_bytes([miso[2], miso[3]])
}

#[test]
fn answers_stand_where_the_datasheet_puts_them() {
    let mut chip = Chip::new();
    assert_eq!(chip.transfer(at(0), &[0xC0, 0]), [0x20, 0x20], "standby");
    let miso = chip.transfer(at(10), &[0x1D, 0x07, 0x40, 0, 0, 0]);
    assert_eq!(miso[4..], [0x14, 0x24], "the private sync word");
    chip.transfer(at(20), &[0x0E, 250, 1, 2, 3]);
    let miso = chip.transfer(at(30), &[0x1E, 250, 0, 0, 0, 0]);
    assert_eq!(miso[3..], [1, 2, 3]);
    chip.transfer(at(40), &[0xAA]);
    assert_eq!(chip.transfer(at(50), &[0xC0, 0])[1], 0x28, "an unknown command");
}

#[test]
fn busy_rises_with_nss_and_violations_are_counted() {
    let mut chip = Chip::new();
    chip.transfer(at(0), &[0x89, 0x7F]);
    assert!(chip.is_busy(at(0)) && chip.is_busy(at(3_499)));
    assert!(!chip.is_busy(at(3_500)));
    chip.transfer(at(100), &[0x8A, 1]);
    assert_eq!(chip.busy_violations(), 1);
    assert!(!chip.settings.lora, "a command while busy is not taken");
}

#[test]
fn a_packet_is_sent_with_the_settings_and_reported_done() {
    let mut chip = Chip::new();
    let now = set_up(&mut chip, at(0));
    chip.transfer(now, &[0x0E, 0x80, 0xDE, 0xAD]);
    let now = now.after(Duration::from_micros(10));
    chip.transfer(now, &[0x83, 0, 0, 0]);
    let Some(Request::Transmit { tuning, power_dbm, payload, crc, .. }) = chip.poll_request()
    else {
        panic!("it has to send");
    };
    assert_eq!((power_dbm, crc, payload.len()), (14, true, 20));
    assert_eq!(payload[..2], [0xDE, 0xAD]);
    assert_eq!((tuning.frequency_hz, tuning.sync_word), (869_525_000, 0x1424));
    let end = now.after(Duration::from_nanos(185_344_000));
    assert_eq!(chip.poll_timeout(), Some(end));
    chip.handle_timeout(end);
    assert!(chip.dio1());
    assert_eq!(irq_flags(&mut chip, end), irq::TX_DONE);
    chip.transfer(end.after(Duration::from_micros(5)), &[0x02, 0xFF, 0xFF]);
    assert!(!chip.dio1());
}

#[test]
fn a_report_on_what_is_over_means_nothing() {
    let mut chip = Chip::new();
    let now = set_up(&mut chip, at(0));
    chip.transfer(now, &[0x82, 0xFF, 0xFF, 0xFF]);
    let old = operation(&mut chip);
    let now = now.after(Duration::from_millis(1));
    chip.transfer(now, &[0x80, 0]);
    let now = now.after(Duration::from_millis(1));
    chip.transfer(now, &[0x82, 0xFF, 0xFF, 0xFF]);
    chip.handle_report(&Report::Preamble { operation: old });
    assert!(!chip.dio1());
}

#[test]
fn a_preamble_stops_the_timer_and_a_packet_ends_single_reception() {
    let mut chip = Chip::new();
    let now = set_up(&mut chip, at(0));
    chip.transfer(now, &[0xA0, 100]);
    let now = now.after(Duration::from_micros(10));
    chip.transfer(now, &[0x82, 0, 0, 0]);
    let operation = operation(&mut chip);
    assert_eq!(chip.poll_timeout(), Some(now.after(Duration::from_micros(409_600))));
    chip.handle_report(&Report::Preamble { operation });
    assert_eq!(chip.poll_timeout(), None);
    chip.handle_report(&Report::Header { operation, valid: true });
    chip.handle_report(&Report::Packet {
        operation,
        intact: false,
        rssi_decidbm: -1201,
        snr_decidb: -75,
        payload: vec![7, 8, 9],
    });
    assert!(matches!(chip.poll_request(), Some(Request::Rest { .. })));
    let now = now.after(Duration::from_millis(300));
    let flags = irq::PREAMBLE_DETECTED | irq::HEADER_VALID | irq::RX_DONE | irq::CRC_ERROR;
    assert_eq!(irq_flags(&mut chip, now), flags);
    let now = now.after(Duration::from_micros(5));
    let miso = chip.transfer(now, &[0x13, 0, 0, 0]);
    assert_eq!(miso[1..], [0x24, 3, 0x10], "standby, data available; at the receive base");
    let now = now.after(Duration::from_micros(5));
    assert_eq!(chip.transfer(now, &[0x14, 0, 0, 0, 0])[2..], [240, 0xE2, 240]);
}

#[test]
fn silence_times_out() {
    let mut chip = Chip::new();
    let now = set_up(&mut chip, at(0));
    chip.transfer(now, &[0x82, 0, 0x01, 0x00]);
    let end = chip.poll_timeout().unwrap();
    assert_eq!(end.since(now), Duration::from_micros(4_000), "256 ticks of 15.625 µs");
    chip.handle_timeout(end);
    assert_eq!(irq_flags(&mut chip, end), irq::TIMEOUT);
}

#[test]
fn sleep_loses_the_first_command_and_cold_sleep_everything() {
    for (config, keeps) in [(0_u8, false), (4, true)] {
        let mut chip = Chip::new();
        let now = set_up(&mut chip, at(0));
        chip.transfer(now, &[0x84, config]);
        assert!(chip.is_busy(now.after(Duration::from_secs(100))), "asleep");
        let now = now.after(Duration::from_secs(1));
        chip.transfer(now, &[0x8A, 1]);
        assert!(chip.is_busy(now) && !chip.is_busy(now.after(Duration::from_millis(4))));
        assert_eq!(chip.settings.is_set_up(), keeps);
    }
}

#[test]
fn what_is_not_set_up_does_not_send() {
    let mut chip = Chip::new();
    chip.transfer(at(0), &[0x83, 0, 0, 0]);
    assert_eq!(chip.poll_request(), None);
    assert_eq!(chip.transfer(at(500), &[0xC0, 0])[1], 0x2A, "standby, failed");
}

#[test]
fn power_follows_the_table_of_the_datasheet() {
    // What the driver sends for 22, 20, 17 and 14 dBm (table 13-21).
    for (hp_max, dbm) in [(7, 22), (5, 20), (3, 17), (2, 14)] {
        let mut chip = Chip::new();
        chip.transfer(at(0), &[0x95, 4, hp_max, 0, 1]);
        chip.transfer(at(10), &[0x8E, 22, 2]);
        assert_eq!(chip.settings.power_dbm(), dbm);
    }
}

proptest::proptest! {
    #[test]
    fn arbitrary_commands_are_answered(
        commands in proptest::collection::vec(
            proptest::collection::vec(proptest::prelude::any::<u8>(), 0..20),
            1..40,
        ),
    ) {
        let mut chip = Chip::new();
        let mut now = Instant::ZERO;
        for command in commands {
            now = now.after(Duration::from_millis(5));
            let miso = chip.transfer(now, &command);
            proptest::prop_assert_eq!(miso.len(), command.len());
            while chip.poll_request().is_some() {}
        }
    }
}
