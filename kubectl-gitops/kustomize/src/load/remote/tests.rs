//! The forms of addresses, against what the real tool makes of them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::*;
use crate::load::clean;

/// What the real kustomize asks git for, written by `tests/oracle/remote.sh`.
const TABLE: &str = include_str!("../../../../../fixtures/remote/urls.tsv");

#[test]
fn git_is_asked_for_what_kustomize_asks_it_for() {
    let (mut repositories, mut others) = (0, 0);
    for line in TABLE.lines() {
        let columns: Vec<&str> = line.split('\t').collect();
        let request = RepositoryRequest::parse(columns[0]);
        match columns[1..] {
            ["-"] => {
                others += 1;
                assert!(request.is_err(), "{line}: {request:?}");
            }
            [url, reference, submodules, directory] => {
                repositories += 1;
                let request = request.unwrap_or_else(|error| panic!("{line}: {error}"));
                let wanted = if request.reference.is_empty() { "HEAD" } else { request.reference.as_str() };
                let top = Path::new("/tmp/checkout");
                let there = match clean(&top.join(request.path.trim_start_matches('/'))).strip_prefix(top) {
                    Ok(inside) if inside == Path::new("") => PathBuf::from("."),
                    Ok(inside) => inside.to_owned(),
                    Err(_) => PathBuf::from("outside"),
                };
                assert_eq!((request.clone_url.as_str(), wanted), (url, reference), "{line}");
                assert_eq!(
                    (request.submodules, there.as_path()),
                    (submodules == "yes", Path::new(directory)),
                    "{line}"
                );
            }
            _ => panic!("{line}"),
        }
    }
    assert!(repositories > 400 && others > 200, "{repositories} {others}");
}

#[test]
fn a_timeout_is_seconds_or_a_duration() {
    for (text, expected) in [
        ("61", Some(61_000)),
        ("+5", Some(5_000)),
        ("61s", Some(61_000)),
        ("1m30s", Some(90_000)),
        ("1.5h", Some(5_400_000)),
        (".5s", Some(500)),
        ("%2B2s", Some(2_000)),
        ("250ms", Some(250)),
        ("1us", None),
        ("0", None),
        ("-5", None),
        ("-5s", None),
        ("5 s", None),
        ("5x", None),
        ("s", None),
        ("99999999999999999999", None),
        ("9999999h", None),
    ] {
        let text = text.replace('+', "%2B");
        let request = RepositoryRequest::parse(&format!("https://github.com/org/repo?timeout={text}")).unwrap();
        if text == "1us" {
            assert_eq!(request.timeout, Duration::from_micros(1));
            continue;
        }
        assert_eq!(request.timeout, Duration::from_millis(expected.unwrap_or(27_000)), "{text}");
    }
}

#[test]
fn what_git_or_ssh_would_take_for_an_option_is_refused() {
    let check = |text: &str| RepositoryRequest::parse(text).unwrap().check();
    let reference = |text: &str| Err(UnsafeRequest::Reference { reference: text.to_owned() });
    assert_eq!(check("https://github.com/org/repo?ref=v1"), Ok(()));
    assert_eq!(check("https://github.com/org/repo?ref=--upload-pack=x"), reference("--upload-pack=x"));
    assert_eq!(check("https://github.com/org/repo?version=-x"), reference("-x"));
    assert_eq!(check("ssh://-oProxyCommand=x/org/repo"), Err(UnsafeRequest::Host));
    assert_eq!(check("ssh://git@-oProxyCommand=x/org/repo"), Err(UnsafeRequest::Host));
    assert_eq!(check("git@-oProxyCommand=x:org/repo"), Err(UnsafeRequest::Host));
    assert_eq!(check("https://github.com/org/repo?ref=a%0Ab"), Err(UnsafeRequest::ControlCharacter));
    assert_eq!(check("https://github.com/org/re\u{7}po"), Err(UnsafeRequest::ControlCharacter));
}

#[test]
fn a_file_has_a_valid_url() {
    for (text, expected) in [
        ("http://example.com/a.yaml", Some("http://example.com/a.yaml")),
        ("HTTPS://example.com/a.yaml", Some("https://example.com/a.yaml")),
        ("https://example.com", Some("https://example.com")),
        ("https://example.com:8443/a b.yaml?x=y z#part", Some("https://example.com:8443/a%20b.yaml?x=y%20z")),
        ("https://ann:pw@example.com/a", Some("https://ann:pw@example.com/a")),
        ("https://example.com/ü", Some("https://example.com/%C3%BC")),
        ("https://[::1]:80/a", Some("https://[::1]:80/a")),
        ("http:a", None),
        ("http:///a", None),
        ("http://:80/a", None),
    ] {
        assert!(is_remote_file(text), "{text}");
        assert_eq!(file_url(text).ok().as_deref(), expected, "{text}");
    }
    for text in [
        "a.yaml",
        "ftp://example.com/a",
        "https://exa mple.com/",
        "https://example.com:x/",
        "https://a/%zz",
        "http://a\n",
    ] {
        assert!(!is_remote_file(text), "{text}");
    }
}

#[test]
fn passwords_and_tokens_are_never_shown() {
    for (address, shown) in [
        ("https://ann:hunter2@example.com/org/repo//a?ref=v1&token=x", "https://example.com/org/repo//a?ref=v1"),
        ("https://token@example.com/org/repo", "https://example.com/org/repo"),
        ("git::https://token@example.com/org/repo", "git::https://example.com/org/repo"),
        ("ssh://git@example.com/home.git", "ssh://git@example.com/home.git"),
        ("git@example.com:home.git?ref=x", "git@example.com:home.git?ref=x"),
        ("https://example.com/a@b.yaml?X-Amz-Signature=abc", "https://example.com/a@b.yaml"),
    ] {
        assert_eq!(without_credentials(address), shown);
    }
}
