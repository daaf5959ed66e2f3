//! What the README of a run says around its findings, charts and tables. Tables and warnings are in English.

use loadgen::units::{counted, grouped};

use super::{Lang, phrase, say, subtitles};
use crate::record::Run;

pub(crate) fn title(run: &Run, lang: Lang) -> String {
    let id = &run.run_id;
    say!(lang, "Run {id}", "运行 {id}")
}

pub(crate) fn interrupted(lang: Lang) -> &'static str {
    phrase(
        lang,
        "The run was interrupted: rows are missing.",
        "运行被中断：缺少部分记录。",
    )
}

pub(crate) fn connections(conns: u64, lang: Lang) -> String {
    match lang {
        Lang::En => counted(conns, "connection"),
        Lang::Zh => format!("{} 个连接", grouped(conns)),
    }
}

pub(crate) fn how(lang: Lang) -> &'static str {
    phrase(lang, "How it was measured", "测量方法")
}

/// Below the tables of an open loop.
pub(crate) fn open_loop(lang: Lang) -> &'static str {
    phrase(
        lang,
        "Response time: from the instant at which a request was due to its reply, over all requests that were due.\n\
         Knee: the offered rate with the greatest power, which is rate ÷ mean response time (Kleinrock, 1979). Most: the\n\
         highest rate that was answered. Each number is that of the middle round.\n",
        "响应时间：从请求应当发出的时刻到其应答，统计所有应当发出的请求。拐点（knee）：功率最大的请求速率，\n\
         功率即速率 ÷ 平均响应时间（Kleinrock，1979）。most：得到应答的最高速率。每个数都取自居中的一轮。\n",
    )
}

/// Below the tables of a closed loop.
pub(crate) fn closed_loop(lang: Lang) -> &'static str {
    phrase(
        lang,
        "Served: at least one correct reply to what was asked, if only after the window (how many were late stands in the\n\
         records). Refused: connected, then closed by the server unserved. Starved: connected, and no reply at all. The\n\
         99th percentile is over all clients that asked: ✗ where it falls among those that got no reply inside the\n\
         window, or among requests that its end cut off. `*` marks a rate over fewer clients than were to talk, `≥` one\n\
         that the load generator bounded. CPU is the server's, while all talk. Memory is user and kernel, with both ends\n\
         of each connection, per connection held. Each number is the median of the rounds, in brackets their range.\n",
        "已服务（served）：对所请求的至少有一个正确应答，哪怕在窗口之后（迟到的数目见记录）。被拒绝（refused）：连接后\n\
         未得服务即被服务器关闭。饥饿（starved）：已连接而完全没有应答。第 99 百分位统计所有发出请求的客户端：落在窗口内\n\
         未得应答者或被窗口结束截断的请求之中时记为 ✗。`*` 表示速率所涉的客户端少于应当活跃的，`≥` 表示受限于负载发生器的\n\
         速率。CPU 是全部活跃时服务器的用量。内存为用户态与内核态之和，含每个连接的两端，按所持有的连接均摊。每个数都是\n\
         各轮的中位数，方括号内为其范围。\n",
    )
}

/// How the run was measured, as a list.
pub(crate) fn provenance(run: &Run, lang: Lang) -> String {
    let (env, settings) = (&run.environment, &run.settings);
    let cpus = |cpus: &[usize]| {
        if cpus.is_empty() {
            say!(lang, "not pinned", "未绑定")
        } else {
            format!("CPU {cpus:?}")
        }
    };
    let (rounds, duration, warmup, seed) = (settings.rounds, settings.duration_s, settings.warmup_s, run.seed);
    let (mode, requests) = (subtitles::mode(settings, lang), subtitles::requests(settings, lang));
    let (server, generator) = (cpus(&env.server_cpus), cpus(&env.generator_cpus));
    let (shards, machine) = (settings.shards, subtitles::machine(env, lang));
    let plural = if shards == 1 { "" } else { "es" };
    say!(
        lang,
        "- {rounds} rounds, windows of {duration} s after {warmup} s of warm-up, {mode}, {requests}, seed {seed}\n\
         - server on {server}, generator on {generator} ({shards} process{plural})\n\
         - {machine}\n\
         - records: `run.json` and `rows.jsonl`, or `rows.jsonl.gz` where they are stored compressed\n",
        "- {rounds} 轮，预热 {warmup} s 后测 {duration} s 的窗口，{mode}，{requests}，种子 {seed}\n\
         - 服务器：{server}，发生器：{generator}（{shards} 个进程）\n\
         - {machine}\n\
         - 记录：`run.json` 与 `rows.jsonl`，压缩保存时为 `rows.jsonl.gz`\n",
    )
}
