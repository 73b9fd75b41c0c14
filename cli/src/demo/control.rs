//! The demo's control port: starts and stops the web servers by request.

use std::convert::Infallible;
use std::io;
use std::net::TcpListener as StdListener;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::server::{Server, text};

/// Answers `/start/NAME` and `/stop/NAME` for ever.
pub(crate) async fn serve(servers: Arc<[Arc<Server>]>, listener: StdListener) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let servers = Arc::clone(&servers);
        tokio::spawn(async move {
            let service = service_fn(|request: Request<hyper::body::Incoming>| {
                let answer = answer(&servers, request.uri().path());
                async move { Ok::<_, Infallible>(answer) }
            });
            let connection =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            // Whatever ended it, the next request comes on another connection.
            let _ = connection.await;
        });
    }
}

fn answer(servers: &[Arc<Server>], path: &str) -> Response<Full<Bytes>> {
    let named = |name: &str| servers.iter().find(|server| server.name == name);
    let (wanted, server) = match (path.strip_prefix("/start/"), path.strip_prefix("/stop/")) {
        (Some(name), _) => (true, named(name)),
        (_, Some(name)) => (false, named(name)),
        (None, None) => (false, None),
    };
    let Some(server) = server else {
        let names: Vec<_> = servers.iter().map(|server| server.name.as_str()).collect();
        let help = format!("Ask for /start/NAME or /stop/NAME; the names are {}.\n", names.join(", "));
        return text(StatusCode::NOT_FOUND, help);
    };
    server.set_running(wanted);
    text(StatusCode::OK, format!("{} {}\n", server.name, if wanted { "starts" } else { "stops" }))
}
