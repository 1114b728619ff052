"""What `scripts/make-testdata proofs` makes with Python's cryptography: X.509 certificates, tokens
of Kubernetes service accounts, and the ca.json that knows their issuers. It runs openssl for a
signature with SHA-1.

    python3 scripts/proofs.py OUT

OUT holds the certificates in `nebula/` already. The keys of the CAs are never written.
"""

import base64
import datetime
import json
import pathlib
import subprocess
import sys
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# Tests run with the real clock.
START, END = datetime.datetime(2024, 1, 1), datetime.datetime(2126, 1, 1)
BEFORE, LONG_OVER = datetime.datetime(2018, 1, 1), datetime.datetime(2020, 1, 1)
FAR_OFF = datetime.datetime(2125, 1, 1)


def new_key():
    return ec.generate_private_key(ec.SECP256R1())


def named(common_name):
    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test")]
    if common_name:
        parts.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name))
    return x509.Name(parts)


def usage(*allowed):
    every = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement "
        "key_cert_sign crl_sign encipher_only decipher_only"
    ).split()
    return x509.KeyUsage(**{name: name in allowed for name in every})


class Authority:
    """A CA certificate with its key."""

    def __init__(self, name, above=None, end=END, path_length=None, extra=()):
        self.name, self.key = named(name), new_key()
        issuer = above or self
        builder = (
            x509.CertificateBuilder()
            .subject_name(self.name)
            .issuer_name(issuer.name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(BEFORE)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
            .add_extension(usage("key_cert_sign", "crl_sign"), critical=True)
        )
        for extension, critical in extra:
            builder = builder.add_extension(extension, critical)
        self.certificate = builder.sign(issuer.key, hashes.SHA256())

    def leaf(
        self,
        key,
        name="web.internal",
        start=START,
        end=END,
        key_usage=usage("digital_signature"),
        extended=(ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH),
        extra=(),
    ):
        builder = (
            x509.CertificateBuilder()
            .subject_name(named(name))
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
            .add_extension(
                x509.SubjectAlternativeName([x509.DNSName(name or "web.internal")]),
                critical=not name,
            )
            .add_extension(x509.ExtendedKeyUsage(extended), critical=False)
        )
        if key_usage:
            builder = builder.add_extension(key_usage, critical=True)
        for extension, critical in extra:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self.key, hashes.SHA256())


def pem(*certificates):
    encoding = serialization.Encoding.PEM
    return b"".join(
        (c.certificate if isinstance(c, Authority) else c).public_bytes(encoding)
        for c in certificates
    )


def private(key, password=None):
    sealing = serialization.NoEncryption()
    if password:
        sealing = serialization.BestAvailableEncryption(password)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, sealing
    )


def x5c(out):
    root = Authority("Site Root")
    intermediate = Authority("Site Intermediate", root)
    lab = Authority("Lab Root")
    nobody = Authority("Nobody Root")
    over = Authority("Old Intermediate", root, LONG_OVER)
    key, other = new_key(), new_key()
    leaf = intermediate.leaf(key)
    expired = intermediate.leaf(key, start=BEFORE, end=LONG_OVER)
    in_lab = lab.leaf(key)
    database = intermediate.leaf(other, "db.internal")

    files = {
        "root.crt": pem(root),
        "intermediate.crt": pem(intermediate, root),
        "leaf.key": private(key),
        "leaf.sealed.key": private(key, b"correct horse battery staple"),
        "other.key": private(other),
        "other.sealed.key": private(other, b"correct horse battery staple"),
        "leaf.crt": pem(leaf, intermediate),
        "alone.crt": pem(leaf),
        "expired.crt": pem(expired, intermediate),
        "not-yet-valid.crt": pem(intermediate.leaf(key, start=FAR_OFF), intermediate),
        "expired-intermediate.crt": pem(over.leaf(key), over),
        "key-agreement-only.crt": pem(
            intermediate.leaf(key, key_usage=usage("key_agreement")), intermediate
        ),
        "no-key-usage.crt": pem(intermediate.leaf(key, key_usage=None), intermediate),
        "server-only.crt": pem(
            intermediate.leaf(key, extended=[ExtendedKeyUsageOID.SERVER_AUTH]), intermediate
        ),
        "no-common-name.crt": pem(intermediate.leaf(key, None), intermediate),
        "with-key.crt": pem(leaf) + private(other) + pem(intermediate),
        "with-stranger.crt": pem(leaf, nobody, intermediate),
        "with-repeat.crt": pem(leaf, intermediate, leaf),
        "wrong-order.crt": pem(root, intermediate, leaf),
        "two-leaves.crt": pem(intermediate, leaf, database),
        "damaged.crt": pem(leaf).replace(b"-----END", b"====-----END", 1),
        "lab.crt": pem(in_lab),
        "lab.der": in_lab.public_bytes(serialization.Encoding.DER),
        "nobody.crt": pem(nobody.leaf(key)),
        "not-a-certificate.der": bytes(reversed(leaf.public_bytes(serialization.Encoding.DER))),
    }
    for name, content in files.items():
        (out / name).write_bytes(content)
    return {"machines": pem(root), "lab": pem(lab), "twin": pem(root)}


def unknown_extension():
    oid = x509.ObjectIdentifier("1.3.6.1.4.1.37476.9000.64.99")
    return x509.UnrecognizedExtension(oid, bytes([5, 0])), True


def issued_through(provisioner, kind=1):
    """The extension in which step-ca names the provisioner; everything in it is short."""

    def value(tag, content):
        return bytes([tag, len(content)]) + content

    oid = x509.ObjectIdentifier("1.3.6.1.4.1.37476.9000.64.1")
    parts = value(2, bytes([kind])) + value(4, provisioner.encode()) + value(4, b"key")
    return x509.UnrecognizedExtension(oid, value(0x30, parts)), False


def signed_with_sha1(authority, key):
    """Python's cryptography signs no certificate with SHA-1."""
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        request = x509.CertificateSigningRequestBuilder().subject_name(named("web.internal"))
        request = request.sign(key, hashes.SHA256())
        (work / "leaf.csr").write_bytes(request.public_bytes(serialization.Encoding.PEM))
        (work / "ca.crt").write_bytes(pem(authority))
        (work / "ca.key").write_bytes(private(authority.key))
        (work / "extensions").write_text("keyUsage=critical,digitalSignature\n")
        days = str((END - datetime.datetime.now()).days)
        command = "openssl x509 -req -sha1 -in leaf.csr -CA ca.crt -CAkey ca.key -out leaf.crt"
        command = [*command.split(), "-extfile", "extensions", "-days", days]
        subprocess.run(command, cwd=work, check=True, capture_output=True)
        return x509.load_pem_x509_certificate((work / "leaf.crt").read_bytes())


def with_negative_serial(certificate):
    """The signature does not fit any more: a CA stops before it."""
    der = certificate.public_bytes(serialization.Encoding.DER)
    number = certificate.serial_number
    number = number.to_bytes(number.bit_length() // 8 + 1, "big")
    at = der.index(number)
    der = der[:at] + bytes([number[0] | 0x80]) + der[at + 1 :]
    text = base64.encodebytes(der).decode().replace("\n", "")
    return f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n".encode()


def judged(out, key):
    """Chains that a CA refuses although it has their root, and certificates to be renewed."""
    root = Authority("Strict Root")
    intermediate = Authority("Strict Intermediate", root)
    short = Authority("Short Root", path_length=0)
    under = Authority("Under Short Root", short)
    elsewhere = x509.NameConstraints([x509.DNSName("example.test")], None)
    limited = Authority("Limited Intermediate", root, extra=[(elsewhere, True)])
    odd = Authority("Odd Intermediate", root, extra=[unknown_extension()])
    explicit = x509.PolicyConstraints(0, None)
    policies = Authority("Policy Intermediate", root, extra=[(explicit, True)])
    weak = rsa.generate_private_key(65537, 1024)

    def issued(provisioner, **options):
        extra = [issued_through(provisioner)]
        return pem(intermediate.leaf(key, extra=extra, **options), intermediate)

    past = {"start": BEFORE, "end": LONG_OVER}
    files = {
        "root.crt": pem(root),
        "intermediate.crt": pem(intermediate),
        "critical.crt": pem(intermediate.leaf(key, extra=[unknown_extension()]), intermediate),
        "critical-signer.crt": pem(odd.leaf(key), odd),
        "constrained.crt": pem(limited.leaf(key), limited),
        "too-long.crt": pem(under.leaf(key), under),
        "negative-serial.crt": with_negative_serial(intermediate.leaf(key)) + pem(intermediate),
        "policies.crt": pem(policies.leaf(key), policies),
        "sha1.crt": pem(signed_with_sha1(intermediate, key), intermediate),
        "rsa1024.crt": pem(intermediate.leaf(weak), intermediate),
        "rsa1024.key": private(weak),
        "issued.crt": issued("machines"),
        "issued-expired.crt": issued("machines", **past),
        "departed.crt": issued("departed"),
        "once.crt": issued("once"),
        "patient-expired.crt": issued("patient", **past),
    }
    for name, content in files.items():
        (out / name).write_bytes(content)
    return {"machines": pem(root), "short": pem(short)}


def nebula(out):
    """A certificate with another name than the one that was signed, and a file of two."""
    lines = (out / "host.crt").read_text().split()
    begin, end = "-----BEGIN NEBULA CERTIFICATE V2-----", "-----END NEBULA CERTIFICATE V2-----"
    body = "".join(lines[4:-4])
    changed = base64.b64decode(body).replace(b"web.mesh", b"wib.mesh")
    text = base64.encodebytes(changed).decode().replace("\n", "")
    (out / "changed.crt").write_text(f"{begin}\n{text}\n{end}\n")
    both = (out / "host.crt").read_text() + (out / "other-mesh.crt").read_text()
    (out / "two.crt").write_text(both)


def kubernetes(out, key):
    def part(content):
        return base64.urlsafe_b64encode(content).rstrip(b"=")

    def token(claims, key=key):
        header = json.dumps({"alg": "ES256", "kid": ""}).encode()
        signed = b".".join(map(part, (header, json.dumps(claims).encode())))
        r, s = utils.decode_dss_signature(key.sign(signed, ec.ECDSA(hashes.SHA256())))
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return signed + b"." + part(signature) + b"\n"

    legacy = {
        "iss": "kubernetes/serviceaccount",
        "kubernetes.io/serviceaccount/namespace": "default",
        "kubernetes.io/serviceaccount/service-account.name": "web",
        "sub": "system:serviceaccount:default:web",
    }
    cluster = "https://kubernetes.default.svc.cluster.local"
    bound = {
        "aud": [cluster],
        "iss": cluster,
        "kubernetes.io": {"namespace": "default", "serviceaccount": {"name": "web"}},
        "sub": legacy["sub"],
    }
    files = {
        "token": token(legacy),
        "bound.token": token(bound),
        "stranger.token": token({"iss": "https://idp.example.test", "sub": "ada"}),
        "expired.token": token({**legacy, "exp": int(LONG_OVER.timestamp())}),
        "foreign.token": token(legacy, new_key()),
        "for-the-ca.token": token({**legacy, "aud": ["https://ca.internal:9000/1.0/sign"]}),
        "doubtful.token": b"not.base64url!.at-all\n",
    }
    for name, content in files.items():
        (out / name).write_bytes(content)


def authorities(out, roots, strict, cluster):
    def text(bundle):
        return base64.b64encode(bundle).decode()

    cluster = cluster.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    machines = {"type": "X5C", "name": "machines", "roots": text(roots["machines"])}
    lab = {"type": "X5C", "name": "lab", "roots": text(roots["lab"])}
    twin = {"type": "X5C", "name": "twin", "roots": text(roots["twin"])}
    mesh = {"type": "Nebula", "name": "mesh"}
    mesh["roots"] = text((out / "nebula" / "ca.crt").read_bytes())
    others = [
        {"type": "SSHPOP", "name": "sshpop"},
        mesh,
        {"type": "K8sSA", "name": "cluster", "publicKeys": text(cluster)},
    ]

    def strict_one(name, bundle="machines", **claims):
        entry = {"type": "X5C", "name": name, "roots": text(strict[bundle])}
        return {**entry, "claims": claims} if claims else entry

    several = [
        strict_one("machines"),
        strict_one("short", "short"),
        strict_one("once", disableRenewal=True),
        strict_one("patient", allowRenewalAfterExpiry=True),
        {"type": "SSHPOP", "name": "fixed", "claims": {"disableRenewal": True}},
    ]
    for name, directory, provisioners in (
        ("ca.json", "x5c", [machines, lab, *others]),
        ("twins.json", "x5c", [machines, twin, lab]),
        ("strict.json", "judged", several),
    ):
        config = {
            "root": f"proof/{directory}/root.crt",
            "crt": f"proof/{directory}/intermediate.crt",
            "address": ":9000",
            "dnsNames": ["ca.internal"],
            "ssh": {
                "hostKey": "secrets/ssh_host_ca_key",
                "userKey": "secrets/ssh_user_ca_key",
            },
            # The SSH certificates are for a hundred years.
            "authority": {
                "claims": {"enableSSHCA": True, "maxHostSSHCertDuration": "900000h"},
                "provisioners": provisioners,
            },
        }
        (out / name).write_text(json.dumps(config, indent=2) + "\n")


def main():
    out = pathlib.Path(sys.argv[1])
    for directory in ("x5c", "judged", "k8ssa"):
        (out / directory).mkdir()
    nebula(out / "nebula")
    cluster = new_key()
    kubernetes(out / "k8ssa", cluster)
    roots = x5c(out / "x5c")
    key = (out / "x5c" / "leaf.key").read_bytes()
    strict = judged(out / "judged", serialization.load_pem_private_key(key, None))
    authorities(out, roots, strict, cluster)


main()
