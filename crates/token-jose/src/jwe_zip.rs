use std::io;

use flate2::read::DeflateDecoder;
use josekit::jwe::JweCompression;
use token_text::read_wiped;

/// `zip` `DEF` (RFC 7516 §4.1.3) with a limit above the size of any key; josekit's own has none.
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
        let mut plain = read_wiped(DeflateDecoder::new(message), MAX_PLAIN)?;
        Ok(std::mem::take(&mut *plain))
    }

    fn box_clone(&self) -> Box<dyn JweCompression> {
        Box::new(self.clone())
    }
}

/// The JWK of an RSA key of 8192 bits has about 6,500 characters.
const MAX_PLAIN: u64 = 64 * 1024;
