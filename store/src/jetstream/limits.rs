//! Every maximum of a store on a cluster.

use std::time::Duration;

/// Records in one message of the stream; what sequences of neighbours differ by.
pub(super) const MESSAGE_RECORDS_MAX: usize = 1 << INDEX_BITS;

/// Bits of a sequence that tell a record's index in its message.
pub(super) const INDEX_BITS: u32 = 12;

/// Octets of one message, however much more the servers would take.
pub(super) const MESSAGE_OCTETS_MAX: usize = 4 << 20;

/// Octets of the headers that go with a message, at most.
pub(super) const MESSAGE_HEADERS_OCTETS: usize = 512;

/// Octets of groups that wait to be sent while the cluster is slow.
pub(super) const WAITING_OCTETS_MAX: usize = 32 << 20;

/// Octets of messages kept for reads.
pub(super) const TAIL_OCTETS_MAX: usize = 16 << 20;

/// What waits to be said to others; more is lost.
pub(super) const SAID_WAITING_MAX: usize = 1024;

/// Events that wait for whoever takes them; then the store waits.
pub(super) const EVENTS_WAITING_MAX: usize = 64;

/// Messages asked for at once by one read.
pub(super) const READS_MAX: usize = 16;

/// How long one answer of the cluster is waited for.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// How often the driver looks whether something is due.
pub(super) const LOOK_PAUSE: Duration = Duration::from_millis(50);

/// How often the cluster is asked whether it is there, beside everything else.
pub(super) const PROBE_PAUSE: Duration = Duration::from_secs(2);

/// How long nothing may come of a message that is in the stream before it is fetched anew.
pub(super) const STUCK_TIMEOUT: Duration = Duration::from_secs(4);

/// The longest pause between two attempts to connect.
pub(super) const CONNECT_PAUSE_MAX: Duration = Duration::from_millis(500);

/// The pause before something that failed is tried again.
pub(super) const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// How long one request for messages stays with the server.
pub(super) const PULL_EXPIRY: Duration = Duration::from_secs(4);

/// How often the server shows that it still has nothing to send.
pub(super) const PULL_HEARTBEAT: Duration = Duration::from_secs(1);

/// How often who got nothing from the stream looks whether there is more: twice, before it begins anew.
pub(super) const FOLLOW_LOOK: Duration = Duration::from_secs(1);

/// How long a store that is dropped waits for what it has sent.
pub(super) const DRAIN_TIMEOUT: Duration = Duration::from_secs(3);
