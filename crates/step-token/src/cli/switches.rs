//! Flags that are on or off.

use std::any::TypeId;

use clap::Command;
use token_cli::Switch;

/// Lets every [`Switch`] of a command be given alone or with a value: `--ssh`, `--ssh=false`.
///
/// The commands below it are left alone: they are described when they are run.
pub(crate) fn with_switches(command: Command) -> Command {
    command.mut_args(|argument| match argument.get_value_parser().type_id() {
        id if id == TypeId::of::<Switch>() => argument
            .value_name("BOOL")
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true"),
        _ => argument,
    })
}
