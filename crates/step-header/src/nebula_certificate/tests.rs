use proptest::prelude::*;

use super::*;

macro_rules! vector {
    ($name:literal) => {
        include_bytes!(concat!("../../../../testdata/vectors/nebula/", $name))
    };
}

const REAL: [&[u8]; 6] = [
    vector!("ca.crt"),
    vector!("ca-v2.crt"),
    vector!("ca-p256.crt"),
    vector!("host-v1.crt"),
    vector!("host-v2.crt"),
    vector!("host-p256.crt"),
];

/// 2026-11-22T21:46:50Z and 2046-11-17T21:46:50Z; hosts end a second earlier.
const BEGIN_OF_ALL: i64 = 1_795_384_010;
const END_OF_CAS: i64 = 2_426_104_010;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn parse(bytes: &[u8]) -> NebulaCertificate {
    NebulaCertificate::parse(bytes).unwrap()
}

fn fault(bytes: &[u8]) -> String {
    NebulaCertificate::parse(bytes).unwrap_err().to_string()
}

fn bundle_fault(bytes: &[u8]) -> String {
    NebulaCertificate::parse_bundle(bytes).unwrap_err().to_string()
}

/// As `nebula-cert print -json` 1.10.3 prints them.
#[test]
fn real_certificates_say_what_nebula_cert_prints() {
    let ca = "f4ba6b5f4b4e7e5a7f1c071f047d2829e2ef663ae29ca3882e4d6fc61a10f86d";
    let ca_v2 = "a0b3b62726d5cb9d8502cd3b920166c6395cd643fe009d53c4089dcf927c4992";
    let ca_p256 = "e9dc2aec24745114ce8ac012e8ff76dff28032fee7028ed471e4fa4368cc0395";
    let expected = [
        (
            NebulaVersion::V1,
            NebulaCurve::Curve25519,
            "Test Nebula CA",
            "",
            ca,
            "6e047b3edfa2b72c4df1d80f197a0cac23f56ff8634488ba308d51d46cec122b",
        ),
        (
            NebulaVersion::V2,
            NebulaCurve::Curve25519,
            "Test Nebula CA v2",
            "",
            ca_v2,
            "1221e70c4a7b64cc77d82d55351c82c056acc9ceaba6552f2fac918366fc46c8",
        ),
        (
            NebulaVersion::V2,
            NebulaCurve::P256,
            "Test Nebula P256 CA",
            "",
            ca_p256,
            "04620b6c19b95289edf20f25145d5d91d34741fa9a437d215a53f19c50e937bf9e\
             c0629f87a0970458cde6ebf27b6c4ae87a93b3b419cbfc3c2a6dd9ff893747aa",
        ),
        (
            NebulaVersion::V1,
            NebulaCurve::Curve25519,
            "host-1.example.test",
            ca,
            "54f31d1c310ccd6c32affe24517facb5b795fd6cf806e5ba2267a79529fb4b78",
            "d09d6708f27253350f49a798eca96cd11fae6fe8f58f72c9116f06ddd78c0e19",
        ),
        (
            NebulaVersion::V2,
            NebulaCurve::Curve25519,
            "host-1.example.test",
            ca_v2,
            "2779b621fba967d3c1c9196e7684e39413617c978e4c6e6192860bea5c0bfc8f",
            "e1b32a4818b1cf2c7cf595683fe40bb868dc619beb3471bc7bc31c610800eb2e",
        ),
        (
            NebulaVersion::V2,
            NebulaCurve::P256,
            "host-1.example.test",
            ca_p256,
            "db3f515f5f0fadd3b3f10f56ab26ae1b8066de3964516d3b6d668f516afcf6b3",
            "04271d8e648b5835ed939669152a2f26c31ea0eb0c1d0d46b30685d9f7eba08dd6\
             c119c7656fbd36a9717a23e80d0475bbdbf87264fea678dc797ef18728fffea2",
        ),
    ];
    for (bytes, (version, curve, name, issuer, fingerprint, key)) in REAL.into_iter().zip(expected)
    {
        let read = parse(bytes);
        assert_eq!((read.version(), read.curve(), read.name()), (version, curve, name));
        assert_eq!(hex(read.issuer().map_or(&[], |issuer| issuer.as_slice())), issuer, "{name}");
        assert_eq!(hex(&read.fingerprint()), fingerprint, "{name}");
        assert_eq!(hex(read.public_key()), key, "{name}");
        assert_eq!(read.is_ca(), issuer.is_empty());
        assert_eq!(read.not_before(), BEGIN_OF_ALL);
        assert_eq!(read.not_after(), END_OF_CAS - i64::from(!read.is_ca()));
        let networks: Vec<_> = read.networks().iter().map(ToString::to_string).collect();
        assert_eq!(networks, if read.is_ca() { &[][..] } else { &["10.1.0.1/16"] });
        let groups = if fingerprint.starts_with("54f3") { &["web"][..] } else { &[] };
        assert_eq!(read.groups(), groups);
        assert!(read.unsafe_networks().is_empty());
    }
}

#[test]
fn the_header_carries_what_the_armour_holds() {
    for bytes in REAL {
        let section = x509_parser::pem::parse_x509_pem(bytes).unwrap().1;
        assert_eq!(parse(bytes).to_wire(), section.contents);
    }
}

#[test]
fn text_and_a_private_key_may_stand_around_a_certificate() {
    let key = b"-----BEGIN NEBULA X25519 PRIVATE KEY-----\nno base64 !\n";
    let file = [&b"\xef\xbb\xbf"[..], b"a host\r\n", key, REAL[3], key, b"\xff\n"].concat();
    assert_eq!(parse(&file), parse(REAL[3]));
    let file = String::from_utf8(REAL[4].to_vec()).unwrap().replace('\n', "\r\n");
    assert_eq!(parse(file.trim_end().as_bytes()), parse(REAL[4]));
}

#[test]
fn bytes_without_armour_are_of_version_1() {
    let bare = parse(REAL[3]).to_wire().to_vec();
    assert_eq!(parse(&bare), parse(REAL[3]));
    assert_eq!(
        fault(&bare[..bare.len() - 1]),
        "is not a Nebula certificate: its protobuf ends early"
    );
    assert_eq!(
        fault(parse(REAL[4]).to_wire()),
        "is a Nebula certificate of version 2, which must be in PEM"
    );
}

#[test]
fn files_that_hold_something_else_are_told_apart() {
    assert_eq!(fault(b""), "is empty");
    assert_eq!(fault(b" \r\n"), "is empty");
    let neither = "is not a Nebula certificate: expected PEM or protobuf";
    for text in
        [&b"hello"[..], b"\n-----BEGIN NEBULA CERTIFICATE----\nAAAA\n", b"\x30\x03\xff", b"{}"]
    {
        assert_eq!(fault(text), neither);
    }
    assert_eq!(
        fault(vector!("host-v1.key")),
        "contains no Nebula certificate, only `NEBULA X25519 PRIVATE KEY`"
    );
    let section = |label: &str| format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n");
    let several =
        [section("NEBULA X25519 PUBLIC KEY"), section("CERTIFICATE"), section("CERTIFICATE")];
    assert_eq!(
        fault(several.concat().as_bytes()),
        "contains no Nebula certificate, only `NEBULA X25519 PUBLIC KEY`, `CERTIFICATE`"
    );
}

#[test]
fn the_first_of_several_counts() {
    let two = [REAL[3], b"\n", REAL[0]].concat();
    assert_eq!(NebulaCertificate::parse(&two), NebulaCertificate::parse(REAL[3]));
    assert_eq!(NebulaCertificate::more_in(&two), 1);
    assert_eq!(NebulaCertificate::more_in(REAL[0]), 0);
}

#[test]
fn labels_are_cut_and_fit_for_a_terminal() {
    let section = |label: &str| format!("-----BEGIN {label}-----\n-----END {label}-----\n");
    assert_eq!(
        fault(section("A\u{1b}[31m").as_bytes()),
        "is not a Nebula certificate: expected PEM or protobuf"
    );
    let many: String = (0..9).map(|n| section(&format!("{n}{}", "A".repeat(100)))).collect();
    let NebulaFault::OtherPem { labels } = NebulaCertificate::parse(many.as_bytes()).unwrap_err()
    else {
        panic!("the file has other sections")
    };
    assert_eq!(labels.iter().map(String::len).collect::<Vec<_>>(), [64; 5]);
}

#[test]
fn a_damaged_section_is_named_by_its_line() {
    let damaged = "contains a damaged Nebula certificate, which begins on line 2";
    for text in [
        "# host\n-----BEGIN NEBULA CERTIFICATE-----\nAAAA\n",
        "# host\n-----BEGIN NEBULA CERTIFICATE-----\n!\n-----END NEBULA CERTIFICATE-----\n",
        "# host\n-----BEGIN NEBULA CERTIFICATE-----\nAAAA\n-----END NEBULA CERTIFICATE V2-----\n",
        "# host\n-----BEGIN NEBULA CERTIFICATE V2-----\n-----BEGIN X-----\nAAAA\n-----END X-----\n\
         -----END NEBULA CERTIFICATE V2-----\n",
    ] {
        assert_eq!(fault(text.as_bytes()), damaged, "{text}");
        assert_eq!(bundle_fault(text.as_bytes()), damaged, "{text}");
    }
}

#[test]
fn the_label_tells_the_version() {
    let v1 = String::from_utf8(REAL[3].to_vec()).unwrap();
    assert_eq!(
        fault(v1.replace("CERTIFICATE", "CERTIFICATE V2").as_bytes()),
        "is not a Nebula certificate: it has no DER sequence"
    );
    let v2 = String::from_utf8(REAL[4].to_vec()).unwrap();
    assert!(fault(v2.replace(" V2", "").as_bytes()).starts_with("is not a Nebula certificate: "));
    assert_eq!(
        fault(b"-----BEGIN NEBULA CERTIFICATE-----\n-----END NEBULA CERTIFICATE-----\n"),
        "is not a Nebula certificate: it has no details"
    );
}

#[test]
fn a_certificate_has_at_most_64_kib() {
    let too_large = "contains a Nebula certificate that is larger than 64 KiB";
    let of = |len: usize| {
        // A second signature after the real one; the last one counts.
        let mut bytes = parse(REAL[3]).to_wire().to_vec();
        let more = u32::try_from(len - bytes.len() - 4).unwrap();
        let [low, middle, high] = [0, 7, 14].map(|shift| (more >> shift).to_le_bytes()[0] & 0x7f);
        bytes.extend([0x12, low | 0x80, middle | 0x80, high]);
        bytes.resize(len, 0xff);
        bytes
    };
    assert!(NebulaCertificate::parse(&of(65_536)).is_ok());
    assert_eq!(fault(&of(65_537)), too_large);
    let lines = "AAAA".repeat(65_540 / 3);
    let section = format!(
        "-----BEGIN NEBULA CERTIFICATE V2-----\n{lines}\n-----END NEBULA CERTIFICATE V2-----\n"
    );
    assert_eq!(fault(section.as_bytes()), too_large);
    assert_eq!(bundle_fault(section.as_bytes()), too_large);
}

#[test]
fn a_bundle_holds_one_certificate_or_several() {
    let bundle = [REAL[0], b"and\n", REAL[1], vector!("host-v1.key"), REAL[2]].concat();
    let read = NebulaCertificate::parse_bundle(&bundle).unwrap();
    assert_eq!(read, [parse(REAL[0]), parse(REAL[1]), parse(REAL[2])]);
    assert_eq!(NebulaCertificate::parse_bundle(REAL[0]).unwrap(), [parse(REAL[0])]);

    assert_eq!(bundle_fault(b"\n"), "is empty");
    assert_eq!(bundle_fault(b"roots"), "contains no Nebula certificate and no other PEM");
    assert_eq!(bundle_fault(parse(REAL[0]).to_wire()), bundle_fault(b"roots"));
    assert_eq!(
        bundle_fault(vector!("ca-v2.key")),
        "contains no Nebula certificate, only `NEBULA ED25519 PRIVATE KEY`"
    );
    let second = b"-----BEGIN NEBULA CERTIFICATE-----\nEgA=\n-----END NEBULA CERTIFICATE-----\n";
    assert_eq!(
        bundle_fault(&[REAL[0], second].concat()),
        "contains a damaged Nebula certificate, number 2 in the file: it has no details"
    );
}

#[test]
fn a_change_or_a_cut_anywhere_never_panics() {
    for bytes in REAL {
        let certificate = parse(bytes);
        let (version, raw) = (certificate.version(), certificate.to_wire());
        for at in 0..raw.len() {
            assert!(NebulaCertificate::from_wire(version, &raw[..at]).is_err());
            let mut changed = raw.to_vec();
            for value in 0..=u8::MAX {
                changed[at] = value;
                let _ = NebulaCertificate::from_wire(version, &changed);
            }
        }
        for at in 0..bytes.len() {
            let _ = NebulaCertificate::parse(&bytes[..at]);
            let mut changed = bytes.to_vec();
            for value in [0, b'\n', b'-', b'A', 0xff] {
                changed[at] = value;
                let _ = NebulaCertificate::parse(&changed);
                let _ = NebulaCertificate::parse_bundle(&changed);
            }
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
        let _ = NebulaCertificate::parse(&bytes);
        let _ = NebulaCertificate::parse_bundle(&bytes);
        let _ = NebulaCertificate::parse(&[b"\n", bytes.as_slice()].concat());
    }

    #[test]
    fn any_lines_are_read_without_panic(
        lines in prop::collection::vec(
            "-----(BEGIN|END) (NEBULA CERTIFICATE( V2)?|X)-----|([A-Za-z0-9+/]{4}){0,8}|.*",
            0..12,
        ),
    ) {
        let text = lines.join("\n").into_bytes();
        let _ = NebulaCertificate::parse(&text);
        let _ = NebulaCertificate::parse_bundle(&text);
    }
}
