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
    layout: Layout,
}

// SAFETY: it owns its memory, like a `Vec`.
unsafe impl Send for Buffer {}
// SAFETY: as above; shared, it is only read.
unsafe impl Sync for Buffer {}

impl Buffer {
    /// That many zeros.
    pub fn zeroed(len: usize) -> Self {
        let bytes = (len.max(1) * size_of::<f32>()).next_multiple_of(ALIGN);
        let align = if bytes >= LARGE_PAGE { LARGE_PAGE } else { ALIGN };
        let Ok(layout) = Layout::from_size_align(bytes, align) else {
            handle_alloc_error(Layout::new::<f32>())
        };
        if align == LARGE_PAGE {
            return Self { at: fresh(layout), len, layout };
        }
        // SAFETY: the layout has a size above 0.
        let at = unsafe { alloc_zeroed(layout) };
        let Some(at) = NonNull::new(at.cast::<f32>()) else { handle_alloc_error(layout) };
        Self { at, len, layout }
    }

    /// Its values.
    pub const fn as_slice(&self) -> &[f32] {
        // SAFETY: `len` values were allocated and are initialised.
        unsafe { std::slice::from_raw_parts(self.at.as_ptr(), self.len) }
    }

    /// Its values.
    pub const fn as_mut_slice(&mut self) -> &mut [f32] {
        // SAFETY: as above, and nobody else has them.
        unsafe { std::slice::from_raw_parts_mut(self.at.as_ptr(), self.len) }
    }

    /// Bytes taken.
    pub const fn bytes(&self) -> usize {
        self.layout.size()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: it was allocated with this layout.
        unsafe { dealloc(self.at.as_ptr().cast(), self.layout) }
    }
}

/// Memory whose first touch takes large pages, if the system gives them to those who ask.
fn fresh(layout: Layout) -> NonNull<f32> {
    // SAFETY: the layout has a size above 0; the memory is zeroed below.
    let at = unsafe { std::alloc::alloc(layout) };
    let Some(at) = NonNull::new(at) else { handle_alloc_error(layout) };
    #[cfg(target_os = "linux")]
    {
        // SAFETY: whole large pages of our own; the advice changes no value. A refusal costs only time.
        let _ = unsafe {
            rustix::mm::madvise(
                at.as_ptr().cast(),
                layout.size() / LARGE_PAGE * LARGE_PAGE,
                rustix::mm::Advice::LinuxHugepage,
            )
        };
    }
    // SAFETY: `size` bytes were allocated.
    unsafe { at.as_ptr().write_bytes(0, layout.size()) };
    at.cast()
}
