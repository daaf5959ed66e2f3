//! How far servers are apart by rate.

use loadgen::units::{grouped, short};

use crate::stats::findings::rates::{Ahead, Compared, Rates};
use crate::words::{Lang, say};

impl Rates {
    pub(super) fn text(&self, lang: Lang) -> String {
        match self {
            Self::Watched {
                conns,
                active,
                all,
                few,
            } => watched((*conns, *active), all.as_ref(), few.as_ref(), lang),
            Self::Unranked { servers } => {
                let servers = servers.join(lang.comma());
                say!(
                    lang,
                    "Not ranked where the load generator gave out first (≥): {servers}",
                    "负载发生器先到极限（≥）而不参与排名：{servers}"
                )
            }
            Self::Collapse {
                server,
                conns,
                active,
                from,
                to,
            } => {
                let (conns, active, from, to) = (grouped(*conns), grouped(*active), short(*from), short(*to));
                say!(
                    lang,
                    "With {active} of {conns} talking, {server} falls from {from} to {to} requests a second with its CPU \
                     used up: it pays for the connections it watches",
                    "{conns} 个连接中只有 {active} 个活跃时，{server} 从每秒 {from} 个请求降到 {to} 个，而 CPU 已用尽：\
                     它在为所监视的连接付出代价"
                )
            }
            Self::Burning { servers } => {
                let each = servers.iter().map(|(server, share)| {
                    let share = share * 100.0;
                    say!(
                        lang,
                        "{server} uses {share:.0} % of its CPU",
                        "{server} 占用其 CPU 的 {share:.0} %"
                    )
                });
                let each = each.collect::<Vec<_>>().join(match lang {
                    Lang::En => ", ",
                    Lang::Zh => "，",
                });
                say!(lang, "While nobody talks, {each}", "无人活跃时，{each}")
            }
            Self::Holds { only, conns } => {
                let conns = grouped(*conns);
                match only {
                    Some(only) => say!(
                        lang,
                        "{only} has no clear loss of throughput up to {conns} connections",
                        "直到 {conns} 个连接，{only} 的吞吐量没有明显下降"
                    ),
                    None => say!(
                        lang,
                        "No model has a clear loss of throughput up to {conns} connections",
                        "直到 {conns} 个连接，没有模型的吞吐量明显下降"
                    ),
                }
            }
            Self::Falls { server, conns, left } => {
                let (conns, left) = (grouped(*conns), left * 100.0);
                say!(
                    lang,
                    "With {conns} connections that all talk, {server} has {left:.0} % of its best rate",
                    "{conns} 个连接全部活跃时，{server} 只有其最高速率的 {left:.0} %"
                )
            }
            Self::SomeFall {
                fallen,
                known,
                conns,
                server,
                left,
            } => {
                let (conns, left) = (grouped(*conns), left * 100.0);
                say!(
                    lang,
                    "With {conns} connections that all talk, {fallen} of {known} have clearly less than their best rate, \
                     down to {left:.0} % in {server}",
                    "{conns} 个连接全部活跃时，{known} 个模型中有 {fallen} 个明显低于其最高速率，{server} 低至 {left:.0} %"
                )
            }
            Self::OneServes { server, conns } => {
                let conns = grouped(*conns);
                say!(
                    lang,
                    "{server} serves {conns} connections",
                    "{server} 服务了 {conns} 个连接"
                )
            }
            Self::NotCompared => say!(
                lang,
                "No two rates can be held against each other",
                "没有两个速率可以相互比较"
            ),
            Self::NoneServes => say!(lang, "No server serves all connections", "没有一个服务器服务了全部连接"),
            Self::NotFollowed => say!(
                lang,
                "No server's throughput can be followed up to the largest number of connections",
                "没有一个服务器的吞吐量能一直测到最大连接数"
            ),
        }
    }
}

fn watched(
    (conns, active): (u64, u64),
    all: Option<&Compared<f64>>,
    few: Option<&Compared<Ahead>>,
    lang: Lang,
) -> String {
    let (conns, active) = (grouped(conns), grouped(active));
    let alike = || say!(lang, "no clear difference", "无明显差异");
    let apart = all.map(|all| match all {
        Compared::Alike => alike(),
        Compared::Apart(ratio) => {
            let times = times(*ratio, lang);
            say!(lang, "{times} apart", "最快为最慢的 {times}")
        }
    });
    let few = few.map(|few| {
        let few = match few {
            Compared::Alike => alike(),
            Compared::Apart(ahead) => ahead.text(lang),
        };
        say!(
            lang,
            "{active} of {conns} talk: {few}",
            "{conns} 个连接中 {active} 个活跃：{few}"
        )
    });
    match (apart, few) {
        (Some(apart), Some(few)) => say!(lang, "All talk: {apart}; {few}", "全部活跃：{apart}；{few}"),
        (Some(apart), None) => say!(lang, "All {conns} talk: {apart}", "{conns} 个连接全部活跃：{apart}"),
        (None, few) => few.unwrap_or_else(alike),
    }
}

impl Ahead {
    fn text(&self, lang: Lang) -> String {
        let (fast, slow) = (self.fast.text(lang), self.slow.text(lang));
        let is = if self.fast.like > 0 { "are" } else { "is" };
        let times = times(self.ratio, lang);
        match (lang, self.ratio >= 1.5) {
            (Lang::En, true) => format!("{fast} {is} {times} as fast as {slow}"),
            (Lang::En, false) => format!("{fast} {is} {times} faster than {slow}"),
            (Lang::Zh, true) => format!("{fast} 的速度是 {slow} 的 {times}"),
            (Lang::Zh, false) => format!("{fast} 比 {slow} 快 {times}"),
        }
    }
}

/// `12×`, `1.4×`, or a percentage for what is less than half as much again.
fn times(ratio: f64, lang: Lang) -> String {
    let percent = (ratio - 1.0) * 100.0;
    match ratio {
        ratio if ratio >= 9.95 => say!(lang, "{ratio:.0}×", "{ratio:.0} 倍"),
        ratio if ratio >= 1.5 => say!(lang, "{ratio:.1}×", "{ratio:.1} 倍"),
        _ => format!("{percent:.0} %"),
    }
}
