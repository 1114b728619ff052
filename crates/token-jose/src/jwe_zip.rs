use std::io::{self, Read as _};

use flate2::read::DeflateDecoder;
use josekit::jwe::JweCompression;

/// `zip` `DEF` (RFC 7516 §4.1.3) that stops at a size no key has; josekit's own does not stop.
#[derive(Clone, Debug)]
pub(crate) struct BoundedDeflate;

impl JweCompression for BoundedDeflate {
    fn name(&self) -> &'static str {
        "DEF"
    }

    fn compress(&self, _message: &[u8]) -> Result<Vec<u8>, io::Error> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn decompress(&self, message: &[u8]) -> Result<Vec<u8>, io::Error> {
        let mut plain = Vec::new();
        DeflateDecoder::new(message).take(MAX_PLAIN + 1).read_to_end(&mut plain)?;
        if plain.len() as u64 > MAX_PLAIN {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(plain)
    }

    fn box_clone(&self) -> Box<dyn JweCompression> {
        Box::new(self.clone())
    }
}

/// The JWK of an RSA key of 8192 bits has some 6,500 characters.
const MAX_PLAIN: u64 = 64 * 1024;
