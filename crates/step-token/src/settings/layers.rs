//! Precedence: command line, environment, profile, authority, default.

use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;

use token_cli::{Error, Given, Origin, Setting, Switch, World};
use token_text::{ShownPath, ShownValue};

use token_text::Shown;

use crate::settings::ca_args::ContextArg;
use crate::settings::defaults::{Defaults, Texts};
use crate::settings::flags;
use crate::settings::global::GlobalArgs;
use crate::settings::step_path::{Base, StepPath};

/// The environment and the defaults files.
pub(crate) struct Layers<'a> {
    pub(crate) world: &'a World,
    /// In order of precedence.
    pub(crate) defaults: Vec<Defaults>,
}

impl<'a> Layers<'a> {
    /// Finds the context, and reads the defaults files.
    pub(crate) fn open(
        context: &ContextArg,
        global: &GlobalArgs,
        world: &'a World,
    ) -> Result<(Self, StepPath), Error> {
        let base = Base::find(world)?;
        let asked = match &context.context {
            Some(name) => Some((name.as_str(), "--context".to_owned())),
            None => world.variable("STEP_CONTEXT")?.map(|name| (name, "STEP_CONTEXT".to_owned())),
        };
        let step_path = StepPath::resolve(base, asked, world)?;
        if let Some(name) = step_path.context_name() {
            tracing::debug!("the context is `{}`", Shown(name));
        }
        let files = match &global.config {
            None => step_path.defaults_files(),
            Some(_) if step_path.has_context() => {
                return Err(Error::usage("--config has no effect while contexts are in use")
                    .hint("change the settings in the context's profile or authority"));
            }
            Some(file) if file.exists() => vec![file.clone()],
            Some(file) => {
                let message = format!("file {} does not exist (--config)", ShownPath(file));
                return Err(Error::settings(message));
            }
        };
        let mut defaults = Vec::new();
        for file in files {
            let mut read = Defaults::read(&file)?;
            if step_path.has_context() {
                let dropped;
                (read, dropped) = read.without(&["context", "profile", "authority"]);
                for key in dropped {
                    world.note(&format!("`{key}` in {} is ignored", ShownPath(&file)));
                }
            }
            defaults.push(read);
        }
        Ok((Self { world, defaults }, step_path))
    }

    /// Resolves a flag with one value; an empty value, from anywhere, means none.
    pub(crate) fn one<T>(
        &self,
        flag: &'static str,
        given: Option<&Given<T>>,
    ) -> Result<Option<Setting<T>>, Error>
    where
        T: FromStr<Err: Display> + Clone,
    {
        if let Some(given) = given {
            return Ok(given.setting(flag));
        }
        let Some(text) = self.below(flag)? else { return Ok(None) };
        match parse::<Given<T>>(flag, &text)? {
            Given::Empty => Ok(None),
            Given::Value(value) => Ok(Some(text.map(|_| value))),
        }
    }

    /// Resolves a flag with any number of values; empty ones are dropped (Q28).
    pub(crate) fn many<T>(&self, flag: &'static str, given: &[T]) -> Result<Setting<Vec<T>>, Error>
    where
        T: FromStr<Err: Display> + Clone,
    {
        if !given.is_empty() {
            return Ok(Setting::new(given.to_vec(), Origin::CommandLine { flag }));
        }
        let Some(texts) = self.texts(flag)? else {
            return Ok(Setting::new(Vec::new(), Origin::Default));
        };
        let list = match (texts.value, &texts.origin) {
            (Texts::Many(list), _) => list,
            // A variable is a list separated by commas; the command line is not split.
            (Texts::One(text), Origin::Environment { .. }) => {
                text.split(',').map(|item| item.trim().to_owned()).collect()
            }
            (Texts::One(text), _) => vec![text],
        };
        let values = list
            .into_iter()
            .filter(|item| !item.is_empty())
            .map(|item| parse(flag, &Setting::new(item, texts.origin.clone())))
            .collect::<Result<_, _>>()?;
        Ok(Setting::new(values, texts.origin))
    }

    /// Resolves a flag with a path, which cannot be empty.
    pub(crate) fn path(
        &self,
        flag: &'static str,
        given: Option<&Given<PathBuf>>,
    ) -> Result<Option<Setting<PathBuf>>, Error> {
        let setting = match given {
            Some(Given::Empty) => Some(Setting::new(PathBuf::new(), Origin::CommandLine { flag })),
            Some(Given::Value(path)) => {
                Some(Setting::new(path.clone(), Origin::CommandLine { flag }))
            }
            None => self.below(flag)?.map(|text| text.map(PathBuf::from)),
        };
        match setting {
            Some(path) if path.value.as_os_str().is_empty() => {
                let message = format!("{} is empty; expected a file", path.origin);
                Err(match path.origin.is_command_line() {
                    true => Error::usage(message),
                    false => Error::settings(message),
                })
            }
            other => Ok(other),
        }
    }

    /// Resolves a switch; off unless something turns it on.
    pub(crate) fn switch(
        &self,
        flag: &'static str,
        given: Option<Switch>,
    ) -> Result<Setting<bool>, Error> {
        if let Some(Switch(on)) = given {
            return Ok(Setting::new(on, Origin::CommandLine { flag }));
        }
        match self.below(flag)? {
            None => Ok(Setting::new(false, Origin::Default)),
            // An empty variable is off.
            Some(text) if text.value.is_empty() => Ok(text.map(|_| false)),
            Some(text) => {
                let Switch(on) = parse(flag, &text)?;
                Ok(text.map(|_| on))
            }
        }
    }

    /// Returns a flag's single value from the environment or a defaults file.
    fn below(&self, flag: &'static str) -> Result<Option<Setting<String>>, Error> {
        let Some(texts) = self.texts(flag)? else { return Ok(None) };
        match texts.value {
            Texts::One(text) => Ok(Some(Setting::new(text, texts.origin))),
            Texts::Many(_) => {
                let message = format!("{} is a list, but --{flag} takes one value", texts.origin);
                Err(Error::settings(message))
            }
        }
    }

    fn texts(&self, flag: &'static str) -> Result<Option<Setting<Texts>>, Error> {
        for variable in flags::variables_of(flag) {
            if let Some(text) = self.world.variable(&variable)? {
                tracing::debug!("--{flag} is set by {variable}");
                let origin = Origin::Environment { variable };
                return Ok(Some(Setting::new(Texts::One(text.to_owned()), origin)));
            }
        }
        let spellings = flags::members_of(flag);
        for defaults in &self.defaults {
            if let Some((key, texts)) = defaults.find(&spellings)? {
                let (file, key) = (defaults.file().to_owned(), key.to_owned());
                tracing::debug!("--{flag} is set by `{key}` in {}", ShownPath(&file));
                return Ok(Some(Setting::new(texts, Origin::Defaults { file, key })));
            }
        }
        Ok(None)
    }
}

/// Parses a value from the environment or a defaults file; an error names its origin (Q53).
fn parse<T>(flag: &str, text: &Setting<String>) -> Result<T, Error>
where
    T: FromStr<Err: Display>,
{
    text.value.parse().map_err(|cause: T::Err| {
        let (origin, value, cause) = (&text.origin, ShownValue(&text.value), cause.to_string());
        Error::settings(match value.reason(&cause) {
            // The cause already quotes the value, perhaps without the password in it.
            Some(told) if cause.starts_with('"') => format!("{told} ({origin}, for --{flag})"),
            Some(told) => format!("`{value}` is not a valid --{flag} ({origin}): {told}"),
            None => format!("`{value}` is not a valid --{flag} ({origin})"),
        })
    })
}
