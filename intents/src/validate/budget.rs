//! How an intent divides its delay over domains.

use std::collections::BTreeMap;

use model::Delay;

use super::{DOMAIN, Judge, known};
use crate::{
    codes,
    doc::{Document, SloSpec},
    domain,
    read::At,
};

/// What domains may take of the promised delay: all of them are there, and together they take no more than is promised.
pub(super) fn shares(
    doc: &Document,
    slo: Option<&At<SloSpec>>,
    judge: &mut Judge<'_>,
) -> BTreeMap<String, Delay> {
    let Some((slo, domains)) = slo.and_then(|slo| Some((&slo.value, slo.value.domains.as_ref()?))) else {
        return BTreeMap::new();
    };
    let there = domain::names(judge.ted);
    for name in domains.value.keys() {
        known(judge, doc, name.mark, DOMAIN, &name.value.0, there.iter().copied());
    }
    let sum = domains.value.values().fold(Delay::ZERO, |sum, share| sum.saturating_add(share.value));
    match slo.one_way_delay {
        None => {
            judge
                .error(
                    codes::CONTRADICTION,
                    doc,
                    domains.mark,
                    "there is no delay that the domains could divide",
                )
                .help("add `oneWayDelay`, or leave `domains` out");
        }
        Some(budget) if sum > budget.value => {
            let message = format!("the domains take {sum} together, and {} are promised", budget.value);
            judge
                .error(codes::CONTRADICTION, doc, domains.mark, message)
                .help("lower some shares, or promise more delay")
                .related(doc.place(budget.mark), "promised here");
        }
        Some(_) => {}
    }
    domains.value.iter().map(|(name, share)| (name.value.0.clone(), share.value)).collect()
}

#[cfg(test)]
mod tests {
    use crate::{
        codes,
        tests::{CLASSES, documents, service, ted},
    };

    const NETWORK: &str = include_str!("../../examples/minimal/network.yaml");

    /// `line:column code message help` of each error, on the minimal network with branches in a domain of their own.
    fn errors(slo: &str) -> Vec<String> {
        let network = NETWORK.replace("role: branch,", "role: branch, labels: {domain: access},");
        let ends = "  connectivity: {type: hub-spoke, hubs: [hq-pe1], spokes: {role: branch}}";
        let docs = documents(&[CLASSES, &service("x", &format!("{ends}\n  slo: {slo}"))]);
        crate::tests::errors(&docs, &ted(&network))
    }

    #[test]
    fn shares_must_fit_into_the_promise_and_name_domains_that_are_there() {
        assert_eq!(errors("{oneWayDelay: 30ms, domains: {access: 12ms, backbone: 18ms}}"), [""; 0]);
        let over = errors("{oneWayDelay: 30ms, domains: {access: 12ms, backbone: 18001us}}");
        let expected = format!(
            "8:38 {} the domains take 30.001ms together, and 30ms are promised / lower some shares, or promise more delay",
            codes::CONTRADICTION
        );
        assert_eq!(over, [expected]);
        let typo = errors("{oneWayDelay: 30ms, domains: {acces: 12ms}}");
        let expected =
            format!("8:38 {} there is no domain `acces` / did you mean `access`?", codes::UNKNOWN_DOMAIN);
        assert_eq!(typo, [expected]);
        let nothing = errors("{bandwidth: 1Mbps, domains: {access: 12ms}}");
        assert_eq!(nothing.len(), 1, "{nothing:?}");
        assert!(nothing[0].contains("there is no delay that the domains could divide"), "{nothing:?}");
    }
}
