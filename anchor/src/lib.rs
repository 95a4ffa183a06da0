//! The ledger: a transparency log of statements, and receipts that verify offline.
//!
//! A [`submission`] is checked and becomes a [`leaf`] of one RFC 6962 [`tree`]; a signed
//! [`checkpoint`] states the tree; a [`receipt`] proves with nothing but the ledger's public
//! [`key`] that a leaf stands in it. The formats are those of C2SP (signed note, tlog-checkpoint,
//! tlog-tiles, tlog-proof), so that witnesses and verifiers of others work with it. The normative
//! text is `spec/07-anchor.md`.

#![deny(clippy::arithmetic_side_effects)] // an overflow reachable from input is a panic or a lie

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
