//! Messages in and out of bytes, and sealing them.
//!
//! This crate is the ground floor of Chappe: everything above it (radio, relay, anchor and the
//! program) speaks in its types. It is `no_std`, owns no clock, no randomness, no socket and no
//! disk: bytes, keys, random seeds and times are handed in, bytes and typed values come out.
//!
//! Data flows one way: a [`signal`] becomes an [`item`], items become an [`envelope`], the ids of
//! an author's messages become a [`statement`]. The normative text is `spec/`.

#![no_std]
// An overflow reachable from input is a panic or a lie.
#![deny(clippy::arithmetic_side_effects)]
// What panics on its arguments (clippy.toml). Tests may.
#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_macros))]
#![cfg_attr(not(test), deny(clippy::string_slice))]

extern crate alloc;

pub mod account;
pub mod base45;
mod bits;
pub mod card;
pub mod chain;
pub mod digest;
pub mod envelope;
pub mod error;
pub mod framing;
pub mod health;
pub mod home;
pub mod id;
pub mod identity;
pub mod item;
pub mod key;
pub mod key_store;
pub mod label;
pub mod limits;
pub mod merkle;
mod packing;
pub mod padding;
pub mod precedence;
pub mod realm;
pub mod session;
pub mod signal;
pub mod statement;
pub mod text;
pub mod time;
pub mod vault;
