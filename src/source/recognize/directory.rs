//! The first directory of a TIFF: numbered fields with their values, in both byte orders and both sizes (BigTIFF).

/// The first directory, as far as it is in the bytes at hand.
pub struct Directory<'a> {
    bytes: &'a [u8],
    little: bool,
    big: bool,
}

/// Where a field is in the file.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The type of its values.
    kind: u16,
    /// The first byte of the entry: tag, type, count, then the values or their place.
    at: usize,
    /// How many values.
    pub count: usize,
    /// The first byte of the first value.
    values: usize,
}

/// Types of values.
mod kind {
    pub const BYTE: u16 = 1;
    pub const SHORT: u16 = 3;
    pub const LONG: u16 = 4;
    pub const LONG8: u16 = 16;
}

impl<'a> Directory<'a> {
    /// Of a file that begins as a TIFF.
    pub fn of(bytes: &'a [u8]) -> Option<Self> {
        let (little, big) = match bytes.first_chunk::<4>()? {
            b"II*\0" => (true, false),
            b"MM\0*" => (false, false),
            b"II+\0" => (true, true),
            b"MM\0+" => (false, true),
            _ => return None,
        };
        Some(Self { bytes, little, big })
    }

    /// Whether the lowest byte of a number comes first.
    pub fn is_little(&self) -> bool {
        self.little
    }

    /// A whole number of some bytes.
    fn number(&self, at: usize, size: usize) -> Option<u64> {
        let bytes = self.bytes.get(at..at.checked_add(size)?)?;
        let join = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        Some(if self.little {
            bytes.iter().rev().fold(0, join)
        } else {
            bytes.iter().fold(0, join)
        })
    }

    fn place(&self, at: usize) -> Option<usize> {
        usize::try_from(self.number(at, if self.big { 8 } else { 4 })?).ok()
    }

    /// A field by its number.
    pub fn field(&self, tag: u16) -> Option<Field> {
        let start = self.place(if self.big { 8 } else { 4 })?;
        let (head, entry) = if self.big { (8, 20) } else { (2, 12) };
        let entries = self.number(start, head)?.min(u16::MAX.into()) as usize;
        let first = start.checked_add(head)?;
        let at = (0..entries).map_while(|i| first.checked_add(entry * i));
        let at = at.take_while(|at| *at < self.bytes.len());
        let at = at.into_iter().find(|at| self.number(*at, 2) == Some(tag.into()))?;
        let kind = self.number(at + 2, 2)? as u16;
        let count = self.place(at + 4)?;
        let room = if self.big { 8 } else { 4 };
        let inline = at + 4 + room;
        let values =
            if size_of(kind)?.checked_mul(count)? <= room { inline } else { self.place(inline)? };
        Some(Field { kind, at, count, values })
    }

    /// The whole numbers of a field.
    pub fn numbers(&self, tag: u16) -> Option<Vec<u64>> {
        let field = self.field(tag)?;
        let size = size_of(field.kind)?;
        let whole = matches!(field.kind, kind::BYTE | kind::SHORT | kind::LONG | kind::LONG8);
        let end = field.values.checked_add(size.checked_mul(field.count)?)?;
        if !whole || end > self.bytes.len() {
            return None;
        }
        (0..field.count).map(|i| self.number(field.values + i * size, size)).collect()
    }

    /// The first number of a field.
    pub fn value(&self, tag: u16) -> Option<u32> {
        let field = self.field(tag)?;
        u32::try_from(self.number(field.values, size_of(field.kind)?)?).ok()
    }

    /// The letters of a field.
    pub fn text(&self, tag: u16) -> Option<&'a [u8]> {
        let field = self.field(tag)?;
        self.bytes.get(field.values..field.values.checked_add(field.count)?)
    }

    /// Puts one number in place of what a field says; `copy` is a copy of the file.
    pub fn put(&self, copy: &mut [u8], field: Field, value: u32) {
        // Some fields must be SHORT, none must be LONG.
        let (kind, size) = match u16::try_from(value) {
            Ok(_) => (kind::SHORT, 2),
            Err(_) => (kind::LONG, 4),
        };
        self.write(copy, field.at + 2, kind.into(), 2);
        let room = if self.big { 8 } else { 4 };
        self.write(copy, field.at + 4, 1, room);
        self.write(copy, field.at + 4 + room, value.into(), size);
    }

    /// Leaves of a field only `count` of its values, from `first` on; `copy` is a copy of the file.
    pub fn keep(&self, copy: &mut [u8], field: Field, first: usize, count: usize) {
        let Some(size) = size_of(field.kind) else { return };
        let room = if self.big { 8 } else { 4 };
        let inline = field.at + 4 + room;
        let from = field.values + first * size;
        self.write(copy, field.at + 4, count as u64, room);
        if size * count <= room {
            let end = from + size * count;
            if let Some(values) = self.bytes.get(from..end) {
                copy[inline..inline + values.len()].copy_from_slice(values);
            }
        } else {
            self.write(copy, inline, from as u64, room);
        }
    }

    /// Writes a number into the bytes at a place, where the file has them.
    fn write(&self, copy: &mut [u8], at: usize, number: u64, size: usize) {
        let Some(place) = copy.get_mut(at..at + size) else { return };
        let bytes = number.to_le_bytes();
        place.copy_from_slice(&bytes[..size]);
        if !self.little {
            place.reverse();
        }
    }
}

/// Bytes of one value.
fn size_of(kind: u16) -> Option<usize> {
    Some(match kind {
        1 | 2 | 6 | 7 => 1,
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16..=18 => 8,
        _ => return None,
    })
}
