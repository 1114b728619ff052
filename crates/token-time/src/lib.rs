//! The durations people type and the seconds tokens carry.
//!
//! Flags such as `--not-after` take `5m`, `-1h30m` or `2026-11-22T22:16:46Z`; claims such as `exp`
//! carry whole seconds since the Unix epoch. This crate converts between them. It never reads the
//! clock: the caller passes "now", so that a whole command uses one reading.
//!
//! - [`SignedDuration`]: a length of time in nanoseconds, written the way Go's `time` package
//!   writes it, which is what `step` and `step-ca` read and print.
//! - [`Timestamp`]: an instant, read and written as RFC 3339.
//! - [`When`]: either of the two, as the validity flags of `step` accept them.
//!
//! ```
//! use token_time::{SignedDuration, Timestamp, When};
//!
//! let now: Timestamp = "2026-11-22T22:05:46Z".parse()?;
//!
//! let not_after: When = "1h30m".parse()?;
//! assert_eq!(not_after.resolve(now)?.to_string(), "2026-11-22T23:35:46Z");
//!
//! let not_before: When = "2026-11-23T00:06:46.75+02:00".parse()?;
//! assert_eq!(not_before.resolve(now)?.unix_seconds(), 1_795_385_206);
//!
//! let delay: SignedDuration = "-.5h".parse()?;
//! assert_eq!(delay.to_string(), "-30m0s");
//! # Ok::<(), token_time::Error>(())
//! ```

mod error;
mod signed_duration;
mod timestamp;
mod when;

pub use error::Error;
pub use signed_duration::{DurationFault, SignedDuration};
pub use timestamp::{TimeFault, Timestamp};
pub use when::When;
