//! `px can`: whether a role allows a method, without a token.

use clap::Args;
use openstorage_token::{ApiMethod, Generation, Role, RoleAnswer, Roles};
use serde::Serialize;
use token_cli::{Error, Exit, Switch, World, output};
use token_text::ShownValue;

use crate::cli::help;
use crate::px::options::OutputOptions;
use crate::px::role_files::{self, PxRoleFilesArg};

/// `px can`.
#[derive(Clone, Debug, Args)]
#[command(after_help = help::with_examples(CAN_EXAMPLES))]
pub(crate) struct PxCanArgs {
    /// The role, such as system.user
    #[arg(value_name = "ROLE")]
    pub(crate) role: String,

    /// The method, such as volume/create
    #[arg(value_name = "SERVICE/METHOD")]
    pub(crate) method: ApiMethod,

    #[command(flatten)]
    pub(crate) server: PxRolesOfArgs,
}

/// The server whose roles are meant.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct PxRolesOfArgs {
    #[command(flatten)]
    pub(crate) files: PxRoleFilesArg,

    /// Answer for an older server (jwt-go 3), whose system.view may not call `watch`
    #[arg(long)]
    pub(crate) older_server: Option<Switch>,
}

impl PxRolesOfArgs {
    /// Reads the roles.
    pub(super) fn read(&self, world: &World) -> Result<Roles, Error> {
        let generation = match Switch::is_on(self.older_server) {
            true => Generation::Older,
            false => Generation::Current,
        };
        role_files::read(&self.files, Vec::new(), generation, world)
    }
}

/// Answers with yes or no: the status is 0 or 1.
pub(super) fn run(
    args: &PxCanArgs,
    options: &OutputOptions,
    quiet: bool,
    world: &World,
) -> Result<Exit, Error> {
    role_files::known(&args.method, "", world)?;
    let roles = args.server.read(world)?;
    let role = find(&roles, &args.role)?;
    let mut decision = roles.decide([role.name.as_str()], &args.method);
    let granted = decision.is_granted();
    let answer = decision.answers.pop().map_or(RoleAnswer::Unknown, |(_, answer)| answer);
    if options.json {
        let method = args.method.to_string();
        let object = Object { role: &role.name, method, granted, answer: answer.to_string() };
        options.print(&object, world)?;
    } else if !quiet {
        output::stdout(if granted { b"yes\n" } else { b"no\n" }, world)?;
        world.note(&format!("role `{}`: {answer}", role.name));
    }
    Ok(if granted { Exit::Done } else { Exit::No })
}

/// Finds a role, or says which one may be meant.
pub(super) fn find<'a>(roles: &'a Roles, name: &str) -> Result<&'a Role, Error> {
    roles.find(name).ok_or_else(|| {
        let names: Vec<&str> = roles.iter().map(|role| role.name.as_str()).collect();
        let meant = match roles.nearest(name) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => format!("the known roles are {}", token_text::Listed(&names)),
        };
        Error::usage(format!("role `{}` is not known here", ShownValue(name)))
            .hint(meant)
            .hint("use --role-config with the file of a role that the server has besides")
    })
}

/// The object that `--json` prints; docs/openstorage.md lists its members.
#[derive(Serialize)]
struct Object<'a> {
    role: &'a str,
    method: String,
    granted: bool,
    answer: String,
}

const CAN_EXAMPLES: &str = "\
Examples:
  step-token px can system.user volume/create
  step-token px can backup.operator cloudbackup/create --role-config role.yaml --quiet";
