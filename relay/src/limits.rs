//! Every maximum of the relay and its formats, in one place. Those marked *normative* stand in
//! spec/06-relay.md; the others are this implementation's own.

use std::time::Duration;

/// Octets of a parcel's header (normative).
pub const PARCEL_HEADER_OCTETS: usize = 22;

/// Octets of a delegation (normative).
pub const DELEGATION_OCTETS: usize = 134;

/// Labels in one lease (normative).
pub const LEASE_LABELS_MAX: usize = 32;

/// The latest time a u40 holds (normative).
pub const SECONDS_MAX: u64 = (1 << 40) - 1;

/// How far ahead of a relay's clock a parcel may expire, in seconds (normative): 30 days.
pub const EXPIRY_AHEAD_SECONDS_MAX: u64 = 30 * 86_400;

/// Seconds of an address epoch (normative): seven days.
pub const ADDRESS_EPOCH_SECONDS: u64 = 604_800;

/// Epochs before the present one in which parcels may still wait (normative): "30 days are more than
/// four".
pub const ADDRESS_EPOCHS_BEFORE: u32 = 5;

/// How near to a change of epoch both mailboxes are read, in seconds (normative): a day.
pub const ADDRESS_EPOCH_OVERLAP_SECONDS: u64 = 86_400;

/// Octets of an invitation (normative).
pub const INVITATION_OCTETS: usize = 32;

/// Octets of a network address in an invitation's text (normative); the same as on a card.
pub const NETWORK_ADDRESS_OCTETS_MAX: usize = chappe_codec::limits::NETWORK_ADDRESS_OCTETS_MAX;

/// Transport keys an operator may list: with each change of epoch all are rotated once, some 50
/// microseconds each.
pub const LISTED_KEYS_MAX: usize = 4096;

/// Senders whose rates are remembered; those that have not sent for longest make room.
pub const RATED_SENDERS_MAX: usize = 65_536;

/// Octets of a relay message's body (normative).
pub const MESSAGE_BODY_OCTETS_MAX: usize = 16_896;

/// How long a lane that is held back for its sender's rate waits before it looks again: other rates count
/// after that.
pub const RATE_WAIT_MAX: Duration = Duration::from_secs(1);

/// How often what was counted is saved, where it changed.
pub const SUMS_EVERY: Duration = Duration::from_secs(10);

/// Senders that are looked through in a second to save what they have stored. More than ten times as many
/// are saved less often.
pub const SUMS_SENDERS_A_SECOND: usize = 4096;

/// Octets of a file of sums that is read: no relay writes a longer one.
pub const SUMS_OCTETS_MAX: u64 = 1 << 30;

/// Versions a hello may name (normative).
pub const HELLO_VERSIONS_MAX: usize = 8;

/// Streams of one connection at a time, the control stream included (normative).
pub const STREAMS_MAX: u32 = 16;

/// Publishes and forwards of one lane that are not answered yet (normative).
pub const PUBLISHES_PENDING_MAX: u64 = 16_384;

/// Octets of their bodies (normative).
pub const PUBLISHES_PENDING_OCTETS_MAX: u64 = 16 << 20;

/// Subscribes and listens open on one lane together (normative).
pub const READS_MAX: usize = 64;

/// Parcels in the answer to one fetch (normative).
pub const FETCH_PARCELS_MAX: u16 = 256;

/// Octets of parcels in the answer to one fetch (normative). The first parcel always goes out.
pub const FETCH_OCTETS_MAX: usize = 1 << 20;

/// Octets of deliveries a subscription may be allowed ahead (normative).
pub const CREDIT_MAX: i64 = 1 << 31;

/// Relays a forward may name (normative).
pub const FORWARD_HOMES_MAX: usize = 3;

/// Relays a forward may still pass (normative).
pub const FORWARD_HOPS_MAX: u8 = 8;

/// How long a home may not have been reached before the next one named is tried (normative).
pub const PEER_AWAY_WAIT: Duration = Duration::from_secs(10);

/// Peers of one relay.
pub const PEERS_MAX: usize = 64;

/// Topics replicated from one peer: each takes a place among the reads of every lane.
pub const PEER_TOPICS_MAX: usize = 32;

/// Octets of records that may wait for one peer in each of its two queues, unless the options say otherwise.
pub const QUEUE_OCTETS_DEFAULT: u64 = 256 << 20;

/// Parcels that may wait for one peer in each of its two queues: what bounds the memory they take.
pub const PEER_QUEUE_RECORDS_MAX: usize = 1 << 18;

/// Parcels that may wait for all peers in one queue.
pub const QUEUE_RECORDS_MAX: usize = 1 << 19;

/// Octets of a queue's segments, where the relay's own are larger: it is short most of the time.
pub const QUEUE_SEGMENT_OCTETS: u64 = 8 << 20;

/// Parcels on the way to a peer from one queue, those being read from the disk included.
pub const PEER_WINDOW_PARCELS: usize = 256;

/// Octets of their records; the last may pass it.
pub const PEER_WINDOW_OCTETS: u64 = 1 << 20;

/// Parcels a peer may answer `try_later` to, one after the other, before it is left alone for a pause.
pub const PEER_PUT_OFF_MAX: u32 = 8;

/// The pause before a parcel that was put off is sent again; it doubles. A peer's whole pause likewise.
pub const PUT_OFF_FIRST: Duration = Duration::from_secs(1);

/// The longest of those pauses.
pub const PUT_OFF_MOST: Duration = Duration::from_secs(300);

/// The pause before a peer is connected to again; it doubles.
pub const RECONNECT_FIRST: Duration = Duration::from_secs(1);

/// The longest of those pauses.
pub const RECONNECT_MOST: Duration = Duration::from_secs(60);

/// How long a peer may take to answer a forward before the connection is given up.
pub const PEER_ANSWER_WAIT: Duration = Duration::from_secs(60);

/// Open records one record of the queue tells of.
pub const OPEN_RANGE_ENTRIES_MAX: usize = 4096;

/// Open records between two that changed, above which they are told of apart.
pub const OPEN_RANGE_GAP: usize = 32;

/// Octets a queue's log has at least before it is compacted, unless the options say otherwise.
pub const QUEUE_COMPACT_OCTETS_MIN: u64 = 4 << 20;

/// Parcels of a queue looked through for expired ones at one deadline.
pub const QUEUE_SWEEP_ENTRIES: usize = 4096;

/// Parcels that wait for a peer that is away, looked through for another home at one deadline.
pub const QUEUE_LOOK_ENTRIES: usize = 4096;

/// How long a relay waits for the hello (normative).
pub const HELLO_WAIT: Duration = Duration::from_secs(5);

/// How long a message that was begun may take to end (normative).
pub const MESSAGE_WAIT: Duration = Duration::from_secs(30);

/// How long a client waits for the handshake and the answer to its hello together, and for a free
/// lane when all are in use.
pub const CONNECT_WAIT: Duration = Duration::from_secs(10);

/// Subscriptions a caller may hold open on one [`RelayClient`](crate::RelayClient): each takes a place
/// on the lane of every precedence, and one is left for a subscription that takes a dropped one's.
pub const CLIENT_SUBSCRIPTIONS_MAX: usize = READS_MAX - 1;

/// Octets of deliveries a client lets a subscription be ahead of its reader, for each precedence.
pub const CLIENT_CREDIT: u32 = 1 << 20;

/// The same for a lane its caller drives: what a relay writes at once, several times over.
pub const CLIENT_DIRECT_CREDIT: u32 = 8 << 20;

/// Publishes a client lane takes before its callers wait for answers: half of what a relay allows, so
/// that a relay never has to stop reading.
pub const CLIENT_PENDING_MAX: usize = 8192;

/// Octets a client lane holds for writing before its callers wait.
pub const CLIENT_OUTPUT_OCTETS_MAX: usize = 256 << 10;

/// Live parcels that wait for a listener's reader; what comes then is dropped.
pub const CLIENT_LIVE_MAX: usize = 4096;

/// Octets of answers that wait to be written on one lane. At the limit the lane takes up nothing new
/// until its client has read some: live parcels are dropped and subscriptions read from the log.
pub const OUTPUT_OCTETS_MAX: usize = 1 << 20;

/// Records in one group. While one is being synced the next may fill up to this; then lanes wait. It is as
/// much as fits a processor's cache: a larger group makes nothing cheaper.
pub const GROUP_RECORDS_MAX: usize = 2048;

/// Octets of records in one group: what the disk may have to write in front of a FLASH, some
/// hundred microseconds' worth.
pub const GROUP_OCTETS_MAX: usize = 256 << 10;

/// How often a group of few ROUTINE parcels is synced at most. A sync costs as much for one parcel as for
/// many, and nothing of ROUTINE is in a hurry; what is more urgent waits for nothing.
pub const ROUTINE_SYNC_EVERY: Duration = Duration::from_millis(20);

/// Few: so many are synced at once.
pub const ROUTINE_GATHERED_MAX: usize = 32;

/// Publishes that are looked for among those stored at a time: as many as a processor has looks under way,
/// several times over.
pub const STAGED_MAX: usize = 64;

/// Octets of their parcels; one always fits.
pub const STAGED_OCTETS_MAX: usize = 64 << 10;

/// Parcels and their readers together that are told of what was stored, before others have their turn.
pub const TOLD_MAX: usize = 192;

/// Parcels asked of a store in one read for a subscription.
pub const PAGE_PARCELS_MAX: usize = 256;

/// Octets asked of a store in one read for a subscription.
pub const PAGE_OCTETS_MAX: usize = 256 << 10;

/// Reads of one store that are under way; others wait for their turn.
pub const STORE_READS_MAX: usize = 16;

/// Requests of a lane that are dealt with before another lane has its turn, where the lane is FLASH.
pub const BATCH_FLASH_MAX: usize = 1024;

/// The same where it is not: what a FLASH may have to wait for, some tens of microseconds.
pub const BATCH_MAX: usize = 64;

/// Chunks read from a stream at a time: each is what one packet brought.
pub const READ_CHUNKS_MAX: usize = 16;

/// Chunks written to a stream at a time.
pub const WRITE_CHUNKS_MAX: usize = 64;

/// Octets of one stream that may lie unread at a relay. A flood fills this and no more, so that the
/// network's queues are what bounds what is in front of a FLASH.
pub const STREAM_WINDOW: u32 = 512 << 10;

/// Octets of the largest datagram looked for on a path, where it takes larger ones than an Ethernet's.
/// What is handed to the operating system at once, ten of them, must stay below 65,507.
pub const DATAGRAM_OCTETS_MAX: u16 = 6500;

/// QUIC packets an end may receive without acknowledging them at once, where both know the extension (QUIC
/// Acknowledgement Frequency); what comes out of order is acknowledged at once anyhow, and everything after
/// the 25 milliseconds of RFC 9000, section 18.2.
pub const UNACKNOWLEDGED_PACKETS_MAX: u32 = 9;

/// Octets of datagrams that may wait in the operating system to be read from a socket, where it allows as much
/// (Linux: `net.core.rmem_max`; it takes twice that for what it needs itself). The default of some 200 KiB is less
/// than one stream's window: a single flood fills it, and everybody's datagrams are lost. With more than this a
/// FLASH waits for too much of a flood that lies before it.
pub const RECEIVE_BUFFER: usize = 1 << 20;

/// Octets a relay sends ahead of acknowledgements on one connection.
pub const SEND_WINDOW: u64 = 4 << 20;

/// Octets of datagrams that wait to be read from, and to be sent on, one connection.
pub const DATAGRAM_BUFFER: usize = 64 << 10;

/// Datagrams for one lane's listens that wait to be sent; what comes then is dropped.
pub const LIVE_DATAGRAMS_MAX: usize = 256;

/// Parts of the table of duplicates: each grows and is cleaned by itself, so that neither holds
/// anybody up.
pub const DUPLICATE_SHARDS: usize = 1024;

/// Fingerprints of live parcels remembered in each of two generations. Older ones fall out when a
/// place is full.
pub const LIVE_FILTER_PLACES: usize = 1 << 16;

/// How long a generation of them lasts; a repetition is known for one to two of these.
pub const LIVE_FILTER_GENERATION: Duration = Duration::from_secs(4);

/// Records of a log in one block: the log is given back to the disk by blocks that have expired.
pub const BLOCK_RECORDS: usize = 1 << 16;

/// Addresses looked through for expired parcels at one deadline.
pub const SWEEP_ADDRESSES: usize = 1024;

/// Their entries looked at, about: a fraction of a millisecond's work.
pub const SWEEP_ENTRIES: usize = 1 << 18;

/// Entries of an address in one piece: what is moved at most when one is put between others.
pub const PIECE_ENTRIES: usize = 1024;

/// How often that, and the rest of the upkeep, is due.
pub const UPKEEP_EVERY: Duration = Duration::from_secs(1);

/// How often a store is told what may be given back to the disk.
pub const DISCARD_EVERY_SECONDS: u64 = 60;

/// How long ago something must have expired before it is given back from a log that others share.
pub const SHARED_DISCARD_MARGIN_SECONDS: u64 = 86_400;

/// How often a log is compacted when less than half of it is still alive.
pub const COMPACT_EVERY_SECONDS: u64 = 3600;

/// Octets a log has at least before it is compacted.
pub const COMPACT_OCTETS_MIN: u64 = 64 << 20;

/// Seconds in a bucket of what a sender or an address has stored.
pub const QUOTA_BUCKET_SECONDS: u64 = 3600;

/// Octets of records one sender may have stored, unless the options say otherwise.
pub const SENDER_OCTETS_DEFAULT: u64 = 1 << 30;

/// Octets of records one address may have stored, unless the options say otherwise.
pub const ADDRESS_OCTETS_DEFAULT: u64 = 4 << 30;

/// Senders whose stored octets are counted, beside those connected: twice as many as can be. Above that
/// those who stored least are forgotten first.
pub const SENDERS_MAX: usize = 2 * CONNECTIONS_MAX;

/// Publishes, taken while old records are still being read, whose judging waits for the end of that.
/// At the limit publishing is refused until then.
pub const UNJUDGED_MAX: usize = 1 << 20;

/// A failed log is opened again at most this often.
pub const REOPEN_EVERY: Duration = Duration::from_secs(1);

/// Connections of one relay at a time.
pub const CONNECTIONS_MAX: usize = 65_536;

/// Handshakes a second above which new clients must prove their network address first.
pub const HANDSHAKES_WITHOUT_RETRY: u32 = 100;

/// Handshakes that wait for their first step. More are not answered: the client asks again, a second later at first.
pub(crate) const HANDSHAKES_WAITING_MAX: usize = 1024;

/// How long a handshake waits for its first step. By then its client has asked again, and may have given up.
pub(crate) const HANDSHAKE_TURN_WAIT: Duration = Duration::from_secs(3);

/// Octets of a client's first datagrams that are kept while its handshake waits, and of all clients'. All that came is
/// dealt with in one step.
pub(crate) const ARRIVAL_OCTETS_MAX: u64 = 16 << 10;
pub(crate) const ARRIVALS_OCTETS_MAX: u64 = 8 << 20;

/// How long a step of a handshake waits for FLASH that is on its way to the disk.
pub(crate) const HANDSHAKE_FLASH_WAIT: Duration = Duration::from_millis(2);

/// TLS sessions a client remembers of a relay.
pub const CLIENT_TICKETS_MAX: usize = 8;

/// TLS sessions a relay remembers for those who come again, one for each connection, some 400 octets each; the
/// oldest are forgotten first, and who comes with one of those has a round trip more.
pub const TICKETS_MAX: usize = 16_384;

/// A connection on which nothing was heard for this long is gone.
pub const IDLE_MAX_MILLISECONDS: u32 = 30_000;

/// How often a client says that it is still there.
pub const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// How long a relay that shuts down waits for its lanes to be answered.
pub const DRAIN_MAX: Duration = Duration::from_secs(5);

/// How long it waits then for its forward queue to be saved, and how often it looks.
pub const SAVE_MAX: Duration = Duration::from_secs(1);

/// See [`SAVE_MAX`].
pub const SAVE_LOOK: Duration = Duration::from_millis(5);
