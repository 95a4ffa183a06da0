//! The ledger: a transparency log of statements, and receipts that verify offline.
//!
//! A [`submission`] is checked and becomes a [`leaf`] of one RFC 6962 [`tree`]; a signed
//! [`checkpoint`] states the tree; a [`receipt`] proves with nothing but the ledger's public
//! [`key`] that a leaf stands in it. The formats are those of C2SP (signed note, tlog-checkpoint,
//! tlog-tiles, tlog-proof), so that witnesses and verifiers of others work with it. The normative
//! text is `spec/07-anchor.md`.
//!
//! ```
//! use chappe_anchor::key::{LedgerKey, LedgerSecret};
//! use chappe_anchor::log::ShardLog;
//! use chappe_anchor::receipt::Receipt;
//! use chappe_anchor::submission::Submission;
//! use chappe_codec::key::SignKey;
//!
//! // The ledger, in a folder of its own.
//! let secret = LedgerSecret::from_seed("chappe/live/00000001/ledger".parse()?, &[1; 32]);
//! let folder = tempfile::tempdir()?;
//! let mut log = ShardLog::open(folder.path(), secret)?;
//! let published_key = log.key().to_string();
//!
//! // A submitter brings a commitment and keeps the receipt.
//! let realm = log.key().origin().realm();
//! let submission = Submission::blinded([7; 32], &SignKey::from_seed(&[2; 32]), realm)?;
//! let kept = log.intake(&submission, 1_800_000_000)?.to_text();
//!
//! // Anyone verifies it, without the ledger.
//! let key: LedgerKey = published_key.parse()?;
//! let verified = kept.parse::<Receipt>()?.verify(&[key], realm)?;
//! assert_eq!((verified.index, verified.size()), (0, 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![deny(clippy::arithmetic_side_effects)] // an overflow reachable from input is a panic or a lie

pub mod bundle;
pub mod checkpoint;
pub mod client;
pub mod evidence;
pub mod key;
pub mod leaf;
pub mod limits;
pub mod log;
pub mod origin;
pub mod proof;
pub mod receipt;
pub mod refusal;
pub mod server;
pub mod submission;
mod text;
pub mod tile;
pub mod tree;
