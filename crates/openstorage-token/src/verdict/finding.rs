use super::fault::{Fault, Seen, StrictWarning};
use super::payload::Identity;
use super::rule::{Answer, Rule};
use super::secret_form::SecretForm;

/// How a check came out.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// It holds, and this is what was seen.
    Holds(Seen),
    /// It fails.
    Fails(Fault),
    /// Not checked, because an earlier check failed.
    NotReached,
}

/// A check and how it came out.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The check.
    pub rule: Rule,
    /// How it came out.
    pub outcome: Outcome,
}

impl Finding {
    /// Returns why the check fails, if it does.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        match &self.outcome {
            Outcome::Fails(fault) => Some(fault),
            _ => None,
        }
    }
}

/// What a server says about a token.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Every check in the server's order; a server stops at the first that fails.
    pub findings: Vec<Finding>,
    /// Warnings about what the server accepts but a careful verifier would not.
    pub strict_warnings: Vec<StrictWarning>,
    /// If the signature is wrong, how the secret that made it differs from the server's, where that
    /// is known.
    pub secret_form: Option<SecretForm>,
    /// What it answers.
    pub answer: Answer,
    /// Who the token says it is, as far as it can be read: believe it only if the token is accepted.
    pub identity: Option<Identity>,
}

impl Verdict {
    /// Returns the check that the server's answer names: the first that fails, or, if that is one of
    /// the times, the last that fails of `exp`, `iat`, `nbf` and the signature.
    ///
    /// A server evaluates all four before it refuses, and each overwrites the reason of the one before.
    #[must_use]
    pub fn fault(&self) -> Option<(Rule, &Fault)> {
        let mut faults = self.findings.iter().filter_map(|it| Some((it.rule, it.fault()?)));
        let first = faults.next()?;
        match first.0 {
            Rule::Expiry | Rule::IssuedAt | Rule::NotBefore => {
                let is_evaluated = |(rule, _): &(Rule, &Fault)| {
                    matches!(rule, Rule::IssuedAt | Rule::NotBefore | Rule::Signature)
                };
                Some(faults.take_while(is_evaluated).last().unwrap_or(first))
            }
            _ => Some(first),
        }
    }
}
