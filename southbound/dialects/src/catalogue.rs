//! Which modules a device serves, read from their sources.
//!
//! yang-rs parses a module into a statement tree; it resolves nothing, so it serves for a catalogue and not for
//! validation: of data nodes it knows the names, and the places as far as the text alone says them. Extension statements, which it cannot always take, are
//! removed by a `nom` pass first; a panic of the parser is an error of that module alone.

mod nodes;

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
};

use nom::{
    IResult, Parser,
    branch::alt,
    bytes::complete::{is_not, tag, take_until, take_while1},
    character::complete::{anychar, char, multispace0, multispace1, none_of},
    combinator::{opt, recognize, value},
    multi::many0,
    sequence::{delimited, pair, preceded, terminated},
};
use thiserror::Error;
use yang_rs::{compound::BodyStmts, core::YangStmt, parser::Parser as YangParser};

/// What a catalogue knows of a module.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct ModuleEntry {
    /// As in `module NAME`.
    pub name: String,
    /// Its latest revision, where it has one.
    pub revision: Option<String>,
    /// Its namespace; a submodule has that of its module.
    pub namespace: Option<String>,
    /// The modules that it imports.
    pub imports: Vec<String>,
    /// The submodules that it includes.
    pub includes: Vec<String>,
    /// Names of all containers, lists, leaves and leaf-lists that it defines, in groupings and augments too.
    pub nodes: BTreeSet<String>,
    /// In which of these nodes each of them stands; the empty name is the top, and none that it may stand in any.
    places: nodes::Places,
    /// How many containers it defines there.
    pub containers: usize,
    /// How many lists it defines there.
    pub lists: usize,
    /// How many operations it defines (`rpc`).
    pub rpcs: usize,
}

impl ModuleEntry {
    fn new(name: String, revision: Option<String>, body: &BodyStmts) -> Self {
        let found = nodes::of_body(body);
        Self {
            name,
            revision,
            namespace: None,
            imports: Vec::new(),
            includes: Vec::new(),
            nodes: found.places.keys().cloned().collect(),
            places: found.places,
            containers: found.containers,
            lists: found.lists,
            rpcs: body.rpc().len(),
        }
    }
}

impl ModuleEntry {
    /// Whether it may define a node: `name` anywhere, `parent/name` in a node of that name, `/name` at the top.
    pub fn may_define(&self, node: &str) -> bool {
        let Some((parent, name)) = node.rsplit_once('/') else { return self.nodes.contains(node) };
        let places = self.places.get(name);
        places.is_some_and(|places| places.as_ref().is_none_or(|parents| parents.contains(parent)))
    }
}

/// Why a module is not catalogued.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum CatalogueError {
    /// The parser refused it.
    #[error("the module cannot be parsed: {0}")]
    Syntax(String),
    /// The parser gave up.
    #[error("the module cannot be parsed: the parser stopped in the middle")]
    Panicked,
    /// Its statements stand in one another deeper than any module's do; the parser is not asked.
    #[error("its statements are nested deeper than {MAX_DEPTH}")]
    TooDeep,
    /// It is something else.
    #[error("the text is not a YANG module")]
    NotAModule,
}

/// No module comes near it, and the parser works by recursion.
const MAX_DEPTH: usize = 100;

/// Reads what a catalogue needs from the source of a module or submodule. O(length).
///
/// # Errors
/// The source is no module that the parser takes.
pub fn read_module(source: &str) -> Result<ModuleEntry, CatalogueError> {
    if depth(source) > MAX_DEPTH {
        return Err(CatalogueError::TooDeep);
    }
    let cleaned = without_extensions(source);
    let parsed = catch_unwind(AssertUnwindSafe(|| YangParser::new(cleaned).parse_yang()))
        .map_err(|_| CatalogueError::Panicked)?
        .map_err(|error| CatalogueError::Syntax(error.to_string().chars().take(200).collect()))?;
    match parsed {
        YangStmt::ModuleStmt(module) => Ok(ModuleEntry {
            namespace: Some(module.module_header().namespace().arg().to_string()),
            imports: module.linkage().import().iter().map(|import| import.arg().to_string()).collect(),
            includes: module.linkage().include().iter().map(|include| include.arg().to_string()).collect(),
            ..ModuleEntry::new(
                module.arg().to_string(),
                module.revision().revision().iter().map(|revision| revision.arg().str().clone()).max(),
                module.body(),
            )
        }),
        YangStmt::SubmoduleStmt(part) => Ok(ModuleEntry {
            imports: part.linkage().import().iter().map(|import| import.arg().to_string()).collect(),
            includes: part.linkage().include().iter().map(|include| include.arg().to_string()).collect(),
            ..ModuleEntry::new(
                part.arg().to_string(),
                part.revision().revision().iter().map(|revision| revision.arg().str().clone()).max(),
                part.body(),
            )
        }),
        _ => Err(CatalogueError::NotAModule),
    }
}

/// How deep braces stand in one another, at most: braces in text count too, so this is never too little.
fn depth(source: &str) -> usize {
    let mut now = 0_usize;
    let open = |c| match c {
        '{' => {
            now += 1;
            now
        }
        '}' => {
            now = now.saturating_sub(1);
            now
        }
        _ => 0,
    };
    source.chars().map(open).max().unwrap_or(0)
}

/// The source without extension statements (`prefix:keyword …;`) and comments. Text that is not YANG passes unchanged
/// from the place where it stops being YANG: the parser then says what is wrong.
pub fn without_extensions(source: &str) -> String {
    let mut kept = String::with_capacity(source.len());
    let mut rest = source;
    while !rest.is_empty() {
        rest = match alt((dropped, piece)).parse(rest) {
            Ok((after, text)) => {
                kept.push_str(text);
                after
            }
            Err(_) => {
                kept.push_str(rest);
                ""
            }
        };
    }
    kept
}

fn comment(text: &str) -> IResult<&str, &str> {
    alt((recognize(pair(tag("//"), opt(is_not("\n")))), recognize((tag("/*"), take_until("*/"), tag("*/")))))
        .parse(text)
}

fn quoted(text: &str) -> IResult<&str, &str> {
    alt((
        recognize(delimited(
            char('"'),
            many0(alt((value((), pair(char('\\'), anychar)), value((), none_of("\"\\"))))),
            char('"'),
        )),
        recognize(delimited(char('\''), many0(none_of("'")), char('\''))),
    ))
    .parse(text)
}

fn word(text: &str) -> IResult<&str, &str> {
    take_while1(|c: char| !c.is_whitespace() && !";{}\"'".contains(c))(text)
}

/// A statement's argument: a word or strings joined by `+`.
fn argument(text: &str) -> IResult<&str, &str> {
    let joined = recognize((quoted, many0((multispace0, char('+'), multispace0, quoted))));
    alt((joined, word)).parse(text)
}

fn block(text: &str) -> IResult<&str, &str> {
    let inner =
        many0(alt((value((), comment), value((), quoted), value((), block), value((), none_of("{}\"'")))));
    recognize(delimited(char('{'), inner, char('}'))).parse(text)
}

/// A comment, or a statement whose keyword has a prefix: nothing remains of either.
fn dropped(text: &str) -> IResult<&str, &str> {
    let name = || take_while1(|c: char| c.is_alphanumeric() || "_-.".contains(c));
    let extension = recognize((
        name(),
        char(':'),
        name(),
        opt(preceded(multispace1, argument)),
        multispace0,
        alt((tag(";"), block)),
    ));
    value("", alt((comment, extension))).parse(text)
}

/// A whole statement up to its `;` or brace, or what stands between statements.
fn piece(text: &str) -> IResult<&str, &str> {
    alt((
        multispace1,
        tag("}"),
        recognize((
            word,
            terminated(opt(preceded(multispace1, argument)), multispace0),
            many0(terminated(comment, multispace0)),
            alt((tag(";"), tag("{"))),
        )),
    ))
    .parse(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODULE: &str = r#"
        module lab-demo { // what it is for
          namespace "urn:lab:demo"; prefix d;
          import other { prefix o; }
          o:version "1.2";
          revision 2024-01-02 { description "later; with 'quotes' and { braces }"; }
          revision 2023-01-02;
          container top { o:note "a" + "b" { o:deeper x; } leaf l { type string; } }
          rpc restart { description "nothing of it is configuration"; }
        }"#;

    #[test]
    fn a_module_is_catalogued_without_its_extensions() {
        let entry = read_module(MODULE).unwrap();
        assert_eq!(entry.name, "lab-demo");
        assert_eq!(entry.revision.as_deref(), Some("2024-01-02"));
        assert_eq!(entry.namespace.as_deref(), Some("urn:lab:demo"));
        assert_eq!(entry.imports, ["other"]);
        assert_eq!(entry.nodes, ["l", "top"].map(str::to_owned).into());
        assert_eq!((entry.containers, entry.lists, entry.rpcs), (1, 0, 1));
        assert!(!without_extensions(MODULE).contains("o:"));
        for (node, is_defined) in
            [("l", true), ("top/l", true), ("/top", true), ("/l", false), ("other/l", false), ("m", false)]
        {
            assert_eq!(entry.may_define(node), is_defined, "{node}");
        }
    }

    #[test]
    fn a_submodule_is_part_of_what_its_module_defines() {
        let text = r#"submodule demo-part { belongs-to demo { prefix d; } include demo-other;
            grouping g { list entry { key k; leaf k { type string; } choice c { case a { leaf-list in-case { type string; } }
            container short { } } } }
            augment "/d:top" { leaf added { type string; } } }"#;
        let entry = read_module(text).unwrap();
        assert_eq!((&entry.namespace, &entry.includes), (&None, &vec!["demo-other".to_owned()]));
        assert_eq!(entry.nodes, ["added", "entry", "in-case", "k", "short"].map(str::to_owned).into());
        assert_eq!((entry.containers, entry.lists, entry.rpcs), (1, 1, 0));
        // Cases are no nodes; what a grouping begins with, and what is added, may stand anywhere.
        for node in ["entry/k", "entry/in-case", "entry/short", "anything/entry", "top/added", "other/added"]
        {
            assert!(entry.may_define(node), "{node}");
        }
        for node in ["c/short", "a/in-case", "g/k", "entry/added-too", "/k"] {
            assert!(!entry.may_define(node), "{node}");
        }
    }

    #[test]
    fn a_bottomless_module_is_refused_before_it_is_parsed() {
        let text = format!("module deep {{ {}", "container c { ".repeat(100_000));
        assert_eq!(read_module(&text), Err(CatalogueError::TooDeep));
    }

    #[test]
    fn what_is_no_module_is_refused() {
        assert!(read_module("module broken {").is_err());
        assert!(read_module("hello").is_err());
        assert!(read_module("").is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_judged_without_a_panic(text in "[ -~\n]{0,80}") {
            let _ = read_module(&text);
        }
    }
}
