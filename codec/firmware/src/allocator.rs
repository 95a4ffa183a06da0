//! There is no heap. The codec's sealing needs one, so the linker asks for an allocator; this one
//! counts and refuses, and whoever asks it panics.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};

#[global_allocator]
static NO_HEAP: NoHeap = NoHeap;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

/// How many allocations were asked for.
pub fn allocations() -> usize {
    ALLOCATIONS.load(Ordering::Relaxed)
}

struct NoHeap;

// SAFETY: a null pointer is the contract's refusal, and nothing was ever given that could come back.
unsafe impl GlobalAlloc for NoHeap {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        ptr::null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}
