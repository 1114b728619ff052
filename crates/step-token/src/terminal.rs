use std::io::{self, IsTerminal as _};

use dialoguer::theme::SimpleTheme;
use dialoguer::{Confirm, Password, Select};
use token_jose::Passphrase;

/// Somebody who can be asked.
pub trait Prompt {
    /// Asks for a passphrase; nothing is echoed.
    ///
    /// # Errors
    ///
    /// If the terminal goes away, or the person interrupts.
    fn passphrase(&self, prompt: &str) -> io::Result<Passphrase>;

    /// Asks for one of `items`; returns its index.
    ///
    /// # Errors
    ///
    /// As [`passphrase`](Self::passphrase).
    fn choose(&self, prompt: &str, items: &[String]) -> io::Result<usize>;

    /// Asks a question that is answered yes or no; no answer means no.
    ///
    /// # Errors
    ///
    /// As [`passphrase`](Self::passphrase).
    fn confirm(&self, prompt: &str) -> io::Result<bool>;
}

/// Which of the process's streams are a terminal.
///
/// A person is there when stdin and stderr are: stdout may be a pipe, as in `TOKEN=$(…)`. `/dev/tty`
/// is never opened.
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
    fn passphrase(&self, prompt: &str) -> io::Result<Passphrase> {
        restore_on_interrupt();
        let text = Password::with_theme(&SimpleTheme)
            .with_prompt(prompt)
            .allow_empty_password(true)
            .interact()
            .map_err(into_io)?;
        Ok(Passphrase::new(text.into_bytes()))
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

/// Sees to it that Ctrl-C leaves the terminal as it was: with echo, and with a cursor.
fn restore_on_interrupt() {
    use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
    let Ok(before) = tcgetattr(io::stdin()) else { return };
    // Set once; a second prompt finds the terminal as the first one did.
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
        dialoguer::Error::IO(error) => error,
    }
}
