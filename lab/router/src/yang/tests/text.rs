//! YANG as text, as far as types need it: statements, and the leaves that groupings, augments and typedefs come to. The binding
//! to libyang tells of a type no more than its base, so what a type restricts is read from the modules themselves.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// A statement (RFC 7950 section 6.3).
#[derive(Clone, Debug, Default)]
pub struct Stmt {
    pub keyword: String,
    pub argument: String,
    pub inside: Vec<Stmt>,
}

impl Stmt {
    fn all<'a>(&'a self, keyword: &'a str) -> impl Iterator<Item = &'a Stmt> {
        self.inside.iter().filter(move |stmt| stmt.keyword == keyword)
    }

    fn one(&self, keyword: &str) -> Option<&str> {
        self.inside.iter().find(|stmt| stmt.keyword == keyword).map(|stmt| stmt.argument.as_str())
    }
}

enum Token {
    Word(String),
    Quoted(String),
    Mark(char),
}

fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        rest = match first {
            _ if first.is_whitespace() => rest.trim_start(),
            _ if rest.starts_with("//") => rest.split_once('\n').map_or("", |(_, after)| after),
            _ if rest.starts_with("/*") => rest.split_once("*/").map_or("", |(_, after)| after),
            '{' | '}' | ';' => {
                found.push(Token::Mark(first));
                &rest[1..]
            }
            '\'' => {
                let (inside, after) = rest[1..].split_once('\'').expect("a quote ends");
                found.push(Token::Quoted(inside.to_owned()));
                after
            }
            '"' => {
                let mut inside = String::new();
                let mut chars = rest[1..].char_indices();
                let end = loop {
                    match chars.next().expect("a quote ends") {
                        (at, '"') => break at,
                        (_, '\\') => match chars.next().expect("a quote ends").1 {
                            'n' => inside.push('\n'),
                            't' => inside.push('\t'),
                            other @ ('"' | '\\') => inside.push(other),
                            other => inside.extend(['\\', other]),
                        },
                        (_, other) => inside.push(other),
                    }
                };
                found.push(Token::Quoted(inside));
                &rest[end + 2..]
            }
            _ => {
                let end =
                    rest.find(|c: char| c.is_whitespace() || ";{}\"'".contains(c)).unwrap_or(rest.len());
                found.push(Token::Word(rest[..end].to_owned()));
                &rest[end..]
            }
        };
    }
    found
}

/// The first statement of a text.
pub fn parse(text: &str) -> Stmt {
    let mut open = vec![Stmt::default()];
    let mut now = Stmt::default();
    for token in tokens(text) {
        match token {
            Token::Word(word) if now.keyword.is_empty() => now.keyword = word,
            Token::Word(plus) if plus == "+" => {}
            Token::Word(word) => now.argument.push_str(&word),
            Token::Quoted(text) => now.argument.push_str(&text),
            Token::Mark('{') => open.push(std::mem::take(&mut now)),
            Token::Mark(mark) => {
                let done =
                    if mark == ';' { std::mem::take(&mut now) } else { open.pop().expect("braces pair") };
                open.last_mut().expect("braces pair").inside.push(done);
            }
        }
    }
    open.swap_remove(0).inside.swap_remove(0)
}

/// A path without prefixes.
pub fn plain(path: &str) -> String {
    path.split('/')
        .map(|step| step.rsplit_once(':').map_or(step, |(_, name)| name))
        .collect::<Vec<_>>()
        .join("/")
}

/// What a type allows. Names of typedefs are not part of it: only what they come to.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Type {
    pub base: String,
    pub enums: BTreeSet<String>,
    pub identities: BTreeSet<String>,
    pub leafref: Option<String>,
    pub range: Option<String>,
    pub length: Option<String>,
    pub patterns: BTreeSet<String>,
    pub members: Vec<Type>,
    pub units: Option<String>,
}

impl Type {
    /// In what a subset differs from the whole; what it leaves open is no difference.
    pub fn difference(&self, whole: &Type) -> Option<String> {
        let stated = |ours: &Option<String>, theirs: &Option<String>| ours.is_none() || ours == theirs;
        let same = self.base == whole.base
            && self.enums == whole.enums
            && self.identities == whole.identities
            && self.leafref == whole.leafref
            && stated(&self.range, &whole.range)
            && stated(&self.length, &whole.length)
            && self.patterns.is_subset(&whole.patterns)
            && self.units == whole.units
            && self.members.len() == whole.members.len()
            && self.members.iter().zip(&whole.members).all(|(a, b)| a.difference(b).is_none());
        (!same).then(|| format!("ours {self:?}\nis not {whole:?}"))
    }
}

/// A file's statement with the prefixes that it uses.
struct File {
    body: Stmt,
    prefixes: BTreeMap<String, String>,
}

/// Modules by name, each with its submodules.
#[derive(Default)]
pub struct Library {
    modules: BTreeMap<String, Vec<File>>,
}

impl Library {
    /// Takes a module and all that it needs. `text` gives a module's or submodule's source.
    pub fn take(&mut self, name: &str, text: &dyn Fn(&str) -> Option<String>) {
        if self.modules.contains_key(name) {
            return;
        }
        let mut files: Vec<File> = Vec::new();
        let mut wanted = vec![name.to_owned()];
        let mut imports = BTreeSet::new();
        let mut seen = BTreeSet::new();
        while let Some(file) = wanted.pop() {
            if !seen.insert(file.clone()) {
                continue;
            }
            let body = parse(&text(&file).unwrap_or_else(|| panic!("{file} is not there")));
            let mut prefixes: BTreeMap<String, String> = BTreeMap::new();
            let belongs = body.all("belongs-to").next().and_then(|stmt| stmt.one("prefix"));
            prefixes
                .extend(belongs.or(body.one("prefix")).map(|prefix| (prefix.to_owned(), name.to_owned())));
            for import in body.all("import") {
                let prefix = import.one("prefix").expect("an import has a prefix");
                prefixes.insert(prefix.to_owned(), import.argument.clone());
                imports.insert(import.argument.clone());
            }
            wanted.extend(body.all("include").map(|stmt| stmt.argument.clone()));
            files.push(File { body, prefixes });
        }
        self.modules.insert(name.to_owned(), files);
        imports.iter().for_each(|import| self.take(import, text));
    }

    /// The modules that a folder has.
    pub fn of_folder(folder: &Path, names: &[&str]) -> Self {
        let text = |name: &str| std::fs::read_to_string(folder.join(format!("{name}.yang"))).ok();
        let mut library = Self::default();
        names.iter().for_each(|name| library.take(name, &text));
        library
    }

    /// The types of all leaves, by plain path of the data tree.
    pub fn leaves(&self) -> BTreeMap<String, Type> {
        let mut found = BTreeMap::new();
        for (module, files) in &self.modules {
            for file in files {
                self.below(module, file, &file.body, "", &mut found);
                for augment in file.body.all("augment") {
                    self.below(module, file, augment, &plain(&augment.argument), &mut found);
                }
            }
        }
        found
    }

    fn below(
        &self,
        module: &str,
        file: &File,
        parent: &Stmt,
        path: &str,
        found: &mut BTreeMap<String, Type>,
    ) {
        for stmt in &parent.inside {
            let here = || format!("{path}/{}", stmt.argument);
            match stmt.keyword.as_str() {
                "container" | "list" => self.below(module, file, stmt, &here(), found),
                "choice" | "case" => self.below(module, file, stmt, path, found),
                "leaf" | "leaf-list" => {
                    let mut leaf = self.resolve(module, file, stmt);
                    leaf.units = stmt.one("units").map(str::to_owned).or(leaf.units);
                    found.insert(here(), leaf);
                }
                "uses" => {
                    let (owner, file, grouping) = self.find("grouping", module, file, &stmt.argument);
                    self.below(owner, file, grouping, path, found);
                    for augment in stmt.all("augment") {
                        self.below(
                            module,
                            file,
                            augment,
                            &format!("{path}/{}", plain(&augment.argument)),
                            found,
                        );
                    }
                }
                _ => {}
            }
        }
    }

    /// The definition that a name with or without a prefix means.
    fn find<'a>(
        &'a self,
        keyword: &str,
        module: &'a str,
        file: &'a File,
        name: &str,
    ) -> (&'a str, &'a File, &'a Stmt) {
        fn within<'a>(stmt: &'a Stmt, keyword: &str, name: &str) -> Option<&'a Stmt> {
            let here = stmt.inside.iter().find(|stmt| stmt.keyword == keyword && stmt.argument == name);
            here.or_else(|| stmt.inside.iter().find_map(|stmt| within(stmt, keyword, name)))
        }
        let (owner, name) = match name.split_once(':') {
            Some((prefix, name)) => (file.prefixes[prefix].as_str(), name),
            None => (module, name),
        };
        let mut files = self.modules[owner].iter();
        let hit = files.find_map(|file| within(&file.body, keyword, name).map(|stmt| (owner, file, stmt)));
        hit.unwrap_or_else(|| panic!("{keyword} {name} of {owner} is not there"))
    }

    fn resolve(&self, module: &str, file: &File, holder: &Stmt) -> Type {
        let stmt = holder.all("type").next().expect("a leaf has a type");
        self.of_type(module, file, stmt)
    }

    fn of_type(&self, module: &str, file: &File, stmt: &Stmt) -> Type {
        let mut own = if BUILTIN.contains(&stmt.argument.as_str()) {
            Type { base: stmt.argument.clone(), ..Type::default() }
        } else {
            let (owner, file, typedef) = self.find("typedef", module, file, &stmt.argument);
            let mut of = self.resolve(owner, file, typedef);
            of.units = typedef.one("units").map(str::to_owned).or(of.units);
            of
        };
        let name = |text: &str| plain(text.trim());
        own.enums.extend(stmt.all("enum").map(|stmt| stmt.argument.clone()));
        own.identities.extend(stmt.all("base").map(|stmt| name(&stmt.argument)));
        own.leafref = stmt.one("path").map(name).or(own.leafref);
        let spaceless = |text: &str| text.split_whitespace().collect::<String>();
        own.range = stmt.one("range").map(spaceless).or(own.range);
        own.length = stmt.one("length").map(spaceless).or(own.length);
        own.patterns.extend(stmt.all("pattern").map(|stmt| stmt.argument.clone()));
        own.members.extend(stmt.all("type").map(|member| self.of_type(module, file, member)));
        own
    }
}

const BUILTIN: [&str; 19] = [
    "binary",
    "bits",
    "boolean",
    "decimal64",
    "empty",
    "enumeration",
    "identityref",
    "instance-identifier",
    "int8",
    "int16",
    "int32",
    "int64",
    "leafref",
    "string",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "union",
];
