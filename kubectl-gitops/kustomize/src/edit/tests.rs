//! Edits of texts in memory; what they mean is compared with the real tool in `tests/edit.rs` of the plugin.

use proptest::prelude::*;

use super::*;
use crate::MemoryFiles;

fn edited(text: &str, edit: &Edit) -> String {
    apply(text, "kustomization.yaml", edit).expect("an edit").text
}

fn set_image(text: &str) -> Edit {
    Edit::SetImages(vec![ImageChange::parse(text).expect("an image")])
}

#[test]
fn only_the_bytes_of_a_value_change() {
    for (text, edit, expected) in [
        (
            "images:\n- name: a # x\n  newTag: 'v1'   # y\n",
            set_image("a:v2"),
            "images:\n- name: a # x\n  newTag: 'v2'   # y\n",
        ),
        ("images: [{name: a, newTag: v1}] # y\n", set_image("a:1.0"), "images: [{name: a, newTag: \"1.0\"}] # y\n"),
        ("namespace:   x   # y", Edit::SetText(TextField::Namespace, "z".to_owned()), "namespace:   z   # y"),
        (
            "namespace: x\r\nnamePrefix: a-\r\n",
            Edit::SetText(TextField::Namespace, "z".to_owned()),
            "namespace: z\r\nnamePrefix: a-\r\n",
        ),
        ("namePrefix: a-", Edit::SetText(TextField::Namespace, "z".to_owned()), "namePrefix: a-\nnamespace: z\n"),
    ] {
        assert_eq!(edited(text, &edit), expected);
    }
}

#[test]
fn patterns_match_as_in_go() {
    for (pattern, name, expected) in [
        ("abc", "abc", Ok(true)),
        ("*", "abc", Ok(true)),
        ("*c", "abc", Ok(true)),
        ("a*", "ab/c", Ok(false)),
        ("a*/b", "abc/b", Ok(true)),
        ("a*b*c*d*e*/f", "axbxcxdxe/f", Ok(true)),
        ("a*b?c*x", "abxbbxdbxebxczzx", Ok(true)),
        ("ab[c]", "abc", Ok(true)),
        ("ab[b-d]", "abc", Ok(true)),
        ("ab[^b-d]", "abc", Ok(false)),
        ("ab[^e-g]", "abc", Ok(true)),
        ("a\\*b", "a*b", Ok(true)),
        ("a?b", "a/b", Ok(false)),
        ("a[^a]b", "a☺b", Ok(true)),
        ("[\\-x]", "-", Ok(true)),
        ("[]a]", "]", Err(glob::BadPattern)),
        ("[-]", "-", Err(glob::BadPattern)),
        ("[x-]", "x", Err(glob::BadPattern)),
        ("a[", "a", Err(glob::BadPattern)),
        ("[a-b-c]", "a", Err(glob::BadPattern)),
        ("[", "a", Err(glob::BadPattern)),
        ("\\", "a", Err(glob::BadPattern)),
    ] {
        assert_eq!(glob::matches(pattern, name), expected, "{pattern} {name}");
    }
}

#[test]
fn files_are_searched_for_as_patterns_write_them() {
    let files: MemoryFiles = ["/w/a.yaml", "/w/b.yaml", "/w/.h.yaml", "/w/d/e.yaml", "/w/f/e.yaml", "/w/f/.g"]
        .into_iter()
        .map(|path| (path, ""))
        .collect();
    for (pattern, expected) in [
        ("a.yaml", vec!["a.yaml"]),
        ("./a.yaml", vec!["./a.yaml"]),
        ("nope", vec![]),
        ("*.yaml", vec!["a.yaml", "b.yaml"]),
        ("./*.yaml", vec!["a.yaml", "b.yaml"]),
        (".*.yaml", vec![".h.yaml"]),
        ("*/e.yaml", vec!["d/e.yaml", "f/e.yaml"]),
        ("f/*", vec!["f/e.yaml"]),
        ("/w/f/*", vec!["/w/f/e.yaml"]),
        ("d/../f/*", vec!["f/e.yaml"]),
        ("d/", vec!["d/"]),
        ("[ab].yaml", vec!["a.yaml", "b.yaml"]),
    ] {
        assert_eq!(glob::search(&files, std::path::Path::new("/w"), pattern).unwrap(), expected, "{pattern}");
    }
}

#[test]
fn a_secret_value_is_never_in_an_error() {
    let text = "secretGenerator:\n- name: s\n  literals: [a=hunter2=x, hunter2]\n";
    let change = GeneratorChange::Set {
        name: "s".to_owned(),
        namespace: String::new(),
        literals: vec!["a=hunter3".to_owned()],
        new_namespace: String::new(),
    };
    let error = apply(text, "k", &Edit::Generator(Generator::Secret, change)).unwrap_err();
    assert!(!format!("{error}{error:?}").contains("hunter"), "{error}");
}

#[test]
fn comments_of_the_file_stay_when_its_last_field_goes() {
    let all = Edit::RemoveFromList(ListField::Resources, vec!["*".to_owned()]);
    for (text, expected) in [
        ("resources: &r\n- a.yaml\n- b.yaml\n# a comment\n\n", "{}\n# a comment\n\n"),
        ("# top\n\nresources:\n- a.yaml\n# end\n", "# top\n\n{}\n# end\n"),
    ] {
        assert_eq!(apply(text, "k", &all).unwrap().text, expected, "{text}");
    }
}

/// Texts of kustomizations from parts that are awkward to edit.
fn kustomization() -> impl Strategy<Value = String> {
    let images = prop::sample::select(vec![
        "images:\n- name: a\n  newTag: v1\n",
        "images:\n  # about a\n  - newTag: 'v1'\n    name: a # c\n\n  - name: b\n",
        "images: [{name: a, newTag: \"v1\"}, {name: b}]\n",
        "images: [\n  {name: a}, # c\n]\n",
        "Images:\n-\n  name: a\n",
        "images:\n- name: a\n  newTag: >-\n    v1\n",
        "",
    ]);
    let resources = prop::sample::select(vec![
        "resources:\n- a.yaml\n# c\n- b.yaml # d\n",
        "resources: [a.yaml, 'b.yaml']\n",
        "resources: &r\n- a.yaml\n- b.yaml\n",
        "resources: []\n",
        "resources:\n",
        "bases: [a.yaml]\n",
        "",
    ]);
    let others = prop::sample::select(vec![
        "# a comment\n\n",
        "namespace: x # c\n",
        "patches:\n- patch: |-\n    # in it\n    a: b\n    # in it, too\n",
        "commonLabels: {a: 'b'}\n",
        "configMapGenerator:\n- name: c\n  literals:\n  - \"a=b\"\n",
        "",
    ]);
    prop::collection::vec(prop_oneof![images.boxed(), resources.boxed(), others.boxed()], 0..5).prop_map(|parts| {
        // A field given twice is another story.
        let mut seen: Vec<String> = Vec::new();
        let fresh = |part: &&str| {
            let key = part.split(':').next().unwrap_or_default();
            let known = seen.iter().any(|seen| seen.eq_ignore_ascii_case(key));
            seen.push(key.to_owned());
            !known
        };
        parts.into_iter().filter(fresh).collect()
    })
}

fn edit() -> impl Strategy<Value = Edit> {
    let texts = |texts: &'static [&'static str]| prop::sample::select(texts).prop_map(str::to_owned);
    prop_oneof![
        texts(&["z", "", "yes", "1", "a: b", "# c", "'"]).prop_map(|text| Edit::SetText(TextField::Namespace, text)),
        texts(&["a:v2", "a=b:v3@sha256:1", "a=*:v2", "new:1", "b=c"]).prop_map(|text| set_image(&text)),
        texts(&["c.yaml", "b.yaml", "[x]", "{y}", "- z", "a, b", "\"q\""]).prop_map(|item| Edit::AddToList {
            field: ListField::Resources,
            items: vec![item],
            strict: false
        }),
        texts(&["a.yaml", "*", "b*"]).prop_map(|item| Edit::RemoveFromList(ListField::Resources, vec![item])),
        texts(&["a", "n"]).prop_map(|name| {
            let pairs = vec![(name, "y".to_owned())];
            Edit::Pairs(
                PairField::Labels,
                PairChange::AddWithoutSelector { pairs, force: true, include_templates: true },
            )
        }),
        Just(Edit::Fix { patch_files: Vec::new() }),
    ]
}

proptest! {
    /// What an edit writes is read as what it means, a second time changes nothing, and no comment of another field is lost.
    #[test]
    fn an_edit_holds(text in kustomization(), edit in edit()) {
        let once = apply(&text, "k", &edit).expect("these edits are never refused");
        prop_assert_eq!(&content(&once.text, "k").unwrap().namespace, &once.kustomization.namespace);
        let twice = apply(&once.text, "k", &edit).expect("these edits are never refused");
        prop_assert_eq!(&twice.text, &once.text);
        for line in text.lines().filter(|line| line.contains("# in it") || *line == "# a comment") {
            prop_assert!(once.text.contains(line), "{} is lost in {}", line, once.text);
        }
    }

    /// Whatever the text is, nothing panics.
    #[test]
    fn any_text_is_edited_or_refused(text in "[a-c:\\-\\[\\]{},#&*!|>'\"%@ \\n]{0,60}", edit in edit()) {
        drop(apply(&text, "k", &edit));
        drop(apply(&format!("resources:\n- a.yaml\nimages: [{{name: a}}]\nnamespace: {text}"), "k", &edit));
    }
}
