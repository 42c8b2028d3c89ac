//! `KUBECTL_EXTERNAL_DIFF` is started as kubectl starts it: with its arguments and two directories, which nobody else may read, in which
//! no value of a Secret is, and which are gone afterwards.

use testkit::cluster::{Ran, Sandbox};

const LOOK: &str = "#!/bin/sh\nprintf 'arguments %s\\n' \"$#\" \"$1\"\nstat -c '%a %n' \"$2\" \"$3\" \"$2\"/* \"$3\"/*\ndiff -ru \"$2\" \"$3\"\n";

fn diff(sandbox: &Sandbox, program: &str, more: &[&str]) -> Ran {
    let mut command = sandbox.gitops_command(&[&["diff", "app"], more].concat());
    let output = command.env("KUBECTL_EXTERNAL_DIFF", program).output().expect("the plugin starts");
    Ran::from_output(format!("KUBECTL_EXTERNAL_DIFF={program} diff app"), &output)
}

pub(crate) fn check(sandbox: &Sandbox) {
    let kustomization = |value: &str| {
        format!(
            "configMapGenerator:\n- name: settings\n  literals: [mode={value}]\nsecretGenerator:\n- name: db\n  literals: [password=canary-{value}, user=ann]\n\
             generatorOptions: {{disableNameSuffixHash: true}}\n"
        )
    };
    sandbox.write("app/kustomization.yaml", &kustomization("one")).write("look.sh", LOOK);
    sandbox.gitops(&["apply", "app"]).ok();
    sandbox.write("app/kustomization.yaml", &(kustomization("two") + "namePrefix: ''\nresources: [new.yaml]\n"));
    sandbox.write("app/new.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: new}\ndata: {a: b}\n");

    let ran = diff(sandbox, "sh look.sh --word", &[]).exit(1).hides("canary").hides("Y2FuYXJ5");
    let namespace = &sandbox.namespace;
    for text in [
        "arguments 3",
        "arguments --word",
        "-  mode: one",
        "+  mode: two",
        "-  password: '*** (before)'",
        "+  password: '*** (after)'",
        "   user: '***'",
        "+  a: b",
        &format!("/v1.ConfigMap.{namespace}.settings"),
    ] {
        assert!(ran.stdout.contains(text), "it lacks {text:?}\n{ran}");
    }
    let is_mode = |mode: &str| mode.len() == 3 && mode.bytes().all(|byte| byte.is_ascii_digit());
    let modes: Vec<(&str, &str)> =
        ran.stdout.lines().filter_map(|line| line.split_once(" /")).filter(|(mode, _)| is_mode(mode)).collect();
    assert_eq!(modes.len(), 8, "two directories, three files each\n{ran}");
    for (mode, path) in modes {
        let directory = !path.contains("/v1.");
        assert_eq!(mode, if directory { "700" } else { "600" }, "{path}");
        assert!(!std::path::Path::new(&format!("/{path}")).exists(), "{path} is left");
    }
    assert!(ran.stderr.contains("Plan: 1 to create, 2 to update."), "{ran}");

    // A form that was asked for comes from us; a program that fails is an error.
    diff(sandbox, "sh look.sh", &["-o", "json"]).exit(1).says("\"schema\": \"v1.0\"").hides("arguments");
    diff(sandbox, "false-no-such-program", &[]).exit(2).says("G0109").says("cannot be run");
    diff(sandbox, "sh -c exit\u{20}7", &[]).exit(1);
    sandbox.write("fail.sh", "exit 7\n");
    diff(sandbox, "sh fail.sh", &[]).exit(2).says("exit status: 7");
    diff(sandbox, " ", &[]).exit(1).says("data.mode");
}
