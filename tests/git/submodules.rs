//! Submodules: by relative and absolute URLs, in each other, and such as no git would fetch.

use super::*;

fn with_submodules() -> Wants {
    Wants { submodules: true, ..Wants::default() }
}

#[test]
fn submodules_are_fetched_in_each_other_and_only_if_wanted() {
    let place = Place::new();
    let server = place.serve(&Serving::default());
    let (inner, lib, home) = (place.repository("inner.git"), place.repository("lib.git"), place.repository("home.git"));
    inner.write("inner.yaml", "inner: 1\n");
    inner.commit("inner");
    lib.write("lib.yaml", "lib: 1\n");
    lib.commit("lib");
    lib.submodule(&server.url("inner.git"), "vendor/inner");
    home.write("home.yaml", "home: 1\n");
    home.commit("home");
    home.submodule(&server.url("lib.git"), "vendor/lib");
    // As people write it who move between hosts.
    home.git(&["config", "-f", ".gitmodules", "submodule.vendor/lib.url", "../lib.git"]);
    home.commit("a relative URL");
    // What comes later in the submodule is not in the commit.
    lib.write("lib.yaml", "lib: 2\n");
    lib.commit("later");
    let remote = anonymous(&server.url("home.git"));
    let (_, files) = fetch_with(&remote, &main_branch(), &with_submodules(), &Limits::default())
        .unwrap_or_else(|error| panic!("{}", told(&error)));
    assert_eq!(files["vendor/lib/lib.yaml"], "lib: 1\n");
    assert_eq!(files["vendor/lib/vendor/inner/inner.yaml"], "inner: 1\n");
    let (_, files) = fetch(&remote).unwrap();
    assert!(files.contains_key("home.yaml") && !files.keys().any(|name| name.starts_with("vendor")), "{files:?}");
}

#[test]
fn urls_of_submodules_run_nothing_and_read_nothing_here() {
    for url in [
        "ext::sh -c touch% planted",
        "-u./planted",
        "--upload-pack=touch planted",
        "file:///etc",
        "/etc",
        "../../../../../../etc",
        "ssh://-oProxyCommand=touch planted/x",
        "fd::17",
        "http://127.0.0.1:1/absent.git",
    ] {
        let place = Place::new();
        let server = place.serve(&Serving::default());
        let home = place.home();
        let modules = format!("[submodule \"x\"]\n\tpath = x\n\turl = {url}\n");
        let link = home.head();
        let tree = home.tree(&[("100644", ".gitmodules", &home.blob(modules.as_bytes())), ("160000", "x", &link)]);
        home.commit_tree(&tree);
        let remote = anonymous(&server.url("home.git"));
        let result = fetch_with(&remote, &main_branch(), &with_submodules(), &Limits::default());
        let error = result.expect_err(url);
        assert!(!Path::new("planted").exists() && !told(&error).is_empty());
    }
}

#[test]
fn a_submodule_without_a_url_or_with_a_foreign_path_is_an_error() {
    for modules in [
        "",
        "[submodule \"x\"]\n\tpath = ../x\n\turl = ../home.git\n",
        "[submodule \"x\n",
        "[submodule \"x\"]\n\tpath = x\n",
    ] {
        let place = Place::new();
        let server = place.serve(&Serving::default());
        let home = place.home();
        let link = home.head();
        let tree = home.tree(&[("100644", ".gitmodules", &home.blob(modules.as_bytes())), ("160000", "x", &link)]);
        home.commit_tree(&tree);
        let remote = anonymous(&server.url("home.git"));
        let error = fetch_with(&remote, &main_branch(), &with_submodules(), &Limits::default()).expect_err(modules);
        assert!(told(&error).contains("submodule"), "{modules:?}: {}", told(&error));
    }
}

#[test]
fn a_password_stays_with_its_server() {
    let place = Place::new();
    let (lib, home) = (place.repository("lib.git"), place.repository("home.git"));
    lib.write("lib.yaml", "lib: 1\n");
    lib.commit("lib");
    let private = place.serve(&Serving { user: Some(("ann", "hunter2")), ..Serving::default() });
    let foreign = place.serve(&Serving::default());
    home.write("home.yaml", "home: 1\n");
    home.commit("home");
    home.submodule(&foreign.url("lib.git"), "lib");
    home.git(&["config", "-f", ".gitmodules", "submodule.lib.url", &foreign.url("lib.git")]);
    home.commit("elsewhere");
    foreign.asked();
    let remote = Remote::new(&private.url("home.git"), basic("ann", "hunter2")).unwrap();
    let (_, files) = fetch_with(&remote, &main_branch(), &with_submodules(), &Limits::default())
        .unwrap_or_else(|error| panic!("{}", told(&error)));
    assert_eq!(files["lib/lib.yaml"], "lib: 1\n");
    let asked = foreign.asked();
    assert!(!asked.is_empty() && asked.iter().all(|asked| asked.authorization.is_none()), "{asked:?}");
    // On its own server a submodule is as private as its repository.
    home.git(&["config", "-f", ".gitmodules", "submodule.lib.url", "../lib.git"]);
    home.commit("here");
    let (_, files) = fetch_with(&remote, &main_branch(), &with_submodules(), &Limits::default())
        .unwrap_or_else(|error| panic!("{}", told(&error)));
    assert_eq!(files["lib/lib.yaml"], "lib: 1\n");
}
