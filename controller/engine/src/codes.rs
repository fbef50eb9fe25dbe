//! The stable codes of what the loop itself finds (TL0087 to TL0099), each with the page that `trunkline explain` shows.

/// `TL0087`: a change in waves has one wave only.
pub const ONE_WAVE: &str = "TL0087";

/// `TL0088`: a cable is plugged otherwise than the network file says.
pub const MISPLUGGED: &str = "TL0088";

/// `TL0089`: a change touches more than one change may.
pub const BEYOND_LIMIT: &str = "TL0089";

/// `TL0090`: nobody tells of a part of the network.
pub const UNHEARD: &str = "TL0090";

/// `TL0091`: what is learned waits.
pub const LEARNED_WAITS: &str = "TL0091";

/// `TL0092`: a source tells of something that the network file does not have.
pub const STRANGER: &str = "TL0092";

/// `TL0093`: a source is silent.
pub const SILENT_SOURCE: &str = "TL0093";

/// `TL0094`: two say otherwise of the network.
pub const CONFLICT: &str = "TL0094";

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
        ONE_WAVE,
        "a change in waves has one wave only",
        "`--waves N` moves the services of N far ends first, and looks at the network before those of the others follow. Here all that moves goes to no more than N far ends, or nothing moves: there is no second wave, and so no look before it. The change is carried out as it would be without `--waves`. Say fewer far ends for a look in between. Where there is one far end only, look at the network yourself after the change: `trunkline status`.",
    ),
    (
        MISPLUGGED,
        "a cable is plugged otherwise than the network file says",
        "Routers say by LLDP, over the sessions that configure them, whom they hear on each interface. At an end of this link somebody else is heard than the network file has there: another router, or another interface of the same one. The finding has what each end hears. It is a warning where the one that is heard is a router of the file, and worth knowing where it is not: a carrier's box may stand between two routers and speak for itself. A router is known by what it calls itself, with or without its domain; a port that is told by its address, and not by its name, is not compared; an end that hears nobody says nothing. Nothing moves because of this: plans follow the file. Look at both ends, then mend the file, or plug the cable where it belongs. `trunkline topology LINK` has what is heard and since when.",
    ),
    (
        BEYOND_LIMIT,
        "a change touches more of the network than one change may",
        "`limits` in the configuration of the controller says how many devices one change may touch (`mostDevices`) and of how many services it may move or take away the paths (`mostServices`), as a number or as a share of all. This change goes beyond: the finding has the figures. Nothing was sent, unless it was said that it is meant: then it is a warning.\n\nOften it is a slip of the hand: a selector that matches more than was meant, a file that was left out, a line with far more services than one remembers. Look at the plan with `trunkline apply --dry-run`. Make the change in parts, or say that it is meant: `--beyond-limit`, with `-m` and the reason, which stand in the log.\n\nA change that the controller makes by itself, a re-route, what a maintenance window asks for or what follows from what routers tell, is held back and told by the alarm `beyond-limit`; people carry it out by `trunkline drain`, `trunkline apply` or a higher limit. What was left half-way is taken back or finished whatever it touches.",
    ),
    (
        UNHEARD,
        "nobody tells of a part of the network",
        "All peers have told all they know, and none told of these routers or links, or only one end of a link told of it. Plans follow the network file there. That is usual for routers outside the routing domain of the peers; otherwise see whether the router, its adjacency, or the export into BGP-LS is down.",
    ),
    (
        LEARNED_WAITS,
        "what is learned waits",
        "Routers tell something else of the network than plans follow: another SID, metric or bandwidth, for instance. A plan must not move with every message, so it is followed when it has stayed the same for some seconds, in one change for all of it, proved as any other. Where the mode is not `act`, or the network is not adopted, it waits: `trunkline apply` takes it in with the intents that it sends. `trunkline topology` has what is said and by whom.",
    ),
    (
        STRANGER,
        "the network file does not have what routers tell of",
        "A routing protocol tells of a router or of a link that is not in the network file, or two routers of it hear each other by LLDP where it has no link between them. Nothing comes into the network by itself: what is not in the file has no role, no contract and no place in intents. Add it to the file, or give its node there the TE router id, or the name, by which routers tell of it; a link is known by the name of its interface, or by being the only one between its two routers.",
    ),
    (
        SILENT_SOURCE,
        "a source of what is learned is silent",
        "The BGP session with a peer that the inventory names is down, or the peer tells more than there is room for; or a router answers and does not say what is around it, which is then asked more rarely. What was learned from a silent peer is stale and not gone: plans go on with it, and nothing moves because of the silence. It goes when the peer is back and does not tell it again, or when another peer tells otherwise. Look at the session, and at the peer's own log.",
    ),
    (
        CONFLICT,
        "two say otherwise of the network",
        "Routers say something else of a router or link than the network file does, or two peers disagree. Plans follow what routers say before what the file says, and of two peers the one whose name comes first; neither is averaged away. Mend the file where the routers are right, and the router where it is not. `trunkline topology` shows both side by side.",
    ),
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
        let is_ours = |code: &str| ("TL0087".."TL0100").contains(&code);
        assert!(PAGES.iter().all(|(code, _, page)| is_ours(code) && page.len() > 40));
    }
}
