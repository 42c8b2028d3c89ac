//! HTTP and TLS: who is let in, whom we trust, and servers that go wrong.

use std::time::{Duration, Instant};

use testkit::git::{Authority, Manner};

use super::*;

fn secret(text: &str) -> Masked<String> {
    Masked::new(text.to_owned())
}

#[test]
fn a_password_or_a_token_opens_and_nothing_else_does() {
    let place = Place::new();
    let home = place.home();
    let with_password = place.serve(&Serving { user: Some(("ann", "hunter2")), ..Serving::default() });
    let with_token = place.serve(&Serving { token: Some("token-hunter2"), ..Serving::default() });
    for (server, access, given) in [
        (&with_password, basic("ann", "hunter2"), None),
        (&with_password, basic("ann", "wrong-hunter2"), Some(true)),
        (&with_password, basic("bob", "hunter2"), Some(true)),
        (&with_password, Access::Bearer(secret("hunter2")), Some(true)),
        (&with_password, Access::Anonymous, Some(false)),
        (&with_token, Access::Bearer(secret("token-hunter2")), None),
        (&with_token, Access::Bearer(secret("other-hunter2")), Some(true)),
        (&with_token, Access::Anonymous, Some(false)),
    ] {
        let remote = Remote::new(&server.url("home.git"), access.clone()).unwrap();
        match (fetch(&remote), given) {
            (Ok((revision, files)), None) => {
                assert_eq!(revision.commit, home.head());
                assert_eq!(files["README"], "hello\n");
            }
            (Err(error @ GitError::Unauthorized { .. }), Some(expected)) => {
                assert!(matches!(&error, GitError::Unauthorized { given, .. } if *given == expected), "{error:?}");
                assert!(!told(&error).contains("hunter2") && !format!("{error:?}").contains("hunter2"));
                assert!(error.hint().is_some());
            }
            (other, _) => panic!("{access:?}: {other:?}"),
        }
    }
    // As git takes them from a URL, too.
    let remote = Remote::new(&with_password.url_for("ann", "hunter2", "home.git"), Access::Anonymous).unwrap();
    assert!(!remote.url().contains("hunter2") && !format!("{remote:?}").contains("hunter2"));
    assert_eq!(fetch(&remote).unwrap().0.commit, home.head());
}

#[test]
fn only_whom_we_trust_is_spoken_to() {
    let place = Place::new();
    let home = place.home();
    let (ours, stranger) = (Authority::named("ours"), Authority::named("a stranger's"));
    let (good, misnamed) = (ours.server("127.0.0.1"), ours.server("example.com"));
    let secure =
        |identity| place.serve(&Serving { tls: Some(identity), user: Some(("ann", "hunter2")), ..Serving::default() });
    let (server, other) = (secure(&good), secure(&misnamed));
    for (server, ca, trusted) in [
        (&server, Some(ours.pem()), true),
        (&server, Some(format!("{}{}", stranger.pem(), ours.pem())), true),
        (&server, Some(stranger.pem()), false),
        (&server, None, false),
        (&other, Some(ours.pem()), false),
    ] {
        let remote = Remote::new(&server.url("home.git"), basic("ann", "hunter2")).unwrap();
        let remote = match &ca {
            Some(pem) => remote.with_ca(pem.clone().into_bytes()),
            None => remote,
        };
        match fetch(&remote) {
            Ok((revision, _)) => assert!(trusted && revision.commit == home.head()),
            Err(error @ GitError::Tls { .. }) => {
                assert!(!trusted, "{}", told(&error));
                assert!(server.asked().is_empty(), "who is not trusted gets no request");
            }
            Err(other) => panic!("{}", told(&other)),
        }
        server.asked();
    }
    let remote = anonymous(&server.url("home.git")).with_ca(b"no certificate".to_vec());
    assert!(matches!(fetch(&remote), Err(GitError::TlsSetUp { .. })), "{:?}", fetch(&remote));
    let plain = place.serve(&Serving::default());
    let remote = anonymous(&plain.url("home.git").replace("http://", "https://"));
    let error = fetch(&remote).unwrap_err();
    assert!(matches!(error, GitError::Tls { untrusted: false, .. } | GitError::Lost { .. }), "{}", told(&error));
}

#[test]
fn a_server_that_asks_for_a_certificate_gets_ours() {
    let place = Place::new();
    let home = place.home();
    let (ours, stranger) = (Authority::named("ours"), Authority::named("a stranger's"));
    let identity = ours.server("127.0.0.1");
    let server = place.serve(&Serving { tls: Some(&identity), clients: Some(&ours), ..Serving::default() });
    let trusting = || anonymous(&server.url("home.git")).with_ca(ours.pem().into_bytes());
    let showing = |who: &testkit::git::Identity| {
        trusting()
            .with_client_certificate(who.certificate.clone().into_bytes(), Masked::new(who.key.clone().into_bytes()))
    };
    assert_eq!(fetch(&showing(&ours.client("ann"))).unwrap().0.commit, home.head());
    server.asked();
    for remote in [trusting(), showing(&stranger.client("ann"))] {
        let error = fetch(&remote).unwrap_err();
        assert!(matches!(error, GitError::Tls { .. } | GitError::Lost { .. }), "{}", told(&error));
        assert!(server.asked().is_empty());
    }
}

#[test]
fn redirects_are_followed_and_take_no_password_elsewhere() {
    let place = Place::new();
    let home = place.home();
    let target = place.serve(&Serving::default());
    let door = place.serve(&Serving::default());
    door.behave(Manner::RedirectsTo(target.url("").trim_end_matches('/').to_owned()));
    let remote = Remote::new(&door.url("home.git"), basic("ann", "hunter2")).unwrap();
    assert_eq!(fetch(&remote).unwrap().0.commit, home.head());
    let asked = target.asked();
    assert!(!asked.is_empty() && asked.iter().all(|asked| asked.authorization.is_none()), "{asked:?}");
    door.behave(Manner::RedirectsTo(door.url("").trim_end_matches('/').to_owned()));
    assert!(matches!(fetch(&remote), Err(GitError::Redirect { .. })), "{:?}", fetch(&remote));
    door.behave(Manner::RedirectsTo("ftp://example.com".to_owned()));
    assert!(told(&fetch(&remote).unwrap_err()).contains("to another protocol"));
    // From https to http a password would travel in the clear.
    let authority = Authority::named("ours");
    let identity = authority.server("127.0.0.1");
    let secure = place.serve(&Serving { tls: Some(&identity), ..Serving::default() });
    secure.behave(Manner::RedirectsTo(target.url("").trim_end_matches('/').to_owned()));
    let remote = anonymous(&secure.url("home.git")).with_ca(authority.pem().into_bytes());
    assert!(matches!(fetch(&remote), Err(GitError::Redirect { .. })), "{:?}", fetch(&remote));
}

#[test]
fn each_way_of_failing_has_its_own_words() {
    let place = Place::new();
    place.home();
    let server = place.serve(&Serving::default());
    let remote = anonymous(&server.url("home.git"));
    for (manner, expected) in [
        (Manner::Answers(403, "no".into()), "forbids"),
        (Manner::Answers(404, "no".into()), "there is no repository"),
        (Manner::Answers(503, "later".into()), "answered 503"),
        (Manner::Answers(200, "<html>a login page</html>".into()), "does not answer as a Git server does"),
        (Manner::Lies(b"<html>a login page</html>".to_vec()), "does not answer as a Git server does"),
        (Manner::Lies(b"".to_vec()), "does not answer as a Git server does"),
        (Manner::Lies(b"001e# service=git-upload-pack\n0000".to_vec()), "does not answer as a Git server does"),
        (Manner::Lies(b"fffffffffffff".to_vec()), "does not answer as a Git server does"),
        (Manner::Lies(b"0013ERR go\x1b[31maway".to_vec()), "refuses: go [31maway"),
    ] {
        server.behave(manner.clone());
        let error = fetch(&remote).unwrap_err();
        assert!(told(&error).contains(expected), "{manner:?}: {}", told(&error));
    }
    server.behave(Manner::Well);
    assert!(matches!(fetch(&anonymous(&server.url("absent.git"))), Err(GitError::NotFound { .. })));
    let nobody = anonymous("http://127.0.0.1:1/home.git");
    assert!(matches!(fetch(&nobody), Err(GitError::Unreachable { .. })), "{:?}", fetch(&nobody));
    let nowhere = anonymous("http://host.invalid/home.git");
    assert!(matches!(fetch(&nowhere), Err(GitError::Unreachable { .. })), "{:?}", fetch(&nowhere));
}

#[test]
fn a_pack_that_breaks_off_is_an_error_wherever_it_does() {
    let place = Place::new();
    let home = place.home();
    // Enough that the pack comes in several pieces.
    let mut noise = 1_u32;
    let content: String = (0..40_000)
        .map(|_| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(b'a' + u8::try_from(noise >> 28).unwrap())
        })
        .collect();
    home.write("large", content);
    home.commit("more");
    let server = place.serve(&Serving::default());
    let remote = anonymous(&server.url("home.git"));
    let revision = remote.resolve(&main_branch(), &Limits::default()).unwrap();
    for bytes in [0, 1, 4, 20, 60, 200, 1000, 10_000] {
        server.behave(Manner::DiesAfter(bytes));
        let into = tempfile::tempdir().unwrap();
        let error = remote.check_out(&revision, &Wants::default(), &Limits::default(), into.path()).unwrap_err();
        let kind = matches!(error, GitError::Lost { .. } | GitError::Pack { .. } | GitError::Protocol { .. });
        assert!(kind, "{bytes}: {}", told(&error));
        assert!(files(into.path()).is_empty(), "{bytes}: nothing of a broken pack is written");
    }
    server.behave(Manner::Well);
    assert!(fetch(&remote).is_ok());
}

#[test]
fn a_server_that_takes_its_time_is_given_up() {
    let place = Place::new();
    place.home();
    let server = place.serve(&Serving::default());
    let remote = anonymous(&server.url("home.git"));
    let limits = Limits { time: Duration::from_secs(2), ..Limits::default() };
    for manner in [Manner::Silent, Manner::Trickles(1, Duration::from_millis(200))] {
        server.behave(manner.clone());
        let began = Instant::now();
        let result = fetch_with(&remote, &main_branch(), &Wants::default(), &limits);
        assert!(matches!(result, Err(GitError::Slow { .. })), "{manner:?}: {result:?}");
        assert!(began.elapsed() < Duration::from_secs(20), "{manner:?}");
    }
    // Slow is not broken.
    server.behave(Manner::Trickles(64, Duration::from_millis(1)));
    assert!(fetch(&remote).is_ok());
}
