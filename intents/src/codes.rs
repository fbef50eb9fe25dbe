//! Every code of a finding that intents can earn, in one table, each with its page.

/// How a finding begins on a backup whose bandwidth somebody else has; its place is the bandwidth.
pub(crate) const UNGUARANTEED: &str = "the bandwidth of the backup is not guaranteed";

/// The number of each code stays: scripts and pages refer to it.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = $code;)*

        /// All codes with their pages, ascending.
        pub const ALL: &[(&str, &str)] = &[$(($code, include_str!(concat!("explain/", $code, ".md")))),*];
    };
}

codes! {
    /// The file is not UTF-8.
    NOT_UTF8 = "TL0001";
    /// The file or a document is too large, too deep, or grows too much when its aliases are expanded.
    TOO_LARGE = "TL0002";
    /// The text is not YAML.
    SYNTAX = "TL0003";
    /// A tab indents a line.
    TAB = "TL0004";
    /// A key is given twice in one mapping.
    DUPLICATE_KEY = "TL0005";
    /// A field that is not there.
    UNKNOWN_FIELD = "TL0006";
    /// A field that must be there is not.
    MISSING_FIELD = "TL0007";
    /// A list where a value belongs, or the like.
    WRONG_SHAPE = "TL0008";
    /// A quantity without its unit or with a wrong one.
    BAD_UNIT = "TL0009";
    /// A value that means nothing where it stands.
    BAD_VALUE = "TL0010";
    /// A kind or version that is not there.
    UNKNOWN_KIND = "TL0011";
    /// Something that is reserved and not supported.
    NOT_SUPPORTED = "TL0012";
    /// Two documents of one kind have one name.
    DUPLICATE_NAME = "TL0020";
    /// A node that the network does not have.
    UNKNOWN_NODE = "TL0021";
    /// A class, profile or queue that no document defines.
    UNKNOWN_REFERENCE = "TL0022";
    /// A selector that no node matches.
    EMPTY_SELECTION = "TL0023";
    /// An affinity that no link has.
    UNKNOWN_AFFINITY = "TL0024";
    /// A promise between a node and itself.
    SAME_ENDS = "TL0025";
    /// An objective that no line can meet.
    SLO_IMPOSSIBLE = "TL0026";
    /// More bandwidth than any way between the two has.
    TOO_MUCH_BANDWIDTH = "TL0027";
    /// No way between the two.
    UNREACHABLE = "TL0028";
    /// No way that respects encryption, waypoints and avoided links.
    CONSTRAINT_IMPOSSIBLE = "TL0029";
    /// Two intents claim the same packets.
    SAME_TRAFFIC = "TL0030";
    /// Two classes claim one code point.
    SAME_CODE_POINT = "TL0031";
    /// Weights of a profile that do not add up.
    QUEUE_SHARES = "TL0032";
    /// More queues than a device has.
    TOO_MANY_QUEUES = "TL0033";
    /// Two profiles serve one queue differently.
    QUEUE_CLASH = "TL0034";
    /// A class, profile or steering policy that nothing uses.
    UNUSED = "TL0035";
    /// A node cannot do the forwarding plane that is asked for.
    NO_SEGMENTS = "TL0036";
    /// A prefix in a mesh.
    PREFIX_IN_MESH = "TL0037";
    /// A limit of the language or of devices.
    LIMIT = "TL0038";
    /// An alarm policy that watches no link.
    WATCHES_NOTHING = "TL0039";
    /// Two statements that cannot hold together.
    CONTRADICTION = "TL0040";
    /// A breach that holds even where everything is as the network file says.
    ALWAYS_BREACHED = "TL0041";
    /// An instance of a design that no document defines.
    UNKNOWN_DESIGN = "TL0042";
    /// A parameter that a design does not have.
    UNKNOWN_PARAMETER = "TL0043";
    /// A parameter that must be given is not.
    MISSING_PARAMETER = "TL0044";
    /// A value that is not of its parameter's type.
    WRONG_TYPE = "TL0045";
    /// A value that its parameter does not allow.
    NOT_ALLOWED = "TL0046";
    /// A design that is made of itself.
    DESIGN_CYCLE = "TL0047";
    /// Designs that would make too much.
    EXPANSION_TOO_LARGE = "TL0048";
    /// A design or a parameter that nothing uses.
    UNUSED_DESIGN = "TL0049";
    /// A service does not fit: those of higher value have taken the bandwidth.
    DOES_NOT_FIT = "TL0050";
    /// A service has no path in the network as it is now.
    NO_PATH = "TL0051";
    /// A service is carried, its objectives cannot be kept for now.
    PROMISE_AT_RISK = "TL0052";
    /// A service has no backup.
    NO_BACKUP = "TL0053";
    /// A backup shares something with the path that it backs.
    BACKUP_SHARES = "TL0054";
    /// A backup that keeps less than is promised.
    BACKUP_WEAKER = "TL0055";
    /// A path that no segment list can express on its headend.
    NOT_ENCODABLE = "TL0056";
    /// A color or ordinal is missing.
    NO_ID = "TL0057";
    /// The network itself cannot be computed on.
    BAD_NETWORK = "TL0058";
    /// What is drained still carries services that have no other way.
    STAYS_ON_DRAINED = "TL0059";
    /// The only backups of services lead over what is drained.
    BACKUP_OVER_DRAINED = "TL0060";
    /// A link that is down leaves services without a backup.
    BARE_WHILE_DOWN = "TL0061";
    /// An encrypted service has no encrypted way left and is dropped.
    DROPPED_NOT_EXPOSED = "TL0062";
    /// Two steering policies say different things about one field of a service.
    POLICY_CLASH = "TL0063";
    /// The path takes more delay in a domain than the intent gives to it.
    DOMAIN_OVER_SHARE = "TL0064";
    /// A domain that the network does not have.
    UNKNOWN_DOMAIN = "TL0065";
    /// An objective that carriers do not promise on any path.
    BEYOND_CONTRACT = "TL0066";
    /// A promise that counts on a value of a line that nobody wrote.
    UNWRITTEN_VALUE = "TL0067";
    /// A link that the network does not have.
    UNKNOWN_LINK = "TL0070";
    /// A moment, a time of day or an offset that is not clear everywhere.
    BAD_TIME = "TL0071";
    /// A schedule that is never open, or never closes.
    BAD_SCHEDULE = "TL0072";
    /// A maintenance window that works on nothing.
    WORKS_ON_NOTHING = "TL0073";
    /// A maintenance window that is over.
    WINDOW_ENDED = "TL0074";
    /// Maintenance windows that together cut services off.
    WINDOWS_TOGETHER = "TL0075";
    /// A maintenance window that cuts services off.
    WINDOW_CUTS = "TL0076";
    /// Too many maintenance windows to look at all of them together.
    TOO_MANY_WINDOWS = "TL0077";
    /// A prefix of which other intents claim all parts.
    NEVER_SERVED = "TL0078";
    /// A condition that holds always or never, whatever is measured.
    CONSTANT_CONDITION = "TL0079";
    /// A service that was moved off a full link goes there again, so that others are carried.
    GIVES_WAY = "TL0080";
    /// A router at an end of a service that cannot be told what is asked of it.
    CANNOT_BE_TOLD = "TL0081";
}

/// The codes of validation that documents earn by themselves, whatever the network.
pub(crate) const OF_DOCUMENTS: [&str; 16] = [
    BAD_VALUE,
    MISSING_FIELD,
    NOT_SUPPORTED,
    DUPLICATE_NAME,
    UNKNOWN_REFERENCE,
    SAME_CODE_POINT,
    QUEUE_SHARES,
    QUEUE_CLASH,
    UNUSED,
    PREFIX_IN_MESH,
    LIMIT,
    CONTRADICTION,
    WRONG_TYPE,
    POLICY_CLASH,
    BAD_SCHEDULE,
    CONSTANT_CONDITION,
];

/// The page of a code, in Markdown.
pub fn explain(code: &str) -> Option<&'static str> {
    ALL.iter().find(|(known, _)| known.eq_ignore_ascii_case(code)).map(|(_, page)| *page)
}

/// The codes that the documents of this crate can earn.
pub fn all() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|(code, _)| *code)
}
