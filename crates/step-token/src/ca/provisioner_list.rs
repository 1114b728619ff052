//! `ca provisioner list`: the CA's own JSON, or a table.

use std::borrow::Cow;
use std::collections::HashMap;

use clap::Args;
use serde::Serialize as _;
use serde_json::Value;
use serde_json::ser::PrettyFormatter;
use serde_json::value::RawValue;
use step_claims::Operation;
use step_provisioner::{Capability, Disabled, Kind, Provisioner};
use token_cli::{Error, Switch, World, columns, output};
use token_text::{ShownPath, printable, printable_json};

use crate::authority::ca_json;
use crate::authority::connection::Connection;
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
    let text = if settings.offline {
        let ca = ca_json::open(&settings, world.now())?;
        let config = ca.config();
        if let Some(fault) = config.start_fault() {
            world.warn(&format!("step-ca does not start with {}: {fault}", ShownPath(ca.path())));
        }
        let provisioners = &config.provisioners;
        match form {
            Form::Json => json(|| provisioners.iter().map(with_state))?,
            Form::Table => table(provisioners),
            Form::Capabilities => capabilities(provisioners, |provisioner, operation| {
                config.capability(provisioner, operation)
            }),
        }
    } else {
        let Some(url) = &settings.url else {
            return Err(Error::settings("no CA given")
                .hint("use --ca-url URL or STEP_CA_URL, or --offline --ca-config FILE with the CA's ca.json"));
        };
        let connection = Connection::open(&url.value, &settings, world)?;
        let list = connection.wait(connection.client.provisioner_list())?;
        match form {
            Form::Json => json(|| list.raw().map(Cow::Borrowed))?,
            Form::Table => table(&list.provisioners),
            Form::Capabilities => capabilities(&list.provisioners, Provisioner::capability),
        }
    };
    output::stdout(text.as_bytes(), world)
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
fn with_state(provisioner: &Provisioner) -> Cow<'_, RawValue> {
    let raw = &*provisioner.raw;
    let published = || {
        let reason = provisioner.disabled.as_ref()?.to_string();
        let reason = serde_json::to_string(&reason).ok()?;
        let members = raw.get().strip_suffix('}')?;
        let entry = format!(r#"{members},"state":"Uninitialized","stateReason":{reason}}}"#);
        RawValue::from_string(entry).ok()
    };
    published().map_or(Cow::Borrowed(raw), Cow::Owned)
}

/// Indents with three spaces, one member a line, as step does and as scripts expect. One entry is in
/// memory at a time: as values, a list takes many times its size.
fn json<'a, I: Iterator<Item = Cow<'a, RawValue>>>(
    entries: impl Fn() -> I,
) -> Result<String, Error> {
    let write = || -> Result<String, serde_json::Error> {
        // Print the list even if a number in it is too large to parse.
        let readable = entries().all(|entry| serde_json::from_str::<Value>(entry.get()).is_ok());
        let mut text = String::from("[");
        for (position, entry) in entries().enumerate() {
            text.push_str(if position == 0 { "" } else { "," });
            match readable {
                true => text.push_str(&printable_json(&indented(&entry)?)),
                false => text.push_str(&printable_json(entry.get())),
            }
        }
        text.push_str(if readable && text != "[" { "\n]\n" } else { "]\n" });
        Ok(text)
    };
    write().map_err(|cause| Error::settings("cannot write JSON").because(cause))
}

/// Returns an entry as it stands in an indented list, from the line feed before it.
fn indented(entry: &RawValue) -> Result<String, serde_json::Error> {
    let list = [serde_json::from_str::<Value>(entry.get())?];
    let mut text = Vec::new();
    let formatter = PrettyFormatter::with_indent(b"   ");
    list.serialize(&mut serde_json::Serializer::with_formatter(&mut text, formatter))?;
    let text = String::from_utf8_lossy(&text);
    let entry = text.strip_prefix('[').and_then(|text| text.strip_suffix("\n]"));
    Ok(entry.unwrap_or(&text).to_owned())
}

/// One line per provisioner; if one is disabled, its state has a number, explained below the table.
fn table(provisioners: &[Provisioner]) -> String {
    let mut notes = Notes::default();
    let states = provisioners.iter().any(|entry| entry.disabled.is_some());
    let mut heading = ["TYPE", "NAME", "KEY ID OR CLIENT"].map(str::to_owned).to_vec();
    heading.extend(states.then(|| "STATE".to_owned()));
    let rows = provisioners.iter().map(|entry| {
        let mut row = Vec::from(row(entry));
        row.extend(states.then(|| match &entry.disabled {
            Some(disabled) => notes.cell("disabled", why_disabled(disabled)),
            None => "enabled".to_owned(),
        }));
        row
    });
    let text = columns(&[heading].into_iter().chain(rows).collect::<Vec<_>>());
    notes.below(text)
}

/// One line per provisioner and one column per operation. Each answer other than a plain yes has a
/// number, explained below the table.
fn capabilities(
    provisioners: &[Provisioner],
    capability: impl Fn(&Provisioner, Operation) -> Capability,
) -> String {
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
    let mut rows = vec![heading.chain(Operation::ALL.map(|o| o.to_string())).collect::<Vec<_>>()];
    for provisioner in provisioners {
        let [kind, name, _] = row(provisioner);
        let cells = Operation::ALL.into_iter().map(|operation| cell(provisioner, operation));
        rows.push([kind, name].into_iter().chain(cells).collect());
    }
    notes.below(columns(&rows))
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

    /// Appends the notes to the table.
    fn below(&self, mut table: String) -> String {
        for (number, note) in (1..).zip(&self.notes) {
            table.push_str(&format!("{}{number}  {note}\n", if number == 1 { "\n" } else { "" }));
        }
        table
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
