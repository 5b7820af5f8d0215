//! Asks one name server one question, once. No cache, no retry and no look-up shared with another
//! run: the time it takes is the time a customer without a cache would have to wait.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use hickory_proto::op::{Edns, Message, MessageType, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    V4,
    V6,
}

/// What a name server says about a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// In the order of the answer; empty if the name exists without an address of the family.
    Addresses(Vec<IpAddr>),
    NoSuchName,
}

/// Why a name server was of no help.
#[derive(Debug)]
pub enum AskError {
    /// It answers with a failure, in its own word (`SERVFAIL`).
    Failure(String),
    /// It answers with something else than a DNS message.
    Malformed,
    /// No answer in the time it had.
    Silent,
    /// It cannot be reached, or this machine cannot ask.
    Io(io::Error),
}

/// Asks for the addresses of one family. Waits as long as it takes: the caller bounds it.
///
/// # Errors
/// The server is of no help.
pub async fn ask(server: SocketAddr, name: &Name, family: Family) -> Result<Answer, AskError> {
    let mut question = Message::query();
    question.metadata.recursion_desired = true;
    question.add_query(Query::query(name.clone(), family.record()));
    let mut edns = Edns::new();
    edns.set_max_payload(PAYLOAD_MAX);
    question.set_edns(edns);
    let bytes = question.to_vec().map_err(|error| AskError::Io(io::Error::other(error)))?;

    let datagram = over_udp(server, &bytes).await?;
    let message = if is_truncated(&datagram) { over_tcp(server, &bytes).await? } else { datagram };
    read(&question, &message, family)
}

impl Family {
    fn record(self) -> RecordType {
        match self {
            Self::V4 => RecordType::A,
            Self::V6 => RecordType::AAAA,
        }
    }
}

impl From<io::Error> for AskError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

// ---------------------------------------------------------------------------------------------

/// The largest answer that fits a datagram on any path without being fragmented (DNS flag day 2020).
const PAYLOAD_MAX: u16 = 1232;

/// Datagrams with a foreign id that are overlooked: stray or forged ones. More of them are a flood.
const STRAY_MAX: usize = 64;

/// Aliases in one answer that are followed; resolvers give up at about as many.
const ALIASES_MAX: usize = 16;

/// The socket is connected: the system drops what comes from others, and tells if nobody listens.
async fn over_udp(server: SocketAddr, question: &[u8]) -> Result<Vec<u8>, AskError> {
    let any: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(server).await?;
    socket.send(question).await?;
    let mut buffer = vec![0; usize::from(PAYLOAD_MAX)];
    for _ in 0..STRAY_MAX {
        let length = socket.recv(&mut buffer).await?;
        if buffer[..length].starts_with(&question[..2]) {
            return Ok(buffer[..length].to_vec());
        }
    }
    Err(AskError::Malformed)
}

async fn over_tcp(server: SocketAddr, question: &[u8]) -> Result<Vec<u8>, AskError> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(question.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), question].concat()).await?;
    let mut answer = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut answer).await?;
    Ok(answer)
}

fn is_truncated(message: &[u8]) -> bool {
    message.get(2).is_some_and(|flags| flags & 0b10 != 0)
}

fn read(question: &Message, bytes: &[u8], family: Family) -> Result<Answer, AskError> {
    let answer = Message::from_vec(bytes).map_err(|_| AskError::Malformed)?;
    let code = answer.metadata.response_code;
    let repeats = match answer.queries.first() {
        Some(query) => Some(query) == question.queries.first(),
        None => code != ResponseCode::NoError,
    };
    if answer.metadata.id != question.metadata.id || answer.metadata.message_type != MessageType::Response || !repeats {
        return Err(AskError::Malformed);
    }
    match code {
        ResponseCode::NoError => Ok(Answer::Addresses(addresses(&answer, question, family))),
        ResponseCode::NXDomain => Ok(Answer::NoSuchName),
        ResponseCode::ServFail => Err(AskError::Failure("SERVFAIL".to_owned())),
        ResponseCode::Refused => Err(AskError::Failure("REFUSED".to_owned())),
        ResponseCode::FormErr => Err(AskError::Failure("FORMERR".to_owned())),
        ResponseCode::NotImp => Err(AskError::Failure("NOTIMP".to_owned())),
        other => Err(AskError::Failure(format!("code {}", u16::from(other)))),
    }
}

/// The addresses of the name asked for, through its aliases; records of other names do not count.
fn addresses(answer: &Message, question: &Message, family: Family) -> Vec<IpAddr> {
    let Some(mut name) = question.queries.first().map(Query::name) else { return Vec::new() };
    for _ in 0..ALIASES_MAX {
        let alias = answer.answers.iter().find_map(|record| match &record.data {
            RData::CNAME(target) if record.name == *name => Some(&target.0),
            _ => None,
        });
        let Some(alias) = alias else { break };
        name = alias;
    }
    answer
        .answers
        .iter()
        .filter(|record| record.name == *name)
        .filter_map(|record| match (&record.data, family) {
            (RData::A(address), Family::V4) => Some(IpAddr::V4(address.0)),
            (RData::AAAA(address), Family::V6) => Some(IpAddr::V6(address.0)),
            _ => None,
        })
        .collect()
}
