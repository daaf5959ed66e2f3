//! What servers cost: CPU and memory.

use loadgen::units::{bytes, grouped};

use crate::stats::findings::costs::{Cost, Costs, Spread};
use crate::stats::in_one_gib;
use crate::words::{Lang, say};

impl Costs {
    pub(super) fn text(&self, lang: Lang) -> String {
        match self {
            Self::Cpu(spread) => {
                let spread = spread.text(&|ns| format!("{:.1} µs", ns / 1e3), lang);
                say!(
                    lang,
                    "CPU per request while all talk: {spread}",
                    "全部活跃时每请求的 CPU 时间：{spread}"
                )
            }
            Self::Memory(spread) => {
                let spread = spread.text(&bytes, lang);
                say!(
                    lang,
                    "Memory per connection, user and kernel with both ends: {spread}",
                    "每连接的内存（用户态与内核态，含两端）：{spread}"
                )
            }
            Self::Holds(spread) => holds(spread, lang),
            Self::Uncompared { cost, conns } => {
                let (cost, conns) = (cost.text(lang), grouped(*conns));
                say!(
                    lang,
                    "None serves all {conns} connections, so that {cost} is not compared",
                    "没有模型服务了全部 {conns} 个连接，因此不比较{cost}"
                )
            }
            Self::Untold(cost) => {
                let cost = cost.text(lang);
                say!(lang, "No server's {cost} could be told", "没有一个服务器的{cost}可知")
            }
        }
    }
}

impl Cost {
    fn text(self, lang: Lang) -> String {
        match self {
            Self::Cpu => say!(lang, "CPU per request", "每请求的 CPU 时间"),
            Self::Memory => say!(lang, "memory per connection", "每连接的内存"),
        }
    }
}

impl Spread {
    fn text(&self, write: &dyn Fn(f64) -> String, lang: Lang) -> String {
        match self {
            Self::One { server, value } => {
                let value = write(*value);
                say!(lang, "{value} in {server}", "{server} 为 {value}")
            }
            Self::Alike { least, most } => {
                let (least, most) = (write(*least), write(*most));
                say!(
                    lang,
                    "no clear difference, {least} to {most}",
                    "无明显差异，{least} 至 {most}"
                )
            }
            Self::Apart { low, high } => {
                let ((least, small), (most, large)) = (low, high);
                let (least, small, most, large) = (write(*least), small.text(lang), write(*most), large.text(lang));
                say!(
                    lang,
                    "{least} in {small}, {most} in {large}",
                    "{small} 为 {least}，{large} 为 {most}"
                )
            }
        }
    }
}

/// What a GiB holds.
fn holds(spread: &Spread, lang: Lang) -> String {
    let held = |bytes: f64| grouped(in_one_gib(bytes));
    match spread {
        Spread::One { server, value } => {
            let held = held(*value);
            say!(
                lang,
                "1 GiB holds both ends of {held} connections of {server}",
                "1 GiB 可容纳 {server} 的 {held} 个连接（含两端）"
            )
        }
        Spread::Alike { least, most } => {
            let (few, many) = (held(*most), held(*least));
            say!(
                lang,
                "1 GiB holds both ends of {few} to {many} connections: no clear difference",
                "1 GiB 可容纳 {few} 至 {many} 个连接（含两端）：无明显差异"
            )
        }
        Spread::Apart { low, high } => {
            let ((least, small), (most, large)) = (low, high);
            let (many, small, few, large) = (held(*least), small.text(lang), held(*most), large.text(lang));
            say!(
                lang,
                "1 GiB holds both ends of {many} connections of {small}, {few} of {large}",
                "1 GiB 可容纳 {many} 个 {small} 的连接，或 {few} 个 {large} 的连接（均含两端）"
            )
        }
    }
}
