//! What the chart of the claims says: calls and requests, by how much is watched.

use loadgen::units::grouped;

use super::{Lang, say};

/// Over the panel of calls.
pub(crate) fn of_calls(lang: Lang) -> String {
    say!(lang, "The call that each makes, one ready", "各自的系统调用，一个就绪")
}

/// Over the panel of servers.
pub(crate) fn of_servers(active: u64, lang: Lang) -> String {
    say!(
        lang,
        "A server's request, {active} of them talk",
        "服务器的一个请求，其中 {active} 个活跃"
    )
}

/// How it was measured.
pub(crate) fn subtitle(rounds: u32, lang: Lang) -> String {
    let rounds = match rounds {
        1 => say!(lang, "one round", "一轮"),
        _ => say!(lang, "median and range of {rounds} rounds", "{rounds} 轮的中位数与范围"),
    };
    say!(
        lang,
        "calls over eventfd, median and range of 7 blocks; servers: closed loop, echo requests of 64 bytes, {rounds}",
        "系统调用：eventfd，7 组的中位数与范围；服务器：闭环，64 字节的 echo 请求，{rounds}"
    )
}

/// At the end of a line that goes no further.
pub(crate) fn at_most(served: u64, lang: Lang) -> String {
    let served = grouped(served);
    say!(lang, "{served} at most", "最多 {served} 个")
}

/// How many times as much a name pays, from so many watched to so many.
pub(crate) struct Growth<'a> {
    /// Watched at first and at last.
    pub(crate) counts: (u64, u64),
    /// Whoever pays most.
    pub(crate) steepest: (&'a str, f64),
    /// Whoever it is held against.
    pub(crate) beside: Option<(&'a str, f64)>,
    /// Whether it is worth being told as growth.
    pub(crate) grows: bool,
}

impl Growth<'_> {
    /// The chart's title.
    pub(crate) fn text(&self, lang: Lang) -> String {
        let (from, to) = (grouped(self.counts.0), grouped(self.counts.1));
        let (steep, largest) = (self.steepest.0, times(self.steepest.1));
        if !self.grows {
            return say!(
                lang,
                "From {from} to {to} watched nothing grows by more than × {largest}",
                "监视数从 {from} 到 {to}，没有一个的增长超过 × {largest}"
            );
        }
        let beside = self.beside.map_or_else(String::new, |(flat, least)| {
            let least = times(least);
            say!(lang, ", {flat} × {least}", "，{flat} × {least}")
        });
        say!(
            lang,
            "From {from} to {to} watched: {steep} pays × {largest}{beside}",
            "监视数从 {from} 到 {to}：{steep} 的代价 × {largest}{beside}"
        )
    }
}

fn times(factor: f64) -> String {
    if factor < 10.0 {
        format!("{factor:.1}")
    } else {
        format!("{factor:.0}")
    }
}
