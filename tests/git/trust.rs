//! Signatures that gpg and ssh-keygen made through git. The judge is `git verify-commit` and `git verify-tag`, which know the
//! same keys as we.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use kubectl_gitops::git::{Signed, Verification};
use testkit::git::{Key, KeyKind};

use super::*;

/// Somebody who signs.
struct Signer {
    /// Settings with which git signs as this one.
    settings: Vec<String>,
    /// Under this name the public key is trusted.
    name: &'static str,
    /// The public key.
    public: String,
}

impl Signer {
    fn ssh(place: &Place, name: &'static str, kind: KeyKind) -> Self {
        let key = Key::generate(place.path(), name, kind, "");
        let settings = vec!["gpg.format=ssh".to_owned(), format!("user.signingkey={}", key.path.display())];
        Self { settings, name, public: key.public }
    }

    /// As git runs for this one.
    fn git(&self, repository: &Repository, args: &[&str]) -> String {
        let settings = self.settings.iter().flat_map(|setting| ["-c", setting.as_str()]);
        repository.git(&settings.chain(args.iter().copied()).collect::<Vec<_>>())
    }
}

fn program(path: &Path, script: &str) -> String {
    std::fs::write(path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.display().to_string()
}

/// A home of gpg. Its agent ends with it.
struct Gpg {
    home: PathBuf,
}

impl Drop for Gpg {
    fn drop(&mut self) {
        drop(Command::new("gpgconf").env("GNUPGHOME", &self.home).args(["--kill", "all"]).status());
    }
}

impl Gpg {
    fn new(home: PathBuf) -> Self {
        std::fs::create_dir(&home).unwrap();
        std::fs::set_permissions(&home, std::fs::Permissions::from_mode(0o700)).unwrap();
        Self { home }
    }

    /// Runs it to its end; what it is told is its standard input.
    fn run(&self, args: &[&str], told: &str) -> String {
        use std::io::Write as _;
        let mut command = Command::new("gpg");
        command.env("GNUPGHOME", &self.home).args([
            "--batch",
            "--quiet",
            "--passphrase",
            "",
            "--pinentry-mode",
            "loopback",
        ]);
        command.args(args).stdin(std::process::Stdio::piped());
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        let mut child = command.spawn().expect("gpg: `make git-servers` installs it");
        child.stdin.take().unwrap().write_all(told.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "gpg {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// A key, with `more` arguments of gpg; gives its fingerprint.
    fn generate(&self, user: &str, algorithm: &str, expires: &str, more: &[&str]) -> String {
        self.run(&[more, &["--quick-generate-key", user, algorithm, "sign", expires]].concat(), "");
        let list = self.run(&["--with-colons", "--list-keys", user], "");
        list.lines().find_map(|line| line.strip_prefix("fpr:")).unwrap().trim_matches(':').to_owned()
    }

    /// Who signs with this key; `more`: options of gpg.
    fn signer(&self, place: &Place, name: &'static str, fingerprint: &str, more: &str) -> Signer {
        let script = format!("GNUPGHOME='{}' exec gpg {more} \"$@\"", self.home.display());
        let program = program(&place.path().join(format!("gpg-{name}.sh")), &script);
        let settings = vec![format!("gpg.program={program}"), format!("user.signingkey={fingerprint}")];
        Signer { settings, name, public: self.run(&["--armor", "--export", fingerprint], "") }
    }
}

/// Git, which knows some keys and no others.
struct Judge {
    settings: [String; 2],
    _gpg: Gpg,
    _directory: TempDir,
}

impl Judge {
    fn who_knows(trusted: &[&Signer]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let gpg = Gpg::new(directory.path().join("gnupg"));
        let mut allowed = String::new();
        for signer in trusted {
            if signer.public.starts_with("-----BEGIN PGP") {
                gpg.run(&["--import"], &signer.public);
            } else {
                allowed = allowed + "* namespaces=\"git\" " + &signer.public + "\n";
            }
        }
        let file = directory.path().join("allowed");
        std::fs::write(&file, allowed).unwrap();
        let script = format!("GNUPGHOME='{}' exec gpg \"$@\"", gpg.home.display());
        let program = program(&directory.path().join("gpg.sh"), &script);
        let settings = [format!("gpg.program={program}"), format!("gpg.ssh.allowedSignersFile={}", file.display())];
        Self { settings, _gpg: gpg, _directory: directory }
    }

    /// Is this commit or tag good?
    fn says(&self, repository: &Repository, what: &str, name: &str) -> bool {
        let args = ["-c", &self.settings[0], "-c", &self.settings[1], &format!("verify-{what}"), name];
        let output = repository.command(&args).output().unwrap();
        #[expect(clippy::print_stdout, reason = "shown by tests that fail")]
        {
            println!("git verify-{what} {name}: {}", String::from_utf8_lossy(&output.stderr));
        }
        output.status.success()
    }
}

fn trusting(mode: Signed, trusted: &[&Signer]) -> Verification {
    let keys = trusted.iter().map(|signer| (signer.name.to_owned(), signer.public.clone().into_bytes())).collect();
    Verification::new(mode, &keys).unwrap()
}

fn verified(remote: &Remote, revision: &Revision, mode: Signed, trusted: &[&Signer]) -> Result<(), GitError> {
    let into = tempfile::tempdir().unwrap();
    let wants = Wants { verify: Some(trusting(mode, trusted)), ..Wants::default() };
    let result = remote.check_out(revision, &wants, &Limits::default(), into.path()).map(drop);
    assert_eq!(result.is_ok(), !files(into.path()).is_empty(), "what is not trusted is not written");
    result
}

/// The error's words, or nothing for none.
fn said(result: Result<(), GitError>) -> String {
    result
        .err()
        .map(|error| {
            assert!(matches!(error, GitError::Signature { .. }), "{error:?}");
            error.to_string()
        })
        .unwrap_or_default()
}

/// Which signatures count: those of `good`; never those of `other`.
fn modes_and_names(place: &Place, repository: &Repository, good: &Signer, other: &Signer) {
    repository.write("a", "unsigned").commit("unsigned");
    good.git(repository, &["tag", "-s", "-m", "a signed tag of an unsigned commit", "v1.0.0"]);
    repository.git(&["tag", "-a", "-m", "unsigned tag", "v1.1.0"]);
    repository.write("a", "signed").git(&["add", "-A"]);
    good.git(repository, &["commit", "-q", "-S", "-m", "signed"]);
    good.git(repository, &["tag", "-s", "-m", "signed", "v2.0.0"]);
    repository.git(&["tag", "light"]);
    // The signed tag under another name: an old version shown as a new one.
    let id = repository.git(&["rev-parse", "refs/tags/v2.0.0"]);
    repository.git(&["update-ref", "refs/tags/v3.0.0", &id]);
    let (friend, stranger) = (Judge::who_knows(&[other, good]), Judge::who_knows(&[other]));
    let server = place.serve(&Serving::default());
    let name = repository.top().file_name().unwrap().to_str().unwrap();
    for remote in [anonymous(&server.url(name)), anonymous(&repository.url())] {
        let at = |tag: &str| remote.resolve(&Reference::Tag(tag.to_owned()), &Limits::default()).unwrap();
        for (tag, mode, part) in [
            ("v2.0.0", Signed::Head, ""),
            ("v2.0.0", Signed::Tag, ""),
            ("v2.0.0", Signed::TagAndHead, ""),
            ("v1.0.0", Signed::Tag, ""),
            ("v1.0.0", Signed::Head, "is not signed"),
            ("v1.0.0", Signed::TagAndHead, "is not signed"),
            ("v1.1.0", Signed::Tag, "is not signed"),
            ("light", Signed::Tag, "no annotated tag"),
            ("light", Signed::Head, ""),
            ("v3.0.0", Signed::Tag, "signed as `v2.0.0`"),
        ] {
            let told = said(verified(&remote, &at(tag), mode, &[other, good]));
            assert!(if part.is_empty() { told.is_empty() } else { told.contains(part) }, "{tag} {mode:?}: {told}");
            let told = said(verified(&remote, &at(tag), mode, &[other]));
            let part = if part.is_empty() { "none of the keys" } else { part };
            assert!(told.contains(part), "{tag} {mode:?}: {told}");
            let object = format!("{tag}^{{commit}}");
            let git = |judge: &Judge| match mode {
                Signed::Head => judge.says(repository, "commit", &object),
                Signed::Tag => judge.says(repository, "tag", tag),
                Signed::TagAndHead => judge.says(repository, "commit", &object) && judge.says(repository, "tag", tag),
            };
            // Git does not compare the name in a tag with the one that it goes by.
            assert!(tag == "v3.0.0" || git(&friend) == (part == "none of the keys"), "{tag} {mode:?}");
            assert!(!git(&stranger), "{tag} {mode:?}");
        }
        let branch = Revision { name: "main".to_owned(), commit: at("v2.0.0").commit };
        assert!(said(verified(&remote, &branch, Signed::Tag, &[good])).contains("no annotated tag"));
        assert_eq!(said(verified(&remote, &branch, Signed::Head, &[good])), "");
    }
    tampered(repository, good, &friend);
}

/// A signature over something else, and one that was taken out of its place.
fn tampered(repository: &Repository, good: &Signer, judge: &Judge) {
    let signed = repository.git(&["cat-file", "commit", "v2.0.0^{commit}"]);
    let tag = repository.git(&["cat-file", "tag", "v2.0.0"]);
    let unsigned = repository.git(&["rev-parse", "v1.0.0^{commit}"]);
    let header = if signed.contains("\ngpgsig-sha256 ") { "gpgsig-sha256" } else { "gpgsig" };
    let start = signed.find(&format!("\n{header} ")).unwrap() + 1;
    let end = signed.find("\n\n").unwrap() + 1;
    let signature = signed[start..end].to_owned();
    let bare = repository.git(&["cat-file", "commit", &unsigned]);
    for (name, content) in [
        ("message", signed.replace("\n\nsigned", "\n\nforged")),
        ("committer", signed.replace("committer Ann", "committer Bob")),
        ("moved", bare.replacen("\n\n", &format!("\n{signature}\n"), 1)),
        ("cut", signed.replace(&signature, &format!("{header} -----BEGIN SSH SIGNATURE-----\n"))),
        ("empty", signed.replace(&signature, &format!("{header} \n"))),
        ("x509", signed.replace(&signature, &format!("{header} -----BEGIN SIGNED MESSAGE-----\n aGVsbG8=\n"))),
    ] {
        let id =
            repository.git_with(&["hash-object", "-t", "commit", "-w", "--stdin"], format!("{content}\n").as_bytes());
        repository.git(&["update-ref", &format!("refs/heads/{name}"), &id]);
        let revision = Revision { name: name.to_owned(), commit: id.clone() };
        let told = said(verified(&anonymous(&repository.url()), &revision, Signed::Head, &[good]));
        assert!(!told.is_empty(), "{name}");
        assert!(!judge.says(repository, "commit", &id), "{name}");
    }
    let forged = tag.replace("\n\nsigned", "\n\nforged");
    let id = repository.git_with(&["hash-object", "-t", "tag", "-w", "--stdin"], format!("{forged}\n").as_bytes());
    repository.git(&["update-ref", "refs/tags/v2.0.0", &id]);
    let remote = anonymous(&repository.url());
    let revision = remote.resolve(&Reference::Tag("v2.0.0".to_owned()), &Limits::default()).unwrap();
    assert!(said(verified(&remote, &revision, Signed::Tag, &[good])).contains("or is wrong"));
    assert_eq!(said(verified(&remote, &revision, Signed::Head, &[good])), "");
}

#[test]
fn keys_of_ssh_sign_commits_and_tags() {
    for kind in [KeyKind::Ed25519, KeyKind::Ecdsa, KeyKind::Rsa] {
        let place = Place::new();
        let (good, other) = (Signer::ssh(&place, "good", kind), Signer::ssh(&place, "other", kind));
        modes_and_names(&place, &place.repository("home.git"), &good, &other);
    }
}

#[test]
fn keys_of_openpgp_sign_commits_and_tags() {
    for algorithm in ["ed25519", "rsa2048", "nistp256"] {
        let place = Place::new();
        let gpg = Gpg::new(place.path().join("gnupg"));
        let [good, other] = ["good", "other"].map(|name| {
            let fingerprint = gpg.generate(&format!("{name}@example.com"), algorithm, "never", &[]);
            gpg.signer(&place, name, &fingerprint, "")
        });
        modes_and_names(&place, &place.repository("home.git"), &good, &other);
    }
}

#[test]
fn a_repository_of_sha_256_is_signed_too() {
    let place = Place::new();
    let top = place.path().join("home.git");
    place.repository("maker").git(&["init", "-q", "-b", "main", "--object-format=sha256", top.to_str().unwrap()]);
    let (good, other) = (Signer::ssh(&place, "good", KeyKind::Ed25519), Signer::ssh(&place, "other", KeyKind::Ed25519));
    modes_and_names(&place, &Repository::opened(top), &good, &other);
}

/// A commit on a branch of its own, signed by this one; gives its revision.
fn signed_by(repository: &Repository, signer: &Signer) -> Revision {
    repository.git(&["checkout", "-q", "-B", signer.name]);
    repository.write("by", signer.name).git(&["add", "-A"]);
    signer.git(repository, &["commit", "-q", "-S", "-m", signer.name]);
    Revision { name: signer.name.to_owned(), commit: repository.head() }
}

#[test]
fn a_signature_of_ssh_for_another_purpose_does_not_count() {
    let place = Place::new();
    let home = place.home();
    let good = Signer::ssh(&place, "good", KeyKind::Ed25519);
    let payload = home.git(&["cat-file", "commit", "HEAD"]) + "\n";
    for (namespace, counts) in [("git", true), ("file", false)] {
        std::fs::write(place.path().join("payload"), &payload).unwrap();
        let key = place.path().join("good");
        let mut command = Command::new("ssh-keygen");
        command.args(["-q", "-Y", "sign", "-n", namespace, "-f"]).arg(key).arg("payload").current_dir(place.path());
        assert!(command.status().unwrap().success());
        let signature = std::fs::read_to_string(place.path().join("payload.sig")).unwrap();
        std::fs::remove_file(place.path().join("payload.sig")).unwrap();
        let header = format!("\ngpgsig {}\n\n", signature.trim_end().replace('\n', "\n "));
        let content = payload.replacen("\n\n", &header, 1);
        let id = home.git_with(&["hash-object", "-t", "commit", "-w", "--stdin"], content.as_bytes());
        home.git(&["update-ref", "refs/heads/made", &id]);
        let revision = Revision { name: "made".to_owned(), commit: id.clone() };
        let told = said(verified(&anonymous(&home.url()), &revision, Signed::Head, &[&good]));
        assert_eq!(told.is_empty(), counts, "{told}");
        assert!(counts || told.contains("another purpose"), "{told}");
        assert_eq!(Judge::who_knows(&[&good]).says(&home, "commit", &id), counts);
    }
}

#[test]
fn a_key_of_openpgp_counts_as_it_is_now() {
    const THEN: &str = "20200101T000000!";
    let place = Place::new();
    let home = place.home();
    let gpg = Gpg::new(place.path().join("gnupg"));
    let generate = |name: &str, expires: &str, more: &[&str]| {
        gpg.generate(&format!("{name}@example.com"), "ed25519", expires, more)
    };
    let then = ["--faked-system-time", THEN];
    let in_time = format!("--faked-system-time {THEN}");
    let mut cases: Vec<(Signer, Revision, &str)> = Vec::new();
    let mut case = |name: &'static str, fingerprint: &str, more: &str, after: &dyn Fn(), told: &'static str| {
        let mut signer = gpg.signer(&place, name, fingerprint, more);
        let revision = signed_by(&home, &signer);
        after();
        signer.public = gpg.run(&["--armor", "--export", fingerprint], "");
        cases.push((signer, revision, told));
    };
    let nothing = || {};
    case("plain", &generate("plain", "never", &[]), "", &nothing, "");
    case("not-yet", &generate("notyet", "2y", &[]), "", &nothing, "");
    case("expired", &generate("expired", "1d", &then), &in_time, &nothing, "has expired");
    let again = generate("again", "1d", &then);
    let prolong = || drop(gpg.run(&["--quick-set-expire", &again, "10y"], ""));
    case("prolonged", &again, &in_time, &prolong, "");
    let shortened = generate("shortened", "never", &then);
    let shorten =
        || drop(gpg.run(&["--faked-system-time", "20200102T000000!", "--quick-set-expire", &shortened, "1d"], ""));
    case("shortened", &shortened, &in_time, &shorten, "has expired");
    let brief = generate("brief", "never", &then);
    case("brief", &brief, &format!("{in_time} --default-sig-expire 1d"), &nothing, "its signature has expired");
    case("old-sha", &generate("sha", "never", &[]), "--digest-algo SHA512", &nothing, "");
    let certified = generate("certified", "never", &[]);
    let friend = generate("friend", "never", &[]);
    let certify = || drop(gpg.run(&["--yes", "--local-user", &friend, "--quick-sign-key", &certified], ""));
    case("certified", &certified, "", &certify, "");
    let part = generate("part", "never", &[]);
    gpg.run(&["--quick-add-key", &part, "ed25519", "sign", "never"], "");
    case("part", &part, "", &nothing, "");
    let late = generate("late", "never", &then);
    gpg.run(&[&then[..], &["--quick-add-key", &late, "ed25519", "sign", "1d"]].concat(), "");
    case("late-part", &late, &in_time, &nothing, "has expired");
    let lost = generate("lost", "never", &[]);
    gpg.run(&["--quick-add-key", &lost, "ed25519", "sign", "never"], "");
    let revoke_part =
        || drop(gpg.run(&["--command-fd", "0", "--edit-key", &lost, "key 1", "revkey", "save"], "y\n0\n\ny\n"));
    case("lost-part", &lost, "", &revoke_part, "is revoked");
    let revoked = generate("revoked", "never", &[]);
    let revoke = || {
        let file = gpg.home.join(format!("openpgp-revocs.d/{revoked}.rev"));
        let text = std::fs::read_to_string(file).unwrap();
        gpg.run(&["--import"], &text.replace(":-----BEGIN", "-----BEGIN"));
    };
    case("revoked", &revoked, "", &revoke, "is revoked");
    let everybody: Vec<&Signer> = cases.iter().map(|(signer, ..)| signer).collect();
    for (signer, revision, part) in &cases {
        for trusted in [&[signer][..], &everybody] {
            let told = said(verified(&anonymous(&home.url()), revision, Signed::Head, trusted));
            assert!(if part.is_empty() { told.is_empty() } else { told.contains(part) }, "{}: {told}", signer.name);
        }
        let git = Judge::who_knows(&[signer]).says(&home, "commit", &revision.commit);
        assert_eq!(git, part.is_empty(), "git of {}", signer.name);
    }
    // All keys in one file, block after block.
    let all = everybody.iter().map(|signer| signer.public.as_str()).collect::<String>();
    let ring = Signer { settings: Vec::new(), name: "ring.asc", public: all };
    assert_eq!(said(verified(&anonymous(&home.url()), &cases[0].1, Signed::Head, &[&ring])), "");
}
