//! Servers of one test on loopback: they end with its runtime.

use std::future::{Future, pending};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use hickory_proto::op::{Message, OpCode, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, CNAME};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use rustls::ServerConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};
use tokio_rustls::TlsAcceptor;

/// Answers every TCP connection by `serve`.
pub async fn tcp<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

/// Shakes hands and sends back what it gets.
pub async fn tls(config: Arc<ServerConfig>) -> SocketAddr {
    tcp(move |stream| {
        let acceptor = TlsAcceptor::from(Arc::clone(&config));
        async move {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let mut buffer = [0; 1024];
                while let Ok(length @ 1..) = stream.read(&mut buffer).await {
                    if stream.write_all(&buffer[..length]).await.is_err() {
                        break;
                    }
                }
            }
        }
    })
    .await
}

/// A port of loopback at which nobody listens.
pub fn refused() -> SocketAddr {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a port");
    let address = socket.local_addr().expect("an address");
    // Bound for good, so that no other test gets the port.
    std::mem::forget(socket);
    address
}

/// A listener whose queue is full: further connections hang. Keep what is returned.
pub async fn full() -> (SocketAddr, (TcpListener, Vec<TcpStream>)) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a port");
    let listener = socket.listen(0).expect("listening");
    let address = listener.local_addr().expect("an address");
    let mut held = Vec::new();
    // One that hangs may be slow; two in a row are not taken.
    let mut hanging = 0;
    while hanging < 2 {
        let connecting = TcpStream::connect(address);
        match tokio::time::timeout(std::time::Duration::from_millis(200), connecting).await {
            Ok(stream) => held.push(stream.expect("connected")),
            Err(_) => hanging += 1,
        }
    }
    (address, (listener, held))
}

/// Never answers. From here on time passes without being waited for, so limits are reached at once.
pub async fn silence() {
    tokio::time::pause();
    pending::<()>().await;
}

/// What a name server does with a question for this type.
#[derive(Clone)]
pub enum Reply {
    /// These addresses, IPv4 or IPv6 as asked.
    Addresses(Vec<&'static str>),
    /// An alias and the addresses of what it stands for, among records of other names.
    Alias(Vec<&'static str>),
    Code(ResponseCode),
    Garbage,
    /// The head of the right message with another id, then the right answer.
    AfterAStrayDatagram(&'static str),
    /// Only over TCP.
    Large(usize),
    /// No answer.
    Ignored,
    /// No answer, and time passes at once, as in [`silence`].
    Silence,
}

/// A name server; `reply` says what each record type gets.
pub async fn name_server(reply: impl Fn(RecordType) -> Reply + Send + Sync + 'static) -> SocketAddr {
    let (udp, tcp) = loop {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        // The same number is free for TCP nearly always.
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().expect("an address")).await {
            break (udp, tcp);
        }
    };
    let address = udp.local_addr().expect("an address");
    let reply = Arc::new(reply);
    let over_tcp = Arc::clone(&reply);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = tcp.accept().await {
            let mut question = vec![0; usize::from(stream.read_u16().await.expect("a length"))];
            stream.read_exact(&mut question).await.expect("a question");
            let (question, kind) = read(&question);
            for bytes in answers(&question, &over_tcp(kind), false) {
                let length = u16::try_from(bytes.len()).expect("fits");
                stream.write_all(&[&length.to_be_bytes(), bytes.as_slice()].concat()).await.expect("sent");
            }
        }
    });
    tokio::spawn(async move {
        let mut buffer = [0; 2048];
        while let Ok((length, from)) = udp.recv_from(&mut buffer).await {
            let (question, kind) = read(&buffer[..length]);
            let reply = reply(kind);
            if matches!(reply, Reply::Silence) {
                silence().await;
            }
            for bytes in answers(&question, &reply, true) {
                udp.send_to(&bytes, from).await.expect("sent");
            }
        }
    });
    address
}

fn read(bytes: &[u8]) -> (Message, RecordType) {
    let question = Message::from_vec(bytes).expect("a question");
    let kind = question.queries.first().expect("a question").query_type();
    (question, kind)
}

fn answers(question: &Message, reply: &Reply, over_udp: bool) -> Vec<Vec<u8>> {
    let query = question.queries.first().expect("a question").clone();
    let mut answer = Message::response(question.metadata.id, OpCode::Query);
    answer.add_query(query.clone());
    match reply {
        Reply::Addresses(addresses) => {
            answer.add_answers(addresses.iter().map(|address| record(query.name(), address)));
        }
        Reply::Alias(addresses) => {
            let target = Name::from_ascii("edge.cdn.example.").expect("a name");
            let stranger = Name::from_ascii("stranger.example.").expect("a name");
            answer.add_answer(record(&stranger, "203.0.113.9"));
            answer.add_answer(Record::from_rdata(query.name().clone(), 60, RData::CNAME(CNAME(target.clone()))));
            answer.add_answers(addresses.iter().map(|address| record(&target, address)));
        }
        Reply::Code(code) => answer.metadata.response_code = *code,
        Reply::Garbage => return vec![[&question.metadata.id.to_be_bytes()[..], b"not a message"].concat()],
        Reply::AfterAStrayDatagram(address) => {
            answer.add_answer(record(query.name(), address));
            let mut stray = answer.clone();
            stray.metadata.id = !question.metadata.id;
            return vec![stray.to_vec().expect("encoded"), b"x".to_vec(), answer.to_vec().expect("encoded")];
        }
        Reply::Large(_) if over_udp => answer.metadata.truncation = true,
        Reply::Large(count) => {
            answer.add_answers(
                (0..*count).map(|index| record(query.name(), &format!("127.0.{}.{}", index / 256, index % 256))),
            );
        }
        Reply::Ignored | Reply::Silence => return Vec::new(),
    }
    vec![answer.to_vec().expect("encoded")]
}

fn record(name: &Name, address: &str) -> Record {
    let data = match address.parse().expect("an address") {
        std::net::IpAddr::V4(address) => RData::A(A(address)),
        std::net::IpAddr::V6(address) => RData::AAAA(AAAA(address)),
    };
    Record::from_rdata(name.clone(), 60, data)
}
