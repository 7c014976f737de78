//! Finding a class by what a person calls it.

use super::SessionError;
use super::ask::known::{ClassLabel, LayerInfo};
use crate::base::{LayerId, clean, nearest};

/// How many of several fitting labels are listed.
const LISTED: usize = 8;

/// The class of that index, WordNet id or name; a part of a name will do when one label alone has it. A name that another
/// one begins with, as `crane` and `crane bird`, fits both.
///
/// # Errors
/// When there is none, with similar names; when several fit, with all of them.
pub fn find_class(classes: &[ClassLabel], wanted: &str) -> Result<usize, SessionError> {
    let wanted = wanted.trim();
    if classes.is_empty() {
        return Err(SessionError::Unknown("this network has no classes".into()));
    }
    if let Ok(index) = wanted.parse::<usize>() {
        return if index < classes.len() {
            Ok(index)
        } else {
            let last = classes.len().saturating_sub(1);
            Err(SessionError::Unknown(format!(
                "there is no class {index}: this network has classes 0 to {last}"
            )))
        };
    }
    let low = wanted.to_lowercase();
    let all = |fits: &dyn Fn(&ClassLabel) -> bool| -> Vec<usize> {
        (0..classes.len()).filter(|i| fits(&classes[*i])).collect()
    };
    let longer = format!("{low} ");
    let exact = all(&|label| {
        let name = label.name.to_lowercase();
        let is_name = !low.is_empty() && (name == low || name.starts_with(&longer));
        is_name || label.wordnet.as_deref() == Some(wanted)
    });
    let found = if exact.is_empty() && !low.is_empty() {
        all(&|label| label.name.to_lowercase().contains(&low))
    } else {
        exact
    };
    match found.as_slice() {
        [one] => Ok(*one),
        [] => {
            let near = nearest(wanted, classes.iter().map(|label| label.name.as_str()));
            let nameless = |(i, label): (usize, &ClassLabel)| label.name == format!("class {i}");
            let hint = match near.as_slice() {
                _ if classes.iter().enumerate().all(nameless) => {
                    "; the classes have no names: give them with --labels FILE, or use a number"
                        .to_string()
                }
                [] => "; `convscope predict PHOTO --top 1000` names all".to_string(),
                near => format!("; did you mean {}?", near.join(" or ")),
            };
            Err(SessionError::Unknown(format!("there is no class \"{}\"{hint}", clean(wanted))))
        }
        several => {
            let listed = several.iter().take(LISTED);
            let listed: Vec<String> =
                listed.map(|i| format!("{i} {}", clean(&classes[*i].name))).collect();
            let more = several.len().saturating_sub(LISTED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            Err(SessionError::Unknown(format!(
                "\"{}\" fits several classes: {}{more}",
                clean(wanted),
                listed.join(", ")
            )))
        }
    }
}

/// The last layer with rows and columns: where class activation maps are taken by default.
pub fn last_map(layers: &[LayerInfo]) -> Option<LayerId> {
    crate::model::last_map(layers.iter().map(|layer| &layer.shape))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::imagenet;

    fn imagenets() -> Vec<ClassLabel> {
        let label =
            |l: &crate::config::Label| ClassLabel { wordnet: l.id.clone(), name: l.name.clone() };
        imagenet().iter().map(label).collect()
    }

    #[test]
    fn classes_are_found_by_index_name_or_part() {
        let classes = imagenets();
        assert_eq!(find_class(&classes, "0"), Ok(0));
        assert_eq!(find_class(&classes, "n01440764"), Ok(0));
        assert_eq!(find_class(&classes, "Tench"), Ok(0));
        assert_eq!(find_class(&classes, "hammerhead"), Ok(4));
    }

    #[test]
    fn a_name_that_fits_several_lists_them() {
        let classes = imagenets();
        let error = |text: &str| match find_class(&classes, text) {
            Err(SessionError::Unknown(text)) => text,
            other => format!("{other:?}"),
        };
        assert!(error("crane").contains("134 crane") && error("crane").contains("517 crane"));
        assert!(error("terrier").contains("more"), "{}", error("terrier"));
        assert!(error("1000").contains("0 to 999"));
        assert!(error("tenhc").contains("did you mean tench"));
        assert!(error("").starts_with("there is no class"));
    }
}
