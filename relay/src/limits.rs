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

/// Octets of a relay message's body (normative).
pub const MESSAGE_BODY_OCTETS_MAX: usize = 16_896;

/// Versions a hello may name (normative).
pub const HELLO_VERSIONS_MAX: usize = 8;

/// Lanes of one connection at a time (normative). A [`RelayClient`](crate::RelayClient) takes up to
/// five for itself: one for its fetches and one for each precedence it publishes with.
pub const LANES_MAX: u32 = 16;

/// Subscriptions a caller may hold open on one [`RelayClient`](crate::RelayClient) so that a lane is
/// always left for each precedence, and one for a subscription that takes a dropped one's place: what
/// remains of [`LANES_MAX`], less two, since quinn tells the client of ended lanes only when they are
/// more than an eighth of all. With more subscriptions a publish may find no lane; open another
/// connection instead.
pub const CLIENT_SUBSCRIPTIONS_MAX: usize = 9;

/// Publishes of one lane that are not answered yet (normative).
pub const PUBLISHES_PENDING_MAX: usize = 1024;

/// Subscriptions open on one lane (normative).
pub const SUBSCRIPTIONS_MAX: usize = 16;

/// Parcels in the answer to one fetch (normative).
pub const FETCH_PARCELS_MAX: u16 = 256;

/// Octets of parcels in the answer to one fetch (normative). The first parcel always goes out.
pub const FETCH_OCTETS_MAX: usize = 1 << 20;

/// How long a relay waits for the hello (normative).
pub const HELLO_WAIT: Duration = Duration::from_secs(5);

/// How long a client waits for the handshake and the answer to its hello together, and for a free lane
/// when all are in use.
pub const CONNECT_WAIT: Duration = Duration::from_secs(10);

/// Octets of answers that wait to be written on one lane. At the limit the lane takes up nothing new
/// until its client has read some.
pub const OUTPUT_OCTETS_MAX: usize = 2 << 20;

/// Live parcels waiting for one lane's subscriptions. At the limit the live copy is dropped and
/// the lane reads the log instead.
pub const LIVE_QUEUE_MAX: usize = 256;

/// Publishes of one precedence waiting for the store. At the limit lanes of that precedence wait.
pub const STORE_QUEUE_MAX: usize = 4096;

/// Reads waiting for the store.
pub const READ_QUEUE_MAX: usize = 256;

/// Publishes committed by one sync.
pub const COMMIT_PARCELS_MAX: usize = 4096;

/// Octets of parcels committed by one sync.
pub const COMMIT_OCTETS_MAX: usize = 4 << 20;

/// Reads answered between two commits when both are waiting: a flood of publishes must not keep
/// readers waiting for ever.
pub const READS_BETWEEN_COMMITS_MAX: usize = 16;

/// A failed log is opened again at most this often.
pub const REOPEN_EVERY: Duration = Duration::from_secs(1);

/// Octets read from a lane at a time.
pub const READ_OCTETS: usize = 64 << 10;

/// Connections of one relay at a time.
pub const CONNECTIONS_MAX: usize = 4096;

/// A connection on which nothing was heard for this long is gone.
pub const IDLE_MAX: Duration = Duration::from_secs(30);

/// How often a client says that it is still there.
pub const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// How long a relay that shuts down waits for its lanes to be answered.
pub const DRAIN_MAX: Duration = Duration::from_secs(5);

/// How often records nobody may get any more are looked for and discarded.
pub const DISCARD_EVERY: Duration = Duration::from_secs(60);

/// Publishes a client takes for one lane before it waits for answers.
pub const CLIENT_QUEUE_MAX: usize = 1024;
