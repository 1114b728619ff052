use std::process::ExitCode;

/// How a run ended, for the scripts that read it.
///
/// The numbers are part of the interface and stand in `--help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// What was asked for is done.
    Done = 0,
    /// The answer is no: the CA would refuse the token.
    No = 1,
    /// The command line asks for something that cannot be.
    Usage = 2,
    /// A setting is missing or wrong, or a file cannot be read or written.
    Settings = 3,
    /// The key or its passphrase.
    Key = 4,
    /// The CA, or the way to it.
    Ca = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// The table as `--help` prints it.
pub(crate) const HELP: &str = "\
Exit status:
  0  done
  1  the answer is no
  2  usage: the command line cannot work
  3  settings or files
  4  the key or its password
  5  the CA or the network";
