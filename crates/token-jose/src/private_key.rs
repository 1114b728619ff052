use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{self as engine, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use openssl::bn::BigNum;
use openssl::rsa::RsaPrivateKeyBuilder;
use zeroize::Zeroizing;

use crate::algorithm::{Algorithm, KeyKind};
use crate::error::{Error, malformed};
use crate::key_id::KeyId;
use crate::public_key::{Parts, PublicKey};
use crate::signing_key::{SignError, SigningKey};
use crate::xeddsa::XEdDsaKey;

/// A private key in memory, ready to sign.
///
/// The engine (for XEdDSA this crate) holds the numbers and wipes them; they cannot be read back.
pub struct PrivateKey {
    algorithm: Algorithm,
    public: PublicKey,
    key_id: Option<KeyId>,
    engine: Engine,
}

enum Engine {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
    XEdDsa(XEdDsaKey),
}

/// The numbers of a private key on their way from a file to the engine.
pub(crate) enum Material {
    Ec {
        /// Big-endian; at most as wide as the curve's field.
        scalar: Zeroizing<Vec<u8>>,
    },
    Ed25519 {
        /// 32 bytes (RFC 8032 §5.1.5).
        seed: Zeroizing<Vec<u8>>,
    },
    Rsa {
        /// DER of an RSAPrivateKey (RFC 8017 §A.1.2).
        der: Zeroizing<Vec<u8>>,
    },
}

impl Material {
    /// Computes the remaining numbers of an RSA key for the Chinese remainder theorem.
    pub(crate) fn rsa_components(
        public: &PublicKey,
        d: &[u8],
        p: &[u8],
        q: &[u8],
    ) -> Result<Self, Error> {
        let Parts::Rsa { n, e } = &public.parts else {
            return Err(Error::InconsistentKey);
        };
        // Numbers longer than the modulus cannot belong to it; one leading zero byte is allowed.
        if [d, p, q].iter().any(|number| number.len() > n.len() + 1) {
            return Err(Error::InconsistentKey);
        }
        crate::fence::shut();
        let build = || {
            let (d, p, q) = (secure(d)?, secure(p)?, secure(q)?);
            let mut context = openssl::bn::BigNumContext::new_secure()?;
            let one = BigNum::from_u32(1)?;
            let mut exponent = |prime: &BigNum| {
                let (mut below, mut result) = (BigNum::new_secure()?, BigNum::new_secure()?);
                below.checked_sub(prime, &one)?;
                result.nnmod(&d, &below, &mut context)?;
                Ok::<_, openssl::error::ErrorStack>(result)
            };
            let (dp, dq) = (exponent(&p)?, exponent(&q)?);
            let mut qi = BigNum::new_secure()?;
            qi.mod_inverse(&q, &p, &mut context)?;
            RsaPrivateKeyBuilder::new(BigNum::from_slice(n)?, BigNum::from_slice(e)?, d)?
                .set_factors(p, q)?
                .set_crt_params(dp, dq, qi)?
                .build()
                .private_key_to_der()
        };
        build().map(|der| Self::Rsa { der: Zeroizing::new(der) }).map_err(malformed)
    }
}

impl PrivateKey {
    /// Joins the private and the public key, and checks that they match.
    pub(crate) fn new(
        material: Material,
        public: PublicKey,
        algorithm: Algorithm,
        key_id: Option<KeyId>,
    ) -> Result<Self, Error> {
        if algorithm.key_kind() != public.kind() {
            return Err(Error::AlgorithmMismatch { algorithm, kind: public.kind() });
        }
        let engine = match (material, &public.parts) {
            (Material::Ec { scalar }, Parts::Ec { .. }) => {
                let point = public.point().unwrap_or_default();
                EcdsaKeyPair::from_private_key_and_public_key(
                    ecdsa(algorithm).ok_or(Error::InconsistentKey)?,
                    &full_width(&scalar, public.kind())?,
                    &point,
                )
                .map(Engine::Ecdsa)
            }
            (Material::Ed25519 { seed }, Parts::Ed25519 { x }) => {
                Ed25519KeyPair::from_seed_and_public_key(&seed, x).map(Engine::Ed25519)
            }
            (Material::Rsa { der }, Parts::Rsa { .. }) => {
                RsaKeyPair::from_der(&der).map(Engine::Rsa)
            }
            _ => return Err(Error::InconsistentKey),
        }
        .map_err(|_| Error::InconsistentKey)?;
        Ok(Self { algorithm, public, key_id, engine })
    }

    /// Takes a pair whose public key the engine has derived or checked.
    pub(crate) fn of_ecdsa(
        pair: EcdsaKeyPair,
        algorithm: Algorithm,
        key_id: Option<KeyId>,
    ) -> Result<Self, Error> {
        let public = PublicKey::from_point(algorithm.key_kind(), pair.public_key().as_ref())?;
        Ok(Self { algorithm, public, key_id, engine: Engine::Ecdsa(pair) })
    }

    /// Takes the scalar of an X25519 key, 32 bytes (RFC 7748 §5), and derives the public key.
    pub(crate) fn of_x25519(scalar: &[u8; 32]) -> Self {
        let key = XEdDsaKey::new(scalar);
        let public =
            PublicKey { kind: KeyKind::X25519, parts: Parts::X25519 { u: key.public().to_vec() } };
        Self { algorithm: Algorithm::XEdDsa, public, key_id: None, engine: Engine::XEdDsa(key) }
    }

    /// Returns the key with another algorithm for its type: RSA has six, each curve has one.
    ///
    /// # Errors
    ///
    /// [`Error::AlgorithmMismatch`] if the algorithm is for another type of key.
    pub fn with_algorithm(self, algorithm: Algorithm) -> Result<Self, Error> {
        if algorithm.key_kind() != self.public.kind() {
            return Err(Error::AlgorithmMismatch { algorithm, kind: self.public.kind() });
        }
        Ok(Self { algorithm, ..self })
    }

    /// Returns the `kid` from the key's own JWK; keys in PEM have none.
    #[must_use]
    pub fn key_id(&self) -> Option<&KeyId> {
        self.key_id.as_ref()
    }
}

impl SigningKey for PrivateKey {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        match &self.engine {
            Engine::Ecdsa(pair) => pair
                .sign(&SystemRandom::new(), message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(SignError::new),
            Engine::Ed25519(pair) => pair
                .try_sign(message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(SignError::new),
            Engine::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let padding = rsa_padding(self.algorithm)
                    .ok_or_else(|| SignError::new("the algorithm is not an RSA algorithm"))?;
                pair.sign(padding, &SystemRandom::new(), message, &mut signature)
                    .map_err(SignError::new)?;
                Ok(signature)
            }
            Engine::XEdDsa(key) => {
                let mut nonce = Zeroizing::new([0; 64]);
                aws_lc_rs::rand::fill(&mut *nonce).map_err(SignError::new)?;
                Ok(key.sign(message, &nonce).to_vec())
            }
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey")
            .field("algorithm", &self.algorithm)
            .field("thumbprint", &self.public.thumbprint())
            .finish_non_exhaustive()
    }
}

/// Returns the engine's name for an ECDSA algorithm.
pub(crate) fn ecdsa(algorithm: Algorithm) -> Option<&'static engine::EcdsaSigningAlgorithm> {
    match algorithm {
        Algorithm::Es256 => Some(&engine::ECDSA_P256_SHA256_FIXED_SIGNING),
        Algorithm::Es384 => Some(&engine::ECDSA_P384_SHA384_FIXED_SIGNING),
        Algorithm::Es512 => Some(&engine::ECDSA_P521_SHA512_FIXED_SIGNING),
        _ => None,
    }
}

fn rsa_padding(algorithm: Algorithm) -> Option<&'static dyn engine::RsaEncoding> {
    match algorithm {
        Algorithm::Rs256 => Some(&engine::RSA_PKCS1_SHA256),
        Algorithm::Rs384 => Some(&engine::RSA_PKCS1_SHA384),
        Algorithm::Rs512 => Some(&engine::RSA_PKCS1_SHA512),
        Algorithm::Ps256 => Some(&engine::RSA_PSS_SHA256),
        Algorithm::Ps384 => Some(&engine::RSA_PSS_SHA384),
        Algorithm::Ps512 => Some(&engine::RSA_PSS_SHA512),
        _ => None,
    }
}

fn full_width(scalar: &[u8], kind: KeyKind) -> Result<Zeroizing<Vec<u8>>, Error> {
    let zeros = scalar.iter().take_while(|byte| **byte == 0).count();
    let scalar = scalar.get(zeros..).unwrap_or_default();
    let missing = kind
        .coordinate_len()
        .and_then(|width| width.checked_sub(scalar.len()))
        .ok_or_else(|| Error::Malformed { reason: format!("a scalar too long for {kind}") })?;
    Ok(Zeroizing::new([&vec![0; missing], scalar].concat()))
}

fn secure(number: &[u8]) -> Result<BigNum, openssl::error::ErrorStack> {
    let mut result = BigNum::new_secure()?;
    result.copy_from_slice(number)?;
    Ok(result)
}
