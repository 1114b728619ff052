//! `px token --fleet`: a token for each row of a CSV, one key for all of them.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;

use openstorage_token::{Account, Claims, Lifetime, Warning};
use serde::Serialize;
use token_cli::{Destination, Error, SAVE_AS_UTF_8, Setting, Source, World, is_utf_16};
use token_text::{ShownPath, Wiped};
use token_time::Timestamp;
use zeroize::Zeroizing;

use crate::px::key::KeySettings;
use crate::px::options::output_file;
use crate::px::token::{PxTokenArgs, backdate, inputs, issuer, readers};
use crate::settings::overwriting;

/// Mints all tokens or none: every row is checked before the key is opened.
pub(super) fn run(
    args: &PxTokenArgs,
    source: &Setting<Source>,
    world: &World,
) -> Result<(), Error> {
    let issuer = issuer(args)?;
    let one = &args.account;
    let named = [
        ("--auth-config", one.auth_config.is_some()),
        ("--subject", one.subject.is_some()),
        ("--name", one.name.is_some()),
        ("--email", one.email.is_some()),
        ("--role", !one.role.is_empty()),
        ("--group", !one.group.is_empty()),
    ];
    if let Some((flag, _)) = named.into_iter().find(|(_, given)| *given) {
        return Err(Error::usage(format!("{flag} has no effect with --fleet"))
            .hint("leave it out; each row of the file describes its own account"));
    }
    let key = KeySettings::settle(&args.secret, &args.key, &readers(args))?;
    let fleet = Fleet::read(args, source, world)?;
    fleet.check(&issuer, world)?;
    let output = output_file(args.output.as_ref())?;
    overwriting::refuse(output.as_ref(), inputs(args, &key), world)?;
    let place = Destination::settle(output.as_ref(), true, world)?;

    let key = key.open(world)?;
    let now = world.now().unix_seconds();
    let line = |row: Result<Row, Error>| {
        let Row { account, lifetime, .. } = row?;
        let claims = Claims::new(account, issuer.clone(), now, lifetime, backdate(args));
        let token = key.token(&claims)?;
        let line = Line {
            subject: &claims.subject,
            expires: Timestamp::from_unix_seconds(claims.expires).to_string(),
            exp: claims.expires,
            token: token.expose(),
        };
        let mut text = Wiped::default();
        serde_json::to_writer(&mut text, &line)
            .map_err(|cause| Error::settings("cannot write JSON").because(cause))?;
        text.push(b"\n");
        Ok(text)
    };
    place.write_lines(fleet.rows()?.map(line), world)?;
    if let Some(file) = place.path() {
        world.done(&format!("Tokens written to output file: {}", ShownPath(file)));
    }
    Ok(())
}

/// The warnings about all rows, each once.
#[derive(Default)]
struct Advice {
    /// Each text with the line of the first row and how many rows more it is about.
    told: Vec<(String, u64, usize)>,
    /// How many others there were.
    untold: usize,
}

impl Advice {
    fn add(&mut self, row: &Row, issuer: &str) {
        for warning in Warning::of_account(&row.account, issuer, row.lifetime) {
            let text = warning.to_string();
            let has_room = self.told.len() < MOST_WARNINGS;
            let place = self.told.iter().position(|(told, _, _)| *told == text);
            match place.and_then(|at| self.told.get_mut(at)) {
                Some((_, _, more)) => *more += 1,
                None if has_room => self.told.push((text, row.line, 0)),
                None => self.untold += 1,
            }
        }
    }

    fn print(self, world: &World) {
        for (text, line, more) in self.told {
            let more = if more == 0 { String::new() } else { format!(" (and {more} more)") };
            world.warn(&format!("--fleet line {line}{more}: {text}"));
        }
        if self.untold > 0 {
            world.warn(&format!("--fleet: there are {} more such warnings", self.untold));
        }
    }
}

/// One line of the result, JSON Lines.
#[derive(Serialize)]
struct Line<'a> {
    subject: &'a str,
    expires: String,
    exp: i64,
    token: &'a str,
}

struct Row {
    /// Its line, from 1.
    line: u64,
    account: Account,
    lifetime: Lifetime,
}

/// The text of a CSV, of which one row is in memory at a time.
struct Fleet<'a> {
    args: &'a PxTokenArgs,
    bytes: Zeroizing<Vec<u8>>,
    /// The source in messages.
    named: String,
}

impl<'a> Fleet<'a> {
    fn read(args: &'a PxTokenArgs, source: &Setting<Source>, world: &World) -> Result<Self, Error> {
        let bytes = source.value.read_up_to(MAX_FLEET, &source.origin, world)?;
        let named = format!("{} ({})", source.value, source.origin);
        if is_utf_16(&bytes) {
            return Err(
                Error::settings(format!("{named} is UTF-16; expected UTF-8")).hint(SAVE_AS_UTF_8)
            );
        }
        Ok(Self { args, bytes, named })
    }

    /// Reads every row, and prints the warnings; the error names the first bad row.
    fn check(&self, issuer: &str, world: &World) -> Result<(), Error> {
        let (mut advice, mut subjects) = (Advice::default(), Subjects::default());
        let mut count = 0;
        for row in self.rows()? {
            let row = row?;
            let subject = &row.account.subject;
            // Two subjects may have the same hash.
            if !subjects.insert(subject) && self.is_before(subject, count)? {
                let line = row.line;
                let message =
                    format!("{}: line {line}: subject `{subject}` appears twice", self.named);
                return Err(Error::settings(message).hint(
                    "use a different subject in each row: it owns what the account creates",
                ));
            }
            advice.add(&row, issuer);
            count += 1;
            if count > MOST_ROWS {
                let message = format!("{} has more than {MOST_ROWS} rows", self.named);
                return Err(Error::settings(message).hint("split the file"));
            }
        }
        if count == 0 {
            return Err(Error::settings(format!("{} has no rows", self.named)).hint(HEADER));
        }
        advice.print(world);
        Ok(())
    }

    /// Returns whether one of the first rows has a subject.
    fn is_before(&self, subject: &str, rows: usize) -> Result<bool, Error> {
        Ok(self.rows()?.take(rows).flatten().any(|row| row.account.subject == subject))
    }

    /// Returns each row in turn, or what is wrong with it.
    fn rows(&self) -> Result<impl Iterator<Item = Result<Row, Error>>, Error> {
        let mut reader =
            csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(self.bytes.as_slice());
        let header = reader.headers().map_err(|cause| self.broken(&cause))?.clone();
        check_header(&header, &self.named)?;
        Ok(reader.into_records().map(move |record| {
            let record = record.map_err(|cause| self.broken(&cause))?;
            let line = record.position().map_or(0, csv::Position::line);
            row(&header, &record, line, self.args)
                .map_err(|why| Error::settings(format!("{}: line {line}: {why}", self.named)))
        }))
    }

    fn broken(&self, cause: &csv::Error) -> Error {
        let line = cause.position().map_or(1, csv::Position::line);
        let what = match cause.kind() {
            csv::ErrorKind::Utf8 { .. } => "is not UTF-8",
            _ => "has more or fewer columns than line 1",
        };
        Error::settings(format!("{}: line {line} {what}", self.named)).hint(HEADER)
    }
}

/// The subjects so far, by their hashes, which take less memory than they.
#[derive(Default)]
struct Subjects {
    hasher: RandomState,
    seen: HashSet<u64>,
}

impl Subjects {
    /// Returns whether the hash is new.
    fn insert(&mut self, subject: &str) -> bool {
        self.seen.insert(self.hasher.hash_one(subject))
    }
}

/// Refuses a first line that does not name the columns.
fn check_header(header: &csv::StringRecord, named: &str) -> Result<(), Error> {
    // The text in place of a name may be a secret, so the error does not repeat it.
    if let Some(unknown) = header.iter().position(|name| !COLUMNS.contains(&name)) {
        let has_semicolons = header.len() == 1 && header.iter().any(|name| name.contains(';'));
        let message = match has_semicolons {
            true => format!(
                "{named}: the columns in line 1 are separated by semicolons; expected commas"
            ),
            false => {
                let place = unknown + 1;
                format!("{named}: line 1: column {place} has an unknown name")
            }
        };
        return Err(Error::settings(message).hint(HEADER));
    }
    let mut seen = HashSet::new();
    if let Some(twice) = header.iter().find(|name| !seen.insert(*name)) {
        return Err(Error::settings(format!("{named}: line 1: column `{twice}` appears twice"))
            .hint(HEADER));
    }
    if !seen.contains("subject") {
        return Err(
            Error::settings(format!("{named}: line 1: column `subject` is missing")).hint(HEADER)
        );
    }
    Ok(())
}

fn row(
    header: &csv::StringRecord,
    record: &csv::StringRecord,
    line: u64,
    args: &PxTokenArgs,
) -> Result<Row, String> {
    let cell = |name: &str| {
        let at = header.iter().position(|column| column == name);
        at.and_then(|at| record.get(at)).filter(|cell| !cell.is_empty())
    };
    let text = |name: &str| cell(name).unwrap_or_default().to_owned();
    // An unclosed quote swallows the lines after it.
    if record.iter().any(|cell| cell.contains(char::is_control)) {
        return Err(
            "a cell contains a line break or another control character; is a quote unclosed?"
                .to_owned(),
        );
    }
    // A group name may contain blanks, a role name may not.
    let list = |name: &str, blanks: &[char]| {
        cell(name).map(|cell| {
            let items = cell.split(blanks).map(str::trim).filter(|item| !item.is_empty());
            items.map(str::to_owned).collect()
        })
    };
    let subject = text("subject");
    if subject.is_empty() {
        return Err("the subject is empty".to_owned());
    }
    let lifetime = match cell("duration") {
        None => args.token_duration.unwrap_or(Lifetime::DEFAULT),
        Some(text) => text.parse::<Lifetime>().map_err(|cause| cause.to_string())?,
    };
    let account = Account {
        subject,
        name: text("name"),
        email: text("email"),
        roles: list("roles", &[';', ' ']),
        groups: list("groups", &[';']),
    };
    Ok(Row { line, account, lifetime })
}

/// The columns; `subject` is required.
const COLUMNS: [&str; 6] = ["subject", "name", "email", "roles", "groups", "duration"];

const HEADER: &str = "name the columns in the first line: subject, name, email, roles, groups, duration; separate the items of a list with `;`";

/// A hundred thousand rows of 300 bytes.
const MAX_FLEET: u64 = 32 << 20;

/// How many different warnings are printed.
const MOST_WARNINGS: usize = 100;

/// More than the users of any cluster.
const MOST_ROWS: usize = 100_000;
