//! Laws of the YAML module: nothing panics, values survive, limits hold.

// A test may measure time, read its settings and build text by pieces.
#![allow(clippy::disallowed_methods, clippy::format_push_string, clippy::format_collect, clippy::unwrap_used)]

use std::time::Instant;

use krm::yaml::{self, Limits, ParseProblem};
use krm::{Mapping, Node};
use proptest::prelude::*;

fn text() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        "",
        "~",
        "yes",
        "0644",
        "1e3",
        "2024-01-02",
        "12:30:45",
        " lead",
        "trail ",
        "a: b",
        "- a",
        "#x",
        "a #b",
        "'",
        "\"",
        "|",
        "line\nline",
        "\n",
        "\n\n",
        " \n",
        "a\n b\n",
        "tab\there",
        "é☃😀",
        "\u{85}",
        "\u{2028}x",
        "\u{feff}",
        "=",
        "{",
        "[",
        "%",
        "@",
        "`",
        "---",
        "...",
        "\\",
        "null",
        ".inf",
        "0x1F",
        "a\rb",
        "\u{1b}",
    ]);
    prop_oneof![odd.prop_map(str::to_owned), "[ -~é\n\t]{0,120}", "\\PC{0,20}", "[a-z ]{0,200}"]
}

fn tree() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        4 => text().prop_map(Node::string),
        1 => any::<i64>().prop_map(Node::int),
        1 => any::<bool>().prop_map(Node::bool),
        1 => Just(Node::null()),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Node::seq),
            prop::collection::vec((text(), inner), 0..5)
                .prop_map(|pairs| Node::Map(pairs.into_iter().collect::<Mapping>())),
        ]
    })
}

fn parse_one(text: &str) -> Node {
    let documents = yaml::parse_documents(text, "law", &Limits::default()).unwrap_or_else(|e| panic!("{e}\n{text:?}"));
    documents.into_iter().next().map_or_else(Node::null, |document| document.root)
}

fn build(node: &Node) -> Option<String> {
    let mut out = String::new();
    yaml::emit_build(node, &mut out).ok().map(|()| out)
}

/// A document start at column 0 inside a text cannot be split off by kyaml's splitter if the text is indented.
fn wrapped(node: Node) -> Node {
    Node::Map([("root", node)].into_iter().collect())
}

/// Everything through JSON, whose control characters and line breaks do not all survive.
fn plain_enough(node: &Node) -> bool {
    match node {
        Node::Scalar(s) => survives(&s.text),
        Node::Seq(s) => s.items.iter().all(plain_enough),
        // kustomize prints a key `<<` without quotes, and it comes back as a merge.
        Node::Map(m) => m.iter().all(|(k, v)| k != "<<" && survives(k) && plain_enough(v)),
    }
}

fn survives(text: &str) -> bool {
    !text.contains(['\u{85}', '\r', '\u{2028}', '\u{2029}', '\u{feff}'])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_built_tree_reads_back_as_the_same_value(node in tree()) {
        let node = wrapped(node);
        prop_assume!(plain_enough(&node));
        if let Some(out) = build(&node) {
            let again = parse_one(&out);
            prop_assert_eq!(yaml::to_json(&again), yaml::to_json(&node), "{}", out);
        }
    }

    #[test]
    fn building_twice_changes_nothing(node in tree()) {
        let node = wrapped(node);
        prop_assume!(plain_enough(&node));
        if let Some(once) = build(&node) {
            prop_assert_eq!(build(&parse_one(&once)), Some(once));
        }
    }

    #[test]
    fn the_function_profile_reads_back_as_the_same_value(node in tree()) {
        let node = wrapped(node);
        prop_assume!(plain_enough(&node));
        let mut out = String::new();
        yaml::emit_function(&node, &mut out).unwrap();
        let again = parse_one(&out);
        if let Ok(json) = yaml::to_json(&node) {
            prop_assert_eq!(yaml::to_json(&again), Ok(json), "{}", out);
        }
    }

    #[test]
    fn json_survives(node in tree()) {
        // A text that starts with a tab and has several lines is refused, as kustomize does.
        if let Ok(json) = yaml::to_json(&node) {
            prop_assert_eq!(yaml::to_json(&yaml::from_json(&json)), Ok(json));
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,200}") {
        no_panic(&text);
    }

    #[test]
    fn no_soup_of_indicators_panics(text in "[-?:,\\[\\]{}#&*!|>'\"%@` \n\ta0é.<~+\\\\]{0,60}") {
        no_panic(&text);
    }
}

fn no_panic(text: &str) {
    if let Ok(documents) = yaml::parse_documents(text, "law", &Limits::default()) {
        for document in documents {
            let (mut build, mut function) = (String::new(), String::new());
            let _refused = yaml::emit_build(&document.root, &mut build);
            let _refused = yaml::emit_function(&document.root, &mut function);
            let _refused = yaml::to_json(&document.root);
        }
    }
}

#[test]
fn a_long_run_of_mutations_does_not_panic() {
    let seeds = [
        "a: &x {b: [1, 'two', \"three\\n\"], c: !!int 4}\nd: *x\n<<: *x\n# note\ne: |+2\n   text\n\n? complex\n: >-\n  folded\n\n  more\n",
        "%YAML 1.1\n%TAG !e! tag:e,2000:\n---\n- !e!x y\n- ? [k]\n  : v\n- - - deep # c\n...\n---\nb: 'x\n\n  y'\n",
    ];
    let rounds = std::env::var("YAML_MUTATIONS").ok().and_then(|v| v.parse().ok()).unwrap_or(20_000);
    let mut state: u64 = 42;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let alphabet: Vec<char> = " \n\t:-?,[]{}#&*!|>'\"%@`\\~.0aéx\u{85}\u{2028}\u{feff}\u{0}\r<".chars().collect();
    let mut text: Vec<char> = seeds[0].chars().collect();
    for round in 0..rounds {
        if round % 50 == 0 || text.is_empty() {
            text = seeds[random(2)].chars().collect();
        }
        let at = random(text.len());
        let c = alphabet[random(alphabet.len())];
        match random(4) {
            0 => text[at] = c,
            1 => text.insert(at, c),
            2 => {
                text.remove(at);
            }
            _ => {
                let end = (at + random(20)).min(text.len());
                let piece: Vec<char> = text[at..end].to_vec();
                let to = random(text.len());
                text.splice(to..to, piece);
            }
        }
        no_panic(&text.iter().collect::<String>());
    }
}

fn problem(text: &str, limits: &Limits) -> ParseProblem {
    yaml::parse_documents(text, "bomb", limits).unwrap_err().problem
}

#[test]
fn a_billion_laughs_are_refused_cheaply() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for n in 1..12 {
        let items = vec![format!("*a{}", n - 1); 9].join(", ");
        bomb += &format!("a{n}: &a{n} [{items}]\n");
    }
    let start = Instant::now();
    let max = Limits::default().alias_nodes_max;
    assert_eq!(problem(&bomb, &Limits::default()), ParseProblem::TooManyNodes { max, by_aliases: true });
    assert!(start.elapsed().as_secs() < 20, "took {:?}", start.elapsed());
}

#[test]
fn an_anchor_cannot_contain_itself() {
    let refused = problem("a: &x\n  b: *x\n", &Limits::default());
    assert_eq!(refused, ParseProblem::RecursiveAnchor { name: "x".into() });
}

#[test]
fn deep_nesting_is_refused() {
    let max = Limits::default().depth_max;
    let flow = "[".repeat(100_000);
    assert_eq!(problem(&flow, &Limits::default()), ParseProblem::TooDeep { max });
    let maps: String = (0..3000).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    assert_eq!(problem(&maps, &Limits::default()), ParseProblem::TooDeep { max });
    let dashes = "- ".repeat(3000);
    assert_eq!(problem(&dashes, &Limits::default()), ParseProblem::TooDeep { max });
    let mut chain = String::from("a0: &a0 [x]\n");
    for n in 1..1200 {
        chain += &format!("a{n}: &a{n} [*a{}]\n", n - 1);
    }
    assert_eq!(problem(&chain, &Limits::default()), ParseProblem::TooDeep { max });
}

#[test]
fn the_deepest_accepted_tree_can_be_written() {
    let limit = Limits::default().depth_max;
    let text = format!("{}x{}", "[".repeat(limit), "]".repeat(limit));
    no_panic(&text);
    let maps: String = (0..limit - 1).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    no_panic(&(maps + &" ".repeat(limit) + "b: c\n"));
}

#[test]
fn large_inputs_and_many_nodes_are_refused() {
    let limits = Limits { bytes_max: 100, ..Limits::default() };
    assert_eq!(problem(&"x".repeat(101), &limits), ParseProblem::TooLarge { bytes: 101, max: 100 });
    let limits = Limits { nodes_max: 50, ..Limits::default() };
    assert_eq!(problem(&"- a\n".repeat(60), &limits), ParseProblem::TooManyNodes { max: 50, by_aliases: false });
}

#[test]
fn a_huge_scalar_is_read_and_written() {
    let word = "lorem ipsum ".repeat(500_000);
    let node = wrapped(Node::string(word.trim_end()));
    let out = build(&node).unwrap();
    assert_eq!(parse_one(&out), node);
}

#[test]
fn errors_name_file_line_column_and_document() {
    let text = "a: 1\n---\nb: 2\n---\nc: [1, 2\nd: 3\n";
    let error = yaml::parse_documents(text, "x/y.yaml", &Limits::default()).unwrap_err();
    assert_eq!(error.to_string(), "x/y.yaml:6:2 (document 3): did not find expected ',' or ']'");
    let error = yaml::parse_documents("a: 1\nb:\n  c: 1\n  c: 2\n", "d.yaml", &Limits::default()).unwrap_err();
    assert_eq!(error.to_string(), "d.yaml:4:3: mapping key `c` already defined at line 3");
}
