//! Builds whose caller acts for them: opens encrypted files, has functions in itself.

use std::path::Path;

use crate::{MemoryFiles, Nowhere, Options, Outside, OutsideError, build, outside};

/// Opens what begins with `sealed:`, but nothing that is broken.
struct Opens;

impl Outside for Opens {
    fn open_file(&self, file: &outside::SealedFile<'_>) -> Result<Option<Vec<u8>>, OutsideError> {
        match file.content.strip_prefix(b"sealed:") {
            None => Ok(None),
            Some(b"broken") => Err(OutsideError::refused("open what is broken").with_hint("mend it")),
            Some(plain) => {
                let purpose = format!("{:?} {} ", file.purpose, file.name);
                let told = if file.purpose == outside::Purpose::File { purpose.as_bytes() } else { b"" };
                Ok(Some([told, plain].concat()))
            }
        }
    }
}

#[test]
fn encrypted_files_are_opened_for_secrets_and_patches_only() {
    let kustomization = "resources: [a.yaml]\nconfigMapGenerator: [{name: c, files: [f.txt]}]\n\
        secretGenerator: [{name: s, files: [k.json=f.txt], envs: [e.env]}]\n\
        generatorOptions: {disableNameSuffixHash: true}\npatches: [{path: p.yaml}]\n";
    let object = "apiVersion: v1\nkind: A\nmetadata: {name: a}\n";
    let files: MemoryFiles = [
        ("/r/kustomization.yaml", kustomization),
        ("/r/a.yaml", object),
        ("/r/f.txt", "sealed:file"),
        ("/r/e.env", "sealed:E=env"),
        ("/r/p.yaml", &format!("sealed:{object}spec: patched\n")),
    ]
    .into_iter()
    .collect();
    let text = build(&files, &Opens, Path::new("/r"), &Options::default()).unwrap().to_yaml().unwrap();
    assert!(text.contains("  f.txt: sealed:file\n"), "a ConfigMap holds what the file holds: {text}");
    assert!(text.contains("  E: ZW52\n"), "{text}");
    assert!(text.contains("  k.json: RmlsZSBrLmpzb24gZmlsZQ==\n"), "the key tells the format: {text}");
    assert!(text.contains("spec: patched\n"), "{text}");
    assert!(build(&files, &Nowhere, Path::new("/r"), &Options::default()).is_err(), "the patch stays what it is");
    let broken: MemoryFiles =
        [("/r/kustomization.yaml", "secretGenerator: [{name: s, files: [f]}]\n"), ("/r/f", "sealed:broken")]
            .into_iter()
            .collect();
    let error = build(&broken, &Opens, Path::new("/r"), &Options::default()).unwrap_err();
    assert!(error.to_string().contains("cannot open the encrypted file `f`"), "{error}");
    assert_eq!(error.hint().as_deref(), Some("mend it"));
}

/// Has the functions of `own.example.com`: a generator's answer is a Secret, a transformer labels, both by text.
struct HasFunctions;

impl Outside for HasFunctions {
    fn has_function(&self, function: &outside::FunctionName<'_>) -> bool {
        function.api_version == "own.example.com/v1" || function.image.is_some_and(|image| image.ends_with("/own"))
    }

    fn call_function(&self, call: &outside::FunctionCall<'_>) -> Result<outside::Finished, outside::ProcessError> {
        let config = call.list.split("functionConfig:").nth(1).unwrap_or_default();
        let stdout = if config.contains("kind: Maker") {
            let content = call.tree.read("note.txt").unwrap_or_else(String::into_bytes);
            let note = String::from_utf8_lossy(&content).trim().to_owned();
            call.list.replace(
                "items:\n",
                &format!(
                    "items:\n- apiVersion: v1\n  kind: Secret\n  metadata:\n    name: made\n    annotations:\n      \
                     kustomize.config.k8s.io/needs-hash: \"true\"\n  stringData:\n    note: '{note}'\n"
                ),
            )
        } else {
            call.list.replace("colour: red", "colour: blue")
        };
        let ending = outside::Ending::Exit(i32::from(config.contains("fail: true")));
        Ok(outside::Finished { ending, stdout: stdout.into_bytes(), stderr: "heard\n".to_owned() })
    }
}

#[test]
fn functions_that_the_caller_has_need_no_permission_and_stay_in_their_directory() {
    let own = "apiVersion: own.example.com/v1\nkind: Maker\nmetadata: {name: maker}\n";
    let by_image = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: painter\n  annotations:\n    config.kubernetes.io/function: |\n      \
        container: {image: example.com/own}\n";
    let foreign = by_image.replace("example.com/own", "example.com/other");
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {colour: red, volumes: [{secret: {secretName: made}}]}\n";
    let tree = |painter: &str| -> MemoryFiles {
        let kustomization = "resources: [pod.yaml]\ngenerators: [maker.yaml]\ntransformers: [painter.yaml]\n";
        let files = [
            ("/r/kustomization.yaml", kustomization),
            ("/r/pod.yaml", pod),
            ("/r/maker.yaml", own),
            ("/r/note.txt", "hello"),
            ("/r/painter.yaml", painter),
        ];
        files.into_iter().collect()
    };
    let built = build(&tree(by_image), &HasFunctions, Path::new("/r"), &Options::default()).unwrap();
    let text = built.to_yaml().unwrap();
    assert!(text.contains("colour: blue") && text.contains("note: hello"), "{text}");
    assert!(!text.contains("name: made\n") && text.contains("secretName: made-"), "hashed and referred to: {text}");
    assert!(!text.contains("Maker") && built.local.is_empty(), "the configuration stays out: {text}");
    assert_eq!(built.warnings.iter().filter(|warning| warning.ends_with("heard")).count(), 2);
    let refused = build(&tree(&foreign), &HasFunctions, Path::new("/r"), &Options::default()).unwrap_err();
    assert!(refused.to_string().contains("painter"), "{refused}");
    let failing = by_image.replace("metadata:", "fail: true\nmetadata:");
    let failed = build(&tree(&failing), &HasFunctions, Path::new("/r"), &Options::default()).unwrap_err();
    assert!(std::error::Error::source(&failed).is_some() || failed.to_string().contains("painter"), "{failed}");
}

#[test]
fn what_is_for_local_use_is_told_to_the_caller() {
    let local =
        "apiVersion: v1\nkind: A\nmetadata: {name: a, annotations: {config.kubernetes.io/local-config: 'true'}}\n";
    let files: MemoryFiles = [("/r/kustomization.yaml", "resources: [a.yaml]\nnamePrefix: x-\n"), ("/r/a.yaml", local)]
        .into_iter()
        .collect();
    let built = build(&files, &Nowhere, Path::new("/r"), &Options::default()).unwrap();
    assert_eq!(built.objects.len(), 0);
    assert_eq!(built.local[0].node.name(), "x-a");
    assert_eq!(built.local[0].origin.file, "a.yaml");
}
