//! A mistake inside a text: where in it, what is wrong, and what to write instead.

/// Offsets are bytes within the text that was parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    pub offset: usize,
    pub length: usize,
    pub message: String,
    pub help: Option<String>,
}

impl SyntaxError {
    pub fn new(offset: usize, length: usize, message: impl Into<String>) -> Self {
        Self { offset, length, message: message.into(), help: None }
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl std::fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SyntaxError {}
