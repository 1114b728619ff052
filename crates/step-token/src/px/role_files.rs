//! The roles of a server: those that every server has, and those that files add.

use clap::Args;
use openstorage_token::{ApiMethod, Generation, Role, Roles};
use token_cli::{Error, Origin, Source, World, one_reader_of_each};

use crate::px::advice;

/// The files with a server's own roles.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct PxRoleFilesArg {
    /// Add the roles in this file, in the format of `pxctl role create` (can be repeated)
    #[arg(long, value_name = "FILE", help_heading = "Roles and access")]
    pub(crate) role_config: Vec<Source>,
}

/// Reads the roles that a server has besides the built-in ones, and warns of patterns that fit
/// nothing.
pub(super) fn read(
    args: &PxRoleFilesArg,
    of_server: Vec<Role>,
    generation: Generation,
    world: &World,
) -> Result<Roles, Error> {
    let streams = args.role_config.iter().map(|file| ("--role-config", file.stream()));
    one_reader_of_each(&streams.collect::<Vec<_>>())?;
    let mut roles = Roles::built_in(generation);
    let add = |roles: &mut Roles, new: Vec<Role>, named: &str| {
        for warning in advice::several(new.iter().flat_map(Role::warnings)) {
            world.warn(&format!("{named}: {warning}"));
        }
        roles.add(new).map_err(|cause| Error::settings(format!("{named}: {cause}")))
    };
    add(&mut roles, of_server, "the server's configuration")?;
    for source in &args.role_config {
        let origin = Origin::CommandLine { flag: "role-config" };
        let text = source.read_text(&origin, world)?;
        let named = format!("{source} ({origin})");
        let new =
            Role::parse(&text).map_err(|cause| Error::settings(format!("{named}: {cause}")))?;
        add(&mut roles, new, &named)?;
    }
    Ok(roles)
}

/// Refuses a method that OpenStorage does not have: no rule can allow a call that no server answers.
///
/// Written with its full name, the method of a newer server gets a warning instead. `before` is what
/// messages put before the method.
pub(super) fn known(method: &ApiMethod, before: &str, world: &World) -> Result<(), Error> {
    let Some(unknown) = method.unknown() else { return Ok(()) };
    if method.is_full_name() {
        world.warn(&format!(
            "{before}{method}: {unknown} that is known here, so the answer is right only if the server has it"
        ));
        return Ok(());
    }
    Err(Error::usage(format!("{before}{method}: {unknown}"))
        .hint(unknown.way_out())
        .hint("write a newer server's method with its full name, such as /openstorage.api.OpenStorageVolume/Create"))
}
