//! Cuts a List into its items while its bytes arrive, so that neither all of its text nor all of its objects are held at a time.
//! Owns finding where items begin and end; must not know what is in them.

/// What was fed so far.
#[derive(Debug, Default)]
pub(super) struct Items {
    /// All but the items: `{"kind":"List","metadata":{…},"items":[]}`.
    around: Vec<u8>,
    /// The item under way, if one is.
    item: Vec<u8>,
    in_item: bool,
    /// Brackets that are open, the item's own included.
    depth: usize,
    in_text: bool,
    escaped: bool,
    /// Where the last text of the outermost object begins in `around`: a key, if a colon follows.
    text_at: usize,
    /// The key whose value comes next is `items`.
    expects: bool,
    /// Between the brackets of `items`.
    inside: bool,
    before: Before,
    broken: bool,
}

/// What came last between the brackets of `items`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Before {
    #[default]
    Bracket,
    Item,
    Comma,
}

/// As deep as the items of a List are: in its object, in its array.
const ITEM_DEPTH: usize = 2;

impl Items {
    /// Takes the next bytes, and gives the text of each item that is complete.
    pub(super) fn feed(&mut self, bytes: &[u8], mut each: impl FnMut(&[u8])) {
        let mut rest = bytes;
        while let Some(&byte) = rest.first() {
            if self.in_item {
                let (taken, ended) = self.scan_item(rest);
                self.item.extend_from_slice(&rest[..taken]);
                rest = &rest[taken..];
                if ended {
                    each(&self.item);
                    self.item.clear();
                    self.in_item = false;
                }
                continue;
            }
            self.outside(byte);
            rest = &rest[1..];
        }
    }

    /// What was around the items, at the end; nothing, which is no JSON, if they were not what an array holds.
    pub(super) fn into_around(self) -> Vec<u8> {
        if self.broken { Vec::new() } else { self.around }
    }

    /// How much of `bytes` belongs to the item under way, and whether it ends there.
    fn scan_item(&mut self, bytes: &[u8]) -> (usize, bool) {
        for (at, &byte) in bytes.iter().enumerate() {
            if self.in_text {
                self.text(byte);
                continue;
            }
            match byte {
                b'"' => self.in_text = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == ITEM_DEPTH {
                        return (at + 1, true);
                    }
                }
                _ => {}
            }
        }
        (bytes.len(), false)
    }

    fn text(&mut self, byte: u8) {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' => self.escaped = true,
            b'"' => self.in_text = false,
            _ => {}
        }
    }

    fn outside(&mut self, byte: u8) {
        if self.in_text {
            self.text(byte);
            self.around.push(byte);
            return;
        }
        if self.inside && self.depth == ITEM_DEPTH && self.between(byte) {
            return;
        }
        match byte {
            b'{' | b'[' => {
                if byte == b'[' && self.depth == ITEM_DEPTH - 1 && self.expects {
                    (self.inside, self.before) = (true, Before::Bracket);
                }
                self.depth += 1;
            }
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            b'"' => {
                self.in_text = true;
                self.text_at = self.around.len();
            }
            b':' if self.depth == ITEM_DEPTH - 1 => {
                self.expects = self.around.get(self.text_at..).is_some_and(|key| key.trim_ascii_end() == br#""items""#);
            }
            b',' => self.expects = false,
            _ => {}
        }
        self.around.push(byte);
    }
}

impl Items {
    /// Between two items; whether that was all there is to do.
    fn between(&mut self, byte: u8) -> bool {
        match byte {
            b'{' => {
                self.broken |= self.before == Before::Item;
                self.before = Before::Item;
                self.in_item = true;
                self.depth += 1;
                self.item.push(byte);
                true
            }
            b',' => {
                self.broken |= self.before != Before::Item;
                self.before = Before::Comma;
                true
            }
            b']' => {
                self.broken |= self.before == Before::Comma;
                self.inside = false;
                false
            }
            // What is no object stays around.
            _ => {
                if !byte.is_ascii_whitespace() {
                    self.before = Before::Item;
                }
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn cut(text: &str, piece: usize) -> (Vec<String>, String) {
        let mut items = Items::default();
        let mut found = Vec::new();
        for bytes in text.as_bytes().chunks(piece) {
            items.feed(bytes, |item| found.push(String::from_utf8_lossy(item).into_owned()));
        }
        (found, String::from_utf8_lossy(&items.into_around()).into_owned())
    }

    #[test]
    fn a_list_is_cut_wherever_its_bytes_are() {
        let text = r#"{"kind":"List","metadata":{"continue":"a\"}]","items":[{"no":1}]},"items" : [ {"a":"]}\\"} , {"b":[{"items":[{}]}]}],"z":[{}]}"#;
        for piece in 1..=text.len() {
            let (found, around) = cut(text, piece);
            assert_eq!(found, [r#"{"a":"]}\\"}"#, r#"{"b":[{"items":[{}]}]}"#], "{piece}");
            let around: Value = serde_json::from_str(&around).unwrap();
            let expected = json!({"kind": "List", "metadata": {"continue": "a\"}]", "items": [{"no": 1}]}, "items": [], "z": [{}]});
            assert_eq!(around, expected, "{piece}");
        }
    }

    #[test]
    fn what_is_no_list_of_objects_stays_around() {
        for (text, items, around) in [
            (r#"{"items":null}"#, 0, Some(json!({"items": null}))),
            (r#"{"items":{"a":{}}}"#, 0, Some(json!({"items": {"a": {}}}))),
            (r#"{"items":[5]}"#, 0, Some(json!({"items": [5]}))),
            (r#"[{"items":[{}]}]"#, 0, Some(json!([{"items": [{}]}]))),
            (r#""items""#, 0, Some(json!("items"))),
            (r#"{"items":[{"a":1}"#, 1, None),
            (r#"{"items":[{"a":1"#, 0, None),
            (r#"{"items":[{}{}]}"#, 2, None),
            (r#"{"items":[{},,{}]}"#, 2, None),
            (r#"{"items":[{},]}"#, 1, None),
            (r#"{"items":[,{}]}"#, 1, None),
            (r#"{"items":[[{}]]}"#, 0, Some(json!({"items": [[{}]]}))),
            (r#"{"items":[]}"#, 0, Some(json!({"items": []}))),
            ("}}]]", 0, None),
            ("", 0, None),
        ] {
            let (found, rest) = cut(text, 3);
            assert_eq!(found.len(), items, "{text}");
            assert_eq!(serde_json::from_str::<Value>(&rest).ok(), around, "{text}: {rest}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_panics(texts in prop::collection::vec("[a-z\\[\\]{}\\\\\",: é]{0,12}", 0..6), piece in 1_usize..40) {
            let objects: Vec<Value> = texts.iter().map(|text| json!({text.as_str(): [text, {"x": text}]})).collect();
            let list = json!({"metadata": {"continue": texts.concat()}, "items": objects});
            let (found, around) = cut(&list.to_string(), piece);
            let found: Vec<Value> = found.iter().map(|item| serde_json::from_str(item).unwrap()).collect();
            prop_assert_eq!(found, objects);
            let around: Value = serde_json::from_str(&around).unwrap();
            prop_assert_eq!(&around["metadata"], &list["metadata"]);
        }

        #[test]
        fn garbage_does_not_panic(text in "[\\[\\]{}\\\\\",:items ]{0,60}", piece in 1_usize..9) {
            cut(&text, piece);
        }
    }
}
