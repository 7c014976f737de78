//! What a photo shows, by the class folder that it lies in.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use crate::base::clean;
use crate::session::ask::ClassLabel;

/// The names of classes as folders may spell them.
pub(super) struct Truth {
    /// Some labels name several classes (ImageNet has two cranes).
    classes: HashMap<String, Vec<usize>>,
    /// The folders of the command line.
    roots: Vec<PathBuf>,
}

impl Truth {
    /// For these classes, and photos below the folders among `paths`.
    pub fn new(labels: &[ClassLabel], paths: &[PathBuf]) -> Self {
        let mut classes: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, label) in labels.iter().enumerate() {
            classes.entry(spelled(&label.name)).or_default().push(index);
            if let Some(id) = &label.wordnet {
                classes.entry(spelled(id)).or_default().push(index);
            }
        }
        // A number is a class's index unless a class is called so.
        for index in 0..labels.len() {
            classes.entry(index.to_string()).or_insert_with(|| vec![index]);
        }
        let roots = paths.iter().filter(|path| path.is_dir()).cloned().collect();
        Self { classes, roots }
    }

    /// The classes that the photo's folder stands for: the innermost folder below one that was named
    /// on the command line whose name is a label, an index or a WordNet id.
    pub fn of(&self, photo: &Path) -> Option<&[usize]> {
        let below = self.roots.iter().find_map(|root| photo.strip_prefix(root).ok())?;
        let folders = below.parent()?.components().rev();
        folders
            .map(|folder| spelled(&folder.as_os_str().to_string_lossy()))
            .find_map(|name| self.classes.get(&name).map(Vec::as_slice))
    }
}

/// Class folders as the names of classes that have none, and the folder that holds them. torchvision's `ImageFolder`
/// numbers classes by the folders' names in alphabetical order; that is taken where one folder was named on the command
/// line and has as many folders as the network has classes. `None` where it does not fit, or the classes have names.
pub(super) fn folder_classes<'a>(
    labels: &[ClassLabel],
    paths: &'a [PathBuf],
) -> Option<(Vec<ClassLabel>, &'a Path)> {
    // The second is how transformers numbers classes.
    let is_number = |(at, label): (usize, &ClassLabel)| {
        label.name == format!("class {at}") || label.name == format!("LABEL_{at}")
    };
    if labels.is_empty() || !labels.iter().enumerate().all(is_number) {
        return None;
    }
    let [root] = paths else { return None };
    let entries = std::fs::read_dir(root).ok()?.flatten();
    let folders = entries.filter(|entry| entry.path().is_dir());
    let names = folders.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
    names.sort();
    // Folders that are called like indices say which class they are.
    let say_indices = names.iter().all(|name| name.parse::<usize>().is_ok());
    if names.len() != labels.len() || say_indices {
        return None;
    }
    let label = |name: &String| ClassLabel { wordnet: None, name: clean(name) };
    Some((names.iter().map(label).collect(), root))
}

/// Case, hyphens and underscores do not tell classes apart.
fn spelled(name: &str) -> String {
    name.to_lowercase().replace(['_', '-'], " ").trim().to_string()
}

/// How many photos were judged, and how many rightly: all, and by class.
#[derive(Debug, Default)]
pub(super) struct Scores {
    /// All photos in class folders.
    pub all: Score,
    /// Those of each class that has some. Where several classes have the name of a folder, they count for the first.
    pub classes: BTreeMap<usize, Score>,
}

impl Scores {
    /// Counts a photo: its true classes and all classes, the likeliest first.
    pub fn count(&mut self, truth: &[usize], ranked: &[(usize, f32)]) {
        self.all.count(truth, ranked);
        if let Some(class) = truth.first() {
            self.classes.entry(*class).or_default().count(truth, ranked);
        }
    }
}

/// How many photos were judged, and how many rightly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Score {
    /// Photos in class folders.
    pub judged: usize,
    /// With the likeliest class right.
    pub top1: usize,
    /// With the right class among the five likeliest.
    pub top5: usize,
}

impl Score {
    fn count(&mut self, truth: &[usize], ranked: &[(usize, f32)]) {
        let within = |k: usize| ranked.iter().take(k).any(|(class, _)| truth.contains(class));
        self.judged += 1;
        self.top1 += usize::from(within(1));
        self.top5 += usize::from(within(5));
    }

    /// The fraction that was right; `None` when nothing was judged.
    pub fn accuracy(&self, right: usize) -> Option<f64> {
        (self.judged > 0).then(|| right as f64 / self.judged as f64)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn folders_name_classes_in_three_ways() {
        let root = tempfile::tempdir().unwrap();
        let label =
            |id: &str, name: &str| ClassLabel { wordnet: Some(id.into()), name: name.into() };
        let labels = [label("n01", "garbage truck"), label("n02", "crane"), label("n03", "crane")];
        let truth = Truth::new(&labels, &[root.path().to_path_buf()]);
        let of = |path: &str| truth.of(&root.path().join(path)).map(<[usize]>::to_vec);
        assert_eq!(of("Garbage_Truck/a.png"), Some(vec![0]));
        assert_eq!(of("n03/deep/a.png"), Some(vec![2]));
        assert_eq!(of("1/a.png"), Some(vec![1]));
        assert_eq!(of("crane/a.png"), Some(vec![1, 2]));
        assert_eq!((of("a.png"), of("other/a.png"), of("3/a.png")), (None, None, None));
        assert_eq!(truth.of(Path::new("/elsewhere/1/a.png")), None);
    }

    #[test]
    fn folders_name_classes_that_have_no_names() {
        let root = tempfile::tempdir().unwrap();
        let named = |names: &[&str]| -> Vec<ClassLabel> {
            names.iter().map(|name| ClassLabel { wordnet: None, name: (*name).into() }).collect()
        };
        for folder in ["dog", "Zebra", "cat", ".cache"] {
            std::fs::create_dir(root.path().join(folder)).unwrap();
        }
        let paths = [root.path().to_path_buf()];
        let numbers = named(&["class 0", "class 1", "class 2"]);
        let names = |labels: &[ClassLabel]| {
            let (found, _) = folder_classes(labels, &paths)?;
            Some(found.into_iter().map(|label| label.name).collect::<Vec<_>>())
        };
        // As Python sorts: capitals first.
        assert_eq!(names(&numbers), Some(vec!["Zebra".into(), "cat".into(), "dog".into()]));
        assert_eq!(names(&numbers[..2]), None);
        assert_eq!(names(&named(&["a", "b", "c"])), None);
        assert!(folder_classes(&numbers, &[paths[0].clone(), paths[0].clone()]).is_none());
    }

    #[test]
    fn scores_count_the_first_and_the_first_five() {
        let mut score = Score::default();
        assert_eq!(score.accuracy(score.top1), None);
        let ranked: Vec<(usize, f32)> = (0..7).map(|i| (i, 0.1)).collect();
        for truth in [0, 4, 5, 0] {
            score.count(&[truth], &ranked);
        }
        assert_eq!(score, Score { judged: 4, top1: 2, top5: 3 });
        assert_eq!(score.accuracy(score.top1), Some(0.5));
    }
}
