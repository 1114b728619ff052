use std::collections::HashSet;
use std::fmt;

use crate::api_method::{methods_of, services};
use crate::nearest::nearest_or_longer;
use crate::pattern::{Pattern, bare, is_denial};
use crate::role::{Role, Rule};

/// A warning about a pattern of a role that fits nothing OpenStorage has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleWarning {
    /// The role.
    pub role: String,
    /// The rule, from 1.
    pub rule: usize,
    /// The pattern.
    pub pattern: String,
    /// What it is a pattern of.
    pub of: PatternOf,
    /// The name that was probably meant.
    pub nearest: Option<&'static str>,
}

/// What a pattern is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatternOf {
    /// Services.
    Services,
    /// Methods of the rule's services.
    Methods,
}

impl fmt::Display for RoleWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { role, rule, pattern, of, nearest } = self;
        let what = match of {
            PatternOf::Services => "service of OpenStorage",
            PatternOf::Methods => "method of these services",
        };
        write!(f, "role `{role}`, rule {rule}: no {what} fits `{pattern}`")?;
        match nearest {
            Some(nearest) => write!(f, "; did you mean `{nearest}`?"),
            None => Ok(()),
        }
    }
}

impl Role {
    /// Returns the patterns that fit no service, or no method of the services that their rule is for.
    ///
    /// A server that is newer than [`ApiMethod::all`](crate::ApiMethod::all) may have more.
    #[must_use]
    pub fn warnings(&self) -> Vec<RoleWarning> {
        self.rules.iter().zip(1..).flat_map(|(rule, at)| self.of_rule(rule, at)).collect()
    }

    fn of_rule(&self, rule: &Rule, at: usize) -> Vec<RoleWarning> {
        let warn = |pattern: &str, of, known: &[&'static str]| RoleWarning {
            role: self.name.clone(),
            rule: at,
            pattern: pattern.to_owned(),
            of,
            nearest: nearest_or_longer(&letters(pattern), known),
        };
        let all: Vec<&str> = services().collect();
        let (mut warnings, mut there) = (Vec::new(), Vec::new());
        for pattern in distinct(&rule.services) {
            let fit = fitting(pattern, &all);
            if fit.is_empty() {
                warnings.push(warn(pattern, PatternOf::Services, &all));
            } else if !is_denial(pattern) {
                there.extend(fit);
            }
        }
        let methods = once(once(there).into_iter().flat_map(methods_of).collect());
        if !methods.is_empty() {
            let unfit = |pattern: &&str| fitting(pattern, &methods).is_empty();
            let apis = distinct(&rule.apis).filter(unfit);
            warnings.extend(apis.map(|pattern| warn(pattern, PatternOf::Methods, &methods)));
        }
        warnings
    }
}

/// Returns each pattern once, in their order.
fn distinct(patterns: &[String]) -> impl Iterator<Item = &str> {
    let mut seen = HashSet::new();
    patterns.iter().map(String::as_str).filter(move |pattern| seen.insert(*pattern))
}

/// Returns each name once, in alphabetical order.
fn once(mut names: Vec<&'static str>) -> Vec<&'static str> {
    names.sort_unstable();
    names.dedup();
    names
}

/// Returns the names that a pattern fits, whether it allows or denies.
fn fitting(pattern: &str, names: &[&'static str]) -> Vec<&'static str> {
    let pattern = match is_denial(pattern) {
        true => Pattern::read(&bare(pattern)),
        false => Pattern::read(pattern),
    };
    names.iter().copied().filter(|name| pattern.fits(name)).collect()
}

/// Returns a pattern's letters and digits, in lowercase.
fn letters(pattern: &str) -> String {
    pattern.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::pattern::fits;
    use crate::{Generation, Roles};

    fn told(rules: &str) -> Vec<String> {
        let role = Role::parse(&format!("name: r\nrules: {rules}\n")).unwrap().remove(0);
        role.warnings().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_pattern_that_fits_nothing_is_told_with_the_nearest_name() {
        for (rules, warnings) in [
            (
                "[{services: [volumes], apis: ['*enumerate*']}, {services: ['*'], apis: [inspect*]}]",
                &[
                    "role `r`, rule 1: no service of OpenStorage fits `volumes`; did you mean `volume`?",
                ][..],
            ),
            (
                "[{services: [Volume, node], apis: [Inspect, '!enumerat', create]}]",
                &[
                    "role `r`, rule 1: no service of OpenStorage fits `Volume`; did you mean `volume`?",
                    "role `r`, rule 1: no method of these services fits `Inspect`; did you mean `inspect`?",
                    "role `r`, rule 1: no method of these services fits `!enumerat`; did you mean `enumerate`?",
                    "role `r`, rule 1: no method of these services fits `create`",
                ],
            ),
            (
                "[{services: ['!volumes*', 'v*e'], apis: ['*']}]",
                &[
                    "role `r`, rule 1: no service of OpenStorage fits `!volumes*`; did you mean `volume`?",
                    "role `r`, rule 1: no service of OpenStorage fits `v*e`",
                ],
            ),
            ("[{services: ['!*', volume], apis: ['!*delete*', '*']}]", &[]),
            ("[{services: ['*'], apis: [watch, validate]}]", &[]),
        ] {
            assert_eq!(told(rules), warnings, "{rules}");
        }
    }

    #[test]
    fn a_pattern_that_comes_again_is_told_once_for_its_rule() {
        let rules =
            "[{services: [x, x, volume, 'vol*', '*'], apis: [y, y]}, {services: [x], apis: [y]}]";
        assert_eq!(
            told(rules),
            [
                "role `r`, rule 1: no service of OpenStorage fits `x`",
                "role `r`, rule 1: no method of these services fits `y`",
                "role `r`, rule 2: no service of OpenStorage fits `x`",
            ]
        );
    }

    /// Each pattern costs the same, however many others there are.
    #[test]
    fn thousands_of_patterns_are_looked_at_one_by_one() {
        let services = vec!["*".to_owned(); 9_000];
        let apis = (0..9_000).map(|n| format!("inspec{n}")).collect();
        let role = Role { name: "r".to_owned(), rules: vec![Rule { services, apis }] };
        let start = std::time::Instant::now();
        assert_eq!(role.warnings().len(), 9_000);
        let taken = start.elapsed();
        assert!(taken.as_secs() < 30, "{taken:?}");
    }

    proptest! {
        /// A pattern gives a warning exactly if a server's matching finds no method for it.
        #[test]
        fn a_pattern_is_told_exactly_if_it_fits_nothing(
            service in "[*!]{0,2}(volume|vol|node|identity|volumes|x)[*]{0,1}",
            api in "[*!]{0,2}(create|inspect|enumer|Version|x)[*]{0,1}",
        ) {
            let rule = Rule { services: vec![service.clone()], apis: vec![api.clone()] };
            let role = Role { name: "r".to_owned(), rules: vec![rule] };
            let told: Vec<PatternOf> = role.warnings().iter().map(|warning| warning.of).collect();
            let bare = |pattern: &str| match pattern.starts_with('!') {
                true => bare(pattern),
                false => pattern.to_owned(),
            };
            let of_service: Vec<&str> = services().filter(|name| fits(&bare(&service), name)).collect();
            prop_assert_eq!(told.contains(&PatternOf::Services), of_service.is_empty());
            let fits_api = of_service
                .iter()
                .flat_map(|name| methods_of(name))
                .any(|name| fits(&bare(&api), name));
            let looks_at_apis = !of_service.is_empty() && !service.starts_with('!');
            prop_assert_eq!(told.contains(&PatternOf::Methods), looks_at_apis && !fits_api);
        }
    }

    #[test]
    fn the_built_in_roles_fit_what_there_is() {
        for generation in [Generation::Current, Generation::Older] {
            let roles = Roles::built_in(generation);
            let warnings: Vec<_> = roles.iter().flat_map(Role::warnings).collect();
            assert_eq!(warnings, []);
        }
    }
}
