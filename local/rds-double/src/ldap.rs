//! A listener that speaks just enough LDAP for PostgreSQL to ask whether a token is valid.
//!
//! PostgreSQL has no way to verify tokens of IAM, but it can bind to an LDAP server with the
//! password that a client gave. Here the name is `uid=<user>,dbi=<resource id>` and the password
//! is the token. Simple binds only; everything else closes the connection.

use std::future::Future;
use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The largest message; tokens with a session have about 2,000 bytes.
const MESSAGE_MAX_BYTES: usize = 64 * 1024;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const ENUMERATED: u8 = 0x0a;
const BIND_REQUEST: u8 = 0x60;
const BIND_RESPONSE: u8 = 0x61;
const SIMPLE: u8 = 0x80;
const SUCCESS: u8 = 0;
const INVALID_CREDENTIALS: u8 = 49;

/// A user of one instance, with what it gave as a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bind {
    pub(crate) user: String,
    pub(crate) resource_id: String,
    pub(crate) token: String,
}

/// Serves binds for ever; `check` gives the reason of a refusal.
pub(crate) async fn serve<C, F>(listener: TcpListener, check: C) -> io::Result<()>
where
    C: Fn(Bind) -> F + Clone + Send + 'static,
    F: Future<Output = Result<(), String>> + Send + 'static,
{
    loop {
        let (stream, _) = listener.accept().await?;
        let check = check.clone();
        tokio::spawn(async move {
            // A client that says something else is simply left; the server logs its side.
            let _ = converse(stream, check).await;
        });
    }
}

async fn converse<C, F>(mut stream: TcpStream, check: C) -> io::Result<()>
where
    C: Fn(Bind) -> F,
    F: Future<Output = Result<(), String>>,
{
    while let Some(message) = read_message(&mut stream).await? {
        let Some((id, bind)) = parse(&message) else {
            return Ok(());
        };
        let answer = match check(bind).await {
            Ok(()) => response(id, SUCCESS, ""),
            Err(reason) => response(id, INVALID_CREDENTIALS, &reason),
        };
        stream.write_all(&answer).await?;
    }
    Ok(())
}

/// The contents of the next message, or nothing at the end.
async fn read_message(stream: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut head = [0; 2];
    if stream.read_exact(&mut head).await.is_err() {
        return Ok(None);
    }
    let mut length = usize::from(head[1]);
    if head[1] & 0x80 != 0 {
        let mut bytes = vec![0; usize::from(head[1] & 0x7f).min(4)];
        stream.read_exact(&mut bytes).await?;
        length = bytes.iter().fold(0, |sum, byte| (sum << 8) | usize::from(*byte));
    }
    if head[0] != SEQUENCE || length > MESSAGE_MAX_BYTES {
        return Err(io::Error::other("not a message"));
    }
    let mut message = vec![0; length];
    stream.read_exact(&mut message).await?;
    Ok(Some(message))
}

/// The id of a message and the bind in it, if that is what it is.
fn parse(message: &[u8]) -> Option<(Vec<u8>, Bind)> {
    let (id, rest) = take(message, INTEGER)?;
    let (request, _) = take(rest, BIND_REQUEST)?;
    let (_version, rest) = take(request, INTEGER)?;
    let (name, rest) = take(rest, OCTETS)?;
    let (password, _) = take(rest, SIMPLE)?;
    let name = String::from_utf8(name.to_vec()).ok()?;
    // A user's name may itself hold a comma; a resource id does not.
    let (user, resource_id) = name.strip_prefix("uid=")?.rsplit_once(",dbi=")?;
    let bind = Bind {
        user: user.to_owned(),
        resource_id: resource_id.to_owned(),
        token: String::from_utf8(password.to_vec()).ok()?,
    };
    Some((id.to_vec(), bind))
}

/// The contents of the element with this tag at the beginning, and what follows it.
fn take(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (head, rest) = bytes.split_at_checked(2)?;
    if head[0] != tag {
        return None;
    }
    if head[1] & 0x80 == 0 {
        return rest.split_at_checked(usize::from(head[1]));
    }
    let (length, rest) = rest.split_at_checked(usize::from(head[1] & 0x7f))?;
    if length.len() > 4 {
        return None;
    }
    let length = length.iter().fold(0, |sum, byte| (sum << 8) | usize::from(*byte));
    rest.split_at_checked(length)
}

fn response(id: Vec<u8>, code: u8, reason: &str) -> Vec<u8> {
    let result =
        [element(ENUMERATED, vec![code]), element(OCTETS, Vec::new()), element(OCTETS, reason.into())];
    let body = [element(INTEGER, id), element(BIND_RESPONSE, result.concat())];
    element(SEQUENCE, body.concat())
}

fn element(tag: u8, contents: Vec<u8>) -> Vec<u8> {
    let length = u32::try_from(contents.len()).unwrap_or(u32::MAX).to_be_bytes();
    // Four bytes of length are always allowed; the shortest form isn't asked for.
    let mut out = vec![tag, 0x84];
    out.extend(length);
    out.extend(contents);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(name: &str, password: &str) -> Vec<u8> {
        let bind =
            [element(INTEGER, vec![3]), element(OCTETS, name.into()), element(SIMPLE, password.into())];
        [element(INTEGER, vec![1]), element(BIND_REQUEST, bind.concat())].concat()
    }

    #[test]
    fn a_bind_names_a_user_an_instance_and_a_token() {
        let (id, bind) = parse(&request("uid=reader,dbi=db-A1", "token")).unwrap();
        assert_eq!(id, [1]);
        let wanted = Bind { user: "reader".into(), resource_id: "db-A1".into(), token: "token".into() };
        assert_eq!(bind, wanted);
    }

    #[test]
    fn cut_and_foreign_messages_are_no_binds() {
        let whole = request("uid=reader,dbi=db-A1", "token");
        assert!((0..whole.len()).all(|end| parse(&whole[..end]).is_none()));
        assert!(parse(&request("cn=admin", "token")).is_none());
    }
}
