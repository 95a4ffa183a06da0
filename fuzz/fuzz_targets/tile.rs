#![no_main]

use chappe_anchor::bundle;
use chappe_anchor::tile::Tile;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(path) = std::str::from_utf8(octets)
        && let Ok(tile) = path.parse::<Tile>()
    {
        assert_eq!(tile.to_string(), path);
    }
    if let Ok(entries) = bundle::parse(octets) {
        assert_eq!(bundle::write(entries), octets);
    }
});
