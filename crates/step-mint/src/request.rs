use step_claims::{Confirmation, Limits, Purpose, Subject, UserData, Validity};
use token_time::{Timestamp, When};

use crate::error::Error;

/// What one token is to say. An open key can answer any number of requests.
#[derive(Clone, Debug)]
pub struct Request {
    /// The name asked for.
    pub subject: Subject,
    /// What the token allows.
    pub purpose: Purpose,
    /// When the token becomes valid, if not now.
    pub not_before: Option<When>,
    /// When it expires, if not five minutes later.
    pub not_after: Option<When>,
    /// The limits of its lifetime.
    pub limits: Limits,
    /// The certificate request or key it is tied to.
    pub confirmation: Option<Confirmation>,
    /// Data for the CA's certificate template.
    pub user: UserData,
}

impl Request {
    /// Returns when the token is valid, counted from one reading of the clock.
    ///
    /// # Errors
    ///
    /// [`Error::Validity`] if the token would live too long or too short, start too late, or have
    /// expired already.
    pub fn validity(&self, now: Timestamp) -> Result<Validity, Error> {
        Validity::new(now, self.not_before, self.not_after, self.limits).map_err(Error::Validity)
    }
}
