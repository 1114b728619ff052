//! `px roles`: the roles of a server, and what they allow.

use clap::Args;
use openstorage_token::{ApiMethod, Role, Roles, is_built_in, is_fixed};
use serde::Serialize;
use token_cli::{EXIT_HELP, Error, World, output};
use token_text::printable;

use crate::px::can::{PxRolesOfArgs, find};
use crate::px::options::OutputOptions;

/// `px roles`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXIT_HELP)]
pub(crate) struct PxRolesArgs {
    /// Show this role and every method it allows (default: list all roles)
    #[arg(value_name = "ROLE")]
    pub(crate) role: Option<String>,

    #[command(flatten)]
    pub(crate) server: PxRolesOfArgs,
}

/// Lists all roles, or shows one with its methods.
pub(super) fn run(args: &PxRolesArgs, options: &OutputOptions, world: &World) -> Result<(), Error> {
    let roles = args.server.read(world)?;
    let Some(name) = &args.role else {
        if options.json {
            let roles = roles.iter().map(|role| Object::of(role, None)).collect();
            return options.print(&Listing { roles }, world);
        }
        let text: String = roles.iter().map(rules).collect();
        return output::stdout(text.as_bytes(), world);
    };
    let role = find(&roles, name)?;
    let methods = allowed(&roles, role);
    if options.json {
        return options.print(&Object::of(role, Some(methods)), world);
    }
    let all = ApiMethod::all().count();
    let mut text = rules(role);
    text.push_str(&format!("  allows {} of {all} known methods\n", methods.len()));
    for method in methods {
        text.push_str(&format!("    {method}\n"));
    }
    output::stdout(text.as_bytes(), world)
}

/// Returns the known methods that a role allows.
fn allowed(roles: &Roles, role: &Role) -> Vec<String> {
    ApiMethod::all()
        .filter(|method| roles.decide([role.name.as_str()], method).is_granted())
        .map(|method| method.to_string())
        .collect()
}

/// Returns a role and its rules, a line each.
fn rules(role: &Role) -> String {
    let kind = match (is_fixed(&role.name), is_built_in(&role.name)) {
        (true, _) => " (built in)",
        (false, true) => " (built in; a server may change it)",
        _ => "",
    };
    let mut text = format!("{}{kind}\n", printable(&role.name));
    for rule in &role.rules {
        let [services, apis] = [&rule.services, &rule.apis].map(|list| printable(&list.join(", ")));
        text.push_str(&format!("  services {services}: apis {apis}\n"));
    }
    text
}

/// The object that `--json` prints; docs/openstorage.md lists its members.
#[derive(Serialize)]
struct Listing<'a> {
    roles: Vec<Object<'a>>,
}

#[derive(Serialize)]
struct Object<'a> {
    name: &'a str,
    #[serde(rename = "builtIn")]
    built_in: bool,
    rules: Vec<RuleObject<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    methods: Option<Vec<String>>,
}

#[derive(Serialize)]
struct RuleObject<'a> {
    services: &'a [String],
    apis: &'a [String],
}

impl<'a> Object<'a> {
    fn of(role: &'a Role, methods: Option<Vec<String>>) -> Self {
        let rule = |rule: &'a openstorage_token::RoleRule| RuleObject {
            services: &rule.services,
            apis: &rule.apis,
        };
        Self {
            name: &role.name,
            built_in: is_built_in(&role.name),
            rules: role.rules.iter().map(rule).collect(),
            methods,
        }
    }
}
