//! What can be wrong with a token, and how a test makes it so.

use super::draft::{Case, Draft};
use super::{claims, headers, servers, signatures, structure};
use crate::keys::Keyring;
use crate::random::Random;

/// A change of a token at one step of its construction.
#[derive(Clone, Copy)]
pub(super) struct Mutation {
    pub(super) name: &'static str,
    /// How often it is drawn, relative to the others.
    pub(super) weight: usize,
    pub(super) step: Step,
}

/// The step.
#[derive(Clone, Copy)]
pub(super) enum Step {
    /// Before anything is encoded.
    Draft(fn(&mut Draft, &mut Random)),
    /// To the encoded header and payload, before they are signed.
    Parts(fn(&mut [String; 2], &mut Random)),
    /// To the signature before it is encoded.
    Signature(fn(&mut Vec<u8>, &mut Random)),
    /// To the signature after that.
    Encoded(fn(&mut String, &mut Random)),
    /// To the whole token.
    Token(fn(&mut String, &mut Random)),
}

/// Makes tokens with and without mutations.
pub(super) struct Maker {
    own: Keyring,
    others: Keyring,
    mutations: Vec<Mutation>,
    random: Random,
}

impl Maker {
    pub(super) fn new(seed: u64) -> Self {
        let lists = [
            headers::MUTATIONS,
            claims::MUTATIONS,
            structure::MUTATIONS,
            signatures::MUTATIONS,
            servers::MUTATIONS,
        ];
        Self {
            own: Keyring::recorded(),
            others: Keyring::others(),
            mutations: lists.into_iter().flatten().copied().collect(),
            random: Random::seeded(seed),
        }
    }

    /// Returns the names of all the mutations.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.mutations.iter().map(|mutation| mutation.name)
    }

    /// Makes a token with no mutation, one, or two.
    pub(super) fn draw(&mut self) -> Case {
        let count = self.random.pick(&[0, 1, 1, 1, 1, 1, 1, 1, 1, 2]);
        let chosen: Vec<usize> = (0..count).map(|_| self.weighted()).collect();
        self.make(&chosen)
    }

    fn weighted(&mut self) -> usize {
        let sum = self.mutations.iter().map(|mutation| mutation.weight).sum();
        let mut left = self.random.below(sum);
        let hit = self.mutations.iter().position(|mutation| {
            let is_hit = left < mutation.weight;
            left = left.saturating_sub(mutation.weight);
            is_hit
        });
        hit.unwrap()
    }

    fn make(&mut self, chosen: &[usize]) -> Case {
        let random = &mut self.random;
        let mutations: Vec<Mutation> = chosen.iter().map(|at| self.mutations[*at]).collect();
        let mut draft = Draft::draw(random);
        for mutation in &mutations {
            if let Step::Draft(change) = mutation.step {
                change(&mut draft, random);
            }
        }
        draft.settle();
        let mut parts = draft.encode();
        for mutation in &mutations {
            if let Step::Parts(change) = mutation.step {
                change(&mut parts, random);
            }
        }
        let message = parts.join(".");
        let mut signature = draft.sign(&self.own, &self.others, message.as_bytes());
        for mutation in &mutations {
            if let Step::Signature(change) = mutation.step {
                change(&mut signature, random);
            }
        }
        let mut encoded = structure::encoded(&signature);
        for mutation in &mutations {
            if let Step::Encoded(change) = mutation.step {
                change(&mut encoded, random);
            }
        }
        let mut token = format!("{message}.{encoded}");
        for mutation in &mutations {
            if let Step::Token(change) = mutation.step {
                change(&mut token, random);
            }
        }
        let names: Vec<&str> = mutations.iter().map(|mutation| mutation.name).collect();
        Case { made: names.join(" + "), token, server: draft.server, at: draft.at }
    }
}
