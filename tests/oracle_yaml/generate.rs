//! Random documents: texts in every place, trees in every syntax, token soup, streams, comments, mutations.

use crate::texts::{Random, WORDS, quoted, text};

/// What makes a document a resource.
pub(crate) const HEADER: &str = "apiVersion: v1\nkind: Thing\nmetadata:\n  name: x\n";

/// Many texts as values, keys and items, quoted on the way in: what the emitter does with them.
pub(crate) fn quoted_texts(random: &mut Random) -> String {
    let mut out = format!("{HEADER}spec:\n");
    for index in 0..8 {
        let value = quoted(&text(random));
        match random.below(6) {
            0 => out.push_str(&format!("  v{index}: {value}\n")),
            1 => out.push_str(&format!("  ? {value}\n  : {value}\n")),
            2 => out.push_str(&format!("  l{index}:\n  - {value}\n  - - {value}\n    - k: {value}\n")),
            3 => out.push_str(&format!("  m{index}: {{a: {{b: {{c: [{value}, {{d: {value}}}]}}}}}}\n")),
            4 => out.push_str(&format!(
                "  o{index}:\n    ? {value}\n    : [{value}]\n    ? {value}x\n    : {{z: {value}}}\n"
            )),
            _ => {
                out.push_str(&format!("  d{index}:\n      e:\n         f:\n           - g:\n               {value}\n"));
            }
        }
    }
    out
}

/// Plain scalars as written by hand.
pub(crate) fn plain_texts(random: &mut Random) -> String {
    let mut out = format!("{HEADER}spec:\n");
    for index in 0..8 {
        let mut value: String = match random.below(4) {
            0 => random.pick(WORDS).to_owned(),
            1 => (0..=random.below(8))
                .map(|_| random.pick(&["0", "1", "7", "9", "_", ".", "e", "-", "+", ":", "x", "b", "o"]))
                .collect(),
            2 => format!(
                "{}-{}-{}{}",
                random.pick(&["2024", "0001", "9999"]),
                1 + random.below(13),
                1 + random.below(32),
                random.pick(&[
                    "",
                    "T1:2:3Z",
                    " 1:2:3",
                    "t23:59:59.9-11:30",
                    "T24:00:00Z",
                    "T1:2:3+24:00",
                    " 1:2",
                    "T01:02:03"
                ])
            ),
            _ => format!(
                "{}{}",
                random.pick(&["-", "+", "", "0", "0x", "0b", "0o", "-0x"]),
                random.next() >> random.below(64)
            ),
        };
        if random.chance(30) {
            value = format!(
                "{} {value}",
                random.pick(&[
                    "!!int",
                    "!!float",
                    "!!str",
                    "!!bool",
                    "!!null",
                    "!!timestamp",
                    "!!binary",
                    "!foo",
                    "!",
                    "!!foo",
                    "!<tag:yaml.org,2002:int>",
                    "!!map",
                    "!!merge"
                ])
            );
        }
        let comment = random.pick(&["", "", "", " # c", "\t# c", "   "]);
        match random.below(3) {
            0 => out.push_str(&format!("  v{index}: {value}{comment}\n")),
            1 => out.push_str(&format!("  l{index}:\n  - {value}{comment}\n")),
            _ => out.push_str(&format!("  f{index}: [{value}, {value}{comment}\n  ]\n")),
        }
    }
    out
}

/// A tree in random syntax.
pub(crate) fn tree(random: &mut Random) -> String {
    let mut out = String::new();
    if random.chance(10) {
        out.push_str(random.pick(&[
            "# top\n",
            "# top\n\n",
            "---\n",
            "%YAML 1.1\n---\n",
            "\u{FEFF}",
            "--- # x\n",
            "\n\n# a\n\n# b\n",
        ]));
    }
    out.push_str(HEADER);
    if random.chance(40) {
        out.push_str(
            "base: &base {p: 1, q: [x, 'y'], r: ~}\nother: &other\n  p: 2\n  s: !!str 3\nlist: &list [*base, *other]\n",
        );
    }
    out.push_str("spec:");
    block(random, &mut out, 0, 4);
    if random.chance(10) {
        out.push_str(random.pick(&["...\n", "---\n", "# end\n", "\n\n", "...\n# x\n", "--- # y\n# z\n"]));
    }
    out
}

fn comment(random: &mut Random, out: &mut String, indent: usize) {
    if random.chance(12) {
        let lines = 1 + random.below(2);
        for _ in 0..lines {
            let column = if random.chance(80) { indent } else { random.below(8) };
            out.push_str(&format!("{}# note {}\n", " ".repeat(column), random.below(100)));
        }
        if random.chance(30) {
            out.push('\n');
        }
    }
}

fn key(random: &mut Random, index: usize) -> String {
    match random.below(12) {
        0 => format!("'k {index}'"),
        1 => format!("\"k\\t{index}\""),
        2 => format!("k{index} "),
        3 => format!("a.b/c-{index}"),
        4 => random.pick(&["yes", "0x1", "null", "~", "1.5", "true", "é", "_x", "Z", "12:30", "=", "<"]).to_owned(),
        5 => format!("k{}", random.below(100)),
        _ => format!("k{index}"),
    }
}

/// What stands behind `key:` or `-`, up to and with its line's end.
fn block(random: &mut Random, out: &mut String, indent: usize, depth: usize) {
    let pad = " ".repeat(indent);
    let choice = if depth == 0 { random.below(5) } else { random.below(10) };
    match choice {
        0..=2 => {
            let scalar = inline(random, 2);
            out.push_str(&format!(" {scalar}{}\n", random.pick(&["", "", "", " # c", "   ", " #"])));
        }
        3 => block_scalar(random, out, indent),
        4 => {
            let value = random
                .pick(&["*base", "*other", "*list", "&x y", "!!str 5", "! 5", "[]", "{}", "", "~", "!!null", "&z"]);
            out.push_str(&format!(" {value}\n"));
        }
        5..=7 => {
            out.push_str(random.pick(&["\n", "\n", "\n", " # c\n", " &anchor\n", " !!map\n", " !tag\n"]));
            let inner = indent + 1 + random.below(4);
            for index in 0..=random.below(4) {
                comment(random, out, inner);
                if random.chance(6) {
                    out.push_str(&format!(
                        "{}<<: {}\n",
                        " ".repeat(inner),
                        random.pick(&["*base", "*other", "[*base, *other]", "{u: v}", "*list", "x", "[*list]"])
                    ));
                    continue;
                }
                let key = key(random, index);
                if random.chance(8) {
                    out.push_str(&format!("{}? {key}\n{}:", " ".repeat(inner), " ".repeat(inner)));
                } else {
                    out.push_str(&format!("{}{key}:", " ".repeat(inner)));
                }
                block(random, out, inner, depth - 1);
            }
        }
        _ => {
            out.push_str(random.pick(&["\n", "\n", "\n", " # c\n", " &anchor\n", " !!seq\n"]));
            let inner = if random.chance(50) && !pad.is_empty() { indent } else { indent + 1 + random.below(3) };
            for _ in 0..=random.below(4) {
                comment(random, out, inner);
                out.push_str(&format!("{}-", " ".repeat(inner)));
                if random.chance(30) {
                    let gap = 1 + random.below(2);
                    out.push_str(&format!("{}i:", " ".repeat(gap)));
                    block(random, out, inner + 1 + gap, depth - 1);
                    if random.chance(50) {
                        out.push_str(&format!("{}j:", " ".repeat(inner + 1 + gap)));
                        block(random, out, inner + 1 + gap, depth.saturating_sub(2));
                    }
                } else {
                    block(random, out, inner, depth - 1);
                }
            }
        }
    }
}

fn block_scalar(random: &mut Random, out: &mut String, indent: usize) {
    let header = random.pick(&["|", ">", "|-", ">-", "|+", ">+", "|2", ">1-", "|+1", "| # c", ">  "]);
    out.push_str(&format!(" {header}\n"));
    let inner = indent + 1 + random.below(3);
    for _ in 0..random.below(6) {
        if random.chance(20) {
            out.push_str(random.pick(&["\n", "\n\n", " \n", "  \n"]));
        } else {
            let lead = random.pick(&["", "", "", "", " ", "\t", "# ", "- "]);
            let tail = random.pick(&["", "", "", " ", "\t", " x"]);
            out.push_str(&format!("{}{lead}{}{tail}\n", " ".repeat(inner), random.pick(WORDS)));
        }
    }
}

/// A scalar or a flow collection on one or more lines.
fn inline(random: &mut Random, depth: usize) -> String {
    let choice = if depth == 0 { random.below(5) } else { random.below(8) };
    match choice {
        0 => random.pick(WORDS).to_owned(),
        1 => quoted(&text(random)),
        2 => format!("'{}'", random.pick(WORDS).replace('\'', "''")),
        3 => {
            let (a, b) =
                (random.pick(&["a", "it''s", "x: y", "1", "#"]), random.pick(&["b", "- c", "  d", "\"", "e #f"]));
            let gap = random.pick(&["\n      ", "\n\n      ", " \n      ", "\\\n      ", "\n \n      "]);
            match random.below(3) {
                0 => format!("'{a}{}{b}'", gap.replace('\\', "")),
                1 => format!("\"{a}{gap}{}\"", b.replace('"', "\\\"")),
                _ => format!("plain{}{b}", gap.replace('\\', "")),
            }
        }
        4 => random.pick(&["word", "two words", "a-b", "1", "x:y", "http://a.b/c?d=e"]).to_owned(),
        5 | 6 => {
            let items: Vec<String> = (0..random.below(4)).map(|_| inline(random, depth - 1)).collect();
            let comma = random.pick(&[", ", ",", " , ", ",\n     "]);
            format!("[{}{}]", items.join(comma), random.pick(&["", "", ","]))
        }
        _ => {
            let pair = |r: &mut Random, index| {
                let key = key(r, index);
                let separator = r.pick(&[": ", ": ", ":", " : ", ""]);
                if separator.is_empty() { key } else { format!("{key}{separator}{}", inline(r, depth - 1)) }
            };
            let pairs: Vec<String> = (0..random.below(4)).map(|index| pair(random, index)).collect();
            format!("{{{}{}}}", pairs.join(random.pick(&[", ", ",", ",\n     "])), random.pick(&["", "", ",", " "]))
        }
    }
}

/// Random tokens below a key.
pub(crate) fn soup(random: &mut Random) -> String {
    const TOKENS: &[&str] = &[
        "a", "b", "1", "~", "- ", "-", ": ", ":", "? ", "?", ", ", ",", "[", "]", "{", "}", "\n", "\n  ", "\n    ",
        "\n ", " ", "\t", "# c", "#", "&a ", "*a ", "!t ", "!!str ", "'", "\"", "''", "\"\"", "|", ">", "|\n  ", "---",
        "...", "\n---\n", "<<", "\\", "%", "@", "`", "k: ", "k: v\n  ", "- x\n  ", "\r\n", "é", "\u{85}", "\u{2028}",
    ];
    let tokens: String = (0..=random.below(14)).map(|_| random.pick(TOKENS)).collect();
    format!("{HEADER}spec:{}{tokens}\n", random.pick(&[" ", "\n  ", "\n  - ", "\n  k: ", " {", " ["]))
}

/// Several documents with all kinds of separators and line breaks.
pub(crate) fn stream(random: &mut Random) -> String {
    let mut out = String::new();
    for index in 0..=random.below(3) {
        out.push_str(random.pick(&["", "", "# c\n", "\n", "# a\n\n# b\n", "\u{FEFF}", "%YAML 1.1\n---\n", "---\n"]));
        out.push_str(&HEADER.replace("name: x", &format!("name: x{index}")));
        if random.chance(60) {
            out.push_str("spec:");
            block(random, &mut out, 0, 2);
        }
        let odd = [
            "...",
            "...\n",
            "---",
            "--- \t",
            "---x",
            "--- x",
            "--- |\n a",
            "----",
            "---\n---",
            "# e",
            "",
            " ---",
            "...\n---",
        ];
        out.push_str(if random.chance(25) {
            random.pick(&odd)
        } else {
            random.pick(&["---", "---", "--- # c", "---   "])
        });
        out.push_str(random.pick(&["\n", "\n", "\n", "\n\n", ""]));
    }
    if random.chance(15) { out.replace('\n', "\r\n") } else { out }
}

/// Comments wherever they can stand.
pub(crate) fn comments(random: &mut Random) -> String {
    let mut out = String::new();
    for line in commented_tree(random).split_inclusive('\n') {
        if random.chance(25) {
            let column = random.below(7);
            out.push_str(&format!(
                "{}#{}\n",
                " ".repeat(column),
                random.pick(&["", " x", "x y", " - z", " k: v", "#"])
            ));
        }
        if random.chance(10) {
            out.push('\n');
        }
        if random.chance(15) && !line.contains('#') {
            out.push_str(&line.replacen('\n', " # l\n", 1));
        } else {
            out.push_str(line);
        }
    }
    out.replacen("apiVersion: v1 # l\n", "apiVersion: v1\n", 1)
}

/// Keys and texts around the limits of 128 and 1024, and deep nesting.
pub(crate) fn sizes(random: &mut Random) -> String {
    let mut out = format!("{HEADER}spec:\n");
    for index in 0..3 {
        let edge = [126, 254, 1018][random.below(3)] + random.below(8);
        let unit = random.pick(&["k", "é", "<", "a b", "\u{2028}", "x y z "]);
        let text = quoted(&unit.repeat(edge / unit.chars().count() + 1));
        let value = quoted(&unit.repeat(1 + random.below(300)));
        match random.below(4) {
            0 => out.push_str(&format!("  {text}: {value}\n")),
            1 => out.push_str(&format!("  ? {text}\n  : - {value}\n    - {{{text}: {value}}}\n")),
            2 => out.push_str(&format!("  d{index}: {}{value}{}\n", "[".repeat(edge / 4), "]".repeat(edge / 4))),
            _ => out.push_str(&format!("  l{index}:\n  - - - {text}\n    - ? {value}\n      : {text}\n")),
        }
    }
    out
}

/// A tree without anchors: the function profile writes aliases out, which kyaml keeps.
pub(crate) fn commented_tree(random: &mut Random) -> String {
    loop {
        let text = tree(random);
        if !text.contains(['&', '*']) && !text.contains("<<") {
            return text;
        }
    }
}

/// A tree with a few characters changed.
pub(crate) fn mutation(random: &mut Random) -> String {
    let mut chars: Vec<char> = tree(random).chars().collect();
    for _ in 0..=random.below(3) {
        let at = HEADER.len().min(chars.len() - 1) + random.below(chars.len().saturating_sub(HEADER.len()).max(1));
        let at = at.min(chars.len() - 1);
        let odd: Vec<char> = " \n\t:-?,[]{}#&*!|>'\"%@`\\~.0a\u{85}\u{2028}".chars().collect();
        let new = odd[random.below(odd.len())];
        match random.below(3) {
            0 => chars[at] = new,
            1 => chars.insert(at, new),
            _ => {
                chars.remove(at);
            }
        }
    }
    chars.into_iter().collect()
}
