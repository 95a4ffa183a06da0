//! Accounts and their devices (spec/10-identity.md): who signs, and who vouches for that.

mod device;
mod signer;

pub use device::{IDENTITY_SEED_OCTETS, Identity};
pub use signer::Signer;

pub(crate) use device::agree;
