//! Tests of the catalog: whatever happens to its files, it answers right or says that it cannot.

use super::*;

fn binding(generation: u64) -> CatalogBinding {
    CatalogBinding { format: 1, store: "store".into(), generation }
}

fn record(number: u32, value: &str) -> CatalogRecord {
    (format!("report/{number:05}").into_bytes(), value.into())
}

fn truth() -> Vec<CatalogRecord> {
    (0..250).map(|number| record(number, "true")).collect()
}

/// Opens, checks that the answers are those of the files, and closes.
fn open_and_check(path: &Path, generation: u64) -> Rebuilt {
    let (catalog, rebuilt) = Catalog::open(path, binding(generation), truth);
    assert_eq!(catalog.range(b"report/").unwrap(), truth());
    assert_eq!(catalog.get(b"report/00249").unwrap(), Some(b"true".to_vec()));
    assert_eq!(catalog.get(b"missing").unwrap(), None);
    rebuilt
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[test]
fn it_is_made_once_and_then_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog");
    assert_eq!(open_and_check(&path, 1), Rebuilt::Missing);
    assert_eq!(open_and_check(&path, 1), Rebuilt::No);
    let (mut catalog, rebuilt) = Catalog::open(&path, binding(1), || panic!("no rebuild"));
    assert_eq!(rebuilt, Rebuilt::No);
    catalog.put_batch([record(7, "first"), record(7, "second"), (b"other".to_vec(), vec![])]);
    catalog.set_binding(binding(2));
    drop(catalog);
    let (catalog, rebuilt) = Catalog::open(&path, binding(2), || panic!("no rebuild"));
    assert_eq!(rebuilt, Rebuilt::No);
    assert_eq!(catalog.get(b"report/00007").unwrap(), Some(b"second".to_vec()));
    assert_eq!(catalog.range(b"o").unwrap(), [(b"other".to_vec(), vec![])]);
    assert_eq!(catalog.range(b"").unwrap().len(), 251);
}

#[test]
fn a_stale_or_foreign_one_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog");
    let (catalog, _) = Catalog::open(&path, binding(1), || vec![record(9999, "old")]);
    drop(catalog);
    assert_eq!(open_and_check(&path, 2), Rebuilt::Stale);
    assert_eq!(open_and_check(&path, 1), Rebuilt::Stale);
    let other = CatalogBinding { store: "other".into(), ..binding(1) };
    assert_eq!(Catalog::open(&path, other, Vec::new).1, Rebuilt::Stale);
    let newer = CatalogBinding { format: 2, ..binding(1) };
    assert_eq!(Catalog::open(&path, newer, Vec::new).1, Rebuilt::Stale);
}

#[test]
fn what_was_deleted_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog");
    open_and_check(&path, 1);
    fs::remove_dir_all(&path).unwrap();
    assert_eq!(open_and_check(&path, 1), Rebuilt::Missing);
    fs::remove_file(folder.path().join("catalog.seal")).unwrap();
    assert_eq!(open_and_check(&path, 1), Rebuilt::Missing);
    for index in 0..files_below(&path).len() {
        fs::remove_file(&files_below(&path)[index]).unwrap();
        assert_eq!(open_and_check(&path, 1), Rebuilt::Damaged);
    }
    fs::remove_dir_all(&path).unwrap();
    fs::write(&path, "a file where the folder was").unwrap();
    assert_eq!(open_and_check(&path, 1), Rebuilt::Damaged);
}

#[test]
fn garbled_files_are_detected_and_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog");
    open_and_check(&path, 1);
    for index in 0..files_below(&path).len() {
        for position in [0, 1, 2, 3] {
            let file = files_below(&path)[index].clone();
            let mut content = fs::read(&file).unwrap();
            let offset = content.len() * position / 4;
            content[offset] ^= 1;
            fs::write(&file, &content).unwrap();
            assert_eq!(open_and_check(&path, 1), Rebuilt::Damaged);
        }
        let file = files_below(&path)[index].clone();
        fs::write(&file, &fs::read(&file).unwrap()[1..]).unwrap();
        assert_eq!(open_and_check(&path, 1), Rebuilt::Damaged);
    }
    fs::write(path.join("more"), "").unwrap();
    assert_eq!(open_and_check(&path, 1), Rebuilt::Damaged);
    fs::write(folder.path().join("catalog.seal"), "{").unwrap();
    assert_eq!(open_and_check(&path, 1), Rebuilt::Damaged);
}

#[test]
fn a_crash_is_seen_because_opening_takes_the_seal_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog");
    open_and_check(&path, 1);
    let (catalog, _) = Catalog::open(&path, binding(1), Vec::new);
    catalog.put_batch([record(9999, "never closed")]);
    // What a killed process leaves: the folder as it is now.
    let copy = folder.path().join("copy/catalog");
    for file in files_below(&path) {
        let target = copy.join(file.strip_prefix(&path).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(&file, target).unwrap();
    }
    assert!(!folder.path().join("catalog.seal").exists());
    assert_eq!(open_and_check(&copy, 1), Rebuilt::Missing);
    drop(catalog);
}

#[test]
fn while_it_is_open_another_one_is_unusable_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog");
    let (first, _) = Catalog::open(&path, binding(1), truth);
    let (second, rebuilt) = Catalog::open(&path, binding(1), || panic!("no rebuild"));
    assert_eq!((rebuilt, second.is_usable()), (Rebuilt::Unusable, false));
    second.put_batch(truth());
    assert_eq!(second.get(b"report/00001"), Err(CatalogLost));
    assert_eq!(second.range(b""), Err(CatalogLost));
    drop(second);
    assert_eq!(first.range(b"").unwrap().len(), 250);
    drop(first);
    assert_eq!(open_and_check(&path, 1), Rebuilt::No);
}

#[test]
fn a_folder_that_cannot_be_made_is_unusable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing/catalog");
    assert_eq!(Catalog::open(&path, binding(1), truth).1, Rebuilt::Unusable);
}

#[test]
fn an_error_or_panic_inside_ends_its_use_and_the_next_opening_makes_it_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog");
    for panics in [false, true] {
        let (catalog, _) = Catalog::open(&path, binding(1), truth);
        let lost = catalog.guarded(|_| -> sled::Result<()> {
            assert!(!panics, "as sled does on a broken page");
            Err(sled::Error::Unsupported("as sled does on a full disk".into()))
        });
        assert_eq!((lost, catalog.is_usable()), (Err(CatalogLost), false));
        assert_eq!(catalog.get(b"report/00001"), Err(CatalogLost));
        drop(catalog);
        assert_eq!(open_and_check(&path, 1), Rebuilt::Missing);
    }
}
