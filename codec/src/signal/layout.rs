//! Every field of the standard, in the order of its tables: the single place where names, sections
//! and templates stand. `spec/01-signal.md` carries the same rows and a test compares them.

use super::field::Field;

/// 4.2.1.2. Literal on the wire too: the one fixed value that is not omitted (4.1.3).
pub const PREFIX: Field = Field::new("Prefix", "4.2.1.2", "aa");
/// 4.2.1.3.
pub const VERSION: Field = Field::new("Version", "4.2.1.3", "a");
/// 4.2.1.4.
pub const ENCRYPTION_INDICATOR: Field = Field::new("EncryptionIndicator", "4.2.1.4", "a");
/// 4.2.1.5.
pub const DURESS_INDICATOR: Field = Field::new("DuressIndicator", "4.2.1.5", "b");
/// 4.2.1.6.
pub const MESSAGE_CODE: Field = Field::new("MessageCode", "4.2.1.6", "a");
/// 4.2.1.7.
pub const REFERENCE_INDICATOR: Field = Field::new("ReferenceIndicator", "4.2.1.7", "x");
/// 4.2.1.8: 64 hexadecimal digits, held as 32 octets.
pub const REFERENCED_MESSAGE: Field = Field::new(
    "ReferencedMessage",
    "4.2.1.8",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
);

/// 4.3.1.2.
pub const SUBJECT_CODE: Field = Field::new("SubjectCode", "4.3.1.2", "xx");
/// 4.3.1.3.
pub const DATE_TIME: Field = Field::new("DateTime", "4.3.1.3", "dddd-dd-ddTdd:dd:ddZ");
/// 4.3.1.4.
pub const DURATION: Field = Field::new("Duration", "4.3.1.4", "PddDddHddM");
/// 4.3.1.5.
pub const OBJECT_TYPE: Field = Field::new("ObjectType", "4.3.1.5", "xx");
/// 4.3.1.6.
pub const OBJECT_LATITUDE: Field = Field::new("ObjectLatitude", "4.3.1.6", "_dd.ddddd");
/// 4.3.1.6.
pub const OBJECT_LONGITUDE: Field = Field::new("ObjectLongitude", "4.3.1.6", "_ddd.ddddd");
/// 4.3.1.7.
pub const OBJECT_SIZE_DIM1: Field = Field::new("ObjectSizeDim1", "4.3.1.7", "dddd");
/// 4.3.1.7.
pub const OBJECT_SIZE_DIM2: Field = Field::new("ObjectSizeDim2", "4.3.1.7", "dddd");
/// 4.3.1.8.
pub const OBJECT_ORIENTATION: Field = Field::new("ObjectOrientation", "4.3.1.8", "ddd");

/// 4.3.1.9: type and quantity of each of the up to eight objects a request is made for.
pub const REQUEST_OBJECTS: [(Field, Field); crate::limits::REQUEST_OBJECTS_MAX] = [
    request_object("ObjectType1", "ObjectType1Quant"),
    request_object("ObjectType2", "ObjectType2Quant"),
    request_object("ObjectType3", "ObjectType3Quant"),
    request_object("ObjectType4", "ObjectType4Quant"),
    request_object("ObjectType5", "ObjectType5Quant"),
    request_object("ObjectType6", "ObjectType6Quant"),
    request_object("ObjectType7", "ObjectType7Quant"),
    request_object("ObjectType8", "ObjectType8Quant"),
];

/// 4.3.2.2.
pub const RESOURCE_METHOD: Field = Field::new("ResourceMethod", "4.3.2.2", "x");
/// 4.3.2.3.
pub const RESOURCE_DATA: Field = Field::new("ResourceData", "4.3.2.3", "c*");
/// 4.3.3.2.
pub const TEXT: Field = Field::new("Text", "4.3.3.2", "c*");
/// 4.3.4.2.
pub const VERIFICATION_METHOD: Field = Field::new("VerificationMethod", "4.3.4.2", "x");
/// 4.3.4.3.
pub const VERIFICATION_DATA: Field = Field::new("VerificationData", "4.3.4.3", "c*");
/// 4.3.5.2, the first of the two sections so numbered.
pub const CRYPTO_DATA_TYPE: Field = Field::new("CryptoDataType", "4.3.5.2", "xx");
/// 4.3.5.3, the first of the two sections so numbered.
pub const CRYPTO_DATA: Field = Field::new("CryptoData", "4.3.5.3", "x*");
/// 4.3.6 (its own section is numbered 4.3.5.2 by mistake).
pub const PSEUDO_MESSAGE_CODE: Field = Field::new("PseudoMessageCode", "4.3.6", "a");

/// The header (4.2.1.1).
pub const HEADER: [Field; 7] = [
    PREFIX,
    VERSION,
    ENCRYPTION_INDICATOR,
    DURESS_INDICATOR,
    MESSAGE_CODE,
    REFERENCE_INDICATOR,
    REFERENCED_MESSAGE,
];
/// The body of P, E, D, S, I, M and, before its request objects, Q (4.3.1.1).
pub const SIGN: [Field; 9] = [
    SUBJECT_CODE,
    DATE_TIME,
    DURATION,
    OBJECT_TYPE,
    OBJECT_LATITUDE,
    OBJECT_LONGITUDE,
    OBJECT_SIZE_DIM1,
    OBJECT_SIZE_DIM2,
    OBJECT_ORIENTATION,
];
/// The body of R (4.3.2.1).
pub const RESOURCE: [Field; 2] = [RESOURCE_METHOD, RESOURCE_DATA];
/// The body of F (4.3.3.1).
pub const FREE_TEXT: [Field; 1] = [TEXT];
/// The body of A (4.3.4.1).
pub const AUTHENTICATION: [Field; 2] = [VERIFICATION_METHOD, VERIFICATION_DATA];
/// The body of K (4.3.5.1).
pub const CRYPTOGRAPHIC_SUPPORT: [Field; 2] = [CRYPTO_DATA_TYPE, CRYPTO_DATA];
/// What a T puts before the body it tests (4.3.6.1).
pub const TEST: [Field; 1] = [PSEUDO_MESSAGE_CODE];

const fn request_object(object_type: &'static str, quantity: &'static str) -> (Field, Field) {
    (Field::new(object_type, "4.3.1.9", "xx"), Field::new(quantity, "4.3.1.9", "dd"))
}

/// The layout's field of that name, whatever message it belongs to.
#[must_use]
pub fn named(name: &str) -> Option<Field> {
    let request = REQUEST_OBJECTS.into_iter().flat_map(|(kind, quantity)| [kind, quantity]);
    HEADER
        .into_iter()
        .chain(SIGN)
        .chain(request)
        .chain(RESOURCE)
        .chain(FREE_TEXT)
        .chain(AUTHENTICATION)
        .chain(CRYPTOGRAPHIC_SUPPORT)
        .chain(TEST)
        .find(|field| field.name == name)
}
