use std::io::{self, IsTerminal as _, Read, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use dialoguer::theme::SimpleTheme;
use dialoguer::{Confirm, FuzzySelect};
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use signal_hook::consts::{SIGALRM, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::iterator::Signals;
use token_text::{printable, read_wiped};
use zeroize::{Zeroize as _, Zeroizing};

/// A person who can be asked.
pub trait Prompt {
    /// Asks for a password without echoing it; returns it without the line end.
    ///
    /// # Errors
    ///
    /// If the terminal is closed, or the person interrupts; [`io::ErrorKind::UnexpectedEof`] if the
    /// person gives none (Ctrl-D).
    fn passphrase(&self, prompt: &str) -> io::Result<Zeroizing<Vec<u8>>>;

    /// Asks for text of any number of lines, such as a key, without echoing it; at most `limit`
    /// bytes, which Ctrl-D ends.
    ///
    /// # Errors
    ///
    /// If the terminal is closed, or the person interrupts.
    fn hidden_text(&self, prompt: &str, limit: u64) -> io::Result<Zeroizing<Vec<u8>>> {
        let _ = limit;
        self.passphrase(prompt)
    }

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

    pub(crate) fn stdin_is_terminal(self) -> bool {
        self.stdin
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
        restore_on_signals();
        // Turn the echo off first: input typed as soon as the prompt appears is then neither shown
        // nor lost.
        let quiet = Quiet::begin()?;
        write!(io::stderr(), "{}: ", printable(prompt))?;
        let answer = read_line();
        drop(quiet);
        writeln!(io::stderr())?;
        answer
    }

    fn hidden_text(&self, prompt: &str, limit: u64) -> io::Result<Zeroizing<Vec<u8>>> {
        restore_on_signals();
        let quiet = Quiet::begin()?;
        write!(io::stderr(), "{}: ", printable(prompt))?;
        let answer = read_wiped(Unbuffered, limit);
        drop(quiet);
        writeln!(io::stderr())?;
        answer.map_err(io::Error::other)
    }

    fn choose(&self, prompt: &str, items: &[String]) -> io::Result<usize> {
        restore_on_signals();
        // Names come from files and from the CA.
        let items: Vec<String> = items.iter().map(|item| printable(item)).collect();
        FuzzySelect::with_theme(&SimpleTheme)
            .with_prompt(format!("{} ({KEYS})", printable(prompt)))
            .items(&items)
            .default(0)
            .interact_opt()
            .map_err(into_io)?
            .ok_or_else(|| io::Error::other("the menu was left"))
    }

    fn confirm(&self, prompt: &str) -> io::Result<bool> {
        restore_on_signals();
        Confirm::with_theme(&SimpleTheme)
            .with_prompt(printable(prompt))
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
        // After Ctrl-Z the shell turns the echo on, and `fg` does not turn it off again.
        quiet.special_codes[SpecialCodeIndex::VSUSP] = 0;
        set_asked(Some(quiet.clone()));
        tcsetattr(io::stdin(), OptionalActions::Now, &quiet)?;
        Ok(Self(before))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        set_asked(None);
        // If that fails there is no terminal left to restore.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}

/// Standard input without the standard library's buffer, which is not wiped.
pub(crate) struct Unbuffered;

impl Read for Unbuffered {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(io::stdin(), bytes)?)
    }
}

/// Reads a line without the standard library's buffer, which is not wiped.
fn read_line() -> io::Result<Zeroizing<Vec<u8>>> {
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST));
    let mut byte = [0];
    loop {
        match rustix::io::read(io::stdin(), &mut byte)? {
            // Ctrl-D, after text too, or a terminal that is gone.
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            _ if byte == *b"\n" => break,
            _ => {}
        }
        if line.len() == LONGEST {
            return Err(io::Error::other("the password is too long"));
        }
        line.push(byte[0]);
    }
    byte.zeroize();
    Ok(line)
}

/// What a menu takes.
const KEYS: &str = "type to filter, Enter to choose, Esc to leave";

/// A terminal passes lines of at most 4096 bytes.
const LONGEST: usize = 4096;

/// The mode of the terminal while a password is asked for.
static ASKED: Mutex<Option<Termios>> = Mutex::new(None);

fn set_asked(mode: Option<Termios>) {
    *ASKED.lock().unwrap_or_else(PoisonError::into_inner) = mode;
}

/// Makes the signals that end the program restore the terminal, with echo and with a cursor; and
/// SIGCONT turn the echo off again, if a password is asked for: the shell had the terminal meanwhile.
fn restore_on_signals() {
    static STARTED: std::sync::Once = std::sync::Once::new();
    STARTED.call_once(|| {
        let Ok(before) = tcgetattr(io::stdin()) else { return };
        let Ok(mut signals) = Signals::new(RESTORING) else { return };
        std::thread::spawn(move || {
            for signal in signals.forever() {
                if signal == SIGCONT {
                    let asked = ASKED.lock().unwrap_or_else(PoisonError::into_inner);
                    if let Some(quiet) = asked.as_ref() {
                        let _ = tcsetattr(io::stdin(), OptionalActions::Now, quiet);
                    }
                    continue;
                }
                let _ = tcsetattr(io::stdin(), OptionalActions::Now, &before);
                let _ = dialoguer::console::Term::stderr().show_cursor();
                let _ = dialoguer::console::Term::stderr().write_line("");
                std::process::exit(SIGNALLED + signal);
            }
        });
    });
}

/// The signals that end a program, or that tell it to go on.
const RESTORING: [i32; 8] = [SIGINT, SIGTERM, SIGHUP, SIGCONT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM];

/// What a shell adds to the number of the signal that ended a program.
const SIGNALLED: i32 = 128;

fn into_io(error: dialoguer::Error) -> io::Error {
    match error {
        // Ctrl-C as a character; or a signal, whose thread then ends the program with its own status.
        dialoguer::Error::IO(error) if error.kind() == io::ErrorKind::Interrupted => {
            let _ = dialoguer::console::Term::stderr().show_cursor();
            std::thread::sleep(Duration::from_millis(200));
            std::process::exit(SIGNALLED + SIGINT)
        }
        dialoguer::Error::IO(error) => error,
    }
}
