//! Every maximum of the formats in this crate, in one place.

/// Items in one envelope.
pub const ENVELOPE_ITEMS_MAX: usize = 32;

/// Octets of one item: family, revision, reference and body, not its length (spec/02-item.md).
pub const ITEM_OCTETS_MAX: usize = 4096;

/// Octets of one envelope: what a relay stores and a gateway takes in.
pub const ENVELOPE_OCTETS_MAX: usize = 16 * 1024;

/// Messages one statement may cover.
pub const STATEMENT_MESSAGES_MAX: u16 = 1024;

/// Ids asked for or given at once (spec/04-statement.md, "Asking for what is missing").
pub const MISSING_IDS_MAX: u16 = 64;

/// Octets of a signal on the standard wire. The standard sets no maximum for the text of its A, F,
/// K and R messages; this one leaves room for every URL in practice and bounds what a reader holds.
pub const SIGNAL_OCTETS_MAX: usize = 2048;

/// Octets of a signal's text or cryptographic data: with it every signal stays below
/// [`SIGNAL_OCTETS_MAX`], whatever its type.
pub const SIGNAL_TEXT_OCTETS_MAX: usize = 2000;

/// Objects a request (Q) may ask for (Whiteflag 4.3.1.9).
pub const REQUEST_OBJECTS_MAX: usize = 8;

/// Messages in one notated sequence, and how far back a pointer in it may reach (spec/01-signal.md,
/// "Notation").
pub const NOTATION_MESSAGES_MAX: usize = 64;

/// Characters of an originator's name in the notation.
pub const NOTATION_NAME_CHARACTERS_MAX: usize = 32;

/// Messages the threads of one reader are made of (spec/01-signal.md, "Threads").
pub const THREAD_MESSAGES_MAX: usize = 1024;

/// Home relays a card names (spec/10-identity.md, "Card").
pub const HOME_RELAYS_MAX: usize = 3;

/// Octets of a home relay's network address.
pub const NETWORK_ADDRESS_OCTETS_MAX: usize = 255;

/// Prekeys a device keeps: the one in its card and two before it (spec/11-session.md, "Life of a
/// prekey").
pub const PREKEYS_MAX: usize = 3;

/// How long a prekey is made for: 30 days (spec/11-session.md, "Life of a prekey").
pub const PREKEY_LIFE_SECONDS: u64 = 30 * 86_400;

/// With less than this left of its life a prekey is replaced: half of it.
pub const PREKEY_RENEWAL_SECONDS: u64 = PREKEY_LIFE_SECONDS / 2;

/// How long a prekey is kept after its expiry: 90 days (spec/11-session.md, "Life of a prekey").
pub const PREKEY_AFTER_EXPIRY_SECONDS: u64 = 90 * 86_400;

/// How far an author's clock may be ahead of who receives its statement: five minutes
/// (spec/10-identity.md, "Which time counts").
pub const AUTHOR_TIME_AHEAD_SECONDS: u64 = 300;

/// How long before it was received a message may be from: 30 days, as long as a relay keeps a parcel
/// (spec/10-identity.md, "Which time counts").
pub const AUTHOR_TIME_BEHIND_SECONDS: u64 = 30 * 86_400;

/// Accounts in a directory that a person vouches for.
pub const DIRECTORY_ACCOUNTS_MAX: usize = 4096;

/// Accounts in a directory that nobody vouches for; a new one takes the place of the oldest.
pub const DIRECTORY_STRANGERS_MAX: usize = 256;

/// Successions followed of one account.
pub const SUCCESSIONS_MAX: usize = 16;

/// Endorsements of one account kept until a succession makes their root the account's.
pub const WAITING_ENDORSEMENTS_MAX: usize = 8;

/// Pairs of contradicting endorsements kept of one account.
pub const EVIDENCE_MAX: usize = 8;

/// Keys of an account's root (spec/10-identity.md).
pub const ROOT_KEYS_MAX: usize = 16;

/// First flights of one session (spec/11-session.md, "Beginning").
pub const FIRST_FLIGHTS_MAX: u32 = 16;

/// Sessions with one device.
pub const PEER_SESSIONS_MAX: usize = 4;

/// Ended sessions with one device of which keys are kept (spec/11-session.md, "Endings").
pub const PEER_ENDED_SESSIONS_MAX: usize = 4;

/// Sessions with devices whose certificate is not held, all together; and as many ended ones.
pub const STRANGER_SESSIONS_MAX: usize = 64;

/// Sessions of strangers remembered for one prekey: then none begins until the prekey is replaced
/// (spec/11-session.md, "Replay").
pub const REPLAY_STRANGERS_MAX: usize = 4096;

/// The same on a handset.
pub const REPLAY_STRANGERS_HANDSET_MAX: usize = 256;

/// Sessions of one contact's device remembered for one prekey.
pub const REPLAY_CONTACT_MAX: usize = 1024;

/// The same on a handset.
pub const REPLAY_CONTACT_HANDSET_MAX: usize = 256;

/// Counters of one way of a session.
pub const SESSION_COUNTERS_MAX: u32 = 1 << 20;

/// Keys of passed-over counters kept in one session.
pub const SKIPPED_KEYS_MAX: usize = 128;

/// Octets of a shared secret of Whiteflag's own cryptography: at least what 5.2.3 asks for.
pub const WHITEFLAG_SECRET_OCTETS_MIN: usize = 16;

/// Octets of a shared secret of Whiteflag's own cryptography.
pub const WHITEFLAG_SECRET_OCTETS_MAX: usize = 1024;

/// Octets of a blockchain address in binary form.
pub const WHITEFLAG_ADDRESS_OCTETS_MAX: usize = 64;

/// Characters of a blockchain address.
pub const WHITEFLAG_ADDRESS_CHARACTERS_MAX: usize = 128;

/// Octets of a JWS with which an originator authenticates itself.
pub const JWS_OCTETS_MAX: usize = 16 * 1024;

/// Octets of the name an originator gives itself in a JWS.
pub const ORGANISATION_NAME_OCTETS_MAX: usize = 256;

/// Originators in one key ring.
pub const KEY_RING_ORIGINATORS_MAX: usize = 1024;

/// Initialisation vectors kept of one originator; the oldest are forgotten first.
pub const KEY_RING_VECTORS_MAX: usize = 64;

/// Initialisation vectors one key ring writes with before its keys must be changed.
pub const KEY_RING_WRITTEN_MAX: usize = 4096;

/// Areas of a device's folder (spec/13-storage.md).
pub const VAULT_AREAS: u8 = 4;

/// Least memory a vault file may ask Argon2id for, in KiB (RFC 9106 §4, second recommended option).
pub const VAULT_MEMORY_KIB_MIN: u32 = 64 * 1024;

/// Most memory a vault file may ask for, in KiB: a planted file must not exhaust the machine.
pub const VAULT_MEMORY_KIB_MAX: u32 = 1024 * 1024;

/// Fewest passes a vault file may ask for.
pub const VAULT_PASSES_MIN: u16 = 3;

/// Most passes a vault file may ask for.
pub const VAULT_PASSES_MAX: u16 = 16;

/// Fewest lanes a vault file may ask for.
pub const VAULT_LANES_MIN: u8 = 1;

/// Most lanes a vault file may ask for.
pub const VAULT_LANES_MAX: u8 = 16;

/// Octets of a passphrase.
pub const PASSPHRASE_OCTETS_MAX: usize = 1024;

/// Octets in a sealed file.
pub const SEALED_FILE_OCTETS_MAX: usize = 4 * 1024 * 1024;

/// Record numbers reserved ahead: as many records may be cut off a journal's end unseen.
pub const RECORDS_RESERVED: u64 = 64;

/// Octets of one session's snapshot: the longest are 128 passed-over keys and a hybrid offer.
pub const SESSION_SNAPSHOT_OCTETS_MAX: usize = 16 * 1024;
