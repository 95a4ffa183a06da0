//! Where a page stands: scheme, host and port (RFC 6454 §4), of `https` alone.

use crate::error::ErrorKind;
use crate::signal::cryptography::error::CryptographyError;
use alloc::string::String;

const HTTPS_PORT: u16 = 443;

/// The origin of an `https` URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// In lower case; of an IPv6 address with its brackets.
    host: String,
    port: u16,
}

impl Origin {
    /// Takes it from a URL. Errors name `field`.
    ///
    /// # Errors
    ///
    /// `unsupported`: the scheme is not `https`; `bad_character`: octets no URL has (RFC 3986 §2);
    /// `unexpected`: user information, which hides a host; `missing`: no host; `out_of_range`: the
    /// port is no number from 1 to 65,535.
    pub fn of(url: &str, field: &'static str) -> Result<Self, CryptographyError> {
        let refuse = |kind| CryptographyError::format(kind, field);
        let (scheme, rest) = url.split_once("://").ok_or(refuse(ErrorKind::Unsupported))?;
        if !scheme.eq_ignore_ascii_case("https") {
            return Err(refuse(ErrorKind::Unsupported));
        }
        // A backslash, a space or a quote is no part of a URL, and readers disagree on what it is.
        if !url.bytes().all(is_of_a_url) {
            return Err(refuse(ErrorKind::BadCharacter));
        }
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(refuse(ErrorKind::Unexpected));
        }
        let end_of_address = authority.rfind(']').map_or(0, |at| at.saturating_add(1));
        let colon = authority.get(end_of_address..).and_then(|rest| rest.find(':'));
        let colon = colon.map(|at| at.saturating_add(end_of_address));
        let (host, port) = match colon.and_then(|at| authority.split_at_checked(at)) {
            Some((host, port)) => (host, port.strip_prefix(':').unwrap_or_default()),
            None => (authority, ""),
        };
        if host.is_empty() {
            return Err(refuse(ErrorKind::Missing));
        }
        let port = match port {
            "" => HTTPS_PORT,
            digits if digits.bytes().all(|digit| digit.is_ascii_digit()) => digits
                .parse()
                .ok()
                .filter(|port| *port != 0)
                .ok_or(refuse(ErrorKind::OutOfRange))?,
            _ => return Err(refuse(ErrorKind::OutOfRange)),
        };
        Ok(Self { host: host.to_ascii_lowercase(), port })
    }
}

/// RFC 3986 §2: unreserved, reserved, and the percent sign.
fn is_of_a_url(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&octet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_origin_however_it_is_written() {
        let of = |url| Origin::of(url, "url");
        let one = of("https://organisation.int/whiteflag").unwrap();
        for same in [
            "https://organisation.int",
            "HTTPS://Organisation.INT/other?a=/@#b",
            "https://organisation.int:443/",
            "https://organisation.int:",
        ] {
            assert_eq!(of(same), Ok(one.clone()), "{same}");
        }
        for other in [
            "https://organisation.int:444/",
            "https://www.organisation.int/",
            "https://organisation.int.example.org/",
            "https://[2001:db8::1]:443/",
        ] {
            assert_ne!(of(other), Ok(one.clone()), "{other}");
        }
        assert_eq!(of("https://[2001:DB8::1]"), of("https://[2001:db8::1]:443/x"));
        for (url, kind) in [
            ("http://organisation.int/", "unsupported"),
            ("organisation.int", "unsupported"),
            ("https://organisation.int@example.org/", "unexpected"),
            ("https://example.org\\@organisation.int/", "bad_character"),
            ("https:///whiteflag", "missing"),
            ("https://:443/", "missing"),
            ("https://organisation.int:0/", "out_of_range"),
            ("https://organisation.int:65536/", "out_of_range"),
            ("https://organisation.int:x/", "out_of_range"),
        ] {
            assert_eq!(of(url).unwrap_err().kind.name(), kind, "{url}");
        }
    }
}
