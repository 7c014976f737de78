//! Arrays as NumPy files.

/// The bytes of an `.npy` file, format 1.0: little-endian float32 in C order. The caller sees to it
/// that the extents multiply to the number of values.
pub fn npy(shape: &[usize], values: &[f32]) -> Vec<u8> {
    let extents: Vec<String> = shape.iter().map(usize::to_string).collect();
    // Python writes a tuple of one with a comma.
    let comma = if shape.len() == 1 { "," } else { "" };
    let extents = format!("({}{comma})", extents.join(", "));
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {extents}, }}");
    // Magic, version, length and header together fill whole lines of 64 bytes, the last a newline.
    const BEFORE: usize = 10;
    let total = (BEFORE + header.len() + 1).next_multiple_of(64);
    header.extend(std::iter::repeat_n(' ', total - BEFORE - header.len() - 1));
    header.push('\n');

    let mut bytes = Vec::with_capacity(total + 4 * values.len());
    bytes.extend(b"\x93NUMPY\x01\x00");
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes of `numpy.save` of `numpy.float32([[1, -2]])`.
    #[test]
    fn bytes_are_numpys() {
        let mut expected = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }";
        expected.extend(format!("{header:<117}\n").as_bytes());
        expected.extend([0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]);
        assert_eq!(npy(&[1, 2], &[1.0, -2.0]), expected);
    }

    #[test]
    fn headers_end_at_a_multiple_of_64() {
        for (shape, tuple) in
            [(&[][..], "()"), (&[3], "(3,)"), (&[1, 64, 112, 112], "(1, 64, 112, 112)")]
        {
            let bytes = npy(shape, &[]);
            assert_eq!((bytes.len() % 64, bytes.last()), (0, Some(&b'\n')));
            let text = String::from_utf8_lossy(&bytes).into_owned();
            assert!(text.contains(&format!("'shape': {tuple}, }}")), "{text}");
        }
    }
}
