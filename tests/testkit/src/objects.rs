//! Small objects by number, for whatever needs many of them: one tenth Deployments without pods, three tenths Services, the rest
//! ConfigMaps.

/// Object `number`, as a YAML document with its separator.
pub fn manifest(number: usize) -> String {
    match number % 10 {
        0 => deployment(number),
        1..=3 => service(number, ""),
        _ => config_map(number, &format!("value-{number}")),
    }
}

/// The same, but that Services take no address: a small cluster has two thousand.
pub fn manifest_without_address(number: usize) -> String {
    match number % 10 {
        1..=3 => service(number, "  clusterIP: None\n"),
        _ => manifest(number),
    }
}

/// A ConfigMap with this value.
pub fn config_map(number: usize, value: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web-{number}\ndata:\n  key: {value}\n  other: \"{number}\"\n"
    )
}

fn service(number: usize, address: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: web-{number}\nspec:\n{address}  selector:\n    app: web-{number}\n  \
         ports:\n  - port: 80\n"
    )
}

fn deployment(number: usize) -> String {
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web-{number}\nspec:\n  replicas: 0\n  selector:\n    \
         matchLabels:\n      app: web-{number}\n  template:\n    metadata:\n      labels:\n        app: web-{number}\n    spec:\n      \
         containers:\n      - name: web\n        image: example.com/web:1\n        ports:\n        - containerPort: 80\n        \
         envFrom:\n        - configMapRef:\n            name: web-{}\n",
        number + 4
    )
}
