//! What conditions may ask about backends and servers.

use evenkeel_tests::origin::{Act, Reply};

use super::Scenario;
use super::scenario::FromActs;

const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";

/// Some backends: a usual one, one without limits, one on its backups, one without a server.
const BACKENDS: &str = "backend web\n  server s1 127.0.0.1:{s1} weight 10 maxconn 5 maxqueue 3\n  \
                        server s2 127.0.0.1:{dead} weight 7 maxconn 4 maxqueue 2 disabled\n  \
                        server s3 127.0.0.1:{s1} weight 3 maxconn 6 maxqueue 1\n  \
                        server s4 127.0.0.1:{s1} maxconn 9 maxqueue 9 backup\n\
                        backend free\n  server f1 127.0.0.1:{s1}\n  server f2 127.0.0.1:{s1} maxconn 3\n\
                        backend spare\n  server p1 127.0.0.1:{s1} disabled\n  server p2 127.0.0.1:{s1} maxconn 2 maxqueue 2 backup\n  \
                        server p3 127.0.0.1:{s1} maxconn 3 maxqueue 3 backup\n\
                        backend dead\n  server d1 127.0.0.1:{s1} disabled\n";

/// A frontend that tells the server the value of each of these fetches, by a rule for each value.
fn asking(fetches: &[&str], front: &str) -> Scenario {
    let mut config = format!(
        "defaults\n  mode http\n  timeout connect 1s\n  timeout client 5s\n  timeout server 5s\n\
         frontend in\n  bind 127.0.0.1:{{front}}\n  default_backend web\n{front}"
    );
    for fetch in fetches {
        for value in -1..=16 {
            let name: String =
                fetch.chars().map(|one| if one.is_ascii_alphanumeric() { one } else { '-' }).collect();
            config += &format!("  http-request set-header x-{name} {value} if {{ {fetch} -- {value} }}\n");
        }
    }
    config += BACKENDS;
    Scenario::config(&config).origin(|_| Reply::from_acts(vec![Act::Send(HELLO.into()), Act::Close]))
}

#[test]
fn what_is_known_of_backends() {
    let mut fetches = Vec::new();
    for fetch in ["nbsrv", "queue", "avg_queue", "be_conn", "be_conn_free", "connslots"] {
        for backend in ["web", "free", "spare", "dead"] {
            fetches.push(format!("{fetch}({backend})"));
        }
    }
    let fetches: Vec<&str> = fetches.iter().map(String::as_str).collect();
    asking(&fetches, "").compare(|stage| {
        stage.get("/");
    });
}

#[test]
fn what_is_known_of_servers() {
    let mut fetches = Vec::new();
    for fetch in ["srv_conn", "srv_conn_free", "srv_queue", "srv_weight", "srv_iweight", "srv_uweight"] {
        for server in ["web/s1", "web/s2", "web/s4", "free/f1"] {
            fetches.push(format!("{fetch}({server})"));
        }
    }
    let fetches: Vec<&str> = fetches.iter().map(String::as_str).collect();
    let up = ["web/s1", "web/s2", "web/s4", "dead/d1"]
        .map(|server| format!("  http-request set-header x-up {server} if {{ srv_is_up({server}) }}\n"));
    asking(&fetches, &up.concat()).compare(|stage| {
        stage.get("/");
    });
}

#[test]
fn a_monitor_that_fails_with_its_site() {
    for backend in ["web", "free", "spare", "dead"] {
        let front = format!(
            "  monitor-uri /alive\n  acl site_dead nbsrv({backend}) lt 2\n  monitor fail if site_dead\n  \
             use_backend spare if {{ nbsrv({backend}) 0 }}\n"
        );
        asking(&[], &front).compare(|stage| {
            stage.get("/alive");
            stage.get("/");
        });
    }
}

#[test]
fn connections_count_while_they_are_there() {
    let front = "  http-request deny deny_status 503 if { be_conn(web) ge 2 }\n  \
                 http-request deny deny_status 502 if { srv_conn(web/s1) ge 1 } { srv_conn_free(web/s3) 5 }\n";
    let slow = vec![Act::Await("served"), Act::Send(HELLO.into()), Act::Close];
    let mut scenario = asking(&[], front);
    scenario.origins.clear();
    scenario.acting(slow).compare(|stage| {
        stage.hide_origins();
        let mut busy = Vec::new();
        for number in 0..2 {
            let mut client = stage.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            stage.origin(1).wait(|seen| seen.len() > number);
            busy.push(client);
        }
        stage.get("/");
        stage.open_gate("served");
        for mut client in busy {
            client.read_to_end();
        }
        stage.get("/");
    });
}
