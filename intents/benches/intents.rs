//! How long the stages take: the CEB case as a whole, and the language alone on 10,000 documents.

use std::{fs, path::Path};

use divan::Bencher;
use intents::{Document, SourceFile, compile, parse, validate};
use model::{Allocations, Hints, IntentSet, Ted};

fn main() {
    divan::main();
}

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn ceb() -> (Ted, Vec<Document>) {
    let ted = formats::read("ceb.clab.yml", &read("../lab/ceb.clab.yml")).expect("the network is sound").ted;
    let docs = ["classes", "alarms", "services"].iter().flat_map(|name| {
        let file = SourceFile::new(*name, read(&format!("examples/ceb/{name}.yaml")));
        parse(&file).expect("the examples are sound")
    });
    (ted, docs.collect())
}

fn ceb_set() -> (Ted, IntentSet, Allocations) {
    let (ted, docs) = ceb();
    let (set, _) = validate(&docs, &ted).expect("the examples are sound");
    let ids = Allocations::default().extended(&set).expect("there is room");
    (ted, set, ids)
}

#[divan::bench]
fn ceb_validate(bencher: Bencher<'_, '_>) {
    let (ted, docs) = ceb();
    bencher.bench(|| validate(&docs, &ted));
}

#[divan::bench]
fn ceb_compile(bencher: Bencher<'_, '_>) {
    let (ted, set, ids) = ceb_set();
    bencher.bench(|| compile(&set, &ted, &Hints::default(), &ids));
}

#[divan::bench(sample_count = 5)]
fn parse_10k(bencher: Bencher<'_, '_>) {
    let one = read("examples/minimal/services.yaml");
    let (_, one) = one.split_once("---\n").expect("the file has two documents");
    let text: String = (0..10_000)
        .map(|n| format!("---\n{}", one.replace("payments-br-1", &format!("payments-{n}"))))
        .collect();
    let file = SourceFile::new("many.yaml", text);
    bencher.bench(|| parse(&file).map(|docs| docs.len()));
}
