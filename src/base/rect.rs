//! A rectangle of terminal cells.

/// `columns x rows` cells, from the top left corner of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rect {
    /// First column.
    pub x: u16,
    /// First row.
    pub y: u16,
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

impl Rect {
    /// A rectangle from its corner and extents.
    pub const fn new(x: u16, y: u16, width: u16, height: u16) -> Self {
        Self { x, y, width, height }
    }

    /// Whether it holds no cell.
    pub const fn is_empty(&self) -> bool {
        self.width == 0 || self.height == 0
    }

    /// Whether the cell lies inside.
    pub const fn contains(&self, x: u16, y: u16) -> bool {
        x >= self.x && y >= self.y && x - self.x < self.width && y - self.y < self.height
    }

    /// Whether both have a cell in common.
    pub const fn overlaps(&self, other: Self) -> bool {
        let columns = self.x < other.x + other.width && other.x < self.x + self.width;
        columns && self.y < other.y + other.height && other.y < self.y + self.height
    }

    /// What lies inside a border of one cell.
    pub const fn inner(&self) -> Self {
        if self.width < 2 || self.height < 2 {
            return Self::new(self.x, self.y, 0, 0);
        }
        Self::new(self.x + 1, self.y + 1, self.width - 2, self.height - 2)
    }

    /// Splits off the first `rows` rows: (those, the rest).
    pub fn split_top(&self, rows: u16) -> (Self, Self) {
        let rows = rows.min(self.height);
        (
            Self::new(self.x, self.y, self.width, rows),
            Self::new(self.x, self.y + rows, self.width, self.height - rows),
        )
    }

    /// Splits off the first `columns` columns: (those, the rest).
    pub fn split_left(&self, columns: u16) -> (Self, Self) {
        let columns = columns.min(self.width);
        (
            Self::new(self.x, self.y, columns, self.height),
            Self::new(self.x + columns, self.y, self.width - columns, self.height),
        )
    }

    /// A rectangle of at most this size in the middle.
    pub fn centered(&self, width: u16, height: u16) -> Self {
        let (width, height) = (width.min(self.width), height.min(self.height));
        Self::new(
            self.x + (self.width - width) / 2,
            self.y + (self.height - height) / 2,
            width,
            height,
        )
    }
}
