//! Clients: hyper asks what the plan says, one request after another, and looks closely at what comes back.

use std::rc::Rc;
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response, Version};
use hyper_util::rt::TokioIo;
use turmoil::net::TcpStream;

use super::body::{Patterned, Plan};
use super::{FIRST_PORT, World, proxy_ip};
use crate::actor::RequestId;
use crate::oracle::{Gone, Sight};
use crate::scenario::{ClientPlan, Framing, Method, RequestPlan};

/// How long a slow reader waits between two looks.
const SLOWLY: Duration = Duration::from_millis(5);

/// Runs all clients, each as soon as it may begin.
pub(super) async fn all(world: Rc<World>) {
    for index in 0..world.scenario.clients.len() {
        let world = Rc::clone(&world);
        tokio::task::spawn_local(async move {
            let plan = world.scenario.clients[index].clone();
            begin(&world, index, &plan).await;
            let gone = match plan.abort {
                None => live(&world, index, &plan).await,
                Some(abort) => {
                    let life = live(&world, index, &plan);
                    let patience = Duration::from_millis(abort.after_ms);
                    tokio::time::timeout(patience, life).await.unwrap_or(Gone::Aborted)
                }
            };
            world.see(&Sight::Gone { client: index, gone });
            world.over.borrow_mut()[index] = true;
            if plan.start_ms == u64::MAX && gone != Gone::Content {
                *world.disappointed.borrow_mut() = Some(format!("client {index} was {gone:?}"));
            }
        });
    }
}

/// Waits until the client's time has come; probes wait to be told.
async fn begin(world: &World, index: usize, plan: &ClientPlan) {
    if plan.start_ms < u64::MAX {
        return tokio::time::sleep(Duration::from_millis(plan.start_ms)).await;
    }
    world.until(|_| index < world.begun.get()).await;
}

/// A client's whole life.
async fn live(world: &Rc<World>, index: usize, plan: &ClientPlan) -> Gone {
    let Ok(stream) = TcpStream::connect((proxy_ip(), FIRST_PORT + index as u16)).await else {
        return Gone::Refused;
    };
    let Ok((mut sender, connection)) = http1::handshake(TokioIo::new(stream)).await else {
        return Gone::Closed;
    };
    // The connection goes when this future does: an abort drops both.
    let connection = Guard(tokio::task::spawn_local(async move { connection.await.err() }));
    for (position, request) in plan.requests.iter().enumerate() {
        let id = RequestId { client: index, index: position };
        tokio::time::sleep(Duration::from_millis(request.think_ms)).await;
        match exchange(world, &mut sender, id, request, plan).await {
            Ok(false) if position + 1 < plan.requests.len() => return Gone::Closed,
            Ok(_) => {}
            Err(gone) => return gone,
        }
    }
    drop(sender);
    drop(connection);
    Gone::Content
}

/// Ends its task with itself.
struct Guard(tokio::task::JoinHandle<Option<hyper::Error>>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// One request and its answer. Tells whether another may follow.
async fn exchange(
    world: &Rc<World>,
    sender: &mut SendRequest<Patterned>,
    id: RequestId,
    plan: &RequestPlan,
    client: &ClientPlan,
) -> Result<bool, Gone> {
    if sender.ready().await.is_err() {
        return Err(Gone::Closed);
    }
    let method = match plan.method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
    };
    let mut request = Request::builder().method(method).uri(format!("/{id}")).header("host", "a");
    if plan.old {
        request = request.version(Version::HTTP_10);
    }
    if plan.close {
        request = request.header("connection", "close");
    }
    let request = request.body(question(world, id, plan)).map_err(|_| Gone::Closed)?;
    let response = sender.send_request(request).await;
    let response = response.map_err(|error| not_understood(world, &error).unwrap_or(Gone::Closed))?;
    let own = response.headers().get("x-id").is_none();
    let (status, client_index) = (response.status().as_u16(), id.client);
    let answered = response.headers().get("x-id").and_then(|id| RequestId::parse(id.to_str().ok()?));
    if !own && answered.is_none() {
        let at = World::now();
        world.record.borrow_mut().violation("conservation", at, "an answer with a strange x-id".to_owned());
    }
    world.see(&Sight::Answer { client: client_index, position: id.index, status, id: answered });
    // Without either, the end of the connection is the end of the answer, early or not.
    let framed = ["content-length", "transfer-encoding"].map(|name| response.headers().contains_key(name));
    let by_close = framed == [false; 2];
    let closes = response.headers().get("connection").is_some_and(|value| value == "close");
    let length = read(world, response, answered, client).await?;
    world.see(&Sight::Answered { client: client_index, id: answered, status, length, by_close });
    Ok(!closes && !plan.close && !plan.old && !own)
}

/// What is no HTTP must never come from the proxy.
fn not_understood(world: &World, error: &hyper::Error) -> Option<Gone> {
    if error.is_parse() {
        let at = World::now();
        world.record.borrow_mut().violation("bytes", at, format!("the client cannot read this: {error}"));
    }
    None
}

/// Reads an answer's body to its end, and gives its length.
async fn read(
    world: &Rc<World>,
    response: Response<Incoming>,
    id: Option<RequestId>,
    client: &ClientPlan,
) -> Result<u64, Gone> {
    let mut body = response.into_body();
    let mut offset = 0;
    loop {
        world.until(|conditions| !conditions.deaf_clients).await;
        let Some(frame) = body.frame().await else { return Ok(offset) };
        let Ok(frame) = frame else { return Err(Gone::CutShort) };
        let Some(bytes) = frame.data_ref() else { continue };
        if let Some(id) = id {
            world.see(&Sight::AnswerBody { id, offset, bytes });
        }
        offset += bytes.len() as u64;
        if client.read_slowly > 0 {
            tokio::time::sleep(SLOWLY).await;
        }
    }
}

/// The body of a request.
fn question(world: &Rc<World>, id: RequestId, plan: &RequestPlan) -> Patterned {
    let chunked = plan.method == Method::Post && plan.framing == Framing::Chunked && !plan.old;
    let world = Rc::clone(world);
    let plan = Plan {
        number: id.body(),
        length: if plan.method == Method::Post { plan.body } else { 0 },
        chunk: chunked.then_some(plan.chunk),
        pause_ms: plan.pause_ms,
    };
    Patterned::new(&plan, move || world.see(&Sight::Asked { id }))
}
