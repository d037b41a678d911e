//! Owns secrets: text that nothing here can show.

use std::sync::Arc;

/// A password, key or token. It has neither `Debug` nor `Display`, so that no log or message can hold it.
#[derive(Clone)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Keeps a text from being shown.
    #[must_use]
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// Gives the text to what sends it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}
