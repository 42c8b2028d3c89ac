//! The plugin's command line without a cluster: help, exit codes, messages, and that bad input reaches no cluster.

use std::os::unix::fs::symlink;
use std::process::Stdio;

use testkit::command::Hermetic;

const PROGRAM: &str = env!("CARGO_BIN_EXE_kubectl-gitops");
const GOOD: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: good\n";

fn hermetic() -> Hermetic {
    Hermetic::new(PROGRAM)
}

#[test]
fn help_pages() {
    let here = hermetic();
    insta::assert_snapshot!("help", here.run(&["--help"]).ok());
    for command in [
        "build",
        "edit",
        "diff",
        "apply",
        "sync",
        "delete",
        "status",
        "install",
        "uninstall",
        "secrets",
        "vars",
        "version",
        "completion",
        "explain",
    ] {
        let page = here.run(&[command, "--help"]).ok();
        assert!(page.contains(&format!("Usage: kubectl gitops {command}")), "{page}");
        assert!(page.contains("Examples:"), "every command shows examples: {page}");
        insta::assert_snapshot!(format!("help_{command}"), page);
    }
    for group in ["add", "set", "remove", "fix"] {
        let page = here.run(&["edit", group, "--help"]).ok();
        assert!(page.contains("Examples:"), "every command shows examples: {page}");
        insta::assert_snapshot!(format!("help_edit_{group}"), page);
    }
    for group in ["encrypt", "decrypt", "check"] {
        let page = here.run(&["secrets", group, "--help"]).ok();
        assert!(page.contains("Examples:"), "every command shows examples: {page}");
        insta::assert_snapshot!(format!("help_secrets_{group}"), page);
    }
    assert!(!here.was_contacted());
}

#[test]
fn every_error_code_is_explained() {
    let here = hermetic();
    let list = here.run(&["explain"]).ok();
    insta::assert_snapshot!("codes", list);
    for line in list.lines() {
        let code = line.split(' ').next().expect("a code");
        let text = here.run(&["explain", code]).ok();
        assert!(text.starts_with(&format!("{code}: ")) && text.lines().count() > 2, "{text}");
    }
    here.run(&["explain", "G9999"]).exit(2).says("not an error code");
}

/// Command lines that are wrong, with what the message must say.
const WRONG: &[(&[&str], &str)] = &[
    (&["aply"], "did you mean `apply`?"),
    (&["apply", "--nmae", "x", "app"], "did you mean `--name`?"),
    (&["apply", "--adopt", "al", "app"], "did you mean `all`?"),
    (&["apply", "--timeout", "soon", "app"], "`soon` is not a duration"),
    (&["apply", "--concurrency", "0", "app"], "`0`"),
    (&["apply"], "error[G0102]"),
    (&["diff"], "error[G0102]"),
    (&["apply", "app", "-f", "good.yaml"], "cannot be used with"),
    (&["apply", "app", "-R"], "--filename"),
    (&["apply", "-f", "-", "-f", "-", "--name", "x"], "only once"),
    (&["apply", "-f", "good.yaml"], "--name"),
    (&["apply", "app", "--name", "Not_A_Name"], "`Not_A_Name` cannot name a set"),
    (&["apply", "app", "--allow-delete", "pod"], "names no protected kind"),
    (&["sync"], "--url"),
    (&["sync", "--url", "https://a/b", "--path", "../c"], "does not lie in the repository"),
    (&["sync", "--url", "https://a/b", "--branch", "a", "--tag", "b"], "cannot be used with"),
    (&["sync", "--url", "https://a/b", "--username", "ann"], "needs a password"),
    (&["sync", "--url", "https://a/b", "--ssh-key-file", "k"], "--known-hosts-file"),
    (&["sync", "--url", "https://a/b", "--secret-ref", "a/b/c"], "names no Secret"),
    (&["delete"], "<NAME>"),
    (&["build", "app", "-o", "missing/out.yaml"], "cannot write `missing/out.yaml`"),
    (&["apply", "app", "--context", "nope"], "nope"),
    (&["apply", "app", "--kubeconfig", "nope"], "nope"),
];

#[test]
fn a_wrong_command_line_is_one_message_and_exit_2() {
    let here = hermetic();
    here.write("app/kustomization.yaml", "resources: [good.yaml]\n")
        .write("app/good.yaml", GOOD)
        .write("good.yaml", GOOD);
    for (args, expected) in WRONG {
        let ran = here.run(args).exit(2).says(expected).says("error[G").says("Nothing was written to the cluster");
        assert_eq!(ran.stdout, "", "{ran}");
        assert!(!here.was_contacted(), "{ran}");
    }
}

/// Inputs that are wrong: files, arguments, code, what the message must say.
type Input = (&'static [(&'static str, &'static str)], &'static [&'static str], &'static str, &'static [&'static str]);
const BAD: &[Input] = &[
    (&[("x/kustomization.yaml", "resources: [a.yaml]\n"), ("x/a.yaml", "a: [\n")], &["x"], "G0201", &["a.yaml:2:1"]),
    (&[("x.yaml", "kind: A\nkind: B\n")], &["-f", "x.yaml", "--name", "x"], "G0201", &["x.yaml:2", "`kind`"]),
    (
        &[("x/kustomization.yaml", "resources: [god.yaml]\n"), ("x/good.yaml", GOOD)],
        &["x"],
        "G0204",
        &["god.yaml", "good.yaml"],
    ),
    (&[("app.yaml", GOOD)], &["-f", "ap.yaml", "--name", "x"], "G0204", &["did you mean `app.yaml`?"]),
    (&[("apps/x.yaml", GOOD)], &["app"], "G0204", &["did you mean `apps`?"]),
    (&[("x.yaml", GOOD)], &["x.yaml"], "G0208", &["x.yaml"]),
    (&[("x/a.yaml", GOOD)], &["-k", "x"], "", &["kustomization"]),
    (&[("x/a.txt", "")], &["-f", "x", "--name", "x"], "G0102", &["no file that ends in .yaml"]),
    (
        &[("x.yaml", "apiVersion: v1\nkind: ConfigMap\n")],
        &["-f", "x.yaml", "--name", "x"],
        "G0205",
        &["metadata.name", "x.yaml:1"],
    ),
    (
        &[("x.yaml", "kind: ConfigMap\nmetadata: {name: a}\n")],
        &["-f", "x.yaml", "--name", "x"],
        "G0205",
        &["apiVersion"],
    ),
    (&[("x.yaml", "- a\n")], &["-f", "x.yaml", "--name", "x"], "G0205", &["a list"]),
    (
        &[("x.yaml", "resources: [a.yaml]\n")],
        &["-f", "x.yaml", "--name", "x"],
        "G0205",
        &["give its directory with -k"],
    ),
    (
        &[("x/kustomization.yaml", "resources: [a.yaml, b.yaml]\n"), ("x/a.yaml", GOOD), ("x/b.yaml", GOOD)],
        &["x"],
        "G0203",
        &["good", "b.yaml"],
    ),
    (&[("x/kustomization.yaml", "resourcs: []\n")], &["x"], "", &["resourcs"]),
    (&[("x/kustomization.yaml", "resources: [../a.yaml]\n"), ("a.yaml", GOOD)], &["x"], "G0206", &["../a.yaml"]),
    (&[("x/a.yaml", GOOD), ("x/.sourceignore", "b\n")], &["x"], "G0202", &[".sourceignore"]),
    (&[("x/a.yaml", "just: text\n")], &["x"], "G0205", &["has no kustomization"]),
];

#[test]
fn bad_input_is_named_and_reaches_no_cluster() {
    for (files, args, code, expected) in BAD {
        let here = hermetic();
        for (path, text) in *files {
            here.write(path, text);
        }
        for command in ["apply", "diff"] {
            let mut ran = here.run(&[&[command], *args].concat()).exit(2).says(&format!("error[{code}"));
            for text in *expected {
                ran = ran.says(text);
            }
            assert_eq!(ran.stdout, "", "{ran}");
            assert!(!here.was_contacted(), "{ran}");
        }
    }
}

#[test]
fn two_objects_of_one_name_from_files_are_refused() {
    let here = hermetic();
    here.write("a.yaml", GOOD).write("b.yaml", GOOD);
    here.run(&["apply", "-f", "a.yaml", "-f", "b.yaml", "--name", "x"])
        .exit(2)
        .says("G0203")
        .says("a.yaml")
        .says("b.yaml");
    assert!(!here.was_contacted());
}

#[test]
fn an_unreachable_cluster_is_exit_6_and_names_the_server() {
    let here = hermetic();
    here.kubeconfig("closed", "https://127.0.0.1:1").write("app/a.yaml", GOOD);
    for args in [&["apply", "app"][..], &["diff", "app"], &["status"], &["delete", "app"]] {
        let args = [args, &["--kubeconfig", "closed", "--request-timeout", "2s"]].concat();
        here.run(&args).exit(6).says("error[G0601]").says("https://127.0.0.1:1").hides("hunter2");
    }
}

#[test]
fn without_any_cluster_it_says_where_it_looked() {
    let here = hermetic();
    here.write("app/a.yaml", GOOD);
    let output = here.command(&["apply", "app"]).env_remove("KUBECONFIG").output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("error[G0104]") && text.contains("KUBECONFIG") && text.contains("k3s.yaml"), "{text}");
}

#[test]
fn build_prints_writes_a_file_or_a_directory() {
    let here = hermetic();
    here.write("app/kustomization.yaml", "namePrefix: my-\nresources: [good.yaml]\n").write("app/good.yaml", GOOD);
    let expected = GOOD.replace("good", "my-good");
    assert_eq!(here.run(&["build", "app"]).ok(), expected);
    assert_eq!(here.run(&["build", "-k", "app"]).ok(), expected);
    assert_eq!(here.run(&["build", "app", "-o", "out.yaml"]).ok(), "");
    assert_eq!(std::fs::read_to_string(here.dir().join("out.yaml")).expect("a file"), expected);
    std::fs::create_dir(here.dir().join("out")).expect("a directory");
    assert_eq!(here.run(&["build", "app", "-o", "out"]).ok(), "");
    assert_eq!(std::fs::read_to_string(here.dir().join("out/v1_configmap_my-good.yaml")).expect("a file"), expected);
    assert!(!here.was_contacted());
}

#[test]
fn only_rendering_understands_a_plain_directory() {
    let here = hermetic();
    here.write("plain/b.yaml", GOOD).write("plain/deep/c.yml", &GOOD.replace("good", "deep"));
    here.run(&["build", "plain"]).exit(2).says("no kustomization");
    let text = here.run(&["build", "plain", "--rendered"]).ok();
    assert!(text.contains("name: good\n") && text.contains("name: deep\n"), "{text}");
    assert!(!here.dir().join("plain/kustomization.yaml").exists());
}

#[test]
fn rendering_puts_hashes_in() {
    let here = hermetic();
    here.write(
        "app/kustomization.yaml",
        "resources: [web.yaml]\nsecretGenerator:\n- name: s\n  literals: [password=hunter2]\n  options: {disableNameSuffixHash: true}\n",
    )
    .write(
        "app/web.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, annotations: {reloader.stakater.com/auto: 'true'}}\nspec:\n  \
         template:\n    spec:\n      containers: [{name: web, envFrom: [{secretRef: {name: s}}]}]\n",
    );
    assert!(!here.run(&["build", "app"]).ok().contains("hash.secret.s"));
    assert!(here.run(&["build", "app", "--rendered"]).ok().contains("kubectl-gitops.dev/hash.secret.s: "));
}

#[test]
fn a_reader_that_goes_away_is_success() {
    let here = hermetic();
    let many: String =
        (0..5000).map(|n| format!("---\n{}", GOOD.replace("good", &format!("a{n}")))).collect::<Vec<_>>().concat();
    here.write("many.yaml", &many);
    let mut child = here.command(&["build", "-f", "many.yaml"]).stdout(Stdio::piped()).spawn().expect("it starts");
    drop(child.stdout.take());
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn version_speaks_to_people_and_programs() {
    let here = hermetic();
    assert!(here.run(&["version"]).ok().contains("builds as kustomize 5.8.1"));
    let json: serde_json::Value = serde_json::from_str(&here.run(&["version", "-o", "json"]).ok()).expect("JSON");
    assert_eq!(json["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn completion_works_for_shells_and_for_kubectl() {
    let here = hermetic();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(here.run(&["completion", shell]).ok().contains("kubectl-gitops"), "{shell}");
    }
    let shim = here.dir().join("kubectl_complete-gitops");
    symlink(PROGRAM, &shim).expect("a link");
    let complete = |words: &[&str]| {
        let output = std::process::Command::new(&shim).args(words).env_clear().output().expect("it runs");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let commands = complete(&["ap"]);
    assert!(commands.starts_with("apply\t") && commands.ends_with("\n:0\n"), "{commands}");
    assert!(complete(&["apply", "--ado"]).starts_with("--adopt\t"));
    assert!(complete(&["apply", "--adopt", ""]).starts_with("auto\nnever\nall\n"));
}

const FUNCTION: &str = "apiVersion: example.com/v1
kind: Fn
metadata:
  name: fn
  annotations:
    config.kubernetes.io/function: |
      SPEC
";

/// A kustomization whose only object comes from the function that `spec` specifies.
fn with_function(spec: &str) -> Hermetic {
    let here = hermetic();
    here.write("app/kustomization.yaml", "generators: [fn.yaml]\n")
        .write("app/fn.yaml", &FUNCTION.replace("SPEC", spec));
    here
}

fn script(here: &Hermetic, path: &str, text: &str) {
    here.write(path, &format!("#!/bin/sh\n{text}\n"));
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(here.dir().join(path), mode).expect("a program");
}

#[test]
fn functions_run_with_leave_only_and_tell_what_they_say() {
    let here = with_function("exec: {path: ./fn.sh, args: [a b]}");
    script(&here, "app/fn.sh", "echo careful >&2; echo \"{kind: ConfigMap, metadata: {name: '$1-$V'}}\"");
    let all = ["build", "app", "--enable-alpha-plugins", "--enable-exec", "-e", "V=x"];
    here.run(&all[..2]).exit(2).says("plugins that are not built in are disabled").says("--enable-alpha-plugins");
    let without = here.run(&all[..3]).exit(0);
    assert_eq!(without.stdout, "", "{without}");
    let without = without.says("warning").says("`--enable-exec` runs it");
    assert!(!without.stderr.contains("careful"), "{without}");
    let ran = here.run(&all).exit(0).says("careful");
    assert_eq!(ran.stdout, "kind: ConfigMap\nmetadata:\n  name: a b-x\n");
    script(&here, "app/fn.sh", "echo 'no host given' >&2; exit 3");
    here.run(&all).exit(2).says("exit code 3").says("no host given").says("fn.yaml:1:1");
}

#[test]
fn diff_and_apply_build_with_the_same_leave() {
    let here = with_function("exec: {path: ./fn.sh}");
    script(&here, "app/fn.sh", "echo '{apiVersion: v1, kind: ConfigMap, metadata: {name: made}}'");
    for command in ["diff", "apply"] {
        here.run(&[command, "app"]).exit(2).says("--enable-alpha-plugins");
        assert!(!here.was_contacted());
        here.run(&[command, "app", "--enable-alpha-plugins", "--enable-exec"]).exit(6);
        assert!(here.was_contacted(), "it was built");
    }
}

#[test]
fn containers_run_by_whatever_runtime_is_there() {
    let here =
        with_function("container: {image: example.com/fn, mounts: [{type: bind, src: data, dst: /d}], envs: [A=1]}");
    let run = |path: &str, more: &[&str]| {
        let mut args = vec!["build", "app", "--enable-alpha-plugins"];
        args.extend(more);
        let output = here.command(&args).env("PATH", here.dir().join(path)).output().expect("the program starts");
        testkit::cluster::Ran::from_output(args.join(" "), &output)
    };
    run("none", &[]).exit(2).says("neither docker nor podman nor nerdctl is installed");
    let tell = "printf 'kind: ConfigMap\\nmetadata: {name: called}\\ndata:\\n  by: \"%s\"\\n  args: \"%s\"\\n' \"${0##*/}\" \"$*\"";
    script(&here, "nerdctl/nerdctl", tell);
    script(&here, "both/nerdctl", "exit 1");
    script(&here, "both/podman", tell);
    let data = here.dir().canonicalize().expect("a directory").join("app/data");
    let args = format!(
        "run --rm -i -a STDIN -a STDOUT -a STDERR --network none --user nobody --security-opt=no-new-privileges \
         --mount type=bind,source={},target=/d,readonly --mount type=tmpfs,source=/t,target=/t \
         -e A=1 -e LOG_TO_STDERR=true -e STRUCTURED_RESULTS=true example.com/fn",
        data.display()
    );
    for (path, name) in [("nerdctl", "nerdctl"), ("both", "podman")] {
        let ran = run(path, &["--mount", "type=tmpfs,src=/t,dst=/t,rw=true"]).exit(0);
        // Long texts are folded.
        let printed = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(printed.contains(&format!("by: {name}")) && printed.contains(&args), "{ran}");
    }
    let ran = run("nerdctl", &["--as-current-user"]).exit(0);
    assert!(!ran.stdout.contains("nobody") && ran.stdout.contains("--user"), "{ran}");
}

#[test]
fn charts_need_leave_and_helm() {
    let here = hermetic();
    here.write("app/kustomization.yaml", "helmCharts: [{name: mini, releaseName: r}]\n")
        .write("app/charts/mini/values.yaml", "a: 1\n");
    here.run(&["build", "app"]).exit(2).says("--enable-helm");
    here.run(&["build", "app", "--enable-helm"]).exit(2).says("there is no program `helm`").says("--helm-command");
    script(
        &here,
        "fake-helm",
        "case $1 in version) echo v3.1.0; exit;; esac
        while [ $# -gt 0 ]; do [ \"$1\" = -f ] && values=$2; shift; done
        echo 'kind: ConfigMap'; echo 'metadata: {name: rendered}'; echo 'data:'; while read -r l; do echo \"  $l\"; done <\"$values\"",
    );
    let ran = here.run(&["build", "app", "--enable-helm", "--helm-command", "./fake-helm"]).exit(0);
    assert_eq!(ran.stdout, "data:\n  a: 1\nkind: ConfigMap\nmetadata:\n  name: rendered\n");
    let left = std::fs::read_dir(std::env::temp_dir()).expect("a directory").flatten();
    let ours = left.filter(|entry| entry.file_name().to_string_lossy().starts_with("kubectl-gitops-"));
    assert_eq!(ours.filter(|entry| entry.path().join("values.yaml").exists()).count(), 0, "values are gone");
}

#[test]
fn deprecated_flags_work_and_say_so() {
    let here = hermetic();
    here.write("app/kustomization.yaml", "resources: [all.yaml]\n").write(
        "app/all.yaml",
        "{kind: Z, metadata: {name: z}}\n---\n{kind: Namespace, apiVersion: v1, metadata: {name: a}}\n",
    );
    let ran = here.run(&["build", "app", "--reorder", "none"]).exit(0).says("`--reorder` is deprecated");
    assert!(ran.stdout.starts_with("kind: Z"), "{ran}");
    let ran = here.run(&["build", "app", "--enable-managedby-label"]).exit(0).says("is deprecated");
    assert_eq!(ran.stdout.matches("app.kubernetes.io/managed-by: kustomize-v5.8.1").count(), 2, "{ran}");
    let on = here.command(&["build", "app"]).env("KUSTOMIZE_ENABLE_MANAGEDBY_LABEL", "on").output().expect("it starts");
    assert_eq!(String::from_utf8_lossy(&on.stdout), ran.stdout);
    let remote = here.run(&["build", "https://me:hunter2@127.0.0.1:1/org/repo.git//x?ref=v1"]).exit(6);
    let remote = remote.says("cannot fetch the repository `https://").says("without a network");
    assert!(!remote.stderr.contains("hunter2"), "{remote}");
    here.run(&["build", "app", "other"]).exit(2).says("unexpected argument");
    here.run(&["build", "app", "--load-restrictor", "none"]).exit(2).says("LoadRestrictionsNone");
}

#[test]
fn variables_are_listed_with_what_becomes_of_them() {
    let here = hermetic();
    here.write("app/kustomization.yaml", "resources: [a.yaml, config.yaml]\n")
        .write(
            "app/a.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  host: ${HOST}\n  text: |\n    one\n    ${REGON:-x} ${DOMAIN}\n",
        )
        .write(
            "app/config.yaml",
            "apiVersion: kubectl-gitops.dev/v1alpha1\nkind: Substitution\nmetadata: {name: v}\nspec:\n  substitute: {HOST: hunter2, TAG: hunter2}\n",
        );
    let listed = here.run(&["vars", "app"]).exit(1).stdout;
    assert!(!listed.contains("hunter2"), "{listed}");
    insta::assert_snapshot!("vars", listed);
    here.run(&["vars", "app", "--substitute", "DOMAIN=hunter2"]).exit(0);
    let json = here.run(&["vars", "app", "-o", "json"]).exit(1).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["variables"][0]["uses"][0]["line"], 8, "{json}");
    assert_eq!(json["unused"][0]["name"], "TAG", "{json}");
}
