//! Simulated worlds for the driver and the machines. So far the network: turmoil behind the driver's `Net`.

pub mod turmoil_net;
