//! Things with small numbers that come and go.

use std::ops::Range;

/// The number of a place and which tenant of it is meant: whoever kept the id of one that is gone finds
/// nothing, not its successor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotId {
    index: u32,
    generation: u32,
}

impl SlotId {
    /// The number of the place.
    #[must_use]
    pub fn index(self) -> usize {
        usize::try_from(self.index).unwrap_or(usize::MAX)
    }
}

/// Places, each free or taken.
#[derive(Debug)]
pub(crate) struct Slots<T> {
    places: Vec<(u32, Option<T>)>,
    free: Vec<u32>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { places: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slots<T> {
    pub(crate) fn insert(&mut self, value: T) -> SlotId {
        if let Some(index) = self.free.pop()
            && let Some(place) = self.places.get_mut(usize::try_from(index).unwrap_or(usize::MAX))
        {
            place.0 = place.0.wrapping_add(1);
            place.1 = Some(value);
            return SlotId { index, generation: place.0 };
        }
        let index = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        self.places.push((0, Some(value)));
        SlotId { index, generation: 0 }
    }

    /// Places, free ones included.
    pub(super) fn places(&self) -> usize {
        self.places.len()
    }

    /// How many are taken.
    pub(super) fn len(&self) -> usize {
        self.places.len().saturating_sub(self.free.len())
    }

    /// Who is in these places, as far as there are any.
    pub(super) fn range_mut(&mut self, range: Range<usize>) -> impl Iterator<Item = &mut T> {
        let range = range.start.min(self.places.len())..range.end.min(self.places.len());
        self.places.get_mut(range).into_iter().flatten().filter_map(|place| place.1.as_mut())
    }

    pub(super) fn get(&self, id: SlotId) -> Option<&T> {
        self.places.get(id.index()).filter(|place| place.0 == id.generation)?.1.as_ref()
    }

    pub(super) fn get_mut(&mut self, id: SlotId) -> Option<&mut T> {
        self.places.get_mut(id.index()).filter(|place| place.0 == id.generation)?.1.as_mut()
    }

    pub(super) fn remove(&mut self, id: SlotId) -> Option<T> {
        let place = self.places.get_mut(id.index()).filter(|place| place.0 == id.generation)?;
        let value = place.1.take()?;
        self.free.push(id.index);
        Some(value)
    }
}
