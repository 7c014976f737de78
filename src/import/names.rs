//! Names of layers: those that a user knows from the source of the network.

use std::collections::HashMap;

/// Gives every layer a unique name.
#[derive(Clone, Default)]
pub struct Names {
    used: HashMap<String, usize>,
}

impl Names {
    /// The name, with a number after it from its second use on: `relu`, `relu_1`, as torchvision counts.
    pub fn unique(&mut self, wanted: &str) -> String {
        let wanted = if wanted.is_empty() { "layer" } else { wanted };
        let mut uses = self.used.get(wanted).copied().unwrap_or(0);
        let mut name = wanted.to_string();
        if uses > 0 {
            name = format!("{wanted}_{uses}");
            // Another module may have that name.
            while self.used.contains_key(&name) {
                uses += 1;
                name = format!("{wanted}_{uses}");
            }
            self.used.insert(name.clone(), 1);
        }
        self.used.insert(wanted.to_string(), uses + 1);
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_counted_and_never_given_twice() {
        let mut names = Names::default();
        let given = ["relu", "add", "relu", "relu_1", "relu", ""].map(|name| names.unique(name));
        assert_eq!(given, ["relu", "add", "relu_1", "relu_1_1", "relu_2", "layer"]);
        let unique: std::collections::HashSet<_> = given.iter().collect();
        assert_eq!(unique.len(), given.len());
    }
}
