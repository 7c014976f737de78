//! Finds every path that a source file writes down, and says what each of them means.
//!
//! [`Paths::of`] walks the syntax tree: `use` trees, paths in expressions, types, patterns and
//! attributes, and the tokens handed to macros. [`Paths::resolve`] turns a written path into one
//! below the crate root or into an external one, through `self`, `super`, `crate`, `convscope`,
//! declared modules and `use ... as` names. Items under `#[cfg(test)]` are skipped.
//!
//! Limits: a name that comes in through a glob is taken as external, macros are not expanded, and
//! paths inside string literals (`#[serde(with = "...")]`) are not read.

use std::collections::{HashMap, HashSet};

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Attribute, Item, Meta, Token, UseTree};

/// A module path below the crate root, or any other path, by its segments.
pub type Segments = Vec<String>;

/// A path as it stands in the file.
pub struct Written {
    /// The module it stands in.
    pub module: Segments,
    /// Its segments, without a leading `::`.
    pub path: Segments,
    /// Whether it began with `::` and so names an external crate.
    pub absolute: bool,
    /// Whether a `use` item wrote it.
    pub is_use: bool,
    /// Whether the name is for others: `pub use`, `pub(super) use`.
    pub is_reexport: bool,
    /// Whether it means everything below it: `use a::*`.
    pub is_glob: bool,
    /// Line in the file, from 1.
    pub line: usize,
}

/// How a path is written, as [`Written`] has it.
#[derive(Clone, Copy, Default)]
struct How {
    is_use: bool,
    is_reexport: bool,
    is_glob: bool,
}

impl How {
    const USE: Self = Self { is_use: true, is_reexport: false, is_glob: false };
}

/// What a path means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// Segments below the crate root. Empty for the root itself.
    Internal(Segments),
    /// A crate (or a name of the file itself) and the segments below it.
    External(Segments),
}

/// Names declared in one module.
#[derive(Default)]
struct Scope {
    modules: HashSet<String>,
    /// Name given by a `use` item -> path it stands for, and whether that path was absolute.
    aliases: HashMap<String, (Segments, bool)>,
}

/// All paths of one file.
#[derive(Default)]
pub struct Paths {
    /// In the order of the file.
    pub written: Vec<Written>,
    /// Modules declared with `#[cfg(test)] mod x;`, whose files are exempt.
    pub test_modules: Vec<Segments>,
    /// Names that stand alone in the code, outside `use`.
    pub names: HashSet<String>,
    /// Lines with `#[path = "..."]`, which would hide where a module lives.
    pub path_attributes: Vec<usize>,
    scopes: HashMap<Segments, Scope>,
    module: Segments,
}

impl Paths {
    /// Collects the paths of a parsed file that is the module `module`.
    pub fn of(module: Segments, file: &syn::File) -> Self {
        let mut paths = Self { module, ..Self::default() };
        if !is_test(&file.attrs) {
            paths.visit_file(file);
        }
        paths
    }

    /// What `written` means, and what the alias at its front means, if it goes through one.
    pub fn resolve(&self, written: &Written) -> (Meaning, Option<Meaning>) {
        let whole = self.meaning(&written.module, &written.path, written.absolute, 0);
        let alias = self.alias(&written.module, &written.path, written.absolute);
        let through =
            alias.map(|(path, absolute)| self.meaning(&written.module, path, *absolute, 1));
        (whole, through)
    }

    fn alias(
        &self,
        module: &[String],
        path: &[String],
        absolute: bool,
    ) -> Option<&(Segments, bool)> {
        let first = path.first().filter(|_| !absolute)?;
        let scope = self.scopes.get(module)?;
        if scope.modules.contains(first) {
            return None;
        }
        // `use image;` names a crate by its own name: nothing to follow.
        scope.aliases.get(first).filter(|(target, _)| target.first() != Some(first))
    }

    fn meaning(&self, module: &[String], path: &[String], absolute: bool, depth: u8) -> Meaning {
        let Some(first) = path.first().filter(|_| !absolute) else {
            return Meaning::External(path.to_vec());
        };
        let below = |parent: &[String], rest: &[String]| {
            let mut parent = parent.to_vec();
            for segment in rest {
                match segment.as_str() {
                    "super" => drop(parent.pop()),
                    "self" => {}
                    name => parent.push(name.to_owned()),
                }
            }
            Meaning::Internal(parent)
        };
        match first.as_str() {
            "crate" | "convscope" => below(&[], &path[1..]),
            "self" | "super" => below(module, path),
            name if self.scopes.get(module).is_some_and(|s| s.modules.contains(name)) => {
                below(module, path)
            }
            _ => match self.alias(module, path, absolute) {
                Some((target, absolute)) if depth < 8 => {
                    let target: Segments = target.iter().chain(&path[1..]).cloned().collect();
                    self.meaning(module, &target, *absolute, depth + 1)
                }
                _ => Meaning::External(path.to_vec()),
            },
        }
    }

    fn scope(&mut self) -> &mut Scope {
        self.scopes.entry(self.module.clone()).or_default()
    }

    fn write(&mut self, path: Segments, absolute: bool, how: How, span: Span) {
        // A single name outside `use` is a local of some kind: `image`, `self`, `Vec`.
        if path.len() < 2 && !how.is_use {
            self.names.extend(path);
            return;
        }
        let How { is_use, is_reexport, is_glob } = how;
        let (module, line) = (self.module.clone(), span.start().line);
        self.written.push(Written { module, path, absolute, is_use, is_reexport, is_glob, line });
    }

    /// What the name at the front of `path`, a path below the crate root, stands for in its module: `None` where no
    /// `use` item of this file gives that name to something.
    pub fn through(&self, path: &[String]) -> Option<Segments> {
        let (name, module) = path.split_last()?;
        let (target, absolute) = self.alias(module, std::slice::from_ref(name), false)?;
        match self.meaning(module, target, *absolute, 1) {
            Meaning::Internal(path) => Some(path),
            Meaning::External(_) => None,
        }
    }

    /// Writes down each leaf of a `use` tree. Leaves become names of the module if `declare` says how it is declared.
    fn use_tree(
        &mut self,
        prefix: &[String],
        absolute: bool,
        tree: &UseTree,
        declare: Option<How>,
    ) {
        let join = |name: &Ident| {
            let mut path = prefix.to_vec();
            // `use a::{self}` means `a`.
            if prefix.is_empty() || name != "self" {
                path.push(name.unraw().to_string());
            }
            path
        };
        let (path, name, span) = match tree {
            UseTree::Path(next) => {
                let prefix = join(&next.ident);
                return self.use_tree(&prefix, absolute, &next.tree, declare);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.use_tree(prefix, absolute, tree, declare);
                }
                return;
            }
            UseTree::Glob(glob) => (prefix.to_vec(), None, glob.star_token.spans[0]),
            UseTree::Name(leaf) => {
                let path = join(&leaf.ident);
                let name = path.last().cloned();
                (path, name, leaf.ident.span())
            }
            UseTree::Rename(leaf) => {
                (join(&leaf.ident), Some(leaf.rename.unraw().to_string()), leaf.ident.span())
            }
        };
        let is_glob = name.is_none();
        if let Some(name) = name.filter(|_| declare.is_some()) {
            self.scope().aliases.insert(name, (path.clone(), absolute));
        }
        self.write(path, absolute, How { is_glob, ..declare.unwrap_or(How::USE) }, span);
    }

    /// Finds the paths in tokens that have not been parsed: the arguments of macros.
    fn tokens(&mut self, stream: TokenStream) {
        let trees: Vec<TokenTree> = stream.into_iter().collect();
        let punct = |at: usize, wanted: char| match trees.get(at) {
            Some(TokenTree::Punct(punct)) => punct.as_char() == wanted,
            _ => false,
        };
        let colons = |at: usize| punct(at, ':') && punct(at + 1, ':');
        let mut at = 0;
        while at < trees.len() {
            let start = at;
            at += 1;
            let first = match &trees[start] {
                TokenTree::Group(group) => {
                    self.tokens(group.stream());
                    continue;
                }
                TokenTree::Ident(first) => first,
                _ => continue,
            };
            // `$name` is a metavariable, `$crate` is the crate.
            if start > 0 && punct(start - 1, '$') && first != "crate" {
                continue;
            }
            let absolute = start > 1
                && colons(start - 2)
                && (start == 2 || !matches!(trees[start - 3], TokenTree::Ident(_)))
                && !(start > 2 && punct(start - 3, '>'));
            let mut path = vec![first.unraw().to_string()];
            while colons(at) {
                match trees.get(at + 2) {
                    Some(TokenTree::Ident(next)) => {
                        path.push(next.unraw().to_string());
                        at += 3;
                    }
                    Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                        let list = Punctuated::<UseTree, Token![,]>::parse_terminated;
                        for tree in list.parse2(group.stream()).iter().flatten() {
                            self.use_tree(&path, absolute, tree, None);
                        }
                        path.clear();
                        at += 3;
                    }
                    Some(TokenTree::Punct(star)) if star.as_char() == '*' => {
                        let how = How { is_glob: true, ..How::USE };
                        self.write(std::mem::take(&mut path), absolute, how, first.span());
                        at += 3;
                    }
                    _ => break,
                }
            }
            self.write(path, absolute, How::default(), first.span());
        }
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = attributes(item);
        if is_test(attributes) {
            if let Item::Mod(module) = item {
                let mut path = self.module.clone();
                path.push(module.ident.unraw().to_string());
                self.test_modules.push(path);
            }
            return;
        }
        visit::visit_item(self, item);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let name = item.ident.unraw().to_string();
        self.scope().modules.insert(name.clone());
        for attribute in item.attrs.iter().filter(|a| a.path().is_ident("path")) {
            self.path_attributes.push(attribute.pound_token.spans[0].start().line);
        }
        self.module.push(name);
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let is_reexport = !matches!(item.vis, syn::Visibility::Inherited);
        let how = How { is_reexport, ..How::USE };
        self.use_tree(&[], item.leading_colon.is_some(), &item.tree, Some(how));
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        let name = item.ident.unraw().to_string();
        let given = item.rename.as_ref().map_or_else(|| name.clone(), |r| r.1.unraw().to_string());
        self.scope().aliases.insert(given, (vec![name.clone()], true));
        self.write(vec![name], true, How::USE, item.ident.span());
    }

    fn visit_impl_item(&mut self, item: &'ast syn::ImplItem) {
        if !matches!(item, syn::ImplItem::Fn(function) if is_test(&function.attrs)) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if let Some(first) = path.segments.first() {
            let segments = path.segments.iter().map(|s| s.ident.unraw().to_string()).collect();
            let absolute = path.leading_colon.is_some();
            self.write(segments, absolute, How::default(), first.ident.span());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        visit::visit_macro(self, call);
        self.tokens(call.tokens.clone());
    }

    fn visit_meta_list(&mut self, list: &'ast syn::MetaList) {
        visit::visit_meta_list(self, list);
        self.tokens(list.tokens.clone());
    }
}

/// Whether `#[cfg(test)]` (or `all(test, ...)`) stands among the attributes.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => {
            let condition = list.tokens.to_string().replace(' ', "");
            condition == "test" || condition.starts_with("all(test,")
        }
        _ => false,
    })
}

/// The attributes of any item.
fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(i) => &i.attrs,
        Item::Enum(i) => &i.attrs,
        Item::ExternCrate(i) => &i.attrs,
        Item::Fn(i) => &i.attrs,
        Item::ForeignMod(i) => &i.attrs,
        Item::Impl(i) => &i.attrs,
        Item::Macro(i) => &i.attrs,
        Item::Mod(i) => &i.attrs,
        Item::Static(i) => &i.attrs,
        Item::Struct(i) => &i.attrs,
        Item::Trait(i) => &i.attrs,
        Item::TraitAlias(i) => &i.attrs,
        Item::Type(i) => &i.attrs,
        Item::Union(i) => &i.attrs,
        Item::Use(i) => &i.attrs,
        _ => &[],
    }
}
