//! Memory for values: aligned to registers and cache lines, zeroed, in large pages where there are any.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ptr::NonNull;

/// A cache line, and a register of AVX-512.
const ALIGN: usize = 64;

/// A large page of x86 and of most ARM systems. Touching memory for the first time costs a fault for each page.
const LARGE_PAGE: usize = 2 << 20;

/// Float32 values, 0 at first.
pub struct Buffer {
    at: NonNull<f32>,
    len: usize,
    memory: Memory,
}

/// Where the memory comes from, and goes back to.
enum Memory {
    /// The allocator.
    Allocated(Layout),
    /// Pages of the system's own: where they begin, and how many bytes.
    #[cfg(target_os = "linux")]
    Mapped(NonNull<std::ffi::c_void>, usize),
}

// SAFETY: it owns its memory, like a `Vec`.
unsafe impl Send for Buffer {}
// SAFETY: as above; shared, it is only read.
unsafe impl Sync for Buffer {}

impl Buffer {
    /// That many zeros.
    pub fn zeroed(len: usize) -> Self {
        let bytes = (len.max(1) * size_of::<f32>()).next_multiple_of(ALIGN);
        #[cfg(target_os = "linux")]
        if bytes >= LARGE_PAGE
            && let Some((at, memory)) = mapped(bytes)
        {
            return Self { at, len, memory };
        }
        let Ok(layout) = Layout::from_size_align(bytes, ALIGN) else {
            handle_alloc_error(Layout::new::<f32>())
        };
        // SAFETY: the layout has a size above 0.
        let at = unsafe { alloc_zeroed(layout) };
        let Some(at) = NonNull::new(at.cast::<f32>()) else { handle_alloc_error(layout) };
        Self { at, len, memory: Memory::Allocated(layout) }
    }

    /// Its values.
    pub const fn as_slice(&self) -> &[f32] {
        // SAFETY: `len` values were allocated and are initialized.
        unsafe { std::slice::from_raw_parts(self.at.as_ptr(), self.len) }
    }

    /// Its values.
    pub const fn as_mut_slice(&mut self) -> &mut [f32] {
        // SAFETY: as above, and nobody else has them.
        unsafe { std::slice::from_raw_parts_mut(self.at.as_ptr(), self.len) }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        match self.memory {
            // SAFETY: it was allocated with this layout.
            Memory::Allocated(layout) => unsafe { dealloc(self.at.as_ptr().cast(), layout) },
            #[cfg(target_os = "linux")]
            // SAFETY: it was mapped there with this length; nothing borrows it any more.
            Memory::Mapped(start, length) => {
                let _ = unsafe { rustix::mm::munmap(start.as_ptr(), length) };
            }
        }
    }
}

/// Fresh pages, which are zero, large ones if the system gives them to those who ask.
#[cfg(target_os = "linux")]
fn mapped(bytes: usize) -> Option<(NonNull<f32>, Memory)> {
    use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous};
    // Room to begin at a large page.
    let length = bytes + LARGE_PAGE;
    let rights = ProtFlags::READ | ProtFlags::WRITE;
    // SAFETY: the system chooses where.
    let start = unsafe { mmap_anonymous(std::ptr::null_mut(), length, rights, MapFlags::PRIVATE) };
    let start = NonNull::new(start.ok()?)?;
    let skip = start.as_ptr().align_offset(LARGE_PAGE);
    // SAFETY: at most a large page further, inside what was mapped.
    let at = unsafe { start.byte_add(skip) };
    // SAFETY: whole large pages of our own; the advice changes no value. A refusal costs only time.
    let _ = unsafe { madvise(at.as_ptr(), bytes / LARGE_PAGE * LARGE_PAGE, Advice::LinuxHugepage) };
    Some((at.cast(), Memory::Mapped(start, length)))
}
