//! Reads YAML: builds the tree of nodes from saphyr-parser's events.

use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use zeroize::Zeroizing;

use super::node::{Node, Scalar, Stream, Value, YamlError};

/// Reads the first document of a text.
pub(crate) fn parse(text: &str) -> Result<Stream, YamlError> {
    read(text, |composer| composer.first_document())
}

/// Reads every document of a text; those with nothing in them are left out.
pub(crate) fn parse_all(text: &str) -> Result<Vec<Node>, YamlError> {
    let mut documents = read(text, |composer| composer.all_documents())?;
    documents.retain(|root| !root.is_null());
    Ok(documents)
}

fn read<T>(
    text: &str,
    compose: impl Fn(&mut Composer<'_>) -> Result<T, Refusal>,
) -> Result<T, YamlError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    no_control_characters(text)?;
    let mut spaced = None;
    for _ in 0..MOST_TABS {
        let text = spaced.as_deref().map_or(text, String::as_str);
        match compose(&mut Composer::new(text)) {
            Err(Refusal::TabBehindColon { end }) => spaced = Some(without_tabs(text, end)),
            Err(Refusal::Other(error)) => return Err(error),
            Ok(read) => return Ok(read),
        }
    }
    Err(YamlError::new(1, format!("there are more than {MOST_TABS} tabs after a colon")))
}

/// Refuses characters that YAML allows nowhere, not even in a comment (YAML 1.2 §5.1).
fn no_control_characters(text: &str) -> Result<(), YamlError> {
    let mut line = 1;
    for c in text.chars() {
        match c {
            '\n' => line += 1,
            '\t' | '\r' | '\u{85}' => {}
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => {
                let code = u32::from(c);
                let what = format!("control character U+{code:04X} is not allowed in YAML");
                return Err(YamlError::new(line, what));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Reads a text that is one document; `None` if it is empty.
pub(crate) fn parse_alone(text: &str) -> Result<Option<Node>, YamlError> {
    let stream = parse(text)?;
    if let Some(line) = stream.second_at {
        return Err(YamlError::new(line, "a second document begins here"));
    }
    Ok(stream.first.filter(|root| !root.is_null()))
}

/// Reads a text that is one document, and refuses repeated members.
pub(crate) fn parse_unrepeated(text: &str) -> Result<Option<Node>, YamlError> {
    let root = parse_alone(text)?;
    if let Some(root) = &root {
        no_repetition(root)?;
    }
    Ok(root)
}

fn no_repetition(node: &Node) -> Result<(), YamlError> {
    match &node.value {
        Value::Scalar(_) => Ok(()),
        Value::Sequence(items) => items.iter().try_for_each(no_repetition),
        Value::Mapping(members) => {
            let mut seen = HashSet::new();
            for (key, value) in members {
                let name = key.text().unwrap_or_default();
                if !seen.insert(name) {
                    return Err(YamlError::new(key.line, format!("`{name}` appears twice")));
                }
                no_repetition(value)?;
            }
            Ok(())
        }
    }
}

enum Refusal {
    /// saphyr-parser 0.3 refuses `name:<TAB>x`, which YAML allows (1.2 §6.2) and libyaml reads.
    TabBehindColon {
        /// The index of the character after the tabs.
        end: usize,
    },
    Other(YamlError),
}

impl From<ScanError> for Refusal {
    fn from(error: ScanError) -> Self {
        match error.info() {
            "':' must be followed by a valid YAML whitespace" => {
                Self::TabBehindColon { end: error.marker().index() }
            }
            what => Self::Other(YamlError::new(error.marker().line(), what)),
        }
    }
}

impl From<YamlError> for Refusal {
    fn from(error: YamlError) -> Self {
        Self::Other(error)
    }
}

/// Replaces the tabs right before a character with spaces.
fn without_tabs(text: &str, end: usize) -> Zeroizing<String> {
    let mut characters: Zeroizing<Vec<char>> = Zeroizing::new(text.chars().collect());
    let before = characters.iter_mut().take(end).rev();
    before.take_while(|c| **c == '\t').for_each(|c| *c = ' ');
    Zeroizing::new(characters.iter().collect())
}

struct Composer<'a> {
    parser: Parser<'a, StrInput<'a>>,
    /// Where the text ends, in characters, if it ends within a line.
    cut_at: Option<usize>,
    /// Complete nodes that have an anchor.
    anchors: HashMap<usize, Anchored>,
    open: Vec<Open>,
    /// The number of nodes; those that an alias repeats count each time.
    count: usize,
    /// How many bytes of text anchors and aliases may still copy.
    bytes_left: usize,
}

/// A copy of a node that an alias may repeat.
struct Anchored {
    node: Node,
    count: usize,
    bytes: usize,
}

/// Removes the line break that saphyr-parser 0.3 adds to a block at the end of a text without one.
fn without_added_break(event: &mut Event<'_>) {
    if let Event::Scalar(text, ScalarStyle::Literal | ScalarStyle::Folded, ..) = event
        && text.ends_with('\n')
    {
        text.to_mut().pop();
    }
}

/// A collection that has begun but not ended.
struct Open {
    line: usize,
    anchor: usize,
    began_at: usize,
    value: Collection,
}

enum Collection {
    Sequence(Vec<Node>),
    Mapping(Vec<(Node, Node)>, Option<Node>),
}

impl<'a> Composer<'a> {
    fn new(text: &'a str) -> Self {
        let cut_at = (!text.ends_with(['\n', '\r'])).then(|| text.chars().count());
        Composer {
            parser: Parser::new_from_str(text),
            cut_at,
            anchors: HashMap::new(),
            open: Vec::new(),
            count: 0,
            bytes_left: text.len().max(LEAST_COPIED),
        }
    }

    /// Counts the bytes of a copy, so that a text takes no more memory than a few times its own size.
    fn copies(&mut self, bytes: usize, line: usize, what: &str) -> Result<(), YamlError> {
        let left = self.bytes_left.checked_sub(bytes);
        self.bytes_left = left.ok_or_else(|| YamlError::new(line, what))?;
        Ok(())
    }

    fn all_documents(&mut self) -> Result<Vec<Node>, Refusal> {
        let mut documents = Vec::new();
        while let Some(event) = self.parser.next_event() {
            let (event, span) = event?;
            match event {
                // An anchor ends with its document.
                Event::DocumentEnd => self.anchors.clear(),
                Event::Nothing
                | Event::StreamStart
                | Event::StreamEnd
                | Event::DocumentStart(_) => {}
                event => documents.extend(self.node(event, &span)?),
            }
        }
        Ok(documents)
    }

    fn first_document(&mut self) -> Result<Stream, Refusal> {
        let mut first = None;
        while let Some(event) = self.parser.next_event() {
            let (event, span) = event?;
            match event {
                Event::DocumentEnd => {
                    // A second document is not read, only reported.
                    let second_at = self.second_document();
                    return Ok(Stream { first, second_at });
                }
                Event::Nothing
                | Event::StreamStart
                | Event::StreamEnd
                | Event::DocumentStart(_) => {}
                event => {
                    if let Some(root) = self.node(event, &span)? {
                        first = Some(root);
                    }
                }
            }
        }
        Ok(Stream { first, second_at: None })
    }

    /// Takes the event of a node; returns the root when it is complete.
    fn node(&mut self, mut event: Event<'_>, span: &Span) -> Result<Option<Node>, YamlError> {
        if self.cut_at.is_some_and(|end| span.end.index() >= end) {
            without_added_break(&mut event);
        }
        self.take(event, span.start.line().max(1))
    }

    fn second_document(&mut self) -> Option<usize> {
        loop {
            match self.parser.next_event()? {
                Ok((Event::DocumentStart(_), span)) => return Some(span.start.line()),
                Ok((Event::StreamEnd, _)) => return None,
                Err(error) => return Some(error.marker().line()),
                Ok(_) => {}
            }
        }
    }

    /// Takes one event; returns the root when it is complete.
    fn take(&mut self, event: Event<'_>, line: usize) -> Result<Option<Node>, YamlError> {
        let began_at = self.count;
        self.count += 1;
        let (node, anchor, began_at) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let tag = tag.map(|tag| written(&tag)).transpose();
                let tag = tag.map_err(|reason| YamlError::new(line, reason))?.flatten();
                let text = Zeroizing::new(text.into_owned());
                let scalar = Scalar { text, plain: style == ScalarStyle::Plain, tag };
                (Node { line, value: Value::Scalar(scalar) }, anchor, began_at)
            }
            Event::Alias(anchor) => {
                let Some(&Anchored { count, bytes, .. }) = self.anchors.get(&anchor) else {
                    return Err(YamlError::new(line, "an alias is used inside its own anchor"));
                };
                self.count += count;
                if self.count > MOST_NODES {
                    return Err(YamlError::new(line, "the aliases expand to too many values"));
                }
                self.copies(bytes, line, "the aliases expand to too many bytes")?;
                let Some(Anchored { node, .. }) = self.anchors.get(&anchor) else {
                    return Ok(None);
                };
                (Node { line, ..node.clone() }, 0, began_at)
            }
            Event::SequenceStart(anchor, _) => {
                return self.begin(line, anchor, began_at, Collection::Sequence(Vec::new()));
            }
            Event::MappingStart(anchor, _) => {
                return self.begin(line, anchor, began_at, Collection::Mapping(Vec::new(), None));
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else { return Ok(None) };
                let value = match open.value {
                    Collection::Sequence(items) => Value::Sequence(items),
                    Collection::Mapping(members, _) => Value::Mapping(members),
                };
                (Node { line: open.line, value }, open.anchor, open.began_at)
            }
            _ => return Ok(None),
        };
        if self.count > MOST_NODES {
            return Err(YamlError::new(line, format!("there are more than {MOST_NODES} values")));
        }
        if anchor != 0 {
            let (count, bytes) = (self.count - began_at, node.bytes());
            self.copies(bytes, line, "the anchors are on too many bytes")?;
            self.anchors.insert(anchor, Anchored { node: node.clone(), count, bytes });
            self.count += count;
        }
        self.place(node)
    }

    fn begin(
        &mut self,
        line: usize,
        anchor: usize,
        began_at: usize,
        value: Collection,
    ) -> Result<Option<Node>, YamlError> {
        if self.open.len() == MOST_DEPTH {
            return Err(YamlError::new(
                line,
                format!("it is nested deeper than {MOST_DEPTH} levels"),
            ));
        }
        self.open.push(Open { line, anchor, began_at, value });
        Ok(None)
    }

    /// Adds a complete node to its collection; returns the outermost one.
    fn place(&mut self, node: Node) -> Result<Option<Node>, YamlError> {
        match self.open.last_mut().map(|open| &mut open.value) {
            None => return Ok(Some(node)),
            Some(Collection::Sequence(items)) => items.push(node),
            Some(Collection::Mapping(members, key)) => match key.take() {
                None if !matches!(node.value, Value::Scalar(_)) => {
                    let what = format!("{} cannot be the name of a member", node.kind());
                    return Err(YamlError::new(node.line, what));
                }
                None => *key = Some(node),
                Some(key) => members.push((key, node)),
            },
        }
        Ok(None)
    }
}

/// Returns a tag as YAML spells it, or `None` for a lone `!`, which has no meaning.
fn written(tag: &Tag) -> Result<Option<String>, &'static str> {
    // The library decodes their escapes into other characters, so they could not be written back.
    if !tag.handle.is_ascii() || !tag.suffix.is_ascii() {
        return Err("a tag has characters outside ASCII");
    }
    Ok(match (tag.handle.as_str(), tag.suffix.as_str()) {
        ("!" | "", "!" | "") => None,
        ("tag:yaml.org,2002:", suffix) => Some(format!("!!{}", uri(suffix))),
        ("!" | "", suffix) => Some(format!("!{}", uri(suffix))),
        (handle, suffix) => Some(format!("!<{}{}>", uri(handle), uri(suffix))),
    })
}

/// Escapes what a tag may not contain (YAML 1.2 §6.8.1), and a little more.
fn uri(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'-' | b'.' | b'_' | b':' | b'/' => escaped.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => escaped.push(char::from(byte)),
            byte => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

/// No account and no list of contexts comes near it.
const MOST_NODES: usize = 20_000;

/// How many bytes aliases may copy in a text that is shorter: 1 MiB, as long as a text may be.
const LEAST_COPIED: usize = 1 << 20;

/// Each one costs another pass over the text.
const MOST_TABS: usize = 64;

/// No account and no list of contexts comes near it.
const MOST_DEPTH: usize = 64;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::yaml::writer::write;

    fn fault(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    /// Returns a tree without its lines and styles.
    fn shape(node: &Node) -> String {
        match &node.value {
            Value::Scalar(scalar) if scalar.is_null() => "~".to_owned(),
            Value::Scalar(scalar) => format!("{:?}{:?}", scalar.tag, scalar.text.as_str()),
            Value::Sequence(items) => format!("{:?}", items.iter().map(shape).collect::<Vec<_>>()),
            Value::Mapping(members) => {
                let members = members.iter().map(|(key, value)| (shape(key), shape(value)));
                format!("{:?}", members.collect::<Vec<_>>())
            }
        }
    }

    #[test]
    fn the_text_of_a_scalar_stays_as_it_is_written() {
        let text = "a: 0x10\nb: 2.50\nc: yes\nd: 2020-01-01\ne:\tx\nf: 1_000\n";
        let root = parse(text).unwrap().first.unwrap();
        for (name, value) in [
            ("a", "0x10"),
            ("b", "2.50"),
            ("c", "yes"),
            ("d", "2020-01-01"),
            ("e", "x"),
            ("f", "1_000"),
        ] {
            assert_eq!(root.member(name).unwrap().text(), Some(value));
        }
    }

    #[test]
    fn tabs_behind_a_colon_are_blanks_and_tabs_inside_quotes_are_not() {
        let root = parse("a:\tx\nb:\t\t-1\nc: \"d:\tx\"\n").unwrap().first.unwrap();
        for (name, value) in [("a", "x"), ("b", "-1"), ("c", "d:\tx")] {
            assert_eq!(root.member(name).unwrap().text(), Some(value));
        }
        assert!(fault(&"a:\tx\n".repeat(65)).contains("more than 64 tabs"));
    }

    #[test]
    fn a_second_document_is_told_and_not_read() {
        let stream = parse("a: 1\n---\nb: [\n").unwrap();
        assert_eq!(stream.second_at, Some(2));
        assert_eq!(stream.first.unwrap().member("a").unwrap().text(), Some("1"));
        assert_eq!(parse("a: 1\n...\n").unwrap().second_at, None);
    }

    #[test]
    fn a_fault_names_its_line() {
        assert!(fault("a: 1\nb: [1, 2\n").starts_with("line "), "{}", fault("a: 1\nb: [1, 2\n"));
        assert!(fault("a: 1\n b: 2\n").starts_with("line 2: "), "{}", fault("a: 1\n b: 2\n"));
    }

    #[test]
    fn what_only_makes_work_is_refused() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..9 {
            let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
            bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
        }
        assert!(fault(&bomb).contains("more than 20000"), "{}", fault(&bomb));
        let wide = format!("a: &a [{}]\nb: [{}]\n", "x, ".repeat(1000), "*a, ".repeat(1000));
        assert!(fault(&wide).contains("aliases"), "{}", fault(&wide));
        assert!(fault("a: &a [*a]\n").contains("inside"));
        assert!(fault(&"[".repeat(100)).contains("deeper"), "{}", fault(&"[".repeat(100)));
        assert!(fault(&"- ".repeat(100)).contains("deeper"), "{}", fault(&"- ".repeat(100)));
        assert!(fault(&"[".repeat(100_000)).contains("recursion"));
    }

    #[test]
    fn aliases_copy_no_more_bytes_than_a_text_may_have() {
        let long = "x".repeat(900_000);
        let aliases = "- *a\n".repeat(9_000);
        for before in [
            format!("x: &a \"{long}\"\ny:\n"),
            format!("x: &a [{{k: {long}}}]\ny:\n"),
            format!("x: &a {{{long}: 1}}\ny:\n"),
            format!("x: &a !{long} v\ny:\n"),
        ] {
            let fault = fault(&format!("{before}{aliases}"));
            assert_eq!(fault, "line 3: the aliases expand to too many bytes");
        }
        let nested = format!("a: &a [&b [&c {long}]]\n");
        assert_eq!(fault(&nested), "line 1: the anchors are on too many bytes");
    }

    #[test]
    fn aliases_may_copy_as_many_bytes_as_the_text_has() {
        // The anchor keeps a copy, too.
        for (long, aliases, fits) in [
            (1000, 1000, true),
            (1000, 1060, false),
            (500_000, 1, true),
            (500_000, 2, false),
            (1 << 20, 0, true),
            (3 << 20, 0, true),
            (3 << 20, 1, false),
        ] {
            let text = format!("x: &a {}\ny:\n{}", "x".repeat(long), "- *a\n".repeat(aliases));
            assert_eq!(parse(&text).is_ok(), fits, "{long} {aliases}");
        }
    }

    #[test]
    fn a_tag_that_says_nothing_is_left_out() {
        for (text, written) in [("a: !", "a:\n"), ("a: ! x", "a: x\n"), ("a: !t x", "a: !t x\n")] {
            let root = parse(text).unwrap().first.unwrap();
            assert_eq!(write(&root).as_str(), written, "{text}");
        }
    }

    #[test]
    fn a_tag_outside_ascii_is_refused() {
        for text in ["a: !%CC%BC x", "a: !<%CC%BC> x"] {
            assert!(fault(text).contains("a tag"), "{}", fault(text));
        }
        let root = parse("a: !%21%20b x").unwrap().first.unwrap();
        assert_eq!(write(&root).as_str(), "a: !%21%20b x\n");
    }

    #[test]
    fn a_key_longer_than_a_reader_looks_ahead_is_marked_as_one() {
        // Quotes double when they are escaped, and the limit counts what is written.
        let key = format!("contexts{}", "\"".repeat(600));
        for value in ["", " a", "\n    b: c\n    d: e", "\n  - f\n  - g: h\n    i: j"] {
            let text = format!("list:\n- ? {key}\n  :{value}\n  last: k\n? {key}\n:\n  m: n\n");
            let root = parse(&text).unwrap().first.unwrap();
            let written = write(&root);
            let again = parse(&written).expect(&written).first.unwrap();
            assert_eq!(shape(&again), shape(&root), "{}", written.as_str());
        }
    }

    #[test]
    fn block_style_is_that_of_go_yaml() {
        let text = "outer:\n  current: user\n  list:\n  - a: 1\n    b: \"1\"\n  - []\n  - - x\n    - y\n  none:\n  word: \"yes\"\n";
        let root = parse(text).unwrap().first.unwrap();
        assert_eq!(write(&root).as_str(), text);
    }

    #[test]
    fn what_a_plain_word_would_mean_decides_about_quotes() {
        for (text, written) in [
            ("http://localhost:9001", "http://localhost:9001"),
            ("no", "\"no\""),
            ("12", "\"12\""),
            ("a b", "\"a b\""),
            ("a: b", "\"a: b\""),
            ("", "\"\""),
            ("tab\tüé\u{7f}", "\"tab\\tüé\\u007f\""),
            ("a\u{61c}\u{200b}\u{1d173}", "\"a\\u061c\\u200b\\U0001d173\""),
        ] {
            let node = Node::mapping(vec![(Node::scalar("k"), Node::scalar(text))]);
            assert_eq!(write(&node).as_str(), format!("k: {written}\n"));
        }
    }

    #[test]
    fn a_plain_scalar_that_hides_a_letter_is_quoted() {
        let root = parse("k: a\u{3164}b\n").unwrap().first.unwrap();
        assert_eq!(write(&root).as_str(), "k: \"a\\u3164b\"\n");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _ = parse(&text);
        }

        #[test]
        fn no_yaml_like_text_panics(text in "[-:?{}\\[\\],#&*!|>'\"%@` \\n\\tab0~]{0,60}") {
            let _ = parse(&text);
        }

        #[test]
        fn what_is_read_is_written_so_that_it_reads_the_same(
            text in "[-:?{}\\[\\],#!|>'\" \\n\\tab0~]{0,40}"
        ) {
            if let Ok(Stream { first: Some(root), .. }) = parse(&text)
                && matches!(root.value, Value::Mapping(_))
            {
                let again = parse(&write(&root)).unwrap().first.unwrap();
                prop_assert_eq!(shape(&again), shape(&root));
            }
        }

        #[test]
        fn a_string_comes_back_whatever_is_in_it(value in any::<String>()) {
            let node = Node::mapping(vec![(Node::scalar("k"), Node::scalar(&value))]);
            let again = parse(&write(&node)).unwrap().first.unwrap();
            prop_assert_eq!(again.member("k").unwrap().text(), Some(value.as_str()));
        }
    }
}
