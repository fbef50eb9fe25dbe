//! The codes of findings on network files and lab files (TL0100 to TL0199), each with its page for `trunkline explain`.

/// A page on a code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Page {
    /// The code.
    pub code: &'static str,
    /// What it says, in a few words.
    pub title: &'static str,
    /// Why it matters and how to mend it.
    pub text: &'static str,
}

macro_rules! pages {
    ($($name:ident $code:literal $title:literal $text:literal;)*) => {
        $(#[doc = $title] pub const $name: &str = $code;)*

        /// All pages, by code.
        pub const PAGES: &[Page] = &[$(Page { code: $code, title: $title, text: $text }),*];
    };
}

pages! {
    SYNTAX "TL0100" "The text cannot be parsed"
        "The file is neither YAML nor JSON, or it breaks a limit: 64 MiB of text, 64 levels of nesting, 4 million values. The place is where reading stopped; the mistake is there or just before, often an indentation or a quote.";
    UNKNOWN_FORMAT "TL0101" "The file is of no known kind"
        "Network files are containerlab files (`topology:`), native files (`apiVersion: trunkline/v1`, `kind: Network`), RFC 8345 JSON (`ietf-network:networks`), and what FRR prints of IS-IS (`ted`, or `areas`).";
    UNKNOWN_WORD "TL0102" "A word is not known here"
        "A word that nobody reads would look as if it had an effect, so it is an error in our own files, among `trunkline.` labels and among `trunkline:` members of RFC 8345 files. The help names the nearest known word. What holds for a line as a whole is not known in one of its directions.";
    WRONG_SHAPE "TL0103" "A value has the wrong shape"
        "A list stands where a single value belongs, or the other way round, or a text where `key: value` pairs belong.";
    WRONG_VALUE "TL0104" "A value cannot be understood"
        "The unit is missing or is one of another quantity, a number is out of its range, an address or a name is not one; or it holds what a terminal obeys and does not show, such as an escape character. Quantities always carry their unit: `8.2ms`, `100Mbps`, `0.1%`.";
    MISSING_WORD "TL0105" "Something that is needed is missing"
        "The object cannot be made without this word. Nothing is guessed where a guess would steer traffic.";
    MISSING_NODE "TL0106" "A link ends at a node that does not exist"
        "Both ends of a link name nodes of the same file. The help names the nearest node.";
    DUPLICATE_NODE "TL0107" "Two nodes have the same name"
        "Names identify nodes in intents, in the inventory and on devices.";
    DUPLICATE_LINK "TL0108" "Two links have the same name"
        "Names identify links in intents and scenarios. A link without a name is called after its two interfaces.";
    SHARED_INTERFACE "TL0109" "Two links use the same interface"
        "Links are point to point: an interface belongs to one link.";
    DUPLICATE_ROUTER_ID "TL0110" "Two nodes have the same router id"
        "The router id is the endpoint of SR-MPLS policies and the identity of a router in the IGP; two of them make traffic go to either.";
    BAD_NODE_SID "TL0111" "A node SID is taken or outside the SRGB"
        "Node SIDs are indices into the SRGB. Two nodes with one label in the same block draw each other's traffic; an index beyond the block has no label.";
    BAD_LOCATOR "TL0112" "A locator cannot be used"
        "An SRv6 locator has no bits beyond its length, is at most 112 bits long so that a 16-bit function fits behind it, and overlaps no other locator.";
    DUPLICATE_KEY "TL0113" "A key stands twice in one mapping"
        "YAML forbids it, and parsers differ in which one they keep.";
    LOOP_LINK "TL0114" "A link starts and ends at the same node"
        "Such a link carries no traffic between routers; usually one end is mistyped.";
    UNEXPANDED "TL0115" "An environment variable is not expanded"
        "Names and attributes must not depend on the environment, or two machines would read two networks out of one file. containerlab expands `${NAME}` elsewhere; write the value here.";
    FOREIGN_VAR "TL0120" "A link variable is not ours"
        "containerlab's `vars` may hold anything; this one is not read. When it is a mistyped word of ours, the message says which one it resembles.";
    UNSUPPORTED_LINK "TL0121" "A link of this type is left out"
        "Only links between two routers of the file belong to its topology. Links to the host, the management network, VXLAN tunnels, macvlan and dummy interfaces are named and left out.";
    NO_ROUTER "TL0122" "A node is not a router"
        "Bridges and hosts forward without routing; segments over them are not modelled, so the node and its links are left out. Connect routers directly.";
    DERIVED_ROUTER_ID "TL0123" "Router ids were filled in"
        "Nodes without `trunkline.router-id` get 10.255.x.y by their place in the file. Add the label before other tools must agree on it.";
    DERIVED_SIDS "TL0124" "Segment identifiers were filled in"
        "The file has no `trunkline.` label at all, so every node gets a node SID and a locator by its place in the file. Add labels to choose them.";
    UNUSED_ATTRIBUTE "TL0125" "An RFC 8345 attribute is not used"
        "The file says more than the TED holds, for instance supporting links or switching capabilities, or the two directions of a line differ in something that a line has once. The rest of it is read. The place is that of the first such attribute.";
    SEVERAL_NETWORKS "TL0126" "The file holds several networks"
        "RFC 8345 files may hold layers. The first one with traffic-engineering attributes is read, or else the first.";
    ONE_WAY_LINK "TL0127" "A link is given in one direction only"
        "RFC 8345 links have one direction. The other one of this link is missing; the same values are taken for it.";
    SHARED_CHASSIS "TL0128" "Several nodes are cards of one router"
        "The file runs the cards of a chassis as containers that share a network. Each is read as a router of its own.";
    NO_PLACE "TL0129" "Members of our own say part of the network"
        "RFC 8345 with the attributes of RFC 8795 knows neither segment routing nor roles, contracts, prices or encryption. These stand in members whose names begin with `trunkline:`; their YANG module is `docs/trunkline.yang`. Read back here, nothing is lost; another system passes over them, or refuses them until it is given the module.";
    DISCONNECTED "TL0130" "The network is in several parts"
        "No path leads from one part to another. Intents between parts cannot be carried.";
    BRIDGE "TL0131" "The loss of one link cuts the network"
        "The link is the only way between two parts of the network; nothing behind it can have a backup.";
    DERIVED_BANDWIDTH "TL0132" "A line has no bandwidth and gets one"
        "Other lines of the file have a bandwidth, so this one was probably forgotten. It gets 1 Gbit/s, and services are placed on it accordingly: write what the line has.";
    CONTRACT_BEYOND_LINE "TL0133" "A contract promises more than the line has"
        "The file says itself that the line is slower, or loses more, than its contract allows. An alarm that compares with the contract stands for ever then; correct one of the two.";
    INCOMPLETE_DATABASE "TL0134" "A link-state database was printed with less than it holds"
        "FRR before 10.1 writes all LSPs of a level into one JSON object, each over the one before it, so that `show isis database detail json` shows one router and one neighbour of many. Half a network that looks like a whole one would be worse than none: print `show isis mpls-te database json` instead, which holds all of it where `mpls-te on` stands under `router isis`, or use FRR 10.1 or later.";
    LEFT_OUT_OF_DATABASE "TL0135" "Something of a link-state database is not in the network"
        "A link is made of an adjacency that both sides tell of, between two routers of the same database. LANs, adjacencies of which only one side tells, and neighbours of whom it cannot be told who they are, are named and left out.";
    BAD_NEXT_CSID "TL0136" "A node cannot read containers as the file says"
        "`nextCsid` says that the SIDs of a node have the flavor NEXT-CSID (RFC 9800 section 4.1, also called uSID): the node reads several of them out of one address. Block and node together are its locator; the block is whole octets, the number of the node 16 bits, as functions are. The number is none that a function has: 2 to cff or e00 to 3fff. With another one the node before it in a container would take it for a function of its own, and the packet would leave its path.";
    SEVERAL_BLOCKS "TL0137" "Nodes that read containers have several blocks"
        "A container begins with one block, which all SIDs in it share. Lists over nodes of both blocks have an address for each part; where the lengths of the blocks differ, the SIDs of the smaller part are written in full. Give all locators of a domain one block.";
    NOTHING_MATCHES "TL0160" "A selector of the traffic file matches no node"
        "The flow would offer no traffic at all. Selectors match by name pattern, role, site and labels; all words of one selector must hold.";
    DUPLICATE_FLOW "TL0161" "Two flows offer the same demand"
        "A demand is named by its flow and its two ends; two of the same name would count once.";
    BAD_STEP "TL0170" "A step of the scenario cannot be understood"
        "A step either does one thing at a moment (`at`, `do`) or expects one thing (`expect` with `within` or `by`).";
    STEP_ORDER "TL0171" "The steps of the scenario are not in order"
        "Moments never go back: a step that is done stands after those that are done before it. `within` counts from the action above it, so one must stand above.";
    UNKNOWN_TARGET "TL0172" "A scenario acts on something that is not in the network"
        "The link or node that a step names does not exist in the network file. The help names the nearest one.";
    NOT_IN_THIS_LAB "TL0173" "The lab cannot do what a step of the scenario asks"
        "Nothing was begun. A lab that is up has no surges of traffic and nobody who deletes rules by hand; agents of a lab of namespaces keep their configuration over a restart; and a line that was made without a wire cannot be made worse: `trunkline lab up --wires all` gives every line one.";
    LAB_IMPOSSIBLE "TL0180" "A lab cannot be made of this file"
        "Every node becomes a network namespace, every link a line with addresses. Two names or two addresses meet, a locator lies among the lab's own addresses, or no node is a router.";
    LAB_NO_PLACE "TL0181" "Part of the file has no effect in a lab"
        "A lab of network namespaces has no containers: images, commands and files of a node mean nothing to it. Hosts get addresses and a gateway by the lab's own plan, or those that a link says with `ipv4` and `ipv6`; every router is one of Trunkline's.";
    LAB_PACKET_SIZE "TL0182" "A line carries larger packets than the file says"
        "Between routers packets have at least 2000 octets: SRv6 puts headers around what hosts send, and a packet that does not fit any more is lost without a word to its sender.";
    LAB_RENAMED "TL0183" "An interface has another name in a lab"
        "Linux takes names of at most 15 octets without slash or colon. The file's name stays that of the interface in plans, in telemetry and for the controller; the other one is what `ip link` shows.";
}

/// The page on a code of this crate.
pub fn page(code: &str) -> Option<&'static Page> {
    PAGES.iter().find(|page| page.code == code)
}
