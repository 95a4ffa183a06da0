//! Accounts and their devices (spec/10-identity.md): who signs, and who vouches for that.
//!
//! A [`Root`] endorses three things: a [`Certificate`] of a device, its [`Revocation`], and the
//! [`Succession`] of another root. A [`Draft`] collects the signatures, an [`Endorsement`] holds them,
//! and a [`Directory`] keeps what is known of whom and finds the [`Signer`] of what arrives.

mod carried;
mod certificate;
mod device;
mod directory;
mod draft;
mod endorsement;
mod permission_bits;
mod permissions;
mod prekeys;
mod revocation;
mod root;
mod signer;
mod software_keys;
mod succession;
mod timing;
pub mod words;

pub use carried::Carried;
pub use certificate::{Certificate, NEVER};
pub use device::{IDENTITY_SEED_OCTETS, Identity, IdentityError};
pub use directory::{Change, Directory, DirectoryError, Evidence};
pub use draft::{Draft, DraftError};
pub use endorsement::{Content, Endorsement, EndorsementError, PartialSignature};
pub use permissions::{Area, Limit, Permissions, Types};
pub use prekeys::Prekeys;
pub use revocation::Revocation;
pub use root::Root;
pub use signer::Signer;
pub use software_keys::SoftwareKeys;
pub use succession::Succession;
pub use timing::{CountingTime, Timing};

pub(crate) use device::agree;
