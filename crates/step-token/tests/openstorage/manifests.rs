//! Secrets of Kubernetes, as the API server, kubeconform and kubectl read them.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use step_token::Exit;

use crate::keys::SECRET;
use crate::kubernetes::{Kubeconform, annotated};
use crate::peers::Flavour;
use crate::program::{NOW, Px};

/// What to store, and where.
#[derive(Clone, Debug, Default)]
struct Wish {
    name: &'static str,
    namespace: Option<&'static str>,
    key: Option<&'static str>,
    class: Option<&'static str>,
    content: Content,
}

#[derive(Clone, Debug, Default)]
enum Content {
    #[default]
    Token,
    Secret(&'static [u8]),
}

const FORMATS: [&str; 2] = ["--json=false", "--json=true"];

fn token() -> String {
    let mint = Px::new("token --subject s --issuer i --role system.user");
    mint.source("shared-secret-file", "SECRET", SECRET).mint()
}

impl Wish {
    fn bytes(&self) -> Vec<u8> {
        match self.content {
            Content::Token => token().into_bytes(),
            Content::Secret(bytes) => bytes.to_vec(),
        }
    }

    fn member(&self) -> &'static str {
        match (self.key, &self.content) {
            (Some(key), _) => key,
            (None, Content::Token) => "auth-token",
            (None, Content::Secret(_)) => "shared-secret",
        }
    }

    /// Returns the manifest that the program prints.
    #[track_caller]
    fn manifest(&self, format: &str) -> String {
        let mut px = Px::new("secret").arg(self.name).arg(format);
        if let Some(namespace) = self.namespace {
            px = px.flag("namespace", namespace);
        }
        if let Some(key) = self.key {
            px = px.flag("secret-key", key);
        }
        if let Some(class) = self.class {
            px = px.flag("annotate-csi", class);
        }
        let flag = match self.content {
            Content::Token => "--token-file=-",
            Content::Secret(_) => "--shared-secret-file=-",
        };
        // One line end is dropped, with a carriage return before it.
        px.arg(flag).stdin([&self.bytes()[..], b"\r\n"].concat()).succeed()
    }

    /// Returns the objects as the API server decodes them.
    fn objects(&self) -> Value {
        let secret = json!({
            "kind": "Secret",
            "apiVersion": "v1",
            "name": self.name,
            "namespace": self.namespace.unwrap_or_default(),
            "type": "Opaque",
            "annotations": {"stork.libopenstorage.org/skip-resource": "true"},
            "data": {self.member(): STANDARD.encode(self.bytes())},
            "provisioner": "",
            "parameters": null,
        });
        let Some(class) = self.class else { return json!([secret]) };
        let namespace = self.namespace.unwrap();
        let class = json!({
            "kind": "StorageClass",
            "apiVersion": "storage.k8s.io/v1",
            "name": if class.is_empty() { self.name } else { class },
            "namespace": "",
            "type": "",
            "annotations": null,
            "data": null,
            "provisioner": "pxd.portworx.com",
            "parameters": {
                "csi.storage.k8s.io/provisioner-secret-name": self.name,
                "csi.storage.k8s.io/provisioner-secret-namespace": namespace,
                "csi.storage.k8s.io/node-publish-secret-name": self.name,
                "csi.storage.k8s.io/node-publish-secret-namespace": namespace,
                "csi.storage.k8s.io/controller-expand-secret-name": self.name,
                "csi.storage.k8s.io/controller-expand-secret-namespace": namespace,
            },
        });
        json!([secret, class])
    }
}

/// Every kind of request, and every name that a YAML reader could misread.
fn wishes() -> Vec<Wish> {
    let secret = |bytes: &'static [u8]| Wish {
        name: "pxkeys",
        content: Content::Secret(bytes),
        ..Wish::default()
    };
    let mut wishes = vec![
        Wish { name: "px-user-token", namespace: Some("kube-system"), ..Wish::default() },
        Wish { name: "px-user-token", ..Wish::default() },
        Wish { name: "px-user-token", key: Some("token"), ..Wish::default() },
        Wish { name: "a.b-c.d", namespace: Some("portworx"), class: Some(""), ..Wish::default() },
        Wish { name: "t", namespace: Some("p"), class: Some("px.csi"), ..Wish::default() },
        secret(SECRET.as_bytes()),
        secret(b"s"),
        secret(b"with a line end\n"),
        secret(b" blanks \t"),
        secret(b"\0\x01\xfe\xff\r"),
        secret(b"---\n- a: b\n"),
        Wish { namespace: Some("portworx"), key: Some("system-secret"), ..secret(b"secret") },
    ];
    for name in ["0", "12", "1e3", "0x10", "1.5", "true", "no", "null", "y", "2020-01-01", "0b1"] {
        let namespace = Some(if name.contains('.') { "on" } else { name });
        wishes.push(Wish {
            name,
            namespace,
            key: Some(name),
            class: Some(name),
            ..Wish::default()
        });
        wishes.push(Wish { name, namespace, key: Some(name), ..secret(b"secret") });
    }
    for key in [".a", "-", "_", "-a", "a_b.c-d", "TLS.CRT", "NULL", "1_000", "1e3", "---"] {
        wishes.push(Wish { key: Some(key), ..secret(b"secret") });
    }
    wishes
}

#[test]
fn a_manifest_is_decoded_strictly_and_says_what_was_wished() {
    for format in FORMATS {
        let wishes = wishes();
        let question = |wish: &Wish| json!({"document": wish.manifest(format)});
        let questions: Vec<Value> = wishes.iter().map(question).collect();
        for (wish, answer) in wishes.iter().zip(Flavour::Current.ask("manifest", &questions)) {
            assert_eq!(answer, json!({"objects": wish.objects()}), "{format} {wish:?}");
        }
    }
}

#[test]
fn a_storage_class_without_a_name_is_called_as_the_secret_is() {
    let px = |csi| Px::new("secret px-user-token -n kube-system --token-file -").arg(csi);
    let bare = px("--annotate-csi").stdin(token()).succeed();
    assert_eq!(bare, px("--annotate-csi=px-user-token").stdin(token()).succeed());
}

#[test]
fn a_manifest_is_valid_by_the_schemas_of_kubernetes() {
    let kubeconform = Kubeconform::new();
    let folder = tempfile::tempdir().unwrap();
    let mut objects = 0;
    for (at, wish) in wishes().iter().enumerate() {
        for (format, ending) in FORMATS.into_iter().zip(["yaml", "json"]) {
            let path = folder.path().join(format!("{at}.{ending}"));
            std::fs::write(path, wish.manifest(format)).unwrap();
            objects += if wish.class.is_some() { 2 } else { 1 };
        }
    }
    kubeconform.expect([objects, 0, 0, 0], folder.path());
}

#[test]
fn the_schemas_find_what_is_wrong() {
    let kubeconform = Kubeconform::new();
    let manifest = wishes()[0].manifest(FORMATS[0]);
    for (right, wrong, found) in [
        ("type:", "tipe:", [0, 1, 0, 0]),
        ("\"true\"", "true", [0, 1, 0, 0]),
        ("kind: Secret", "kind: Sack", [0, 0, 1, 0]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        assert!(manifest.contains(right), "{manifest}");
        std::fs::write(folder.path().join("m.yaml"), manifest.replacen(right, wrong, 1)).unwrap();
        kubeconform.expect(found, folder.path());
    }
}

#[test]
fn kubectl_reads_a_manifest_and_writes_the_same_objects() {
    for wish in wishes() {
        for format in FORMATS {
            let written = annotated(&wish.manifest(format));
            let mut expected = wish.objects();
            for object in expected.as_array_mut().unwrap() {
                object["annotations"]["x"] = json!("y");
            }
            let answer = Flavour::Current.ask("manifest", &[json!({"document": written})]);
            assert_eq!(answer[0], json!({"objects": expected}), "{format} {wish:?}\n{written}");
        }
    }
}

#[test]
fn a_shared_secret_is_read_back_with_every_byte_from_us_and_from_kubectl() {
    let wishes = wishes().into_iter();
    for wish in wishes.filter(|wish| matches!(wish.content, Content::Secret(_))) {
        for format in FORMATS {
            let manifest = wish.manifest(format);
            for text in [annotated(&manifest), manifest] {
                let mut mint = Px::new("token --subject s --issuer i --shared-secret-file k8s:-");
                if let Some(key) = wish.key {
                    mint = mint.flag("secret-key", key);
                }
                let token = mint.stdin(text.as_str()).mint();
                let question = json!({
                    "issuer": "i",
                    "sharedSecret": STANDARD.encode(wish.bytes()),
                    "token": STANDARD.encode(&token),
                    "at": NOW,
                });
                let answer = Flavour::Current.ask("verify", &[question]).remove(0);
                assert_eq!(answer["accepted"], true, "{answer} {wish:?}\n{text}");
            }
        }
    }
}

#[test]
fn a_token_is_read_back_from_us_and_from_kubectl() {
    let folder = tempfile::tempdir().unwrap();
    let wishes = wishes().into_iter().filter(|wish| wish.key.is_none());
    for wish in wishes.filter(|wish| matches!(wish.content, Content::Token)) {
        // Several objects are a list in JSON, from which no Secret is picked.
        let formats = if wish.class.is_some() { &FORMATS[..1] } else { &FORMATS };
        for format in formats {
            let manifest = wish.manifest(format);
            verify(&manifest, "-", folder.path());
            verify(&manifest, "file", folder.path());
            if wish.class.is_none() {
                verify(&annotated(&manifest), "-", folder.path());
            }
        }
    }
}

/// Verifies the token in a manifest, which is on standard input or in a file.
#[track_caller]
fn verify(manifest: &str, from: &str, folder: &Path) {
    let path = folder.join("secret.yaml");
    std::fs::write(&path, manifest).unwrap();
    let source = if from == "-" { "-" } else { path.to_str().unwrap() };
    let px = Px::new("verify --issuer i").flag("token-file", &format!("k8s:{source}"));
    let px = px.source("shared-secret-file", "SECRET", SECRET).stdin(manifest);
    let answer = px.answer();
    assert_eq!(answer["identity"]["subject"], "s", "{manifest}");
    assert_eq!(answer["accepted"], true, "{answer}");
}

#[test]
fn a_token_that_no_server_accepts_any_more_is_written_only_by_force() {
    let mint = Px::new("token --subject s --role system.user --issuer i --token-duration 1h");
    let token = mint.source("shared-secret-file", "SECRET", SECRET).mint();
    let secret = |now: i64, flags: &str| {
        Px::new("secret px-user-token --token-file -")
            .args(flags)
            .stdin(token.clone())
            .at(now)
            .run()
    };
    for (now, flags, exit, part) in [
        (NOW, "", Exit::Done, ""),
        (NOW - 60, "", Exit::Done, "warning: the token is not valid before 2023-11-14T22:13:20Z"),
        (NOW + 3_600, "", Exit::Settings, "expired at 2023-11-14T23:13:20Z\nhint: "),
        (NOW + 3_600, "--force", Exit::Done, "warning: the token expired at 2023-11-14T23:13:20Z"),
    ] {
        let ran = secret(now, flags);
        assert_eq!(ran.exit, exit, "{now} {flags}: {}", ran.stderr);
        assert!(ran.stderr.contains(part), "{now} {flags}: {}", ran.stderr);
        assert_eq!(ran.stdout.is_empty(), exit != Exit::Done);
    }
}
