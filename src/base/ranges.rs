//! Lists of numbers as people write them: `0-3,7`.

/// A bound on numbers, so that a slip of the finger does not fill the memory.
const MOST: usize = 1_000_000;

/// The numbers of a list.
///
/// # Errors
/// What is wrong with the first part that is not a number and no range.
pub fn numbers(text: &str) -> Result<Vec<usize>, String> {
    let mut all = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let number = |text: &str| {
            let number = text.trim().parse::<usize>();
            number.map_err(|_| format!("\"{}\" is not a number", super::clean(text)))
        };
        let (first, last) = (number(first)?, number(last)?);
        if first > last || last > MOST {
            return Err(format!("{first}-{last} is not a range"));
        }
        all.extend(first..=last);
    }
    Ok(all)
}

/// The list of some numbers, neighbors as ranges.
pub fn ranges(numbers: &[usize]) -> String {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for &number in numbers {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => runs.push((number, number)),
        }
    }
    let run = |(first, last): &(usize, usize)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    runs.iter().map(run).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_become_numbers_and_lists_again() {
        assert_eq!(ranges(&[0, 1, 2, 7, 9, 8]), "0-2,7,9,8");
        assert_eq!(ranges(&[]), "");
        assert_eq!(numbers("5,0-2, 5"), Ok(vec![5, 0, 1, 2, 5]));
        for wrong in ["", "3-1", "a", "-1", "0-99999999999", "1,"] {
            assert!(numbers(wrong).is_err(), "{wrong}");
        }
    }
}
