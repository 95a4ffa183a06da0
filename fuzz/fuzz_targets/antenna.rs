//! Antenna messages: whatever is accepted is written as it was read; a chip and an air that are
//! given it stay sane.
#![no_main]

use chappe_radio::air::{Air, AirConfig};
use chappe_radio::antenna::Position;
use chappe_radio::antenna::message::{ToChip, ToField};
use chappe_radio::chip::Chip;
use chappe_radio::time::Instant;

libfuzzer_sys::fuzz_target!(|datagram: &[u8]| {
    if let Ok(message) = ToField::parse(datagram) {
        assert_eq!(message.to_bytes(), datagram);
        let mut air = Air::new(AirConfig::default());
        let nodes: Vec<_> = (0..2).filter_map(|_| air.attach(Position::default())).collect();
        if let ToField::Request(request) = message {
            for node in nodes {
                air.handle_request(Instant::ZERO, node, request.clone());
            }
            air.handle_timeout(Instant::FAR_FUTURE);
            assert_eq!(air.poll_timeout(), None);
        }
    }
    if let Ok(message) = ToChip::parse(datagram) {
        assert_eq!(message.to_bytes(), datagram);
        if let ToChip::Report(report) = message {
            Chip::new().handle_report(&report);
        }
    }
    // The other side of the chip: one octet of length, then that many of a command.
    let mut chip = Chip::new();
    let mut rest = datagram;
    let mut now = Instant::ZERO;
    while let Some((length, behind)) = rest.split_first() {
        let (command, behind) = behind.split_at(usize::from(*length).min(behind.len()));
        now = now.after(core::time::Duration::from_millis(5));
        assert_eq!(chip.transfer(now, command).len(), command.len());
        rest = behind;
    }
});
