//! Attribute paths as small numbers, for one process: comparing two rows compares integers.
//!
//! The numbers depend on the order of reading, so they never reach a file or an answer.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use crate::value::path_to_display;

/// An attribute path of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PathId(u32);

impl PathId {
    /// The number, for lists by path.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Path ↔ number.
#[derive(Debug, Default)]
pub(crate) struct PathNames {
    inner: RwLock<PathTable>,
}

#[derive(Debug, Default)]
struct PathTable {
    texts: Vec<Arc<str>>,
    /// As people see them, such as `employeeOrgData.division`.
    shown: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
}

impl PathNames {
    /// The number of a path; a new one gets the next.
    pub(crate) fn id(&self, path: &str) -> PathId {
        if let Some(&number) = self.read().numbers.get(path) {
            return PathId(number);
        }
        let mut inner = self.inner.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(&number) = inner.numbers.get(path) {
            return PathId(number);
        }
        let number = u32::try_from(inner.texts.len()).expect("fewer paths than 2^32");
        let text: Arc<str> = path.into();
        inner.texts.push(Arc::clone(&text));
        inner.shown.push(path_to_display(path).into());
        inner.numbers.insert(text, number);
        PathId(number)
    }

    /// The text of a path.
    pub(crate) fn text(&self, path: PathId) -> Arc<str> {
        Arc::clone(&self.read().texts[path.0 as usize])
    }

    /// A path as people see it.
    pub(crate) fn shown(&self, path: PathId) -> Arc<str> {
        Arc::clone(&self.read().shown[path.0 as usize])
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, PathTable> {
        self.inner.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
