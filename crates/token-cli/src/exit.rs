use std::process::ExitCode;

/// The exit status.
///
/// The numbers are part of the interface; `--help` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// The request was carried out.
    Done = 0,
    /// The answer is no, for example because a CA would refuse the token.
    No = 1,
    /// The command line asks for something impossible.
    Usage = 2,
    /// A setting is missing or wrong, or a file cannot be read or written.
    Settings = 3,
    /// The key cannot be used, or its password is wrong.
    Key = 4,
    /// The CA refused, or could not be reached.
    Ca = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// The table of exit statuses, as `--help` prints it.
pub const EXIT_HELP: &str = "\
Exit status:
  0  done
  1  the answer is no
  2  usage: the command line is not valid
  3  settings or files
  4  the key or its password
  5  the CA or the network
  129, 130, 143  ended by SIGHUP, SIGINT (Ctrl-C) or SIGTERM";
