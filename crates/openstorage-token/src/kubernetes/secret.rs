//! Secrets as `kubectl get` prints them, and the members in them.

use base64::engine::general_purpose::STANDARD;
use base64::{Engine as _, decoded_len_estimate};
use zeroize::Zeroizing;

use crate::kubernetes::name::DataKey;
use crate::yaml::node::{Node, Value, YamlError};
use crate::yaml::reader;

/// Reads a member of a Secret, in JSON or YAML, as `kubectl get secret NAME -o json` prints it.
///
/// The Secret may be one of several documents, or in a `List`; of several Secrets, the one that has
/// the member. The bytes are exactly those that the server gets, not trimmed.
///
/// # Errors
///
/// [`SecretError`] if there is no Secret, the member is missing or not base64, or several Secrets
/// have it.
pub fn read_secret(text: &str, key: &DataKey) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    let documents = reader::parse_all(text)?;
    let secrets: Vec<&Node> =
        documents.iter().flat_map(objects).filter(|it| is(it, "Secret")).collect();
    let has = |secret: &&&Node| {
        let data = ["stringData", "data"].into_iter().filter_map(|name| secret.member(name));
        data.into_iter().any(|data| data.member(key.as_str()).is_some())
    };
    let having: Vec<&Node> = secrets.iter().filter(has).copied().collect();
    match (secrets.as_slice(), having.as_slice()) {
        ([], _) => Err(SecretError::NoSecret { kind: kind(documents.first()) }),
        (_, [secret]) | ([secret], _) => member_of(secret, key),
        (_, []) => Err(SecretError::NoMember {
            key: key.to_string(),
            there: secrets.iter().flat_map(|secret| names_of(secret)).collect(),
        }),
        (_, several) => Err(SecretError::Several {
            key: key.to_string(),
            secrets: several.iter().map(|secret| name_of(secret)).collect(),
        }),
    }
}

/// Returns an object, or those in it if it is a list.
fn objects(root: &Node) -> Vec<&Node> {
    match root.member("items").map(|items| &items.value) {
        Some(Value::Sequence(items)) if is(root, "List") || is(root, "SecretList") => {
            items.iter().collect()
        }
        _ => vec![root],
    }
}

fn is(object: &Node, kind: &str) -> bool {
    object.member("kind").and_then(Node::text) == Some(kind)
}

fn kind(root: Option<&Node>) -> String {
    match root.map(|root| (root.member("kind").and_then(Node::text), root.kind())) {
        None => "empty".to_owned(),
        Some((Some(kind), _)) => format!("a {kind}"),
        Some((None, kind)) => kind.to_owned(),
    }
}

fn name_of(object: &Node) -> String {
    let name = object.member("metadata").and_then(|data| data.member("name"));
    name.and_then(Node::text).unwrap_or("one without a name").to_owned()
}

/// Returns the names of a Secret's members.
fn names_of(secret: &Node) -> Vec<String> {
    match secret.member("data").map(|data| &data.value) {
        Some(Value::Mapping(members)) => {
            members.iter().filter_map(|(key, _)| key.text()).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

fn member_of(root: &Node, key: &DataKey) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    // A member of `stringData` replaces that of `data` (Kubernetes API, Secret v1).
    if let Some(text) = root.member("stringData").and_then(|data| data.member(key.as_str())) {
        let text = text.text().unwrap_or_default();
        return Ok(Zeroizing::new(text.as_bytes().to_vec()));
    }
    let data = root.member("data");
    match data.and_then(|data| data.member(key.as_str())) {
        Some(value) => {
            let text = value.text().unwrap_or_default();
            decoded(text).ok_or_else(|| SecretError::NoBase64 { key: key.to_string() })
        }
        None => Err(SecretError::NoMember { key: key.to_string(), there: names_of(root) }),
    }
}

/// Decodes base64 with blanks and line ends in it. No copy of it grows or is left behind.
fn decoded(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut base64 = Zeroizing::new(Vec::with_capacity(text.len()));
    base64.extend(text.bytes().filter(|byte| !byte.is_ascii_whitespace()));
    let mut bytes = Zeroizing::new(vec![0; decoded_len_estimate(base64.len())]);
    let length = STANDARD.decode_slice(&*base64, &mut bytes).ok()?;
    bytes.truncate(length);
    Some(bytes)
}

/// Returns whether a text is or has a Secret, in JSON or YAML.
#[must_use]
pub fn is_secret(text: &str) -> bool {
    let documents = reader::parse_all(text).unwrap_or_default();
    documents.iter().flat_map(objects).any(|object| is(object, "Secret"))
}

/// Why a member cannot be read from a Secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// It is neither YAML nor JSON.
    #[error("is neither YAML nor JSON: {0}")]
    Yaml(#[from] YamlError),

    /// It is something else.
    #[error("is {kind}, not a Kubernetes Secret")]
    NoSecret {
        /// What it is.
        kind: String,
    },

    /// The member is not there.
    #[error("has no `{key}` in its data{}", listed(there))]
    NoMember {
        /// The member.
        key: String,
        /// The existing members.
        there: Vec<String>,
    },

    /// Several Secrets have the member.
    #[error("has several Secrets with a `{key}`: {}", token_text::Listed(secrets))]
    Several {
        /// The member.
        key: String,
        /// The names of the Secrets.
        secrets: Vec<String>,
    },

    /// The member is not base64.
    #[error("has a `{key}` that is not base64")]
    NoBase64 {
        /// The member.
        key: String,
    },
}

fn listed(there: &[String]) -> String {
    if there.is_empty() { String::new() } else { format!(", only {}", token_text::Listed(there)) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kubernetes::manifest::{Manifest, tests::manifest};

    #[test]
    fn what_was_written_is_read_back() {
        for text in [manifest().to_yaml(), manifest().to_json(false), manifest().to_json(true)] {
            assert_eq!(*read_secret(&text, &DataKey::auth_token()).unwrap(), b"a.b.c");
        }
        let bytes = read_secret(
            r#"{"kind":"Secret","data":{"shared-secret":"c2VjcmV0Cg=="}}"#,
            &DataKey::shared_secret(),
        );
        assert_eq!(*bytes.unwrap(), b"secret\n");
        let plain =
            read_secret("kind: Secret\nstringData: {k: v}\ndata: {k: eA==}", &"k".parse().unwrap());
        assert_eq!(*plain.unwrap(), b"v");
    }

    #[test]
    fn what_is_no_secret_is_named() {
        for (text, part) in [
            ("", "is empty, not a Kubernetes Secret"),
            ("word", "is a single value, not a Kubernetes Secret"),
            ("kind: ConfigMap", "is a ConfigMap, not a Kubernetes Secret"),
            ("kind: Secret\ndata: {a: eA==, b: eA==}", "no `auth-token` in its data, only a, b"),
            ("kind: Secret", "no `auth-token` in its data"),
            ("kind: Secret\ndata: {auth-token: '?'}", "not base64"),
            ("{", "line "),
        ] {
            let message = read_secret(text, &DataKey::auth_token()).unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
    }

    #[test]
    fn a_secret_is_found_among_documents_and_in_a_list() {
        let class = "kind: StorageClass\nmetadata: {name: c}\n";
        let token = "kind: Secret\nmetadata: {name: t}\ndata: {auth-token: eA==}\n";
        let other = "kind: Secret\nmetadata: {name: o}\ndata: {tls.crt: eQ==}\n";
        let list = |kind: &str, items: &str| format!("{{\"kind\":\"{kind}\",\"items\":[{items}]}}");
        let json = r#"{"kind":"Secret","metadata":{"name":"j"},"data":{"auth-token":"eA=="}}"#;
        for text in [
            format!("{class}---\n{token}"),
            format!("---\n# nothing\n---\n{token}---\n{class}"),
            format!("{other}---\n{token}"),
            list("List", json),
            list("SecretList", json),
            format!("{class}---\n{}", list("List", json)),
            format!("a: &x 1\n---\n{token}"),
        ] {
            assert_eq!(*read_secret(&text, &DataKey::auth_token()).unwrap(), b"x", "{text}");
            assert!(is_secret(&text), "{text}");
        }
        for (text, part) in [
            (format!("{token}---\n{}", token.replace("name: t", "name: u")), "`auth-token`: t, u"),
            (list("List", &format!("{json},{json}")), "several Secrets with a `auth-token`: j, j"),
            (format!("{class}---\n{class}"), "is a StorageClass, not"),
            (list("List", ""), "is a List, not"),
            (format!("{other}---\n{other}"), "no `auth-token` in its data, only tls.crt, tls.crt"),
            (format!("{token}---\n{{"), "line "),
            (list("ConfigMapList", json), "is a ConfigMapList, not"),
        ] {
            let message = read_secret(&text, &DataKey::auth_token()).unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
    }

    proptest! {
        /// Where the Secret stands changes nothing, and no text makes the reader panic.
        #[test]
        fn a_secret_has_its_bytes_wherever_it_stands(
            content in proptest::collection::vec(any::<u8>(), 0..60),
            before in 0..3_usize,
            behind in 0..3_usize,
        ) {
            let name = "s".parse().unwrap();
            let own = Manifest::secret(&name, None, &DataKey::auth_token(), &content);
            let other = Manifest::secret(&name, None, &DataKey::shared_secret(), b"x").to_yaml();
            let documents = std::iter::repeat_n(other.as_str(), before)
                .chain([own.to_yaml().as_str()])
                .chain(std::iter::repeat_n("# nothing\n", behind))
                .collect::<Vec<_>>()
                .join("---\n");
            let read = read_secret(&documents, &DataKey::auth_token());
            prop_assert_eq!(&*read.unwrap(), &content);
            let list = format!("{{\"kind\": \"List\", \"items\": [{}]}}", &*own.to_json(true));
            let read = read_secret(&list, &DataKey::auth_token());
            prop_assert_eq!(&*read.unwrap(), &content);
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "(kind: (Secret|List)|items:|data:|- |---|\\.\\.\\.|[{}\\[\\], \n:a&*x]){0,40}") {
            let _ = read_secret(&text, &DataKey::auth_token());
            let _ = is_secret(&text);
        }
    }
}
