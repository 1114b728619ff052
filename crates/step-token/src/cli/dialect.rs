//! The names under which the program can be called, such as `step`.
//!
//! Called as `step` it accepts those commands of step that it implements, and refuses the others by
//! name. One table maps dialects to commands, and no command knows under which name it runs.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use token_cli::Error;
use token_text::ShownValue;

/// A program whose command line we accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// The names of the program, as found in `argv[0]`.
    names: &'static [&'static str],
    /// The command of ours that comes before its arguments.
    below: Option<&'static str>,
    /// The commands that are implemented, each as its words.
    answers: &'static [&'static [&'static str]],
    /// Other names of commands of the first level, each with its main name.
    aliases: &'static [(&'static str, &'static str)],
    /// The flags with a value that may precede a command.
    values: &'static [&'static str],
    /// The first line of `version`, without operating system and architecture.
    banner: Option<&'static str>,
}

/// The dialects, the program's own first.
const DIALECTS: [Dialect; 3] = [
    Dialect {
        names: &["step-token"],
        below: None,
        answers: &[],
        aliases: &[],
        values: &[],
        banner: None,
    },
    Dialect::PXCTL,
    Dialect {
        names: &["step", "step-cli"],
        below: None,
        answers: &[
            &["ca", "token"],
            &["ca", "provisioner", "list"],
            &["context", "current"],
            &["context", "list"],
            &["context", "remove"],
            &["context", "select"],
            &["version"],
            &["help"],
        ],
        aliases: &[],
        values: &["config"],
        // The version whose command line we match; callers read the number after the slash.
        banner: Some("Smallstep CLI/0.30.6"),
    },
];

impl Dialect {
    /// Portworx's client.
    const PXCTL: Self = Self {
        names: &["pxctl"],
        below: Some("px"),
        answers: &[
            &["auth", "token", "generate"],
            &["context", "create"],
            &["context", "delete"],
            &["context", "list"],
            &["context", "set"],
            &["context", "unset"],
            &["version"],
            &["help"],
        ],
        aliases: &[("ctx", "context")],
        values: &["config", "context", "output-type", "ca", "cert", "key"],
        banner: None,
    };

    /// Finds the dialect by the name the program was called by; an unknown name means our own.
    pub(crate) fn of(argv0: Option<&OsStr>) -> Self {
        let name = argv0.and_then(|path| Path::new(path).file_stem()).and_then(OsStr::to_str);
        DIALECTS
            .into_iter()
            .find(|dialect| name.is_some_and(|name| dialect.names.contains(&name)))
            .unwrap_or(DIALECTS[0])
    }

    /// Returns the first line that `version` prints in this dialect; `None` for our own.
    pub(crate) fn banner(self) -> Option<&'static str> {
        self.banner
    }

    /// Returns its name in messages.
    pub(crate) fn name(self) -> &'static str {
        self.names[0]
    }

    /// Returns the command of ours that comes before its arguments; `None` for our own dialect.
    pub(crate) fn below(self) -> Option<&'static str> {
        self.below
    }

    /// Replaces our command line in a text by that of this dialect.
    pub(crate) fn in_its_words(self, text: String) -> String {
        match self.below {
            None => text,
            Some(below) => text.replace(&format!("{} {below}", self.name()), self.name()),
        }
    }

    /// Returns whether this dialect has a command of the first level.
    pub(crate) fn answers(self, command: &str) -> bool {
        self.answers.is_empty() || self.answers.iter().any(|answer| answer[0] == command)
    }

    /// Refuses commands of the other program that we do not implement.
    ///
    /// # Errors
    ///
    /// A usage error with the command, and the commands that exist.
    pub(crate) fn admit(self, arguments: &[OsString]) -> Result<(), Error> {
        if self.answers.is_empty() {
            return Ok(());
        }
        let mut rest = arguments.iter().filter_map(|argument| argument.to_str());
        let mut words = Vec::new();
        while let Some(word) = rest.next().filter(|word| *word != "--") {
            let flag = word.strip_prefix("--").or_else(|| word.strip_prefix('-'));
            if flag.is_some_and(|flag| self.values.contains(&flag)) {
                rest.next();
            } else if flag.is_none() {
                words.push(word);
            }
        }
        // `help` comes before or after its command.
        if let Some(at) = words.iter().position(|word| *word == "help") {
            words.remove(at);
        }
        let main = |word: &str| {
            let alias = self.aliases.iter().find(|(alias, _)| *alias == word);
            alias.map(|(_, name)| *name)
        };
        let fits = |answer: &&[&str]| {
            let first = words.first().and_then(|first| main(first));
            let words =
                first.into_iter().chain(words.iter().skip(usize::from(first.is_some())).copied());
            words.zip(answer.iter()).all(|(word, answer)| word == *answer)
        };
        if words.is_empty() || self.answers.iter().any(fits) {
            return Ok(());
        }
        let known = self.answers.iter().map(|answer| answer.len()).max().unwrap_or_default();
        let asked = words.iter().take(known).copied().collect::<Vec<_>>().join(" ");
        let there: Vec<String> = self.answers.iter().map(|answer| answer.join(" ")).collect();
        let message =
            format!("step-token does not implement `{} {}`", self.name(), ShownValue(&asked));
        Err(Error::usage(message).hint(format!(
            "called as {}, it implements {}",
            self.name(),
            there.join(", ")
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(argv0: &str, line: &str) -> Result<(), String> {
        let arguments: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        Dialect::of(Some(OsStr::new(argv0))).admit(&arguments).map_err(|error| error.report())
    }

    #[test]
    fn the_name_decides() {
        for (argv0, name) in [
            ("/usr/bin/step", "step"),
            ("step-cli", "step"),
            ("/opt/pwx/bin/pxctl", "pxctl"),
            ("./target/debug/step-token", "step-token"),
            ("anything", "step-token"),
        ] {
            assert_eq!(Dialect::of(Some(OsStr::new(argv0))).name(), name);
        }
        assert_eq!(Dialect::of(None).name(), "step-token");
    }

    #[test]
    fn what_is_built_is_answered() {
        for line in [
            "ca token s --ssh",
            "--config f ca token s",
            "version",
            "",
            "--help",
            "ca --help",
            "ca",
        ] {
            admitted("step", line).unwrap();
        }
        for line in [
            "auth token generate --issuer x",
            "--context a -j context list",
            "ctx list",
            "ctx",
            "auth",
            "",
        ] {
            admitted("pxctl", line).unwrap();
        }
        admitted("step-token", "anything at all").unwrap();
    }

    #[test]
    fn every_other_command_of_step_is_refused_by_name() {
        for (line, name) in [
            ("ca certificate a b c", "`step ca certificate a`"),
            ("crypto jwt inspect", "`step crypto jwt inspect`"),
            ("ca provisioner add x", "`step ca provisioner add`"),
            ("token s", "`step token s`"),
        ] {
            let message = admitted("step", line).unwrap_err();
            assert!(message.contains(name), "{message}");
        }
        for (line, name) in [
            ("volume list", "`pxctl volume list`"),
            ("--context a auth role create", "`pxctl auth role create`"),
            ("px token", "`pxctl px token`"),
            ("ctx rename a b", "`pxctl ctx rename a`"),
            ("auth ctx", "`pxctl auth ctx`"),
        ] {
            let message = admitted("pxctl", line).unwrap_err();
            assert!(message.contains(name), "{message}");
        }
    }
}
