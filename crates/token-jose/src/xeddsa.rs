//! XEdDSA over Curve25519: signatures by a key made for key agreement (X25519).
//!
//! A Nebula host has only an X25519 key. It signs as an Ed25519 key would, after its scalar
//! has been replaced by the one of `±k` whose point has an even x-coordinate; the verifier has only
//! the coordinate u and computes that point from it.
//!
//! Source: Signal, "The XEdDSA and VXEdDSA Signature Schemes", revision 1, §2.3 and §3.

use curve25519_dalek::{EdwardsPoint, MontgomeryPoint, Scalar};
use sha2::{Digest as _, Sha512};
use zeroize::Zeroizing;

/// A private key, with the values that each signature would otherwise compute again.
pub(crate) struct XEdDsaKey {
    /// The scalar a of the Ed25519 key. Boxed, so that moving the key leaves no copy.
    scalar: Box<Zeroizing<Scalar>>,
    /// The encoding A of its point; the sign bit is 0.
    point: [u8; 32],
    /// The coordinate u of the same point on the Montgomery curve.
    public: [u8; 32],
}

impl XEdDsaKey {
    /// Takes the scalar k of X25519, which is clamped here (RFC 7748 §5).
    pub(crate) fn new(k: &[u8; 32]) -> Self {
        let clamped = Zeroizing::new(curve25519_dalek::scalar::clamp_integer(*k));
        let mut scalar = Box::new(Zeroizing::new(Scalar::ZERO));
        **scalar = Scalar::from_bytes_mod_order(*clamped);
        let e = EdwardsPoint::mul_base(&scalar);
        let mut point = e.compress().to_bytes();
        // Which of ±k was in the file needs no protection: both are the same key.
        if point[31] & SIGN != 0 {
            **scalar = -**scalar;
            point[31] &= !SIGN;
        }
        Self { scalar, point, public: e.to_montgomery().to_bytes() }
    }

    /// Returns the public key, the coordinate u (RFC 7748 §5).
    pub(crate) fn public(&self) -> &[u8; 32] {
        &self.public
    }

    /// Signs; `random` is fresh for every signature.
    ///
    /// Even if it repeated, r would differ for each message, because it depends on the key
    /// and the message too.
    pub(crate) fn sign(&self, message: &[u8], random: &[u8; 64]) -> [u8; 64] {
        let hash = Sha512::new()
            .chain_update(HASH_1)
            .chain_update(self.scalar.as_bytes())
            .chain_update(message)
            .chain_update(random);
        let r = reduced(hash);
        let commitment = EdwardsPoint::mul_base(&r).compress().to_bytes();
        let hash =
            Sha512::new().chain_update(commitment).chain_update(self.point).chain_update(message);
        let h = reduced(hash);
        let product = Zeroizing::new(*h * **self.scalar);
        let s = *r + *product;
        let mut signature = [0; 64];
        let (first, second) = signature.split_at_mut(32);
        first.copy_from_slice(&commitment);
        second.copy_from_slice(s.as_bytes());
        signature
    }
}

/// Returns the Ed25519 public key of an X25519 one: y = (u − 1) / (u + 1), with sign bit 0. `None`
/// if u is −1 or belongs to no point of the curve.
pub(crate) fn to_edwards(u: &[u8]) -> Option<[u8; 32]> {
    let point = MontgomeryPoint(u.try_into().ok()?).to_edwards(0)?;
    Some(point.compress().to_bytes())
}

/// Returns whether the top three bits are 0, which no number below q has set.
pub(crate) fn is_canonical(signature: &[u8]) -> bool {
    signature.get(63).is_some_and(|last| last & 0xe0 == 0)
}

fn reduced(hash: Sha512) -> Zeroizing<Scalar> {
    let wide = Zeroizing::new(<[u8; 64]>::from(hash.finalize()));
    Zeroizing::new(Scalar::from_bytes_mod_order_wide(&wide))
}

/// The bit in a compressed point's last byte that holds the sign of x.
const SIGN: u8 = 0x80;

/// The prefix that separates the hash of r from all others: 2²⁵⁶ − 2, little-endian.
const HASH_1: [u8; 32] = {
    let mut prefix = [0xff; 32];
    prefix[0] = 0xfe;
    prefix
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::algorithm::{Algorithm, KeyKind};
    use crate::error::Error;
    use crate::private_key::PrivateKey;
    use crate::public_key::PublicKey;
    use crate::signing_key::SigningKey as _;

    /// The keys of Alice and Bob in RFC 7748 §6.1, private and public.
    const RFC7748: [(&str, &str); 2] = [
        (
            "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
        ),
        (
            "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
            "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
        ),
    ];

    fn hex(text: &str) -> [u8; 32] {
        std::array::from_fn(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
    }

    fn public(u: &[u8]) -> PublicKey {
        PublicKey::from_raw(KeyKind::X25519, u).unwrap()
    }

    #[test]
    fn public_halves_are_those_of_rfc_7748() {
        for (private, expected) in RFC7748 {
            let key = PrivateKey::of_x25519(&hex(private));
            assert_eq!(key.public_key(), &public(&hex(expected)));
            assert_eq!(key.algorithm(), Algorithm::XEdDsa);
        }
    }

    #[test]
    fn the_point_that_signs_is_the_one_that_verifies() {
        let mut turned = 0;
        for seed in 0..32 {
            let key = XEdDsaKey::new(&[seed; 32]);
            assert_eq!(to_edwards(key.public()), Some(key.point));
            let clamped = curve25519_dalek::scalar::clamp_integer([seed; 32]);
            turned += usize::from(**key.scalar != Scalar::from_bytes_mod_order(clamped));
        }
        assert!((1..32).contains(&turned), "{turned} of 32 keys were negated");
    }

    #[test]
    fn no_point_is_no_key() {
        // u = −1, and u = 2, which is on the twist.
        let mut minus_one = [0xff; 32];
        (minus_one[0], minus_one[31]) = (0xec, 0x7f);
        let mut two = [0; 32];
        two[0] = 2;
        for u in [minus_one, two] {
            assert_eq!(to_edwards(&u), None);
            let refused = public(&u).verify(Algorithm::XEdDsa, b"", &[0; 64]);
            assert!(matches!(refused, Err(Error::Malformed { .. })), "{refused:?}");
        }
    }

    #[test]
    fn a_number_that_is_not_reduced_is_refused() {
        let key = PrivateKey::of_x25519(&[7; 32]);
        let signature = key.sign(b"message").unwrap();
        for bit in [0x20, 0x40, 0x80] {
            let mut changed = signature.clone();
            changed[63] |= bit;
            let refused = key.public_key().verify(Algorithm::XEdDsa, b"message", &changed);
            assert!(matches!(refused, Err(Error::BadSignature)));
        }
        // s + q is the same number modulo q, but is not reduced.
        let q = hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
        let mut changed = signature;
        let mut carry = 0;
        for (byte, add) in changed[32..].iter_mut().zip(q) {
            let sum = u16::from(*byte) + u16::from(add) + carry;
            (*byte, carry) = (sum.to_le_bytes()[0], sum >> 8);
        }
        let refused = key.public_key().verify(Algorithm::XEdDsa, b"message", &changed);
        assert!(matches!(refused, Err(Error::BadSignature)));
    }

    #[test]
    fn an_x25519_key_signs_no_certificate() {
        let refused = public(&[9; 32]).verify_x509(&[0x2b, 0x65, 0x70], &[], b"", &[0; 64]);
        assert!(matches!(refused, Err(Error::BadSignature)));
    }

    proptest! {
        #[test]
        fn what_is_signed_verifies(k: [u8; 32], message: Vec<u8>) {
            let key = PrivateKey::of_x25519(&k);
            let signature = key.sign(&message).unwrap();
            key.public_key().verify(Algorithm::XEdDsa, &message, &signature).unwrap();
        }

        #[test]
        fn no_two_signatures_are_the_same(k: [u8; 32], message: Vec<u8>) {
            let key = PrivateKey::of_x25519(&k);
            prop_assert_ne!(key.sign(&message).unwrap(), key.sign(&message).unwrap());
        }

        #[test]
        fn a_changed_bit_makes_it_another(
            k: [u8; 32],
            message in prop::collection::vec(any::<u8>(), 1..100),
            at: prop::sample::Index,
            bit in 0..8_u8,
        ) {
            let key = PrivateKey::of_x25519(&k);
            let signature = key.sign(&message).unwrap();
            let flip = |bytes: &[u8]| {
                let mut bytes = bytes.to_vec();
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
                bytes
            };
            let verify = |message: &[u8], signature: &[u8]| {
                key.public_key().verify(Algorithm::XEdDsa, message, signature)
            };
            prop_assert!(verify(&flip(&message), &signature).is_err());
            prop_assert!(verify(&message, &flip(&signature)).is_err());
        }

        #[test]
        fn any_bytes_are_verified_without_panic(u: [u8; 32], message: Vec<u8>, signature: Vec<u8>) {
            let _ = public(&u).verify(Algorithm::XEdDsa, &message, &signature);
        }
    }
}
