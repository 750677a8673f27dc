//! The codes of problems. A code never changes its meaning and is never used again for another.

use super::Severity;
use core::fmt;

/// A stable code, such as `E0102` (an error) or `W0903` (a warning).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(&'static str);

impl Code {
    /// Its letters and digits.
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// Codes with a `W` are warnings.
    pub fn severity(self) -> Severity {
        if self.0.starts_with('W') { Severity::Warning } else { Severity::Error }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// What a code means, at more length than a message; `None` for a code that does not exist.
pub fn explain(code: &str) -> Option<&'static str> {
    CODES.iter().find(|(known, _)| known.0.eq_ignore_ascii_case(code.trim())).map(|(_, text)| *text)
}

macro_rules! codes {
    ($($id:ident $code:literal $text:literal;)*) => {
        impl Code { $( #[doc = $text] pub const $id: Self = Self($code); )* }

        /// Every code with its explanation, in order.
        pub const CODES: &[(Code, &str)] = &[$( (Code::$id, $text) ),*];
    };
}

codes! {
    SYNTAX "E0101" "The file is not YAML. Usual causes: a bracket or a quote that is never closed, a `:` without a space after it, lines of one mapping that do not start in the same column, or a text with `: ` or ` #` in it that needs quotes.";
    TAB "E0102" "A line is indented with a tab. YAML allows only spaces, because editors show tabs with different widths.";
    EMPTY_FILE "E0103" "The file is empty or has only comments. The shortest scenario has `version`, `name`, `time` and `groups`.";
    NOT_UTF8 "E0104" "The file is not UTF-8. Save it as UTF-8 in your editor.";
    MANY_DOCUMENTS "E0105" "The file has a second document after `---`. One file is one scenario: split it.";
    TOO_LARGE "E0106" "The file is too large, nested too deeply, or its aliases (`*name`) grow beyond all bounds when written out. The limits protect whoever runs scenarios that others wrote.";
    DUPLICATE_KEY "E0107" "A key stands twice in one mapping. Only one can be meant; which one a reader takes would be chance.";
    BAD_KEY "E0108" "A key of a mapping is not a plain word. Lists, mappings, empty keys and merge keys (`<<`) are not part of the format; `extends` builds on other scenarios.";
    TAG "E0109" "A YAML tag (`!something`) stands in the file. The format has none.";
    UNKNOWN_KEY "E0110" "A section has a key that the format does not know. Usually it is misspelt, or it belongs one level further in or out.";
    MISSING_KEY "E0111" "A section lacks a key that has no default.";
    NO_VALUE "E0112" "A key has no value. Usually the lines below it are not indented further than the key. If nothing is meant, remove the key or write `{}` or `[]`.";
    WRONG_TYPE "E0113" "A text stands where a mapping or a list belongs, or the other way round.";
    UNKNOWN_KIND "E0114" "The key that tells which kind of thing this is (which fault, which load, which expectation) is not known.";
    NOT_ONE "E0115" "Where one of several kinds is chosen, exactly one key is written: `- crash: {at: 10s, nodes: 5}`. Details go inside.";
    UNKNOWN_WORD "E0116" "A word is not one of those that can stand here.";
    EMPTY_TEXT "E0117" "A text that has to say something is empty, or only blanks.";
    BAD_NAME "E0118" "Names of scenarios, groups, faults and access classes start with a letter and have letters, digits, `-` and `_` only, because they appear in overrides (`--set groups.peer.count=5`) and in names of files.";
    VERSION "E0119" "The `version` of the format is not one that this program reads. It reads version 1.";
    NO_UNIT "E0201" "A number has no unit. Every number that is not a plain count has one, so that nobody has to guess: `250ms`, `1KiB`, `50Mbit`, `1%`, `10/s`, `3x`.";
    UNKNOWN_UNIT "E0202" "The unit is not one that fits here. Units are case-sensitive: `Mbit` is a million bits, `MiB` is 1,048,576 bytes, `ms` a thousandth of a second, `min` a minute.";
    NOT_A_NUMBER "E0203" "A value does not start with a decimal number. Digits may be grouped with `_` (`1_000_000`); signs and exponents are not written.";
    OUT_OF_RANGE "E0204" "A value is outside of what is possible.";
    TOO_FINE "E0205" "A value has more decimals than are kept: times are kept in nanoseconds, shares in billionths, rates and factors in millionths.";
    OCTAL "E0206" "A whole number starts with a zero. YAML 1.1 reads `017` as 15, YAML 1.2 as 17: write it without the zero.";
    BACKWARDS "E0207" "A range ends before, or just when, it starts.";
    UNKNOWN_GROUP "E0301" "A load or a fault names a group that the scenario does not have.";
    OUTSIDE_RUN "E0302" "Something starts at or after the end of the run (`time.stop`), or an expectation looks at a time outside of it.";
    TOO_MANY_NODES "E0303" "A fault is to hit more nodes than there are.";
    CELL_TOO_LARGE "E0304" "A failure detector's cell has more members than its group, fewer than two, or more than 5,000. Every member of a cell knows every other, so cells stay small; beyond that use `scope: view`.";
    NEEDS_PART "E0305" "A part of a mesh peer is on whose foundation is off: broadcast trees (plumtree) and failure detection of the view (`swim: {scope: view}`) need hyparview; vivaldi is carried by the probes of swim. A node of layer 1 needs somebody above it: clients ask edges, regionals or origins, edges ask regionals or origins.";
    NOT_OF_ROLE "E0306" "A group sets a part that nodes of its role do not have: `gossip` belongs to gossip-peer; `hyparview`, `plumtree`, `swim` and `vivaldi` belong to hypermesh-peer; `stoq` and `cpu` belong to the roles of layer 1, and `cache` to stoq-edge and stoq-regional.";
    MIXED_ROLES "E0307" "The groups of one scenario have different roles. Nodes of different roles do not speak with each other, so they are different scenarios; only the roles of layer 1 (stoq-origin, stoq-regional, stoq-edge, stoq-client, stoq-publisher) go together.";
    WRONG_LOAD "E0308" "A load asks for something that the role of its group cannot do: token-holders pass tokens, gossip-peers and hypermesh-peers (with plumtree) send broadcasts, stoq-clients ask for objects, stoq-publishers publish them anew.";
    RATE_OR_EVERY "E0309" "A repeated load has both `rate` and `every`, or both `count` and `for`, or says how often but not how long. Give one of each pair; neither `rate` nor `every` means a single broadcast.";
    UNKNOWN_FAULT "E0310" "An expectation names a fault that the scenario does not have. A fault's name is the `name` that it is given, or its kind and number: the second churn is `churn-2`.";
    DUPLICATE_NAME "E0311" "Two faults have the same name.";
    SHARES "E0312" "The shares of a mix do not add up to 100%, or a side of a split is empty.";
    NO_NODES "E0313" "A group has no nodes, the scenario has no groups, or there are more nodes than the 100 million that one run can number.";
    TIMES "E0314" "The times of a scenario contradict each other: the warm-up is not shorter than the run, or something has no length.";
    LIMIT "E0315" "A parameter of a protocol is outside of what the protocol allows.";
    ONE_WAY "E0316" "A one-way partition needs a split by regions: with a split by share the two directions are not told apart.";
    WRONG_FIELD "E0317" "A key is given to an expectation of a kind that does not use it: `within` belongs to `eventually`; `during` and `after` exclude each other.";
    EXTENDS_MISSING "E0401" "A file or preset named by `extends` does not exist or cannot be read. Presets are written `preset:NAME`, files relative to the file that names them.";
    EXTENDS_CYCLE "E0402" "Scenarios extend each other in a circle.";
    EXTENDS_DEPTH "E0403" "More scenarios build on each other than can be followed.";
    FILE_UNREADABLE "E0404" "The scenario file does not exist or cannot be read.";
    BAD_SET "E0405" "An override (`--set key=value`) has no `=`, or its path leads nowhere: it is a dotted path of keys and, for lists, numbers from 0, such as `groups.peer.count=1000` or `faults.0.churn.rate=1%/s`.";
    UNKNOWN_REGION "E0501" "A region is not one of the network's.";
    UNKNOWN_PLACE "E0502" "A place is not one of the network's.";
    MATRIX_UNREADABLE "E0503" "The CSV matrix of the network does not exist or cannot be read.";
    MATRIX_MALFORMED "E0504" "The CSV matrix of the network is not as documented.";
    UNKNOWN_ACCESS "E0505" "An access class is neither built in nor described.";
    NETWORK "E0506" "The network cannot be built as described.";
    EXPRESSION "E0601" "An expression cannot be read or makes no sense: a metric or function that does not exist, units that do not agree, brackets that do not close. It compares values with limits: `p99(broadcast.delivery) < 3s and coverage(broadcast) >= 99.99%`. The guide to scenarios lists metrics and functions.";
    NO_EXPECTATION "W0901" "The scenario expects nothing, so it cannot fail and its verdict says nothing.";
    FAULT_PAST_STOP "W0902" "A fault lasts beyond the end of the run, so its end and the recovery from it are not seen.";
    EXPECT_NOTHING_MEASURED "W0903" "Expectations without a time range look from the warm-up on, and some nodes are still joining then, so they measure a network that is being built.";
    JOIN_PAST_STOP "W0904" "A group is still joining when the run ends.";
    SLOW_SUSPICION "W0905" "A probe's answer may take longer than the time between two probes, so most probes fail on a healthy network.";
    MANY_FLOWS "W0906" "So many flows are kept that they may take more memory and disk than the run itself.";
    ZERO_FAULT "W0907" "A fault has no effect as written: it hits no node or loses nothing.";
    NOTHING_RECORDS "W0908" "An expectation reads a metric that nothing in the scenario records: the part that records it is off in every group, or the workload does not ask for it. A counter would stay zero, and a histogram empty.";
}
