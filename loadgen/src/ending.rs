//! Bytes with which a reply ends.

/// Bytes with which a reply ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending(pub Vec<u8>);

impl Ending {
    /// Reads it as a command line has it: with `\\r`, `\\n`, `\\t`, `\\0`, `\\` and `\\x00`.
    ///
    /// # Errors
    /// A message that quotes the text and shows the form.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bad = || format!("'{text}' is no ending; write it as END, \\r\\n or \\x00");
        let (mut bytes, mut rest) = (Vec::new(), text.bytes());
        while let Some(byte) = rest.next() {
            if byte != b'\\' {
                bytes.push(byte);
                continue;
            }
            bytes.push(match rest.next().ok_or_else(bad)? {
                b'r' => b'\r',
                b'n' => b'\n',
                b't' => b'\t',
                b'0' => 0,
                b'\\' => b'\\',
                b'x' => {
                    let digits = [rest.next(), rest.next()].map(|digit| char::from(digit.unwrap_or(b'?')).to_digit(16));
                    match digits {
                        [Some(high), Some(low)] => (16 * high + low) as u8,
                        _ => return Err(bad()),
                    }
                }
                _ => return Err(bad()),
            });
        }
        if bytes.is_empty() { Err(bad()) } else { Ok(Self(bytes)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_is_read_as_it_is_written() {
        for (text, bytes) in [
            ("END\\r\\n", &b"END\r\n"[..]),
            ("\\0\\x7f\\xFF\\\\", &[0, 0x7f, 0xff, b'\\']),
            ("ä", "ä".as_bytes()),
        ] {
            assert_eq!(Ending::parse(text), Ok(Ending(bytes.to_vec())), "{text}");
        }
        for text in ["", "\\", "\\q", "\\x1", "\\xzz"] {
            assert!(
                Ending::parse(text).unwrap_err().contains(&format!("'{text}'")),
                "{text}"
            );
        }
    }
}
