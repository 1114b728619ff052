//! Kubernetes Secrets, which store tokens and shared secrets for a storage cluster.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};
use zeroize::Zeroizing;

use crate::yaml::node::{Node, Value, YamlError};
use crate::yaml::{reader, writer};

/// A name that Kubernetes gives a Secret or a StorageClass: up to 253 lowercase letters, digits,
/// dashes and dots, with a letter or digit at both ends of every part (a DNS subdomain, RFC 1123).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectName(String);

/// A namespace: up to 63 lowercase letters, digits and dashes, with a letter or digit at both ends
/// (a DNS label, RFC 1123).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace(String);

/// A member of a Secret's `data`: letters, digits, dashes, dots and underscores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataKey(String);

impl DataKey {
    /// The member that stores a token.
    #[must_use]
    pub fn auth_token() -> Self {
        Self("auth-token".to_owned())
    }

    /// The member that stores a shared secret.
    #[must_use]
    pub fn shared_secret() -> Self {
        Self("shared-secret".to_owned())
    }
}

impl FromStr for ObjectName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let fits = text.len() <= 253 && text.split('.').all(is_label);
        let rule = "lowercase letters, digits, dashes and dots, with a letter or digit at both ends of every part, at most 253 characters";
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError { what: "the name of an object", rule })
        }
    }
}

impl FromStr for Namespace {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let rule = "lowercase letters, digits and dashes, with a letter or digit at both ends, at most 63 characters";
        if text.len() <= 63 && is_label(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError { what: "a namespace", rule })
        }
    }
}

impl FromStr for DataKey {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let inside = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        let fits = !text.is_empty()
            && text.len() <= 253
            && text.bytes().all(inside)
            && text != "."
            && !text.starts_with("..");
        let rule = "letters, digits, dashes, dots and underscores, without two dots at the beginning, at most 253 characters";
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError { what: "the name of a member of a Secret", rule })
        }
    }
}

fn is_label(text: &str) -> bool {
    let end = |byte: Option<u8>| {
        byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    end(text.bytes().next())
        && end(text.bytes().last())
        && text.bytes().all(|byte| byte == b'-' || end(Some(byte)))
}

macro_rules! names {
    ($($name:ident)*) => {$(
        impl $name {
            /// Returns the name.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

names!(ObjectName Namespace DataKey);

/// Why Kubernetes does not accept a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} consists of {rule} (Kubernetes)")]
pub struct NameError {
    /// What was to be named.
    pub what: &'static str,
    /// The characters and length that such a name may have.
    pub rule: &'static str,
}

/// What `kubectl apply` takes: a Secret, and a StorageClass that refers to it.
///
/// The Secret carries the annotation that keeps Stork and PX-Backup from copying it.
#[derive(Debug)]
pub struct Manifest {
    objects: Vec<Node>,
}

impl Manifest {
    /// Puts `content` under `key` of an Opaque Secret. Without a namespace, `kubectl`
    /// chooses one.
    #[must_use]
    pub fn secret(
        name: &ObjectName,
        namespace: Option<&Namespace>,
        key: &DataKey,
        content: &[u8],
    ) -> Self {
        let mut metadata = vec![member("name", name.as_str())];
        metadata.extend(namespace.map(|namespace| member("namespace", namespace.as_str())));
        let skip = member(SKIP, "true");
        metadata.push((Node::scalar("annotations"), Node::mapping(vec![skip])));
        let encoded = Zeroizing::new(STANDARD.encode(content));
        let object = Node::mapping(vec![
            member("apiVersion", "v1"),
            member("kind", "Secret"),
            (Node::scalar("metadata"), Node::mapping(metadata)),
            member("type", "Opaque"),
            (Node::scalar("data"), Node::mapping(vec![member(key.as_str(), &encoded)])),
        ]);
        Self { objects: vec![object] }
    }

    /// Adds a StorageClass whose volumes are created, mounted and expanded with a Secret's token.
    #[must_use]
    pub fn with_storage_class(
        mut self,
        class: &ObjectName,
        secret: &ObjectName,
        namespace: &Namespace,
    ) -> Self {
        let parameters = CSI_PURPOSES.iter().flat_map(|purpose| {
            let key = |what| format!("csi.storage.k8s.io/{purpose}-secret-{what}");
            [member(&key("name"), secret.as_str()), member(&key("namespace"), namespace.as_str())]
        });
        self.objects.push(Node::mapping(vec![
            member("apiVersion", "storage.k8s.io/v1"),
            member("kind", "StorageClass"),
            (Node::scalar("metadata"), Node::mapping(vec![member("name", class.as_str())])),
            member("provisioner", CSI_DRIVER),
            (Node::scalar("parameters"), Node::mapping(parameters.collect())),
        ]));
        self
    }

    /// Returns it as YAML, one document for each object.
    #[must_use]
    pub fn to_yaml(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(16 * 1024));
        for (at, object) in self.objects.iter().enumerate() {
            if at > 0 {
                text.push_str("---\n");
            }
            text.push_str(&writer::write(object));
        }
        text
    }

    /// Returns it as JSON, indented or on one line; several objects are a `List`.
    #[must_use]
    pub fn to_json(&self, compact: bool) -> Zeroizing<String> {
        #[derive(Serialize)]
        struct List<'a> {
            #[serde(rename = "apiVersion")]
            api_version: &'static str,
            kind: &'static str,
            items: &'a [Node],
        }
        let mut text = Zeroizing::new(Vec::with_capacity(16 * 1024));
        let list = List { api_version: "v1", kind: "List", items: &self.objects };
        let written = match (self.objects.as_slice(), compact) {
            ([object], false) => serde_json::to_writer_pretty(&mut *text, object),
            ([object], true) => serde_json::to_writer(&mut *text, object),
            (_, false) => serde_json::to_writer_pretty(&mut *text, &list),
            (_, true) => serde_json::to_writer(&mut *text, &list),
        };
        written.expect("strings serialise");
        text.push(b'\n');
        Zeroizing::new(String::from_utf8(std::mem::take(&mut *text)).expect("JSON is text"))
    }
}

/// A manifest contains only strings.
impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.value {
            Value::Scalar(scalar) => serializer.serialize_str(&scalar.text),
            Value::Sequence(items) => serializer.collect_seq(items),
            Value::Mapping(members) => {
                let members =
                    members.iter().map(|(key, value)| (key.text().unwrap_or_default(), value));
                serializer.collect_map(members)
            }
        }
    }
}

fn member(name: &str, value: &str) -> (Node, Node) {
    (Node::scalar(name), Node::scalar(value))
}

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
            let text: Zeroizing<String> = Zeroizing::new(text.split_ascii_whitespace().collect());
            let bytes = STANDARD.decode(text.as_bytes());
            bytes.map(Zeroizing::new).map_err(|_| SecretError::NoBase64 { key: key.to_string() })
        }
        None => Err(SecretError::NoMember { key: key.to_string(), there: names_of(root) }),
    }
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

/// What Stork and PX-Backup look for.
const SKIP: &str = "stork.libopenstorage.org/skip-resource";

/// Portworx's CSI driver.
const CSI_DRIVER: &str = "pxd.portworx.com";

/// What a volume's driver does with a token.
const CSI_PURPOSES: [&str; 3] = ["provisioner", "node-publish", "controller-expand"];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn manifest() -> Manifest {
        let name = "px-user-token".parse().unwrap();
        let namespace = "kube-system".parse().unwrap();
        Manifest::secret(&name, Some(&namespace), &DataKey::auth_token(), b"a.b.c")
    }

    #[test]
    fn a_secret_is_what_kubectl_makes_and_annotates() {
        assert_eq!(
            manifest().to_yaml().as_str(),
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: px-user-token\n  namespace: kube-system\n  annotations:\n    stork.libopenstorage.org/skip-resource: \"true\"\ntype: Opaque\ndata:\n  auth-token: \"YS5iLmM=\"\n"
        );
    }

    #[test]
    fn a_storage_class_comes_as_a_second_document_or_in_a_list() {
        let (secret, namespace) = ("s".parse().unwrap(), "n".parse().unwrap());
        let both = manifest().with_storage_class(&"px-csi".parse().unwrap(), &secret, &namespace);
        let yaml = both.to_yaml();
        assert!(yaml.contains("\n---\napiVersion: storage.k8s.io/v1\nkind: StorageClass\n"));
        assert!(yaml.contains("  csi.storage.k8s.io/node-publish-secret-namespace: \"n\"\n"));
        let json: serde_json::Value = serde_json::from_str(&both.to_json(false)).unwrap();
        assert_eq!(json["kind"], "List");
        assert_eq!(
            json["items"][1]["parameters"]["csi.storage.k8s.io/provisioner-secret-name"],
            "s"
        );
    }

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

    #[test]
    fn names_are_those_of_kubernetes() {
        let long = "a".repeat(64);
        for (text, object, namespace, key) in [
            ("px-user-token", true, true, true),
            ("a.b", true, false, true),
            ("A", false, false, true),
            ("a_b", false, false, true),
            ("-a", false, false, true),
            ("a-", false, false, true),
            ("a..b", false, false, true),
            ("", false, false, false),
            (".", false, false, false),
            ("..a", false, false, false),
            (".a", false, false, true),
            ("ü", false, false, false),
            (&long, true, false, true),
            (&"a".repeat(254), false, false, false),
        ] {
            assert_eq!(text.parse::<ObjectName>().is_ok(), object, "{text}");
            assert_eq!(text.parse::<Namespace>().is_ok(), namespace, "{text}");
            assert_eq!(text.parse::<DataKey>().is_ok(), key, "{text}");
        }
    }
}
