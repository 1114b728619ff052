use std::io::{self, IsTerminal as _, Write as _};

use dialoguer::theme::SimpleTheme;
use dialoguer::{Confirm, Select};
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use zeroize::{Zeroize as _, Zeroizing};

/// A person who can be asked.
pub trait Prompt {
    /// Asks for a password without echoing it; returns it without the line end.
    ///
    /// # Errors
    ///
    /// If the terminal is closed, or the person interrupts.
    fn passphrase(&self, prompt: &str) -> io::Result<Zeroizing<Vec<u8>>>;

    /// Asks for one of `items`; returns its index.
    ///
    /// # Errors
    ///
    /// As [`passphrase`](Self::passphrase).
    fn choose(&self, prompt: &str, items: &[String]) -> io::Result<usize>;

    /// Asks a yes-or-no question; an empty answer means no.
    ///
    /// # Errors
    ///
    /// As [`passphrase`](Self::passphrase).
    fn confirm(&self, prompt: &str) -> io::Result<bool>;
}

/// Which of the process's streams are a terminal.
///
/// We can ask if both stdin and stderr are terminals; stdout may be a pipe, as in `TOKEN=$(…)`.
/// `/dev/tty` is never opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    stdin: bool,
    stderr: bool,
}

impl Terminal {
    pub(crate) fn of_process() -> Self {
        Self { stdin: io::stdin().is_terminal(), stderr: io::stderr().is_terminal() }
    }

    pub(crate) fn stderr_is_terminal(self) -> bool {
        self.stderr
    }

    pub(crate) fn into_prompt(self) -> Option<Box<dyn Prompt>> {
        (self.stdin && self.stderr).then(|| Box::new(Console) as Box<dyn Prompt>)
    }
}

/// Prompts drawn on stderr.
struct Console;

impl Prompt for Console {
    fn passphrase(&self, prompt: &str) -> io::Result<Zeroizing<Vec<u8>>> {
        restore_on_interrupt();
        // Turn the echo off first: input typed as soon as the prompt appears is then neither shown
        // nor lost.
        let quiet = Quiet::begin()?;
        write!(io::stderr(), "{prompt}: ")?;
        let answer = read_line();
        drop(quiet);
        writeln!(io::stderr())?;
        answer
    }

    fn choose(&self, prompt: &str, items: &[String]) -> io::Result<usize> {
        restore_on_interrupt();
        Select::with_theme(&SimpleTheme)
            .with_prompt(prompt)
            .items(items)
            .default(0)
            .interact()
            .map_err(into_io)
    }

    fn confirm(&self, prompt: &str) -> io::Result<bool> {
        restore_on_interrupt();
        Confirm::with_theme(&SimpleTheme)
            .with_prompt(prompt)
            .default(false)
            .interact()
            .map_err(into_io)
    }
}

/// Turns the terminal's echo off until it is dropped.
struct Quiet(Termios);

impl Quiet {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        // Ctrl-\\ would leave the echo off, and perhaps a core file that contains the password.
        quiet.special_codes[SpecialCodeIndex::VQUIT] = 0;
        tcsetattr(io::stdin(), OptionalActions::Now, &quiet)?;
        Ok(Self(before))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // If that fails there is no terminal left to restore.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}

/// Reads a line without the standard library's buffer, which is not wiped.
fn read_line() -> io::Result<Zeroizing<Vec<u8>>> {
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST));
    let mut byte = [0];
    while rustix::io::read(io::stdin(), &mut byte)? == 1 && byte != *b"\n" {
        if line.len() == LONGEST {
            return Err(io::Error::other("the password is too long"));
        }
        line.push(byte[0]);
    }
    byte.zeroize();
    Ok(line)
}

/// A terminal passes lines of at most 4096 bytes.
const LONGEST: usize = 4096;

/// Makes Ctrl-C restore the terminal: with echo, and with a cursor.
fn restore_on_interrupt() {
    let Ok(before) = tcgetattr(io::stdin()) else { return };
    // Can be set only once; a second prompt needs no other handler.
    let _ = ctrlc::set_handler(move || {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &before);
        let _ = dialoguer::console::Term::stderr().show_cursor();
        let _ = dialoguer::console::Term::stderr().write_line("");
        std::process::exit(INTERRUPTED);
    });
}

/// What a shell reports for a program that SIGINT ended: 128 + 2.
const INTERRUPTED: i32 = 130;

fn into_io(error: dialoguer::Error) -> io::Error {
    match error {
        // The signal handler's thread may not have run yet.
        dialoguer::Error::IO(error) if error.kind() == io::ErrorKind::Interrupted => {
            let _ = dialoguer::console::Term::stderr().show_cursor();
            std::process::exit(INTERRUPTED)
        }
        dialoguer::Error::IO(error) => error,
    }
}
