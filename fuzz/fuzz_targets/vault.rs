//! What lies on a disk: a vault file that is accepted is written as it was read, what is sealed opens
//! again, and nothing opens by chance.
#![no_main]

use chappe_codec::vault::{
    Area, Bounds, Page, PageKey, RecordKey, StretchedKey, Vault, WrappingKey, sealed_file,
};
use zeroize::Zeroizing;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(vault) = Vault::parse(octets, &Bounds::SPECIFIED) {
        assert_eq!(vault.to_octets(), octets);
        assert!(vault.open(&StretchedKey::new(Zeroizing::new([7; 32]))).is_err());
    }
    let area = Area::new(octets.len() as u8 % 4).expect("below four");
    let key = WrappingKey::new(Zeroizing::new([1; 32]));
    assert!(PageKey::new(&key, area, "sent").open(octets).is_err());
    assert!(sealed_file::open(&key, area, "contacts", octets).is_err());
    let file = sealed_file::seal(&key, area, "contacts", [2; 12], octets).expect("short enough");
    assert_eq!(*sealed_file::open(&key, area, "contacts", &file).expect("sealed"), octets);

    let generation_key = Zeroizing::new([3; 32]);
    let page = Page { serial: 0, generation: 0, generation_key, first: 0, reserved: 0 };
    let records = RecordKey::new(&page, area, "sent");
    assert!(records.open(0, octets).is_err());
    let record = records.seal([4; 4], 9, octets).expect("short enough");
    assert_eq!(*records.open(9, &record).expect("sealed"), octets);
});
