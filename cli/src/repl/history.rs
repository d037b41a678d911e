//! Where inputs are kept: in the user's state directory, for the user alone, as they may name people.

use std::io;
use std::path::{Path, PathBuf};

use engine::disk::{create_private_folder, make_private, private_file};

use crate::io::Io;

/// Inputs that are kept.
pub(crate) const COUNT_MAX: usize = 10_000;

/// The file of the history; nothing when the user has no folder for such files.
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

/// Makes the file if it is not there; only its owner may read it.
///
/// # Errors
/// When that cannot be done; then nothing must be kept.
pub(crate) fn prepare(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        create_private_folder(folder)?;
    }
    drop(private_file().create(true).append(true).open(path)?);
    // A file of an earlier time may be open to others.
    make_private(path)
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
