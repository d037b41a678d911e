//! Values by name, in the order of names: looked up by a borrowed name, inserted on the first use of a name.

use std::sync::Arc;

use crate::Result;

/// Values by name. They are few, and looked up often.
#[derive(Debug)]
pub(super) struct ByName<T>(Vec<(Arc<str>, T)>);

impl<T> Default for ByName<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> ByName<T> {
    pub(super) fn get(&self, name: &str) -> Option<&T> {
        self.position(name).ok().map(|position| &self.0[position].1)
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut T> {
        self.position(name).ok().map(|position| &mut self.0[position].1)
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.position(name).is_ok()
    }

    /// The value of a name, made if there is none.
    pub(super) fn get_or_insert(
        &mut self,
        name: &str,
        make: impl FnOnce(&Arc<str>) -> Result<T>,
    ) -> Result<&mut T> {
        let position = match self.position(name) {
            Ok(position) => position,
            Err(position) => {
                let name: Arc<str> = name.into();
                let value = make(&name)?;
                self.0.insert(position, (name, value));
                position
            }
        };
        Ok(&mut self.0[position].1)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &T)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.0.iter().map(|(name, _)| name)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|(_, value)| value)
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut().map(|(_, value)| value)
    }

    /// Another value for each name.
    pub(super) fn try_map<U>(self, mut map: impl FnMut(&Arc<str>, T) -> Result<U>) -> Result<ByName<U>> {
        let values = self.0.into_iter().map(|(name, value)| {
            let value = map(&name, value)?;
            Ok((name, value))
        });
        values.collect::<Result<_>>().map(ByName)
    }

    fn position(&self, name: &str) -> std::result::Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| (**known).cmp(name))
    }
}
