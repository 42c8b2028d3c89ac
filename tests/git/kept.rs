//! Objects that are kept between runs: how little comes then, and that nothing depends on them.

use std::path::PathBuf;

use super::*;

/// Bytes that no compression makes fewer, as long as they are told apart by `seed`.
pub(super) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    })
    .take(length)
    .collect()
}

fn many(home: &Repository) {
    for number in 0..200_u64 {
        home.write(&format!("d/{number}"), noise(number, 2000));
    }
    home.commit("many");
}

fn keeping(cache: &Path) -> Wants {
    Wants { cache: Some(cache.to_owned()), ..Wants::default() }
}

/// The repository's files at HEAD, fetched with what is kept; gives the bytes that came.
fn get(server: &GitServer, home: &Repository, cache: &Path) -> usize {
    let remote = anonymous(&server.url("home.git"));
    let revision = remote.resolve(&main_branch(), &Limits::default()).unwrap();
    server.sent();
    let into = tempfile::tempdir().unwrap();
    let done = remote.check_out(&revision, &keeping(cache), &Limits::default(), into.path());
    let done = done.unwrap_or_else(|error| panic!("{}", told(&error)));
    assert_eq!(done.told(), Vec::<String>::new());
    assert!(files(into.path()) == files(home.top()), "not what git has");
    server.sent()
}

/// The directory of the one repository that is kept.
fn kept(cache: &Path) -> PathBuf {
    let found: Vec<PathBuf> = std::fs::read_dir(cache).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

#[test]
fn what_is_here_is_not_asked_for_again() {
    for version_0 in [false, true] {
        let place = Place::new();
        let home = place.repository("home.git");
        many(&home);
        let server = place.serve(&Serving { old: version_0, ..Serving::default() });
        let cache = place.path().join("cache");
        let first = get(&server, &home, &cache);
        let unchanged = get(&server, &home, &cache);
        home.write("d/7", [noise(7, 2000), b"more".to_vec()].concat()).commit("second");
        let later = get(&server, &home, &cache);
        assert!(first > 400_000 && unchanged == 0 && later < 8000, "{first} {unchanged} {later}");
        // A history that was written anew, and one that goes back.
        home.git(&["checkout", "-q", "--orphan", "anew"]);
        home.write("d/8", "anew").commit("anew");
        home.git(&["branch", "-M", "main"]);
        assert!(get(&server, &home, &cache) < 20_000);
        home.git(&["reset", "-q", "--hard", "HEAD@{0}"]);
        assert_eq!(get(&server, &home, &cache), 0);
        // What git says of it.
        let directory = kept(&cache).display().to_string();
        home.git(&["-C", &directory, "fsck", "--full", "--strict"]);
        assert_eq!(home.git(&["-C", &directory, "rev-list", "--all"]).lines().count(), 3);
        let mode = std::fs::metadata(kept(&cache)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "it may be a private repository");
    }
}

#[test]
fn many_runs_do_not_fill_the_disk() {
    let place = Place::new();
    let home = place.home();
    let server = place.serve(&Serving::default());
    let cache = place.path().join("cache");
    for number in 0..70 {
        home.write("n", number.to_string()).commit("more");
        get(&server, &home, &cache);
        let packs = std::fs::read_dir(kept(&cache).join("objects/pack")).unwrap().count();
        assert!(packs <= 2 * 33, "{packs}");
    }
}

#[test]
fn whatever_is_wrong_with_it_everything_comes_anew() {
    let place = Place::new();
    let home = place.repository("home.git");
    many(&home);
    let server = place.serve(&Serving::default());
    let cache = place.path().join("cache");
    get(&server, &home, &cache);
    home.write("d/7", "changed").commit("second");
    let biggest = |extension: &str| {
        let packs = kept(&cache).join("objects/pack");
        let mut found: Vec<PathBuf> = std::fs::read_dir(packs).unwrap().map(|entry| entry.unwrap().path()).collect();
        found.retain(|path| path.extension().is_some_and(|own| own == extension));
        found.sort_by_key(|path| std::cmp::Reverse(std::fs::metadata(path).unwrap().len()));
        let path = found[0].clone();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        path
    };
    let spoil = |path: PathBuf, from: usize, bytes: usize| {
        let mut content = std::fs::read(&path).unwrap();
        let from = from.min(content.len() - bytes);
        content[from..from + bytes].fill(0x55);
        std::fs::write(path, content).unwrap();
    };
    let damages: [(&str, &dyn Fn()); 10] = [
        ("no list", &|| std::fs::write(kept(&cache).join("shallow"), "nonsense").unwrap()),
        ("an empty list", &|| std::fs::write(kept(&cache).join("shallow"), "").unwrap()),
        ("another commit", &|| std::fs::write(kept(&cache).join("shallow"), "1".repeat(40)).unwrap()),
        ("no index", &|| std::fs::remove_file(biggest("idx")).unwrap()),
        ("a short index", &|| std::fs::write(biggest("idx"), "short").unwrap()),
        ("a wrong index", &|| spoil(biggest("idx"), 1100, 3000)),
        ("a file of the pack", &|| spoil(biggest("pack"), 200_000, 64)),
        ("a short pack", &|| std::fs::write(biggest("pack"), "PACK").unwrap()),
        ("no HEAD", &|| std::fs::write(kept(&cache).join("HEAD"), "").unwrap()),
        ("a file in its place", &|| {
            let place = kept(&cache);
            std::fs::remove_dir_all(&place).unwrap();
            std::fs::create_dir_all(place.join("objects/pack")).unwrap();
        }),
    ];
    // With a commit that is kept already, and with one that comes on top of it.
    for (name, damage) in damages {
        for on_top in [false, true] {
            get(&server, &home, &cache);
            damage();
            if on_top {
                home.write("d/8", format!("{name} again")).commit("more");
            }
            get(&server, &home, &cache);
        }
    }
}

#[test]
fn bytes_that_were_exchanged_are_noticed() {
    // A pack and its index that fit each other, with other content: only the names tell.
    let place = Place::new();
    let home = place.home();
    let server = place.serve(&Serving::default());
    let cache = place.path().join("cache");
    get(&server, &home, &cache);
    let directory = kept(&cache);
    let evil = place.repository("evil");
    evil.write("README", "hallo\n").write("app/kustomization.yaml", "resources: []\n").commit("first");
    evil.git(&["repack", "-adq"]);
    let objects = |top: &Path| -> Vec<PathBuf> {
        std::fs::read_dir(top.join("objects/pack")).unwrap().map(|entry| entry.unwrap().path()).collect()
    };
    let find =
        |paths: &[PathBuf], kind: &str| paths.iter().find(|path| path.extension().unwrap() == kind).unwrap().clone();
    let (ours, theirs) = (objects(&directory), objects(&evil.top().join(".git")));
    // Their bytes at the places that our index names: the blob of the file is another one then.
    let mut pack = std::fs::read(find(&ours, "pack")).unwrap();
    let other = std::fs::read(find(&theirs, "pack")).unwrap();
    let length = pack.len().min(other.len());
    pack[..length].copy_from_slice(&other[..length]);
    std::fs::set_permissions(find(&ours, "pack"), std::fs::Permissions::from_mode(0o644)).unwrap();
    std::fs::write(find(&ours, "pack"), pack).unwrap();
    assert!(get(&server, &home, &cache) > 0, "it came anew");
    assert_eq!(get(&server, &home, &cache), 0);
}

#[test]
fn a_place_that_cannot_be_written_to_is_told_and_is_no_failure() {
    let place = Place::new();
    let home = place.home();
    let server = place.serve(&Serving::default());
    let file = place.path().join("file");
    std::fs::write(&file, "no directory").unwrap();
    let remote = anonymous(&server.url("home.git"));
    let revision = remote.resolve(&main_branch(), &Limits::default()).unwrap();
    let into = tempfile::tempdir().unwrap();
    let done = remote.check_out(&revision, &keeping(&file), &Limits::default(), into.path()).unwrap();
    assert!(done.told()[0].contains("cannot be kept"), "{done:?}");
    assert_eq!(files(into.path()), files(home.top()));
}

#[test]
fn runs_beside_each_other_do_not_disturb_each_other() {
    let place = Place::new();
    let home = place.repository("home.git");
    many(&home);
    let server = place.serve(&Serving::default());
    let cache = place.path().join("cache");
    let remote = anonymous(&server.url("home.git"));
    for round in 0..4 {
        home.write("d/7", format!("round {round}")).commit("more");
        let revision = remote.resolve(&main_branch(), &Limits::default()).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let into = tempfile::tempdir().unwrap();
                    let done = remote.check_out(&revision, &keeping(&cache), &Limits::default(), into.path());
                    done.unwrap_or_else(|error| panic!("{}", told(&error)));
                    assert!(files(into.path()) == files(home.top()));
                });
            }
        });
    }
}
