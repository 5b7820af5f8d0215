//! Where the time goes: the phases follow what the peer does, on a clock that the test moves.

use std::time::Duration;

use forerunner::model::timing::Phase;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::sleep;

use super::{Run, answer};

const WAIT: Duration = Duration::from_secs(3);
const RECEIVE: Duration = Duration::from_secs(5);

#[tokio::test]
async fn waiting_ends_with_the_first_byte_and_receiving_with_the_last() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut request = [0; 4096];
        assert!(stream.read(&mut request).await.expect("a request") > 0);
        tokio::time::pause();
        sleep(WAIT).await;
        stream.write_all(b"H").await.expect("sent");
        sleep(RECEIVE).await;
        stream.write_all(b"TTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.expect("sent");
        std::future::pending::<()>().await;
    });
    let exchange = Run::at(address).fetch("/").await;
    answer(&exchange);
    let timings = &exchange.hops[0].timings;
    let at_least = |phase, least: Duration| {
        let took = timings.get(phase).unwrap_or_default();
        assert!(took >= least, "{phase:?} took {took:?}");
    };
    at_least(Phase::Wait, WAIT);
    at_least(Phase::Receive, RECEIVE);
    assert!(timings.get(Phase::Resolve).is_none() && timings.get(Phase::Tls).is_none(), "an address over plain HTTP");
}
