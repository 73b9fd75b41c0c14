//! TCP mode: bytes as they are, and each direction ends on its own.

use evenkeel_tests::origin::Act;

use super::Scenario;

fn tcp(origin: Vec<Act>) -> Scenario {
    let config = "defaults\n  mode tcp\n  timeout connect 5s\n  timeout client 10s\n  timeout server 10s\n\
                  listen tcp\n  bind 127.0.0.1:{front}\n  server s1 127.0.0.1:{s1}\n";
    Scenario::config(config).raw_origin(origin)
}

#[test]
fn bytes_pass_both_ways() {
    tcp(vec![Act::Send("220 ready\r\n".into()), Act::Echo]).compare(|stage| {
        let mut client = stage.connect();
        client.read_until(b"ready\r\n");
        client.send(b"EHLO\0\xff\r\n");
        client.read_until(b"EHLO\0\xff\r\n".as_slice());
        client.close();
    });
}

#[test]
fn the_client_may_finish_first() {
    tcp(vec![Act::ReadEnd, Act::Send("after your end".into()), Act::Close]).compare(|stage| {
        let mut client = stage.connect();
        client.send("all of it");
        client.shut_write();
        client.read_to_end();
    });
}

#[test]
fn the_server_may_finish_first() {
    tcp(vec![Act::Send("bye".into()), Act::ShutWrite, Act::ReadUntil(b"still here"), Act::Close]).compare(
        |stage| {
            let mut client = stage.connect();
            client.read_to_end();
            client.send("still here");
            stage.origin(1).wait(|seen| seen.iter().any(|seen| seen.bytes.ends_with(b"still here")));
            client.shut_write();
        },
    );
}

#[test]
fn a_reset_by_the_server_ends_the_client() {
    tcp(vec![Act::Send("half".into()), Act::Pause(50), Act::Reset]).compare(|stage| {
        let mut client = stage.connect();
        let seen = client.read_to_end();
        stage.note(format!("received {}", seen.bytes.escape_ascii()));
    });
}

#[test]
fn a_dead_server_closes_the_client() {
    let config = "defaults\n  mode tcp\n  retries 1\n  timeout connect 100ms\n  timeout client 10s\n  timeout server 10s\n\
                  listen tcp\n  bind 127.0.0.1:{front}\n  server s1 127.0.0.1:{dead}\n";
    Scenario::config(config).compare(|stage| {
        let mut client = stage.connect();
        client.read_to_end();
    });
}

#[test]
fn large_streams_both_ways() {
    tcp(vec![Act::Echo]).compare(|stage| {
        let mut client = stage.connect();
        let block: Vec<u8> = (0..=255).cycle().take(2_000_000).collect();
        client.send(&block);
        client.shut_write();
        let seen = client.read_to_end();
        stage.note(format!("unchanged: {}", seen.bytes == block));
    });
}

#[test]
fn a_silent_client_is_closed_after_the_timeout() {
    let config = "defaults\n  mode tcp\n  timeout connect 5s\n  timeout client 300ms\n  timeout server 300ms\n\
                  listen tcp\n  bind 127.0.0.1:{front}\n  server s1 127.0.0.1:{s1}\n";
    Scenario::config(config).raw_origin(vec![Act::ReadEnd]).compare(|stage| {
        let mut client = stage.connect();
        client.read_to_end();
    });
}
