//! The stable codes of what the loop itself finds (TL0095 to TL0099), each with the page that `trunkline explain` shows.

/// `TL0095`: a change touches more than one change may.
pub const BEYOND_LIMIT: &str = "TL0095";

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
        BEYOND_LIMIT,
        "a change touches more of the network than one change may",
        "`limits` in the configuration of the controller says how many devices one change may touch (`mostDevices`) and of how many services it may move or take away the paths (`mostServices`), as a number or as a share of all. This change goes beyond: the finding has the figures. Nothing was sent. Often it is a slip of the hand: a selector that matches more than was meant, a file that was left out, a line with far more services than one remembers. Look at the plan with `trunkline apply --dry-run`. Make the change in parts, or say that it is meant: `--beyond-limit`, with `-m` and the reason, which stand in the log. A change that the controller makes by itself, a re-route or what a maintenance window asks for, is held back and told by the alarm `beyond-limit`; people carry it out by `trunkline drain`, `trunkline apply` or a higher limit. What was left half-way is taken back or finished whatever it touches.",
    ),
    (
        NO_WORDS,
        "a device has no words for an edit",
        "The plan asks a device for something that the modules of its dialect cannot say, such as a steering rule on a router that is configured in Huawei's modules, or a name that is longer than they allow. A change is carried out on all of its devices or on none, so nothing is sent to anybody. The finding names the device, what is missing, and the intents that ask for it; `docs/dialects.md` has what each dialect carries. Lead these services over other routers, shorten the name of the intent where that is what is too long, or, where the router serves OpenConfig too, give it that `dialect` in the network file.",
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
