//! Where a line may be broken: at spaces, and in Chinese also between any two signs, but for punctuation.

/// Whether `c` is as wide as two letters, and a line may be broken beside it: Chinese signs, wide punctuation and forms.
pub(crate) fn is_wide(c: char) -> bool {
    matches!(c, '\u{2E80}'..='\u{303F}' | '\u{3041}'..='\u{33FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{AC00}'..='\u{D7A3}' | '\u{F900}'..='\u{FAFF}' | '\u{FE30}'..='\u{FE4F}' | '\u{FF01}'..='\u{FF60}'
        | '\u{FFE0}'..='\u{FFE6}' | '\u{20000}'..='\u{3FFFD}')
}

/// What does not begin a line.
fn closes(c: char) -> bool {
    matches!(
        c,
        '，' | '。' | '；' | '：' | '、' | '）' | '！' | '？' | '”' | '’' | '》' | '」' | '…' | '％'
    )
}

/// What does not end one.
fn opens(c: char) -> bool {
    matches!(c, '（' | '“' | '‘' | '《' | '「')
}

/// The parts between which a line may be broken, and whether there is a space before each.
pub(crate) fn parts(text: &str) -> Vec<(bool, &str)> {
    let mut parts = Vec::new();
    for word in together(text) {
        let (mut from, mut before) = (0, None);
        for (at, c) in word.char_indices() {
            let breaks = |before: char| (is_wide(before) || is_wide(c)) && !closes(c) && !opens(before);
            if before.is_some_and(breaks) {
                parts.push((from == 0, &word[from..at]));
                from = at;
            }
            before = Some(c);
        }
        parts.push((from == 0, &word[from..]));
    }
    parts
}

/// What stays with the number before it.
const UNITS: [&str; 12] = ["ns", "µs", "ms", "s", "B", "KiB", "MiB", "GiB", "%", "req/s", "×", "倍"];

/// The words of a text; a number and its unit are one.
fn together(text: &str) -> Vec<&str> {
    let mut words: Vec<&str> = Vec::new();
    // Where the last word begins and ends.
    let mut last = 0..0;
    let mut from = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (from, c.is_whitespace()) {
            (None, false) => from = Some(at),
            (Some(begin), true) => {
                let word = &text[begin..at];
                let unit = word.trim_end_matches([',', '.', ';', ':', ')', '，', '；', '。', '）']);
                let is_unit = UNITS.contains(&unit) && text[last.clone()].ends_with(|c: char| c.is_ascii_digit());
                if is_unit && !words.is_empty() {
                    words.pop();
                    last = last.start..at;
                } else {
                    last = begin..at;
                }
                words.push(&text[last.clone()]);
                from = None;
            }
            _ => {}
        }
    }
    words
}

/// `text` without the spaces between two wide signs: what is filled in is set off from Chinese where it is Latin, and not
/// where it is Chinese itself.
pub(crate) fn closed_up(text: &str) -> String {
    let mut before = None;
    let mut chars = text.chars().peekable();
    let mut closed = String::with_capacity(text.len());
    while let Some(c) = chars.next() {
        let within = before.is_some_and(is_wide) && chars.peek().copied().is_some_and(is_wide);
        if !(c == ' ' && within) {
            closed.push(c);
        }
        before = Some(c);
    }
    closed
}

/// How many columns of a terminal `text` takes.
pub(crate) fn columns(text: &str) -> usize {
    text.chars().map(|c| if is_wide(c) { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_whole_and_chinese_is_broken_but_not_before_its_punctuation() {
        assert_eq!(parts("one two"), [(true, "one"), (true, "two")]);
        assert_eq!(
            parts(" 20.4 µs,  in fork s 3"),
            [
                (true, "20.4 µs,"),
                (true, "in"),
                (true, "fork"),
                (true, "s"),
                (true, "3")
            ]
        );
        let broken = parts("select 停在 1,019；（其余）");
        let expected = [
            (true, "select"),
            (true, "停"),
            (false, "在"),
            (true, "1,019；"),
            (false, "（其"),
            (false, "余）"),
        ];
        assert_eq!(broken, expected);
        assert!(parts(" ").is_empty());
    }

    #[test]
    fn spaces_between_chinese_signs_go() {
        assert_eq!(
            closed_up("在 160k 请求/秒 下，（两个） 为 a b"),
            "在 160k 请求/秒下，（两个）为 a b"
        );
    }

    #[test]
    fn a_chinese_sign_takes_two_columns() {
        assert_eq!(columns("ab，连接 1"), 10);
    }
}
