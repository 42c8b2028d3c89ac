//! What holds for every input of `ContentHash` and `SecretGenerator`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use krm::yaml::{Limits, emit_function, parse_documents};
use krm::{Masked, Node};
use krm_functions::{InputError, Inputs, from_config};
use proptest::prelude::*;

/// Gives a seed, and one content for every file.
#[derive(Default)]
struct Seeded(Vec<u8>);

impl Inputs for Seeded {
    fn tree_file(&self, _path: &str) -> Result<Masked<Vec<u8>>, InputError> {
        Ok(Masked::new(self.0.clone()))
    }

    fn variable(&self, name: &str) -> Option<Masked<String>> {
        (name == "KUBECTL_GITOPS_SEED").then(|| Masked::new("0123456789abcdef0123456789abcdef".to_owned()))
    }
}

fn documents(text: &str) -> Vec<Node> {
    let parsed = parse_documents(text, "", &Limits::default()).unwrap_or_else(|error| panic!("{error}\n{text}"));
    parsed.into_iter().map(|document| document.root).collect()
}

fn text(node: &Node) -> String {
    let mut text = String::new();
    emit_function(node, &mut text).expect("what was read can be written");
    text
}

fn texts(items: &[Node]) -> Vec<String> {
    items.iter().map(text).collect()
}

fn run(kind: &str, spec: &str, items: &mut Vec<Node>) -> String {
    run_with(kind, spec, items, &Seeded::default())
}

fn run_with(kind: &str, spec: &str, items: &mut Vec<Node>, inputs: &Seeded) -> String {
    let config =
        format!("apiVersion: kubectl-gitops.dev/v1alpha1\nkind: {kind}\nmetadata: {{name: x}}\nspec: {spec}\n");
    let function = from_config(documents(&config).first()).unwrap_or_else(|error| panic!("{error}\n{config}"));
    format!("{:?}", function.run(items, inputs))
}

/// A ConfigMap or Secret.
#[derive(Debug, Clone)]
struct Source {
    secret: bool,
    value: String,
    tagged: bool,
    ignored: bool,
}

impl Source {
    fn yaml(&self, index: usize) -> String {
        let kind = if self.secret { "Secret" } else { "ConfigMap" };
        let field = if self.secret { "stringData" } else { "data" };
        let (tagged, ignored) = (self.tagged, self.ignored);
        format!(
            "apiVersion: v1\nkind: {kind}\nmetadata:\n  name: source-{index}\n  annotations: {{reloader.stakater.com/match: \
             '{tagged}', reloader.stakater.com/ignore: '{ignored}'}}\n{field}: {{key: '{}'}}\n",
            self.value
        )
    }
}

/// A workload, what it uses and how, and what its annotations say.
#[derive(Debug, Clone)]
struct Workload {
    kind: usize,
    uses: Vec<(usize, usize)>,
    asks: usize,
    on_template: bool,
}

const ASKS: [&str; 8] = [
    "{}",
    "{reloader.stakater.com/auto: 'true'}",
    "{secret.reloader.stakater.com/auto: 'true'}",
    "{configmap.reloader.stakater.com/reload: 'source-.'}",
    "{secret.reloader.stakater.com/reload: 'source-0,source-2', reloader.stakater.com/auto: 'false'}",
    "{reloader.stakater.com/search: 'true'}",
    "{reloader.stakater.com/auto: 'true', secrets.exclude.reloader.stakater.com/reload: source-1}",
    "{reloader.stakater.com/auto: 'false'}",
];
const KINDS: [(&str, &str); 4] =
    [("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"), ("apps/v1", "DaemonSet"), ("batch/v1", "Job")];

impl Workload {
    fn yaml(&self, index: usize, sources: &[Source]) -> String {
        let (mut first, mut second, mut init, mut volumes) =
            (String::new(), String::new(), String::new(), String::new());
        for (source, place) in &self.uses {
            let Some(found) = sources.get(*source) else { continue };
            let (reference, field, volume) = if found.secret {
                ("secretRef", "secretKeyRef", format!("secret: {{secretName: source-{source}}}"))
            } else {
                ("configMapRef", "configMapKeyRef", format!("configMap: {{name: source-{source}}}"))
            };
            let line = match place {
                0 | 2 => format!("        - {reference}: {{name: source-{source}}}\n"),
                1 => format!(
                    "        - {{name: V{source}, valueFrom: {{{field}: {{name: source-{source}, key: key}}}}}}\n"
                ),
                _ => format!("      - name: v{source}\n        {volume}\n"),
            };
            let list = match place {
                0 => &mut first,
                1 => &mut second,
                2 => &mut init,
                _ => &mut volumes,
            };
            list.push_str(&line);
        }
        let list = |name: &str, items: &str| if items.is_empty() { String::new() } else { format!("{name}:\n{items}") };
        let (api_version, kind) = KINDS[self.kind];
        let (own, template) = if self.on_template { ("{}", ASKS[self.asks]) } else { (ASKS[self.asks], "{}") };
        let init = if init.is_empty() {
            init
        } else {
            format!("      initContainers:\n      - name: i\n        envFrom:\n{init}")
        };
        format!(
            "apiVersion: {api_version}\nkind: {kind}\nmetadata:\n  name: workload-{index}\n  annotations: {own}\nspec:\n  template:\n    \
             metadata:\n      annotations: {template}\n    spec:\n{init}      containers:\n      - name: a\n{}      - name: b\n{}{}",
            list("        envFrom", &first),
            list("        env", &second),
            list("      volumes", &volumes),
        )
    }
}

fn source() -> impl Strategy<Value = Source> {
    (any::<bool>(), "[a-z0-9=;]{1,12}", prop::bool::weighted(0.3), prop::bool::weighted(0.1))
        .prop_map(|(secret, value, tagged, ignored)| Source { secret, value, tagged, ignored })
}

fn workload() -> impl Strategy<Value = Workload> {
    (0..KINDS.len(), prop::collection::btree_map(0..6usize, 0..4usize, 0..5), 0..ASKS.len(), any::<bool>()).prop_map(
        |(kind, uses, asks, on_template)| Workload { kind, uses: uses.into_iter().collect(), asks, on_template },
    )
}

const PEMS: [&str; 6] = [
    include_str!("../../fixtures/tls/p256.crt"),
    include_str!("../../fixtures/tls/p256-sec1.key"),
    include_str!("../../fixtures/tls/rsa.crt"),
    include_str!("../../fixtures/tls/rsa-pkcs8.key"),
    include_str!("../../fixtures/tls/ed25519-pkcs8.key"),
    include_str!("../../fixtures/tls/p521-sec1.key"),
];

const SPECS: [&str; 4] = [
    "{}",
    "{mode: auto-all, jobs: true}",
    "{reloaderCompatible: sha1}",
    "{mode: auto-all, reloaderCompatible: sha512-256}",
];

fn world(sources: &[Source], workloads: &[Workload]) -> Vec<Node> {
    let sources_of = sources.iter().enumerate().map(|(index, source)| source.yaml(index));
    let workloads_of = workloads.iter().enumerate().map(|(index, workload)| workload.yaml(index, sources));
    sources_of.chain(workloads_of).flat_map(|text| documents(&text)).collect()
}

/// The mark of a source in a pod template, whichever way it is written.
fn marks(text: &str, index: usize) -> bool {
    ["hash.configmap.source-", "hash.secret.source-"].iter().any(|mark| text.contains(&format!("{mark}{index}:")))
        || text.contains(&format!("STAKATER_SOURCE_{index}_"))
}

proptest! {
    #[test]
    fn hashes_are_the_same_the_second_time_and_in_any_order(
        sources in prop::collection::vec(source(), 1..6),
        workloads in prop::collection::vec(workload(), 1..5),
        spec in 0..SPECS.len(),
        shuffle in any::<u64>(),
    ) {
        let mut items = world(&sources, &workloads);
        let before = items.clone();
        run("ContentHash", SPECS[spec], &mut items);
        let once = texts(&items);
        run("ContentHash", SPECS[spec], &mut items);
        prop_assert_eq!(&texts(&items), &once);

        let mut order: Vec<usize> = (0..before.len()).collect();
        order.sort_by_key(|index| (*index as u64 + 1).wrapping_mul(shuffle | 1).rotate_left(17));
        let mut shuffled: Vec<Node> = order.iter().map(|index| before[*index].clone()).collect();
        run("ContentHash", SPECS[spec], &mut shuffled);
        for (place, index) in order.iter().enumerate() {
            prop_assert_eq!(&text(&shuffled[place]), &once[*index]);
        }
    }

    #[test]
    fn a_changed_byte_changes_exactly_the_users(
        sources in prop::collection::vec(source(), 1..6),
        workloads in prop::collection::vec(workload(), 1..5),
        spec in 0..SPECS.len(),
        which in any::<prop::sample::Index>(),
    ) {
        let which = which.index(sources.len());
        let mut before = world(&sources, &workloads);
        run("ContentHash", SPECS[spec], &mut before);
        let mut changed = sources.clone();
        changed[which].value.push('!');
        let mut after = world(&changed, &workloads);
        run("ContentHash", SPECS[spec], &mut after);
        for (before, after) in before.iter().zip(&after).skip(sources.len()) {
            let (before, after) = (text(before), text(after));
            prop_assert_eq!(before != after, marks(&before, which), "{}\n{}", before, after);
            prop_assert_eq!(marks(&before, which), marks(&after, which));
        }
    }

    #[test]
    fn a_secret_is_the_same_the_second_time_and_tells_nothing(
        literals in prop::collection::btree_map("[a-z]{1,6}", "[A-Z0-9]{12,20}", 1..6),
        derived in prop::collection::btree_map("[0-9]{1,3}", 1..4u32, 0..4),
        reverse in any::<bool>(),
    ) {
        let mut lines: Vec<String> = literals.iter().map(|(key, value)| format!("'{key}={value}'")).collect();
        let derive: Vec<String> = derived.iter().map(|(key, version)| format!("'{key}': {{version: {version}}}")).collect();
        let spec = |lines: &[String]| format!("{{literals: [{}], derive: {{{}}}}}", lines.join(", "), derive.join(", "));
        let mut items = Vec::new();
        let told = run("SecretGenerator", &spec(&lines), &mut items);
        prop_assert_eq!(items.len(), 1, "{}", told);
        for value in literals.values() {
            prop_assert!(!told.contains(value.as_str()), "{}", told);
        }
        let once = texts(&items);
        run("SecretGenerator", &spec(&lines), &mut items);
        prop_assert_eq!(&texts(&items), &once);
        if reverse {
            lines.reverse();
        }
        let mut again = Vec::new();
        run("SecretGenerator", &spec(&lines), &mut again);
        prop_assert_eq!(texts(&again), once);
    }

    #[test]
    fn another_version_changes_one_value(
        keys in prop::collection::btree_set("[a-z]{1,6}", 1..5),
        which in any::<prop::sample::Index>(),
    ) {
        let keys: Vec<String> = keys.into_iter().collect();
        let which = which.index(keys.len());
        let data = |raised: Option<usize>| {
            let entry = |(index, key): (usize, &String)| {
                format!("{key}: {{version: {}}}", if raised == Some(index) { 2 } else { 1 })
            };
            let derive: Vec<String> = keys.iter().enumerate().map(entry).collect();
            let mut items = Vec::new();
            run("SecretGenerator", &format!("{{derive: {{{}}}}}", derive.join(", ")), &mut items);
            let value = |key: &String| items[0].str_at(&["data", key]).map(str::to_owned);
            keys.iter().map(value).collect::<Vec<_>>()
        };
        let (before, after) = (data(None), data(Some(which)));
        for index in 0..keys.len() {
            prop_assert_eq!(before[index] != after[index], index == which);
        }
    }

    /// Certificates and keys that are cut, bent or nothing of the kind.
    #[test]
    fn a_broken_pair_is_refused_and_nothing_else_happens(
        which in 0..PEMS.len(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<prop::sample::Index>(),
    ) {
        // Bent within the DER, not in the letters around it.
        let begin = PEMS[which].find("-----\n").map_or(0, |found| found + 6);
        let end = PEMS[which].rfind("\n-----END").unwrap_or(PEMS[which].len());
        let mut der = STANDARD.decode(PEMS[which][begin..end].replace('\n', "")).unwrap();
        let index = at.index(der.len());
        der[index] = byte;
        der.truncate(der.len() - cut.index(3) * cut.index(der.len()) / 2);
        let (head, tail) = (&PEMS[which][..begin], &PEMS[which][end..]);
        let bent = format!("{head}{}{tail}", STANDARD.encode(&der));
        let both = [PEMS[0], PEMS[1], bent.as_str()].concat();
        for content in [bent, both] {
            let mut items = Vec::new();
            let inputs = Seeded(content.into_bytes());
            let told = run_with("SecretGenerator", "{type: kubernetes.io/tls, files: [tls.crt, tls.key]}", &mut items, &inputs);
            prop_assert_eq!(items.is_empty(), told.contains("severity: Error"), "{}", told);
        }
    }
}
