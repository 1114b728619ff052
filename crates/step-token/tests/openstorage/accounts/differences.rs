//! Where our reader and the vendor's differ on purpose, and why.

/// Files that the two read differently for the same reason.
#[derive(Debug)]
pub(super) struct Difference {
    pub(super) reason: &'static str,
    pub(super) way: Way,
    pub(super) texts: &'static [&'static str],
}

/// How the two differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// The vendor mints, and we refuse.
    Refused,
    /// The vendor refuses, and we mint.
    Taken,
    /// Both mint, but different tokens.
    Other,
}

pub(super) const DIFFERENCES: &[Difference] = &[
    Difference {
        reason: "text behind the first node is a mistake, which the vendor's reader never looks at",
        way: Way::Refused,
        texts: &[
            "{name: a}}\n",
            "{name: a} x\n",
            "{name: a}\nsub: b\n",
            "  name: x\n sub: y\n",
            "{name: a}, {name: b}",
            "{name: a}{name: b}\n",
        ],
    },
    Difference {
        reason: "YAML 1.2 §7.4: lines inside brackets and quotation marks are indented",
        way: Way::Refused,
        texts: &[
            "groups: [\n\"*\",\n'b'\n]\n",
            "roles: [\na\n]\n",
            "name: 'a\nb'\n",
            "name: \"a\n\\  b\"\n",
            "roles:\n    - \"a\\\n  b\"\n",
            "name: \" a\n\tb \"\n",
            "name: 'a\n\tb'\n",
        ],
    },
    Difference {
        reason: "YAML 1.2 §6.6: a comment has a blank before it",
        way: Way::Refused,
        texts: &["name: 'a'# c\n", "name: |# c\n  x\n", "roles: [# c\n  a]\n"],
    },
    Difference {
        reason: "YAML 1.2 §5.7: there is no such escape",
        way: Way::Refused,
        texts: &["name: \"a\\'b\"\n"],
    },
    Difference {
        reason: "YAML 1.2 §7.3.3 and §6.9.2: what a plain scalar and an alias may have in them",
        way: Way::Refused,
        texts: &["{name: -, sub: x}\n", "{name: a:}\n", "roles: [a:]\n", "a: &n name\n*n: b\n"],
    },
    Difference {
        reason: "YAML 1.2 §5.2: a byte order mark stands at the beginning",
        way: Way::Refused,
        texts: &["name: a\u{feff}b\n", "name: a\n\u{feff}sub: b\n"],
    },
    Difference {
        reason: "a second byte order mark makes the vendor's reader lose letters, which is a fault of it",
        way: Way::Other,
        texts: &["\u{feff}\u{feff}name: a\nxsub: b\n"],
    },
    Difference {
        reason: "YAML 1.2 §5.4 breaks no line at NEL, LS and PS",
        way: Way::Refused,
        texts: &["name: a\u{85}sub: b\n", "name: a\u{2028}sub: b\n", "name: a\u{2029}sub: b\n"],
    },
    Difference {
        reason: "YAML 1.2 §5.4 breaks no line at NEL, LS and PS",
        way: Way::Other,
        texts: &["name: 'a\u{85}  b'\n"],
    },
    Difference {
        reason: "the same text is good under every version, and unknown directives are passed over",
        way: Way::Taken,
        texts: &[
            "%YAML 1.2\n---\nname: a\n",
            "%YAML 1.0\n---\nname: a\n",
            "%YAML 1.3\n---\nname: a\n",
            "%YAML 2.0\n---\nname: a\n",
            "%FOO\n---\nname: a\n",
        ],
    },
    Difference {
        reason: "the text as it is written is the string, and what a tag calls it is not asked",
        way: Way::Taken,
        texts: &[
            "name: !!int x\n",
            "name: !!bool x\n",
            "name: !!null x\n",
            "name: !!timestamp x\n",
            "name: !!float x\n",
            "name: !!int 1.5\n",
            "name: !!bool 1\n",
            "name: !!int ''\n",
            "name: !!float ''\n",
            "name: !!bool ''\n",
            "roles: [!!int x]\n",
            "roles: !!null x\n",
            "!!int name: x\n",
            "!!null name: x\n",
        ],
    },
    Difference {
        reason: "a name in base64 is nobody's name: the member is said to be unknown",
        way: Way::Other,
        texts: &["!!binary bmFtZQ==: x\n"],
    },
    Difference {
        reason: "RFC 4648 §3.5: the bits behind the last byte are zero, and a claim is text",
        way: Way::Refused,
        texts: &["name: !!binary aGl=\n", "name: !!binary /w==\n"],
    },
    Difference {
        reason: "YAML 1.2 §6.1: a tab separates where nothing is indented by it",
        way: Way::Taken,
        texts: &[
            "\tname: a\n",
            "name: a\n\t\nsub: b\n",
            "name: a\n\t# c\n",
            "\t\n",
            "roles:\n-\ta\n",
            "roles:\n- \ta\n",
            "name: |\n  \tx\n",
            "name: |\n  x\n\t\n",
            "name: |\n  x\n\n\t\n",
        ],
    },
    Difference {
        reason: "YAML 1.2 §5.7 takes the escapes of JSON",
        way: Way::Taken,
        texts: &["name: \"\\/\"\n", "{\"name\":\"a\\/b\"}"],
    },
    Difference {
        reason: "YAML 1.2 §9.2 and §7.2: no document, and a member whose name is empty",
        way: Way::Taken,
        texts: &["...\n", "# c\n...\n", ": a\n"],
    },
    Difference {
        reason: "YAML 1.2 §7.3.3 and §7.4.2: what a plain scalar in braces may begin with, and where its colon stands",
        way: Way::Taken,
        texts: &[
            "{name: :x}\n",
            "{name: ?x}\n",
            "{\"name\"\n: a}\n",
            "{name\n: a}\n",
            "{name: !}\n",
            "roles: [!x]\n",
        ],
    },
    Difference {
        reason: "YAML 1.2 §6.9.1: a tag in brackets ends at the comma",
        way: Way::Other,
        texts: &["roles: [!x, a]\n"],
    },
    Difference {
        reason: "YAML 1.2 §7.3.3: `?` with no blank behind it begins a plain scalar",
        way: Way::Other,
        texts: &["{?name: a}\n"],
    },
    Difference {
        reason: "saphyr-parser takes for a plain scalar in braces what is none, and nobody else reads it",
        way: Way::Taken,
        texts: &["{name: |\n  x\n}\n", "{name: >x}\n", "{name: |x}\n", "{name: ?}\n"],
    },
    Difference {
        reason: "a merge is of mappings, and the vendor's reader does not look behind an alias of a list",
        way: Way::Taken,
        texts: &["a: &m\n- name: x\n<<: *m\n"],
    },
];

/// Files far from any real account: too deep, too many values, too many tabs.
pub(super) fn limits() -> Vec<String> {
    let deep = format!("color: {}{}\nname: a\n", "[".repeat(65), "]".repeat(65));
    let many = format!("roles: [{}]\n", "a, ".repeat(20_001));
    let aliases = format!("color: &c [{}]\nhue: [{}]\n", "x, ".repeat(200), "*c, ".repeat(200));
    let tabs = "name:\ta\n".repeat(65);
    vec![deep, many, aliases, tabs]
}
