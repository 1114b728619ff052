//! Chains of an X5C proof that the CA accepts or refuses: the program must agree.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, GeneralSubtree,
    IsCa, NameConstraints, SanType,
};
use serde_json::json;
use step_ca_client::Roots;
use tempfile::TempDir;

use crate::hierarchy::{FIRST, SECOND, authority, params};
use crate::provisioners::X5C;
use crate::spend::{Csr, dns};
use crate::{Ca, Way, test_key};

/// A file of certificates for the RSA key of the recorded test data.
struct Given {
    directory: TempDir,
}

impl Given {
    fn new(pem: &str) -> Self {
        let given = Self { directory: tempfile::tempdir().unwrap() };
        fs::write(given.file(), pem).unwrap();
        given
    }

    fn of(leaf: &CertificateParams, authorities: Vec<CertificateParams>) -> Self {
        let chain = FIRST.leaf_below("rsa2048", leaf, authorities);
        Self::new(&fs::read_to_string(chain.pem()).unwrap())
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("chain.crt")
    }

    fn ders(&self) -> Vec<Vec<u8>> {
        Roots::load(&self.file()).unwrap().certificates().to_vec()
    }

    /// The program's answer, and what it said.
    fn program(&self, ca: &Ca, way: Way) -> (Option<String>, String) {
        let program = ca.token(way, "db.test").flag("--provisioner", X5C);
        let program = program.flag("--x5c-cert", self.file());
        let ran = program.flag("--x5c-key", test_key("rsa2048.pkcs8.pem")).run();
        ((ran.code == Some(0)).then(|| ran.stdout.trim_end().to_owned()), ran.stderr)
    }

    /// A token with all certificates of the file, written by hand, that OpenSSL signs.
    fn by_hand(&self, ca: &Ca, key: &Path) -> String {
        let header = json!({
            "alg": "RS256",
            "x5c": self.ders().iter().map(|der| STANDARD.encode(der)).collect::<Vec<_>>(),
        });
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let unique = format!("{}-{}", now.as_nanos(), self.directory.path().display());
        let claims = json!({
            "aud": format!("{}/1.0/sign#x5c/{X5C}", ca.url()),
            "iss": X5C,
            "sub": "db.test",
            "sans": ["db.test"],
            "jti": unique,
            "nbf": now.as_secs(),
            "iat": now.as_secs(),
            "exp": now.as_secs() + 300,
        });
        let [header, claims] = [header, claims].map(|it| URL_SAFE_NO_PAD.encode(it.to_string()));
        let signed = format!("{header}.{claims}");
        let (input, output) =
            (self.directory.path().join("signed"), self.directory.path().join("signature"));
        fs::write(&input, &signed).unwrap();
        openssl(
            Command::new("openssl")
                .args(["dgst", "-sha256", "-sign"])
                .arg(key)
                .arg("-out")
                .arg(&output)
                .arg(&input),
        );
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(fs::read(output).unwrap()))
    }
}

fn openssl(command: &mut Command) {
    let done = command.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// Checks that the CA accepts what the program accepts, and that the program says `reason` where the
/// CA refuses the same chain.
#[track_caller]
fn agrees(ca: &Ca, given: &Given, reason: Option<&str>) {
    let csr = Csr::for_host("db.test");
    let by_hand = ca.sign(&csr, &given.by_hand(ca, &test_key("rsa2048.pkcs8.pem")));
    for way in [Way::CaJson, Way::Online] {
        match (given.program(ca, way), reason) {
            ((Some(token), _), None) => {
                ca.must_sign(&csr, &token);
                assert!(by_hand.is_ok());
            }
            ((None, said), Some(reason)) => {
                assert!(said.contains(reason), "{way:?}: {said}");
                let refusal = by_hand.as_ref().expect_err("the CA refuses it");
                assert_eq!(refusal.status, 401, "{refusal}");
            }
            ((_, said), reason) => panic!("{way:?}: expected {reason:?}; the program said: {said}"),
        }
    }
}

fn device() -> CertificateParams {
    let mut device = params();
    device.subject_alt_names =
        vec![dns("b.a.test"), SanType::Rfc822Name("jane@a.test".try_into().unwrap())];
    device
}

fn unknown(critical: bool) -> Vec<CustomExtension> {
    let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
    extension.set_criticality(critical);
    vec![extension]
}

fn limited(permitted: Vec<GeneralSubtree>, excluded: Vec<GeneralSubtree>) -> CertificateParams {
    let mut limited = authority("Limited");
    limited.name_constraints =
        Some(NameConstraints { permitted_subtrees: permitted, excluded_subtrees: excluded });
    limited
}

#[test]
fn critical_extensions_are_refused_wherever_they_are() {
    let ca = Ca::shared();
    let with = |mut params: CertificateParams, critical| {
        params.custom_extensions = unknown(critical);
        params
    };
    let one = || authority("One");
    let refused = Some("has the critical extension 1.2.3.4");
    agrees(ca, &Given::of(&with(device(), true), vec![one()]), refused);
    agrees(ca, &Given::of(&device(), vec![with(one(), true)]), refused);
    agrees(ca, &Given::of(&with(device(), false), vec![with(one(), false)]), None);
}

#[test]
fn what_only_looks_wrong_is_accepted() {
    let ca = Ca::shared();
    // An empty list of purposes is none.
    let mut purposes = device();
    purposes.extended_key_usages.clear();
    let empty = CustomExtension::from_oid_content(&[2, 5, 29, 37], vec![0x30, 0]);
    purposes.custom_extensions = vec![empty];
    agrees(ca, &Given::of(&purposes, vec![authority("One")]), None);
    let mut uri = device();
    uri.subject_alt_names = vec![SanType::URI("https://a:1:2/".try_into().unwrap())];
    agrees(ca, &Given::of(&uri, vec![authority("One")]), None);
}

#[test]
fn name_constraints_are_kept() {
    let ca = Ca::shared();
    let dns = |name: &str| GeneralSubtree::DnsName(name.to_owned());
    let email = |name: &str| GeneralSubtree::Rfc822Name(name.to_owned());
    for (permitted, excluded, reason) in [
        (vec![dns("a.test")], vec![], None),
        (vec![dns("A.TEST"), dns("c.test")], vec![email("c.test")], None),
        (vec![dns("c.test")], vec![], Some("the DNS name `b.a.test`, which the name constraints")),
        (vec![], vec![dns("a.test")], Some("exclude")),
        (vec![dns("a.test"), email("joe@a.test")], vec![], Some("the e-mail address")),
        (vec![], vec![email("a.test")], Some("the e-mail address `jane@a.test`")),
    ] {
        agrees(ca, &Given::of(&device(), vec![limited(permitted, excluded)]), reason);
    }
}

#[test]
fn path_lengths_and_purposes_are_kept() {
    let ca = Ca::shared();
    let of_length = |most| {
        let mut params = authority("Short");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(most));
        params
    };
    agrees(ca, &Given::of(&device(), vec![of_length(0)]), None);
    agrees(ca, &Given::of(&device(), vec![of_length(1), authority("Below")]), None);
    agrees(
        ca,
        &Given::of(&device(), vec![of_length(0), authority("Below")]),
        Some("has a signer that allows 0 CA certificates"),
    );
    let mut servers = authority("Servers");
    servers.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    agrees(ca, &Given::of(&device(), vec![servers.clone()]), Some("lacks client authentication"));
    servers.extended_key_usages.push(ExtendedKeyUsagePurpose::Any);
    agrees(ca, &Given::of(&device(), vec![servers]), None);
    agrees(ca, &Given::of(&device(), vec![params()]), Some("is not a CA certificate"));
}

#[test]
fn order_repeats_and_strangers_do_no_harm() {
    let ca = Ca::shared();
    let chain = FIRST.leaf_below("rsa2048", &device(), vec![authority("One"), authority("Two")]);
    let text = fs::read_to_string(chain.pem()).unwrap();
    let parts: Vec<String> = text
        .split_inclusive("-----END CERTIFICATE-----\n")
        .map(str::to_owned)
        .filter(|part| part.contains("BEGIN"))
        .collect();
    let [leaf, two, one] = parts.as_slice() else { panic!("{} parts", parts.len()) };
    let stranger = SECOND.root_pem();
    let all =
        [leaf, one, &stranger, two, one, &FIRST.root_pem(), leaf].map(String::as_str).concat();
    agrees(ca, &Given::new(&all), None);
    agrees(ca, &Given::new(&[leaf.as_str(), two].concat()), Some("which is signed by"));
}

/// Issues a certificate with OpenSSL below the root, for a key file.
fn by_openssl(key: &Path, digest: &str) -> Given {
    let work = tempfile::tempdir().unwrap();
    let file = |name: &str| work.path().join(name);
    fs::write(file("ca.crt"), FIRST.root_pem()).unwrap();
    fs::write(file("ca.key"), FIRST.root_key_pem()).unwrap();
    fs::write(file("extensions"), "keyUsage=critical,digitalSignature\n").unwrap();
    let run = |arguments: &str| {
        let mut command = Command::new("openssl");
        openssl(command.current_dir(work.path()).args(arguments.split(' ')));
    };
    run(&format!("req -new -key {} -subj /CN=device -out leaf.csr", key.display()));
    run(&format!(
        "x509 -req {digest} -in leaf.csr -CA ca.crt -CAkey ca.key -out leaf.crt -days 2 -extfile \
         extensions"
    ));
    Given::new(&fs::read_to_string(file("leaf.crt")).unwrap())
}

#[test]
fn a_signature_with_sha1_is_refused() {
    let ca = Ca::shared();
    let key = test_key("rsa2048.pkcs8.pem");
    agrees(ca, &by_openssl(&key, "-sha384"), None);
    agrees(ca, &by_openssl(&key, "-sha1"), Some("is signed with ECDSA and SHA-1"));
}

/// This one is our own decision, and the message says so.
#[test]
fn a_short_rsa_key_is_refused_although_the_ca_takes_it() {
    let ca = Ca::shared();
    let work = tempfile::tempdir().unwrap();
    let key = work.path().join("short.key");
    openssl(Command::new("openssl").args(["genrsa", "-out"]).arg(&key).arg("1024"));
    let given = by_openssl(&key, "-sha256");
    ca.must_sign(&Csr::for_host("db.test"), &given.by_hand(ca, &key));
    let (token, said) = given.program(ca, Way::CaJson);
    assert_eq!(token, None);
    assert!(said.contains("is for an RSA key of 1024 bits"), "{said}");
    assert!(said.contains("although the CA may accept it"), "{said}");
}
