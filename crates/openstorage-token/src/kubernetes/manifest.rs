//! Manifests with a Secret, as `kubectl apply` takes them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};
use token_text::Wiped;
use zeroize::Zeroizing;

use crate::kubernetes::name::{DataKey, Namespace, ObjectName};
use crate::yaml::node::{Node, Value};
use crate::yaml::writer;

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
        let documents: Vec<_> = self.objects.iter().map(writer::write).collect();
        let room = documents.iter().map(|document| document.len() + SEPARATOR.len()).sum();
        let mut text = Zeroizing::new(String::with_capacity(room));
        for (at, document) in documents.iter().enumerate() {
            if at > 0 {
                text.push_str(SEPARATOR);
            }
            text.push_str(document);
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
        let mut text = Wiped::default();
        let list = List { api_version: "v1", kind: "List", items: &self.objects };
        let written = match (self.objects.as_slice(), compact) {
            ([object], false) => serde_json::to_writer_pretty(&mut text, object),
            ([object], true) => serde_json::to_writer(&mut text, object),
            (_, false) => serde_json::to_writer_pretty(&mut text, &list),
            (_, true) => serde_json::to_writer(&mut text, &list),
        };
        written.expect("strings serialise");
        text.push(b"\n");
        let mut bytes = text.into_bytes();
        Zeroizing::new(String::from_utf8(std::mem::take(&mut *bytes)).expect("JSON is text"))
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

/// What is between two documents of YAML.
const SEPARATOR: &str = "---\n";

/// What Stork and PX-Backup look for.
const SKIP: &str = "stork.libopenstorage.org/skip-resource";

/// Portworx's CSI driver.
const CSI_DRIVER: &str = "pxd.portworx.com";

/// What a volume's driver does with a token.
const CSI_PURPOSES: [&str; 3] = ["provisioner", "node-publish", "controller-expand"];

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::kubernetes) fn manifest() -> Manifest {
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
}
