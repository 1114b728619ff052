//! The tools of Kubernetes, without a cluster.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::peers::{finished, peer, run, schemas};

/// kubeconform, with the schemas of the kinds that the program writes.
#[derive(Debug)]
pub(crate) struct Kubeconform(tempfile::TempDir);

impl Kubeconform {
    /// Copies the schemas, and changes their references from a web site to files.
    #[track_caller]
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["secret-v1.json", "storageclass-storage-v1.json", "_definitions.json"] {
            let text = std::fs::read_to_string(schemas().join(name)).unwrap();
            let text = text.replace("\"/api/_definitions.json", "\"_definitions.json");
            let mut schema: Value = serde_json::from_str(&text).unwrap();
            schema.as_object_mut().unwrap().remove("$id");
            std::fs::write(folder.path().join(name), schema.to_string()).unwrap();
        }
        Self(folder)
    }

    /// Validates the manifests in a directory, and expects numbers of objects: valid, invalid, in
    /// error and skipped.
    #[track_caller]
    pub(crate) fn expect(&self, counts: [usize; 4], manifests: &Path) {
        let schema = self.0.path().join("{{.ResourceKind}}{{.KindSuffix}}.json");
        let mut command = Command::new(peer("kubeconform"));
        command.args(["-strict", "-summary", "-output", "json", "-schema-location"]);
        let output = finished(command.arg(schema).arg(manifests), b"");
        let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
        let [valid, invalid, errors, skipped] = counts;
        let due = json!({"valid": valid, "invalid": invalid, "errors": errors, "skipped": skipped});
        assert_eq!(summary["summary"], due, "{summary:#}");
    }
}

/// Runs a manifest through `kubectl annotate`, which reads and writes it; returns what it writes.
#[track_caller]
pub(crate) fn annotated(manifest: &str) -> String {
    let mut kubectl = Command::new("kubectl");
    kubectl.args(["annotate", "--local", "-f", "-", "-o", "json", "x=y"]);
    run(kubectl.env("KUBECONFIG", "/dev/null"), manifest.as_bytes())
}
