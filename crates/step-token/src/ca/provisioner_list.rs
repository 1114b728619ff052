//! `ca provisioner list`: the CA's own JSON, or a table.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io;

use clap::Args;
use step_claims::Operation;
use step_provisioner::{Capability, Disabled, Kind, Provisioner};
use token_cli::{Error, Switch, World, columns, output};
use token_text::{ShownPath, printable};

use crate::authority::ca_json;
use crate::authority::connection::Connection;
use crate::ca::json;
use crate::settings::ca::CaSettings;
use crate::settings::ca_args::CaArgs;
use crate::settings::effect::{refuse_or_clear, without_effect_here};
use crate::settings::global::GlobalArgs;

/// `ca provisioner list`.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Print a table instead of JSON
    #[arg(long)]
    pub(crate) table: Option<Switch>,

    /// Print which operations each provisioner can authorise, and what to use for the others
    #[arg(long)]
    pub(crate) can: Option<Switch>,

    #[command(flatten)]
    pub(crate) ca: CaArgs,
}

/// Lists the provisioners of an online CA or of a ca.json.
pub(crate) fn run(args: &ListArgs, global: &GlobalArgs, world: &World) -> Result<(), Error> {
    let mut settings = CaSettings::resolve(&args.ca, global, world)?;
    if settings.offline {
        only_listing(&mut settings, world)?;
    }
    let form = Form::of(args)?;
    if settings.offline {
        let ca = ca_json::open(&settings, world.now())?;
        let config = ca.config();
        if let Some(fault) = config.start_fault() {
            world.warn(&format!("step-ca does not start with {}: {fault}", ShownPath(ca.path())));
        }
        let provisioners = &config.provisioners;
        output::stdout_in_pieces(world, |out| match form {
            Form::Json => json::write(out, || provisioners.iter().map(with_state)),
            Form::Table => table(out, provisioners),
            Form::Capabilities => capabilities(out, provisioners, |provisioner, operation| {
                config.capability(provisioner, operation)
            }),
        })
    } else {
        let Some(url) = &settings.url else {
            return Err(Error::settings("no CA given")
                .hint("use --ca-url URL or STEP_CA_URL, or --offline --ca-config FILE with the CA's ca.json"));
        };
        let connection = Connection::open(&url.value, &settings, world)?;
        let list = connection.wait(connection.client.provisioner_list())?;
        output::stdout_in_pieces(world, |out| match form {
            Form::Json => json::write(out, || list.raw().map(|entry| Cow::Borrowed(entry.get()))),
            Form::Table => table(out, &list.provisioners),
            Form::Capabilities => capabilities(out, &list.provisioners, Provisioner::capability),
        })
    }
}

/// The form of the list.
#[derive(Clone, Copy)]
enum Form {
    Json,
    Table,
    Capabilities,
}

impl Form {
    fn of(args: &ListArgs) -> Result<Self, Error> {
        match (Switch::is_on(args.table), Switch::is_on(args.can)) {
            (true, true) => Err(Error::usage("--table and --can cannot be combined")
                .hint("use only one of them: each prints the list in its own form")),
            (true, false) => Ok(Self::Table),
            (false, true) => Ok(Self::Capabilities),
            (false, false) => Ok(Self::Json),
        }
    }
}

/// Returns the entry of a ca.json, with the state in which the CA would publish it.
fn with_state(provisioner: &Provisioner) -> Cow<'_, str> {
    let raw = provisioner.raw.get();
    let published = || {
        let reason = provisioner.disabled.as_ref()?.to_string();
        let reason = serde_json::to_string(&reason).ok()?;
        let members = raw.strip_suffix('}')?;
        Some(format!(r#"{members},"state":"Uninitialized","stateReason":{reason}}}"#))
    };
    published().map_or(Cow::Borrowed(raw), Cow::Owned)
}

/// One line per provisioner; if one is disabled, its state has a number, explained below the table.
fn table(out: &mut dyn io::Write, provisioners: &[Provisioner]) -> io::Result<()> {
    let mut notes = Notes::default();
    let states = provisioners.iter().any(|entry| entry.disabled.is_some());
    let mut heading = ["TYPE", "NAME", "KEY ID OR CLIENT"].map(str::to_owned).to_vec();
    heading.extend(states.then(|| "STATE".to_owned()));
    columns(out, |each| {
        each(&heading)?;
        provisioners.iter().try_for_each(|entry| {
            let mut row = Vec::from(row(entry));
            row.extend(states.then(|| match &entry.disabled {
                Some(disabled) => notes.cell("disabled", why_disabled(disabled)),
                None => "enabled".to_owned(),
            }));
            each(&row)
        })
    })?;
    notes.below(out)
}

/// One line per provisioner and one column per operation. Each answer other than a plain yes has a
/// number, explained below the table.
fn capabilities(
    out: &mut dyn io::Write,
    provisioners: &[Provisioner],
    capability: impl Fn(&Provisioner, Operation) -> Capability,
) -> io::Result<()> {
    let mut notes = Notes::default();
    let mut cell = |provisioner: &Provisioner, operation| {
        let capability = capability(provisioner, operation);
        match (&provisioner.disabled, capability) {
            (Some(disabled), _) => notes.cell("no", why_disabled(disabled)),
            (None, Capability::Allowed) => "yes".to_owned(),
            (None, Capability::Refused { .. }) => notes.cell("no", capability.to_string()),
            (None, _) => notes.cell("if", capability.to_string()),
        }
    };
    let heading = ["TYPE", "NAME"].into_iter().map(str::to_owned);
    let heading: Vec<_> = heading.chain(Operation::ALL.map(|o| o.to_string())).collect();
    columns(out, |each| {
        each(&heading)?;
        provisioners.iter().try_for_each(|provisioner| {
            let [kind, name, _] = row(provisioner);
            let cells = Operation::ALL.into_iter().map(|operation| cell(provisioner, operation));
            each(&[kind, name].into_iter().chain(cells).collect::<Vec<_>>())
        })
    })?;
    notes.below(out)
}

fn why_disabled(disabled: &Disabled) -> String {
    match disabled.is_reported() {
        true => format!("disabled by the CA: {disabled}"),
        false => format!("step-ca disables it at its start: {disabled}"),
    }
}

/// The notes below a table, each with a number.
#[derive(Default)]
struct Notes {
    notes: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Notes {
    /// Returns the text of a cell with the number of its note.
    fn cell(&mut self, word: &str, note: String) -> String {
        let Self { notes, numbers } = self;
        let number = *numbers.entry(note).or_insert_with_key(|note| {
            notes.push(note.clone());
            notes.len()
        });
        format!("{word} {number}")
    }

    /// Writes the notes below the table.
    fn below(&self, out: &mut dyn io::Write) -> io::Result<()> {
        for (number, note) in (1..).zip(&self.notes) {
            writeln!(out, "{}{number}  {note}", if number == 1 { "\n" } else { "" })?;
        }
        Ok(())
    }
}

fn row(provisioner: &Provisioner) -> [String; 3] {
    let id = match &provisioner.kind {
        Kind::Jwk(jwk) => jwk.key_id.as_ref().map(ToString::to_string),
        Kind::Oidc(oidc) => Some(oidc.client_id.clone()),
        _ => None,
    };
    [
        provisioner.kind.name().to_string(),
        printable(&provisioner.name),
        printable(&id.unwrap_or_default()),
    ]
}

/// Offline, a listing reads the ca.json and nothing else.
fn only_listing(ca: &mut CaSettings, world: &World) -> Result<(), Error> {
    let why = "the list comes from the ca.json";
    // Settings in defaults.json are for every command, so they are not refused here.
    for origin in [
        ca.url.as_ref().map(|url| &url.origin),
        ca.root.as_ref().map(|root| &root.origin),
        ca.fingerprint.as_ref().map(|fingerprint| &fingerprint.origin),
        ca.timeout.as_ref().map(|timeout| &timeout.origin),
    ] {
        if let Some(origin) = origin.filter(|origin| origin.is_command_line()) {
            return Err(without_effect_here(origin, why));
        }
    }
    refuse_or_clear(&mut ca.timeout, why, world)
}
