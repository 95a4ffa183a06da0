//! Whiteflag's own cryptography (spec/12-whiteflag-cryptography.md): legacy, for messages of other
//! Whiteflag programs and for nothing else.
//!
//! **There is no integrity here.** AES in counter mode has no MAC: octets that were changed on their
//! way decrypt to a changed text, a wrong key to another text. There is no forward secrecy either.
//! What decrypts is shown as such and never counts as signed. Chappe's own envelopes
//! ([`crate::envelope`]) have both.
//!
//! The keys of this module open nothing else: no type of it converts to one of
//! [`crate::key`], [`crate::identity`] or [`crate::envelope`], or back.
//!
//! - encryption: [`AgreementSecret`] or a pre-shared [`SharedSecret`], then [`MessageKey`];
//! - [`KeyRing`]: which key and initialisation vector a message needs, as messages tell;
//! - authentication: [`token`] (A2), [`authentication`] (A1).
//!
//! ```
//! use chappe_codec::signal::Message;
//! use chappe_codec::signal::cryptography::{
//!     Address, InitialisationVector, MessageKey, Method, SharedSecret,
//! };
//!
//! let secret = SharedSecret::new(b"\x32\x67\x61\x87\xba\x7b\xad\xda\x85\xea\x63\xa6\x98\x70\xa7\x13")?;
//! let address = Address::from_base58check("1C8KSK68SJjfDSBx9BpSx3qB3bePf23r77")?;
//! let key = MessageKey::derive(Method::PreShared, &secret, &address);
//! let vector = InitialisationVector([7; 16]); // of a healthy random source, never used before
//!
//! let text = format!("WF120F0{:064}All well", 0);
//! let message = Message::parse_serialized(&text)?;
//! let encrypted = key.encrypt(&message, &vector)?;
//! let plain = key.decrypt(&encrypted, &vector)?;
//! assert_eq!(Message::parse_decrypted(&plain)?, message);
//! # Ok::<(), chappe_codec::signal::cryptography::CryptographyError>(())
//! ```

mod address;
mod agreement;
pub mod authentication;
mod base58;
mod derivation;
mod error;
mod message_key;
mod ring;
mod secret;
pub mod token;
mod vector;

pub use address::{Address, AddressKind};
pub use agreement::{AgreementKey, AgreementSecret};
pub use derivation::derive_with_salt;
pub use error::{CryptographyError, CryptographyErrorKind};
pub use message_key::{MessageKey, Method};
pub use ring::{KeyRing, Learned};
pub use secret::SharedSecret;
pub use vector::InitialisationVector;
