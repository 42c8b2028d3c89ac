//! Our stages after a build, through the executable: who configures them, what they tell, what is refused. Without a cluster.

use testkit::command::Hermetic;

const CONFIG_MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  mode: fast\n";
const WEB: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
      - name: web
        image: web:1
        envFrom:
        - configMapRef:
            name: settings
";
const HASH: &str = "kubectl-gitops.dev/hash.configmap.settings: ";

fn hash_config(metadata: &str) -> String {
    format!(
        "apiVersion: kubectl-gitops.dev/v1alpha1\nkind: ContentHash\nmetadata: {{name: hash{metadata}}}\nspec: {{mode: auto-all, jobs: true}}\n"
    )
}

/// An app whose workload says nothing about hashes.
fn app() -> Hermetic {
    let here = Hermetic::new(env!("CARGO_BIN_EXE_kubectl-gitops"));
    here.write("app/kustomization.yaml", "resources: [settings.yaml, web.yaml, config/hash.yaml]\n")
        .write("app/settings.yaml", CONFIG_MAP)
        .write("app/web.yaml", WEB);
    here
}

#[test]
fn a_config_in_the_tree_configures_its_stage_and_is_never_output() {
    let here = app();
    for local in ["", ", annotations: {config.kubernetes.io/local-config: 'true'}"] {
        here.write("app/config/hash.yaml", &hash_config(local));
        let rendered = here.run(&["build", "app", "--rendered"]).ok();
        assert!(rendered.contains(HASH) && !rendered.contains("ContentHash"), "{rendered}");
    }
    let plain = here.run(&["build", "app"]).ok();
    assert!(!plain.contains(HASH), "{plain}");
    here.write("app/config/hash.yaml", &hash_config(""));
    let plain = here.run(&["build", "app"]).ok();
    assert!(plain.contains("kind: ContentHash"), "as kustomize, to which it is an object like any other: {plain}");
    let manifests = here
        .run(&["build", "-f", "app/settings.yaml", "-f", "app/web.yaml", "-f", "app/config/hash.yaml", "--rendered"])
        .ok();
    assert!(manifests.contains(HASH) && !manifests.contains("ContentHash"), "{manifests}");
}

#[test]
fn without_a_config_only_what_asks_for_it_is_touched() {
    let here = app();
    here.write("app/kustomization.yaml", "resources: [settings.yaml, web.yaml]\n");
    assert!(!here.run(&["build", "app", "--rendered"]).ok().contains(HASH));
    here.write(
        "app/web.yaml",
        &WEB.replace("  name: web\nspec", "  name: web\n  annotations: {reloader.stakater.com/auto: 'true'}\nspec"),
    );
    assert!(here.run(&["build", "app", "--rendered"]).ok().contains(HASH));
}

#[test]
fn a_wrong_config_is_refused_with_its_place_and_all_that_is_wrong() {
    let here = app();
    for (config, expected) in [
        (
            hash_config("").replace("ContentHash", "ContentHashes"),
            &["there is no function of kind `ContentHashes`", "ContentHash"] as &[&str],
        ),
        (hash_config("").replace("v1alpha1", "v7"), &["apiVersion: must be `kubectl-gitops.dev/v1alpha1`"]),
        (
            hash_config("").replace("mode: auto-all", "moed: auto-all, more: hunter2"),
            &["spec.moed: no such field; did you mean `mode`?", "spec.more: no such field"],
        ),
        (hash_config("").replace("true", "hunter2"), &["spec.jobs: must be a boolean, this is a string"]),
    ] {
        here.write("app/config/hash.yaml", &config);
        let ran = here.run(&["build", "app", "--rendered"]).exit(2).says("--> config/hash.yaml:1");
        for text in expected {
            assert!(ran.stderr.contains(text), "{ran}");
        }
        assert!(!ran.stderr.contains("hunter2") && ran.stdout.is_empty(), "{ran}");
        here.run(&["diff", "app"]).exit(2);
        assert!(!here.was_contacted(), "nothing reaches a cluster");
    }
}

#[test]
fn one_configuration_twice_is_refused() {
    let here = app();
    here.write("a.yaml", &hash_config("")).write("b.yaml", &hash_config(""));
    here.run(&["build", "-f", "a.yaml", "-f", "b.yaml", "--rendered"])
        .exit(2)
        .says("ContentHash.kubectl-gitops.dev/hash");
}

#[test]
fn an_explanation_takes_the_place_of_the_objects() {
    let here = app();
    here.write("app/config/hash.yaml", &hash_config(""));
    insta::assert_snapshot!("explained", here.run(&["build", "app", "--explain"]).ok());
    here.run(&["build", "app", "--explain", "-o", "out.yaml"]).exit(2).says("cannot be used with");
}

#[test]
fn flags_for_stages_mean_nothing_to_a_plain_build() {
    let here = app();
    here.run(&["build", "app", "--age-key-file", "keys.txt"]).exit(2).says("--rendered");
}

/// Ours among `transformers`, without any flag and without a stage.
#[test]
fn a_function_of_ours_runs_inside_a_build() {
    let here = app();
    here.write("app/config/hash.yaml", &hash_config(""));
    here.write("app/kustomization.yaml", "resources: [settings.yaml, web.yaml]\ntransformers: [config/hash.yaml]\n");
    let plain = here.run(&["build", "app"]).ok();
    assert!(plain.contains(HASH) && !plain.contains("ContentHash"), "{plain}");
    let by_image = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: hash\n  annotations:\n    kubectl-gitops.dev/function: content-hash\n    \
        config.kubernetes.io/function: |\n      container: {image: registry.example.com/tools/krm-functions:v9}\ndata: {mode: auto-all}\n";
    here.write("app/config/hash.yaml", by_image);
    assert_eq!(here.run(&["build", "app"]).ok(), plain);
    here.write("app/config/hash.yaml", &by_image.replace("krm-functions:v9", "other"));
    here.run(&["build", "app"]).exit(2).says("--enable-alpha-plugins");
    here.write("app/config/hash.yaml", &by_image.replace("mode", "moed"));
    here.run(&["build", "app"]).exit(2).says("did you mean `mode`?").says("config/hash.yaml");
    here.write("app/config/hash.yaml", &hash_config("").replace("true", "hunter2"));
    let ran = here.run(&["build", "app"]).exit(2).says("spec.jobs: must be a boolean");
    assert!(!ran.stderr.contains("hunter2"), "{ran}");
}

const LOGIN: &str = "apiVersion: kubectl-gitops.dev/v1alpha1
kind: SecretGenerator
metadata: {name: login}
spec:
  literals: [user=web]
  files: [note.txt]
  derive: {password: {length: 20}}
";

#[test]
fn a_secret_is_generated_from_files_beside_its_config_and_hashed_last() {
    let here = app();
    let web = WEB.replace("configMapRef:\n            name: settings", "secretRef:\n            name: login");
    here.write(
        "app/web.yaml",
        &web.replace("  name: web\nspec", "  name: web\n  annotations: {reloader.stakater.com/auto: 'true'}\nspec"),
    )
    .write("app/kustomization.yaml", "resources: [web.yaml, config/login.yaml]\nnamespace: shop\n")
    .write("app/config/login.yaml", LOGIN)
    .write("app/config/note.txt", "beside")
    .write("seed", "0123456789abcdef0123456789abcdef")
    .write("other-seed", "another seed, another password, and so another hash");
    let build = |seed: &str| here.run(&["build", "app", "--rendered", "--seed-file", seed]).ok();
    let one = build("seed");
    for expected in [
        "kind: Secret\n",
        "  name: login\n  namespace: shop\n",
        "note.txt: YmVzaWRl\n",
        "kubectl-gitops.dev/hash.secret.login: ",
    ] {
        assert!(one.contains(expected), "{expected}: {one}");
    }
    assert!(!one.contains("kustomize.config.k8s.io") && !one.contains("SecretGenerator"), "{one}");
    assert_eq!(build("seed"), one, "the same on each run");
    assert_ne!(build("other-seed"), one);
    here.run(&["build", "app", "--rendered"]).exit(2).says("KUBECTL_GITOPS_SEED");
    here.write("app/config/login.yaml", &LOGIN.replace("note.txt", "../settings.yaml"));
    here.run(&["build", "app", "--rendered", "--seed-file", "seed"])
        .exit(2)
        .says("in or below the directory of the functionConfig");
    let told =
        here.write("app/config/login.yaml", LOGIN).run(&["build", "app", "--explain", "--seed-file", "seed"]).ok();
    assert!(told.contains("Secret/shop/login") && !told.contains("YmVzaWRl") && !told.contains("beside"), "{told}");
}

/// A file of the cases that the real sops wrote.
fn sops(path: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/sops").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn encrypted_files_are_opened_before_the_build_and_objects_after_it() {
    let here = app();
    let kustomization = "resources: [db.yaml]\nsecretGenerator: [{name: app, envs: [app.env], files: [raw.bin]}]\n\
        configMapGenerator: [{name: shipped, files: [raw.bin]}]\npatches: [{path: patch.yaml, target: {kind: Secret, name: db}}]\n";
    let tree = |directory: &str, file: &str| {
        here.write(&format!("{directory}/kustomization.yaml"), kustomization)
            .write(&format!("{directory}/app.env"), &sops(&format!("dotenv/{file}.env")))
            .write(&format!("{directory}/patch.yaml"), "- {op: add, path: /metadata/labels, value: {patched: 'yes'}}\n")
            .write(&format!("{directory}/db.yaml"), &sops(&format!("encrypted-regex/{file}.yaml")));
        let raw = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../fixtures/sops/binary/{file}.bin"));
        std::fs::copy(raw, here.dir().join(directory).join("raw.bin")).expect("copied");
    };
    tree("sealed", "encrypted");
    tree("open", "decrypted");
    here.write("key.txt", &sops("key.txt"));
    // What a ConfigMap ships stays as it is, and is the one thing that differs.
    let without_shipped =
        |text: String| text.split("---\n").filter(|one| !one.contains("name: shipped")).collect::<String>();
    let sealed = here.run(&["build", "sealed", "--rendered", "--age-key-file", "key.txt"]).ok();
    assert!(sealed.contains("name: shipped") && sealed.contains("ENC[AES256_GCM"), "{sealed}");
    let opened = here.run(&["build", "open", "--rendered"]).ok();
    assert_eq!(without_shipped(sealed), without_shipped(opened));
    let ran = here.run(&["build", "sealed", "--rendered"]).exit(2).says("app.env").says("--age-key-file");
    assert!(!ran.stderr.contains("hunter2") && ran.stdout.is_empty(), "{ran}");
    here.write("sealed/kustomization.yaml", "resources: [db.yaml]\n");
    here.run(&["build", "sealed", "--rendered"]).exit(2).says("Secret/shop/db").says("db.yaml");
    let told = here.run(&["build", "sealed", "--explain", "--age-key-file", "key.txt"]).ok();
    assert!(told.contains("decryption") && told.contains("Secret/shop/db") && !told.contains("hunter2"), "{told}");
    let plain = here.run(&["build", "sealed"]).ok();
    assert!(plain.contains("sops:") && plain.contains("ENC["), "as kustomize, which knows no SOPS: {plain}");
}

#[test]
fn a_file_that_was_changed_is_opened_only_if_asked_for() {
    let here = app();
    let changed: String = sops("dotenv/encrypted.env")
        .lines()
        .filter(|line| !line.starts_with("A="))
        .map(|line| line.to_owned() + "\n")
        .collect();
    here.write("key.txt", &sops("key.txt"))
        .write("app/kustomization.yaml", "secretGenerator: [{name: app, envs: [app.env]}]\n")
        .write("app/app.env", &changed);
    here.run(&["build", "app", "--rendered", "--age-key-file", "key.txt"])
        .exit(2)
        .says("MAC does not match")
        .says("--ignore-mac");
    let opened = here.run(&["build", "app", "--rendered", "--age-key-file", "key.txt", "--ignore-mac"]).ok();
    assert!(opened.contains("kind: Secret") && !opened.contains("ENC["), "{opened}");
}

const VARS: &str = "apiVersion: kubectl-gitops.dev/v1alpha1
kind: Substitution
metadata: {name: vars}
spec:
  files: [vars.env]
  substitute: {MODE: slow, ONLY: tree}
";

#[test]
fn variables_come_from_the_tree_and_from_flags_which_win() {
    let here = app();
    let settings = CONFIG_MAP.replace("mode: fast", "mode: ${MODE}\n  domain: ${DOMAIN}");
    here.write("app/settings.yaml", &settings)
        .write("app/config/vars.yaml", VARS)
        .write("app/config/vars.env", "DOMAIN=example.com\n")
        .write("mine.env", "DOMAIN=mine.example.com\n")
        .write("app/kustomization.yaml", "resources: [settings.yaml, config/vars.yaml]\n");
    let build = |flags: &[&str]| here.run(&[&["build", "app", "--rendered"], flags].concat()).ok();
    let found = build(&[]);
    assert!(found.contains("  mode: slow\n") && found.contains("  domain: example.com\n"), "{found}");
    let found = build(&["--substitute", "MODE=fast", "--substitute-from", "mine.env"]);
    assert!(found.contains("  mode: fast\n") && found.contains("  domain: mine.example.com\n"), "{found}");
    // Without a configuration in the tree the flags are all there is.
    here.write("app/kustomization.yaml", "resources: [settings.yaml]\n");
    assert!(build(&[]).contains("mode: ${MODE}"), "nobody asked");
    let ran = here.run(&["build", "app", "--rendered", "--substitute", "MDOE=hunter2"]).exit(2);
    let ran = ran.says("MODE").says("DOMAIN").says("MDOE").says("settings.yaml");
    assert!(!ran.stderr.contains("hunter2"), "{ran}");
    let lenient = build(&["--substitute", "MODE=fast", "--substitute-lenient"]);
    assert!(lenient.contains("  mode: fast\n") && !lenient.contains("${"), "{lenient}");
    let told =
        here.run(&["build", "app", "--explain", "--substitute", "MODE=hunter2", "--substitute", "DOMAIN=x"]).ok();
    assert!(told.contains("substitution") && told.contains("flags") && !told.contains("hunter2"), "{told}");
    here.run(&["build", "app", "--rendered", "--substitute", "MODE"]).exit(2).says("NAME=VALUE");
    here.run(&["build", "app", "--rendered", "--substitute-from", "none.env"]).exit(2).says("none.env");
}

#[test]
fn files_of_variables_may_be_manifests_and_may_be_encrypted() {
    let here = app();
    let settings = CONFIG_MAP.replace("mode: fast", "mode: ${MODE}\n  a: x${A}\n  password: ${user}");
    here.write("app/settings.yaml", &settings)
        .write("app/kustomization.yaml", "resources: [settings.yaml]\n")
        .write("key.txt", &sops("key.txt"))
        .write("more.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\ndata: {MODE: slow}\n")
        .write("app.env", &sops("dotenv/encrypted.env"))
        .write("db.yaml", &sops("encrypted-regex/encrypted.yaml"));
    let from = ["--substitute-from", "more.yaml", "--substitute-from", "app.env", "--substitute-from", "db.yaml"];
    let with_key = [&from[..], &["--age-key-file", "key.txt"]].concat();
    let found = here.run(&[&["build", "app", "--rendered"], &with_key[..]].concat()).ok();
    for expected in ["  mode: slow\n", "  a: x1\n", "  password: admin\n"] {
        assert!(found.contains(expected), "{expected}: {found}");
    }
    let ran = here.run(&[&["build", "app", "--rendered"], &from[..]].concat()).exit(2);
    let ran = ran.says("the variables in").says("app.env cannot be read").says("SOPS_AGE_KEY_FILE");
    assert!(!ran.stderr.contains("hunter2"), "{ran}");
    let listed = here.run(&[&["vars", "app"], &with_key[..]].concat()).exit(0).stdout;
    assert!(listed.contains("MODE") && !listed.contains("unset") && !listed.contains("hunter2"), "{listed}");
    here.run(&[&["vars", "app"], &from[..]].concat()).exit(1).says("app.env cannot be read");
    for (text, expected) in [
        ("kind: [", "line 2"),
        (
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n",
            "only a ConfigMap or a Secret holds variables",
        ),
        ("A: hunter2\n", "only a ConfigMap or a Secret holds variables"),
        ("# nothing\n", "no ConfigMap and no Secret"),
    ] {
        here.write("more.yaml", text);
        let ran = here.run(&[&["build", "app", "--rendered"], &with_key[..]].concat()).exit(2).says(expected);
        assert!(!ran.stderr.contains("hunter2"), "{ran}");
    }
}

/// A source within the tree that is encrypted, and variables within what is: `vars` sees what the stage sees.
#[test]
fn vars_looks_into_what_is_encrypted() {
    let here = app();
    here.write("app/settings.yaml", &CONFIG_MAP.replace("fast", "${password}"))
        .write("app/db.yaml", &sops("encrypted-regex/encrypted.yaml"))
        .write(
            "app/vars.yaml",
            &VARS.replace("  files: [vars.env]\n", "  substituteFrom: [{kind: Secret, name: db}]\n"),
        )
        .write("app/app.env", &sops("dotenv/encrypted.env"))
        .write(
            "app/kustomization.yaml",
            "resources: [settings.yaml, db.yaml, vars.yaml]\nsecretGenerator: [{name: app, envs: [app.env]}]\n",
        )
        .write("key.txt", &sops("key.txt"));
    let listed = here.run(&["vars", "app", "--age-key-file", "key.txt"]).exit(0).stdout;
    let line = listed.lines().find(|line| line.starts_with("password ")).unwrap_or_default();
    assert!(line.contains(" set ") && !listed.contains("hunter2"), "{listed}");
    here.run(&["vars", "app"]).exit(2).says("app.env");
    here.write("app/kustomization.yaml", "resources: [settings.yaml, db.yaml, vars.yaml]\n");
    let ran =
        here.run(&["vars", "app"]).exit(1).says("Secret/shop/db: sops: cannot be decrypted").says("no key at hand");
    assert!(!ran.stdout.contains("hunter2"), "{ran}");
}

#[test]
fn an_explanation_tells_of_the_functions_that_kustomizations_list() {
    let here = app();
    here.write("app/config/hash.yaml", &hash_config(""))
        .write("app/kustomization.yaml", "resources: [base, db.yaml]\ntransformers: [config/hash.yaml]\n")
        .write("app/db.yaml", CONFIG_MAP.replace("settings", "db").as_str())
        .write("app/base/settings.yaml", CONFIG_MAP)
        .write("app/base/web.yaml", WEB)
        .write("app/base/login.yaml", &LOGIN.replace("  files: [note.txt]\n  derive: {password: {length: 20}}\n", ""))
        .write("app/base/touch.yaml", "apiVersion: example.com/v1\nkind: Touch\nmetadata:\n  name: it\n  annotations:\n    config.kubernetes.io/function: |\n      exec: {path: ./touch.sh}\n")
        .write("app/base/touch.sh", "#!/bin/sh\ncat\n")
        .write("app/base/kustomization.yaml", "resources: [settings.yaml, web.yaml]\ngenerators: [login.yaml]\ntransformers: [touch.yaml]\n");
    let script = here.dir().join("app/base/touch.sh");
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a mode");
    let told = here.run(&["build", "app", "--explain", "--enable-alpha-plugins", "--enable-exec"]).ok();
    insta::assert_snapshot!("explained_functions", told);
    assert!(!told.contains("d2Vi"), "{told}");
}

/// Order: what is decrypted may hold variables, what is substituted may name what is generated, and hashes see all of it.
#[test]
fn stages_run_in_one_order() {
    let here = app();
    let web = WEB.replace("configMapRef:\n            name: settings", "secretRef:\n            name: ${NAME}");
    here.write(
        "app/web.yaml",
        &web.replace("  name: web\nspec", "  name: web\n  annotations: {reloader.stakater.com/auto: 'true'}\nspec"),
    )
    .write(
        "app/login.yaml",
        &LOGIN.replace("  files: [note.txt]\n", "").replace("  derive: {password: {length: 20}}\n", ""),
    )
    .write("app/kustomization.yaml", "resources: [web.yaml, login.yaml]\n");
    let found = here.run(&["build", "app", "--rendered", "--substitute", "NAME=login"]).ok();
    assert!(found.contains("kubectl-gitops.dev/hash.secret.login: "), "{found}");
}

const CERTIFICATE: &str = "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata:\n  name: tls\n";

fn checks(rules: &str) -> String {
    format!(
        "apiVersion: kubectl-gitops.dev/v1alpha1\nkind: HealthChecks\nmetadata: {{name: checks}}\nspec:\n  healthCheckExprs:\n{rules}"
    )
}

/// The rules of Flux's `healthCheckExprs`, by group and kind.
#[test]
fn rules_of_health_reach_every_object_of_their_kind_that_has_none_of_its_own() {
    let here = app();
    let own = "  annotations: {kubectl-gitops.dev/failed-when: has(status.broken)}\n";
    here.write("app/kustomization.yaml", "resources: [tls.yaml, other.yaml, own.yaml, settings.yaml, checks.yaml]\n")
        .write("app/tls.yaml", CERTIFICATE)
        .write("app/other.yaml", &CERTIFICATE.replace("Certificate", "Issuer").replace("v1", "v1beta7"))
        .write("app/own.yaml", &format!("{}{own}", CERTIFICATE.replace("tls", "own")))
        .write(
            "app/checks.yaml",
            &checks(
                "  - {apiVersion: cert-manager.io/v1, current: has(status.group)}\n  - apiVersion: cert-manager.io/v1alpha2\n    \
                 kind: Certificate\n    current: status.ready == 'yes'\n    failed: has(status.error)\n    inProgress: has(status.busy)\n",
            ),
        );
    let rendered = here.run(&["build", "app", "--rendered"]).ok();
    let objects: Vec<&str> = rendered.split("---\n").collect();
    let of = |name: &str| *objects.iter().find(|text| text.contains(name)).expect("it is there");
    for line in
        ["healthy-when: status.ready == 'yes'", "failed-when: has(status.error)", "progressing-when: has(status.busy)"]
    {
        assert!(
            of("name: tls\n").lines().any(|found| found.trim() == format!("kubectl-gitops.dev/{line}"))
                != of("kind: Issuer").contains(line),
            "{rendered}"
        );
    }
    assert!(
        of("kind: Issuer").contains("kubectl-gitops.dev/healthy-when: has(status.group)"),
        "the rule of the group: {rendered}"
    );
    assert!(
        of("name: own\n").contains("has(status.broken)") && !of("name: own\n").contains("healthy-when"),
        "{rendered}"
    );
    assert!(!of("kind: ConfigMap").contains("annotations") && !rendered.contains("HealthChecks"), "{rendered}");
    let told = here.run(&["build", "app", "--explain"]).ok();
    assert!(told.contains("HealthChecks/checks") && told.contains("says itself what its health is"), "{told}");
}

#[test]
fn rules_of_health_that_are_wrong_are_refused_with_their_field() {
    let here = app();
    here.write("app/kustomization.yaml", "resources: [settings.yaml, checks.yaml]\n");
    for (rules, expected) in [
        ("  - {apiVersion: v1, kind: Secret}\n", "spec.healthCheckExprs[0].current: is missing"),
        (
            "  - {apiVersion: v1, current: 'true', faild: x}\n",
            "spec.healthCheckExprs[0].faild: no such field; did you mean `failed`?",
        ),
        (
            "  - {apiVersion: v1, current: status.}\n",
            "spec.healthCheckExprs[0].current: is no expression: the expression ends too early",
        ),
        ("  - {apiVersion: v1, current: 'true', failed: '1 +'}\n", "spec.healthCheckExprs[0].failed: is no expression"),
        (
            "  - {apiVersion: v1, kind: A, current: 'true'}\n  - {apiVersion: v1, kind: A, current: 'false'}\n",
            "spec.healthCheckExprs[1]: is for A of the core group, as spec.healthCheckExprs[0] of HealthChecks/checks",
        ),
        ("    []\n", "spec.healthCheckExprs: must not be empty"),
    ] {
        here.write("app/checks.yaml", &checks(rules));
        for command in [&["build", "app", "--rendered"][..], &["diff", "app"]] {
            here.run(command).exit(2).says("--> checks.yaml:1").says(expected);
        }
    }
    assert!(!here.was_contacted(), "nothing reaches a cluster");
    here.write("app/checks.yaml", &checks("  - {apiVersion: cert-manager/v1, kind: Certificate, current: 'true'}\n"));
    let ran = here.run(&["build", "app", "--explain"]).ok();
    assert!(ran.contains("no object of the set is Certificate of cert-manager"), "{ran}");
}
