//! What a slow request does to the others.

use loadgen::units::time;

use crate::stats::findings::others::Waiting;
use crate::words::{Lang, say};

impl Waiting {
    pub(super) fn text(&self, lang: Lang) -> String {
        let said = match self {
            Self::Apart { quick, slow } => {
                let (low, quick, high, slow) = (time(quick.0), quick.1.text(lang), time(slow.0), slow.1.text(lang));
                say!(
                    lang,
                    "p99 is {low} with {quick}, {high} with {slow}",
                    "{quick} 的 p99 为 {low}，{slow} 的为 {high}"
                )
            }
            Self::One { server, p99 } => {
                let p99 = time(*p99);
                say!(lang, "p99 is {p99} with {server}", "{server} 的 p99 为 {p99}")
            }
            Self::Alike => say!(lang, "no clear difference in p99", "p99 无明显差异"),
            Self::Nothing => {
                return say!(
                    lang,
                    "No server answered those who asked for nothing slow",
                    "没有一个服务器应答未请求慢操作的客户端"
                );
            }
        };
        say!(
            lang,
            "For those who asked for nothing slow, {said}",
            "对未请求慢操作的客户端，{said}"
        )
    }
}
