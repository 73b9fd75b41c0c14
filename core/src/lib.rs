//! The heart of evenkeel: a sans-IO state machine that decides everything a load balancer decides.
//!
//! Nothing here touches a socket, a file, a thread, the environment, a clock or a source of entropy.
//! News comes in as [`proxy::Input`], decisions leave as [`proxy::Output`], and time is an argument.
//! `ARCHITECTURE.md` at the top of the repository shows one request's whole way.
#![forbid(unsafe_code)]

pub mod acl;
pub mod backend;
pub mod balance;
pub mod base;
pub mod catalog;
pub mod config;
pub mod h1;
pub mod health;
pub mod http;
pub mod keyword;
pub mod log;
pub mod model;
pub mod persistence;
pub mod proxy;
pub mod rules;
pub mod sample;
pub mod table;
