//! Where words go: results to stdout, remarks for people to stderr, colours only where somebody sees them.

use crate::exit::Code;
use crate::fail::Failure;
use clap::ValueEnum;
use std::fmt::Display;
use std::io::Write;

/// How results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object.
    Json,
    /// JSON Lines: one object a line, as soon as it is known.
    Jsonl,
    /// Markdown tables.
    Md,
    /// SARIF 2.1.0, for code hosts.
    Sarif,
    /// JUnit XML, for tools that show test results.
    #[cfg_attr(not(feature = "conform"), allow(dead_code, reason = "only the suite writes it"))]
    Junit,
}

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set or TERM is `dumb`; CLICOLOR_FORCE colours pipes too.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What a word means; decides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As it should be.
    Good,
    /// Not as it should be.
    Bad,
    /// Worth a look.
    Warn,
    /// Less important.
    Faint,
    /// More important.
    Strong,
}

impl Tone {
    const fn style(self) -> anstyle::Style {
        use anstyle::{AnsiColor, Style};
        match self {
            Self::Good => AnsiColor::Green.on_default(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
            Self::Warn => AnsiColor::Yellow.on_default(),
            Self::Faint => Style::new().dimmed(),
            Self::Strong => Style::new().bold(),
        }
    }
}

/// Where words go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// How results are written.
    pub(crate) format: Format,
    /// Whether remarks for people are left out.
    pub(crate) quiet: bool,
    color_out: bool,
    color_err: bool,
}

impl Output {
    /// Decides about colours once, from the option and the environment.
    pub(crate) fn new(color: Color, quiet: bool) -> Self {
        let choose = |auto: anstream::ColorChoice| match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => auto != anstream::ColorChoice::Never,
        };
        let color_out = choose(anstream::AutoStream::choice(&std::io::stdout()));
        let color_err = choose(anstream::AutoStream::choice(&std::io::stderr()));
        Self { format: Format::Text, quiet, color_out, color_err }
    }

    /// The same, with results in another format.
    pub(crate) const fn with(self, format: Format) -> Self {
        Self { format, ..self }
    }

    /// Whether stderr is coloured.
    pub(crate) const fn colored_err(&self) -> bool {
        self.color_err
    }

    /// A word for stdout, in its tone.
    pub(crate) fn tone(&self, tone: Tone, word: impl Display) -> String {
        paint(self.color_out, tone, word)
    }

    /// A line of results.
    pub(crate) fn line(&self, text: impl Display) {
        self.raw(&format!("{text}\n"));
    }

    /// Results that end their own lines.
    pub(crate) fn raw(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            // A reader that went away (`hypermesh runs | head -1`) has what it wanted.
            let code = if error.kind() == std::io::ErrorKind::BrokenPipe { Code::Ok } else { Code::Internal };
            if code != Code::Ok {
                eprintln!("hypermesh: stdout: {error}");
            }
            std::process::exit(i32::from(code.number()));
        }
    }

    /// One JSON value: pretty for `json`, one line for `jsonl`.
    pub(crate) fn json(&self, value: &serde_json::Value) {
        match self.format {
            Format::Jsonl => self.line(value),
            _ => self.line(format_args!("{value:#}")),
        }
    }

    /// A remark for people.
    pub(crate) fn note(&self, text: impl Display) {
        if !self.quiet {
            eprintln!("{text}");
        }
    }

    /// A warning for people.
    pub(crate) fn warn(&self, text: impl Display) {
        eprintln!("{} {text}", paint(self.color_err, Tone::Warn, "warning:"));
    }

    /// The next command to type where all went well; a remark like others.
    pub(crate) fn hint(&self, command: &str) {
        if !self.quiet {
            self.next(command);
        }
    }

    /// The next command to type where something did not go well.
    pub(crate) fn next(&self, command: &str) {
        eprintln!("{} {command}", paint(self.color_err, Tone::Faint, "next:"));
    }

    /// A failure, with the next command to type at its end.
    pub(crate) fn failure(&self, failure: &Failure) {
        let message = failure.message.trim_end();
        // A rendered report of a scenario's errors begins each of them with its own `error`.
        if failure.code == Code::Invalid && message.contains('\n') {
            eprintln!("{message}");
        } else {
            eprintln!("{} {message}", paint(self.color_err, Tone::Bad, "error:"));
        }
        self.next(&failure.next);
    }
}

/// A word in its tone.
pub(crate) fn paint(colored: bool, tone: Tone, word: impl Display) -> String {
    if !colored {
        return word.to_string();
    }
    let style = tone.style();
    format!("{style}{word}{style:#}")
}
