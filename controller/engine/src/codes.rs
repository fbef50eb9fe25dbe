//! The stable codes of what the loop itself finds (TL0095 to TL0099), each with the page that `trunkline explain` shows.

/// `TL0095`: a device does not serve what an edit needs.
pub const NOT_SERVED: &str = "TL0095";

/// `TL0096`: a device has no words for an edit.
pub const NO_WORDS: &str = "TL0096";

/// `TL0097`: files promise nothing.
pub const NOTHING_PROMISED: &str = "TL0097";

/// `TL0098`: a change could not be worked out.
pub const NOT_WORKED_OUT: &str = "TL0098";

/// `TL0099`: numbers are used up.
pub const USED_UP: &str = "TL0099";

/// Every code with its title and its page, ascending.
pub const PAGES: &[(&str, &str, &str)] = &[
    (
        NOT_SERVED,
        "a device does not serve what an edit needs",
        "The dialect has words for the edit, and the router's own YANG modules do not have all of them: it does not serve one of the modules, or the text that it gives of a module defines no node of that name. The controller learns this from each router when a session to it is up, and from the snapshot in `trunkline plan --state`; a router that did not say is not judged. A change is carried out on all of its devices or on none, so nothing is sent to anybody. The finding names the router, the module and the node, and the intents that ask for it; `trunkline devices schema ROUTER` shows what it serves. Lead these services over other routers, or put a release on the router, or a licence, that serves the module.",
    ),
    (
        NO_WORDS,
        "a device has no words for an edit",
        "The plan asks a device for something that the modules of its dialect cannot say, such as queues on a router in the middle of a path that is configured in Nokia's modules, or a rate that is no whole number of Mbit/s on one of Huawei. What the ends of a service cannot be told at all is said of its intent before (TL0081). A change is carried out on all of its devices or on none, so nothing is sent to anybody. The finding names the device, what is missing, and the intents that ask for it; `docs/dialects.md` has what each dialect carries. Lead these services over other routers, ask for values that fit, or, where the router serves OpenConfig too, give it that `dialect` in the network file.",
    ),
    (
        NOTHING_PROMISED,
        "files promise nothing",
        "Files that were sent to become the intents hold no service, while services are carried. Nothing was changed. An empty folder, a selector that finds nobody any more or a wrong path would otherwise take every service off the network. Where that is what you want, say so: `trunkline apply --remove-all`.",
    ),
    (
        NOT_WORKED_OUT,
        "a change could not be worked out",
        "The work on a change ended in a fault of the program. Nothing was sent. The log of the controller has the details; the intents in force stay in force.",
    ),
    (
        USED_UP,
        "numbers are used up",
        "Every intent has a color and every service an ordinal, and none is given twice, so that a device that still holds an old policy never takes it for a new one. After some two hundred thousand services none is left. Start with an empty journal after all policies were removed.",
    ),
];

#[cfg(test)]
mod tests {
    use super::PAGES;

    #[test]
    fn codes_are_ascending_and_have_pages() {
        assert!(PAGES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(PAGES.iter().all(|(code, _, page)| code.starts_with("TL009") && page.len() > 40));
    }
}
