//! Numbers and names for people.

/// `65530` → `65,530`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes in the largest binary unit that leaves a number of one or more.
pub(super) fn bytes(number: u64) -> String {
    let units = [(1u64 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match units.into_iter().find(|(size, _)| number >= *size) {
        Some((size, unit)) => {
            let amount = number as f64 / size as f64;
            if amount < 10.0 {
                format!("{amount:.1} {unit}")
            } else {
                format!("{amount:.0} {unit}")
            }
        }
        None => format!("{number} B"),
    }
}

/// A part of one: `0.034` → `3.4 %`.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent < 10.0 {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.0} %")
    }
}

/// Names in a sentence: `fork`, `fork and thread`, `fork, thread and tokio`.
pub(super) fn listed<S: AsRef<str>>(names: &[S]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names.as_slice() {
        [] => String::new(),
        [only] => (*only).to_string(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// CPU numbers as ranges: `0-3, 8`.
pub(crate) fn cpus(numbers: &[usize]) -> String {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for &number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    let range = |(first, last): (usize, usize)| {
        if first == last {
            first.to_string()
        } else {
            format!("{first}-{last}")
        }
    };
    ranges.into_iter().map(range).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(
            ["1", "999", "1,000", "65,530", "1,048,576"],
            [1, 999, 1000, 65530, 1 << 20]
                .map(grouped)
                .each_ref()
                .map(String::as_str)
        );
        assert_eq!((bytes(512), bytes(1536)), ("512 B".into(), "1.5 KiB".into()));
        assert_eq!((bytes(140 << 20), bytes(3 << 30)), ("140 MiB".into(), "3.0 GiB".into()));
        assert_eq!((percent(0.034), percent(0.5)), ("3.4 %".into(), "50 %".into()));
    }

    #[test]
    fn lists() {
        assert_eq!(listed(&["a"]), "a");
        assert_eq!(listed(&["a", "b", "c"]), "a, b and c");
        assert_eq!(cpus(&[0, 1, 2, 8]), "0-2, 8");
        assert_eq!(cpus(&[]), "");
    }
}
