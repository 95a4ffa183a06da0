//! Tiles: the parts a log is published in, and their paths (C2SP tlog-tiles).

use crate::limits::{TILE_PATH_OCTETS_MAX, TREE_SIZE_MAX};
use crate::text::parse_decimal;
use crate::tree::Tree;
use chappe_codec::error::{DecodeError, ErrorKind};
use std::fmt;
use std::str::FromStr;

/// Hashes in a full tile, entries in a full bundle.
pub const TILE_WIDTH: u64 = 256;

/// How many levels of the tree one tile spans.
const TILE_HEIGHT: u8 = 8;

/// The highest tile level a tree below 2^63 leaves has.
const LEVEL_MAX: u8 = 7;

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TileKind {
    /// Hashes of complete subtrees of 256^level leaves.
    Hashes {
        /// 0 for leaf hashes.
        level: u8,
    },
    /// The leaves themselves, as an entry bundle.
    Entries,
}

/// Which tile: kind, index in its level, width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    kind: TileKind,
    index: u64,
    width: u16,
}

impl Tile {
    /// The tile of `kind` at `index` with `width` hashes or entries, 1 to 256; `None` if no tree
    /// below 2^63 leaves has it.
    #[must_use]
    pub fn new(kind: TileKind, index: u64, width: u16) -> Option<Self> {
        let tile = Self { kind, index, width };
        let level_known = tile.level() <= LEVEL_MAX;
        let width_known = (1..=TILE_WIDTH).contains(&u64::from(width));
        let size = tile.tree_size_min().unwrap_or(u64::MAX);
        (level_known && width_known && size <= TREE_SIZE_MAX).then_some(tile)
    }

    /// What it holds.
    #[must_use]
    pub const fn kind(&self) -> TileKind {
        self.kind
    }

    /// Its place in its level.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// How many hashes or entries it holds.
    #[must_use]
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// Whether it can never grow.
    #[must_use]
    pub fn is_full(&self) -> bool {
        u64::from(self.width) == TILE_WIDTH
    }

    /// Its first hash or entry, counted in its level.
    #[must_use]
    pub const fn start(&self) -> u64 {
        self.index.saturating_mul(TILE_WIDTH)
    }

    /// Whether a tree of `size` has all of it.
    #[must_use]
    pub fn is_in_tree(&self, size: u64) -> bool {
        self.tree_size_min().is_some_and(|least| least <= size)
    }

    /// The hashes of a hash tile, 32 octets each; `None` if the tree does not have them all or the
    /// tile holds entries.
    ///
    /// Hash i of tile n at level l is MTH over the leaves from (n·256 + i)·256^l up to
    /// (n·256 + i + 1)·256^l (C2SP tlog-tiles, "Merkle Tree").
    #[must_use]
    pub fn hashes(&self, tree: &Tree) -> Option<Vec<u8>> {
        let TileKind::Hashes { level } = self.kind else { return None };
        let height = level.checked_mul(TILE_HEIGHT)?;
        let mut octets = Vec::new();
        for offset in 0..u64::from(self.width) {
            octets.extend(tree.subtree(height, self.start().checked_add(offset)?)?);
        }
        Some(octets)
    }

    const fn level(&self) -> u8 {
        match self.kind {
            TileKind::Hashes { level } => level,
            TileKind::Entries => 0,
        }
    }

    /// The least tree that has all of it.
    fn tree_size_min(&self) -> Option<u64> {
        let end = self.index.checked_mul(TILE_WIDTH)?.checked_add(u64::from(self.width))?;
        end.checked_mul(leaves_under(self.level())?)
    }
}

/// The full tiles a tree of `size` has and a tree of `older_size` had not: what a log has to
/// publish for good. Partial tiles follow from [`partial_width`].
pub fn full_tiles(older_size: u64, size: u64) -> impl Iterator<Item = Tile> {
    let hashes = (0..=LEVEL_MAX).map(|level| TileKind::Hashes { level });
    hashes.chain([TileKind::Entries]).flat_map(move |kind| {
        let level = Tile { kind, index: 0, width: 1 }.level();
        (full_count(older_size, level)..full_count(size, level)).map(move |index| Tile {
            kind,
            index,
            width: 256,
        })
    })
}

/// How many full tiles a tree of `size` has at `level`.
#[must_use]
pub fn full_count(size: u64, level: u8) -> u64 {
    hashes_at(size, level).checked_div(TILE_WIDTH).unwrap_or(0)
}

/// The width of the partial tile at `level` of a tree of `size`: floor(size / 256^level) mod 256
/// (C2SP tlog-tiles, "Partial Tiles"); 0 means that there is none.
#[must_use]
pub fn partial_width(size: u64, level: u8) -> u16 {
    let width = hashes_at(size, level).checked_rem(TILE_WIDTH).unwrap_or(0);
    u16::try_from(width).unwrap_or(0)
}

fn hashes_at(size: u64, level: u8) -> u64 {
    leaves_under(level).and_then(|leaves| size.checked_div(leaves)).unwrap_or(0)
}

/// 256^level, the leaves under one hash of that level.
fn leaves_under(level: u8) -> Option<u64> {
    TILE_WIDTH.checked_pow(u32::from(level))
}

/// `tile/<L>/<N>[.p/<W>]` or `tile/entries/<N>[.p/<W>]`.
impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes { level } => write!(f, "tile/{level}/")?,
            TileKind::Entries => f.write_str("tile/entries/")?,
        }
        let digits = self.index.to_string();
        let padded = format!("{digits:0>width$}", width = digits.len().next_multiple_of(3));
        for (at, digit) in padded.chars().enumerate() {
            let left = padded.len().saturating_sub(at);
            if left.is_multiple_of(3) {
                let separator = if at == 0 { "" } else { "/" };
                let mark = if left > 3 { "x" } else { "" };
                write!(f, "{separator}{mark}")?;
            }
            write!(f, "{digit}")?;
        }
        if self.is_full() { Ok(()) } else { write!(f, ".p/{}", self.width) }
    }
}

impl FromStr for Tile {
    type Err = DecodeError;

    /// Reads a path; there is one for each tile.
    fn from_str(path: &str) -> Result<Self, DecodeError> {
        let refuse = DecodeError::at_character;
        if path.len() > TILE_PATH_OCTETS_MAX || !path.is_ascii() {
            return Err(refuse(ErrorKind::TooLong, "path", 0));
        }
        let rest = path.strip_prefix("tile/").ok_or(refuse(ErrorKind::BadLiteral, "path", 0))?;
        let level_at = path.len().saturating_sub(rest.len());
        let (level, rest) =
            rest.split_once('/').ok_or(refuse(ErrorKind::Missing, "index", path.len()))?;
        let kind = match level {
            "entries" => TileKind::Entries,
            digits => match parse_decimal(digits.as_bytes()).map(u8::try_from) {
                // C2SP has levels 0 to 63; a tree whose size fits 63 bits has none above 7.
                Ok(Ok(level)) if level <= LEVEL_MAX => TileKind::Hashes { level },
                Ok(_) => return Err(refuse(ErrorKind::OutOfRange, "level", level_at)),
                Err(kind) => return Err(refuse(kind, "level", level_at)),
            },
        };
        let index_at = path.len().saturating_sub(rest.len());
        let (groups, digits) = match rest.split_once(".p/") {
            None => (rest, None),
            Some((groups, digits)) => (groups, Some(digits)),
        };
        let width = match digits.map(|digits| parse_decimal(digits.as_bytes()).map(u16::try_from)) {
            None => 256,
            Some(Ok(Ok(width))) if (1..256).contains(&width) => width,
            Some(wrong) => {
                let kind = wrong.err().unwrap_or(ErrorKind::OutOfRange);
                let width_at = path.len().saturating_sub(digits.unwrap_or_default().len());
                return Err(refuse(kind, "width", width_at));
            }
        };
        let index = parse_index(groups).map_err(|kind| refuse(kind, "index", index_at))?;
        let tile = Self::new(kind, index, width).ok_or(refuse(
            ErrorKind::OutOfRange,
            "index",
            index_at,
        ))?;
        // A group marked or padded otherwise reads alike but is another path.
        if tile.to_string() != path {
            return Err(refuse(ErrorKind::NotCanonical, "index", index_at));
        }
        Ok(tile)
    }
}

/// Reads groups of three digits, all but the last marked `x`.
fn parse_index(groups: &str) -> Result<u64, ErrorKind> {
    let mut index = 0_u64;
    for group in groups.split('/') {
        let digits = group.strip_prefix('x').unwrap_or(group);
        if digits.len() != 3 {
            return Err(ErrorKind::NotCanonical);
        }
        if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(ErrorKind::BadCharacter);
        }
        let digits: u64 = digits.parse().map_err(|_| ErrorKind::BadCharacter)?;
        index = index
            .checked_mul(1000)
            .and_then(|index| index.checked_add(digits))
            .ok_or(ErrorKind::OutOfRange)?;
    }
    Ok(index)
}
