//! What the holder of a token may do: roles and rules, owners and groups.

use clap::Args;
use openstorage_token::{
    Access, ApiMethod, Decision, Generation, Grant, Identity, Ownership, OwnershipAnswer, Role,
    RoleAnswer, Roles,
};
use serde::Serialize;
use token_cli::{Error, World};

use crate::px::role_files::{self, PxRoleFilesArg};

/// What the holder may do.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Roles and access")]
pub(crate) struct PxRightsArgs {
    /// Say whether the holder's roles allow this method, such as volume/create (can be repeated)
    #[arg(long, value_name = "SERVICE/METHOD")]
    pub(crate) can: Vec<ApiMethod>,

    #[command(flatten)]
    pub(crate) role_files: PxRoleFilesArg,

    /// Say whether the holder may use a resource of this owner
    #[arg(long, value_name = "ID")]
    pub(crate) owner: Option<String>,

    /// Assume the resource is shared with this group, for read, write or admin (can be repeated)
    #[arg(long, value_name = "GROUP[=LEVEL]")]
    pub(crate) group: Vec<Grant>,

    /// Assume the resource is shared with this user, for read, write or admin (can be repeated)
    #[arg(long, value_name = "ID[=LEVEL]")]
    pub(crate) collaborator: Vec<Grant>,

    /// Assume everyone has this access to the resource: read, write or admin
    #[arg(long, value_name = "LEVEL")]
    pub(crate) public: Option<Access>,

    /// Check for this access to the resource: read, write or admin (default: read)
    #[arg(long, value_name = "LEVEL")]
    pub(crate) access: Option<Access>,
}

/// Refuses a question about a method that OpenStorage does not have.
pub(super) fn refuse_unknown(args: &PxRightsArgs, world: &World) -> Result<(), Error> {
    args.can.iter().try_for_each(|method| role_files::known(method, "--can ", world))
}

/// The questions that were asked about the holder.
pub(super) struct Questions<'a> {
    args: &'a PxRightsArgs,
    roles: Roles,
    ownership: Option<Ownership>,
}

impl<'a> Questions<'a> {
    /// Reads the roles that a server has besides the built-in ones.
    pub(super) fn read(
        args: &'a PxRightsArgs,
        of_server: Vec<Role>,
        generation: Generation,
        world: &World,
    ) -> Result<Self, Error> {
        if !args.role_files.role_config.is_empty() && args.can.is_empty() {
            return Err(Error::usage("--role-config has no effect without --can")
                .hint("add the method to ask about, as in --can volume/create"));
        }
        let roles = role_files::read(&args.role_files, of_server, generation, world)?;
        let shared =
            !args.group.is_empty() || !args.collaborator.is_empty() || args.public.is_some();
        if args.owner.is_none() && (shared || args.access.is_some()) {
            return Err(Error::usage("the resource's owner is not given")
                .hint("use --owner ID, or --owner= for a resource without an owner"));
        }
        let ownership = args.owner.clone().map(|owner| Ownership {
            owner,
            groups: args.group.clone(),
            collaborators: args.collaborator.clone(),
            public: args.public,
        });
        Ok(Self { args, roles, ownership })
    }

    /// Returns whether anything was asked.
    pub(super) fn is_any(&self) -> bool {
        !self.args.can.is_empty() || self.ownership.is_some()
    }

    /// Answers them for the holder of a token.
    pub(super) fn answer(&self, identity: &Identity) -> Answers {
        let held = || identity.roles.iter().map(String::as_str);
        let access = self.args.access.unwrap_or_default();
        Answers {
            can: self.args.can.iter().map(|method| self.roles.decide(held(), method)).collect(),
            ownership: self.ownership.as_ref().map(|ownership| {
                (access, ownership.decide(&identity.username, &identity.groups, access))
            }),
        }
    }
}

/// The answers about what the holder may do.
pub(super) struct Answers {
    can: Vec<Decision>,
    ownership: Option<(Access, OwnershipAnswer)>,
}

/// One answer, as text.
pub(super) struct Line {
    pub(super) yes: bool,
    pub(super) what: String,
    pub(super) why: String,
    /// What to try, if the answer may be wrong.
    pub(super) hint: Option<&'static str>,
}

impl Answers {
    /// Returns whether every answer is yes.
    pub(super) fn all_yes(&self) -> bool {
        self.can.iter().all(Decision::is_granted)
            && self.ownership.as_ref().is_none_or(|(_, answer)| answer.is_permitted())
    }

    pub(super) fn lines(&self) -> Vec<Line> {
        let can = self.can.iter().map(|decision| Line {
            yes: decision.is_granted(),
            what: format!("can {}", decision.method),
            why: decision.to_string(),
            hint: hint(decision),
        });
        let ownership = self.ownership.iter().map(|(access, answer)| Line {
            yes: answer.is_permitted(),
            what: format!("may {}", access.as_str()),
            why: answer.to_string(),
            hint: None,
        });
        can.chain(ownership).collect()
    }

    pub(super) fn objects(&self) -> (Vec<CanObject>, Option<OwnershipObject>) {
        let can = self.can.iter().map(|decision| CanObject {
            method: decision.method.to_string(),
            granted: decision.is_granted(),
            roles: decision
                .answers
                .iter()
                .map(|(role, answer)| RoleObject { role: role.clone(), answer: answer.to_string() })
                .collect(),
        });
        let ownership = self.ownership.as_ref().map(|(access, answer)| OwnershipObject {
            access: access.as_str(),
            permitted: answer.is_permitted(),
            reason: answer.to_string(),
        });
        (can.collect(), ownership)
    }
}

/// What `--can` says in JSON.
#[derive(Serialize)]
pub(super) struct CanObject {
    method: String,
    granted: bool,
    roles: Vec<RoleObject>,
}

#[derive(Serialize)]
struct RoleObject {
    role: String,
    answer: String,
}

/// What `--owner` says in JSON.
#[derive(Serialize)]
pub(super) struct OwnershipObject {
    access: &'static str,
    permitted: bool,
    reason: String,
}

/// A server may have roles that are not known here.
fn hint(decision: &Decision) -> Option<&'static str> {
    let is_unknown = |(_, answer): &(String, RoleAnswer)| *answer == RoleAnswer::Unknown;
    let may_be_wrong = !decision.is_granted() && decision.answers.iter().any(is_unknown);
    may_be_wrong.then_some("use --role-config to add the unknown role, if the server has it")
}
