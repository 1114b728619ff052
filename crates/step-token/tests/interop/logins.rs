//! SSH certificates used for logins at an sshd.

use crate::certificate::SshCertificate;
use crate::hierarchy::FIRST;
use crate::program::Program;
use crate::provisioners::X5C;
use crate::ssh::public_key;
use crate::sshd::{Sshd, user};
use crate::sshpop::Held;
use crate::{Ca, Way, test_key};

/// Certifies the Ed25519 key of the recorded test data for a user.
fn user_certificate(ca: &Ca, program: Program) -> SshCertificate {
    ca.must_ssh_sign(&public_key("ed25519"), &program.args(["--ssh"]).mint())
}

/// A user certificate for the user who runs the tests.
fn own_certificate(ca: &Ca) -> SshCertificate {
    let token = ca.token(Way::CaJson, &user());
    user_certificate(ca, token.signed_by("p384", test_key("p384.pkcs8.pem")))
}

#[track_caller]
fn logs_in(ca: &Ca, sshd: &Sshd, certificate: &SshCertificate) {
    let hosts = ca.path("certs/ssh_host_ca_key.pub");
    let answer = sshd.login(&hosts, &test_key("ed25519.openssh"), certificate);
    let answer = answer.unwrap_or_else(|reason| panic!("{reason}\nsshd:\n{}", sshd.log()));
    assert_eq!(answer, "hello\n");
}

#[test]
fn a_user_logs_in_with_a_certificate() {
    let ca = Ca::shared();
    let host = Held::host(ca, "p256", "127.0.0.1");
    let sshd = Sshd::start(ca, &test_key("p256.openssh"), &host.certificate);
    logs_in(ca, &sshd, &own_certificate(ca));

    // With a token that a device's certificate vouches for.
    let chain = FIRST.leaf("p256");
    for way in Way::ALL {
        let program = ca.token(way, &user()).flag("--provisioner", X5C);
        let program = program.flag("--x5c-cert", chain.pem());
        let program = program.flag("--x5c-key", test_key("p256.pkcs8.pem"));
        logs_in(ca, &sshd, &user_certificate(ca, program));
    }
}

#[test]
fn nobody_logs_in_with_a_certificate_for_another_login() {
    let ca = Ca::shared();
    let host = Held::host(ca, "p256", "127.0.0.1");
    let sshd = Sshd::start(ca, &test_key("p256.openssh"), &host.certificate);
    let program = ca.token(Way::CaJson, &user()).args(["--principal", "somebody-else"]);
    let stranger = user_certificate(ca, program.signed_by("p384", test_key("p384.pkcs8.pem")));
    let hosts = ca.path("certs/ssh_host_ca_key.pub");
    let complaint = sshd.login(&hosts, &test_key("ed25519.openssh"), &stranger).unwrap_err();
    assert!(complaint.contains("Permission denied (publickey)"), "{complaint}");
}

#[test]
fn a_host_is_known_by_a_certificate_that_it_renewed() {
    let ca = Ca::shared();
    let certificate = own_certificate(ca);
    for key in ["ed25519", "p256", "rsa2048"] {
        let host = Held::host(ca, key, "127.0.0.1");
        let renewed = host.renews(ca, &host.token(ca, Way::Online, "--renew").mint());
        let sshd = Sshd::start(ca, &test_key(&format!("{key}.openssh")), &renewed);
        logs_in(ca, &sshd, &certificate);

        let users = ca.path("certs/ssh_user_ca_key.pub");
        let complaint = sshd.login(&users, &test_key("ed25519.openssh"), &certificate).unwrap_err();
        assert!(complaint.contains("Host key verification failed"), "{complaint}");
    }
}
