//! Keeps OpenSSL from reading a configuration.
//!
//! With its first use OpenSSL would read `openssl.cnf`, or the file that `OPENSSL_CONF` names, and
//! load the modules named there into a process that holds private keys. Whether it does is settled
//! by its first initialisation, once for the whole process.

use std::ptr;
use std::sync::Once;

/// `OPENSSL_INIT_NO_LOAD_CONFIG`, which the bindings do not have.
///
/// Source: OpenSSL, `include/openssl/crypto.h`.
const NO_LOAD_CONFIG: u64 = 0x80;

/// Initialises OpenSSL without a configuration. Every function of this crate that uses OpenSSL, or
/// josekit, calls this first.
pub(crate) fn shut() {
    static SHUT: Once = Once::new();
    SHUT.call_once(|| {
        let options = NO_LOAD_CONFIG | openssl_sys::OPENSSL_INIT_NO_ATEXIT;
        // SAFETY: `OPENSSL_init_ssl` may be called at any time and from any thread, and takes a null
        // pointer for no further settings.
        #[expect(unsafe_code, reason = "the `openssl` crate has no safe function for this")]
        let done = unsafe { openssl_sys::OPENSSL_init_ssl(options, ptr::null()) };
        assert_eq!(done, 1, "OpenSSL starts unless memory is exhausted");
    });
}
