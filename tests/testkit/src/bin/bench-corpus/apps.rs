//! Applications with bases and overlays, alone and many together: what most repositories are made of.

use std::fmt::Write as _;

use super::tree::{Dice, Tree};

/// The smallest overlay that there is.
pub(crate) fn one_patch(tree: &mut Tree) -> String {
    tree.file("base/deployment.yaml", deployment("web"));
    tree.kustomization("base", "resources: [deployment.yaml]\n");
    tree.kustomization("overlay", "resources: [../base]\npatches:\n- path: patch.yaml\n");
    tree.file(
        "overlay/patch.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 4}\n",
    );
    "overlay".to_owned()
}

/// A base of eight objects and an overlay that uses what the bits of `traits` say: 1 labels and images, 2 patches, 4
/// generators and names, 5 to 7 their mixtures; above 7 each comes with other texts.
pub(crate) fn overlay(tree: &mut Tree, traits: u64) -> String {
    let mut dice = Dice::new(traits);
    app(tree, "base", "shop", &mut dice);
    let mut text = String::from("resources: [../base]\n");
    if traits & 1 != 0 {
        text.push_str("labels:\n- pairs: {env: production, team: shop}\n  includeTemplates: true\nimages:\n- name: example.com/shop\n  newTag: \"2.1\"\n- name: busybox\n  digest: sha256:24a0c4b4a4c0eb97a1aabb8e29f18e917d05abfe1b7a7c07857230879ce7d3d3\n");
    }
    if traits & 2 != 0 {
        text.push_str("patches:\n- path: scale.yaml\n- target: {kind: Service}\n  patch: |-\n    - {op: add, path: /spec/type, value: LoadBalancer}\n- target: {kind: Deployment, labelSelector: app=shop}\n  patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: any}\n    spec: {template: {spec: {tolerations: [{key: spot, operator: Exists}]}}}\n");
        tree.file("overlay/scale.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\nspec:\n  replicas: 7\n  template:\n    spec:\n      containers:\n      - name: main\n        env: [{name: LEVEL, value: warn}]\n        resources: {limits: {memory: 1Gi}}\n");
    }
    if traits & 4 != 0 {
        let namespace = if traits & 1 == 0 { "namespace: shop-prod\n" } else { "" };
        write!(text, "namePrefix: prod-\n{namespace}replicas: [{{name: shop, count: 5}}]\nconfigMapGenerator:\n- name: settings\n  behavior: merge\n  literals: [LEVEL=warn, REGION=eu-{traits}]\nsecretGenerator:\n- name: token\n  literals: [key=s3cr3t]\n").expect("a string");
    }
    if traits & 7 == 5 || traits & 7 == 7 {
        text.push_str("components: [../monitoring]\n");
        component(tree, "monitoring");
    }
    if traits & 7 == 3 {
        text.push_str("configMapGenerator:\n- name: extra\n  files: [app.properties]\n  envs: [app.properties]\n");
        tree.file("overlay/app.properties", properties(&mut dice, 60));
    }
    tree.kustomization("overlay", &text);
    "overlay".to_owned()
}

/// Six levels; each uses the level below twice under two prefixes: 64 copies of the base.
pub(crate) fn diamond(tree: &mut Tree) -> String {
    app(tree, "level-0", "shop", &mut Dice::new(1));
    for level in 1..=6 {
        for side in ["left", "right"] {
            let below = if level == 1 { "level-0".to_owned() } else { format!("level-{}", level - 1) };
            let text = format!(
                "resources: [../{below}]\nnamePrefix: {}{level}-\ncommonLabels: {{l{level}: {side}}}\n",
                &side[..1]
            );
            tree.kustomization(&format!("level-{level}-{side}"), &text);
        }
        tree.kustomization(
            &format!("level-{level}"),
            &format!("resources: [../level-{level}-left, ../level-{level}-right]\n"),
        );
    }
    "level-6".to_owned()
}

/// A chain: every base adds a little to the one below it.
pub(crate) fn nested(tree: &mut Tree) -> String {
    app(tree, "base-0", "shop", &mut Dice::new(1));
    for level in 1..=90 {
        let extra = match level % 9 {
            0 => "nameSuffix: -x\n".to_owned(),
            1..=4 => format!("commonAnnotations: {{note-{level}: \"{level}\"}}\n"),
            _ => format!("labels:\n- pairs: {{level: \"{level}\"}}\n"),
        };
        tree.kustomization(&format!("base-{level}"), &format!("resources: [../base-{}]\n{extra}", level - 1));
    }
    "base-90".to_owned()
}

/// One kustomization that lists two hundred small ones.
pub(crate) fn beside(tree: &mut Tree) -> String {
    let mut text = String::from("commonAnnotations: {cluster: home}\nresources:\n");
    for number in 0..200 {
        let directory = format!("base-{number}");
        tree.file(format!("{directory}/service.yaml"), service(&format!("web-{number}")));
        tree.file(format!("{directory}/deployment.yaml"), deployment(&format!("web-{number}")));
        tree.kustomization(
            &directory,
            &format!("namespace: team-{}\nresources: [deployment.yaml, service.yaml]\n", number % 9),
        );
        writeln!(text, "- ../{directory}").expect("a string");
    }
    tree.kustomization("all", &text);
    "all".to_owned()
}

/// Sixty applications with base, overlay and shared components, under one cluster's kustomization.
pub(crate) fn monorepo(tree: &mut Tree) -> String {
    component(tree, "components/monitoring");
    tree.kustomization("components/security", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n- target: {kind: Deployment}\n  patch: |-\n    - op: add\n      path: /spec/template/spec/securityContext\n      value: {runAsNonRoot: true, runAsUser: 1000}\n");
    let mut all = String::from(
        "commonAnnotations: {managed: gitops}\nimages:\n- name: busybox\n  newName: registry.example.com/mirror/busybox\nresources:\n",
    );
    for number in 0..60 {
        let mut dice = Dice::new(number);
        let name = format!("app{number}");
        app(tree, &format!("apps/{name}/base"), &name, &mut dice);
        let components = match number % 3 {
            0 => "components: [../../../components/monitoring, ../../../components/security]\n",
            1 => "components: [../../../components/security]\n",
            _ => "",
        };
        let overlay = format!(
            "namespace: {name}\nresources: [../base]\n{components}labels:\n- pairs: {{team: team-{}}}\n  includeSelectors: true\nimages:\n- name: example.com/{name}\n  newTag: 1.{number}.{}\nconfigMapGenerator:\n- name: settings\n  behavior: merge\n  literals: [REGION=eu]\npatches:\n- path: patch.yaml\n",
            number % 7,
            dice.below(30),
        );
        tree.kustomization(&format!("apps/{name}/prod"), &overlay);
        let patch = format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  replicas: {}\n  template: {{spec: {{containers: [{{name: main, env: [{{name: N, value: \"{number}\"}}]}}]}}}}\n",
            2 + number % 4
        );
        tree.file(format!("apps/{name}/prod/patch.yaml"), patch);
        writeln!(all, "- ../apps/{name}/prod").expect("a string");
    }
    tree.kustomization("cluster", &all);
    "cluster".to_owned()
}

/// A base of eight objects that refer to each other.
fn app(tree: &mut Tree, directory: &str, name: &str, dice: &mut Dice) {
    tree.file(format!("{directory}/deployment.yaml"), deployment(name));
    tree.file(format!("{directory}/service.yaml"), service(name));
    tree.file(format!("{directory}/ingress.yaml"), format!("apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: {name}\nspec:\n  tls:\n  - hosts: [{name}.example.com]\n    secretName: {name}-tls\n  rules:\n  - host: {name}.example.com\n    http:\n      paths:\n      - path: /\n        pathType: Prefix\n        backend:\n          service:\n            name: {name}\n            port:\n              name: http\n"));
    tree.file(format!("{directory}/rbac.yaml"), format!("apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: {name}\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: {name}\nrules:\n- apiGroups: [\"\"]\n  resources: [configmaps]\n  verbs: [get, list, watch]\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata:\n  name: {name}\nroleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: Role\n  name: {name}\nsubjects:\n- kind: ServiceAccount\n  name: {name}\n"));
    tree.file(format!("{directory}/budget.yaml"), format!("apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata:\n  name: {name}\nspec:\n  maxUnavailable: 1\n  selector:\n    matchLabels:\n      app: {name}\n"));
    tree.file(format!("{directory}/app.properties"), properties(dice, 25));
    tree.kustomization(directory, "resources:\n- deployment.yaml\n- service.yaml\n- ingress.yaml\n- rbac.yaml\n- budget.yaml\nconfigMapGenerator:\n- name: settings\n  files: [app.properties]\n  literals: [LEVEL=info]\n");
}

fn component(tree: &mut Tree, directory: &str) {
    tree.file(format!("{directory}/patch.yaml"), "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: any}\nspec:\n  template:\n    metadata:\n      annotations: {prometheus.io/scrape: \"true\"}\n    spec:\n      containers:\n      - name: exporter\n        image: example.com/exporter:0.4\n        ports: [{name: metrics, containerPort: 9100}]\n");
    tree.kustomization(directory, "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n- path: patch.yaml\n  target: {kind: Deployment}\n");
}

fn properties(dice: &mut Dice, lines: usize) -> String {
    (0..lines).fold(String::new(), |mut text, number| {
        writeln!(text, "{}_{number}={}", dice.word(), dice.prose(4)).expect("a string");
        text
    })
}

pub(crate) fn service(name: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n  labels:\n    app: {name}\nspec:\n  selector:\n    app: {name}\n  ports:\n  - name: http\n    port: 80\n    targetPort: http\n"
    )
}

pub(crate) fn deployment(name: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\n  labels:\n    app: {name}\nspec:\n  replicas: 1\n  selector:\n    matchLabels:\n      app: {name}\n  template:\n    metadata:\n      labels:\n        app: {name}\n    spec:\n      serviceAccountName: {name}\n      initContainers:\n      - name: wait\n        image: busybox:1.36\n        command: [sh, -c, \"until nc -z db 5432; do sleep 1; done\"]\n      containers:\n      - name: main\n        image: example.com/{name}:1.0\n        ports:\n        - name: http\n          containerPort: 8080\n        env:\n        - name: LEVEL\n          valueFrom:\n            configMapKeyRef:\n              name: settings\n              key: LEVEL\n        envFrom:\n        - configMapRef:\n            name: settings\n        readinessProbe:\n          httpGet: {{path: /healthz, port: http}}\n          periodSeconds: 5\n        resources:\n          requests: {{cpu: 50m, memory: 64Mi}}\n          limits: {{memory: 256Mi}}\n        volumeMounts:\n        - name: config\n          mountPath: /etc/app\n      volumes:\n      - name: config\n        configMap:\n          name: settings\n"
    )
}
