//! A page file on disk: two places, one of them in use. A journal's, or that of the prekeys.

use super::{JournalPlace, refused};
use crate::exit::{Exit, Failure, Outcome};
use crate::{files, random};
use chappe_codec::vault::{
    PAGE_FILE_OCTETS, PLACE_OCTETS, Page, PageContent, PageKey, Place, Placed,
};
use std::fs::File;
use std::path::{Path, PathBuf};

/// The file's name in a journal's folder.
pub(super) const NAME: &str = "page";

/// An open page file. As long as it is open no other process has it, nor the journal it belongs to.
pub(crate) struct PageFile<P = Page> {
    path: PathBuf,
    file: File,
    key: PageKey<P>,
    placed: Placed<P>,
}

impl PageFile {
    /// The octets of a new journal's page file.
    pub(super) fn first(journal: &JournalPlace) -> Outcome<[u8; PAGE_FILE_OCTETS]> {
        let page = Page {
            serial: 0,
            generation: 0,
            generation_key: random::secret()?,
            first: 0,
            reserved: 0,
        };
        Self::first_of(&journal.page_key(), &page, &journal.path)
    }

    /// Replaces a page file that cannot be read, in one step.
    pub(crate) fn replace(journal: &JournalPlace, page: &Page) -> Outcome<()> {
        let octets = Self::first_of(&journal.page_key(), page, &journal.path)?;
        files::replace(&journal.path.join(NAME), &octets)
    }

    /// Takes the journal and reads its page. An older page that a crash left is overwritten.
    pub(crate) fn open(journal: &JournalPlace) -> Outcome<Self> {
        Self::open_at(journal.path.join(NAME), journal.page_key())
    }
}

impl<P: PageContent> PageFile<P> {
    /// The octets of a new page file.
    pub(super) fn first_of(
        key: &PageKey<P>,
        page: &P,
        path: &Path,
    ) -> Outcome<[u8; PAGE_FILE_OCTETS]> {
        let place = if random::below(2)? == 0 { Place::First } else { Place::Second };
        let sealed =
            key.seal(page, place, random::octets()?).map_err(|error| refused(path, error))?;
        let mut file: [u8; PAGE_FILE_OCTETS] = random::octets()?;
        let places = file.chunks_exact_mut(PLACE_OCTETS);
        let at = usize::from(place == Place::Second);
        places.skip(at).take(1).for_each(|octets| octets.copy_from_slice(&sealed));
        Ok(file)
    }

    /// Takes a page file and reads its page. An older page that a crash left is overwritten.
    pub(super) fn open_at(path: PathBuf, key: PageKey<P>) -> Outcome<Self> {
        if !path.exists() {
            let message = format!("{}: this page file is not there", path.display());
            return Err(Failure::new(Exit::Authentication, "missing", message));
        }
        let file = files::open_in_place(&path)?;
        files::lock(&file, &path)?;
        let octets_max = u64::try_from(PAGE_FILE_OCTETS).unwrap_or(u64::MAX).saturating_add(1);
        let octets = files::read_up_to(&path, octets_max)?;
        let placed = key.open(&octets).map_err(|error| refused(&path, error))?;
        let opened = Self { path, file, key, placed };
        if opened.placed.is_other_open {
            opened.overwrite_other()?;
        }
        Ok(opened)
    }

    /// The page that counts.
    pub(crate) const fn page(&self) -> &P {
        &self.placed.page
    }

    /// Puts another page in its place: the new one first, then the old one overwritten. The serial is
    /// given here.
    pub(crate) fn write(&mut self, page: P) -> Outcome<()> {
        let serial = self.placed.page.serial().saturating_add(1);
        let (page, place) = (page.with_serial(serial), self.placed.place.other());
        let octets = self
            .key
            .seal(&page, place, random::octets()?)
            .map_err(|error| refused(&self.path, error))?;
        files::overwrite(&self.file, &self.path, place.offset(), &octets)?;
        self.placed = Placed { page, place, is_other_open: false };
        self.overwrite_other()
    }

    fn overwrite_other(&self) -> Outcome<()> {
        let noise: [u8; PLACE_OCTETS] = random::octets()?;
        let offset = self.placed.place.other().offset();
        files::overwrite(&self.file, &self.path, offset, &noise)
    }
}
