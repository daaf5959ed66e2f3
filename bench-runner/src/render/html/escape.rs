//! What keeps text from being taken for anything else, where maud's own escape is not there: in the data that the script
//! reads, and in the policy that names the script.

use anyhow::{Context, Result};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// A value as JSON that can stand in a script element: no sign that ends one, or begins a comment, is left in it.
pub(super) fn json(value: &impl Serialize) -> Result<String> {
    let text = serde_json::to_string(value).context("cannot write the page's data")?;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            // These occur in JSON within texts only, where an escape means the same.
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out += &format!("\\u{:04x}", u32::from(c)),
            c => out.push(c),
        }
    }
    Ok(out)
}

/// A content of an element as a source of a content security policy (CSP Level 3, 2.3.1): its SHA-256.
pub(super) fn hash(content: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(content)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_cannot_end_its_element_and_is_read_as_it_was() {
        let hostile = "</script><!--<script>alert('1')</script>&amp;\u{2028}\u{2029}\"\\ µ";
        let text = json(&[hostile]).unwrap();
        assert!(!text.contains(['<', '>', '&', '\u{2028}', '\u{2029}']), "{text}");
        let read: Vec<String> = serde_json::from_str(&text).unwrap();
        assert_eq!(read, [hostile]);
    }

    #[test]
    fn a_hash_is_that_of_the_content() {
        // From the example of the specification.
        assert_eq!(
            hash("alert('Hello, world.');"),
            "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"
        );
    }
}
