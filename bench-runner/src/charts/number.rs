//! Numbers as a room reads them.

/// A count in full, with thousands apart: `10,000`.
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A measured value to three significant digits, with k, M or G: `948`, `12.3k`, `1.05M`, `89.0k`.
///
/// More digits than that would claim a precision that three rounds on one machine do not have.
pub fn compact(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    // Compared a hair above the value, because a product of floats may fall just short of a power of ten.
    let exponent = |v: f64| (v.abs().log10() + 1e-9).floor();
    let unit = 10f64.powf(exponent(value) - 2.0);
    let rounded = (value / unit).round() * unit;
    let (scale, suffix) = match exponent(rounded) {
        e if e >= 9.0 => (1e9, "G"),
        e if e >= 6.0 => (1e6, "M"),
        e if e >= 3.0 => (1e3, "k"),
        _ => (1.0, ""),
    };
    let shown = rounded / scale;
    let decimals = (2.0 - exponent(shown)).clamp(0.0, 9.0) as usize;
    format!("{shown:.decimals$}{suffix}")
}

/// A round value on an axis, like [`compact`] but without digits that say nothing: `50k`, `0.1`.
pub fn tick(value: f64) -> String {
    let text = compact(value);
    let (digits, suffix) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len()));
    let digits = if digits.contains('.') {
        digits.trim_end_matches('0').trim_end_matches('.')
    } else {
        digits
    };
    format!("{digits}{suffix}")
}

/// A round time on an axis: `50 µs`.
pub fn tick_time(ns: f64) -> String {
    let (scale, unit) = unit(ns);
    format!("{} {unit}", tick(ns / scale))
}

/// The largest unit of time that goes into `ns` at least once, but for the last bits of a float.
fn unit(ns: f64) -> (f64, &'static str) {
    let units = [(1e9, "s"), (1e6, "ms"), (1e3, "µs")];
    let fits = units.into_iter().find(|(scale, _)| ns >= scale * (1.0 - 1e-9));
    fits.unwrap_or((1.0, "ns"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_apart() {
        let all = [0, 7, 999, 1_000, 10_000, 1_234_567].map(thousands);
        assert_eq!(all, ["0", "7", "999", "1,000", "10,000", "1,234,567"]);
    }

    #[test]
    fn three_digits_say_enough() {
        let said = |value, text: &str| assert_eq!(compact(value), text);
        said(0.0, "0");
        said(0.0123, "0.0123");
        said(1.0, "1.00");
        said(948.2, "948");
        said(999.6, "1.00k");
        said(12_345.0, "12.3k");
        said(89_000.0, "89.0k");
        said(999_950.0, "1.00M");
        said(1e9, "1.00G");
    }

    #[test]
    fn an_axis_says_no_more_than_it_must() {
        let all = [0.05, 0.1, 1.0, 20.0, 100.0, 50_000.0, 1e6, 2e9].map(tick);
        assert_eq!(all, ["0.05", "0.1", "1", "20", "100", "50k", "1M", "2G"]);
    }

    #[test]
    fn times_have_the_unit_that_fits() {
        let ticks = [1.0, 1e3, 1e4, 1e6, 5e8].map(tick_time);
        assert_eq!(ticks, ["1 ns", "1 µs", "10 µs", "1 ms", "500 ms"]);
    }
}
