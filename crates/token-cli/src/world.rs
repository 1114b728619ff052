use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, IsTerminal as _, Read, Write};
use std::path::PathBuf;

use token_text::{ReadError, printable, read_wiped};
use token_time::Timestamp;
use zeroize::Zeroizing;

use crate::colour::{Colour, painted};
use crate::error::Error;
use crate::offered::Offered;
use crate::terminal::{Prompt, Terminal, Unbuffered};

/// Everything that is not an argument: clock, randomness, environment, streams and terminal.
///
/// A test supplies its own. The shipped program has no switch for them: an environment variable
/// that sets the token ID would be a back door.
pub struct World {
    clock: Box<Clock>,
    random: Box<Random>,
    env: BTreeMap<String, OsString>,
    home: Option<PathBuf>,
    terminal: Option<Box<dyn Prompt>>,
    stdin: RefCell<Box<dyn Read>>,
    /// Whether `stdin` is the process's own, which may be a pipe that never ends.
    is_process: bool,
    /// Whether that is a terminal, which shows what is typed.
    is_typed: bool,
    stdout: RefCell<Box<dyn Write>>,
    stderr: RefCell<Box<dyn Write>>,
    /// Whether stdout and stderr take colour.
    colour: Cell<(bool, bool)>,
    quiet: Cell<bool>,
    prompts: Cell<bool>,
    asked: Cell<bool>,
}

/// Returns the time, in whole seconds.
type Clock = dyn Fn() -> Timestamp;

/// Fills with random bytes.
type Random = dyn Fn(&mut [u8]) -> io::Result<()>;

impl World {
    /// Returns the world the process runs in.
    #[must_use]
    pub fn real() -> Self {
        let env: BTreeMap<_, _> = std::env::vars_os()
            .filter_map(|(name, value)| name.into_string().ok().map(|name| (name, value)))
            .collect();
        let terminal = Terminal::of_process();
        let colour = has_colour(&env, io::stdout().is_terminal(), terminal.stderr_is_terminal());
        let is_typed = terminal.stdin_is_terminal();
        let home = match env.get("HOME") {
            Some(home) if !home.is_empty() => Some(PathBuf::from(home)),
            _ => directories::BaseDirs::new().map(|base| base.home_dir().to_owned()),
        };
        Self {
            clock: Box::new(system_time),
            random: Box::new(|bytes| getrandom::fill(bytes).map_err(io::Error::other)),
            env,
            home,
            terminal: terminal.into_prompt(),
            stdin: RefCell::new(Box::new(Unbuffered)),
            is_process: true,
            is_typed,
            stdout: RefCell::new(Box::new(io::stdout())),
            stderr: RefCell::new(Box::new(io::stderr())),
            colour: Cell::new(colour),
            quiet: Cell::new(false),
            prompts: Cell::new(true),
            asked: Cell::new(false),
        }
    }

    /// Returns a world without terminal, home and environment, in which the time is always `now`
    /// and every random byte is zero; stdin is empty, and output is discarded.
    #[must_use]
    pub fn still(now: Timestamp) -> Self {
        Self {
            clock: Box::new(move || now),
            random: Box::new(|bytes| {
                bytes.fill(0);
                Ok(())
            }),
            env: BTreeMap::new(),
            home: None,
            terminal: None,
            stdin: RefCell::new(Box::new(io::empty())),
            is_process: false,
            is_typed: false,
            stdout: RefCell::new(Box::new(io::sink())),
            stderr: RefCell::new(Box::new(io::sink())),
            colour: Cell::new((false, false)),
            quiet: Cell::new(false),
            prompts: Cell::new(true),
            asked: Cell::new(false),
        }
    }

    /// Replaces the clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> Timestamp + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Replaces the source of randomness.
    #[must_use]
    pub fn with_random(mut self, random: impl Fn(&mut [u8]) -> io::Result<()> + 'static) -> Self {
        self.random = Box::new(random);
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn with_variable(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.env.insert(name.to_owned(), value.into());
        self
    }

    /// Sets the home directory.
    #[must_use]
    pub fn with_home(mut self, home: impl Into<PathBuf>) -> Self {
        self.home = Some(home.into());
        self
    }

    /// Replaces the three streams.
    #[must_use]
    pub fn with_streams(
        mut self,
        stdin: impl Read + 'static,
        stdout: impl Write + 'static,
        stderr: impl Write + 'static,
    ) -> Self {
        self.stdin = RefCell::new(Box::new(stdin));
        self.is_process = false;
        self.is_typed = false;
        self.stdout = RefCell::new(Box::new(stdout));
        self.stderr = RefCell::new(Box::new(stderr));
        self
    }

    /// Sets the person at the terminal.
    #[must_use]
    pub fn with_terminal(mut self, person: impl Prompt + 'static) -> Self {
        self.terminal = Some(Box::new(person));
        self
    }

    /// Reads the clock, in whole seconds.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Returns 32 random bytes.
    ///
    /// # Errors
    ///
    /// A settings error if the system has no randomness.
    pub fn random(&self) -> Result<[u8; 32], Error> {
        let mut bytes = [0; 32];
        (self.random)(&mut bytes).map_err(|cause| {
            Error::settings("the system returned no random bytes").because(cause)
        })?;
        Ok(bytes)
    }

    /// Returns an environment variable as text; `None` if it is unset.
    ///
    /// # Errors
    ///
    /// A settings error if it is not UTF-8.
    pub fn variable(&self, name: &str) -> Result<Option<&str>, Error> {
        match self.env.get(name) {
            None => Ok(None),
            Some(value) => value.to_str().map(Some).ok_or_else(|| {
                Error::settings(format!("environment variable {name} is not UTF-8"))
            }),
        }
    }

    /// Returns an environment variable as the system has it.
    pub fn variable_os(&self, name: &str) -> Option<&OsString> {
        self.env.get(name)
    }

    /// Returns the home directory.
    pub fn home(&self) -> Option<&PathBuf> {
        self.home.as_ref()
    }

    /// Returns the person at the terminal, if there is one and prompts are allowed.
    pub fn person(&self) -> Option<&dyn Prompt> {
        self.terminal.as_deref().filter(|_| self.prompts.get())
    }

    /// Asks the person at the terminal, if there is one, and records that time has passed.
    pub fn ask<T>(&self, question: impl FnOnce(&dyn Prompt) -> T) -> Option<T> {
        let person = self.person()?;
        self.asked.set(true);
        Some(question(person))
    }

    /// Returns whether a person was asked, so that the clock has to be read again.
    pub fn was_asked(&self) -> bool {
        self.asked.get()
    }

    /// Turns prompts off: a missing value is an error from now on.
    pub fn forbid_prompts(&self) {
        self.prompts.set(false);
    }

    /// Turns colour on or off, whether stdout and stderr are terminals or not.
    pub fn set_colour(&self, colour: Colour) {
        match colour {
            Colour::Auto => {}
            Colour::Always => self.colour.set((true, true)),
            Colour::Never => self.colour.set((false, false)),
        }
    }

    /// Returns whether stdout takes colour.
    pub(crate) fn stdout_has_colour(&self) -> bool {
        self.colour.get().0
    }

    fn stderr_has_colour(&self) -> bool {
        self.colour.get().1
    }

    /// Turns [`note`](Self::note), [`done`](Self::done) and [`announce`](Self::announce) off or on.
    pub fn set_quiet(&self, quiet: bool) {
        self.quiet.set(quiet);
    }

    /// Returns whether standard input is a terminal, so that a secret must not be read from it as from
    /// a pipe.
    pub(crate) fn stdin_is_terminal(&self) -> bool {
        self.is_typed
    }

    /// Reads standard input to its end, at most `limit` bytes, into memory that is wiped.
    ///
    /// # Errors
    ///
    /// - [`ReadError::TooLong`] if there are more bytes.
    /// - [`ReadError::Io`] if it cannot be read.
    pub fn read_stdin(&self, limit: u64) -> Result<Zeroizing<Vec<u8>>, ReadError> {
        read_wiped(self.stdin.borrow_mut().by_ref(), limit)
    }

    /// Reads what standard input offers although no flag names it, at most `limit` bytes; never waits
    /// longer than [`PATIENCE`](crate::PATIENCE).
    ///
    /// # Errors
    ///
    /// As [`read_stdin`](Self::read_stdin).
    pub fn read_offered(&self, limit: u64) -> Result<Offered, ReadError> {
        match self.is_process {
            true => Offered::of_process(limit),
            false => Offered::of_reader(self.stdin.borrow_mut().by_ref(), limit),
        }
    }

    /// Writes the result and flushes it, so that a full disk is an error (Q56).
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn write_stdout(&self, bytes: &[u8]) -> io::Result<()> {
        let mut stdout = self.stdout.borrow_mut();
        stdout.write_all(bytes)?;
        stdout.flush()
    }

    /// Notes something a person may want to know, after `note:`; `--quiet` silences it.
    pub fn note(&self, text: &str) {
        if !self.quiet.get() {
            self.tell(&format!("note: {}", printable(text)));
        }
    }

    /// Tells what was done; `--quiet` silences it.
    pub fn done(&self, text: &str) {
        if !self.quiet.get() {
            self.say(&printable(text));
        }
    }

    /// Prints what was chosen, after a tick; `--quiet` turns it off.
    pub fn announce(&self, what: &str, chosen: &str) {
        if self.quiet.get() {
            return;
        }
        let chosen = printable(chosen);
        if self.stderr_has_colour() {
            self.say(&format!("\u{1b}[32m✔\u{1b}[0m \u{1b}[1m{what}:\u{1b}[0m {chosen}"));
        } else {
            self.say(&format!("✔ {what}: {chosen}"));
        }
    }

    /// Prints a warning; `--quiet` does not turn it off.
    pub fn warn(&self, text: &str) {
        self.tell(&format!("warning: {}", printable(text)));
    }

    /// Prints an error with its causes and hints.
    pub fn report(&self, error: &Error) {
        self.tell(&error.report());
    }

    /// Writes lines that begin with a label.
    fn tell(&self, text: &str) {
        match self.stderr_has_colour() {
            true => self.say(&painted(text)),
            false => self.say(text),
        }
    }

    /// Writes a line to stderr. A failure cannot be reported anywhere, and is ignored.
    pub fn say(&self, line: &str) {
        let _ = writeln!(self.stderr.borrow_mut(), "{line}");
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("home", &self.home).finish_non_exhaustive()
    }
}

fn system_time() -> Timestamp {
    let seconds = match std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        Err(before) => {
            i64::try_from(before.duration().as_secs()).map_or(i64::MIN, |seconds| -seconds)
        }
    };
    Timestamp::from_unix_seconds(seconds)
}

/// Returns which of stdout and stderr take colour, of which each may be a terminal. `NO_COLOR` turns it
/// off, `CLICOLOR_FORCE` on, and without them it is for terminals that have it
/// (<https://bixense.com/clicolors/>).
fn has_colour(env: &BTreeMap<String, OsString>, stdout: bool, stderr: bool) -> (bool, bool) {
    let is_set = |name: &str| env.get(name).is_some_and(|value| !value.is_empty());
    let is = |name: &str, value: &str| env.get(name).is_some_and(|own| own == value);
    if is_set("NO_COLOR") {
        (false, false)
    } else if is_set("CLICOLOR_FORCE") && !is("CLICOLOR_FORCE", "0") {
        (true, true)
    } else if is("CLICOLOR", "0") || is("TERM", "dumb") {
        (false, false)
    } else {
        (stdout, stderr)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_decide_on_colour_before_the_terminal() {
        let of = |variables: &[(&str, &str)], terminal: bool| {
            let variables = variables.iter().map(|&(name, value)| (name.to_owned(), value.into()));
            has_colour(&variables.collect(), terminal, terminal)
        };
        for (variables, on_a_terminal, elsewhere) in [
            (&[][..], true, false),
            (&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], false, false),
            (&[("NO_COLOR", "")], true, false),
            (&[("CLICOLOR_FORCE", "1"), ("TERM", "dumb")], true, true),
            (&[("CLICOLOR_FORCE", "0")], true, false),
            (&[("CLICOLOR_FORCE", "")], true, false),
            (&[("CLICOLOR", "0")], false, false),
            (&[("CLICOLOR", "1")], true, false),
            (&[("TERM", "dumb")], false, false),
        ] {
            assert_eq!(of(variables, true), (on_a_terminal, on_a_terminal), "{variables:?}");
            assert_eq!(of(variables, false), (elsewhere, elsewhere), "{variables:?}");
        }
    }
}
