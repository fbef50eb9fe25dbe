//! What intents promise, read out of them: tests judge by these words and by no figures of their own.

use intents::{Document, SourceFile};
use model::intent::Slo;

/// What an intent with one service promises on a network.
pub fn promised(network: &str, intents: &str, intent: &str) -> Slo {
    let ted = formats::read("lab.clab.yml", network).unwrap_or_else(|faults| panic!("{faults:#?}")).ted;
    let read = intents::parse(&SourceFile::new("intents.yaml", intents));
    let documents: Vec<Document> = read.unwrap_or_else(|faults| panic!("{faults:#?}"));
    let (set, _) = intents::validate(&documents, &ted).unwrap_or_else(|faults| panic!("{faults:#?}"));
    let found = set.services.values().find(|service| service.intent.as_str() == intent);
    found.unwrap_or_else(|| panic!("no intent `{intent}`: {:?}", set.services.keys())).slo
}
