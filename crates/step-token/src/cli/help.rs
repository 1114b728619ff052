//! The end of a help text: examples and exit statuses.

use token_cli::EXIT_HELP;

/// Returns what help ends with.
pub(crate) fn with_examples(examples: &str) -> String {
    format!("{examples}\n\n{EXIT_HELP}")
}
