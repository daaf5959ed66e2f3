//! What charts are about, before they say what they have found.

use super::{Lang, phrase};

pub(crate) fn served(lang: Lang) -> &'static str {
    phrase(
        lang,
        "Connections asked for, connected, served",
        "请求、建立并得到服务的连接",
    )
}

pub(crate) fn watched(lang: Lang) -> &'static str {
    phrase(lang, "Throughput against connections watched", "吞吐量与所监视的连接数")
}

pub(crate) fn memory(lang: Lang) -> &'static str {
    phrase(lang, "Memory per connection", "每连接的内存")
}

pub(crate) fn slow(lang: Lang) -> &'static str {
    phrase(lang, "One slow handler, and the others", "一个慢请求与其他请求")
}

pub(crate) fn clocks(lang: Lang) -> &'static str {
    phrase(lang, "One run, two clocks", "一次运行，两种计时")
}

pub(crate) fn offered(lang: Lang) -> &'static str {
    phrase(lang, "Response time against offered rate", "响应时间与请求速率")
}

pub(crate) fn cpu(lang: Lang) -> &'static str {
    phrase(lang, "CPU per request", "每请求的 CPU 时间")
}

pub(crate) fn steps(lang: Lang) -> &'static str {
    phrase(lang, "What single steps cost", "单个步骤的代价")
}

pub(crate) fn throughput(lang: Lang) -> &'static str {
    phrase(lang, "Throughput against connections", "吞吐量与连接数")
}

pub(crate) fn percentiles(lang: Lang) -> &'static str {
    phrase(lang, "The far end of latency", "尾延迟")
}

pub(crate) fn fairness(lang: Lang) -> &'static str {
    phrase(lang, "The fastest and the slowest connection", "最快与最慢的连接")
}

pub(crate) fn timeline(lang: Lang) -> &'static str {
    phrase(lang, "Throughput through a window", "窗口内的吞吐量")
}

pub(crate) fn connecting(lang: Lang) -> &'static str {
    phrase(lang, "How long connecting took", "建立连接所用的时间")
}
