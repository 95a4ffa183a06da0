//! Generated from spec/tables/signal.toml by spec/tables/generate.py; change it there.

use crate::signal::field::Field;

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
/// 4.2.1.8. 64 hexadecimal digits, held as 32 octets.
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

/// Type and quantity of each of the up to eight objects a request is made for (4.3.1.9).
pub const REQUEST_OBJECTS: [(Field, Field); crate::limits::REQUEST_OBJECTS_MAX] = [
    (Field::new("ObjectType1", "4.3.1.9", "xx"), Field::new("ObjectType1Quant", "4.3.1.9", "dd")),
    (Field::new("ObjectType2", "4.3.1.9", "xx"), Field::new("ObjectType2Quant", "4.3.1.9", "dd")),
    (Field::new("ObjectType3", "4.3.1.9", "xx"), Field::new("ObjectType3Quant", "4.3.1.9", "dd")),
    (Field::new("ObjectType4", "4.3.1.9", "xx"), Field::new("ObjectType4Quant", "4.3.1.9", "dd")),
    (Field::new("ObjectType5", "4.3.1.9", "xx"), Field::new("ObjectType5Quant", "4.3.1.9", "dd")),
    (Field::new("ObjectType6", "4.3.1.9", "xx"), Field::new("ObjectType6Quant", "4.3.1.9", "dd")),
    (Field::new("ObjectType7", "4.3.1.9", "xx"), Field::new("ObjectType7Quant", "4.3.1.9", "dd")),
    (Field::new("ObjectType8", "4.3.1.9", "xx"), Field::new("ObjectType8Quant", "4.3.1.9", "dd")),
];

/// 4.3.4.2.
pub const VERIFICATION_METHOD: Field = Field::new("VerificationMethod", "4.3.4.2", "x");
/// 4.3.4.3.
pub const VERIFICATION_DATA: Field = Field::new("VerificationData", "4.3.4.3", "c*");

/// 4.3.5.2. The first of the two sections so numbered.
pub const CRYPTO_DATA_TYPE: Field = Field::new("CryptoDataType", "4.3.5.2", "xx");
/// 4.3.5.3. The first of the two sections so numbered.
pub const CRYPTO_DATA: Field = Field::new("CryptoData", "4.3.5.3", "x*");

/// 4.3.2.2.
pub const RESOURCE_METHOD: Field = Field::new("ResourceMethod", "4.3.2.2", "x");
/// 4.3.2.3.
pub const RESOURCE_DATA: Field = Field::new("ResourceData", "4.3.2.3", "c*");

/// 4.3.3.2.
pub const TEXT: Field = Field::new("Text", "4.3.3.2", "c*");

/// 4.3.6. Its own section is numbered 4.3.5.2 by mistake.
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

/// The body of A (4.3.4.1).
pub const AUTHENTICATION: [Field; 2] = [VERIFICATION_METHOD, VERIFICATION_DATA];

/// The body of K (4.3.5.1).
pub const CRYPTOGRAPHIC_SUPPORT: [Field; 2] = [CRYPTO_DATA_TYPE, CRYPTO_DATA];

/// The body of R (4.3.2.1).
pub const RESOURCE: [Field; 2] = [RESOURCE_METHOD, RESOURCE_DATA];

/// The body of F (4.3.3.1).
pub const FREE_TEXT: [Field; 1] = [TEXT];

/// What a T puts before the body it tests (4.3.6.1).
pub const TEST: [Field; 1] = [PSEUDO_MESSAGE_CODE];
