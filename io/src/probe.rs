//! What the driver relies on of a [`Net`], as probes that every network must pass: the system's and any
//! simulated one.
//!
//! A probe plays both ends in one task, so that it runs wherever a network has a listener and a way to it.
//! It panics where the network behaves in a way that would break the driver.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::Poll;

use evenkeel_core::base::address::Address;
use evenkeel_core::base::socket::FirstWord;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::net::{Accepted, Listener, Net, Stream};

/// A connect to an address where nobody listens fails as refused, at once or when asked.
pub async fn refuses_where_nobody_listens<N: Net>(net: &N, nobody: &Address) {
    let error = match net.connect(nobody, None, FirstWord::Either) {
        Err(error) => error,
        Ok(mut stream) => connected(&mut stream).await.expect_err("nobody listens"),
    };

    assert_eq!(error.kind(), ErrorKind::ConnectionRefused, "{error}");
}

/// Both ends name each other, and bytes pass.
pub async fn names_both_ends<N: Net>(net: &N, listener: &mut N::Listener, at: &Address) {
    let (mut client, mut accepted) = meet(net, listener, at).await;
    client.write_all(b"hello").await.expect("open");

    let mut bytes = [0; 5];
    accepted.stream.read_exact(&mut bytes).await.expect("five bytes");

    assert_eq!(&bytes, b"hello");
    if let Some(local) = client.local_address() {
        assert_eq!(accepted.peer, local);
    }
    assert_eq!(&accepted.local, at);
}

/// The end of one direction leaves the other open.
pub async fn half_closes<N: Net>(net: &N, listener: &mut N::Listener, at: &Address) {
    let (mut client, mut server) = pair(net, listener, at).await;
    client.write_all(b"question").await.expect("open");
    client.shutdown().await.expect("open");

    let mut question = Vec::new();
    server.read_to_end(&mut question).await.expect("no reset");
    server.write_all(b"answer").await.expect("the other direction is open");
    drop(server);
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await.expect("no reset");

    assert_eq!(question, b"question");
    assert_eq!(answer, b"answer");
}

/// A reader that takes nothing makes writes wait, and wakes the writer when it goes on.
pub async fn pushes_back<N: Net>(net: &N, listener: &mut N::Listener, at: &Address) {
    let (mut client, mut server) = pair(net, listener, at).await;
    let block = vec![7; 64 * 1024];
    let mut written = 0;
    while let Some(count) = write_now(&mut client, &block).await {
        written += count;
        assert!(written < 1 << 30, "a peer that reads nothing must be felt");
    }

    let mut buffer = vec![0; 64 * 1024];
    let mut read = 0;
    let more = poll_fn(|cx| {
        // The writer is polled first, so that only its own waker can bring the task back to it.
        if let Poll::Ready(result) = Pin::new(&mut client).poll_write(cx, &block) {
            return Poll::Ready(result);
        }
        let mut buffer = tokio::io::ReadBuf::new(&mut buffer);
        while tokio::io::AsyncRead::poll_read(Pin::new(&mut server), cx, &mut buffer)?.is_ready() {
            read += buffer.filled().len();
            buffer.clear();
        }
        Poll::Pending
    })
    .await
    .expect("open");
    drop(client);
    let mut rest = Vec::new();
    server.read_to_end(&mut rest).await.expect("no reset");

    assert_eq!(read + rest.len(), written + more, "nothing is lost and nothing is made up");
}

/// The last bytes may be held back, and reach the peer with the end behind them.
pub async fn ends_with_its_last_bytes<N: Net>(net: &N, listener: &mut N::Listener, at: &Address) {
    let (mut client, mut server) = pair(net, listener, at).await;
    server.write_all(b"first, ").await.expect("open");
    let written = poll_fn(|cx| server.poll_write_last(cx, b"last")).await.expect("open");
    server.shutdown().await.expect("open");

    let mut all = Vec::new();
    client.read_to_end(&mut all).await.expect("no reset");

    assert_eq!((written, all.as_slice()), (4, &b"first, last"[..]));
}

/// An abort reaches the peer as a reset, not as an end.
pub async fn resets<N: Net>(net: &N, listener: &mut N::Listener, at: &Address) {
    let (mut client, server) = pair(net, listener, at).await;
    net.abort(server);

    let error = client.read(&mut [0]).await.expect_err("reset");

    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

async fn pair<N: Net>(net: &N, listener: &mut N::Listener, at: &Address) -> (N::Stream, N::Stream) {
    let (client, accepted) = meet(net, listener, at).await;
    (client, accepted.stream)
}

/// Connects and accepts at the same time: in a simulated network a connect may wait for the accept.
async fn meet<N: Net>(net: &N, listener: &mut N::Listener, at: &Address) -> (N::Stream, Accepted<N::Stream>) {
    let mut client = net.connect(at, None, FirstWord::Either).expect("an attempt");
    let (result, accepted) = tokio::join!(connected(&mut client), accept(listener));
    result.expect("somebody listens");
    (client, accepted)
}

async fn connected(stream: &mut impl Stream) -> io::Result<()> {
    poll_fn(|cx| stream.poll_connected(cx)).await
}

async fn accept<L: Listener>(listener: &mut L) -> Accepted<L::Stream> {
    poll_fn(|cx| listener.poll_accept(cx)).await.expect("a connection")
}

/// Writes what is taken at once; nothing when the stream makes its writer wait.
async fn write_now(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> Option<usize> {
    // A stream may need a turn of its runtime before it knows that it can be written.
    for _ in 0..3 {
        let written = poll_fn(|cx| match Pin::new(&mut *stream).poll_write(cx, bytes) {
            Poll::Ready(result) => Poll::Ready(Some(result)),
            Poll::Pending => Poll::Ready(None),
        })
        .await;
        if let Some(result) = written {
            return Some(result.expect("open"));
        }
        tokio::task::yield_now().await;
    }
    None
}
