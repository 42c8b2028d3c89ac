//! What is checked out is what git checks out.

use super::*;

#[test]
fn files_links_modes_and_names_are_git_s() {
    let place = Place::new();
    let home = place.repository("home.git");
    home.write("a/b/c/deep.yaml", "deep: true\n")
        .write("empty", "")
        .write("with blank", "1\n")
        .write("grüße/☃.yaml", "x: ü\n")
        .write("crlf", "a\r\nb\r\n")
        .write("binary", [0, 159, 146, 150, 255])
        .write("run.sh", "#!/bin/sh\n")
        .write(".hidden/.gitignore", "*.tmp\n")
        .write(".gitattributes", "*.txt text eol=crlf\nident export-subst ident\n")
        .write("text.txt", "unix\n")
        .write("ident", "$Id$ $Format:%H$\n")
        .link("link", "a/b")
        .link("a/up", "../run.sh")
        .link("dangling", "nowhere");
    home.git(&["add", "--all"]);
    home.git(&["update-index", "--chmod=+x", "run.sh"]);
    home.git(&["commit", "--quiet", "-m", "all kinds"]);
    let server = place.serve(&Serving::default());
    let (_, ours) = fetch(&anonymous(&server.url("home.git"))).unwrap();
    // Git's attributes change files of a work tree; what we read is the content as it was committed.
    let mut theirs = Files::new();
    for line in home.git(&["ls-tree", "-r", "-z", "HEAD"]).split('\0').filter(|line| !line.is_empty()) {
        let (head, name) = line.split_once('\t').unwrap();
        let words: Vec<&str> = head.split(' ').collect();
        let output = home.command(&["cat-file", "blob", words[2]]).output().unwrap();
        let content = String::from_utf8_lossy(&output.stdout).into_owned();
        let mark = match words[0] {
            "120000" => "-> ",
            "100755" => "x ",
            _ => "",
        };
        theirs.insert(name.to_owned(), format!("{mark}{content}"));
    }
    assert_eq!(ours, theirs);
}

#[test]
fn deltas_of_every_kind_are_resolved() {
    let place = Place::new();
    let home = place.repository("home.git");
    let mut commits = Vec::new();
    for n in 0..30 {
        let line = |line: usize| format!("line {line} of {}", if line % 30 == n { n } else { 0 });
        let lines = (0..400).map(line).collect::<Vec<_>>().join("\n");
        home.write("long.yaml", &lines).write(&format!("dir-{}/file-{n}.yaml", n % 5), &lines);
        commits.push(home.commit(&format!("change {n}")));
    }
    home.git(&["gc", "--quiet", "--aggressive"]);
    home.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let server = place.serve(&Serving::default());
    let remote = anonymous(&server.url("home.git"));
    for commit in commits.iter().rev().step_by(7) {
        let reference = Reference::Commit { commit: commit.clone(), branch: None };
        let (_, ours) = fetch_with(&remote, &reference, &Wants::default(), &Limits::default()).unwrap();
        home.git(&["checkout", "--quiet", commit]);
        assert_eq!(ours, files(home.top()), "{commit}");
    }
}

#[test]
fn a_repository_of_sha_256_is_read_too() {
    let place = Place::new();
    let top = place.path().join("modern.git");
    std::fs::create_dir_all(&top).unwrap();
    let made = std::process::Command::new("git")
        .args(["init", "--quiet", "--object-format=sha256", "--initial-branch=main"])
        .arg(&top)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let home = Repository::at(&top);
    home.write("a.yaml", "a: 1\n");
    let commit = home.commit("first");
    let server = place.serve(&Serving::default());
    let (revision, files) =
        fetch(&anonymous(&server.url("modern.git"))).unwrap_or_else(|error| panic!("{}", told(&error)));
    assert_eq!(revision.to_string(), format!("main@sha256:{commit}"));
    assert_eq!(files["a.yaml"], "a: 1\n");
}

#[test]
fn only_the_directories_that_are_wanted_are_written() {
    let place = Place::new();
    let home = place.repository("home.git");
    home.write("apps/a/x.yaml", "1\n").write("apps/b/y.yaml", "2\n").write("infra/z.yaml", "3\n").write("top", "4\n");
    home.commit("first");
    let server = place.serve(&Serving::default());
    let remote = anonymous(&server.url("home.git"));
    let wants = Wants { sparse: vec!["apps/a".to_owned(), "./infra/".to_owned()], ..Wants::default() };
    let (_, files) = fetch_with(&remote, &main_branch(), &wants, &Limits::default()).unwrap();
    assert!(files.contains_key("apps/a/x.yaml") && files.contains_key("infra/z.yaml"), "{files:?}");
    assert!(!files.contains_key("apps/b/y.yaml"), "{files:?}");
    let wants = Wants { sparse: vec!["absent".to_owned()], ..Wants::default() };
    let error = fetch_with(&remote, &main_branch(), &wants, &Limits::default()).unwrap_err();
    assert!(matches!(error, GitError::NoDirectory { .. }), "{}", told(&error));
}
