//! What single steps cost.

use loadgen::units::{grouped, time};

use crate::stats::findings::steps::Steps;
use crate::words::{Lang, capitalised, say};

impl Steps {
    pub(super) fn text(&self, lang: Lang) -> String {
        let asked = self.asked.map(|(size, poll, epoll)| {
            let (size, poll, epoll) = (grouped(size), time(poll), time(epoll));
            say!(
                lang,
                "who of {size} has something: {poll} by poll, {epoll} by epoll_wait",
                "从 {size} 个中找出就绪者：poll 用 {poll}，epoll_wait 用 {epoll}"
            )
        });
        let switch = self.switch.map(|(coroutine, thread)| {
            let (coroutine, thread) = (time(coroutine), time(thread));
            say!(
                lang,
                "a switch: {coroutine} between coroutines, {thread} between threads",
                "一次切换：协程间 {coroutine}，线程间 {thread}"
            )
        });
        let fork = self.fork.map(|fork| {
            let fork = time(fork);
            say!(lang, "a fork: {fork}", "一次 fork：{fork}")
        });
        let said: Vec<String> = [asked, switch, fork].into_iter().flatten().collect();
        if said.is_empty() {
            say!(lang, "What a single step costs", "单个步骤的代价")
        } else {
            capitalised(&said.join(lang.semicolon()))
        }
    }
}
