//! QUIC and TLS: nodes named by their keys (spec/06-relay.md, "Connection").

mod config;
mod identity;
mod verifier;

pub(crate) use config::{client_config, endpoint_config, server_config};
pub(crate) use identity::peer_key;

/// The QUIC error code (RFC 9001 §4.8) of the TLS alert with which either side refuses a key.
pub(crate) const KEY_REFUSED: u64 = 0x100_u64.saturating_add(ACCESS_DENIED);

/// The alert `access_denied` (RFC 8446 §6), as the TLS library sends it for a key the application
/// does not accept.
const ACCESS_DENIED: u64 = 49;

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::AlertDescription;

    #[test]
    fn the_alert_is_the_one_the_library_sends() {
        let refusal = rustls::CertificateError::ApplicationVerificationFailure;
        assert_eq!(AlertDescription::from(refusal), AlertDescription::AccessDenied);
        assert_eq!(u64::from(u8::from(AlertDescription::AccessDenied)), ACCESS_DENIED);
    }
}
