//! The demo's web servers: small, real, and easy to stop.
//!
//! A stopped server really is away: its port refuses connections, as after a crash. Starting it again opens
//! the same port.

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How long to wait before a port that is still taken is tried again.
const BIND_AGAIN_AFTER: Duration = Duration::from_millis(200);

/// One web server, running or stopped.
#[derive(Debug)]
pub(crate) struct Server {
    /// Its name, as in the configuration.
    pub(crate) name: String,
    /// Where it listens while it runs.
    pub(crate) address: SocketAddr,
    running: watch::Sender<bool>,
}

impl Server {
    /// A running server. The socket is for [`Server::serve`].
    pub(crate) fn new(name: String, port: u16) -> io::Result<(Server, StdListener)> {
        let listener = listen_near(port)?;
        let address = listener.local_addr()?;
        Ok((Server { name, address, running: watch::Sender::new(true) }, listener))
    }

    /// Starts it if it is stopped, and the other way round. Returns whether it runs.
    pub(crate) fn toggle(&self) -> bool {
        self.running.send_modify(|running| *running = !*running);
        *self.running.borrow()
    }

    /// Starts or stops it.
    pub(crate) fn set_running(&self, wanted: bool) {
        self.running.send_replace(wanted);
    }

    /// Serves for ever, with pauses while it is stopped.
    pub(crate) async fn serve(self: Arc<Self>, listener: StdListener) -> io::Result<()> {
        let mut running = self.running.subscribe();
        listener.set_nonblocking(true)?;
        let mut listener = Some(TcpListener::from_std(listener)?);
        loop {
            // The sender lives in `self`, so waiting cannot fail.
            let _ = running.wait_for(|running| *running).await;
            let open = match listener.take() {
                Some(open) => open,
                None => match TcpListener::bind(self.address).await {
                    Ok(open) => open,
                    Err(_) => {
                        tokio::time::sleep(BIND_AGAIN_AFTER).await;
                        continue;
                    }
                },
            };
            loop {
                tokio::select! {
                    accepted = open.accept() => {
                        let Ok((stream, _)) = accepted else { continue };
                        tokio::spawn(Arc::clone(&self).talk(stream));
                    }
                    _ = running.wait_for(|running| !*running) => break,
                }
            }
        }
    }

    /// Answers one connection's requests, and ends it when the server stops.
    async fn talk(self: Arc<Self>, stream: TcpStream) {
        let mut running = self.running.subscribe();
        let service = service_fn(|request: Request<Incoming>| {
            let answer = self.answer(&request);
            async move { Ok::<_, Infallible>(answer) }
        });
        let connection =
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        tokio::pin!(connection);
        let mut stopping = false;
        loop {
            tokio::select! {
                _ = connection.as_mut() => return,
                _ = running.wait_for(|running| !*running), if !stopping => {
                    connection.as_mut().graceful_shutdown();
                    stopping = true;
                }
            }
        }
    }

    fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        match request.uri().path() {
            "/healthz" => text(StatusCode::OK, "ok\n".to_string()),
            "/stop" => {
                self.set_running(false);
                text(StatusCode::OK, format!("{} stops now\n", self.name))
            }
            _ if wants_html(request) => page(&self.name, self.address),
            _ => text(StatusCode::OK, format!("{}\n", self.name)),
        }
    }
}

/// A socket on this port of the loopback, or on a free one when it is taken.
pub(crate) fn listen_near(port: u16) -> io::Result<StdListener> {
    StdListener::bind(("127.0.0.1", port)).or_else(|_| StdListener::bind(("127.0.0.1", 0)))
}

/// A plain answer.
pub(crate) fn text(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response
}

fn wants_html(request: &Request<Incoming>) -> bool {
    let accepts = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
    accepts.is_some_and(|value| value.contains("text/html"))
}

/// A page that names the server, in the server's own colour, and loads itself again every second.
fn page(name: &str, address: SocketAddr) -> Response<Full<Bytes>> {
    let hue = name.bytes().map(u32::from).sum::<u32>() * 97 % 360;
    let page = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta http-equiv=refresh content=1>\
         <title>{name}</title><body style=\"background:hsl({hue} 60% 92%);font:24px system-ui;\
         text-align:center;padding-top:20vh\"><h1>{name}</h1><p>answered from {address}</p>\
         <p><small>This page loads itself again every second.</small></p>\n"
    );
    let mut response = text(StatusCode::OK, page);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn a_stopped_server_refuses_and_a_started_one_answers_on_the_same_port() {
        let (server, listener) = Server::new("web1".to_string(), 0).expect("a port");
        let server = Arc::new(server);
        tokio::spawn(Arc::clone(&server).serve(listener));

        assert_eq!(ask(server.address, "/").await.as_deref(), Ok("web1\n"));
        assert_eq!(ask(server.address, "/stop").await.as_deref(), Ok("web1 stops now\n"));
        while ask(server.address, "/healthz").await != Err(io::ErrorKind::ConnectionRefused) {
            tokio::task::yield_now().await;
        }
        server.set_running(true);
        while ask(server.address, "/healthz").await.is_err() {
            tokio::task::yield_now().await;
        }

        assert_eq!(ask(server.address, "/healthz").await.as_deref(), Ok("ok\n"));
    }

    #[tokio::test]
    async fn a_browser_gets_a_page_and_curl_a_line() {
        let (server, listener) = Server::new("web2".to_string(), 0).expect("a port");
        let address = server.address;
        tokio::spawn(Arc::new(server).serve(listener));

        let page = ask(address, "/ HTTP/1.1\r\naccept: text/html\r\nx:").await.expect("an answer");

        assert!(page.contains("<h1>web2</h1>"), "{page}");
    }

    /// The body of the answer to one request.
    async fn ask(address: SocketAddr, path: &str) -> Result<String, io::ErrorKind> {
        let mut stream = TcpStream::connect(address).await.map_err(|error| error.kind())?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: demo\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.map_err(|error| error.kind())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.map_err(|error| error.kind())?;
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_string());
        body.ok_or(io::ErrorKind::UnexpectedEof)
    }
}
