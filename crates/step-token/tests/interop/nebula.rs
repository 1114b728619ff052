//! Tokens with a Nebula certificate as proof.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{PublicKeyData as _, SanType};
use tempfile::TempDir;

use crate::hierarchy::key_pair;
use crate::keys::header;
use crate::peers::nebula_cert;
use crate::program::Program;
use crate::provisioners::NEBULA;
use crate::spend::{Csr, dns};
use crate::ssh::public_key;
use crate::{Ca, Way, test_key, vector};

/// A CA of an overlay network.
#[derive(Debug)]
struct Authority {
    name: &'static str,
    version: &'static str,
    curve: &'static str,
    /// The signature algorithm of its nodes.
    algorithm: &'static str,
    /// The addresses of its nodes, with the length of the network's prefix.
    networks: &'static [&'static str],
}

const V1: Authority = Authority {
    name: "v1-25519",
    version: "1",
    curve: "25519",
    algorithm: "XEdDSA",
    networks: &["10.42.0.7/16"],
};
const V2: Authority = Authority {
    name: "v2-25519",
    version: "2",
    curve: "25519",
    algorithm: "XEdDSA",
    networks: &["10.43.0.7/16", "fd43::7/64"],
};
const P256: Authority = Authority {
    name: "v2-p256",
    version: "2",
    curve: "P256",
    algorithm: "ES256",
    networks: &["10.44.0.7/16"],
};

const AUTHORITIES: [&Authority; 3] = [&V1, &V2, &P256];

/// The name of every node.
const NAME: &str = "node.test";

impl Authority {
    fn file(&self, step_path: &Path, end: &str) -> String {
        step_path.join(format!("nebula/{}.{end}", self.name)).display().to_string()
    }

    fn addresses(&self) -> impl Iterator<Item = &'static str> {
        self.networks.iter().map(|network| network.split_once('/').unwrap().0)
    }
}

/// Creates the CAs in a step directory, and returns their certificates in PEM.
pub(crate) fn make_authorities(step_path: &Path) -> Result<Vec<u8>, String> {
    fs::create_dir(step_path.join("nebula")).map_err(|error| error.to_string())?;
    let mut certificates = Vec::new();
    for authority in AUTHORITIES {
        let (crt, key) = (authority.file(step_path, "crt"), authority.file(step_path, "key"));
        let mut arguments = vec!["ca", "-name", authority.name, "-version", authority.version];
        arguments.extend(["-curve", authority.curve, "-out-crt", &crt, "-out-key", &key]);
        nebula_cert(arguments)?;
        certificates.extend(fs::read(crt).map_err(|error| error.to_string())?);
    }
    Ok(certificates)
}

/// A certificate of a node.
struct Node {
    directory: TempDir,
    authority: &'static Authority,
}

impl Node {
    /// Has `nebula-cert` make a key with its certificate.
    fn new(ca: &Ca, authority: &'static Authority) -> Self {
        let node = Self { directory: tempfile::tempdir().unwrap(), authority };
        node.certify(ca, "-out-key", &node.key());
        node
    }

    /// Has a certificate made for the P-256 key of the recorded test data.
    fn for_a_key_of_its_own(ca: &Ca) -> Self {
        let node = Self { directory: tempfile::tempdir().unwrap(), authority: &P256 };
        let point = STANDARD.encode(key_pair("p256").der_bytes());
        let banner = "NEBULA P256 PUBLIC KEY-----";
        let public = node.directory.path().join("node.pub");
        fs::write(&public, format!("-----BEGIN {banner}\n{point}\n-----END {banner}\n")).unwrap();
        node.certify(ca, "-in-pub", &public);
        node
    }

    fn certify(&self, ca: &Ca, key_flag: &str, key: &Path) {
        let authority = self.authority;
        let (ca_crt, ca_key) =
            (authority.file(&ca.path(""), "crt"), authority.file(&ca.path(""), "key"));
        let networks = authority.networks.join(",");
        let (crt, key) = (self.certificate().display().to_string(), key.display().to_string());
        let mut arguments = vec!["sign", "-ca-crt", &ca_crt, "-ca-key", &ca_key, "-name", NAME];
        arguments.extend(["-networks", &networks, "-out-crt", &crt, key_flag, &key]);
        nebula_cert(arguments).unwrap();
    }

    fn certificate(&self) -> PathBuf {
        self.directory.path().join("node.crt")
    }

    fn key(&self) -> PathBuf {
        self.directory.path().join("node.key")
    }

    /// Adds the certificate, and its key as written by `nebula-cert`.
    fn prove(&self, program: Program) -> Program {
        self.prove_with(program, &self.key())
    }

    fn prove_with(&self, program: Program, key: &Path) -> Program {
        program.flag("--nebula-cert", self.certificate()).flag("--nebula-key", key)
    }

    /// Spends a token for the node's name and all its addresses.
    #[track_caller]
    fn signs(&self, ca: &Ca, program: Program) {
        let mut program = program.args(["--san", NAME]);
        let (mut asked, mut expected) = (vec![dns(NAME)], vec![format!("dns {NAME}")]);
        for address in self.authority.addresses() {
            program = program.args(["--san", address]);
            asked.push(SanType::IpAddress(address.parse().unwrap()));
            expected.push(format!("ip {address}"));
        }
        let token = program.mint();
        assert_eq!(header(&token)["alg"], self.authority.algorithm);
        let certificate = ca.must_sign(&Csr::new(NAME, asked), &token);
        assert_eq!(certificate.common_name(), NAME);
        assert_eq!(certificate.names(), BTreeSet::from_iter(expected));
        assert!(certificate.is_vouched_by(NEBULA, ""));
    }
}

fn token(ca: &Ca, way: Way) -> Program {
    ca.token(way, NAME).flag("--provisioner", NEBULA)
}

#[test]
fn a_node_of_every_kind_of_network_signs_by_every_way() {
    let ca = Ca::shared();
    for authority in AUTHORITIES {
        let node = Node::new(ca, authority);
        for way in Way::ALL {
            node.signs(ca, node.prove(token(ca, way)));
        }
    }
}

#[test]
fn a_host_has_the_addresses_of_the_node() {
    let ca = Ca::shared();
    for authority in AUTHORITIES {
        let node = Node::new(ca, authority);
        for way in Way::ALL {
            let mut program = node.prove(token(ca, way)).args(["--ssh", "--host"]);
            for address in authority.addresses() {
                program = program.args(["--principal", address]);
            }
            let certificate = ca.must_ssh_sign(&public_key("ed25519"), &program.mint());
            assert!(certificate.is_host());
            assert_eq!(certificate.key_id(), NAME);
            assert!(certificate.principals().iter().map(String::as_str).eq(authority.addresses()));
        }
    }
}

#[test]
fn a_host_without_principals_is_all_that_the_node_is() {
    let ca = Ca::shared();
    let node = Node::new(ca, &V2);
    let token = node.prove(token(ca, Way::CaJson)).args(["--ssh", "--host"]).mint();
    let certificate = ca.must_ssh_sign(&public_key("p256"), &token);
    assert!(certificate.is_host());
    assert_eq!(certificate.principals(), [NAME, "10.43.0.7", "fd43::7"]);
}

#[test]
fn a_key_is_read_in_every_form() {
    let ca = Ca::shared();
    let node = Node::for_a_key_of_its_own(ca);
    let password = vector("test-passwords/key");
    for file in [
        "p256.pkcs8.pem",
        "p256.trad.pem",
        "p256.jwk.json",
        "p256.openssh",
        "p256.pkcs8-enc.pem",
        "p256.pkcs8-enc-scrypt.pem",
        "p256.openssh-enc",
    ] {
        let program = node.prove_with(token(ca, Way::CaJson), &test_key(file));
        let sealed = file.contains("-enc");
        node.signs(ca, if sealed { program.flag("--password-file", &password) } else { program });
    }
}

#[test]
fn a_pair_alone_picks_its_provisioner() {
    let ca = Ca::shared();
    for authority in AUTHORITIES {
        let node = Node::new(ca, authority);
        for way in [Way::Online, Way::CaJson] {
            node.signs(ca, node.prove(ca.token(way, NAME)));
        }
    }
}

#[test]
fn a_token_is_spent_once() {
    let ca = Ca::shared();
    let token = Node::new(ca, &V1).prove(token(ca, Way::CaJson)).mint();
    let csr = Csr::for_host(NAME);
    ca.must_sign(&csr, &token);
    let refusal = ca.sign(&csr, &token).unwrap_err();
    assert_eq!(refusal.status, 401, "{refusal}");
}

/// The CA compares the request with the node's certificate, and not the names of the token.
#[test]
fn other_names_are_for_requests_that_do_not_have_them() {
    let ca = Ca::shared();
    let node = Node::new(ca, &P256);
    let mint = |names: &[&str]| {
        let program = ca.token(Way::CaJson, "other.test").flag("--provisioner", NEBULA);
        let ran = node.prove(program.args(names.iter().flat_map(|name| ["--san", name]))).run();
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert!(ran.stderr.contains("does not have the name `other.test`"), "{}", ran.stderr);
        ran.stdout.trim_end().to_owned()
    };
    for names in [&[][..], &["other.test"], &[NAME, "other.test"]] {
        for csr in [
            Csr::new("", vec![]),
            Csr::new("other.test", vec![]),
            Csr::new("other.test", vec![dns(NAME)]),
        ] {
            ca.must_sign(&csr, &mint(names));
        }
        for csr in [Csr::for_host("other.test"), Csr::for_host(NAME)] {
            let refusal = ca.sign(&csr, &mint(names)).unwrap_err();
            assert_eq!(refusal.status, 403, "{refusal}");
        }
    }
}

#[test]
fn the_first_certificate_of_a_file_counts() {
    let ca = Ca::shared();
    let (node, other) = (Node::new(ca, &P256), Node::new(ca, &P256));
    let both = [&node, &other].map(|node| fs::read(node.certificate()).unwrap()).concat();
    fs::write(node.certificate(), both).unwrap();
    node.signs(ca, node.prove(token(ca, Way::CaJson)));
}
