//! Making a segment's file.

use super::names::{FileName, SegmentName};
use super::segment::{End, Segment};
use super::shared::Shared;
use super::walk::as_u64;
use crate::error::StoreError;
use crate::limits::SEGMENT_OCTETS_MIN;
use crate::record::{SEGMENT_HEADER_OCTETS, segment_header};
use crate::storage::{Storage, StorageFile};
use std::io::{self, ErrorKind};
use std::sync::Arc;

/// Makes a file of this name with room set aside. Neither is durable yet.
pub(super) fn create_file<S: Storage>(
    storage: &mut S,
    name: &str,
    octets: u64,
) -> Result<S::File, StoreError> {
    let created = match storage.create(name) {
        // What an attempt before this one left.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            storage.remove(name).and_then(|()| storage.create(name))
        }
        other => other,
    };
    let mut file = created.map_err(StoreError::io("create", name))?;
    if let Err(error) = set_aside(&mut file, octets) {
        drop(file);
        // What stays is taken away by the next attempt, or at the next start.
        return Err(match storage.remove(name) {
            Ok(()) | Err(_) => StoreError::io("set room aside for", name)(error),
        });
    }
    Ok(file)
}

/// Makes an empty segment whose name and header are durable when this returns.
pub(super) fn create_segment<S: Storage>(
    shared: &Shared<S>,
    first: u64,
) -> Result<(S::File, Arc<Segment>), StoreError> {
    let name = SegmentName { first, compacted: None, identity: shared.identity };
    let file_name = name.file_name();
    let mut storage = shared.storage();
    let mut file = create_file(&mut *storage, &file_name, shared.options.segment_octets())?;
    file.write_at(0, &segment_header(first, shared.identity))
        .map_err(StoreError::io("write", &file_name))?;
    file.sync().map_err(StoreError::io("sync", &file_name))?;
    storage.sync_names().map_err(StoreError::io("sync the name of", &file_name))?;
    let end = End { next: first, octet: as_u64(SEGMENT_HEADER_OCTETS) };
    Ok((file, shared.new_segment(name, FileName::Segment(name), end)))
}

/// Sets room aside, or less of it when the disk is nearly full, so that the last of it is used too.
pub(super) fn set_aside(file: &mut impl StorageFile, octets: u64) -> io::Result<()> {
    let mut wanted = octets;
    loop {
        match file.reserve(wanted) {
            Ok(()) => return Ok(()),
            // Then a full disk is noticed by the write.
            Err(error) if error.kind() == ErrorKind::Unsupported => return Ok(()),
            Err(error) if is_full(&error) && wanted > SEGMENT_OCTETS_MIN => {
                wanted = (wanted / 2).max(SEGMENT_OCTETS_MIN);
            }
            Err(error) => return Err(error),
        }
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge
    )
}
