use std::fmt;
use std::str::FromStr;

use token_jose::{Algorithm, MacAlgorithm};

/// An algorithm that a server accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenAlgorithm {
    /// A shared secret's.
    Mac(MacAlgorithm),
    /// A key pair's: RSA with PKCS#1 v1.5, or ECDSA.
    Signature(Algorithm),
}

impl TokenAlgorithm {
    /// Every algorithm.
    pub const ALL: [Self; 9] = [
        Self::Mac(MacAlgorithm::Hs256),
        Self::Mac(MacAlgorithm::Hs384),
        Self::Mac(MacAlgorithm::Hs512),
        Self::Signature(Algorithm::Rs256),
        Self::Signature(Algorithm::Rs384),
        Self::Signature(Algorithm::Rs512),
        Self::Signature(Algorithm::Es256),
        Self::Signature(Algorithm::Es384),
        Self::Signature(Algorithm::Es512),
    ];

    /// Returns the name, as a JOSE header spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mac(algorithm) => algorithm.as_str(),
            Self::Signature(algorithm) => algorithm.as_str(),
        }
    }
}

impl fmt::Display for TokenAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for TokenAlgorithm {
    type Err = String;

    /// Reads a name; letter case counts.
    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|algorithm| algorithm.as_str()).collect();
            format!("expected one of {}", names.join(", "))
        })
    }
}
