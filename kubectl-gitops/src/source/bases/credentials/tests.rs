//! Each place where credentials may be, on a home directory of the test's own.

use std::fs;

use super::*;

fn found(url: &str, config: &str, files: &[(&str, &str)], env: &[(&str, &str)]) -> Option<(String, String)> {
    let home = tempfile::tempdir().unwrap();
    let here = home.path().display().to_string();
    for (name, text) in files {
        let path = home.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text.replace("HOME", &here)).unwrap();
        #[cfg(unix)]
        if text.starts_with("#!") {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
    fs::write(home.path().join(".gitconfig"), config.replace("HOME", &here)).unwrap();
    let variable = |name: &str| match name {
        "HOME" => Some(here.clone()),
        "GIT_CONFIG_NOSYSTEM" => Some("1".to_owned()),
        name => env.iter().find(|(known, _)| *known == name).map(|(_, value)| value.replace("HOME", &here)),
    };
    let login = find(url, &GitConfig::of_user(&variable), &variable)?;
    Some((login.user, login.password.expose().clone()))
}

fn pair(user: &str, password: &str) -> (String, String) {
    (user.to_owned(), password.to_owned())
}

const STORE: &str = "[credential]\nhelper = store\n";

#[test]
fn a_store_is_read_as_git_reads_it() {
    let file = "https://ann:a%40b%3Ac@git.example.com\nhttp://bob:plain@git.example.com\nhttps://cat:port@git.example.com:8443\n\
                nonsense\nhttps://dan:two@git.example.com\nhttps://eve:p@github.com/org/repo.git\n";
    let ask = |url: &str, config: &str| found(url, config, &[(".git-credentials", file)], &[]);
    assert_eq!(ask("https://git.example.com/x.git", STORE), Some(pair("ann", "a@b:c")));
    assert_eq!(ask("https://GIT.example.com/x.git", ""), Some(pair("ann", "a@b:c")));
    assert_eq!(ask("http://git.example.com/x.git", STORE), Some(pair("bob", "plain")));
    assert_eq!(ask("https://git.example.com:8443/x.git", STORE), Some(pair("cat", "port")));
    assert_eq!(ask("https://dan@git.example.com/x.git", STORE), Some(pair("dan", "two")));
    assert_eq!(ask("https://zoe@git.example.com/x.git", STORE), None);
    assert_eq!(ask("https://example.com/x.git", STORE), None);
    let by_path = format!("{STORE}useHttpPath = true\n");
    assert_eq!(ask("https://github.com/org/repo.git", &by_path), Some(pair("eve", "p")));
    assert_eq!(ask("https://github.com/org/other.git", &by_path), None);
    let by_name = format!("{STORE}[credential \"https://git.example.com\"]\nusername = dan\n");
    assert_eq!(ask("https://git.example.com/x.git", &by_name), Some(pair("dan", "two")));
    // Taken back by an empty helper.
    assert_eq!(ask("https://git.example.com/x.git", &format!("{STORE}helper =\n")), None);
}

#[test]
fn a_store_may_lie_elsewhere() {
    let url = "https://git.example.com/x.git";
    let line = "https://ann:hunter2@git.example.com\n";
    let elsewhere = "[credential]\nhelper = store --file ~/keys/store\n";
    assert_eq!(found(url, elsewhere, &[("keys/store", line)], &[]), Some(pair("ann", "hunter2")));
    let elsewhere = "[credential]\nhelper = store --file=HOME/keys/store\n";
    assert_eq!(found(url, elsewhere, &[("keys/store", line)], &[]), Some(pair("ann", "hunter2")));
    assert_eq!(found(url, STORE, &[(".config/git/credentials", line)], &[]), Some(pair("ann", "hunter2")));
    let xdg = [("XDG_CONFIG_HOME", "HOME/xdg")];
    assert_eq!(found(url, STORE, &[("xdg/git/credentials", line)], &xdg), Some(pair("ann", "hunter2")));
}

#[test]
#[cfg(unix)]
fn helpers_are_asked_in_order() {
    let url = "https://git.example.com/x.git";
    let helper = "#!/bin/sh\nread a; read b\n[ \"$1\" = get ] && [ \"$a $b\" = 'protocol=https host=git.example.com' ] || exit 1\n\
                  echo username=ann; echo password=from-helper\n";
    let config = "[credential]\nhelper = HOME/failing\nhelper = HOME/helper\nhelper = store\n";
    let files = [("helper", helper), ("failing", "#!/bin/sh\nexit 1\n")];
    assert_eq!(found(url, config, &files, &[]), Some(pair("ann", "from-helper")));
    let shell =
        "[credential \"https://git.example.com\"]\nhelper = \"!f() { echo username=ann; echo password=shell; }; f\"\n";
    assert_eq!(found(url, shell, &[], &[]), Some(pair("ann", "shell")));
    assert_eq!(found("https://example.com/x.git", shell, &[], &[]), None);
    assert_eq!(found(url, "[credential]\nhelper = no-such-helper-anywhere\n", &[], &[]), None);
}

#[test]
fn netrc_is_read_last() {
    let url = "https://git.example.com:8443/x.git";
    let netrc = "# machines\nmachine other login x password y\nmachine git.example.com\n  login ann\n  password hunter2\ndefault login guest password guest\n";
    assert_eq!(found(url, "", &[(".netrc", netrc)], &[]), Some(pair("ann", "hunter2")));
    assert_eq!(found("https://example.org/x", "", &[(".netrc", netrc)], &[]), Some(pair("guest", "guest")));
    assert_eq!(found(url, "", &[("n", netrc)], &[("NETRC", "HOME/n")]), Some(pair("ann", "hunter2")));
    assert_eq!(found(url, "", &[(".netrc", "machine git.example.com login ann")], &[]), None);
}

#[test]
#[cfg(unix)]
fn a_program_may_ask_a_person() {
    let url = "https://git.example.com/x.git";
    let ask = "#!/bin/sh\ncase \"$1\" in\n\"Username for 'https://git.example.com': \") echo ann ;;\n\
               \"Password for 'https://ann@git.example.com': \") echo hunter2 ;;\n*) exit 1 ;;\nesac\n";
    for variable in ["GIT_ASKPASS", "SSH_ASKPASS"] {
        assert_eq!(found(url, "", &[("ask", ask)], &[(variable, "HOME/ask")]), Some(pair("ann", "hunter2")));
    }
    assert_eq!(found(url, "[core]\naskPass = HOME/ask\n", &[("ask", ask)], &[]), Some(pair("ann", "hunter2")));
    assert_eq!(found(url, "", &[], &[]), None);
}
