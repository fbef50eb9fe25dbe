//! What routers do by themselves in the moment after a link fails, for people: one line for each link after whose failure something
//! is lost or too full. It is told beside the promises and breaks none: soon after, headends take their backups, and those are judged.

use intents::repair::{Repairs, TooFull, Unfit};
use model::ServiceId;
use owo_colors::{OwoColorize as _, Stream};

use crate::{check::plural, draw::harmless};

/// More links than these are counted, not shown.
const MOST: usize = 50;
/// What is named of a list.
const NAMED: usize = 3;

/// The section of the answer.
pub fn render(repairs: &Repairs) -> String {
    let Repairs { links, unfit, pinned, untold, .. } = repairs;
    let mut out = format!(
        "\nfast reroute, in the moment after a link fails: {} looked at, something is lost or too full for {} of them\n",
        plural(*links, "link"),
        unfit.len()
    );
    for one in unfit.iter().take(MOST) {
        let word = "warning".if_supports_color(Stream::Stdout, |word| word.yellow()).to_string();
        out += &format!("  {word}: {}\n", harmless(&line(one)));
    }
    if unfit.len() > MOST {
        out += &format!("  and {} more; --format json shows all\n", unfit.len() - MOST);
    }
    if !pinned.is_empty() {
        out += &format!(
            "  not led around, since their links are pinned, but dropped until their headends take the backup: {}\n",
            plural(pinned.len(), "service")
        );
    }
    if !untold.is_empty() {
        let names: Vec<&str> = untold.iter().take(NAMED).map(ServiceId::as_str).collect();
        let more = match untold.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        out += &format!(
            "  not known where all of it goes, and that part not counted: {}{more}\n",
            harmless(&names.join(", "))
        );
    }
    out
}

/// What the failure of a link does.
fn line(unfit: &Unfit) -> String {
    let Unfit { link, lost, over } = unfit;
    let lost = (lost.as_bps() > 0).then(|| format!("{lost} is lost, nothing leads around it"));
    // The fullest are named, the first of equals.
    let mut fullest: Vec<&TooFull> = over.iter().collect();
    fullest.sort_by_key(|one| std::cmp::Reverse(one.load.saturating_sub(one.capacity)));
    let named = fullest.iter().take(NAMED).map(|one| {
        format!("{} {} to {} gets {} and carries {}", one.link, one.from, one.to, one.load, one.capacity)
    });
    let more = over.len().checked_sub(NAMED).filter(|more| *more > 0).map(|more| format!("and {more} more"));
    let parts: Vec<String> = lost.into_iter().chain(named).chain(more).collect();
    format!("link {link} fails: {}", parts.join("; "))
}

#[cfg(test)]
mod tests {
    use model::{Bandwidth, LinkId, NodeId};

    use super::*;

    fn full(link: &str, mbps: u64) -> TooFull {
        let rate = |mbps: u64| Bandwidth::from_bps(mbps * 1_000_000);
        TooFull {
            link: LinkId::lit(link),
            from: NodeId::lit("a"),
            to: NodeId::lit("b"),
            load: rate(mbps),
            capacity: rate(10),
        }
    }

    #[test]
    fn a_link_is_one_line_and_names_the_fullest_only() {
        let over = vec![full("l1", 11), full("l2", 12), full("l3", 14), full("l4", 12)];
        let unfit = Unfit { link: LinkId::lit("cut"), lost: Bandwidth::from_bps(2_000_000), over };
        assert_eq!(
            line(&unfit),
            "link cut fails: 2Mbps is lost, nothing leads around it; l3 a to b gets 14Mbps and carries 10Mbps; \
             l2 a to b gets 12Mbps and carries 10Mbps; l4 a to b gets 12Mbps and carries 10Mbps; and 1 more"
        );
    }

    #[test]
    fn what_cannot_be_followed_and_what_is_pinned_is_counted() {
        let services = |count: usize| (0..count).map(|n| ServiceId::lit(&format!("s{n}"))).collect();
        let repairs = Repairs { links: 3, pinned: services(2), untold: services(4), ..Repairs::default() };
        let text = render(&repairs);
        assert!(
            text.contains(": 3 links looked at, something is lost or too full for 0 of them\n"),
            "{text}"
        );
        assert!(text.contains("\n  not led around, since their links are pinned,"), "{text}");
        assert!(text.contains("take the backup: 2 services\n"), "{text}");
        assert!(text.ends_with("not counted: s0, s1, s2 and 1 more\n"), "{text}");
    }
}
