//! The program and the library's fleet over real sockets, against small servers that are written for each test: right
//! ones, and ones that answer wrongly on some connections, where the account of these connections must be right and
//! that of the others must not suffer. No test asserts a speed.

mod churn;
mod honest;
mod hostile;
mod http;
mod life;
mod open;
mod raw;
mod run;
mod slice;
mod slow;
mod stub;
mod think;
mod usage;
mod window;
