//! Invitations, as octets and as text: whatever is accepted is written as it was read.
#![no_main]

use chappe_relay::invitation::{Invitation, InvitationText};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(invitation) = Invitation::parse(octets) {
        assert_eq!(invitation.to_bytes(), octets);
    }
    let Ok(text) = std::str::from_utf8(octets) else { return };
    if let Ok(invitation) = text.parse::<InvitationText>() {
        assert_eq!(invitation.to_string(), text);
    }
});
