//! Numbers as people write and read them: `10k`, `1.2M`, `500ms`.

use std::time::Duration;

/// Far beyond any use, and far below where sums of nanoseconds overflow.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);

/// Parses a count such as `500`, `10k`, `1.5M` or `10_000`.
///
/// # Errors
/// A message that quotes the value and names the accepted form.
pub fn parse_count(text: &str) -> Result<u64, String> {
    let bad = || format!("'{text}' is not a count; write it as 500, 10k or 1.5M");
    let plain: String = text.chars().filter(|&c| c != '_' && c != ',').collect();
    let (digits, scale) = match plain.char_indices().last() {
        Some((end, 'k' | 'K')) => (&plain[..end], 1e3),
        Some((end, 'm' | 'M')) => (&plain[..end], 1e6),
        _ => (plain.as_str(), 1.0),
    };
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(bad());
    }
    let value: f64 = digits.parse().map_err(|_| bad())?;
    let count = value * scale;
    if count.fract() != 0.0 || count >= 1e15 {
        Err(bad())
    } else {
        Ok(count as u64)
    }
}

/// Parses a count that is at least 1.
///
/// # Errors
/// As [`parse_count`], and for 0.
pub fn parse_positive(text: &str) -> Result<u64, String> {
    match parse_count(text)? {
        0 => Err(format!("'{text}' is too few; at least 1 is needed")),
        count => Ok(count),
    }
}

/// More requests a second than that are sent by no generator on one machine.
const HIGHEST_RATE: u64 = 10_000_000;
/// Most values that a range of rates may have.
const MOST_RATES: u64 = 1000;

/// Parses rates such as `20k`, `10k,20k` or `10k..200k:8`, which is 8 values at equal distances from one end to the
/// other.
///
/// # Errors
/// A message that quotes the value and names the accepted form.
pub fn parse_rates(text: &str) -> Result<Vec<f64>, String> {
    let bad = || format!("'{text}' is no rate; write it as 20k, 10k,20k or 10k..200k:8");
    let parse_positive = |text: &str| match parse_positive(text).map_err(|_| bad())? {
        rate if rate > HIGHEST_RATE => Err(format!(
            "'{text}' is too much; at most 10M requests a second are possible"
        )),
        rate => Ok(rate),
    };
    let Some((from, rest)) = text.split_once("..") else {
        let rates = text.split(',').map(|rate| parse_positive(rate).map(|rate| rate as f64));
        return rates.collect();
    };
    let (to, steps) = rest.split_once(':').ok_or_else(bad)?;
    let (from, to, steps) = (parse_positive(from)?, parse_positive(to)?, parse_positive(steps)?);
    if to <= from || !(2..=MOST_RATES).contains(&steps) {
        return Err(bad());
    }
    let step = (to - from) as f64 / (steps - 1) as f64;
    Ok((0..steps).map(|i| from as f64 + step * i as f64).collect())
}

/// Parses a size in bytes such as `64`, `4k` or `1M`, where `k` is 1024.
///
/// # Errors
/// A message that quotes the value and names the accepted form.
pub fn parse_bytes(text: &str) -> Result<u64, String> {
    let bad = || format!("'{text}' is not a size; write it as 64, 4k or 1M");
    let (digits, scale) = match text.char_indices().last() {
        Some((end, 'k' | 'K')) => (&text[..end], 1 << 10),
        Some((end, 'm' | 'M')) => (&text[..end], 1 << 20),
        _ => (text, 1),
    };
    digits
        .parse::<u64>()
        .ok()
        .and_then(|count| count.checked_mul(scale))
        .ok_or_else(bad)
}

/// Parses a duration such as `10s`, `500ms` or `2m`.
///
/// # Errors
/// A message that quotes the value and names the accepted form.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text);
    let duration = duration.map_err(|_| format!("'{text}' is not a duration; write it as 10s, 500ms or 2m"))?;
    if duration > LONGEST {
        return Err(format!("'{text}' is too long; at most 30 days are possible"));
    }
    Ok(duration)
}

/// A whole number with thousands separated: `10,000`.
#[must_use]
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Three significant digits with a suffix: `98.1k`, `1.25M`, `734`.
#[must_use]
pub fn short(value: f64) -> String {
    let (scaled, suffix) = match value.abs() {
        size if size >= 999_500_000.0 => (value / 1e9, "G"),
        size if size >= 999_500.0 => (value / 1e6, "M"),
        size if size >= 999.5 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    format!("{}{suffix}", significant(scaled))
}

/// A time with its unit: `9.14 ns`, `812 ns`, `48.3 µs`, `1.20 ms`, `2.05 s`.
#[must_use]
pub fn time(ns: f64) -> String {
    match ns {
        ns if ns >= 999.5e6 => format!("{} s", significant(ns / 1e9)),
        ns if ns >= 999.5e3 => format!("{} ms", significant(ns / 1e6)),
        ns if ns >= 999.5 => format!("{} µs", significant(ns / 1e3)),
        ns => format!("{} ns", significant(ns)),
    }
}

/// A size in binary units: `512 B`, `4.00 KiB`, `1.50 MiB`.
#[must_use]
pub fn bytes(count: f64) -> String {
    match count.abs() {
        size if size >= 1_048_051.0 * 1024.0 => format!("{} GiB", significant(count / 1024.0 / 1024.0 / 1024.0)),
        size if size >= 1_048_051.0 => format!("{} MiB", significant(count / 1024.0 / 1024.0)),
        size if size >= 1023.5 => format!("{} KiB", significant(count / 1024.0)),
        _ => format!("{count:.0} B"),
    }
}

/// A count with its noun: `1 connection`, `10,000 connections`.
#[must_use]
pub fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(count))
}

/// A count rounded to three significant digits, for one of which no more are known: 107,442 is 107,000.
#[must_use]
pub fn three_digits(value: f64) -> u64 {
    let unit = 10f64.powf(value.log10().floor() - 2.0).max(1.0);
    ((value / unit).round() * unit) as u64
}

/// Three significant digits of a value below 1,000 (or 1,024), all digits of a larger one.
fn significant(value: f64) -> String {
    match value.abs() {
        size if size >= 99.95 => format!("{value:.0}"),
        size if size >= 9.995 => format!("{value:.1}"),
        0.0 => "0".to_owned(),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_one_several_or_a_range() {
        assert_eq!(parse_rates("20k").unwrap(), [20e3]);
        assert_eq!(parse_rates("1k,2k,500").unwrap(), [1e3, 2e3, 500.0]);
        assert_eq!(parse_rates("10k..40k:4").unwrap(), [10e3, 20e3, 30e3, 40e3]);
        for wrong in [
            "",
            "x",
            "0",
            "10k..",
            "10k..20k",
            "20k..10k:3",
            "1..2:1",
            "1..2:9999",
            "11M",
            "1k,,2k",
        ] {
            assert!(parse_rates(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn nouns_agree_with_their_counts() {
        assert_eq!(counted(1, "connection"), "1 connection");
        assert_eq!(counted(10_000, "connection"), "10,000 connections");
    }

    #[test]
    fn no_more_digits_than_are_known() {
        let all = [107_442.0, 7_619.6, 99_960.0, 57.4, 0.2].map(three_digits);
        assert_eq!(all, [107_000, 7_620, 100_000, 57, 0]);
    }

    #[test]
    fn counts_are_read_as_people_write_them() {
        for (text, count) in [
            ("0", 0),
            ("500", 500),
            ("10k", 10_000),
            ("1.5M", 1_500_000),
            ("10_000", 10_000),
            ("10,000", 10_000),
        ] {
            assert_eq!(parse_count(text), Ok(count), "{text}");
        }
        for text in [
            "",
            "k",
            "ten",
            "-1",
            "1.5",
            "1e3k3",
            "+5",
            "inf",
            "NaN",
            "99999999999999999999",
        ] {
            let message = parse_count(text).expect_err(text);
            assert!(message.contains(&format!("'{text}'")), "{message}");
        }
        assert!(parse_positive("0").is_err());
    }

    #[test]
    fn sizes_and_durations_name_the_accepted_form() {
        assert_eq!(parse_bytes("4k"), Ok(4096));
        assert!(parse_bytes("99999999999999999999M").is_err());
        assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
        assert!(parse_duration("5").unwrap_err().contains("500ms"));
        assert_eq!(parse_duration("30days"), Ok(LONGEST));
        assert!(parse_duration("500years").unwrap_err().contains("'500years'"));
    }

    #[test]
    fn numbers_keep_three_digits() {
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(999), "999");
        assert_eq!(
            (short(98_123.0), short(999.6), short(12.0)),
            ("98.1k".into(), "1.00k".into(), "12.0".into())
        );
        assert_eq!(
            (time(812.0), time(48_300.0), time(999_600.0)),
            ("812 ns".into(), "48.3 µs".into(), "1.00 ms".into())
        );
        assert_eq!(
            (bytes(64.0), bytes(4096.0), bytes(1_572_864.0)),
            ("64 B".into(), "4.00 KiB".into(), "1.50 MiB".into())
        );
    }
}
