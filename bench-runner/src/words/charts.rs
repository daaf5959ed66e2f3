//! What charts say of themselves: keys, axes, marks.

use super::{Lang, phrase, say};

/// In the place of a chart without any model.
pub(crate) fn no_model(lang: Lang) -> &'static str {
    phrase(lang, "no model was run", "没有运行任何模型")
}

/// What a call and a request cost, by how much is watched.
pub(crate) fn watching_axes(lang: Lang) -> &'static str {
    phrase(
        lang,
        "CPU time against connections watched, both log scale",
        "CPU 时间与所监视的连接数，均为对数坐标",
    )
}

/// What × means where that ends.
pub(crate) fn no_more_watched(lang: Lang) -> &'static str {
    phrase(lang, "✗: no more can be watched", "✗：至此失效")
}

/// In the place of a chart or a panel without any value.
pub(crate) fn nothing_measured(lang: Lang) -> &'static str {
    phrase(lang, "nothing was measured", "没有测得任何结果")
}

/// Over models that have all failed; there is one of them at least.
pub(crate) fn all_failed(names: &[&str], lang: Lang) -> String {
    match names {
        [only] => say!(
            lang,
            "nothing was measured: {only} failed",
            "没有测得任何结果：{only} 失败"
        ),
        many => {
            let n = many.len();
            say!(
                lang,
                "nothing was measured: all {n} models failed",
                "没有测得任何结果：{n} 个模型全部失败"
            )
        }
    }
}

/// What the shades of a bar of connections mean, from left to right.
pub(crate) fn shades(lang: Lang) -> [&'static str; 4] {
    [
        phrase(lang, "served", "已服务"),
        phrase(lang, "starved: connected, no reply", "饥饿：已连接，无应答"),
        phrase(
            lang,
            "refused: connected, then closed unserved",
            "被拒绝：连接后未得服务即被关闭",
        ),
        phrase(lang, "never connected", "始终未能连接"),
    ]
}

/// Behind a bar: what became of its connections. `plain` is whether there is nothing but those served.
pub(crate) fn connections(
    served: &str,
    starved: Option<&str>,
    refused: Option<&str>,
    plain: bool,
    lang: Lang,
) -> String {
    if plain {
        return served.to_owned();
    }
    let mut said = vec![say!(lang, "{served} served", "已服务 {served}")];
    said.extend(starved.map(|n| say!(lang, "{n} starved", "饥饿 {n}")));
    said.extend(refused.map(|n| say!(lang, "{n} refused", "被拒绝 {n}")));
    said.join(match lang {
        Lang::En => ", ",
        Lang::Zh => "，",
    })
}

/// At the end of the axis of connections.
pub(crate) fn asked(n: &str, lang: Lang) -> String {
    say!(lang, "{n} asked", "共请求 {n} 个连接")
}

/// Rates against connections.
pub(crate) fn rates_axes(lang: Lang) -> &'static str {
    phrase(
        lang,
        "requests per second against connections open, both log scale",
        "每秒请求数与连接数，均为对数坐标",
    )
}

/// Rates at one count of connections.
pub(crate) fn rates_axis(conns: &str, lang: Lang) -> String {
    say!(
        lang,
        "requests per second at {conns} connections, log scale",
        "{conns} 个连接时的每秒请求数，对数坐标"
    )
}

/// What × means where throughput ends.
pub(crate) fn broke(lang: Lang) -> &'static str {
    phrase(lang, "✗: broke, drawn at its last rate", "✗：失效，画在其最后的速率上")
}

/// Response time against offered rates.
pub(crate) fn offered_axes(lang: Lang) -> &'static str {
    phrase(
        lang,
        "response time against requests offered per second, log scales",
        "响应时间与每秒发出的请求数，对数坐标",
    )
}

/// What a ring means.
pub(crate) fn knee(lang: Lang) -> &'static str {
    phrase(lang, "ring: knee", "圆环：拐点")
}

/// What × means where a server falls behind.
pub(crate) fn behind(lang: Lang) -> &'static str {
    phrase(lang, "✗: falls behind when more is offered", "✗：请求再多便跟不上")
}

/// Latency of the others over time.
pub(crate) fn others_axes(lang: Lang) -> &'static str {
    phrase(
        lang,
        "p99 of the requests that asked for nothing slow in each interval, log scale, against time in seconds",
        "每个时段内未请求慢操作的请求的 p99（对数坐标）随时间（秒）的变化",
    )
}

/// What × means where nobody is answered any more.
pub(crate) fn no_longer_answered(lang: Lang) -> &'static str {
    phrase(lang, "✗: no longer answered", "✗：不再应答")
}

/// Percentiles by two clocks.
pub(crate) fn clocks_axes(lang: Lang) -> &'static str {
    phrase(
        lang,
        "time that a share of the requests did not exceed, log scale  ·  response: from when a request was due  ·  \
         service: from when it was sent",
        "相应比例的请求未超过的时间，对数坐标  ·  响应：从请求应当发出时算起  ·  服务：从实际发出时算起",
    )
}

/// Percentiles of latency.
pub(crate) fn percentiles_axes(lang: Lang) -> &'static str {
    phrase(
        lang,
        "time that a share of the requests did not exceed, log scale",
        "相应比例的请求未超过的时间，对数坐标",
    )
}

/// Rates over time.
pub(crate) fn timeline_axes(lang: Lang) -> &'static str {
    phrase(
        lang,
        "requests per second in each interval, log scale, against time in seconds",
        "每个时段内的每秒请求数（对数坐标）随时间（秒）的变化",
    )
}

/// What × means where a percentile is not known any more.
pub(crate) fn no_longer_known(lang: Lang) -> &'static str {
    phrase(
        lang,
        "✗: not known from here on, longer than the window",
        "✗：此后未知，长于窗口",
    )
}

/// A percentile that has no name: one of so many requests exceeds it.
pub(crate) fn one_in(n: &str, lang: Lang) -> String {
    say!(lang, "1 in {n}", "{n} 分之 1")
}

/// What bars over points mean.
pub(crate) fn whiskers(lang: Lang) -> &'static str {
    phrase(
        lang,
        "bars: range of the rounds, where wider than its mark",
        "竖线：各轮的范围（宽于标记时画出）",
    )
}

/// The same where some lines stand back without them.
pub(crate) fn whiskers_of_some(lang: Lang) -> &'static str {
    phrase(
        lang,
        "bars: range of the rounds, of coloured lines, where wider than its mark",
        "竖线：彩色线各轮的范围（宽于标记时画出）",
    )
}

/// What an open point means that is a lower bound.
pub(crate) fn at_least(lang: Lang) -> &'static str {
    phrase(lang, "open, ≥: at least this much", "空心，≥：至少如此")
}

/// What an open point means that is an upper bound.
pub(crate) fn at_most(lang: Lang) -> &'static str {
    phrase(lang, "open, ≤: at most this much", "空心，≤：至多如此")
}

/// What became of a model, beside its ×.
pub(crate) fn became(name: &str, what: &str, lang: Lang) -> String {
    say!(lang, "{name}: {what}", "{name}：{what}")
}

/// A model without a value.
pub(crate) fn not_measured(lang: Lang) -> &'static str {
    phrase(lang, "not measured", "未测得")
}

/// A model without a value, by its name.
pub(crate) fn not_measured_of(name: &str, lang: Lang) -> String {
    say!(lang, "{name} (not measured)", "{name}（未测得）")
}

/// Where a value was measured that is not where the others were.
pub(crate) fn at(n: &str, lang: Lang) -> String {
    say!(lang, "at {n}", "在 {n} 处")
}

/// How a step grows with its size.
pub(crate) fn growth(size: &str, times: &str, least: &str, lang: Lang) -> String {
    say!(
        lang,
        "at {size}, {times}× that at {least}",
        "在 {size} 时，是 {least} 时的 {times} 倍"
    )
}

/// How often a step can be done, and at what size if it has one.
pub(crate) fn per_second(size: Option<&str>, often: &str, lang: Lang) -> String {
    let size = size.map_or_else(String::new, |size| say!(lang, "at {size}, ", "在 {size} 时，"));
    say!(lang, "{size}{often} a second", "{size}每秒 {often} 次")
}
