//! Every maximum of this crate, in one place.

/// Octets of one frame: what one LoRa packet carries.
pub const FRAME_OCTETS_MAX: usize = 255;

/// Octets before the part that depends on the type (spec/05-radio.md, "Frame").
pub const FRAME_HEADER_OCTETS: usize = 9;

/// Octets of the MIC at a frame's end.
pub const MIC_OCTETS: usize = 4;

/// Octets of an acknowledgement: header and MIC.
pub const ACKNOWLEDGEMENT_OCTETS: usize = FRAME_HEADER_OCTETS + MIC_OCTETS;

/// Octets of an envelope in one data frame.
pub const DATA_ENVELOPE_OCTETS_MAX: usize =
    FRAME_OCTETS_MAX - FRAME_HEADER_OCTETS - LABEL_OCTETS - MIC_OCTETS;

/// Octets of an envelope in one broadcast frame.
pub const BROADCAST_ENVELOPE_OCTETS_MAX: usize =
    FRAME_OCTETS_MAX - FRAME_HEADER_OCTETS - MIC_OCTETS;

/// Octets of a label.
pub const LABEL_OCTETS: usize = 3;

/// The largest number of hops four bits hold.
pub const HOPS_MAX: u8 = 15;

/// Frames one link holds for sending, all precedences together.
pub const LINK_QUEUE_FRAMES_MAX: usize = 64;

/// Events one link holds until they are polled. Beyond it refusals are only counted; what was
/// received is not taken in (and so not acknowledged) until there is room.
pub const LINK_EVENTS_MAX: usize = 256;

/// Acknowledgements one link owes at a time. The sender of one that finds no room tries again.
pub const LINK_ACKNOWLEDGEMENTS_MAX: usize = 16;

/// Senders whose sequences one link remembers; the one not heard for longest makes room.
pub const LINK_SOURCES_MAX: usize = 256;

/// Sequence numbers behind the newest that a link can tell apart from duplicates.
pub const SEQUENCE_WINDOW: u16 = 64;

/// Labels one station listens to: yesterday's, today's and tomorrow's of a few mailboxes.
pub const LINK_LABELS_MAX: usize = 64;

/// Times one frame is sent at most, whatever the configuration says.
pub const LINK_TRIES_MAX: u8 = 8;

/// Times one frame gives way to a busy channel before it is given up.
pub const LINK_DEFERRALS_MAX: u8 = 32;

/// Slots in which acknowledgers answer (spec/05-radio.md, "Link").
pub const ACKNOWLEDGEMENT_SLOTS: u8 = 4;

/// Nodes one simulated field holds.
pub const FIELD_NODES_MAX: usize = 256;

/// Octets of the longest antenna message (spec/05-radio.md, appendix).
pub const ANTENNA_MESSAGE_OCTETS_MAX: usize = 320;

/// Commands and events waiting between a program and its modem.
pub const MODEM_CHANNEL_MAX: usize = 64;

/// Transfers and reports a simulated chip or field holds until they are polled.
pub const SIMULATION_QUEUE_MAX: usize = 4096;
