//! `--verbose`: what the program does, told on standard error while it does it.
//!
//! Every crate of this workspace tells it through `tracing`, and no event holds a secret or a token.
//! What other crates tell is left out, because theirs may.

use std::fmt;
use std::io;

use tracing::level_filters::LevelFilter;
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, layer};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

/// The crates whose events are told.
const OURS: [&str; 4] = ["step_ca_client", "step_token", "token_cli", "step_mint"];

/// Tells events on standard error until the guard is dropped.
pub(crate) fn start() -> DefaultGuard {
    let ours = Targets::new().with_targets(OURS.map(|target| (target, LevelFilter::DEBUG)));
    let told =
        layer().event_format(Line).with_ansi(false).with_writer(io::stderr).with_filter(ours);
    tracing::subscriber::set_default(tracing_subscriber::registry().with(told))
}

/// One line for an event: `debug: ` and its message.
struct Line;

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        write!(writer, "debug: ")?;
        context.field_format().format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}
