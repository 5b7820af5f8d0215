//! An interrupted test still cleans up; asked twice, it ends at once. Only the order of things is looked at.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use super::{Desk, Ran, needing, test};

const STEPS: &str = "  - { post: /things, keep: { id: $.id } }\n  - get: /slow\n  - get: /never\ncleanup:\n  \
                     - { step: remove, delete: \"/things/${id}\" }\n";

async fn peer() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

/// The first line of the next request.
async fn request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.expect("a request"));
    }
    String::from_utf8_lossy(&bytes).lines().next().unwrap_or_default().to_owned()
}

async fn interrupt(child: &Child) {
    let id = child.id().expect("it runs").to_string();
    let sent = Command::new("kill").args(["-INT", &id]).status().await.expect("it starts");
    assert!(sent.success());
}

/// Starts the program and goes with it to the step that is never answered.
async fn in_the_slow_step(desk: &Desk, listener: &TcpListener) -> (Child, TcpStream) {
    let child = desk.command(&test("a.yaml --allow writes --repeat 2")).spawn().expect("it starts");
    let (mut stream, _) = listener.accept().await.expect("a connection");
    assert_eq!(request(&mut stream).await, "POST /things HTTP/1.1");
    stream.write_all(b"HTTP/1.1 201 Created\r\nContent-Length: 8\r\n\r\n{\"id\":7}").await.expect("sent");
    assert_eq!(request(&mut stream).await, "GET /slow HTTP/1.1");
    (child, stream)
}

#[tokio::test]
async fn the_first_interrupt_cleans_up_and_starts_nothing_more() {
    let (listener, site) = peer().await;
    let desk = Desk::new().file("a.yaml", &needing("thing", site, "  writes: [thing]\n", STEPS));
    let (child, _slow) = in_the_slow_step(&desk, &listener).await;
    interrupt(&child).await;
    let (mut stream, _) = listener.accept().await.expect("a connection");
    assert_eq!(request(&mut stream).await, "DELETE /things/7 HTTP/1.1");
    stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.expect("sent");
    let ran = Ran::of(child.wait_with_output().await.expect("it ends"));
    ran.ends_with(3).complains("clean-ups still run; interrupt again to end at once");
    ran.prints("✓ cleaned").prints("not run").prints("1 run in ").prints(": 1 indeterminate");
}

#[tokio::test]
async fn the_second_interrupt_ends_at_once() {
    let (listener, site) = peer().await;
    let desk = Desk::new().file("a.yaml", &needing("thing", site, "  writes: [thing]\n", STEPS));
    let (child, _slow) = in_the_slow_step(&desk, &listener).await;
    interrupt(&child).await;
    let (mut stream, _) = listener.accept().await.expect("a connection");
    assert_eq!(request(&mut stream).await, "DELETE /things/7 HTTP/1.1");
    // The clean-up is never answered.
    interrupt(&child).await;
    let ran = Ran::of(child.wait_with_output().await.expect("it ends"));
    assert_eq!(ran.ends_with(3).out, "");
}
