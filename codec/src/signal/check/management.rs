//! The rules of A, K and R (4.3.2, 4.3.4, 4.3.5).

use super::{Report, tables};
use crate::signal::code::{CryptoDataType, ReferenceIndicator, ResourceMethod, VerificationMethod};
use crate::signal::layout;
use crate::signal::text::{CryptoData, Text};

/// `A`.
pub(super) fn authentication(
    indicator: ReferenceIndicator,
    method: VerificationMethod,
    data: Text<'_>,
    report: &mut Report<'_>,
) {
    report.require(
        is_defined(method.to_u8(), VerificationMethod::SHARED_TOKEN.to_u8()),
        &layout::VERIFICATION_METHOD,
        "0 and 3 to 9 are reserved",
    );
    let field = &layout::VERIFICATION_DATA;
    match method {
        VerificationMethod::INTERNET_RESOURCE => {
            report.require(is_url_part(indicator, data), field, "method 1 asks for a URL");
        }
        VerificationMethod::SHARED_TOKEN => {
            let token = !data.is_empty() && data.octets().all(|octet| octet.is_ascii_hexdigit());
            report.require(token, field, "method 2 asks for a token in hexadecimal digits");
        }
        _ => {}
    }
}

/// `R`.
pub(super) fn resource(
    indicator: ReferenceIndicator,
    method: ResourceMethod,
    data: Text<'_>,
    report: &mut Report<'_>,
) {
    report.require(
        is_defined(method.to_u8(), ResourceMethod::INTERNET_RESOURCE.to_u8()),
        &layout::RESOURCE_METHOD,
        "0 and 2 to 9 are reserved",
    );
    if method == ResourceMethod::INTERNET_RESOURCE {
        let kept = is_url_part(indicator, data);
        report.require(kept, &layout::RESOURCE_DATA, "method 1 asks for a URL");
    }
}

/// `K`.
pub(super) fn cryptographic_support(
    data_type: CryptoDataType,
    data: CryptoData<'_>,
    report: &mut Report<'_>,
) {
    const INITIALISATION_VECTOR_OCTETS: usize = 16;
    /// A point of brainpoolP256r1 (5.2.2), compressed.
    const PUBLIC_KEY_OCTETS: usize = 33;
    report.require(
        tables::is_crypto_data(data_type),
        &layout::CRYPTO_DATA_TYPE,
        "a reserved type of cryptographic data",
    );
    let field = &layout::CRYPTO_DATA;
    match data_type.0 {
        0x01 => report.require(!data.is_empty(), field, "type 01 asks for an extended public key"),
        0x0A => {
            let compressed = matches!(data.octets().next(), Some(0x02 | 0x03));
            report.require(
                compressed && data.len() == PUBLIC_KEY_OCTETS,
                field,
                "type 0A asks for a compressed public key of 33 octets",
            );
        }
        0x11 | 0x21 => report.require(
            data.len() == INITIALISATION_VECTOR_OCTETS,
            field,
            "types 11 and 21 ask for an initialisation vector of 16 octets",
        ),
        _ => {}
    }
}

/// Methods go from 1 to the last one defined; A to F are private.
fn is_defined(method: u8, last: u8) -> bool {
    (1..=last).contains(&method) || method >= 0xA
}

/// A URL by RFC 3986, or the part of one: what does not fit one message follows in a message with
/// indicator 3 (4.3.2.3, 4.3.4.3), so such a message may hold any part of a URL.
fn is_url_part(indicator: ReferenceIndicator, data: Text<'_>) -> bool {
    let is_continuation = indicator == ReferenceIndicator::ADD;
    !data.is_empty() && data.octets().all(is_url_character) && (is_continuation || has_scheme(data))
}

/// RFC 3986, chapter 2: reserved, unreserved, and the percent sign.
fn is_url_character(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&octet)
}

/// RFC 3986, section 3.1, and something after the colon.
fn has_scheme(data: Text<'_>) -> bool {
    let mut octets = data.octets();
    let begins = octets.next().is_some_and(|octet| octet.is_ascii_alphabetic());
    let scheme_ends = octets
        .find(|octet| !(octet.is_ascii_alphanumeric() || b"+-.".contains(octet)))
        .is_some_and(|octet| octet == b':');
    begins && scheme_ends && octets.next().is_some()
}
