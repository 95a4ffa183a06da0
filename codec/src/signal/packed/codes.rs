//! Generated from spec/tables/packed.toml by spec/tables/generate.py; change it there.

use super::prefix::PrefixCode;

/// What the message is, if it is an original without flags.
pub(super) static OPENING: PrefixCode<12> = PrefixCode::new([3, 3, 3, 3, 3, 3, 3, 4, 5, 6, 7, 7]);
pub(super) mod opening {
    pub(in crate::signal::packed) const P: usize = 0;
    pub(in crate::signal::packed) const E: usize = 1;
    pub(in crate::signal::packed) const S: usize = 2;
    pub(in crate::signal::packed) const D: usize = 3;
    pub(in crate::signal::packed) const I: usize = 4;
    pub(in crate::signal::packed) const M: usize = 5;
    pub(in crate::signal::packed) const OTHER: usize = 6;
    pub(in crate::signal::packed) const Q: usize = 7;
    pub(in crate::signal::packed) const F: usize = 8;
    pub(in crate::signal::packed) const R: usize = 9;
    pub(in crate::signal::packed) const A: usize = 10;
    pub(in crate::signal::packed) const K: usize = 11;
}

/// The message code behind `other`.
pub(super) static MESSAGE: PrefixCode<11> = PrefixCode::new([3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4]);
pub(super) mod message {
    pub(in crate::signal::packed) const P: usize = 0;
    pub(in crate::signal::packed) const E: usize = 1;
    pub(in crate::signal::packed) const S: usize = 2;
    pub(in crate::signal::packed) const D: usize = 3;
    pub(in crate::signal::packed) const Q: usize = 4;
    pub(in crate::signal::packed) const I: usize = 5;
    pub(in crate::signal::packed) const M: usize = 6;
    pub(in crate::signal::packed) const F: usize = 7;
    pub(in crate::signal::packed) const R: usize = 8;
    pub(in crate::signal::packed) const A: usize = 9;
    pub(in crate::signal::packed) const K: usize = 10;
}

/// How the message refers to another; `repeat` has no body.
pub(super) static RELATION: PrefixCode<11> = PrefixCode::new([3, 3, 3, 3, 3, 3, 4, 4, 4, 5, 5]);
pub(super) mod relation {
    pub(in crate::signal::packed) const REPEAT_7: usize = 0;
    pub(in crate::signal::packed) const REPEAT_8: usize = 1;
    pub(in crate::signal::packed) const REPEAT_9: usize = 2;
    pub(in crate::signal::packed) const N2: usize = 3;
    pub(in crate::signal::packed) const N5: usize = 4;
    pub(in crate::signal::packed) const FLAGGED: usize = 5;
    pub(in crate::signal::packed) const REPEAT_1: usize = 6;
    pub(in crate::signal::packed) const REPEAT_4: usize = 7;
    pub(in crate::signal::packed) const REPEAT_6: usize = 8;
    pub(in crate::signal::packed) const N3: usize = 9;
    pub(in crate::signal::packed) const WHOLE: usize = 10;
}

/// Behind `flagged`.
pub(super) static FLAGS: PrefixCode<3> = PrefixCode::new([1, 2, 2]);
pub(super) mod flags {
    pub(in crate::signal::packed) const TEST: usize = 0;
    pub(in crate::signal::packed) const DURESS: usize = 1;
    pub(in crate::signal::packed) const TEST_AND_DURESS: usize = 2;
}

/// The form of DateTime: its step and its years.
pub(super) static MOMENT: PrefixCode<9> = PrefixCode::new([1, 3, 3, 3, 4, 5, 6, 7, 7]);
pub(super) mod moment {
    pub(in crate::signal::packed) const SECOND_NEAR: usize = 0;
    pub(in crate::signal::packed) const HOUR_NEAR: usize = 1;
    pub(in crate::signal::packed) const FIVE_MINUTES_NEAR: usize = 2;
    pub(in crate::signal::packed) const MINUTE_NEAR: usize = 3;
    pub(in crate::signal::packed) const SECOND_LATER: usize = 4;
    pub(in crate::signal::packed) const MINUTE_LATER: usize = 5;
    pub(in crate::signal::packed) const SECOND_ANY: usize = 6;
    pub(in crate::signal::packed) const MINUTE_ANY: usize = 7;
    pub(in crate::signal::packed) const DIGITS: usize = 8;
}

/// One dimension.
pub(super) static ONE_SIZE: PrefixCode<2> = PrefixCode::new([1, 1]);
pub(super) mod one_size {
    pub(in crate::signal::packed) const ROUND: usize = 0;
    pub(in crate::signal::packed) const ANY: usize = 1;
}

/// Two dimensions, both round or both any.
pub(super) static TWO_SIZES: PrefixCode<2> = PrefixCode::new([1, 1]);
pub(super) mod two_sizes {
    pub(in crate::signal::packed) const ROUND: usize = 0;
    pub(in crate::signal::packed) const ANY: usize = 1;
}

/// A round dimension: how many of its digits are not trailing zeros.
pub(super) static ROUND: PrefixCode<2> = PrefixCode::new([1, 1]);
pub(super) mod round {
    pub(in crate::signal::packed) const ONE_DIGIT: usize = 0;
    pub(in crate::signal::packed) const TWO_DIGITS: usize = 1;
}

/// The size of what may have one.
pub(super) static FREE_SIZE: PrefixCode<3> = PrefixCode::new([1, 2, 2]);
pub(super) mod free_size {
    pub(in crate::signal::packed) const NONE: usize = 0;
    pub(in crate::signal::packed) const ONE: usize = 1;
    pub(in crate::signal::packed) const TWO: usize = 2;
}

/// The orientation of what has one dimension.
pub(super) static CIRCLE_ORIENTATION: PrefixCode<2> = PrefixCode::new([1, 1]);
pub(super) mod circle_orientation {
    pub(in crate::signal::packed) const NORTH: usize = 0;
    pub(in crate::signal::packed) const ANY: usize = 1;
}

/// The orientation of what has two dimensions.
pub(super) static ORIENTATION: PrefixCode<2> = PrefixCode::new([1, 1]);
pub(super) mod orientation {
    pub(in crate::signal::packed) const STEP_OF_15: usize = 0;
    pub(in crate::signal::packed) const ANY: usize = 1;
}

/// How many objects a request is made for.
pub(super) static OBJECTS: PrefixCode<9> = PrefixCode::new([2, 2, 3, 3, 3, 4, 5, 6, 6]);
pub(super) mod objects {
    pub(in crate::signal::packed) const N1: usize = 0;
    pub(in crate::signal::packed) const N2: usize = 1;
    pub(in crate::signal::packed) const N0: usize = 2;
    pub(in crate::signal::packed) const N3: usize = 3;
    pub(in crate::signal::packed) const N4: usize = 4;
    pub(in crate::signal::packed) const N5: usize = 5;
    pub(in crate::signal::packed) const N6: usize = 6;
    pub(in crate::signal::packed) const N7: usize = 7;
    pub(in crate::signal::packed) const N8: usize = 8;
}

/// How many of one object.
pub(super) static QUANTITY: PrefixCode<2> = PrefixCode::new([1, 1]);
pub(super) mod quantity {
    pub(in crate::signal::packed) const N1_TO_8: usize = 0;
    pub(in crate::signal::packed) const ANY: usize = 1;
}

/// VerificationMethod of A.
pub(super) static VERIFICATION_METHOD: PrefixCode<3> = PrefixCode::new([1, 2, 2]);
pub(super) mod verification_method {
    pub(in crate::signal::packed) const N1: usize = 0;
    pub(in crate::signal::packed) const N2: usize = 1;
    pub(in crate::signal::packed) const ANY: usize = 2;
}

/// ResourceMethod of R.
pub(super) static RESOURCE_METHOD: PrefixCode<2> = PrefixCode::new([1, 1]);
pub(super) mod resource_method {
    pub(in crate::signal::packed) const N1: usize = 0;
    pub(in crate::signal::packed) const ANY: usize = 1;
}

/// CryptoDataType of K.
pub(super) static DATA_TYPE: PrefixCode<5> = PrefixCode::new([1, 3, 3, 3, 3]);
pub(super) static DATA_TYPE_VALUES: [u8; 4] = [0x01, 0x0A, 0x11, 0x21];
pub(super) const DATA_TYPE_ANY: usize = 0;

/// The form of a text.
pub(super) static TEXT: PrefixCode<5> = PrefixCode::new([1, 2, 3, 4, 4]);
pub(super) mod text {
    pub(in crate::signal::packed) const TOKENS: usize = 0;
    pub(in crate::signal::packed) const TOKENS_CASE_SWAPPED: usize = 1;
    pub(in crate::signal::packed) const OCTETS: usize = 2;
    pub(in crate::signal::packed) const LOWER_DIGITS: usize = 3;
    pub(in crate::signal::packed) const UPPER_DIGITS: usize = 4;
}

/// SubjectCode of P.
pub(super) static SUBJECT_P: PrefixCode<20> =
    PrefixCode::new([5, 5, 5, 5, 3, 4, 4, 5, 4, 4, 4, 5, 5, 4, 5, 4, 4, 5, 4, 5]);
pub(super) static SUBJECT_P_VALUES: [u8; 19] = [
    0x00, 0x01, 0x02, 0x03, 0x10, 0x11, 0x12, 0x13, 0x20, 0x30, 0x31, 0x32, 0x33, 0x40, 0x50, 0x51,
    0x52, 0x53, 0x60,
];
pub(super) const SUBJECT_P_ESCAPE: usize = 19;

/// SubjectCode of E.
pub(super) static SUBJECT_E: PrefixCode<9> = PrefixCode::new([3, 3, 3, 3, 3, 3, 4, 3, 4]);
pub(super) static SUBJECT_E_VALUES: [u8; 8] = [0x00, 0x01, 0x02, 0x10, 0x11, 0x12, 0x13, 0x14];
pub(super) const SUBJECT_E_ESCAPE: usize = 8;

/// SubjectCode of D.
pub(super) static SUBJECT_D: PrefixCode<75> = PrefixCode::new([
    6, 6, 6, 6, 6, 5, 6, 6, 6, 6, 6, 5, 5, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 7, 7, 7, 7,
    6, 6, 7, 6, 6, 7, 6, 7, 7, 7, 6, 7, 7, 7, 6, 6, 7, 7, 7, 5, 6, 7, 7, 6, 7, 7, 7, 7, 7, 7, 6, 6,
    6, 7, 6, 6, 6, 7, 7, 7, 7, 7, 7,
]);
pub(super) static SUBJECT_D_VALUES: [u8; 74] = [
    0x00, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x1A, 0x1B, 0x1C, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25,
    0x26, 0x27, 0x30, 0x31, 0x32, 0x33, 0x34, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48,
    0x50, 0x51, 0x52, 0x53, 0x54, 0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xB0, 0xB1, 0xB2,
    0xB3, 0xB4, 0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0xC5, 0xC6, 0xC7, 0xD0, 0xD1, 0xD2, 0xD3, 0xD4, 0xD5,
    0xD6, 0xE0, 0xE1, 0xE2, 0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8,
];
pub(super) const SUBJECT_D_ESCAPE: usize = 74;

/// SubjectCode of S.
pub(super) static SUBJECT_S: PrefixCode<14> =
    PrefixCode::new([4, 3, 3, 4, 3, 4, 4, 4, 4, 4, 4, 5, 4, 5]);
pub(super) static SUBJECT_S_VALUES: [u8; 13] =
    [0x00, 0x10, 0x11, 0x12, 0x13, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x28];
pub(super) const SUBJECT_S_ESCAPE: usize = 13;

/// SubjectCode of I.
pub(super) static SUBJECT_I: PrefixCode<54> = PrefixCode::new([
    6, 6, 5, 6, 6, 6, 5, 6, 5, 6, 5, 6, 5, 6, 6, 6, 5, 5, 6, 6, 6, 6, 6, 6, 6, 6, 5, 6, 6, 6, 6, 6,
    6, 6, 6, 6, 5, 6, 6, 6, 6, 6, 6, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 7,
]);
pub(super) static SUBJECT_I_VALUES: [u8; 53] = [
    0x00, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26,
    0x27, 0x28, 0x29, 0x2A, 0x2B, 0x2C, 0x2D, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38,
    0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x50, 0x51, 0x52, 0x53, 0x54, 0x60,
    0x61, 0x62, 0x63, 0x64, 0x65,
];
pub(super) const SUBJECT_I_ESCAPE: usize = 53;

/// SubjectCode of M.
pub(super) static SUBJECT_M: PrefixCode<31> = PrefixCode::new([
    5, 4, 5, 5, 5, 5, 5, 4, 4, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 6, 5, 6, 6, 5, 6,
]);
pub(super) static SUBJECT_M_VALUES: [u8; 30] = [
    0x00, 0x10, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2A, 0x2B, 0x2C, 0x30,
    0x40, 0x41, 0x42, 0x43, 0x44, 0x50, 0x60, 0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x80,
];
pub(super) const SUBJECT_M_ESCAPE: usize = 30;

/// SubjectCode of Q.
pub(super) static SUBJECT_Q: PrefixCode<3> = PrefixCode::new([2, 1, 2]);
pub(super) static SUBJECT_Q_VALUES: [u8; 2] = [0x10, 0x20];
pub(super) const SUBJECT_Q_ESCAPE: usize = 2;

/// ObjectType of P.
pub(super) static OBJECT_P: PrefixCode<22> =
    PrefixCode::new([4, 5, 5, 5, 6, 6, 6, 4, 3, 4, 4, 4, 4, 4, 4, 4, 5, 4, 5, 5, 7, 7]);
pub(super) static OBJECT_P_VALUES: [u8; 20] = [
    0x00, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x20, 0x21, 0x22, 0x23, 0x30, 0x31, 0x32, 0x33, 0x40,
    0x50, 0x60, 0x70, 0x80,
];
pub(super) const OBJECT_P_CODED: usize = 20;
pub(super) const OBJECT_P_DIGITS: usize = 21;

/// ObjectType of E.
pub(super) static OBJECT_E: PrefixCode<17> =
    PrefixCode::new([4, 4, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 5, 6, 6]);
pub(super) static OBJECT_E_VALUES: [u8; 15] =
    [0x00, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x30, 0x31, 0x32, 0x33, 0x40, 0x50, 0x60, 0x70];
pub(super) const OBJECT_E_CODED: usize = 15;
pub(super) const OBJECT_E_DIGITS: usize = 16;

/// ObjectType of D.
pub(super) static OBJECT_D: PrefixCode<16> =
    PrefixCode::new([3, 3, 2, 3, 3, 5, 5, 5, 5, 5, 5, 6, 6, 6, 7, 7]);
pub(super) static OBJECT_D_VALUES: [u8; 14] =
    [0x00, 0x20, 0x21, 0x22, 0x23, 0x30, 0x31, 0x32, 0x33, 0x40, 0x50, 0x60, 0x70, 0x80];
pub(super) const OBJECT_D_CODED: usize = 14;
pub(super) const OBJECT_D_DIGITS: usize = 15;

/// ObjectType of S.
pub(super) static OBJECT_S: PrefixCode<22> =
    PrefixCode::new([3, 4, 4, 4, 5, 5, 5, 7, 8, 8, 8, 4, 4, 4, 4, 4, 4, 4, 4, 4, 7, 8]);
pub(super) static OBJECT_S_VALUES: [u8; 20] = [
    0x00, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x20, 0x21, 0x22, 0x23, 0x30, 0x31, 0x32, 0x33, 0x40,
    0x50, 0x60, 0x70, 0x80,
];
pub(super) const OBJECT_S_CODED: usize = 20;
pub(super) const OBJECT_S_DIGITS: usize = 21;

/// ObjectType of I.
pub(super) static OBJECT_I: PrefixCode<11> = PrefixCode::new([4, 3, 3, 3, 4, 3, 3, 3, 4, 5, 5]);
pub(super) static OBJECT_I_VALUES: [u8; 9] = [0x00, 0x20, 0x21, 0x22, 0x23, 0x30, 0x31, 0x32, 0x33];
pub(super) const OBJECT_I_CODED: usize = 9;
pub(super) const OBJECT_I_DIGITS: usize = 10;

/// ObjectType of M.
pub(super) static OBJECT_M: PrefixCode<22> =
    PrefixCode::new([4, 4, 5, 4, 4, 5, 5, 4, 4, 4, 5, 5, 5, 5, 5, 4, 4, 4, 5, 4, 6, 6]);
pub(super) static OBJECT_M_VALUES: [u8; 20] = [
    0x00, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x20, 0x21, 0x22, 0x23, 0x30, 0x31, 0x32, 0x33, 0x40,
    0x50, 0x60, 0x70, 0x80,
];
pub(super) const OBJECT_M_CODED: usize = 20;
pub(super) const OBJECT_M_DIGITS: usize = 21;

/// ObjectType of Q.
pub(super) static OBJECT_Q: PrefixCode<7> = PrefixCode::new([3, 2, 2, 2, 4, 5, 5]);
pub(super) static OBJECT_Q_VALUES: [u8; 5] = [0x00, 0x20, 0x21, 0x22, 0x23];
pub(super) const OBJECT_Q_CODED: usize = 5;
pub(super) const OBJECT_Q_DIGITS: usize = 6;

/// Object type of a request object.
pub(super) static REQUESTED: PrefixCode<9> = PrefixCode::new([3, 3, 3, 3, 3, 3, 4, 3, 4]);
pub(super) static REQUESTED_VALUES: [u8; 8] = [0x00, 0x10, 0x11, 0x40, 0x50, 0x60, 0x70, 0x80];
pub(super) const REQUESTED_ESCAPE: usize = 8;

/// Duration.
pub(super) static DURATION: PrefixCode<33> = PrefixCode::new([
    4, 7, 6, 9, 5, 9, 5, 6, 6, 9, 5, 6, 9, 5, 9, 5, 9, 6, 6, 9, 6, 5, 7, 6, 9, 9, 6, 9, 7, 5, 5, 1,
    8,
]);
pub(super) static DURATION_VALUES: [u32; 29] = [
    0x000000, 0x000015, 0x000030, 0x000045, 0x000100, 0x000130, 0x000200, 0x000300, 0x000400,
    0x000500, 0x000600, 0x000800, 0x001000, 0x001200, 0x001800, 0x010000, 0x011200, 0x020000,
    0x030000, 0x040000, 0x050000, 0x070000, 0x100000, 0x140000, 0x210000, 0x280000, 0x300000,
    0x600000, 0x900000,
];
pub(super) const DURATION_DAYS: usize = 29;
pub(super) const DURATION_HOURS: usize = 30;
pub(super) const DURATION_ANY: usize = 31;
pub(super) const DURATION_DIGITS: usize = 32;
