//! A server: hyper answers as the plan says, and its faults are played where its program would have them.

use std::cell::Cell;
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::JoinSet;
use turmoil::net::{TcpListener, TcpStream};

use super::World;
use super::body::{Patterned, Plan};
use crate::actor::{RequestId, misbehave};
use crate::network::WireId;
use crate::oracle::Sight;
use crate::scenario::{AnswerPlan, Framing, Method};

const TRAFFIC_PORT: u16 = 80;
const HEALTH_PORT: u16 = 8_080;
/// The sort of garbage that is an answer with a broken body.
const BROKEN_BODY: u8 = 4;

/// The program of one server's host.
pub(super) async fn serve(world: Rc<World>, server: usize) -> turmoil::Result {
    let health = Rc::clone(&world);
    tokio::task::spawn_local(async move { listen(health, server, HEALTH_PORT).await });
    listen(world, server, TRAFFIC_PORT).await
}

/// Listens, and does not while connects are to be refused. A program that dies takes its connections along.
async fn listen(world: Rc<World>, server: usize, port: u16) -> turmoil::Result {
    loop {
        world.until(|conditions| !conditions.servers[server].refuses).await;
        let socket = TcpListener::bind(("0.0.0.0", port)).await?;
        let mut tasks = JoinSet::new();
        let refuses = world.until(|conditions| conditions.servers[server].refuses);
        tokio::pin!(refuses);
        loop {
            tokio::select! {
                biased;
                () = &mut refuses => break,
                accepted = socket.accept() => {
                    let (stream, peer) = accepted?;
                    let wire = world.wires.borrow().get(&(server, peer.port())).copied();
                    tasks.spawn_local(converse(Rc::clone(&world), server, wire, stream, peer.port(), port));
                }
            }
        }
        let crashed = world.crashes(server);
        drop(socket);
        if crashed {
            tasks.abort_all();
        }
        tasks.detach_all();
    }
}

async fn converse(
    world: Rc<World>,
    server: usize,
    wire: Option<WireId>,
    stream: TcpStream,
    peer: u16,
    port: u16,
) {
    let asked = Rc::new(Cell::new(RequestId { client: 0, index: 0 }));
    let place = Place { world: Rc::clone(&world), server, wire, peer, asked: Rc::clone(&asked) };
    let tampered =
        Tampered { inner: stream, world, server, wire, traffic: port == TRAFFIC_PORT, asked, done: false };
    let service = service_fn(move |request: Request<Incoming>| {
        let place = place.clone();
        async move {
            let answer = if port == HEALTH_PORT { place.health().await } else { place.answer(request).await };
            Ok::<_, Infallible>(answer)
        }
    });
    let mut builder = http1::Builder::new();
    // A connection that is broken on purpose ends with an error; the oracles see what matters.
    let _ = builder
        .half_close(true)
        .auto_date_header(false)
        .serve_connection(TokioIo::new(tampered), service)
        .await;
}

#[derive(Clone)]
struct Place {
    world: Rc<World>,
    server: usize,
    wire: Option<WireId>,
    peer: u16,
    /// The request that the connection is busy with.
    asked: Rc<Cell<RequestId>>,
}

impl Place {
    async fn health(&self) -> Response<Patterned> {
        let server = self.server;
        self.world.until(|conditions| !conditions.servers[server].silent).await;
        let unhealthy = self.world.conditions.borrow().servers[server].unhealthy;
        Response::builder()
            .status(if unhealthy { 500 } else { 200 })
            .body(Patterned::default())
            .unwrap_or_default()
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Patterned> {
        let server = self.server;
        let Some(id) = RequestId::parse(request.uri().path()) else {
            return Response::builder().status(404).body(Patterned::default()).unwrap_or_default();
        };
        self.asked.set(id);
        // The proxy's port may have been told of a moment later than the connection was here.
        let known = self.world.wires.borrow().get(&(server, self.peer)).copied();
        let wire = self.wire.or(known).unwrap_or(WireId(u32::MAX));
        self.world.see(&Sight::Arrived { id, server, wire });
        let plan =
            self.world.scenario.clients.get(id.client).and_then(|client| client.requests.get(id.index));
        let Some(plan) = plan.cloned() else {
            return Response::builder().status(404).body(Patterned::default()).unwrap_or_default();
        };
        self.world.until(|conditions| !conditions.servers[server].stalled).await;
        let mut body = request.into_body();
        if !plan.answer.early {
            self.read(id, &mut body).await;
        }
        let slow = self.world.conditions.borrow().servers[server].slow_ms;
        tokio::time::sleep(Duration::from_millis(plan.answer.delay_ms + slow)).await;
        self.world.until(|conditions| !conditions.servers[server].silent).await;
        let closes = plan.answer.close || self.world.conditions.borrow().servers[server].closes_idle;
        let bodyless = plan.method == Method::Head || matches!(plan.answer.status, 204 | 304);
        let mut response = Response::builder().status(plan.answer.status).header("x-id", id.to_string());
        if closes {
            response = response.header("connection", "close");
        }
        let answer = answer_body(self, wire, id, &plan.answer, bodyless);
        response.body(answer).unwrap_or_default()
    }

    async fn read(&self, id: RequestId, body: &mut Incoming) {
        let mut offset = 0;
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else { return };
            let Some(bytes) = frame.data_ref() else { continue };
            self.world.see(&Sight::RequestBody { id, offset, bytes });
            offset += bytes.len() as u64;
        }
        self.world.see(&Sight::Whole { id, length: offset });
    }
}

/// The body of an answer.
fn answer_body(place: &Place, wire: WireId, id: RequestId, plan: &AnswerPlan, bodyless: bool) -> Patterned {
    let world = Rc::clone(&place.world);
    let plan = Plan {
        number: id.answer_body(),
        length: if bodyless { 0 } else { plan.body },
        chunk: (plan.framing == Framing::Chunked).then_some(plan.chunk),
        pause_ms: plan.pause_ms,
    };
    Patterned::new(&plan, move || world.see(&Sight::AnswerSent { id, wire, complete: true }))
}

/// A connection whose answers are spoilt while the conditions say so.
struct Tampered {
    inner: TcpStream,
    world: Rc<World>,
    server: usize,
    wire: Option<WireId>,
    traffic: bool,
    asked: Rc<Cell<RequestId>>,
    /// It was spoilt: nothing more goes out.
    done: bool,
}

impl AsyncRead for Tampered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Tampered {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.done {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let conditions = self.world.conditions.borrow().servers[self.server];
        // In the middle of a body that ends with the connection nobody could tell garbage from the rest.
        let garbage = conditions.garbage.filter(|_| bytes.starts_with(b"HTTP/1."));
        let spoilt = match garbage {
            _ if !self.traffic => None,
            // To a HEAD a broken body is none, and the status is not the planned one.
            Some(BROKEN_BODY) => Some(misbehave::answer(0, self.asked.get(), 200)),
            Some(sort) => Some(misbehave::answer(sort, self.asked.get(), 200)),
            None if (conditions.cuts || conditions.resets) && bytes.len() > 1 => {
                Some(bytes[..bytes.len() / 2].to_vec())
            }
            None => None,
        };
        let Some(spoilt) = spoilt else { return Pin::new(&mut self.inner).poll_write(cx, bytes) };
        self.done = true;
        let wire = self.wire.unwrap_or(WireId(u32::MAX));
        self.world.see(&Sight::AnswerSent { id: self.asked.get(), wire, complete: false });
        if !spoilt.is_empty() {
            std::task::ready!(Pin::new(&mut self.inner).poll_write(cx, &spoilt))?;
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.done {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
