//! Tables of classes in columns: CSV, TSV, and lines of a name and an index.

use super::{Label, in_order, is_id, label, rows};
use crate::base::clean;

/// What columns of indices are called in headers; pandas leaves the name of its own out.
const INDEX: [&str; 10] = [
    "",
    "index",
    "idx",
    "id",
    "class_id",
    "class_idx",
    "class_index",
    "label_id",
    "number",
    "unnamed: 0",
];
/// What columns of names are called.
const NAME: [&str; 9] = [
    "name",
    "names",
    "label",
    "labels",
    "class",
    "classes",
    "class_name",
    "label_name",
    "category",
];

/// Labels in columns; `None` when the lines are not such a table.
pub(super) fn read(text: &str) -> Option<Result<Vec<Label>, String>> {
    let lines: Vec<&str> = rows(text).collect();
    ['\t', ',', ';'].into_iter().find_map(|by| separated(&lines, by)).or_else(|| spaced(&lines))
}

/// A table with one character between its columns.
fn separated(lines: &[&str], by: char) -> Option<Result<Vec<Label>, String>> {
    let mut rows: Vec<Vec<String>> = lines.iter().map(|line| fields(line, by)).collect();
    let columns = rows.first()?.len();
    if rows.iter().any(|row| row.len() != columns) {
        return None;
    }
    let lower = |field: &String| field.to_lowercase();
    let header: Vec<String> = rows.first()?.iter().map(lower).collect();
    let of = |known: &[&str]| header.iter().position(|field| known.contains(&field.as_str()));
    let name_column = of(&NAME);
    if name_column.is_some() {
        rows.remove(0);
    }
    let column = |at: usize| rows.iter().filter_map(move |row| row.get(at));
    let numbers = |at: usize| column(at).map(|field| field.parse::<usize>().ok()).collect();
    let is_numbers = |at: &usize| {
        let all: Option<Vec<usize>> = numbers(*at);
        !rows.is_empty() && all.is_some()
    };
    let index_column = match name_column {
        Some(name) => of(&INDEX).filter(|at| *at != name),
        None => (0..columns).find(is_numbers),
    };
    let id_column = (0..columns).find(|at| column(*at).all(|field| is_id(field)));
    let name_column = name_column.or_else(|| {
        let others = (0..columns).filter(|at| Some(*at) != index_column && Some(*at) != id_column);
        let others: Vec<usize> = others.collect();
        // Of several, none is known to be the name; without an index the commas are parts of names.
        (index_column.is_some() && others.len() == 1).then(|| others[0])
    })?;
    let labels = rows.iter().map(|row| {
        let id = id_column.and_then(|at| row.get(at)).cloned();
        match row.get(name_column) {
            Some(name) if id.is_some() => Label { id, name: clean(name) },
            name => label(name.map_or("", String::as_str)),
        }
    });
    let Some(at) = index_column else { return Some(Ok(labels.collect())) };
    Some(match numbers(at) {
        Some(indices) => in_order(indices.into_iter().zip(labels).collect()),
        None => Err(format!("has something else than indices in column {}", at + 1)),
    })
}

/// Lines that all begin, or all end, with the index of the class.
fn spaced(lines: &[&str]) -> Option<Result<Vec<Label>, String>> {
    let first = |line: &&str| pair(line.split_once(char::is_whitespace)?);
    let last = |line: &&str| {
        let (name, index) = line.rsplit_once(char::is_whitespace)?;
        pair((index, name))
    };
    let first: Option<Vec<_>> = lines.iter().map(first).collect();
    let last: Option<Vec<_>> = lines.iter().map(last).collect();
    // Names may hold numbers: only all indices of several classes are a table.
    let tables = [first, last].into_iter().flatten().filter(|pairs| pairs.len() > 1);
    tables.into_iter().find_map(|pairs| in_order(pairs).ok()).map(Ok)
}

fn pair((index, name): (&str, &str)) -> Option<(usize, Label)> {
    Some((index.parse().ok()?, label(name)))
}

/// The fields of a line, quoted as in CSV or not.
fn fields(line: &str, by: char) -> Vec<String> {
    let mut fields = vec![String::new()];
    let (mut quoted, mut chars) = (false, line.chars().peekable());
    while let Some(c) = chars.next() {
        let Some(field) = fields.last_mut() else { break };
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' if quoted || field.trim().is_empty() => quoted = !quoted,
            c if c == by && !quoted => fields.push(String::new()),
            c => field.push(c),
        }
    }
    fields.into_iter().map(|field| field.trim().to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::read;

    fn names(text: &str) -> Result<String, String> {
        read(text).map(|all| all.into_iter().map(|label| label.name).collect::<Vec<_>>().join("|"))
    }

    #[test]
    fn columns_come_with_a_header_and_without() {
        for text in [
            "index,name\n1,dog\n0,cat\n",
            "1,dog\n0,cat",
            "dog,1\ncat,0",
            "name,index\ndog,1\ncat,0",
            "name\ncat\ndog",
            ",name\n0,cat\n1,dog",
            "Index\tLabel\n0\tcat\n1\tdog",
            "0;cat\n1;dog",
            "0 cat\n1 dog",
            "cat 0\ndog 1",
            "class_id,color,class_name\n1,brown,dog\n0,gray,cat",
        ] {
            assert_eq!(names(text).as_deref(), Ok("cat|dog"), "{text}");
        }
        let quoted = names("index,name\n0,\"cat, \"\"wild\"\"\"\n1,dog");
        assert_eq!(quoted.as_deref(), Ok("cat, \"wild\"|dog"));
        let ids = read("0,n01440764,tench\n1,n01443537,goldfish").map(|all| all[1].clone());
        assert_eq!(
            ids.map(|label| (label.id, label.name)),
            Ok((Some("n01443537".into()), "goldfish".into()))
        );
    }

    #[test]
    fn wrong_indices_are_refused_and_names_with_numbers_are_names() {
        assert_eq!(
            names("index,name\n1,cat\n2,dog"),
            Err("has 2 classes, but none with the index 0".into())
        );
        assert_eq!(names("1,cat\n1,dog"), Err("has 2 classes, but none with the index 0".into()));
        assert_eq!(
            names("index,name\n0,cat\nx,dog"),
            Err("has something else than indices in column 1".into())
        );
        assert_eq!(names("boeing 737\nboeing 747").as_deref(), Ok("boeing 737|boeing 747"));
        assert_eq!(names("cat, small\ndog, large").as_deref(), Ok("cat, small|dog, large"));
        assert_eq!(names("7 up").as_deref(), Ok("7 up"));
    }
}
