//! Where inputs are kept: in the user's state directory, for the user alone, as they may name people.

use std::io;
use std::path::{Path, PathBuf};

use crate::Io;

/// Inputs that are kept.
pub(crate) const COUNT_MAX: usize = 10_000;

/// The file of the history; nothing when the user has no place for such things.
pub(crate) fn path(io: &Io<'_>) -> Option<PathBuf> {
    let from = |name: &str, below: &[&str]| {
        let base = PathBuf::from(io.variable(name)?);
        base.is_absolute().then(|| below.iter().fold(base, |path, part| path.join(part)))
    };
    let state = from("XDG_STATE_HOME", &[])
        .or_else(|| from("LOCALAPPDATA", &[]))
        .or_else(|| from("HOME", &[".local", "state"]))?;
    Some(state.join("entrasnap").join("history"))
}

/// Makes the file if it is not there, and lets nobody else read it.
///
/// # Errors
/// When that cannot be done; then nothing must be kept.
pub(crate) fn prepare(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        create_folder(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    only_for_the_user(&mut options);
    let file = options.open(path)?;
    restrict(&file)
}

#[cfg(unix)]
fn create_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn create_folder(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)
}

#[cfg(unix)]
fn only_for_the_user(options: &mut std::fs::OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600);
}

#[cfg(not(unix))]
fn only_for_the_user(_: &mut std::fs::OpenOptions) {}

/// A file of an earlier time may be open to others.
#[cfg(unix)]
fn restrict(file: &std::fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn restrict(_: &std::fs::File) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn nobody_else_reads_the_history() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/entrasnap/history");
        prepare(&path).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        prepare(&path).unwrap();
        assert_eq!(mode(&path), 0o600);
    }
}
