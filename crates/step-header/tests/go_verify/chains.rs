//! Chains with faults.

use std::sync::LazyLock;

use rcgen::KeyPair;

use crate::der::{Certificate, Extension, name, tlv};
use crate::random::Random;

/// When the chains are judged: 2027-01-15.
pub(crate) const NOW: i64 = 1_800_000_000;

/// What both sides are asked about.
pub(crate) struct Chain {
    /// The leaf, and then the others.
    pub(crate) certificates: Vec<Vec<u8>>,
    pub(crate) roots: Vec<Vec<u8>>,
    /// What was done to it.
    pub(crate) faults: Vec<&'static str>,
}

static KEYS: LazyLock<Vec<KeyPair>> = LazyLock::new(|| {
    let rsa = "../../testdata/vectors/test-keys/rsa2048.pkcs8.pem";
    let mut keys = vec![
        KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap(),
        KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap(),
        KeyPair::from_pem(&std::fs::read_to_string(rsa).unwrap()).unwrap(),
    ];
    keys.extend((0..5).map(|_| KeyPair::generate().unwrap()));
    keys
});

/// A certificate that is not written yet, and the numbers of its key and of its issuer's.
struct Draft {
    certificate: Certificate,
    key: usize,
    issuer: usize,
    /// Bytes to change once it is written.
    flips: Vec<(usize, u8)>,
}

impl Chain {
    pub(crate) fn random(random: &mut Random) -> Self {
        let mut keys: Vec<usize> = (0..KEYS.len()).collect();
        random.shuffle(&mut keys);
        // The leaf is the first, the root the last.
        let length = 2 + random.below(4);
        let mut drafts: Vec<Draft> = (0..length).map(|at| good(at, length, &keys)).collect();
        let mut faults = Vec::new();
        for _ in 0..random.below(4) {
            let at = random.below(length);
            faults.push(spoil(&mut drafts[at], at, random));
        }
        if random.once_in(3) {
            faults.push(constrain(&mut drafts, random));
        }
        let mut ders: Vec<Vec<u8>> = drafts.iter().map(Draft::written).collect();
        let root = ders.pop().unwrap();
        let mut roots = vec![root.clone()];
        let mut others = ders.split_off(1);
        arrange(&mut others, &mut roots, &ders[0], &root, &drafts, random, &mut faults);
        Self { certificates: [ders, others].concat(), roots, faults }
    }
}

impl Draft {
    fn written(&self) -> Vec<u8> {
        let mut der = self.certificate.signed(&KEYS[self.key], &KEYS[self.issuer]);
        for (at, bits) in &self.flips {
            let at = at % der.len();
            der[at] ^= bits;
        }
        der
    }
}

/// Returns what a good chain has at this place.
fn good(at: usize, length: usize, keys: &[usize]) -> Draft {
    let title = |at: usize| match at {
        0 => "device".to_owned(),
        at if at + 1 >= length => "Root".to_owned(),
        at => format!("CA {at}"),
    };
    let is_root = at + 1 == length;
    let above = if is_root { at } else { at + 1 };
    let mut extensions = vec![
        Extension::of_x509(15, true, tlv(3, if at == 0 { &[7, 0x80] } else { &[2, 4] })),
        Extension::of_x509(14, false, tlv(4, &[u8::try_from(at).unwrap(); 4])),
        Extension::of_x509(35, false, tlv(0x30, &tlv(0x80, &[u8::try_from(above).unwrap(); 4]))),
    ];
    if at == 0 {
        extensions.push(Extension::of_x509(37, false, tlv(0x30, &tlv(6, CLIENT))));
        extensions.push(Extension::of_x509(17, false, tlv(0x30, &tlv(0x82, b"b.a.test"))));
    } else {
        extensions.push(Extension::of_x509(19, true, tlv(0x30, &tlv(1, &[0xff]))));
    }
    let certificate = Certificate {
        version: Some(2),
        serial: vec![1, u8::try_from(at).unwrap()],
        issuer: name(&title(above), 12),
        subject: name(&title(at), 12),
        validity: [tlv(23, b"200101000000Z"), tlv(24, b"21200101000000Z")],
        spki: None,
        extensions,
        algorithm: [None, None],
    };
    Draft { certificate, key: keys[at], issuer: keys[above], flips: Vec::new() }
}

/// Puts one fault into a certificate, and says which.
fn spoil(draft: &mut Draft, at: usize, random: &mut Random) -> &'static str {
    let certificate = &mut draft.certificate;
    match random.below(22) {
        0 => {
            certificate.validity[1] = tlv(23, random.bytes(ENDS));
            "end"
        }
        1 => {
            certificate.validity[0] = tlv(23, random.bytes(ENDS));
            "start"
        }
        2 => {
            let value = random.bytes(BASIC).to_vec();
            replace(certificate, 19, random.once_in(2), value);
            "basic constraints"
        }
        3 => {
            remove(certificate, 19);
            "no basic constraints"
        }
        4 => {
            let bits = random.bytes(&[&[7, 0x80], &[2, 4], &[0, 0], &[1, 6], &[0], &[7, 1]]);
            replace(certificate, 15, true, tlv(3, bits));
            "key usage"
        }
        5 => {
            remove(certificate, *random.pick(&[15, 14, 35, 17, 37]));
            "an extension less"
        }
        6 | 7 => {
            let count = random.below(3);
            let usages: Vec<u8> = (0..count).flat_map(|_| tlv(6, random.bytes(USAGES))).collect();
            replace(certificate, 37, random.once_in(2), tlv(0x30, &usages));
            "extended key usage"
        }
        8 => {
            certificate.extensions.push(random.pick(&ODD).clone());
            "an odd extension"
        }
        9 => {
            if !certificate.extensions.is_empty() {
                let twice = random.pick(&certificate.extensions).clone();
                certificate.extensions.push(twice);
            }
            "an extension twice"
        }
        10 => {
            certificate.serial =
                random.bytes(&[&[0x80], &[0], &[0, 1], &[], &[0xff, 0x80]]).to_vec();
            "serial number"
        }
        11 => {
            certificate.version = *random.pick(&[None, Some(0), Some(1), Some(3), Some(0xff)]);
            if random.once_in(2) {
                certificate.extensions.clear();
            }
            "version"
        }
        12 => {
            let other = random.bytes(ALGORITHMS).to_vec();
            certificate.algorithm = match random.below(3) {
                0 => [Some(other), None],
                _ => [Some(other.clone()), Some(other)],
            };
            "algorithm"
        }
        13 => {
            draft.issuer = random.below(KEYS.len());
            "signed by any key"
        }
        14 => {
            certificate.issuer = name("Somebody", 12);
            "issuer"
        }
        15 => {
            let (text, tag) = *random.pick(&[
                ("a@b", 19),
                ("a*b", 19),
                ("a", 28),
                ("1 2", 18),
                ("a", 18),
                ("", 12),
                ("a", 30),
                ("ab", 30),
                ("\u{e4}", 22),
                ("\u{e4}", 20),
            ]);
            certificate.subject = name(text, tag);
            "subject"
        }
        16 => {
            let extension = random.below(certificate.extensions.len().max(1));
            if let Some(extension) = certificate.extensions.get_mut(extension) {
                match random.below(3) {
                    0 => drop(extension.value.pop()),
                    1 => extension.value.push(5),
                    _ => extension.value = tlv(0x30, &[]),
                }
            }
            "a damaged extension"
        }
        17 => {
            let extension = random.below(certificate.extensions.len().max(1));
            if let Some(extension) = certificate.extensions.get_mut(extension) {
                extension.critical = !extension.critical;
            }
            "critical or not"
        }
        18 | 19 => {
            for _ in 0..=random.below(2) {
                draft.flips.push((random.below(10_000), 1 << random.below(8)));
            }
            "changed bits"
        }
        20 => {
            let id = vec![u8::try_from(random.below(6)).unwrap(); 4];
            match random.once_in(2) {
                true => replace(certificate, 14, false, tlv(4, &id)),
                false => replace(certificate, 35, false, tlv(0x30, &tlv(0x80, &id))),
            }
            "key identifiers"
        }
        _ => {
            if at == 0 && random.once_in(2) {
                certificate.spki = Some(random.pick(&KEY_INFOS).clone());
            } else {
                certificate.spki =
                    Some(random.bytes(&[SPKI_X25519, SPKI_RSA_SMALL, SPKI_BAD_POINT]).to_vec());
            }
            "public key"
        }
    }
}

/// Adds name constraints to a CA, and names to a certificate below it.
fn constrain(drafts: &mut [Draft], random: &mut Random) -> &'static str {
    let ca = 1 + random.below(drafts.len() - 1);
    let list = |random: &mut Random, end: usize| -> Vec<u8> {
        (0..random.below(end)).flat_map(|_| tlv(0x30, &constraint(random))).collect()
    };
    let (permitted, excluded) = (list(random, 4), list(random, 3));
    let part = |tag, list: &[u8]| if list.is_empty() { Vec::new() } else { tlv(tag, list) };
    let value = tlv(0x30, &[part(0xa0, &permitted), part(0xa1, &excluded)].concat());
    replace(&mut drafts[ca].certificate, 30, random.once_in(2), value);
    for _ in 0..2 {
        let below = random.below(drafts.len());
        let names: Vec<u8> = (0..1 + random.below(2)).flat_map(|_| alternative(random)).collect();
        replace(&mut drafts[below].certificate, 17, random.once_in(4), tlv(0x30, &names));
    }
    "name constraints"
}

fn constraint(random: &mut Random) -> Vec<u8> {
    match random.below(10) {
        0..=3 => tlv(0x82, random.text(DOMAINS).as_bytes()),
        4 | 5 => tlv(
            0x81,
            random
                .text(&[
                    "a.test",
                    "j@a.test",
                    "J@A.test",
                    ".a.test",
                    "",
                    "\"q q\"@a.test",
                    "a@b@c",
                    "bad name",
                ])
                .as_bytes(),
        ),
        6 | 7 => tlv(
            0x86,
            random
                .text(&["a.test", ".a.test", "", "1.2.3.4", "::1", "b.a.test", "a.test."])
                .as_bytes(),
        ),
        8 => tlv(0x87, random.bytes(NETWORKS)),
        _ => tlv(*random.pick(&[0xa4, 0x88, 0x85]), &[]),
    }
}

fn alternative(random: &mut Random) -> Vec<u8> {
    match random.below(10) {
        0..=3 => tlv(0x82, random.text(DOMAINS).as_bytes()),
        4 | 5 => tlv(
            0x81,
            random
                .text(&[
                    "j@a.test",
                    "J@A.TEST",
                    "j@b.a.test",
                    "\"q q\"@a.test",
                    "j@",
                    "nobody",
                    "a..b@a.test",
                    "a\\@b@a.test",
                    "j@*.a.test",
                ])
                .as_bytes(),
        ),
        6 | 7 => tlv(0x86, random.text(URIS).as_bytes()),
        8 => tlv(0x87, random.bytes(ADDRESSES)),
        _ => tlv(*random.pick(&[0xa4, 0x88, 0x82]), "\u{e4}".as_bytes()),
    }
}

/// Changes what is around the path: order, repeats, strangers, other roots.
fn arrange(
    others: &mut Vec<Vec<u8>>,
    roots: &mut Vec<Vec<u8>>,
    leaf: &[u8],
    root: &[u8],
    drafts: &[Draft],
    random: &mut Random,
    faults: &mut Vec<&'static str>,
) {
    if random.once_in(3) {
        random.shuffle(others);
        faults.push("order");
    }
    if random.once_in(4) {
        others.push(root.to_vec());
        faults.push("root given");
    }
    if random.once_in(6) && !others.is_empty() {
        let twice = random.pick(others).clone();
        others.insert(0, twice);
        faults.push("repeat");
    }
    if random.once_in(8) && !others.is_empty() {
        others.remove(random.below(others.len()));
        faults.push("one missing");
    }
    if random.once_in(5) && drafts.len() > 2 {
        // Another certificate of an intermediate's name and key, by a root of its own.
        let mut twin = good(1, 3, &[drafts[0].key, drafts[1].key, random.below(KEYS.len())]);
        twin.certificate.subject.clone_from(&drafts[1].certificate.subject);
        twin.certificate.issuer = name("Other", 12);
        if random.once_in(2) {
            faults.push(spoil(&mut twin, 1, random));
        }
        let mut other = good(2, 3, &[0, 0, twin.issuer]);
        other.certificate.subject = name("Other", 12);
        other.certificate.issuer = name("Other", 12);
        others.insert(random.below(others.len() + 1), twin.written());
        if random.once_in(2) {
            roots.push(other.written());
        }
        faults.push("cross signature");
    }
    match random.below(16) {
        0 => roots.insert(0, leaf.to_vec()),
        1 if !others.is_empty() => roots.push(random.pick(others).clone()),
        2 if !others.is_empty() => *roots = vec![random.pick(others).clone()],
        3 => roots.clear(),
        _ => return,
    }
    faults.push("roots");
}

fn replace(certificate: &mut Certificate, number: u8, critical: bool, value: Vec<u8>) {
    remove(certificate, number);
    certificate.extensions.push(Extension::of_x509(number, critical, value));
}

fn remove(certificate: &mut Certificate, number: u8) {
    certificate.extensions.retain(|extension| extension.oid != [0x55, 0x1d, number]);
}

const CLIENT: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 2];

const USAGES: &[&[u8]] = &[
    CLIENT,
    &[0x2b, 6, 1, 5, 5, 7, 3, 1],
    &[0x55, 0x1d, 0x25, 0],
    &[0x2b, 6, 1, 5, 5, 7, 3, 99],
    &[0x2b, 0x80, 1],
];

/// Around the time of the test, and with odd spellings.
const ENDS: &[&[u8]] = &[
    b"270115080000Z",
    b"270115075959Z",
    b"270115080001Z",
    b"2701150800Z",
    b"270115090000+0100",
    b"270115070000-0100",
    b"270115080000+0000",
    b"271315080000Z",
    b"690101000000Z",
    b"490101000000Z",
    b"500101000000Z",
    b"27011508000Z",
];

/// The value of basic constraints.
const BASIC: &[&[u8]] = &[
    &[0x30, 3, 1, 1, 0xff],
    &[0x30, 6, 1, 1, 0xff, 2, 1, 0],
    &[0x30, 6, 1, 1, 0xff, 2, 1, 1],
    &[0x30, 6, 1, 1, 0xff, 2, 1, 2],
    &[0x30, 6, 1, 1, 0xff, 2, 1, 0xff],
    &[0x30, 3, 2, 1, 0],
    &[0x30, 3, 1, 1, 0],
    &[0x30, 3, 1, 1, 1],
    &[0x30, 0],
];

/// SHA-1 and MD5 with RSA, SHA-1 with ECDSA, Ed25519 with parameters, and an unknown one.
const ALGORITHMS: &[&[u8]] = &[
    &[0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5, 5, 0],
    &[0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 4, 5, 0],
    &[0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12, 5, 0],
    &[0x30, 9, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1],
    &[0x30, 12, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2, 5, 0],
    &[0x30, 7, 6, 3, 0x2b, 0x65, 0x70, 5, 0],
    &[0x30, 5, 6, 3, 0x2b, 0x65, 0x70],
    &[0x30, 4, 6, 2, 0x2a, 3],
    &[0x30, 0],
];

const DOMAINS: &[&str] = &[
    "a.test",
    "b.a.test",
    "*.a.test",
    "B.A.test",
    ".a.test",
    "test",
    "",
    "c.test",
    "*.test",
    "a.test.",
    "bad name",
    "c.b.a.test",
];

const URIS: &[&str] = &[
    "https://a.test/x",
    "https://b.a.test:8/",
    "urn:x",
    "spiffe://a.test/s",
    "https://1.2.3.4/",
    "https://[::1]/",
    "https://a..test/",
    "https://u@a.test/",
    "x://a:1:2/",
    "https://%41/",
    "/x",
    "https://a.test./",
    ":",
    "*",
    "https://*.a.test/",
    "https://a.test/%zz",
    "https://[fe80::1%25e]/",
];

const ADDRESSES: &[&[u8]] = &[
    &[10, 1, 2, 3],
    &[11, 0, 0, 1],
    &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 2, 3],
    &[0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    &[10, 1, 2],
];

const NETWORKS: &[&[u8]] = &[
    &[10, 0, 0, 0, 0xff, 0, 0, 0],
    &[10, 1, 0, 0, 0xff, 0xff, 0, 0],
    &[0; 8],
    &[0; 32],
    &[10, 0, 0, 0, 0xff, 0, 0xff, 0],
    &[
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0,
    ],
    &[1, 2, 3],
];

const SPKI_X25519: &[u8] = &[0x30, 10, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 3, 1, 0];
const SPKI_RSA_SMALL: &[u8] = &[
    0x30, 26, 0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0, 3, 9, 0, 0x30, 6,
    2, 1, 77, 2, 1, 3,
];
const SPKI_BAD_POINT: &[u8] = &[
    0x30, 25, 0x30, 19, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 3, 1, 7, 3, 2, 0, 4,
];

/// Keys with parameters that are missing or too many.
static KEY_INFOS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let rsa = tlv(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1]);
    let numbers = tlv(3, &[&[0][..], &tlv(0x30, &[2, 1, 77, 2, 1, 3])].concat());
    let negative = tlv(3, &[&[0][..], &tlv(0x30, &[2, 1, 0xfd, 2, 1, 3])].concat());
    let null = tlv(5, &[]);
    let ed = tlv(6, &[0x2b, 0x65, 0x70]);
    let point = tlv(3, &[0; 33]);
    vec![
        tlv(0x30, &[tlv(0x30, &rsa), numbers.clone()].concat()),
        tlv(0x30, &[tlv(0x30, &[rsa.clone(), null.clone()].concat()), negative].concat()),
        tlv(0x30, &[tlv(0x30, &[rsa, null.clone()].concat()), numbers].concat()),
        tlv(0x30, &[tlv(0x30, &[ed.clone(), null].concat()), point.clone()].concat()),
        tlv(0x30, &[tlv(0x30, &ed), point].concat()),
    ]
});

/// Extensions that matter if they are critical, or that are damaged or of another standard.
static ODD: LazyLock<Vec<Extension>> = LazyLock::new(|| {
    let of = |oid: &[u8], critical, value: &[u8]| Extension {
        oid: oid.to_vec(),
        critical,
        value: value.to_vec(),
    };
    let policy = tlv(0x30, &tlv(6, &[0x2a, 3]));
    let info: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 1];
    vec![
        of(&[0x2a, 3, 4], true, &[5, 0]),
        of(&[0x2a, 3, 4], false, &[5, 0]),
        of(&[0x2a, 0x80, 4], false, &[5, 0]),
        of(&[0x55, 0x1d, 99], true, &[5, 0]),
        of(&[0x55, 0x1d, 18], false, &[0x30, 0]),
        of(&[0x55, 0x1d, 46], true, &[0x30, 0]),
        of(&[0x55, 0x1d, 31], true, &[0x30, 0]),
        of(&[0x55, 0x1d, 31], false, &[5, 0]),
        of(&[0x55, 0x1d, 32], true, &tlv(0x30, &policy)),
        of(&[0x55, 0x1d, 32], false, &tlv(0x30, &[policy.clone(), policy].concat())),
        of(&[0x55, 0x1d, 54], true, &[2, 1, 0]),
        of(&[0x55, 0x1d, 54], true, &[5, 0]),
        of(&[0x55, 0x1d, 36], true, &[0x30, 3, 0x80, 1, 0]),
        of(info, false, &[0x30, 0]),
        of(info, true, &[0x30, 0]),
        of(info, false, &[0x30, 5, 0x30, 3, 6, 1, 0x2a]),
    ]
});
