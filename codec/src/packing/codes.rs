//! Generated from spec/tables/packed.toml by spec/tables/generate.py; change it there.

use super::PrefixCode;

/// What the message is, if it is an original without flags.
pub(crate) static OPENING: PrefixCode<12> = PrefixCode::new([3, 3, 3, 3, 3, 3, 3, 4, 5, 6, 7, 7]);
pub(crate) mod opening {
    pub(crate) const P: usize = 0;
    pub(crate) const E: usize = 1;
    pub(crate) const S: usize = 2;
    pub(crate) const D: usize = 3;
    pub(crate) const I: usize = 4;
    pub(crate) const M: usize = 5;
    pub(crate) const OTHER: usize = 6;
    pub(crate) const Q: usize = 7;
    pub(crate) const F: usize = 8;
    pub(crate) const R: usize = 9;
    pub(crate) const A: usize = 10;
    pub(crate) const K: usize = 11;
}

/// The message code behind `other`.
pub(crate) static MESSAGE: PrefixCode<11> = PrefixCode::new([3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4]);
pub(crate) mod message {
    pub(crate) const P: usize = 0;
    pub(crate) const E: usize = 1;
    pub(crate) const S: usize = 2;
    pub(crate) const D: usize = 3;
    pub(crate) const Q: usize = 4;
    pub(crate) const I: usize = 5;
    pub(crate) const M: usize = 6;
    pub(crate) const F: usize = 7;
    pub(crate) const R: usize = 8;
    pub(crate) const A: usize = 9;
    pub(crate) const K: usize = 10;
}

/// How the message refers to another; `repeat` has no body.
pub(crate) static RELATION: PrefixCode<11> = PrefixCode::new([3, 3, 3, 3, 3, 3, 4, 4, 4, 5, 5]);
pub(crate) mod relation {
    pub(crate) const REPEAT_7: usize = 0;
    pub(crate) const REPEAT_8: usize = 1;
    pub(crate) const REPEAT_9: usize = 2;
    pub(crate) const N2: usize = 3;
    pub(crate) const N5: usize = 4;
    pub(crate) const FLAGGED: usize = 5;
    pub(crate) const REPEAT_1: usize = 6;
    pub(crate) const REPEAT_4: usize = 7;
    pub(crate) const REPEAT_6: usize = 8;
    pub(crate) const N3: usize = 9;
    pub(crate) const WHOLE: usize = 10;
}

/// Behind `flagged`.
pub(crate) static FLAGS: PrefixCode<3> = PrefixCode::new([1, 2, 2]);
pub(crate) mod flags {
    pub(crate) const TEST: usize = 0;
    pub(crate) const DURESS: usize = 1;
    pub(crate) const TEST_AND_DURESS: usize = 2;
}

/// The form of DateTime: its step and its years.
pub(crate) static MOMENT: PrefixCode<9> = PrefixCode::new([1, 3, 3, 3, 4, 5, 6, 7, 7]);
pub(crate) mod moment {
    pub(crate) const SECOND_NEAR: usize = 0;
    pub(crate) const HOUR_NEAR: usize = 1;
    pub(crate) const FIVE_MINUTES_NEAR: usize = 2;
    pub(crate) const MINUTE_NEAR: usize = 3;
    pub(crate) const SECOND_LATER: usize = 4;
    pub(crate) const MINUTE_LATER: usize = 5;
    pub(crate) const SECOND_ANY: usize = 6;
    pub(crate) const MINUTE_ANY: usize = 7;
    pub(crate) const DIGITS: usize = 8;
}

/// One dimension.
pub(crate) static ONE_SIZE: PrefixCode<2> = PrefixCode::new([1, 1]);
pub(crate) mod one_size {
    pub(crate) const ROUND: usize = 0;
    pub(crate) const ANY: usize = 1;
}

/// Two dimensions, both round or both any.
pub(crate) static TWO_SIZES: PrefixCode<2> = PrefixCode::new([1, 1]);
pub(crate) mod two_sizes {
    pub(crate) const ROUND: usize = 0;
    pub(crate) const ANY: usize = 1;
}

/// A round dimension: how many of its digits are not trailing zeros.
pub(crate) static ROUND: PrefixCode<2> = PrefixCode::new([1, 1]);
pub(crate) mod round {
    pub(crate) const ONE_DIGIT: usize = 0;
    pub(crate) const TWO_DIGITS: usize = 1;
}

/// The size of what may have one.
pub(crate) static FREE_SIZE: PrefixCode<3> = PrefixCode::new([1, 2, 2]);
pub(crate) mod free_size {
    pub(crate) const NONE: usize = 0;
    pub(crate) const ONE: usize = 1;
    pub(crate) const TWO: usize = 2;
}

/// The orientation of what has one dimension.
pub(crate) static CIRCLE_ORIENTATION: PrefixCode<2> = PrefixCode::new([1, 1]);
pub(crate) mod circle_orientation {
    pub(crate) const NORTH: usize = 0;
    pub(crate) const ANY: usize = 1;
}

/// The orientation of what has two dimensions.
pub(crate) static ORIENTATION: PrefixCode<2> = PrefixCode::new([1, 1]);
pub(crate) mod orientation {
    pub(crate) const STEP_OF_15: usize = 0;
    pub(crate) const ANY: usize = 1;
}

/// How many objects a request is made for.
pub(crate) static OBJECTS: PrefixCode<9> = PrefixCode::new([2, 2, 3, 3, 3, 4, 5, 6, 6]);
pub(crate) mod objects {
    pub(crate) const N1: usize = 0;
    pub(crate) const N2: usize = 1;
    pub(crate) const N0: usize = 2;
    pub(crate) const N3: usize = 3;
    pub(crate) const N4: usize = 4;
    pub(crate) const N5: usize = 5;
    pub(crate) const N6: usize = 6;
    pub(crate) const N7: usize = 7;
    pub(crate) const N8: usize = 8;
}

/// How many of one object.
pub(crate) static QUANTITY: PrefixCode<2> = PrefixCode::new([1, 1]);
pub(crate) mod quantity {
    pub(crate) const N1_TO_8: usize = 0;
    pub(crate) const ANY: usize = 1;
}

/// VerificationMethod of A.
pub(crate) static VERIFICATION_METHOD: PrefixCode<3> = PrefixCode::new([1, 2, 2]);
pub(crate) mod verification_method {
    pub(crate) const N1: usize = 0;
    pub(crate) const N2: usize = 1;
    pub(crate) const ANY: usize = 2;
}

/// ResourceMethod of R.
pub(crate) static RESOURCE_METHOD: PrefixCode<2> = PrefixCode::new([1, 1]);
pub(crate) mod resource_method {
    pub(crate) const N1: usize = 0;
    pub(crate) const ANY: usize = 1;
}

/// CryptoDataType of K.
pub(crate) static DATA_TYPE: PrefixCode<5> = PrefixCode::new([1, 3, 3, 3, 3]);
pub(crate) static DATA_TYPE_VALUES: [u8; 4] = [0x01, 0x0A, 0x11, 0x21];

/// The form of a text.
pub(crate) static TEXT: PrefixCode<5> = PrefixCode::new([1, 2, 3, 4, 4]);
pub(crate) mod text {
    pub(crate) const TOKENS: usize = 0;
    pub(crate) const TOKENS_CASE_SWAPPED: usize = 1;
    pub(crate) const OCTETS: usize = 2;
    pub(crate) const LOWER_DIGITS: usize = 3;
    pub(crate) const UPPER_DIGITS: usize = 4;
}

/// SubjectCode of P.
pub(crate) static SUBJECT_P: PrefixCode<20> =
    PrefixCode::new([5, 5, 5, 5, 3, 4, 4, 5, 4, 4, 4, 5, 5, 4, 5, 4, 4, 5, 4, 5]);
pub(crate) static SUBJECT_P_VALUES: [u8; 19] = [
    0x00, 0x01, 0x02, 0x03, 0x10, 0x11, 0x12, 0x13, 0x20, 0x30, 0x31, 0x32, 0x33, 0x40, 0x50, 0x51,
    0x52, 0x53, 0x60,
];

/// SubjectCode of E.
pub(crate) static SUBJECT_E: PrefixCode<9> = PrefixCode::new([3, 3, 3, 3, 3, 3, 4, 3, 4]);
pub(crate) static SUBJECT_E_VALUES: [u8; 8] = [0x00, 0x01, 0x02, 0x10, 0x11, 0x12, 0x13, 0x14];

/// SubjectCode of D.
pub(crate) static SUBJECT_D: PrefixCode<75> = PrefixCode::new([
    6, 6, 6, 6, 6, 5, 6, 6, 6, 6, 6, 5, 5, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 7, 7, 7, 7,
    6, 6, 7, 6, 6, 7, 6, 7, 7, 7, 6, 7, 7, 7, 6, 6, 7, 7, 7, 5, 6, 7, 7, 6, 7, 7, 7, 7, 7, 7, 6, 6,
    6, 7, 6, 6, 6, 7, 7, 7, 7, 7, 7,
]);
pub(crate) static SUBJECT_D_VALUES: [u8; 74] = [
    0x00, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x1A, 0x1B, 0x1C, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25,
    0x26, 0x27, 0x30, 0x31, 0x32, 0x33, 0x34, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48,
    0x50, 0x51, 0x52, 0x53, 0x54, 0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xB0, 0xB1, 0xB2,
    0xB3, 0xB4, 0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0xC5, 0xC6, 0xC7, 0xD0, 0xD1, 0xD2, 0xD3, 0xD4, 0xD5,
    0xD6, 0xE0, 0xE1, 0xE2, 0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8,
];

/// SubjectCode of S.
pub(crate) static SUBJECT_S: PrefixCode<14> =
    PrefixCode::new([4, 3, 3, 4, 3, 4, 4, 4, 4, 4, 4, 5, 4, 5]);
pub(crate) static SUBJECT_S_VALUES: [u8; 13] =
    [0x00, 0x10, 0x11, 0x12, 0x13, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x28];

/// SubjectCode of I.
pub(crate) static SUBJECT_I: PrefixCode<54> = PrefixCode::new([
    6, 6, 5, 6, 6, 6, 5, 6, 5, 6, 5, 6, 5, 6, 6, 6, 5, 5, 6, 6, 6, 6, 6, 6, 6, 6, 5, 6, 6, 6, 6, 6,
    6, 6, 6, 6, 5, 6, 6, 6, 6, 6, 6, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 7,
]);
pub(crate) static SUBJECT_I_VALUES: [u8; 53] = [
    0x00, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26,
    0x27, 0x28, 0x29, 0x2A, 0x2B, 0x2C, 0x2D, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38,
    0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x50, 0x51, 0x52, 0x53, 0x54, 0x60,
    0x61, 0x62, 0x63, 0x64, 0x65,
];

/// SubjectCode of M.
pub(crate) static SUBJECT_M: PrefixCode<31> = PrefixCode::new([
    5, 4, 5, 5, 5, 5, 5, 4, 4, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 6, 5, 6, 6, 5, 6,
]);
pub(crate) static SUBJECT_M_VALUES: [u8; 30] = [
    0x00, 0x10, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2A, 0x2B, 0x2C, 0x30,
    0x40, 0x41, 0x42, 0x43, 0x44, 0x50, 0x60, 0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x80,
];

/// SubjectCode of Q.
pub(crate) static SUBJECT_Q: PrefixCode<3> = PrefixCode::new([2, 1, 2]);
pub(crate) static SUBJECT_Q_VALUES: [u8; 2] = [0x10, 0x20];

/// ObjectType of P.
pub(crate) static OBJECT_P: PrefixCode<22> =
    PrefixCode::new([4, 5, 5, 5, 6, 6, 6, 4, 3, 4, 4, 4, 4, 4, 4, 4, 5, 4, 5, 5, 7, 7]);
pub(crate) static OBJECT_P_VALUES: [u8; 20] = [
    0x00, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x20, 0x21, 0x22, 0x23, 0x30, 0x31, 0x32, 0x33, 0x40,
    0x50, 0x60, 0x70, 0x80,
];

/// ObjectType of E.
pub(crate) static OBJECT_E: PrefixCode<17> =
    PrefixCode::new([4, 4, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 5, 6, 6]);
pub(crate) static OBJECT_E_VALUES: [u8; 15] =
    [0x00, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x30, 0x31, 0x32, 0x33, 0x40, 0x50, 0x60, 0x70];

/// ObjectType of D.
pub(crate) static OBJECT_D: PrefixCode<16> =
    PrefixCode::new([3, 3, 2, 3, 3, 5, 5, 5, 5, 5, 5, 6, 6, 6, 7, 7]);
pub(crate) static OBJECT_D_VALUES: [u8; 14] =
    [0x00, 0x20, 0x21, 0x22, 0x23, 0x30, 0x31, 0x32, 0x33, 0x40, 0x50, 0x60, 0x70, 0x80];

/// ObjectType of S.
pub(crate) static OBJECT_S: PrefixCode<22> =
    PrefixCode::new([3, 4, 4, 4, 5, 5, 5, 7, 8, 8, 8, 4, 4, 4, 4, 4, 4, 4, 4, 4, 7, 8]);
pub(crate) static OBJECT_S_VALUES: [u8; 20] = [
    0x00, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x20, 0x21, 0x22, 0x23, 0x30, 0x31, 0x32, 0x33, 0x40,
    0x50, 0x60, 0x70, 0x80,
];

/// ObjectType of I.
pub(crate) static OBJECT_I: PrefixCode<11> = PrefixCode::new([4, 3, 3, 3, 4, 3, 3, 3, 4, 5, 5]);
pub(crate) static OBJECT_I_VALUES: [u8; 9] = [0x00, 0x20, 0x21, 0x22, 0x23, 0x30, 0x31, 0x32, 0x33];

/// ObjectType of M.
pub(crate) static OBJECT_M: PrefixCode<22> =
    PrefixCode::new([4, 4, 5, 4, 4, 5, 5, 4, 4, 4, 5, 5, 5, 5, 5, 4, 4, 4, 5, 4, 6, 6]);
pub(crate) static OBJECT_M_VALUES: [u8; 20] = [
    0x00, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x20, 0x21, 0x22, 0x23, 0x30, 0x31, 0x32, 0x33, 0x40,
    0x50, 0x60, 0x70, 0x80,
];

/// ObjectType of Q.
pub(crate) static OBJECT_Q: PrefixCode<7> = PrefixCode::new([3, 2, 2, 2, 4, 5, 5]);
pub(crate) static OBJECT_Q_VALUES: [u8; 5] = [0x00, 0x20, 0x21, 0x22, 0x23];

/// Object type of a request object.
pub(crate) static REQUESTED: PrefixCode<9> = PrefixCode::new([3, 3, 3, 3, 3, 3, 4, 3, 4]);
pub(crate) static REQUESTED_VALUES: [u8; 8] = [0x00, 0x10, 0x11, 0x40, 0x50, 0x60, 0x70, 0x80];

/// Duration.
pub(crate) static DURATION: PrefixCode<33> = PrefixCode::new([
    4, 7, 6, 9, 5, 9, 5, 6, 6, 9, 5, 6, 9, 5, 9, 5, 9, 6, 6, 9, 6, 5, 7, 6, 9, 9, 6, 9, 7, 5, 5, 1,
    8,
]);
pub(crate) static DURATION_VALUES: [u32; 29] = [
    0x000000, 0x000015, 0x000030, 0x000045, 0x000100, 0x000130, 0x000200, 0x000300, 0x000400,
    0x000500, 0x000600, 0x000800, 0x001000, 0x001200, 0x001800, 0x010000, 0x011200, 0x020000,
    0x030000, 0x040000, 0x050000, 0x070000, 0x100000, 0x140000, 0x210000, 0x280000, 0x300000,
    0x600000, 0x900000,
];
pub(crate) mod duration {
    pub(crate) const DAYS: usize = 29;
    pub(crate) const HOURS: usize = 30;
    pub(crate) const ANY: usize = 31;
    pub(crate) const DIGITS: usize = 32;
}
