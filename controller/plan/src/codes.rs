//! The stable codes of what this crate finds (TL0200 to TL0299), each with the page that `trunkline explain` shows.

macro_rules! codes {
    ($($name:ident = $code:literal, $title:literal, $page:literal;)*) => {
        $(#[doc = concat!("`", $code, "`: ", $title, ".")] pub const $name: &str = $code;)*
        /// Every code with its title and its page, ascending.
        pub const PAGES: &[(&str, &str, &str)] = &[$(($code, $title, $page)),*];
    };
}

codes! {
    POLICY_TAKEN = "TL0201", "a policy of somebody else has the same color and endpoint",
        "A headend knows an SR policy by its color and endpoint (RFC 9256 section 2.1). Another system or a person has put a policy there under a name without our prefix. It is never changed or removed by the controller. Our policy is withheld, and with it the steering rules that lead only into it, so that no traffic of ours rides a stranger's policy. Remove or renumber the other policy; then `trunkline restore NAME`, or the next change there, puts ours.";
    STEERING_TAKEN = "TL0202", "a steering rule of somebody else stands in the same place",
        "The VRF holds a rule with this sequence number that the controller did not create. Ours is withheld and the service's traffic follows the rules that are there. Renumber the other rule. On routers that give routes their color where a VRF imports them, as in Huawei's dialect, a VRF follows one import policy of each address family: where it names another than ours, no rule of ours is put into that VRF, until that policy is taken off it.";
    QOS_TAKEN = "TL0203", "the queues of an interface are set by somebody else",
        "The interface has an output policy that the controller did not create. Guarantees of our classes do not hold there until it is removed.";
    CLASSIFIER_TAKEN = "TL0204", "the classifier at an interface is somebody else's",
        "Which code point goes to which queue is decided by a classifier where packets enter, and at this interface that is one that the controller did not bind there. It is never changed. Ours is not bound there, so classes that enter there may share queues that they should not. Take the other classifier off the interface; then `trunkline restore NAME`, or the next `trunkline apply`, binds ours.";
    NO_TABLE = "TL0205", "a VRF or its address family is not on the device",
        "On routers that give routes their color where a VRF imports them, as in Huawei's dialect, a rule stands in the routing table of an address family of its VRF. The device has no such VRF, or the VRF no such family, and the controller makes neither: they are not its own. Its rules there are withheld, and traffic follows what is there. Look whether the VRF has another name on this device, or let whoever runs it add the family; the next plan puts the rules.";
    UNREADABLE = "TL0210", "a device could not be read",
        "What the device holds is unknown, which is not the same as nothing. It gets no edits in this plan. It is read again when its session returns, and the plan is then completed.";
    DRIFT_MISSING = "TL0215", "an object of ours is missing on a device",
        "Somebody removed an object that the controller had put and confirmed. That is told in every mode, and not repaired by itself: a person who changed something in an emergency is not fought. `trunkline devices NAME` shows what differs, field by field. `trunkline restore NAME -m WHY` puts it back, and so does the next `trunkline apply`; `trunkline adopt NAME -m WHY` accepts it as it is.";
    DRIFT_CHANGED = "TL0216", "an object of ours was changed on a device",
        "The object carries our name but not our contents: somebody changed it. That is told in every mode, and not repaired by itself: a person who changed something in an emergency is not fought. `trunkline devices NAME` shows what differs, field by field. `trunkline restore NAME -m WHY` puts it back, and so does the next `trunkline apply`; `trunkline adopt NAME -m WHY` accepts it as it is.";
    DRIFT_UNEXPECTED = "TL0217", "an object of ours is left over on a device",
        "The object carries our prefix but no intent asks for it. That is told in every mode, and the object is not removed by itself. `trunkline devices NAME` shows it. `trunkline restore NAME -m WHY` removes it, and so does the next `trunkline apply`; `trunkline adopt NAME -m WHY` accepts it as it is. One that is somebody else's is kept for good by a name that does not begin with `tl-`.";
    EXCEPTION = "TL0218", "an object is held by an exception",
        "A person accepted what a device holds otherwise than the intents ask for (`trunkline adopt NAME`). Plans leave it as it is, the proof walks it as it is, and it is no drift, for as long as the exception stands. The finding names the objects, who accepted them, why, and until when. Where it says that something else is asked for and is not put, new intents changed what they want there, and the exception stands in the way. `trunkline restore NAME` ends the exceptions of a device and puts what the intents ask for; one with a time ends by itself then, and shows as drift; one that the intents come to ask for as it is ends without a trace.";
    NOT_DELIVERED = "TL0220", "traffic does not arrive",
        "The independent witness walked the service's traffic over the planned policies and it was dropped: no route, a segment that leads nowhere, or a policy whose last resort is to drop. Without a failure this stops the plan.";
    LOOP = "TL0221", "traffic crosses a line twice in the same direction",
        "The traffic arrives, and on its way crosses a line more than once in the same direction, which then carries it as often. Without a failure this stops the plan, unless the path was chosen so, to come by its waypoints: then it is a warning. Under a failure it is a warning of the plan, and breaks the promise for `trunkline verify`: the list of the path is held by nodes, the IGP leads around what failed by a line that another part of the list leads over too. With `path: {pin: links}` the backup takes over then. Traffic that never arrives is TL0220.";
    NOT_STEERED = "TL0222", "traffic of a service does not ride its policy",
        "A policy stands on the headend but the service's packets do not enter it, or a steering rule gives a color for which no policy exists: the traffic follows the IGP by accident. Two services that claim the same packets at different times do so too where all services count at once: ask about a moment with `--at`.";
    UNENCRYPTED = "TL0223", "traffic that must be encrypted rides an open line",
        "The service asks for encrypted lines only. On the way found by the witness, as the network is or under a failure, at least one line is open. This stops the plan, also where it was so before: such traffic may be lost, but not be exposed.";
    DELAY_BROKEN = "TL0224", "the promised delay is not kept",
        "The longest way that the service's traffic takes is longer than promised, waits in queues included. Where lines of the path are short enough and it says that packets wait, the line is full: promise less bandwidth over it, move some of it elsewhere, put what cannot wait into a strict queue, or add a line.";
    JITTER_BROKEN = "TL0225", "the promised jitter is not kept",
        "The variations along the way add up to more than promised, waits in queues included. The sum is an upper bound. A queue that is nearly full makes packets wait: promise less bandwidth over that line, move some of it elsewhere, or put what cannot wait into a strict queue.";
    LOSS_BROKEN = "TL0226", "the promised loss is not kept",
        "The losses along the way combine to more than promised.";
    OVERLOADED = "TL0227", "a line carries more guaranteed traffic than it can",
        "The demands of the classes that have a guarantee add up to more than the line's capacity. Without a failure this stops the plan.";
    NOT_CARRIED = "TL0228", "a service is not carried by this plan",
        "The plan has neither a policy nor a steering rule for the service: compilation refused it, and `trunkline why` says which constraint bites. Its traffic follows the IGP without a promise. Where it must be encrypted this stops the plan, unless it was so before: the IGP knows nothing of open lines.";
    UNWALKABLE = "TL0229", "the witness cannot build its graph",
        "The network as given is not one that traffic can be walked on. Nothing can be proved, so nothing is sent.";
    NOT_DIVERSE = "TL0231", "path and backup have in common what they should not",
        "The service asks for a backup that keeps away from its path: from its links, and with `sle.diversity` from its nodes or shared risks too. `trunkline verify` takes the preferred path out of every policy and looks where the traffic goes then, on the whole network; what both ways have in common takes both with it. Where the network has two ways that keep apart, `trunkline check` names them: lead the path over one of them by `path.prefer` or `path.avoid`. Else add a line that shares none of it, or ask for less diversity.";
    UNVISITED = "TL0232", "traffic passes by what it should visit",
        "The service asks for waypoints. Without a failure all of its traffic has to come to each of them. Every segment list of its path and its backup has to lead through the service functions of these waypoints (`serviceSid`, `serviceLabel` in the network file), such as firewalls: in the order of the intent, on the way back in the other order, and through no others. The independent witness reads the lists and does not find it so.\n\nThis stops the plan, also where it was so before: such traffic may be lost, but not pass by a firewall. Look whether the network file names every function rightly and no SID twice; if it does, the plan was compiled wrongly: report it with both files.\n\nWhat follows the IGP passes no function. Where both path and backup are hit, that is a warning of the plan, and it breaks the promise for `trunkline verify`: `path.lastResort: drop` loses such traffic instead.";
}

/// Whether it says that a device holds an object of ours otherwise than it should.
pub fn is_drift(code: &str) -> bool {
    [DRIFT_MISSING, DRIFT_CHANGED, DRIFT_UNEXPECTED].contains(&code)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::PAGES;

    #[test]
    fn the_pages_on_drift_say_how_it_is_looked_at_and_put_back_and_that_it_is_not_by_itself() {
        for (code, _, page) in PAGES.iter().filter(|(code, ..)| super::is_drift(code)) {
            for words in ["by itself", "`trunkline devices NAME`", "`trunkline restore NAME -m WHY`"] {
                assert!(page.contains(words), "{code}: {words}");
            }
        }
        assert!(PAGES.iter().all(|(_, _, page)| !page.contains("next cycle")));
    }

    #[test]
    fn codes_are_unique_and_ascending() {
        assert!(PAGES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(PAGES.iter().all(|(code, _, page)| code.starts_with("TL02") && page.len() > 40));
    }

    /// The tests below a folder, in one text.
    fn tests(folder: &Path, inside: bool, found: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                tests(&path, inside || path.ends_with("tests"), found);
            } else if inside || path.ends_with("tests.rs") {
                found.push_str(&fs::read_to_string(&path).unwrap());
            }
        }
    }

    #[test]
    fn every_code_is_earned_in_a_test() {
        let mut text = String::new();
        tests(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), false, &mut text);
        for line in include_str!("codes.rs").lines().filter(|line| line.contains(" = \"TL02")) {
            let (name, rest) = line.trim().split_once(" = ").unwrap();
            let code = rest.split('"').nth(1).unwrap();
            let earned = text.contains(&format!("codes::{name}")) || text.contains(&format!("[{code}]"));
            assert!(earned, "no test asserts {code} ({name})");
        }
    }
}
