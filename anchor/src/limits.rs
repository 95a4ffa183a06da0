//! Every maximum of the ledger's formats and of its server, in one place.

use std::time::Duration;

/// Octets of one leaf (spec/07-anchor.md, "Leaf": "At most 256 octets").
pub const LEAF_OCTETS_MAX: usize = 256;

/// Octets of one submission: a whole statement with both keys and the submitter's signature.
pub const SUBMISSION_OCTETS_MAX: usize = 2006;

/// Characters of a ledger's name, the last part of its origin.
pub const LEDGER_NAME_OCTETS_MAX: usize = 64;

/// Octets of a ledger key as text: origin, key id and key.
pub const LEDGER_KEY_OCTETS_MAX: usize = 160;

/// Signatures of one checkpoint: the fewest a reader of signed notes must accept (C2SP
/// signed-note, "Format").
pub const SIGNATURES_MAX: usize = 16;

/// Octets of one signature line: a post-quantum signature is nearly 5 kB, in base64 a third more.
pub const SIGNATURE_LINE_OCTETS_MAX: usize = 7 * 1024;

/// Octets of one signed checkpoint.
pub const CHECKPOINT_OCTETS_MAX: usize = 1024 + SIGNATURES_MAX * SIGNATURE_LINE_OCTETS_MAX;

/// Hashes of one inclusion or consistency proof: a tree below 2^63 leaves is at most 63 high, and a
/// consistency proof holds one more.
pub const PROOF_HASHES_MAX: usize = 64;

/// Octets of one receipt.
pub const RECEIPT_OCTETS_MAX: usize = 4 * 1024 + CHECKPOINT_OCTETS_MAX;

/// Leaves a tree may state: the largest size whose arithmetic stays in 63 bits.
pub const TREE_SIZE_MAX: u64 = (1 << 63) - 1;

/// Leaves one ledger of this release holds: its tree and indexes live in memory, some 200 octets a
/// leaf.
pub const LOG_LEAVES_MAX: u64 = 1 << 24;

/// Octets of one tile path: nine characters of prefix, twenty digits in groups and a width.
pub const TILE_PATH_OCTETS_MAX: usize = 64;

/// Octets of one entry bundle: 256 leaves, each with its length.
pub const ENTRY_BUNDLE_OCTETS_MAX: usize = 256 * (2 + LEAF_OCTETS_MAX);

/// Leaves whose tiles are written in one go, so that submissions do not wait for a whole log's.
pub const PUBLISHED_LEAVES_STEP: u64 = 16 * 256;

/// Submissions taken into one batch, written and flushed together.
pub const BATCH_SUBMISSIONS_MAX: usize = 1024;

/// Submissions waiting for a batch; a further one is told to try later.
pub const QUEUED_SUBMISSIONS_MAX: usize = 4096;

/// Connections served at once.
pub const CONNECTIONS_MAX: usize = 256;

/// Octets of one HTTP request's head.
pub const REQUEST_HEAD_OCTETS_MAX: usize = 8 * 1024;

/// How long a peer may take over the head of a request, an idle connection included.
pub const REQUEST_HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a peer may take over the body of a request.
pub const REQUEST_BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a submission may wait for its receipt.
pub const RECEIPT_TIMEOUT: Duration = Duration::from_secs(30);

/// How long one connection may last, whatever it does.
pub const CONNECTION_TIMEOUT: Duration = Duration::from_secs(120);

/// How long a client waits for an answer, connecting included.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(45);

/// Octets of a refusal as JSON.
pub const REFUSAL_OCTETS_MAX: usize = 2 * 1024;

/// How long a server that can accept no connection waits before it tries again.
pub const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// How long a stopping server waits for the answers under way.
pub const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);
